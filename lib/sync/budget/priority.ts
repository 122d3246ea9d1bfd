/**
 * Whose request it is. What people changed a moment ago comes before a backlog; a backlog is a flow with many waiting
 * events, or one whose poll reads on and on. The priority travels with the calls that are made on the flow's behalf, so
 * that neither connectors nor the writer's steps have to hand it on.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

export type Priority = 'interactive' | 'bulk';

/** More waiting events, or more entities read in one poll, than people make between two polls. */
export const BACKLOG = 1_000;

/** Looked at when a request goes out, not when the work began: a poll becomes bulk while it reads. */
export interface Work {
  readonly priority: Priority;
}

/** What one side of an integration has to do. */
export class FlowLoad implements Work {
  /** events that wait to be sent */
  waiting = 0;
  /** entities that the poll under way has read so far */
  read = 0;
  private measuredAt = Number.NEGATIVE_INFINITY;

  get priority(): Priority {
    return this.waiting > BACKLOG || this.read > BACKLOG ? 'bulk' : 'interactive';
  }

  /** True at most once in `everyMs`: `waiting` may be out of date. */
  due(now: number, everyMs: number): boolean {
    if (now - this.measuredAt < everyMs && now >= this.measuredAt) return false;
    this.measuredAt = now;
    return true;
  }
}

const current = new AsyncLocalStorage<Work>();

/** Runs `act`; the requests that it makes, also later, have the work's priority. */
export function onBehalfOf<T>(work: Work, act: () => T): T {
  return current.run(work, act);
}

/** Of the call that is running; `interactive` where nobody said. */
export const currentPriority = (): Priority => current.getStore()?.priority ?? 'interactive';
