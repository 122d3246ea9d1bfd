/**
 * Three versions of a text, merged by lines: what either side wrote survives, what either side took out is out. It is a
 * conflict only where both changed the very same line in different ways, or one changed what the other took out. Lines
 * that both inserted at one place are all kept. Pure.
 *
 * A line is what a person sees as one: of HTML a paragraph, list entry or row, of the Atlassian document format a block.
 */

import { diffIndices } from 'node-diff3';
import type { RichTextFormat } from '../model/values';

/** Longer texts are not merged: comparing takes time with the square of the lines, and nobody edits those by hand. */
export const MOST_LINES = 5_000;

/** A text in its lines, and how lines become a text again. */
export interface Lines {
  lines: string[];
  join(lines: string[]): string;
}

const HTML_BLOCK_END = /(?<=<\/(?:p|li|h[1-6]|div|tr|pre|blockquote|ul|ol|table)>|<br\s*\/?>|\n)/i;

/** @param format undefined for a plain text field */
export function linesOf(text: string, format: RichTextFormat | undefined): Lines {
  if (format === 'adf') return adfBlocks(text) ?? plainLines(text);
  if (format !== 'html') return plainLines(text);
  return { lines: text === '' ? [] : text.split(HTML_BLOCK_END), join: (lines) => lines.join('') };
}

function plainLines(text: string): Lines {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  return { lines: text === '' ? [] : text.split(/\r\n?|\n/), join: (lines) => lines.join(end) };
}

/** The document's top blocks, each as JSON; undefined where it is no such document. */
function adfBlocks(text: string): Lines | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null || !('content' in document)) return undefined;
    if (!Array.isArray(document.content)) return undefined;
    return {
      lines: document.content.map((block) => JSON.stringify(block)),
      join: (lines) => JSON.stringify({ ...document, content: lines.map((line) => JSON.parse(line) as unknown) }),
    };
  } catch {
    return undefined;
  }
}

/** What a line is compared by: blanks at its end are nobody's edit. */
const keyOf = (line: string): string => line.trimEnd();

/** A line whatever its case and blanks: two people who differ in no more than that wrote the same. */
const foldLine = (line: string): string => line.trim().replace(/\s+/g, ' ').toLowerCase();

/** A line as any mapping or system may have spelled it: without case and punctuation, unless nothing else is in it. */
function bareLine(line: string): string {
  const bare = line.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
  return bare === '' ? keyOf(line) : bare;
}

/** A version told by the base's lines: what became of each, and what was inserted before each and at the end. */
interface Script {
  /** the line as this version has it; null = taken out */
  line: (string | null)[];
  /** `spelled`: it differs in case and blanks only, which a mapping or a system may have done as well as a person */
  changed: (boolean | 'spelled')[];
  /** one more than lines */
  inserted: string[][];
}

/** A changed block is told line by line: its first lines are edited ones, what is left over was inserted or taken out. */
function scriptOf(base: string[], version: string[]): Script {
  const script: Script = {
    line: [],
    changed: base.map((): boolean | 'spelled' => false),
    inserted: [...base, ''].map(() => []),
  };
  let [from, at] = [0, 0];
  const keep = (until: number): void => {
    for (; from < until; from += 1, at += 1) {
      const [line = '', old = ''] = [version[at], base[from]];
      script.line[from] = line;
      if (keyOf(line) !== keyOf(old)) script.changed[from] = 'spelled';
    }
  };
  for (const { buffer1, buffer2 } of diffIndices(base.map(foldLine), version.map(foldLine))) {
    const [start, length] = buffer1;
    const [versionStart, versionLength] = buffer2;
    keep(start);
    for (let n = 0; n < length; n += 1) {
      script.line[start + n] = n < versionLength ? (version[versionStart + n] ?? null) : null;
      script.changed[start + n] = true;
    }
    if (versionLength > length) {
      script.inserted[start + length]?.push(...version.slice(versionStart + length, versionStart + versionLength));
    }
    from = start + length;
    at = versionStart + versionLength;
  }
  keep(base.length);
  return script;
}

/** Lines that both inserted at one place: the common ones once, of the others the first side's first. */
function union(first: string[], second: string[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const { buffer1, buffer2 } of diffIndices(first.map(foldLine), second.map(foldLine))) {
    result.push(...first.slice(at, buffer1[0] + buffer1[1]), ...second.slice(buffer2[0], buffer2[0] + buffer2[1]));
    at = buffer1[0] + buffer1[1];
  }
  return [...result, ...first.slice(at)];
}

/**
 * @param base the lines when both were last the same
 * @param oursFirst whether our lines come first where both inserted some at one place
 * @returns the merged lines, in their spelling where nobody changed them; undefined where both changed one line
 */
export function mergeLines(base: string[], ours: string[], theirs: string[], oursFirst: boolean): string[] | undefined {
  if (Math.max(base.length, ours.length, theirs.length) > MOST_LINES) return undefined;
  const [a, b] = [scriptOf(base, ours), scriptOf(base, theirs)];
  const merged: string[] = [];
  for (let at = 0; at <= base.length; at += 1) {
    const [mine, other] = [a.inserted[at] ?? [], b.inserted[at] ?? []];
    merged.push(...(oursFirst ? union(mine, other) : union(other, mine)));
    if (at === base.length) break;
    const [left, right] = [a.line[at] ?? null, b.line[at] ?? null];
    const [byUs, byThem] = [a.changed[at] ?? false, b.changed[at] ?? false];
    if (byUs === true && byThem === true && !sameLine(left, right)) return undefined;
    // where one only spelled a line anew, what the other did to it goes first
    const line = byUs && (!byThem || (byUs === true && byThem === 'spelled')) ? left : right;
    if (line !== null) merged.push(line);
  }
  return merged;
}

const sameLine = (a: string | null, b: string | null): boolean =>
  a === null || b === null ? a === b : foldLine(a) === foldLine(b);

/**
 * `lines`, some of which were sent, in the spelling in which the sent ones are shown now.
 * @param shown `sent` as the target stores it; lines that people changed meanwhile are not taken for that
 */
export function asShown(lines: string[], sent: string[], shown: string[]): string[] {
  if (sent.length !== shown.length || Math.max(lines.length, sent.length) > MOST_LINES) return lines;
  const result = [...lines];
  let [at, there] = [0, 0];
  const same = (until: number): void => {
    for (; at < until; at += 1, there += 1) {
      const [stored, written] = [shown[there], sent[there]];
      if (stored !== undefined && written !== undefined && bareLine(stored) === bareLine(written)) result[at] = stored;
    }
  };
  for (const { buffer1, buffer2 } of diffIndices(lines.map(keyOf), sent.map(keyOf))) {
    same(buffer1[0]);
    at = buffer1[0] + buffer1[1];
    there = buffer2[0] + buffer2[1];
  }
  same(lines.length);
  return result;
}

/** `lines` with those that `like` has too, whatever their case and blanks, as they stand there. */
export function spelledLike(lines: string[], like: string[]): string[] {
  if (Math.max(lines.length, like.length) > MOST_LINES) return lines;
  const result = [...lines];
  let [at, there] = [0, 0];
  const same = (until: number): void => {
    for (; at < until; at += 1, there += 1) result[at] = like[there] ?? result[at] ?? '';
  };
  for (const { buffer1, buffer2 } of diffIndices(lines.map(foldLine), like.map(foldLine))) {
    same(buffer1[0]);
    at = buffer1[0] + buffer1[1];
    there = buffer2[0] + buffer2[1];
  }
  same(lines.length);
  return result;
}

/**
 * True where `now` shows what `sent` has more than `base`, or some of it: people go on editing. Where it has only less, none
 * of that must be there.
 */
export function showsLines(base: string[], sent: string[], now: string[]): boolean {
  const [before, written, there] = [base, sent, now].map((lines) => new Set(lines.map(foldLine)));
  if (!before || !written || !there) return false;
  const added = [...written].filter((line) => !before.has(line));
  if (added.length > 0) return added.some((line) => there.has(line));
  return [...before].every((line) => written.has(line) || !there.has(line));
}

/**
 * Our version in the spelling of the base, where the source itself tells that a line did not change: a mapping, or the way
 * in which the target stores lines, is nobody's edit.
 * @param source the source's own lines, when last in sync and now; `ours` is made of the latter, line for line
 */
export function undoSpelling(base: string[], ours: string[], source: { base: string[]; now: string[] }): string[] {
  if (source.now.length !== ours.length || Math.max(source.base.length, source.now.length) > MOST_LINES) return ours;
  const result = [...ours];
  const hunks = diffIndices(source.base.map(keyOf), source.now.map(keyOf));
  let [from, at] = [0, 0];
  const same = (until: number): void => {
    for (; from < until; from += 1, at += 1) {
      const [line, old] = [ours[at], base[from]];
      if (line !== undefined && old !== undefined && bareLine(line) === bareLine(old)) result[at] = old;
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
