import assert from 'node:assert/strict';
import type { ReadResult } from '../../lib/connectors/connector';
import type { Condition } from '../../lib/mapping';
import { CREATED_BY } from '../../lib/mapping';
import type { Fields } from '../../lib/model';
import type { Side } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { type FilterDecision, FilterStep, readFilter } from '../../lib/steps';
import { QueryMembers } from '../../lib/steps/query-members';
import { ReadTogether } from '../../lib/steps/read-together';
import type { Link } from '../../lib/store/store';
import { message } from '../nodes/filter/harness';

const state = { id: 'state', name: 'State', type: 'lookup' } as const;
const open: Condition = { field: state, operator: 'is', value: { name: 'Open' } };

const end = (id: string, baseline: Fields) => ({
  system: id,
  ref: { id, key: `KEY-${id}`, type: 'Bug', project: 'P' },
  version: '1',
  baseline,
  leftOut: [],
});

/** Two linked items: DEMO-7 of side 1, and what side 2 has. */
function host(
  shown: Partial<Record<Side, Fields | SyncError>>,
  baselines: [Fields, Fields] = [{}, {}],
  inQuery: Record<string, boolean | SyncError> = {},
) {
  const asked: string[] = [];
  const link: Link = { id: 1, integration: 'integration', ends: [end('7', baselines[0]), end('70', baselines[1])] };
  return {
    asked,
    linkOf: async () => link,
    read: async (side: Side, id: string): Promise<ReadResult> => {
      asked.push(`${side}:${id}`);
      const fields = shown[side];
      if (fields === undefined || fields instanceof SyncError) return fields;
      return { ...end(id, {}).ref, version: '2', updatedAt: '2026-11-30T10:00:00Z', fields };
    },
    users: () => ({ find: async () => undefined }),
    addresses: () => [],
    lookUp: () => null,
    inQuery: async (side: Side, query: string, id: string) => {
      asked.push(`${side}:${query}:${id}`);
      const answer = inQuery[id] ?? false;
      if (answer instanceof SyncError) throw answer;
      return answer;
    },
  };
}

const step = (saved: object): FilterStep => new FilterStep(readFilter({ side: '1', ...saved }), 'test of the filter');
const update = (payload: Fields, more: Partial<SyncMessage['sync']> = {}) =>
  message(payload, { kind: 'update', ...more });

describe('filter: what it decides on', () => {
  it('passes what meets the conditions, and says why something does not', async () => {
    const filter = step({ conditions: [open] });
    const create = (name: string) => filter.decide(message({ state: { name } }, { kind: 'create' }), host({}));
    assert.equal((await create('open')).passes, true);
    const { passes, reason, explained } = await create('Closed');
    assert.deepEqual([passes, reason], [false, 'State is "Open": not met, it is "Closed"']);
    assert.equal(explained?.of[0]?.met, false);
  });

  it('lets new items and updates through apart', async () => {
    const closed = { state: { name: 'Closed' } };
    const only = (kinds: string, kind: 'create' | 'update') =>
      step({ kinds, live: true, conditions: [] }).decide(message(closed, { kind }), host({}));
    assert.equal((await only('create', 'create')).passes, true);
    assert.match((await only('create', 'update')).reason ?? '', /only new items/);
    assert.equal((await only('update', 'update')).passes, true);
    assert.match((await only('update', 'create')).reason ?? '', /only updates/);
  });

  it('keeps what is linked in sync, whatever its fields are by now, in both directions', async () => {
    const filter = step({ conditions: [open] });
    const shown = host({ 1: { state: { name: 'Closed' } } });
    assert.equal((await filter.decide(update({ state: { name: 'Closed' } }), shown)).notAsked, 'inSync');
    assert.equal((await filter.decide(update({}, { direction: 'backward' }), shown)).notAsked, 'otherSide');
    assert.deepEqual(shown.asked, []);
  });

  it('live: changes of the other side do not pass either while the item does not meet the conditions', async () => {
    const filter = step({ conditions: [open], live: true });
    const backward = update({}, { direction: 'backward' });
    assert.equal((await filter.decide(backward, host({ 1: { state: { name: 'Open' } } }))).passes, true);
    const closed = await filter.decide(backward, host({ 1: { state: { name: 'Closed' } } }));
    assert.deepEqual(
      [closed.passes, closed.reason],
      [false, 'its counterpart KEY-7: State is "Open": not met, it is "Closed"'],
    );
    // new items of the other side are its own filter's matter; a counterpart that is gone is the writer's
    assert.equal((await filter.decide(message({}, { kind: 'create', direction: 'backward' }), host({}))).passes, true);
    assert.equal((await filter.decide(backward, host({}))).passes, true);
  });

  it('leaves nothing out because a system does not answer', async () => {
    const filter = step({ conditions: [open], live: true });
    const away = host({ 1: new SyncError('transient', 'Bad gateway') });
    await assert.rejects(
      async () => filter.decide(update({}, { direction: 'backward' }), away),
      /cannot look at the linked item KEY-7 now: Bad gateway/,
    );
  });

  it('compares with fields of the linked item, and with last synced values', async () => {
    const linked = step({ live: true, conditions: [{ ...open, of: 'linked' }] });
    assert.equal((await linked.decide(update({}), host({ 2: { state: { name: 'Open' } } }))).passes, true);
    const { reason } = await linked.decide(update({}), host({ 2: { state: { name: 'Done' } } }));
    assert.equal(reason, 'State of the linked item is "Open": not met, it is "Done"');
    const was = step({ live: true, conditions: [{ ...open, operator: 'was' }] });
    const baselines: [Fields, Fields] = [{ state: { name: 'Open' } }, {}];
    assert.equal((await was.decide(update({ state: { name: 'Done' } }), host({}, baselines))).passes, true);
    assert.equal((await was.decide(update({ state: { name: 'Done' } }), host({}))).passes, false);
  });

  it('knows the author of a comment', async () => {
    const author = { id: CREATED_BY, name: 'Author', type: 'user' as const };
    const filter = step({ conditions: [{ field: author, operator: 'isNot', value: { login: 'bot' } }] });
    const by = (login: string): Promise<FilterDecision> | FilterDecision => {
      const { payload, sync } = message({ text: 'x' }, { kind: 'create' });
      const entity = { ...sync.entity, createdBy: { login } };
      return filter.decide({ topic: '', payload, sync: { ...sync, entity } }, host({}));
    };
    assert.equal((await by('bot')).passes, false);
    assert.equal((await by('ann')).passes, true);
  });

  it('asks for items that several messages need in one request', async () => {
    const requests: string[][] = [];
    const reads = new ReadTogether(async (ids) => {
      requests.push(ids);
      return ids.map(() => undefined);
    });
    await Promise.all(['1', '2', '1', '3'].map((id) => reads.of(id)));
    assert.deepEqual(requests, [['1', '2', '3']]);
  });
});

describe("filter: the system's own query", () => {
  const query = { by: 'query', query: 'labels = sync' };
  const found = (inQuery: Record<string, boolean | SyncError>) =>
    host({ 1: { state: { name: 'Open' } } }, undefined, inQuery);
  const own = message({}, { kind: 'create' }).sync.entity.id;

  it('passes what the query finds now, and says why something does not', async () => {
    assert.equal((await step(query).decide(message({}, { kind: 'create' }), found({ [own]: true }))).passes, true);
    const { passes, reason } = await step(query).decide(message({}, { kind: 'create' }), found({}));
    assert.deepEqual([passes, reason], [false, 'the query does not find it']);
  });

  it('keeps what is linked in sync, or asks about every change', async () => {
    const asked = found({});
    assert.equal((await step(query).decide(update({}), asked)).notAsked, 'inSync');
    assert.deepEqual(asked.asked, []);
    assert.equal((await step({ ...query, live: true }).decide(update({}), found({}))).passes, false);
    assert.equal((await step({ ...query, live: true }).decide(update({}), found({ [own]: true }))).passes, true);
  });

  it('live: a change of the other side passes while the query finds its counterpart', async () => {
    const backward = update({}, { direction: 'backward' });
    const live = step({ ...query, live: true });
    assert.equal((await live.decide(backward, found({ 7: true }))).passes, true);
    const { reason } = await live.decide(backward, found({}));
    assert.equal(reason, 'its counterpart KEY-7: the query does not find it');
  });

  it('judges a comment by its item', async () => {
    const { payload, sync } = message({ text: 'x' }, { kind: 'create' });
    const owner = { id: '700', key: 'DEMO-700', type: 'Bug' };
    const comment = { topic: '', payload, sync: { ...sync, entity: { ...sync.entity, owner } } };
    const asked = found({ 700: true });
    assert.equal((await step(query).decide(comment, asked)).passes, true);
    assert.deepEqual(asked.asked, ['1:labels = sync:700']);
  });

  it('leaves nothing out because the system refuses the query, or because there is none', async () => {
    const refused = found({ [own]: new SyncError('invalid', 'Unknown field') });
    await assert.rejects(async () => step(query).decide(message({}, { kind: 'create' }), refused), /Unknown field/);
    await assert.rejects(
      async () => step({ by: 'query' }).decide(message({}, { kind: 'create' }), found({ [own]: true })),
      /The filter has no query/,
    );
  });

  it('asks about the items of several messages in one request, and of a batch that is expected as well', async () => {
    const requests: string[][] = [];
    const members = new QueryMembers(async (_side, _query, ids) => {
      requests.push(ids);
      return new Set(['1', '3']);
    });
    const each = ['1', '2', '3'].map((id) => members.has(1, 'q', id));
    assert.deepEqual(await Promise.all(each), [true, false, true]);
    members.expect(1, ['3', '4']);
    assert.deepEqual([await members.has(1, 'q', '4'), await members.has(1, 'q', '3')], [false, true]);
    assert.deepEqual(requests, [
      ['1', '2', '3'],
      ['3', '4'],
    ]);
  });
});

describe('filter: an expression', () => {
  let filter: FilterStep | undefined;
  afterEach(() => filter?.close());
  const decide = async (expression: string, payload: Fields): Promise<FilterDecision> => {
    filter?.close();
    filter = step({ by: 'expression', expression });
    return filter.decide(message(payload, { kind: 'create' }), host({}));
  };

  it('passes what it is true for', async () => {
    assert.equal(
      (await decide('state.name = "Open" and estimate > 3', { state: { name: 'Open' }, estimate: 5 })).passes,
      true,
    );
    const { passes, reason } = await decide('state.name = "Open"', { state: { name: 'Done' } });
    assert.deepEqual([passes, reason], [false, 'the expression is not true for it']);
    assert.equal((await decide('labels[$ = "ui"]', { labels: ['db'] })).passes, false);
    assert.equal((await decide('', {})).passes, true);
  });

  it('that fails leaves nothing out: the change fails with its reason, and one that does not end is ended', async () => {
    await assert.rejects(decide('summary.$number()', { summary: 'x' }), /The filter's expression failed: .+/);
    await assert.rejects(
      decide('($f := function($n) { $f($n + 1) }; $f(0))', {}),
      /The filter's expression failed: .+/,
    );
  });
});
