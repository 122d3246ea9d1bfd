/** Previews after a lost store: a comment whose copy is there is joined with it, as the writer would, and is not planned as new. */

import assert from 'node:assert/strict';
import type { Entity, Side } from '../../lib/model/entity';
import { eachSide } from '../../lib/model/sides';
import { type EntityPlan, planEntity } from '../../lib/plan';
import type { LinkStore } from '../../lib/plan/kin';
import { Bench, COMMENTS, words } from '../engine/comment-bench';

describe('plan: comments after a lost store', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.start([COMMENTS]);
  });
  afterEach(() => bench.stop());

  /** A store that knows the items and no comment, and is in doubt. */
  const lost = (): LinkStore => {
    const { store } = bench;
    const partsOfNobody: LinkStore = {
      linksOf: async (integration, side, ids) => {
        const links = await store.linksOf(integration, side, ids);
        const spaces = { 1: bench.one, 2: bench.two };
        return links.map((link, at) => (spaces[side].get(ids[at] ?? '')?.owner ? undefined : link));
      },
      counterparts: (...asked) => store.counterparts(...asked),
      linksBySystem: async () => [],
      kinOf: async () => [],
      doubt: async () => '2100-01-01T00:00:00.000Z',
    };
    return partsOfNobody;
  };

  const plan = (side: Side, entity: Entity): Promise<EntityPlan> => {
    const { config, systems } = bench.integration;
    const connections = eachSide((at) => systems[at].connection());
    return planEntity({
      config,
      steps: [],
      side,
      entity,
      store: lost(),
      connections: [connections[1], connections[2]],
    });
  };

  it('join a comment with its copy, from either side, and show what an edit would change', async () => {
    const bug = bench.bug(bench.one, 'Crash');
    const id = bench.comment(bench.one, bug, 'It crashes.');
    await bench.sync();
    const [original, copy] = [bench.parts(bench.one, 'Crash')[0], bench.parts(bench.two, 'Crash')[0]];
    assert.ok(original && copy);
    for (const [side, own, other] of [
      [1, original, copy],
      [2, copy, original],
    ] as const) {
      const { outcome, target, warnings } = await plan(side, own);
      assert.deepEqual([outcome.kind, target?.id], ['nothing', other.id], JSON.stringify([outcome, warnings]));
      assert.match(warnings.join(), /is its counterpart: it is linked with it, not created/);
    }
    const edited = bench.one.edit('alice', id, words('It crashes twice.'));
    const { outcome, target } = await plan(1, edited);
    assert.deepEqual([outcome.kind, target?.id], ['update', copy.id]);
  });

  it('plan a comment without a copy as new', async () => {
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.comment(bench.one, bug, 'It crashes.');
    const [original] = bench.parts(bench.one, 'Crash');
    assert.ok(original);
    assert.equal((await plan(1, original)).outcome.kind, 'create');
  });

  it('hide the copy of a comment that is internal now, though internal comments are left out', async () => {
    const bug = bench.bug(bench.one, 'Crash');
    const id = bench.comment(bench.one, bug, 'It crashes.');
    await bench.sync();
    const internal = bench.one.edit('alice', id, { visibility: { id: 'internal', name: 'Internal' } });
    const { outcome, target, fields } = await plan(1, internal);
    assert.deepEqual([outcome.kind, target?.id], ['update', bench.parts(bench.two, 'Crash')[0]?.id]);
    const written = fields.filter(({ effect }) => effect === 'write').map(({ field, after }) => [field, after]);
    assert.deepEqual(written, [['visibility', { id: 'internal', name: 'Internal' }]]);
  });
});
