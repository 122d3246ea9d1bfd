/** Reading many where one is to blame, checkpoints, what is shown of a value, and times on the wall. */

import assert from 'node:assert/strict';
import { checkCheckpoint } from '../../../lib/connectors/kit/checkpoint';
import { isShown, nameOf } from '../../../lib/connectors/kit/compare';
import { readInParts } from '../../../lib/connectors/kit/in-parts';
import { checkedZone, wallTime } from '../../../lib/connectors/kit/zone';
import { SyncError } from '../../../lib/model/errors';
import { broken } from './fake-tracker';

describe('connector kit: reading in parts', () => {
  const ids = Array.from({ length: 20 }, (_, id) => String(id));
  const read =
    (bad: ReadonlySet<string>, asked: number[] = []) =>
    async (some: readonly string[]) => {
      asked.push(some.length);
      if (some.some((id) => bad.has(id))) throw broken();
      return [...some];
    };

  it('brings all but those that are to blame, and asks for few', async () => {
    const asked: number[] = [];
    const { found, failed } = await readInParts(ids, read(new Set(['7', '8']), asked), async () => undefined);
    assert.deepEqual([found.length, [...failed.keys()].sort()], [18, ['7', '8']]);
    assert.ok(asked.length <= 16, `${asked.length} requests`);
  });

  it('blames nobody where nothing succeeds', async () => {
    const all = read(new Set(ids));
    await assert.rejects(
      readInParts(ids, all, async () => Promise.reject(broken())),
      /cannot be shown/,
    );
    await assert.rejects(
      readInParts(ids, all, async () => undefined),
      /cannot be shown/,
    );
  });

  it('passes on what is no fault of one', async () => {
    const refused = async () => Promise.reject(new SyncError('auth', 'refused'));
    await assert.rejects(
      readInParts(ids, refused, async () => undefined),
      /refused/,
    );
  });
});

describe('connector kit: checkpoints', () => {
  it('that are damaged are not treated as the beginning', () => {
    checkCheckpoint(undefined, { time: 'time' });
    checkCheckpoint(
      { time: '2026-01-01T00:00:00Z', skip: 3, owed: [], word: 'x' },
      { time: 'time', skip: 'number', owed: 'list', word: 'text', other: 'list' },
    );
    for (const [part, value] of [
      ['time', 'soon'],
      ['number', '3'],
      ['list', {}],
      ['text', 3],
    ] as const) {
      assert.throws(
        () => checkCheckpoint({ it: value }, { it: part }),
        (error: unknown) =>
          error instanceof SyncError && error.kind === 'fatal' && /is damaged \(it:/.test(error.message),
      );
    }
  });
});

describe('connector kit: what an entity shows', () => {
  it('is what was sent, apart from what systems make of it', () => {
    const same: [Parameters<typeof isShown>[0], Parameters<typeof isShown>[1]][] = [
      ['a\nb', ' a\r\nb '],
      [undefined, null],
      [[], null],
      [
        { id: '1', name: 'One' },
        { id: '1', name: 'Eins' },
      ],
      [{ id: '1', name: 'One' }, 'One'],
      [
        ['b', 'a'],
        ['a', 'b'],
      ],
      [1.0000001, 1],
    ];
    for (const [shown, wanted] of same) assert.ok(isShown(shown, wanted), JSON.stringify([shown, wanted]));
    const other: typeof same = [
      ['a', 'b'],
      ['a', null],
      [null, 'a'],
      [
        { id: '1', name: 'One' },
        { id: '2', name: 'One' },
      ],
      [['a'], ['a', 'b']],
      [1.1, 1],
    ];
    for (const [shown, wanted] of other) assert.ok(!isShown(shown, wanted), JSON.stringify([shown, wanted]));
    assert.ok(isShown(110, 100, 10));
  });

  it('is named as people call it', () => {
    assert.deepEqual(
      [undefined, null, 3, ['a', { name: 'B' }], [], { id: '7', name: '' }].map((value) => nameOf(value)),
      ['nothing', 'nothing', '3', 'a, B', 'nothing', '7'],
    );
  });
});

describe('connector kit: times on the wall', () => {
  it('follow the zone, and its summer time', () => {
    assert.equal(wallTime(Date.parse('2026-01-31T23:30:00Z'), 'Europe/Berlin'), '2026-02-01 00:30:00');
    assert.equal(wallTime(Date.parse('2026-07-31T23:30:00Z'), 'Europe/Berlin'), '2026-08-01 01:30:00');
    assert.equal(checkedZone('Asia/Kolkata', 'zone'), 'Asia/Kolkata');
    assert.throws(() => checkedZone('Berlin', 'zone'), /"Berlin" is not a time zone/);
  });
});
