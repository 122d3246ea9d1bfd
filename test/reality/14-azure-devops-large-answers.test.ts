/** Answers that are too large are asked for in smaller parts: work items, and the history of one with long texts. */

import assert from 'node:assert/strict';
import { azureDevops } from '../../lib/connectors/azure-devops';
import { Colleague, one, personOf, poll } from '../connectors/azure-devops/support';
import { startAzureDevOps } from '../systems/azure-devops';

describe('reality 14: answers of Azure DevOps that are too large', () => {
  it('polling, reading and the history go on in parts', async () => {
    const standIn = await startAzureDevOps();
    const { token } = personOf('sync');
    const connection = azureDevops.connect({ url: standIn.url, auth: 'pat', token }, { http: { maxBytes: 120_000 } });
    const alice = new Colleague(standIn, 'alice');
    const ids = await alice.create(Array.from({ length: 12 }, (_, index) => `Long ${index}`));
    for (const id of ids) await alice.change(id, { 'System.Description': `<p>${'x'.repeat(30_000)}</p>` });
    const { ids: polled } = await poll(connection, undefined, one);
    assert.deepEqual(polled.toSorted(), ids.toSorted());
    const read = await connection.read(one, ids);
    assert.ok(read.every((result) => result && !(result instanceof Error)));
    const [id = ''] = ids;
    for (let count = 0; count < 6; count++)
      await alice.change(id, { 'System.Description': `<p>${String(count).repeat(30_000)}</p>` });
    assert.equal((await connection.history?.(id))?.length, 8);
    await connection.close?.();
    await standIn.stop();
  });
});
