/** What a dry run tells is what is then written: through random edits of both sides, with every policy for conflicts. */

import assert from 'node:assert/strict';
import type { WriteOperation } from '../../lib/connectors/connector';
import type { ConflictPolicy } from '../../lib/model/config';
import type { SyncResult } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { Random } from '../simulation/random';
import { type Tracker, Workbench } from './workbench';

const ROUNDS = 100;
const POLICIES: ConflictPolicy[] = ['newest', 'system1', 'system2', 'merge'];

/** A write, by what is written where. */
type Told = { to: string; what: string; fields: Fields };
const byWhat = (a: Told, b: Told) => `${a.to} ${a.what}`.localeCompare(`${b.to} ${b.what}`);

/** The newest of each change that would write something. */
function told(results: SyncResult[]): Told[] {
  const newest = new Map(results.map((result) => [`${result.direction} ${result.source.id}`, result]));
  return [...newest.values()].flatMap(({ direction, target, dryRun }): Told[] => {
    const changes = Object.entries(dryRun?.changes ?? {});
    if (changes.length === 0) return [];
    const fields = Object.fromEntries(changes.map(([field, { after }]) => [field, after]));
    const what = target?.id ?? `new ${String(fields.title)}`;
    return [{ to: direction === 'forward' ? 'two' : 'one', what, fields }];
  });
}

const written = ({ name, asked }: Tracker): Told[] =>
  asked.map((operation: WriteOperation) => ({
    to: name,
    what: operation.kind === 'update' ? operation.id : `new ${String(operation.fields.title)}`,
    fields: operation.fields,
  }));

async function round(seed: number): Promise<number> {
  const random = new Random(seed);
  const policy = random.pick(POLICIES);
  const bench = await Workbench.start();
  try {
    bench.flow = ({ sync }) => {
      for (const how of Object.values(sync.mapped ?? {})) how.conflict = policy;
    };
    const edit = async (): Promise<void> => {
      const tracker = random.pick([bench.one, bench.two]);
      const known = [...tracker.entities.keys()];
      const isNew = known.length === 0 || random.chance(0.2);
      const field = random.pick(['priority', 'note']);
      const value = random.chance(0.15) ? null : `${random.pick(['a', 'b', 'c'])}\n${random.int(1, 5)}`;
      // systems tell their empty fields, too
      const empty = { priority: null, note: null };
      if (isNew) tracker.save(undefined, { title: `Bug ${seed}.${bench.clock.now()}`, ...empty, [field]: value });
      else tracker.save(random.pick(known), { [field]: value });
      // no two edits at the same time: "newest" could not tell them apart
      await bench.wait(1_000);
    };
    for (let n = 0; n < 8; n += 1) await edit();
    await bench.sync();
    await bench.sync();
    await bench.setDryRun(true);
    for (let n = 0; n < random.int(1, 8); n += 1) {
      await edit();
      if (random.chance(0.4)) await bench.sync();
    }
    await bench.sync();
    // what was told first may have been overtaken by an edit of the other side
    await bench.integration.commands.showAgain();
    bench.dryRuns.length = 0;
    await bench.wait();
    for (const tracker of [bench.one, bench.two]) tracker.asked.length = 0;
    const expected = told(bench.dryRuns).sort(byWhat);
    await bench.setDryRun(false);
    await bench.sync();
    await bench.sync();
    const actual = [...written(bench.one), ...written(bench.two)].sort(byWhat);
    assert.deepEqual(actual, expected, `seed ${seed}, ${policy}`);
    return expected.length;
  } finally {
    await bench.stop();
  }
}

describe('A dry run and what is then written', () => {
  it(`are the same, in ${ROUNDS} random histories`, async function () {
    this.timeout(60_000);
    let writes = 0;
    for (let seed = 1; seed <= ROUNDS; seed += 1) writes += await round(seed);
    assert.ok(writes > ROUNDS, `${writes} writes were compared`);
  });
});
