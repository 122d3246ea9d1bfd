/** 30: "2 landed, 8 failed" stood at a writer that had been given two changes: attempts were counted. */

import assert from 'node:assert/strict';
import { startRuntime, stopRuntime, unload } from '../nodes/filter/harness';
import { CHAIN, priority, priority2, VALUES } from '../plan/chain';
import { Flow } from '../plan/flow';
import { until } from '../support/wait';

const RETRIES = 3;

describe('30: the status of a writer', function () {
  this.timeout(90_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('counts changes, not attempts', async () => {
    const pairs = [{ one: { name: 'High' }, two: { name: '2' }, direction: 'both' }];
    const values = { ...VALUES, rows: [{ one: priority, two: priority2, sameName: false, pairs }] };
    const flow = await Flow.deploy(
      CHAIN.map((step) => (step === VALUES ? values : step)),
      { retries: RETRIES },
    );
    const bug = (title: string, name: string) =>
      flow.create(2, { 'System.Title': title, 'System.AreaPath': { name: 'Fabrikam' }, [priority2.id]: { name } });
    await bug('Lands', '2');
    const failing = await bug('Fails', '4');
    const results = await flow.sync(2, 60_000);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['created'],
    );
    assert.deepEqual(await flow.parked(2), new Set([failing.id]));
    // and the one after which it was parked
    assert.equal(await flow.retried(2), RETRIES);
    const shown = await until('the status is drawn', () => {
      const status = JSON.stringify(flow.status('writer') ?? '');
      return status.includes('landed') ? status : undefined;
    });
    assert.match(shown, /writer\.status\.counts \{\\"landed\\":1,\\"failed\\":1\}/);
  });
});
