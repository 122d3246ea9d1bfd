/** An example is deployed as it comes: the look at both systems after the deploy finds nothing to check. */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { example, exampleNames } from '../support/examples';
import { NodeRed } from '../support/node-red';

/** The look begins five seconds after a deploy; sandboxes answer at once. */
const LOOKED_MS = 8_000;

describe('an example as it comes', function () {
  this.timeout(60_000);
  let red: NodeRed;

  before(async () => {
    red = await NodeRed.start();
  });
  after(() => red?.stop());

  for (const name of exampleNames())
    it(`${name} has nothing to check`, async () => {
      const before = red.log.length;
      await red.deploy(example(name));
      await pause(LOOKED_MS);
      assert.doesNotMatch(red.log.slice(before), /\d+ to check|\[warn\]|\[error\]/);
    });

  it('and the look does find what is wrong with one', async () => {
    const flow = example('sandbox-both-ways').map((node) =>
      node.type === 'twinflow-value-mapper' ? { ...node, rows: [] } : node,
    );
    const before = red.log.length;
    await red.deploy(flow);
    await pause(LOOKED_MS);
    assert.match(red.log.slice(before), /\d+ to check/);
  });
});
