/**
 * After each deploy: of active integrations that would do the same work (same places and direction), one works and the
 * others are held and report that. The integration that the store has known longest works, so that a copy never
 * replaces its original. An integration without pollers and writers, as on a disabled tab, holds none.
 *
 * An integration whose system node got the URL of another server waits, too: its links contain ids, which may belong to
 * unrelated items there. A user has to confirm that it is the same tracker.
 *
 * If the store has vanished or was set back, integrations whose counterparts cannot be recognized without it wait until
 * a user lets them continue.
 */

import type { Integration } from '../../lib/engine/integration';
import { collisions } from '../../lib/engine/peers/collisions';
import { readScope } from '../../lib/engine/routing';
import { canTell } from '../../lib/engine/write/named';
import type { Side } from '../../lib/model/entity';
import type { Upkeep } from '../../lib/store/store';
import type { Held, IntegrationHandle } from './handle';

export class Holding {
  private latest: Promise<void> = Promise.resolve();

  constructor(
    private readonly handles: () => IntegrationHandle[],
    /** the place that a system node leads to */
    private readonly placeOf: (system: string) => string,
    private readonly store: () => Promise<Pick<Upkeep, 'integrationsKept' | 'doubt' | 'setDoubt'> | undefined>,
  ) {}

  /** All flows have started. */
  deployed(): void {
    this.latest = this.latest.then(() => this.judge()).catch(() => undefined);
  }

  /** Settles when it is known for all deployed integrations whether they work. */
  judged(): Promise<void> {
    return this.latest;
  }

  private async judge(): Promise<void> {
    const handles = this.handles();
    await Promise.allSettled(handles.map(({ ready }) => ready));
    const store = await this.store().catch(() => undefined);
    const kept = (await store?.integrationsKept()) ?? [];
    const isInDoubt = (await store?.doubt()) !== undefined;
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
    for (const handle of handles) {
      const by = held.get(handle.config.id)?.config.name;
      const same: Held | undefined = by === undefined ? undefined : { why: 'same', by };
      handle.hold(same ?? (await moved(handle)) ?? (isInDoubt ? await doubtful(handle) : undefined));
    }
  }

  /**
   * A user lets it continue. After a lost store: it creates no duplicates, or they do not matter; this applies to all
   * that wait for the same reason. At another URL: it is the same tracker, and the links are moved.
   * @param only the integration's id; if absent, all that wait
   */
  async goOn(only?: string): Promise<void> {
    const waiting = this.handles().filter(({ held, config }) => held && (only === undefined || config.id === only));
    for (const { held, ready } of waiting) if (held?.why === 'moved') await (await ready).stay();
    if (waiting.some(({ held }) => held?.why === 'store')) await (await this.store())?.setDoubt(undefined);
    this.deployed();
    await this.latest;
  }
}

/** Is it linked with a server other than the one to which a system node leads now? */
async function moved(handle: IntegrationHandle): Promise<Held | undefined> {
  const integration = await handle.ready.catch(() => undefined);
  const move = handle.config.active ? await integration?.moved().catch(() => undefined) : undefined;
  return move && { why: 'moved', ...move };
}

/** Could it create counterparts again that it cannot recognize? */
async function doubtful(handle: IntegrationHandle): Promise<Held | undefined> {
  const integration = await handle.ready.catch(() => undefined);
  const sides: Side[] = [1, 2];
  const isBlind = sides.some((side) => integration && readScope(handle.config, side) && !tells(integration, side));
  return isBlind ? { why: 'store' } : undefined;
}

function tells(integration: Integration, side: Side): boolean {
  try {
    return canTell(integration, side);
  } catch {
    // its system cannot be used: it creates nothing
    return true;
  }
}
