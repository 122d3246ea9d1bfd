/**
 * A system's request budget, shared by all flows that use the system. Every HTTP request asks the budget before it is
 * sent, and every response is reported to it, which is how it learns limits. Guarantees:
 *
 * - never more requests at once, or per second, than configured;
 * - no request is sent while the server has asked to wait (Retry-After);
 * - requests caused by users go before backlogs, and neither starves;
 * - a waiting request is either sent or rejected with a reason; memory does not grow with the backlog.
 *
 * The decisions are made in budget/: quotas.ts (what the server reports as left), learned-rate.ts (what it lets
 * through), queue.ts (which request is next). This part asks them and keeps one timer.
 */

import type { GatePass, RateAnswer, RequestGate } from '../connectors/http/options';
import type { Clock } from '../model/clock';
import { SyncError } from '../model/errors';
import { LearnedRate } from './learned-rate';
import { currentPriority, type Priority } from './priority';
import { Queue } from './queue';
import { Quotas } from './quotas';

export interface BudgetLimits {
  /** requests per second; absent = as the server's responses allow */
  maxRequestsPerSecond?: number;
  /** requests at the same time; default 4 */
  maxConcurrent?: number;
  /** how long a request waits for its turn before it is rejected, ms; default 5 minutes */
  maxWaitMs?: number;
}

export interface BudgetEvents {
  /** the server asked for a pause of `ms` */
  closed?: (ms: number) => void;
  /** the pause is over */
  opened?: () => void;
}

export interface BudgetView {
  out: number;
  waiting: Record<Priority, number>;
  /** learned from refusals; undefined = no known limit */
  perSecond?: number;
  closedForMs: number;
}

/** What has been used, and what is left. */
export interface BudgetUse {
  /** requests sent within the last hour */
  lastHour: number;
  out: number;
  waiting: number;
  /** requests per second at most, as configured or learned; undefined = no known limit */
  perSecond?: number;
  /** as the system reports; `resetAt` in ms since 1970 */
  quotas: { name: string; limit: number; left: number; resetAt: number }[];
}

const CONCURRENT = 4;
const MAX_WAIT_MS = 5 * 60_000;
/** Work is bounded elsewhere (batches, pages); this is for a caller that never stops asking. */
const MOST_WAITING = 10_000;
/** A request that starts late by this much lets the next ones catch up: timers are not exact. */
const SLACK_MS = 100;
/** Refused without a waiting time: one second, then twice as long each time. */
const UNKNOWN_PAUSE_MS = 1_000;
const MOST_UNKNOWN_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
/** Minutes of which sent requests are counted. */
const COUNTED = 60;

export class Budget implements RequestGate {
  private readonly clock: Clock;
  private readonly events: BudgetEvents;
  private readonly slots: number;
  private readonly intervalMs: number;
  private readonly maxWaitMs: number;
  private readonly queue = new Queue();
  private readonly quotas = new Quotas();
  private readonly learned = new LearnedRate();
  private readonly out: Record<Priority, number> = { interactive: 0, routine: 0, bulk: 0 };
  /** requests started so far */
  private count = 0;
  /** minute since 1970, modulo 60 → requests started in it */
  private readonly minutes = Array.from({ length: COUNTED }, () => ({ minute: 0, count: 0 }));
  /** when the newest request was sent, or would have been if it had been on time */
  private last = Number.NEGATIVE_INFINITY;
  private closedUntil = 0;
  private isClosed = false;
  /** refusals in a row without a waiting time */
  private unknown = 0;
  private cancelTimer: (() => void) | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private ended = false;
  private newest = Number.NEGATIVE_INFINITY;
  private shift = 0;

  constructor(clock: Clock, limits: BudgetLimits = {}, events: BudgetEvents = {}) {
    this.clock = clock;
    this.events = events;
    const { maxRequestsPerSecond: perSecond, maxConcurrent, maxWaitMs } = limits;
    this.slots = maxConcurrent && maxConcurrent >= 1 ? Math.floor(maxConcurrent) : CONCURRENT;
    this.intervalMs = perSecond && perSecond > 0 ? 1_000 / perSecond : 0;
    this.maxWaitMs = maxWaitMs ?? MAX_WAIT_MS;
  }

  enter(request: string): GatePass | Promise<GatePass> {
    const now = this.now();
    if (this.ended) throw closedError(request);
    const priority = currentPriority();
    this.queue.saw(priority, now);
    if (this.queue.size === 0 && this.blockedUntil(now) <= now && this.mayStart(priority, now))
      return this.start(priority, now, false);
    if (this.queue.size >= MOST_WAITING) {
      const words = `${MOST_WAITING} requests are already waiting; nothing was sent`;
      throw new SyncError('rateLimited', `${request}: ${words}`, { retryAfterMs: 10_000 });
    }
    return new Promise((resolve, reject) => {
      this.queue.add({ priority, request, since: now, deadline: now + this.maxWaitMs, resolve, reject });
      this.pump();
    });
  }

  /** Nothing is sent for `ms`: the server asked for it in a response or in another way. */
  closeFor(ms: number): void {
    const now = this.now();
    const until = now + Math.min(LONGEST_PAUSE_MS, ms);
    if (!(until > this.closedUntil) || until <= now || this.ended) return;
    this.closedUntil = until;
    this.isClosed = true;
    this.events.closed?.(until - now);
    this.pump();
  }

  /** ms until requests may be sent again, as far as the server has asked for a pause; 0 = now */
  closedFor(): number {
    return Math.max(0, this.closedUntil - this.now());
  }

  view(): BudgetView {
    return {
      out: this.sent,
      waiting: {
        interactive: this.queue.waiting('interactive'),
        routine: this.queue.waiting('routine'),
        bulk: this.queue.waiting('bulk'),
      },
      perSecond: this.learned.rate === undefined ? undefined : this.learned.rate * 1_000,
      closedForMs: this.closedFor(),
    };
  }

  use(): BudgetUse {
    const now = this.now();
    const minute = Math.floor(now / MINUTE_MS);
    const { out, waiting } = this.view();
    const interval = Math.max(this.intervalMs, this.learned.intervalMs);
    return {
      lastHour: this.minutes.reduce((sum, one) => sum + (one.minute > minute - COUNTED ? one.count : 0), 0),
      ...{ out, waiting: waiting.interactive + waiting.routine + waiting.bulk },
      ...(interval > 0 && { perSecond: 1_000 / interval }),
      quotas: this.quotas.view(now),
    };
  }

  /** Rejects all waiting requests and all further ones. */
  close(): void {
    this.ended = true;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    for (const waiter of this.queue.before(Number.POSITIVE_INFINITY)) waiter.reject(closedError(waiter.request));
  }

  /** A time that never goes back, even if the machine's clock does. Otherwise all requests would wait for the clock
   * to catch up. */
  private now(): number {
    const time = this.clock.now() + this.shift;
    if (time < this.newest) this.shift += this.newest - time;
    else this.newest = time;
    return this.newest;
  }

  /** The earliest time for the next request; Infinity = when a response arrives. */
  private blockedUntil(now: number): number {
    const out = this.sent;
    if (out >= this.slots) return Number.POSITIVE_INFINITY;
    const interval = Math.max(this.intervalMs, this.learned.intervalMs);
    const paced = interval > 0 ? this.last + interval : 0;
    return Math.max(this.closedUntil, paced, this.quotas.nextAt(now, this.last));
  }

  /** requests under way */
  private get sent(): number {
    return this.out.interactive + this.out.routine + this.out.bulk;
  }

  private mayStart(priority: Priority, now: number): boolean {
    return priority !== 'bulk' || this.queue.bulkMayStart(now, this.out.bulk, this.slots);
  }

  private start(priority: Priority, now: number, held: boolean): GatePass {
    const interval = Math.max(this.intervalMs, this.learned.intervalMs);
    this.last = Math.max(this.last + interval, now - SLACK_MS);
    this.out[priority] += 1;
    this.count += 1;
    this.counted(now);
    this.learned.started(now, held);
    this.quotas.started(now);
    const order = this.count;
    let done = false;
    return {
      done: (status, rate) => {
        if (done) return;
        done = true;
        this.out[priority] -= 1;
        if (status === undefined) this.quotas.unanswered();
        else this.learn(status, rate, order, now);
        this.pump();
      },
    };
  }

  private counted(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const slot = this.minutes[minute % COUNTED];
    if (!slot) return;
    if (slot.minute !== minute) Object.assign(slot, { minute, count: 0 });
    slot.count += 1;
  }

  private learn(status: number, rate: RateAnswer | undefined, order: number, sentAt: number): void {
    const now = this.now();
    this.quotas.learn(rate?.quotas ?? [], order, this.sent, now);
    // 403 is used by GitHub, only with a waiting time; 503 is a server in trouble, which says nothing about the rate
    const asked = rate?.retryAfterMs;
    if (rate?.ofOne) return;
    const isRefusal = status === 429 || (status === 403 && asked !== undefined);
    if (isRefusal) {
      const wait = asked !== undefined && asked > 0 ? asked : this.unknownPause(sentAt);
      if (!Quotas.explain(rate?.quotas ?? [])) this.learned.refused(now, sentAt, wait);
      this.closeFor(wait);
      return;
    }
    if (status < 400) this.unknown = 0;
    if (asked !== undefined && (status < 300 || status === 503)) this.closeFor(asked);
    if (rate?.delayedMs !== undefined) this.learned.slowed(now);
  }

  private unknownPause(sentAt: number): number {
    // concurrent refusals count as one
    if (sentAt < this.closedUntil) return Math.max(1, this.closedFor());
    this.unknown += 1;
    return Math.min(MOST_UNKNOWN_PAUSE_MS, UNKNOWN_PAUSE_MS * 2 ** (this.unknown - 1));
  }

  /** Starts all requests that may start, and sets the timer for the next. Called after everything that may change
   * the decision. */
  private pump(): void {
    if (this.ended) return;
    const now = this.now();
    if (this.isClosed && now >= this.closedUntil) {
      this.isClosed = false;
      this.events.opened?.();
    }
    let next = this.isClosed ? this.closedUntil : Number.POSITIVE_INFINITY;
    while (this.queue.size > 0) {
      const blocked = this.blockedUntil(now);
      this.refuseHopeless(now, blocked);
      if (blocked > now) {
        next = Math.min(next, blocked);
        break;
      }
      const bulkMayStart = this.mayStart('bulk', now);
      const waiter = this.queue.take(bulkMayStart);
      if (!waiter) {
        next = Math.min(next, this.queue.bulkAgainAt());
        break;
      }
      waiter.resolve(this.start(waiter.priority, now, true));
    }
    this.wakeAt(Math.min(next, this.queue.nextDeadline()), now);
  }

  /** Rejects requests that have waited too long or certainly will: this frees memory, and the engine can pause. */
  private refuseHopeless(now: number, blocked: number): void {
    const at = Number.isFinite(blocked) ? Math.max(now, blocked) : now;
    for (const waiter of this.queue.before(at + (at > now ? 0 : 1))) {
      const waited = Math.round((now - waiter.since) / 1_000);
      const left = Math.max(1_000, at - now);
      const words =
        at > now
          ? `the system accepts no requests for another ${Math.ceil(left / 1_000)} s`
          : `it waited ${waited} s for its turn behind other requests to the same system`;
      waiter.reject(
        new SyncError('rateLimited', `${waiter.request}: ${words}; nothing was sent`, {
          retryAfterMs: left,
          uncertain: false,
        }),
      );
    }
  }

  private wakeAt(at: number, now: number): void {
    if (at === this.timerAt && this.cancelTimer) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAt = at;
    if (!Number.isFinite(at)) return;
    // a timer may fire a moment early: then it is set again
    this.cancelTimer = this.clock.after(Math.max(1, Math.ceil(at - now)), () => {
      this.cancelTimer = undefined;
      this.pump();
    });
  }
}

const closedError = (request: string): SyncError =>
  new SyncError('transient', `${request}: Twinflow closed the connection; nothing was sent`, {
    uncertain: false,
  });
