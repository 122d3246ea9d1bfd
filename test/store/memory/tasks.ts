import type { LinkRow } from '../../../lib/store/rows/link-tables';
import type {
  AwaitedRow,
  AwaitedTable,
  BacklinkPosition,
  BacklinkRow,
  BacklinkTable,
  ReadingRow,
  ReadingTable,
} from '../../../lib/store/rows/task-tables';
import type { BacklinkData, MemoryData } from './data';
import { inOrder } from './table';

const isDue = (row: BacklinkData): row is BacklinkRow => row.dueAt !== null;

export class MemoryBacklinks implements BacklinkTable {
  constructor(private readonly data: MemoryData) {}

  private of(flow: number): BacklinkData[] {
    return this.data.backlinks.where((row) => row.flow === flow);
  }

  private change(link: number, flow: number, to: (row: BacklinkData) => Partial<BacklinkData>): void {
    this.data.backlinks.change(`${link} ${flow}`, to);
  }

  due(flow: number, now: number, after: BacklinkPosition, limit: number): BacklinkRow[] {
    const isBehind = ({ dueAt, link }: BacklinkRow) =>
      dueAt > after.dueAt || (dueAt === after.dueAt && link > after.link);
    const rows = this.of(flow)
      .filter(isDue)
      .filter((row) => row.dueAt <= now && isBehind(row));
    return inOrder(
      rows,
      ({ dueAt }) => dueAt,
      ({ link }) => link,
    ).slice(0, limit);
  }

  put(link: number, flow: number): void {
    this.data.backlinks.set(`${link} ${flow}`, { link, flow, dueAt: 0, attempts: 0, error: null });
  }

  putAll(flow: number, integration: number, after: number, upTo: number): void {
    for (const row of this.data.links.where(({ id }) => id > after && id <= upTo)) {
      const there = this.data.backlinks.get(`${row.id} ${flow}`);
      if (row.integration === integration && (!there || !isDue(there))) this.put(row.id, flow);
    }
  }

  setRetry(link: number, flow: number, dueAt: number, more: number, error: string): void {
    this.change(link, flow, ({ attempts }) => ({ dueAt, attempts: attempts + more, error }));
  }

  setResting(link: number, flow: number, error: string): void {
    this.change(link, flow, () => ({ dueAt: null, error }));
  }

  resume(flow: number): number {
    const resting = this.of(flow).filter((row) => !isDue(row));
    for (const { link } of resting) this.change(link, flow, () => ({ dueAt: 0, attempts: 0 }));
    return resting.length;
  }

  remove(link: number, flow: number): boolean {
    return this.data.backlinks.remove(`${link} ${flow}`);
  }

  counts(flow: number): { due: number; resting: number } {
    const rows = this.of(flow);
    const due = rows.filter(isDue).length;
    return { due, resting: rows.length - due };
  }

  newestError(flow: number): string | undefined {
    const resting = this.of(flow).filter((row) => !isDue(row) && row.error !== null);
    return inOrder(resting, ({ link }) => -link)[0]?.error ?? undefined;
  }
}

export class MemoryAwaited implements AwaitedTable {
  constructor(private readonly data: MemoryData) {}

  isEmpty(): boolean {
    return this.data.awaited.where().length === 0;
  }

  towards(system: number, entity: string): number[] {
    const rows = this.data.awaited.where((row) => row.system === system && row.entity === entity && row.due === 0);
    return [...new Set(rows.map(({ toward }) => toward))];
  }

  waitersOf(system: number, entity: string): number {
    const rows = this.data.awaited.where((row) => row.system === system && row.entity === entity && row.due === 0);
    return new Set(rows.map(({ waiter }) => waiter)).size;
  }

  due(flow: number, limit: number): { id: number; waiter: string }[] {
    const rows = this.data.awaited.where((row) => row.flow === flow && row.due === 1);
    return inOrder(rows, ({ id }) => id).slice(0, limit);
  }

  counts(): { flow: number; n: number }[] {
    return this.data.awaited.where(({ due }) => due === 1).map(({ flow }) => ({ flow, n: 1 }));
  }

  insert(row: AwaitedRow): boolean {
    const { system, entity, toward, flow, waiter } = row;
    const keyOf = (one: Omit<AwaitedRow, 'due'>) =>
      [one.system, one.entity, one.toward, one.flow, one.waiter].join(' ');
    const key = keyOf({ system, entity, toward, flow, waiter });
    if (this.data.awaited.where((one) => keyOf(one) === key).length > 0) return false;
    const id = Math.max(0, ...this.data.awaited.where().map((one) => one.id)) + 1;
    this.data.awaited.set(id, { ...row, id });
    return true;
  }

  setDue(system: number, entity: string, toward: number): number[] {
    const rows = this.data.awaited.where(
      (row) => row.system === system && row.entity === entity && row.toward === toward && row.due === 0,
    );
    for (const { id } of rows) this.data.awaited.change(id, () => ({ due: 1 }));
    return rows.map(({ flow }) => flow);
  }

  remove(id: number): void {
    this.data.awaited.remove(id);
  }

  removeOf(flow: number, waiter: string): number {
    return this.data.awaited
      .removeWhere((row) => row.flow === flow && row.waiter === waiter)
      .filter(({ due }) => due === 1).length;
  }

  removeFlow(flow: number): void {
    this.data.awaited.removeWhere((row) => row.flow === flow);
  }
}

export class MemoryReadings implements ReadingTable {
  constructor(private readonly data: MemoryData) {}

  private of(flow: number): ReadingRow[] {
    const rows = this.data.readings.where((row) => row.flow === flow);
    return inOrder(
      rows,
      ({ dueAt }) => dueAt,
      ({ link }) => link,
    );
  }

  get(link: number, flow: number): ReadingRow | undefined {
    return this.data.readings.get(`${link} ${flow}`);
  }

  due(flow: number, now: number, limit: number): ReadingRow[] {
    return this.of(flow)
      .filter(({ dueAt }) => dueAt <= now)
      .slice(0, limit);
  }

  next(flow: number): number | undefined {
    return this.of(flow)[0]?.dueAt;
  }

  put(row: ReadingRow): void {
    if (!this.data.links.get(row.link)) throw new Error('there is no such link');
    this.data.readings.set(`${row.link} ${row.flow}`, row);
  }

  putAll(flow: number, integration: number, after: number, upTo: number, asked: number): void {
    const isMeant = ({ id, ...row }: LinkRow) => id > after && id <= upTo && row.integration === integration;
    for (const { id } of this.data.links.where(isMeant)) this.put({ link: id, flow, dueAt: 0, step: 0, asked });
  }

  remove(link: number, flow: number): void {
    this.data.readings.remove(`${link} ${flow}`);
  }
}
