/** Links: which entity of side 1 corresponds to which of side 2, with versions and baselines. One row contains both
 * ends. */

import type { EntityId, Side } from '../../model/entity';
import type { Unlanded } from '../../model/unlanded';
import type { FieldId, Fields, Value } from '../../model/values';
import {
  FIRST_PART,
  type LinkHead,
  type LinkKey,
  type LinkRow,
  type LinkTable,
  type LinkValues,
  type PendingTable,
} from '../rows/link-tables';
import type { FoundLinks, Link, LinkEnd, UpdateIntent } from '../store';
import { packBaselines, unpackBaselines } from './baseline';
import type { Counters } from './counters';
import type { Names } from './names';
import { columnsOf, storedOf } from './packed';
import { readRef } from './refs';
import type { SentEvents } from './sent';
import type { Sequence } from './sequence';
import { packUrl } from './url';

/** A link, and for both sides the sequence before which a snapshot is stale. */
export interface StoredLink {
  key: LinkKey;
  link: Link;
  wrote: [number, number];
}

/** Maximum number of values of one field that are remembered as possibly written: further attempts in a row change
 * nothing. */
const MOST_PENDING = 8;

/** Earlier versions stored only the sent values. */
function readPending(stored: string): Record<FieldId, Unlanded[]> {
  const fields = JSON.parse(stored) as Record<FieldId, (Unlanded | Value)[]>;
  const isUnlanded = (entry: Unlanded | Value): entry is Unlanded =>
    typeof entry === 'object' && entry !== null && 'sent' in entry;
  return Object.fromEntries(
    Object.entries(fields).map(([field, entries]) => [
      field,
      entries.map((entry) => (isUnlanded(entry) ? entry : { sent: entry })),
    ]),
  );
}

export class Links {
  constructor(
    private readonly table: LinkTable,
    private readonly unlanded: PendingTable,
    private readonly integrations: Names,
    private readonly names: Names,
    private readonly sequence: Sequence,
    private readonly counters: Counters,
    private readonly sent: SentEvents,
  ) {}

  get(integration: number, side: Side, entity: EntityId): StoredLink | undefined {
    const row = this.table.bySide(integration, side, entity);
    return row && this.stored(row);
  }

  /** A link by its number, without baselines. */
  head(id: number): LinkHead | undefined {
    return this.table.head(id);
  }

  /** Links of an entity in any integration. @param system number of the node's name */
  headsOf(system: number, entity: EntityId): LinkHead[] {
    return this.table.heads(system, entity);
  }

  systemName(id: number): string {
    return this.names.nameOf(id);
  }

  /** An entity was written by another integration. @param at the sequence of its landing */
  wroteTo(id: number, side: Side, at: number): void {
    this.sent.linkChanged(id);
    this.table.setWrote(id, side, at);
  }

  /** Some fields of both ends came in sync through other links. @param at the sequence of this landing */
  patch(id: number, fields: [Fields, Fields], at: number): void {
    const link = this.byId(id)?.link;
    if (!link || fields.every((side) => Object.keys(side).length === 0)) return;
    const [one, two] = link.ends;
    const baselines: [Fields, Fields] = [
      { ...one.baseline, ...fields[0] },
      { ...two.baseline, ...fields[1] },
    ];
    const columns = columnsOf(packBaselines(baselines, this.names), link.owner !== undefined, this.names);
    this.sent.linkChanged(id);
    this.table.setBaselines(id, columns.baselines, columns.packed, at);
  }

  /** Without parts. */
  after(integration: number, id: number, limit: number): Link[] {
    return this.table.after(integration, id, limit).map((row) => this.stored(row).link);
  }

  /** Those whose names contain a text in lower case. @see Inquiries.findLinks */
  named(integration: number, text: string, above: number | undefined, limit: number, span: number): FoundLinks {
    const before = above ?? FIRST_PART;
    const from = this.table.below(before, span);
    const ids = this.table.named(integration, from, before, text, limit);
    const last = ids.length < limit ? from : (ids.at(-1) ?? from);
    return { links: ids.flatMap((id) => this.byId(id)?.link ?? []), ...(last > 0 && { next: last }) };
  }

  partsOf(owner: number, limit: number): Link[] {
    const ids = this.table.partsOf(owner).slice(0, limit);
    return ids.flatMap(({ id }) => this.byId(id)?.link ?? []);
  }

  byId(id: number): StoredLink | undefined {
    const row = this.table.get(id);
    return row && this.stored(row);
  }

  /** The entities and the integration of a link, without its baselines. */
  keyOf(id: number): LinkKey | undefined {
    return this.table.key(id);
  }

  /** The entities of a link by one of them, without its baselines. */
  key(integration: number, side: Side, entity: EntityId): LinkKey | undefined {
    return this.table.keyBySide(integration, side, entity);
  }

  /**
   * Stores a link, new or newer.
   * @param wrote the sequence of this landing for a side that it wrote, else 0
   * @param at the sequence of this landing
   * @param about the side whose end was created from the other one, and the owners' link of two parts; an existing link
   * keeps its own
   * @returns its number
   */
  put(
    integration: number,
    existing: LinkKey | undefined,
    ends: [LinkEnd, LinkEnd],
    wrote: [number, number],
    { made, owner }: { made?: Side; owner?: number },
    at: number,
  ): number {
    const [one, two] = ends;
    const { names } = this;
    const isPart = existing ? existing.owner !== null : owner !== undefined;
    const packed = packBaselines([one.baseline, two.baseline], names, [one.leftOut ?? [], two.leftOut ?? []]);
    const values: LinkValues = {
      entity1: one.ref.id,
      entity2: two.ref.id,
      wrote1: wrote[0],
      wrote2: wrote[1],
      system1: names.idOf(one.system),
      system2: names.idOf(two.system),
      type1: names.idOf(one.ref.type),
      type2: names.idOf(two.ref.type),
      project1: names.idOf(one.ref.project),
      project2: names.idOf(two.ref.project),
      key1: one.ref.key === one.ref.id ? null : one.ref.key,
      key2: two.ref.key === two.ref.id ? null : two.ref.key,
      url1: isPart ? null : packUrl(one.ref, names),
      url2: isPart ? null : packUrl(two.ref, names),
      version1: one.version,
      version2: two.version,
      ...columnsOf(packed, isPart, names),
      landed: at,
    };
    if (existing) {
      this.sent.linkChanged(existing.id);
      this.table.update(existing.id, values);
      for (const side of [1, 2] as const) if (wrote[side - 1]) this.unlanded.remove(existing.id, side);
      return existing.id;
    }
    const id = this.sequence.next() + (isPart ? FIRST_PART : 0);
    this.table.insert({ ...values, id, integration, made: made ?? 0, owner: owner ?? null });
    if (!isPart) this.counters.link(integration, 1);
    return id;
  }

  /** Stores the values that are about to be written to an end; of each field the newest few. */
  addPending(link: number, side: Side, fields: UpdateIntent['fields']): void {
    if (!this.table.key(link)) return;
    const pending = this.pending(link)[side] ?? {};
    for (const [field, value] of Object.entries(fields)) {
      pending[field] = [...(pending[field] ?? []).slice(1 - MOST_PENDING), value];
    }
    this.setPending(link, side, pending);
  }

  /** Values in doubt in another link are in doubt in this one as well: fields that it does not have yet. */
  copyPending(from: { link: number; side: Side }, to: { link: number; side: Side }): void {
    const theirs = this.pending(from.link)[from.side];
    if (theirs) this.setPending(to.link, to.side, { ...theirs, ...this.pending(to.link)[to.side] });
  }

  /** Some fields of an end are no longer in doubt. */
  forgetPending(link: number, side: Side, fields: FieldId[]): void {
    const pending = this.pending(link)[side];
    if (!pending) return;
    for (const field of fields) delete pending[field];
    this.setPending(link, side, pending);
  }

  private setPending(link: number, side: Side, pending: Record<FieldId, Unlanded[]>): void {
    this.sent.linkChanged(link);
    if (Object.keys(pending).length === 0) this.unlanded.remove(link, side);
    else this.unlanded.set(link, side, JSON.stringify(pending));
  }

  private pending(link: number): Partial<Record<number, Record<FieldId, Unlanded[]>>> {
    const rows = this.unlanded.of(link);
    return Object.fromEntries(rows.map(({ side, fields }) => [side, readPending(fields)]));
  }

  remove({ id, integration, owner }: LinkKey): void {
    this.sent.clear();
    this.table.remove(id);
    if (owner === null) this.counters.link(integration, -1);
  }

  purge(integration: number): void {
    this.sent.clear();
    this.table.removeAll(integration);
  }

  private stored(row: LinkRow): StoredLink {
    const [baseline1, baseline2, leftOut] = unpackBaselines(storedOf(row, this.names), this.names);
    const one: LinkEnd = {
      system: this.names.nameOf(row.system1),
      ref: readRef(
        { entity: row.entity1, key: row.key1, url: row.url1, type: row.type1, project: row.project1 },
        this.names,
      ),
      version: row.version1,
      baseline: baseline1,
    };
    const two: LinkEnd = {
      system: this.names.nameOf(row.system2),
      ref: readRef(
        { entity: row.entity2, key: row.key2, url: row.url2, type: row.type2, project: row.project2 },
        this.names,
      ),
      version: row.version2,
      baseline: baseline2,
    };
    const pending = this.pending(row.id);
    if (pending[1]) one.pending = pending[1];
    if (pending[2]) two.pending = pending[2];
    if (leftOut?.[0].length) one.leftOut = leftOut[0];
    if (leftOut?.[1].length) two.leftOut = leftOut[1];
    return {
      link: {
        id: row.id,
        integration: this.integrations.nameOf(row.integration),
        ends: [one, two],
        ...((row.made === 1 || row.made === 2) && { made: row.made }),
        ...(row.owner !== null && { owner: row.owner }),
      },
      key: {
        ...{ id: row.id, integration: row.integration, owner: row.owner },
        ...{ entity1: row.entity1, entity2: row.entity2 },
      },
      wrote: [row.wrote1, row.wrote2],
    };
  }
}
