/** Compares the content of containers on both sides, if the sides show these containers differently. */

import { largest } from '../../model/lists';
import { type Block, plainInline } from '../tree';
import { align } from './align';
import { blockKey } from './key';
import { partsOf } from './parts';
import { type Candidate, withSimilar } from './similar';

type Container = Extract<Block, { type: 'quote' | 'panel' | 'expand' | 'vendorBlock' | 'footnoteDefinition' }>;

const holds = (block: Block | undefined): block is Container =>
  block !== undefined &&
  (block.type === 'quote' ||
    block.type === 'panel' ||
    block.type === 'expand' ||
    block.type === 'vendorBlock' ||
    block.type === 'footnoteDefinition');

/** A container without its content. */
export function lookOf(block: Block): string {
  switch (block.type) {
    case 'panel':
      return `panel|${block.kind}|${block.background ?? ''}|${block.title ?? ''}`;
    case 'expand':
      return `expand|${block.title}`;
    case 'vendorBlock':
      return `vendor|${block.name}`;
    case 'footnoteDefinition':
      return `footnote|${block.label}`;
    default:
      return block.type;
  }
}

/**
 * The content of a container, as the other side had it and has it now: in a container of its own, or as blocks without
 * one.
 * @returns undefined if the container itself was edited
 */
export function partsWithin(
  own: Block,
  old: readonly Block[],
  now: readonly Block[],
): { old: readonly Block[]; now: readonly Block[] } | undefined {
  if (!holds(own)) return undefined;
  const [was, is] = [old[0], now[0]];
  let parts = { old, now };
  if (old.length === 1 && holds(was)) {
    if (now.length !== 1 || !holds(is) || lookOf(was) !== lookOf(is)) return undefined;
    parts = { old: was.children, now: is.children };
  }
  const title = 'title' in own ? own.title : undefined;
  const [head] = parts.old;
  const isShown = title && head?.type === 'paragraph' && plainInline(head.children).trim() === title.trim();
  if (!isShown) return parts;
  // the title is shown above the container's content, even if something was inserted above it
  const at = parts.now.findIndex((block) => blockKey(block) === blockKey(head));
  return at < 0 ? undefined : { old: parts.old.slice(1), now: parts.now.toSpliced(at, 1) };
}

export const asCandidate = (block: Block): Candidate => ({
  kind: block.type,
  text: partsOf([block])
    .map(({ text, fixed }) => text ?? fixed ?? '')
    .join(' '),
});

interface Share {
  old: readonly Block[];
  now: readonly Block[];
}

/**
 * Maps the other side's blocks to several consecutive texts, such as columns.
 * @param keys the keys of the blocks that the other side shows for each text
 */
export function sharesOf(keys: readonly string[][], old: readonly Block[], now: readonly Block[]): Share[] {
  if (keys.length === 1) return [{ old, now }];
  const [oldKeys, nowKeys] = [old.map(blockKey), now.map(blockKey)];
  const owners = keys.flatMap((list, index) => list.map(() => index));
  const shown = align(keys.flat(), oldKeys);
  const pairs = withSimilar(align(oldKeys, nowKeys), old.map(asCandidate), now.map(asCandidate));
  let [from, start] = [0, 0];
  return keys.map((_, index) => {
    const isLast = index === keys.length - 1;
    const mine = shown.filter(([key]) => owners[key] === index).map(([, block]) => block);
    const to = isLast
      ? old.length
      : largest(
          mine.map((block) => block + 1),
          from,
        );
    const end = isLast
      ? now.length
      : largest(
          pairs.filter(([left]) => left < to).map(([, right]) => right + 1),
          start,
        );
    const share = { old: old.slice(from, to), now: now.slice(start, end) };
    [from, start] = [to, end];
    return share;
  });
}
