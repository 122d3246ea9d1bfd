/** Checks: what recovery after a crash stands on, finding what a lost answer may have created; and history. */

import assert from 'node:assert/strict';
import { newTitle, type Probe } from './probe';

/** @param markers creates can carry one */
export function findingChecks(probe: Probe, markers: boolean): void {
  describe('finding', () => {
    it('finds nothing by a marker that nothing has, also among what we created ourselves', async () => {
      const created = await probe.create({});
      const marker = newTitle('never used');
      assert.deepEqual(await probe.find({ marker, createdBySelfSince: created.createdAt ?? created.updatedAt }), []);
    });

    if (markers) {
      it('finds by the marker of a create, at once', async function () {
        if (!probe.connection.find) this.skip();
        const marker = newTitle('marker');
        const created = await probe.create({}, marker);
        await probe.create({}, newTitle('another marker'));
        assert.deepEqual(await probe.find({ marker }), [created]);
        assert.deepEqual(await probe.find({ marker: newTitle('never used') }), []);
      });
    }

    it('finds by the value of a field, at once, and no near misses', async function () {
      if (!probe.connection.find) this.skip();
      const id = await searchable(probe);
      if (id === undefined) this.skip();
      const value = newTitle('100% _x_');
      const created = await probe.create({ [id]: value });
      await probe.create({ [id]: `${value} and more` });
      assert.deepEqual(await probe.find({ field: { id, value } }), [created]);
      assert.deepEqual(await probe.find({ field: { id, value: newTitle('nobody has this') } }), []);
    });

    it('finds what the own account created since a time, and nothing of others', async function () {
      if (!probe.connection.find) this.skip();
      const mine = await probe.create();
      const [theirs = ''] = await probe.person.create([newTitle('Theirs')]);
      const found = await probe.find({ createdBySelfSince: mine.createdAt ?? mine.updatedAt }, 100);
      assert.ok(found.some((entity) => entity.id === mine.id));
      assert.ok(!found.some((entity) => entity.id === theirs));
      const tomorrow = new Date(Date.parse(mine.updatedAt) + 86_400_000).toISOString();
      assert.deepEqual(await probe.find({ createdBySelfSince: tomorrow }), []);
    });

    it('finds what meets all criteria, and no more than asked for', async function () {
      const { title } = probe.system;
      if (!probe.connection.find) this.skip();
      const id = await searchable(probe);
      if (id === undefined) this.skip();
      const value = newTitle('shared');
      const one = await probe.create({ [id]: value });
      await probe.create({ [id]: value, [title]: newTitle('Twin') });
      const createdBySelfSince = one.createdAt ?? one.updatedAt;
      assert.equal((await probe.find({ field: { id, value }, createdBySelfSince })).length, 2);
      assert.equal((await probe.find({ field: { id, value }, createdBySelfSince }, 1)).length, 1);
    });

    it('tells who changed what, newest first', async function () {
      const { connection, person } = probe;
      const { title } = probe.system;
      if (!connection.history) this.skip();
      const before = newTitle('Before');
      const after = newTitle('After');
      const [id = ''] = await person.create([before]);
      await probe.update(id, { [title]: after });
      const last = newTitle('Last');
      await person.retitle(id, last);
      const revisions = (await connection.history(id)).filter((revision) => Object.hasOwn(revision.fields, title));
      assert.deepEqual(
        revisions.slice(0, 2).map((revision) => revision.fields[title]),
        [
          { old: after, new: last },
          { old: before, new: after },
        ],
      );
      const { user } = await connection.identify();
      assert.equal(revisions[1]?.by?.id, user.id);
      if (person.user.id !== undefined) assert.equal(revisions[0]?.by?.id, person.user.id);
      assert.equal(new Set(revisions.map((revision) => revision.id)).size, revisions.length);
    });
  });
}

async function searchable(probe: Probe): Promise<string | undefined> {
  if (probe.system.searchable !== undefined) return probe.system.searchable;
  for (const { field } of probe.system.samples) {
    const { type, multi } = await probe.field(field);
    if (type === 'text' && !multi) return field;
  }
  return undefined;
}
