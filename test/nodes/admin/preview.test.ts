import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { EntityPlan } from '../../../lib/plan';
import type { Link, StoredEvent } from '../../../lib/store/store';
import { DRAFT, type Harness, SECRET, start } from './harness';

const ENTITY: Entity = {
  ...{ id: '17', key: 'DEMO-17', type: '7', project: '1', version: '1', updatedAt: '2026-05-01T10:00:00Z' },
  fields: { subject: 'Login fails', prio: { id: '2', name: 'High' } },
};
const INTEGRATION = {
  ...{ id: 'int', type: 'twinflow-integration', name: 'A ↔ B', system1: 'sys1', system2: 'sys1' },
  projectPairs: [{ one: { id: '1', name: 'Demo' }, two: { id: '2', name: 'Other' }, direction: 'both' }],
  typePairs: [{ id: 'bug', one: { id: '7', name: 'Bug' }, two: { id: '7', name: 'Bug' }, direction: 'both' }],
};
const MAPPER = {
  ...{ id: 'fields', type: 'twinflow-field-mapper', pairs: 'all' },
  rows: [
    {
      one: { id: 'subject', name: 'Subject', type: 'text' },
      two: { id: 'subject', name: 'Subject', type: 'text' },
      direction: 'both',
    },
  ],
};
const ASK = { integration: INTEGRATION, systems: [DRAFT, DRAFT], side: 1, key: 'DEMO-17', steps: [MAPPER] };
const NEVER: Partial<Connection> = {
  write: async () => assert.fail('a preview must not write'),
};
const ANSWERS: Partial<Connection> = {
  ...NEVER,
  byKey: async (key) => (key === 'DEMO-17' ? ENTITY : undefined),
  read: async (_scope, ids) => ids.map((id) => (id === '17' ? ENTITY : undefined)),
  latest: async () => [ENTITY, { ...ENTITY, id: '16', key: 'DEMO-16' }],
};

const planOf = (body: Record<string, unknown>): EntityPlan => body.plan as EntityPlan;

describe('the preview route', () => {
  let red: Harness;
  afterEach(() => red.stop());

  it('asks for the permission to write, and for the one to deploy where a step reads a sheet', async () => {
    red = await start(ANSWERS);
    await red.post('/twinflow/preview', ASK);
    await red.post('/twinflow/preview/latest', ASK);
    const path = { kind: 'path', path: '/etc/passwd' };
    const sheet = {
      ...{ id: 'values', type: 'twinflow-value-mapper' },
      rows: [{ ...MAPPER.rows[0], sheet: { from: path, sheet: '', one: 'a', two: 'b' }, pairs: [] }],
    };
    await red.post('/twinflow/preview', { ...ASK, steps: [MAPPER, sheet] });
    assert.deepEqual(red.asked, [
      '/twinflow/preview twinflow.write',
      '/twinflow/preview/latest twinflow.write',
      '/twinflow/preview twinflow.write',
      '/twinflow/preview flows.write',
    ]);
  });

  it('plans an entity by its key, with the drafts as they come', async () => {
    red = await start(ANSWERS);
    const { status, body } = await red.post('/twinflow/preview', ASK);
    assert.equal(status, 200);
    const plan = planOf(body);
    assert.deepEqual(plan.outcome, { kind: 'create' });
    assert.deepEqual(plan.fields[0]?.after, 'Login fails');
    assert.equal(body.title, 'Login fails');
    assert.equal(body.deployed, false);
  });

  it('takes an address for the key at its end', async () => {
    red = await start(ANSWERS);
    for (const key of ['https://jira.example/browse/DEMO-17', 'https://jira.example/browse/DEMO-17/?a=/b#c']) {
      const { body } = await red.post('/twinflow/preview', { ...ASK, key });
      assert.equal(planOf(body).source.key, 'DEMO-17');
    }
  });

  it('knows the links of a deployed integration', async () => {
    const link: Link = {
      ...{ id: 1, integration: 'int' },
      ends: [
        { system: 'sys1', ref: ENTITY, version: '0', baseline: { subject: 'Old' } },
        { system: 'sys1', ref: { ...ENTITY, id: '17' }, version: '1', baseline: { subject: 'Login fails' } },
      ],
    };
    const links = async (id: string) =>
      id === 'int' ? { linksOf: async () => [link], counterparts: async () => [], parked: async () => [] } : undefined;
    red = await start(ANSWERS, { links });
    const { body } = await red.post('/twinflow/preview', ASK);
    assert.deepEqual(planOf(body).outcome, { kind: 'nothing', why: 'same' });
    assert.equal(body.deployed, true);
  });

  it('says that an earlier change of the entity is parked, and why', async () => {
    const parkedOf = (id: string): StoredEvent => ({
      ...{ seq: 1, flow: { integration: 'int', side: 1 as const }, state: 'parked' as const, stale: false },
      ...{ entity: { ...ENTITY, id }, delivery: 1, attempts: 3 },
      error: { kind: 'invalid', message: `Title is required, ${SECRET}`, at: ENTITY.updatedAt },
    });
    const links = async () => ({
      linksOf: async () => [undefined],
      counterparts: async () => [],
      // a search by the key finds others too
      parked: async () => [parkedOf('170'), parkedOf('17')],
    });
    red = await start(ANSWERS, { links });
    const { body } = await red.post('/twinflow/preview', ASK);
    assert.equal(body.parked, 'Title is required, ***');
  });

  it('offers the newest entities with their titles', async () => {
    red = await start(ANSWERS);
    const { body } = await red.post('/twinflow/preview/latest', ASK);
    assert.deepEqual(body.items, [
      { id: '17', key: 'DEMO-17', updatedAt: ENTITY.updatedAt, title: 'Login fails' },
      { id: '16', key: 'DEMO-16', updatedAt: ENTITY.updatedAt, title: 'Login fails' },
    ]);
    const oneWay = [{ ...INTEGRATION.projectPairs[0], direction: 'forward' }];
    const { body: none } = await red.post('/twinflow/preview/latest', {
      ...ASK,
      ...{ side: 2, integration: { ...INTEGRATION, projectPairs: oneWay } },
    });
    assert.deepEqual(none.items, []);
  });

  it('offers the comments of an item, the newest first, where they are synced; one of them is planned like an item', async () => {
    const comment = (n: number): Entity => ({
      ...{ ...ENTITY, id: `17#${n}`, key: `DEMO-17#${n}`, type: 'comment', createdBy: { name: 'Ann' } },
      owner: { id: '17', key: 'DEMO-17', type: '7' },
      fields: { text: { format: 'markdown', content: `Remark *${n}*, ${SECRET}` } },
    });
    const comments = Array.from({ length: 12 }, (_, n) => comment(n));
    const text = { id: 'text', name: 'Text', type: 'richtext', format: 'markdown' } as const;
    const answers: Partial<Connection> = {
      ...ANSWERS,
      parts: async () => [comments],
      read: async (_scope, ids) => ids.map((id) => comments.find((one) => one.id === id)),
      fields: async (_project, type) => (type === 'comment' ? [text] : []),
    };
    red = await start(answers);
    const end = { id: 'comment', name: 'Comment' };
    const parts = [{ id: 'comments', role: 'comment', one: end, two: end, direction: 'forward' }];
    const typePairs = INTEGRATION.typePairs.map((pair) => ({ ...pair, parts }));
    const ask = { ...ASK, integration: { ...INTEGRATION, typePairs } };
    assert.equal((await red.post('/twinflow/preview', ask)).body.parts, undefined);
    const { body } = await red.post('/twinflow/preview', { ...ask, parts: true });
    const offered = body.parts as { id: string }[];
    assert.equal(offered.length, 10);
    assert.deepEqual(offered[0], {
      ...{ id: '17#11', key: 'DEMO-17#11', type: 'Comment', by: 'Ann' },
      words: 'Remark 11, ***',
    });
    const back = await red.post('/twinflow/preview', { ...ask, side: 2, parts: true });
    assert.deepEqual(back.body.parts, []);
    const one = await red.post('/twinflow/preview', { ...ask, id: '17#11', key: 'DEMO-17#11' });
    const plan = planOf(one.body);
    assert.deepEqual([plan.outcome, plan.part?.owner, plan.part?.by], [{ kind: 'create' }, 'DEMO-17', 'Ann']);
    assert.deepEqual(
      plan.fields.map(({ field, how }) => [field, how]),
      [['text', [{ origin: 'standard' }]]],
    );
    await red.stop();
    red = await start({ ...answers, parts: undefined });
    const without = (await red.post('/twinflow/preview', { ...ask, parts: true })).body;
    assert.match(String(without.partsFault), /does not show comments/);
    assert.deepEqual(planOf(without).outcome, { kind: 'create' });
  });

  it('says what to do where something is missing', async () => {
    red = await start(ANSWERS);
    const said = async (body: object): Promise<string> => {
      const { status, body: answer } = await red.post('/twinflow/preview', { ...ASK, ...body });
      assert.ok(status >= 400 && status < 500, String(status));
      return JSON.stringify(answer);
    };
    assert.match(await said({ key: ' ' }), /Enter an item key/);
    assert.match(await said({ key: 'DEMO-99' }), /\\"DEMO-99\\" was not found or is not visible to this account/);
    assert.match(await said({ systems: [DRAFT] }), /Choose the kind of system first/);
    assert.match(await said({ side: 3 }), /Choose the side/);
    assert.match(await said({ integration: undefined }), /Choose an integration first/);
    assert.match(
      await said({ systems: [DRAFT, { ...DRAFT, config: { url: 'https://evil.example' } }] }),
      /Enter the secret/,
    );
    assert.match(await said({ steps: Array.from({ length: 101 }, () => MAPPER) }), /more than 100 nodes/);
    assert.match(await said({ steps: [{ ...MAPPER, version: 99 }] }), /saved by a newer Twinflow/);
    assert.match(await said({ padding: 'x'.repeat(4_000_001) }), /too large/);
    for (const odd of [[], [null], {}, { systems: 'x' }]) {
      const { status } = await red.post('/twinflow/preview', odd);
      assert.ok(status === 400, JSON.stringify(odd));
    }
  });

  it('never shows a secret, whatever a system says', async () => {
    red = await start({
      ...ANSWERS,
      fields: async () => {
        throw new SyncError('invalid', `refused ${SECRET}`);
      },
    });
    const { text } = await red.post('/twinflow/preview', ASK);
    assert.match(text, /refused \*\*\*/);
    assert.ok(!text.includes(SECRET));
  });

  it('ends within its time limit', async () => {
    red = await start({ ...ANSWERS, byKey: () => new Promise(() => undefined) }, { timeLimitMs: 50 });
    const { status, text } = await red.post('/twinflow/preview', ASK);
    assert.equal(status, 503);
    assert.match(text, /no answer within/);
  });

  it('cuts what is too long for a page', async () => {
    const long = { ...ENTITY, fields: { subject: 'x'.repeat(30_000) } };
    red = await start({ ...ANSWERS, byKey: async () => long });
    const { body } = await red.post('/twinflow/preview', ASK);
    assert.equal(String(planOf(body).fields[0]?.after).length, 20_001);
  });
});
