import type { HourRow, JournalRow, JournalSearch, JournalTable } from '../../../lib/store/rows/journal-tables';
import type { MemoryData } from './data';
import { inOrder } from './table';

export class MemoryJournal implements JournalTable {
  constructor(private readonly data: MemoryData) {}

  private get rows(): JournalRow[] {
    return inOrder(this.data.journalRows.where(), ({ id }) => id);
  }

  add(row: Omit<JournalRow, 'id'>): void {
    const id = (this.rows.at(-1)?.id ?? 0) + 1;
    this.data.journalRows.set(id, { ...row, id });
  }

  bounds(): { first: number; last: number } | undefined {
    const [first, last] = [this.rows.at(0), this.rows.at(-1)];
    return first && last && { first: first.id, last: last.id };
  }

  oldest(limit: number): Pick<JournalRow, 'id' | 'at'>[] {
    return this.rows.slice(0, limit);
  }

  removeUpTo(id: number): void {
    this.data.journalRows.removeWhere((row) => row.id <= id);
  }

  below(before: number, count: number): number {
    const rows = this.rows.filter(({ id }) => id < before);
    return rows.length < count ? 0 : (rows.at(-count)?.id ?? 0);
  }

  find({ from, before, integration, outcome, text }: JournalSearch, limit: number): JournalRow[] {
    const isMeant = (row: JournalRow) =>
      row.id >= from &&
      row.id < before &&
      (integration === null || row.integration === integration) &&
      (outcome === null || row.outcome === outcome) &&
      row.text.includes(text);
    return this.rows.filter(isMeant).toReversed().slice(0, limit);
  }

  count({ integration, hour, outcome, n }: HourRow): void {
    const key = `${integration} ${hour} ${outcome}`;
    const before = this.data.hours.get(key)?.n ?? 0;
    this.data.hours.set(key, { integration, hour, outcome, n: before + n });
  }

  hours(from: number): HourRow[] {
    const rows = this.data.hours.where(({ hour }) => hour >= from);
    return rows.toSorted(
      (a, b) => a.hour - b.hour || a.integration - b.integration || (a.outcome < b.outcome ? -1 : 1),
    );
  }

  removeHours(before: number): void {
    this.data.hours.removeWhere(({ hour }) => hour < before);
  }

  removeOf(integration: number): void {
    this.data.journalRows.removeWhere((row) => row.integration === integration);
    this.data.hours.removeWhere((row) => row.integration === integration);
  }
}
