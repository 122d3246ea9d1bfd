/** Checks: relations between entities are fields, shown by both ends, each written once and removed alone. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteResult } from '../../../lib/connectors/connector';
import type { Entity, EntityId } from '../../../lib/model/entity';
import type { FieldId, Fields, Value } from '../../../lib/model/values';
import type { RelationsUnderTest } from './harness';
import { newTitle, type Probe, written } from './probe';

const to = (...ids: EntityId[]): Value => ids.map((id) => ({ id }));
const idsIn = (value: Value | undefined): string[] =>
  [value ?? []]
    .flat()
    .map((one) => (typeof one === 'object' && 'id' in one ? String(one.id) : String(one)))
    .sort();

export function relationChecks(probe: Probe, relations: RelationsUnderTest | undefined): void {
  describe('relations', () => {
    if (!relations) {
      it('are not there, as the harness says', async () => {
        const lists = (await probe.fields()).filter(
          ({ type, multi, readOnly }) => type === 'reference' && multi && !readOnly,
        );
        assert.deepEqual(lists, []);
      });
      return;
    }
    const { ends, onePerPair, coarseClock } = relations;
    const all = [...new Set(ends.flat())];
    const [kind = ['', '']] = ends;
    const [field] = kind;
    const other = ends.find((one) => !one.includes(field))?.[0] ?? field;

    const several = async (count: number): Promise<EntityId[]> => {
      const ids: EntityId[] = [];
      for (let n = 0; n < count; n += 1) ids.push((await probe.create()).id);
      return ids;
    };
    const read = async (id: EntityId): Promise<Entity> => {
      const entity = await probe.read(id);
      assert.ok(entity, `${id} is there`);
      return entity;
    };
    /** As the engine does it: the target is read before it is written. */
    const update = async (id: EntityId, fields: Fields): Promise<WriteResult> => {
      await read(id);
      const [result] = await probe.write([{ kind: 'update', id, fields }]);
      assert.ok(result);
      return result;
    };
    const shown = ({ fields }: Entity): Record<FieldId, string[]> =>
      Object.fromEntries(all.flatMap((id) => (idsIn(fields[id]).length > 0 ? [[id, idsIn(fields[id])]] : [])));
    const related = async (id: EntityId) => shown(await read(id));
    const refusedBy = (result: WriteResult, id: FieldId): string =>
      result.ok ? (result.ignored?.[id] ?? '') : result.error.message;

    it('are fields that name several entities, and empty where there are none', async () => {
      const fields = await probe.fields();
      for (const id of all) {
        const found = fields.find((one) => one.id === id);
        assert.deepEqual([found?.type, found?.multi, found?.readOnly ?? false], ['reference', true, false], id);
      }
      const { fields: values } = await probe.create();
      for (const id of all) assert.equal(values[id], null, id);
    });

    for (const [one, opposite] of ends)
      it(`${one} is shown as ${opposite} by the other end, and goes from both`, async () => {
        const [from = '', there = ''] = await several(2);
        const made = written(await update(from, { [one]: to(there) }));
        assert.deepEqual(shown(made), { [one]: [there] });
        assert.deepEqual(await related(there), { [opposite]: [from] });
        await update(there, { [opposite]: null });
        assert.deepEqual(await related(from), {});
        assert.deepEqual(await related(there), {});
      });

    it('come with a create and beside other fields; the result has the version that then holds', async () => {
      const [there = ''] = await several(1);
      const [result] = await probe.write([probe.creation({ [field]: to(there) })]);
      const created = written(result);
      assert.deepEqual(shown(created), { [field]: [there] });
      assert.equal((await read(created.id)).version, created.version);
      const title = newTitle('Related');
      const changed = written(await update(created.id, { [field]: null, [probe.system.title]: title }));
      assert.equal(probe.titleOf(changed), title);
      assert.deepEqual(shown(changed), {});
      assert.equal((await read(created.id)).version, changed.version);
    });

    it('are there once, however often and from whichever end they are written', async () => {
      const [from = '', there = ''] = await several(2);
      const [one = '', opposite = ''] = kind;
      await update(from, { [one]: to(there) });
      assert.deepEqual(refusedBy(await update(there, { [opposite]: to(from) }), opposite), '');
      assert.deepEqual(refusedBy(await update(from, { [one]: to(there, there) }), one), '');
      assert.deepEqual(await related(from), { [one]: [there] });
      await update(from, { [one]: null });
      assert.deepEqual(await related(there), {});
    });

    it('change the version of both ends; an end whose update time stays is declared as silent', async () => {
      const [from = '', there = ''] = await several(2);
      const [before, otherBefore] = [await read(from), await read(there)];
      // a coarse clock shows the same time for what follows too soon
      await sleep((probe.system.parts?.tickMs ?? 0) + 2);
      await update(from, { [field]: to(there) });
      const [after, otherAfter] = [await read(from), await read(there)];
      assert.notEqual(after.version, before.version);
      assert.notEqual(otherAfter.version, otherBefore.version);
      for (const [past, now, id] of [
        [before, after, field],
        [otherBefore, otherAfter, kind[1] ?? ''],
      ] as const)
        if (!coarseClock && past.updatedAt === now.updatedAt)
          assert.equal(probe.connection.silentFields?.has(id), true, id);
    });

    it('are removed one by one: the third of five, while somebody edits', async () => {
      const [from = '', ...others] = await several(6);
      await update(from, { [field]: to(...others) });
      await probe.person.retitle(from, newTitle('Edited'));
      const left = others.filter((_, index) => index !== 2);
      assert.deepEqual(refusedBy(await update(from, { [field]: to(...left) }), field), '');
      assert.deepEqual(await related(from), { [field]: [...left].sort() });
      assert.deepEqual(await related(others[2] ?? ''), {});
    });

    it('of other kinds stay', async () => {
      const [from = '', one = '', two = ''] = await several(3);
      await update(from, { [field]: to(one), [other]: to(two) });
      await update(from, { [field]: null });
      assert.deepEqual(await related(from), { [other]: [two] });
    });

    it(
      onePerPair ? 'are one of a pair: another kind is refused, and says so' : 'of one pair may be of several kinds',
      async () => {
        const [from = '', there = ''] = await several(2);
        await update(from, { [field]: to(there) });
        const why = refusedBy(await update(from, { [other]: to(there) }), other);
        const both = { [field]: [there], [other]: [there] };
        assert.deepEqual(await related(from), onePerPair ? { [field]: [there] } : both);
        assert.equal(why !== '', onePerPair ?? false, why);
      },
    );

    it('to itself, or to what is not there, are refused by field, and everything else is written', async () => {
      const [from = '', there = ''] = await several(2);
      const title = newTitle('Written');
      const result = await update(from, { [field]: to(from, '2000000001', there), [probe.system.title]: title });
      assert.match(refusedBy(result, field), /./);
      assert.deepEqual(await related(from), { [field]: [there] });
      assert.equal(probe.titleOf(await read(from)), title);
    });
  });
}
