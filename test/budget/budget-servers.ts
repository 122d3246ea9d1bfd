/** Servers with limits, and clients that ask them without rest, in simulated time. */

import { onBehalfOf, type Priority } from '../../lib/budget/priority';
import { Budget, type BudgetLimits } from '../../lib/budget/request-budget';
import { rateAnswer } from '../../lib/connectors/http/rate-limits';
import type { SyncError } from '../../lib/model/errors';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

export const START = Date.UTC(2026, 0, 1, 0, 0, 0, 300);

export const simulatedClock = (seed = 1): SimulatedClock => new SimulatedClock(START, new Random(seed));

/** Decides about a request that arrives; its clock is the given time. */
export interface Limiter {
  answer(now: number): { ok: boolean; headers: Record<string, string> };
  /** requests per second that it allows for ever */
  perSecond: number;
}

/** How a server words its limits. */
export type Wording = (limit: number, left: number, resetMs: number, now: number) => Record<string, string>;

const seconds = (ms: number): string => String(Math.ceil(ms / 1000));

export const wordings = {
  /** epoch in whole seconds, as GitHub */
  epoch: (limit, left, resetMs, now) => ({
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(left),
    'x-ratelimit-reset': String(Math.ceil((now + resetMs) / 1000)),
  }),
  /** IETF draft 10 */
  ietf: (limit, left, resetMs) => ({
    'ratelimit-policy': `"api";q=${limit};w=60`,
    ratelimit: `"api";r=${left};t=${seconds(resetMs)}`,
  }),
  /** the same, with the seconds rounded down */
  floored: (_limit, left, resetMs) => ({ ratelimit: `"api";r=${left};t=${Math.floor(resetMs / 1000)}` }),
  iso: (limit, left, resetMs, now) => ({
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(left),
    'x-ratelimit-reset': new Date(now + resetMs).toISOString(),
  }),
  silent: () => ({}),
} satisfies Record<string, Wording>;

/** `limit` requests in each window of `windowMs`, then 429 with Retry-After until the next. */
export function fixedWindow(limit: number, windowMs: number, wording: Wording): Limiter {
  let window = -1;
  let used = 0;
  return {
    perSecond: (limit * 1000) / windowMs,
    answer(now) {
      const index = Math.floor(now / windowMs);
      if (index !== window) [window, used] = [index, 0];
      const resetMs = (index + 1) * windowMs - now;
      const ok = used < limit;
      if (ok) used += 1;
      const headers = wording(limit, limit - used, resetMs, now);
      return { ok, headers: ok ? headers : { ...headers, 'retry-after': seconds(resetMs) } };
    },
  };
}

/** A bucket of `size` that fills with `perSecond`; its reset is when it is full. */
export function tokenBucket(size: number, perSecond: number, wording: Wording): Limiter {
  let tokens = size;
  let at = 0;
  return {
    perSecond,
    answer(now) {
      tokens = Math.min(size, tokens + (at === 0 ? 0 : ((now - at) * perSecond) / 1000));
      at = now;
      const ok = tokens >= 1;
      if (ok) tokens -= 1;
      const headers = wording(size, Math.floor(tokens), ((size - tokens) / perSecond) * 1000, now);
      return { ok, headers: ok ? headers : { ...headers, 'retry-after': seconds(((1 - tokens) / perSecond) * 1000) } };
    },
  };
}

/** As Jira and Confluence Data Center: a batch of tokens each interval. */
export function dataCenter(size: number, fill: number, intervalMs: number): Limiter {
  let tokens = size;
  let interval = -1;
  return {
    perSecond: (fill * 1000) / intervalMs,
    answer(now) {
      const index = Math.floor(now / intervalMs);
      if (interval >= 0) tokens = Math.min(size, tokens + (index - interval) * fill);
      interval = index;
      const ok = tokens >= 1;
      if (ok) tokens -= 1;
      const headers = {
        'x-ratelimit-limit': String(size),
        'x-ratelimit-remaining': String(tokens),
        'x-ratelimit-interval-seconds': String(intervalMs / 1000),
        'x-ratelimit-fillrate': String(fill),
        'retry-after': tokens > 0 ? '0' : seconds((index + 1) * intervalMs - now),
      };
      return { ok, headers };
    },
  };
}

export interface Seen {
  at: number;
  ok: boolean;
  priority: Priority;
  /** ms it waited for its turn */
  waited: number;
}

/** A system behind a budget. */
export class World {
  readonly budget: Budget;
  readonly seen: Seen[] = [];
  readonly refused: SyncError[] = [];
  /** largest number of requests that were out together */
  mostOut = 0;
  private out = 0;
  private stopped = false;

  constructor(
    readonly limiter: Limiter,
    limits: BudgetLimits = {},
    readonly clock = simulatedClock(),
    /** ms that the server's clock is ahead */
    private readonly skew = 0,
    /** ms there and back, at least and at most */
    private readonly trip: [number, number] = [40, 160],
  ) {
    this.budget = new Budget(clock, limits);
  }

  async request(priority: Priority): Promise<void> {
    const asked = this.clock.now();
    const pass = await onBehalfOf({ priority }, () => this.budget.enter('GET /x'));
    const sent = this.clock.now();
    this.out += 1;
    this.mostOut = Math.max(this.mostOut, this.out);
    const [least, most] = this.trip;
    const half = (least + this.clock.random() * (most - least)) / 2;
    await this.clock.sleep(half);
    const serverNow = this.clock.now() + this.skew;
    const { ok, headers } = this.limiter.answer(serverNow);
    await this.clock.sleep(half);
    this.out -= 1;
    this.seen.push({ at: sent, ok, priority, waited: sent - asked });
    const status = ok ? 200 : 429;
    const date = new Date(serverNow).toUTCString();
    pass.done(status, rateAnswer(status, { ...headers, date }, this.clock.now()));
  }

  /** `workers` callers that ask again as soon as they have an answer. */
  backlog(workers: number, priority: Priority = 'bulk'): void {
    const work = async (): Promise<void> => {
      while (!this.stopped) {
        try {
          await this.request(priority);
        } catch (thrown) {
          this.refused.push(thrown as SyncError);
          await this.clock.sleep((thrown as SyncError).detail.retryAfterMs ?? 1_000);
        }
      }
    };
    for (let worker = 0; worker < workers; worker += 1) void work();
  }

  async run(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }

  stop(): void {
    this.stopped = true;
    this.budget.close();
  }

  /** Share of what the server would have allowed between two times since the start (ms), and its refusals there. */
  use(from: number, to: number): { share: number; refusals: number } {
    const then = this.seen.filter(({ at }) => at - START >= from && at - START < to);
    const good = then.filter(({ ok }) => ok).length;
    return {
      share: good / ((this.limiter.perSecond * (to - from)) / 1000),
      refusals: then.length - good,
    };
  }
}
