import assert from 'node:assert/strict';
import type { LinkDetail, LinkView } from '../../../lib/model/operations';
import { registerLinks } from '../../../nodes/admin/links';
import { Workbench } from '../../engine/workbench';
import { type Answer, JsonServer } from './json-host';

describe('routes about linked items', () => {
  let bench: Workbench;
  let server: JsonServer;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    server = new JsonServer();
    registerLinks(server.host, {
      integrations: () => [{ config: bench.integration.config, ready: Promise.resolve(bench.integration) }],
    });
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await bench.stop();
  });

  const links = async (query: string) => {
    const { body } = await server.get(`links?integration=integration&${query}`);
    const items = body.items as LinkView[];
    return items.map(({ ends: [one, two] }) => `${one.key} ${two.key}`);
  };
  const message = ({ body }: Answer): string => (body.error as { message: string }).message;
  const post = (path: string, body: object) => server.post(path, { integration: 'integration', ...body });

  it('find links by either key, and by address, newest first and in pages', async () => {
    for (const title of ['A', 'B', 'C']) bench.one.save(undefined, { title });
    await bench.sync();
    assert.deepEqual(await links(''), ['one-3 two-3', 'one-2 two-2', 'one-1 two-1']);
    assert.deepEqual(await links('search=ONE-2'), ['one-2 two-2']);
    assert.deepEqual(await links('search=two-3'), ['one-3 two-3']);
    const address = encodeURIComponent('https://two.example.org/two-1');
    assert.deepEqual(await links(`search=${address}`), ['one-1 two-1']);
    assert.deepEqual(await links(`search=${encodeURIComponent('https://elsewhere.example.org/two-1')}`), []);
    const { body } = await server.get('links?integration=integration&limit=2');
    assert.deepEqual(await links(`limit=2&before=${body.next}`), ['one-1 two-1']);
    assert.equal((await server.get('links?integration=unknown')).status, 404);
  });

  it('show a link with its open changes', async () => {
    const { id } = bench.one.save(undefined, { title: 'A', priority: 'Low' });
    await bench.sync();
    bench.two.refuses = () => ({ priority: 'no' });
    bench.one.save(id, { priority: 'High' });
    await bench.sync();
    const { body } = await server.get(`link?integration=integration&entity=${id}`);
    const ends = body.ends as LinkDetail['ends'];
    const open = body.open as LinkDetail['open'];
    assert.deepEqual(
      [ends[1].key, body.made, body.parts, open.map(({ state, side }) => [state, side])],
      ['two-1', 2, [], [['parked', 1]]],
    );
    assert.match(open[0]?.why ?? '', /no/);
    assert.deepEqual(body.places, [
      { project: 'P', type: 'Bug' },
      { project: 'P', type: 'Bug' },
    ]);
    assert.equal((await server.get('link?integration=integration&entity=nobody')).status, 404);
  });

  it('sync two items now, although neither has changed since', async () => {
    const { id } = bench.one.save(undefined, { title: 'A', priority: 'Low' });
    await bench.sync();
    // a change that no poll shows
    const entity = bench.two.entities.get('two-1');
    assert.ok(entity);
    bench.two.entities.set('two-1', { ...entity, fields: { ...entity.fields, priority: 'High' } });
    assert.deepEqual((await post('link/sync', { entity: id })).body, { count: 1 });
    await bench.wait();
    assert.equal(bench.one.entities.get(id)?.fields.priority, 'High');
    assert.equal((await post('link/sync', { entity: 'nobody' })).status, 404);
  });

  it('end a link, and pair items by hand: the conflict rule decides what differs, and nothing is created', async () => {
    const { id } = bench.one.save(undefined, { title: 'A', priority: 'Low' });
    await bench.sync();
    assert.deepEqual((await post('link/unlink', { entity: id })).body, { count: 1 });
    assert.deepEqual(await links(''), []);
    await bench.sync();
    assert.equal(bench.two.entities.size, 1);
    const other = bench.two.save(undefined, { title: 'Theirs', priority: 'High' });
    const paired = await post('link/pair', { one: id, two: other.url });
    assert.deepEqual(paired.body, { count: 1 });
    await bench.wait();
    await bench.sync();
    assert.deepEqual(await links(''), [`${id} ${other.id}`]);
    assert.equal(bench.two.entities.size, 2);
    assert.equal(bench.one.entities.size, 1);
    assert.deepEqual(bench.one.entities.get(id)?.fields, bench.two.entities.get(other.id)?.fields);
    assert.match(message(await post('link/pair', { one: id, two: 'two-1' })), /is linked with two-2\. Unlink/);
    assert.equal((await post('link/pair', { one: 'nobody', two: 'two-1' })).status, 404);
  });

  it('refuse to pair items of types that the integration does not sync', async () => {
    const one = bench.one.save(undefined, { title: 'A' });
    const two = bench.two.save(undefined, { title: 'B' });
    bench.two.entities.set(two.id, { ...two, type: 'Epic' });
    assert.match(message(await post('link/pair', { one: one.id, two: two.id })), /No pairs of projects and types/);
  });

  it('10: ask for the permission to read or to write', async () => {
    const routes = [
      ['GET', 'links', 'read'],
      ['GET', 'link', 'read'],
      ['POST', 'link/sync', 'write'],
      ['POST', 'link/unlink', 'write'],
      ['POST', 'link/pair', 'write'],
    ] as const;
    for (const [method, path, permission] of routes) {
      server.denied = `twinflow.${permission}`;
      const { status } = method === 'GET' ? await server.get(path) : await server.post(path, {});
      assert.equal(status, 401, path);
    }
    assert.deepEqual(
      server.asked,
      routes.map(([method, path, permission]) => `${method} /twinflow/${path} twinflow.${permission}`),
    );
  });
});
