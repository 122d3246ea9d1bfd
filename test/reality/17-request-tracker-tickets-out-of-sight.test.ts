/** A queue stays visible, and its tickets do not: the right ShowTicket was taken away. RT leaves them out of every list. Real server. */

import assert from 'node:assert/strict';
import type { ChangePage, Checkpoint, Connection } from '../../lib/connectors/connector';
import { requestTracker as connector } from '../../lib/connectors/request-tracker';
import { SyncError } from '../../lib/model/errors';
import { describeWith } from '../support/need';
import { requestTracker } from '../support/request-tracker';
import { until } from '../support/wait';

describeWith('reality 17: tickets of a visible queue that RT does not show', requestTracker, function (server) {
  this.timeout(60_000);
  const scope = { projects: ['1', '3'], types: ['ticket'] };
  const open: Connection[] = [];
  const connect = (): Connection => {
    const connection = connector.connect({ url: server.url, token: server.token('sync') }, {});
    open.push(connection);
    return connection;
  };
  beforeEach(() => server.reset());
  after(async () => {
    for (const connection of open) await connection.close?.();
    server.reset();
  });

  const poll = async (since: Checkpoint | undefined) => {
    const pages: ChangePage[] = [];
    for await (const page of connect().changes(scope, since, 50)) pages.push(page);
    const last = pages.at(-1);
    return {
      ids: pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      missing: (last?.missing ?? []).map(({ id, why }) => `${id}: ${why}`),
      checkpoint: JSON.parse(JSON.stringify(last?.checkpoint)) as Checkpoint,
    };
  };
  const make = async (Queue: string): Promise<string> =>
    String((await server.send<{ id: string }>('root', 'POST', 'ticket', { Queue, Subject: `in ${Queue}` })).id);

  it('one queue is hidden: it is named, nothing is gone, the other goes on, and nothing of it is missed afterwards', async () => {
    const first = await poll(await connect().newest(scope));
    assert.deepEqual(first.missing, []);
    server.showTicketsOf('General');
    const [hidden, seen] = [await make('Incidents'), await make('General')];
    let second = await poll(first.checkpoint);
    assert.ok(second.ids.includes(seen) && !second.ids.includes(hidden), second.ids.join());
    // one of RT's processes may still go by the rights of before
    second = await until('it is noticed', async () => {
      const next = await poll(second.checkpoint);
      return next.missing.length > 0 ? next : undefined;
    });
    assert.deepEqual(second.missing, [
      '3: RT no longer shows this account the tickets of queue "Incidents": it lacks the right ShowTicket there',
    ]);
    const [result] = await connect().read(scope, [hidden]);
    assert.ok(result instanceof SyncError && result.kind === 'forbidden', 'out of sight is not gone');
    const third = await poll(second.checkpoint);
    assert.equal(third.missing.length, 1);
    server.showTicketsOf('General', 'Incidents');
    const back = await poll(third.checkpoint);
    assert.ok(back.ids.includes(hidden), back.ids.join());
    assert.deepEqual(back.missing, []);
  });

  it('all queues are hidden: that is no restored backup, and nothing is missed afterwards', async () => {
    const first = await poll(undefined);
    server.showTicketsOf();
    const hidden = await make('General');
    let second = first;
    await until('it is noticed', async () => {
      second = await poll(second.checkpoint);
      return second.missing.length === 2;
    });
    server.showTicketsOf('General', 'Incidents');
    assert.ok((await poll(second.checkpoint)).ids.includes(hidden));
  });
});
