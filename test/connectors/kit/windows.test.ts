import assert from 'node:assert/strict';
import { asMuchAsFits, newestThatFit } from '../../../lib/connectors/kit/windows';

describe('connector kit: queries that match too much', () => {
  /** ages in days, newest first; more than ten of them are too many for one answer */
  const source = (ages: number[]) => {
    const asked: (number | undefined)[] = [];
    const ask = async (days: number | undefined) => {
      asked.push(days);
      const found = ages.filter((age) => days === undefined || age <= days);
      return found.length > 10 ? undefined : found;
    };
    return { ask, asked };
  };
  const old = Array.from({ length: 20 }, (_, index) => 200 + index);

  it('bring all, or the youngest that fit', async () => {
    assert.deepEqual(await asMuchAsFits('Example', source([1, 2]).ask), [1, 2]);
    const many = source([3, 60, ...old]);
    assert.deepEqual(await asMuchAsFits('Example', many.ask), [3, 60]);
    assert.deepEqual(many.asked, [undefined, 1000, 365, 90]);
    await assert.rejects(asMuchAsFits('Example', source(old.map(() => 0)).ask), /Example has too many matches/);
  });

  it('bring the newest with few questions', async () => {
    const few = source([0.5, 20]);
    assert.deepEqual(await newestThatFit(1, few.ask), [0.5]);
    assert.deepEqual(few.asked, [1]);
    assert.deepEqual(await newestThatFit(5, source([0.5, 20, ...old]).ask), [0.5, 20]);
    const [newest] = await newestThatFit(1, source(Array.from({ length: 50 }, (_, index) => 0.1 + index / 100)).ask);
    assert.equal(newest, 0.1);
    assert.deepEqual(await newestThatFit(5, source([]).ask), []);
    await assert.rejects(newestThatFit(1, source(old.map(() => 0)).ask), /at the same time/);
  });
});
