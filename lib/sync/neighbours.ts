/**
 * The integrations that share a store, as each of them needs to know of the others: where entities go that another one
 * syncs, and that something was linked for which this one may have waited.
 */

import type { IntegrationConfig } from '../model/config';
import type { EntityRef } from '../model/entity';
import { route } from './pairs';

/** Names by which a system is known: its node's, and that of its place. */
export type SystemNames = readonly string[];

/** True where the integration leads entities of this project and type from one system to the other. */
export function leads(
  config: IntegrationConfig,
  system: SystemNames,
  ref: EntityRef,
  toward: SystemNames,
  [one, two]: readonly [SystemNames, SystemNames] = [[config.system1], [config.system2]],
): boolean {
  const is = (names: SystemNames, others: SystemNames) => names.some((name) => others.includes(name));
  return ([1, 2] as const).some((side) => {
    const [from, to] = side === 1 ? [one, two] : [two, one];
    return is(from, system) && is(to, toward) && route(config, side, ref) !== undefined;
  });
}

interface Neighbour {
  config: IntegrationConfig;
  systems?: readonly [SystemNames, SystemNames];
}

export class Neighbours {
  private readonly all = new Map<string, Neighbour>();
  private readonly listeners = new Map<string, () => void>();

  /** An integration is there, running or not. @param systems absent = by their nodes alone */
  know(config: IntegrationConfig, systems?: Neighbour['systems']): void {
    this.all.set(config.id, { config, systems });
  }

  /** Unless another one has taken its place. */
  forget(config: IntegrationConfig): void {
    if (this.all.get(config.id)?.config === config) this.all.delete(config.id);
  }

  /** @param listener called when something was linked. Returns how to stop */
  onLinked(integration: string, listener: () => void): () => void {
    this.listeners.set(integration, listener);
    return () => {
      if (this.listeners.get(integration) === listener) this.listeners.delete(integration);
    };
  }

  /** Some integration leads entities of this project and type from one system to the other. */
  lead(system: SystemNames, ref: EntityRef, toward: SystemNames): boolean {
    return [...this.all.values()].some(({ config, systems }) => leads(config, system, ref, toward, systems));
  }

  /** Links were stored: whoever waited for one of them may go on. */
  linked(): void {
    for (const listener of [...this.listeners.values()]) listener();
  }
}
