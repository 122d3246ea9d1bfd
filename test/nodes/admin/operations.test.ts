import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { deployedChain } from '../../../lib/plan/drawn/deployed';
import {
  type IntegrationFailures,
  type OperatedIntegration,
  type OperationServices,
  registerOperations,
} from '../../../nodes/admin/operations';
import { Workbench } from '../../engine/workbench';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

describe('Routes of the sidebar', () => {
  let bench: Workbench;
  let server: ReturnType<typeof createServer>;
  let denied: string;
  let more: OperatedIntegration[];
  let chain: OperationServices['chain'];
  const asked: string[] = [];
  const audited: object[] = [];

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    more = [];
    chain = undefined;
    denied = '';
    asked.length = 0;
    audited.length = 0;
    const app = express();
    app.use(express.json({ limit: '5mb' }));
    app.use((request, _response, next) => {
      Object.assign(request, { user: { username: 'anna' } });
      next();
    });
    const ready = Promise.resolve(bench.integration);
    registerOperations(
      {
        httpAdmin: app,
        auth: {
          needsPermission: (permission) => (request, response, next) => {
            asked.push(`${request.method} ${request.path} ${permission}`);
            if (permission === denied) response.status(401).end();
            else next();
          },
        },
        log: { audit: (entry) => audited.push(entry) },
      },
      {
        integrations: () => [{ config: bench.integration.config, ready }, ...more],
        chain: (id, side) => chain?.(id, side) ?? deployedChain([], id, side),
      },
    );
    server = createServer(app);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await bench.stop();
  });

  async function call(path: string, init: RequestInit = {}): Promise<Answer> {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/twinflow/${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  const post = (path: string, body: unknown, type = 'application/json') =>
    call(path, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) });

  const errorOf = ({ body }: Answer) => body.error as { kind: string; message: string; fields?: object };

  /** Parks a create of each title. */
  async function park(...titles: string[]): Promise<number[]> {
    bench.two.refuses = ({ fields }) => (fields.priority === 'High' ? undefined : { priority: 'cannot be blank' });
    for (const title of titles) bench.one.save(undefined, { title });
    await bench.sync();
    const { items } = await bench.integration.commands.parked(0, 10);
    return items.map(({ event }) => event);
  }

  it('starts, pauses and ends bringing over existing items, and tells how far it is', async () => {
    const act = (body: object) => post('existing', { integration: 'integration', side: 1, ...body });
    bench.one.isPaged = true;
    // more than may wait, while time stands still
    bench.two.work = () => bench.clock.sleep(1_000);
    for (let number = 0; number < 400; number += 1) bench.one.save(undefined, { title: `Bug ${number}` });
    assert.deepEqual((await call('existing?integration=integration')).body, { items: [] });
    const { body } = await act({ do: 'start', types: ['Bug'], expected: 1 });
    assert.deepEqual([body.side, body.state, body.wish], [1, 'running', { types: ['Bug'], expected: 1 }]);
    assert.equal((await act({ do: 'start' })).status, 409);
    assert.equal((await act({ do: 'pause' })).body.state, 'paused');
    assert.equal((await act({ do: 'resume' })).body.state, 'running');
    assert.equal((await act({ do: 'cancel' })).body.state, 'cancelled');
    assert.equal((await act({ do: 'cancel' })).status, 404);
    assert.match(errorOf(await act({ do: 'dance' })).message, /start, pause, resume or cancel/);
    assert.match(errorOf(await act({ do: 'start', side: 3 })).message, /side 1 or 2/);
    const { items } = (await call('existing?integration=integration')).body as { items: { state: string }[] };
    assert.deepEqual(
      items.map(({ state }) => state),
      ['cancelled'],
    );
    denied = 'twinflow.write';
    assert.equal((await act({ do: 'start' })).status, 401);
  });

  it('ask for the permission to read or to write', async () => {
    const read = ['operations', 'failures', 'parked', 'parked-change'];
    const write = [
      ...['poll', 'parked/retry', 'parked/skip', 'parked/correct', 'parked/decide', 'parked/fields', 'dry-run/again'],
    ];
    denied = 'twinflow.read';
    for (const route of read) assert.equal((await call(route)).status, 401, route);
    denied = 'twinflow.write';
    for (const route of write) assert.equal((await post(route, {})).status, 401, route);
    assert.deepEqual(asked, [
      'GET /twinflow/operations twinflow.read',
      'GET /twinflow/failures twinflow.read',
      'GET /twinflow/parked twinflow.read',
      'GET /twinflow/parked-change twinflow.read',
      'POST /twinflow/poll twinflow.write',
      'POST /twinflow/parked/retry twinflow.write',
      'POST /twinflow/parked/skip twinflow.write',
      'POST /twinflow/parked/correct twinflow.write',
      'POST /twinflow/parked/decide twinflow.write',
      'POST /twinflow/parked/fields twinflow.write',
      'POST /twinflow/dry-run/again twinflow.write',
    ]);
  });

  it('tell a dry run, and have what it has shown shown again', async () => {
    await bench.setDryRun(true);
    bench.one.save(undefined, { title: 'A' });
    await bench.sync();
    const [state] = (await call('operations')).body.items as { dryRun?: boolean; sides: { counts: object }[] }[];
    assert.equal(state?.dryRun, true);
    assert.equal(Reflect.get(state?.sides[0]?.counts ?? {}, 'shown'), 1);
    assert.equal((await post('dry-run/again', { integration: 'elsewhere' })).status, 404);
    assert.deepEqual((await post('dry-run/again', { integration: 'integration' })).body, { count: 1 });
    await bench.wait();
    assert.equal(bench.dryRuns.length, 2);
    await bench.setDryRun(false);
    const [after] = (await call('operations')).body.items as { dryRun?: boolean }[];
    assert.equal(after?.dryRun, undefined);
  });

  it('tell the state of every integration, also of one that cannot start', async () => {
    await park('A', 'B');
    const broken = Promise.reject(new Error('The disk is full'));
    broken.catch(() => undefined);
    more.push({ config: { ...bench.integration.config, id: 'broken', name: 'A broken one' }, ready: broken });
    const { status, body } = await call('operations');
    assert.equal(status, 200);
    const [first, second] = body.items as Record<string, unknown>[];
    assert.deepEqual(first, { id: 'broken', name: 'A broken one', active: true, fault: 'The disk is full' });
    const [one] = (second?.sides ?? []) as { counts: { parked: number }; system: object; lastPoll: { read: number } }[];
    assert.deepEqual([one?.counts.parked, one?.system, one?.lastPoll.read], [2, { id: 's1', name: 'One' }, 2]);
  });

  it('list parked changes in pages and by text', async () => {
    await park('A', 'B', 'C');
    const keys = async (query: string) => {
      const { body } = await call(`parked?integration=integration&${query}`);
      return [(body.items as { entity: { key: string } }[]).map(({ entity }) => entity.key).join(), body.more];
    };
    assert.deepEqual(await keys('limit=2'), ['one-1,one-2', true]);
    assert.deepEqual(await keys('limit=2&offset=2'), ['one-3', false]);
    assert.deepEqual(await keys('search=ONE-2&limit=nonsense'), ['one-2', false]);
    assert.deepEqual(await keys('side=2'), ['', false]);
    assert.equal((await call('parked?integration=unknown')).status, 404);
  });

  it('show one change in full, long texts cut and named', async () => {
    const [event] = await park('x'.repeat(50_000));
    const { body } = await call(`parked-change?integration=integration&event=${event}`);
    assert.equal((body.mapped as { title: string }).title.length, 20_001);
    assert.deepEqual(body.cut, ['title']);
    assert.equal((body.error as { answer: string }).answer, '{"priority":"cannot be blank"}');
    assert.equal((await call('parked-change?integration=integration&event=99999')).status, 404);
    assert.equal((await call('parked-change?integration=integration&event=x')).status, 404);
  });

  it('retry some or all', async () => {
    const [first] = await park('A', 'B', 'C');
    bench.two.refuses = () => undefined;
    assert.deepEqual((await post('parked/retry', { integration: 'integration', events: [first] })).body, { count: 1 });
    await bench.wait();
    assert.equal(bench.two.entities.size, 1);
    assert.deepEqual((await post('parked/retry', { integration: 'integration' })).body, { count: 2 });
    await bench.wait();
    assert.equal(bench.two.entities.size, 3);
    assert.deepEqual(audited.at(0), { event: 'twinflow.parked/retry', integration: 'integration', events: [first] });
  });

  it('group parked changes by cause, with the row that makes the field, and act on a whole group', async () => {
    const mapper = {
      id: 'map',
      type: 'twinflow-field-mapper',
      integration: 'integration',
      name: 'Fields',
      wires: [['w']],
    };
    const field = (id: string) => ({ id, name: id, type: 'text' });
    chain = () =>
      deployedChain(
        [
          { id: 'p', type: 'twinflow-poller', integration: 'integration', side: '1', wires: [['map']] },
          { ...mapper, ...{ rows: [{ one: field('priority'), two: field('priority'), direction: 'both' }] } },
          { id: 'w', type: 'twinflow-writer', integration: 'integration' },
        ],
        'integration',
        1,
      );
    await park('A', 'B', 'C');
    bench.two.refuses = ({ fields }) =>
      fields.priority === 'High' ? undefined : { title: `"${fields.title}" is taken` };
    for (const title of ['D', 'E']) bench.one.save(undefined, { title });
    await bench.sync();
    const [failures] = (await call('failures')).body.items as IntegrationFailures[];
    assert.deepEqual([failures?.integration, failures?.total], ['integration', 5]);
    const [blank, taken] = failures?.causes ?? [];
    assert.deepEqual([blank?.count, blank?.fields, blank?.advice, blank?.side], [3, ['priority'], 'mapping', 1]);
    assert.deepEqual(blank?.rows, [{ node: 'map', name: 'Fields', row: 0, field: 'priority' }]);
    assert.deepEqual([taken?.count, taken?.fields, taken?.rows], [2, ['title'], []]);
    const listed = await call(`parked?integration=integration&cause=${taken?.cause}&limit=1`);
    assert.deepEqual(
      [(listed.body.items as { entity: { key: string } }[]).map(({ entity }) => entity.key), listed.body.more],
      [['one-4'], true],
    );
    const reason = 'these names are taken';
    const skipped = await post('parked/skip', { integration: 'integration', cause: taken?.cause, reason });
    assert.deepEqual(skipped.body, { count: 2 });
    bench.two.refuses = () => undefined;
    assert.deepEqual((await post('parked/retry', { integration: 'integration', cause: blank?.cause })).body, {
      count: 3,
    });
    await bench.wait();
    assert.equal(bench.two.entities.size, 3);
    assert.deepEqual((await call('failures')).body.items, []);
    assert.equal((await call('failures?integration=elsewhere')).body.more, false);
  });

  it('tell what waits behind a parked change', async () => {
    const [event] = await park('A');
    const id = [...bench.one.entities.keys()][0] ?? '';
    bench.one.save(id, { title: 'A', note: 'later' });
    await bench.sync();
    const { body } = await call(`parked-change?integration=integration&event=${event}`);
    assert.deepEqual([body.laterWaits, body.awaitedBy, body.rows], [true, 0, []]);
  });

  it('poll now', async () => {
    bench.one.save(undefined, { title: 'A', priority: 'Low' });
    assert.deepEqual((await post('poll', { integration: 'integration' })).body, { read: 1, recorded: 1 });
    await bench.wait();
    assert.deepEqual((await post('poll', { integration: 'integration', side: 1 })).body, { read: 1, recorded: 0 });
    assert.equal((await post('poll', { integration: 'unknown' })).status, 404);
  });

  it('skip with a reason and the name of who did it', async () => {
    const events = await park('A');
    assert.match(
      errorOf(await post('parked/skip', { integration: 'integration', events })).message,
      /Enter the reason/,
    );
    const skipped = await post('parked/skip', { integration: 'integration', events, reason: 'obsolete' });
    assert.deepEqual(skipped.body, { count: 1 });
    assert.match(bench.results.at(-1)?.warnings[0]?.reason ?? '', /^skipped by anna: obsolete/);
  });

  it('correct a change and send it again', async () => {
    const [event] = await park('A');
    const answer = await post('parked/correct', { integration: 'integration', event, fields: { priority: 'High' } });
    assert.deepEqual(answer.body, { count: 1 });
    await bench.wait();
    assert.equal(bench.two.valueOf('A', 'priority'), 'High');
  });

  it('tell the fields of the target, correct a whole group, and decide nothing that is not chosen', async () => {
    const [event] = await park('A');
    const integration = 'integration';
    const { items } = (await post('parked/fields', { integration, event })).body as { items: { id: string }[] };
    assert.deepEqual(
      items.map(({ id }) => id),
      ['title', 'priority', 'note'],
    );
    const [cause] = await bench.integration.commands.failures();
    for (const wrong of [
      {},
      { choices: {} },
      { choices: { priority: 1 } },
      { choices: { priority: { side: 3 } } },
      { side: 3 },
    ])
      assert.equal(
        (await post('parked/decide', { integration, events: [event], ...wrong })).status,
        422,
        JSON.stringify(wrong),
      );
    assert.equal((await post('parked/decide', { integration, side: 1 })).status, 422);
    assert.deepEqual((await post('parked/decide', { integration, cause: cause?.cause, side: 1 })).body, { count: 0 });
    const answer = await post('parked/correct', { integration, cause: cause?.cause, fields: { priority: 'High' } });
    assert.deepEqual(answer.body, { count: 1 });
    await bench.wait();
    assert.equal(bench.two.valueOf('A', 'priority'), 'High');
  });

  it('take nothing but JSON objects of a moderate size, event numbers and values', async () => {
    const [event] = await park('A');
    const integration = 'integration';
    assert.equal((await post('parked/retry', { integration }, 'text/plain')).status, 415);
    assert.equal((await post('parked/retry', [])).status, 400);
    assert.equal((await post('parked/skip', { integration, reason: 'x'.repeat(1_000_001) })).status, 413);
    for (const events of [[], 'all', [1.5], ['1'], [-1], Array.from({ length: 1_001 }, (_, n) => n)]) {
      assert.equal(
        (await post('parked/retry', { integration, events })).status,
        422,
        JSON.stringify(events).slice(0, 40),
      );
    }
    for (const value of [[1], { format: 'rtf', content: 'x' }, { foo: 1 }, [['a']]]) {
      const wrong = await post('parked/correct', { integration, event, fields: { priority: [value] } });
      assert.deepEqual(errorOf(wrong).fields, { priority: 'not a value' });
    }
    assert.equal((await post('parked/correct', { integration, event, fields: 'none' })).status, 422);
    assert.equal((await bench.integration.commands.parked(0, 10)).items.length, 1);
  });
});
