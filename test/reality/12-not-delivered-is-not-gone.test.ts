/**
 * "Not delivered" is not "gone": a counterpart that a system cannot show just now, or whose answer was a proxy's, was taken for
 * deleted, and *Gone: create* made a second one.
 */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../lib/connectors/connector';
import { createHttpClient } from '../../lib/connectors/http/client';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import { redmine } from '../../lib/connectors/redmine';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { BUG, connect, DEMO, edit, make, poll, scope, start } from '../connectors/jira/server';
import { Workbench } from '../engine/workbench';
import { delivered } from '../support/delivered';
import { startJira } from '../systems/jira';

const notNow = () => new SyncError('transient', 'The issue could not be retrieved. Try again later.');

describe('What a system does not deliver', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  const linked = async (count: number, options: Parameters<typeof Workbench.start>[0] = {}) => {
    bench = await Workbench.start({ targetDeleted: 'create', ...options });
    for (let n = 0; n < count; n++) bench.one.save(undefined, { title: `Bug ${n}` });
    await bench.sync();
    assert.equal(bench.two.entities.size, count);
    return { sources: [...bench.one.entities.keys()], targets: [...bench.two.entities.keys()] };
  };

  it('is not created again: the change waits, and lands when the counterpart is delivered', async () => {
    const { sources, targets } = await linked(3, { retries: 3 });
    bench.two.undelivered.set(targets[1] ?? '', notNow());
    for (const id of sources) bench.one.save(id, { priority: 'High' });
    await bench.sync(5_000);
    const priorities = () => targets.map((id) => bench.two.entities.get(id)?.fields.priority);
    assert.deepEqual(priorities(), ['High', undefined, 'High']);
    bench.two.undelivered.clear();
    await bench.sync();
    assert.deepEqual(priorities(), ['High', 'High', 'High']);
    assert.equal(bench.two.entities.size, 3, 'no twin');
  });

  it('parks the change with that reason if it never comes, and holds nobody else up', async () => {
    const { sources, targets } = await linked(3);
    bench.two.undelivered.set(targets[1] ?? '', notNow());
    for (const id of sources) bench.one.save(id, { priority: 'High' });
    await bench.sync(600_000);
    const { error, entity } = await bench.parked();
    assert.equal(entity.id, sources[1]);
    assert.match(error?.message ?? '', /could not be retrieved/);
    assert.equal(bench.two.entities.size, 3, 'no twin');
  });

  it('pauses the system if it is everything, and charges nobody', async () => {
    const { sources, targets } = await linked(3);
    for (const id of targets) bench.two.undelivered.set(id, notNow());
    for (const id of sources) bench.one.save(id, { priority: 'High' });
    await bench.sync(600_000);
    assert.equal(bench.failures.filter(({ parked }) => parked).length, 0);
    assert.ok(bench.integration.systems[2].faultsInARow('read') > 0);
    bench.two.undelivered.clear();
    await bench.sync(120_000);
    assert.deepEqual(
      targets.map((id) => bench.two.entities.get(id)?.fields.priority),
      ['High', 'High', 'High'],
    );
  });

  it('is still owed a backlink', async () => {
    bench = await Workbench.start({ backlinks: { 1: { key: 'remote', back: true } }, retries: 3 });
    bench.flow = ({ payload }) => void delete payload.remote;
    const { id } = bench.one.save(undefined, { title: 'Crash' });
    bench.one.undelivered.set(id, notNow());
    await bench.sync(7_000);
    assert.equal(bench.one.valueOf('Crash', 'remote'), undefined);
    bench.one.undelivered.clear();
    await bench.sync();
    assert.equal(bench.one.valueOf('Crash', 'remote'), 'two-1');
  });
});

describe('Jira’s issueErrors', () => {
  it('are read by a later poll, also when the polls have moved on for hours since', async () => {
    let ahead = 0;
    const jira = await start({ now: () => Date.now() + ahead });
    const connection = connect(jira);
    try {
      const since = await connection.newest(scope);
      const late = make(jira, 'Late');
      jira.faults.undelivered.add(late.id);
      const first = await poll(connection, since);
      assert.deepEqual(first.ids, []);
      ahead += 3 * 3_600_000;
      const other = make(jira, 'Other');
      const second = await poll(connection, first.checkpoint);
      assert.deepEqual(second.ids, [other.id]);
      jira.faults.undelivered.clear();
      ahead += 3 * 3_600_000;
      const third = await poll(connection, second.checkpoint);
      assert.ok(third.ids.includes(late.id));
      assert.ok(!(await poll(connection, third.checkpoint)).ids.includes(late.id), 'once');
    } finally {
      await connection.close?.();
      await jira.stop();
    }
  });

  it('are errors of that issue, in the words of Jira', async () => {
    const jira = await start();
    const connection = connect(jira);
    try {
      const issue = make(jira, 'Half');
      jira.faults.undelivered.add(issue.id);
      const [read] = await connection.read(scope, [issue.id]);
      assert.match(asSyncError(read).message, /issue 200\d\d now: The issue could not be retrieved/);
    } finally {
      await connection.close?.();
      await jira.stop();
    }
  });
});

describe('An issue that one answer leaves out', () => {
  it('is asked for alone: only what Jira says of itself is gone', async () => {
    const jira = await start();
    const connection = connect(jira);
    try {
      const [there, gone] = [make(jira, 'There'), make(jira, 'Gone')];
      jira.faults.leftOut.add(there.id);
      jira.site.remove(gone);
      const read = delivered(await connection.read(scope, [there.id, gone.id]));
      assert.deepEqual(
        read.map((entity) => entity?.id),
        [there.id, undefined],
      );
      edit(jira, there.id, { summary: 'Still there' });
      assert.deepEqual(
        (await poll(connection, connection.checkpointAt(new Date(0).toISOString()))).ids.includes(there.id),
        true,
      );
    } finally {
      await connection.close?.();
      await jira.stop();
    }
  });
});

describe('A 404 that is not the API’s own', () => {
  const servers: { close(): unknown; closeAllConnections(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const answering = async (body: string, type: string, status = 404): Promise<string> => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  };

  const kinds: Record<string, (url: string) => Connection> = {
    'Jira Data Center': (url) =>
      jiraConnector.connect({ deployment: 'datacenter', url, auth: 'pat', token: 'secret' }, { http: { retries: 0 } }),
    'Jira Cloud': (url) =>
      jiraConnector.connect(
        { deployment: 'cloud', url, auth: 'apiToken', email: 'a@example.com', apiKey: 'secret' },
        { http: { retries: 0 } },
      ),
    Redmine: (url) => redmine.connect({ url, auth: 'apiKey', apiKey: 'secret' }, { http: { retries: 0 } }),
  };
  const answers: [string, string, string][] = [
    ['a web page of nginx', '<html><head><title>404 Not Found</title></head></html>', 'text/html'],
    ['text of Traefik', '404 page not found\n', 'text/plain; charset=utf-8'],
    ['nothing', '', 'text/plain'],
    ['JSON of a gateway', '{"message":"no Route matched with those values"}', 'application/json'],
  ];
  for (const [product, open] of Object.entries(kinds)) {
    for (const [what, body, type] of answers) {
      it(`is no deletion: ${what} in place of ${product}`, async () => {
        const connection = open(await answering(body, type));
        const [result] = await connection
          .read({ projects: ['1'], types: ['1'] }, ['17'])
          .catch((thrown: unknown) => [asSyncError(thrown)]);
        assert.ok(result instanceof SyncError, 'nothing may be concluded');
        assert.equal(result.kind, 'transient');
        assert.match(result.message, /HTTP 404 that is not the API's own.*Check the URL, and whether a proxy answers/);
        await assert.rejects(connection.entityTypes('1'), (error) => asSyncError(error).kind !== 'notFound');
        await connection.close?.();
      });
    }
  }

  it('of a write has written nothing, so that a create is not looked for', async () => {
    const http = createHttpClient({
      baseUrl: await answering('<html></html>', 'text/html'),
      product: 'Redmine',
      options: { retries: 0 },
    });
    const error = asSyncError(await http.post('issues.json', {}).catch((thrown: unknown) => thrown));
    assert.deepEqual([error.kind, error.detail.uncertain], ['transient', false]);
    http.close();
  });

  it('is distinguished from the API’s own 404', async () => {
    const jira = await startJira({ deployment: 'datacenter' });
    const connection = connect(jira);
    assert.deepEqual(await connection.read({ projects: [DEMO], types: [BUG] }, ['999999']), [undefined]);
    await connection.close?.();
    await jira.stop();
  });
});
