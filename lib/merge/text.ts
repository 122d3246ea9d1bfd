/**
 * Merges three versions of a text by lines: lines that either side added are kept, lines that either side removed are
 * removed. There is a conflict only if both changed the same line in different ways, or one changed a line that the
 * other removed. Lines that both inserted at the same place are all kept. Pure.
 *
 * A line is what a person edits as one. In rich text that is a paragraph or a line of it, a list item, a table row, or
 * a line of code.
 */

import { diffIndices } from 'node-diff3';
import { isLimited } from '../limits/settle';
import { append } from '../model/lists';
import type { RichTextFormat } from '../model/values';
import { parse } from '../richtext';
import { align, gaps } from '../richtext/merge/align';
import { type Cut, compose, cut, cutPlain, keyOf, type Line, linesOfCut, type Placed } from '../richtext/pieces';
import { isCheapToMerge } from './bounded-texts';

/** Longer texts are not merged: the comparison takes quadratic time in the number of lines, and nobody edits such
 * texts by hand. */
export const MOST_LINES = 5_000;

/** With more pairs of equal lines the comparison takes seconds, for example in a log in which every second line is
 * empty. */
const MOST_PAIRS = 100_000;

interface Difference {
  /** first line and number of lines, in either list */
  buffer1: [number, number];
  buffer2: [number, number];
}

/** The differences between two lists of lines, in order. */
function differences(one: string[], two: string[]): Difference[] {
  const counts = new Map<string, number>();
  for (const line of one) counts.set(line, (counts.get(line) ?? 0) + 1);
  const equal = two.reduce((sum, line) => sum + (counts.get(line) ?? 0), 0);
  if (equal <= MOST_PAIRS) return diffIndices(one, two);
  const span = ([start, end]: [number, number]): [number, number] => [start, end - start];
  return gaps(align(one, two), one.length, two.length).map(({ left, right }) => ({
    buffer1: span(left),
    buffer2: span(right),
  }));
}

/** A text in its lines. */
export interface Lines {
  cut: Cut;
  lines: Line[];
  newline: string;
}

/** @param format undefined for a plain text field */
export function linesOf(text: string, format: RichTextFormat | undefined): Lines {
  const source = text.replace(/\r\n?/g, '\n');
  const made = format === undefined ? cutPlain(source) : cutWithin(source, format);
  return { cut: made, lines: linesOfCut(made), newline: text.includes('\r\n') ? '\r\n' : '\n' };
}

/** True if the versions are not split alike, because one is not a valid document of its format: their pieces cannot
 * be combined. */
export function isMixed(...texts: (Lines | undefined)[]): boolean {
  const kinds = texts.flatMap((text) => (text && text.lines.length > 0 ? [text.cut.kind] : []));
  return new Set(kinds).size > 1;
}

/** If the text may take too long to be read, all lines are treated alike: code is not distinguished from words. */
function cutWithin(source: string, format: RichTextFormat): Cut {
  if (!isLimited() || isCheapToMerge([{ format, content: source }]))
    return cut(source, format, (content) => parse({ format, content }));
  if (format === 'html') return cutPlain(source);
  return cut(source, format, () => ({ type: 'root', children: [] }));
}

/** The text of some lines. @param like gives the line ends and the stored form of the whole text */
export function textOfLines(placed: readonly Placed[], like: Lines, first: 'ours' | 'theirs' = 'ours'): string {
  const content = like.cut.whole(compose(placed, like.cut, first));
  return like.newline === '\n' ? content : content.replaceAll('\n', like.newline);
}

/** Lines of one text, in whatever spelling, as a text. */
export const asPlaced = (lines: readonly Line[]): Placed[] => lines.map(({ piece, own }) => ({ piece, ours: own }));

/** The comparable form of a line: blanks at its end do not count as edits. */
const sign = ({ piece }: Line): string => keyOf(piece);

/** A line without regard to case and blanks: texts that differ only in these count as equal. */
const foldLine = (line: Line): string => sign(line).trim().replace(/\s+/g, ' ').toLowerCase();

/** A line in any spelling by a mapping or system: without case and punctuation, unless it contains nothing else. */
function bareLine(line: Line): string {
  const bare = line.piece.text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
  return bare === '' ? sign(line) : bare;
}

/** A version, described by the base's lines: what happened to each, and what was inserted before each and at the
 * end. */
interface Script {
  /** the line in this version; null = removed */
  line: (Line | null)[];
  /** `spelled`: it differs only in case and blanks, which a mapping, a system or a user may have changed */
  changed: (boolean | 'spelled')[];
  /** one more than lines */
  inserted: Line[][];
}

/**
 * A changed block is compared line by line. Lines are matched with lines of the same kind as edited; remaining lines
 * were inserted or removed.
 */
function scriptOf(base: readonly Line[], version: readonly Line[]): Script {
  const script: Script = {
    line: [],
    changed: base.map((): boolean | 'spelled' => false),
    inserted: [...base, ''].map(() => []),
  };
  let [from, at] = [0, 0];
  const keep = (until: number): void => {
    for (; from < until; from += 1, at += 1) {
      const [line, old] = [version[at], base[from]];
      script.line[from] = line ?? null;
      if (line && old && sign(line) !== sign(old)) script.changed[from] = 'spelled';
    }
  };
  for (const { buffer1, buffer2 } of differences(base.map(foldLine), version.map(foldLine))) {
    const [start, length] = buffer1;
    const end = buffer2[0] + buffer2[1];
    keep(start);
    at = buffer2[0];
    for (const [index, there] of pairsIn(base.slice(start, start + length), version.slice(at, end))) {
      const line = there === undefined ? undefined : buffer2[0] + there;
      if (line !== undefined) {
        append(script.inserted[start + index] ?? [], version.slice(at, line));
        at = line + 1;
      }
      script.line[start + index] = line === undefined ? null : (version[line] ?? null);
      script.changed[start + index] = true;
    }
    append(script.inserted[start + length] ?? [], version.slice(at, end));
    from = start + length;
    at = end;
  }
  keep(base.length);
  return script;
}

/** For each line of a changed block, the matching line in the version, if there is one. */
function pairsIn(base: readonly Line[], version: readonly Line[]): [number, number | undefined][] {
  const [kinds, there] = [base.map(kindOf), version.map(kindOf)];
  if (new Set([...kinds, ...there]).size <= 1)
    return base.map((_, index) => [index, index < version.length ? index : undefined]);
  const counterparts = new Map<number, number>();
  let [at, other] = [0, 0];
  const pair = (until: number): void => {
    for (; at < until; at += 1, other += 1) counterparts.set(at, other);
  };
  for (const { buffer1, buffer2 } of differences(kinds, there)) {
    pair(buffer1[0]);
    // a paragraph that became a heading is an edited one
    for (let n = 0; n < Math.min(buffer1[1], buffer2[1]); n += 1) counterparts.set(buffer1[0] + n, buffer2[0] + n);
    at = buffer1[0] + buffer1[1];
    other = buffer2[0] + buffer2[1];
  }
  pair(base.length);
  return base.map((_, index) => [index, counterparts.get(index)]);
}

/** The kind of block a line belongs to: a paragraph, an item, a row … */
const kindOf = ({ piece }: Line): string => [...piece.frames.map(({ name }) => name), piece.role].join('/');

/** Two lists combined: common lines once, then the first list's others, then the second list's. */
function union<T>(first: readonly T[], second: readonly T[], keyOfOne: (one: T) => string): [T?, T?][] {
  const result: [T?, T?][] = [];
  let [at, there] = [0, 0];
  const common = (until: number): void => {
    for (; at < until; at += 1, there += 1) result.push([first[at], second[there]]);
  };
  for (const { buffer1, buffer2 } of differences(first.map(keyOfOne), second.map(keyOfOne))) {
    common(buffer1[0]);
    for (; at < buffer1[0] + buffer1[1]; at += 1) result.push([first[at], undefined]);
    for (; there < buffer2[0] + buffer2[1]; there += 1) result.push([undefined, second[there]]);
  }
  common(first.length);
  return result;
}

/**
 * Lines inserted at one place, grouped by the block before, blocks of their own, and the block after. An addition to a
 * list stays in that list, and a paragraph or code is never mixed with the other side's.
 */
function stretches(lines: readonly Line[]): { head: Line[]; blocks: Line[][]; tail: Line[] } {
  const head: Line[] = [];
  const blocks: Line[][] = [];
  for (const line of lines) {
    const { cut: text, at } = line.own;
    const block = text.pieces[at]?.block;
    if (blocks.length === 0 && at > 0 && text.pieces[at - 1]?.block === block) head.push(line);
    else if (at > 0 && text.pieces[at - 1]?.block === block) blocks.at(-1)?.push(line);
    else blocks.push([line]);
  }
  const last = blocks.at(-1)?.at(-1)?.own;
  const goesOn = last && last.cut.pieces[last.at]?.block === last.cut.pieces[last.at + 1]?.block;
  return { head, tail: (goesOn ? blocks.pop() : undefined) ?? [], blocks };
}

type Pair = [Line?, Line?];

/** The lines that both sides inserted at one place. */
function inserts(first: readonly Line[], second: readonly Line[]): Pair[] {
  if (first.length === 0 || second.length === 0) return union(first, second, foldLine);
  const [one, two] = [stretches(first), stretches(second)];
  const blocks = union(one.blocks, two.blocks, (block) => block.map(foldLine).join('\n'));
  return [
    ...union(one.head, two.head, foldLine),
    ...blocks.flatMap(([own, other]) => union(own ?? [], other ?? [], foldLine)),
    ...union(one.tail, two.tail, foldLine),
  ];
}

/**
 * @param base the lines when both were last the same
 * @param oursFirst whether our lines come first if both inserted some at one place
 * @param winner whose lines are used if both changed them
 * @returns the merged lines, unchanged ones in their spelling; undefined if both changed one line and there is no
 * winner
 */
export function mergeLines(
  base: readonly Line[],
  ours: readonly Line[],
  theirs: readonly Line[],
  oursFirst: boolean,
  winner?: 'ours' | 'theirs',
): Placed[] | undefined {
  if (Math.max(base.length, ours.length, theirs.length) > MOST_LINES) return undefined;
  const [a, b] = [scriptOf(base, ours), scriptOf(base, theirs)];
  const merged: Placed[] = [];
  for (let at = 0; at <= base.length; at += 1) {
    if (isContested(a, b, at)) pairAlike(a, b, at);
    const [mine, other] = [a.inserted[at] ?? [], b.inserted[at] ?? []];
    for (const [one, two] of oursFirst ? inserts(mine, other) : inserts(other, mine)) {
      const [own, there] = oursFirst ? [one, two] : [two, one];
      const line = one ?? two;
      if (line) merged.push({ piece: line.piece, ours: own?.own, theirs: there?.own });
    }
    if (at === base.length) break;
    const [left, right] = [a.line[at] ?? null, b.line[at] ?? null];
    const [byUs, byThem] = [a.changed[at] ?? false, b.changed[at] ?? false];
    const contested = isContested(a, b, at);
    if (contested && winner === undefined) return undefined;
    // if one side only respelled a line, the other side's edit wins
    const isOurs = contested ? winner === 'ours' : byUs && (!byThem || (byUs === true && byThem === 'spelled'));
    const line = isOurs ? left : right;
    if (line) merged.push({ piece: line.piece, base: base[at]?.own, ours: left?.own, theirs: right?.own });
  }
  return merged;
}

/** Both have changed the line, in different ways. */
const isContested = (a: Script, b: Script, at: number): boolean =>
  a.changed[at] === true && b.changed[at] === true && !sameLine(a.line[at] ?? null, b.line[at] ?? null);

/**
 * What one has made of a line stands in the other behind what that one has inserted in front of it. If it is so of both, nothing
 * tells which one is meant.
 */
function pairAlike(a: Script, b: Script, at: number): void {
  const [inA, inB] = [placeBehind(a, b.line[at] ?? null, at), placeBehind(b, a.line[at] ?? null, at)];
  if (inA >= 0 && inB < 0) pairWith(a, at, inA);
  else if (inB >= 0 && inA < 0) pairWith(b, at, inB);
}

/** Place of a line among those right behind the one at `at`; -1 if it is not there. */
const placeBehind = ({ inserted }: Script, wanted: Line | null, at: number): number =>
  wanted === null ? -1 : (inserted[at + 1]?.findIndex((one) => sameLine(one, wanted)) ?? -1);

function pairWith(script: Script, at: number, index: number): void {
  const [before, line, after] = [script.inserted[at], script.line[at], script.inserted[at + 1]];
  if (!before || !after || !line) return;
  before.push(line);
  append(before, after.slice(0, index));
  script.line[at] = after[index] ?? null;
  script.inserted[at + 1] = after.slice(index + 1);
}

const sameLine = (a: Line | null, b: Line | null): boolean =>
  a === null || b === null ? a === b : foldLine(a) === foldLine(b);

/**
 * Rewrites those of `lines` that were sent in the spelling in which they are shown now.
 * @param shown `sent` as the target stores it; lines that users changed meanwhile are not used
 */
export function asShown(lines: readonly Line[], sent: readonly Line[], shown: readonly Line[]): Placed[] {
  const result = asPlaced(lines);
  if (sent.length !== shown.length || Math.max(lines.length, sent.length) > MOST_LINES) return result;
  let [at, there] = [0, 0];
  const same = (until: number): void => {
    for (; at < until; at += 1, there += 1) {
      const [stored, written, line] = [shown[there], sent[there], lines[at]];
      if (!stored || !written || !line || bareLine(stored) !== bareLine(written)) continue;
      result[at] = { piece: stored.piece, base: written.own, ours: line.own, theirs: stored.own };
    }
  };
  for (const { buffer1, buffer2 } of differences(lines.map(sign), sent.map(sign))) {
    same(buffer1[0]);
    at = buffer1[0] + buffer1[1];
    there = buffer2[0] + buffer2[1];
  }
  same(lines.length);
  return result;
}

/** `lines`, with those that `like` also has, ignoring case and blanks, in the spelling of `like`. */
export function spelledLike(lines: readonly Line[], like: readonly Line[]): Line[] {
  const result = [...lines];
  if (Math.max(lines.length, like.length) > MOST_LINES) return result;
  let [at, there] = [0, 0];
  const same = (until: number): void => {
    for (; at < until; at += 1, there += 1) {
      const [line, other] = [lines[at], like[there]];
      if (line && other) result[at] = { ...line, piece: other.piece };
    }
  };
  for (const { buffer1, buffer2 } of differences(lines.map(foldLine), like.map(foldLine))) {
    same(buffer1[0]);
    at = buffer1[0] + buffer1[1];
    there = buffer2[0] + buffer2[1];
  }
  same(lines.length);
  return result;
}

/**
 * True if `now` shows what `sent` has in addition to `base`, or some of it, because users continue to edit. If `sent`
 * has only less, nothing of it needs to be there.
 */
export function showsLines(base: readonly Line[], sent: readonly Line[], now: readonly Line[]): boolean {
  const [before, written, there] = [base, sent, now].map((lines) => new Set(lines.map(foldLine)));
  if (!before || !written || !there) return false;
  const added = [...written].filter((line) => !before.has(line));
  if (added.length > 0) return added.some((line) => there.has(line));
  return [...before].every((line) => written.has(line) || !there.has(line));
}

/**
 * Our version in the spelling of the base, if the source itself shows that a line did not change: a mapping, or the way
 * in which the target stores lines, is not an edit.
 * @param source the source's own lines, when last in sync and now; `ours` is made from the latter, line by line
 */
export function undoSpelling(
  base: readonly Line[],
  ours: readonly Line[],
  source: { base: readonly Line[]; now: readonly Line[] },
): Line[] {
  const result = [...ours];
  if (source.now.length !== ours.length || Math.max(source.base.length, source.now.length) > MOST_LINES) return result;
  const hunks = differences(source.base.map(sign), source.now.map(sign));
  let [from, at] = [0, 0];
  const same = (until: number): void => {
    for (; from < until; from += 1, at += 1) {
      const [line, old] = [ours[at], base[from]];
      if (line && old && bareLine(line) === bareLine(old)) result[at] = { ...line, piece: old.piece };
    }
  };
  for (const { buffer1, buffer2 } of hunks) {
    same(buffer1[0]);
    from = buffer1[0] + buffer1[1];
    at = buffer2[0] + buffer2[1];
  }
  same(source.base.length);
  return result;
}
