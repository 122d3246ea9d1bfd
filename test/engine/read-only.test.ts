/** Systems that can only be read, and what a poll tells that is no error. */

import assert from 'node:assert/strict';
import { Workbench } from './workbench';

describe('engine: systems that can only be read', () => {
  it('says so where a change leads there, names the pair as what to change, and parks it', async () => {
    const bench = await Workbench.start();
    bench.two.isReadOnly = true;
    bench.one.save(undefined, { title: 'Lost?' });
    for (let poll = 0; poll < 4; poll += 1) await bench.sync(3_600_000);
    const last = bench.failures.at(-1);
    assert.ok(last?.parked, 'parked, not repeated for ever');
    assert.equal(last.error.kind, 'forbidden');
    assert.match(last.error.message, /Two can only be read.*direction of the pair of types/);
    await bench.stop();
  });

  it('passes on what a poll tells beside its entities', async () => {
    const bench = await Workbench.start();
    bench.one.notes = ['Branch main was rewritten.'];
    await bench.redeploy({});
    assert.deepEqual((await bench.poll(1))?.notes, ['Branch main was rewritten.']);
    assert.equal((await bench.poll(2))?.notes, undefined);
    await bench.stop();
  });
});
