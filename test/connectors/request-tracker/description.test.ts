/** The first message of a ticket, as its description. */

import assert from 'node:assert/strict';
import type { Connection, ReadResult, WriteResult } from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import type { Entity } from '../../../lib/model/entity';
import type { Value } from '../../../lib/model/values';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { requestTracker } from '../../support/request-tracker';

const scope = { projects: ['1'], types: ['ticket'] };
const isEntity = (found: ReadResult | undefined): found is Entity => found !== undefined && 'fields' in found;
const html = (content: string): Value => ({ format: 'html', content });
const plain = (content: string): Value => ({ format: 'text', content });

describeWith('Request Tracker descriptions, on the real server', requestTracker, function (rt) {
  this.timeout(60_000);
  let proxy: RecordingProxy;
  let connection: Connection;

  const ticketOf = async (more: object): Promise<string> =>
    (await rt.send<{ id: string }>('alice', 'POST', 'ticket', { Queue: '1', Subject: 'Described', ...more })).id;
  const connect = (): Connection => connector.connect({ url: proxy.url, token: rt.token('sync') }, {});
  const read = async (...ids: string[]): Promise<Entity[]> =>
    (await connection.read(scope, ids)).map((found) => (isEntity(found) ? found : assert.fail('it is not there')));
  const create = async (Content: Value): Promise<WriteResult> => {
    const fields = { Subject: 'Written by us', Content };
    const [result] =
      (await connection.write?.(scope, [{ kind: 'create', type: 'ticket', project: '1', fields }])) ?? [];
    return result ?? assert.fail('no result');
  };
  const made = async (Content: Value): Promise<Entity> => {
    const result = await create(Content);
    return result.ok ? result.entity : assert.fail(result.error.message);
  };

  before(async () => {
    rt.reset();
    proxy = await recordingProxy(rt.url);
    connection = connect();
  });

  after(async () => {
    await connection?.close?.();
    await proxy?.stop();
    rt.reset();
  });

  beforeEach(() => {
    proxy.rewrite = undefined;
    proxy.interfere = undefined;
  });

  it('are what people wrote into a new ticket, as text or HTML; a ticket without one has none', async () => {
    const ids = [
      await ticketOf({ Content: 'Grüße 🚢\r\nfrom *plain* text', ContentType: 'text/plain' }),
      await ticketOf({ Content: '<p>Hello <b>bold</b> &amp; x</p>', ContentType: 'text/html' }),
      await ticketOf({}),
    ];
    await rt.send('alice', 'POST', `ticket/${ids[2]}/comment`, { Content: 'A comment', ContentType: 'text/plain' });
    const shown = (await read(...ids)).map(({ fields }) => fields.Content);
    assert.deepEqual(shown, [plain('Grüße 🚢\nfrom *plain* text'), html('<p>Hello <b>bold</b> &amp; x</p>'), null]);
    const [field] = (await connection.fields('1', 'ticket')).filter(({ id }) => id === 'Content');
    assert.deepEqual([field?.type, field?.createOnly], ['richtext', true]);
  });

  it('are written with a new ticket, and the answer shows what RT has kept', async () => {
    const entity = await made(html('<p>One &lt;script&gt;</p>\r\n<ul><li>two</li></ul>'));
    assert.deepEqual(entity.fields.Content, html('<p>One &lt;script&gt;</p>\n<ul><li>two</li></ul>'));
    assert.deepEqual(await read(entity.id), [entity]);
    assert.deepEqual((await made(plain('a\u0000b\r\n c '))).fields.Content, plain('ab\n c '));
    for (const nothing of [null, plain(' \n')]) assert.equal((await made(nothing)).fields.Content, null);
  });

  it('cannot be changed afterwards: everything else is written, and the field is named', async () => {
    const { id } = await made(plain('As it was'));
    const fields = { Subject: 'Changed', Content: plain('Other') };
    const [result] = (await connection.write?.(scope, [{ kind: 'update', id, fields }])) ?? [];
    assert.ok(result?.ok);
    assert.match(result.ignored?.Content ?? '', /keeps the first message/);
    const [now] = await read(id);
    assert.deepEqual([now?.fields.Subject, now?.fields.Content], ['Changed', plain('As it was')]);
  });

  it('come with a poll, and are read once: they never change', async () => {
    const since = await connection.newest(scope);
    const id = await ticketOf({ Content: 'Polled', ContentType: 'text/plain' });
    const poll = async (): Promise<Value[]> => {
      const seen: Value[] = [];
      for await (const page of connection.changes(scope, since, 20))
        for (const entity of page.entities) if (entity.id === id) seen.push(entity.fields.Content ?? null);
      return seen;
    };
    assert.deepEqual(await poll(), [plain('Polled')]);
    const texts = () => proxy.requests.filter(({ path }) => path.startsWith('/REST/2.0/attachments')).length;
    const before = texts();
    await rt.send('alice', 'PUT', `ticket/${id}`, { Subject: 'Changed' });
    assert.deepEqual((await poll()).at(-1), plain('Polled'));
    assert.equal(texts(), before);
  });

  it('that cannot be read hold their ticket back, and no other one', async () => {
    const [one, two] = [await ticketOf({ Content: 'poisoned' }), await ticketOf({ Content: 'fine' })];
    const { items } = await rt.send<{ items: { id: string }[] }>('sync', 'GET', `ticket/${one}/history`);
    const transaction = items[0]?.id ?? '';
    proxy.interfere = (method, path, body) =>
      method === 'POST' && path.startsWith('/REST/2.0/attachments') && body.includes(`"${transaction}"`)
        ? { status: 500, headers: { 'Content-Type': 'application/json' }, body: '{"message":"Internal Server Error"}' }
        : undefined;
    const fresh = connect();
    const [first, second] = await fresh.read(scope, [one, two]);
    proxy.interfere = undefined;
    assert.ok(first && !isEntity(first), 'it is not delivered, and not gone');
    assert.deepEqual(isEntity(second) && second.fields.Content, plain('fine'));
    const [again] = await fresh.read(scope, [one]);
    assert.deepEqual(isEntity(again) && again.fields.Content, plain('poisoned'));
    await fresh.close?.();
  });
});
