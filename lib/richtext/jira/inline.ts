/**
 * Inline Jira wiki markup → inline nodes. A sign opens after a non-word character and closes before one; `{*}` is a
 * sign anywhere; a backslash makes a sign plain text. A phrase does not cross a line end.
 * https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
 */

import { append } from '../../model/lists';
import { colour, size } from '../colour';
import { emojiOfSign, JIRA_SIGNS } from '../emoji';
import { isBlank, tidy } from '../inline';
import type { Image, Inline, SimpleMark } from '../tree';
import { MAX_DEPTH } from '../tree';
import { safeImage, safeLink } from '../url';
import { parameters } from './parameters';

const SIGNS: ReadonlyMap<string, SimpleMark> = new Map<string, SimpleMark>([
  ['??', 'emphasis'],
  ['*', 'strong'],
  ['_', 'emphasis'],
  ['-', 'delete'],
  ['+', 'underline'],
  ['^', 'superscript'],
  ['~', 'subscript'],
]);
const ESCAPABLE = /[*_?\-+^~{}[\]|!\\#&@:;()/.>]/;
const BARE_URL = /^(?:https?:\/\/|ftps?:\/\/|mailto:|www\.)[^\s<>"|\\{}[\]]+/;
const IMAGE = /^!([^\s!|][^!|\n]{0,2000})(?:\|([^!\n]{0,500}))?!/;
const LINK = /^\[((?:\\.|[^[\]\\\n]){1,4000})\]/;
const MACRO = /^\{([a-zA-Z][\w-]{0,40})(?::([^{}\n]{0,500}))?\}/;
const INLINE_SIGN = /^\{(\?\?|[*_\-+^~])\}/;

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);
const isSpace = (char: string | undefined): boolean => char === undefined || /\s/.test(char);

interface Found {
  nodes: Inline[];
  next: number;
}

/** Reads one run of inline wiki markup. A line end is a break. White space alone, no-break spaces included, yields
 * nothing. */
export function jiraInlines(source: string): Inline[] {
  const children = tidy(new Reader(source).read(0, source.length, 0));
  return isBlank(children) ? [] : children;
}

class Reader {
  /** sign → places where it may close, ascending */
  private readonly closers = new Map<string, number[]>();
  private readonly found = new Map<string, { from: number; at: number | undefined }>();

  constructor(private readonly source: string) {}

  read(from: number, end: number, depth: number): Inline[] {
    const result: Inline[] = [];
    let plain = '';
    let at = from;
    while (at < end) {
      const found = this.node(at, end, depth);
      if (!found) {
        plain += this.source[at];
        at++;
        continue;
      }
      const [only] = found.nodes;
      if (found.nodes.length === 1 && only?.type === 'text') plain += only.value;
      else {
        if (plain !== '') result.push({ type: 'text', value: plain });
        plain = '';
        append(result, found.nodes);
      }
      at = found.next;
    }
    if (plain !== '') result.push({ type: 'text', value: plain });
    return result;
  }

  private node(at: number, end: number, depth: number): Found | undefined {
    const { source } = this;
    const before = at === 0 ? undefined : source[at - 1];
    switch (source[at]) {
      case '\n':
        return { nodes: [{ type: 'break' }], next: at + 1 };
      case '\\':
        return this.backslash(at, end);
      case '{':
        return this.brace(at, end, depth);
      case '[':
        return this.link(at, end, depth);
      case '!':
        return isWord(before) ? undefined : this.image(at, end);
      case '(':
      case ':':
      case ';':
        return isWord(before) ? undefined : this.emoticon(at);
      case '&':
        return this.entity(at);
      case 'h':
      case 'f':
      case 'm':
      case 'w':
        return isWord(before) ? undefined : this.bare(at, end);
      case '*':
      case '_':
      case '+':
      case '^':
      case '~':
      case '?':
        return isWord(before) ? undefined : this.phrase(at, end, depth);
      case '-':
        return this.dash(at, before, end, depth);
      default:
        return undefined;
    }
  }

  /** `&#42;` */
  private entity(at: number): Found | undefined {
    const match = /^&#\d{1,7};/.exec(this.source.slice(at, at + 10));
    const value = match ? decodeNumbers(match[0]) : '';
    return match && value !== match[0] ? { nodes: [{ type: 'text', value }], next: at + match[0].length } : undefined;
  }

  private backslash(at: number, end: number): Found | undefined {
    const after = at + 1 < end ? this.source[at + 1] : undefined;
    if (after === '\\') {
      // a double backslash is a line break, unless it starts a path such as \\server
      const next = this.source[at + 2];
      const begins = at === 0 || isSpace(this.source[at - 1]);
      if (begins && next !== undefined && isWord(next))
        return { nodes: [{ type: 'text', value: '\\\\' }], next: at + 2 };
      return { nodes: [{ type: 'break' }], next: next === '\n' ? at + 3 : at + 2 };
    }
    if (after === undefined || !ESCAPABLE.test(after)) return undefined;
    return { nodes: [{ type: 'text', value: after }], next: at + 2 };
  }

  private phrase(at: number, end: number, depth: number, quoted = false): Found | undefined {
    if (depth >= MAX_DEPTH) return undefined;
    const sign = this.source.startsWith('??', at + (quoted ? 1 : 0))
      ? '??'
      : (this.source[at + (quoted ? 1 : 0)] ?? '');
    const mark = SIGNS.get(sign);
    if (!mark) return undefined;
    const start = at + sign.length + (quoted ? 2 : 0);
    if (!quoted && isSpace(this.source[start])) return undefined;
    const close = this.closer(sign, start, end);
    if (!close) return undefined;
    const children = this.read(start, close.at, depth + 1);
    if (children.length === 0) return undefined;
    return { nodes: [{ type: mark, children }], next: close.next };
  }

  /** The first position on the line at which a sign closes, plain or as `{*}`. */
  private closer(sign: string, start: number, end: number): { at: number; next: number } | undefined {
    let places = this.closers.get(sign);
    if (!places) {
      places = this.closingPlaces(sign);
      this.closers.set(sign, places);
    }
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) > start) high = middle;
      else low = middle + 1;
    }
    const place = places[low];
    if (place === undefined) return undefined;
    const quoted = this.isQuoted(place, sign);
    const at = quoted ? place - 1 : place;
    const next = place + sign.length + (quoted ? 1 : 0);
    if (next > end || at <= start - 1 || this.hasLineEnd(start, at)) return undefined;
    return { at, next };
  }

  private hasLineEnd(start: number, end: number): boolean {
    const at = this.find('\n', start);
    return at !== undefined && at < end;
  }

  private isQuoted = (place: number, sign: string): boolean =>
    this.source[place - 1] === '{' && this.source[place + sign.length] === '}';

  private closingPlaces(sign: string): number[] {
    const places: number[] = [];
    for (let at = this.source.indexOf(sign); at >= 0; at = this.source.indexOf(sign, at + sign.length)) {
      if (this.isQuoted(at, sign)) places.push(at);
      else if (
        !isSpace(this.source[at - 1]) &&
        this.source[at - 1] !== '\\' &&
        this.source[at - 1] !== '{' &&
        !isWord(this.source[at + sign.length]) &&
        !(sign === '-' && (this.source[at + 1] === '-' || this.source[at - 1] === '-'))
      )
        places.push(at);
    }
    return places;
  }

  private dash(at: number, before: string | undefined, end: number, depth: number): Found | undefined {
    const run = /^-{1,4}/.exec(this.source.slice(at, at + 4))?.[0].length ?? 1;
    if (run === 2 || run === 3) {
      const alone = isSpace(before) && isSpace(this.source[at + run]);
      return { nodes: [{ type: 'text', value: alone ? (run === 2 ? '–' : '—') : '-'.repeat(run) }], next: at + run };
    }
    return run > 1 || isWord(before) ? undefined : this.phrase(at, end, depth);
  }

  private brace(at: number, end: number, depth: number): Found | undefined {
    const rest = this.source.slice(at, Math.min(end, at + 560));
    if (rest.startsWith('{{')) return this.monospace(at, end);
    if (INLINE_SIGN.test(rest)) return this.phrase(at, end, depth, true);
    const match = MACRO.exec(rest);
    if (!match || depth >= MAX_DEPTH) return undefined;
    const [all, name = '', given = ''] = match;
    const start = at + all.length;
    switch (name) {
      case 'color':
        return this.coloured(at, start, end, given, depth);
      case 'anchor':
        return { nodes: [], next: start };
      case 'status': {
        const values = parameters(given);
        const label = values.get('title') ?? values.get('') ?? '';
        const color = (values.get('colour') ?? values.get('color'))?.toLowerCase();
        if (label === '') return undefined;
        return { nodes: [{ type: 'status', text: label, ...(color ? { color } : {}) }], next: start };
      }
      default: {
        const node: Inline = {
          type: 'vendorInline',
          vendor: 'jira-wiki',
          source: all,
          name: `macro ${name}`,
          text: all,
        };
        return { nodes: [node], next: start };
      }
    }
  }

  private coloured(at: number, start: number, end: number, given: string, depth: number): Found | undefined {
    const close = this.find('{color}', start);
    if (given === '') return { nodes: [], next: start };
    if (close === undefined || close > end) return { nodes: [], next: start };
    const color = colour(given) ?? colour(parameters(given).get('color'));
    const children = this.read(start, close, depth + 1);
    if (at > close) return undefined;
    return { nodes: color ? [{ type: 'colour', color, children }] : children, next: close + '{color}'.length };
  }

  private monospace(at: number, end: number): Found | undefined {
    const close = this.find('}}', at + 2);
    if (close === undefined || close + 2 > end || close === at + 2) return undefined;
    // three braces at the end: the first belongs to the code
    const stop = this.source[close + 2] === '}' ? close + 1 : close;
    if (this.hasLineEnd(at, stop)) return undefined;
    const inner = this.source.slice(at + 2, stop);
    if (inner.trim() === '') return undefined;
    const value = decodeNumbers(inner).replace(/\\([*_?\-+^~{}[\]|!\\#&@:;()])/g, '$1');
    return { nodes: [{ type: 'inlineCode', value }], next: stop + 2 };
  }

  /** The next position in a text. The last answer is reused for every start before that position, so that nothing is
   * searched twice. */
  private find(what: string, start: number): number | undefined {
    const known = this.found.get(what);
    if (known && start >= known.from && (known.at === undefined || start <= known.at)) return known.at;
    const place = this.source.indexOf(what, start);
    const at = place < 0 ? undefined : place;
    this.found.set(what, { from: start, at });
    return at;
  }

  private link(at: number, end: number, depth: number): Found | undefined {
    const match = LINK.exec(this.source.slice(at, Math.min(end, at + 4010)));
    if (!match || depth >= MAX_DEPTH) return undefined;
    const inner = match[1] ?? '';
    const next = at + match[0].length;
    if (inner.startsWith('~') && !inner.includes('|')) {
      const id = inner.slice(1).trim();
      if (id === '') return undefined;
      return { nodes: [{ type: 'mention', vendor: 'jira', id: id.replace(/^accountid:/, ''), name: id }], next };
    }
    if (inner.startsWith('^') && !inner.includes('|')) {
      const name = inner.slice(1).trim();
      return name === ''
        ? undefined
        : { nodes: [{ type: 'link', url: `attachment:${name}`, children: [{ type: 'text', value: name }] }], next };
    }
    const bar = barOf(inner);
    const target = (bar < 0 ? inner : inner.slice(bar + 1)).split('|');
    const address = (target[0] ?? '').trim().replace(/\\([|\]])/g, '$1');
    if (bar < 0 && !isAddress(address)) return undefined;
    const url = safeLink(address.startsWith('www.') ? `http://${address}` : address);
    if (!url) return undefined;
    const label = inner.slice(0, Math.max(bar, 0));
    const children: Inline[] =
      bar <= 0 || /^mailto:\S+$/.test(label)
        ? [{ type: 'text', value: label === '' ? bare(url) : label }]
        : this.read(at + 1, at + 1 + bar, depth + 1);
    if (children.length === 0) children.push({ type: 'text', value: url });
    const tip = target
      .slice(1)
      .filter((part) => !/^smart-/.test(part))
      .join(' ')
      .trim();
    return { nodes: [{ type: 'link', url, ...(tip ? { title: tip } : {}), children }], next };
  }

  private image(at: number, end: number): Found | undefined {
    const match = IMAGE.exec(this.source.slice(at, Math.min(end, at + 2600)));
    if (!match) return undefined;
    const [all, address = '', given = ''] = match;
    const source = address.trim();
    // `wow! really!` is not a picture
    if (!/\.\w{2,5}(?:[?#]|$)|^https?:\/\/|^data:image/i.test(source)) return undefined;
    const url = safeImage(source.replace(/\\(.)/g, '$1'));
    if (!url) return undefined;
    const values = parameters(given, ',');
    const image: Image = { type: 'image', url };
    const alt = values.get('alt');
    const title = values.get('title');
    const width = size(values.get('width'));
    const height = size(values.get('height'));
    const align = values.get('align');
    if (alt) image.alt = alt;
    if (title) image.title = title;
    if (width !== undefined) image.width = width;
    if (height !== undefined) image.height = height;
    if (align === 'left' || align === 'right' || align === 'center') image.align = align;
    if (values.get('') === 'thumbnail' || values.has('thumbnail')) image.thumbnail = true;
    return { nodes: [image], next: at + all.length };
  }

  private emoticon(at: number): Found | undefined {
    for (const sign of JIRA_SIGNS) {
      if (!this.source.startsWith(sign, at) || isWord(this.source[at + sign.length])) continue;
      const emoji = emojiOfSign(sign);
      if (emoji) return { nodes: [emoji], next: at + sign.length };
    }
    return undefined;
  }

  private bare(at: number, end: number): Found | undefined {
    const match = BARE_URL.exec(this.source.slice(at, Math.min(end, at + 4000)));
    const shown = match?.[0].replace(/[.,;:!?'"*_)]+$/, '') ?? '';
    const url = safeLink(shown.startsWith('www.') ? `http://${shown}` : shown);
    if (!match || !url || shown.length < 8) return undefined;
    return {
      nodes: [{ type: 'link', url, children: [{ type: 'text', value: bare(shown) }] }],
      next: at + shown.length,
    };
  }
}

/** Text with its numeric entities as characters. An entity after a backslash is left as it is. */
const decodeNumbers = (text: string): string =>
  text.replace(/(?<!\\)&#(\d{1,7});/g, (all, digits: string) => {
    const code = Number(digits);
    return code > 0x1f && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : all;
  });

const bare = (url: string): string => url.replace(/^mailto:/, '');

/** The bar between a link's text and its URL. */
function barOf(inner: string): number {
  for (let at = 0; at < inner.length; at++) {
    if (inner[at] === '\\') at++;
    else if (inner[at] === '!') at += (IMAGE.exec(inner.slice(at))?.[0].length ?? 1) - 1;
    else if (inner[at] === '|') return at;
  }
  return -1;
}

const isAddress = (text: string): boolean =>
  /^(?:[a-z][a-z0-9+.-]*:\/\/\S+|mailto:\S+|www\.\S+|#\S+|\/\S+|file:\S+)$/i.test(text);
