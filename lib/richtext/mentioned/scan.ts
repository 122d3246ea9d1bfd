/**
 * Finds the mentions of a text and the words that represent some. Each becomes a mark of its own. Only words that
 * people read count: code, URLs and hidden text are ignored.
 */

import type { RichText } from '../../model/values';
import { decode } from '../merge/decoded';
import { picturePlaces } from '../pictures';
import type { Block, Inline, ListItem, TableCell, TableRow, Tree } from '../tree';
import { exchange, hasMarks, MARK, markAdf, markOf, type Piece } from './marks';
import { itemPlaces, type NativePlace, nativePlaces } from './native';

export interface Occurrence {
  mark: string;
  /** the original text, in the text's markup */
  source: string;
  /** for a mention: the id or login, and the name if the text contains it */
  id?: string;
  name?: string;
  /** of a picture: what tells from another place how it is shown */
  look?: string;
  /** for words */
  words?: string;
  /** the words of the paragraph or heading around it, with mentions replaced by their ids */
  block: string;
}

export interface Scan {
  text: RichText;
  /** with marks */
  content: string;
  /** in reading order */
  occurrences: Occurrence[];
}

/** Maximum number of mentions. Nobody writes more, and each costs time. */
const MOST = 500;

type Parse = (text: RichText) => Tree;

/**
 * @param words that may represent mentions
 * @param isKnown whether a mentioned id counts
 * @returns undefined if the text cannot be read in this way
 */
export function scan(
  text: RichText,
  words: readonly string[],
  isKnown: (id: string) => boolean,
  parse: Parse,
): Scan | undefined {
  if (hasMarks(text.content)) return undefined;
  const found = new Map<string, Omit<Occurrence, 'block'>>();
  const take = (one: Omit<Occurrence, 'mark' | 'block'>): string => {
    const mark = markOf(1_000_000 + found.size);
    found.set(mark, { ...one, mark });
    return mark;
  };
  const unix = text.format === 'adf' ? text.content : text.content.replace(/\r\n?/g, '\n');
  const native = markNative({ ...text, content: unix }, isKnown, take, parse);
  if (native === undefined) return undefined;
  const marked = markWords({ ...text, content: native }, words, take);
  if (found.size > MOST) return undefined;
  if (found.size === 0) return { text, content: unix, occurrences: [] };
  const seen = marksIn(parse({ ...text, content: marked }));
  const counts = new Map<string, number>();
  for (const { mark } of seen) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  const lines = marked.match(MARK) ?? [];
  const isPlain = (mark: string): boolean => counts.get(mark) === 1 && lines.filter((one) => one === mark).length === 1;
  const occurrences = seen.flatMap(({ mark, block }): Occurrence[] => {
    const one = found.get(mark);
    if (!one || !isPlain(mark)) return [];
    const read = block.replace(MARK, (other) => {
      const that = found.get(other);
      return that?.words ?? `@<${that?.id?.toLowerCase()}>`;
    });
    return [{ ...one, block: read }];
  });
  const kept = new Set(occurrences.map(({ mark }) => mark));
  const content = exchange(marked, text.format, (mark) => {
    const one = kept.has(mark) ? undefined : found.get(mark);
    return one && pieceOf(one, text.format);
  });
  return { text, content, occurrences };
}

/** The original text, for putting it back. */
export function pieceOf({ source, words }: Pick<Occurrence, 'source' | 'words'>, format: RichText['format']): Piece {
  if (format !== 'adf' || words === undefined) return { source };
  return { text: String(JSON.parse(`"${source}"`)) };
}

type Take = (one: Omit<Occurrence, 'mark' | 'block'>) => string;

function markNative(text: RichText, isKnown: (id: string) => boolean, take: Take, parse: Parse): string | undefined {
  const { content, format } = text;
  if (format === 'adf')
    return markAdf(content, ({ id, name, source, look }) =>
      isKnown(id) ? take({ id, name, source, ...(look && { look: JSON.stringify(look) }) }) : undefined,
    );
  let result = '';
  let end = 0;
  const pictures = picturePlaces(text, isKnown, parse).map(({ look, ...place }): NativePlace & { look: string } => ({
    ...place,
    look: JSON.stringify(look),
  }));
  const named: (NativePlace & { look?: string })[] = [...nativePlaces(text), ...itemPlaces(text)];
  for (const place of [...pictures, ...named].sort((a, b) => a.start - b.start)) {
    if (place.start < end || !isKnown(place.id)) continue;
    const source = content.slice(place.start, place.end);
    const { id, name, look } = place;
    result += content.slice(end, place.start) + take({ id, source, ...(name && { name }), ...(look && { look }) });
    end = place.end;
  }
  return result + content.slice(end);
}

const JOINER = '\u2060';

function markWords(text: RichText, words: readonly string[], take: Take): string {
  if (words.length === 0) return text.content;
  const { content, format } = text;
  const decoded = decode(content, format, 0, content.length, false);
  // joiners keep names from mentioning strangers; people do not read them
  const places: number[] = [];
  for (let at = 0; at < decoded.text.length; at++) if (decoded.text[at] !== JOINER) places.push(at);
  const shown = places.map((at) => decoded.text[at]).join('');
  let result = '';
  let end = 0;
  for (const match of shown.matchAll(patternOf(words))) {
    const [first, last] = [places[match.index], places[match.index + match[0].length - 1]];
    const [from, to] = [decoded.starts[first ?? -1], decoded.ends[last ?? -1]];
    const which = words.find((one) => isSame(one, match[0]));
    if (from === undefined || to === undefined || from < end || which === undefined) continue;
    result += content.slice(end, from) + take({ words: which, source: content.slice(from, to) });
    end = to;
  }
  return result + content.slice(end);
}

const blanks = (text: string): string => text.replace(/\s+/g, ' ');
const isSame = (one: string, other: string): boolean => blanks(one) === blanks(other);

/** Longest words first: "@Ann Lee" must not match "@Ann". */
function patternOf(words: readonly string[]): RegExp {
  const sorted = [...new Set(words)].sort((a, b) => b.length - a.length);
  const one = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(/\s+/g, '\\s{1,20}');
  return new RegExp(`(?<![\\p{L}\\p{N}\\p{M}_])(?:${sorted.map(one).join('|')})(?![\\p{L}\\p{N}\\p{M}_])`, 'gu');
}

/** The marks of a text and the places of some words, in reading order. */
export function sequence(text: RichText, words: readonly string[], parse: Parse): { mark?: string; words?: string }[] {
  const found = new Map<string, string>();
  const content = markWords(text, words, (one) => {
    const mark = markOf(1_000_000 + found.size);
    found.set(mark, one.words ?? '');
    return mark;
  });
  return marksIn(parse({ ...text, content })).map(({ mark }) => {
    const which = found.get(mark);
    return which === undefined ? { mark } : { words: which };
  });
}

type Node = Block | Inline | ListItem | TableRow | TableCell;

/** The marks in the readable text, in order, each with the words of the paragraph around it. */
export function marksIn(tree: Tree): { mark: string; block: string }[] {
  const result: { mark: string; block: string }[] = [];
  const inline = (nodes: readonly Inline[], marks: string[]): string =>
    nodes
      .map((node) => {
        if (node.type === 'text') {
          for (const [mark] of node.value.matchAll(MARK)) marks.push(mark);
          return node.value;
        }
        if ('children' in node) return inline(node.children, marks);
        return node.type === 'inlineCode' ? `\`${node.value}\`` : node.type;
      })
      .join('');
  const visit = (node: Node): void => {
    if (node.type === 'paragraph' || node.type === 'heading') {
      const marks: string[] = [];
      const block = blanks(inline(node.children, marks)).trim();
      for (const mark of marks) result.push({ mark, block });
    } else if ('children' in node) for (const child of node.children) visit(child);
  };
  for (const block of tree.children) visit(block);
  return result;
}
