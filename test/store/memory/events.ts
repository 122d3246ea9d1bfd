import {
  type EventRow,
  type EventTable,
  type FullEventRow,
  type IntentRow,
  type IntentTable,
  type LineKey,
  type PartPlace,
  STATE,
  type WaitingKind,
} from '../../../lib/store/rows/event-tables';
import type { EventData, MemoryData } from './data';
import { inOrder } from './table';

const seqOf = ({ seq }: { seq: number }): number => seq;
const numbers = (rows: EventData[]): number[] => rows.map(seqOf);
const isOf = (integration: number, { flow }: EventData): boolean => flow >> 1 === integration;

export class MemoryEvents implements EventTable {
  constructor(private readonly data: MemoryData) {}

  private where(is: (row: EventData) => boolean): EventData[] {
    return inOrder(this.data.events.where(is), seqOf);
  }

  private change(seq: number, to: Partial<EventData> | ((row: EventData) => Partial<EventData>)): void {
    this.data.events.change(seq, typeof to === 'function' ? to : () => to);
  }

  get(seq: number): EventRow | undefined {
    return this.data.events.get(seq);
  }

  full(seq: number): FullEventRow | undefined {
    const row = this.data.events.get(seq);
    return row && { ...row, intent: this.data.intents.get(seq)?.intent ?? null };
  }

  of(flow: number, entity: string): EventRow[] {
    const rows = this.where((row) => row.flow === flow && row.entity === entity);
    return inOrder(rows, ({ state }) => (state === STATE.held ? 1 : 0));
  }

  waiting({ urgent, linked }: WaitingKind, flow: number, after: number, before: number, limit: number): EventRow[] {
    const isMeant = (row: EventData) => (!urgent || row.urgent === 1) && (!linked || row.linked === 1);
    return this.where((row) => {
      const isWaiting = row.flow === flow && row.state === STATE.waiting;
      return isWaiting && isMeant(row) && row.seq > after && row.seq < before;
    }).slice(0, limit);
  }

  due(flow: number, now: number, limit: number): EventRow[] {
    const isDue = ({ state, dueAt }: EventData) => state === STATE.retry && (dueAt ?? now + 1) <= now;
    return inOrder(
      this.where((row) => row.flow === flow && isDue(row)),
      ({ dueAt }) => dueAt ?? 0,
    ).slice(0, limit);
  }

  sent(integration: number): EventRow[] {
    return this.where((row) => isOf(integration, row) && row.state === STATE.sent);
  }

  sentBefore(integration: number, before: number, limit: number): number[] {
    const isBefore = ({ state, sentAt }: EventData) => state === STATE.sent && (sentAt ?? before) < before;
    const rows = this.where((row) => isOf(integration, row) && isBefore(row));
    return numbers(inOrder(rows, ({ sentAt }) => sentAt ?? 0, seqOf).slice(0, limit));
  }

  from(system: number, entity: string): EventRow[] {
    const flows = this.data.flows.where((flow) => flow.system === system).map(({ flow }) => flow);
    return this.where((row) => row.entity === entity && flows.includes(row.flow));
  }

  ofOwner(flow: number, owner: string): EventRow[] {
    return this.where((row) => row.flow === flow && row.owner === owner);
  }

  private line({ flow, owner, type }: LineKey): EventData[] {
    return this.where((row) => row.flow === flow && row.owner === owner && row.type === type && row.linked === 0);
  }

  private goesOn(row: EventRow): boolean {
    if (row.state === STATE.held) return this.of(row.flow, row.entity).length === 1;
    return row.state !== STATE.parked && row.state !== STATE.shown;
  }

  first(line: LineKey): EventRow | undefined {
    return this.line(line).find((row) => this.goesOn(row));
  }

  behind(line: LineKey, after: number, limit: number): EventRow[] {
    const rows = this.line(line).filter((row) => row.seq > after && this.goesOn(row));
    return rows.slice(0, limit);
  }

  hold(line: LineKey, after: number): number {
    const rows = this.line(line).filter(({ seq, state }) => seq > after && state === STATE.waiting);
    for (const { seq } of rows) this.setState(seq, STATE.held);
    return rows.length;
  }

  allParked(integration: number): EventRow[] {
    return this.where((row) => isOf(integration, row) && row.state === STATE.parked);
  }

  parked(integration: number, after: number, limit: number, offset: number): number[] {
    const rows = this.where((row) => isOf(integration, row) && row.state === STATE.parked && row.seq > after);
    return numbers(rows.slice(offset, offset + limit));
  }

  parkedWith(integration: number, flow: number | null, part: string, limit: number, offset: number): number[] {
    const isMeant = (row: EventData) => isOf(integration, row) && (flow === null || row.flow === flow);
    const rows = this.where((row) => isMeant(row) && row.text?.includes(part) === true);
    return numbers(rows.slice(offset, offset + limit));
  }

  parkedErrors(integration: number, after: number, limit: number): { seq: number; flow: number; error: string }[] {
    const rows = this.where((row) => isOf(integration, row) && row.state === STATE.parked && row.seq > after);
    return rows.flatMap(({ seq, flow, error }) => (error === null ? [] : [{ seq, flow, error }])).slice(0, limit);
  }

  oldestOpen(flow: number): number | undefined {
    const open: number[] = [STATE.waiting, STATE.sent, STATE.retry];
    return numbers(this.where((row) => row.flow === flow && open.includes(row.state)))[0];
  }

  counts(): { flow: number; state: number; n: number }[] {
    return this.data.events.where().map(({ flow, state }) => ({ flow, state, n: 1 }));
  }

  insert(row: EventRow, snapshot: string): void {
    const isThere = (one: EventRow) => (one.state === STATE.held) === (row.state === STATE.held);
    if (this.get(row.seq) || this.of(row.flow, row.entity).some(isThere)) throw new Error('there is such an event');
    const nothing = { sentAt: null, dueAt: null, error: null, mapped: null, text: null, corrections: null };
    this.data.events.set(row.seq, { ...row, delivery: 0, attempts: 0, snapshot, ...nothing });
  }

  replaceSnapshot(seq: number, version: string, readAt: number, snapshot: string): void {
    this.change(seq, { version, readAt, snapshot });
  }

  takeSnapshot(seq: number, { seq: from, version, readAt }: EventRow): void {
    this.change(seq, ({ snapshot }) => ({
      version,
      readAt,
      snapshot: this.data.events.get(from)?.snapshot ?? snapshot,
    }));
  }

  setReadAt(seq: number, readAt: number): void {
    this.change(seq, { readAt });
  }

  setAllReadAt(readAt: number): void {
    for (const { seq } of this.data.events.where()) this.change(seq, { readAt });
  }

  setUrgent(seq: number): void {
    this.change(seq, { urgent: 1 });
  }

  setLinked(flow: number, entity: string, linked: number): void {
    for (const { seq } of this.of(flow, entity)) this.change(seq, { linked });
  }

  setState(seq: number, state: number): void {
    this.change(seq, { state, sentAt: null, dueAt: null });
  }

  setSent(seq: number, now: number): void {
    this.change(seq, ({ delivery }) => ({ state: STATE.sent, delivery: delivery + 1, sentAt: now, dueAt: null }));
  }

  setRetry(seq: number, dueAt: number, more: number): void {
    this.change(seq, ({ attempts }) => ({ state: STATE.retry, dueAt, attempts: attempts + more, sentAt: null }));
  }

  resetAttempts(seq: number): void {
    this.change(seq, { attempts: 0 });
  }

  setFailure(seq: number, error: string, mapped: string | null): void {
    this.change(seq, { error, mapped });
  }

  removeFailure(seq: number): void {
    this.change(seq, { error: null, mapped: null });
  }

  setText(seq: number, text: string): void {
    this.change(seq, { text });
  }

  removeText(seq: number): void {
    this.change(seq, { text: null });
  }

  setCorrections(seq: number, corrections: string | null): void {
    this.change(seq, { corrections });
  }

  unshow(flow: number): { shown: number; held: number } {
    const shown = this.where((row) => row.flow === flow && row.state === STATE.shown);
    for (const { seq } of shown) this.change(seq, { state: STATE.waiting });
    let held = 0;
    for (const { owner, type, linked } of shown) {
      if (owner === null || type === null || linked === 1) continue;
      const first = this.first({ flow, owner, type });
      if (first) held += this.hold({ flow, owner, type }, first.seq);
    }
    return { shown: shown.length, held };
  }

  remove(seq: number): void {
    this.data.events.remove(seq);
    this.data.intents.remove(seq);
  }

  removeFlow(flow: number): void {
    for (const { seq } of this.where((row) => row.flow === flow)) this.remove(seq);
  }
}

export class MemoryIntents implements IntentTable {
  constructor(private readonly data: MemoryData) {}

  private oldest(is: (row: IntentRow) => boolean): number | undefined {
    return inOrder(this.data.intents.where(is), ({ opened }) => opened)[0]?.opened;
  }

  any(): boolean {
    return this.data.intents.where().length > 0;
  }

  has(seq: number): boolean {
    return this.data.intents.get(seq) !== undefined;
  }

  oldestToward(flow: number): number | undefined {
    return this.oldest(({ toward, owner }) => toward === flow && owner === null);
  }

  oldestToPlace(place: number): number | undefined {
    return this.oldest((row) => row.place === place && row.owner === null);
  }

  oldestPartToward(flow: number, { owner, type }: PartPlace): number | undefined {
    return this.oldest((row) => row.toward === flow && row.owner === owner && row.type === type);
  }

  oldestPartToPlace(place: number, { owner, type }: PartPlace): number | undefined {
    return this.oldest((row) => row.place === place && row.owner === owner && row.type === type);
  }

  eventsOf(place: number): { flow: number; entity: string }[] {
    return this.data.intents.where((row) => row.place === place).flatMap(({ seq }) => this.data.events.get(seq) ?? []);
  }

  put(row: IntentRow): void {
    this.data.intents.set(row.seq, { ...row, opened: this.data.intents.get(row.seq)?.opened ?? row.opened });
  }

  remove(seq: number): void {
    this.data.intents.remove(seq);
  }
}
