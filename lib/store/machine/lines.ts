/**
 * New parts of one owner and type stand in a line, in the order in which they were recorded: only the first of them may be
 * waiting, so that comments keep their order. Several may be sent together: then each is written once those before it are decided.
 * Those that are parked or shown have stepped aside, and what has a link is in no line. Nothing is looked up for what is no part.
 */

import { type EventRow, type EventTable, type LineKey, STATE } from '../rows/event-tables';
import type { Counters } from './counters';
import type { Events } from './events';

const nameOf = ({ flow, owner, type }: LineKey): string => `${flow} ${type} ${owner}`;

function lineOf({ flow, owner, type }: Pick<EventRow, 'flow' | 'owner' | 'type'>): LineKey | undefined {
  return owner === null || type === null ? undefined : { flow, owner, type };
}

export class Lines {
  constructor(
    private readonly table: EventTable,
    private readonly events: Events,
    private readonly counters: Counters,
  ) {}

  /** For new parts that are recorded together: nothing leaves a line in between. */
  queue(flow: number): { joins(part: Pick<EventRow, 'owner' | 'type'>): boolean } {
    const busy = new Set<string>();
    return {
      /** @returns whether it is behind others */
      joins: (part) => {
        const line = lineOf({ flow, ...part });
        if (!line) return false;
        const name = nameOf(line);
        const isBusy = busy.has(name) || this.table.first(line) !== undefined;
        busy.add(name);
        return isBusy;
      },
    };
  }

  /** An event has left its line, or has stepped aside: the next one is released. */
  advance(left: EventRow): void {
    const line = lineOf(left);
    if (line) this.goOn(line);
  }

  /** Events have returned to their lines: those waiting behind an older one are held. */
  restore(back: readonly EventRow[]): void {
    const lines = new Map<string, LineKey>();
    for (const row of back) {
      const line = lineOf(row);
      if (line) lines.set(nameOf(line), line);
    }
    for (const line of lines.values()) {
      const first = this.goOn(line);
      const held = first ? this.table.hold(line, first.seq) : 0;
      this.counters.event(line.flow, 'waiting', -held);
      this.counters.event(line.flow, 'held', held);
    }
  }

  /** New parts that are held right behind one that stands in a line. @param row of a new part */
  heldBehind(row: EventRow, limit: number): EventRow[] {
    const line = lineOf(row);
    const rows = line ? this.table.behind(line, row.seq, limit) : [];
    const end = rows.findIndex(({ state }) => state !== STATE.held);
    return end < 0 ? rows : rows.slice(0, end);
  }

  /** The numbers of those that may be written now, one after the other. @param rows of events that are sent */
  inTurn(rows: readonly EventRow[]): ReadonlySet<number> {
    const inTurn = new Set<number>();
    const lines = new Map<string, { line: LineKey; seqs: Set<number> }>();
    for (const row of rows) {
      const line = row.linked === 0 ? lineOf(row) : undefined;
      if (!line) {
        inTurn.add(row.seq);
        continue;
      }
      const name = nameOf(line);
      const { seqs } = lines.get(name) ?? { seqs: new Set<number>() };
      lines.set(name, { line, seqs: seqs.add(row.seq) });
    }
    for (const { line, seqs } of lines.values()) {
      for (const { seq } of this.table.behind(line, -1, seqs.size)) {
        if (!seqs.has(seq)) break;
        inTurn.add(seq);
      }
    }
    return inTurn;
  }

  private goOn(line: LineKey): EventRow | undefined {
    const first = this.table.first(line);
    if (first?.state === STATE.held) this.events.toWaiting(first);
    return first;
  }
}
