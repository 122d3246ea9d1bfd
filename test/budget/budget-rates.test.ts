/** How much of a server's limit a backlog uses, and how often it is refused: against simulated servers, in simulated time. */

import assert from 'node:assert/strict';
import { dataCenter, fixedWindow, type Limiter, tokenBucket, type Wording, World, wordings } from './budget-servers';

const MINUTE = 60_000;
const { silent, ...telling } = wordings;

async function use(limiter: Limiter, from: number, to: number, skew = 0) {
  const world = new World(limiter, {}, undefined, skew);
  world.backlog(8);
  await world.run(to);
  world.stop();
  assert.deepEqual(world.refused, []);
  return world.use(from, to);
}

const windows: [limit: number, windowMs: number, skew: number, from: number, to: number][] = [
  [60, MINUTE, 0, 0, 10 * MINUTE],
  [600, MINUTE, 0, 0, 10 * MINUTE],
  [50, 10_000, -7_700, 0, 10 * MINUTE],
  [5_000, 60 * MINUTE, 90_000, 60 * MINUTE, 120 * MINUTE],
];

describe('Request budget, the rate of a backlog', function () {
  this.timeout(30_000);

  for (const [name, wording] of Object.entries<Wording>(telling)) {
    describe(`where limits are reported (${name})`, () => {
      for (const [limit, windowMs, skew, from, to] of windows) {
        it(`uses over 95 % of ${limit} requests in ${windowMs / 1000} s, and is never refused`, async () => {
          const { share, refusals } = await use(fixedWindow(limit, windowMs, wording), from, to, skew);
          assert.ok(share >= 0.95, `${share}`);
          assert.equal(refusals, 0);
        });
      }

      for (const [size, perSecond] of [
        [20, 10],
        [100, 2],
        [10, 1],
      ] as const) {
        it(`uses over 95 % of a bucket of ${size} that fills with ${perSecond}/s, and is never refused`, async () => {
          const { share, refusals } = await use(tokenBucket(size, perSecond, wording), MINUTE, 11 * MINUTE);
          assert.ok(share >= 0.95, `${share}`);
          assert.equal(refusals, 0);
        });
      }
    });
  }

  it('is hardly refused by windows of one second, whose reset is given in whole seconds, and uses over 85 %', async () => {
    const { share, refusals } = await use(fixedWindow(10, 1_000, wordings.ietf), MINUTE, 11 * MINUTE);
    assert.ok(share >= 0.85, `${share}`);
    assert.equal(refusals, 0);
  });

  it('uses all of a bucket that is filled in batches (Jira Data Center), and is never refused', async () => {
    for (const limiter of [dataCenter(100, 10, 1_000), dataCenter(100, 50, MINUTE)]) {
      const { share, refusals } = await use(limiter, 10 * MINUTE, 30 * MINUTE);
      assert.ok(share >= 0.95, `${share}`);
      assert.equal(refusals, 0);
    }
  });

  describe('where a server tells nothing but 429 and Retry-After', () => {
    for (const [name, limiter] of [
      ['a bucket of 20 that fills with 10/s', () => tokenBucket(20, 10, silent)],
      ['a bucket of 5 that fills with 2/s', () => tokenBucket(5, 2, silent)],
      ['60 requests a minute', () => fixedWindow(60, MINUTE, silent)],
      ['600 requests a minute', () => fixedWindow(600, MINUTE, silent)],
    ] as const) {
      it(`finds ${name} by trial: over 95 % used, refused less than once in three minutes`, async () => {
        const { share, refusals } = await use(limiter(), 10 * MINUTE, 40 * MINUTE);
        assert.ok(share >= 0.95, `${share}`);
        assert.ok(refusals <= 10, `${refusals} refusals`);
      });
    }

    it('follows a limit that is raised', async () => {
      let raised = false;
      const [low, high] = [tokenBucket(5, 2, silent), tokenBucket(50, 20, silent)];
      const world = new World({ perSecond: 20, answer: (now) => (raised ? high : low).answer(now) });
      world.backlog(8);
      await world.run(10 * MINUTE);
      raised = true;
      await world.run(25 * MINUTE);
      world.stop();
      const { share } = world.use(30 * MINUTE, 35 * MINUTE);
      assert.ok(share > 0.8, `${share}`);
    });
  });

  it('shares a quota with others who use the same account, and is hardly refused', async () => {
    const limiter = fixedWindow(600, MINUTE, wordings.ietf);
    const world = new World(limiter);
    world.backlog(8);
    const others = (): void => {
      limiter.answer(world.clock.now());
      world.clock.after(200, others);
    };
    others();
    await world.run(10 * MINUTE);
    world.stop();
    const { share, refusals } = world.use(MINUTE, 10 * MINUTE);
    assert.ok(share >= 0.45 && share <= 0.55, `${share}: half is the others'`);
    assert.ok(refusals <= 9, `${refusals} of 2,700`);
  });

  it('learns what a request costs where points are counted: the quota lasts until the reset', async () => {
    const points = fixedWindow(6_000, MINUTE, wordings.ietf);
    const world = new World({
      perSecond: 1,
      answer(now) {
        for (let point = 0; point < 99; point += 1) points.answer(now);
        return points.answer(now);
      },
    });
    world.backlog(8);
    await world.run(11 * MINUTE);
    world.stop();
    const { share, refusals } = world.use(MINUTE, 11 * MINUTE);
    assert.ok(share >= 0.95, `${share}`);
    assert.ok(refusals <= 1, `${refusals}`);
  });
});
