import assert from 'node:assert/strict';
import type { Connection, ConnectorConfig, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields, Value } from '../../../lib/model/values';
import type { StandIn, StandInOptions } from '../../systems/azure-devops';
import { targetOf } from '../../systems/azure-devops/links';
import { type Colleague, compared, FABRIKAM, scope, standIns } from './support';

const SUCCESSOR = 'relation_System.LinkTypes.Dependency-Forward';
const PREDECESSOR = 'relation_System.LinkTypes.Dependency-Reverse';
const RELATED = 'relation_System.LinkTypes.Related';
const HYPERLINKS = 'relation_Hyperlink';
const PARENT = 'System.Parent';

describe(`Azure DevOps: links between work items (${compared})`, () => {
  const fresh = standIns();
  let [standIn, connection, alice]: [StandIn?, Connection?, Colleague?] = [];

  async function start(options?: StandInOptions, config?: ConnectorConfig): Promise<void> {
    ({ standIn, connection, alice } = await fresh(options, config));
  }
  const faults = () => standIn?.service.faults ?? assert.fail();
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection?.write?.(scope, operations)) ?? assert.fail();
  const update = (id: EntityId, fields: Fields): WriteOperation => ({ kind: 'update', id, fields });
  const creation = (fields: Fields = {}): WriteOperation => ({
    ...{ kind: 'create', project: FABRIKAM, type: 'Bug', fields: { 'System.Title': 'Linked', ...fields }, marker: 'm' },
  });
  function entityOf(result: WriteResult | undefined): Entity {
    if (!result?.ok) assert.fail(result?.error.message);
    return result.entity;
  }
  const ignoredOf = (result: WriteResult | undefined) => (result?.ok ? result.ignored : undefined);
  const to = (...ids: EntityId[]): Value => ids.map((id) => ({ id }));
  const several = async (count: number): Promise<EntityId[]> =>
    (await alice?.create(Array.from({ length: count }, (_, number) => `Bug ${number}`))) ?? assert.fail();
  async function read(id: EntityId): Promise<Entity> {
    const [entity] = (await connection?.read(scope, [id])) ?? [];
    if (!entity || entity instanceof SyncError) assert.fail(`${id}: ${String(entity)}`);
    return entity;
  }
  const idsIn = (value: Value | undefined): string[] =>
    [value ?? []].flat().map((one) => (typeof one === 'object' && 'id' in one ? String(one.id) : String(one)));
  function linksIn({ fields }: Entity): Record<string, string[]> {
    const names = Object.keys(fields).filter((name) => name.startsWith('relation_') && fields[name] !== null);
    return Object.fromEntries(names.map((name) => [name, idsIn(fields[name])]));
  }
  const linked = async (id: EntityId) => linksIn(await read(id));
  /** What a person links, past the connector. */
  const relate = async (id: EntityId, rel: string, other: EntityId): Promise<void> => {
    const value = { rel, url: `${standIn?.url}/_apis/wit/workItems/${other}` };
    const body = [{ op: 'add', path: '/relations/-', value }];
    await alice?.send('PATCH', `_apis/wit/workitems/${id}`, body, 'application/json-patch+json');
  };
  const requests = () => standIn?.requests.splice(0).map((one) => one.replace(/\d+$/, 'id')) ?? [];

  it('are fields that name several work items, one for each end of each link type that the organization has', async () => {
    await start();
    const fields = (await connection?.fields(FABRIKAM, 'Bug')) ?? [];
    const shown = fields.filter(({ id }) => id.startsWith('relation_'));
    assert.deepEqual(
      shown.map(({ name, type, multi, readOnly = false }) => [name, type, multi, readOnly]),
      [
        ...['Successor', 'Predecessor', 'Duplicate', 'Duplicate Of', 'Related'],
        ...['Tested By', 'Tests', 'Affects', 'Affected By'],
      ]
        .map((name): [string, string, boolean, boolean] => [name, 'reference', true, false])
        .concat([['Hyperlinks', 'url', true, false]]),
    );
  });

  for (const [rel, opposite] of [
    ['System.LinkTypes.Dependency-Forward', 'System.LinkTypes.Dependency-Reverse'],
    ['System.LinkTypes.Dependency-Reverse', 'System.LinkTypes.Dependency-Forward'],
    ['System.LinkTypes.Duplicate-Forward', 'System.LinkTypes.Duplicate-Reverse'],
    ['System.LinkTypes.Duplicate-Reverse', 'System.LinkTypes.Duplicate-Forward'],
    ['System.LinkTypes.Related', 'System.LinkTypes.Related'],
    ['Microsoft.VSTS.Common.TestedBy-Forward', 'Microsoft.VSTS.Common.TestedBy-Reverse'],
    ['Microsoft.VSTS.Common.TestedBy-Reverse', 'Microsoft.VSTS.Common.TestedBy-Forward'],
    ['Microsoft.VSTS.Common.Affects-Forward', 'Microsoft.VSTS.Common.Affects-Reverse'],
    ['Microsoft.VSTS.Common.Affects-Reverse', 'Microsoft.VSTS.Common.Affects-Forward'],
  ] as const) {
    it(`${rel} is shown as ${opposite} by the other work item`, async () => {
      await start();
      const [one = '', other = ''] = await several(2);
      const [result] = await write(update(one, { [`relation_${rel}`]: to(other) }));
      assert.equal(ignoredOf(result), undefined);
      assert.deepEqual(linksIn(entityOf(result)), { [`relation_${rel}`]: [other] });
      assert.deepEqual(await linked(one), { [`relation_${rel}`]: [other] });
      assert.deepEqual(await linked(other), { [`relation_${opposite}`]: [one] });
    });
  }

  it('come with a create and with fields, in one request for a hundred', async () => {
    await start();
    const others = await several(2);
    await write(creation());
    requests();
    const results = await write(...others.map((other) => creation({ [SUCCESSOR]: to(other) })));
    assert.deepEqual(
      results.map((result) => linksIn(entityOf(result))),
      others.map((other) => ({ [SUCCESSOR]: [other] })),
    );
    assert.deepEqual(requests(), ['PATCH /_apis/wit/$batch']);
    const ids = results.map((result) => entityOf(result).id);
    await connection?.read(scope, ids);
    requests();
    const again = await write(...ids.map((id) => update(id, { 'System.Title': 'Both', [RELATED]: to(...others) })));
    for (const result of again) assert.deepEqual(linksIn(entityOf(result))[RELATED], others);
    assert.deepEqual(requests(), ['PATCH /_apis/wit/$batch']);
  });

  it('are read back where the answer to a write does not show them', async () => {
    await start();
    const [one = '', other = '', third = ''] = await several(3);
    faults().answersWithoutRelations = true;
    const [made] = await write(creation({ [SUCCESSOR]: to(other) }));
    assert.deepEqual(linksIn(entityOf(made)), { [SUCCESSOR]: [other] });
    const results = await write(
      update(one, { [RELATED]: to(other, third) }),
      update(third, { [SUCCESSOR]: to(other) }),
    );
    assert.deepEqual(linksIn(entityOf(results[0])), { [RELATED]: [other, third] });
    await read(one);
    const [renamed] = await write(update(one, { 'System.Title': 'A name' }));
    assert.deepEqual(linksIn(entityOf(renamed)), { [RELATED]: [other, third] });
    assert.equal(entityOf(renamed).version, (await read(one)).version, 'the next read knows it');
  });

  it('are removed by the place that a single read shows: the third of five is the third', async () => {
    await start();
    const [one = '', ...others] = await several(6);
    await write(update(one, { [RELATED]: to(...others) }));
    await alice?.change(one, { 'System.Title': 'Edited by somebody' });
    await read(one);
    const left = others.filter((_, index) => index !== 2);
    await write(update(one, { [RELATED]: to(...left) }));
    assert.deepEqual((await linked(one))[RELATED], left);
    await read(one);
    await write(update(one, { [RELATED]: to(left[1] ?? '', left[3] ?? ''), [SUCCESSOR]: to(others[2] ?? '') }));
    assert.deepEqual(await linked(one), { [RELATED]: [left[1], left[3]], [SUCCESSOR]: [others[2]] });
  });

  it('of a parent are removed by that place, too', async () => {
    await start();
    const [one = '', parent = '', ...others] = await several(5);
    await write(update(one, { [PARENT]: { id: parent }, [RELATED]: to(...others) }));
    await read(one);
    await write(update(one, { [PARENT]: null }));
    const { fields, ...rest } = await read(one);
    assert.deepEqual(linksIn({ fields, ...rest }), { [RELATED]: others });
    assert.equal(fields[PARENT], null);
  });

  it('stay if their field is not written, whatever their type', async () => {
    await start();
    const [one = '', two = '', three = ''] = await several(3);
    await write(update(one, { [SUCCESSOR]: to(two), [RELATED]: to(two, three) }));
    await read(one);
    await write(update(one, { [SUCCESSOR]: null }));
    assert.deepEqual(await linked(one), { [RELATED]: [two, three] });
  });

  it('whose list changed at the other end a moment ago are not removed by mistake', async () => {
    await start();
    const [one = '', ...others] = await several(4);
    await write(update(one, { [RELATED]: to(...others) }));
    await read(one);
    // somebody removes the first one at its own end, after the list was read and before it is written
    const item = standIn?.service.state.items.get(Number(others[0]));
    standIn?.beforeNext(/PATCH/, () => {
      const mine = standIn?.service.state.items.get(Number(one));
      if (mine) mine.relations = mine.relations.filter((relation) => targetOf(relation) !== item?.id);
    });
    const [result] = await write(update(one, { [RELATED]: to(others[0] ?? '', others[2] ?? '') }));
    assert.equal(result?.ok, false);
    assert.equal(result?.ok === false && result.error.kind, 'conflict');
    assert.deepEqual((await linked(one))[RELATED], [others[0], others[1], others[2]].sort(), 'nothing is lost');
  });

  it('made at the other end meanwhile are no error', async () => {
    await start();
    const [one = '', other = ''] = await several(2);
    await read(one);
    await relate(other, 'System.LinkTypes.Dependency-Reverse', one);
    const [result] = await write(update(one, { [SUCCESSOR]: to(other), 'System.Title': 'Written' }));
    assert.equal(ignoredOf(result), undefined);
    assert.deepEqual(linksIn(entityOf(result)), { [SUCCESSOR]: [other] });
    assert.equal((await read(one)).fields['System.Title'], 'Written');
  });

  for (const [what, prepare, words] of [
    [
      'a circle',
      async (one: EntityId, other: EntityId) => void (await write(update(other, { [SUCCESSOR]: to(one) }))),
      /TF201035/,
    ],
    [
      'a work item that is hidden',
      async (_one: EntityId, other: EntityId) => void faults().hidden.add(Number(other)),
      /TF401232/,
    ],
  ] as const) {
    it(`of ${what} are refused by field, and everything else is written`, async () => {
      await start();
      const [one = '', other = '', third = ''] = await several(3);
      await prepare(one, other);
      await read(one);
      const fields = { 'System.Title': 'Written', [SUCCESSOR]: to(other, third) };
      const [changed, made] = await write(update(one, fields), creation(fields));
      assert.match(ignoredOf(changed)?.[SUCCESSOR] ?? '', new RegExp(`^Successor: no link to ${other}: .*`));
      assert.match(ignoredOf(changed)?.[SUCCESSOR] ?? '', words);
      assert.deepEqual(linksIn(entityOf(changed))[SUCCESSOR], [third]);
      assert.equal(entityOf(changed).fields['System.Title'], 'Written');
      const found = linksIn(entityOf(made))[SUCCESSOR];
      assert.deepEqual(found, what === 'a circle' ? [other, third] : [third]);
      assert.equal(standIn?.service.state.items.size, 4, 'created once');
    });
  }

  it('to itself are refused by field', async () => {
    await start();
    const [one = ''] = await several(1);
    const [result] = await write(update(one, { [RELATED]: to(one), 'System.Title': 'Written' }));
    assert.match(ignoredOf(result)?.[RELATED] ?? '', /itself/);
    assert.equal(entityOf(result).fields['System.Title'], 'Written');
  });

  it('are not blamed for a field that is refused', async () => {
    await start();
    const [one = '', other = ''] = await several(2);
    const [result] = await write(
      update(one, { 'Microsoft.VSTS.Common.Priority': { name: '9' }, [RELATED]: to(other) }),
    );
    assert.equal(result?.ok === false && result.error.kind, 'invalid');
    assert.deepEqual(await linked(one), {});
  });

  for (const linksMoveBothEnds of [false, true])
    it(`are written from both ends in one call, where ${linksMoveBothEnds ? 'both get' : 'only one gets'} a revision`, async () => {
      await start();
      faults().linksMoveBothEnds = linksMoveBothEnds;
      const [one = '', other = '', third = ''] = await several(3);
      await connection?.read(scope, [one, other, third]);
      const results = await write(
        update(one, { [SUCCESSOR]: to(other), [RELATED]: to(third) }),
        update(other, { [PREDECESSOR]: to(one), 'System.Title': 'Written' }),
        update(third, { [RELATED]: to(one) }),
      );
      assert.deepEqual(results.map(ignoredOf), [undefined, undefined, undefined]);
      assert.deepEqual(linksIn(entityOf(results[0])), { [SUCCESSOR]: [other], [RELATED]: [third] });
      assert.deepEqual(linksIn(entityOf(results[1])), { [PREDECESSOR]: [one] });
      assert.equal(entityOf(results[1]).fields['System.Title'], 'Written');
      assert.deepEqual(linksIn(entityOf(results[2])), { [RELATED]: [one] });
    });

  it('are removed from both ends in one call at the price of one: a read of the one, the write, a read of the other', async () => {
    await start();
    const [one = '', other = ''] = await several(2);
    await write(update(one, { [SUCCESSOR]: to(other) }));
    await connection?.read(scope, [one, other]);
    requests();
    const results = await write(update(one, { [SUCCESSOR]: null }), update(other, { [PREDECESSOR]: null }));
    for (const result of results) assert.deepEqual(linksIn(entityOf(result)), {});
    assert.deepEqual(requests(), [
      'GET /_apis/wit/workitems/id',
      'PATCH /_apis/wit/workitems/id',
      'POST /_apis/wit/workitemsbatch',
    ]);
  });

  it('of an item that somebody edits while the other end is written are not written over the edit', async () => {
    await start();
    faults().linksMoveBothEnds = true;
    const [one = '', other = ''] = await several(2);
    await connection?.read(scope, [one, other]);
    await alice?.change(other, { 'System.Title': 'Edited' });
    const results = await write(
      update(one, { [SUCCESSOR]: to(other) }),
      update(other, { [PREDECESSOR]: to(one), 'System.Title': 'Written' }),
    );
    assert.deepEqual(linksIn(entityOf(results[0])), { [SUCCESSOR]: [other] });
    assert.equal(results[1]?.ok === false && results[1].error.kind, 'conflict');
    assert.equal((await read(other)).fields['System.Title'], 'Edited');
  });

  it('are two of one pair if their types differ', async () => {
    await start();
    const [one = '', other = ''] = await several(2);
    await write(update(one, { [RELATED]: to(other), [SUCCESSOR]: to(other) }));
    assert.deepEqual(await linked(one), { [RELATED]: [other], [SUCCESSOR]: [other] });
    assert.deepEqual(await linked(other), { [RELATED]: [one], [PREDECESSOR]: [one] });
    await read(one);
    await write(update(one, { [RELATED]: null }));
    assert.deepEqual(await linked(other), { [PREDECESSOR]: [one] });
  });

  it('change the version of both work items, though only one gets a revision', async () => {
    await start();
    const [one = '', other = ''] = await several(2);
    const [before, otherBefore] = [await read(one), await read(other)];
    const written = entityOf((await write(update(one, { [RELATED]: to(other) })))[0]);
    assert.notEqual(written.version, before.version);
    assert.equal((await read(one)).version, written.version, 'the next read knows it');
    assert.notEqual((await read(other)).version, otherBefore.version);
    assert.equal((await read(other)).updatedAt, otherBefore.updatedAt);
    assert.equal(connection?.silentFields?.has(RELATED), true);
    assert.equal(connection?.silentFields?.has(PARENT), true);
    assert.equal(connection?.silentFields?.has(HYPERLINKS), false);
    assert.equal(connection?.silentFields?.has('System.Title'), false);
  });

  it('are not hidden from a poll by what an earlier write has answered', async () => {
    await start();
    const since = connection?.checkpointAt(new Date(Date.now() - 60_000).toISOString());
    const [made] = await write(creation());
    const { id } = entityOf(made);
    const [one = ''] = await several(1);
    await write(update(one, { [RELATED]: to(id) }));
    const { version } = await read(id);
    const seen: Entity[] = [];
    for await (const { entities } of connection?.changes(scope, since, 100) ?? []) seen.push(...entities);
    assert.equal(seen.find((entity) => entity.id === id)?.version, version);
  });

  it('are found at both ends by the next poll, if it is set to detect that', async () => {
    await start({}, { watchLinks: true });
    const [one = '', other = ''] = await several(2);
    assert.equal(connection?.silentFields, undefined);
    const poll = async (since: Parameters<Connection['changes']>[1]) => {
      const ids: string[] = [];
      let next = since;
      for await (const { entities, checkpoint } of connection?.changes(scope, since, 100) ?? []) {
        ids.push(...entities.map(({ id }) => id));
        next = checkpoint;
      }
      return { ids, next };
    };
    const { next } = await poll(undefined);
    await relate(one, 'System.LinkTypes.Related', other);
    const second = await poll(next);
    assert.deepEqual([...new Set(second.ids)].sort(), [one, other].sort());
    assert.deepEqual((await poll(second.next)).ids, []);
  });

  it('of the web are addresses, without those that Twinflow has made', async () => {
    await start();
    const [other = ''] = await several(1);
    const [made] = await write({
      ...creation({ [HYPERLINKS]: ['https://example.com/a', 'https://example.com/b'], [RELATED]: to(other) }),
      remoteLink: { url: 'https://jira.example.com/browse/A-1', title: 'Jira: A-1', key: 'twinflow:x' },
    });
    const { id, fields } = entityOf(made);
    assert.deepEqual(fields[HYPERLINKS], ['https://example.com/a', 'https://example.com/b']);
    assert.deepEqual(await connection?.markersOf?.([id]), [['m']]);
    await read(id);
    const [changed] = await write(update(id, { [HYPERLINKS]: ['https://example.com/b', 'https://example.com/c'] }));
    assert.deepEqual(entityOf(changed).fields[HYPERLINKS], ['https://example.com/b', 'https://example.com/c']);
    await read(id);
    await write(update(id, { [HYPERLINKS]: null }));
    assert.deepEqual((await read(id)).fields[HYPERLINKS], null);
    assert.deepEqual(await connection?.markersOf?.([id]), [['m']], 'its own stay');
    assert.deepEqual(await linked(id), { [RELATED]: [other] });
    const [refused] = await write(update(id, { [HYPERLINKS]: ['no address'] }));
    assert.match((refused?.ok === false && refused.error.message) || '', /Hyperlinks takes web addresses/);
  });
});
