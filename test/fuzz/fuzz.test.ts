import assert from 'node:assert/strict';
import { fuzz } from './run';
import { FUZZED, hostileText, randomOf } from './texts';

describe('hostile texts of all formats', function () {
  this.timeout(180_000);

  it('are the same for the same seed', () => {
    for (const format of FUZZED)
      assert.deepEqual(hostileText(randomOf(7), format, 2_000), hostileText(randomOf(7), format, 2_000));
  });

  it('for a minute: nothing stalls half a second, nothing crashes, nothing could run', async () => {
    const report = await fuzz({ seed: 1_000, ms: 60_000 });
    assert.ok(report.cases > 5, `${report.cases} cases`);
    assert.ok(report.worstStallMs < 500, JSON.stringify(report));
    assert.deepEqual([report.crashes, report.unsafe], [0, 0], JSON.stringify(report));
  });
});
