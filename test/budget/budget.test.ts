/** A budget's promises: limits, pauses, priorities, time-outs, closing. In simulated time. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BACKLOG, currentPriority, FlowLoad, onBehalfOf, type Priority } from '../../lib/budget/priority';
import { SHARE } from '../../lib/budget/queue';
import { Budget } from '../../lib/budget/request-budget';
import type { GatePass } from '../../lib/connectors/http/options';
import { System } from '../../lib/engine/system';
import { SyncError } from '../../lib/model/errors';
import { settle } from '../simulation/clock';
import { failure } from '../support/failure';
import { fixedWindow, type Limiter, START, simulatedClock, tokenBucket, World, wordings } from './budget-servers';

const free: Limiter = { perSecond: 1, answer: () => ({ ok: true, headers: {} }) };

/** Most starts within any `ms`. */
function most(starts: number[], ms: number): number {
  let from = 0;
  return starts.reduce((best, at, index) => {
    while (at - (starts[from] ?? at) >= ms) from += 1;
    return Math.max(best, index - from + 1);
  }, 0);
}

const pass = async (entered: GatePass | Promise<GatePass>): Promise<GatePass> => entered;

describe('Request budget', function () {
  this.timeout(20_000);

  describe('limits', () => {
    it('lets requests out at once where nothing limits, without a timer', () => {
      const clock = simulatedClock();
      clock.after = () => assert.fail('a timer');
      const budget = new Budget(clock);
      for (let n = 0; n < 1_000; n += 1) {
        const entered = budget.enter('GET /x');
        assert.ok(!(entered instanceof Promise));
        entered.done(200);
      }
    });

    it('keeps to 4 at the same time, or as many as configured', async () => {
      for (const [maxConcurrent, expected] of [
        [undefined, 4],
        [1, 1],
        [9, 9],
      ]) {
        const world = new World(free, { maxConcurrent });
        world.backlog(20);
        await world.run(5_000);
        world.stop();
        assert.equal(world.mostOut, expected);
      }
    });

    it('keeps to the configured rate, and uses over 95 % of it', async () => {
      for (const perSecond of [0.5, 3, 25, 100]) {
        const world = new World(free, { maxRequestsPerSecond: perSecond, maxConcurrent: 20 });
        world.backlog(30);
        await world.run(60_000);
        world.stop();
        const starts = world.seen.map(({ at }) => at);
        assert.ok(most(starts, 1_000) <= Math.ceil(perSecond * 1.1) + 1, `${most(starts, 1_000)} in a second`);
        assert.ok(starts.length >= 0.95 * perSecond * 60 - 20, `${starts.length} of ${perSecond * 60}`);
      }
    });

    it('counts a pass once, however often it is handed back', async () => {
      const budget = new Budget(simulatedClock(), { maxConcurrent: 1 });
      const first = await pass(budget.enter('a'));
      const second = pass(budget.enter('b'));
      first.done(200);
      first.done(200);
      await second;
      assert.equal(budget.view().out, 1);
    });

    it('tells what was used in the last hour, the rate, and what the server says is left', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock, { maxRequestsPerSecond: 4 });
      assert.deepEqual(budget.use(), { lastHour: 0, out: 0, waiting: 0, perSecond: 4, quotas: [] });
      const quotas = [{ name: 'hour', limit: 100, remaining: 40, resetMs: 1_800_000 }];
      (await pass(budget.enter('a'))).done(200, { quotas });
      await clock.runUntil(clock.now() + 59 * 60_000);
      await pass(budget.enter('b'));
      assert.equal(budget.use().lastHour, 2);
      await clock.runUntil(clock.now() + 2 * 60_000);
      const { lastHour, out, quotas: told } = budget.use();
      assert.deepEqual([lastHour, out], [1, 1]);
      assert.deepEqual(
        told.map(({ name, limit, left }) => [name, limit, left]),
        [['hour', 100, 100]],
      );
    });

    it('is not delayed when the machine’s clock is set back', async () => {
      const clock = simulatedClock();
      let back = 0;
      const budget = new Budget(
        { now: () => clock.now() - back, after: (ms, act) => clock.after(ms, act), random: () => 0 },
        { maxRequestsPerSecond: 1 },
      );
      (await pass(budget.enter('a'))).done(200);
      back = 3_600_000;
      const next = pass(budget.enter('b'));
      await clock.runUntil(clock.now() + 1_500);
      (await next).done(200);
    });
  });

  describe('pauses', () => {
    it('holds everybody back after 429 or 503 with Retry-After, until then and no longer', async () => {
      for (const status of [429, 503]) {
        const clock = simulatedClock();
        const budget = new Budget(clock);
        const one = await pass(budget.enter('a'));
        one.done(status, { quotas: [], retryAfterMs: 30_000 });
        assert.equal(budget.closedFor(), 30_000);
        let gone = 0;
        for (const name of ['b', 'c'])
          void pass(budget.enter(name)).then((next) => {
            gone = clock.now();
            next.done(200);
          });
        await clock.runUntil(START + 29_999);
        assert.equal(gone, 0);
        await clock.runUntil(START + 40_000);
        assert.equal(gone, START + 30_000);
        assert.equal(budget.view().waiting.interactive, 0);
      }
    });

    it('lets others pass where a refusal concerns one entity alone', async () => {
      const budget = new Budget(simulatedClock());
      const one = await pass(budget.enter('a'));
      one.done(429, { quotas: [], retryAfterMs: 30_000, ofOne: true });
      assert.deepEqual([budget.closedFor(), budget.view().perSecond], [0, undefined]);
    });

    it('does not take the success of a request that was out for the end of the pause', async () => {
      const budget = new Budget(simulatedClock());
      const [one, two] = [await pass(budget.enter('a')), await pass(budget.enter('b'))];
      one.done(429, { quotas: [], retryAfterMs: 30_000 });
      two.done(200);
      assert.equal(budget.closedFor(), 30_000);
    });

    it('waits where 429 says nothing: a second, then twice as long each time, until something succeeds', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock);
      const pauses: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const next = pass(budget.enter('a'));
        await clock.runUntil(clock.now() + 120_000);
        (await next).done(429);
        pauses.push(budget.closedFor());
      }
      assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000]);
    });

    it('refuses at once what is certain to wait too long, and says for how long', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock, { maxWaitMs: 60_000 });
      const one = await pass(budget.enter('a'));
      one.done(429, { quotas: [], retryAfterMs: 1_800_000 });
      const error = await failure(pass(budget.enter('GET /issues.json on example.com')));
      assert.deepEqual(
        [error.kind, error.detail.retryAfterMs, error.detail.uncertain],
        ['rateLimited', 1_800_000, false],
      );
      assert.match(error.message, /^GET \/issues\.json on example\.com: .* for another 1800 s; nothing was sent$/);
    });

    it('refuses who waited too long behind others, with words', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock, { maxConcurrent: 1, maxWaitMs: 30_000 });
      const one = await pass(budget.enter('a'));
      const late = failure(pass(budget.enter('GET /b')));
      await clock.runUntil(START + 31_000);
      const error = await late;
      assert.equal(error.kind, 'rateLimited');
      assert.match(error.message, /^GET \/b: it waited 30 s for its turn behind other requests/);
      one.done(200);
      (await pass(budget.enter('c'))).done(200);
      assert.equal(budget.view().out, 0);
    });

    it('asks with one request what is left when a window is over, and with another if that got no answer', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock);
      (await pass(budget.enter('a'))).done(200, { quotas: [{ name: 'x', limit: 9, remaining: 0, resetMs: 10_000 }] });
      const passes: GatePass[] = [];
      for (const name of ['b', 'c', 'd']) void pass(budget.enter(name)).then((next) => passes.push(next));
      await clock.runUntil(START + 60_000);
      assert.equal(passes.length, 1);
      passes[0]?.done(undefined);
      await settle();
      assert.equal(passes.length, 2);
      passes[1]?.done(200, { quotas: [{ name: 'x', limit: 9, remaining: 8, resetMs: 10_000 }] });
      await settle();
      assert.equal(passes.length, 3);
    });

    it('refuses what waits, and everything after, when it is closed', async () => {
      const budget = new Budget(simulatedClock(), { maxConcurrent: 1 });
      await pass(budget.enter('a'));
      const waiting = failure(pass(budget.enter('b')));
      budget.close();
      assert.equal((await waiting).kind, 'transient');
      assert.throws(() => budget.enter('c'), { kind: 'transient' });
      assert.equal(budget.view().waiting.interactive, 0);
    });

    it('bounds how many wait', () => {
      const budget = new Budget(simulatedClock(), { maxConcurrent: 1 });
      budget.enter('a');
      for (let n = 0; n < 10_000; n += 1) void pass(budget.enter('b')).catch(() => undefined);
      assert.throws(() => budget.enter('c'), { kind: 'rateLimited' });
      budget.close();
    });
  });

  describe('priorities', () => {
    it('are those of the flow for which a call is made, as they are when the request goes out', async () => {
      const load = new FlowLoad();
      const seen: Priority[] = [currentPriority()];
      await onBehalfOf(load, async () => {
        seen.push(currentPriority());
        await settle();
        load.read = BACKLOG + 1;
        seen.push(currentPriority());
        load.read = 0;
        load.waiting = BACKLOG + 1;
        seen.push(currentPriority());
      });
      assert.deepEqual(seen, ['interactive', 'interactive', 'bulk', 'bulk']);
    });

    it('put people before polls that find nothing, and both before a backlog, and none starves', async () => {
      const world = new World(tokenBucket(10, 2, wordings.ietf));
      for (const priority of ['bulk', 'routine', 'interactive'] as const) world.backlog(50, priority);
      await world.run(120_000);
      world.stop();
      const of = (wanted: Priority) => world.seen.filter(({ priority, ok }) => ok && priority === wanted).length;
      const [people, polls, backlog] = [of('interactive'), of('routine'), of('bulk')];
      assert.ok(people > 2 * polls && people > 2 * backlog, `${people} ${polls} ${backlog}`);
      assert.ok(polls > 5 && backlog > 5, `${people} ${polls} ${backlog}`);
    });

    it('put people before a backlog: their requests wait for a moment, not for the backlog', async () => {
      const world = new World(tokenBucket(10, 2, wordings.ietf));
      world.backlog(50, 'bulk');
      await world.run(60_000);
      for (let edit = 0; edit < 20; edit += 1) {
        void world.request('interactive');
        await world.run(15_000);
      }
      world.stop();
      const waits = world.seen.filter(({ priority }) => priority === 'interactive').map(({ waited }) => waited);
      assert.equal(waits.length, 20);
      assert.ok(Math.max(...waits) < 3_000, `${Math.max(...waits)} ms`);
    });

    it('let neither starve: bulk gets a fifth while people ask without end', async () => {
      const world = new World(free, { maxRequestsPerSecond: 20 });
      world.backlog(30, 'interactive');
      world.backlog(30, 'bulk');
      await world.run(60_000);
      world.stop();
      const bulk = world.seen.filter(({ priority }) => priority === 'bulk').length / world.seen.length;
      assert.ok(Math.abs(bulk - 1 / (SHARE + 1)) < 0.02, `${bulk}`);
    });

    it('keep a slot free of long requests of bulk while people are at work, and only then', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock);
      const enter = (priority: Priority) => onBehalfOf({ priority }, () => budget.enter(priority));
      (await pass(enter('interactive'))).done(200);
      for (let n = 0; n < 4; n += 1) void pass(enter('bulk'));
      await settle();
      assert.equal(budget.view().out, 3);
      await pass(enter('interactive'));
      assert.equal(budget.view().out, 4);
      const later = new Budget(clock);
      for (let n = 0; n < 4; n += 1) void pass(onBehalfOf({ priority: 'bulk' }, () => later.enter('b')));
      assert.equal(later.view().out, 4);
    });

    it('give bulk the kept slot back a minute after people have gone', async () => {
      const clock = simulatedClock();
      const budget = new Budget(clock);
      const enter = (priority: Priority) => onBehalfOf({ priority }, () => budget.enter(priority));
      (await pass(enter('interactive'))).done(200);
      for (let n = 0; n < 4; n += 1) void pass(enter('bulk'));
      await clock.runUntil(START + 61_000);
      assert.equal(budget.view().out, 4);
    });
  });

  it('never exceeds its limits, starves nobody and loses no wake-up, whatever happens', async () => {
    const limiters = fc.oneof(
      fc.constant(() => free),
      fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1_000, max: 60_000 })).map(
        ([limit, ms]) =>
          () =>
            fixedWindow(limit, ms, wordings.ietf),
      ),
      fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 20 }), fc.boolean()).map(
        ([size, rate, told]) =>
          () =>
            tokenBucket(size, rate, told ? wordings.epoch : wordings.silent),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        limiters,
        fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer(),
        async (limiter, perSecond, slots, people, bulk, seed) => {
          const limits = { maxRequestsPerSecond: perSecond, maxConcurrent: slots, maxWaitMs: 600_000 };
          const world = new World(limiter(), limits, simulatedClock(seed));
          world.backlog(people, 'interactive');
          world.backlog(bulk, 'bulk');
          await world.run(240_000);
          assert.ok(world.mostOut <= slots, `${world.mostOut} at once`);
          const starts = world.seen.map(({ at }) => at).sort((a, b) => a - b);
          if (perSecond) assert.ok(most(starts, 1_000) <= Math.ceil(perSecond * 1.1) + 1);
          // in the last minute there was an answer, and of those that ask together each kind had its share
          const late = world.seen.filter(({ at }) => at > START + 150_000);
          const of = (priority: Priority) => late.filter((one) => one.priority === priority && one.ok).length;
          const shared = people && bulk && late.length < 20;
          if (people && !shared) assert.ok(of('interactive') > 0, 'people were starved');
          if (bulk && !shared) assert.ok(of('bulk') > 0, 'bulk was starved');
          if (people > 4 && bulk > 4) assert.ok(of('bulk') <= of('interactive') + 4);
          assert.deepEqual(world.refused, []);
          const view = world.budget.view();
          assert.ok(view.out + view.waiting.interactive + view.waiting.bulk <= people + bulk);
          world.stop();
        },
      ),
      { numRuns: 60 },
    );
  });

  describe('of a system', () => {
    const clock = simulatedClock();

    it('pauses it for all flows when it asks to wait, with a reason, and wakes them at the end', async () => {
      const system = new System('s', 'Azure', () => assert.fail('no connection is needed'), clock);
      const woken: number[] = [];
      system.onWake(() => woken.push(clock.now()));
      const began = clock.now();
      (await pass(system.budget.enter('GET /x'))).done(200, { quotas: [], retryAfterMs: 20_000 });
      assert.equal(system.pauseLeft(), 20_000);
      assert.match(system.health.lastError?.message ?? '', /Azure asked to wait for 20 s/);
      await clock.runUntil(began + 25_000);
      assert.deepEqual([system.pauseLeft(), system.health.lastError], [0, undefined]);
      assert.deepEqual(woken, [began + 20_000]);
    });

    it('pauses until then although a call that was under way succeeds', async () => {
      const system = new System('s', 'Jira', () => ({}) as never, clock);
      system.troubled(new SyncError('rateLimited', 'too many', { retryAfterMs: 10_000 }), 'read');
      await system.call(async () => 1);
      assert.equal(system.pauseLeft(), 10_000);
    });

    it('is handed to its connection, and closed with it', async () => {
      let gate: unknown;
      const open = (given: unknown) => {
        gate = given;
        return {} as never;
      };
      const system = new System('s', 'Jira', open, clock, false, { maxConcurrent: 1 });
      system.connection();
      assert.equal(gate, system.budget);
      await pass(system.budget.enter('a'));
      const waiting = failure(pass(system.budget.enter('b')));
      await system.close();
      assert.equal((await waiting).kind, 'transient');
    });
  });
});
