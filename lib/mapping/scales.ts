/**
 * Lists of values that are scales (priorities, severities) or the steps of a workflow: what their order says about which values belong
 * together, where names do not. Pure.
 */

import { largest, smallest } from '../model/lists';
import { plainName } from './names';

/** The most urgent first. */
const RANKS = [
  'highest|immediate|blocker|block|show stopper|sofort',
  'critical|urgent|crash|dringend|kritisch',
  'high|major|hoch',
  'medium|normal|moderate|mittel',
  'low|minor|niedrig',
  'lowest|trivial|planning|none',
];
const RANK_OF = new Map(RANKS.flatMap((line, rank) => line.split('|').map((word) => [word, rank] as const)));

/** Of all values of a list, the part that must have a rank. */
const ENOUGH = 0.6;

/** The number in "P1", "1 - Critical", "High - S2", "priority::3", "Sev 4", "2". */
export function numberIn(name: string): number | undefined {
  const plain = name.trim().toLowerCase();
  const found =
    /^(?:p|s|sev|severity|prio|priority|level|tier)?[\s:_-]*(\d)(?!\d)(?=\s|[-:)]|\.(?!\d)|$)/.exec(plain) ??
    /[\s(-](?:p|s|sev)[\s-]?(\d)\)?$/.exec(plain);
  return found === null ? undefined : Number(found[1]);
}

/** True for "2", which says nothing else. */
export const isBareNumber = (name: string): boolean => /^\s*\d\s*$/.test(name);

function rankIn(name: string): number | undefined {
  const bare = plainName(name.replace(/^\s*\d+\s*[-.:)]\s*(?=\S)/, ''));
  return RANK_OF.get(bare);
}

type Order = 'falling' | 'rising';

/** Whether the numbers only rise or only fall; undefined if they do neither, or are fewer than two. */
function orderOf(numbers: number[]): Order | undefined {
  if (numbers.length < 2) return undefined;
  const steps = numbers.slice(1).map((number, at) => number - (numbers[at] ?? number));
  if (steps.every((step) => step >= 0) && steps.some((step) => step > 0)) return 'rising';
  if (steps.every((step) => step <= 0) && steps.some((step) => step < 0)) return 'falling';
  return undefined;
}

export interface Scale {
  /** the list's values, the most urgent first: their places in the list */
  places: number[];
  /** each value has a number: 1, 2, 3 … (or from 0), in whatever order */
  numbered: boolean;
}

/** The list as a scale; undefined if it is none. */
export function scaleOf(names: string[]): Scale | undefined {
  const numbers = names.flatMap((name) => numberIn(name) ?? []);
  const least = smallest(numbers, 9);
  const counts =
    new Set(numbers).size === names.length && least <= 1 && largest(numbers, 0) - least === names.length - 1;
  const numbered = numbers.length === names.length && counts;
  const ranks = numbered ? numbers : names.flatMap((name) => rankIn(name) ?? []);
  if (ranks.length < names.length * ENOUGH) return undefined;
  const order = orderOf(ranks);
  if (order === undefined) return undefined;
  const places = names.map((_, at) => at);
  return { places: order === 'rising' ? places : places.reverse(), numbered };
}

/** Places of two lists that belong together. */
export type Places = [one: number, two: number];

/**
 * Pairs what is left over between pairs that are known, if as many are left on both sides there.
 * @param anchors known pairs, as indexes of the ordered lists
 * @param ends also before the first and after the last of them
 */
export function fillGaps(ones: number, twos: number, anchors: Places[], ends: boolean): Places[] {
  const sorted = [...anchors].sort((a, b) => a[0] - b[0]);
  if (sorted.some(([, two], at) => at > 0 && two <= (sorted[at - 1]?.[1] ?? -1))) return [];
  const walls: Places[] = [
    ...(ends ? ([[-1, -1]] as Places[]) : []),
    ...sorted,
    ...(ends ? ([[ones, twos]] as Places[]) : []),
  ];
  return walls.slice(1).flatMap(([one, two], at) => {
    const [from, to] = walls[at] ?? [one, two];
    const size = one - from - 1;
    if (size !== two - to - 1) return [];
    return Array.from({ length: size }, (_, step): Places => [from + 1 + step, to + 1 + step]);
  });
}
