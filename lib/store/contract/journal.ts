/** What has happened, kept for a while for people to read. Nothing depends on it. */

import type { EntityRef, Side } from '../../model/entity';
import type { FieldId } from '../../model/values';

/** Something that has happened. */
export interface JournalEntry {
  /** ISO 8601 */
  at: string;
  integration: string;
  /** the outcome of a result; `parked`: a change failed for good; `action`: a person did something */
  outcome: string;
  /** of the source */
  side?: Side;
  source?: Pick<EntityRef, 'key' | 'url' | 'type'>;
  target?: Pick<EntityRef, 'key' | 'url' | 'type'>;
  /** target fields that were written */
  written?: FieldId[];
  /** warnings, the error, or what a person did */
  words?: string[];
  /** who did it, if it was a person */
  by?: string;
}

export interface StoredEntry extends JournalEntry {
  /** rises with time */
  number: number;
}

/** Selects entries: all if nothing is given. */
export interface JournalFilter {
  integration?: string;
  outcome?: string;
  /** part of a key or of the words; upper and lower case of the letters a to z are the same */
  search?: string;
}

/** A part of the entries that a search has looked at. */
export interface FoundEntries {
  /** newest first */
  entries: StoredEntry[];
  /** the search continues with those below it. Absent = all were looked at */
  next?: number;
}

/** How often there was an outcome in one hour. */
export interface HourCount {
  integration: string;
  /** its start, ISO 8601 */
  hour: string;
  outcome: string;
  count: number;
}

/** The role of the monitor's activity. */
export interface Journal {
  /**
   * Adds entries, the oldest first, and removes the oldest that are not to be kept, a limited number in one call. Entries of
   * integrations that have stored nothing are passed over.
   * @param keep at most so many entries, and none that is older than `since` (ms since 1970); counts of hours are kept as long
   */
  note(entries: JournalEntry[], keep: { entries: number; since: number }): Promise<void>;

  /** Entries below number `before` (undefined = from the newest), of the next `span` that are there. */
  journal(filter: JournalFilter, before: number | undefined, limit: number, span: number): Promise<FoundEntries>;

  /** By hour, from the one on that holds `since` (ms since 1970), the oldest first. */
  hours(since: number): Promise<HourCount[]>;
}
