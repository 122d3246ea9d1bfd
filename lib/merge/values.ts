/**
 * Merges one field whose row says `merge`, in the target's terms: its value when last in sync, the value that the
 * source now wants, and the current value. Lists merge as sets, texts by lines, rich texts by paragraphs, items, rows
 * and lines. For anything else one value has to win. Pure.
 */

import { bounded } from '../limits/settle';
import { equalValues } from '../mapping/compare';
import { type FieldType, isEmpty, type RichText, type SingleValue, type Value } from '../model/values';
import { isSound, type Line, type Placed } from '../richtext/pieces';
import { isCheapToMerge } from './bounded-texts';
import {
  asPlaced,
  asShown,
  isMixed,
  type Lines,
  linesOf,
  MOST_LINES,
  mergeLines,
  showsLines,
  spelledLike,
  textOfLines,
  undoSpelling,
} from './text';

export interface ThreeWay {
  /** undefined = never in sync */
  base: Value | undefined;
  ours: Value;
  theirs: Value;
  /** the field's type */
  type?: FieldType;
  /** our lines come before theirs if both inserted some at one place: the same side is first in both directions */
  oursFirst: boolean;
  /** the source's own values, when last in sync and now, if `ours` was made from one field */
  source?: { base: Value | undefined; now: Value };
  /** list values, in the target's terms, that the source certainly had: those that it no longer has were removed
   * there */
  held?: SingleValue[];
}

export type Merged =
  /**
   * `ours` is the value that the source wants, in the target's spelling. `doubt` says what could not be adopted with
   * certainty.
   */
  | { value: Value; ours: Value; doubt?: string }
  /** `decided`: the merge in which one side wins conflicts, while everything else of both is kept */
  | { conflict: string; decided?: (winner: 'ours' | 'theirs') => { value: Value; ours: Value } | undefined };

export function mergeValues(input: ThreeWay): Merged {
  const { base, ours, theirs, type } = input;
  if (Array.isArray(base) || Array.isArray(ours) || Array.isArray(theirs)) return mergeSets(input);
  if (base !== undefined && equalValues(base, theirs, type)) return { value: ours, ours };
  if (base !== undefined && equalValues(base, ours, type)) return { value: theirs, ours };
  if (equalValues(ours, theirs, type)) return { value: theirs, ours };
  return mergedTexts(input);
}

export const itemsOf = (value: Value | undefined): SingleValue[] =>
  Array.isArray(value) ? value : isEmpty(value) || value === undefined || value === null ? [] : [value];

const listOrNull = (items: SingleValue[]): Value => (items.length === 0 ? null : items);

/** Case of labels is ignored: some systems store them in lower case. */
function sameItem(a: SingleValue, b: SingleValue, type: FieldType | undefined): boolean {
  if (equalValues(a, b, type)) return true;
  return typeof a === 'string' && typeof b === 'string' && a.trim().toLowerCase() === b.trim().toLowerCase();
}

/** Whether two values mean the same set, or are equal. */
export function sameMerged(a: Value, b: Value, type: FieldType | undefined): boolean {
  if (!Array.isArray(a) && !Array.isArray(b)) return equalValues(a, b, type);
  const [left, right] = [itemsOf(a), itemsOf(b)];
  const within = (items: SingleValue[], others: SingleValue[]): boolean =>
    items.every((item) => others.some((other) => sameItem(item, other, type)));
  return within(left, right) && within(right, left);
}

/** Values added on either side are included; values removed on either side are not. */
function mergeSets({ base, ours, theirs, type, source, held = [] }: ThreeWay): Merged {
  const [before, mine, there] = [itemsOf(base), itemsOf(ours), itemsOf(theirs)];
  const has = (items: SingleValue[], item: SingleValue): boolean => items.some((other) => sameItem(other, item, type));
  const gone = before.filter((item) => !has(mine, item));
  const { removed, doubtful } = takenOut(gone, (item) => has(held, item), source);
  const kept = there.filter((item) => !has(removed, item));
  const added = mine.filter((item) => !has(before, item) && !has(there, item));
  const value = [...kept, ...added];
  const doubt = there.some((item) => has(doubtful, item))
    ? 'the source removed a value that has no known match; nothing was removed'
    : undefined;
  const spelled = mine.map((item) => [...there, ...before].find((other) => sameItem(item, other, type)) ?? item);
  return { value: listOrNull(value), ours: listOrNull(spelled), ...(doubt && { doubt }) };
}

const nameOf = (item: SingleValue): string =>
  (typeof item === 'object' ? ('name' in item && item.name) || JSON.stringify(item) : String(item))
    .trim()
    .toLowerCase();

/**
 * The values missing from the source that someone removed there. A value that the source could never hold, because the
 * mapping has no match for it, is not among them (invariant 7).
 */
function takenOut(
  gone: SingleValue[],
  wasHeld: (item: SingleValue) => boolean,
  source: ThreeWay['source'],
): { removed: SingleValue[]; doubtful: SingleValue[] } {
  if (source === undefined || source.base === undefined) return { removed: gone, doubtful: [] };
  const now = new Set(itemsOf(source.now).map(nameOf));
  const left = new Set(itemsOf(source.base).map(nameOf));
  for (const name of now) left.delete(name);
  const named = gone.filter((item) => left.has(nameOf(item)));
  const known = gone.filter((item) => !left.has(nameOf(item)) && wasHeld(item));
  const others = gone.filter((item) => !left.has(nameOf(item)) && !wasHeld(item));
  // removed in the source, where it has another name
  const unnamed = left.size - named.length;
  if (unnamed - known.length >= others.length) return { removed: gone, doubtful: [] };
  return { removed: [...named, ...known], doubtful: unnamed === 0 ? [] : others };
}

const ONE_WINS = 'its values cannot be merged';

interface Text {
  content: string;
  format: RichText['format'] | undefined;
}

function textOf(value: Value | undefined): Text | undefined {
  if (typeof value === 'string') return { content: value, format: undefined };
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('content' in value)) return undefined;
  return { content: value.content, format: value.format };
}

const linesOfText = ({ content, format }: Text): Lines => linesOf(content, format);

const IS_TEXT: ReadonlySet<FieldType | undefined> = new Set([undefined, 'text', 'richtext']);

type Winner = 'ours' | 'theirs';
type Ways = { value: Value; ours: Value } | { conflict: string };
const SAME_LINES = 'both sides changed the same lines';

const contentsOf = (values: readonly (Value | undefined)[]): Text[] => values.flatMap((value) => textOf(value) ?? []);

/** @param winner whose lines are used if both changed them */
export function mergeTexts(input: ThreeWay, winner?: Winner): Ways {
  const { base, ours, theirs, source } = input;
  return bounded(
    { name: 'mergeTexts', args: [input, winner] },
    () => isCheapToMerge(contentsOf([base, ours, theirs, source?.base, source?.now])),
    () => textWays(input, winner),
    (why) => ({ conflict: `the text ${why ?? 'takes too long to be read'}` }),
  );
}

function mergedTexts(input: ThreeWay): Merged {
  const ways = mergeTexts(input);
  if ('value' in ways || ways.conflict !== SAME_LINES) return ways;
  return {
    ...ways,
    decided: (winner) => {
      const decided = mergeTexts(input, winner);
      return 'value' in decided ? decided : undefined;
    },
  };
}

function textWays({ base, ours, theirs, type, oursFirst, source }: ThreeWay, winner: Winner | undefined): Ways {
  const model = textOf(theirs) ?? textOf(ours);
  if (!IS_TEXT.has(type) || model === undefined) return { conflict: ONE_WINS };
  if (base === undefined) return { conflict: 'the two values were never in sync' };
  const versions = [base, ours, theirs].map((value) => (isEmpty(value) ? { ...model, content: '' } : textOf(value)));
  if (versions.some((text) => text?.format !== model.format)) return { conflict: ONE_WINS };
  const [before, mine, there] = versions.map((text) => linesOf(text?.content ?? '', model.format));
  if (!before || !mine || !there) return { conflict: ONE_WINS };
  if (isMixed(before, mine, there)) return { conflict: 'one of the texts is not a valid document of its format' };
  const most = Math.max(before.lines.length, mine.lines.length, there.lines.length);
  if (most <= 1) return { conflict: ONE_WINS };
  if (most > MOST_LINES) return { conflict: `a text of more than ${MOST_LINES} lines is not merged` };
  const [sourceBase, sourceNow] = [textOf(source?.base), textOf(source?.now)];
  const told = sourceBase && sourceNow && { base: linesOfText(sourceBase), now: linesOfText(sourceNow) };
  const inSpellingOf = (lines: Line[]): Line[] =>
    told ? undoSpelling(lines, mine.lines, { base: told.base.lines, now: told.now.lines }) : mine.lines;
  // the base may be what was sent, in a spelling other than the target's
  const spelled = spelledLike(before.lines, there.lines);
  const like = isEmpty(theirs) ? mine : there;
  const asText = (placed: Placed[]): Value => {
    const content = placed.length === 0 ? '' : textOfLines(placed, like, oursFirst ? 'ours' : 'theirs');
    if (content === '') return null;
    return model.format === undefined ? content : { format: model.format, content };
  };
  const result = (merged: Placed[] | undefined): { value: Value; ours: Value } | undefined => {
    if (!merged) return undefined;
    const value = asText(merged);
    const whole = textOf(value);
    if (whole && !isSound(merged, linesOfText(whole).cut)) return undefined;
    return { value, ours: asText(asPlaced(inSpellingOf(before.lines))) };
  };
  const merged = mergeLines(spelled, inSpellingOf(spelled), there.lines, oursFirst, winner);
  const both = result(merged);
  if (both) return both;
  if (merged) return { conflict: 'one side changed lines of a code block that the other side changed' };
  return { conflict: SAME_LINES };
}

/**
 * The value that the source wants in a merged field, in the form in which the target now shows it. It is the base from
 * which the target's own event, which syncs the merged value back, can be distinguished.
 * @param sent the merged value
 */
export function asStored(value: Value, sent: Value, shown: Value, type: FieldType | undefined): Value {
  const run = (): Value => asStoredHere(value, sent, shown, type);
  return bounded(
    { name: 'asStored', args: [value, sent, shown, type] },
    () => isCheapToMerge(contentsOf([value, sent, shown])),
    run,
    run,
  );
}

function asStoredHere(value: Value, sent: Value, shown: Value, type: FieldType | undefined): Value {
  if (Array.isArray(value) || Array.isArray(shown)) {
    const there = itemsOf(shown);
    return listOrNull(itemsOf(value).map((item) => there.find((other) => sameItem(item, other, type)) ?? item));
  }
  const [text, written, there] = [textOf(value), textOf(sent), textOf(shown)];
  if (!text || !written || !there || text.format !== there.format || text.format !== written.format) return value;
  const [own, from, to] = [text, written, there].map(linesOfText);
  if (!own || !from || !to || isMixed(own, from, to)) return value;
  const content = textOfLines(asShown(own.lines, from.lines, to.lines), own);
  return text.format === undefined ? content : { format: text.format, content };
}

/** A text with lines in the spelling of another text, if that has them too, ignoring case and blanks. */
export function respelled(value: Value, like: Value): Value {
  const run = (): Value => respelledHere(value, like);
  return bounded({ name: 'respelled', args: [value, like] }, () => isCheapToMerge(contentsOf([value, like])), run, run);
}

function respelledHere(value: Value, like: Value): Value {
  const [text, model] = [textOf(value), textOf(like)];
  if (!text || !model || text.format !== model.format) return value;
  const [own, other] = [linesOfText(text), linesOfText(model)];
  if (isMixed(own, other)) return value;
  const content = textOfLines(asPlaced(spelledLike(own.lines, other.lines)), own);
  return text.format === undefined ? content : { format: text.format, content };
}

/** Twinflow's updates to one side that have not landed, oldest first, and what that side shows. */
interface Unanswered {
  updates: readonly { sent: Value; over?: Value }[];
  now: Value;
}

/**
 * The list entries that both sides had when last in sync or at some time since, because one of Twinflow's updates
 * brought or found them there. Entries that neither side had are excluded. This distinguishes each entry, whether or
 * not the unanswered update arrived.
 * @param base when last in sync
 * @param unanswered for one side or both; the order of two sides' updates is unknown
 */
export function commonEntries(
  base: Value | undefined,
  unanswered: Unanswered[],
  type: FieldType | undefined,
): Value | undefined {
  const pending = unanswered.filter(({ updates }) => updates.length > 0);
  if (pending.length === 0) return base;
  const has = (items: SingleValue[], item: SingleValue): boolean => items.some((one) => sameItem(one, item, type));
  const known = itemsOf(base);
  const ends = pending.map(({ updates, now }) => {
    const there = itemsOf(now);
    return updates.reduce((both, { sent, over = base }) => {
      const [other, before] = [itemsOf(sent), itemsOf(over)];
      const kept = both.filter((item) => has(other, item) || (has(there, item) && has(before, item)));
      const met = other.filter((item) => !has(both, item) && (has(there, item) || has(before, item)));
      return [...kept, ...met];
    }, known);
  });
  const left = known.filter((item) => ends.every((items) => has(items, item)));
  const met = ends.flat().filter((item) => !has(known, item));
  return listOrNull([...left, ...met]);
}

/** True if a text that was sent must have arrived although its response was lost: a line that is new in it is shown. */
export function hasArrived(base: Value | undefined, sent: Value, now: Value): boolean {
  const run = (): boolean => hasArrivedHere(base, sent, now);
  return bounded(
    { name: 'hasArrived', args: [base, sent, now] },
    () => isCheapToMerge(contentsOf([base, sent, now])),
    run,
    run,
  );
}

function hasArrivedHere(base: Value | undefined, sent: Value, now: Value): boolean {
  const [before, written, there] = [base, sent, now].map(textOf);
  if (!written || !there) return false;
  const lines = (text: Text | undefined): Line[] => (text ? linesOfText(text).lines : []);
  return showsLines(lines(before), lines(written), lines(there));
}
