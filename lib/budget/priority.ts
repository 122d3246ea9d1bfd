/**
 * The priority of a request. Users' recent changes come before a backlog. A flow has a backlog if many events are
 * waiting, or if its poll keeps reading more. The priority travels with the calls made for the flow, so neither
 * connectors nor the writer's steps have to pass it on.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

/** `routine`: polls of flows in which nothing has changed lately. They go behind what people wait for, and before a backlog. */
export type Priority = 'interactive' | 'routine' | 'bulk';

/** More waiting events, or more items read in one poll, than people produce between two polls. */
export const BACKLOG = 1_000;

/** Evaluated when a request is sent, not when the work starts: a poll becomes bulk while it reads. */
export interface Work {
  readonly priority: Priority;
}

/** The work of one side of an integration. */
export class FlowLoad implements Work {
  /** events waiting to be sent */
  waiting = 0;
  /** items that the current poll has read so far */
  read = 0;
  /** existing items are brought over: what people change meanwhile goes first */
  bringsOver = false;
  /** a poll has found nothing lately, and nothing waits */
  isIdle = false;
  private measuredAt = Number.NEGATIVE_INFINITY;

  get priority(): Priority {
    return this.bringsOver || this.waiting > BACKLOG || this.read > BACKLOG ? 'bulk' : 'interactive';
  }

  /** True at most once in `everyMs`: `waiting` may be out of date. */
  due(now: number, everyMs: number): boolean {
    if (now - this.measuredAt < everyMs && now >= this.measuredAt) return false;
    this.measuredAt = now;
    return true;
  }
}

const current = new AsyncLocalStorage<Work>();

/** Runs `act`. Requests that it makes, even later, have the work's priority. */
export function onBehalfOf<T>(work: Work, act: () => T): T {
  return current.run(work, act);
}

/** The priority of the running call; `interactive` if none was set. */
export const currentPriority = (): Priority => current.getStore()?.priority ?? 'interactive';
