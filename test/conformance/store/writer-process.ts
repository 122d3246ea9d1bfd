/**
 * A process that records, claims and lands three entities per round and prints the number of each round that the store
 * acknowledged, until it is killed. Takes up where the last one was killed. Arguments: a module with `open(argument)`,
 * and the argument.
 */

import { writeSync } from 'node:fs';
import type { Store } from '../../../lib/store/store';
import { entity, FORWARD, INTEGRATION, intent, landing, NOON, SYSTEM1 } from './harness';

async function main(module: string, argument: string): Promise<void> {
  const { open }: { open(argument: string): Promise<Store> } = await import(module);
  const store = await open(argument);
  await store.recover(INTEGRATION);
  const before = await store.checkpoint(FORWARD);
  let round = typeof before?.round === 'number' ? before.round : 0;
  for (;;) {
    await finish(store);
    if (round > 0) writeSync(1, `${round}\n`);
    round += 1;
    const entities = [0, 1, 2].map((n) => entity(`${round}-${n}`));
    await store.record(FORWARD, SYSTEM1, entities, await store.sequence(), { round });
  }
}

async function finish(store: Store): Promise<void> {
  const claimed = await store.claim(FORWARD, 10, NOON);
  await store.openIntents(claimed.map(({ seq }) => intent(seq)));
  await store.land(claimed.map((event) => landing(event, `target-${event.entity.id}`)));
}

const [module, argument] = process.argv.slice(2);
void main(module ?? '', argument ?? '');
