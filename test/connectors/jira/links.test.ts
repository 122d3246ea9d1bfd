import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields, Value } from '../../../lib/model/values';
import type { Jira, JiraOptions } from '../../systems/jira';
import {
  assertContract,
  BUG,
  checked,
  connect,
  DEMO,
  type Deployment,
  make,
  poll,
  requestsOf,
  scope,
  start,
} from './server';

const BLOCKS = 'relation_10000_outward';
const BLOCKED = 'relation_10000_inward';
const DUPLICATES = 'relation_10002_outward';
const RELATES = 'relation_10003';

for (const deployment of ['cloud', 'datacenter'] satisfies Deployment[])
  describe(`Jira: links between issues (${checked(deployment)})`, () => {
    let jira: Jira;
    let connection: Connection;

    async function begin(options: JiraOptions = {}): Promise<void> {
      jira = await start({ deployment, indexLagMs: 0, ...options });
      connection = connect(jira);
    }
    beforeEach(() => begin());
    afterEach(async () => {
      await connection.close?.();
      await jira.stop();
      assertContract(jira);
    });

    const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
      (await connection.write?.(scope, operations)) ?? assert.fail();
    const update = (id: EntityId, fields: Fields): WriteOperation => ({ kind: 'update', id, fields });
    const creation = (fields: Fields = {}): WriteOperation => ({
      ...{ kind: 'create', project: DEMO, type: BUG, fields: { summary: 'Linked', ...fields } },
    });
    function entityOf(result: WriteResult | undefined): Entity {
      if (!result?.ok) assert.fail(result?.error.message);
      return result.entity;
    }
    const ignoredOf = (result: WriteResult | undefined) => (result?.ok ? result.ignored : undefined);
    const to = (...ids: EntityId[]): Value => ids.map((id) => ({ id }));
    const several = (count: number): EntityId[] =>
      Array.from({ length: count }, (_, number) => make(jira, `Issue ${number}`).id);
    async function read(id: EntityId): Promise<Entity> {
      const [entity] = await connection.read(scope, [id]);
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
    /** "20010 blocks 20011", as the site holds them. */
    const held = () =>
      jira.site.issueLinks.map(({ type, from, to: other }) => {
        const words = jira.site.linkTypes.find(({ id }) => id === type)?.outward;
        return `${from} ${words} ${other}`;
      });
    /** What a person links in the browser. */
    const relate = (type: string, from: EntityId, other: EntityId): void => {
      jira.site.issueLinks.push({ id: String(jira.site.nextIssueLink++), type, from, to: other });
    };

    it('are fields that name several issues, one for each end of each link type that the site has', async () => {
      jira.site.linkTypes.push({ id: '10100', name: 'Depends', inward: 'is blocked by', outward: 'depends on' });
      const fields = await connection.fields(DEMO, BUG);
      const shown = fields.filter(({ id }) => id.startsWith('relation_'));
      assert.deepEqual(
        shown.map(({ id, name, type, multi, readOnly = false }) => [id, name, type, multi, readOnly]),
        [
          ['relation_10000_outward', 'blocks'],
          ['relation_10000_inward', 'is blocked by (Blocks)'],
          ['relation_10001_outward', 'clones'],
          ['relation_10001_inward', 'is cloned by'],
          ['relation_10002_outward', 'duplicates'],
          ['relation_10002_inward', 'is duplicated by'],
          ['relation_10003', 'relates to'],
          ['relation_10100_outward', 'depends on'],
          ['relation_10100_inward', 'is blocked by (Depends)'],
        ].map((one) => [...one, 'reference', true, false]),
      );
    });

    it('are no fields where issue linking is switched off', async () => {
      jira.faults.linkingDisabled = true;
      const fields = await connection.fields(DEMO, BUG);
      assert.deepEqual(
        fields.filter(({ id }) => id.startsWith('relation_')),
        [],
      );
      const [one = ''] = several(1);
      assert.deepEqual(await linked(one), {});
      const [result] = await write(update(one, { [BLOCKS]: to('20000') }));
      assert.match((result?.ok === false && result.error.message) || '', /switched off/);
    });

    for (const [field, opposite, words] of [
      [BLOCKS, BLOCKED, 'one blocks other'],
      [BLOCKED, BLOCKS, 'other blocks one'],
      ['relation_10001_outward', 'relation_10001_inward', 'one clones other'],
      ['relation_10001_inward', 'relation_10001_outward', 'other clones one'],
      [DUPLICATES, 'relation_10002_inward', 'one duplicates other'],
      ['relation_10002_inward', DUPLICATES, 'other duplicates one'],
      [RELATES, RELATES, 'one relates to other'],
    ] as const) {
      it(`${field} is "${words}", and ${opposite} is what the other issue shows`, async () => {
        const [one = '', other = ''] = several(2);
        const [result] = await write(update(one, { [field]: to(other) }));
        assert.equal(ignoredOf(result), undefined);
        assert.deepEqual(linksIn(entityOf(result)), { [field]: [other] });
        assert.deepEqual(held(), [words.replace(/\bone\b/, one).replace('other', other)]);
        assert.deepEqual(await linked(one), { [field]: [other] });
        assert.deepEqual(await linked(other), { [opposite]: [one] });
      });
    }

    it('follow a bulk create, and come with fields', async () => {
      const others = several(2);
      const made = await write(...others.map((other) => creation({ [BLOCKS]: to(other), [RELATES]: to(...others) })));
      assert.deepEqual(
        made.map((result) => linksIn(entityOf(result))),
        others.map((other) => ({ [BLOCKS]: [other], [RELATES]: others })),
      );
      const [one = '', ...rest] = several(3);
      const [changed] = await write(update(one, { summary: 'Written', [BLOCKED]: to(...rest) }));
      assert.equal(ignoredOf(changed), undefined);
      assert.deepEqual(linksIn(entityOf(changed)), { [BLOCKED]: rest });
      assert.equal(entityOf(changed).fields.summary, 'Written');
    });

    it('cost one request each, and one to read up to a hundred issues back', async () => {
      const [one = '', two = '', ...others] = several(4);
      await connection.read(scope, [one, two]);
      await write(update(one, { summary: 'Warm' }));
      await connection.read(scope, [one, two]);
      const asked = await requestsOf(jira, () =>
        write(update(one, { [BLOCKS]: to(...others) }), update(two, { [BLOCKS]: to(...others) })),
      );
      assert.deepEqual(
        asked.slice(0, 4),
        Array.from({ length: 4 }, () => 'POST issueLink'),
      );
      assert.equal(asked.length, 5, asked.join());
    });

    it('are added and removed one by one, even if others have added some', async () => {
      const [one = '', two = '', three = '', four = ''] = several(4);
      await write(update(one, { [BLOCKS]: to(two, three), [RELATES]: to(four) }));
      await write(update(one, { [BLOCKS]: to(three) }));
      assert.deepEqual(await linked(one), { [BLOCKS]: [three], [RELATES]: [four] });
      relate('10002', one, two);
      await write(update(one, { [BLOCKS]: null }));
      assert.deepEqual(await linked(one), { [DUPLICATES]: [two], [RELATES]: [four] });
      assert.deepEqual(await linked(three), {});
    });

    it('that were made or removed at the other end meanwhile are no error, and there once', async () => {
      const [one = '', two = '', three = ''] = several(3);
      relate('10000', one, three);
      await read(one);
      relate('10000', one, two);
      jira.site.issueLinks.shift();
      const [result] = await write(update(one, { [BLOCKS]: to(two) }));
      assert.equal(ignoredOf(result), undefined);
      assert.deepEqual(held(), [`${one} blocks ${two}`]);
    });

    it('of alike ends that are written from both at the same time are there once', async () => {
      const [one = '', two = ''] = several(2);
      await connection.read(scope, [one, two]);
      await write(update(two, { [RELATES]: to(one) }), update(one, { [RELATES]: to(two) }));
      assert.equal(held().length, 1);
      assert.deepEqual(await linked(one), { [RELATES]: [two] });
      relate('10003', two, '20000');
      await read(two);
      await write(update(two, { [RELATES]: to(one, '20000') }), update(one, { summary: 'Again', [RELATES]: to(two) }));
      assert.equal(held().length, 2, 'also where somebody has linked them the other way round');
    });

    it('cost one request if both ends are written in one call', async () => {
      const [one = '', two = ''] = several(2);
      await connection.read(scope, [one, two]);
      const work = () => write(update(one, { [BLOCKS]: to(two) }), update(two, { [BLOCKED]: to(one) }));
      const asked = await requestsOf(jira, work);
      assert.deepEqual(
        asked.filter((request) => /issueLink$/.test(request)),
        ['POST issueLink'],
      );
      assert.deepEqual(await linked(two), { [BLOCKED]: [one] });
    });

    it('are two of one pair if their types differ, and in both directions', async () => {
      const [one = '', two = ''] = several(2);
      await write(update(one, { [BLOCKS]: to(two), [BLOCKED]: to(two), [RELATES]: to(two) }));
      assert.deepEqual(await linked(one), { [BLOCKED]: [two], [BLOCKS]: [two], [RELATES]: [two] });
      await write(update(one, { [BLOCKS]: null }));
      assert.deepEqual(await linked(one), { [BLOCKED]: [two], [RELATES]: [two] });
    });

    it('to issues that are hidden, gone or the issue itself are refused by field, and everything else is written', async () => {
      const [one = '', two = ''] = several(2);
      const level = make(jira, 'Secret').id;
      const secret = jira.site.find(level);
      assert.ok(secret);
      secret.project = '10203';
      jira.site.hidden.add('10203');
      const fields = { summary: 'Written', [BLOCKS]: to('99999', two, level), [RELATES]: to(one) };
      const [result] = await write(update(one, fields));
      assert.match(ignoredOf(result)?.[BLOCKS] ?? '', /^blocks: no link to issue 99999: .*; no link to issue \d+: /);
      assert.match(ignoredOf(result)?.[RELATES] ?? '', /link an issue to itself/);
      assert.deepEqual(linksIn(entityOf(result)), { [BLOCKS]: [two] });
      assert.equal(entityOf(result).fields.summary, 'Written');
      const [made] = await write(creation(fields));
      assert.match(ignoredOf(made)?.[BLOCKS] ?? '', /99999/);
      assert.deepEqual(linksIn(entityOf(made)), { [BLOCKS]: [two], [RELATES]: [one] });
    });

    it('beyond those that an issue may have are refused by field', async () => {
      const [one = '', two = '', three = ''] = several(3);
      jira.faults.mostLinks = 1;
      const [result] = await write(update(one, { [BLOCKS]: to(two, three) }));
      assert.match(ignoredOf(result)?.[BLOCKS] ?? '', /more than 1 links/);
      assert.deepEqual(linksIn(entityOf(result)), { [BLOCKS]: [two] });
    });

    it('whose answer is lost are there once in the end', async () => {
      const [one = '', two = ''] = several(2);
      jira.faults.lostAnswers.push('POST /issueLink');
      const [result] = await write(update(one, { [BLOCKS]: to(two) }));
      if (result?.ok === false) assert.equal(result.error.detail.uncertain, true);
      const [again] = await write(update(one, { [BLOCKS]: to(two) }));
      assert.deepEqual(linksIn(entityOf(again)), { [BLOCKS]: [two] });
      assert.equal(held().length, 1);
    });

    for (const linksAreSilent of [false, true]) {
      it(`change the version of both issues, ${linksAreSilent ? 'though their update times stay' : 'with their update times'}`, async () => {
        jira.faults.linksAreSilent = linksAreSilent;
        const [one = '', two = ''] = several(2);
        const [before, otherBefore] = [await read(one), await read(two)];
        const written = entityOf((await write(update(one, { [RELATES]: to(two) })))[0]);
        assert.notEqual(written.version, before.version);
        assert.equal((await read(one)).version, written.version, 'the next read knows it');
        assert.notEqual((await read(two)).version, otherBefore.version);
        if (linksAreSilent) assert.equal((await read(two)).updatedAt, otherBefore.updatedAt);
        assert.equal(connection.silentFields?.has(RELATES), true);
        assert.equal(connection.silentFields?.has('summary'), false);
      });
    }

    it('are not hidden from a poll by what an earlier write has answered', async () => {
      jira.faults.linksAreSilent = true;
      const since = connection.checkpointAt(new Date(Date.now() - 3_600_000).toISOString());
      const [made] = await write(creation());
      const { id } = entityOf(made);
      const [one = ''] = several(1);
      await write(update(one, { [RELATES]: to(id) }));
      const { version } = await read(id);
      const { entities } = await poll(connection, since);
      assert.equal(entities.find((entity) => entity.id === id)?.version, version);
    });

    it('an account that may not link issues gets that as the field’s error, and stays signed in', async () => {
      await connection.close?.();
      await jira.stop();
      await begin({ withheld: { sync: ['LINK_ISSUES'] } });
      const [one = '', two = ''] = several(2);
      const [result] = await write(update(one, { summary: 'Written', [BLOCKS]: to(two) }));
      assert.match(ignoredOf(result)?.[BLOCKS] ?? '', /No Link Issue Permission/);
      assert.equal(entityOf(result).fields.summary, 'Written');
      const { missing } = await connection.identify();
      assert.match(missing?.join() ?? '', /link issues/);
    });
  });
