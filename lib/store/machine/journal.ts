/** What has happened: which entries are kept, found and counted. */

import { iso } from '../../model/clock';
import type { JournalTable } from '../rows/journal-tables';
import type { FoundEntries, HourCount, JournalEntry, JournalFilter, StoredEntry } from '../store';
import { searched } from './events';
import type { Names } from './names';

const HOUR_MS = 3_600_000;
/** Removed in one call, beyond as many as were added: the rest goes with the next calls. */
const MOST_REMOVED = 1_000;
const NEWEST = Number.MAX_SAFE_INTEGER;
/** Characters of an entry's words. */
const LONGEST = 4_000;

type Content = Omit<JournalEntry, 'at' | 'integration' | 'outcome'>;

export class JournalKeeper {
  constructor(
    private readonly table: JournalTable,
    private readonly integrations: Names,
  ) {}

  note(entries: readonly JournalEntry[], keep: { entries: number; since: number }): void {
    const counts = new Map<string, { integration: number; hour: number; outcome: string; n: number }>();
    for (const { at, integration: name, outcome, ...content } of entries) {
      const integration = this.integrations.find(name);
      if (integration === undefined) continue;
      const time = Date.parse(at);
      const bounded = this.bounded(content);
      this.table.add({
        ...{ at: time, integration, outcome },
        text: searched([
          content.source?.key ?? '',
          content.target?.key ?? '',
          content.by ?? '',
          ...(bounded.words ?? []),
        ]),
        entry: JSON.stringify(bounded),
      });
      const hour = Math.floor(time / HOUR_MS);
      const key = `${integration} ${hour} ${outcome}`;
      const known = counts.get(key);
      if (known) known.n += 1;
      else counts.set(key, { integration, hour, outcome, n: 1 });
    }
    for (const row of counts.values()) this.table.count(row);
    this.removeOld(keep, entries.length + MOST_REMOVED);
  }

  private bounded({ words, ...content }: Content): Content {
    if (!words) return content;
    let left = LONGEST;
    const kept: string[] = [];
    for (const word of words) {
      if (left <= 0) break;
      kept.push(word.slice(0, left));
      left -= word.length;
    }
    return { ...content, words: kept };
  }

  private removeOld({ entries, since }: { entries: number; since: number }, most: number): void {
    const bounds = this.table.bounds();
    if (!bounds) return;
    const beyond = bounds.last - entries;
    if (bounds.first <= beyond) this.table.removeUpTo(Math.min(beyond, bounds.first + most));
    const [oldest] = this.table.oldest(1);
    if (!oldest || oldest.at >= since) return;
    const old = this.table.oldest(most).filter(({ at }) => at < since);
    const last = old.at(-1);
    if (last) this.table.removeUpTo(last.id);
    this.table.removeHours(Math.floor(since / HOUR_MS));
  }

  find(
    { integration, outcome, search = '' }: JournalFilter,
    before: number | undefined,
    limit: number,
    span: number,
  ): FoundEntries {
    const id = integration === undefined ? null : this.integrations.find(integration);
    if (id === undefined) return { entries: [] };
    const above = before ?? NEWEST;
    const from = this.table.below(above, span);
    const wanted = { from, before: above, integration: id, outcome: outcome ?? null, text: searched([search]) };
    const rows = this.table.find(wanted, limit);
    const next = rows.length < limit ? from : (rows.at(-1)?.id ?? from);
    const entries = rows.map(
      (row): StoredEntry => ({
        ...{
          number: row.id,
          at: iso(row.at),
          integration: this.integrations.nameOf(row.integration),
          outcome: row.outcome,
        },
        ...(JSON.parse(row.entry) as Content),
      }),
    );
    return { entries, ...(next > 0 && { next }) };
  }

  hours(since: number): HourCount[] {
    return this.table.hours(Math.floor(since / HOUR_MS)).map(({ integration, hour, outcome, n }) => ({
      ...{ integration: this.integrations.nameOf(integration), hour: iso(hour * HOUR_MS), outcome, count: n },
    }));
  }

  purge(integration: number): void {
    this.table.removeOf(integration);
  }
}
