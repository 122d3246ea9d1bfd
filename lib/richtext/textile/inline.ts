/**
 * Inline Textile → inline nodes, by Redmine's rules. As in Redmine's formatter, a sign opens only after white space,
 * `(`, `>` or a quote, and closes only before punctuation or white space. The possible closing positions of each sign
 * are found once, so that reading takes linear time.
 * https://www.redmine.org/projects/redmine/wiki/RedmineTextFormattingTextile
 * https://textile-lang.com/doc/phrase-modifiers
 */

import { decodeNamedCharacterReference } from 'decode-named-character-reference';
import { append } from '../../model/lists';
import { colour, declarations, size } from '../colour';
import { isBlank, tidy } from '../inline';
import type { Align, Image, Inline, SimpleMark } from '../tree';
import { MAX_DEPTH } from '../tree';
import { safeImage, safeLink } from '../url';

/** Longest first: `**` before `*`. `%` is a span with attributes only. */
const SIGNS: [string, SimpleMark | 'span'][] = [
  ['**', 'strong'],
  ['??', 'emphasis'],
  ['__', 'emphasis'],
  ['*', 'strong'],
  ['_', 'emphasis'],
  ['-', 'delete'],
  ['+', 'underline'],
  ['^', 'superscript'],
  ['~', 'subscript'],
  ['%', 'span'],
];
const SIGN_CHARS = new Set(SIGNS.map(([sign]) => sign[0]));
/** class, style and language before the content of a phrase, in any order */
const ATTRIBUTES = /^(?:\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\]){1,3}/;
const LINK_TARGET = /^(?:\/|#|[a-zA-Z][a-zA-Z0-9+.-]*:\/\/|www\.|mailto:)[^\s<]*/;
const BARE_URL = /^(?:https?:\/\/|ftps?:\/\/|sftp:\/\/|www\.)[^\s<>"|]+/;
const IMAGE =
  /^!([<>=]?)((?:\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\]){0,3})(?:\. )?([^\s(!]{1,2000}) ?(?:\(([^()\n]{0,500})\))?!/;
const ENTITY = /^&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/i;
const WIKI_LINK = /^\[\[(?!\s)([^[\]|\n]{1,200})(?<!\s)(?:\|([^[\]\n]{1,400}))?\]\]/;
const MACRO = /^\{\{(\w{1,40})(?:\(([^{}\n]{0,500})\))?\}\}/;
const FOOTNOTE = /^\[(\d{1,4})\]/;
const OFF_TAG = /^<(code|kbd|notextile|pre)\b[^<>\n]{0,100}>/i;

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
const isSpace = (char: string | undefined): boolean => char === undefined || /\s/.test(char);
const opensAfter = (char: string | undefined): boolean => char === undefined || /[\s(>]/.test(char);
const closesBefore = (char: string | undefined): boolean => char === undefined || /[\s\p{P}\p{S}]/u.test(char);

/** Reads one run of inline Textile. A line end is a break. White space alone, no-break spaces included, yields
 * nothing. */
export function textileInlines(source: string): Inline[] {
  const children = tidy(new Reader(source).read(0, source.length, 0));
  return isBlank(children) ? [] : children;
}

interface Found {
  nodes: Inline[];
  next: number;
}

class Reader {
  /** sign → positions at which it may close, ascending; filled at first use */
  private readonly closers = new Map<string, number[]>();
  private readonly pointers = new Map<string, number>();
  /** a URL within the text of a link is text */
  private inLink = false;

  /** code, verbatim text and pictures, by start position: signs inside them have no meaning */
  private readonly atoms = new Map<number, Found>();
  /** the source with these replaced by empty tags, as Redmine sees it when it looks for signs */
  private readonly masked: string;

  constructor(private readonly source: string) {
    const parts: string[] = [];
    let done = 0;
    for (let at = 0; at < source.length; at++) {
      const char = source[at];
      if (char !== '<' && char !== '@' && char !== '!') continue;
      const found =
        char === '<' ? this.tag(at) : char === '@' ? this.code(at, source[at - 1]) : this.image(at, source[at - 1]);
      if (!found) continue;
      this.atoms.set(at, found);
      parts.push(source.slice(done, at), `<${'\ue000'.repeat(Math.max(0, found.next - at - 2))}>`);
      done = found.next;
      at = found.next - 1;
    }
    this.masked = parts.length === 0 ? source : parts.join('') + source.slice(done);
  }

  /** @param fresh true if a sign at the very start opens, as it does right after another sign */
  read(from: number, end: number, depth: number, fresh = true): Inline[] {
    const result: Inline[] = [];
    let plain = '';
    const flush = (): void => {
      if (plain !== '') result.push({ type: 'text', value: plain });
      plain = '';
    };
    let at = from;
    while (at < end) {
      const found = this.node(at, fresh ? from : -1, end, depth);
      if (found) {
        flush();
        append(result, found.nodes);
        at = found.next;
      } else {
        const char = this.source[at] as string;
        plain += char;
        at++;
      }
    }
    flush();
    return result;
  }

  private node(at: number, from: number, end: number, depth: number): Found | undefined {
    const { source, masked } = this;
    const atom = this.atoms.get(at);
    if (atom) return atom.next <= end ? atom : undefined;
    const char = source[at] as string;
    // a sign right at the start of a phrase follows the phrase's own sign, which counts as a tag
    const before = at === from ? undefined : masked[at - 1];
    switch (char) {
      case '\n':
        return { nodes: [{ type: 'break' }], next: at + 1 };
      case '&':
        return this.entity(at, end);
      case '"':
        return this.link(at, end, depth);
      case '[':
        return this.bracket(at, before, end);
      case '{':
        return this.macro(at, end);
      case '=':
        return this.verbatim(at, before, end);
      case 'h':
      case 'f':
      case 's':
      case 'w':
        return this.inLink || isWord(before) ? undefined : this.bare(at, end);
      default:
        if (!SIGN_CHARS.has(char) || depth >= MAX_DEPTH) return undefined;
        return opensAfter(before) ? this.phrase(at, end, depth) : undefined;
    }
  }

  private phrase(at: number, end: number, depth: number): Found | undefined {
    for (const [sign, mark] of SIGNS) {
      if (!this.masked.startsWith(sign, at)) continue;
      const start = at + sign.length;
      if (isSpace(this.masked[start]) || this.masked.startsWith('--', at)) continue;
      const close = this.closer(sign, start, end);
      if (close === undefined) continue;
      const attributes = ATTRIBUTES.exec(this.source.slice(start, Math.min(close, start + 700)))?.[0] ?? '';
      const inner = start + attributes.length;
      const begin = inner < close ? inner : start;
      const children = this.read(begin, close, depth + 1, begin === start);
      return { nodes: styled(mark, begin === inner ? attributes : '', children), next: close + sign.length };
    }
    return undefined;
  }

  /** The first position after `start` at which the sign may close: not after a space, and only before punctuation or
   * a space. */
  private closer(sign: string, start: number, end: number): number | undefined {
    let places = this.closers.get(sign);
    if (!places) {
      places = [];
      for (let at = this.masked.indexOf(sign); at >= 0; at = this.masked.indexOf(sign, at + 1)) {
        const after = this.masked[at + sign.length];
        if (isSpace(this.masked[at - 1]) || !closesBefore(after)) continue;
        if (sign === '-' && (after === '-' || this.masked[at - 1] === '-')) continue;
        places.push(at);
      }
      this.closers.set(sign, places);
    }
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) > start) high = middle;
      else low = middle + 1;
    }
    for (let index = low; index < places.length && index < low + 8; index++) {
      const place = places[index] as number;
      if (place + sign.length > end) return undefined;
      // `*a**` closes with its last sign if the sign is doubled
      if (sign.length === 1 && this.masked[place + 1] === sign && this.masked[place - 1] !== sign) continue;
      return place;
    }
    return undefined;
  }

  private entity(at: number, end: number): Found | undefined {
    const match = ENTITY.exec(this.source.slice(at, Math.min(end, at + 36)));
    const value = match && decodeEntity(match[1] ?? '');
    return match && value ? { nodes: [{ type: 'text', value }], next: at + match[0].length } : undefined;
  }

  private code(at: number, before: string | undefined): Found | undefined {
    if (isWord(before)) return undefined;
    const close = this.codeEnd(at + 1);
    if (close === undefined) return undefined;
    const inner = this.source.slice(at + 1, close).replace(/^\|\w{1,40}\|(?=.)/, '');
    return { nodes: [{ type: 'inlineCode', value: decodeEntities(inner) }], next: close + 1 };
  }

  private codeEnd(start: number): number | undefined {
    let places = this.closers.get('@');
    if (!places) {
      places = [];
      for (let at = this.source.indexOf('@'); at >= 0; at = this.source.indexOf('@', at + 1))
        if (!isWord(this.source[at + 1])) places.push(at);
      this.closers.set('@', places);
    }
    // positions are requested in ascending order, so the pointer only moves forward
    let pointer = this.pointers.get('@') ?? 0;
    while (pointer < places.length && (places[pointer] as number) <= start) pointer++;
    this.pointers.set('@', pointer);
    const close = places[pointer];
    if (close === undefined || this.source.slice(start, close).includes('\n')) return undefined;
    return close;
  }

  private tag(at: number): Found | undefined {
    const match = OFF_TAG.exec(this.source.slice(at, at + 120));
    if (!match) return undefined;
    const name = (match[1] ?? '').toLowerCase();
    const start = at + match[0].length;
    const close = this.closingTag(name, start);
    const stop = close ?? this.source.length;
    const value = this.source.slice(start, stop);
    const next = close === undefined ? stop : close + name.length + 3;
    if (name === 'notextile') return { nodes: value === '' ? [] : [{ type: 'text', value }], next };
    const shown = value.replace(/\s*\n\s*/g, ' ');
    return { nodes: shown.trim() === '' ? [] : [{ type: 'inlineCode', value: shown }], next };
  }

  private closingTag(name: string, start: number): number | undefined {
    const sign = `</${name}>`;
    let places = this.closers.get(sign);
    if (!places) {
      places = [...this.source.matchAll(new RegExp(sign, 'gi'))].map(({ index }) => index);
      this.closers.set(sign, places);
    }
    let pointer = this.pointers.get(sign) ?? 0;
    while (pointer < places.length && (places[pointer] as number) < start) pointer++;
    this.pointers.set(sign, pointer);
    return places[pointer];
  }

  private image(at: number, before: string | undefined): Found | undefined {
    if (!opensAfter(before)) return undefined;
    const match = IMAGE.exec(this.source.slice(at, at + 3200));
    if (!match) return undefined;
    const [all, sign = '', attributes = '', source = '', title] = match;
    const url = safeImage(source);
    if (!url) return undefined;
    const image: Image = { type: 'image', url };
    if (title) image.alt = decodeEntities(title);
    const style = declarations(/\{([^{}]*)\}/.exec(attributes)?.[1]);
    const width = size(style.get('width'));
    const height = size(style.get('height'));
    if (width !== undefined) image.width = width;
    if (height !== undefined) image.height = height;
    const align = ALIGN.get(sign);
    if (align) image.align = align;
    let next = at + all.length;
    if (this.source[next] !== ':') return { nodes: [image], next };
    const target = this.target(next + 1, this.source.length);
    const link = target && safeLink(target.url);
    if (!target || !link) return { nodes: [image], next };
    next = target.next;
    return { nodes: [{ type: 'link', url: link, children: [image] }], next };
  }

  private link(at: number, end: number, depth: number): Found | undefined {
    if (depth >= MAX_DEPTH) return undefined;
    const close = this.quoteEnd(at + 1, end);
    if (close === undefined) return undefined;
    const target = this.target(close + 2, end);
    const url = target && safeLink(target.url.startsWith('www.') ? `http://${target.url}` : target.url);
    if (!target || !url) return undefined;
    const inner = this.source.slice(at + 1, close);
    const attributes = ATTRIBUTES.exec(inner)?.[0] ?? '';
    const titled = /^([\s\S]*\S) ?\(([^()]+)\)$/.exec(inner.slice(attributes.length));
    const start = at + 1 + (attributes.length < inner.length ? attributes.length : 0);
    const stop = titled ? start + (titled[1] ?? '').length : close;
    const outer = this.inLink;
    this.inLink = true;
    const children = this.read(start, stop, depth + 1, false);
    this.inLink = outer;
    if (children.length === 0) return undefined;
    const title = titled?.[2];
    return {
      nodes: [{ type: 'link', url, ...(title ? { title: decodeEntities(title) } : {}), children }],
      next: target.next,
    };
  }

  /** The next `":` on the same line without another quote before it. */
  private quoteEnd(start: number, end: number): number | undefined {
    const close = this.source.indexOf('"', start);
    if (close <= start || close >= end || this.source[close + 1] !== ':') return undefined;
    return this.source.slice(start, close).includes('\n') ? undefined : close;
  }

  /** A URL. Punctuation or an unbalanced bracket at its end belongs to the sentence. */
  private target(at: number, end: number): { url: string; next: number } | undefined {
    const match = LINK_TARGET.exec(this.source.slice(at, Math.min(end, at + 4000)));
    if (!match) return undefined;
    const url = sentenceEnd(match[0]);
    return url === '' ? undefined : { url: decodeEntities(url), next: at + url.length };
  }

  private bare(at: number, end: number): Found | undefined {
    const match = BARE_URL.exec(this.source.slice(at, Math.min(end, at + 4000)));
    if (!match) return undefined;
    const shown = sentenceEnd(match[0]);
    const value = decodeEntities(shown);
    const url = safeLink(value.startsWith('www.') ? `http://${value}` : value);
    if (!url || shown.length < 8) return undefined;
    return { nodes: [{ type: 'link', url, children: [{ type: 'text', value }] }], next: at + shown.length };
  }

  private bracket(at: number, before: string | undefined, end: number): Found | undefined {
    const rest = this.source.slice(at, Math.min(end, at + 700));
    const wiki = WIKI_LINK.exec(rest);
    if (wiki) {
      const [all, page = '', label] = wiki;
      if (before === '!') return undefined;
      return {
        nodes: [{ type: 'wikiLink', page, ...(label === undefined ? {} : { text: label }) }],
        next: at + all.length,
      };
    }
    const note = isWord(before) ? FOOTNOTE.exec(rest) : null;
    return note
      ? { nodes: [{ type: 'footnoteReference', label: note[1] ?? '' }], next: at + note[0].length }
      : undefined;
  }

  private macro(at: number, end: number): Found | undefined {
    const match = MACRO.exec(this.source.slice(at, Math.min(end, at + 600)));
    if (!match) return undefined;
    const [source, name = '', parameters = ''] = match;
    if (name === 'thumbnail') {
      const url = safeImage(parameters.split(',')[0]?.trim());
      if (url) return { nodes: [{ type: 'image', url, thumbnail: true }], next: at + source.length };
    }
    const node: Inline = { type: 'vendorInline', vendor: 'redmine', source, name: `macro ${name}`, text: source };
    return { nodes: [node], next: at + source.length };
  }

  private verbatim(at: number, before: string | undefined, end: number): Found | undefined {
    if (this.source[at + 1] !== '=' || !isSpace(before)) return undefined;
    const start = at + 2;
    const close = this.source.indexOf('==', start + 1);
    if (close < 0 || close + 2 > end || this.source[start] === '=' || close - start > 4000) return undefined;
    const value = this.source.slice(start, close);
    return value.includes('\n') ? undefined : { nodes: [{ type: 'text', value }], next: close + 2 };
  }
}

const ALIGN: ReadonlyMap<string, Align> = new Map<string, Align>([
  ['<', 'left'],
  ['>', 'right'],
  ['=', 'center'],
]);

function styled(mark: SimpleMark | 'span', attributes: string, children: Inline[]): Inline[] {
  const style = declarations(/\{([^{}]*)\}/.exec(attributes)?.[1]);
  const color = colour(style.get('color'));
  const background = colour(style.get('background-color') ?? style.get('background'));
  const inner: Inline[] =
    color || background
      ? [{ type: 'colour', ...(color ? { color } : {}), ...(background ? { background } : {}), children }]
      : children;
  return mark === 'span' ? inner : [{ type: mark, children: inner }];
}

function sentenceEnd(url: string): string {
  let shown = url;
  for (let before = ''; before !== shown; ) {
    before = shown;
    shown = shown.replace(/(?:[.,;:!?'"*_+~^%@|\]}]|&(?:quot|gt|lt);){1,20}$/, '');
    if (shown.endsWith(')') && count(shown, ')') > count(shown, '(')) shown = shown.slice(0, -1);
  }
  return shown;
}

const count = (value: string, char: string): number => value.split(char).length - 1;

function decodeEntity(name: string): string | undefined {
  if (!name.startsWith('#')) return decodeNamedCharacterReference(name) || undefined;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0x1f && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}

/** Text with its HTML entities as characters. */
export const decodeEntities = (value: string): string =>
  value.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/gi, (all, name: string) => decodeEntity(name) ?? all);
