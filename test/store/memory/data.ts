/** What is kept when a store in memory is closed. */

import type { EventRow, IntentRow } from '../../../lib/store/rows/event-tables';
import type { HourRow, JournalRow } from '../../../lib/store/rows/journal-tables';
import type { LinkRow } from '../../../lib/store/rows/link-tables';
import type { FlowRow, FormerRow } from '../../../lib/store/rows/rows';
import type { AwaitedRow, BacklinkRow, ReadingRow } from '../../../lib/store/rows/task-tables';
import { Journal, Table } from './table';

export type EventData = EventRow & {
  attempts: number;
  sentAt: number | null;
  dueAt: number | null;
  snapshot: string;
  error: string | null;
  mapped: string | null;
  text: string | null;
  corrections: string | null;
};
export type FlowData = FlowRow & { flow: number; system: number | null };
export type NameData = { id: number; name: string };
export type BacklinkData = Omit<BacklinkRow, 'dueAt'> & { dueAt: number | null };
export type PendingData = { link: number; side: number; fields: string };

export class MemoryData {
  readonly journal = new Journal();
  isOpen = false;
  readonly identity = this.table<0, { name: string; opened: number; doubt: string | null }>();
  readonly sequence = this.table<0, { reserved: number }>();
  readonly integrations = this.table<number, NameData>();
  readonly names = this.table<number, NameData>();
  readonly places = this.table<number, { system: number; place: number }>();
  readonly formers = this.table<string, FormerRow>();
  readonly flows = this.table<number, FlowData>();
  readonly seen = this.table<string, { flow: number; version: string }>();
  readonly events = this.table<number, EventData>();
  readonly intents = this.table<number, IntentRow>();
  readonly links = this.table<number, LinkRow>();
  readonly pending = this.table<string, PendingData>();
  readonly backlinks = this.table<string, BacklinkData>();
  readonly readings = this.table<string, ReadingRow>();
  readonly journalRows = this.table<number, JournalRow>();
  readonly hours = this.table<string, HourRow>();
  readonly awaited = this.table<number, AwaitedRow & { id: number }>();

  private table<Key, Row>(): Table<Key, Row> {
    return new Table(this.journal);
  }
}
