/**
 * A text split into the smallest parts that a person edits as one (a paragraph, a line of it, a list item, a table row,
 * a line of code) and the text between them. This allows combining the edits of two people piece by piece. Untouched
 * pieces stay byte for byte.
 */

import { withoutJoiners } from '../mentions';

/** An element around pieces, such as a list or one of its items. Line-based markups have none. */
export interface Frame {
  name: string;
  /** the text before and after its content */
  open: string;
  close: string;
  /** holds other blocks (a list, a panel): additions of both sides go into a single such frame, not into two */
  container: boolean;
}

/** The line's block, in line-based markups. */
export type Role = 'list' | 'table' | 'code' | 'other';

export interface Piece {
  text: string;
  /** from the outermost to the innermost */
  frames: readonly Frame[];
  /** the number of frames that continue from the preceding piece */
  shared: number;
  /** pieces of one top-level block have the same number */
  block: number;
  /** preceded by an empty line or another block */
  fresh: boolean;
  role: Role;
  /** a line of a code block, in which no sign has a meaning */
  verbatim: boolean;
}

/** How the pieces of a format are combined. */
export interface Joint {
  /** the text between two pieces that were not adjacent before; undefined = the start or end of the text */
  between(left: Piece | undefined, right: Piece | undefined): string;
}

export interface Cut extends Joint {
  /** the format of the pieces; pieces of different kinds cannot be combined into a text */
  kind: 'lines' | 'html' | 'adf';
  pieces: Piece[];
  /** the text before each piece and after the last one: one more than pieces */
  glue: string[];
  /** the text of pieces and glue in its stored form */
  whole(content: string): string;
}

/** The position of a piece in a text. */
export interface Place {
  cut: Cut;
  at: number;
}

/** A piece of a text, possibly in another spelling than there. */
export interface Line {
  piece: Piece;
  own: Place;
}

/** A piece of a combined text, and its positions in the texts that it was built from. */
export interface Placed {
  piece: Piece;
  base?: Place;
  ours?: Place;
  theirs?: Place;
}

export const linesOfCut = (cut: Cut): Line[] => cut.pieces.map((piece, at) => ({ piece, own: { cut, at } }));

/** Ids that Jira assigns again whenever it stores a document. */
const LOCAL_ID = /"localId":"[^"]*",?/g;

/** The elements around a piece, in comparable form. */
export const openOf = ({ frames }: Piece): string =>
  frames
    .map(({ open }) => open.replace(LOCAL_ID, ''))
    .join('')
    .replace(/\s+/g, ' ');

/** A piece in comparable form, with the elements around it. */
export const keyOf = (piece: Piece): string =>
  `${openOf(piece)}${withoutJoiners(piece.text.replace(LOCAL_ID, '')).trimEnd()}`;

/**
 * The text of some pieces. Two pieces that are adjacent in one of the texts keep the text between them; if that was
 * changed, the change is used.
 * @param first the side that wins if both changed the text between two pieces
 */
export function compose(placed: readonly Placed[], joint: Joint, first: 'ours' | 'theirs'): string {
  let content = '';
  for (let at = 0; at <= placed.length; at += 1) {
    const [left, right] = [placed[at - 1], placed[at]];
    content += glueOf(left, right, first) ?? joint.between(left?.piece, right?.piece);
    if (right) content += right.piece.text;
  }
  return content;
}

function glueOf(left: Placed | undefined, right: Placed | undefined, first: 'ours' | 'theirs'): string | undefined {
  const base = glueIn('base', left, right);
  const ours = glueIn('ours', left, right);
  const theirs = glueIn('theirs', left, right);
  if (ours === undefined || theirs === undefined) return ours ?? theirs ?? base;
  if (ours === base) return theirs;
  if (theirs === base) return ours;
  return first === 'ours' ? ours : theirs;
}

function glueIn(
  version: 'base' | 'ours' | 'theirs',
  left: Placed | undefined,
  right: Placed | undefined,
): string | undefined {
  const [before, behind] = [left?.[version], right?.[version]];
  if ((left && !before) || (right && !behind)) return undefined;
  const cut = behind?.cut ?? before?.cut;
  if (!cut || (before && before.cut !== cut)) return undefined;
  const at = behind?.at ?? cut.pieces.length;
  if ((before?.at ?? -1) !== at - 1) return undefined;
  return fits(left, before) && fits(right, behind) ? cut.glue[at] : undefined;
}

/** True if the elements around the piece are those that it has in this text. */
function fits(placed: Placed | undefined, place: Place | undefined): boolean {
  if (!placed || !place) return true;
  const there = place.cut.pieces[place.at];
  return there !== undefined && (there === placed.piece || openOf(there) === openOf(placed.piece));
}

/** The end and start tags between two pieces, in markups that have them. */
export function framesBetween(left: Piece | undefined, right: Piece | undefined, separator: string): string {
  const [from, to] = [left?.frames ?? [], right?.frames ?? []];
  let same = 0;
  while (from[same] && from[same]?.name === to[same]?.name && (to[same]?.container || same < (right?.shared ?? 0)))
    same += 1;
  const ends = from.slice(same).reverse();
  const closing = ends.map(({ close }) => close).join('');
  return `${closing}${left && right ? separator : ''}${to
    .slice(same)
    .map(({ open }) => open)
    .join('')}`;
}

/**
 * True if each piece is code, or not code, as in its original text: no fence has lost its other half.
 * @param now the combined text, split again
 */
export function isSound(placed: readonly Placed[], now: Cut): boolean {
  if (placed.length !== now.pieces.length) return false;
  return placed.every(({ piece, base, ours, theirs }, index) => {
    const verbatim = now.pieces[index]?.verbatim;
    const places = [base, ours, theirs].map((place) => place?.cut.pieces[place.at]);
    return [piece, ...places].some(
      (one) => one !== undefined && one.verbatim === verbatim && keyOf(one) === keyOf(piece),
    );
  });
}
