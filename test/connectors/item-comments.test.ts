/** The type of comments on named items, on the sandbox: what is set, what is said, what is passed over. */

import assert from 'node:assert/strict';
import type { Connection, Scope, WriteOperation, WriteResult } from '../../lib/connectors/connector';
import { ITEM_COMMENT, withItemComments } from '../../lib/connectors/item-comments';
import { openSandbox, type SandboxSpace } from '../../lib/connectors/sandbox';
import { SandboxConnection } from '../../lib/connectors/sandbox/connection';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Fields } from '../../lib/model/values';

const SCOPE: Scope = { projects: ['10000'], types: [ITEM_COMMENT] };
const DONE = { id: '10003', name: 'Done' };
const markdown = (content: string) => ({ format: 'markdown' as const, content });

describe('Comments on named items', () => {
  let space: SandboxSpace;
  let connection: Connection;
  let item: Entity;

  beforeEach(() => {
    space = openSandbox({ space: 'jira', template: 'jira' });
    connection = withItemComments(new SandboxConnection(space, 'sync', []));
    item = space.create('alice', { project: '10000', type: '10101', fields: { summary: 'Door' } });
  });
  afterEach(() => space.close());

  const creating = (fields: Fields): WriteOperation => ({
    ...{ kind: 'create', type: ITEM_COMMENT, project: '10000' },
    fields: { text: markdown('Oiled'), ...fields },
  });
  async function write(...operations: WriteOperation[]): Promise<WriteResult[]> {
    assert.ok(connection.write);
    return connection.write(SCOPE, operations);
  }
  const written = async (fields: Fields) => {
    const [result] = await write(creating(fields));
    assert.ok(result?.ok, JSON.stringify(result));
    return result;
  };
  const refused = async (fields: Fields): Promise<SyncError> => {
    const [result] = await write(creating(fields));
    assert.ok(result && !result.ok);
    return result.error;
  };
  const texts = ({ id }: Entity): string[] =>
    (space.partsOf(id) ?? []).map(({ fields: { text } }) =>
      typeof text === 'object' && text !== null && 'content' in text ? text.content : '',
    );
  const statusOf = ({ id }: Entity): unknown => space.get(id)?.fields.status;

  it('are a type beside the items, with the item, the text and what can be set in the item', async () => {
    assert.ok((await connection.entityTypes('10000')).some(({ id, partOf }) => id === ITEM_COMMENT && !partOf));
    const fields = new Map((await connection.fields('10000', ITEM_COMMENT)).map((field) => [field.id, field]));
    assert.equal(fields.get('item')?.required, true);
    assert.equal(fields.get('text')?.required, true);
    assert.equal(fields.get('item.status')?.name, 'Item: Status');
    assert.equal(fields.get('item.summary')?.required, undefined);
    for (const id of ['item.labels', 'item.description', 'item.created', 'item.parent', 'createdBy'])
      assert.equal(fields.has(id), false, id);
  });

  it('set the fields, then say it, by the key as people write it', async () => {
    const result = await written({ item: ` ${item.key.toLowerCase()} `, 'item.status': DONE });
    assert.equal(result.ignored, undefined);
    assert.deepEqual(texts(item), ['Oiled']);
    assert.deepEqual(statusOf(item), DONE);
    const [read] = await connection.read(SCOPE, [result.entity.id]);
    assert.ok(read && !(read instanceof SyncError));
    assert.deepEqual([read.type, read.owner, read.fields['item.status']], [ITEM_COMMENT, undefined, DONE]);
  });

  it('say it where the item does not take a field, which is reported', async () => {
    const result = await written({ item: item.key, 'item.status': { name: 'No such status' } });
    assert.match(result.ignored?.['item.status'] ?? '', /No such status/);
    assert.deepEqual(texts(item), ['Oiled']);
  });

  it('have no place for a link, which is reported', async () => {
    const remoteLink = { url: 'https://example.com/1', title: 'One', key: 'one' };
    const [result] = await write({ ...creating({ item: item.key }), remoteLink });
    assert.ok(result?.ok);
    assert.deepEqual(Object.keys(result.ignored ?? {}), ['remote link']);
  });

  it('report fields that neither has', async () => {
    const result = await written({ item: item.key, customfield_10050: 'abc' });
    assert.deepEqual(Object.keys(result.ignored ?? {}), ['customfield_10050']);
  });

  it('leave alone an item that shows it already', async () => {
    space.edit('alice', item.id, { status: DONE });
    const changes = (): number => space.history(item.id).filter(({ fields }) => 'status' in fields).length;
    const before = changes();
    await written({ item: item.key, 'item.status': DONE });
    assert.equal(changes(), before);
  });

  for (const [what, key] of [
    ['is not there', () => 'DEMO-99999'],
    [
      'is in no project of the integration',
      () => space.create('alice', { project: '10001', type: '10101', fields: { summary: 'Elsewhere' } }).key,
    ],
    ['has no name', () => ' '],
    ['is no key at all', () => "'; DROP TABLE items; --"],
  ] as const) {
    it(`are passed over, for good, if the item ${what}`, async () => {
      const error = await refused({ item: key() });
      assert.deepEqual([error.kind, error.detail.passOver], ['notFound', true]);
    });
  }

  it('of one batch each succeed or fail alone, in order', async () => {
    const other = space.create('alice', { project: '10000', type: '10102', fields: { summary: 'Window' } });
    const results = await write(
      creating({ item: item.key, text: markdown('One'), 'item.status': DONE }),
      creating({ item: 'DEMO-99999' }),
      creating({ item: other.key, text: markdown('Two') }),
      creating({ item: item.key, text: markdown('Three'), 'item.status': { id: '10000', name: 'To Do' } }),
    );
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [true, false, true, true],
    );
    assert.deepEqual([texts(item), texts(other)], [['One', 'Three'], ['Two']]);
    assert.deepEqual(statusOf(item), { id: '10000', name: 'To Do' });
  });

  it('say nothing yet if the system is in trouble while it sets a field', async () => {
    space.failWrites(1, new SyncError('transient', 'down'));
    const error = await refused({ item: item.key, 'item.status': DONE });
    assert.equal(error.kind, 'transient');
    assert.deepEqual(texts(item), []);
  });

  it('are found again by what they were to say, though somebody has set the field back since', async () => {
    const wrote = { item: item.key, text: markdown('Oiled'), 'item.status': DONE };
    const since = new Date(Date.now() - 60_000).toISOString();
    const query = { project: '10000', type: ITEM_COMMENT, createdBySelfSince: since, wrote };
    assert.deepEqual(await connection.find?.(query, 5), []);
    const { entity } = await written(wrote);
    space.edit('alice', item.id, { status: { id: '10000', name: 'To Do' } });
    const [found] = (await connection.find?.(query, 5)) ?? [];
    assert.ok(found && !(found instanceof SyncError));
    assert.equal(found.id, entity.id);
    assert.deepEqual([found.fields.item, found.fields['item.status']], [item.key, DONE]);
  });

  it('are edited where their source changes', async () => {
    const { entity } = await written({ item: item.key });
    const [result] = await write({
      kind: 'update',
      id: entity.id,
      fields: { text: markdown('Oiled twice'), 'item.status': DONE },
    });
    assert.ok(result?.ok);
    assert.deepEqual([texts(item), statusOf(item)], [['Oiled twice'], DONE]);
  });

  it('are never polled, and leave everything else as it was', async () => {
    for await (const { entities } of connection.changes(SCOPE, undefined, 10)) assert.deepEqual(entities, []);
    const [bug] = await write({ kind: 'create', type: '10101', project: '10000', fields: { summary: 'Plain' } });
    assert.ok(bug?.ok);
    assert.equal((await connection.byKey?.(item.key))?.id, item.id);
    assert.equal((await connection.identify()).user.login, 'sync');
  });
});
