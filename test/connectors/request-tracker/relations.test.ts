/** What the conformance suite cannot ask of all systems: links between tickets of Request Tracker. */

import assert from 'node:assert/strict';
import type { Connection, WriteResult } from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import type { Entity } from '../../../lib/model/entity';
import type { Fields, Value } from '../../../lib/model/values';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { requestTracker } from '../../support/request-tracker';

const scope = { projects: ['1'], types: ['ticket'] };
const to = (...ids: string[]): Value => ids.map((id) => ({ id }));
const LINKS = ['DependsOn', 'DependedOnBy', 'RefersTo', 'ReferredToBy', 'MemberOf', 'Members'];

describeWith('Request Tracker relations, on the real server', requestTracker, function (rt) {
  this.timeout(60_000);
  let proxy: RecordingProxy;
  let connection: Connection;

  const create = async (more: object = {}): Promise<string> =>
    (await rt.send<{ id: string }>('alice', 'POST', 'ticket', { Queue: '1', Subject: 'Linked', ...more })).id;
  const read = async (id: string): Promise<Entity> => {
    const [found] = await connection.read(scope, [id]);
    return found && 'fields' in found ? found : assert.fail(`${id} is not there`);
  };
  const linked = async (id: string): Promise<Record<string, string>> => {
    const { fields } = await read(id);
    const ids = (value: Value | undefined) =>
      (Array.isArray(value) ? value : []).map((one) => (typeof one === 'object' && 'id' in one ? one.id : one)).join();
    return Object.fromEntries(LINKS.map((id) => [id, ids(fields[id])]).filter(([, text]) => text !== ''));
  };
  const update = async (id: string, fields: Fields): Promise<WriteResult> => {
    await read(id);
    const [result] = (await connection.write?.(scope, [{ kind: 'update', id, fields }])) ?? [];
    return result ?? assert.fail('no result');
  };
  const why = (result: WriteResult, field: string): string =>
    result.ok ? (result.ignored?.[field] ?? '') : result.error.message;

  before(async () => {
    rt.reset();
    proxy = await recordingProxy(rt.url);
    connection = connector.connect({ url: proxy.url, token: rt.token('sync') }, {});
  });

  after(async () => {
    await connection?.close?.();
    await proxy?.stop();
    rt.reset();
  });

  beforeEach(() => {
    proxy.rewrite = undefined;
  });

  it('that would be a circle are refused by field, in the words of RT, and everything else is written', async () => {
    const [one, two, three] = [await create(), await create(), await create()];
    await update(one, { DependsOn: to(two), MemberOf: to(two) });
    await update(two, { DependsOn: to(three) });
    const result = await update(three, { DependsOn: to(one), RefersTo: to(one), Subject: 'Written' });
    assert.match(why(result, 'DependsOn'), /circular relationship/);
    assert.deepEqual([why(result, 'RefersTo'), why(result, 'Subject')], ['', '']);
    assert.deepEqual(await linked(three), { DependedOnBy: two, RefersTo: one });
    assert.match(why(await update(two, { MemberOf: to(one) }), 'MemberOf'), /circular relationship/);
  });

  it('are added and removed with one request, together with other fields', async () => {
    const [one, two, three] = [await create(), await create(), await create()];
    await update(one, { RefersTo: to(two) });
    proxy.clear();
    const result = await update(one, { RefersTo: to(three), Members: to(two), Subject: 'Changed' });
    assert.ok(result.ok);
    assert.deepEqual(result.ignored, undefined);
    assert.deepEqual(proxy.writes().length, 1);
    assert.deepEqual(await linked(one), { RefersTo: three, Members: two });
    proxy.clear();
    assert.ok((await update(one, { RefersTo: to(three) })).ok);
    assert.deepEqual(proxy.writes(), [], 'nothing to change');
  });

  it('to addresses of other systems are no relations, and stay; what is no ticket is refused before anything is sent', async () => {
    const [one, two] = [await create(), await create()];
    await rt.send('alice', 'PUT', `ticket/${one}`, { AddRefersTo: ['https://example.com/x?y=1', two] });
    assert.deepEqual(await linked(one), { RefersTo: two });
    await update(one, { RefersTo: null });
    const { _hyperlinks: links } = await rt.send<{ _hyperlinks: { ref: string; _url: string }[] }>(
      'alice',
      'GET',
      `ticket/${one}`,
    );
    assert.deepEqual(
      links.filter(({ ref }) => ref === 'refers-to').map(({ _url: url }) => url),
      ['https://example.com/x?y=1'],
    );
    proxy.clear();
    const result = await update(one, { RefersTo: to('https://example.com/') });
    assert.match(why(result, 'RefersTo'), /is not the number of a ticket/);
    assert.deepEqual(proxy.writes(), []);
  });

  it('that people add or remove come with a poll, from both ends', async () => {
    const [one, two] = [await create(), await create()];
    const polled = async (since: Awaited<ReturnType<Connection['newest']>>) => {
      const found = new Map<string, Entity>();
      for await (const { entities } of connection.changes(scope, since, 50))
        for (const entity of entities) found.set(entity.id, entity);
      return found;
    };
    const start = await connection.newest(scope);
    await rt.send('alice', 'PUT', `ticket/${one}`, { AddDependsOn: [two] });
    const added = await polled(start);
    const ids = (value: Value | undefined) => (Array.isArray(value) ? value.map((each) => Object(each).id) : value);
    assert.deepEqual([ids(added.get(one)?.fields.DependsOn), ids(added.get(two)?.fields.DependedOnBy)], [[two], [one]]);
    await rt.send('alice', 'PUT', `ticket/${two}`, { DeleteDependedOnBy: [one] });
    const removed = await polled(start);
    assert.deepEqual([removed.get(one)?.fields.DependsOn, removed.get(two)?.fields.DependedOnBy], [null, null]);
    for (const id of [one, two]) assert.notEqual(removed.get(id)?.version, added.get(id)?.version);
  });

  it('to a deleted ticket are no longer shown, and a new one is refused', async () => {
    const [one, two] = [await create(), await create()];
    await update(one, { DependsOn: to(two) });
    await rt.send('root', 'DELETE', `ticket/${two}`);
    assert.deepEqual(await linked(one), {});
    assert.match(why(await update(one, { RefersTo: to(two) }), 'RefersTo'), /deleted ticket is not allowed/);
  });

  it('that lists of an older RT do not show are read with each ticket', async () => {
    const [one, two] = [await create(), await create()];
    await update(one, { DependsOn: to(two) });
    proxy.rewrite = (path, text) => {
      if (!path.startsWith('/REST/2.0/tickets?')) return text;
      const body = JSON.parse(text) as { items: Record<string, unknown>[] };
      return JSON.stringify({ ...body, items: body.items.map(({ _hyperlinks, ...ticket }) => ticket) });
    };
    assert.deepEqual([await linked(one), await linked(two)], [{ DependsOn: two }, { DependedOnBy: one }]);
  });
});
