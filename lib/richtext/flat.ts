/** Flattens blocks for places that hold inline nodes only: table cells, and list items in markups with one line per
 * item. */

import { append } from '../model/lists';
import type { Losses } from './losses';
import type { Block, Inline, Table, TableCell } from './tree';

/** The blocks as one run of inline nodes, separated by breaks. Reports each structure that is lost. */
export function flatBlocks(nodes: readonly Block[], losses: Losses, where = 'a table cell'): Inline[] {
  const result: Inline[] = [];
  const add = (part: readonly Inline[]): void => {
    if (part.length === 0) return;
    if (result.length > 0) result.push({ type: 'break' });
    append(result, part);
  };
  const lost = (): void =>
    losses.add('flattened', `Lists, code blocks, tables, quotes and boxes in ${where} are shown as lines.`);
  for (const node of nodes) {
    switch (node.type) {
      case 'paragraph':
        add(node.children);
        break;
      case 'heading':
        add([{ type: 'strong', children: node.children }]);
        break;
      case 'code':
        lost();
        for (const line of node.value.split('\n')) if (line.trim() !== '') add([{ type: 'inlineCode', value: line }]);
        break;
      case 'list':
        lost();
        node.children.forEach((item, index) => {
          const box = item.checked === undefined ? '' : item.checked ? '☑ ' : '☐ ';
          const sign = box || (node.ordered ? `${(node.start ?? 1) + index}. ` : '• ');
          add([{ type: 'text', value: sign }, ...flatBlocks(item.children, losses, where)]);
        });
        break;
      case 'table':
        lost();
        for (const row of node.children) {
          const cells = row.children.flatMap((cell, index): Inline[] => [
            ...(index > 0 ? [{ type: 'text' as const, value: ' – ' }] : []),
            ...flatBlocks(cell.children, losses, where),
          ]);
          add(cells);
        }
        break;
      case 'rule':
        add([{ type: 'text', value: '———' }]);
        break;
      default:
        if (node.type !== 'vendorBlock') lost();
        if ((node.type === 'panel' || node.type === 'expand') && node.title)
          add([{ type: 'strong', children: [{ type: 'text', value: node.title }] }]);
        add(flatBlocks(node.children, losses, where));
    }
  }
  return result;
}

/** The cells of a table by row and column; those that a merged cell covers are undefined. */
export function cellGrid(node: Table): { grid: (TableCell | undefined)[][]; merged: boolean } {
  const taken = node.children.map(() => new Set<number>());
  const grid: (TableCell | undefined)[][] = node.children.map(() => []);
  let merged = false;
  node.children.forEach((row, index) => {
    let column = 0;
    for (const cell of row.children) {
      while (taken[index]?.has(column)) column++;
      const line = grid[index];
      if (line) line[column] = cell;
      const right = Math.min(cell.colspan ?? 1, 100);
      const down = Math.min(cell.rowspan ?? 1, grid.length - index);
      if (right > 1 || down > 1) merged = true;
      for (let below = 1; below < down; below++)
        for (let beside = 0; beside < right; beside++) taken[index + below]?.add(column + beside);
      column += right;
      if (line && line.length < column) line.length = column;
    }
    for (const covered of taken[index] ?? []) {
      const line = grid[index];
      if (line && line.length <= covered) line.length = covered + 1;
    }
  });
  return { grid: grid.map((line) => Array.from(line)), merged };
}

/** Blocks in order. Each block that must be alone is a group of its own; the blocks between two of them form one
 * group. */
export function runsOf(blocks: readonly Block[], standsAlone: (block: Block) => boolean): Block[][] {
  const runs: Block[][] = [];
  let open = false;
  for (const block of blocks) {
    const alone = standsAlone(block);
    if (open && !alone) runs.at(-1)?.push(block);
    else runs.push([block]);
    open = !alone;
  }
  return runs;
}
