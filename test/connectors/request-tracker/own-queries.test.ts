/** TicketSQL as a filter. */

import assert from 'node:assert/strict';
import type { Connection, OwnQueries } from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import type { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { requestTracker } from '../../support/request-tracker';

const scope = { projects: ['1'], types: ['ticket'] };

describeWith('TicketSQL as a filter, on the real Request Tracker', requestTracker, function (rt) {
  this.timeout(60_000);
  let connection: Connection;
  let queries: OwnQueries;
  const ids: string[] = [];

  before(async () => {
    rt.reset();
    connection = connector.connect({ url: rt.url, token: rt.token('sync') }, {});
    queries = connection.queries ?? assert.fail();
    for (const Subject of ['Wanted one', "It's (wanted", 'Other']) {
      ids.push((await rt.send<{ id: string }>('alice', 'POST', 'ticket', { Queue: '1', Subject })).id);
    }
  });
  after(async () => {
    await connection?.close?.();
    rt.reset();
  });

  const among = async (query: string): Promise<string[]> => [...(await queries.among(query, ids))].sort();
  const refused = async (asked: Promise<unknown>): Promise<string> => {
    const error = await asked.then(
      () => assert.fail('it should have been refused'),
      (thrown: SyncError) => thrown,
    );
    assert.equal(error.kind, 'invalid', error.message);
    return error.message;
  };

  it('finds among the tickets that are asked for, quotes and brackets in texts included', async () => {
    const [one = '', two = '', three = ''] = ids.map(String);
    assert.deepEqual(await among("Subject LIKE 'wanted'"), [one, two].sort());
    assert.deepEqual(await among("Subject = 'It\\'s (wanted'"), [two]);
    assert.deepEqual(await among("Subject = 'nothing' OR Subject = 'Other'"), [three]);
    assert.deepEqual(await among("Status = '__Active__' AND Subject = 'Other'"), [three]);
  });

  it('counts what is found in the scope, and shows the first', async () => {
    const { count, first } = await queries.check(scope, "Subject LIKE 'wanted'");
    assert.equal(count, 2);
    assert.deepEqual(first.map(({ title }) => title).sort(), ["It's (wanted", 'Wanted one']);
  });

  it("is refused in RT's words, and where RT would find everything without a word", async () => {
    assert.match(await refused(among('Nonsense = 1')), /Unknown field: Nonsense/);
    assert.match(await refused(among("Status = 'open' ORDER BY id")), /expecting a OPERATOR/);
    assert.match(await refused(among("'CF.{Nonsense}' != 'x'")), /no custom field "Nonsense"/);
    assert.match(await refused(among("Created > 'nonsense'")), /no time that RT can read/);
    assert.match(await refused(among("Status = 'open') OR (id > 0")), /closes a bracket/);
    assert.match(await refused(queries.check(scope, '')), /empty/);
  });

  it('knows the custom fields that are there', async () => {
    assert.deepEqual(await among("'CF.{External ID}' IS NULL AND Subject = 'Other'"), [String(ids[2])]);
  });
});
