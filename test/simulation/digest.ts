/**
 * What happened in a history, as one short word: the same before and after a restructuring that changes nothing. It covers
 * what can be seen from outside – writes in their order, the systems, links and parked changes at the end – and neither times
 * nor numbers that the store gives out.
 */

import { createHash } from 'node:crypto';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Store } from '../../lib/store/store';
import type { SimulatedSystem } from './system';

const LENGTH = 16;
const MOST_PARKED = 10_000;

export class Digest {
  private readonly hash = createHash('sha256');

  add(...what: unknown[]): void {
    this.hash.update(`${JSON.stringify(what, inOrder)}\n`);
  }

  /** Nothing can be added afterwards. @returns hexadecimal digits */
  end(): string {
    return this.hash.digest('hex').slice(0, LENGTH);
  }
}

/** The digest of many, each given with its seed. */
export function digestOf(digests: readonly SeedDigest[]): string {
  const all = new Digest();
  for (const one of digests) all.add(one);
  return all.end();
}

export type SeedDigest = readonly [seed: number, digest: string];

/** A replacer: the order in which properties were set says nothing. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The systems and integrations of a history that has ended. */
export interface Ended {
  readonly systems: readonly Pick<SimulatedSystem, 'name' | 'entities'>[];
  readonly integrations: readonly IntegrationConfig[];
  system(node: string): Pick<SimulatedSystem, 'entities'>;
}

/** Adds what there is at the end of a history. */
export async function addEnd(digest: Digest, world: Ended, store: Store): Promise<void> {
  for (const { name, entities } of world.systems.map((system) => ({ name: system.name, entities: system.entities() })))
    for (const { id, type, fields } of entities) digest.add('is', name, id, type, fields);
  for (const { id, system1 } of world.integrations) {
    for (const one of world.system(system1).entities()) {
      const link = await store.linkOf(id, 1, one.id);
      if (link) digest.add('link', id, one.id, link.ends[1].ref.id);
    }
    for (const { flow, entity, error } of await store.parked(id, 0, MOST_PARKED)) {
      digest.add('parked', id, flow.side, entity.id, error?.kind ?? null);
    }
  }
}
