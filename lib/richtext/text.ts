/** Plain text ↔ tree: an empty line ends a paragraph, a line end is a line break. */

import type { Losses } from './losses';
import { type Block, type Inline, type ListItem, plainInline, type Table, type Tree } from './tree';

/** Reads plain text. Nothing in it is markup. */
export function parseText(source: string): Tree {
  const children: Block[] = [];
  const paragraphs = /[^\n]+(?:\n(?![ \t]*(?:\n|$))[^\n]*)*/g;
  for (const match of source.matchAll(paragraphs)) {
    const content = match[0];
    if (content.trim() === '') continue;
    const nodes: Inline[] = [];
    for (const line of content.split('\n')) {
      if (line.trim() === '') continue;
      if (nodes.length > 0) nodes.push({ type: 'break' });
      nodes.push({ type: 'text', value: line.trim() });
    }
    children.push({
      type: 'paragraph',
      children: nodes,
      span: { start: match.index, end: match.index + content.length },
    });
  }
  return { type: 'root', children };
}

/** Writes what people read: lists with their signs, tables with a bar between cells, links with their URL. */
export function renderText(tree: Tree, losses: Losses): string {
  return blocks(tree.children, losses).join('\n\n');
}

const blocks = (nodes: readonly Block[], losses: Losses): string[] =>
  nodes.map((node) => block(node, losses)).filter((part) => part !== '');

const indent = (value: string, by: string): string => value.replace(/\n(?!\n)/g, `\n${by}`);

function block(node: Block, losses: Losses): string {
  switch (node.type) {
    case 'paragraph':
      return inline(node.children, losses);
    case 'heading':
      losses.add('heading', 'Headings are shown as plain lines.');
      return inline(node.children, losses);
    case 'list':
      return node.children
        .map((item, index) => {
          const sign = node.ordered ? `${(node.start ?? 1) + index}.` : '-';
          return listItem(item, sign, losses);
        })
        .join('\n');
    case 'quote':
      return blocks(node.children, losses)
        .join('\n\n')
        .split('\n')
        .map((line) => `> ${line}`.trimEnd())
        .join('\n');
    case 'code':
      return node.title ? `${node.title}\n\n${node.value}` : node.value;
    case 'rule':
      return '---';
    case 'table':
      return table(node, losses);
    case 'panel':
    case 'expand':
      return [node.title ?? '', ...blocks(node.children, losses)].filter((part) => part !== '').join('\n\n');
    case 'footnoteDefinition':
      return `[${node.label}] ${blocks(node.children, losses).join('\n\n')}`;
    case 'vendorBlock':
      losses.add(`vendor-${node.name}`, `The ${node.name} has no equivalent in plain text.`);
      return blocks(node.children, losses).join('\n\n');
  }
}

function listItem(item: ListItem, sign: string, losses: Losses): string {
  const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
  const by = ' '.repeat(sign.length + 1);
  return `${sign} ${box}${indent(blocks(item.children, losses).join('\n'), by)}`.trimEnd();
}

function table(node: Table, losses: Losses): string {
  losses.add('table', 'A table is shown as lines with bars between the cells.');
  return node.children
    .map((row) => row.children.map((cell) => blocks(cell.children, losses).join(' ').replace(/\n/g, ' ')).join(' | '))
    .join('\n');
}

function inline(nodes: readonly Inline[], losses: Losses): string {
  return nodes
    .map((node) => {
      if (node.type === 'link') {
        const label = inline(node.children, losses);
        if (label === node.url || `mailto:${label}` === node.url || node.url.startsWith('#')) return label;
        return label === '' ? node.url : `${label} (${node.url})`;
      }
      if (node.type === 'image') return node.alt ? `${node.alt} (${shortUrl(node.url)})` : shortUrl(node.url);
      if (!('children' in node)) return plainInline([node]);
      losses.add('formatting', 'Bold, italic, colours and the like are not shown.');
      return inline(node.children, losses);
    })
    .join('');
}

/** A picture embedded in the text would be pages of letters. */
const shortUrl = (url: string): string => (url.startsWith('data:') ? 'image' : url);
