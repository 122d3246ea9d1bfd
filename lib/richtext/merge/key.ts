/**
 * A block as a string of only what people see. Places in the source, the order of marks, white space and empty nodes do
 * not count. Two blocks with the same key have the same content.
 */

import { hexOf } from '../adf/colours';
import { flatten, splitAtEmptyLines, tidy } from '../inline';
import type { Align, Block, Inline, ListItem, TableRow } from '../tree';

/** The key of a block; '' if it shows nothing. */
export function blockKey(node: Block): string {
  switch (node.type) {
    case 'paragraph':
      return splitAtEmptyLines(tidy(node.children))
        .map((part) => `p${node.align ?? ''}(${inlineKey(part)})`)
        .join('\n');
    case 'heading':
      return `h${node.depth}${node.align ?? ''}(${inlineKey(tidy(node.children))})`;
    case 'list':
      return `list${node.ordered ? (node.start ?? 1) : ''}(${node.children.map(itemKey).join('\n')})`;
    case 'table':
      return `table(${node.children.map(rowKey).join('\n')})`;
    case 'code':
      return `code${node.language ?? ''}|${node.title ?? ''}(${node.value})`;
    case 'rule':
      return 'rule';
    case 'vendorBlock':
      return `vendor(${node.source})`;
    case 'quote':
      return `quote(${blockKeys(node.children).join('\n')})`;
    case 'panel':
      return `panel${node.kind}|${node.background ?? ''}|${node.title ?? ''}(${blockKeys(node.children).join('\n')})`;
    case 'expand':
      return `expand|${node.title}(${blockKeys(node.children).join('\n')})`;
    case 'footnoteDefinition':
      return `footnote${node.label}(${blockKeys(node.children).join('\n')})`;
  }
}

/** The keys of all blocks that show something. */
export const blockKeys = (nodes: readonly Block[]): string[] => nodes.map(blockKey).filter((key) => key !== '');

export const itemKey = (item: ListItem): string => `item${item.checked ?? ''}(${blockKeys(item.children).join('\n')})`;

export const rowKey = (row: TableRow): string =>
  `row(${row.children
    .map((cell) => {
      const look = [
        cell.header ? 'H' : '',
        cell.colspan,
        cell.rowspan,
        left(cell.align),
        hexOf(cell.background) ?? cell.background,
      ].join(',');
      return `cell${look}(${blockKeys(cell.children).join('\n')})`;
    })
    .join('\n')})`;

/** A left-aligned cell equals one without an alignment. */
const left = (align: Align | undefined): string => (align === undefined || align === 'left' ? '' : align);

/** A colour by its value, whatever name is used for it. */
const byValue = ({ color, background }: { color?: string; background?: string }): object => ({
  color: hexOf(color) ?? color,
  background: hexOf(background) ?? background,
});

function inlineKey(nodes: readonly Inline[]): string {
  let result = '';
  let last = '';
  for (const { node, marks } of flatten(nodes)) {
    if (node.type === 'text' && node.value.trim() === '') {
      result += ' ';
      continue;
    }
    const shape = node.type === 'text' ? node.value.replace(/\s+/g, ' ') : JSON.stringify(node);
    const key = marks
      .map((mark) => JSON.stringify(mark.type === 'colour' ? byValue(mark) : mark))
      .sort()
      .join('');
    result += key === last ? shape : `⟨${key}⟩${shape}`;
    last = key;
  }
  return result.trim();
}
