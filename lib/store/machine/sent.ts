/**
 * Caches the data of sent events. `claim` reads them, and `load` reads the same again a moment later; their rows are
 * needed when they land. The data is kept in between, as long as nothing has changed it: every step that writes a row
 * of an event, or of its link, reports it here. Nobody else writes to the store's file, and returned data must not be
 * changed. Without the cache, a landed change costs up to nine more statements and is parsed twice.
 */

import type { EntityId } from '../../model/entity';
import type { EventRow, FullEventRow } from '../rows/event-tables';
import type { LinkKey } from '../rows/link-tables';
import type { Memory, Rows } from '../rows/rows';
import type { StoredEvent } from '../store';

/** As many as are in flight, for a few integrations. Beyond that, the cache is cleared. */
const MOST = 2_000;
/** Maximum size of a snapshot in characters: larger ones are not cached. */
const LARGEST = 16_384;

interface Kept {
  row: EventRow;
  /** undefined if related data has changed */
  event: StoredEvent | undefined;
  link: LinkKey | undefined;
}

export class SentEvents implements Memory {
  private readonly kept = new Map<number, Kept>();
  /** link → its cached event */
  private readonly byLink = new Map<number, number>();

  constructor(rows: Pick<Rows, 'follow'>) {
    rows.follow(this);
  }

  row(seq: number): EventRow | undefined {
    return this.kept.get(seq)?.row;
  }

  event(seq: number): StoredEvent | undefined {
    return this.kept.get(seq)?.event;
  }

  /** The link that the event was read with: its entities do not change while it exists. */
  link(seq: number): LinkKey | undefined {
    return this.kept.get(seq)?.link;
  }

  keep(full: FullEventRow, event: StoredEvent, link: LinkKey | undefined): void {
    if (full.snapshot.length > LARGEST) return;
    if (this.kept.size >= MOST) this.clear();
    const { seq, flow, entity, owner, type, version, state, linked, urgent, readAt, delivery } = full;
    if (link) {
      // both of its ends may be sent at once: the link only knows the one that was read last
      this.linkChanged(link.id);
      this.byLink.set(link.id, seq);
    }
    const row = { seq, flow, entity, owner, type, version, state, linked, urgent, readAt, delivery };
    this.kept.set(seq, { row, event, link });
  }

  /** Its row has changed, or it is gone. */
  changed(seq: number): void {
    const link = this.kept.get(seq)?.link?.id;
    if (link !== undefined && this.byLink.get(link) === seq) this.byLink.delete(link);
    this.kept.delete(seq);
  }

  /** Related data has changed, but not its row. */
  partsChanged(seq: number): void {
    const kept = this.kept.get(seq);
    if (kept) kept.event = undefined;
  }

  /** The entity has got or lost a link. */
  entityChanged(flow: number, entity: EntityId): void {
    for (const [seq, { row }] of this.kept) if (row.flow === flow && row.entity === entity) this.changed(seq);
  }

  /** The content of a link has changed. */
  linkChanged(id: number): void {
    const seq = this.byLink.get(id);
    if (seq !== undefined) this.partsChanged(seq);
  }

  /** Too much has changed: everything is read again. */
  clear(): void {
    this.kept.clear();
    this.byLink.clear();
  }

  commit(): void {}

  rollback(): void {
    this.clear();
  }
}
