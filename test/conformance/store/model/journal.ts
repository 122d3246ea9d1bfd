/** What has happened. */

import type { FoundEntries, HourCount, JournalEntry, JournalFilter, StoredEntry } from '../../../../lib/store/store';
import type { Model } from './state';

const HOUR = 3_600_000;

export class ModelJournal {
  private entries: StoredEntry[] = [];
  private counts: HourCount[] = [];
  private number = 0;

  constructor(private readonly model: Model) {}

  async note(entries: JournalEntry[], keep: { entries: number; since: number }): Promise<void> {
    for (const entry of entries) {
      if (!this.model.stored.has(entry.integration)) continue;
      this.number += 1;
      this.entries.push(structuredClone({ ...entry, number: this.number }));
      const { integration, outcome } = entry;
      const hour = new Date(Math.floor(Date.parse(entry.at) / HOUR) * HOUR).toISOString();
      const known = this.counts.find(
        (one) => one.integration === integration && one.hour === hour && one.outcome === outcome,
      );
      if (known) known.count += 1;
      else this.counts.push({ integration, hour, outcome, count: 1 });
    }
    const isOld = (time: string) => Date.parse(time) < keep.since;
    if (this.entries.some(({ at }) => isOld(at))) {
      this.counts = this.counts.filter(({ hour }) => Date.parse(hour) + HOUR > keep.since);
    }
    this.entries = this.entries.filter(({ at }) => !isOld(at)).slice(-keep.entries);
  }

  async journal(
    filter: JournalFilter,
    before = Number.POSITIVE_INFINITY,
    limit: number,
    span: number,
  ): Promise<FoundEntries> {
    const looked = this.entries
      .filter(({ number }) => number < before)
      .toReversed()
      .slice(0, span);
    const { integration, outcome, search = '' } = filter;
    const entries = looked.filter((entry) => {
      const names = [entry.source?.key, entry.target?.key, entry.by, ...(entry.words ?? [])];
      return (
        (integration === undefined || entry.integration === integration) &&
        (outcome === undefined || entry.outcome === outcome) &&
        (search === '' || names.some((name) => name?.toLowerCase().includes(search.toLowerCase())))
      );
    });
    const found = entries.slice(0, limit);
    const next =
      found.length === limit ? found.at(-1)?.number : looked.length < span ? undefined : looked.at(-1)?.number;
    return { entries: found, ...(next !== undefined && { next }) };
  }

  async hours(since: number): Promise<HourCount[]> {
    return this.counts
      .filter(({ hour }) => Date.parse(hour) + HOUR > since)
      .toSorted((a, b) => (a.hour < b.hour ? -1 : 1));
  }

  purge(integration: string): void {
    this.entries = this.entries.filter((entry) => entry.integration !== integration);
    this.counts = this.counts.filter((count) => count.integration !== integration);
  }
}
