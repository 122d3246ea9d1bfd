/**
 * A batch of Azure DevOps that fails: the answer for one element of it is that one's own, a failure of the whole names nobody,
 * and where `$batch` is refused as such, single requests do.
 */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation } from '../../lib/connectors/connector';
import { isWholeBatch } from '../../lib/connectors/whole-batch';
import { FABRIKAM, scope, standIns } from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

const create = (title: string): WriteOperation => ({
  kind: 'create',
  project: FABRIKAM,
  type: 'Bug',
  fields: { 'System.Title': title },
});

describe('reality 2: a batch of Azure DevOps that fails', () => {
  let standIn: StandIn;
  let connection: Connection;
  const fresh = standIns();

  async function start(options = {}): Promise<void> {
    ({ standIn, connection } = await fresh(options));
  }

  const write = async (titles: string[]) => (await connection.write?.(scope, titles.map(create))) ?? [];
  const titles = () => [...standIn.service.state.items.values()].map(({ fields }) => fields['System.Title']).sort();
  const many = (count: number) => Array.from({ length: count }, (_, index) => `Bug ${index}`);

  it('one element answered 500: it alone fails, and later batches go out nevertheless', async () => {
    await start();
    standIn.faults.poison = { title: 'poison', status: 500, within: 'element' };
    const results = await write(['poison', ...many(150)]);
    assert.equal(results.filter(({ ok }) => ok).length, 150);
    const [bad] = results;
    assert.ok(bad && !bad.ok);
    assert.equal(bad.error.kind, 'transient');
    assert.ok(!isWholeBatch(bad.error), 'it is its own');
  });

  it('one element answered 500, and all others rolled back with it: they go out without it', async () => {
    await start({ batchAllOrNothing: true });
    standIn.faults.poison = { title: 'poison', status: 500, within: 'element' };
    const results = await write(['Good 1', 'poison', 'Good 2']);
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [true, false, true],
    );
    assert.deepEqual(titles(), ['Good 1', 'Good 2']);
  });

  it('the whole answered 500: nobody is blamed, and the batches behind it go out', async () => {
    await start();
    standIn.faults.poison = { title: 'poison', status: 500, within: 'whole' };
    const results = await write([...many(99), 'poison', ...many(20)]);
    const failed = results.filter(({ ok }) => !ok);
    assert.equal(failed.length, 100);
    for (const result of failed) assert.ok(!result.ok && isWholeBatch(result.error) && result.error.detail.uncertain);
    assert.equal(results.filter(({ ok }) => ok).length, 20);
  });

  for (const status of [401, 403, 404, 405]) {
    it(`$batch refused with ${status}: single requests are made instead, and later ones from the start`, async () => {
      await start();
      standIn.faults.batchRefused = status;
      const results = await write(['One', 'Two', 'Three']);
      assert.ok(results.every(({ ok }) => ok));
      assert.deepEqual(titles(), ['One', 'Three', 'Two']);
      const from = standIn.requests.length;
      assert.ok((await write(['Four', 'Five'])).every(({ ok }) => ok));
      assert.ok(!standIn.requests.slice(from).some((request) => request.endsWith('$batch')));
    });
  }

  it('a dead token is no refused batch: nothing more is sent', async () => {
    await start();
    await write(['One']);
    standIn.faults.credentialsDead = 'page';
    const from = standIn.requests.length;
    const results = await write(many(250));
    assert.ok(results.every((result) => !result.ok && result.error.kind === 'auth'));
    assert.ok(standIn.requests.length - from <= 2, 'the batch, and one to be sure');
  });
});
