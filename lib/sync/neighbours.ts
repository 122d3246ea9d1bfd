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
  systems?: readonly [SystemNames, SystemNames],
): boolean {
  return steps({ config, systems }, system, ref).some((step) => isSame(step.system, toward));
}

const isSame = (names: SystemNames, others: SystemNames): boolean => names.some((name) => others.includes(name));

/** Where entities are, as far as it matters to where they go. */
interface Stop {
  system: SystemNames;
  ref: EntityRef;
}

/** Where an integration leads entities of a system's project and type. */
function steps({ config, systems }: Neighbour, system: SystemNames, ref: EntityRef): Stop[] {
  const [one, two] = systems ?? [[config.system1], [config.system2]];
  return ([1, 2] as const).flatMap((side): Stop[] => {
    const [from, to] = side === 1 ? [one, two] : [two, one];
    const target = isSame(from, system) ? route(config, side, ref)?.target : undefined;
    return target ? [{ system: to, ref: { ...ref, ...target } }] : [];
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

  /** Integrations lead entities of this project and type from one system to the other, one alone or one after the other. */
  lead(system: SystemNames, ref: EntityRef, toward: SystemNames): boolean {
    const stops: Stop[] = [{ system, ref }];
    const known = new Set(stops.map(nameOf));
    for (const stop of stops) {
      const next = [...this.all.values()].flatMap((neighbour) => steps(neighbour, stop.system, stop.ref));
      if (next.some((one) => isSame(one.system, toward))) return true;
      for (const one of next) {
        if (known.has(nameOf(one))) continue;
        known.add(nameOf(one));
        stops.push(one);
      }
    }
    return false;
  }

  /** Links were stored: whoever waited for one of them may go on. */
  linked(): void {
    for (const listener of [...this.listeners.values()]) listener();
  }
}

const nameOf = ({ system, ref }: Stop): string => JSON.stringify([system, ref.project, ref.type]);
