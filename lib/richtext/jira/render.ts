/** Tree → Jira wiki markup. https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all */

import { joinLines } from '../blanks';
import { signOf } from '../emoji';
import { cellGrid, flatBlocks, runsOf } from '../flat';
import { linkOf, splitAtEmptyLines, tidy, withoutEmptyLines } from '../inline';
import { type Losses, MENTION_AS_NAME } from '../losses';
import type { Block, Code, Image, Inline, List, ListItem, Mention, Panel, Table, TableCell, Tree } from '../tree';
import { plainInline } from '../tree';
import { isAccountId } from './accounts';
import { groundOf } from './panels';

/** Writes a tree as Jira wiki markup. */
export function renderJira(tree: Tree, losses: Losses): string {
  return new Writer(losses).blocks(tree.children).join('\n\n');
}

const SIGNS = {
  strong: '*',
  emphasis: '_',
  delete: '-',
  underline: '+',
  superscript: '^',
  subscript: '~',
} as const;
const WORD = /[\p{L}\p{N}]/u;

class Writer {
  constructor(private readonly losses: Losses) {}

  blocks(nodes: readonly Block[]): string[] {
    return nodes.flatMap((node) => this.block(node)).filter((part) => part !== '');
  }

  private block(node: Block): string[] {
    switch (node.type) {
      case 'paragraph':
        if (node.align) this.losses.add('alignment', 'Text is left-aligned in Jira wiki markup.');
        return splitAtEmptyLines(tidy(node.children)).map((part) => this.inline(part, true));
      case 'heading':
        if (node.align) this.losses.add('alignment', 'Text is left-aligned in Jira wiki markup.');
        if (node.children.some(({ type }) => type === 'break')) this.losses.add('heading-break', HEADING_BREAK);
        return [`h${node.depth}. ${this.inline(oneLine(tidy(node.children)), false)}`];
      case 'list':
        return [this.list(node, '').join('\n')];
      case 'quote': {
        const inner = this.blocks(this.contained(node.children, 'quote')).join('\n\n');
        return [`{quote}\n${inner}\n{quote}`];
      }
      case 'code':
        return [this.code(node)];
      case 'rule':
        return ['----'];
      case 'table':
        return [this.table(node)];
      case 'panel':
        return [this.panel(node)];
      case 'expand': {
        this.losses.add('expand', 'A folded block is shown unfolded, in a panel.');
        return [this.panel({ type: 'panel', kind: 'plain', title: node.title, children: node.children })];
      }
      case 'footnoteDefinition': {
        this.losses.add('footnote', 'Footnotes are shown as plain paragraphs.');
        const inner = tidy([{ type: 'text', value: `[${node.label}] ` }, ...flatBlocks(node.children, this.losses)]);
        return [this.inline(withoutEmptyLines(inner), true)];
      }
      case 'vendorBlock':
        if (node.vendor === 'jira-wiki') return [node.source];
        if (node.name !== 'comment')
          this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Jira wiki markup.`);
        return this.blocks(node.children);
    }
  }

  /** A macro cannot contain itself: a nested one is written without its box. */
  private contained(nodes: readonly Block[], type: 'quote' | 'panel'): Block[] {
    return nodes.flatMap((node) => {
      if (node.type === type || (type === 'panel' && node.type === 'expand')) {
        this.losses.add(`nested-${type}`, `A ${type} within a ${type} is shown without its box.`);
        const title: Block[] =
          'title' in node && node.title
            ? [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: node.title }] }] }]
            : [];
        return [...title, ...this.contained('children' in node ? (node.children as Block[]) : [], type)];
      }
      if (node.type === 'quote' || node.type === 'panel' || node.type === 'expand')
        return [{ ...node, children: this.contained(node.children, type) }];
      return [node];
    });
  }

  private panel(node: Panel): string {
    const background = node.background ?? groundOf(node.kind);
    const title = node.title
      ?.replace(/[|{}\n]+/g, ' ')
      .replace(/[[\]]/g, round)
      .trim();
    const given = [title && `title=${title}`, background && `bgColor=${background}`].filter(Boolean).join('|');
    if (!background && node.kind !== 'plain')
      this.losses.add('panel-kind', 'The kind of a panel is not shown in Jira wiki markup.');
    const inner = this.blocks(this.contained(node.children, 'panel')).join('\n\n');
    return `{panel${given ? `:${given}` : ''}}\n${inner}\n{panel}`;
  }

  private code(node: Code): string {
    const title = node.title
      ?.replace(/[|{}\n]+/g, ' ')
      .replace(/[[\]]/g, round)
      .trim();
    const given = [node.language, title && `title=${title}`].filter(Boolean).join('|');
    let name = 'code';
    let { value } = node;
    if (value.includes('{code}')) {
      if (!value.includes('{noformat}')) name = 'noformat';
      else {
        this.losses.add('code-end', 'A {code} within code is shown as {code }.');
        value = value.replaceAll('{code}', '{code }');
      }
    }
    if (name === 'noformat' && node.language)
      this.losses.add('code-language', 'Code that contains {code} is shown without its language.');
    return `{${name}${given && name === 'code' ? `:${given}` : ''}}\n${value}\n{${name}}`;
  }

  private list(node: List, outer: string): string[] {
    if (node.start !== undefined) this.losses.add('list-start', 'A numbered list starts at 1 in Jira wiki markup.');
    const signs = `${outer}${node.ordered ? '#' : '*'}`.slice(0, 38);
    return node.children.flatMap((item) => this.item(item, signs));
  }

  private item(item: ListItem, signs: string): string[] {
    const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
    if (box) this.losses.add('task', 'The box of a task is shown as [ ] or [x].');
    const lists = item.children.filter((child) => child.type === 'list');
    const others = item.children.filter((child) => !lists.includes(child as List));
    const runs = runsOf(others, ({ type }) => type === 'code' || type === 'quote' || type === 'panel');
    if (runs.some((run) => run.length > 1 || !ITEM_PARTS.has(run[0]?.type ?? 'paragraph')))
      this.losses.add('item-blocks', 'Several paragraphs or other blocks in a list item are shown as lines of it.');
    const lines = runs.flatMap((run, index): string[] => {
      const [macro] = run;
      if (macro && (macro.type === 'code' || macro.type === 'quote' || macro.type === 'panel'))
        return this.block(macro);
      const inner = withoutEmptyLines(tidy(flatBlocks(run, this.losses, 'a list item')));
      const content = this.inline(inner, index > 0);
      return content === '' ? [] : [content];
    });
    const [first] = others;
    const startsWithMacro =
      first !== undefined && first.type !== 'paragraph' && runs[0]?.[0] === first && lines[0]?.startsWith('{');
    if (lines.length === 0 && box === '') {
      if (lists.length > 0) return lists.flatMap((list) => this.list(list, signs));
      return [`${signs} \u00a0`];
    }
    const head = startsWithMacro
      ? [`${signs} ${box}`, ...lines]
      : [`${signs} ${box}${lines[0] ?? ''}`, ...lines.slice(1)];
    return [head.join('\n'), ...lists.flatMap((list) => this.list(list, signs))];
  }

  private table(node: Table): string {
    const { grid, merged } = cellGrid(node);
    if (merged) this.losses.add('merged-cells', 'Merged cells are shown as one cell and empty ones.');
    return grid.map((cells) => this.row(cells)).join('\n');
  }

  /** @param cells undefined at places covered by a merged cell */
  private row(cells: readonly (TableCell | undefined)[]): string {
    let row = '';
    for (const cell of cells) {
      if (!cell) {
        row += '| ';
        continue;
      }
      if (cell.background) this.losses.add('cell-colour', 'The colour of a table cell is not shown.');
      if (cell.align && cell.align !== 'left')
        this.losses.add('cell-alignment', 'Table cells are aligned to the left in Jira wiki markup.');
      const bar = cell.header ? '||' : '|';
      row += `${bar}${this.cell(cell)}`;
    }
    return `${row}${cells.at(-1)?.header ? '||' : '|'}`;
  }

  private cell(cell: TableCell): string {
    const simple = cell.children.every((node) => node.type === 'paragraph' || node.type === 'list' || fitsCell(node));
    const nodes: Block[] = simple
      ? cell.children
      : [{ type: 'paragraph', children: flatBlocks(cell.children, this.losses) }];
    const parts = nodes.map((node) =>
      node.type === 'list'
        ? this.list(node, '').join('\n')
        : node.type === 'code'
          ? this.code(node)
          : this.inline(withoutEmptyLines(tidy(node.type === 'paragraph' ? node.children : [])), true),
    );
    const content = parts.filter((part) => part !== '').join('\n');
    return content === '' ? ' ' : content;
  }

  /** Inline nodes as one text. @param firstLine true if the text starts a line of its own */
  private inline(nodes: readonly Inline[], firstLine: boolean): string {
    const parts: string[] = [];
    nodes.forEach((node, index) => {
      const next = nodes[index + 1];
      parts.push(this.node(node, parts.at(-1) ?? '', next ? plainStart(next) : ''));
    });
    return parts
      .join('')
      .split('\n')
      .map((line, index) => (index > 0 || firstLine ? escapeStart(line) : line))
      .join('\n');
  }

  /**
   * @param before the text before it on the line
   * @param after the start of the text that follows: a sign that touches a word is written in braces
   */
  private node(node: Inline, before: string, after: string): string {
    switch (node.type) {
      case 'text':
        return escapeText(node.value);
      case 'break':
        return '\n';
      case 'strong':
      case 'emphasis':
      case 'delete':
      case 'underline':
      case 'superscript':
      case 'subscript': {
        const sign = SIGNS[node.type];
        const inner = this.inline(node.children, false);
        const touching = WORD.test(before.at(-1) ?? ' ') || WORD.test(after[0] ?? ' ') || before.endsWith(sign);
        return touching ? `{${sign}}${inner}{${sign}}` : `${sign}${inner}${sign}`;
      }
      case 'colour':
        if (node.background) this.losses.add('background', 'The colour behind text is not shown in Jira wiki markup.');
        return node.color
          ? `{color:${node.color}}${this.inline(node.children, false)}{color}`
          : this.inline(node.children, false);
      case 'inlineCode':
        return this.monospace(node.value);
      case 'link':
        return this.link(node);
      case 'image':
        return image(node);
      case 'mention':
        // an account id of Jira Cloud means nothing in a Data Center: the name is written instead, if it is known
        if (node.vendor === 'jira' && node.id && !NO_ID.test(node.id + node.name) && isOnlyId(node))
          return node.name.startsWith('accountid:') || !isAccountId(node.id)
            ? `[~${node.name}]`
            : `[~accountid:${node.id}]`;
        this.losses.add('mention', MENTION_AS_NAME);
        return escapeText(`@${node.name}`);
      case 'emoji':
        return signOf(node) && isFree(before, after) ? (signOf(node) ?? '') : escapeText(plainInline([node]));
      case 'status': {
        this.losses.add('status', 'A status mark is shown in bold.');
        return `*${escapeText(node.text)}*`;
      }
      case 'vendorInline': {
        if (node.vendor === 'jira-wiki') return node.source;
        this.losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in Jira wiki markup.`);
        const link = linkOf(node);
        return link ? this.link(link) : escapeText(node.text);
      }
      case 'wikiLink':
        this.losses.add('wiki-link', 'A link to a page of a wiki is shown as text.');
        return escapeText(plainInline([node]));
      case 'footnoteReference':
        return `^${escapeText(`[${node.label}]`)}^`;
      case 'date':
        return escapeText(node.date);
    }
  }

  private monospace(value: string): string {
    const shown = value.replace(/\s*\n\s*/g, ' ');
    return `{{${shown.replaceAll('\\', '&#92;').replace(/&#(?=\d+;)(?!92;)|[*_?\-+^~{}[\]|!]/g, '\\$&')}}}`;
  }

  private link(node: Inline & { type: 'link' }): string {
    const attached = /^attachment:(.+)$/.exec(node.url)?.[1];
    const label = plainInline(node.children);
    if (attached && label === attached) return `[^${attached}]`;
    const url = node.url.replace(/[\s|[\]{}]/g, (char) => encodeURIComponent(char));
    const isShown = label === node.url && !label.startsWith('mailto:');
    if (isShown || label === '' || `mailto:${label}` === node.url) {
      const [only] = node.children;
      if (only?.type !== 'image') return `[${url}]`;
    }
    // `[^` would name an attachment, `[~` a user
    const inner = this.inline(node.children, false)
      .replaceAll('\n', ' ')
      .replace(/^([\^~])([^^~]*)\1/, '{$1}$2{$1}');
    const tip = node.title ? `|${node.title.replace(/[|[\]\n]+/g, ' ')}` : '';
    return `[${inner}|${url}${tip}]`;
  }
}

/** Blocks that a list item can hold unchanged. */
const ITEM_PARTS = new Set<Block['type']>(['paragraph', 'code', 'quote', 'panel']);

/** In a parameter, brackets could be read as a link. */
const round = (bracket: string): string => (bracket === '[' ? '(' : ')');

/** True if the only known name is the account id. */
const isOnlyId = ({ id, name }: Mention): boolean => name === id || name === `accountid:${id}`;

/** Characters that no account name contains and that would end the mention. */
const NO_ID = /[[\]{}|\n\\]/;

/** A macro is opaque: a bar or an empty line inside it ends neither the cell nor the row. */
const fitsCell = (node: Block): boolean => node.type === 'code';

export const HEADING_BREAK = 'A line break in a heading is shown as a blank.';

const oneLine = (nodes: readonly Inline[]): Inline[] =>
  nodes.map((node) => (node.type === 'break' ? { type: 'text', value: ' ' } : node));

const plainStart = (node: Inline): string => plainInline([node]).slice(0, 2);

const isFree = (before: string, after: string): boolean =>
  !WORD.test(before.at(-1) ?? ' ') && !WORD.test(after[0] ?? ' ');

/** Puts a backslash before signs that could have a meaning. Within words and beside spaces, most signs have none. */
function escapeText(value: string): string {
  return joinLines(value, ' ').replace(/\\|&#|[{}[\]|]|[*_+^~-]|\?\?|!(?=[^\s!])|[:;(]/g, (sign, at: number) => {
    const before = value[at - 1];
    const after = value[at + sign.length];
    // a backslash cannot be escaped: two of them are a line break
    if (sign === '\\') return '&#92;';
    if (sign === '&#') return /^&#\d+;/.test(value.slice(at, at + 10)) ? '\\&#' : sign;
    if ('{}[]|'.includes(sign)) return `\\${sign}`;
    if (sign.startsWith('!')) return before !== undefined && WORD.test(before) ? sign : `\\${sign}`;
    if (':;('.includes(sign))
      return /^(?::[)(PD]|;\)|\((?:[ynix/!+?*-]|on)\))/.test(value.slice(at, at + 4)) ? `\\${sign}` : sign;
    if (sign === '-' && (before === '-' || after === '-')) return `\\${sign}`;
    const opens = (before === undefined || !WORD.test(before)) && after !== undefined && !/\s/.test(after);
    const closes = before !== undefined && !/\s/.test(before) && (after === undefined || !WORD.test(after));
    return opens || closes || before === undefined || after === undefined ? `\\${sign}` : sign;
  });
}

/** A line that would start a block. */
function escapeStart(line: string): string {
  if (/^[ \t]*(?:h[1-6]|bq)\./.test(line)) return line.replace(/\./, '\\.');
  if (/^[ \t]*[*#-]+[ \t]/.test(line) || /^[ \t]*-{4,}[ \t]*$/.test(line)) return line.replace(/[*#-]/, '\\$&');
  return line;
}

/** The name of an attachment, which Jira does not decode; undefined for other addresses. */
function fileNameIn(url: string): string | undefined {
  if (/[/:?#]/.test(url)) return undefined;
  try {
    return decodeURIComponent(url);
  } catch {
    return undefined;
  }
}

function image(node: Image): string {
  const px = (value: number | string): string => (typeof value === 'number' ? `${value}` : value);
  const clean = (value: string): string =>
    value
      .replace(/[|!,={}\n]+/g, ' ')
      .replace(/[[\]]/g, round)
      .trim();
  const given = [
    node.thumbnail ? 'thumbnail' : '',
    node.width === undefined ? '' : `width=${px(node.width)}`,
    node.height === undefined ? '' : `height=${px(node.height)}`,
    node.alt ? `alt=${clean(node.alt)}` : '',
    node.title ? `title=${clean(node.title)}` : '',
    node.align ? `align=${node.align}` : '',
  ].filter((part) => part !== '');
  const source = fileNameIn(node.url) ?? node.url;
  // a name may contain brackets, but nothing that would be a link inside it
  const inner = /\[\s*[a-z]+:/i.test(source) ? source.replace(/[[\]]/g, encodeURIComponent) : source;
  const url = inner.replace(/[!|{}\s]/g, (char) => (char === ' ' ? ' ' : encodeURIComponent(char)));
  return `!${url}${given.length > 0 ? `|${given.join(',')}` : ''}!`;
}
