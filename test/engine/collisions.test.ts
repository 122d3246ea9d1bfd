import assert from 'node:assert/strict';
import { collisions, type Placed } from '../../lib/engine/peers/collisions';
import type { DirectionSetting } from '../../lib/model/entity';

const choice = (id: string) => ({ id, name: id });

function placed(id: string, places: [string, string], direction: DirectionSetting, types = ['Bug', 'Bug']): Placed {
  const [one = '', two = ''] = types;
  return {
    places,
    config: {
      ...{ id, name: id },
      projectPairs: [{ one: choice('P'), two: choice('Q'), direction: 'both' }],
      typePairs: [{ id: 't', one: choice(one), two: choice(two), direction }],
    },
  };
}

const held = (...all: Placed[]): string[] => [...collisions(all)].map(([id, by]) => `${id} by ${by.config.id}`);

describe('Integrations over the same places', () => {
  it('are held but for the first, in whatever order they name their systems', () => {
    const first = placed('first', ['a', 'b'], 'both');
    const turned = placed('turned', ['b', 'a'], 'both');
    turned.config.projectPairs[0] = { one: choice('Q'), two: choice('P'), direction: 'both' };
    assert.deepEqual(held(first, placed('copy', ['a', 'b'], 'both'), turned), ['copy by first', 'turned by first']);
    assert.deepEqual(held(first, placed('one way', ['a', 'b'], 'forward')), ['one way by first']);
  });

  it('go beside each other in opposite directions, with other types, and with other systems', () => {
    assert.deepEqual(held(placed('there', ['a', 'b'], 'forward'), placed('back', ['a', 'b'], 'backward')), []);
    assert.deepEqual(
      held(placed('bugs', ['a', 'b'], 'both'), placed('as stories', ['a', 'b'], 'both', ['Bug', 'Story'])),
      [],
    );
    assert.deepEqual(held(placed('ab', ['a', 'b'], 'both'), placed('ac', ['a', 'c'], 'both')), []);
  });

  it('that are held hold nobody', () => {
    const third = placed('third', ['a', 'b'], 'both', ['Story', 'Story']);
    const second = placed('second', ['a', 'b'], 'both');
    second.config.typePairs.push({ id: 's', one: choice('Story'), two: choice('Story'), direction: 'both' });
    assert.deepEqual(held(placed('first', ['a', 'b'], 'both'), second, third), ['second by first']);
  });
});
