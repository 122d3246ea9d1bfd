/** Now and then: messages that were lost on their way, and what dry runs have shown before a writer that writes was started. */

import { iso } from '../../model/clock';
import { SyncError } from '../../model/errors';
import { otherSide } from '../../model/sides';
import type { SyncContext } from '../context';
import type { InFlight } from '../in-flight';
import type { Outcomes } from '../outcomes';

const LEAST_MS = 1_000;
const MOST_MS = 30_000;
const BATCH = 500;

export class Sweep {
  private cancel: (() => void) | undefined;
  private stopped = false;
  /** a writer that writes has started: what dry runs have shown is to be sent to it */
  private dryRunEnded = false;

  /** @param held numbers of the events that writers have in hand */
  constructor(
    private readonly engine: SyncContext & { readonly outcomes: Outcomes; readonly inFlight: InFlight },
    private readonly held: () => number[],
  ) {}

  start(): void {
    const { clock, config } = this.engine;
    const ms = Math.min(MOST_MS, Math.max(LEAST_MS, config.lostAfterMs / 4));
    this.cancel = clock.after(ms, () => {
      this.run()
        .catch(() => undefined) // the store will say so at the next claim, on a node
        .finally(() => {
          if (!this.stopped) this.start();
        });
    });
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  /** What dry runs have shown is sent again. */
  endDryRun(): void {
    this.dryRunEnded = true;
    this.releaseShown().catch(() => undefined); // the store is away: tried again at the next sweep
  }

  private async releaseShown(): Promise<void> {
    if (!this.dryRunEnded) return;
    await showAgain(this.engine);
    this.dryRunEnded = false;
  }

  /** Messages that were sent and never reached a writer: some node swallowed them, or threw them away on an error. */
  async run(): Promise<void> {
    await this.releaseShown();
    const { clock, config, outcomes, store, systems } = this.engine;
    const now = clock.now();
    const overdue = await store.overdue(config.id, now - config.lostAfterMs, BATCH);
    const held = new Set(this.held());
    for (const event of overdue.filter(({ seq }) => !held.has(seq))) {
      const error = new SyncError(
        'fatal',
        `The message for ${event.entity.key} (sent ${iso(event.sentAt ?? now)}) never reached a writer. ` +
          'Check the nodes and wires after the poller',
      );
      await outcomes.fail(event.flow.side, [event], error, systems[otherSide(event.flow.side)]);
    }
  }
}

/** Sends what dry runs have shown once more: to be shown as the flow maps it now, or to be written. Returns how many. */
export async function showAgain({
  store,
  config,
  inFlight,
}: Pick<SyncContext, 'store' | 'config'> & { inFlight: InFlight }): Promise<number> {
  const count = await store.unshow(config.id);
  if (count > 0) inFlight.resume();
  return count;
}
