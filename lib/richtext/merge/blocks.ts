/**
 * An edit of the other side made in blocks of the target: each block that is the same as before stays byte for byte; in one
 * that was edited the words are exchanged, or the edit is made within what it holds; only what is new is written anew.
 */

import { append } from '../../model/lists';
import type { RichTextFormat } from '../../model/values';
import type { Block, Loss, Tree } from '../tree';
import { align, gaps } from './align';
import { restoreAtoms } from './atoms';
import type { Tools } from './index';
import { mergeItems } from './items';
import { blockKey, blockKeys } from './key';
import { isIntact, joined, type Segment, type Unit, unitsOf } from './segments';
import { nodesOf, renderWithin, shellOf } from './shell';
import { withSimilar } from './similar';
import { type Change, separatorOf, splice } from './splice';
import { asCandidate, lookOf, partsWithin, sharesOf } from './within';
import { editWords, type WordTools } from './words';

/** Blocks of the target and, as the other side had and has them, the same blocks. */
interface Content {
  source: string;
  format: RichTextFormat;
  own: readonly Block[];
  old: readonly Block[];
  now: readonly Block[];
  /** writes new blocks as they may stand where these do; without: as they stand in a document */
  renderIn?(blocks: readonly Block[]): string | undefined;
}

interface Done {
  content: string;
  kept: number;
  converted: number;
}

/**
 * @param other the format of the other side
 * @returns undefined where the texts don't fit together well enough
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
  /** what parts of the text refer to, wherever it stands */
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

  /** @returns undefined where the texts don't fit together well enough to be merged */
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

  /** Which units of the target show which blocks of the source, as it was. */
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

  /** A container with an edit in it: the container as it is written, the edit made in what it holds. */
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

  /** The same for whatever holds blocks: a container, an item of a list, a cell of a table. */
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
    const renderIn = (blocks: readonly Block[]): string | undefined =>
      renderWithin(source, this.format, blocks, (tree) => this.render(tree));
    const bodies = shares.map((share, index): string | undefined => {
      const text = texts[index] ?? '';
      if (blockKeys(share.old).join('\n') === blockKeys(share.now).join('\n')) return shell.bodies[index];
      const content = { source: text, format: this.format, own: trees[index] ?? [], ...share, renderIn };
      const done = new Merge(content, this.other, this.tools, this.losses, this.definitions).run();
      return done && (this.format === 'adf' ? nodesOf(done.content) : done.content);
    });
    return bodies.every((body) => body !== undefined) ? shell.assemble(bodies) : undefined;
  };

  /** What the other side shows for blocks of the target. */
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

const isParted = (block: Block): block is Block & { type: 'list' | 'table' } =>
  block.type === 'list' || block.type === 'table';
