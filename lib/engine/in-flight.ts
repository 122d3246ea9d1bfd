/** Events whose messages are on their way through the flow: the window that readers keep filled. */

import type { Clock } from '../model/clock';
import type { Side } from '../model/entity';
import { eachSide, SIDES, type Sides } from '../model/sides';
import type { StoredEvent } from '../store/store';

/** So many messages that wait for files are kept beside the window: memory has its bound. */
const MOST_ASIDE = 500;

export class InFlight {
  /** number of an event → when it was sent (ms since 1970) */
  private readonly sent: Sides<Map<number, number>> = eachSide(() => new Map());
  /** those of them that wait for a file: they take no room */
  private readonly aside: Sides<Set<number>> = eachSide(() => new Set());
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    /** events of a side have ended */
    private readonly ended: (side: Side, count: number) => void,
  ) {}

  /** Those that take room in the window. */
  count(side: Side): number {
    return this.sent[side].size - Math.min(this.aside[side].size, MOST_ASIDE);
  }

  /** It waits for a file, which may take long, and lets others pass. */
  stepAside(side: Side, seq: number): void {
    if (!this.sent[side].has(seq)) return;
    this.aside[side].add(seq);
    for (const listener of [...this.listeners]) listener();
  }

  claimed(events: StoredEvent[]): void {
    const now = this.clock.now();
    for (const event of events) this.sent[event.flow.side].set(event.seq, now);
  }

  /** Events that are no longer in flight, however they ended: the window has room again. */
  gone(side: Side, events: number[]): void {
    for (const seq of events) {
      this.sent[side].delete(seq);
      this.aside[side].delete(seq);
    }
    for (const listener of [...this.listeners]) listener();
    this.ended(side, events.length);
  }

  /** Events may be claimed that could not be before. */
  resume(): void {
    for (const side of SIDES) this.gone(side, []);
  }

  /** Called when there may be room, or something to claim. Returns how to stop listening. */
  onRoom(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
