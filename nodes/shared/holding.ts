/**
 * After each deploy: of active integrations that would do the same work, in the same places and direction, one goes and the
 * others are held, and say so. The one goes that the store has known longest, so that a copy never takes the place of what it
 * was copied from. One without pollers and writers, as on a disabled tab, holds nobody.
 */

import { collisions } from '../../lib/sync/collisions';
import type { IntegrationHandle } from './handle';

export class Holding {
  private latest: Promise<void> = Promise.resolve();

  constructor(
    private readonly handles: () => IntegrationHandle[],
    /** the place that a system node leads to */
    private readonly placeOf: (system: string) => string,
    private readonly kept: () => Promise<string[]>,
  ) {}

  /** All flows have started. */
  deployed(): void {
    this.latest = this.latest.then(() => this.judge()).catch(() => undefined);
  }

  /** Settles when it is known of all that are deployed whether they go. */
  judged(): Promise<void> {
    return this.latest;
  }

  private async judge(): Promise<void> {
    const handles = this.handles();
    await Promise.allSettled(handles.map(({ ready }) => ready));
    const kept = await this.kept().catch((): string[] => []);
    const rank = ({ config: { id } }: IntegrationHandle): number =>
      kept.includes(id) ? kept.indexOf(id) : kept.length;
    const running = handles
      .filter((handle) => handle.config.active && handle.isUsed)
      .map((handle) => {
        const { config } = handle;
        return { handle, config, places: [this.placeOf(config.system1), this.placeOf(config.system2)] as const };
      })
      .sort((a, b) => rank(a.handle) - rank(b.handle) || a.config.id.localeCompare(b.config.id));
    const held = collisions(running);
    for (const handle of handles) handle.hold(held.get(handle.config.id)?.config.name);
  }
}
