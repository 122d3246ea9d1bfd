/** Tree → HTML, from a fixed set of elements and attributes. Everything else is escaped text. */

import { linkOf } from '../inline';
import { type Losses, MENTION_AS_NAME } from '../losses';
import {
  type Align,
  type Block,
  type Inline,
  type ListItem,
  onlyParagraph,
  plainInline,
  type Table,
  type TableCell,
  type Tree,
} from '../tree';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\u00a0': '&nbsp;' };

export const escapeHtml = (value: string): string => value.replace(/[&<>"\u00a0]/g, (char) => ESCAPES[char] ?? char);

/** Writes a tree as HTML, one block per line. */
export function renderHtml(tree: Tree, losses: Losses): string {
  return blocks(tree.children, losses).join('\n');
}

const attr = (name: string, value: string | number | undefined): string =>
  value === undefined || value === '' ? '' : ` ${name}="${escapeHtml(String(value))}"`;

const style = (declarations: Record<string, string | undefined>): string => {
  const parts = Object.entries(declarations).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  return attr('style', parts.join('; '));
};

const aligned = (align: Align | undefined): string =>
  align === undefined || align === 'left' ? '' : style({ 'text-align': align });

const blocks = (nodes: readonly Block[], losses: Losses): string[] =>
  nodes.map((node) => block(node, losses)).filter((html) => html !== '');

function block(node: Block, losses: Losses): string {
  switch (node.type) {
    case 'paragraph':
      return `<p${aligned(node.align)}>${renderHtmlInline(node.children, losses)}</p>`;
    case 'heading':
      return `<h${node.depth}${aligned(node.align)}>${renderHtmlInline(node.children, losses)}</h${node.depth}>`;
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul';
      const items = node.children.map((item) => listItem(item, losses)).join('\n');
      return `<${tag}${attr('start', node.start)}>\n${items}\n</${tag}>`;
    }
    case 'quote':
      return `<blockquote>\n${blocks(node.children, losses).join('\n')}\n</blockquote>`;
    case 'code': {
      if (node.title) losses.add('code-title', 'The title of a code block is shown as a line above it.');
      const above = node.title ? `<p><strong>${escapeHtml(node.title)}</strong></p>\n` : '';
      return `${above}<pre><code${attr('class', node.language && `language-${node.language}`)}>${preText(node.value)}</code></pre>`;
    }
    case 'rule':
      return '<hr>';
    case 'table':
      return table(node, losses);
    case 'panel': {
      const ground = style({ 'background-color': node.background });
      const title = node.title ? `<p class="panel-title"><strong>${escapeHtml(node.title)}</strong></p>\n` : '';
      const head = `<div class="panel panel-${node.kind}"${ground}>`;
      return `${head}\n${title}${blocks(node.children, losses).join('\n')}\n</div>`;
    }
    case 'expand':
      return `<details><summary>${escapeHtml(node.title)}</summary>\n${blocks(node.children, losses).join('\n')}\n</details>`;
    case 'footnoteDefinition': {
      losses.add('footnote', 'Footnotes are shown as plain paragraphs.');
      const [first, ...rest] = node.children;
      const label = `<sup>${escapeHtml(node.label)}</sup> `;
      if (first?.type !== 'paragraph') return [`<p>${label}</p>`, ...blocks(node.children, losses)].join('\n');
      return [`<p>${label}${renderHtmlInline(first.children, losses)}</p>`, ...blocks(rest, losses)].join('\n');
    }
    case 'vendorBlock':
      losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in HTML.`);
      return blocks(node.children, losses).join('\n');
  }
}

/** Browsers do not show a line break at the very end of pre, so a value that ends with one gets a second one. */
const preText = (value: string): string => escapeHtml(value) + (value.endsWith('\n') ? '\n' : '');

function listItem(item: ListItem, losses: Losses): string {
  const box = item.checked === undefined ? '' : `<input type="checkbox" disabled${item.checked ? ' checked' : ''}> `;
  const [first, ...rest] = item.children;
  const tight = first?.type === 'paragraph' && !first.align && rest.every(({ type }) => type === 'list');
  if (!tight) return `<li>${box}${blocks(item.children, losses).join('\n')}</li>`;
  const head = renderHtmlInline(first.children, losses);
  return `<li>${[`${box}${head}`, ...blocks(rest, losses)].join('\n')}</li>`;
}

function table(node: Table, losses: Losses): string {
  const rows = node.children.map((row) => {
    const cells = row.children.map((cell) => tableCell(cell, losses)).join('');
    return { html: `<tr>${cells}</tr>`, header: row.children.every(({ header }) => header === true) };
  });
  let heads = 0;
  while (heads < rows.length && rows[heads]?.header) heads++;
  if (heads === rows.length) heads = 0;
  const section = (tag: string, part: typeof rows): string =>
    part.length === 0 ? '' : `<${tag}>\n${part.map(({ html }) => html).join('\n')}\n</${tag}>\n`;
  return `<table>\n${section('thead', rows.slice(0, heads))}${section('tbody', rows.slice(heads))}</table>`;
}

function tableCell(cell: TableCell, losses: Losses): string {
  const tag = cell.header ? 'th' : 'td';
  const spans = attr('colspan', cell.colspan) + attr('rowspan', cell.rowspan);
  const look = style({
    'text-align': cell.align,
    'background-color': cell.background,
  });
  const only = onlyParagraph(cell.children);
  const content =
    only && !only.align ? renderHtmlInline(only.children, losses) : blocks(cell.children, losses).join('');
  return `<${tag}${spans}${look}>${content}</${tag}>`;
}

const TAGS = {
  strong: 'strong',
  emphasis: 'em',
  delete: 's',
  underline: 'u',
  subscript: 'sub',
  superscript: 'sup',
} as const;

/** Inline nodes as HTML. */
export function renderHtmlInline(nodes: readonly Inline[], losses: Losses): string {
  return nodes.map((node) => inline(node, losses)).join('');
}

function inline(node: Inline, losses: Losses): string {
  switch (node.type) {
    case 'text':
      return escapeHtml(node.value);
    case 'break':
      return '<br>';
    case 'inlineCode':
      return `<code>${escapeHtml(node.value)}</code>`;
    case 'image':
      return `<img${attr('src', node.url)}${attr('alt', node.alt)}${attr('title', node.title)}${imageSize(node)}>`;
    case 'link':
      return `<a${attr('href', node.url)}${attr('title', node.title)}>${renderHtmlInline(node.children, losses)}</a>`;
    case 'colour': {
      const look = style({ color: node.color, 'background-color': node.background });
      return `<span${look}>${renderHtmlInline(node.children, losses)}</span>`;
    }
    case 'mention':
      if (node.vendor === 'azure-devops' && node.id)
        return `<a href="#"${attr('data-vss-mention', `version:2.0,${node.id}`)}>@${escapeHtml(node.name)}</a>`;
      losses.add('mention', MENTION_AS_NAME);
      return escapeHtml(`@${node.name}`);
    case 'status':
      losses.add('status', 'A status mark is shown in bold.');
      return `<strong>${escapeHtml(node.text)}</strong>`;
    case 'wikiLink':
      losses.add('wiki-link', 'A link to a page of a wiki is shown as text.');
      return escapeHtml(plainInline([node]));
    case 'footnoteReference':
      return `<sup>${escapeHtml(node.label)}</sup>`;
    case 'vendorInline': {
      losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in HTML.`);
      const link = linkOf(node);
      return link ? inline(link, losses) : escapeHtml(node.text);
    }
    case 'emoji':
    case 'date':
      return escapeHtml(plainInline([node]));
    default:
      return `<${TAGS[node.type]}>${renderHtmlInline(node.children, losses)}</${TAGS[node.type]}>`;
  }
}

function imageSize(node: Inline & { type: 'image' }): string {
  const float = node.align === 'left' || node.align === 'right' ? style({ float: node.align }) : '';
  return attr('width', node.width) + attr('height', node.height) + float;
}
