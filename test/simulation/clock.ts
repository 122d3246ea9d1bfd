/** Time that a simulation owns: it stands still until everything that can happen now has happened. */

import { isReadingTexts } from '../../lib/merge/bounded-texts';
import type { Clock } from '../../lib/model/clock';
import type { Answers } from './answers';
import type { Random } from './random';

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

export class SimulatedClock implements Clock {
  private time: number;
  private order = 0;
  private timers: Timer[] = [];
  private readonly chance: Random;

  /** @param answers that come before time goes on */
  constructor(
    start: number,
    chance: Random,
    private readonly answers?: Answers,
  ) {
    this.time = start;
    this.chance = chance;
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance.next();
  }

  after(ms: number, callback: () => void): () => void {
    this.order += 1;
    const timer: Timer = { at: this.time + Math.max(0, ms), order: this.order, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets time pass until `until` (ms since 1970), firing timers in order; promises settle in between. */
  async runUntil(until: number): Promise<void> {
    await this.settle();
    for (;;) {
      const next = this.earliest();
      if (!next || next.at > until) break;
      this.time = Math.max(this.time, next.at);
      this.timers = this.timers.filter((other) => other !== next);
      next.callback();
      await this.settle();
    }
    this.time = Math.max(this.time, until);
  }

  private async settle(): Promise<void> {
    await settle();
    await this.answers?.settled();
    // a long text is read in a process of its own, which takes real time
    while (isReadingTexts()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await settle();
      await this.answers?.settled();
    }
  }

  private earliest(): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.timers) {
      if (!best || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer;
    }
    return best;
  }
}

/** Everything that is only waiting for promises has run when this returns: no real time, no I/O is involved. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
