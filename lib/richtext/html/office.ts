/**
 * Lists as Word and Outlook write them in HTML: consecutive paragraphs with the style `mso-list:l0 level1 lfo1`. Each
 * has its sign in a span (`mso-list:Ignore`). `level2` is nested in the item before it.
 */

import { declarations } from '../colour';
import type { Block, List, ListItem, Span } from '../tree';
import { attribute, type Element, isElement, isText, type Node, textOf } from './dom';

const LEVEL = /^l\d+ level([1-9]) lfo\d+/;
const NUMBER = /^\(?(?:(\d{1,9})|[a-z]{1,6})[.)]/i;

interface Item {
  level: number;
  ordered: boolean;
  start: number | undefined;
  children: readonly Node[];
  span: Span | undefined;
}

const listStyle = (node: Node): string =>
  isElement(node) ? (declarations(attribute(node, 'style')).get('mso-list') ?? '') : '';

/** Some mail programs remove the marker from the span of the sign. Then the wide blank after the sign identifies it. */
const BARE_SIGN = /^\s*(?:[·•§▪o–-]|\(?(?:\d{1,3}|[a-z]{1,5})[.)])[\s\u00a0]{2,}$/i;

const isSign = (node: Node): boolean =>
  listStyle(node).toLowerCase() === 'ignore' ||
  (isElement(node) && node.tagName === 'span' && BARE_SIGN.test(textOf([node]).slice(0, 60)));

/**
 * The items of a list that starts at an index in the nodes.
 * @returns the items and the index after the last one; undefined if no list starts there
 */
export function officeItems(nodes: readonly Node[], from: number): { found: Item[]; end: number } | undefined {
  const found: Item[] = [];
  let end = from;
  for (let index = from; index < nodes.length; index++) {
    const node = nodes[index] as Node;
    const item = isElement(node) ? itemOf(node) : undefined;
    if (item) {
      found.push(item);
      end = index + 1;
    } else if (found.length === 0 || isElement(node) || (isText(node) && node.value.trim() !== '')) break;
  }
  return found.length > 0 ? { found, end } : undefined;
}

function itemOf(element: Element): Item | undefined {
  const level = Number(LEVEL.exec(listStyle(element))?.[1] ?? 0);
  if (level === 0) return undefined;
  const sign = signIn(element.childNodes) ?? '';
  const number = NUMBER.exec(sign);
  const start = number?.[1] === undefined ? undefined : Number(number[1]);
  const place = element.sourceCodeLocation;
  const span = place ? { start: place.startOffset, end: place.endOffset } : undefined;
  const children = element.childNodes.map((child) => withoutSign(child));
  return { level, ordered: number !== null, start, children, span };
}

/** The sign of an item: it comes first, at most a few elements deep. */
function signIn(nodes: readonly Node[], depth = 0): string | undefined {
  for (const node of nodes) {
    if (isText(node) && node.value.trim() === '') continue;
    if (!isElement(node)) {
      if (isText(node)) return undefined;
      continue;
    }
    return isSign(node) ? textOf([node]).trim() : depth < 4 ? signIn(node.childNodes, depth + 1) : undefined;
  }
  return undefined;
}

function withoutSign(node: Node, depth = 0): Node {
  if (!isElement(node) || depth > 4) return node;
  if (isSign(node)) return { ...node, childNodes: [] };
  return { ...node, childNodes: node.childNodes.map((child) => withoutSign(child, depth + 1)) };
}

/** Items as nested lists. The lists have places, their items have none. @param read the blocks of an item's nodes */
export function officeLists(items: readonly Item[], read: (nodes: readonly Node[]) => Block[]): List[] {
  const lists: List[] = [];
  for (let at = 0; at < items.length; ) {
    const item = items[at] as Item;
    let end = at + 1;
    while (end < items.length && (items[end]?.level ?? 0) > item.level) end++;
    const entry: ListItem = {
      type: 'listItem',
      children: [...read(item.children), ...officeLists(items.slice(at + 1, end), read)],
    };
    const last = lists.at(-1);
    const behind = items[end - 1]?.span?.end;
    if (last && last.ordered === item.ordered) {
      last.children.push(entry);
      if (last.span && behind !== undefined) last.span.end = behind;
    } else {
      const start = item.ordered && item.start !== undefined && item.start !== 1 ? { start: item.start } : {};
      const span = item.span && behind !== undefined ? { span: { start: item.span.start, end: behind } } : {};
      lists.push({ type: 'list', ordered: item.ordered, ...start, children: [entry], ...span });
    }
    at = end;
  }
  return lists;
}
