/**
 * A text cut into its smallest parts that a person edits as one – a paragraph, a line of it, a list item, a table row, a line
 * of code – and what stands between them. So that edits of two people can be put together piece by piece, with every piece
 * that nobody touched as it is written, byte for byte.
 */

import { withoutJoiners } from '../mentions';

/** An element around pieces, such as a list or one of its items. Markups of lines have none. */
export interface Frame {
  name: string;
  /** what stands before and behind what is in it */
  open: string;
  close: string;
  /** holds other blocks (a list, a panel): what both sides add to it stands in one such frame, not in two */
  container: boolean;
}

/** What a line belongs to, in markups of lines. */
export type Role = 'list' | 'table' | 'code' | 'other';

export interface Piece {
  text: string;
  /** from the outermost to the innermost */
  frames: readonly Frame[];
  /** that many of the frames go on from the piece before */
  shared: number;
  /** pieces of one top-level block have the same number */
  block: number;
  /** an empty line or another block is in front of it */
  fresh: boolean;
  role: Role;
  /** a line of a block of code, in which no sign means anything */
  verbatim: boolean;
}

/** How the pieces of a format are put together. */
export interface Joint {
  /** what stands between two pieces that never stood together before; undefined = the text's begin or end */
  between(left: Piece | undefined, right: Piece | undefined): string;
}

export interface Cut extends Joint {
  pieces: Piece[];
  /** what stands before each piece, and behind the last one: one more than pieces */
  glue: string[];
  /** the text of pieces and glue as it is stored */
  whole(content: string): string;
}

/** Where a piece stands in a text. */
export interface Place {
  cut: Cut;
  at: number;
}

/** A piece of a text, maybe in another spelling than there. */
export interface Line {
  piece: Piece;
  own: Place;
}

/** A piece of a text that is put together, and where it stands in the texts that it is made of. */
export interface Placed {
  piece: Piece;
  base?: Place;
  ours?: Place;
  theirs?: Place;
}

export const linesOfCut = (cut: Cut): Line[] => cut.pieces.map((piece, at) => ({ piece, own: { cut, at } }));

/** Ids that Jira gives anew whenever it stores a document. */
const LOCAL_ID = /"localId":"[^"]*",?/g;

/** The elements around a piece, as they compare. */
export const openOf = ({ frames }: Piece): string =>
  frames
    .map(({ open }) => open.replace(LOCAL_ID, ''))
    .join('')
    .replace(/\s+/g, ' ');

/** A piece as it compares, with the elements around it. */
export const keyOf = (piece: Piece): string =>
  `${openOf(piece)}${withoutJoiners(piece.text.replace(LOCAL_ID, '')).trimEnd()}`;

/**
 * The text of some pieces. Between two that stand together in one of the texts it has what is between them there; where
 * that was changed, the change.
 * @param first the side that decides where both changed what is between two pieces
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

/** The elements around the piece are those that it has in this text. */
function fits(placed: Placed | undefined, place: Place | undefined): boolean {
  if (!placed || !place) return true;
  const there = place.cut.pieces[place.at];
  return there !== undefined && (there === placed.piece || openOf(there) === openOf(placed.piece));
}

/** Ends and begins of elements between two pieces, in markups that have them. */
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
 * True where each piece is still code, or still none, as in the text that it is from: no fence has lost its other half.
 * @param now the text that was put together, cut again
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
