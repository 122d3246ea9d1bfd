/** Several new comments of one item are in the flow at once, and yet are written in their order, whatever happens to one of them. */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { Bench, COMMENTS } from './comment-bench';

const NINE = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th'];

/** The comment's number, from 1; 0 for an item. */
const numberOf = ({ sync }: SyncMessage): number => Number(sync.entity.key.split('#')[1] ?? 0);

describe('New comments of one item', function () {
  this.timeout(60_000);
  let bench: Bench;
  let bug: string;
  beforeEach(async () => {
    bench = await Bench.start([{ ...COMMENTS, authorLine: false }]);
    bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
  });
  afterEach(() => bench.stop());

  const write = (texts = NINE): void => {
    for (const text of texts) bench.comment(bench.one, bug, text);
  };
  const written = (): string[] => bench.texts(bench.two, 'Crash');
  /** How often each comment was sent, by its number. */
  const deliveries = (): Record<number, number> => {
    const all: Record<number, number> = {};
    for (const message of bench.sent) {
      if (message.sync.entity.owner) all[numberOf(message)] = (all[numberOf(message)] ?? 0) + 1;
    }
    return all;
  };

  it('are sent together, each once, and are there in their order', async () => {
    const before: number[] = [];
    bench.delay = (message) => {
      if (message.sync.entity.owner) before.push(written().length);
      return 0;
    };
    write();
    await bench.sync();
    assert.deepEqual(written(), NINE);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), NINE);
    const comments = bench.sent.filter(({ sync }) => sync.entity.owner);
    assert.deepEqual(
      comments.map(({ sync }) => [sync.entity.key, sync.event.split('.')[1]]),
      NINE.map((_, n) => [`DEMO-1#${n + 1}`, '1']),
    );
    assert.deepEqual(before, Array(9).fill(0));
  });

  it('go on without the one that the flow drops', async () => {
    bench.flow = (message) => ![1, 4, 9].includes(numberOf(message));
    write();
    await bench.sync();
    assert.deepEqual(written(), ['2nd', '3rd', '5th', '6th', '7th', '8th']);
  });

  it('go on without the one that is refused, which is parked', async () => {
    bench.two.poisonText('4th', new SyncError('invalid', 'too rude', { fields: { text: 'too rude' } }));
    write();
    await bench.sync(120_000);
    assert.deepEqual(
      written(),
      NINE.filter((text) => text !== '4th'),
    );
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.deepEqual(
      items.map(({ entity: { key } }) => key),
      ['DEMO-1#4'],
    );
  });

  it('wait for the one that is tried again, and those after it alone are sent again', async () => {
    // the first attempts at the third are lost
    bench.two.poisonText('3rd', new SyncError('forbidden', 'you have no right to do this now'));
    write();
    await bench.sync(100);
    assert.deepEqual(written(), ['1st', '2nd']);
    bench.two.poisonText(undefined);
    await bench.sync(120_000);
    assert.deepEqual(written(), NINE);
    const { 1: first, 2: second, 3: third = 0, 9: last = 0 } = deliveries();
    assert.deepEqual([first, second], [1, 1]);
    assert.ok(third >= 2 && last >= 2, `${third} and ${last} sendings`);
  });

  it('wait for one whose answer was lost, and it is there once', async () => {
    bench.two.failWrites(2, new SyncError('transient', 'connection reset', { uncertain: true }), { carriedOut: true });
    write();
    await bench.sync(120_000);
    assert.deepEqual(written(), NINE);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), NINE);
  });

  it('are written in their order if their messages overtake each other, in the same batch or in others', async () => {
    const delays = [0, 900, 0, 30, 20, 1_500, 10, 0, 400, 5];
    bench.delay = (message) => delays[numberOf(message)] ?? 0;
    write();
    await bench.sync();
    assert.deepEqual(written(), NINE);
  });

  it('wait for one that is long on its way; one that is edited or deleted meanwhile is so there, too', async () => {
    bench.delay = (message) => (numberOf(message) === 2 && message.sync.event.endsWith('.1') ? 60_000 : 0);
    write();
    await bench.sync(5_000);
    assert.deepEqual(written(), ['1st']);
    const [, second, third, fourth] = bench.one.partsOf(bug) ?? [];
    assert.ok(second && third && fourth);
    bench.one.edit('alice', second.id, { text: { format: 'markdown', content: '2nd, edited' } });
    bench.one.edit('alice', third.id, { text: { format: 'markdown', content: '3rd, edited' } });
    bench.one.remove('alice', fourth.id);
    await bench.sync(120_000);
    assert.deepEqual(written(), ['1st', '2nd, edited', '3rd, edited', '5th', '6th', '7th', '8th', '9th']);
  });

  it('take their places again if one that was parked is tried again while others are on their way', async () => {
    bench.two.poisonText('1st', new SyncError('invalid', 'too rude', { fields: { text: 'too rude' } }));
    bench.delay = (message) => (numberOf(message) > 2 ? 20_000 : 0);
    write(NINE.slice(0, 4));
    await bench.sync(3_000);
    assert.deepEqual(written(), ['2nd']);
    bench.two.poisonText(undefined);
    await bench.integration.commands.retry();
    await bench.sync(120_000);
    assert.deepEqual(written(), ['2nd', '1st', '3rd', '4th']);
  });
});
