/**
 * Joins pieces of a line of Textile so that text stays text and signs keep their effect. Textile has no escape sign.
 * Redmine shows HTML entities as characters, and an empty `<notextile></notextile>` separates a sign from a word.
 */

/** `text` is literal text; `open` and `close` are signs of a phrase; `fixed` is complete markup. */
export interface Piece {
  kind: 'text' | 'open' | 'close' | 'fixed' | 'break';
  value: string;
  /** for `fixed`: it must not touch a word (code), or must be followed by white space (link) */
  edge?: 'word' | 'space' | 'start';
}

const GAP = '<notextile></notextile>';
const SIGNS = '*_-+^~%?';
const OPEN_BEFORE = /[\s(>]/;
const WORD = /[\p{L}\p{N}_]/u;
const CLOSES_BEFORE = /[\s\p{P}\p{S}]/u;
const ENDS_ADDRESS = /^(?:[\s<]|[.,;:!?)'"]{1,4}(?:\s|$))/;
const TARGET = /^(?:\/|#|[a-zA-Z][a-zA-Z0-9+.-]*:\/\/|www\.|mailto:)/;
const LINE_START =
  /^(?:[*#]{1,40}(?:[({[][^\n]{0,100})? |>|(?:h[1-6]|p|bq|pre|bc|notextile|fn\d{1,4})[^\s.]{0,200}\.(?::\S+)? |\||table|[<>=()_^~-]*\. ?\||\{\{| ?(?:[*_-] ?){3,}$)/;

const entity = (char: string): string =>
  char === '&' ? '&amp;' : char === '<' ? '&lt;' : char === '"' ? '&quot;' : `&#${char.charCodeAt(0)};`;

/**
 * Joins the pieces of one paragraph, cell or item.
 * @param firstLine true if the text starts a line of its own, so that it must not look like the start of a block
 * @param inCell true in a table, where a bar ends the cell
 * @param around for the text of a link: the signs of the phrases around it
 */
export function joinPieces(pieces: readonly Piece[], firstLine: boolean, inCell: boolean, around?: string[]): string {
  const whole = pieces.map(({ value }) => value).join('');
  const last = lastClosers(whole, pieces);
  const codeEnd =
    around !== undefined
      ? Number.POSITIVE_INFINITY
      : pieces.some(({ edge }) => edge === 'word')
        ? whole.lastIndexOf('@')
        : lastCodeEnd(whole);
  const opened: string[] = [...(around ?? [])];
  const parts: string[] = [];
  // the last character is kept separately: reading it from a growing text would copy the text each time
  let tail: string | undefined;
  const add = (value: string): void => {
    if (value === '') return;
    parts.push(value);
    tail = value.at(-1);
  };
  let at = 0;
  let lineStart = firstLine;
  pieces.forEach((piece, index) => {
    const before = tail;
    if (piece.kind === 'text') {
      const next = pieces[index + 1];
      add(
        escapeText(piece.value, {
          whole,
          at,
          // Redmine has already turned code into HTML when it looks for signs: the text after it may open a phrase
          before: afterSign(pieces[index - 1]) ? ' ' : pieces[index - 1]?.edge === 'word' ? '>' : before,
          sign: afterSign(pieces[index - 1]),
          opening: index === 0 ? around !== undefined : pieces[index - 1]?.kind === 'open',
          nextIsSign: next?.kind === 'open' || next?.kind === 'close',
          inLink: around !== undefined,
          opened,
          last,
          codeEnd,
          lineStart,
          inCell,
        }),
      );
    } else if (piece.kind === 'open') {
      const outer = pieces[index - 1];
      const chained = outer?.kind === 'open' && !outer.value.endsWith('}');
      const quoted = before === undefined && around !== undefined;
      if (quoted || (!chained && before !== undefined && !OPEN_BEFORE.test(before))) add(GAP);
      add(piece.value);
      opened.push(piece.value.slice(0, piece.value.startsWith('??') ? 2 : 1));
    } else if (piece.kind === 'close') {
      add(piece.value);
      opened.pop();
      const next = pieces[index + 1];
      const after = whole[at + piece.value.length];
      if (after !== undefined && next?.kind !== 'close' && (!CLOSES_BEFORE.test(after) || next?.kind === 'open'))
        add(GAP);
    } else {
      if (piece.edge === 'word' && before !== undefined && WORD.test(before)) add(GAP);
      if (piece.edge === 'start' && before !== undefined && !OPEN_BEFORE.test(before)) add(GAP);
      add(piece.value);
      const after = whole[at + piece.value.length];
      if (after !== undefined) {
        if (piece.edge === 'word' && WORD.test(after)) add(GAP);
        if (
          piece.edge === 'space' &&
          !ENDS_ADDRESS.test(whole.slice(at + piece.value.length, at + piece.value.length + 9)) &&
          pieces[index + 1]?.kind !== 'close'
        )
          add(GAP);
      }
    }
    lineStart = piece.kind === 'break';
    at += piece.value.length;
  });
  return parts.join('');
}

const afterSign = (piece: Piece | undefined): boolean => piece?.kind === 'open' || piece?.kind === 'close';

interface Place {
  whole: string;
  at: number;
  before: string | undefined;
  sign: boolean;
  /** first in a phrase, where a bracket would start its attributes */
  opening: boolean;
  nextIsSign: boolean;
  /** the text after the link is not known here */
  inLink: boolean;
  opened: string[];
  last: Map<string, number>;
  codeEnd: number;
  lineStart: boolean;
  inCell: boolean;
}

function escapeText(value: string, place: Place): string {
  let result = '';
  for (let index = 0; index < value.length; index++) {
    const char = value[index] as string;
    const at = place.at + index;
    const before = index === 0 ? place.before : value[index - 1];
    const edge = (index === 0 && place.sign) || (index === value.length - 1 && place.nextIsSign);
    const startsLine = place.lineStart && index === 0;
    const attribute = index === 0 && place.opening && '([{'.includes(char);
    result += attribute || isSign(char, at, before, edge, startsLine, place) ? entity(char) : char;
  }
  return result;
}

function isSign(
  char: string,
  at: number,
  before: string | undefined,
  edge: boolean,
  startsLine: boolean,
  place: Place,
): boolean {
  const { whole } = place;
  if (startsLine && LINE_START.test(whole.slice(at, at + 400).split('\n', 1)[0] ?? '')) return true;
  const after = whole[at + 1];
  const opens = before === undefined || OPEN_BEFORE.test(before) || SIGNS.includes(before);
  switch (char) {
    case '&':
      return /^&(?:#\w{1,8}|[a-z][a-z0-9]{0,31});/i.test(whole.slice(at, at + 36));
    case '<':
      return /^<(?:\/?(?:pre|code|kbd|notextile|redpre)\b|!--)/i.test(whole.slice(at, at + 14));
    case '|':
      return place.inCell;
    case '@':
      return (before === undefined || !WORD.test(before)) && place.codeEnd > at + 1;
    case '!':
      return opens && after !== undefined && !/\s/.test(after) && (place.inLink || whole.indexOf('!', at + 1) > 0);
    case '"':
      // of a quote that would become link text, the end is written as an entity: its start may be the end of another
      if (after !== ':' || !TARGET.test(whole.slice(at + 2, at + 40))) return false;
      return whole.lastIndexOf('"', at - 1) >= 0 || place.inLink;
    case '[':
      return after === '[' || (before !== undefined && WORD.test(before) && /^\[\d+\]/.test(whole.slice(at, at + 8)));
    case '(':
      // ABC(words) would show the words only as a tooltip
      return (
        /(?:^|[^A-Za-z0-9_])[A-Z][A-Z0-9]+$/.test(whole.slice(Math.max(0, at - 40), at)) && whole.indexOf(')', at) > 0
      );
    case '{':
      return after === '{' && /^\{\{\w/.test(whole.slice(at, at + 3));
    case '=':
      return after === '=' && (before === undefined || /\s/.test(before)) && whole.indexOf('==', at + 2) > 0;
    default:
      break;
  }
  if (!SIGNS.includes(char)) return false;
  if (edge) return true;
  if (char === '?' && after !== '?' && before !== '?') return false;
  const sign = char === '?' ? '??' : char;
  if (place.opened.includes(sign) && (after === undefined || CLOSES_BEFORE.test(after))) return true;
  return opens && after !== undefined && !/\s/.test(after) && (place.last.get(sign) ?? -1) > at + 1;
}

/** sign → the last position in the whole at which it could close */
function lastClosers(whole: string, pieces: readonly Piece[]): Map<string, number> {
  const result = new Map<string, number>();
  for (let at = 1; at < whole.length; at++) {
    const char = whole[at] as string;
    if (!SIGNS.includes(char) || /\s/.test(whole[at - 1] as string)) continue;
    const after = whole[at + 1];
    if (after !== undefined && !CLOSES_BEFORE.test(after)) continue;
    result.set(char === '?' ? '??' : char, at);
  }
  // the closing signs of Twinflow's own phrases close in any position
  let at = 0;
  for (const { kind, value } of pieces) {
    if (kind === 'close') result.set(value, Math.max(at, result.get(value) ?? 0));
    at += value.length;
  }
  return result;
}

function lastCodeEnd(whole: string): number {
  for (let at = whole.lastIndexOf('@'); at > 0; at = whole.lastIndexOf('@', at - 1)) {
    const after = whole[at + 1];
    if (after === undefined || after === '_' || !WORD.test(after)) return at;
  }
  return -1;
}
