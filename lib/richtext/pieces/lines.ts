/**
 * Markdown, Textile and Jira wiki markup: a piece is a line with words in it. Empty lines separate blocks, so they lie
 * between pieces: texts that two people add below one another do not merge.
 */

import type { Block, Span } from '../tree';
import type { Cut, Joint, Piece, Role } from './piece';

const ITEM = /^[ \t]*(?:[-*+#]+|\d{1,9}[.)])[ \t]/;
const EMPTY_LINE = /\n[ \t]*\n/;

const joint: Joint = {
  between(left, right) {
    if (!left || !right) return '';
    if (left.role !== right.role) return '\n\n';
    if (right.role === 'table' || right.role === 'code') return '\n';
    if (right.role === 'list' && ITEM.test(right.text)) return '\n';
    return right.fresh ? '\n\n' : '\n';
  },
};

/**
 * @param source with '\n' as line end
 * @param blocks the text's blocks, with their places
 */
export function cutLines(source: string, blocks: readonly Block[]): Cut {
  const placed = blocks.filter((block): block is Block & { span: Span } => block.span !== undefined);
  const code = codeIn(blocks);
  const pieces: Piece[] = [];
  const glue: string[] = [];
  /** the last position of the text that belongs to a piece */
  let end = 0;
  let next = 0;
  let last: Block | undefined;
  let start = 0;
  for (const text of source.split('\n')) {
    const from = start;
    start += text.length + 1;
    if (text.trim() === '') continue;
    while ((placed[next]?.span.end ?? source.length) <= from && next < placed.length) next += 1;
    const around = placed[next];
    const block = around && around.span.start < from + text.length ? around : undefined;
    const before = source.slice(end, from);
    const apart = EMPTY_LINE.test(before) || pieces.length === 0;
    const begins = block ? block !== last : last !== undefined || apart;
    pieces.push({
      text,
      frames: [],
      shared: 0,
      block: (pieces.at(-1)?.block ?? 0) + (begins ? 1 : 0),
      fresh: begins || apart,
      role: roleOf(block),
      verbatim: code.some((span) => span.start < from + text.length && span.end > from),
    });
    glue.push(before);
    last = block;
    end = from + text.length;
  }
  glue.push(source.slice(end));
  return { kind: 'lines', pieces, glue, whole: (content) => content, ...joint };
}

const roleOf = (block: Block | undefined): Role =>
  block?.type === 'list' || block?.type === 'table' || block?.type === 'code' ? block.type : 'other';

/** The places of code blocks, including nested ones if those have places. */
function codeIn(blocks: readonly Block[]): Span[] {
  return blocks.flatMap((block): Span[] => {
    if (block.type === 'code') return block.span ? [block.span] : [];
    if (block.type === 'list') return block.children.flatMap(({ children }) => codeIn(children));
    return block.type !== 'table' && 'children' in block ? codeIn(block.children as Block[]) : [];
  });
}
