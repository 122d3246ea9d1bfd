/**
 * Keeps what has happened for the monitor: results, parked changes, and what people did. Entries are collected and stored
 * together, so that a change costs no transaction of its own. What was not stored yet is lost if the process is killed:
 * nothing depends on it.
 */

import { type Clock, iso } from '../../lib/model/clock';
import type { EntityRef, Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import type { Journal, JournalEntry, StoredEvent } from '../../lib/store/store';

const COLLECT_MS = 2_000;
/** Stored at once. */
const BATCH = 500;
/** While the store is away; the oldest are lost. */
const MOST = 5_000;
/** Warnings of one result. */
const MOST_WORDS = 10;
const DAY_MS = 86_400_000;

/** How long, and how much. */
export interface Keeping {
  days: number;
  entries: number;
}

export const KEEPING: Keeping = { days: 30, entries: 200_000 };

const named = ({ key, url, type }: EntityRef): JournalEntry['source'] => ({
  key,
  type,
  ...(url !== undefined && { url }),
});

export class Recorder {
  private entries: JournalEntry[] = [];
  private cancel: (() => void) | undefined;
  private storing: Promise<void> = Promise.resolve();

  /** @param store undefined while none is open */
  constructor(
    private readonly store: () => Promise<Pick<Journal, 'note'>> | undefined,
    private readonly clock: Pick<Clock, 'now' | 'after'>,
    private readonly keeping: Keeping = KEEPING,
    /** called with the integrations of entries that were stored */
    private readonly stored: (integrations: ReadonlySet<string>) => void = () => undefined,
  ) {}

  result({ integration, outcome, direction, source, target, written, warnings }: SyncResult): void {
    if (outcome === 'dryRun') return;
    const words = warnings
      .slice(0, MOST_WORDS)
      .map(({ field, reason }) => (field === '' ? reason : `${field}: ${reason}`));
    this.add({
      ...{
        at: iso(this.clock.now()),
        integration,
        outcome,
        side: direction === 'forward' ? 1 : 2,
        source: named(source),
      },
      ...(target && { target: named(target) }),
      ...(written.length > 0 && { written }),
      ...(words.length > 0 && { words }),
    });
  }

  parked(
    integration: string,
    side: Side,
    { entity, link }: Pick<StoredEvent, 'entity' | 'link'>,
    error: SyncError,
  ): void {
    const target = link?.ends[side === 1 ? 1 : 0].ref;
    this.add({
      ...{
        at: iso(this.clock.now()),
        integration,
        outcome: 'parked',
        side,
        source: named(entity),
        words: [error.message],
      },
      ...(target && { target: named(target) }),
    });
  }

  /** A person did something. @param words a route's name, and what it was about */
  action(integration: string, words: string[], by: string | undefined): void {
    this.add({
      ...{ at: iso(this.clock.now()), integration, outcome: 'action', words },
      ...(by !== undefined && { by }),
    });
  }

  /**
   * Stores what was collected. Never rejects: what cannot be stored is kept for the next time, as far as there is room.
   * @param into a store that is about to be closed
   */
  async flush(into?: Pick<Journal, 'note'>): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    this.storing = this.storing.then(() => this.storeAll(into));
    await this.storing;
  }

  private add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.entries.length > MOST) this.entries.splice(0, this.entries.length - MOST);
    if (this.entries.length === BATCH) void this.flush();
    else this.cancel ??= this.clock.after(COLLECT_MS, () => void this.flush());
  }

  private async storeAll(into?: Pick<Journal, 'note'>): Promise<void> {
    while (this.entries.length > 0) {
      const store = into ?? (await this.store()?.catch(() => undefined));
      if (!store) return;
      const batch = this.entries.splice(0, BATCH);
      const { days, entries } = this.keeping;
      const isStored = await store.note(batch, { entries, since: this.clock.now() - days * DAY_MS }).then(
        () => true,
        () => false,
      );
      if (isStored) {
        this.stored(new Set(batch.map(({ integration }) => integration)));
        continue;
      }
      // the store says elsewhere what is wrong with it
      this.entries = [...batch, ...this.entries].slice(-MOST);
      return;
    }
  }
}
