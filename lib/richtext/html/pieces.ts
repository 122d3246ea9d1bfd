/** Single HTML elements: their attributes as values of the tree. */

import { alignment, colour, declarations, size } from '../colour';
import { type Mark, withMark } from '../inline';
import type { Code, Span } from '../tree';
import { safeImage, safeLink } from '../url';
import { attribute, type Element, isElement, isText, type Node, textOf } from './dom';
import { BLOCKS } from './elements';
import type { InlineRun } from './run';

/** The marks that a style attribute expresses. */
export function styleMarks(element: Element, marks: readonly Mark[]): readonly Mark[] {
  const source = attribute(element, 'style');
  if (source === undefined) return marks;
  const style = declarations(source);
  let result = marks;
  const weight = style.get('font-weight')?.toLowerCase();
  if (weight === 'bold' || weight === 'bolder' || Number(weight) >= 600) result = withMark(result, { type: 'strong' });
  // some editors wrap pasted text in a <b> with normal weight
  if (weight === 'normal' || Number(weight) < 600) result = without(result, 'strong');
  const slant = style.get('font-style')?.toLowerCase();
  if (slant === 'italic') result = withMark(result, { type: 'emphasis' });
  if (slant === 'normal') result = without(result, 'emphasis');
  const decoration = `${style.get('text-decoration') ?? ''} ${style.get('text-decoration-line') ?? ''}`.toLowerCase();
  if (decoration.includes('line-through')) result = withMark(result, { type: 'delete' });
  if (decoration.includes('underline') && element.tagName !== 'a') result = withMark(result, { type: 'underline' });
  const vertical = style.get('vertical-align')?.toLowerCase();
  if (vertical === 'super') result = withMark(result, { type: 'superscript' });
  if (vertical === 'sub') result = withMark(result, { type: 'subscript' });
  if (BLOCKS.has(element.tagName) && element.tagName !== 'p') return result;
  const color = colour(style.get('color'));
  const background = colour(style.get('background-color') ?? style.get('background'));
  if (!color && !background) return result;
  return withMark(result, {
    type: 'colour',
    ...(color ? { color } : {}),
    ...(background ? { background } : {}),
  });
}

const without = (marks: readonly Mark[], type: Mark['type']): readonly Mark[] =>
  marks.filter((mark) => mark.type !== type);

/** Whether the style of an element makes its white space count. */
export function whiteSpace(element: Element): boolean | undefined {
  const value = declarations(attribute(element, 'style')).get('white-space')?.toLowerCase();
  return value === undefined ? undefined : /^(?:pre|pre-wrap|break-spaces)\b/.test(value);
}

const MONOSPACE = /\b(?:monospace|consolas|courier|menlo|monaco|cascadia|jetbrains|source code pro|lucida console)\b/i;

/** What code editors put on the clipboard: a `div` with their font, in which white space counts. */
export function isPastedCode(element: Element): boolean {
  if (element.tagName !== 'div' || whiteSpace(element) !== true) return false;
  return MONOSPACE.test(declarations(attribute(element, 'style')).get('font-family') ?? '');
}

export function image(element: Element, marks: readonly Mark[], run: InlineRun, span: Span | undefined): void {
  const url = safeImage(attribute(element, 'src'));
  const alt = attribute(element, 'alt') || undefined;
  if (url === undefined) {
    if (alt) run.text(alt, marks, span, false);
    return;
  }
  const style = declarations(attribute(element, 'style'));
  const width = size(style.get('width')) ?? size(attribute(element, 'width'));
  const height = size(style.get('height')) ?? size(attribute(element, 'height'));
  const align = alignment(style.get('float') ?? attribute(element, 'align'));
  const title = attribute(element, 'title') || undefined;
  run.leaf(
    {
      type: 'image',
      url,
      ...(alt ? { alt } : {}),
      ...(title ? { title } : {}),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      ...(align ? { align } : {}),
    },
    marks,
    span,
  );
}

/** A video or an embedded page becomes a link to it. */
export function embedded(element: Element, marks: readonly Mark[], run: InlineRun, span: Span | undefined): void {
  const inner = element.childNodes.filter(isElement).find((child) => attribute(child, 'src') !== undefined);
  const url = safeLink(attribute(element, 'src') ?? (inner && attribute(inner, 'src')));
  if (url) run.text(url, withMark(marks, { type: 'link', url }), span, false);
}

export function checkbox(element: Element): Element | undefined {
  for (const child of element.childNodes) {
    if (isText(child) && child.value.trim() === '') continue;
    if (!isElement(child)) return undefined;
    if (child.tagName === 'input') return attribute(child, 'type')?.toLowerCase() === 'checkbox' ? child : undefined;
    return child.tagName === 'p' || child.tagName === 'label' ? checkbox(child) : undefined;
  }
  return undefined;
}

export function codeOf(element: Element): Code {
  const inner = element.childNodes.filter(isElement).find((child) => child.tagName === 'code');
  const classes = `${(inner && attribute(inner, 'class')) ?? ''} ${attribute(element, 'class') ?? ''}`;
  const language =
    /(?:^|\s)(?:lang(?:uage)?|brush:?)[-:\s]?\s*([\w+#.-]{1,40})/.exec(classes)?.[1] ??
    attribute(element, 'data-language') ??
    (inner && attribute(inner, 'data-language')) ??
    attribute(element, 'lang');
  const value = linesOf(element.childNodes).replace(/\n$/, '');
  return { type: 'code', ...(language && /^[\w+#.-]{1,40}$/.test(language) ? { language } : {}), value };
}

/** Text with each block on a line of its own: some editors wrap each line of code in a block. */
function linesOf(nodes: readonly Node[]): string {
  let result = '';
  for (const node of nodes) {
    if (!isElement(node)) result += textOf([node]);
    else if (node.tagName === 'br') result += '\n';
    else {
      const inner = linesOf(node.childNodes);
      const isBlock = BLOCKS.has(node.tagName);
      result += isBlock && result !== '' && !result.endsWith('\n') ? `\n${inner}` : inner;
      if (isBlock && !result.endsWith('\n')) result += '\n';
    }
  }
  return result;
}

export const spanCount = (value: string | undefined): number => {
  const count = Number.parseInt(value ?? '', 10);
  return Number.isSafeInteger(count) && count > 0 && count <= 1000 ? count : 1;
};
