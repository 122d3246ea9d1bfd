import assert from 'node:assert/strict';
import { Oscillation, Trails } from '../../lib/engine/write/oscillation';
import type { Side } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';

const MINUTE = 60_000;

/** Writes the value, unless the field is stopped. @returns why it is */
function write(oscillation: Oscillation, key: string, side: Side, value: Value, now: number): string | undefined {
  const reason = oscillation.objection(key, side, value, now);
  if (reason === undefined) oscillation.turn(key, side, value, now);
  return reason;
}

/** Both sides answer each other with these values, in turn, until one is stopped. @returns how many were written */
function quarrel(values: (turn: number) => Value, most = 100, gap = MINUTE, oscillation = new Oscillation()) {
  for (let turn = 0; turn < most; turn += 1) {
    const reason = write(oscillation, 'field', turn % 2 === 0 ? 2 : 1, values(turn), turn * gap);
    if (reason !== undefined) return { written: turn, reason };
  }
  return { written: most, reason: undefined };
}

const cycle =
  (...values: string[]) =>
  (turn: number): Value =>
    values[turn % values.length] ?? null;

describe('A field that two systems change back and forth (invariants 4 and 7)', () => {
  it('is stopped after two rounds, and both values are named', () => {
    const { written, reason } = quarrel(cycle('ABC', 'abc'));
    assert.equal(written, 4);
    assert.match(reason ?? '', /Update loop stopped \(abc ↔ ABC\)/);
  });

  it('is stopped after two rounds of a longer cycle', () => {
    assert.equal(quarrel(cycle('a', 'b', 'c', 'd')).written, 8);
    assert.equal(quarrel(cycle('a', 'b', 'c')).written, 12);
  });

  it('is stopped also where the values never come again', () => {
    assert.equal(quarrel((turn) => `text${'!'.repeat(turn)}`).written, 23);
  });

  it('is not stopped where the turns are hours apart, as people take them', () => {
    assert.equal(quarrel(cycle('open', 'closed'), 50, 60 * MINUTE).reason, undefined);
  });

  it('a person who changes one side to and fro is not stopped: there is no answer from the other side', () => {
    const oscillation = new Oscillation();
    for (let n = 0; n < 50; n += 1) {
      assert.equal(write(oscillation, 'field', 2, n % 2 ? 'open' : 'closed', n * 1_000), undefined);
    }
  });

  it('a person who keeps adding what the other side takes out again is not stopped at once', () => {
    const values = (turn: number): Value => (turn % 2 ? ['a'] : ['a', `new ${turn}`]);
    assert.equal(quarrel(values, 20).reason, undefined);
  });

  it('goes round a ring of integrations that go one way: each link is only ever written in one direction', () => {
    const [oscillation, trails] = [new Oscillation(), new Trails()];
    const ring = [
      ['A', 'B'],
      ['B', 'C'],
      ['C', 'A'],
    ] as const;
    // two values chase each other: where one has gone, the other one comes two links behind it
    const at: Record<string, string> = { A: 'x', B: 'y', C: 'y' };
    let written = 0;
    for (let step = 0; step < 60; step += 1) {
      for (const [from, to] of step % 2 === 0 ? ring : ring.toReversed()) {
        const value = at[from] ?? '';
        const way = `${from}${to}`;
        const isRound = trails.isRound(from, way, step * 1_000);
        if (value === at[to] || oscillation.objection(way, 2, value, step * 1_000, isRound)) continue;
        oscillation.turn(way, 2, value, step * 1_000, isRound);
        trails.carried(from, to, way, step * 1_000);
        at[to] = value;
        written = step;
      }
    }
    assert.ok(written < 30, `it was still written in round ${written}`);
  });

  it('is stopped after four rounds of a ring, also where a text grows with each', () => {
    const [oscillation, trails] = [new Oscillation(), new Trails()];
    const ring = ['AB', 'BC', 'CA'];
    let written = 0;
    for (let step = 0; step < 60; step += 1) {
      const way = ring[step % 3] ?? '';
      const [from = '', to = ''] = way;
      const value = `text${'!'.repeat(step)}`;
      const isRound = trails.isRound(from, way, step * 1_000);
      if (oscillation.objection(way, 2, value, step * 1_000, isRound)) break;
      oscillation.turn(way, 2, value, step * 1_000, isRound);
      trails.carried(from, to, way, step * 1_000);
      written += 1;
    }
    assert.equal(written, 4 * ring.length);
  });

  it('a person who edits what a ring has brought once is no turn, whatever came round before', () => {
    const trails = new Trails();
    for (const [from, to] of [
      ['A', 'B'],
      ['B', 'C'],
      ['C', 'A'],
    ] as const)
      trails.carried(from, to, from + to, 0);
    assert.ok(trails.isRound('A', 'AB', 1_000));
    trails.carried('A', 'B', 'AB', 1_000);
    assert.ok(!trails.isRound('A', 'AB', 2_000));
    assert.ok(!trails.isRound('B', 'BC', 60 * MINUTE), 'too long ago');
  });

  it('tries of one write count once', () => {
    const oscillation = new Oscillation();
    for (let n = 0; n < 50; n += 1) assert.equal(write(oscillation, 'field', 2, 'open', n), undefined);
    assert.equal(quarrel(cycle('open', 'closed'), 100, MINUTE, oscillation).written, 4);
  });

  it('writes that fail on both sides in turn are no turns, however often they are tried', () => {
    const oscillation = new Oscillation();
    for (let n = 0; n < 50; n += 1) {
      assert.equal(oscillation.objection('field', n % 2 === 0 ? 2 : 1, n % 2 ? 'merged 1' : 'merged 2', n), undefined);
    }
  });

  describe('once stopped', () => {
    const stopped = (): Oscillation => {
      const oscillation = new Oscillation();
      quarrel(cycle('ABC', 'abc'), 100, MINUTE, oscillation);
      return oscillation;
    };
    const turn = (oscillation: Oscillation, side: Side, value: string) =>
      write(oscillation, 'field', side, value, 10 * MINUTE);

    it('stays stopped for the values of the quarrel', () => {
      const oscillation = stopped();
      assert.ok(turn(oscillation, 2, 'ABC'));
      assert.ok(turn(oscillation, 1, 'abc'));
      assert.ok(turn(oscillation, 2, 'ABC'));
    });

    it('is written again when somebody gives it another value', () => {
      const oscillation = stopped();
      assert.equal(turn(oscillation, 2, 'new'), undefined);
      assert.equal(turn(oscillation, 2, 'ABC'), undefined);
    });

    it('other fields go on', () => {
      assert.equal(write(stopped(), 'other', 2, 'ABC', 0), undefined);
    });
  });

  it('watches a bounded number of fields', () => {
    const oscillation = new Oscillation();
    quarrel(cycle('ABC', 'abc'), 100, MINUTE, oscillation);
    for (let n = 0; n < 6_000; n += 1) write(oscillation, `field ${n}`, 2, 'value', 0);
    assert.equal(write(oscillation, 'field', 2, 'ABC', 10 * MINUTE), undefined, 'the oldest is forgotten');
  });
});
