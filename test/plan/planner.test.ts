import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Connection } from '../../lib/connectors/connector';
import type { IntegrationConfig, LookUpRule } from '../../lib/model/config';
import type { Entity, Field } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Fields } from '../../lib/model/values';
import { type PlanInput, Planner, planEntity, readingOnly, readStep } from '../../lib/plan';
import type { Link } from '../../lib/store/store';
import { PAIRS } from './flow';

const CONFIG: IntegrationConfig = {
  ...{ id: 'i', name: 'Jira ↔ Azure DevOps', active: true, system1: 's1', system2: 's2' },
  ...{ retries: 3, lostAfterMs: 600_000, ...PAIRS },
};
const JIRA = { project: '10000', type: '10101' };
const AZURE = { project: '6ce954b1-0001', type: 'Bug' };

const entity = (id: string, fields: Fields, more: Partial<Entity> = {}): Entity => ({
  ...{ id, key: `K-${id}`, version: '1', updatedAt: '2026-01-01T00:00:00Z', ...JIRA, fields },
  ...more,
});

interface Asked {
  read: string[][];
  fields: number;
}

/** A system of these entities whose every other call, writing above all, fails the test. */
function system(entities: Entity[], fields: Field[] = [], asked: Asked = { read: [], fields: 0 }): Connection {
  const never = (): never => {
    throw new Error('a plan must not ask for this');
  };
  return {
    read: async (_scope, ids) => {
      asked.read.push(ids);
      return ids.map((id) => entities.find((one) => one.id === id));
    },
    fields: async () => {
      asked.fields += 1;
      return fields;
    },
    users: async () => [],
    write: never,
    find: never,
    changes: never,
    newest: never,
    identify: never,
    projects: never,
    entityTypes: never,
    checkpointAt: never,
    history: never,
  };
}

const link = (id: number, one: Entity, two: Entity, field = 'title'): Link => ({
  ...{ id, integration: 'i' },
  ends: [
    { system: 's1', ref: one, version: one.version, baseline: { summary: one.fields.summary ?? null } },
    { system: 's2', ref: two, version: two.version, baseline: { [field]: two.fields[field] ?? null } },
  ],
});

const text = (id: string, more: object = {}) => ({ id, name: id, type: 'text' as const, ...more });
const mapper = (rows: object[]) => ({ id: 'fields', type: 'twinflow-field-mapper', rows });
const SUMMARY = mapper([{ one: text('summary'), two: text('title'), direction: 'both' }]);

function input(nodes: object[], more: Partial<PlanInput> = {}): PlanInput {
  const steps = nodes.map(readStep).filter((step) => step !== undefined);
  return { config: CONFIG, steps, connections: [system([]), system([])], ...more };
}

describe('Planner', () => {
  it('has no way to write: its connections have nothing but reading calls', () => {
    const reading = readingOnly(system([]));
    assert.deepEqual(Object.keys(reading).sort(), ['fields', 'find', 'identify', 'read', 'users']);
    assert.equal('write' in reading, false);
  });

  it('reads the targets of many entities in one request, and asks for lists once', async () => {
    const asked: Asked = { read: [], fields: 0 };
    const ones = Array.from({ length: 50 }, (_, at) => entity(`${at}`, { summary: `s${at}` }));
    const twos = ones.map(({ id }) => entity(`t${id}`, { title: 'old' }, AZURE));
    const links = new Map(
      ones.map((one, at) => [one.id, link(at, entity(one.id, { summary: 'old' }), twos[at] ?? one)]),
    );
    const planner = new Planner(
      input([SUMMARY], {
        connections: [system(ones), system(twos, [], asked)],
        store: {
          counterparts: async () => [],
          linksOf: async (_integration, _side, ids) => ids.map((id) => links.get(id)),
        },
      }),
    );
    const plans = await planner.plan(1, ones);
    planner.close();
    assert.deepEqual(new Set(plans.map(({ outcome }) => outcome.kind)), new Set(['update']));
    assert.deepEqual(
      plans.map(({ fields }) => fields[0]?.after),
      ones.map(({ fields }) => fields.summary),
    );
    assert.equal(asked.read.length, 1);
    assert.equal(asked.fields, 1);
  });

  it('says what becomes of a change whose counterpart is gone, by the policy of the integration', async () => {
    const [one, two] = [entity('1', { summary: 'new' }), entity('2', { title: 'old' }, AZURE)];
    const store = {
      counterparts: async () => [],
      linksOf: async () => [link(1, entity('1', { summary: 'old' }), two)],
    };
    const planned = async (targetDeleted: IntegrationConfig['targetDeleted']) =>
      planEntity({ ...input([SUMMARY], { store }), config: { ...CONFIG, targetDeleted }, side: 1, entity: one });
    assert.equal((await planned('park')).outcome.kind, 'parked');
    assert.equal((await planned('ignore')).outcome.kind, 'skipped');
    const again = await planned('create');
    assert.equal(again.outcome.kind, 'create');
    assert.match(again.warnings[0] ?? '', /K-2 no longer exists.*created again/);
  });

  it('says that a change would wait where a system is in trouble', async () => {
    const down: Connection = {
      ...system([]),
      read: async () => {
        throw new SyncError('transient', 'The server gave no answer');
      },
    };
    const [one, two] = [entity('1', { summary: 'new' }), entity('2', { title: 'old' }, AZURE)];
    const store = {
      counterparts: async () => [],
      linksOf: async () => [link(1, entity('1', { summary: 'old' }), two)],
    };
    const plan = await planEntity({
      ...input([SUMMARY], { store, connections: [system([]), down] }),
      ...{ side: 1, entity: one },
    });
    assert.deepEqual(plan.outcome, { kind: 'waits', reason: 'The server gave no answer' });
  });

  it('says that no pair leads an entity to the other side', async () => {
    const plan = await planEntity({ ...input([SUMMARY]), side: 1, entity: entity('1', {}, { type: 'Epic' }) });
    assert.deepEqual(plan.outcome, { kind: 'noPair' });
  });

  it('names the step in which it fails', async () => {
    const plan = await planEntity({ ...input([SUMMARY, SUMMARY]), side: 1, entity: entity('1', { summary: 'a' }) });
    assert.ok(plan.outcome.kind === 'parked' && plan.outcome.step === 'fields');
  });

  it('lets steps of other entity-type pairs be', async () => {
    const other = { ...mapper([]), id: 'other', pairs: ['story'] };
    const plan = await planEntity({ ...input([SUMMARY, other]), side: 1, entity: entity('1', { summary: 'a' }) });
    assert.deepEqual(plan.outcome, { kind: 'create' });
  });

  it('warns of values that do not fit the field as the target declares it', async () => {
    const declared: Field[] = [
      { id: 'title', name: 'Title', type: 'text', maxLength: 5 },
      { id: 'key', name: 'Key', type: 'text', readOnly: true },
      { id: 'state', name: 'State', type: 'lookup', values: [{ id: '1', name: 'New' }] },
      { id: 'area', name: 'Area', type: 'lookup', required: true },
    ];
    const lookup = (id: string) => ({ id, name: id, type: 'lookup' });
    const rows = [
      { one: text('summary'), two: text('title'), direction: 'both' },
      { one: text('summary'), two: text('key'), direction: 'both' },
      { one: text('summary'), two: text('gone'), direction: 'both' },
      { one: lookup('status'), two: lookup('state'), direction: 'both' },
    ];
    const plan = await planEntity({
      ...input([mapper(rows)], { connections: [system([]), system([], declared)] }),
      ...{ side: 1, entity: entity('1', { summary: 'too long', status: { id: '7', name: 'Odd' } }) },
    });
    const warnings = plan.fields.map(({ field, warnings }) => [field, ...warnings.map(({ kind }) => kind)]);
    assert.deepEqual(warnings, [
      ['title', 'tooLong'],
      ['key', 'readOnly'],
      ['gone', 'unknownField'],
      ['state', 'notInList'],
      ['area', 'required'],
    ]);
    const { reason } = plan.fields[0]?.warnings[0] ?? {};
    assert.equal(reason, '8 characters; the target allows 5');
  });

  it('evaluates expressions, with the tables of value mappers that come later and the values when last in sync', async () => {
    const transform = (expression: string) => ({ transform: { forward: { kind: 'jsonata', expression } } });
    const nodes = [
      mapper([
        { two: text('title'), direction: 'forward', ...transform("$lookup('team', team)") },
        { two: text('note'), direction: 'forward', ...transform("'was ' & $old('summary')") },
      ]),
      {
        ...{ id: 'values', type: 'twinflow-value-mapper' },
        rows: [
          {
            ...{ one: text('team'), two: text('unit'), sameName: false },
            pairs: [{ one: { name: 'Core' }, two: { name: 'Kernel' }, direction: 'both' }],
          },
        ],
      },
    ];
    const [one, two] = [entity('1', { team: 'Core', summary: 'new' }), entity('2', { title: 'x' }, AZURE)];
    const store = {
      counterparts: async () => [],
      linksOf: async () => [link(1, entity('1', { summary: 'old' }), two)],
    };
    const plan = await planEntity({
      ...input(nodes, { store, connections: [system([one]), system([two])] }),
      ...{ side: 1, entity: one, until: 'fields' },
    });
    assert.deepEqual(
      plan.fields.map(({ field, wanted, how }) => [field, wanted, how[0]?.origin]),
      [
        ['title', 'Kernel', 'expression'],
        ['note', 'was old', 'expression'],
      ],
    );
  }).timeout(20_000);

  it('reads a sheet again, leaves no copy of it, and parks where it cannot be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-plan-'));
    const file = join(folder, 'teams.csv');
    writeFileSync(file, 'Team,Unit\nCore,Kernel\n');
    const sheet = { from: { kind: 'path', path: file }, sheet: '', one: 'Team', two: 'Unit' };
    const nodes = [
      mapper([{ one: text('team'), two: text('unit'), direction: 'both' }]),
      {
        ...{ id: 'values', type: 'twinflow-value-mapper' },
        rows: [{ one: text('team'), two: text('unit'), sameName: false, pairs: [], sheet }],
      },
    ];
    const planned = (dataFolder: string) =>
      planEntity({ ...input(nodes), dataFolder, side: 1, entity: entity('1', { team: 'Core' }) });
    const plan = await planned(folder);
    assert.deepEqual([plan.fields[0]?.after, plan.fields[0]?.how.at(-1)?.origin], ['Kernel', 'table']);
    assert.deepEqual(readdirSync(folder), ['teams.csv']);
    rmSync(file);
    const { outcome } = await planned(folder);
    assert.ok(outcome.kind === 'parked' && outcome.step === 'values', JSON.stringify(outcome));
    assert.match(outcome.reason, /teams\.csv can't be used/);
    rmSync(folder, { recursive: true });
  }).timeout(20_000);

  it('never throws, whatever stands in a flow, an entity or a field', async () => {
    const odd = fc.jsonValue();
    const node = fc.record({
      id: fc.constantFrom('a', 'b'),
      type: fc.constantFrom(
        'twinflow-filter',
        'twinflow-field-mapper',
        'twinflow-value-mapper',
        'twinflow-default-mapper',
        'function',
      ),
      pairs: fc.oneof(fc.constant('all'), odd),
      rows: fc.array(
        fc.record(
          {
            one: fc.oneof(fc.constant(text('summary')), odd),
            two: fc.oneof(fc.constant(text('title')), odd),
            field: fc.oneof(fc.constant(text('title')), odd),
            side: odd,
            pairs: odd,
            value: odd,
            constant: odd,
            direction: odd,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      conditions: odd,
    });
    const values = fc.dictionary(fc.constantFrom('summary', 'title', 'x'), odd);
    await fc.assert(
      fc.asyncProperty(
        fc.array(node, { maxLength: 4 }),
        values,
        values,
        fc.boolean(),
        async (nodes, source, target, linked) => {
          // what JSON may hold there although no connector should put it there
          const [one, two] = [entity('1', source as Fields), entity('2', target as Fields, AZURE)];
          const store = {
            counterparts: async () => [],
            linksOf: async () => [linked ? link(1, entity('1', {}), two) : undefined],
          };
          const plan = await planEntity({
            ...input(nodes, { store, connections: [system([one]), system([two])] }),
            ...{ side: 1, entity: one },
          });
          assert.ok(JSON.stringify(plan).length > 0);
        },
      ),
      { numRuns: 150 },
    );
  }).timeout(30_000);
});

describe('Planner: existing items', () => {
  const [bug] = PAIRS.typePairs;
  const lookUp: LookUpRule = {
    fields: [{ one: text('summary'), two: text('title'), how: 'equal' }],
    ...{ none: 'create', one: 'adopt', several: 'park', differing: 'rows' },
  };
  const there = ['Same', 'Twin', 'Twin'].map((title, index) =>
    entity(`t${index}`, { title }, { ...AZURE, createdAt: `2025-01-0${index + 1}T00:00:00Z` }),
  );
  const planned = async (titles: string[], rule: Partial<LookUpRule> = {}) => {
    const asked: unknown[] = [];
    const target: Connection = {
      ...system(there, [text('title')]),
      find: async ({ field }) => {
        asked.push(field?.values);
        return there.filter(({ fields }) => field?.values.includes(fields.title ?? null));
      },
    };
    const items = titles.map((summary, index) => entity(`s${index}`, { summary }));
    const typePairs = bug ? [{ ...bug, lookUp: { ...lookUp, ...rule } }] : [];
    const planner = new Planner(
      input([SUMMARY], { config: { ...CONFIG, typePairs }, connections: [system(items, [text('summary')]), target] }),
    );
    const plans = await planner.plan(1, items);
    return { plans, asked };
  };

  it('are linked in the plan, each once, and looked up together', async () => {
    const { plans, asked } = await planned(['Same', 'New', 'Same', 'Twin']);
    assert.deepEqual(
      plans.map(({ outcome, target, adopts }) => [outcome.kind, target?.id, adopts]),
      [
        ['nothing', 't0', true],
        ['create', undefined, undefined],
        ['create', undefined, undefined],
        ['parked', undefined, undefined],
      ],
    );
    assert.deepEqual(asked, [['Same', 'New', 'Twin']]);
    const [, , , twin] = plans;
    assert.match(
      twin?.outcome.kind === 'parked' ? twin.outcome.reason : '',
      /2 items in the target may belong to it: K-t1, K-t2/,
    );
  });

  it('decide what the rule says of none and several', async () => {
    const { plans } = await planned(['New', 'Twin'], { none: 'skip', several: 'adopt' });
    assert.deepEqual(
      plans.map(({ outcome, target }) => [outcome.kind, target?.id]),
      [
        ['skipped', undefined],
        ['nothing', 't1'],
      ],
    );
  });
});
