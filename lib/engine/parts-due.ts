/** Readers of parts are notified when the store has readings that are due. */

import type { EntityId, Side } from '../model/entity';
import { eachSide, type Sides } from '../model/sides';
import type { Flow, Parts } from '../store/store';

export class PartsDue {
  private readonly listeners: Sides<Set<() => void>> = eachSide(() => new Set());

  /** The store has readings that are due now. */
  on(sides: readonly Side[]): void {
    for (const side of new Set(sides)) for (const listener of [...this.listeners[side]]) listener();
  }

  /** Returns how to stop listening. */
  listen(side: Side, listener: () => void): () => void {
    this.listeners[side].add(listener);
    return () => this.listeners[side].delete(listener);
  }
}

/** Asks for the parts of these owners, and wakes their reader. */
export async function askParts(
  { store, partsDue }: { store: Pick<Parts, 'askParts'>; partsDue: PartsDue },
  flow: Flow,
  owners: EntityId[],
): Promise<void> {
  if (owners.length === 0) return;
  await store.askParts(flow, owners);
  partsDue.on([flow.side]);
}
