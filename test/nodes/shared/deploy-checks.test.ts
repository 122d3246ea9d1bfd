import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeAPI } from 'node-red';
import type { DefaultRow, EntityType, Field, IntegrationConfig, LookupValue, UserValue } from '../../../lib/model';
import { SyncError } from '../../../lib/model/errors';
import defaultMapper from '../../../nodes/default-mapper/default-mapper';
import fieldMapper from '../../../nodes/field-mapper/field-mapper';
import {
  type CheckedIntegration,
  type CheckedMapper,
  DeployChecks,
  type PlacedFinding,
} from '../../../nodes/runtime/deploy-checks';
import { hostOf } from '../../../nodes/runtime/host';
import valueMapper from '../../../nodes/value-mapper/value-mapper';
import { declared, field, row } from '../../mapping/helper';
import { deploy, logged, startRuntime, stopRuntime, unload } from '../filter/harness';

const both = 'both' as const;
const CONFIG: IntegrationConfig = {
  ...{ id: 'i', name: 'Both', active: true, system1: 's1', system2: 's2', retries: 3, lostAfterMs: 1 },
  projectPairs: ['Demo', 'Shop'].map((name) => ({
    ...{ one: { id: name, name }, two: { id: `two-${name}`, name }, direction: both },
  })),
  typePairs: [
    { id: 'bug', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Defect', name: 'Defect' }, direction: both },
    { id: 'story', one: { id: 'Story', name: 'Story' }, two: { id: 'Story', name: 'Story' }, direction: both },
  ],
};
const values = (...names: string[]): LookupValue[] => names.map((name, index) => ({ id: String(index + 1), name }));

/** Two systems that count what they are asked; their fields, or that they are away, can be changed. */
function systems() {
  const asked: string[] = [];
  const state: {
    fields: (side: 1 | 2, project: string, type: string) => Field[];
    types: (side: 1 | 2) => EntityType[];
    people: UserValue[];
    paused: boolean;
    config: IntegrationConfig;
  } = {
    fields: (side) => (side === 1 ? [declared('Summary', 'text')] : [declared('Title', 'text')]),
    types: () => [],
    people: [],
    paused: false,
    config: CONFIG,
  };
  const integration: CheckedIntegration = {
    get config() {
      return state.config;
    },
    connection: (side) => ({
      async fields(project, type) {
        asked.push(`${side} ${project} ${type}`);
        return state.fields(side, project, type);
      },
      entityTypes: async () => state.types(side),
    }),
    users: () => ({
      async find({ login, name }) {
        asked.push(`who is ${login ?? name}`);
        return state.people.find((one) => (login ? one.login === login : one.name === name));
      },
    }),
    mayAsk: () => !state.paused,
  };
  const checks = new DeployChecks((id) => (id === 'i' ? integration : undefined), 20);
  const told = new Map<string, string[]>();
  const add = (id: string, mapper: CheckedMapper, pairs: 'all' | string[] = 'all') => {
    const report = (found: PlacedFinding[]): void => {
      told.set(
        id,
        found.map(({ level, code, label, where }) => `${level} ${code} [${label}] ${where}`),
      );
    };
    checks.add('i', { id, pairs, mapper, report });
  };
  return { checks, state, asked, told, add };
}

const rows = [row(field('Summary', 'text'), field('Title', 'text'))];
const noSheets = async () => new Map();

describe('checks after a deploy', () => {
  it('ask each system once for each pair of projects and types, whatever the number of mappers', async () => {
    const { checks, asked, told, add } = systems();
    add('fields', { kind: 'fields', rows });
    add('values', { kind: 'values', rows: [], domains: [], sheets: noSheets });
    add('defaults', { kind: 'defaults', rows: [] });
    await checks.run();
    assert.deepEqual(asked.sort(), [
      ...['1 Demo Bug', '1 Demo Story', '1 Shop Bug', '1 Shop Story'],
      ...['2 two-Demo Defect', '2 two-Demo Story', '2 two-Shop Defect', '2 two-Shop Story'],
    ]);
    assert.equal(told.size, 0);
  });

  it('name types of the target that can only be read, or only be created, in the directions that lead there', async () => {
    const { checks, state, told, add } = systems();
    state.types = (side) =>
      side === 2
        ? [
            { id: 'Defect', name: 'Defect', access: 'read' },
            { id: 'Story', name: 'Story', access: 'create' },
          ]
        : [{ id: 'Bug', name: 'Bug' }];
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.deepEqual(told.get('fields'), [
      'error readOnlyType [Defect] Bug ↔ Defect (Demo)',
      'note createOnlyType [Story] Story (Demo)',
    ]);
    state.config = { ...CONFIG, typePairs: CONFIG.typePairs.map((pair) => ({ ...pair, direction: 'backward' })) };
    told.clear();
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.equal(told.size, 0);
  });

  it('look at no types that no mapper works on, and not again at what has not been deployed again', async () => {
    const { checks, asked, add } = systems();
    add('fields', { kind: 'fields', rows }, ['story']);
    await checks.run();
    assert.deepEqual(asked.sort(), ['1 Demo Story', '1 Shop Story', '2 two-Demo Story', '2 two-Shop Story']);
    await checks.run();
    assert.equal(asked.length, 4);
  });

  it('name types and projects where a field is gone, once for all of them, the worst first', async () => {
    const { checks, state, told, add } = systems();
    state.fields = (side, _project, type) =>
      side === 1
        ? [declared('Headline', 'text', { id: 'summary' })]
        : type === 'Story'
          ? [declared('Other', 'text')]
          : [declared('Title', 'text')];
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.deepEqual(told.get('fields'), [
      'error unknownField [Summary ↔ Title] Story (Demo)',
      'note renamed [Summary ↔ Title] Bug ↔ Defect (Demo)',
    ]);
  });

  it('say nothing of a system that cannot be asked, nor ask it any further', async () => {
    const { checks, state, asked, told, add } = systems();
    state.fields = (side) => {
      if (side === 2) throw new SyncError('transient', 'HTTP 503');
      return [declared('Summary', 'text')];
    };
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.equal(asked.filter((question) => question.startsWith('2')).length, 1);
    assert.equal(told.size, 0);
  });

  it('leave systems alone that are paused, and integrations that are switched off', async () => {
    const { checks, state, asked, add } = systems();
    state.paused = true;
    add('fields', { kind: 'fields', rows });
    await checks.run();
    state.paused = false;
    state.config = { ...CONFIG, active: false };
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.deepEqual(asked, []);
  });

  it('tell of required fields only in directions in which entities are made', async () => {
    const { checks, state, told, add } = systems();
    state.config = {
      ...CONFIG,
      typePairs: [{ ...CONFIG.typePairs[0], direction: 'backward' } as (typeof CONFIG.typePairs)[0]],
    };
    const need = (name: string) => declared(name, 'text', { required: true });
    state.fields = (side) =>
      side === 1 ? [declared('Summary', 'text'), need('Area')] : [declared('Title', 'text'), need('Team')];
    add('fields', { kind: 'fields', rows });
    await checks.run();
    assert.deepEqual(told.get('fields'), ['error unmapped [Area] Bug ← Defect (Demo)']);
  });

  it('tell of lists without the same values once, whichever mapper is there to tell', async () => {
    const lists = [row(field('Prio', 'lookup'), field('Rank', 'lookup'), { direction: 'forward' })];
    const { checks, state, told, add } = systems();
    state.fields = (side) =>
      side === 1
        ? [declared('Prio', 'lookup', { values: values('High', 'Low') })]
        : [declared('Rank', 'lookup', { values: values('Low') })];
    add('fields', { kind: 'fields', rows: lists });
    await checks.run();
    assert.deepEqual(told.get('fields'), ['warning noTable [Prio → Rank] Bug ↔ Defect (Demo)']);
    told.clear();
    for (const id of ['first', 'second']) add(id, { kind: 'values', rows: [], domains: [], sheets: noSheets });
    await checks.run();
    assert.deepEqual([...told.keys()], ['first']);
  });

  it('look up default people who are given by name, and tell of those whom nobody knows', async () => {
    const { checks, state, told, add } = systems();
    const lead = declared('Lead', 'user');
    state.fields = (side) => (side === 1 ? [] : [lead, { ...lead, id: 'tester', name: 'Tester' }]);
    state.people = [{ id: '5', login: 'triage' }];
    const defaults: DefaultRow[] = [
      { field: field('Lead', 'user'), side: 2, value: { name: 'triage' } },
      { field: { ...field('Tester', 'user') }, side: 2, value: { name: 'triaje' } },
    ];
    add('defaults', { kind: 'defaults', rows: defaults });
    await checks.run();
    assert.deepEqual(told.get('defaults'), ['error unknownPerson [Tester] Bug ↔ Defect (Demo)']);
  });

  it('come a while after the flows have started, once, and tell no node that is gone meanwhile', async () => {
    const { checks, state, asked, told, add } = systems();
    state.fields = () => [];
    add('fields', { kind: 'fields', rows });
    checks.deployed();
    checks.deployed();
    assert.equal(asked.length, 0);
    await sleep(60);
    assert.equal(asked.length, 8);
    assert.equal(told.has('fields'), true);
    told.clear();
    add('fields', { kind: 'fields', rows });
    const running = checks.run();
    checks.remove('fields');
    await running;
    assert.equal(told.size, 0);
  });

  it('never throw: not for an integration or system that is not there, not for a sheet that can’t be read', async () => {
    const { checks, told, add } = systems();
    const report = (): void => assert.fail('nothing to tell');
    checks.add('gone', { id: 'x', pairs: 'all', mapper: { kind: 'fields', rows }, report });
    const broken = () => Promise.reject(new Error('broken'));
    add('values', { kind: 'values', rows: [], domains: [], sheets: broken });
    await checks.run();
    assert.equal(told.size, 0);
  });
});

describe('mapper nodes after a deploy', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  /** Deploys the mapper and looks at once, in place of a few seconds later. */
  const look = async (module: (RED: NodeAPI) => void, node: Record<string, unknown> & { type: string }) => {
    let red: NodeAPI | undefined;
    const capture = (RED: NodeAPI): void => {
      red = RED;
      // the helper has no catalogues: what a sentence says is in its variables
      module({ ...RED, _: (key: string, variables?: object) => `${key} ${JSON.stringify(variables ?? {})}` });
    };
    const step = await deploy(capture, { pairs: ['bug'], ...node });
    assert.ok(red);
    await hostOf(red).checks.run();
    // the helper tells of a status a moment later
    await sleep(20);
    return { status: step.status(), warned: logged() };
  };
  const status = { id: 'status', name: 'Status', type: 'lookup' };
  const state = { id: 'System.State', name: 'State', type: 'lookup' };
  const yellow = (shown: unknown): unknown => (shown as { fill?: string } | undefined)?.fill;

  it('warn of a field that is gone and a list without counterparts: field mapper', async () => {
    const { status: shown, warned } = await look(fieldMapper, {
      type: 'twinflow-field-mapper',
      rows: [
        { one: status, two: state, direction: 'both' },
        {
          one: { id: 'summary', name: 'Summary', type: 'text' },
          two: { id: 'Custom.Gone', name: 'Gone', type: 'text' },
        },
      ],
    });
    assert.equal(yellow(shown), 'yellow');
    assert.match(warned, /Bug \(Demo ↔ Fabrikam\): Summary ↔ Gone: /);
    assert.match(warned, /Status ↔ State \(→\): /);
  });

  it('warn of values that a list no longer has: value mapper', async () => {
    const pair = (one: string, two: string) => ({ one: { name: one }, two: { name: two }, direction: 'both' });
    const { status: shown, warned } = await look(valueMapper, {
      type: 'twinflow-value-mapper',
      rows: [{ one: status, two: state, pairs: [pair('To Do', 'New'), pair('Asleep', 'Active')] }],
    });
    assert.equal(yellow(shown), 'yellow');
    assert.match(warned, /Bug \(Demo ↔ Fabrikam\): Status ↔ State/);
  });

  it('count what a sheet on the disk has, and warn of what it leads to nothing: value mapper', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-checks-'));
    const path = join(folder, 'states.csv');
    writeFileSync(path, 'Jira;Azure\nTO DO;New\nIn Progress;Active\nIn Review;Resolvd\n');
    const sheet = { from: { kind: 'path', path }, sheet: '', one: 'Jira', two: 'Azure' };
    const node = (more: object) => ({
      type: 'twinflow-value-mapper',
      rows: [{ one: status, two: state, pairs: [], sameName: false, sheet, ...more }],
    });
    const { warned } = await look(valueMapper, node({}));
    assert.match(warned, /Status ↔ State \(→\): [^\n]*unpaired [^\n]*"list":"Done"/);
    assert.match(warned, /Status ↔ State: [^\n]*goneValues [^\n]*"list":"Resolvd"/);
    await unload();
    const strict = await look(valueMapper, node({ ignoreCase: false }));
    assert.match(strict.warned, /\(→\): [^\n]*unpaired [^\n]*"list":"To Do, Done"/);
    rmSync(folder, { recursive: true });
  });

  it('warn of a default that the list does not have: default mapper', async () => {
    const { status: shown, warned } = await look(defaultMapper, {
      type: 'twinflow-default-mapper',
      rows: [{ field: state, side: 2, value: { id: '99', name: 'Asleep' } }],
    });
    assert.equal(yellow(shown), 'yellow');
    assert.match(warned, /Bug \(Demo ↔ Fabrikam\): State: /);
  });

  it('say nothing where all is well', async () => {
    const { status: shown, warned } = await look(defaultMapper, {
      type: 'twinflow-default-mapper',
      rows: [{ field: state, side: 2, value: { name: 'New' } }],
    });
    assert.deepEqual(shown, {}, 'what an earlier deploy has shown is cleared');
    assert.equal(warned, '');
  });
});
