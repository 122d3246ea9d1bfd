import type { Side } from '../../../lib/model';
import {
  FIRST_PART,
  type LedRow,
  type LinkHead,
  type LinkKey,
  type LinkRow,
  type LinkTable,
  type LinkValues,
  type PartKey,
  type PendingTable,
  type RefRow,
} from '../../../lib/store/rows/link-tables';
import type { MemoryData } from './data';
import { inOrder } from './table';

const entityOf = (row: LinkKey, side: Side): string => (side === 1 ? row.entity1 : row.entity2);
const systemOf = (row: LinkHead, side: Side): number => (side === 1 ? row.system1 : row.system2);
const refOf = (row: LinkRow, side: Side): RefRow =>
  side === 1
    ? { entity: row.entity1, key: row.key1, url: row.url1, type: row.type1, project: row.project1 }
    : { entity: row.entity2, key: row.key2, url: row.url2, type: row.type2, project: row.project2 };

export class MemoryLinks implements LinkTable {
  constructor(private readonly data: MemoryData) {}

  private where(is: (row: LinkRow) => boolean): LinkRow[] {
    return inOrder(this.data.links.where(is), ({ id }) => id);
  }

  get(id: number): LinkRow | undefined {
    return this.data.links.get(id);
  }

  bySide(integration: number, side: Side, entity: string): LinkRow | undefined {
    return this.where((row) => row.integration === integration && entityOf(row, side) === entity)[0];
  }

  after(integration: number, id: number, limit: number): LinkRow[] {
    const isMeant = (row: LinkRow) => row.integration === integration && row.id > id && row.id < FIRST_PART;
    return this.where(isMeant).slice(0, limit);
  }

  key(id: number): LinkKey | undefined {
    return this.get(id);
  }

  keyBySide(integration: number, side: Side, entity: string): LinkKey | undefined {
    return this.bySide(integration, side, entity);
  }

  head(id: number): LinkHead | undefined {
    return this.get(id);
  }

  heads(system: number, entity: string): LinkHead[] {
    const isEnd = (row: LinkRow, side: Side) => entityOf(row, side) === entity && systemOf(row, side) === system;
    return this.where((row) => isEnd(row, 1) || isEnd(row, 2));
  }

  ref(integration: number, side: Side, entity: string): RefRow | undefined {
    const row = this.bySide(integration, side, entity);
    return row && refOf(row, side);
  }

  leading(from: number, entity: string, to: number): LedRow[] {
    return this.where(() => true).flatMap((row) =>
      ([2, 1] as const)
        .filter((side) => {
          const other = side === 1 ? 2 : 1;
          return entityOf(row, other) === entity && systemOf(row, other) === from && systemOf(row, side) === to;
        })
        .map((side) => ({ ...refOf(row, side), link: row.id, integration: row.integration, side })),
    );
  }

  next(after: number, limit: number): { last: number | null; count: number } {
    const rows = this.where(({ id }) => id > after && id < FIRST_PART).slice(0, limit);
    return { last: rows.at(-1)?.id ?? null, count: rows.length };
  }

  below(before: number, count: number): number {
    const rows = this.where(({ id }) => id < Math.min(before, FIRST_PART));
    return rows.length < count ? 0 : (rows.at(-count)?.id ?? 0);
  }

  named(integration: number, from: number, before: number, text: string, limit: number): number[] {
    const has = (name: string | null) => name?.toLowerCase().includes(text) === true;
    const isMeant = ({ id, entity1, key1, entity2, key2, ...row }: LinkRow) =>
      row.integration === integration && id >= from && id < before && [entity1, key1, entity2, key2].some(has);
    const rows = this.where((row) => row.id < FIRST_PART && isMeant(row));
    return rows
      .map(({ id }) => id)
      .toReversed()
      .slice(0, limit);
  }

  newest(): number {
    return this.where(({ id }) => id < FIRST_PART).at(-1)?.id ?? 0;
  }

  partVersion(integration: number, side: Side, entity: string): string | undefined {
    const row = this.bySide(integration, side, entity);
    if (row?.owner === null) return undefined;
    return side === 1 ? row?.version1 : row?.version2;
  }

  partsOf(owner: number): PartKey[] {
    return this.where((row) => row.owner === owner);
  }

  counts(): { integration: number; n: number }[] {
    return this.data.links.where(({ owner }) => owner === null).map(({ integration }) => ({ integration, n: 1 }));
  }

  insert(row: LinkRow): void {
    const isTwice = ([1, 2] as const).some((side) => this.bySide(row.integration, side, entityOf(row, side)));
    if (isTwice || this.get(row.id)) throw new Error('there is such a link');
    this.data.links.set(row.id, row);
  }

  update(id: number, values: LinkValues): void {
    this.data.links.change(id, (row) => ({
      ...values,
      wrote1: Math.max(row.wrote1, values.wrote1),
      wrote2: Math.max(row.wrote2, values.wrote2),
    }));
  }

  setWrote(id: number, side: Side, at: number): void {
    this.data.links.change(id, (row) =>
      side === 1 ? { wrote1: Math.max(row.wrote1, at) } : { wrote2: Math.max(row.wrote2, at) },
    );
  }

  setBaselines(id: number, baselines: string, packed: LinkRow['packed'], landed: number): void {
    this.data.links.change(id, (row) => ({ baselines, packed, landed: Math.max(row.landed, landed) }));
  }

  setRef(id: number, side: Side, { entity, key, url, type, project }: RefRow): boolean {
    const row = this.get(id);
    if (!row || entityOf(row, side) !== entity) return false;
    return this.data.links.change(id, () =>
      side === 1
        ? { key1: key, url1: url, type1: type, project1: project }
        : { key2: key, url2: url, type2: type, project2: project },
    );
  }

  remove(id: number): void {
    this.data.links.remove(id);
    this.data.pending.removeWhere(({ link }) => link === id);
    this.data.backlinks.removeWhere(({ link }) => link === id);
    this.data.readings.removeWhere(({ link }) => link === id);
  }

  removeAll(integration: number): void {
    for (const { id } of this.where((row) => row.integration === integration)) this.remove(id);
  }
}

export class MemoryPending implements PendingTable {
  constructor(private readonly data: MemoryData) {}

  of(link: number): { side: number; fields: string }[] {
    return this.data.pending.where((row) => row.link === link);
  }

  set(link: number, side: Side, fields: string): void {
    this.data.pending.set(`${link} ${side}`, { link, side, fields });
  }

  remove(link: number, side: Side): void {
    this.data.pending.remove(`${link} ${side}`);
  }
}
