/**
 * Round trips rest (invariant 7): an edit on one side changes in the other side's text only the blocks that were edited.
 * All other blocks stay byte for byte what they were, with everything the other markup cannot hold.
 */

import type { RichText, RichTextFormat } from '../../model/values';
import type { Block, Loss, Span, Tree } from '../tree';
import { align, gaps } from './align';
import { restoreAtoms } from './atoms';
import { mergeItems } from './items';
import { blockKey, blockKeys } from './key';
import { partsOf } from './parts';
import { type Candidate, withSimilar } from './similar';
import { type Change, separatorOf, splice } from './splice';
import { editWords, type WordTools } from './words';

export interface MergeInput {
  /** the text that is to be written to, as it was when both sides were last in sync: the target's baseline */
  target: RichText;
  /** the text of the other side at that time: the source's baseline, in the source's own format */
  before: RichText;
  /** the text of the other side now, in the same format as `before` */
  after: RichText;
}

export interface Merged {
  /** the target's new text, in the target's format; the very content of `target` where nothing was edited */
  text: RichText;
  /** what of the edited blocks the target's format can't show */
  losses: Loss[];
  /** blocks that stayed as they were, and blocks that were converted */
  kept: number;
  converted: number;
}

/** What the merge needs of the formats. */
export interface Tools {
  parse(text: RichText): Tree;
  render(tree: Tree, format: RichTextFormat): { text: RichText; losses: Loss[] };
}

/** One or more blocks of the target that stand together in one piece of its source. */
interface Unit extends Span {
  blocks: Block[];
}

/** Units of the target and blocks of the source that show the same: ranges, end exclusive. */
interface Segment {
  units: [number, number];
  blocks: [number, number];
}

/** Line ends and blanks that systems add or drop when they store a text. */
const normalised = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t\u00a0]+(?=\n|$)/g, '')
    .trimEnd();

/** @see mergeRichText in ../index */
export function merge(input: MergeInput, tools: Tools): Merged {
  const { target, before, after } = input;
  if (before.format === after.format && normalised(before.content) === normalised(after.content))
    return { text: target, losses: [], kept: 0, converted: 0 };
  const whole = (): Merged => {
    const { text, losses } =
      after.format === target.format ? { text: after, losses: [] } : tools.render(tools.parse(after), target.format);
    return { text, losses, kept: 0, converted: 1 };
  };
  if (after.format === target.format || before.format !== after.format) return whole();
  const newline = target.content.includes('\r\n') ? '\r\n' : '\n';
  const unix: RichText = { format: target.format, content: target.content.replace(/\r\n?/g, '\n') };
  const merged = new Merge(unix, before, after, tools).run();
  if (!merged) return whole();
  // kept lines have the target's own line ends again; a text with both kinds gets one
  const content = newline === '\n' ? merged.text.content : merged.text.content.replaceAll('\n', newline);
  return { ...merged, text: { format: target.format, content } };
}

class Merge {
  private readonly source: string;
  private readonly degraded: boolean;
  private readonly format: RichTextFormat;
  private readonly own: Block[];
  private readonly units: Unit[];
  private readonly old: Block[];
  private readonly now: Block[];
  /** what parts of the text refer to, wherever it stands */
  private readonly definitions: string;
  private readonly losses = new Map<string, Loss>();
  private converted = 0;
  /** keys that the result must have */
  private readonly expected: string[] = [];

  constructor(
    target: RichText,
    private readonly before: RichText,
    after: RichText,
    private readonly tools: Tools,
  ) {
    this.source = target.content;
    this.format = target.format;
    const trees = [target, before, after].map((text) => tools.parse(text));
    const [own, old, now] = trees.map(({ children }) => children);
    this.degraded = trees.some(({ degraded }) => degraded !== undefined);
    this.own = own ?? [];
    this.units = unitsOf(this.own);
    this.definitions = this.format === 'markdown' ? definitionsOf(this.source) : '';
    this.old = (old ?? []).filter((block) => blockKey(block) !== '');
    this.now = (now ?? []).filter((block) => blockKey(block) !== '');
  }

  /** @returns undefined where the texts don't fit together well enough to be merged */
  run(): Merged | undefined {
    if (this.degraded || this.units.length === 0 || this.old.length === 0) return undefined;
    const words = editWords(
      { source: this.source, lead: '', tail: '', format: this.format, old: this.old, now: this.now, own: this.own },
      this.editor,
    );
    if (words !== undefined)
      return {
        text: { format: this.format, content: words },
        losses: [],
        kept: this.units.length - 1,
        converted: 1,
      };
    const segments = this.segments();
    const oldKeys = this.old.map(blockKey);
    const pairs = align(oldKeys, this.now.map(blockKey));
    const same = new Map(pairs);
    const changes: Change[] = segments.map(() => ({ keep: false, replacement: [], behind: [] }));
    const ahead: string[] = [];
    /** blocks of now that a kept segment shows */
    const shown = new Set<number>();
    segments.forEach((segment, index) => {
      const change = changes[index];
      if (!change || !isIntact(segment, same)) return;
      change.keep = true;
      for (let at = segment.blocks[0]; at < segment.blocks[1]; at++) shown.add(same.get(at) ?? -1);
    });
    const homes = this.homes(segments, pairs, shown);
    let at = -1;
    const emitKept = (upTo: number): void => {
      for (at++; at <= upTo; at++) {
        const segment = segments[at];
        if (changes[at]?.keep && segment) this.expected.push(...this.keysOf(segment));
      }
      at = upTo;
    };
    let lastHome = -1;
    for (const { from, to, home, replaces } of homes) {
      if (home > lastHome) emitKept(home);
      lastHome = Math.max(lastHome, home);
      const segment = replaces === undefined ? undefined : segments[replaces];
      const change = replaces === undefined ? undefined : changes[replaces];
      const edited =
        segment && change?.replacement.length === 0 ? this.edited(this.now.slice(from, to), segment) : undefined;
      const text = this.write(this.now.slice(from, to), edited);
      if (text === '') continue;
      if (change) {
        change.inPlace = edited !== undefined;
        change.replacement.push(text);
      } else if (home < 0) ahead.push(text);
      else changes[home]?.behind.push(text);
    }
    emitKept(segments.length - 1);
    const spans = segments.map(({ units: [first, end] }) => ({
      start: this.units[first]?.start ?? 0,
      end: this.units[end - 1]?.end ?? 0,
    }));
    const content = splice(this.source, spans, changes, ahead, separatorOf(this.format));
    if (!this.isSound(content)) return undefined;
    const kept = changes.filter(({ keep }) => keep).length;
    return {
      text: { format: this.format, content },
      losses: [...this.losses.values()],
      kept,
      converted: this.converted,
    };
  }

  /** Which units of the target show which blocks of the source, as it was. */
  private segments(): Segment[] {
    const owners: number[] = [];
    const keys: string[] = [];
    this.units.forEach((unit, index) => {
      const { text } = this.tools.render({ type: 'root', children: unit.blocks }, this.before.format);
      for (const key of blockKeys(this.tools.parse(text).children)) {
        owners.push(index);
        keys.push(key);
      }
    });
    const pairs = align(keys, this.old.map(blockKey));
    /** per block: first and last unit that it belongs to */
    const ranges: ([number, number] | undefined)[] = this.old.map(() => undefined);
    const join = (block: number, unit: number): void => {
      const range = ranges[block];
      ranges[block] = range ? [Math.min(range[0], unit), Math.max(range[1], unit)] : [unit, unit];
    };
    for (const [key, block] of pairs) join(block, owners[key] ?? 0);
    for (const { left, right } of gaps(pairs, keys.length, this.old.length)) {
      const [count, blocks] = [left[1] - left[0], right[1] - right[0]];
      for (let at = 0; at < blocks && count > 0; at++) {
        if (count === blocks) join(right[0] + at, owners[left[0] + at] ?? 0);
        else for (let key = left[0]; key < left[1]; key++) join(right[0] + at, owners[key] ?? 0);
      }
    }
    return joined(ranges, this.units.length);
  }

  /** Where each stretch of new blocks goes: in the place of a segment, or behind one. */
  private homes(
    segments: readonly Segment[],
    pairs: readonly [number, number][],
    shown: ReadonlySet<number>,
  ): { from: number; to: number; home: number; replaces?: number }[] {
    const segmentOf = new Map<number, number>();
    segments.forEach(({ blocks: [first, end] }, index) => {
      for (let at = first; at < end; at++) segmentOf.set(at, index);
    });
    const partners = new Map(
      withSimilar(pairs, this.old.map(asCandidate), this.now.map(asCandidate)).map(([left, right]) => [right, left]),
    );
    const places = this.now.map((_, index) => segmentOf.get(partners.get(index) ?? -1));
    const result: { from: number; to: number; home: number; replaces?: number }[] = [];
    /** the last segment that stands before the place we are at */
    let home = -1;
    for (let next = 0; next < this.now.length; next++) {
      const place = places[next];
      if (shown.has(next)) {
        home = Math.max(home, place ?? -1);
        continue;
      }
      const last = result.at(-1);
      // what stands between two blocks of one segment belongs to it
      const isWithin =
        place === undefined &&
        home >= 0 &&
        places.indexOf(home, next) > next &&
        places.lastIndexOf(home, next) >= 0 &&
        last?.replaces === home &&
        last.to === next;
      if (last && last.to === next && last.replaces !== undefined && (place === last.replaces || isWithin))
        last.to = next + 1;
      else if (place === undefined || place < home) result.push({ from: next, to: next + 1, home });
      else {
        result.push({ from: next, to: next + 1, home: place, replaces: place });
        home = place;
      }
    }
    return result;
  }

  /** Blocks that were edited, as a text: made of the target's own where that went, else new in the target's format. */
  private write(blocks: readonly Block[], edited: string | undefined): string {
    this.converted++;
    if (edited === undefined) return this.renderNew(blocks);
    this.expected.push(...this.reread(this.asDocument(edited), this.definitions));
    return edited;
  }

  /** The target's own text of a segment with an edit in it. */
  private edited(blocks: readonly Block[], segment: Segment): string | undefined {
    const old = this.old.slice(...segment.blocks);
    const units = this.units.slice(...segment.units);
    const source = this.source.slice(units[0]?.start ?? 0, units.at(-1)?.end ?? 0);
    const words = this.words(source, old, blocks);
    if (words !== undefined) return words;
    const [own, was, block] = [units[0]?.blocks[0], old[0], blocks[0]];
    if (
      !own ||
      !was ||
      !block ||
      blocks.length > 1 ||
      old.length > 1 ||
      units.length > 1 ||
      units[0]?.blocks.length !== 1
    )
      return undefined;
    if (isParted(own) && isParted(was) && isParted(block)) {
      const text = mergeItems(this.source, this.format, own, was, block, {
        write: (tree) => this.render(tree),
        restore: this.restore,
        words: this.editor,
      });
      if (text !== undefined) return text;
    }
    const restored = this.restore(own, was, block);
    if (!restored) return undefined;
    const made = this.render({ type: 'root', children: [restored] });
    return this.format === 'adf' ? contentOf(made) : made;
  }

  private readonly editor: WordTools = {
    parse: (content) => this.tools.parse({ format: this.format, content }).children,
    render: (tree) => this.tools.render(tree, this.format).text.content,
  };

  /** Blocks of the target in which only words were edited. */
  private words(source: string, old: readonly Block[], now: readonly Block[]): string | undefined {
    const [lead, tail] = this.format === 'adf' ? ADF_DOCUMENT : ['', this.definitions];
    return editWords({ source, lead, tail, format: this.format, old, now }, this.editor);
  }

  private renderNew(blocks: readonly Block[]): string {
    const text = this.render({ type: 'root', children: [...blocks] });
    this.expected.push(...this.reread(text));
    return this.format === 'adf' ? contentOf(text) : text;
  }

  private restore = (original: Block, before: Block, after: Block): Block | undefined =>
    restoreAtoms(original, before, after, this.before.format, this.tools);

  /** A block of ADF as a document of its own. */
  private asDocument = (block: string): string =>
    this.format === 'adf' ? `${ADF_DOCUMENT[0]}${block}${ADF_DOCUMENT[1]}` : block;

  private render(tree: Tree): string {
    const { text, losses } = this.tools.render(tree, this.format);
    for (const loss of losses) {
      const known = this.losses.get(loss.kind);
      if (known) known.count += loss.count;
      else this.losses.set(loss.kind, { ...loss });
    }
    return text.content;
  }

  /** @param tail what stands somewhere else, and is not counted */
  private reread = (content: string, tail = ''): string[] =>
    blockKeys(
      this.tools
        .parse({ format: this.format, content: content + tail })
        .children.filter(({ span }) => tail === '' || (span?.start ?? 0) < content.length),
    );

  private keysOf = ({ units: [first, end] }: Segment): string[] =>
    this.units.slice(first, end).flatMap(({ blocks }) => blockKeys(blocks));

  /** The pieces must not have grown together or broken each other. */
  private isSound(content: string): boolean {
    const keys = this.reread(content);
    return keys.length === this.expected.length && keys.every((key, index) => key === this.expected[index]);
  }
}

/** What stands before and behind the nodes of a document. */
const ADF_DOCUMENT = ['{"version":1,"type":"doc","content":[', ']}'] as const;

/** Definitions of links and footnotes. */
function definitionsOf(source: string): string {
  const found = source.match(/^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S.*$/gm) ?? [];
  return found.map((line) => `\n\n${line.trim()}`).join('');
}

const asCandidate = (block: Block): Candidate => ({
  kind: block.type,
  text: partsOf([block])
    .map(({ text, fixed }) => text ?? fixed ?? '')
    .join(' '),
});

const isParted = (block: Block): block is Block & { type: 'list' | 'table' } =>
  block.type === 'list' || block.type === 'table';

/** True where all blocks of a segment are still there, side by side. A segment without any always is. */
function isIntact({ blocks: [first, end] }: Segment, same: ReadonlyMap<number, number>): boolean {
  for (let at = first; at < end; at++) {
    const now = same.get(at);
    if (now === undefined || (at > first && now !== (same.get(at - 1) ?? -2) + 1)) return false;
  }
  return true;
}

/** Blocks with their places; what has none, or shares one, goes with the block before. */
function unitsOf(blocks: readonly Block[]): Unit[] {
  const units: Unit[] = [];
  for (const block of blocks) {
    const last = units.at(-1);
    const { span } = block;
    if (span && (!last || span.start >= last.end)) units.push({ ...span, blocks: [block] });
    else if (last) {
      last.blocks.push(block);
      if (span) last.end = Math.max(last.end, span.end);
    } else return [];
  }
  return units;
}

/** Ranges that overlap become one segment; units that show nothing are segments of their own. */
function joined(ranges: readonly ([number, number] | undefined)[], unitCount: number): Segment[] {
  const segments: Segment[] = [];
  let nextUnit = 0;
  const skipTo = (unit: number, block: number): void => {
    for (; nextUnit < unit; nextUnit++) segments.push({ units: [nextUnit, nextUnit + 1], blocks: [block, block] });
  };
  ranges.forEach((range, block) => {
    const last = segments.at(-1);
    if (!range) {
      // the source shows a block that the target has not: it goes with the one before
      if (last) last.blocks[1] = block + 1;
      return;
    }
    if (last && range[0] < nextUnit) {
      while (segments.length > 1 && (segments.at(-1)?.units[0] ?? 0) > range[0]) {
        const dropped = segments.pop();
        const previous = segments.at(-1);
        if (dropped && previous) {
          previous.units[1] = dropped.units[1];
          previous.blocks[1] = Math.max(previous.blocks[1], dropped.blocks[1]);
        }
      }
      const present = segments.at(-1);
      if (present) {
        present.units[1] = Math.max(present.units[1], range[1] + 1);
        present.blocks[1] = block + 1;
        nextUnit = Math.max(nextUnit, present.units[1]);
      }
      return;
    }
    skipTo(range[0], block);
    segments.push({ units: [range[0], range[1] + 1], blocks: [block, block + 1] });
    nextUnit = range[1] + 1;
  });
  skipTo(unitCount, ranges.length);
  return segments;
}

/** The nodes of an ADF document, without the document around them. */
function contentOf(document: string): string {
  const { content } = JSON.parse(document) as { content: unknown[] };
  return content.map((node) => JSON.stringify(node)).join(',');
}
