import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangePage, Checkpoint, Connection, Scope } from '../../lib/connectors/connector';
import { type Group, type Member, SharedPolls } from '../../lib/engine/read/shared-polls';

const MINUTE = 60_000;
const scope: Scope = { projects: ['P'], types: ['Bug'] };

/** A system of which only the changes are asked for: its checkpoints move with each poll, also if nothing has changed. */
class Feed {
  now = Date.UTC(2026, 10, 1);
  readonly changed: { id: string; at: number }[] = [];
  requests = 0;
  fails: Error | undefined;
  /** a checkpoint is of so many changes, those at its border come again: as of clocks with whole minutes */
  grain = 1;
  readonly polls = new SharedPolls({ now: () => this.now });

  readonly connection: Pick<Connection, 'changes'> = { changes: (_scope, since, size) => this.changes(since, size) };

  change(id: string): void {
    this.changed.push({ id, at: this.now });
  }

  private async *changes(since: Checkpoint | undefined, size: number): AsyncGenerator<ChangePage> {
    for (let from = Number(since?.seen ?? 0); ; ) {
      await Promise.resolve();
      this.requests += 1;
      if (this.fails) throw this.fails;
      const some = this.changed.slice(from, from + size);
      from += some.length;
      const entities = some.map(({ id, at }) => {
        const updatedAt = new Date(at).toISOString();
        return { id, key: id, type: 'Bug', project: 'P', version: id, updatedAt, fields: {} };
      });
      const seen = Math.floor(from / this.grain) * this.grain;
      yield { entities, checkpoint: this.grain === 1 ? { seen, at: this.now } : { seen } };
      if (some.length < size) return;
    }
  }
}

/** One of many integrations. */
class Reading {
  since: Checkpoint | undefined;
  readonly read: string[] = [];
  private running: Promise<void> | undefined;
  private readonly member: Member;

  constructor(
    private readonly feed: Feed,
    private readonly group: Group,
    private readonly pageSize = 100,
    readonly freshMs = MINUTE / 2,
  ) {
    this.member = { wake: () => this.poll() };
  }

  poll(freshMs = this.freshMs, most = Number.POSITIVE_INFINITY): Promise<void> {
    // as a reader does: what is asked for now is not answered by what runs already
    if (this.running && freshMs < this.freshMs) return this.running.then(() => this.poll(freshMs, most));
    this.running ??= this.pages(freshMs, most).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** It stops after so many pages, as one that dies does: what it has stored is what it has been given. */
  private async pages(freshMs: number, most: number): Promise<void> {
    const { since, pageSize } = this;
    const connection = { ...this.feed.connection } as Connection;
    let count = 0;
    const request = { scope, since, pageSize, freshMs, sequence: async () => 0 };
    for await (const { page } of this.group.changes(this.member, connection, request)) {
      this.read.push(...page.entities.map(({ id }) => id));
      this.since = page.checkpoint;
      count += 1;
      if (count >= most) return;
    }
  }

  leave(): void {
    this.group.leave(this.member);
  }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
};

describe('polls that integrations on one system share', () => {
  const many = (feed: Feed, count: number, pageSize = 100): Reading[] => {
    const group = feed.polls.group(scope, pageSize);
    return Array.from({ length: count }, () => new Reading(feed, group, pageSize));
  };

  it('with nothing to do, cost what one costs: two requests in an interval, whether they are 10 or 300', async () => {
    const requestsOf = async (count: number): Promise<number> => {
      const feed = new Feed();
      const readings = many(feed, count);
      for (const reading of readings) await reading.poll();
      feed.requests = 0;
      for (let turn = 0; turn < 10 * count; turn++) {
        feed.now += MINUTE / count;
        await readings[turn % count]?.poll();
      }
      return feed.requests;
    };
    assert.deepEqual(
      [await requestsOf(10), await requestsOf(300)].map((all) => all <= 21 && all >= 10),
      [true, true],
    );
  });

  for (const grain of [1, 5]) {
    it(`reach all of them as soon as one has read something: after half an interval at most${grain > 1 ? ', also where checkpoints are coarse' : ''}`, async () => {
      const feed = new Feed();
      feed.grain = grain;
      const readings = many(feed, 100);
      for (const reading of readings) await reading.poll();
      let worst = 0;
      for (let turn = 0; turn < 500; turn++) {
        feed.now += MINUTE / 100;
        if (turn % 37 === 0) feed.change(`c${turn}`);
        await readings[turn % 100]?.poll();
        await settle();
        for (const { id, at } of feed.changed.slice(-2)) {
          if (!readings.every(({ read }) => read.includes(id))) worst = Math.max(worst, feed.now - at);
        }
      }
      assert.ok(worst <= MINUTE / 2 + MINUTE / 100, `${worst} ms`);
      for (const reading of readings) await reading.poll(0);
      const all = feed.changed.map(({ id }) => id);
      for (const { read } of readings) assert.deepEqual([...new Set(read)], all);
    });
  }

  it('a poll that somebody asks for is never older than the question', async () => {
    const feed = new Feed();
    const [one, two] = many(feed, 2);
    await one?.poll();
    await two?.poll();
    feed.change('now');
    await two?.poll(0);
    assert.deepEqual(two?.read, ['now']);
  });

  it('one that starts now begins where the others are, and polls with them from there', async () => {
    const feed = new Feed();
    const readings = many(feed, 3);
    for (const reading of readings) await reading.poll();
    const group = feed.polls.group({ projects: ['P'], types: ['Bug'] }, 100);
    const late = new Reading(feed, group);
    late.since = group.end(MINUTE / 2);
    assert.ok(late.since);
    assert.equal(group.end(0), undefined);
    feed.requests = 0;
    feed.now += MINUTE;
    feed.change('later');
    for (const reading of [...readings, late]) await reading.poll();
    assert.deepEqual([feed.requests, late.read], [1, ['later']]);
    feed.now += 2 * MINUTE;
    assert.equal(group.end(MINUTE / 2), undefined);
  });

  it('of different positions become one once nothing has changed for long, and lose nothing by it', async () => {
    for (const grain of [1, 5]) {
      const feed = new Feed();
      feed.grain = grain;
      const readings = many(feed, 20);
      for (let at = 0; at < 8; at++) feed.change(`early ${at}`);
      // as after a restart: each has its own
      for (const [index, reading] of readings.entries()) reading.since = { seen: 0, at: index };
      const turns = async (minutes: number): Promise<number> => {
        feed.requests = 0;
        for (let turn = 0; turn < minutes * 20; turn++) {
          feed.now += MINUTE / 20;
          await readings[turn % 20]?.poll();
          await settle();
        }
        return feed.requests / minutes;
      };
      const before = await turns(2);
      if (grain === 1) assert.ok(before >= 20, `${before} requests a minute`);
      await turns(15);
      const after = await turns(5);
      assert.ok(after <= 3, `${after} requests a minute`);
      for (let at = 0; at < 8; at++) {
        feed.change(`late ${at}`);
        await turns(1);
      }
      await turns(2);
      for (const { read } of readings)
        assert.deepEqual(
          [...new Set(read)],
          feed.changed.map(({ id }) => id),
        );
    }
  }).timeout(60_000);

  it('one that was set back reads again what it wants, and keeps nobody waiting', async () => {
    const feed = new Feed();
    const [one, two] = many(feed, 2);
    for (const id of ['a', 'b']) feed.change(id);
    for (const reading of [one, two]) await reading?.poll();
    if (two) two.since = { seen: 0, at: 0 };
    await two?.poll();
    assert.deepEqual(
      [one?.read, two?.read],
      [
        ['a', 'b'],
        ['a', 'b', 'a', 'b'],
      ],
    );
  });

  it('a backlog is read by each at its own pace', async () => {
    const feed = new Feed();
    const [one, two] = many(feed, 2, 100);
    await one?.poll();
    await two?.poll();
    for (let at = 0; at < 2_000; at++) feed.change(`c${at}`);
    feed.now += MINUTE;
    await Promise.all([one?.poll(), two?.poll()]);
    for (const reading of [one, two]) assert.equal(new Set(reading?.read).size, 2_000);
  });

  it('one that fails tells all who wait for it, and the next one is asked for again', async () => {
    const feed = new Feed();
    const [one, two] = many(feed, 2);
    await one?.poll();
    await two?.poll();
    feed.now += MINUTE;
    feed.fails = new Error('Bad gateway');
    const both = await Promise.allSettled([one?.poll(), two?.poll()]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    feed.fails = undefined;
    feed.change('a');
    await one?.poll();
    await two?.poll();
    assert.deepEqual([one?.read, two?.read], [['a'], ['a']]);
  });

  it('lose nothing, whatever their members do: wait, stop in the middle, are new, are set back, leave', async () => {
    const act = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('poll' as const),
          who: fc.nat(5),
          fresh: fc.constantFrom(0, 1, 30_000),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('die' as const),
          who: fc.nat(5),
          pages: fc.integer({ min: 1, max: 2 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('change' as const), count: fc.integer({ min: 1, max: 7 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1_000, 40_000, 700_000) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('back' as const), who: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('new' as const), who: fc.nat(5) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('together' as const), fresh: fc.constantFrom(0, 30_000) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), fc.constantFrom(1, 2, 5), async (acts, grain) => {
        const feed = new Feed();
        feed.grain = grain;
        const readings = many(feed, 6, 3);
        const starts = readings.map(() => 0);
        let counter = 0;
        for (const one of acts) {
          if (one.kind === 'change') for (let at = 0; at < one.count; at++) feed.change(`c${counter++}`);
          else if (one.kind === 'wait') feed.now += one.ms;
          else if (one.kind === 'together') await Promise.all(readings.map((reading) => reading.poll(one.fresh)));
          else {
            const reading = readings[one.who] ?? assert.fail();
            if (one.kind === 'poll') await reading.poll(one.fresh);
            if (one.kind === 'die') await reading.poll(0, one.pages);
            if (one.kind === 'back') reading.since = { seen: 0, at: 0 };
            if (one.kind === 'new') {
              reading.leave();
              const group = feed.polls.group(scope, 3);
              const fresh = new Reading(feed, group, 3);
              fresh.since = group.end(30_000);
              starts[one.who] = Number(fresh.since?.seen ?? 0);
              readings[one.who] = fresh;
            }
          }
        }
        await settle();
        for (const reading of readings) await reading.poll(0);
        const all = feed.changed.map(({ id }) => id);
        for (const [index, reading] of readings.entries()) {
          const missed = all.slice(starts[index]).filter((id) => !reading.read.includes(id));
          assert.deepEqual(missed, [], `integration ${index}`);
        }
      }),
      { numRuns: 300 },
    );
  }).timeout(60_000);
});
