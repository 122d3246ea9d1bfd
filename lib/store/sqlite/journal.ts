/** What has happened: entries, and counts by hour. */

import type { HourRow, JournalRow, JournalSearch, JournalTable } from '../rows/journal-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

export class Journal implements JournalTable {
  private readonly insert: Query<Nothing>;
  private readonly ends: Query<{ first: number | null; last: number | null }>;
  private readonly oldestRows: Query<Pick<JournalRow, 'id' | 'at'>>;
  private readonly deleteUpTo: Query<Nothing>;
  private readonly lowest: Query<{ id: number | null; n: number }>;
  private readonly found: Query<JournalRow>;
  private readonly addCount: Query<Nothing>;
  private readonly hourRows: Query<HourRow>;
  private readonly deleteHours: Query<Nothing>;
  private readonly deleteOf: Query<Nothing>;
  private readonly deleteHoursOf: Query<Nothing>;

  constructor(db: Database) {
    this.insert = db.prepare('INSERT INTO journal (at, integration, outcome, text, entry) VALUES (?, ?, ?, ?, ?)');
    // each is one step in the tree, together they would read all
    this.ends = db.prepare('SELECT (SELECT min(id) FROM journal) AS first, (SELECT max(id) FROM journal) AS last');
    this.oldestRows = db.prepare('SELECT id, at FROM journal ORDER BY id LIMIT ?');
    this.deleteUpTo = db.prepare('DELETE FROM journal WHERE id <= ?');
    this.lowest = db.prepare(
      'SELECT min(id) AS id, count(*) AS n FROM (SELECT id FROM journal WHERE id < ? ORDER BY id DESC LIMIT ?)',
    );
    this.found = db.prepare(`
      SELECT id, at, integration, outcome, text, entry FROM journal
      WHERE id >= ? AND id < ? AND (? IS NULL OR integration = ?) AND (? IS NULL OR outcome = ?) AND instr(text, ?) > 0
      ORDER BY id DESC LIMIT ?`);
    this.addCount = db.prepare(`
      INSERT INTO journal_hours (integration, hour, outcome, n) VALUES (?, ?, ?, ?)
      ON CONFLICT (integration, hour, outcome) DO UPDATE SET n = n + excluded.n`);
    this.hourRows = db.prepare(
      'SELECT integration, hour, outcome, n FROM journal_hours WHERE hour >= ? ORDER BY hour, integration, outcome',
    );
    this.deleteHours = db.prepare('DELETE FROM journal_hours WHERE hour < ?');
    this.deleteOf = db.prepare('DELETE FROM journal WHERE integration = ?');
    this.deleteHoursOf = db.prepare('DELETE FROM journal_hours WHERE integration = ?');
  }

  add({ at, integration, outcome, text, entry }: Omit<JournalRow, 'id'>): void {
    this.insert.run(at, integration, outcome, text, entry);
  }

  bounds(): { first: number; last: number } | undefined {
    const { first, last } = this.ends.get() ?? { first: null, last: null };
    return first === null || last === null ? undefined : { first, last };
  }

  oldest(limit: number): Pick<JournalRow, 'id' | 'at'>[] {
    return this.oldestRows.all(limit);
  }

  removeUpTo(id: number): void {
    this.deleteUpTo.run(id);
  }

  below(before: number, count: number): number {
    const { id, n } = this.lowest.get(before, count) ?? { id: null, n: 0 };
    return n < count ? 0 : (id ?? 0);
  }

  find({ from, before, integration, outcome, text }: JournalSearch, limit: number): JournalRow[] {
    return this.found.all(from, before, integration, integration, outcome, outcome, text, limit);
  }

  count({ integration, hour, outcome, n }: HourRow): void {
    this.addCount.run(integration, hour, outcome, n);
  }

  hours(from: number): HourRow[] {
    return this.hourRows.all(from);
  }

  removeHours(before: number): void {
    this.deleteHours.run(before);
  }

  removeOf(integration: number): void {
    this.deleteOf.run(integration);
    this.deleteHoursOf.run(integration);
  }
}
