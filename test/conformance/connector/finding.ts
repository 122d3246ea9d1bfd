/** Checks: what recovery after a crash stands on, finding what a lost answer may have created; and history. */

import assert from 'node:assert/strict';
import { HOSTILE } from '../../support/hostile';
import { checkWith, searchable } from './capabilities';
import type { Capability } from './harness';
import { newTitle, type Probe, written } from './probe';

const FIELD: Capability[] = ['find', 'searchableField'];

/** @param markers creates can carry one */
export function findingChecks(probe: Probe, markers: boolean): void {
  describe('finding', () => {
    it('finds nothing by a marker that nothing has, also among what we created ourselves', async () => {
      const created = await probe.create({});
      const marker = newTitle('never used');
      assert.deepEqual(await probe.find({ marker, createdBySelfSince: created.createdAt ?? created.updatedAt }), []);
    });

    if (markers) {
      checkWith(probe, 'find', 'finds by the marker of a create, at once', async () => {
        const marker = newTitle('marker');
        const created = await probe.create({}, marker);
        await probe.create({}, newTitle('another marker'));
        assert.deepEqual(await probe.find({ marker }), [created]);
        assert.deepEqual(await probe.find({ marker: newTitle('never used') }), []);
      });

      it('keeps markers only if it can tell them', () => {
        const { keepsMarkers, markersOf } = probe.connection;
        assert.equal(markersOf !== undefined, keepsMarkers === true);
      });

      checkWith(
        probe,
        'markersBack',
        'tells the marker of what was created with one, and none of anything else',
        async () => {
          const marker = newTitle('a marker: 1/2?');
          const [marked, plain] = [await probe.create({}, marker), await probe.create({})];
          const told = await probe.connection.markersOf?.([plain.id, marked.id]);
          assert.deepEqual(told, [[], [marker]]);
        },
      );
    }

    checkWith(probe, FIELD, 'finds by the value of a field, at once, and no near misses', async () => {
      const id = await searchableField(probe);
      const value = newTitle('100% _x_');
      const created = await probe.create({ [id]: value });
      await probe.create({ [id]: `${value} and more` });
      assert.deepEqual(await probe.find({ field: { id, values: [value] } }), [created]);
      assert.deepEqual(await probe.find({ field: { id, values: [newTitle('nobody has this')] } }), []);
    });

    checkWith(
      probe,
      FIELD,
      'finds what has any of several values, each once, and asks for a batch of them together',
      async () => {
        const { title } = probe.system;
        const id = await searchableField(probe);
        const values = Array.from({ length: 60 }, (_, index) => newTitle(`EXT-${index}`));
        const wanted = [values[0], values[7], values[59]].map((value) => value ?? '');
        const results = await probe.write(
          [...wanted, newTitle('EXT-7')].map((value) => probe.creation({ [id]: value, [title]: value })),
        );
        const made = results.map((result) => written(result).id);
        const found = await probe.find({ field: { id, values: [...values, ...wanted] } }, 100);
        assert.deepEqual(found.map((entity) => entity.id).sort(), made.slice(0, 3).sort());
        assert.equal((await probe.find({ field: { id, values } }, 2)).length, 2);
        assert.deepEqual(await probe.find({ field: { id, values: [] } }), []);
      },
    );

    checkWith(probe, FIELD, 'finds texts as a look-up compares them, whatever signs are in them', async () => {
      const id = await searchableField(probe);
      const tag = newTitle('').replaceAll(/[^a-z0-9]/gi, '');
      const texts = HOSTILE.map((text) => `${text} ${tag}`);
      const made = (await probe.write(texts.map((text) => probe.creation({ [id]: text })))).map((one) => written(one));
      const shown = made.map(({ fields }) => String(fields[id]));
      for (const [index, text] of shown.entries()) {
        for (const [how, asked] of [
          ['equal', ` ${text} `],
          ['ignoreCase', text.toUpperCase()],
          ['inside', text],
        ] as const) {
          const found = await probe.find({ field: { id, values: [asked], how } }, 20);
          assert.deepEqual(
            found.map((entity) => entity.id),
            [made[index]?.id],
            `${asked} ${how}`,
          );
        }
      }
      // a word of them, and no part of a word
      const values = [tag.toUpperCase()];
      assert.equal((await probe.find({ field: { id, values, how: 'inside' } }, 20)).length, HOSTILE.length);
      assert.deepEqual(await probe.find({ field: { id, values: [tag.slice(0, -1)], how: 'inside' } }, 20), []);
      assert.deepEqual(await probe.find({ field: { id, values, how: 'equal' } }, 20), []);
    });

    checkWith(probe, 'find', 'finds what the own account created since a time, and nothing of others', async () => {
      const mine = await probe.create();
      const [theirs = ''] = await probe.person.create([newTitle('Theirs')]);
      const found = await probe.find({ createdBySelfSince: mine.createdAt ?? mine.updatedAt }, 100);
      assert.ok(found.some((entity) => entity.id === mine.id));
      assert.ok(!found.some((entity) => entity.id === theirs));
      const tomorrow = new Date(Date.parse(mine.updatedAt) + 86_400_000).toISOString();
      assert.deepEqual(await probe.find({ createdBySelfSince: tomorrow }), []);
    });

    checkWith(probe, FIELD, 'finds what meets all criteria, and no more than asked for', async () => {
      const { title } = probe.system;
      const id = await searchableField(probe);
      const value = newTitle('shared');
      const one = await probe.create({ [id]: value });
      await probe.create({ [id]: value, [title]: newTitle('Twin') });
      const createdBySelfSince = one.createdAt ?? one.updatedAt;
      assert.equal((await probe.find({ field: { id, values: [value] }, createdBySelfSince })).length, 2);
      assert.equal((await probe.find({ field: { id, values: [value] }, createdBySelfSince }, 1)).length, 1);
    });

    checkWith(probe, 'history', 'tells who changed what, newest first', async () => {
      const { connection, person } = probe;
      const { title } = probe.system;
      assert.ok(connection.history);
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

async function searchableField(probe: Probe): Promise<string> {
  const field = await searchable(probe);
  assert.ok(field !== undefined, 'no field to search by');
  return field;
}
