/**
 * Textile, by Redmine's rules → tree, line by line. A block ends at an empty line. Lists, tables, quotes and `<pre>`
 * also start in the middle of a block.
 * https://www.redmine.org/projects/redmine/wiki/RedmineTextFormattingTextile
 */

import { append } from '../../model/lists';
import { type Line, linesOf } from '../lines';
import { withoutPlaces } from '../places';
import { nested, type SignedItem, type SignedLists } from '../signed-lists';
import type { Align, Block, List, Span, Table, TableRow, Tree } from '../tree';
import { MAX_DEPTH } from '../tree';
import { alignOf, cellsOf } from './cells';
import { textileInlines } from './inline';

const ATTRS = String.raw`(?:\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\]|[<>=()]|[-^~](?=[.<>=({\[])){0,12}`;
const PREFIX = new RegExp(String.raw`^(h[1-6]|p|bq|pre|bc|notextile|fn(\d{1,4}))(${ATTRS})\.(?::(\S{1,2000}))? (.*)$`);
const LIST = /^([*#]{1,40})((?:\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\])*) (.*)$/;
const TABLE = new RegExp(String.raw`^(?:table${ATTRS}\. ?|${ATTRS}\. ?\|.*|\|.*)$`);
const RULE = /^(?: ?(?:\* ?){3,}| ?(?:- ?){3,}| ?(?:_ ?){3,})$/;
const PRE = /<pre\b[^<>\n]{0,100}>/i;
const MACRO = /^\{\{(\w{1,40})(?:\((.{0,500})\))?(\}\})?$/;
const CODE_OPEN = /^\s*<code(?:\s+class\s*=\s*["']?([\w+#.\s-]{1,40})["']?)?\s*>/i;

/** Reads Textile. */
export function parseTextile(source: string): Tree {
  return { type: 'root', children: new Reader(linesOf(source)).blocks(0) };
}

const spanOf = (first: Line, last: Line): Span => ({ start: first.start, end: last.end });

/** The last sign is the list's own. */
const SIGNS: SignedLists = { inlines: textileInlines, isOrdered: ({ signs }) => signs.at(-1) === '#' };

class Reader {
  private at = 0;

  constructor(private readonly lines: Line[]) {}

  private get line(): Line | undefined {
    return this.lines[this.at];
  }

  blocks(depth: number): Block[] {
    const result: Block[] = [];
    for (let line = this.line; line; line = this.line) {
      if (line.text.trim() === '') this.at++;
      else append(result, this.block(line, depth));
    }
    return result;
  }

  private block(line: Line, depth: number): Block[] {
    const { text } = line;
    if (LIST.test(text)) return [this.list()];
    if (PRE.test(text) && !(text.startsWith('>') && depth < MAX_DEPTH)) return this.preformatted(line);
    if (depth < MAX_DEPTH) {
      if (text.startsWith('>') && !/^>toc\b/i.test(text.replace(/^>\s*\{\{/, '>'))) return [this.quote(line, depth)];
      const macro = MACRO.exec(text.trimEnd());
      if (macro) {
        const block = this.macro(line, macro, depth);
        if (block) return [block];
      }
    }
    if (TABLE.test(text) && this.isTable()) return [this.table(line)];
    if (RULE.test(text) && this.endsAfter()) {
      this.at++;
      return [{ type: 'rule', span: spanOf(line, line) }];
    }
    const prefix = PREFIX.exec(text);
    return prefix ? this.prefixed(line, prefix) : this.paragraph(line, text, undefined);
  }

  /** True if the block consists of this line only. */
  private endsAfter(): boolean {
    const next = this.lines[this.at + 1];
    return next === undefined || next.text.trim() === '' || LIST.test(next.text);
  }

  /** The remaining lines of a block: up to an empty line or one that starts a list, table, quote or code. */
  private rest(): Line[] {
    const taken: Line[] = [];
    for (let line = this.line; line; line = this.line) {
      if (line.text.trim() === '' || this.interrupts(line)) break;
      taken.push(line);
      this.at++;
    }
    return taken;
  }

  private interrupts(line: Line): boolean {
    const { text } = line;
    return LIST.test(text) || text.startsWith('>') || PRE.test(text) || (text.startsWith('|') && this.isTable());
  }

  private paragraph(first: Line, content: string, align: Align | undefined): Block[] {
    this.at++;
    const rest = this.rest();
    const children = textileInlines([content, ...rest.map(({ text }) => text)].join('\n'));
    if (children.length === 0) return [];
    const span = spanOf(first, rest.at(-1) ?? first);
    return [{ type: 'paragraph', ...(align && align !== 'left' ? { align } : {}), children, span }];
  }

  private prefixed(line: Line, match: RegExpExecArray): Block[] {
    const [, name = '', note, attributes = '', , content = ''] = match;
    const align = alignOf(attributes);
    if (name === 'bc' || name === 'pre') return this.paragraph(line, line.text, undefined);
    const made = this.paragraph(line, content, align);
    const [block] = made;
    if (block?.type !== 'paragraph') return made;
    if (name === 'bq') return [{ type: 'quote', children: [withoutPlaces({ ...block })], span: block.span }];
    if (note !== undefined)
      return [{ type: 'footnoteDefinition', label: note, children: [withoutPlaces({ ...block })], span: block.span }];
    if (!name.startsWith('h')) return made;
    const depth = Number(name[1]) as 1 | 2 | 3 | 4 | 5 | 6;
    const { children, span } = block;
    return [{ type: 'heading', depth, ...(align && align !== 'left' ? { align } : {}), children, span }];
  }

  /** A line with `<pre>`: the text before it is a paragraph, and reading continues after `</pre>`. */
  private preformatted(line: Line): Block[] {
    const match = PRE.exec(line.text);
    const start = match?.index ?? 0;
    const before = line.text.slice(0, start);
    const result: Block[] = [];
    if (before.trim() !== '') {
      const children = textileInlines(before);
      const span = { start: line.start, end: line.start + before.trimEnd().length };
      if (children.length > 0) result.push({ type: 'paragraph', children, span });
    }
    const parts: string[] = [];
    let text = line.text.slice(start + (match?.[0].length ?? 0));
    let current: Line | undefined = line;
    let last = line;
    let end: number | undefined;
    while (current) {
      last = current;
      this.at++;
      const close = /<\/pre\s*>/i.exec(text);
      if (close) {
        parts.push(text.slice(0, close.index));
        const tail = text.slice(close.index + close[0].length);
        end = current.end - tail.length;
        if (tail.trim() !== '') {
          this.at--;
          this.lines[this.at] = {
            text: tail.trimStart(),
            start: current.end - tail.trimStart().length,
            end: current.end,
          };
        }
        break;
      }
      parts.push(text);
      current = this.line;
      text = current?.text ?? '';
    }
    result.push({ ...codeBlock(parts.join('\n')), span: { start: line.start + start, end: end ?? last.end } });
    return result;
  }

  private quote(first: Line, depth: number): Block {
    const inner: Line[] = [];
    let last = first;
    for (let line = this.line; line?.text.startsWith('>'); line = this.line) {
      const text = line.text.replace(/^> ?/, '').replace(/^ +(?=>)/, '');
      inner.push({ text, start: line.end - text.length, end: line.end });
      last = line;
      this.at++;
      // code within a quote continues to its own end; its lines carry no sign
      const code = text.search(PRE);
      if (code < 0 || /<\/pre\s*>/i.test(text.slice(code))) continue;
      for (let more = this.line; more; more = this.line) {
        inner.push(more);
        last = more;
        this.at++;
        if (/<\/pre\s*>/i.test(more.text)) break;
      }
    }
    const children = new Reader(inner).blocks(depth + 1);
    return { type: 'quote', children: children.map(withoutPlaces), span: spanOf(first, last) };
  }

  /** `{{collapse(Title)` … `}}`, or a macro on a line of its own. */
  private macro(first: Line, match: RegExpExecArray, depth: number): Block | undefined {
    const [, name = '', parameters = '', closed] = match;
    if (closed) {
      this.at++;
      const source = first.text.trim();
      const span = spanOf(first, first);
      return { type: 'vendorBlock', vendor: 'redmine', source, name: `macro ${name}`, children: [], span };
    }
    let end = this.at + 1;
    for (let open = 1; end < this.lines.length; end++) {
      const text = this.lines[end]?.text.trimEnd() ?? '';
      if (MACRO.test(text) && !text.endsWith('}}')) open++;
      else if (text === '}}') open--;
      if (open === 0) break;
      if (end - this.at > 5000) return undefined;
    }
    const last = this.lines[end];
    if (!last) return undefined;
    const body = this.lines.slice(this.at + 1, end);
    const children = new Reader(body.map((line) => ({ ...line }))).blocks(depth + 1).map(withoutPlaces);
    const span = spanOf(first, last);
    const source = [first, ...body, last].map(({ text }) => text).join('\n');
    this.at = end + 1;
    if (name === 'collapse') return { type: 'expand', title: parameters.split(',')[0]?.trim() ?? '', children, span };
    return { type: 'vendorBlock', vendor: 'redmine', source, name: `macro ${name}`, children, span };
  }

  private list(): List {
    const items: SignedItem[] = [];
    for (let line = this.line; line; line = this.line) {
      const match = LIST.exec(line.text);
      const current = items.at(-1);
      if (match) {
        const item: SignedItem = { signs: match[1] ?? '', content: [], start: line.start, end: line.end };
        items.push(item);
        this.itemLine(item, line, match[3] ?? '');
      } else if (line.text.trim() === '' || !current) break;
      // code belongs to its item, wherever it starts: Redmine takes it out before it looks for lists
      else if (this.interrupts(line) && (line.text.startsWith('>') || !PRE.test(line.text))) break;
      else this.itemLine(current, line, line.text.trim());
    }
    const top = items[0]?.signs.length ?? 1;
    return nested(SIGNS, items, top);
  }

  /** A line of an item, `text` or `text <pre>…</pre>`. Text after the code is the next line. */
  private itemLine(item: SignedItem, line: Line, text: string): void {
    const offset = line.text.search(PRE);
    item.end = line.end;
    if (offset < 0) {
      item.content.push(text);
      this.at++;
      return;
    }
    const before = text.slice(0, Math.max(0, text.length - (line.text.length - offset))).trim();
    if (before !== '') item.content.push(before);
    const from = this.at;
    this.lines[from] = { ...line, text: line.text.slice(offset), start: line.start + offset };
    append(item.content, this.preformatted(this.lines[from] as Line).map(withoutPlaces));
    item.end = (this.lines[Math.max(from, this.at - 1)] ?? line).end;
  }

  /** A block is a table if a row reaches its closing bar. */
  private isTable(): boolean {
    for (let index = this.at; index < this.lines.length && index < this.at + 200; index++) {
      const text = this.lines[index]?.text ?? '';
      if (text.trim() === '') return false;
      if (text.trimEnd().endsWith('|')) return text.length > 1;
    }
    return false;
  }

  private table(first: Line): Block {
    const rows: TableRow[] = [];
    let last = first;
    if (/^table/.test(first.text)) this.at++;
    for (let line = this.line; line && line.text.trim() !== ''; line = this.line) {
      if (!line.text.includes('|') && rows.length === 0) break;
      if (LIST.test(line.text) || line.text.startsWith('>')) break;
      const start = line;
      let source = line.text;
      this.at++;
      // a row continues over the lines up to its closing bar
      for (let lines = 0; !source.trimEnd().endsWith('|') && lines < 200; lines++) {
        const next = this.line;
        if (!next || next.text.trim() === '') break;
        source += `\n${next.text}`;
        line = next;
        this.at++;
      }
      last = line;
      const children = cellsOf(source);
      if (children.length > 0) rows.push({ type: 'tableRow', children, span: spanOf(start, line) });
    }
    const table: Table = { type: 'table', children: rows, span: spanOf(first, last) };
    return table;
  }
}

function codeBlock(content: string): Block {
  const open = CODE_OPEN.exec(content);
  let value = open ? content.slice(open[0].length).replace(/<\/code\s*>\s*$/i, '') : content;
  value = value.replace(/^\n/, '').replace(/\n$/, '');
  const language = open?.[1]?.trim();
  // outside a highlighted block, Redmine shows entities as characters
  return { type: 'code', ...(language ? { language } : {}), value };
}
