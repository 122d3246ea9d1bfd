/**
 * What people want to be told of: changes that were parked, conflicts, systems that are in trouble and that are well again.
 * Nothing is kept: who listens hears what happens from then on.
 */

import type { EntityRef, Side } from '../../lib/model/entity';

export type Notice =
  | {
      kind: 'parked' | 'conflict';
      /** id of the integration */
      integration: string;
      side: Side;
      item: Pick<EntityRef, 'key' | 'url' | 'type'>;
      /** what failed */
      message: string;
    }
  | {
      kind: 'paused' | 'recovered';
      /** id of the system node */
      system: string;
      name: string;
      /** why; empty for a recovery */
      message: string;
    };

export class Notices {
  private readonly listeners = new Set<(notice: Notice) => void>();

  /** @returns how to stop */
  listen(listener: (notice: Notice) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(notice: Notice): void {
    for (const listener of this.listeners) listener(notice);
  }
}
