/**
 * Jira Cloud limits writes to one issue, and refuses more for that issue only: 20 in 2 s, 100 in 30 s
 * (https://developer.atlassian.com/cloud/jira/platform/rate-limiting/). Writes to a discussion wait for their turn. A
 * write that is refused nevertheless, because others write, too, was not carried out and is sent again after the time
 * that Jira names.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { asSyncError, SyncError } from '../../../model/errors';
import { largest } from '../../../model/lists';
import { Recent } from '../../kit/recent';

/** The windows are Jira's own; Twinflow waits a little longer than they are. */
const LIMITS = [
  { most: 20, withinMs: 2_100 },
  { most: 100, withinMs: 30_500 },
];
const MOST_ISSUES = 1_000;
/** Nobody has to wait longer than Jira's longest window. */
const LONGEST_MS = 60_000;
/** If Jira does not say how long. */
const USUAL_MS = 2_000;

export class Pace {
  private readonly writes = new Recent<string, number[]>(MOST_ISSUES);
  private readonly closing = new AbortController();

  /** @param isLimited Data Center has no such limits */
  constructor(private readonly isLimited: boolean) {}

  /** @throws SyncError conflict if Jira keeps refusing; transient if closed */
  async run<T>(issue: string, write: () => Promise<T>): Promise<T> {
    const until = performance.now() + LONGEST_MS;
    for (;;) {
      await this.turn(issue);
      try {
        return await write();
      } catch (thrown) {
        const error = asSyncError(thrown);
        const wait = error.detail.retryAfterMs ?? USUAL_MS;
        if (!isOfIssue(error) || performance.now() + wait > until) throw error;
        await this.wait(wait);
      }
    }
  }

  close(): void {
    this.closing.abort();
  }

  private async turn(issue: string): Promise<void> {
    if (!this.isLimited) return;
    const [, longest] = LIMITS;
    for (;;) {
      const now = performance.now();
      const times = (this.writes.get(issue) ?? []).filter((at) => now - at < (longest?.withinMs ?? 0));
      const waits = LIMITS.map(({ most, withinMs }) => {
        const first = times.at(-most);
        return times.length < most || first === undefined ? 0 : first + withinMs - now;
      });
      const wait = largest(waits, 0);
      if (wait === 0) {
        this.writes.set(issue, [...times, now]);
        return;
      }
      await this.wait(wait);
    }
  }

  private async wait(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.closing.signal });
    } catch {
      throw new SyncError('transient', 'Twinflow closed the connection; nothing was sent', { unsent: true });
    }
  }
}

/** @see ../failures.ts */
const isOfIssue = ({ kind, detail }: SyncError): boolean => kind === 'conflict' && detail.status === 429;
