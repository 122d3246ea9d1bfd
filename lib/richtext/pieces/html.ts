/**
 * HTML: a piece is a run of words up to a line break or the edge of a block, a table row, a picture or a rule. The
 * elements around it are its frames. Blank paragraphs lie between pieces.
 */

import { type Element, isElement, isText, type Node, parseHtmlNodes } from '../html/dom';
import { BLOCKS, DROPPED } from '../html/elements';
import { type Cut, type Frame, framesBetween, type Joint, type Piece } from './piece';

const CONTAINERS = new Set(['ul', 'ol', 'dl', 'table', 'thead', 'tbody', 'tfoot', 'blockquote', 'details']);
const ITEMS = new Set(['li', 'td', 'th', 'dt', 'dd']);
/** Elements that are complete without words. */
const VISIBLE = /<(?:img|input|hr|iframe|video|audio|object|embed)\b/i;

const BLANK = /(?:&nbsp;|&#160;|&#xa0;|[\s\u00a0]|<!--[\s\S]*?-->|<[^>]*>)+/gi;

const isBlank = (source: string): boolean => !VISIBLE.test(source) && source.replace(BLANK, '') === '';

const joint: Joint = {
  between(left, right) {
    const change = framesBetween(left, right, '');
    if (change !== '' || !left || !right || left.role === 'table' || right.role === 'table') return change;
    return right.frames.at(-1)?.name === 'pre' ? '\n' : '<br>';
  },
};

/**
 * @param source with '\n' as line end
 * @returns undefined if its elements overlap, so that no part of it can be separated
 */
export function cutHtml(source: string): Cut | undefined {
  const reader = new Reader(source);
  reader.flow(parseHtmlNodes(source), [], false);
  return reader.cut();
}

class Reader {
  private readonly pieces: Piece[] = [];
  private readonly glue: string[] = [];
  private end = 0;
  private block = 0;
  private crossed = false;
  /** frames of the preceding piece */
  private around: readonly Frame[] = [];
  private run: { start: number; end: number } | undefined;

  constructor(private readonly source: string) {}

  cut(): Cut | undefined {
    if (this.crossed) return undefined;
    return {
      kind: 'html',
      pieces: this.pieces,
      glue: [...this.glue, this.source.slice(this.end)],
      whole: (content) => content,
      ...joint,
    };
  }

  flow(nodes: readonly Node[], frames: readonly Frame[], pre: boolean): void {
    for (const node of nodes) {
      const place = node.sourceCodeLocation;
      if (isElement(node)) this.element(node, frames, pre);
      else if (place && isText(node)) this.extend(place.startOffset, place.endOffset);
      if (frames.length === 0 && isElement(node) && this.isFrame(node, pre)) this.block += 1;
    }
    this.flush(frames, pre);
  }

  private extend(start: number, end: number): void {
    this.run = { start: this.run?.start ?? start, end };
  }

  private element(element: Element, frames: readonly Frame[], pre: boolean): void {
    const place = element.sourceCodeLocation;
    const name = element.tagName;
    if (!place) {
      // an implied element that the source omits, such as tbody
      this.flow(element.childNodes, frames, pre);
    } else if (name === 'br') {
      this.flush(frames, pre);
    } else if (name === 'tr' || name === 'hr') {
      this.flush(frames, pre);
      this.place(place.startOffset, place.endOffset, frames, 'table');
    } else if (this.isFrame(element, pre)) {
      this.flush(frames, pre);
      const tag = place.startTag;
      const open = this.source.slice(tag?.startOffset ?? place.startOffset, tag?.endOffset ?? place.startOffset);
      const holds = name === 'div' && element.childNodes.some((child) => isElement(child) && BLOCKS.has(child.tagName));
      const frame: Frame = { name, open, close: `</${name}>`, container: holds || CONTAINERS.has(name) };
      this.flow(element.childNodes, [...frames, frame], pre || name === 'pre');
    } else this.extend(place.startOffset, place.endOffset);
  }

  /** A block, or an inline element around a block or a line break. */
  private isFrame(element: Element, pre: boolean): boolean {
    const { tagName } = element;
    if (DROPPED.has(tagName)) return false;
    if (BLOCKS.has(tagName) || ITEMS.has(tagName) || CONTAINERS.has(tagName)) return tagName !== 'hr';
    return element.childNodes.some((child) =>
      isElement(child)
        ? child.tagName === 'br' || child.tagName === 'hr' || child.tagName === 'tr' || this.isFrame(child, pre)
        : pre && isText(child) && child.value.includes('\n'),
    );
  }

  private flush(frames: readonly Frame[], pre: boolean): void {
    const { run } = this;
    this.run = undefined;
    if (!run) return;
    if (!pre) {
      this.place(run.start, run.end, frames, 'other');
      return;
    }
    let start = run.start;
    for (const line of this.source.slice(run.start, run.end).split('\n')) {
      this.place(start, start + line.length, frames, 'other');
      start += line.length + 1;
    }
  }

  private place(start: number, end: number, frames: readonly Frame[], role: 'table' | 'other'): void {
    const source = this.source.slice(start, end);
    if (role === 'other' && isBlank(source)) return;
    const pre = frames.some(({ name }) => name === 'pre');
    const from = start + (pre ? 0 : source.length - source.trimStart().length);
    const to = end - (source.length - source.trimEnd().length);
    if (from < this.end) this.crossed = true;
    let shared = 0;
    while (frames[shared] && frames[shared] === this.around[shared]) shared += 1;
    this.glue.push(this.source.slice(this.end, from));
    const text = this.source.slice(from, to);
    this.pieces.push({ text, frames, shared, block: this.block, fresh: shared < frames.length, role, verbatim: pre });
    this.around = frames;
    this.end = to;
  }
}
