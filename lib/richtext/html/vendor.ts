/** Boxes that our own HTML and some vendors' editors write as a `div` with a class. */

import { colour, declarations } from '../colour';
import type { PanelKind } from '../tree';
import { attribute, type Element } from './dom';

const KINDS = new Set<string>(['info', 'note', 'tip', 'success', 'warning', 'error', 'plain']);

const isKind = (word: string): word is PanelKind => KINDS.has(word);

/** What a `div` is as a panel: `<div class="panel panel-info">`, with an optional `data-title`. */
export function panelOf(element: Element): { kind: PanelKind; title?: string; background?: string } | undefined {
  const classes = (attribute(element, 'class') ?? '').split(/\s+/);
  if (!classes.includes('panel')) return undefined;
  const word = classes.map((name) => /^panel-(\w+)$/.exec(name)?.[1] ?? '').find(isKind);
  const title = attribute(element, 'data-title');
  const background = colour(declarations(attribute(element, 'style')).get('background-color'));
  return {
    kind: word ?? 'plain',
    ...(title ? { title } : {}),
    ...(background ? { background } : {}),
  };
}
