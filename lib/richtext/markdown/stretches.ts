/**
 * Reads a long text in stretches and remembers recent ones. Of the texts that a merge compares, all but a few lines are
 * the same, so most stretches are read only once. A stretch ends at an empty line before a heading or a paragraph, if
 * no list, quote, fence or HTML is open there.
 */

import type { Block } from '../tree';

export interface Stretch {
  start: number;
  text: string;
}

/** Shorter texts are read as a whole. */
const SHORTEST = 4_000;
/** Minimum number of characters in a stretch, because each stretch has a cost of its own. */
const LEAST = 800;
/** Maximum number of characters in remembered texts. */
const MOST = 150_000;

const BOUNDARY = /\n\n(?=#{1,6} |\p{L})/gu;
/** Constructs with an effect outside their stretch: definitions of links and footnotes, HTML elements. */
const FAR = /\]:|^ {0,3}<[a-z!/?]/im;

/** Splits a text at safe places; one stretch if there are none. */
export function stretchesOf(source: string): Stretch[] {
  if (source.length < SHORTEST || FAR.test(source)) return [{ start: 0, text: source }];
  const stretches: Stretch[] = [];
  let start = 0;
  for (const { index } of source.matchAll(BOUNDARY)) {
    if (index - start < LEAST) continue;
    stretches.push({ start, text: source.slice(start, index + 2) });
    start = index + 2;
  }
  stretches.push({ start, text: source.slice(start) });
  return stretches;
}

/** A probe paragraph appended to a stretch: if it is not read as a paragraph, something in the stretch is still
 * open. */
export const PROBE = 'probe';

const known = new Map<string, readonly Block[] | undefined>();
let size = 0;

/**
 * The blocks of a text.
 * @param key identifies how the text is read
 * @param read reads a stretch; undefined if something in it is open at its end
 */
export function readStretches(
  source: string,
  key: string,
  read: (text: string, isLast: boolean) => Block[] | undefined,
): Block[] {
  const stretches = stretchesOf(source);
  if (stretches.length === 1) return read(source, true) ?? [];
  const blocks: Block[] = [];
  let pending: Stretch | undefined;
  stretches.forEach(({ start, text }, index) => {
    const stretch: Stretch = pending ? { start: pending.start, text: pending.text + text } : { start, text };
    const isLast = index === stretches.length - 1;
    const made = remembered(`${isLast} ${key} ${stretch.text}`, () => read(stretch.text, isLast));
    pending = made ? undefined : stretch;
    for (const block of made ?? []) blocks.push(moved(block, stretch.start));
  });
  return blocks;
}

function remembered(key: string, read: () => readonly Block[] | undefined): readonly Block[] | undefined {
  const isKnown = known.has(key);
  const blocks = isKnown ? known.get(key) : read();
  if (isKnown) known.delete(key);
  else size += key.length;
  known.set(key, blocks);
  for (const oldest of known.keys()) {
    if (size <= MOST) break;
    known.delete(oldest);
    size -= oldest.length;
  }
  return blocks;
}

/** A copy whose places count from the start of the text. */
function moved<T>(node: T, by: number): T {
  if (Array.isArray(node)) return node.map((one: unknown) => moved(one, by)) as T;
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    copy[key] = key === 'span' && isSpan(value) ? { start: value.start + by, end: value.end + by } : moved(value, by);
  }
  return copy as T;
}

const isSpan = (value: unknown): value is { start: number; end: number } =>
  typeof value === 'object' && value !== null && 'start' in value && 'end' in value;
