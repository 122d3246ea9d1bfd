/**
 * What the user's own documents say of defaults, people and list values, one test for each sentence. Where two sentences
 * say opposite things, each has a setting, and both readings are tested. The first document is the one on configuring an
 * integration, the second the one on quick checks before it.
 */

import assert from 'node:assert/strict';
import {
  compileFieldRows,
  compileUserRows,
  compileValueRows,
  directoryOf,
  type MappedFields,
  resolveUsers,
} from '../../lib/mapping';
import { indexSheet } from '../../lib/mapping/tables/sheet-index';
import { planCreate, planUpdate } from '../../lib/merge/fields';
import type { DefaultRow, Direction, FieldRow, Fields, SyncMessage, UserValue, ValueRow } from '../../lib/model';
import { DefaultMapperStep } from '../../lib/steps';
import { field, row } from './helper';

const [owner, lead] = [field('Owner', 'user'), field('Lead', 'user')];
const [priority, severity] = [field('Priority', 'lookup'), field('Severity', 'lookup')];
const [summary, title] = [field('Summary', 'text'), field('Title', 'text')];
const rows: FieldRow[] = [row(owner, lead), row(priority, severity), row(summary, title)];

const ANN: UserValue = { id: '1', name: 'Ann Lee', login: 'ann', email: 'ann@example.org' };
const TRIAGE: UserValue = { id: '2', name: 'Triage Team', login: 'triage', email: 'triage@example.org' };
const nobody: UserValue = { id: '77', name: 'No Body', email: 'nobody@example.org' };
const urgent = { id: '9', name: 'Urgent' };
const normal = { id: '3', name: 'Normal' };

interface Case {
  kind?: 'create' | 'update';
  direction?: Direction;
  defaults?: DefaultRow[];
  values?: ValueRow[];
  fields?: FieldRow[];
  people?: UserValue[];
}

/** Field mapper, value mapper, default mapper: what the writer receives. */
async function map(payload: Fields, given: Case): Promise<MappedFields> {
  const { kind = 'update', direction = 'forward', defaults = [], people = [ANN, TRIAGE] } = given;
  const values = given.values ?? [{ one: priority, two: severity, pairs: [], sameName: false }];
  const find = directoryOf(people);
  const mapped = compileFieldRows(given.fields ?? rows, direction)(payload);
  const valued = compileValueRows(values, direction)(mapped);
  const resolved = await resolveUsers(valued, compileUserRows(values, direction), find);
  const message: SyncMessage = {
    topic: '',
    payload: resolved.fields,
    sync: {
      ...{ integration: 'i', direction, event: '1.1', kind, pair: 'p', target: { type: 't', project: 'p' } },
      entity: { id: '7', key: 'DEMO-7', type: 'bug', project: 'DEMO', updatedAt: '2026-11-22T10:00:00Z' },
      ...{ changed: Object.keys(payload), mapped: resolved.mapped, unresolved: resolved.unresolved },
    },
  };
  const { payload: fields, sync } = await new DefaultMapperStep(defaults).map(message, { users: () => ({ find }) });
  return { fields, mapped: sync.mapped ?? {}, unresolved: sync.unresolved ?? {} };
}

/** What an update writes whose entity differs from what was last in sync in all its fields. */
const written = ({ fields, mapped, unresolved }: MappedFields, payload: Fields, before: Fields = {}) => {
  const old = Object.fromEntries(Object.keys(payload).map((id) => [id, 'as it was']));
  return planUpdate({
    ...{ direction: 'forward', wanted: fields, mapped, unresolved },
    source: { now: payload, base: old, updatedAt: '2' },
    target: { now: before, base: before, updatedAt: '1' },
  });
};

const person = (more: Partial<DefaultRow> = {}): DefaultRow => ({ field: lead, side: 2, value: TRIAGE, ...more });
const list = (more: Partial<DefaultRow> = {}): DefaultRow => ({ field: severity, side: 2, value: normal, ...more });

describe('What the documents say of default values', () => {
  it('“the default is written to the target field where no value comes from the mapped source fields”', async () => {
    const defaults: DefaultRow[] = [person(), list(), { field: title, side: 2, value: 'No title' }];
    const empty = { owner: null, priority: null, summary: '' };
    const wanted = { lead: TRIAGE, severity: normal, title: 'No title' };
    for (const kind of ['create', 'update'] as const) {
      const result = await map(empty, { kind, defaults });
      assert.deepEqual(result.fields, wanted, kind);
      assert.deepEqual(result.unresolved, {});
    }
    const changed = await map(empty, { defaults });
    assert.deepEqual(written(changed, empty, { lead: ANN }).write, wanted);
  });

  it('…and not where one comes', async () => {
    const payload = { owner: { email: 'ann@example.org' }, summary: 'Login fails' };
    const result = await map(payload, { defaults: [person(), { field: title, side: 2, value: 'No title' }] });
    assert.deepEqual(result.fields, { lead: ANN, title: 'Login fails' });
  });

  it('…in a row whose source is left to itself when it is empty: the target keeps what it has, and that is reported', async () => {
    const payload = { owner: null };
    const result = await map(payload, { defaults: [person({ empty: 'leave' })] });
    assert.equal('lead' in result.fields, false);
    const plan = written(result, payload, { lead: ANN });
    assert.deepEqual(plan.write, {});
    assert.match(plan.warnings[0]?.reason ?? '', /Lead: the source \(owner\) is empty; Lead is left as it is/);
  });

  it('…or emptied with the source, whatever the default is for; without a default it always is', async () => {
    for (const row of [person({ empty: 'clear' }), person({ value: undefined })]) {
      const payload = { owner: null };
      const result = await map(payload, { defaults: [row] });
      assert.deepEqual(written(result, payload, { lead: ANN }).write, { lead: null });
    }
  });

  it('…or parked, if it is empty now and was not before', async () => {
    const payload = { owner: null, summary: 'x' };
    const parked = await map(payload, { defaults: [person({ empty: 'park' })] });
    assert.equal(parked.unresolved.lead?.policy, 'park');
    const created = await map(payload, { kind: 'create', defaults: [person({ empty: 'park' })] });
    assert.equal(created.unresolved.lead?.policy, 'park');
  });

  it('“the default flow is bi-directional”: each side has its own default', async () => {
    const defaults = [person(), person({ field: owner, side: 1, value: ANN })];
    assert.deepEqual((await map({ owner: null }, { defaults })).fields, { lead: TRIAGE });
    const back = await map({ lead: null }, { defaults, direction: 'backward' });
    assert.deepEqual(back.fields, { owner: ANN });
  });

  it('“None is for a default in a target field that has no source field to be mapped”', async () => {
    const asConstant = [row(undefined, title, { direction: 'forward', constant: 'From Jira' })];
    const constant = await map({ summary: 'x' }, { kind: 'create', fields: asConstant });
    assert.deepEqual(constant.fields, { title: 'From Jira' });
    const defaults: DefaultRow[] = [{ field: title, side: 2, value: 'From Jira' }];
    const byDefault = await map({ other: 1 }, { kind: 'create', defaults });
    assert.deepEqual(byDefault.fields, { title: 'From Jira' });
    const plan = planCreate(byDefault.fields, byDefault.mapped, byDefault.unresolved);
    assert.deepEqual(plan.write, { title: 'From Jira' });
    // what people make of it afterwards is theirs
    assert.deepEqual((await map({ other: 1 }, { defaults })).fields, {});
  });
});

describe('What the documents say of defaults for people', () => {
  it('“as user name or e-mail, as the target expects it”: login, address and name are looked up there', async () => {
    for (const typed of [
      { name: 'triage' },
      { login: 'triage' },
      { email: 'triage@example.org' },
      { name: 'Triage Team' },
    ]) {
      const result = await map({ owner: null }, { defaults: [person({ value: typed })] });
      assert.deepEqual(result.fields.lead, TRIAGE, JSON.stringify(typed));
    }
  });

  it('…and a default whom the target does not know is reported, not passed on', async () => {
    const result = await map({ owner: null }, { defaults: [person({ value: { name: 'triaje' } })] });
    assert.equal('lead' in result.fields, false);
    assert.equal(result.unresolved.lead?.reason, 'Lead: the default "triaje" is not a user of the target system');
  });

  it('“the default is written if the source is missing or no such user is in the target” (one reading, the default)', async () => {
    const defaults = [person()];
    assert.deepEqual((await map({ owner: null }, { defaults })).fields, { lead: TRIAGE });
    const unknown = await map({ owner: nobody }, { defaults });
    assert.deepEqual(unknown.fields, { lead: TRIAGE });
    const plan = written(unknown, { owner: nobody });
    assert.deepEqual(plan.write, { lead: TRIAGE });
    assert.match(plan.warnings[0]?.reason ?? '', /"No Body" \(nobody@example.org\) is not a user of the target/);
  });

  it('“not if no such user is in the target, only if nothing comes” (the other reading): leave', async () => {
    const defaults = [person({ unresolved: 'leave' })];
    assert.deepEqual((await map({ owner: null }, { defaults })).fields, { lead: TRIAGE });
    const unknown = await map({ owner: nobody }, { defaults });
    assert.deepEqual(unknown.fields, {});
    assert.match(written(unknown, { owner: nobody }).warnings[0]?.reason ?? '', /is not a user of the target/);
  });

  it('…or the change waits for a person: park, while an empty source still gets the default', async () => {
    const defaults = [person({ unresolved: 'park' })];
    assert.equal((await map({ owner: nobody }, { defaults })).unresolved.lead?.policy, 'park');
    assert.deepEqual((await map({ owner: null }, { defaults })).fields, { lead: TRIAGE });
  });

  it('…and the other way round: a default for whom nobody knows, none for an empty source', async () => {
    const defaults = [person({ empty: 'clear' })];
    assert.deepEqual((await map({ owner: nobody }, { defaults })).fields, { lead: TRIAGE });
    assert.deepEqual((await map({ owner: null }, { defaults })).fields, { lead: null });
  });

  it('without a row nobody’s name is passed on to a target that does not know it: left, and reported', async () => {
    const result = await map({ owner: nobody }, {});
    assert.deepEqual(result.fields, {});
    assert.match(result.unresolved.lead?.reason ?? '', /is not a user of the target/);
  });
});

describe('What the documents say of people', () => {
  it('“users are mapped by e-mail; where it is the same in both systems, automatically”', async () => {
    const result = await map({ owner: { id: '50', name: 'Lee, Ann', email: 'Ann@Example.org' } }, { values: [] });
    assert.deepEqual(result.fields, { lead: ANN });
  });

  it('“where it is not, by the value mapping with an Excel sheet”', async () => {
    const sheet = indexSheet({ one: ['a.lee@old.example', 'T. Riage'], two: ['ann@example.org', 'triage'] });
    const table: ValueRow = { one: owner, two: lead, pairs: [] };
    const find = directoryOf([ANN, TRIAGE]);
    const resolve = async (who: UserValue) => {
      const mapped = compileFieldRows(rows, 'forward')({ owner: who });
      const tables = compileUserRows([table], 'forward', new Map([[table, sheet]]));
      return (await resolveUsers(mapped, tables, find)).fields.lead;
    };
    assert.deepEqual(await resolve({ id: '60', name: 'A. Lee', email: 'a.lee@old.example' }), ANN);
    assert.deepEqual(await resolve({ id: '61', name: 'T. Riage' }), TRIAGE);
  });
});

describe('What the documents say of list values', () => {
  const table: ValueRow = {
    ...{ one: priority, two: severity, sameName: false },
    pairs: [{ one: { id: '1', name: 'High' }, two: { id: '10', name: 'Major' }, direction: 'both' }],
  };

  it('“the values of look-up fields must be mapped”: what is mapped comes across', async () => {
    const result = await map({ priority: { id: '1', name: 'High' } }, { values: [table], defaults: [list()] });
    assert.deepEqual(result.fields, { severity: { id: '10', name: 'Major' } });
  });

  it('…and what is not gets the default if there is one, else the target is left alone; both are reported', async () => {
    const withDefault = await map({ priority: urgent }, { values: [table], defaults: [list()] });
    assert.deepEqual(withDefault.fields, { severity: normal });
    const without = await map({ priority: urgent }, { values: [table] });
    assert.deepEqual(without.fields, {});
    for (const result of [withDefault, without]) {
      assert.equal(result.unresolved.severity?.reason, 'Priority: "Urgent" has no match in Severity');
    }
  });

  it('…or leaves the target alone, or parks, where the row says so; an empty source still gets the default', async () => {
    for (const unresolved of ['leave', 'park'] as const) {
      const defaults = [list({ unresolved })];
      const result = await map({ priority: urgent }, { values: [table], defaults });
      assert.deepEqual(result.fields, {});
      assert.equal(result.unresolved.severity?.policy, unresolved);
      assert.deepEqual((await map({ priority: null }, { values: [table], defaults })).fields, { severity: normal });
    }
  });

  it('“look-up fields may have several values”: those with a counterpart come across, the others are reported', async () => {
    const many = { ...severity, multi: true };
    const fields = [row({ ...priority, multi: true }, many)];
    const values = [{ ...table, one: { ...priority, multi: true }, two: many }];
    const result = await map({ priority: [{ id: '1', name: 'High' }, urgent] }, { fields, values, defaults: [list()] });
    assert.deepEqual(result.fields, { severity: [{ id: '10', name: 'Major' }] });
    assert.match(result.unresolved.severity?.reason ?? '', /"Urgent" has no match/);
  });
});
