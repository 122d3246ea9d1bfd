/**
 * If an edit changed only words, it is made in place in the target's own text. Everything else (panels, cells,
 * pictures, macros, attributes with their names and values) stays byte for byte. The result is read again and accepted
 * only if it differs from the earlier text in exactly these words.
 */

import { largest, smallest } from '../../model/lists';
import type { RichTextFormat } from '../../model/values';
import { escapeHtml } from '../html/render';
import type { Block, Span, Tree } from '../tree';
import { scriptLinks } from '../url';
import { align, type Gap, gaps } from './align';
import { type Decoded, decode, QUOTED } from './decoded';
import { isBlankToken, type Part, partsOf, sameParts, tokensOf } from './parts';

export interface WordTools {
  /** reads a text of the target's format */
  parse(source: string): Block[];
  render(tree: Tree): string;
}

/** Some tokens of a part of the target that are replaced by a text. */
interface Edit {
  part: number;
  from: number;
  to: number;
  text: string;
  /** an insertion goes behind the preceding token, not in front of the following one */
  behind: boolean;
}

/** Maximum number of comparisons. A text that is completely new, or made to be slow, exceeds it. */
const MOST_STEPS = 8_000_000;

/** The comparisons that are left. */
interface Effort {
  steps: number;
}

/** Number of comparisons for two lists. A common start and end cost nothing. */
function costOf(left: readonly string[], right: readonly string[]): number {
  let [start, end] = [0, 0];
  const most = Math.min(left.length, right.length);
  while (start < most && left[start] === right[start]) start++;
  while (end < most - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  return left.length + right.length + (left.length - start - end) * (right.length - start - end);
}

/** Maximum number of attempts to read the whole text. */
const MOST_TRIES = 12;
/** Maximum number of places with changed words. */
const MOST_EDITS = 200;

export interface WordEdit {
  /** the text, or the part of it, that is edited */
  source: string;
  /** text that must surround it to be read correctly, such as the table around a row */
  lead: string;
  tail: string;
  format: RichTextFormat;
  /** the blocks that it is read as, if they are known and nothing surrounds it */
  own?: readonly Block[];
  /** the other side's earlier and current version of it */
  old: readonly Block[];
  now: readonly Block[];
}

/**
 * The target's source with the edited words in it.
 * @returns undefined if more than words changed, or the words cannot be found in the source
 */
export function editWords(edit: WordEdit, tools: WordTools): string | undefined {
  const [before, after] = [partsOf(edit.old), partsOf(edit.now)];
  if (!sameParts(before, after, false)) return undefined;
  const { lead, tail, format } = edit;
  const source = `${lead}${edit.source}${tail}`;
  const parts = partsOf(edit.own ?? tools.parse(source));
  const effort: Effort = { steps: MOST_STEPS };
  const edits = editsOf(parts, before, after, effort);
  if (!edits || edits.length > MOST_EDITS) return undefined;
  if (edits.length === 0) return edit.source;
  const wanted = parts.map((part, index) =>
    edited(
      part,
      edits.filter((one) => one.part === index),
    ),
  );
  if (wanted.some(({ text }) => text?.trim() === '')) return undefined;
  const result = new Search(source, format, parts, edits, wanted, tools, effort).run();
  // adjacent words may become a link in the system that shows them, even if this reader sees none
  if (result !== undefined && scriptLinks(result, format) > scriptLinks(source, format)) return undefined;
  return result?.startsWith(lead) && result.endsWith(tail)
    ? result.slice(lead.length, result.length - tail.length)
    : undefined;
}

function edited(part: Part, edits: readonly Edit[]): Part {
  if (part.text === undefined || edits.length === 0) return part;
  const tokens = tokensOf(part.text);
  for (const edit of [...edits].reverse()) tokens.splice(edit.from, edit.to - edit.from, edit.text);
  return { ...part, text: tokens.join('') };
}

/** A token of the target: the index of its part and its index there. */
interface Place {
  part: number;
  token: number;
  fixed: boolean;
}

/** The other side's edits as edits of the target; undefined if one has no matching place. */
function editsOf(
  parts: readonly Part[],
  before: readonly Part[],
  after: readonly Part[],
  effort: Effort,
): Edit[] | undefined {
  if (before.filter(({ text }, index) => text !== after[index]?.text).length > MOST_EDITS) return undefined;
  const places = new Places(parts, before, effort);
  const edits: Edit[] = [];
  for (const [index, part] of before.entries()) {
    const text = after[index]?.text;
    if (part.text === undefined || text === undefined || part.text === text) continue;
    const [left, right] = [tokensOf(part.text), tokensOf(text)];
    const key = (token: string): string => (isBlankToken(token) && !part.verbatim ? ' ' : token);
    const keys = [left.map(key), right.map(key)] as const;
    effort.steps -= costOf(...keys);
    if (effort.steps < 0) return undefined;
    const pairs = align(...keys);
    const own = places.of(index);
    for (const gap of gaps(pairs, left.length, right.length)) {
      const edit = slid(left.map(key), right.map(key), gap)
        .map((one) => editOf(own, one.left, right.slice(...one.right).join('')))
        .find((one) => one !== undefined);
      if (!edit) return undefined;
      edits.push(edit);
    }
  }
  return edits;
}

/** An insertion or deletion can equally be a few tokens earlier or later: "a |b a| c", "a b |a c|". */
function slid(left: readonly string[], right: readonly string[], gap: Gap): Gap[] {
  const result = [gap];
  if (gap.left[0] < gap.left[1] && gap.right[0] < gap.right[1]) return result;
  for (const step of [-1, 1]) {
    for (let { left: a, right: b } = gap; result.length < 9; ) {
      // the token that it moves over must equal the one that enters at its other end
      const [fromLeft, fromRight] = step < 0 ? [a[0] - 1, b[0] - 1] : [a[1], b[1]];
      const passed = left[fromLeft];
      const longer = a[1] > a[0] ? ([left, a] as const) : ([right, b] as const);
      const other = longer[0][step < 0 ? longer[1][1] - 1 : longer[1][0]];
      if (passed === undefined || passed !== right[fromRight] || passed !== other) break;
      a = [a[0] + step, a[1] + step];
      b = [b[0] + step, b[1] + step];
      result.push({ left: a, right: b });
    }
  }
  return result;
}

function editOf(places: readonly (Place | undefined)[], [from, to]: [number, number], text: string): Edit | undefined {
  if (from === to) {
    const [left, right] = [places[from - 1], places[from]];
    if (left && !left.fixed) return { part: left.part, from: left.token + 1, to: left.token + 1, text, behind: true };
    if (right && !right.fixed) return { part: right.part, from: right.token, to: right.token, text, behind: false };
    return undefined;
  }
  const taken = places.slice(from, to);
  const [first] = taken;
  if (!first || first.fixed) return undefined;
  const isRun = taken.every((place, at) => place?.part === first.part && place.token === first.token + at);
  return isRun
    ? { part: first.part, from: first.token, to: first.token + taken.length, text, behind: true }
    : undefined;
}

/** For each token of the other side, its position in the target. */
class Places {
  private readonly pairs: [number, number][];
  private readonly left: number[];
  private readonly right: number[];

  constructor(
    private readonly parts: readonly Part[],
    private readonly before: readonly Part[],
    private readonly effort: Effort,
  ) {
    const wordy = (list: readonly Part[]): number[] =>
      list.flatMap((part, index) => ((part.text ?? part.fixed) ? [index] : []));
    this.left = wordy(before);
    this.right = wordy(parts);
    this.pairs = align(
      this.left.map((index) => shownOf(before[index])),
      this.right.map((index) => shownOf(parts[index])),
    );
  }

  /** The only part with the same words, if the parts are in another order. */
  private moved(at: number): [number, number] | undefined {
    const words = shownOf(this.before[this.left[at] ?? -1]);
    const isSame = (list: readonly Part[]) => (index: number) => shownOf(list[index]) === words;
    if (this.left.filter(isSame(this.before)).length !== 1 || this.right.filter(isSame(this.parts)).length !== 1)
      return undefined;
    return [at, this.right.findIndex(isSame(this.parts))];
  }

  of(index: number): (Place | undefined)[] {
    const at = this.left.indexOf(index);
    const pair = this.pairs.find(([left]) => left === at) ?? this.moved(at);
    // parts between two matched parts are compared token by token
    const nearest = this.pairs.findLast(([left]) => left < at) ?? [-1, -1];
    const next = this.pairs.find(([left]) => left > at) ?? [this.left.length, this.right.length];
    const [from, to] = pair
      ? [[at, at + 1] as const, [pair[1], pair[1] + 1] as const]
      : [[nearest[0] + 1, next[0]] as const, [nearest[1] + 1, next[1]] as const];
    const mine = this.left
      .slice(...from)
      .flatMap((part) => tokensOf(wordsOf(this.before[part])).map((token) => ({ part, token })));
    const there = this.right.slice(...to).flatMap((part) =>
      tokensOf(wordsOf(this.parts[part])).map((text, token) => ({
        text,
        place: { part, token, fixed: this.parts[part]?.text === undefined },
      })),
    );
    const key = (token: string): string => (isBlankToken(token) ? ' ' : token);
    const keys = [mine.map(({ token }) => key(token)), there.map(({ text }) => key(text))] as const;
    this.effort.steps -= costOf(...keys);
    if (this.effort.steps < 0) return [];
    const found = new Map(align(...keys));
    return mine.flatMap(({ part }, token) => (part === index ? [there[found.get(token) ?? -1]?.place] : []));
  }
}

const shownOf = (part: Part | undefined): string => wordsOf(part).replace(/\s+/g, ' ').trim();

const wordsOf = (part: Part | undefined): string => part?.text ?? part?.fixed ?? '';

/** Finds the words in the source and a way to write the new ones. */
class Search {
  private tries = 0;
  private readonly decoded = new Map<string, Decoded>();

  constructor(
    private readonly source: string,
    private readonly format: RichTextFormat,
    private readonly parts: readonly Part[],
    private readonly edits: readonly Edit[],
    private readonly wanted: readonly Part[],
    private readonly tools: WordTools,
    private readonly effort: Effort,
  ) {}

  run(): string | undefined {
    const touched = [...new Set(this.edits.map(({ part }) => part))];
    const choices = touched.map((part) => this.choices(part));
    if (choices.some(({ length }) => length === 0)) return undefined;
    const chosen = choices.map(() => 0);
    const current = (): Change[] => choices.flatMap((list, index) => list[chosen[index] ?? 0] ?? []);
    if (this.fits(current(), this.wanted)) return applied(this.source, current());
    // part by part: takes the first variant with which this part reads as intended
    let done: Change[] = [];
    let goal: Part[] = [...this.parts];
    for (const [index, part] of touched.entries()) {
      goal = goal.map((one, at) => (at === part ? (this.wanted[at] ?? one) : one));
      const found = choices[index]?.find((choice) => this.fits([...done, ...choice], goal));
      if (!found) return undefined;
      done = [...done, ...found];
    }
    return applied(this.source, done);
  }

  private fits(changes: readonly Change[], goal: readonly Part[]): boolean {
    this.tries++;
    if (this.tries > MOST_TRIES) return false;
    const content = applied(this.source, changes);
    if (content === undefined) return false;
    try {
      return sameParts(partsOf(this.tools.parse(content)), goal, true);
    } catch {
      return false;
    }
  }

  /** The variants of an edit: where the words may be in the source, and how new words are written. */
  private choices(index: number): Change[][] {
    const part = this.parts[index];
    if (part?.text === undefined) return [];
    const edits = this.edits.filter((edit) => edit.part === index);
    const tokens = tokensOf(part.text);
    const result: Change[][] = [];
    for (const literal of part.verbatim ? [true, false] : [false, true]) {
      for (const places of this.placesOf(index, tokens, literal, edits)) {
        for (const way of [0, 1, 2]) {
          const changes = edits.map((edit): Change | undefined => {
            const span = spanOf(edit, places);
            const text = this.written(edit.text, part.verbatim)[way];
            return span && text !== undefined ? { ...span, text } : undefined;
          });
          if (changes.every((change) => change !== undefined)) result.push(changes);
        }
      }
    }
    return result;
  }

  /** The possible spellings of new words in the format, the most likely first. */
  private written(text: string, verbatim: boolean): string[] {
    if (this.format === 'adf') return [JSON.stringify(text).slice(1, -1)];
    if (this.format === 'html') return [escapeHtml(text)];
    if (verbatim || this.format === 'text' || isBlankToken(text)) return [text];
    const [lead, tail] = [/^\s*/.exec(text)?.[0] ?? '', /\s*$/.exec(text)?.[0] ?? ''];
    const made = this.tools.render({
      type: 'root',
      children: [{ type: 'paragraph', children: [{ type: 'text', value: text.trim() }] }],
    });
    const escaped = `${lead}${made.replaceAll('\n', ' ')}${tail}`;
    const inCell = this.format === 'markdown' ? escaped.replace(/\\?\|/g, '\\|') : escaped.replaceAll('|', '&#124;');
    return PLAIN.test(text) ? [text, escaped] : [escaped, inCell, text];
  }

  /** The possible positions of a part's tokens in the source, the most likely first. */
  private placesOf(index: number, tokens: readonly string[], literal: boolean, edits: readonly Edit[]): Located[] {
    const around = this.parts[index]?.span;
    const [from, to] = [around?.start ?? 0, around?.end ?? this.source.length];
    const key = `${from}-${to}-${literal}`;
    let decoded = this.decoded.get(key);
    if (!decoded) {
      decoded = decode(this.source, this.format, from, to, literal);
      this.decoded.set(key, decoded);
    }
    let at = 0;
    for (let other = 0; other < index; other++) {
      const part = this.parts[other];
      const words = part?.text ?? part?.fixed;
      if (words === undefined || words.trim() === '' || part?.span?.start !== around?.start) continue;
      const found = find(decoded, tokensOf(words), at, this.effort);
      if (found) at = found.end;
    }
    const result: Located[] = [];
    // if something without words is inside the part, only a few tokens around the edits are matched
    for (const margin of [tokens.length, 6, 2]) {
      const first = Math.max(0, smallest(edits.map((edit) => edit.from)) - margin);
      const last = Math.min(tokens.length, largest(edits.map((edit) => edit.to)) + margin);
      const window = tokens.slice(first, last);
      for (const start of at === 0 ? [0] : [at, 0])
        for (
          let next = find(decoded, window, start, this.effort);
          next && result.length < 4;
          next = find(decoded, window, next.start + 1, this.effort)
        )
          result.push({ first, places: next.places });
      if (result.length > 0) break;
    }
    return result;
  }
}

/** Words that no markup interprets. */
const PLAIN = /^[\p{L}\p{N}\p{M}\s.,;?'’…]*$/u;

interface Change extends Span {
  text: string;
}

/** The places of some of a part's tokens in the source. */
interface Located {
  first: number;
  places: Span[];
}

/** The place of an edit, derived from the places of its part's tokens. */
function spanOf({ behind, ...edit }: Edit, located: Located): Span | undefined {
  const { places } = located;
  const [from, to] = [edit.from - located.first, edit.to - located.first];
  if (from === to) {
    const at = behind ? places[from - 1]?.end : places[from]?.start;
    return at === undefined ? undefined : { start: at, end: at };
  }
  const [first, last] = [places[from], places[to - 1]];
  return first && last ? { start: first.start, end: last.end } : undefined;
}

/** @returns undefined if two changes affect the same place */
function applied(source: string, changes: readonly Change[]): string | undefined {
  let result = '';
  let at = 0;
  for (const { start, end, text } of changes.toSorted((a, b) => a.start - b.start)) {
    if (start < at) return undefined;
    result += source.slice(at, start) + text;
    at = end;
  }
  return result + source.slice(at);
}

interface Found {
  /** in the decoded text */
  start: number;
  end: number;
  /** of each token, in the source */
  places: Span[];
}

const isSkipped = (char: string | undefined): boolean => char !== undefined && (char === QUOTED || /\s/.test(char));
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}\p{M}]/u.test(char);

/** The first position from `from` on at which all tokens follow each other. */
function find(
  { text, starts, ends }: Decoded,
  tokens: readonly string[],
  from: number,
  effort: Effort,
): Found | undefined {
  const lead = isBlankToken(tokens[0] ?? '') ? 1 : 0;
  const first = tokens[lead];
  if (first === undefined || effort.steps < 0) return undefined;
  effort.steps -= 20;
  for (let start = text.indexOf(first, from); start >= 0; start = text.indexOf(first, start + 1)) {
    effort.steps -= 10;
    if (effort.steps < 0) return undefined;
    if (isWord(first[0]) && isWord(text[start - 1])) continue;
    const places: Span[] = [];
    if (lead === 1) {
      let blank = start;
      while (isSkipped(text[blank - 1])) blank--;
      places.push({ start: starts[blank] ?? 0, end: starts[start] ?? 0 });
    }
    let at = start;
    let isThere = true;
    for (let index = lead; index < tokens.length && isThere; index++) {
      const token = tokens[index] ?? '';
      const begin = at;
      effort.steps -= 1;
      if (isBlankToken(token)) while (isSkipped(text[at])) at++;
      else if (text.startsWith(token, at)) at += token.length;
      const isEnd = index === tokens.length - 1 && isBlankToken(token);
      isThere = at > begin || isEnd;
      const place = starts[begin] ?? ends.at(-1) ?? 0;
      places.push(at > begin ? { start: place, end: ends[at - 1] ?? 0 } : { start: place, end: place });
    }
    if (isThere && !(isWord(text[at - 1]) && isWord(text[at]))) return { start, end: at, places };
  }
  return undefined;
}
