import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookUpTable } from '../../../lib/steps/lent-tables';
import valueMapper from '../../../nodes/value-mapper/value-mapper';
import { until } from '../../support/wait';
import { deploy, message, startRuntime, stopRuntime, unload } from '../filter/harness';

const team = { id: 'team', name: 'Team', type: 'text' };
const area = { id: 'Custom.Area', name: 'Area', type: 'text' };

describe('twinflow-value-mapper with sheets', function () {
  this.timeout(60_000);
  let folder = '';

  before(startRuntime);
  after(stopRuntime);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-sheet-rows-'));
  });
  afterEach(async () => {
    await unload();
    rmSync(folder, { recursive: true, force: true });
  });

  const file = (): string => join(folder, 'teams.csv');
  const mapper = (more: object = {}) => ({
    ...{ type: 'twinflow-value-mapper', pairs: 'all' },
    rows: [
      {
        ...{ one: team, two: area, sameName: false },
        pairs: [{ one: { name: 'Core' }, two: { name: 'Own pair' }, direction: 'both' }],
        sheet: { from: { kind: 'path', path: file() }, sheet: '', one: 'Team', two: 'Area', ...more },
      },
    ],
  });
  const change = (value: string) =>
    message({ 'Custom.Area': value }, { mapped: { 'Custom.Area': { from: ['team'], type: 'text' } } });

  it('maps by the pairs of the form first, then by the sheet, and says what neither has', async () => {
    writeFileSync(file(), 'Team,Area\nCore,From the sheet\nWeb,Fabrikam/Web\n');
    const step = await deploy(valueMapper, mapper());
    for (const [from, to] of [
      ['Core', 'Own pair'],
      ['web', 'Fabrikam/Web'],
    ] as const) {
      assert.equal((await step.send(change(from))).out[0][0]?.payload['Custom.Area'], to);
    }
    const sent = (await step.send(change('Nobody'))).out[0][0];
    assert.match(sent?.sync.unresolved?.['Custom.Area']?.reason ?? '', /Team: "Nobody" has no match in Area/);
  });

  it('goes back with the columns swapped, unless the sheet is for one way', async () => {
    writeFileSync(file(), 'Team,Area\nWeb,Fabrikam/Web\n');
    const back = message(
      { team: 'Fabrikam/Web' },
      { direction: 'backward', mapped: { team: { from: ['Custom.Area'], type: 'text' } } },
    );
    const both = await deploy(valueMapper, mapper());
    assert.equal((await both.send(back)).out[0][0]?.payload.team, 'Web');
    await unload();
    const one = await deploy(valueMapper, mapper({ backward: false }));
    assert.equal((await one.send(back)).out[0][0]?.payload.team, undefined);
  });

  it('offers its tables to expressions by the name of the field or of the file', async () => {
    writeFileSync(file(), 'Team,Area\nWeb,Fabrikam/Web\n');
    const step = await deploy(valueMapper, mapper());
    await step.send(change('Web'));
    assert.deepEqual(lookUpTable('integration', 'forward', 'team', 'web'), { name: 'Fabrikam/Web' });
    assert.deepEqual(lookUpTable('integration', 'forward', 'Teams.csv', { name: 'Core' }), { name: 'Own pair' });
    assert.deepEqual(lookUpTable('integration', 'backward', 'Area', 'Fabrikam/Web'), { name: 'Web' });
    assert.equal(lookUpTable('integration', 'forward', 'team', 'nobody'), null);
    await unload();
    assert.throws(() => lookUpTable('integration', 'forward', 'team', 'web'), /no table "team"/);
  });

  it('fails a change, and says so on the node, where its sheet was never readable: a wrong value would be worse', async () => {
    const step = await deploy(valueMapper, mapper());
    const { failed, out } = await step.send(change('Web'));
    assert.match(failed[0] ?? '', /sheet teams\.csv can't be used: There is no file/);
    assert.deepEqual(out, [[], []]);
    await until(
      'the node says so',
      () => /unreadable|can't be used/.test(JSON.stringify(step.status() ?? '')) || undefined,
    );
  });
});
