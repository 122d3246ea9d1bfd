/**
 * Tracks the quota that the server reports, and how fast it may be used. The first half of a quota is used as fast as
 * requests come. The second half is spread over the time until the reset, so that the limit is not hit. A token bucket
 * settles at half full: used as fast as it fills, never empty and never overflowing. Pure: all times are passed in, ms.
 */

import type { Quota } from '../connectors/http/options';

interface Known {
  limit: number;
  /** remaining units, minus the requests in progress */
  left: number;
  /** as reported by the newest response */
  reported: number;
  resetAt: number;
  /** longest time to a reset seen so far: about the window */
  span: number;
  /** units that a request costs, as learned */
  cost: number;
  soft: boolean;
  /** number of the newest request whose response was used */
  order: number;
  /** the reset time has passed, and a request in progress will report the new remaining units */
  asked: boolean;
}

/** Below this share of the limit, the remaining units are spread over the remaining time. */
const SPREAD_BELOW = 0.5;
/** Exceeding a soft limit only slows requests down, and its window slides: more of it can be used. */
const SPREAD_SOFT_BELOW = 0.1;
/** Servers report whole seconds: two resets closer than this are the same one. */
const SAME_RESET_MS = 1_500;
const LEAST_MARGIN_MS = 200;
const MOST_MARGIN_MS = 1_000;
const LEARNING = 0.3;
/** What a server says of the far future is no date that people can read. */
const LONGEST_VIEW_MS = 366 * 86_400_000;
/** Names come from the server. */
const MOST_QUOTAS = 8;

export class Quotas {
  private readonly known = new Map<string, Known>();

  get size(): number {
    return this.known.size;
  }

  /** A request is sent. */
  started(now: number): void {
    for (const one of this.known.values()) {
      one.left -= one.cost;
      one.asked ||= now >= one.resetAt;
    }
  }

  /** A request got no response: another one may find out the remaining units. */
  unanswered(): void {
    for (const one of this.known.values()) one.asked = false;
  }

  /**
   * @param order number of the answered request; numbers count up
   * @param out requests still in progress: the server may or may not have counted them
   */
  learn(quotas: Quota[], order: number, out: number, now: number): void {
    for (const quota of quotas) {
      const before = this.known.get(quota.name);
      if (before) this.update(before, quota, order, out, now);
      else if (this.known.size < MOST_QUOTAS) this.known.set(quota.name, first(quota, order, out, now));
    }
    this.forget(quotas, order, now);
  }

  /** A response without a quota whose window is over: the server no longer reports it, or it was reported by another
   * one. */
  private forget(quotas: Quota[], order: number, now: number): void {
    for (const [name, one] of this.known) {
      if (now >= one.resetAt && order > one.order && !quotas.some((quota) => quota.name === name))
        this.known.delete(name);
    }
  }

  private update(one: Known, quota: Quota, order: number, out: number, now: number): void {
    const resetAt = now + quota.resetMs;
    // more is left than requests in another order can explain: the quota was refilled
    const filled = order > one.order && quota.remaining > one.reported + out && resetAt > one.resetAt;
    const fresh = filled || now >= one.resetAt || resetAt > one.resetAt + SAME_RESET_MS;
    // responses may arrive out of order: the one to the older request is outdated
    if (!fresh && order < one.order && quota.remaining >= one.reported) return;
    if (!fresh && quota.remaining < one.reported) {
      const sample = (one.reported - quota.remaining) / Math.max(1, order - one.order);
      one.cost = Math.max(leastCost(one.soft), one.cost + LEARNING * (sample - one.cost));
    }
    one.limit = quota.limit ?? Math.max(one.limit, quota.remaining);
    one.reported = quota.remaining;
    one.left = quota.remaining - out * one.cost;
    one.resetAt = fresh ? resetAt : Math.min(one.resetAt, resetAt);
    one.span = Math.max(one.span, quota.resetMs);
    one.order = Math.max(one.order, order);
    one.asked = false;
  }

  /**
   * The earliest time at which one more request may be sent; Infinity = not before a response has arrived.
   * @param last when the last request was sent
   */
  nextAt(now: number, last: number): number {
    let next = 0;
    for (const one of this.known.values()) next = Math.max(next, nextOf(one, now, last));
    return next;
  }

  /** What is left of each. One whose reset time has passed is full again. */
  view(now: number): { name: string; limit: number; left: number; resetAt: number }[] {
    return [...this.known].map(([name, { limit, left, resetAt }]) => ({
      ...{ name, limit, resetAt: Math.min(resetAt, now + LONGEST_VIEW_MS) },
      left: now >= resetAt ? limit : Math.max(0, Math.floor(left)),
    }));
  }

  /** The server refused: a quota explains it if it reports nothing left. */
  static explain(quotas: Quota[]): boolean {
    return quotas.some(({ remaining }) => remaining < 1);
  }
}

/** A request costs at least one unit, but units of throughput may be very small. */
const leastCost = (soft: boolean): number => (soft ? 0.01 : 1);

function first(quota: Quota, order: number, out: number, now: number): Known {
  const { limit, remaining, resetMs, soft = false } = quota;
  return {
    ...{ limit: limit ?? remaining, reported: remaining, left: remaining - out, cost: 1, soft, order },
    ...{ resetAt: now + resetMs, span: resetMs, asked: false },
  };
}

function nextOf(one: Known, now: number, last: number): number {
  const requests = one.left / one.cost;
  // the reset may be up to a second later than reported if the server reports whole seconds
  const margin = requests < 1 ? Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, one.span / 5)) : 0;
  // one request costs everything that is left now
  if (now >= one.resetAt + margin) return one.asked ? Number.POSITIVE_INFINITY : 0;
  if (requests < 1) return one.resetAt + margin;
  if (one.left >= one.limit * (one.soft ? SPREAD_SOFT_BELOW : SPREAD_BELOW)) return 0;
  return last + (one.resetAt - now) / requests;
}
