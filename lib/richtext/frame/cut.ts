/**
 * Finds the author line in front of a text and cuts it out, with nothing else: what is behind it stays byte for byte. Only the
 * beginning of a text is read, so that this costs the same for a long one; a quote that holds such a line is none.
 */

import type { RichText } from '../../model/values';
import { isElement, isText, type Node, parseHtmlNodes } from '../html/dom';
import type { Block } from '../tree';

/** The line is found within so many characters. */
const LONGEST_LINE = 2_500;
const LONGEST_HTML = 8_000;
/** Elements around it. */
const DEEPEST = 8;

export interface Cutting {
  /** reads a part of the text, in the text's own format */
  parse(content: string): readonly Block[];
  /** the words of the line; undefined if this block is not the line */
  words(block: Block | undefined): string | undefined;
}

export interface Found {
  /** the text without the line */
  content: string;
  /** of the line */
  words: string;
}

/** @returns undefined if there is none */
export function cutLine(text: RichText, cutting: Cutting): Found | undefined {
  switch (text.format) {
    case 'adf':
      return cutDocument(text.content, cutting);
    case 'html':
      return cutElement(text.content, cutting);
    case 'text':
    case 'markdown':
    case 'textile':
    case 'jira-wiki':
      return cutFirst(text.content, cutting);
  }
}

/** @returns the words of the line, if these blocks are nothing else */
function only(blocks: readonly Block[], cutting: Cutting): string | undefined {
  return blocks.length === 1 ? cutting.words(blocks[0]) : undefined;
}

/** In markups of lines it is the first line, and an empty one goes with it. */
function cutFirst(content: string, cutting: Cutting): Found | undefined {
  const start = /^(?:[ \t]*\r?\n)*/.exec(content.slice(0, LONGEST_LINE))?.[0].length ?? 0;
  const end = content.indexOf('\n', start);
  const first = content.slice(start, end < 0 ? undefined : end).trimEnd();
  if (first === '' || first.length > LONGEST_LINE) return undefined;
  const words = only(cutting.parse(first), cutting);
  if (words === undefined) return undefined;
  const rest = end < 0 ? '' : content.slice(end + 1);
  return { content: rest.replace(/^[ \t]{0,100}\r?\n/, ''), words };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a document it is the first node that holds anything, or what stands in that before a line break. */
function cutDocument(content: string, cutting: Cutting): Found | undefined {
  const doc = documentOf(content);
  if (!doc) return undefined;
  const at = doc.content.findIndex((node) => !(isObject(node) && node.type === 'paragraph' && isBlank(node.content)));
  const node = doc.content[at];
  if (!isObject(node)) return undefined;
  const read = (nodes: unknown): string | undefined =>
    only(cutting.parse(JSON.stringify({ ...doc, content: [nodes] })), cutting);
  const without = (...instead: unknown[]): string =>
    JSON.stringify({ ...doc, content: [...instead, ...doc.content.slice(at + 1)] });
  if (JSON.stringify(node).length > LONGEST_HTML) return undefined;
  const whole = read(node);
  if (whole !== undefined) return { content: without(), words: whole };
  const inline: unknown[] = node.type === 'paragraph' && Array.isArray(node.content) ? node.content : [];
  const end = inline.findIndex((one) => isObject(one) && one.type === 'hardBreak');
  if (end < 0) return undefined;
  const words = read({ ...node, content: inline.slice(0, end) });
  if (words === undefined) return undefined;
  return { content: without({ ...node, content: inline.slice(end + 1) }), words };
}

const isBlank = (content: unknown): boolean =>
  content === undefined || (Array.isArray(content) && content.length === 0);

/** A document of Atlassian's format; undefined if it is none. */
export function documentOf(content: string): (Record<string, unknown> & { content: unknown[] }) | undefined {
  try {
    const doc: unknown = JSON.parse(content);
    if (!isObject(doc)) return undefined;
    const { content: nodes = [] } = doc;
    return Array.isArray(nodes) ? { ...doc, content: nodes } : undefined;
  } catch {
    return undefined;
  }
}

/** In HTML it is the first element that holds anything, or what stands in that before a line break. */
function cutElement(content: string, cutting: Cutting): Found | undefined {
  const head = content.slice(0, LONGEST_HTML);
  let nodes: readonly Node[] = parseHtmlNodes(head);
  for (let depth = 0; depth < DEEPEST; depth++) {
    const from = nodes.findIndex((node) => !isBetween(node));
    const first = nodes[from];
    if (!first) return undefined;
    if (isElement(first) && isBlock(first)) {
      const { sourceCodeLocation: place } = first;
      // an element that goes on behind what was read is more than a line
      const words =
        place && (place.endTag || place.endOffset < head.length || head.length === content.length)
          ? only(cutting.parse(head.slice(place.startOffset, place.endOffset)), cutting)
          : undefined;
      if (place && words !== undefined)
        return { content: withoutSpan(content, place.startOffset, place.endOffset), words };
      nodes = first.childNodes;
      continue;
    }
    return cutRun(content, nodes.slice(from), cutting);
  }
  return undefined;
}

/** What stands in line, up to a line break or the next block. */
function cutRun(content: string, nodes: readonly Node[], cutting: Cutting): Found | undefined {
  const end = nodes.findIndex((node) => isElement(node) && (node.tagName === 'br' || isBlock(node)));
  const run = end < 0 ? nodes : nodes.slice(0, end);
  const start = run[0]?.sourceCodeLocation?.startOffset;
  const last = run.at(-1)?.sourceCodeLocation?.endOffset;
  if (start === undefined || last === undefined) return undefined;
  const words = only(cutting.parse(content.slice(start, last)), cutting);
  if (words === undefined) return undefined;
  const next = nodes[end];
  const isBreak = next !== undefined && isElement(next) && next.tagName === 'br';
  return { content: withoutSpan(content, start, (isBreak && next.sourceCodeLocation?.endOffset) || last), words };
}

/** A line end behind it goes with it. */
const withoutSpan = (content: string, start: number, end: number): string =>
  content.slice(0, start) + content.slice(end).replace(/^\r?\n/, '');

const BLOCKS = new Set('p div section article header h1 h2 h3 h4 h5 h6'.split(' '));
const isBlock = ({ tagName }: { tagName: string }): boolean => BLOCKS.has(tagName);

/** Blanks and comments. */
const isBetween = (node: Node): boolean => (isText(node) ? node.value.trim() === '' : !isElement(node));
