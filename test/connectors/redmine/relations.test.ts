import assert from 'node:assert/strict';
import type { WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields, Value } from '../../../lib/model/values';
import { describeWith } from '../../support/need';
import { type Counted, connectAs, scope, server } from './server';

describeWith('Relations between issues, on the real Redmine', server, (redmine) => {
  let sync: Counted;

  before(function () {
    this.timeout(20_000);
    redmine.reset();
    sync = connectAs(redmine, 'sync');
  });
  after(async () => {
    await sync.connection.close?.();
    redmine.reset();
  });

  async function write(...operations: WriteOperation[]): Promise<WriteResult[]> {
    assert.ok(sync.connection.write);
    return sync.connection.write(scope, operations);
  }
  function entityOf(result: WriteResult | undefined): Entity {
    if (!result?.ok) assert.fail(result?.error.message);
    return result.entity;
  }
  const ignoredOf = (result: WriteResult | undefined) => (result?.ok ? result.ignored : undefined);
  const creation = (fields: Fields = {}): WriteOperation => ({
    ...{ kind: 'create', project: '1', type: '1', fields: { subject: 'Related', ...fields } },
  });
  const update = (id: EntityId, fields: Fields): WriteOperation => ({ kind: 'update', id, fields });
  const create = async (fields: Fields = {}): Promise<EntityId> => entityOf((await write(creation(fields)))[0]).id;
  const several = async (): Promise<[EntityId, EntityId, EntityId]> => [await create(), await create(), await create()];
  const to = (...ids: EntityId[]): Value => ids.map((id) => ({ id }));
  async function read(id: EntityId): Promise<Entity> {
    const [entity] = await sync.connection.read(scope, [id]);
    if (!entity || entity instanceof SyncError) assert.fail(`issue ${id} is not there`);
    return entity;
  }
  const idsIn = (value: Value | undefined): string[] =>
    [value ?? []].flat().map((one) => (typeof one === 'object' && 'id' in one ? String(one.id) : ''));
  async function related(id: EntityId): Promise<Record<string, string[]>> {
    const { fields } = await read(id);
    const names = Object.keys(fields).filter((name) => name.startsWith('relation_') && fields[name] !== null);
    return Object.fromEntries(names.map((name) => [name, idsIn(fields[name]).sort()]));
  }

  it('are fields that name several issues, one for each kind and direction', async () => {
    const fields = await sync.connection.fields('1', '1');
    const shown = fields.filter(({ id }) => id.startsWith('relation_'));
    assert.deepEqual(
      shown.map(({ name, type, multi, readOnly }) => [name, type, multi, readOnly ?? false]),
      [
        'Related to',
        'Is duplicate of',
        'Has duplicate',
        'Blocks',
        'Blocked by',
        'Precedes',
        'Follows',
        'Copied to',
        'Copied from',
      ].map((name) => [name, 'reference', true, false]),
    );
  });

  for (const [field, opposite] of [
    ['relation_relates', 'relation_relates'],
    ['relation_duplicates', 'relation_duplicated'],
    ['relation_duplicated', 'relation_duplicates'],
    ['relation_blocks', 'relation_blocked'],
    ['relation_blocked', 'relation_blocks'],
    ['relation_precedes', 'relation_follows'],
    ['relation_follows', 'relation_precedes'],
    ['relation_copied_to', 'relation_copied_from'],
    ['relation_copied_from', 'relation_copied_to'],
  ] as const) {
    it(`${field} is shown as ${opposite} by the other issue`, async () => {
      const [one, other] = await several();
      const [result] = await write(update(one, { [field]: to(other) }));
      assert.equal(ignoredOf(result), undefined);
      assert.deepEqual(idsIn(entityOf(result).fields[field]), [other]);
      assert.deepEqual(await related(one), { [field]: [other] });
      assert.deepEqual(await related(other), { [opposite]: [one] });
    });
  }

  it('come with a create', async () => {
    const other = await create();
    const one = await create({ relation_blocks: to(other) });
    assert.deepEqual(await related(one), { relation_blocks: [other] });
  });

  it('are added and removed one by one, even if others have added some', async () => {
    const [one, two, three] = await several();
    const four = await create();
    await write(update(one, { relation_blocks: to(two, three), relation_relates: to(four) }));
    await write(update(one, { relation_blocks: to(three) }));
    assert.deepEqual(await related(one), { relation_blocks: [three], relation_relates: [four] });
    await write(update(one, { relation_blocks: null }));
    assert.deepEqual(await related(one), { relation_relates: [four] });
    assert.deepEqual(await related(three), {});
  });

  it('change the version of both issues, though the update time stays', async () => {
    const [one, other] = await several();
    const [before, otherBefore] = [await read(one), await read(other)];
    const written = entityOf((await write(update(one, { relation_relates: to(other) })))[0]);
    assert.notEqual(written.version, before.version);
    assert.equal((await read(one)).version, written.version, 'the next read knows it');
    assert.notEqual((await read(other)).version, otherBefore.version);
    assert.equal((await read(other)).updatedAt, otherBefore.updatedAt);
  });

  it('take the place of a relation of another kind', async () => {
    const [one, other] = await several();
    await write(update(one, { relation_relates: to(other) }));
    const [result] = await write(update(one, { relation_relates: null, relation_blocks: to(other) }));
    assert.equal(ignoredOf(result), undefined);
    assert.deepEqual(await related(one), { relation_blocks: [other] });
  });

  it('that are there already are written once, whichever end asks', async () => {
    const [one, other] = await several();
    const results = await write(
      update(one, { relation_blocks: to(other) }),
      update(other, { relation_blocked: to(one) }),
    );
    assert.deepEqual(results.map(ignoredOf), [undefined, undefined]);
    assert.deepEqual(await related(one), { relation_blocks: [other] });
  });

  it('that are alike at both ends are written once, though both ask at the same time', async () => {
    const [one, other] = await several();
    await write(update(one, { relation_relates: to(other) }), update(other, { relation_relates: to(one) }));
    const { relations } = await redmine.as('admin').get<{ relations: unknown[] }>(`/issues/${one}/relations.json`);
    assert.equal(relations.length, 1);
  });

  it('that Redmine refuses are named with its reason, and the rest is written', async () => {
    const [one, two, three] = await several();
    await write(update(two, { relation_blocks: to(one) }));
    const [circle] = await write(update(one, { subject: 'Changed', relation_blocks: to(two, three) }));
    assert.equal(entityOf(circle).fields.subject, 'Changed');
    assert.deepEqual(await related(one), { relation_blocks: [three], relation_blocked: [two] });
    assert.match(ignoredOf(circle)?.relation_blocks ?? '', new RegExp(`Blocks: no relation to #${two}: .*circular`));
    const [itself] = await write(update(one, { relation_relates: to(one) }));
    assert.match(ignoredOf(itself)?.relation_relates ?? '', /no relation to #\d+: .*invalid/);
    const [nobody] = await write(update(one, { relation_relates: to('999999') }));
    assert.match(ignoredOf(nobody)?.relation_relates ?? '', /no relation to #999999: .*blank/);
    const [second] = await write(update(one, { relation_duplicates: to(three) }));
    assert.match(ignoredOf(second)?.relation_duplicates ?? '', /both are related already \(Blocks\)/);
  });

  it('without the right to manage them, the reason is reported and the fields are written', async () => {
    const bob = connectAs(redmine, 'bob');
    const [one, other] = await several();
    assert.ok(bob.connection.write);
    const [result] = await bob.connection.write(scope, [
      update(one, { subject: 'By Bob', relation_relates: to(other) }),
    ]);
    await bob.connection.close?.();
    if (ignoredOf(result)) assert.match(ignoredOf(result)?.relation_relates ?? '', /HTTP 403/);
    else assert.deepEqual(await related(one), { relation_relates: [other] });
    assert.equal((await read(one)).fields.subject, 'By Bob');
  });

  it('cost one request to look, and one for each that is added or removed', async () => {
    const [one, two, three] = await several();
    sync.requests.splice(0);
    await write(update(one, { relation_relates: to(two, three) }));
    assert.deepEqual(
      sync.requests.filter((line) => line.includes('relations')),
      [`GET /issues/${one}/relations.json`, ...Array(2).fill(`POST /issues/${one}/relations.json`)],
    );
  });

  it('are refused where a value is no issue', async () => {
    const one = await create();
    const [result] = await write(update(one, { relation_relates: ['many'] }));
    assert.ok(result && !result.ok);
    assert.match(result.error.message, /Related to takes the number of an issue, not "many"/);
  });
});
