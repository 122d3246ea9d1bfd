/** A tree as one text in which only what people see counts: places in the source, order of marks and empty texts don't. */

import { flatten, splitAtEmptyLines, tidy } from '../../lib/richtext/inline';
import type { Block, Inline, Tree } from '../../lib/richtext/tree';

export const canon = (tree: Tree): string => blocks(tree.children);

const blocks = (nodes: readonly Block[]): string =>
  nodes
    .map(block)
    .filter((part) => part !== '')
    .join('\n');

function inline(nodes: readonly Inline[]): string {
  let result = '';
  let last = '';
  for (const { node, marks } of flatten(tidy(nodes))) {
    const shape = node.type === 'text' ? node.value.replace(/\s+/g, ' ') : JSON.stringify(node);
    const key = marks
      .map((mark) => JSON.stringify(mark))
      .sort()
      .join('');
    if (shape.trim() === '' && node.type === 'text') {
      result += shape;
      continue;
    }
    result += key === last ? shape : `⟨${key}⟩${shape}`;
    last = key;
  }
  return result.trim();
}

function block(node: Block): string {
  const { span: _, ...rest } = node;
  switch (rest.type) {
    case 'paragraph':
      return splitAtEmptyLines(tidy(rest.children))
        .map((part) => `p${rest.align ?? ''}(${inline(part)})`)
        .join('\n');
    case 'heading':
      return `h${rest.depth}(${inline(rest.children)})`;
    case 'list':
      return `list${rest.ordered ? (rest.start ?? 1) : ''}(${rest.children.map((item) => `item${item.checked ?? ''}(${blocks(item.children)})`).join('\n')})`;
    case 'table':
      return `table(${rest.children.map((row) => `row(${row.children.map((cell) => `cell${cell.header ? 'H' : ''}${cell.colspan ?? ''},${cell.rowspan ?? ''},${cell.align ?? ''}(${blocks(cell.children)})`).join('\n')})`).join('\n')})`;
    case 'code':
    case 'rule':
      return JSON.stringify(rest);
    default:
      return `${rest.type} ${JSON.stringify({ ...rest, children: undefined })}(${blocks(rest.children)})`;
  }
}
