import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Change } from '../../lib/engine/write/change';
import { type Decision, decide, type Rules, type Seen, withoutStopped } from '../../lib/engine/write/decide';
import { policies } from '../../lib/merge/policies';
import type { FallbackPolicy, IntegrationConfig, TargetDeletedPolicy } from '../../lib/model/config';
import type { Direction, Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { MappedField, Unresolved } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import type { StoredEvent } from '../../lib/store/store';

const entity = (id: string, fields: Fields, updatedAt = '2026-01-01T10:00:00Z'): Entity => ({
  ...{ id, key: id, type: 'Bug', project: 'P', version: 'v2', updatedAt, fields },
});

interface Given {
  source: Fields;
  /** both were last in sync with it; absent = there is no link yet */
  base?: Fields;
  how?: Partial<MappedField>;
  unresolved?: Record<string, Unresolved>;
}

/** Source A-1, its counterpart B-1, one row for each field of the same name. */
function change({ source, base, how, unresolved }: Given): Change {
  const end = (system: string, id: string) => ({
    ...{ system, ref: { id, key: id, type: 'Bug', project: 'P' }, version: 'v1', baseline: base ?? {} },
  });
  const event: StoredEvent = {
    ...{ seq: 7, flow: { integration: 'both', side: 1 }, state: 'sent', entity: entity('A-1', source) },
    ...{ stale: false, delivery: 1, attempts: 0 },
    ...(base && { link: { id: 1, integration: 'both', ends: [end('one', 'A-1'), end('two', 'B-1')] } }),
  };
  const mapped = Object.fromEntries(Object.keys(source).map((field) => [field, { from: [field], ...how }]));
  return {
    ...{ seq: 7, delivery: 1, event, asMapped: source, notes: [] },
    message: {
      topic: 'both',
      payload: source,
      sync: {
        ...{ integration: 'both', direction: 'forward', event: '7.1', kind: base ? 'update' : 'create', pair: 'bug' },
        ...{ entity: event.entity, changed: Object.keys(source), target: { type: 'Bug', project: 'P' } },
        ...{ mapped, unresolved },
      },
    },
  };
}

const rules = (over: Partial<IntegrationConfig> = {}, holds = false): Rules => ({
  config: {
    ...{ id: 'both', name: 'Both', active: true, system1: 'one', system2: 'two', retries: 3, lostAfterMs: 600_000 },
    ...{ projectPairs: [], typePairs: [], ...over },
  },
  way: { direction: 'forward', side: 1, targetSide: 2 },
  holdsFields: () => holds,
});

const writes = (decision: Decision): Fields => ('plan' in decision ? decision.plan.write : {});
const PARKS: Unresolved = { value: 'Ann', reason: 'no counterpart for Ann', policy: 'park' };

describe('What becomes of a change', () => {
  it('without a link: it is created, whatever is seen', () => {
    for (const seen of ['unread', 'gone'] satisfies Seen[]) {
      const decision = decide(change({ source: { title: 'Cart loses items' } }), seen, rules());
      assert.equal(decision.do, 'create');
      assert.deepEqual(writes(decision), { title: 'Cart loses items' });
    }
  });

  it('without a link, and with a value that its row parks: it fails, named by field', () => {
    const decision = decide(
      change({ source: { title: 'Cart', owner: 'Ann' }, unresolved: { owner: PARKS } }),
      'gone',
      rules(),
    );
    assert.equal(decision.do, 'fail');
    assert.deepEqual(decision.do === 'fail' && decision.error.detail.fields, { owner: 'no counterpart for Ann' });
  });

  it('where nothing that is mapped has changed: nothing, and its counterpart is not even read', () => {
    const decision = decide(change({ source: { title: 'same' }, base: { title: 'same' } }), 'unread', rules());
    assert.equal(decision.do, 'nothing');
  });

  it('where something has changed: its counterpart has to be looked at', () => {
    const decision = decide(change({ source: { title: 'new' }, base: { title: 'old' } }), 'unread', rules());
    assert.deepEqual(decision, { do: 'look' });
  });

  it('is written where the counterpart is as it was', () => {
    const given = change({ source: { title: 'new', note: 'old' }, base: { title: 'old', note: 'old' } });
    const decision = decide(given, entity('B-1', { title: 'old', note: 'edited there' }), rules());
    assert.equal(decision.do, 'update');
    assert.deepEqual(writes(decision), { title: 'new' });
  });

  it('is nothing where the counterpart shows it already', () => {
    const given = change({ source: { title: 'new' }, base: { title: 'old' } });
    assert.equal(decide(given, entity('B-1', { title: 'new' }), rules()).do, 'nothing');
  });

  it('waits where the counterpart was not delivered: that is no deletion', () => {
    const given = change({ source: { title: 'new' }, base: { title: 'old' } });
    const decision = decide(given, new SyncError('transient', 'B-1 was not delivered'), rules());
    assert.equal(decision.do, 'fail');
    assert.equal(decision.do === 'fail' && decision.blame, 'own');
  });

  describe('whose counterpart is gone', () => {
    const given = () => change({ source: { title: 'new' }, base: { title: 'old' } });
    const table: [TargetDeletedPolicy | undefined, Decision['do']][] = [
      [undefined, 'fail'],
      ['park', 'fail'],
      ['ignore', 'skip'],
      ['create', 'resend'],
    ];
    for (const [targetDeleted, what] of table) {
      it(`policy ${targetDeleted ?? 'not chosen'}: ${what}`, () => {
        assert.equal(decide(given(), 'gone', rules({ targetDeleted })).do, what);
      });
    }

    it('policy create, once it has been through the flow as a create: a new counterpart, in the place of the old link', () => {
      const { event, ...rest } = given();
      // as it comes back after the flow was asked to make a create of it
      const again: StoredEvent = { ...event, error: { kind: 'notFound', message: 'gone', at: '2026-01-01T10:00:00Z' } };
      const decision = decide({ ...rest, event: again }, 'gone', rules({ targetDeleted: 'create' }));
      assert.equal(decision.do, 'createAgain');
      assert.equal(decision.do === 'createAgain' && decision.change.event.link, undefined);
      assert.equal(decision.do === 'createAgain' && decision.change.replaces, 1);
    });
  });

  describe('where both sides changed a field', () => {
    const contest = (conflict: FallbackPolicy, direction: Direction, newest: 'source' | 'target') => {
      const [source, target] = newest === 'source' ? ['2026-02-02', '2026-01-01'] : ['2026-01-01', '2026-02-02'];
      return policies[conflict]({ direction, source, target });
    };
    const table: [FallbackPolicy, Direction, 'source' | 'target', 'write' | 'keep' | 'park'][] = [
      ['newest', 'forward', 'source', 'write'],
      ['newest', 'forward', 'target', 'keep'],
      ['newest', 'backward', 'source', 'write'],
      ['system1', 'forward', 'target', 'write'],
      ['system1', 'backward', 'source', 'keep'],
      ['system2', 'forward', 'source', 'keep'],
      ['system2', 'backward', 'target', 'write'],
      ['park', 'forward', 'source', 'park'],
      ['park', 'backward', 'target', 'park'],
    ];
    for (const [policy, direction, newest, verdict] of table) {
      it(`policy ${policy}, ${direction}, the ${newest} is newer: ${verdict}`, () => {
        assert.equal(contest(policy, direction, newest), verdict);
      });
    }

    it('property: of the two directions exactly one writes, unless a person decides', () => {
      fc.assert(
        fc.property(fc.constantFrom('newest', 'system1', 'system2'), fc.string(), fc.string(), (policy, one, two) => {
          if (policy === 'newest' && one === two) return;
          const forward = policies[policy]({ direction: 'forward', source: one, target: two });
          const backward = policies[policy]({ direction: 'backward', source: two, target: one });
          assert.deepEqual(new Set([forward, backward]), new Set(['write', 'keep']));
        }),
      );
    });

    it('and its row parks: it fails, unless the fields may be held back by then', () => {
      const source = { title: 'mine', note: 'new' };
      const given = change({ source, base: { title: 'old', note: 'old' }, how: { conflict: 'park' } });
      const there = entity('B-1', { title: 'theirs', note: 'old' });
      const parked = decide(given, there, rules());
      assert.equal(parked.do, 'fail');
      assert.equal(parked.do === 'fail' && parked.error.kind, 'conflict');
    });

    it('and a value that parks is held back after the last attempt: the other fields are written', () => {
      const source = { title: 'new', owner: 'Ann' };
      const given = change({ source, base: { title: 'old', owner: 'Bob' }, unresolved: { owner: PARKS } });
      const there = entity('B-1', { title: 'old', owner: 'Bob' });
      assert.equal(decide(given, there, rules()).do, 'fail');
      const held = decide(given, there, rules({ parkFields: true }, true));
      assert.equal(held.do, 'update');
      assert.deepEqual(writes(held), { title: 'new' });
      assert.deepEqual(held.do === 'update' && held.withheld, { owner: 'no counterpart for Ann' });
    });
  });

  it('is written without what the systems keep changing back and forth, which is said', () => {
    const given = change({ source: { title: 'new', note: 'new' }, base: { title: 'old', note: 'old' } });
    const decision = decide(given, entity('B-1', { title: 'old', note: 'old' }), rules());
    assert.ok(decision.do === 'update');
    const { plan } = withoutStopped(decision, { note: 'stopped' });
    assert.deepEqual(plan.write, { title: 'new' });
    assert.deepEqual(plan.stopped, ['note']);
    assert.deepEqual(plan.warnings, [{ field: 'note', reason: 'stopped' }]);
  });

  it('is decided without effects: the same twice, and nothing given is changed', () => {
    const given = change({ source: { title: 'new' }, base: { title: 'old' }, how: { conflict: 'newest' } });
    const there = entity('B-1', { title: 'theirs' });
    const before = structuredClone({ given, there });
    assert.deepEqual(decide(given, there, rules()), decide(given, there, rules()));
    assert.deepEqual({ given, there }, before);
  });
});
