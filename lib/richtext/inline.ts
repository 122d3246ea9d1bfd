/**
 * Inline nodes as a flat list of leaves (text, images, breaks …), each with the set of its marks. This form resolves
 * marks that overlap, repeat or are empty, in whatever order a markup nests them. `nest` builds the canonical tree from
 * it.
 */

import { withoutEnd } from './blanks';
import type { Inline, Link, SimpleMark, VendorInline } from './tree';

export type Mark =
  | { type: SimpleMark }
  | { type: 'colour'; color?: string; background?: string }
  | { type: 'link'; url: string; title?: string };

export type LeafNode = Exclude<Inline, { children: Inline[] }>;

export interface Leaf {
  node: LeafNode;
  marks: readonly Mark[];
}

/** Outermost first, if marks cover the same leaves. */
const ORDER: readonly Mark['type'][] = [
  'link',
  'colour',
  'underline',
  'strong',
  'emphasis',
  'delete',
  'superscript',
  'subscript',
];

const keyOf = (mark: Mark): string => {
  if (mark.type === 'link') return `link ${mark.url} ${mark.title ?? ''}`;
  if (mark.type === 'colour') return `colour ${mark.color ?? ''} ${mark.background ?? ''}`;
  return mark.type;
};

const sameMark = (a: Mark, b: Mark): boolean => a === b || (a.type === b.type && keyOf(a) === keyOf(b));
const has = (leaf: Leaf, mark: Mark): boolean => leaf.marks.some((other) => sameMark(other, mark));

/** Adds a mark to a set. A mark is added only once; of two links the outer one counts, of two colours the inner one. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  if (mark.type === 'link') return marks.some((other) => other.type === 'link') ? marks : [...marks, mark];
  if (mark.type === 'colour') {
    const outer = marks.find((other) => other.type === 'colour');
    if (outer?.type === 'colour') {
      const merged: Mark = { ...outer, ...mark };
      return [...marks.filter((other) => other !== outer), merged];
    }
    return [...marks, mark];
  }
  return marks.some((other) => other.type === mark.type) ? marks : [...marks, mark];
}

/** A vendor's own node as the link that other systems show for it. */
export const linkOf = ({ url, text }: VendorInline): Link | undefined =>
  url === undefined ? undefined : { type: 'link', url, children: [{ type: 'text', value: text }] };

/** The leaves of inline nodes in reading order. */
export function flatten(nodes: readonly Inline[], marks: readonly Mark[] = [], into: Leaf[] = []): Leaf[] {
  for (const node of nodes) {
    if (!('children' in node)) into.push({ node, marks });
    else if (node.type === 'link') {
      flatten(node.children, withMark(marks, { type: 'link', url: node.url, title: node.title }), into);
    } else if (node.type === 'colour') {
      flatten(node.children, withMark(marks, { type: 'colour', color: node.color, background: node.background }), into);
    } else flatten(node.children, withMark(marks, { type: node.type }), into);
  }
  return into;
}

function wrap(mark: Mark, children: Inline[]): Inline {
  if (mark.type === 'link') {
    return mark.title === undefined
      ? { type: 'link', url: mark.url, children }
      : { type: 'link', url: mark.url, title: mark.title, children };
  }
  if (mark.type === 'colour') {
    return {
      type: 'colour',
      ...(mark.color === undefined ? {} : { color: mark.color }),
      ...(mark.background === undefined ? {} : { background: mark.background }),
      children,
    };
  }
  return { type: mark.type, children };
}

/** Builds the tree from leaves. The mark that covers most of the following leaves is the outer one. Adjacent text
 * with the same marks is joined. */
export function nest(leaves: readonly Leaf[], order: readonly Mark['type'][] = ORDER): Inline[] {
  const result: Inline[] = [];
  for (let at = 0; at < leaves.length; ) {
    const leaf = leaves[at] as Leaf;
    const [mark, end] = longest(leaves, at, order);
    if (mark === undefined) {
      const last = result.at(-1);
      if (leaf.node.type === 'text' && last?.type === 'text') last.value += leaf.node.value;
      else if (leaf.node.type === 'inlineCode' && last?.type === 'inlineCode') last.value += leaf.node.value;
      else result.push({ ...leaf.node });
      at++;
      continue;
    }
    const inner = leaves
      .slice(at, end)
      .map(({ node, marks }) => ({ node, marks: marks.filter((other) => !sameMark(other, mark)) }));
    result.push(wrap(mark, nest(inner, order)));
    at = end;
  }
  return result;
}

function longest(leaves: readonly Leaf[], at: number, order: readonly Mark['type'][]): [Mark | undefined, number] {
  let best: Mark | undefined;
  let bestEnd = at;
  for (const mark of (leaves[at] as Leaf).marks) {
    let end = at + 1;
    while (end < leaves.length && has(leaves[end] as Leaf, mark)) end++;
    if (end > bestEnd || (end === bestEnd && best && order.indexOf(mark.type) < order.indexOf(best.type))) {
      best = mark;
      bestEnd = end;
    }
  }
  return [best, bestEnd];
}

/**
 * Inline nodes in a form that a markup with delimiters can express: no white space at the inner ends of a mark, no mark
 * around nothing, no white space at the ends of the whole or beside a line break.
 */
export function tidy(nodes: readonly Inline[], order: readonly Mark['type'][] = ORDER): Inline[] {
  return trimEnds(hoisted(nest(spacesOut(flatten(nodes)), order)));
}

function spacesOut(leaves: Leaf[]): Leaf[] {
  const result: Leaf[] = [];
  for (const leaf of leaves) {
    const { node, marks } = leaf;
    if (node.type !== 'text') {
      result.push(node.type === 'break' ? { node, marks: [] } : leaf);
      continue;
    }
    if (node.value === '') continue;
    if (marks.length === 0) {
      result.push(leaf);
      continue;
    }
    const inner = node.value.trim();
    const start = node.value.indexOf(inner);
    const pieces: [string, boolean][] =
      inner === ''
        ? [[node.value, false]]
        : [
            [node.value.slice(0, start), false],
            [inner, true],
            [node.value.slice(start + inner.length), false],
          ];
    for (const [value, marked] of pieces) {
      if (value !== '') result.push({ node: { type: 'text', value }, marks: marked ? marks : GAP });
    }
  }
  return bridge(result);
}

/** Placeholder marks of white space: its neighbours decide its real marks. */
const GAP: readonly Mark[] = [];

/** White space between two leaves that share marks keeps the shared marks: `*two words*`, not `*two* *words*`. */
function bridge(pieces: Leaf[]): Leaf[] {
  const after: (Leaf | undefined)[] = new Array(pieces.length);
  let next: Leaf | undefined;
  for (let index = pieces.length - 1; index >= 0; index--) {
    after[index] = next;
    if (pieces[index]?.marks !== GAP) next = pieces[index];
  }
  let left: Leaf | undefined;
  return pieces.map((piece, index) => {
    if (piece.marks !== GAP) {
      left = piece;
      return piece;
    }
    const right = after[index];
    return { ...piece, marks: left && right ? left.marks.filter((mark) => has(right, mark)) : [] };
  });
}

/** Moves white space at the ends of a mark out of it. */
function hoisted(nodes: readonly Inline[]): Inline[] {
  const result: Inline[] = [];
  const put = (node: Inline): void => {
    const last = result.at(-1);
    if (node.type === 'text' && last?.type === 'text') last.value += node.value;
    else result.push(node);
  };
  for (const node of nodes) {
    if (!('children' in node)) {
      put(node.type === 'text' ? { ...node } : node);
      continue;
    }
    const children = hoisted(node.children);
    const [first] = children;
    const last = children.at(-1);
    let before = '';
    let after = '';
    if (first?.type === 'text') {
      before = /^\s*/.exec(first.value)?.[0] ?? '';
      first.value = first.value.slice(before.length);
    }
    if (last?.type === 'text' && last.value !== '') {
      after = last.value.slice(last.value.trimEnd().length);
      last.value = last.value.trimEnd();
    }
    const filled = children.filter((child) => child.type !== 'text' || child.value !== '');
    if (before !== '') put({ type: 'text', value: before });
    if (filled.length > 0) put({ ...node, children: filled });
    if (after !== '') put({ type: 'text', value: after });
  }
  return result;
}

function trimEnds(nodes: Inline[]): Inline[] {
  const result: Inline[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    if (node.type === 'break' && last?.type === 'text') last.value = withoutEnd(last.value, ' \t\n');
    if (last?.type === 'text' && last.value === '') result.pop();
    if (node.type === 'text' && (result.length === 0 || result.at(-1)?.type === 'break')) {
      const value = node.value.replace(/^[ \t\n]+/, '');
      if (value !== '') result.push({ type: 'text', value });
    } else result.push(node);
  }
  while (result.length > 0) {
    const last = result.at(-1);
    if (last?.type === 'break') result.pop();
    else if (last?.type === 'text') {
      last.value = withoutEnd(last.value, ' \t\n');
      if (last.value !== '') break;
      result.pop();
    } else break;
  }
  while (result[0]?.type === 'break') result.shift();
  return result;
}

/** Inline nodes split at empty lines (two consecutive breaks), which line-based markups read as paragraphs. Breaks
 * are top-level nodes. */
export function splitAtEmptyLines(nodes: readonly Inline[]): Inline[][] {
  const parts: Inline[][] = [];
  let part: Inline[] = [];
  nodes.forEach((node, index) => {
    const double = node.type === 'break' && (nodes[index - 1]?.type === 'break' || nodes[index + 1]?.type === 'break');
    if (!double) part.push(node);
    else if (part.length > 0) {
      parts.push(part);
      part = [];
    }
  });
  if (part.length > 0) parts.push(part);
  return parts;
}

/** Inline nodes without empty lines, for places where a paragraph cannot end. */
export const withoutEmptyLines = (nodes: readonly Inline[]): Inline[] =>
  splitAtEmptyLines(nodes).flatMap((part, index) => (index === 0 ? part : [{ type: 'break' }, ...part]));

/** True if there is nothing but white space, no-break spaces included. Editors leave such content as an empty line. */
export const isBlank = (nodes: readonly Inline[]): boolean =>
  nodes.every(
    (node) =>
      node.type === 'break' ||
      (node.type === 'text' && node.value.trim() === '') ||
      ('children' in node && isBlank(node.children)),
  );
