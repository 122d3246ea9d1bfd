/** When a poller polls: every so often, or by a cron expression. */

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
 * Calls `tick` by the schedule, and for an interval once at the start.
 * @returns how to stop
 * @throws Error – the cron expression can't be read
 */
export function startSchedule(config: ScheduleConfig, tick: () => void): () => void {
  switch (config.schedule) {
    case 'manual':
      return () => undefined;
    case 'cron': {
      const job = new Cron(config.cron, { unref: true }, tick);
      return () => job.stop();
    }
    case 'interval': {
      const timer = setInterval(tick, intervalMs(config.interval, config.unit));
      timer.unref();
      tick();
      return () => clearInterval(timer);
    }
  }
}
