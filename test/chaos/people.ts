/**
 * People at work in all systems, and what they expect to find at the end. Titles are edited in the first system only and external
 * ids in the second one only, so what must be there is known without asking how a conflict was decided; priorities are edited in
 * all, and must agree. For the same reason each comment is edited in one system only: where it was written, or in the next one.
 */

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random';
import type { Part, Role, Tracker } from './tracker';

const LARGEST_FILE = 400_000;
/** Who deletes a copy has seen it for so long: what a killed Node-RED has not noted of it yet, it has noted since. */
const SEEN_MS = 60_000;

export const COUNTS = ['created', 'updated', 'said', 'reworded', 'unsaid', 'attached', 'renamed', 'detached'] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

/** A comment or a file that somebody has put in. */
export interface Written {
  /** stands in its text, or in its name */
  readonly token: string;
  readonly kind: 'comment' | 'file';
  /** place of the system in which it was written */
  readonly side: number;
  readonly item: string;
  /** place of the system in which it is edited and deleted */
  readonly editedAt: number;
  readonly digest?: string;
  version: number;
  isInternal: boolean;
  /** was internal at first: its copy comes late */
  isPublished: boolean;
  isDeleted: boolean;
  /** its copy was deleted: it is not made again */
  isCopyDeleted: boolean;
  /** when somebody has first seen the copy, ms */
  seen?: number;
}

/** The token and version that people find in a text, or in a name. */
export function signOf({ text }: Part): { token: string; version: number } | undefined {
  const found = /\b([cf]\d+)v(\d+)\b/.exec(text);
  return found?.[1] === undefined ? undefined : { token: found[1], version: Number(found[2]) };
}

export const signed = ({ token, version }: Pick<Written, 'token' | 'version'>): string => `${token}v${version}`;

export class People {
  readonly counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Counts;
  /** by item: what was last typed in on the one side that edits it */
  readonly titles = new Map<string, string>();
  readonly externals = new Map<string, string>();
  readonly written = new Map<string, Written>();
  private isOver = false;
  private number = 0;
  private readonly working: Promise<void>;

  /** @param mostItems that they create */
  constructor(
    private readonly trackers: readonly Tracker[],
    private readonly random: Random,
    private readonly mostItems: number,
  ) {
    this.working = this.work();
    // stop() reports it
    this.working.catch(() => undefined);
  }

  /** @throws what has stopped them */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.working;
  }

  /** Resolves when they have done so much. @throws what has stopped them */
  async done(work: Partial<Counts>): Promise<void> {
    const isDone = () => COUNTS.every((name) => this.counts[name] >= (work[name] ?? 0));
    while (!isDone()) await Promise.race([sleep(500), this.working]);
  }

  private async work(): Promise<void> {
    const { random } = this;
    while (!this.isOver) {
      this.number += 1;
      const side = random.int(0, this.trackers.length - 1);
      const ids = await this.at(side).ids();
      if (ids.length === 0 || (this.counts.created < this.mostItems && random.chance(0.2))) await this.create(side);
      else if (random.chance(0.4)) await this.edit(side, random.pick(ids));
      else await this.discuss(side, random.pick(ids));
      await sleep(random.int(10, 120));
    }
  }

  private at(side: number): Tracker {
    const tracker = this.trackers[side];
    if (!tracker) throw new Error(`there is no system ${side}`);
    return tracker;
  }

  private async create(side: number): Promise<void> {
    const title = `Edit ${this.number}`;
    const id = await this.at(side).create(title);
    this.counts.created += 1;
    if (side === 0) this.titles.set(id, title);
  }

  private async edit(side: number, id: string): Promise<void> {
    const { random } = this;
    const { kind } = this.at(side);
    const own: Role = side === 0 ? 'title' : side === 1 ? 'external' : 'priority';
    const role = random.chance(0.3) ? 'priority' : own;
    const value = role === 'priority' ? random.pick(kind.priorities) : `Edit ${this.number}`;
    await this.at(side).edit(id, role, value);
    if (role !== 'priority') (side === 0 ? this.titles : this.externals).set(id, value);
    this.counts.updated += 1;
  }

  /** Somebody reads an item's comments and files, and adds, edits or deletes one. */
  private async discuss(side: number, item: string): Promise<void> {
    const { random } = this;
    const { comments, files } = await this.at(side).parts(item);
    const found = [...comments, ...files].flatMap((part) => {
      const written = this.written.get(signOf(part)?.token ?? '');
      return written ? [{ part, written }] : [];
    });
    const now = Date.now();
    for (const { written } of found) if (written.side !== side) written.seen ??= now;
    if (found.length === 0 || random.chance(0.5)) return this.add(side, item);
    const { part, written } = random.pick(found);
    const isCopy = written.side !== side;
    const mayDelete = written.editedAt === written.side && random.chance(0.3);
    if (!mayDelete) return written.editedAt === side ? this.rewrite(side, part, written) : undefined;
    if (!isCopy) return this.remove(side, part, written, 'isDeleted');
    // in a ring, it may be the original of another copy
    if (this.trackers.length === 2 && written.seen !== undefined && now - written.seen > SEEN_MS)
      return this.remove(side, part, written, 'isCopyDeleted');
  }

  private async add(side: number, item: string): Promise<void> {
    const { random } = this;
    const tracker = this.at(side);
    const fresh = {
      side,
      item,
      version: 1,
      isInternal: false,
      isPublished: false,
      isDeleted: false,
      isCopyDeleted: false,
    };
    if (tracker.kind.hasFiles && random.chance(0.3)) {
      const token = `f${this.number}`;
      const bytes = bytesOf(token, random.chance(0.1) ? 0 : random.int(1, LARGEST_FILE));
      const digest = createHash('sha256').update(bytes).digest('hex');
      const written: Written = { ...fresh, token, kind: 'file', editedAt: side, digest };
      await tracker.attach(item, `${signed(written)}.bin`, bytes);
      this.written.set(token, written);
      this.counts.attached += 1;
      return;
    }
    // several at once are on their way together
    for (let more = random.chance(0.2) ? random.int(2, 5) : 1; more > 0; more -= 1) {
      const token = `c${this.number}`;
      const isInternal = tracker.kind.isDiscreet && random.chance(0.1);
      const editedAt = !isInternal && random.chance(0.3) ? (side + 1) % this.trackers.length : side;
      const written: Written = { ...fresh, token, kind: 'comment', editedAt, isInternal };
      await tracker.comment(item, `${signed(written)} is what I say.`, isInternal);
      this.written.set(token, written);
      this.counts.said += 1;
      this.number += 1;
    }
  }

  private async rewrite(side: number, { id, text }: Part, written: Written): Promise<void> {
    const before = signed(written);
    const next = { ...written, version: written.version + 1 };
    const words = text.replace(before, signed(next));
    // a copy that still shows an earlier version is not edited: it is the other side's to bring the later one
    if (words === text) return;
    if (written.kind === 'file' && !this.at(side).kind.renamesFiles) return;
    const isPublished = written.isInternal && this.random.chance(0.5);
    if (written.kind === 'file') await this.at(side).rename(id, words);
    else await this.at(side).editComment(id, words, isPublished);
    written.version = next.version;
    if (isPublished) Object.assign(written, { isInternal: false, isPublished });
    this.counts[written.kind === 'file' ? 'renamed' : 'reworded'] += 1;
  }

  private async remove(
    side: number,
    { id }: Part,
    written: Written,
    how: 'isDeleted' | 'isCopyDeleted',
  ): Promise<void> {
    await this.at(side).remove(id);
    written[how] = true;
    this.counts[written.kind === 'file' ? 'detached' : 'unsaid'] += 1;
  }
}

function bytesOf(token: string, length: number): Buffer {
  return Buffer.alloc(length, `${token} `);
}
