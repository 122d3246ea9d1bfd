/**
 * Applies an edit of the other side to the blocks of the target. Unchanged blocks stay byte for byte. In edited blocks
 * the words are replaced, or the edit is made inside the block's content. Only new blocks are converted.
 */

import { append } from '../../model/lists';
import type { RichTextFormat } from '../../model/values';
import type { Block, Loss, Tree } from '../tree';
import { align, gaps } from './align';
import { restoreAtoms } from './atoms';
import { mergeItems } from './items';
import { blockKey, blockKeys } from './key';
import { isIntact, joined, type Segment, type Unit, unitsOf } from './segments';
import { nodesOf, renderBare, renderWithin, shellOf, standsBare } from './shell';
import { withSimilar } from './similar';
import { type Change, separatorOf, splice } from './splice';
import type { Tools } from './tools';
import { asCandidate, lookOf, partsWithin, sharesOf } from './within';
import { editWords, type WordTools } from './words';

/** Blocks of the target, and the same blocks as the other side showed them before and shows them now. */
interface Content {
  source: string;
  format: RichTextFormat;
  own: readonly Block[];
  old: readonly Block[];
  now: readonly Block[];
  /** writes new blocks in the form they need in this place; if absent, in the form for a whole document */
  renderIn?(blocks: readonly Block[]): string | undefined;
}

interface Done {
  content: string;
  kept: number;
  converted: number;
}

/**
 * @param other the format of the other side
 * @returns undefined if the texts do not match well enough
 */
export function mergeBlocks(
  content: Content,
  other: RichTextFormat,
  tools: Tools,
): (Done & { losses: Loss[] }) | undefined {
  const losses = new Map<string, Loss>();
  const done = new Merge(content, other, tools, losses).run();
  return done && { ...done, losses: [...losses.values()] };
}

class Merge {
  private readonly source: string;
  private readonly format: RichTextFormat;
  private readonly own: readonly Block[];
  private readonly units: Unit[];
  private readonly old: readonly Block[];
  private readonly now: readonly Block[];
  /** definitions that parts of the text refer to, wherever they are */
  private readonly definitions: string;
  private converted = 0;
  /** keys that the result must have */
  private readonly expected: string[] = [];

  constructor(
    { source, format, own, old, now, renderIn }: Content,
    private readonly other: RichTextFormat,
    private readonly tools: Tools,
    private readonly losses: Map<string, Loss>,
    definitions?: string,
  ) {
    this.source = source;
    this.format = format;
    this.own = own;
    this.old = old.filter((block) => blockKey(block) !== '');
    this.now = now.filter((block) => blockKey(block) !== '');
    this.renderIn = renderIn;
    this.units = unitsOf(own);
    this.definitions = definitions ?? (format === 'markdown' ? definitionsOf(source) : '');
  }

  private readonly renderIn: Content['renderIn'];

  /** @returns undefined if the texts do not match well enough to be merged */
  run(): Done | undefined {
    if (this.units.length === 0 || this.old.length === 0) return undefined;
    const words = editWords(
      { source: this.source, lead: '', tail: '', format: this.format, old: this.old, now: this.now, own: this.own },
      this.editor,
    );
    if (words !== undefined) return { content: words, kept: this.units.length - 1, converted: 1 };
    const segments = this.segments();
    const oldKeys = this.old.map(blockKey);
    const pairs = align(oldKeys, this.now.map(blockKey));
    const same = new Map(pairs);
    const changes: Change[] = segments.map(() => ({ keep: false, replacement: [], behind: [] }));
    const ahead: string[] = [];
    /** current blocks that are shown by a kept segment */
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
        if (changes[at]?.keep && segment) append(this.expected, this.keysOf(segment));
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
    return { content, kept, converted: this.converted };
  }

  /** Maps the units of the target to the blocks of the source that they showed. */
  private segments(): Segment[] {
    const owners: number[] = [];
    const keys: string[] = [];
    this.units.forEach((unit, index) => {
      for (const key of this.shownKeys(unit.blocks)) {
        owners.push(index);
        keys.push(key);
      }
    });
    const pairs = align(keys, this.old.map(blockKey));
    /** per block: the first and last unit that contains it */
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

  /** The destination of each stretch of new blocks: it replaces a segment or follows one. */
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
    /** the last segment before the current position */
    let home = -1;
    for (let next = 0; next < this.now.length; next++) {
      const place = places[next];
      if (shown.has(next)) {
        home = Math.max(home, place ?? -1);
        continue;
      }
      const last = result.at(-1);
      // anything between two blocks of one segment belongs to the segment
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

  /** Edited blocks as a text: built from the target's own blocks if possible, otherwise converted to the target's
   * format. */
  private write(blocks: readonly Block[], edited: string | undefined): string {
    this.converted++;
    if (edited === undefined) return this.renderNew(blocks);
    append(this.expected, this.reread(this.asDocument(edited), this.definitions));
    return edited;
  }

  /** The target's own text of a segment with an edit in it. */
  private edited(blocks: readonly Block[], segment: Segment): string | undefined {
    const old = this.old.slice(...segment.blocks);
    const units = this.units.slice(...segment.units);
    const source = this.source.slice(units[0]?.start ?? 0, units.at(-1)?.end ?? 0);
    const words = this.words(source, old, blocks);
    if (words !== undefined) return words;
    const [unit] = units;
    const [own, was, block] = [unit?.blocks[0], old[0], blocks[0]];
    const island = this.island(source, unit?.blocks ?? [], old, blocks);
    if (island !== undefined) return island;
    if (!own || !was || !block || units.length > 1 || unit?.blocks.length !== 1) return undefined;
    const isOne = blocks.length === 1 && old.length === 1;
    if (isOne && isParted(own) && isParted(was) && isParted(block)) {
      const text = mergeItems(this.source, this.format, own, was, block, {
        write: (tree) => this.render(tree),
        restore: this.restore,
        words: this.editor,
        inside: this.inside,
      });
      if (text !== undefined) return text;
    }
    const within = this.container(own, source, old, blocks);
    if (within !== undefined) return within;
    const restored = isOne ? this.restore(own, was, block) : undefined;
    return restored && this.rendered([restored]);
  }

  /** HTML in Markdown is edited as HTML. */
  private island(
    source: string,
    own: readonly Block[],
    old: readonly Block[],
    now: readonly Block[],
  ): string | undefined {
    if (this.format !== 'markdown' || !/^<[a-z]/i.test(source)) return undefined;
    const format: RichTextFormat = 'html';
    const made = this.tools.parse({ format, content: source }).children;
    const keys = (blocks: readonly Block[]): string => blockKeys(blocks).join('\n');
    if (keys(made) !== keys(own)) return undefined;
    const done = new Merge({ source, format, own: made, old, now }, this.other, this.tools, this.losses).run();
    // an empty line would end it
    if (!done || /\n[ \t]*\n/.test(done.content)) return undefined;
    const [asHtml, asMarkdown] = [format, this.format].map(
      (one) => this.tools.parse({ format: one, content: done.content }).children,
    );
    return keys(asHtml ?? []) === keys(asMarkdown ?? []) ? done.content : undefined;
  }

  /** A container with an edit in it: the container keeps its source, and the edit is made in its content. */
  private container(own: Block, source: string, old: readonly Block[], now: readonly Block[]): string | undefined {
    const parts = partsWithin(own, old, now);
    if (!parts) return undefined;
    const text = this.inside(source, parts.old, parts.now);
    if (text === undefined) return undefined;
    const made = this.editor.parse(`${this.asDocument(text)}${this.definitions}`);
    const [only] = made;
    const isSame = only !== undefined && lookOf(only) === lookOf(own) && (this.definitions !== '' || made.length === 1);
    return isSame ? text : undefined;
  }

  /** The same for anything that holds blocks: a container, a list item, a table cell. */
  private readonly inside = (source: string, old: readonly Block[], now: readonly Block[]): string | undefined => {
    const shell = shellOf(source, this.format);
    if (!shell) return undefined;
    const texts = shell.bodies.map((body) => this.asDocument(body));
    const trees = texts.map((text) => this.editor.parse(text));
    const shares = sharesOf(
      trees.map((children) => this.shownKeys(children)),
      old,
      now,
    );
    const bodies = shares.map((share, index): string | undefined => {
      const text = texts[index] ?? '';
      if (blockKeys(share.old).join('\n') === blockKeys(share.now).join('\n')) return shell.bodies[index];
      const own = trees[index] ?? [];
      const isBare = this.format === 'html' && standsBare(text, own, share.now);
      const renderIn = (blocks: readonly Block[]): string | undefined =>
        isBare
          ? renderBare(blocks, (tree) => this.render(tree))
          : renderWithin(source, this.format, blocks, (tree) => this.render(tree));
      const content = { source: text, format: this.format, own, ...share, renderIn };
      const done = new Merge(content, this.other, this.tools, this.losses, this.definitions).run();
      return done && (this.format === 'adf' ? nodesOf(done.content) : done.content);
    });
    return bodies.every((body) => body !== undefined) ? shell.assemble(bodies) : undefined;
  };

  /** The blocks of the target, as the other side shows them. */
  private shownKeys(blocks: readonly Block[]): string[] {
    const { text } = this.tools.render({ type: 'root', children: [...blocks] }, this.other);
    return blockKeys(this.tools.parse(text).children);
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
    const text = this.rendered(blocks);
    append(this.expected, this.reread(this.asDocument(text), this.definitions));
    return text;
  }

  private rendered(blocks: readonly Block[]): string {
    const within = this.renderIn?.(blocks);
    if (within !== undefined) return within;
    const text = this.render({ type: 'root', children: [...blocks] });
    return this.format === 'adf' ? nodesOf(text) : text;
  }

  private restore = (original: Block, before: Block, after: Block): Block | undefined =>
    restoreAtoms(original, before, after);

  /** A block of ADF as a document of its own. */
  private asDocument = (nodes: string): string =>
    this.format === 'adf' ? `${ADF_DOCUMENT[0]}${nodes}${ADF_DOCUMENT[1]}` : nodes;

  private render(tree: Tree): string {
    const { text, losses } = this.tools.render(tree, this.format);
    for (const loss of losses) {
      const known = this.losses.get(loss.kind);
      if (known) known.count += loss.count;
      else this.losses.set(loss.kind, { ...loss });
    }
    return text.content;
  }

  /** @param tail text that is placed elsewhere and not counted */
  private reread = (content: string, tail = ''): string[] =>
    blockKeys(
      this.tools
        .parse({ format: this.format, content: content + tail })
        .children.filter(({ span }) => tail === '' || (span?.start ?? 0) < content.length),
    );

  private keysOf = ({ units: [first, end] }: Segment): string[] =>
    this.units.slice(first, end).flatMap(({ blocks }) => blockKeys(blocks));

  /** Checks that the pieces have not merged with or broken each other. */
  private isSound(content: string): boolean {
    const keys = this.reread(content);
    return keys.length === this.expected.length && keys.every((key, index) => key === this.expected[index]);
  }
}

/** The text before and after the nodes of a document. */
const ADF_DOCUMENT = ['{"version":1,"type":"doc","content":[', ']}'] as const;

/** Definitions of links and footnotes. */
function definitionsOf(source: string): string {
  const found = source.match(/^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S.*$/gm) ?? [];
  return found.map((line) => `\n\n${line.trim()}`).join('');
}

const isParted = (block: Block): block is Block & { type: 'list' | 'table' } =>
  block.type === 'list' || block.type === 'table';
