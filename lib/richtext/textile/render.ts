/** Tree → Textile for Redmine. https://www.redmine.org/projects/redmine/wiki/RedmineTextFormattingTextile */

import { joinLines } from '../blanks';
import { flatBlocks, runsOf } from '../flat';
import { linkOf, type Mark, splitAtEmptyLines, tidy, withoutEmptyLines } from '../inline';
import { type Losses, MENTION_AS_NAME } from '../losses';
import { mentionsAsCode } from '../mentions';
import type { Align, Block, Code, Image, Inline, List, ListItem, Table, TableCell, Tree } from '../tree';
import { plainInline } from '../tree';
import { joinPieces, type Piece } from './escape';

/** Outermost first: the order in which Redmine looks for signs, so that each is found. */
const ORDER: readonly Mark['type'][] = [
  'link',
  'strong',
  'delete',
  'emphasis',
  'colour',
  'underline',
  'superscript',
  'subscript',
];

/** Writes a tree as Textile. */
export function renderTextile(tree: Tree, losses: Losses): string {
  return new Writer(losses).blocks(tree.children).join('\n\n');
}

const SIGN: Partial<Record<Align, string>> = { center: '=', right: '>' };

class Writer {
  /** signs of the phrases that are open */
  private readonly open: string[] = [];

  constructor(private readonly losses: Losses) {}

  blocks(nodes: readonly Block[]): string[] {
    return nodes.flatMap((node) => this.block(node)).filter((part) => part !== '');
  }

  private block(node: Block): string[] {
    switch (node.type) {
      case 'paragraph':
        return this.paragraphs(node.children, node.align);
      case 'heading': {
        const content = this.inline(withoutEmptyLines(tidy(node.children, ORDER)), false, false);
        return [`h${node.depth}${(node.align && SIGN[node.align]) ?? ''}. ${content}`];
      }
      case 'list':
        return [this.list(node, '').join('\n')];
      case 'quote':
        return [this.quote(node.children)];
      case 'code':
        return [...this.codeTitle(node), this.code(node)];
      case 'rule':
        return ['---'];
      case 'table':
        return [this.table(node)];
      case 'panel': {
        this.losses.add('panel', 'A panel is shown as a quote.');
        const title: Block[] = node.title
          ? [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: node.title }] }] }]
          : [];
        return [this.quote([...title, ...node.children])];
      }
      case 'expand': {
        const title = noLink(node.title.replace(/[,(){}\s]+/g, ' ')).trim();
        const head = title === '' ? '{{collapse' : `{{collapse(${title})`;
        return [[head, ...this.blocks(node.children), '}}'].join('\n\n')];
      }
      case 'footnoteDefinition': {
        const inner = tidy(flatBlocks(node.children, this.losses, 'a footnote'), ORDER);
        const content = this.inline(withoutEmptyLines(inner), false, false);
        if (/^\d{1,4}$/.test(node.label)) return [`fn${node.label}. ${content}`];
        this.losses.add('footnote', 'A footnote whose label is no number is shown as a paragraph.');
        return [`p. [${node.label}] ${content}`];
      }
      case 'vendorBlock':
        if (node.vendor === 'redmine') return [node.source];
        if (node.name !== 'comment')
          this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Textile.`);
        return this.blocks(node.children);
    }
  }

  private paragraphs(nodes: readonly Inline[], align: Align | undefined): string[] {
    const sign = align && SIGN[align];
    return splitAtEmptyLines(tidy(nodes, ORDER)).map((part) =>
      sign ? `p${sign}. ${this.inline(part, false, false)}` : this.inline(part, true, false),
    );
  }

  /** Each line with its sign. Lines of code carry none, because code is taken literally. */
  private quote(nodes: readonly Block[]): string {
    let inCode = false;
    return this.blocks(nodes)
      .join('\n\n')
      .split('\n')
      .map((line) => {
        const shown = inCode ? line : line === '' ? '>' : `> ${line}`;
        const open = line.lastIndexOf('<pre>');
        const close = line.lastIndexOf('</pre>');
        if (open > close) inCode = true;
        else if (close > open) inCode = false;
        return shown;
      })
      .join('\n');
  }

  private codeTitle({ title }: Code): string[] {
    if (!title) return [];
    this.losses.add('code-title', 'The title of a code block is shown as a line above it.');
    return this.blocks([
      { type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: title }] }] },
    ]);
  }

  private code(node: Code): string {
    let { value } = node;
    if (/<\/?(?:pre|code|notextile|kbd)\b/i.test(value)) {
      this.losses.add('code-tags', 'Tags such as </pre> within code are shown with &lt; in Textile.');
      value = value.replace(/<(?=\/?(?:pre|code|notextile|kbd)\b)/gi, '&lt;');
    }
    return node.language ? `<pre><code class="${node.language}">\n${value}\n</code></pre>` : `<pre>\n${value}\n</pre>`;
  }

  private list(node: List, outer: string): string[] {
    if (node.start !== undefined) this.losses.add('list-start', 'A numbered list starts at 1 in Textile.');
    const signs = `${outer}${node.ordered ? '#' : '*'}`.slice(0, 40);
    return node.children.flatMap((item) => this.item(item, signs));
  }

  private item(item: ListItem, signs: string): string[] {
    const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
    if (box) this.losses.add('task', 'The box of a task is shown as [ ] or [x].');
    const lists = item.children.filter((child) => child.type === 'list');
    const others = item.children.filter((child) => child.type !== 'list');
    const runs = runsOf(others, ({ type }) => type === 'code');
    if (runs.some((run) => run.length > 1 || (run[0]?.type !== 'paragraph' && run[0]?.type !== 'code')))
      this.losses.add('item-blocks', 'Several paragraphs or other blocks in a list item are shown as lines of it.');
    let content = '';
    for (const run of runs) {
      const [code] = run;
      if (code?.type === 'code') content += ` ${this.code(code)}`;
      else {
        const inner = withoutEmptyLines(tidy(flatBlocks(run, this.losses, 'a list item'), ORDER));
        // text after code needs a line of its own
        content += content === '' ? this.inline(inner, false, false) : `\n${this.inline(inner, true, false)}`;
      }
    }
    const line = `${signs} ${box}${content}`;
    const head = content === '' && box === '' ? (lists.length > 0 ? [] : [`${signs} &nbsp;`]) : [line];
    return [...head, ...lists.flatMap((list) => this.list(list, signs))];
  }

  private table(node: Table): string {
    return node.children.map((row) => `|${row.children.map((cell) => `${this.cell(cell)}|`).join('')}`).join('\n');
  }

  private cell(cell: TableCell): string {
    const modifiers = [
      cell.header ? '_' : '',
      cell.colspan ? `\\${cell.colspan}` : '',
      cell.rowspan ? `/${cell.rowspan}` : '',
      cell.align === 'center' ? '=' : cell.align === 'right' ? '>' : cell.align === 'left' ? '<' : '',
      cell.background ? `{background:${cell.background}}` : '',
    ].join('');
    const inner = withoutEmptyLines(tidy(flatBlocks(cell.children, this.losses), ORDER));
    const content = this.inline(inner, false, true);
    if (modifiers !== '') return `${modifiers}. ${content}`;
    // text that looks like a modifier but is not one
    return content === '' ? ' ' : content.replace(/^[\s_\\/<>=^~({[-](?=[^|]{0,100}\.)/, (char) => ` ${char}`);
  }

  private inline(nodes: readonly Inline[], firstLine: boolean, inCell: boolean): string {
    const pieces: Piece[] = [];
    for (const node of nodes) this.pieces(node, pieces, inCell);
    return joinPieces(merged(pieces), firstLine, inCell);
  }

  private pieces(node: Inline, into: Piece[], inCell: boolean): void {
    const phrase = (open: string, close: string, children: readonly Inline[]): void => {
      into.push({ kind: 'open', value: open });
      this.open.push(close);
      for (const child of children) this.pieces(child, into, inCell);
      this.open.pop();
      into.push({ kind: 'close', value: close });
    };
    const text = (value: string): void => {
      into.push({ kind: 'text', value: joinLines(value, ' ') });
    };
    switch (node.type) {
      case 'text':
        text(node.value);
        return;
      case 'break':
        into.push({ kind: 'break', value: '\n' });
        return;
      case 'strong':
        phrase('*', '*', node.children);
        return;
      case 'emphasis':
        phrase('_', '_', node.children);
        return;
      case 'delete':
        phrase('-', '-', node.children);
        return;
      case 'underline':
        phrase('+', '+', node.children);
        return;
      case 'superscript':
        phrase('^', '^', node.children);
        return;
      case 'subscript':
        phrase('~', '~', node.children);
        return;
      case 'colour': {
        const style = [node.color && `color:${node.color}`, node.background && `background:${node.background}`];
        phrase(`%{${style.filter(Boolean).join(';')}}`, '%', node.children);
        return;
      }
      case 'link':
        this.link(node, into, inCell);
        return;
      case 'inlineCode':
        if (mentionsAsCode(node.value) && !NO_TAG.test(node.value) && !(inCell && node.value.includes('|')))
          into.push({ kind: 'fixed', value: `<code>${node.value}</code>` });
        else into.push({ kind: 'fixed', edge: 'word', value: `@${codeText(node.value, inCell)}@` });
        return;
      case 'image':
        into.push({ kind: 'fixed', edge: 'start', value: imageText(node) });
        return;
      case 'footnoteReference':
        if (/^\d{1,4}$/.test(node.label)) into.push({ kind: 'fixed', value: `[${node.label}]` });
        else text(`[${node.label}]`);
        return;
      case 'wikiLink':
        into.push({ kind: 'fixed', value: `[[${node.page}${node.text === undefined ? '' : `|${node.text}`}]]` });
        return;
      case 'vendorInline': {
        if (node.vendor === 'redmine') {
          into.push({ kind: 'fixed', value: node.source });
          return;
        }
        this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Textile.`);
        const link = linkOf(node);
        if (link) this.link(link, into, inCell);
        else text(node.text);
        return;
      }
      case 'status':
        this.losses.add('status', 'A status mark is shown in bold.');
        phrase('*', '*', [{ type: 'text', value: node.text.trim() || ' ' }]);
        return;
      case 'mention':
        this.losses.add('mention', MENTION_AS_NAME);
        text(`@${node.name}`);
        return;
      case 'emoji':
      case 'date':
        text(plainInline([node]));
        return;
    }
  }

  private link(node: Inline & { type: 'link' }, into: Piece[], inCell: boolean): void {
    const label = plainInline(node.children);
    const url = safeTarget(node.url, inCell);
    const [only] = node.children;
    if (node.children.length === 1 && only?.type === 'image') {
      into.push({ kind: 'fixed', edge: 'start', value: `${imageText(only)}:${url}` });
      return;
    }
    if (
      label === node.url &&
      /^(?:https?|ftp):\/\/\S+$/.test(url) &&
      !/[).,;:!?'"*_~^%|\]}]$/.test(url) &&
      node.children.length === 1
    ) {
      into.push({ kind: 'fixed', edge: 'space', value: url });
      return;
    }
    const titled = node.title ? `(${node.title.replace(/[()"\s]+/g, ' ').trim()})` : '';
    if (!/^(?:\/|#|[a-z][a-z0-9+.-]*:\/\/|www\.|mailto:)/i.test(url)) {
      // Textile links only URLs that start with a scheme or a slash
      this.losses.add('relative-link', 'A link to a relative address is shown as text with the address behind it.');
      for (const child of node.children) this.pieces(child, into, inCell);
      if (label !== node.url) into.push({ kind: 'text', value: ` (${node.url})` });
      return;
    }
    const inner: Piece[] = [];
    for (const child of node.children) this.pieces(child, inner, inCell);
    let content = joinPieces(merged(inner), false, inCell, this.open).replaceAll('"', '&quot;').replaceAll('\n', ' ');
    if (content.endsWith(')') && titled === '') content = `${content.slice(0, -1)}&#41;`;
    into.push({ kind: 'fixed', edge: 'space', value: `"${content || url}${titled}":${url}` });
  }
}

const merged = (pieces: readonly Piece[]): Piece[] => {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (piece.kind === 'text' && last?.kind === 'text') last.value += piece.value;
    else if (piece.value !== '') result.push({ ...piece });
  }
  return result;
};

/** Characters that are not possible within <code>. */
const NO_TAG = /[\n@]|<\/?(?:pre|code|kbd|notextile)\b/i;

/** Code between @: characters that would end it, or be read as an entity or a tag, are written as entities. */
const codeText = (value: string, inCell: boolean): string =>
  value
    .replace(/&(?=#?\w{1,32};)/g, '&amp;')
    .replaceAll('@', '&#64;')
    .replace(/<(?=\/?(?:pre|code|kbd|notextile)\b|!--)/gi, '&lt;')
    .replace(inCell ? /\|/g : /(?!)/g, '&#124;')
    .replace(/^\|/, '&#124;')
    .replace(/\s*\n\s*/g, ' ');

/** For places that take no entity: without the quote that would turn the following text into a link. */
const noLink = (value: string): string => value.replaceAll('":', "':");

function imageText(node: Image): string {
  if (node.thumbnail) return `{{thumbnail(${node.url.replace(/[{}()|,\s"]/g, encodeURIComponent)})}}`;
  const px = (value: number | string): string => (typeof value === 'number' ? `${value}px` : value);
  const style = [
    node.width === undefined ? '' : `width:${px(node.width)}`,
    node.height === undefined ? '' : `height:${px(node.height)}`,
  ].filter((part) => part !== '');
  const align = node.align === 'left' ? '<' : node.align === 'right' ? '>' : node.align === 'center' ? '=' : '';
  const url = node.url.replace(
    /[\s!(|"]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
  const alt = noLink(node.alt ?? node.title ?? '')
    .replace(/[()\s]+/g, ' ')
    .replaceAll('!', '&#33;')
    .replaceAll('|', '&#124;')
    .trim();
  return `!${align}${style.length > 0 ? `{${style.join(';')}}` : ''}${url}${alt ? `(${alt})` : ''}!`;
}

/** A URL without characters that would end it. */
function safeTarget(url: string, inCell: boolean): string {
  const encoded = url.replace(/[\s"<>]/g, (char) => encodeURIComponent(char));
  const bars = inCell ? encoded.replaceAll('|', '%7C') : encoded;
  return bars.replace(/[.,;:!?'*~^@\]}]+$/, (end) =>
    [...end].map((char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
  );
}
