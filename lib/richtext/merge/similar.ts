/** Finds which of the changed, added and removed blocks are edited versions of each other, by kind and words. */

import { gaps } from './align';
import { tokensOf } from './parts';

export interface Candidate {
  kind: string;
  /** its words */
  text: string;
}

/** Maximum number of compared pairs. Beyond it, blocks are paired in order. */
const MOST_PAIRS = 2_500;

/**
 * Pairs of indices, ascending in both: the given pairs, and between them the most similar blocks.
 * @param pairs entries that are the same on both sides
 */
export function withSimilar(
  pairs: readonly [number, number][],
  left: readonly Candidate[],
  right: readonly Candidate[],
): [number, number][] {
  const result = [...pairs];
  for (const gap of gaps(pairs, left.length, right.length)) {
    const [one, two] = [left.slice(...gap.left), right.slice(...gap.right)];
    for (const [a, b] of similar(one, two)) result.push([gap.left[0] + a, gap.right[0] + b]);
  }
  return result.sort(([a], [b]) => a - b);
}

function similar(left: readonly Candidate[], right: readonly Candidate[]): [number, number][] {
  if (left.length === 0 || right.length === 0) return [];
  if (left.length * right.length > MOST_PAIRS || (left.length === 1 && right.length === 1))
    return Array.from({ length: Math.min(left.length, right.length) }, (_, at): [number, number] => [at, at]);
  const [words, others] = [left.map(bagOf), right.map(bagOf)];
  const likeness = left.map((one, a) =>
    right.map((two, b) => 0.01 + (one.kind === two.kind ? 0.2 : 0) + overlap(words[a], others[b])),
  );
  // the highest total similarity that can be reached from each pair of positions on
  const best = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  const at = (a: number, b: number): number => best[a]?.[b] ?? 0;
  for (let a = left.length - 1; a >= 0; a--) {
    for (let b = right.length - 1; b >= 0; b--) {
      const row = best[a];
      if (row) row[b] = Math.max(at(a + 1, b), at(a, b + 1), (likeness[a]?.[b] ?? 0) + at(a + 1, b + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let a = 0, b = 0; a < left.length && b < right.length; ) {
    if (at(a, b) === (likeness[a]?.[b] ?? 0) + at(a + 1, b + 1)) pairs.push([a++, b++]);
    else if (at(a, b) === at(a + 1, b)) a++;
    else b++;
  }
  return pairs;
}

type Bag = Map<string, number>;

function bagOf({ text }: Candidate): Bag {
  const bag: Bag = new Map();
  for (const token of tokensOf(text)) if (/[\p{L}\p{N}]/u.test(token)) bag.set(token, (bag.get(token) ?? 0) + 1);
  return bag;
}

/** The proportion that both have in common: 0 to 1. */
function overlap(one: Bag | undefined, two: Bag | undefined): number {
  let common = 0;
  let all = 0;
  for (const [token, count] of one ?? []) {
    common += Math.min(count, two?.get(token) ?? 0);
    all += count;
  }
  for (const count of two?.values() ?? []) all += count;
  return all === 0 ? 0 : (2 * common) / all;
}
