/**
 * The integrations that share a store, as each of them needs to know of the others: where entities go that another one
 * syncs, and that something was linked for which this one may have waited.
 */

import type { IntegrationConfig } from '../model/config';
import type { EntityRef } from '../model/entity';
import { route } from './pairs';

/** True where the integration leads entities of this project and type from one system to the other. */
export const leads = (config: IntegrationConfig, system: string, ref: EntityRef, toward: string): boolean =>
  ([1, 2] as const).some((side) => {
    const [from, to] = side === 1 ? [config.system1, config.system2] : [config.system2, config.system1];
    return from === system && to === toward && route(config, side, ref) !== undefined;
  });

export class Neighbours {
  private readonly configs = new Map<string, IntegrationConfig>();
  private readonly listeners = new Map<string, () => void>();

  /** An integration is there, running or not. */
  know(config: IntegrationConfig): void {
    this.configs.set(config.id, config);
  }

  /** Unless another one has taken its place. */
  forget(config: IntegrationConfig): void {
    if (this.configs.get(config.id) === config) this.configs.delete(config.id);
  }

  /** @param listener called when something was linked. Returns how to stop */
  onLinked(integration: string, listener: () => void): () => void {
    this.listeners.set(integration, listener);
    return () => {
      if (this.listeners.get(integration) === listener) this.listeners.delete(integration);
    };
  }

  /** Some integration leads entities of this project and type from one system to the other. */
  lead(system: string, ref: EntityRef, toward: string): boolean {
    return [...this.configs.values()].some((config) => leads(config, system, ref, toward));
  }

  /** Links were stored: whoever waited for one of them may go on. */
  linked(): void {
    for (const listener of [...this.listeners.values()]) listener();
  }
}
