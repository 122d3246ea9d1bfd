/**
 * After each deploy: of active integrations that would do the same work, in the same places and direction, one goes and the
 * others are held, and say so. The one goes that the store has known longest, so that a copy never takes the place of what it
 * was copied from. One without pollers and writers, as on a disabled tab, holds nobody.
 *
 * Where the store has vanished or was set back, integrations wait whose counterparts cannot be recognised without it, until
 * somebody says that they may go on.
 */

import type { Side } from '../../lib/model/entity';
import type { Store } from '../../lib/store/store';
import { collisions } from '../../lib/sync/collisions';
import type { Integration } from '../../lib/sync/integration';
import { canTell } from '../../lib/sync/named';
import { readScope } from '../../lib/sync/pairs';
import type { Held, IntegrationHandle } from './handle';

export class Holding {
  private latest: Promise<void> = Promise.resolve();

  constructor(
    private readonly handles: () => IntegrationHandle[],
    /** the place that a system node leads to */
    private readonly placeOf: (system: string) => string,
    private readonly store: () => Promise<Store | undefined>,
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
      handle.hold(same ?? (isInDoubt ? await doubtful(handle) : undefined));
    }
  }

  /** Somebody says that nothing is there twice by it, or that it does not matter: new counterparts are made. */
  async goOn(): Promise<void> {
    await (await this.store())?.setDoubt(undefined);
    this.deployed();
    await this.latest;
  }
}

/** Would it make counterparts once more that it cannot recognise? */
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
