/**
 * The characters of a text as a reader of its format sees them, each with its place in the source: `&amp;` is one
 * character, `\*` is one character, and of ADF only strings that people read are included. This makes it possible to
 * find and replace words in a source.
 */

import type { RichTextFormat } from '../../model/values';

export interface Decoded {
  text: string;
  /** place of each UTF-16 unit of `text` in the source, end exclusive */
  starts: number[];
  ends: number[];
}

/** Separates text that never belongs together, such as two cells. */
const APART = '\u0001';
/** Represents the quote sign at the start of a line. It counts as a blank when text is read across lines. */
export const QUOTED = '\u0002';

class Writer implements Decoded {
  text = '';
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  add(text: string, start: number, end: number): void {
    this.text += text;
    for (let at = 0; at < text.length; at++) {
      this.starts.push(start);
      this.ends.push(end);
    }
  }
}

/**
 * @param from the part of the source to decode; places count from the start of the whole source
 * @param literal backslashes and entities are plain characters, as in code
 */
export function decode(source: string, format: RichTextFormat, from: number, to: number, literal: boolean): Decoded {
  if (format === 'adf') return decodeJson(source, from, to);
  const writer = new Writer();
  for (let at = from; at < to; ) {
    const char = source[at] ?? '';
    if (format === 'html' && char === '<') {
      const tag = /^<!--[\s\S]*?-->|^<\/?([a-z][a-z0-9]*)(?:[^"'>]|"[^"]*"|'[^']*')*>/i.exec(source.slice(at, to));
      if (tag) {
        if (tag[1] !== undefined && !WITHIN_WORDS.test(tag[1])) writer.add(APART, at, at);
        at += tag[0].length;
        continue;
      }
    }
    const entity = char === '&' && (format === 'html' || !literal) ? entityAt(source, at, to) : undefined;
    const next = source[at + 1] ?? '';
    if (entity) {
      writer.add(entity.text, at, entity.end);
      at = entity.end;
    } else if (!literal && char === '\\' && ESCAPES[format]?.test(next)) {
      writer.add(next, at, at + 2);
      at += 2;
    } else {
      writer.add(char, at, at + 1);
      at += 1;
      if (char === '\n' && (format === 'markdown' || format === 'textile'))
        for (; at < to && /[ \t>]/.test(source[at] ?? ''); at++)
          writer.add(source[at] === '>' ? QUOTED : ' ', at, at + 1);
    }
  }
  return writer;
}

/** Elements that may occur inside a word. */
const WITHIN_WORDS =
  /^(?:a|abbr|b|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var|wbr)$/i;

const ESCAPES: Partial<Record<RichTextFormat, RegExp>> = {
  markdown: /[!-/:-@[-`{-~]/,
  'jira-wiki': /[!-/:-@[\]^-`{-~]/,
};

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

function entityAt(source: string, at: number, to: number): { text: string; end: number } | undefined {
  const match = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/i.exec(source.slice(at, Math.min(to, at + 12)));
  if (!match) return undefined;
  const [all, decimal, hex, name] = match;
  const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
  const text =
    code === undefined ? NAMED[name ?? ''] : code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
  return text === undefined ? undefined : { text, end: at + all.length };
}

/** Keys of ADF whose strings people read. */
const READ = new Set(['text', 'title']);

function decodeJson(source: string, from: number, to: number): Decoded {
  const writer = new Writer();
  let key = '';
  for (let at = from; at < to; at++) {
    const char = source[at];
    // the end of a node's content: the following text belongs to another node
    if (char === ']') writer.add(APART, at, at);
    if (char !== '"') continue;
    let end = at + 1;
    while (end < to && source[end] !== '"') end += source[end] === '\\' ? 2 : 1;
    let next = end + 1;
    while (next < to && /\s/.test(source[next] ?? '')) next++;
    if (source[next] === ':') {
      key = source.slice(at + 1, end);
      at = next;
      continue;
    }
    if (READ.has(key)) decodeString(source, at + 1, end, writer);
    if (key === 'title') writer.add(APART, end, end);
    key = '';
    at = end;
  }
  return writer;
}

function decodeString(source: string, from: number, to: number, writer: Writer): void {
  for (let at = from; at < to; ) {
    const length = source[at] !== '\\' ? 1 : source[at + 1] === 'u' ? 6 : 2;
    const written = source.slice(at, at + length);
    writer.add(length === 1 ? written : String(JSON.parse(`"${written}"`)), at, at + length);
    at += length;
  }
}
