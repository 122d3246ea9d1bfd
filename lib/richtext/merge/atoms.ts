/**
 * Combines an edited paragraph from three versions. Words and marks that the other side did not change are the
 * target's, with everything that the other side cannot show: mentions, status marks, colours, picture sizes, inline
 * attachments. Edited parts are the other side's.
 */

import { append } from '../../model/lists';
import { flatten, type Leaf, type Mark, nest } from '../inline';
import type { Block, Inline } from '../tree';
import { plainInline } from '../tree';
import { align } from './align';
import { isBlankToken, tokensOf } from './parts';

/** A token of a leaf. */
interface Token {
  key: string;
  leaf: Leaf;
  /** of text and code: the token itself */
  text?: string;
  /** its index among the tokens of its leaf, and the number of these tokens */
  at: number;
  of: number;
}

/**
 * The edited block with the target's own parts in it, or undefined if it has no inline nodes.
 * @param original the block as the target has it
 * @param before the block as the source had it
 * @param after the block as the source has it now
 */
export function restoreAtoms(original: Block, before: Block, after: Block): Block | undefined {
  if (!hasInlines(original) || !hasInlines(before) || !hasInlines(after)) return undefined;
  const { tokens: own, hidden } = read(original.children);
  const { tokens: old } = read(before.children);
  const { tokens: now } = read(after.children);
  const keys = (list: readonly Token[]): string[] => list.map(({ key }) => key);
  const toOld = new Map(align(keys(now), keys(old)));
  const toOwn = new Map(align(keys(old), keys(own)));
  const leaves: Leaf[] = [];
  let waiting = 0;
  /** nodes that show nothing stay behind the same words as before */
  const release = (until: number): void => {
    for (let next = hidden[waiting]; next && next.at <= until; next = hidden[waiting]) {
      leaves.push(next.leaf);
      waiting += 1;
    }
  };
  for (let index = 0; index < now.length; index += 1) {
    const token = now[index] as Token;
    const was = old[toOld.get(index) ?? -1];
    const place = toOwn.get(toOld.get(index) ?? -1);
    const mine = own[place ?? -1];
    if (!was || !mine || place === undefined) {
      append(leaves, piece(token));
      continue;
    }
    release(place);
    if (mine.text !== undefined)
      leaves.push({ node: asNode(mine, token), marks: marksOf(mine.leaf, was.leaf, token.leaf) });
    else if (isWhole(index, mine, now, old, own, toOld, toOwn)) {
      leaves.push({ node: mine.leaf.node, marks: marksOf(mine.leaf, was.leaf, token.leaf) });
      index += mine.of - 1;
    } else append(leaves, piece(token));
  }
  release(own.length);
  return { ...after, children: nest(leaves) };
}

const hasInlines = (block: Block): block is Block & { type: 'paragraph' | 'heading'; children: Inline[] } =>
  block.type === 'paragraph' || block.type === 'heading';

/** The tokens of inline nodes, and the nodes that show no words, each with the number of tokens before it. */
function read(nodes: readonly Inline[]): { tokens: Token[]; hidden: { at: number; leaf: Leaf }[] } {
  const tokens: Token[] = [];
  const hidden: { at: number; leaf: Leaf }[] = [];
  for (const leaf of flatten(nodes)) {
    const { node } = leaf;
    if (node.type === 'text' || node.type === 'inlineCode') {
      const texts = tokensOf(node.value);
      texts.forEach((text, at) => {
        tokens.push({ key: isBlankToken(text) ? ' ' : text, leaf, text, at, of: texts.length });
      });
      continue;
    }
    const keys =
      node.type === 'image' ? [`image ${node.url}`] : node.type === 'break' ? ['\n'] : tokensOf(plainInline([node]));
    if (keys.length === 0) hidden.push({ at: tokens.length, leaf });
    keys.forEach((key, at) => {
      tokens.push({ key: isBlankToken(key) && node.type !== 'break' ? ' ' : key, leaf, at, of: keys.length });
    });
  }
  return { tokens, hidden };
}

/** A token as a leaf. An indivisible leaf is returned whole at its first token. */
function piece(token: Token): Leaf[] {
  if (token.text === undefined) return token.at === 0 ? [token.leaf] : [];
  const { node, marks } = token.leaf;
  return [{ node: { type: node.type === 'inlineCode' ? 'inlineCode' : 'text', value: token.text }, marks }];
}

/** The target's text in the source's kind: turning code into text, or text into code, is an edit. */
const asNode = (mine: Token, token: Token): Leaf['node'] => ({
  type:
    token.leaf.node.type === 'inlineCode'
      ? 'inlineCode'
      : token.text === undefined && mine.leaf.node.type === 'inlineCode'
        ? 'inlineCode'
        : 'text',
  value: mine.text ?? '',
});

/** True if all tokens of the target's node, such as the words of a mention, still exist side by side. */
function isWhole(
  index: number,
  mine: Token,
  now: readonly Token[],
  old: readonly Token[],
  own: readonly Token[],
  toOld: ReadonlyMap<number, number>,
  toOwn: ReadonlyMap<number, number>,
): boolean {
  if (mine.at !== 0) return false;
  for (let step = 0; step < mine.of; step += 1) {
    const was = toOld.get(index + step);
    const there = own[toOwn.get(was ?? -1) ?? -1];
    if (!now[index + step] || !old[was ?? -1] || there?.leaf !== mine.leaf || there.at !== step) return false;
  }
  return true;
}

/** The current marks, plus the target's marks that the source never showed. */
function marksOf(mine: Leaf, was: Leaf, now: Leaf): readonly Mark[] {
  const [own, before, after] = [mine, was, now].map(({ marks }) => new Map(marks.map((mark) => [mark.type, mark])));
  const result: Mark[] = [];
  for (const [type, mark] of after ?? []) {
    const same = JSON.stringify(before?.get(type)) === JSON.stringify(mark);
    result.push(same ? (own?.get(type) ?? mark) : mark);
  }
  for (const [type, mark] of own ?? []) if (!before?.has(type) && !after?.has(type)) result.push(mark);
  // other formats show a status mark in bold
  return mine.node.type === 'status' ? result.filter(({ type }) => type !== 'strong') : result;
}
