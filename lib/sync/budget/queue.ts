/**
 * Who goes next. Two lanes, each in order of arrival: interactive goes first, but after `SHARE` of them in a row one of
 * bulk does, so that neither starves the other. Pure: it knows no time but what it is told.
 */

import type { GatePass } from '../../connectors/http/options';
import type { Priority } from './priority';

export interface Waiter {
  priority: Priority;
  /** "GET /issues.json on redmine.example.com" */
  request: string;
  since: number;
  /** it is refused when it still waits then */
  deadline: number;
  resolve: (pass: GatePass) => void;
  reject: (error: Error) => void;
}

/** Interactive requests in a row while bulk waits: bulk gets at least a fifth. */
export const SHARE = 4;
/** A slot is kept free of bulk for so long after an interactive request was seen, ms. */
export const KEEP_FREE_MS = 60_000;

export class Queue {
  private readonly lanes: Record<Priority, Waiter[]> = { interactive: [], bulk: [] };
  /** interactive ones in a row that passed waiting bulk */
  private passed = 0;
  private newestInteractive = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.lanes.interactive.length + this.lanes.bulk.length;
  }

  waiting(priority: Priority): number {
    return this.lanes[priority].length;
  }

  add(waiter: Waiter): void {
    this.lanes[waiter.priority].push(waiter);
  }

  saw(priority: Priority, now: number): void {
    if (priority === 'interactive') this.newestInteractive = now;
  }

  /**
   * Bulk leaves one slot free while people are at work, so that their request need not wait for a long one of bulk.
   * @param bulk requests of bulk that are out
   */
  bulkMayStart(now: number, bulk: number, slots: number): boolean {
    return slots < 2 || bulk < slots - 1 || now - this.newestInteractive > KEEP_FREE_MS;
  }

  /** Takes the next one; undefined where there is none, or where only bulk waits and may not start. */
  take(bulkMayStart: boolean): Waiter | undefined {
    const { interactive, bulk } = this.lanes;
    const isBulk = bulkMayStart && bulk.length > 0 && (interactive.length === 0 || this.passed >= SHARE);
    const waiter = (isBulk ? bulk : interactive).shift();
    if (isBulk || bulk.length === 0) this.passed = 0;
    else if (waiter) this.passed += 1;
    return waiter;
  }

  /** Takes out all whose deadline is before `at`. Each lane is in order of deadlines, since all wait equally long. */
  before(at: number): Waiter[] {
    return Object.values(this.lanes).flatMap((lane) => {
      const kept = lane.findIndex((waiter) => waiter.deadline >= at);
      return lane.splice(0, kept < 0 ? lane.length : kept);
    });
  }

  /** Infinity where nobody waits. */
  nextDeadline(): number {
    const { interactive, bulk } = this.lanes;
    return Math.min(
      interactive[0]?.deadline ?? Number.POSITIVE_INFINITY,
      bulk[0]?.deadline ?? Number.POSITIVE_INFINITY,
    );
  }

  /** When a slot that was kept free is free for bulk too. */
  bulkAgainAt(): number {
    return this.newestInteractive + KEEP_FREE_MS + 1;
  }
}
