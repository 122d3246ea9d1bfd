/** Rows, one level deeper: if one cell of a row was edited, the other cells keep the target's source. */

import type { RichTextFormat } from '../../model/values';
import { placesWithin } from '../adf/places';
import { isElement, parseHtmlNodes } from '../html/dom';
import { cellsOf as jiraCells } from '../jira/cells';
import type { Block, Span, TableCell, TableRow } from '../tree';
import { align } from './align';
import { rowKey } from './key';
import { partsOf } from './parts';
import { type Candidate, withSimilar } from './similar';

/** A cell in the source of its row; in line-based markups, with the bars before it. */
interface Piece extends Span {
  /** the place of its content */
  content: Span;
}

export interface CellTools {
  /** an edit made inside a cell, from the cell's source */
  inside(source: string, before: readonly Block[], after: readonly Block[]): string | undefined;
  /** a row of new cells, in the format */
  write(row: TableRow): string | undefined;
  /** the blocks of an edited cell, with details that only the target can show */
  restored(blocks: Block[], own: TableCell | undefined, before: TableCell | undefined): Block[];
}

/**
 * @param source the source of the row
 * @returns undefined if its cells cannot be separated, or do not match those of the other side
 */
export function mergeCells(
  source: string,
  format: RichTextFormat,
  own: TableRow,
  before: TableRow,
  after: TableRow,
  tools: CellTools,
): string | undefined {
  const pieces = piecesOf(source, format);
  if (!pieces || pieces.length !== own.children.length) return undefined;
  const counterparts = besides(own, before);
  if (!counterparts) return undefined;
  const [was, is] = [before.children, after.children];
  const same = align(was.map(keyOf), is.map(keyOf));
  const isWide = was.length !== is.length;
  // if the number of cells is unchanged, cells are matched by position
  const partners = new Map(
    (isWide
      ? withSimilar(same, was.map(asCandidate), is.map(asCandidate))
      : was.map((_, at): [number, number] => [at, at])
    ).map(([left, right]) => [right, left]),
  );
  if (isWide && (format === 'markdown' || counterparts.some((at, index) => at !== index))) return undefined;
  const texts: string[] = [];
  for (const [index, cell] of is.entries()) {
    const old = partners.get(index);
    const mine = counterparts.indexOf(old ?? -1);
    const piece = pieces[mine];
    // a cell covered by a merged cell in the target
    if (old !== undefined && !piece) {
      if (keyOf(was[old]) !== keyOf(cell)) return undefined;
      continue;
    }
    const text =
      piece && old !== undefined
        ? keyOf(was[old]) === keyOf(cell)
          ? source.slice(piece.start, piece.end)
          : edited(source, format, piece, { own: own.children[mine], was: was[old], is: cell }, tools)
        : added(format, cell, tools);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (!first || !last || texts.length === 0) return undefined;
  return source.slice(0, first.start) + texts.join(format === 'adf' ? ',' : '') + source.slice(last.end);
}

const keyOf = (cell: TableCell | undefined): string => (cell ? rowKey({ type: 'tableRow', children: [cell] }) : '');
const lookOf = (cell: TableCell): string => keyOf({ ...cell, children: [] });

const asCandidate = (cell: TableCell): Candidate => ({
  kind: 'cell',
  text: partsOf(cell.children)
    .map(({ text, fixed }) => text ?? fixed ?? '')
    .join(' '),
});

/** The other side's cells for each cell of the target. The other side may show a merged cell as one cell and empty
 * ones. */
function besides(own: TableRow, before: TableRow): number[] | undefined {
  if (own.children.length === before.children.length) return own.children.map((_, index) => index);
  const columns = (row: TableRow): number[] => {
    let column = 0;
    return row.children.map(({ colspan }) => {
      const start = column;
      column += colspan ?? 1;
      return start;
    });
  };
  const there = columns(before);
  const found = columns(own).map((column) => there.indexOf(column));
  const isFree = before.children.every(({ children }, index) => found.includes(index) || children.length === 0);
  return isFree && !found.includes(-1) ? found : undefined;
}

function edited(
  source: string,
  format: RichTextFormat,
  piece: Piece,
  { own, was, is }: { own: TableCell | undefined; was: TableCell | undefined; is: TableCell },
  tools: CellTools,
): string | undefined {
  if (!was || lookOf(was) !== lookOf(is)) return undefined;
  const written = source.slice(piece.start, piece.end);
  if (format === 'adf' || format === 'html') return tools.inside(written, was.children, is.children);
  const content = source.slice(piece.content.start, piece.content.end);
  const inner = tools.write({
    type: 'tableRow',
    children: [{ type: 'tableCell', children: tools.restored(is.children, own, was) }],
  });
  const made = inner === undefined ? undefined : /^\|([\s\S]*)\|$/.exec(inner.trim())?.[1]?.trim();
  if (made === undefined) return undefined;
  const [lead, tail] = [
    /^\s*/.exec(content)?.[0] ?? '',
    content.trim() === '' ? '' : (/\s*$/.exec(content)?.[0] ?? ''),
  ];
  return `${source.slice(piece.start, piece.content.start)}${lead}${made === '' && lead === '' ? ' ' : made}${tail}`;
}

function added(format: RichTextFormat, cell: TableCell, tools: CellTools): string | undefined {
  const row = tools.write({ type: 'tableRow', children: [cell] })?.trim();
  if (row === undefined) return undefined;
  if (format === 'html') return /<t[dh]\b[\s\S]*<\/t[dh]>/.exec(row)?.[0];
  if (format !== 'adf') return /^(\|[\s\S]*?)\|{1,2}$/.exec(row)?.[1];
  const [place] = placesWithin(row, { start: 0, end: row.length });
  return place && row.slice(place.start, place.end);
}

function piecesOf(source: string, format: RichTextFormat): Piece[] | undefined {
  switch (format) {
    case 'adf':
      return placesWithin(source, { start: 0, end: source.length }).map((place) => ({ ...place, content: place }));
    case 'html':
      return elementPieces(source);
    case 'jira-wiki':
      return jiraPieces(source);
    case 'markdown':
    case 'textile':
      return barPieces(source, format);
    case 'text':
      return undefined;
  }
}

const TABLE = '<table><tbody>';

function elementPieces(source: string): Piece[] | undefined {
  const find = (nodes: ReturnType<typeof parseHtmlNodes>): Piece[] =>
    nodes.filter(isElement).flatMap((element): Piece[] => {
      if (element.tagName !== 'td' && element.tagName !== 'th') return find(element.childNodes);
      const place = element.sourceCodeLocation;
      if (!place) return [];
      const span = { start: place.startOffset - TABLE.length, end: place.endOffset - TABLE.length };
      return [{ ...span, content: span }];
    });
  return find(parseHtmlNodes(`${TABLE}${source}</tbody></table>`));
}

function jiraPieces(source: string): Piece[] {
  const cells = jiraCells(source);
  let at = 0;
  return cells.map(({ header, content }) => {
    const start = at;
    const begin = at + (header ? 2 : 1);
    at = begin + content.length;
    return { start, end: at, content: { start: begin, end: at } };
  });
}

const MODIFIERS = /^_?(?:[\\/]\d{1,3}|[<>=^~-]|\([^()\n"]{1,100}\)|\{[^{}\n"]{1,400}\}|\[[a-z_-]{1,20}\])*\. ?/;

function barPieces(source: string, format: RichTextFormat): Piece[] | undefined {
  const bars: number[] = [];
  for (let at = 0; at < source.length; at++) {
    const link =
      format === 'textile' ? /^\[\[[^[\]|\n]{1,200}\|[^[\]|\n]{1,400}\]\]/.exec(source.slice(at, at + 620)) : null;
    if (link) at += link[0].length - 1;
    else if (source[at] === '\\' && format === 'markdown') at++;
    else if (source[at] === '|') bars.push(at);
  }
  if (bars.length < 2 || source.slice(0, bars[0]).trim() !== '') return undefined;
  return bars.slice(1).map((end, index) => {
    const start = bars[index] ?? 0;
    const text = source.slice(start + 1, end);
    const modifiers = format === 'textile' ? (MODIFIERS.exec(text)?.[0].length ?? 0) : 0;
    return { start, end, content: { start: start + 1 + modifiers, end } };
  });
}
