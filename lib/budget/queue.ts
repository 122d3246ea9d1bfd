/**
 * Decides which request is next. Three lanes, each in order of arrival: interactive goes first, then routine, then bulk; but after
 * `SHARE` requests in a row that passed a lane, a request of that lane goes, so that none starves. Pure: the time is passed in.
 */

import type { GatePass } from '../connectors/http/options';
import { smallest } from '../model/lists';
import type { Priority } from './priority';

export interface Waiter {
  priority: Priority;
  /** "GET /issues.json on redmine.example.com" */
  request: string;
  since: number;
  /** it is rejected if it still waits at this time */
  deadline: number;
  resolve: (pass: GatePass) => void;
  reject: (error: Error) => void;
}

/** Requests in a row while a later lane waits: it gets at least a fifth. */
export const SHARE = 4;
/** A slot is kept free of bulk for this time after the last interactive request, ms. */
export const KEEP_FREE_MS = 60_000;

export class Queue {
  private readonly lanes: Record<Priority, Waiter[]> = { interactive: [], routine: [], bulk: [] };
  /** requests in a row that passed a waiting lane */
  private readonly passed = { routine: 0, bulk: 0 };
  private newestInteractive = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.lanes.interactive.length + this.lanes.routine.length + this.lanes.bulk.length;
  }

  waiting(priority: Priority): number {
    return this.lanes[priority].length;
  }

  add(waiter: Waiter): void {
    this.lanes[waiter.priority].push(waiter);
  }

  saw(priority: Priority, now: number): void {
    // a poll may find what somebody has changed
    if (priority !== 'bulk') this.newestInteractive = now;
  }

  /**
   * Bulk leaves one slot free while people are working, so that their requests need not wait for a long bulk request.
   * @param bulk number of bulk requests in progress
   */
  bulkMayStart(now: number, bulk: number, slots: number): boolean {
    return slots < 2 || bulk < slots - 1 || now - this.newestInteractive > KEEP_FREE_MS;
  }

  /** Takes the next request; undefined if there is none, or if only bulk waits and must not start. */
  take(bulkMayStart: boolean): Waiter | undefined {
    const { lanes, passed } = this;
    const { interactive, routine, bulk } = lanes;
    const others = interactive.length + routine.length;
    const isBulk = bulkMayStart && bulk.length > 0 && (others === 0 || passed.bulk >= SHARE);
    const isRoutine = !isBulk && routine.length > 0 && (interactive.length === 0 || passed.routine >= SHARE);
    const waiter = (isBulk ? bulk : isRoutine ? routine : interactive).shift();
    if (isBulk || bulk.length === 0) passed.bulk = 0;
    else if (waiter) passed.bulk += 1;
    if (isRoutine || routine.length === 0) passed.routine = 0;
    else if (waiter) passed.routine += 1;
    return waiter;
  }

  /** Removes all requests with a deadline before `at`. Each lane is ordered by deadline, because all requests wait
   * equally long. */
  before(at: number): Waiter[] {
    return Object.values(this.lanes).flatMap((lane) => {
      const kept = lane.findIndex((waiter) => waiter.deadline >= at);
      return lane.splice(0, kept < 0 ? lane.length : kept);
    });
  }

  /** Infinity if nothing waits. */
  nextDeadline(): number {
    return smallest(Object.values(this.lanes).map(([first]) => first?.deadline ?? Number.POSITIVE_INFINITY));
  }

  /** The time at which a reserved slot becomes free for bulk, too. */
  bulkAgainAt(): number {
    return this.newestInteractive + KEEP_FREE_MS + 1;
  }
}
