/**
 * Finds which words of an edited text still represent mentions. Words in an unchanged paragraph are the same as before,
 * wherever the paragraph is now. Words in other paragraphs are matched by the same words around them, then in order.
 * Any further words were added by someone and mention nobody.
 */

import { align, gaps } from '../merge/align';
import { isBlankToken, tokensOf } from '../merge/parts';
import { MARK } from './marks';
import type { Occurrence, Scan } from './scan';

export interface Aligned {
  /** occurrence now → occurrence before */
  was: Map<Occurrence, Occurrence>;
  /** earlier words that were overwritten */
  changed: Set<Occurrence>;
}

/** Longer texts are not compared word by word. */
const MOST_TOKENS = 4_000;

const isWords = ({ words }: Occurrence): boolean => words !== undefined;

export function alignWords(before: Scan, now: Scan): Aligned {
  const was = new Map<Occurrence, Occurrence>();
  const left = new Set(before.occurrences.filter(isWords));
  const open = new Set(now.occurrences.filter(isWords));
  const pair = (one: Occurrence, old: Occurrence): void => {
    was.set(one, old);
    open.delete(one);
    left.delete(old);
  };
  for (const one of [...open]) {
    const old = [...left].find(({ words, block }) => words === one.words && block === one.block);
    if (old) pair(one, old);
  }
  const changed = new Set<Occurrence>();
  if (open.size > 0 || left.size > 0) {
    const { pairs, over } = byNeighbours(before, now);
    for (const [one, old] of pairs) if (open.has(one) && left.has(old)) pair(one, old);
    for (const one of [...open]) {
      const old = [...left].find(({ words }) => words === one.words);
      if (old) pair(one, old);
    }
    for (const old of over) if (left.has(old)) changed.add(old);
  }
  return { was, changed };
}

interface Token {
  key: string;
  occurrence?: Occurrence;
}

function tokensIn({ content, occurrences }: Scan): Token[] {
  const known = new Map(occurrences.map((one) => [one.mark, one]));
  const result: Token[] = [];
  const words = (text: string): void => {
    for (const token of tokensOf(text)) if (!isBlankToken(token)) result.push({ key: token });
  };
  let at = 0;
  for (const match of content.matchAll(MARK)) {
    words(content.slice(at, match.index));
    at = match.index + match[0].length;
    const occurrence = known.get(match[0]);
    if (occurrence) result.push({ key: occurrence.words ?? `<${occurrence.id}>`, occurrence });
  }
  words(content.slice(at));
  return result;
}

function byNeighbours(before: Scan, now: Scan): { pairs: [Occurrence, Occurrence][]; over: Occurrence[] } {
  const [old, own] = [tokensIn(before), tokensIn(now)];
  if (old.length > MOST_TOKENS || own.length > MOST_TOKENS) return { pairs: [], over: [] };
  const found = align(
    old.map(({ key }) => key),
    own.map(({ key }) => key),
  );
  const pairs = found.flatMap(([left, right]): [Occurrence, Occurrence][] => {
    const [one, other] = [own[right]?.occurrence, old[left]?.occurrence];
    return one && other && one.words === other.words ? [[one, other]] : [];
  });
  const over = gaps(found, old.length, own.length).flatMap(({ left, right }) =>
    right[0] === right[1] ? [] : old.slice(...left).flatMap(({ occurrence }) => occurrence ?? []),
  );
  return { pairs, over };
}
