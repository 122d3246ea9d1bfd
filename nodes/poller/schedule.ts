/** When a poller polls: at an interval, or by a cron expression. */

import { Cron } from 'croner';

export type ScheduleConfig =
  | { schedule: 'manual' }
  | { schedule: 'interval'; interval: number; unit: 'seconds' | 'minutes' | 'hours' }
  | { schedule: 'cron'; cron: string };

const UNIT_MS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000 } as const;
const LEAST_MS = 1_000;
const MOST_MS = 2_147_483_647;

/** The interval in milliseconds, at least a second and at most what a timer can hold (24.8 days). */
export function intervalMs(interval: number, unit: keyof typeof UNIT_MS): number {
  const ms = Number(interval) * (UNIT_MS[unit] ?? UNIT_MS.minutes);
  return Number.isFinite(ms) && ms > 0 ? Math.min(MOST_MS, Math.max(LEAST_MS, ms)) : UNIT_MS.minutes;
}

/**
 * Milliseconds from the start to a poller's first turn at an interval: its own part of it, the same after each deploy. A thousand
 * pollers that are deployed together would otherwise all poll at the same moment, again and again.
 * @param id of the node
 */
export function firstTurn(id: string, interval: number): number {
  const hash = [...id].reduce((sum, sign) => (Math.imul(sum, 31) + sign.charCodeAt(0)) >>> 0, 17);
  // the last bits of similar ids differ least
  const spread = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  return Math.max(1, Math.ceil((interval * spread) / 2 ** 32));
}

export interface Schedule {
  stop(): void;
  /** when the next tick is due, ms since 1970; undefined = never */
  next(): number | undefined;
}

/**
 * Calls `tick` by the schedule, and for an interval also at the start.
 * @param id of the node: pollers with the same interval have their turns spread over it
 * @throws Error if the cron expression is invalid
 */
export function startSchedule(config: ScheduleConfig, id: string, tick: () => void): Schedule {
  switch (config.schedule) {
    case 'manual':
      return { stop: () => undefined, next: () => undefined };
    case 'cron': {
      const job = new Cron(config.cron, { unref: true }, tick);
      return { stop: () => job.stop(), next: () => job.nextRun()?.getTime() };
    }
    case 'interval': {
      const ms = intervalMs(config.interval, config.unit);
      const turn = firstTurn(id, ms);
      let repeated: NodeJS.Timeout | undefined;
      let next = Date.now() + turn;
      const turned = (): void => {
        next = Date.now() + ms;
        tick();
      };
      const first = setTimeout(() => {
        repeated = setInterval(turned, ms);
        repeated.unref();
        turned();
      }, turn);
      first.unref();
      tick();
      return {
        stop: () => {
          clearTimeout(first);
          clearInterval(repeated);
        },
        next: () => next,
      };
    }
  }
}
