/**
 * ADF: a piece is the content between two hard breaks of a paragraph or heading, a task, a table row, a line of code,
 * or an unknown node. The nodes around it are its frames: the JSON before and after their content.
 */

import { type AdfNode, isNode } from '../adf/schema';
import { MAX_DEPTH } from '../tree';
import { type Cut, type Frame, framesBetween, type Joint, type Piece } from './piece';

/** Hold blocks. */
const CONTAINERS = new Set(
  (
    'bulletList orderedList taskList decisionList panel expand nestedExpand blockquote table layoutSection ' +
    'layoutColumn bodiedExtension'
  ).split(' '),
);
/** Hold words, or are one of a container's parts. */
const PARTS = new Set('paragraph heading listItem taskItem decisionItem'.split(' '));
const WORDS = new Set('paragraph heading taskItem decisionItem'.split(' '));
const CODE = 'codeBlock';

const BREAK = '{"type":"hardBreak"}';

const joint: Joint = {
  between(left, right) {
    const change = framesBetween(left, right, ',');
    if (change !== ',') return change;
    const around = right?.frames.at(-1)?.name ?? '';
    if (around === CODE) return '\\n';
    return WORDS.has(around) ? `,${BREAK},` : ',';
  },
};

/** @returns undefined if the text is not an ADF document */
export function cutAdf(source: string): Cut | undefined {
  let document: unknown;
  try {
    document = JSON.parse(source);
  } catch {
    return undefined;
  }
  if (!isNode(document) || document.type !== 'doc' || !Array.isArray(document.content)) return undefined;
  const writer = new Writer();
  writer.nodes(document.content, [], 0);
  const frame = document;
  return {
    kind: 'adf',
    pieces: writer.pieces,
    glue: [...writer.glue, writer.text.slice(writer.end)],
    whole: (content) => JSON.stringify({ ...frame, content: JSON.parse(`[${content}]`) as unknown }),
    ...joint,
  };
}

/** Writes the nodes as JSON and records the positions of the pieces in it. */
class Writer {
  text = '';
  end = 0;
  readonly pieces: Piece[] = [];
  readonly glue: string[] = [];
  private around: readonly Frame[] = [];
  private block = 0;

  nodes(nodes: readonly unknown[], frames: readonly Frame[], depth: number): void {
    nodes.forEach((node, index) => {
      if (index > 0) this.text += ',';
      this.node(node, frames, depth);
      if (frames.length === 0) this.block += 1;
    });
  }

  private node(node: unknown, frames: readonly Frame[], depth: number): void {
    const content = isNode(node) ? node.content : undefined;
    const opens = isNode(node) && (CONTAINERS.has(node.type) || PARTS.has(node.type) || node.type === CODE);
    if (!opens || !content || content.length === 0 || depth > MAX_DEPTH) {
      const isEmpty = isNode(node) && PARTS.has(node.type) && (content?.length ?? 0) === 0;
      if (isEmpty) this.text += JSON.stringify(node);
      else this.place(JSON.stringify(node), frames);
      return;
    }
    const line = node.type === CODE ? onlyText(content) : undefined;
    if (node.type === CODE && line === undefined) {
      this.place(JSON.stringify(node), frames);
      return;
    }
    const frame = frameOf(node, line);
    this.text += frame.open;
    const within = [...frames, frame];
    if (line !== undefined) this.code(line, within);
    else if (WORDS.has(node.type)) this.words(content, within);
    else this.nodes(content, within, depth + 1);
    this.text += frame.close;
  }

  private code(text: string, frames: readonly Frame[]): void {
    text.split('\n').forEach((line, index) => {
      if (index > 0) this.text += '\\n';
      const written = JSON.stringify(line).slice(1, -1);
      if (line.trim() === '') this.text += written;
      else this.place(written, frames);
    });
  }

  private words(nodes: readonly unknown[], frames: readonly Frame[]): void {
    let run: unknown[] = [];
    const flush = (): void => {
      if (run.length > 0) this.place(run.map((node) => JSON.stringify(node)).join(','), frames);
      run = [];
    };
    nodes.forEach((node, index) => {
      const isBreak = isNode(node) && node.type === 'hardBreak';
      if (!isBreak) {
        if (index > 0 && run.length === 0) this.text += ',';
        run.push(node);
        return;
      }
      flush();
      this.text += `${index > 0 ? ',' : ''}${JSON.stringify(node)}`;
    });
    flush();
  }

  private place(text: string, frames: readonly Frame[]): void {
    let shared = 0;
    while (frames[shared] && frames[shared] === this.around[shared]) shared += 1;
    this.glue.push(this.text.slice(this.end));
    const fresh = shared < frames.length;
    const verbatim = frames.at(-1)?.name === CODE;
    this.pieces.push({ text, frames, shared, block: this.block, fresh, role: 'other', verbatim });
    this.around = frames;
    this.text += text;
    this.end = this.text.length;
  }
}

/** The text of a code block that consists of a single text without marks. */
function onlyText(content: readonly unknown[]): string | undefined {
  const [only] = content;
  if (content.length !== 1 || !isNode(only) || only.type !== 'text' || Object.keys(only).length !== 2) return undefined;
  return only.text;
}

/** @param line set for a code block: its single text belongs to the frame */
function frameOf(node: AdfNode, line: string | undefined): Frame {
  const entries = Object.entries(node).map(([key, value]) => [key, `${JSON.stringify(key)}:${JSON.stringify(value)}`]);
  const at = entries.findIndex(([key]) => key === 'content');
  const written = entries.map(([, text]) => text);
  const [inner, outer] = line === undefined ? ['', ''] : ['{"type":"text","text":"', '"}'];
  const before = written.slice(0, at).join(',');
  const behind = written.slice(at + 1).join(',');
  return {
    name: node.type,
    open: `{${before}${before === '' ? '' : ','}"content":[${inner}`,
    close: `${outer}]${behind === '' ? '' : ','}${behind}}`,
    container: CONTAINERS.has(node.type),
  };
}
