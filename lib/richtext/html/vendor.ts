/** Boxes that Twinflow's own HTML and the editors of some vendors write as a `div` with a class. */

import { colour, declarations } from '../colour';
import type { PanelKind } from '../tree';
import { attribute, type Element, isElement, textOf } from './dom';

const KINDS = new Set<string>(['info', 'note', 'tip', 'success', 'warning', 'error', 'plain']);

const isKind = (word: string): word is PanelKind => KINDS.has(word);

/**
 * Reads a `div` as a panel: `<div class="panel panel-info">`. Its title is in a first `<p class="panel-title">` or, in
 * other editors, in `data-title`.
 */
export function panelOf(
  element: Element,
): { kind: PanelKind; title?: string; background?: string; body: Element['childNodes'] } | undefined {
  const classes = (attribute(element, 'class') ?? '').split(/\s+/);
  if (!classes.includes('panel')) return undefined;
  const word = classes.map((name) => /^panel-(\w+)$/.exec(name)?.[1] ?? '').find(isKind);
  const head = element.childNodes.find(isElement);
  const isHead = head !== undefined && (attribute(head, 'class') ?? '').split(/\s+/).includes('panel-title');
  const shown = isHead ? textOf(head.childNodes).replace(/\s+/g, ' ').trim() : '';
  const title = shown === '' ? attribute(element, 'data-title') : shown;
  const background = colour(declarations(attribute(element, 'style')).get('background-color'));
  return {
    kind: word ?? 'plain',
    ...(title ? { title } : {}),
    ...(background ? { background } : {}),
    body: isHead ? element.childNodes.filter((child) => child !== head) : element.childNodes,
  };
}
