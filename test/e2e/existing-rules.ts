/**
 * Items that are on both sides before they are synced: each rule of look-ups and of bringing over, between two systems that really
 * work. The engine and its store are the real ones; the flow in between copies two fields.
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import { equalValues } from '../../lib/mapping/compare';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig, LookUpRule } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import type { Fields, FieldType, Value } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { HOSTILE } from '../support/hostile';
import { until } from '../support/wait';

/** A system of the two, seen by Twinflow's account and by a person. */
export interface ExistingEnd {
  sync: Connection;
  person: Connection;
  project: string;
  type: string;
}

export interface ExistingEnds {
  one: ExistingEnd;
  two: ExistingEnd;
  /** a text, and another field; the same on both sides */
  title: string;
  second: { id: string; type: FieldType };
  /** values of the second one */
  values: readonly [Value, Value];
}

class Pair {
  readonly results: SyncResult[] = [];
  readonly parked: SyncError[] = [];
  writes = 0;
  private readonly readers: Reader[] = [];

  private constructor(
    readonly integration: Integration,
    readonly store: Store,
  ) {}

  static async start(ends: ExistingEnds, lookUp: LookUpRule, direction: 'both' | 'forward'): Promise<Pair> {
    const store = await openSqliteStore({ file: ':memory:' });
    const choice = (id: string) => ({ id, name: id });
    const config: IntegrationConfig = {
      ...{
        id: 'existing',
        name: 'Existing',
        active: true,
        system1: 's1',
        system2: 's2',
        retries: 0,
        lostAfterMs: 600_000,
      },
      projectPairs: [{ one: choice(ends.one.project), two: choice(ends.two.project), direction }],
      typePairs: [{ id: 'pair', one: choice(ends.one.type), two: choice(ends.two.type), direction, lookUp }],
    };
    let pair: Pair | undefined;
    const counted = ({ sync }: ExistingEnd): Connection =>
      counting(sync, (operations) => {
        if (pair) pair.writes += operations;
      });
    const systems = [
      new System('s1', 'One', () => counted(ends.one), systemClock),
      new System('s2', 'Two', () => counted(ends.two), systemClock),
    ] as const;
    const made = new Integration(config, systems, store, systemClock, {
      landed: (result) => void pair?.results.push(result),
      failed: (_event, error, isParked) => void (isParked && pair?.parked.push(error)),
    });
    pair = new Pair(made, store);
    await made.start();
    const relevant = { fields: new Set([ends.title, ends.second.id]), always: false };
    made.declare('mapper', { 1: relevant, 2: relevant });
    const writer = made.writer({ batchSize: 50, dryRun: false });
    const types: [string, FieldType][] = [
      [ends.title, 'text'],
      [ends.second.id, ends.second.type],
    ];
    const copy = (message: SyncMessage): void => {
      const { payload, sync } = message;
      message.payload = Object.fromEntries(types.map(([field]) => [field, named(payload[field] ?? null)]));
      sync.mapped = Object.fromEntries(types.map(([field, type]) => [field, { from: [field], type }]));
      writer.accept(message).catch(() => undefined);
    };
    for (const side of direction === 'both' ? ([1, 2] as const) : ([1] as const)) {
      pair.readers.push(
        made.reader(side, { pageSize: 100, window: 100, start: { kind: 'newest' } }, copy, () => undefined),
      );
    }
    await pair.poll();
    return pair;
  }

  async poll(): Promise<void> {
    for (const reader of this.readers) await reader.poll();
  }

  /** All that was read has its outcome. */
  async rest(): Promise<void> {
    await until(
      'nothing is under way',
      async () => {
        const counts = await this.integration.counts();
        return counts.every(({ waiting, held, sent, retry }) => waiting + held + sent + retry === 0);
      },
      60_000,
    );
  }

  async sync(): Promise<void> {
    await this.poll();
    await this.rest();
  }

  async linked(id: string): Promise<string | undefined> {
    return (await this.store.linkOf('existing', 1, id))?.ends[1].ref.id;
  }

  async stop(): Promise<void> {
    await this.integration.stop();
    await this.store.close();
  }
}

/** The target has ids of its own. */
const named = (value: Fields[string]): Fields[string] =>
  typeof value === 'object' && value !== null && 'name' in value && value.name ? { name: value.name } : value;

/** The connection, which counts what is written. */
const counting = (connection: Connection, count: (operations: number) => void): Connection =>
  new Proxy(connection, {
    get: (target, name): unknown => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...given: unknown[]) => unknown;
      if (name !== 'write') return call;
      return (scope: unknown, operations: unknown[]) => {
        count(operations.length);
        return call(scope, operations);
      };
    },
  });

export function existingRules(open: () => ExistingEnds): void {
  let ends: ExistingEnds;
  let pair: Pair;
  let count = 0;
  const run = Date.now().toString(36);
  const unique = (text: string): string => {
    count += 1;
    return `${text} ${run}${count}`;
  };

  before(() => {
    ends = open();
  });
  afterEach(() => pair?.stop());

  const rule = (set: Partial<LookUpRule> = {}): LookUpRule => {
    const title = { id: ends.title, name: 'Title', type: 'text' as const };
    const fields = [{ one: title, two: title, how: 'equal' as const }];
    return { fields, ...{ none: 'create', one: 'adopt', several: 'park', differing: 'rows' }, ...set };
  };
  const start = async (set: Partial<LookUpRule> = {}, direction: 'both' | 'forward' = 'forward'): Promise<void> => {
    pair = await Pair.start(ends, rule(set), direction);
  };
  const make = async (end: 'one' | 'two', titles: string[], value?: Value): Promise<Entity[]> => {
    const { person, project, type } = ends[end];
    const second = value === undefined ? {} : { [ends.second.id]: value };
    const operations = titles.map((title) => ({
      ...{ kind: 'create' as const, project, type },
      fields: { [ends.title]: title, ...second },
    }));
    const results = (await person.write?.({ projects: [project], types: [type] }, operations)) ?? [];
    return results.map((result) => (result.ok ? result.entity : assert.fail(result.error)));
  };
  const called = async (end: 'one' | 'two', title: string): Promise<Entity[]> => {
    const { sync, project, type } = ends[end];
    const found = await sync.find?.({ project, type, field: { id: ends.title, values: [title], how: 'equal' } }, 20);
    return (found ?? []).map((one) => (one instanceof Error ? assert.fail(one) : one));
  };

  it('what is there is linked by its title, whatever signs are in it; the rest is created; a second run changes nothing', async () => {
    const titles = HOSTILE.map(unique);
    const there = await make('two', titles);
    const here = await make('one', titles);
    const [fresh] = await make('one', [unique('only on side 1')]);
    await start({}, 'both');
    const since = here[0]?.createdAt;
    await pair.integration.existing.start(1, { types: [ends.one.type], since });
    await until('all is read', () => pair.integration.existing.view(1)?.state === 'done', 60_000);
    await pair.rest();
    for (const [index, entity] of here.entries())
      assert.equal(await pair.linked(entity.id), there[index]?.id, titles[index]);
    for (const title of titles) assert.equal((await called('two', title)).length, 1, title);
    assert.equal((await called('two', String(fresh?.fields[ends.title]))).length, 1);
    const writes = pair.writes;
    await pair.sync();
    await pair.integration.existing.start(1, { types: [ends.one.type], since });
    await until('all is read again', () => pair.integration.existing.view(1)?.state === 'done', 60_000);
    await pair.rest();
    assert.equal(pair.writes, writes, 'a second run changes nothing');
  });

  for (const [none, made, parked] of [
    ['skip', 0, 0],
    ['park', 0, 1],
    ['create', 1, 0],
  ] as const) {
    it(`nothing is found: ${none}`, async () => {
      await start({ none });
      const title = unique('new');
      await make('one', [title]);
      await pair.sync();
      assert.deepEqual([(await called('two', title)).length, pair.parked.length], [made, parked]);
    });
  }

  for (const [one, items, links] of [
    ['adopt', 1, 1],
    ['create', 2, 1],
    ['skip', 1, 0],
    ['park', 1, 0],
  ] as const) {
    it(`one is found: ${one}`, async () => {
      await start({ one });
      const title = unique('one');
      const [there] = await make('two', [title]);
      const [here] = await make('one', [title]);
      await pair.sync();
      const link = await pair.linked(here?.id ?? '');
      assert.deepEqual([(await called('two', title)).length, link === undefined ? 0 : 1], [items, links]);
      assert.equal(link === there?.id, one === 'adopt');
      assert.equal(pair.parked.length, one === 'park' ? 1 : 0);
    });
  }

  for (const [several, items] of [
    ['park', 2],
    ['skip', 2],
    ['adopt', 2],
    ['create', 3],
  ] as const) {
    it(`several are found: ${several}`, async () => {
      await start({ several });
      const title = unique('twin');
      const [first] = await make('two', [title, title]);
      const [here] = await make('one', [title]);
      await pair.sync();
      assert.equal((await called('two', title)).length, items);
      const link = await pair.linked(here?.id ?? '');
      if (several === 'adopt') assert.equal(link, first?.id);
      if (several === 'park') assert.match(pair.parked[0]?.message ?? '', /2 items in Two may belong to it/);
    });
  }

  it('titles are the same in any case, and a word of a title is found in another, if the rule says so', async () => {
    const title = { id: ends.title, name: 'Title', type: 'text' as const };
    await start({ fields: [{ one: title, two: title, how: 'ignoreCase' }] });
    const tag = unique('tag');
    const [found] = await make('two', [`ÄRGER mit Login ${tag}`]);
    const [item] = await make('one', [`ärger MIT login ${tag}`]);
    await pair.sync();
    assert.equal(await pair.linked(item?.id ?? ''), found?.id);
    await pair.stop();
    await start({ fields: [{ one: title, two: title, how: 'inside' }] });
    const key = unique('EXT').replace(' ', '-');
    await make('two', [`see ${key}7 (another)`]);
    const [copy] = await make('two', [`see ${key} (copied)`]);
    const [original] = await make('one', [key]);
    await pair.sync();
    assert.equal(await pair.linked(original?.id ?? ''), copy?.id);
  });

  for (const [differing, winner] of [
    ['source', 'one'],
    ['target', 'two'],
    ['newest', 'one'],
    ['rows', 'one'],
    ['park', undefined],
  ] as const) {
    it(`a field differs: ${differing}`, async () => {
      const [low, high] = ends.values;
      await start({ differing }, 'both');
      const title = unique('differs');
      const [there] = await make('two', [title], low);
      // times are whole seconds
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const [here] = await make('one', [title], high);
      const [reader] = pair.integration.readersOf(1);
      await reader?.poll();
      await pair.rest();
      if (winner !== undefined) {
        await pair.sync();
        await pair.sync();
      }
      const shownBy = async (end: 'one' | 'two', id: string | undefined): Promise<Value | undefined> => {
        const { sync, project, type } = ends[end];
        const [entity] = await sync.read({ projects: [project], types: [type] }, [id ?? '']);
        return entity && !(entity instanceof Error) ? entity.fields[ends.second.id] : undefined;
      };
      const [one, two] = [await shownBy('one', here?.id), await shownBy('two', there?.id)];
      const same = (shown: Value | undefined, wanted: Value): void =>
        assert.ok(
          equalValues(shown, wanted, ends.second.type),
          `${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`,
        );
      same(one, winner === 'two' ? low : high);
      same(two, winner === 'one' ? high : low);
      if (winner === undefined) assert.deepEqual(Object.keys(pair.parked[0]?.detail.fields ?? {}), [ends.second.id]);
      assert.equal((await called('two', title)).length, 1);
    });
  }
}
