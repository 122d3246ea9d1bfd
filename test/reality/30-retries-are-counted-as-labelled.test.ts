/** *Retries: 3* means three tries after the first; the label said attempts, and the fourth failure parked. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workbench } from '../engine/workbench';

const PACKAGE = join(__dirname, '..', '..');

describe('Retries of a change that the target refuses', () => {
  for (const retries of [0, 1, 3]) {
    it(`${retries}: parked at failure ${retries + 1}, and the list of parked changes counts ${retries + 1} attempts`, async () => {
      const bench = await Workbench.start({ retries });
      bench.two.refuses = () => ({ title: 'refused' });
      bench.one.save(undefined, { title: 'a' });
      await bench.sync(10 * 60_000);
      assert.equal(bench.two.asked.length, retries + 1);
      assert.equal((await bench.parked()).attempts, retries + 1);
      await bench.stop();
    });
  }

  it('are called so in the form', () => {
    const label = (language: string): unknown => {
      const file = join(PACKAGE, `nodes/integration/locales/${language}/integration.json`);
      return JSON.parse(readFileSync(file, 'utf8')).integration.label.retries;
    };
    assert.deepEqual(['en-US', 'de'].map(label), ['Retries', 'Wiederholungen']);
  });
});
