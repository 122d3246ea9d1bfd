/**
 * Proposals for users to check: which fields and which list values of two systems belong together. Never proposes a
 * pair that cannot be converted, and uses each field only once.
 */

import type { Choice, ValuePair } from '../model/config';
import type { DirectionSetting, Field } from '../model/entity';
import { largest } from '../model/lists';
import type { LookupValue } from '../model/values';
import { compatibility } from './compatibility';
import { fieldLikeness, plainName, relationLikeness, valueLikeness } from './names';
import { fillGaps, isBareNumber, numberIn, type Places, type Scale, scaleOf } from './scales';

export interface FieldProposal {
  one: Field;
  two: Field;
  /** leaves out a direction that leads into a read-only field or has no conversion */
  direction: DirectionSetting;
  /** above 0.5, up to 1 (same name, same type) */
  confidence: number;
}

export interface ValueProposal extends ValuePair {
  confidence: number;
}

const THRESHOLD = 0.5;
const VALUE_THRESHOLD = 0.8;

/** "System.AssignedTo" → "AssignedTo": in some systems ids are names with a namespace; in others they mean nothing. */
const idName = (id: string): string => (/\d/.test(id) ? '' : (id.split(/[.:/]/).at(-1) ?? ''));

function nameScore(one: Field, two: Field): number {
  if (one.type === 'reference' && two.type === 'reference') return relationLikeness(one.name, two.name);
  const byName = fieldLikeness(one.name, two.name);
  if (byName === 1) return 1;
  const cross = [
    [idName(one.id), idName(two.id)],
    [one.name, idName(two.id)],
    [idName(one.id), two.name],
  ].map(([a, b]) => fieldLikeness(a ?? '', b ?? '') * 0.97);
  return largest(cross, byName);
}

/** The directions in which the pair can be synced, and the part of its similarity that the types leave. */
function ways(one: Field, two: Field): { direction: DirectionSetting; factor: number } | undefined {
  const forward = two.readOnly === true ? undefined : compatibility(one, two);
  const backward = one.readOnly === true ? undefined : compatibility(two, one);
  const can = [forward, backward].map((way) => way !== undefined && way.kind !== 'impossible');
  if (!can[0] && !can[1]) return undefined;
  const direction: DirectionSetting = can[0] && can[1] ? 'both' : can[0] ? 'forward' : 'backward';
  const lossy =
    forward?.kind === 'lossy' ||
    backward?.kind === 'lossy' ||
    forward?.kind === 'impossible' ||
    backward?.kind === 'impossible';
  const sameType = one.type === two.type && (one.multi ?? false) === (two.multi ?? false);
  return { direction, factor: sameType ? 1 : lossy ? 0.85 : 0.93 };
}

/**
 * Pairs of fields that probably belong together, best first.
 * @param used ids that already have rows, by side
 */
export function proposeFields(
  ones: Field[],
  twos: Field[],
  used: { one: ReadonlySet<string>; two: ReadonlySet<string> } = { one: new Set(), two: new Set() },
): FieldProposal[] {
  const all: FieldProposal[] = [];
  for (const one of ones) {
    if (used.one.has(one.id)) continue;
    for (const two of twos) {
      if (used.two.has(two.id)) continue;
      const score = nameScore(one, two);
      if (score <= THRESHOLD) continue;
      const way = ways(one, two);
      if (way === undefined || score * way.factor <= THRESHOLD) continue;
      all.push({ one, two, direction: way.direction, confidence: Math.round(score * way.factor * 100) / 100 });
    }
  }
  all.sort((a, b) => b.confidence - a.confidence);
  const taken = { one: new Set(used.one), two: new Set(used.two) };
  return all.filter(({ one, two }) => {
    if (taken.one.has(one.id) || taken.two.has(two.id)) return false;
    taken.one.add(one.id);
    taken.two.add(two.id);
    return true;
  });
}

const keyOf = (value: LookupValue): string => value.id ?? value.name;

/** Of pairs that the order of the lists says, and names do not. */
const BY_ORDER = 0.7;
const NEAREST = 0.6;

/**
 * Pairs of list values. Names say most: if the best partner of a value is taken by an equally similar one, the value is proposed in
 * one direction only, many to one. Where names say nothing, the order of the lists does: priorities and severities from the
 * most urgent to the least, the steps of a workflow between steps that are known. Lists that are neither are never paired by order.
 */
export function proposeValues(ones: LookupValue[], twos: LookupValue[]): ValueProposal[] {
  const scales = [ones, twos].map((list) => scaleOf(list.map(({ name }) => name)));
  const [one, two] = scales;
  const counted = byNumber(ones, twos, one, two);
  if (counted !== undefined) return counted;
  return byOrder(ones, twos, byName(ones, twos), one, two);
}

/** If both lists count their values: the same number, or the same place of equally long scales. */
function byNumber(
  ones: LookupValue[],
  twos: LookupValue[],
  one: Scale | undefined,
  two: Scale | undefined,
): ValueProposal[] | undefined {
  if (one && two && (one.numbered || two.numbered) && ones.length === twos.length)
    return one.places.flatMap((place, at) => {
      const [left, right] = [ones[place], twos[two.places[at] ?? -1]];
      return left && right
        ? [{ one: left, two: right, direction: 'both' as const, confidence: certainty(left, right) }]
        : [];
    });
  const [left, right] = [ones, twos].map((list) => list.filter(({ name }) => numberIn(name) !== undefined));
  if (left === undefined || right === undefined || left.length < 2 || right.length < 2) return undefined;
  const isTwice = [left, right].some((list) => new Set(list.map(({ name }) => numberIn(name))).size < list.length);
  if (isTwice) return undefined;
  const isBare = [ones, twos].some((list) => list.every(({ name }) => isBareNumber(name)));
  if (left.length !== right.length && !isBare) return undefined;
  const found = left.flatMap((value) => {
    const other = right.find(({ name }) => numberIn(name) === numberIn(value.name));
    return other ? [{ one: value, two: other, direction: 'both' as const, confidence: certainty(value, other) }] : [];
  });
  // numbers that hardly meet count something else
  return found.length * 2 < left.length ? undefined : found;
}

const certainty = (one: LookupValue, two: LookupValue): number =>
  Math.max(BY_ORDER, Math.round(valueLikeness(one.name, two.name) * 100) / 100);

/** Adds what the order of both lists says. */
function byOrder(
  ones: LookupValue[],
  twos: LookupValue[],
  named: ValueProposal[],
  one: Scale | undefined,
  two: Scale | undefined,
): ValueProposal[] {
  const isScale = one !== undefined && two !== undefined;
  const order = {
    one: (one ?? { places: ones.map((_, at) => at) }).places,
    two: (two ?? { places: twos.map((_, at) => at) }).places,
  };
  const sorted = { one: order.one.flatMap((at) => ones[at] ?? []), two: order.two.flatMap((at) => twos[at] ?? []) };
  const at = (side: 'one' | 'two', value: LookupValue): number =>
    sorted[side].findIndex((other) => keyOf(other) === keyOf(value));
  const mutual = named.filter(({ direction }) => direction === 'both');
  const anchors = mutual.map((pair): Places => [at('one', pair.one), at('two', pair.two)]);
  // two steps that are known show that the lists run the same way
  if (!isScale && anchors.length < 2) return named;
  const ends = isScale || ones.length === twos.length;
  const filled = fillGaps(sorted.one.length, sorted.two.length, anchors, ends).flatMap(
    ([left, right]): ValueProposal[] => {
      const [first, second] = [sorted.one[left], sorted.two[right]];
      return first && second ? [{ one: first, two: second, direction: 'both', confidence: BY_ORDER }] : [];
    },
  );
  const isFilled = (pair: ValueProposal): boolean =>
    filled.some((other) => keyOf(other.one) === keyOf(pair.one) || keyOf(other.two) === keyOf(pair.two));
  // what is in a gap of its own has a partner of its own, and needs none that it shares
  const kept = named.filter((pair) => pair.direction === 'both' || !isFilled(pair));
  const found = [...kept, ...filled];
  return isScale && mutual.length >= 2 ? [...found, ...nearest(sorted, found)] : found;
}

/** Values of a scale that are left over: one way, to the partner of the next more urgent one, or else of the next less urgent one. */
function nearest(sorted: { one: LookupValue[]; two: LookupValue[] }, found: ValueProposal[]): ValueProposal[] {
  const partners = (side: 'one' | 'two'): Map<string, LookupValue> =>
    new Map(
      found
        .filter(({ direction }) => direction === 'both')
        .map((pair) => [keyOf(pair[side]), side === 'one' ? pair.two : pair.one]),
    );
  const used = (side: 'one' | 'two'): Set<string> => new Set(found.map((pair) => keyOf(pair[side])));
  const of = (side: 'one' | 'two'): { value: LookupValue; partner: LookupValue }[] => {
    const [known, taken, list] = [partners(side), used(side), sorted[side]];
    return list.flatMap((value, place) => {
      if (taken.has(keyOf(value))) return [];
      const before = list.slice(0, place).reverse();
      const next = [...before, ...list.slice(place + 1)].find((other) => known.has(keyOf(other)));
      const partner = next && known.get(keyOf(next));
      return partner ? [{ value, partner }] : [];
    });
  };
  return [
    ...of('one').map(
      ({ value, partner }): ValueProposal => ({ one: value, two: partner, direction: 'forward', confidence: NEAREST }),
    ),
    ...of('two').map(
      ({ value, partner }): ValueProposal => ({ one: partner, two: value, direction: 'backward', confidence: NEAREST }),
    ),
  ];
}

function byName(ones: LookupValue[], twos: LookupValue[]): ValueProposal[] {
  const all: ValueProposal[] = [];
  for (const one of ones) {
    for (const two of twos) {
      const confidence = Math.round(valueLikeness(one.name, two.name) * 100) / 100;
      if (confidence >= VALUE_THRESHOLD) all.push({ one, two, direction: 'both', confidence });
    }
  }
  all.sort((a, b) => b.confidence - a.confidence);
  const taken = { one: new Set<string>(), two: new Set<string>() };
  const chosen: ValueProposal[] = [];
  const take = (pair: ValueProposal, direction: DirectionSetting): void => {
    taken.one.add(keyOf(pair.one));
    taken.two.add(keyOf(pair.two));
    chosen.push({ ...pair, direction });
  };
  for (const pair of all) if (!taken.one.has(keyOf(pair.one)) && !taken.two.has(keyOf(pair.two))) take(pair, 'both');
  for (const pair of all) if (!taken.one.has(keyOf(pair.one))) take(pair, 'forward');
  for (const pair of all) if (!taken.two.has(keyOf(pair.two))) take(pair, 'backward');
  return chosen;
}

export interface ChoiceProposal {
  one: Choice;
  two: Choice;
  direction: DirectionSetting;
}

/** Projects with the same name, whatever its case and punctuation; or the only two. Similar names mean nothing here. */
export function proposeProjects(ones: Choice[], twos: Choice[]): ChoiceProposal[] {
  const [one, two] = [ones[0], twos[0]];
  if (one && two && ones.length === 1 && twos.length === 1) return [{ one, two, direction: 'both' }];
  const single = (list: Choice[], name: string): Choice | undefined => {
    const found = list.filter((choice) => plainName(choice.name) === name);
    return found.length === 1 ? found[0] : undefined;
  };
  return ones.flatMap((choice): ChoiceProposal[] => {
    const name = plainName(choice.name);
    const other = name === '' || single(ones, name) === undefined ? undefined : single(twos, name);
    return other === undefined ? [] : [{ one: choice, two: other, direction: 'both' }];
  });
}

/** Item types with the same or a similar name. Each is used once: an item of a type has one type in the other system. */
export function proposeTypes(ones: Choice[], twos: Choice[]): ChoiceProposal[] {
  return proposeValues(ones, twos)
    .filter(({ direction }) => direction === 'both')
    .map(({ one, two, direction }) => ({
      one: { id: one.id ?? one.name, name: one.name },
      two: { id: two.id ?? two.name, name: two.name },
      direction,
    }));
}
