/**
 * Checks: parts of entities (comments) are there whole, in order and once; what we write is recognisable; and nothing is taken
 * for deleted that was merely not delivered.
 */

import assert from 'node:assert/strict';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { PartAbilities } from './harness';
import { partOwnerChecks } from './part-owners';
import { idsOf, PartProbe } from './part-probe';
import { partWritingChecks } from './part-writing';
import { newTitle, type Probe } from './probe';
import { isUtc, shapeProblem } from './shape';

/** How many parts are many: more than any system shows on a page. */
const MANY = 250;

/** @param can undefined = the connection has no parts */
export function partChecks(probe: Probe, can: PartAbilities | undefined): void {
  describe('parts of entities', () => {
    it(can ? 'are there, as the connection says' : 'are not there, as the connection says', () => {
      const { parts, remove, silentParts } = probe.connection;
      assert.equal(parts !== undefined, can !== undefined);
      assert.equal(remove !== undefined, can?.removals ?? can !== undefined, 'whether parts can be removed');
      assert.ok(can || silentParts === undefined, 'no parts, no silent ones');
      assert.equal(probe.system.parts !== undefined, can !== undefined, 'the harness says what they are');
    });
    if (!can) {
      it('have no entity types', async () => {
        const types = await probe.connection.entityTypes(probe.system.project);
        assert.deepEqual(
          types.filter(({ partOf, role }) => partOf !== undefined || role !== undefined),
          [],
        );
      });
      return;
    }
    const parts = new PartProbe(probe);
    readingChecks(probe, parts, can);
    partOwnerChecks(probe, parts, can);
    partWritingChecks(probe, parts, can);
  });
}

function readingChecks(probe: Probe, parts: PartProbe, can: PartAbilities): void {
  it('have types that say what they are part of, and are no items', async () => {
    const { project, type, scope } = probe.system;
    const types = await probe.connection.entityTypes(project);
    const partType = types.find(({ id }) => id === parts.system.type);
    assert.ok(partType?.role, 'it has a role');
    assert.ok(partType.partOf?.includes(type), `it is part of ${type}`);
    for (const { id, partOf, role } of types) {
      assert.equal(partOf === undefined, role === undefined, `${id}: a part has a role, and nothing else has one`);
      if (partOf === undefined) continue;
      assert.ok(!scope.types.includes(id), `${id} is polled`);
      for (const owner of partOf)
        assert.ok(
          types.some((other) => other.id === owner && other.partOf === undefined),
          `${id} is part of ${owner}`,
        );
    }
  });

  it('have the fields that are listed, in the shapes of their types, and no others', async () => {
    const fields = await parts.fields();
    assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length);
    const text = await parts.textField();
    assert.ok(text.required && !text.readOnly, 'the text is required and writable');
    if (text.type === 'richtext') assert.ok(text.format, 'it says which markup it holds');
    const part = await parts.create((await parts.owner()).id, newTitle('Comment'));
    const problems = fields.map((field) => shapeProblem(field, part.fields[field.id]));
    assert.deepEqual(
      problems.filter((problem) => problem !== undefined),
      [],
    );
    const listed = new Set(fields.map(({ id }) => id));
    assert.deepEqual(
      Object.keys(part.fields).filter((id) => !listed.has(id)),
      [],
    );
  });

  it('are read back as they were created, by parts() and by read(): id, key, owner, author, time, version', async () => {
    const owner = await parts.owner();
    const text = newTitle('Comment');
    const part = await parts.create(owner.id, text);
    assert.equal(parts.textOf(part), parts.kept(text));
    assert.deepEqual(await parts.allOf(owner.id), [part]);
    assert.deepEqual(await probe.connection.read(probe.system.scope, [part.id, owner.id, part.id]), [
      part,
      await probe.read(owner.id),
      part,
    ]);
    assert.notEqual(part.id, owner.id);
    assert.ok(part.id !== '' && part.key !== '' && part.version !== '');
    assert.deepEqual(part.owner, { id: owner.id, key: owner.key, type: owner.type });
    assert.deepEqual([part.type, part.project], [parts.system.type, owner.project]);
    assert.ok(isUtc(part.updatedAt), part.updatedAt);
    assert.ok(part.createdAt !== undefined && isUtc(part.createdAt), part.createdAt);
    const { user } = await probe.connection.identify();
    assert.equal(part.createdBy?.id ?? part.createdBy?.login, user.id ?? user.login, 'we wrote it');
  });

  it('of others say who wrote them', async () => {
    const owner = await parts.owner();
    const [id = ''] = await parts.system.person.add(owner.id, [newTitle('Theirs')]);
    const [part] = await parts.allOf(owner.id);
    assert.equal(part?.id, id);
    const { user } = probe.person;
    assert.equal(part?.createdBy?.id ?? part?.createdBy?.login, user.id ?? user.login);
  });

  it('come neither with polls, nor among the newest, nor by their key as items', async () => {
    const since = await probe.now();
    const owner = await parts.owner();
    const part = await parts.create(owner.id, newTitle('Comment'));
    const [next = ''] = await probe.person.create([newTitle('Next')]);
    const { entities } = await probe.pollFor(since, [owner.id, next]);
    assert.deepEqual(
      entities.filter(({ id, type }) => id === part.id || type === part.type),
      [],
    );
    const latest = (await probe.connection.latest?.(probe.system.scope, 10)) ?? [];
    assert.deepEqual(
      latest.filter(({ id }) => id === part.id),
      [],
    );
    assert.notEqual((await probe.connection.byKey?.(part.key))?.type, part.type);
  });

  it('of several owners come in one call, in the order of the owners, each with its own', async () => {
    const owners = [await parts.owner(), await parts.owner(), await parts.owner()];
    const [one, two, none] = idsOf(owners);
    assert.ok(one && two && none);
    const texts = [newTitle('First'), newTitle('Second'), newTitle('Third')];
    const written = [
      await parts.create(two, texts[0] ?? ''),
      await parts.create(one, texts[1] ?? ''),
      await parts.create(two, texts[2] ?? ''),
    ];
    assert.deepEqual(await parts.of(one, none, two), [[written[1]], [], [written[0], written[2]]]);
    assert.deepEqual(await parts.of(two, one), [[written[0], written[2]], [written[1]]]);
    assert.deepEqual(await parts.of(), []);
  });

  it('that were written within one second are all there, in order, ours and those of others', async () => {
    const { id } = await parts.owner();
    const texts = [1, 2, 3, 4].map((count) => newTitle(`Quick ${count}`));
    const [first = '', ...rest] = texts;
    const ids = [(await parts.create(id, first)).id];
    ids.push(...(await parts.system.person.add(id, rest.slice(0, 2))));
    ids.push((await parts.create(id, rest[2] ?? '')).id);
    const found = await parts.allOf(id);
    assert.deepEqual(idsOf(found), ids);
    assert.equal(new Set(found.map(({ key }) => key)).size, texts.length, 'each has its own key');
    assert.deepEqual(
      found.map((part) => parts.textOf(part)),
      texts.map((text) => parts.kept(text)),
    );
  });

  describe('that are many', () => {
    let owner: Entity;
    let ids: string[] = [];
    before(async () => {
      owner = await parts.owner();
      const count = parts.system.many ?? MANY;
      ids = await parts.system.person.add(
        owner.id,
        Array.from({ length: count }, (_, index) => `Remark ${index}`),
      );
      assert.equal(new Set(ids).size, count);
    });

    it('come whole, the oldest first', async () => {
      assert.deepEqual(idsOf(await parts.allOf(owner.id)), ids);
      const [read, last] = await probe.connection.read(probe.system.scope, [ids[0] ?? '', ids.at(-1) ?? '']);
      assert.ok(read && last && !(read instanceof SyncError) && !(last instanceof SyncError));
      assert.deepEqual([read.id, last.id], [ids[0], ids.at(-1)]);
    });

    it('come whole while one is written, which comes now or the next time', async () => {
      const text = newTitle('Meanwhile');
      const [listed, written] = await Promise.all([parts.allOf(owner.id), parts.create(owner.id, text)]);
      const isNew = (id: string) => id === written.id;
      assert.deepEqual(
        idsOf(listed).filter((id) => !isNew(id)),
        ids,
      );
      ids = [...ids, written.id];
      assert.deepEqual(idsOf(await parts.allOf(owner.id)), ids);
    });

    if (can.removals ?? true) {
      it('come whole while one is removed: its neighbours are not skipped', async () => {
        const [gone = ''] = ids;
        const [listed] = await Promise.all([parts.allOf(owner.id), parts.system.person.remove?.(gone)]);
        ids = ids.filter((id) => id !== gone);
        assert.deepEqual(
          idsOf(listed).filter((id) => id !== gone),
          ids,
        );
        assert.deepEqual(idsOf(await parts.allOf(owner.id)), ids);
      });
    }
  });

  if (can.markers ?? true) {
    it('are found again by their marker, within their owner, at once', async () => {
      const [owner, other] = [await parts.owner(), await parts.owner()];
      const marker = newTitle('marker');
      const part = await parts.create(owner.id, newTitle('Marked'), marker);
      await parts.create(owner.id, newTitle('Another'), newTitle('another marker'));
      assert.deepEqual(await parts.find({ owner: owner.id, marker }), [part]);
      assert.deepEqual(await parts.find({ owner: other.id, marker }), []);
      assert.deepEqual(await parts.find({ owner: owner.id, marker: newTitle('never used') }), []);
    });
  }

  it('that we wrote ourselves are found within their owner, and those of others are not among them', async () => {
    const [owner, other] = [await parts.owner(), await parts.owner()];
    await parts.system.person.add(owner.id, [newTitle('Theirs')]);
    const mine = await parts.create(owner.id, newTitle('Mine'));
    const since = mine.createdAt ?? mine.updatedAt;
    await parts.create(other.id, newTitle('Mine, elsewhere'));
    assert.deepEqual(await parts.find({ owner: owner.id, createdBySelfSince: since }), [mine]);
    const tomorrow = new Date(Date.parse(since) + 86_400_000).toISOString();
    assert.deepEqual(await parts.find({ owner: owner.id, createdBySelfSince: tomorrow }), []);
  });
}
