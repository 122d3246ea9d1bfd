/** The cells of a row of a Textile table. https://textile-lang.com/doc/tables */

import { colour, declarations } from '../colour';
import type { Align, TableCell } from '../tree';
import { textileInlines } from './inline';

const CELL = /^(_?)((?:[\\/]\d{1,3}|[<>=^~-]|\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\])*)\. ?/;

/** The cells of a row: the text between bars. The bar in a wiki link does not count. */
export function cellsOf(row: string): TableCell[] {
  const bar = row.indexOf('|');
  const cells: TableCell[] = [];
  if (bar < 0) return cells;
  let start = bar + 1;
  for (let at = start; at < row.length; at++) {
    if (row.startsWith('[[', at)) {
      const link = /^\[\[[^[\]|\n]{1,200}\|[^[\]|\n]{1,400}\]\]/.exec(row.slice(at, at + 620));
      if (link) {
        at += link[0].length - 1;
        continue;
      }
    }
    if (row[at] !== '|') continue;
    cells.push(cellOf(row.slice(start, at)));
    start = at + 1;
  }
  // a row without a closing bar keeps its words
  const tail = row.slice(start);
  if (tail.trim() !== '') cells.push(cellOf(tail));
  return cells;
}

function cellOf(source: string): TableCell {
  const match = CELL.exec(source);
  const modifiers = match && (match[1] !== '' || (match[2] ?? '') !== '') ? match[0] : '';
  const children = textileInlines(source.slice(modifiers.length).trim());
  const cell: TableCell = { type: 'tableCell', children: children.length > 0 ? [{ type: 'paragraph', children }] : [] };
  if (modifiers.startsWith('_')) cell.header = true;
  const plain = modifiers.replace(/\{[^{}]*\}|\([^()]*\)|\[[^[\]]*\]/g, '');
  const colspan = Number(/\\(\d+)/.exec(plain)?.[1] ?? 1);
  const rowspan = Number(/\/(\d+)/.exec(plain)?.[1] ?? 1);
  if (colspan > 1) cell.colspan = colspan;
  if (rowspan > 1) cell.rowspan = rowspan;
  const align = alignOf(plain);
  if (align) cell.align = align;
  const style = declarations(/\{([^{}]*)\}/.exec(modifiers)?.[1]);
  const background = colour(style.get('background') ?? style.get('background-color'));
  if (background) cell.background = background;
  return cell;
}

/** `<`, `=`, `>` outside of styles; `<>` is justified, which is left. */
export function alignOf(attributes: string): Align | undefined {
  const signs = attributes.replace(/\{[^{}]*\}|\([^()]*\)|\[[^[\]]*\]/g, '');
  if (signs.includes('<>')) return undefined;
  if (signs.includes('=')) return 'center';
  if (signs.includes('>')) return 'right';
  return signs.includes('<') ? 'left' : undefined;
}
