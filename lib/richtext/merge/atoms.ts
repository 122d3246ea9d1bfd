/**
 * Within an edited block, what the source's markup could only show in words comes back as what it was: mentions, status
 * marks, dates, emoji, wiki links and vendor nodes by the words that stand for them, pictures by their address.
 */

import type { RichTextFormat } from '../../model/values';
import { flatten, type Leaf, type LeafNode, nest } from '../inline';
import type { Block, Inline } from '../tree';
import { plainInline } from '../tree';
import type { Tools } from './index';

const KEPT = new Set<LeafNode['type']>(['mention', 'status', 'date', 'emoji', 'wikiLink', 'vendorInline']);

/**
 * The edited block with the original's atoms in it, or undefined where there are none to restore.
 * @param original the block as the target has it
 * @param before the block as the source had it
 * @param after the block as the source has it now
 */
export function restoreAtoms(
  original: Block,
  before: Block,
  after: Block,
  format: RichTextFormat,
  tools: Tools,
): Block | undefined {
  if (!hasInlines(original) || !hasInlines(before) || !hasInlines(after)) return undefined;
  const old = plainInline(before.children);
  let leaves = flatten(after.children);
  let restored = false;
  for (const { node } of flatten(original.children)) {
    if (node.type === 'image') {
      const shown = asShown(node, format, tools);
      const index = leaves.findIndex(({ node: leaf }) => leaf.type === 'image' && JSON.stringify(leaf) === shown);
      if (index >= 0 && shown !== JSON.stringify(node)) {
        leaves = leaves.map((leaf, at) => (at === index ? { ...leaf, node } : leaf));
        restored = true;
      }
    } else if (KEPT.has(node.type)) {
      const words = plainInline([node]);
      // the words must mean the same as before: as often in the text as then
      if (words.length < 2 || count(old, words) !== count(plainInline(after.children), words)) continue;
      const next = replaced(leaves, words, node);
      if (next) {
        leaves = next;
        restored = true;
      }
    }
  }
  return restored ? { ...after, children: nest(leaves) } : undefined;
}

const hasInlines = (block: Block): block is Block & { type: 'paragraph' | 'heading'; children: Inline[] } =>
  block.type === 'paragraph' || block.type === 'heading';

const count = (text: string, words: string): number => text.split(words).length - 1;

/** The picture as it looks after a turn through the source's markup. */
function asShown(node: LeafNode, format: RichTextFormat, tools: Tools): string {
  const { text } = tools.render({ type: 'root', children: [{ type: 'paragraph', children: [node] }] }, format);
  const [block] = tools.parse(text).children;
  const [leaf] = block && hasInlines(block) ? flatten(block.children) : [];
  return JSON.stringify(leaf?.node);
}

/** The first text leaf with the words, cut in three. */
function replaced(leaves: readonly Leaf[], words: string, node: LeafNode): Leaf[] | undefined {
  const index = leaves.findIndex(({ node: leaf }) => leaf.type === 'text' && leaf.value.includes(words));
  const leaf = leaves[index];
  if (leaf?.node.type !== 'text') return undefined;
  const at = leaf.node.value.indexOf(words);
  const piece = (value: string): Leaf[] => (value === '' ? [] : [{ node: { type: 'text', value }, marks: leaf.marks }]);
  return [
    ...leaves.slice(0, index),
    ...piece(leaf.node.value.slice(0, at)),
    { node, marks: leaf.marks.filter(({ type }) => type !== 'strong' || node.type !== 'status') },
    ...piece(leaf.node.value.slice(at + words.length)),
    ...leaves.slice(index + 1),
  ];
}
