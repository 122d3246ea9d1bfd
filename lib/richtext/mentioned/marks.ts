/**
 * Words that replace mentions while a text is converted or merged. They use letters of a script that hardly anybody
 * writes, so that every markup reads them as one plain word. A text that already contains such words is not translated.
 */

import type { RichTextFormat } from '../../model/values';
import { type Look, MEDIA, pictureId } from '../pictures';

const OPEN = 'ꖴꖿ';
const CLOSE = 'ꗏ';
const ZERO = 0xa500;

/** All marks in a text. */
export const MARK = new RegExp(`${OPEN}[\\ua500-\\ua509]{1,7}${CLOSE}`, 'g');

export const hasMarks = (content: string): boolean => content.includes(OPEN);

export const markOf = (number: number): string =>
  `${OPEN}${[...String(number)].map((digit) => String.fromCharCode(ZERO + Number(digit))).join('')}${CLOSE}`;

/** The replacement of a mark. */
export type Piece =
  /** in the text's own markup; of ADF an inline node, or a picture. `apart`: what it needs to be read stands around it */
  | { source: string; apart?: true }
  /** words, in the source's spelling; in ADF, as people read them */
  | { text: string };

/** A text with the marks replaced. An unknown mark stays. */
export function exchange(
  content: string,
  format: RichTextFormat,
  pieceOf: (mark: string) => Piece | undefined,
): string {
  if (!hasMarks(content)) return content;
  if (format === 'adf') return exchangeInAdf(content, pieceOf);
  return content.replace(MARK, (mark, at: number) => {
    const piece = pieceOf(mark);
    if (piece === undefined) return mark;
    if (!('source' in piece)) return piece.text;
    if (!piece.apart) return piece.source;
    return spaced(piece.source, content[at - 1], content[at + mark.length], format);
  });
}

/** With blanks where the sign of a picture would not be one. */
function spaced(source: string, before = ' ', after = ' ', format: RichTextFormat): string {
  const isSigned = format === 'textile' || format === 'jira-wiki';
  const opens = format === 'textile' ? /[\s(>|]/ : /[^\p{L}\p{N}_\\]/u;
  const left = isSigned && !opens.test(before) ? ' ' : '';
  const right = isSigned && /[\p{L}\p{N}_:]/u.test(after) ? ' ' : '';
  return `${left}${source}${right}`;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function exchangeInAdf(content: string, pieceOf: (mark: string) => Piece | undefined): string {
  const visit = (value: Json): Json => {
    if (Array.isArray(value))
      return value.flatMap((item) => (isText(item) ? split(item, pieceOf) : lifted(visit(item))));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]));
  };
  return JSON.stringify(visit(JSON.parse(content) as Json));
}

const isText = (item: Json): item is { type: 'text'; text: string } =>
  isObject(item) && item.type === 'text' && typeof item.text === 'string';

type Node = { [key: string]: Json };

const isBlockPicture = (node: Json): node is Node => isObject(node) && node.type === 'mediaSingle';

/** Pictures are blocks in ADF: one splits its paragraph. Where there can be no block, it stands in the line. */
function lifted(node: Json): Json[] {
  if (!isObject(node) || !Array.isArray(node.content) || !node.content.some(isBlockPicture)) return [node];
  if (node.type !== 'paragraph') {
    const isLine = node.content.some((one) => isObject(one) && one.type === 'text') || node.type === 'heading';
    return isLine || node.type === 'taskItem' ? [{ ...node, content: node.content.map(inLine) }] : [node];
  }
  const result: Json[] = [];
  let part: Json[] = [];
  const flush = (): void => {
    const content = trimmed(part);
    part = [];
    if (content.length > 0) result.push({ ...node, content });
  };
  for (const one of node.content) {
    if (!isBlockPicture(one)) part.push(one);
    else {
      flush();
      result.push(one);
    }
  }
  flush();
  return result;
}

/** Without breaks and blanks at the ends. */
function trimmed(nodes: Json[]): Json[] {
  const isBlank = (node: Json | undefined): boolean =>
    isObject(node) && (node.type === 'hardBreak' || (isText(node) && node.text.trim() === ''));
  let [from, to] = [0, nodes.length];
  while (from < to && isBlank(nodes[from])) from++;
  while (to > from && isBlank(nodes[to - 1])) to--;
  return nodes.slice(from, to);
}

function inLine(node: Json): Json {
  if (!isBlockPicture(node) || !Array.isArray(node.content)) return node;
  const [media] = node.content;
  if (!isObject(media) || !isObject(media.attrs)) return node;
  const { id = '', collection = '', alt, type } = media.attrs;
  if (type !== 'file') return { type: 'text', text: `[${typeof alt === 'string' && alt !== '' ? alt : 'image'}]` };
  return { type: 'mediaInline', attrs: { type: 'image', id, collection, ...(alt !== undefined && { alt }) } };
}

/** Splits a text node into the nodes it becomes: a mention is a node of its own. */
function split(node: { type: 'text'; text: string }, pieceOf: (mark: string) => Piece | undefined): Json[] {
  if (!hasMarks(node.text)) return [node];
  const result: Json[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') result.push({ ...node, text });
    text = '';
  };
  let at = 0;
  for (const match of node.text.matchAll(MARK)) {
    text += node.text.slice(at, match.index);
    at = match.index + match[0].length;
    const piece = pieceOf(match[0]);
    if (piece && 'source' in piece) {
      flush();
      result.push(JSON.parse(piece.source) as Json);
    } else text += piece?.text ?? match[0];
  }
  text += node.text.slice(at);
  flush();
  return result;
}

/** The URL of a card, or of a text that is a link. */
function linkIn(value: { [key: string]: Json }): string | undefined {
  const { type, attrs, marks } = value;
  if (type === 'inlineCard') return isObject(attrs) && typeof attrs.url === 'string' ? attrs.url : undefined;
  if (type !== 'text' || !Array.isArray(marks)) return undefined;
  for (const mark of marks) {
    if (isObject(mark) && mark.type === 'link' && isObject(mark.attrs) && typeof mark.attrs.href === 'string')
      return mark.attrs.href;
  }
  return undefined;
}

/** A picture that is a file in Jira. One with words under it is left as it is. */
function pictureIn(node: Node): { media: Node; look: Look } | undefined {
  if (node.type === 'mediaInline') return isObject(node.attrs) ? { media: node.attrs, look: {} } : undefined;
  if (node.type !== 'mediaSingle' || !Array.isArray(node.content) || node.content.length !== 1) return undefined;
  const [media] = node.content;
  if (!isObject(media) || media.type !== 'media' || !isObject(media.attrs)) return undefined;
  const attrs = isObject(node.attrs) ? node.attrs : {};
  const look: Look = {};
  if (typeof attrs.width === 'number')
    look.width = attrs.widthType === 'pixel' ? Math.round(attrs.width) : `${attrs.width}%`;
  if (attrs.layout === 'wrap-left' || attrs.layout === 'align-start') look.align = 'left';
  if (attrs.layout === 'wrap-right' || attrs.layout === 'align-end') look.align = 'right';
  const url = linkIn({ ...media, type: 'text' }) ?? linkIn({ ...node, type: 'text' });
  if (url !== undefined) look.link = url;
  return { media: media.attrs, look };
}

/** The file that a picture shows. */
function fileIn({ media, look }: { media: Node; look: Look }): { id: string; name: string; look: Look } | undefined {
  const { type, id, alt } = media;
  if (typeof id !== 'string' || id === '' || type === 'external' || type === 'link') return undefined;
  const name = typeof alt === 'string' ? alt : '';
  return { id: pictureId(`${MEDIA}${id}`), name, look: { ...look, ...(name !== '' && { alt: name }) } };
}

/** Something in a document that may be replaced by a mark. */
export interface AdfPlace {
  id: string;
  name: string;
  source: string;
  look?: Look;
}

/** A document with its mentions and pictures replaced by marks. @returns undefined if it is not JSON */
export function markAdf(content: string, take: (place: AdfPlace) => string | undefined): string | undefined {
  const visit = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(visit);
    if (!isObject(value)) return value;
    if (value.type === 'mention' && isObject(value.attrs) && typeof value.attrs.id === 'string') {
      const { id, text } = value.attrs;
      const name = typeof text === 'string' ? text.replace(/^@/, '') : '';
      const mark = take({ id, name, source: JSON.stringify(value) });
      return mark === undefined ? value : { type: 'text', text: mark };
    }
    const url = linkIn(value);
    const card = url === undefined ? undefined : take({ id: `link:${url}`, name: '', source: JSON.stringify(value) });
    if (card !== undefined) return { type: 'text', text: card };
    const picture = pictureIn(value);
    const file = picture && fileIn(picture);
    const shown = file && take({ ...file, source: JSON.stringify(value) });
    if (shown !== undefined) {
      const text: Node = { type: 'text', text: shown };
      return value.type === 'mediaInline' ? text : { type: 'paragraph', content: [text] };
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]));
  };
  try {
    return JSON.stringify(visit(JSON.parse(content) as Json));
  } catch {
    return undefined;
  }
}
