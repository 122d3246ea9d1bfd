/** Azure DevOps says the same of what is gone, hidden, and never was: only its recycle bin is evidence. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { connectTo, FABRIKAM, freshStandIn, one } from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

describe('reality 12: what is gone in Azure DevOps', () => {
  let standIn: StandIn;
  let connection: Connection;
  let ids: string[];

  freshStandIn(async (fresh) => {
    ({ standIn, connection } = fresh);
    const { alice } = fresh;
    ids = await alice.create(['There', 'Deleted', 'Hidden', 'Left out', 'Destroyed']);
    await alice.remove(ids[1] ?? '');
    await alice.remove(ids[4] ?? '');
    standIn.service.state.destroy(Number(ids[4]));
    standIn.faults.hidden.add(Number(ids[2]));
    standIn.faults.leftOut.add(Number(ids[3]));
  });

  const read = async () =>
    (await connection.read(one, ids)).map((result) => (result instanceof SyncError ? result.kind : result?.id));

  it('deleted is gone, hidden and destroyed are not, and what an answer leaves out is asked for alone', async () => {
    const [there, , , leftOut] = ids;
    assert.deepEqual(await read(), [there, undefined, 'forbidden', leftOut, 'forbidden']);
  });

  it('an account that may not look into the recycle bin has no evidence', async () => {
    standIn.faults.lacking.add('recyclebin');
    const [there, , , leftOut] = ids;
    assert.deepEqual(await read(), [there, 'forbidden', 'forbidden', leftOut, 'forbidden']);
  });

  it('a page of a proxy is no evidence, for one or for all', async () => {
    standIn.faults.lost = /recyclebin|workitems\/\d/i;
    const [there] = ids;
    assert.deepEqual(await read(), [there, 'transient', 'transient', 'transient', 'transient']);
    standIn.faults.lost = /./;
    await assert.rejects(
      connection.read(one, ids),
      (error: unknown) => error instanceof SyncError && error.kind !== 'notFound',
    );
  });

  it('one that breaks the answer costs the others nothing', async () => {
    standIn.faults.broken.add(Number(ids[0]));
    standIn.faults.hidden.clear();
    const [, , hidden, leftOut] = ids;
    const found = await read();
    assert.equal(found[0], 'transient');
    assert.deepEqual(found.slice(1, 4), [undefined, hidden, leftOut]);
  });

  it('what is looked for and cannot be seen is no proof that there is none; what is seen is found nevertheless', async () => {
    const [id = ''] = ids;
    const item = standIn.service.state.item(Number(id));
    assert.ok(item);
    item.fields['Custom.ExternalId'] = 'EXT-1';
    for (const { fields } of item.revisions) fields['Custom.ExternalId'] = 'EXT-1';
    const query = { project: FABRIKAM, type: 'Bug', field: { id: 'Custom.ExternalId', values: ['EXT-1'] } };
    assert.equal((await connection.find?.(query, 2))?.length, 1);
    standIn.faults.broken.add(Number(id));
    const unseen = (await connection.find?.(query, 2)) ?? [];
    assert.ok(unseen.length === 1 && unseen[0] instanceof SyncError);
    const mine = connectTo(standIn, {}, 'alice');
    const since = { project: FABRIKAM, type: 'Bug', createdBySelfSince: '2020-01-01T00:00:00Z' };
    assert.ok(((await mine.find?.(since, 5))?.length ?? 0) > 0);
    await mine.close?.();
  });
});
