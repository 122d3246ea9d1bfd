/**
 * Jira wiki markup → tree. The first characters of a line make it a heading, a quote, a rule, a row or an item. Macros
 * such as `{code}` and `{panel}` start and end anywhere.
 * https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
 */

import { append } from '../../model/lists';
import { colour } from '../colour';
import { withoutPlaces } from '../places';
import { nested, type SignedItem, type SignedLists } from '../signed-lists';
import type { Block, List, PanelKind, TableCell, TableRow, Tree } from '../tree';
import { MAX_DEPTH } from '../tree';
import { cellsOf } from './cells';
import { jiraInlines } from './inline';
import { panelKindOf } from './panels';
import { parameters } from './parameters';

const HEADING = /^[ \t]*h([1-6])\.(.*)$/;
const QUOTE_LINE = /^[ \t]*bq\.(.*)$/;
const RULE = /^[ \t]*-{4,}[ \t]*$/;
const LIST = /^[ \t]*([*#][*#-]{0,38}|-)[ \t]+(.*)$/;
/** For use in a list, where two dashes do not start a sentence. */
const ITEM = /^[ \t]*([*#-]{1,39})[ \t]+(.*)$/;
const ROW = /^[ \t]*\|/;
const BLOCK_MACRO = /\{(code|noformat|quote|panel|info|note|tip|warning|expand)(?::([^{}\n]{0,500}))?\}/;
const VERBATIM = new Set(['code', 'noformat']);

/** Reads Jira wiki markup. */
export function parseJira(source: string): Tree {
  return { type: 'root', children: new Reader(source).blocks(0) };
}

/** One sign per level: `*#` is a numbered list inside a bulleted list. */
const SIGNS: SignedLists = {
  inlines: jiraInlines,
  isOrdered: ({ signs }, level) => (signs[level - 1] ?? signs.at(-1)) === '#',
};

class Reader {
  private at = 0;
  private readonly missing = new Set<string>();

  constructor(private readonly source: string) {}

  /** The rest of the current line and the position of its end. */
  private line(): { text: string; end: number } {
    const found = this.source.indexOf('\n', this.at);
    const end = found < 0 ? this.source.length : found;
    return { text: this.source.slice(this.at, end), end };
  }

  private get done(): boolean {
    return this.at >= this.source.length;
  }

  blocks(depth: number): Block[] {
    const result: Block[] = [];
    while (!this.done) {
      const { text, end } = this.line();
      if (text.trim() === '') this.at = end + 1;
      else append(result, this.block(text, end, depth));
    }
    return result;
  }

  private block(text: string, end: number, depth: number): Block[] {
    const start = this.at;
    const macro = this.macroIn(text, depth);
    if (macro?.index === 0) return [this.macro(macro, depth)];
    const heading = HEADING.exec(text);
    if (heading) {
      this.at = end + 1;
      const children = jiraInlines((heading[2] ?? '').trim());
      const level = Number(heading[1]) as 1 | 2 | 3 | 4 | 5 | 6;
      return children.length === 0 ? [] : [{ type: 'heading', depth: level, children, span: { start, end } }];
    }
    const quote = QUOTE_LINE.exec(text);
    if (quote) {
      this.at = end + 1;
      const children = jiraInlines((quote[1] ?? '').trim());
      const inner: Block[] = children.length > 0 ? [{ type: 'paragraph', children }] : [];
      return [{ type: 'quote', children: inner, span: { start, end } }];
    }
    if (RULE.test(text)) {
      this.at = end + 1;
      return [{ type: 'rule', span: { start, end } }];
    }
    if (LIST.test(text)) return [this.list(depth)];
    if (ROW.test(text) && depth < MAX_DEPTH) return [this.table(depth)];
    return this.paragraph();
  }

  /** A block macro in the line, if it has an end, with the position in the line at which it starts. */
  private macroIn(text: string, depth: number): (RegExpExecArray & { close: number }) | undefined {
    if (!text.includes('{') || depth >= MAX_DEPTH) return undefined;
    const lead = text.length - text.trimStart().length;
    let from = lead;
    for (let tries = 0; tries < 20; tries++) {
      const match = BLOCK_MACRO.exec(text.slice(from));
      if (!match) return undefined;
      match.index += from;
      const opening = this.at + match.index;
      if (text[match.index - 1] !== '\\' && !isMonospace(text, match.index, match[0].length)) {
        const close = this.closing(match[1] ?? '', opening + match[0].length);
        if (close !== undefined) {
          if (match.index === lead) match.index = 0;
          return Object.assign(match, { close });
        }
      }
      from = match.index + match[0].length;
    }
    return undefined;
  }

  /** The end of a macro. A `{quote}` inside a code block does not count. */
  private closing(name: string, start: number): number | undefined {
    const sign = `{${name}}`;
    if (this.missing.has(name)) return undefined;
    let from = start;
    for (let tries = 0; tries < 1000; tries++) {
      const close = this.source.indexOf(sign, from);
      if (close < 0) {
        this.missing.add(name);
        return undefined;
      }
      if (isMonospace(this.source, close, sign.length)) {
        from = close + sign.length;
        continue;
      }
      if (VERBATIM.has(name)) return close;
      const code = this.codeBetween(from, close);
      if (code === undefined) return close;
      from = code;
    }
    return undefined;
  }

  /** The end of a code block that starts between two positions, if it ends after the second one. */
  private codeBetween(from: number, to: number): number | undefined {
    const between = this.source.slice(from, to);
    let at = 0;
    for (;;) {
      const match = /\{(code|noformat)(?::[^{}\n]{0,500})?\}/.exec(between.slice(at));
      if (!match) return undefined;
      const start = from + at + match.index + match[0].length;
      if (isMonospace(this.source, from + at + match.index, match[0].length)) {
        at = start - from;
        continue;
      }
      const sign = `{${match[1]}}`;
      const close = this.source.indexOf(sign, start);
      if (close < 0) return undefined;
      if (close > to) return close + sign.length;
      at = close + sign.length - from;
    }
  }

  private macro(match: RegExpExecArray & { close: number }, depth: number): Block {
    const start = this.at + (this.line().text.length - this.line().text.trimStart().length);
    const [all, name = '', given = ''] = match;
    const body = this.source.slice(start + all.length, match.close);
    const end = match.close + name.length + 2;
    this.at = end;
    // white space after the end of a macro belongs to the macro
    while (this.source[this.at] === ' ' || this.source[this.at] === '\t') this.at++;
    const values = parameters(given);
    const span = { start, end };
    const title = values.get('title');
    if (VERBATIM.has(name)) {
      const word = values.get('') ?? values.get('language');
      const language = word && /^[\w+#.-]{1,40}$/.test(word) && word !== 'none' ? word : undefined;
      const value = body.replace(/^[ \t]*\n/, '').replace(/\n[ \t]*$/, '');
      return {
        type: 'code',
        ...(name === 'code' && language ? { language } : {}),
        ...(title ? { title } : {}),
        value,
        span,
      };
    }
    const children = new Reader(body).blocks(depth + 1).map(withoutPlaces);
    if (name === 'quote') return { type: 'quote', children, span };
    if (name === 'expand') return { type: 'expand', title: title ?? values.get('') ?? '', children, span };
    const background = colour(values.get('bgColor'));
    const kind: PanelKind =
      name === 'panel' ? panelKindOf(background) : name === 'warning' ? 'warning' : (name as PanelKind);
    return {
      type: 'panel',
      kind,
      ...(title ? { title } : {}),
      ...(kind === 'plain' && background ? { background } : {}),
      children,
      span,
    };
  }

  private isStart(text: string, depth: number): boolean {
    return (
      HEADING.test(text) ||
      QUOTE_LINE.test(text) ||
      RULE.test(text) ||
      LIST.test(text) ||
      ROW.test(text) ||
      this.macroIn(text, depth)?.index === 0
    );
  }

  private paragraph(): Block[] {
    const start = this.at;
    const lines: string[] = [];
    let last = start;
    while (!this.done) {
      const { text, end } = this.line();
      if (text.trim() === '' || (lines.length > 0 && this.isStart(text, 0))) break;
      const macro = this.macroIn(text, 0);
      if (macro && macro.index > 0) {
        lines.push(text.slice(0, macro.index));
        last = this.at + macro.index;
        this.at = last;
        break;
      }
      lines.push(text.trim());
      last = end;
      this.at = end + 1;
    }
    const children = jiraInlines(lines.join('\n'));
    if (children.length === 0) return [];
    return [{ type: 'paragraph', children, span: { start, end: last } }];
  }

  private list(depth: number): List {
    const start = this.at;
    const items: SignedItem[] = [];
    while (!this.done) {
      const { text, end } = this.line();
      const current = items.at(-1);
      const match = (current ? ITEM : LIST).exec(text);
      if (match && !RULE.test(text)) {
        const signs = match[1] ?? '';
        const item: SignedItem = { signs, start: this.at, end, content: [] };
        items.push(item);
        this.at += text.length - (match[2] ?? '').length;
        this.content(item, depth);
      } else if (!current || text.trim() === '' || HEADING.test(text) || QUOTE_LINE.test(text) || RULE.test(text))
        break;
      else if (ROW.test(text)) break;
      else this.content(current, depth);
    }
    return { ...nested(SIGNS, items, items[0]?.signs.length ?? 1), span: { start, end: items.at(-1)?.end ?? start } };
  }

  /** The rest of a line as content of an item: text, and macros with their content. */
  private content(item: SignedItem, depth: number): void {
    const { text, end } = this.line();
    const macro = this.macroIn(text, depth);
    if (!macro) {
      item.content.push(text.trim());
      item.end = end;
      this.at = end + 1;
      return;
    }
    if (macro.index > 0) {
      item.content.push(text.slice(0, macro.index).trim());
      this.at += macro.index;
      macro.index = 0;
    }
    item.content.push(withoutPlaces(this.macro(macro, depth)));
    item.end = this.at;
    if (this.source[this.at] === '\n') this.at++;
  }

  private table(depth: number): Block {
    const start = this.at;
    const rows: TableRow[] = [];
    let last = start;
    while (!this.done) {
      const { text } = this.line();
      if (!ROW.test(text)) break;
      const rowStart = this.at;
      const row = this.row(depth);
      last = this.at;
      if (this.source[this.at] === '\n') this.at++;
      const children = cellsOf(row).map(({ header, content }) => this.cell(header, content, depth));
      if (children.length > 0) rows.push({ type: 'tableRow', children, span: { start: rowStart, end: last } });
    }
    return { type: 'table', children: rows, span: { start, end: last } };
  }

  /** A row continues over the following lines up to one that ends with a bar. An empty line ends it, except inside a
   * macro. */
  private row(depth: number): string {
    let row = '';
    for (let lines = 0; !this.done && lines < 500; lines++) {
      const from = this.at;
      const first = this.line();
      if (row !== '' && (first.text.trim() === '' || (ROW.test(first.text) && row.trimEnd().endsWith('|')))) break;
      const end = this.endOfLine(depth);
      const text = this.source.slice(from, end);
      row += row === '' ? text.trimStart() : `\n${text}`;
      this.at = end;
      const next = this.source[end + 1];
      if (text.trimEnd().endsWith('|') || next === undefined) break;
      const following = this.source.slice(end + 1, this.source.indexOf('\n', end + 1) >>> 0);
      if (following.trim() === '' || ROW.test(following)) break;
      this.at = end + 1;
    }
    return row;
  }

  /** The end of the current line. The lines of a macro that starts in it belong to it. */
  private endOfLine(depth: number): number {
    const from = this.at;
    for (;;) {
      const { text, end } = this.line();
      const macro = this.macroIn(text, depth);
      if (!macro) {
        this.at = from;
        return end;
      }
      this.at = macro.close + (macro[1] ?? '').length + 2;
    }
  }

  private cell(header: boolean, content: string, depth: number): TableCell {
    const source = content.trim();
    const cell: TableCell = { type: 'tableCell', children: [] };
    if (header) cell.header = true;
    if (source.includes('\n') || source.includes('{') || LIST.test(source)) {
      cell.children = new Reader(source).blocks(depth + 1).map(withoutPlaces);
    } else {
      const children = jiraInlines(source);
      if (children.length > 0) cell.children = [{ type: 'paragraph', children }];
    }
    return cell;
  }
}

/** `{{code}}` is monospace, even if a macro has that name. */
const isMonospace = (text: string, at: number, length: number): boolean =>
  text[at - 1] === '{' && text[at + length] === '}';
