/** Checks: what the system says about itself, and that what is read has the shapes that were announced. */

import assert from 'node:assert/strict';
import { checkWith } from './capabilities';
import { assertSyncError, type Probe } from './probe';
import { isUtc, says, shapeProblem } from './shape';

export function structureChecks(probe: Probe): void {
  describe('structure', () => {
    it('says who we are, on which product, and what is missing', async () => {
      const identity = await probe.connection.identify();
      assert.ok(identity.user.id || identity.user.login, 'the account has an id or a login');
      assert.ok(identity.server.trim().length > 0, 'the server has a name');
      assert.ok(Array.isArray(identity.missing));
    });

    it('lists projects, each once, the one of the test among them', async () => {
      const projects = await probe.connection.projects();
      assert.equal(new Set(projects.map((project) => project.id)).size, projects.length);
      assert.ok(projects.every((project) => project.name !== ''));
      for (const id of probe.system.scope.projects)
        assert.ok(
          projects.some((project) => project.id === id),
          id,
        );
    });

    it('lists the entity types of a project, each once', async () => {
      const types = await probe.connection.entityTypes(probe.system.project);
      assert.equal(new Set(types.map((type) => type.id)).size, types.length);
      assert.ok(types.some((type) => type.id === probe.system.type));
      assert.ok(types.every((type) => type.name !== ''));
    });

    it('lists fields, each once, with ids and names; title and samples among them and writable', async () => {
      const fields = await probe.fields();
      assert.equal(new Set(fields.map((field) => field.id)).size, fields.length);
      assert.ok(fields.every((field) => field.id !== '' && field.name !== ''));
      const title = await probe.field(probe.system.title);
      assert.ok(title.required, 'the title is required');
      for (const { field } of probe.system.samples)
        assert.ok(!(await probe.field(field)).readOnly, `${field} is writable`);
    });

    it('says of each rich text field which markup it holds', async () => {
      for (const field of await probe.fields()) if (field.type === 'richtext') assert.ok(field.format, field.id);
    });

    it('lists the values of lookup fields in fields(), or finds them with lookupValues()', async () => {
      const { project, type } = probe.system;
      for (const { field, values } of probe.system.samples) {
        const { type: fieldType, values: list } = await probe.field(field);
        if (fieldType !== 'lookup') continue;
        for (const wanted of values.flat()) {
          if (typeof wanted !== 'object' || wanted === null || !('name' in wanted)) continue;
          const known = list ?? (await probe.connection.lookupValues?.(project, type, field, wanted.name ?? '')) ?? [];
          assert.ok(
            known.some((one) => says(one, wanted)),
            `${field} has "${wanted.name}"`,
          );
        }
      }
    });

    it('reads every field that it lists in the shape of its type, and no other', async () => {
      const fields = await probe.fields();
      const values = Object.fromEntries(probe.system.samples.map((sample) => [sample.field, sample.values[0]]));
      for (const entity of [await probe.create(values), await probe.create()]) {
        const problems = fields.map((field) => shapeProblem(field, entity.fields[field.id]));
        assert.deepEqual(
          problems.filter((problem) => problem !== undefined),
          [],
        );
        const listed = new Set(fields.map((field) => field.id));
        assert.deepEqual(
          Object.keys(entity.fields).filter((id) => !listed.has(id)),
          [],
          'fields that are not listed',
        );
        const empty = fields.filter((field) => !field.readOnly && entity.fields[field.id] === undefined);
        assert.deepEqual(
          empty.map((field) => field.id),
          [],
          'empty fields are null, not absent',
        );
      }
    });

    it('gives an entity id, key, type, project, version and times in UTC', async () => {
      const entity = await probe.create();
      assert.ok(entity.id !== '' && entity.key !== '' && entity.version !== '');
      assert.equal(entity.type, probe.system.type);
      assert.equal(entity.project, probe.system.project);
      assert.ok(isUtc(entity.updatedAt), entity.updatedAt);
      if (entity.createdAt !== undefined) assert.ok(isUtc(entity.createdAt), entity.createdAt);
      const { user } = await probe.connection.identify();
      if (entity.createdBy?.id !== undefined) assert.equal(entity.createdBy.id, user.id, 'we created it');
    });

    it('answers notFound for a project or entity type that there is not', async () => {
      const { project, type } = probe.system;
      const thrown = async (call: Promise<unknown>) => {
        const error = await call.then(
          () => assert.fail('was not refused'),
          (reason: unknown) => reason,
        );
        assertSyncError(error, 'notFound', 'invalid', 'forbidden');
      };
      await thrown(probe.connection.entityTypes('no-such-project'));
      await thrown(probe.connection.fields('no-such-project', type));
      await thrown(probe.connection.fields(project, 'no-such-type'));
    });

    checkWith(probe, 'users', 'finds people by e-mail address or login, and nobody where there is nobody', async () => {
      const { connection, person } = probe.system;
      assert.ok(connection.users);
      const { email, login, id } = person.user;
      for (const query of [email === undefined ? undefined : { email }, login === undefined ? undefined : { login }]) {
        if (!query) continue;
        const found = await connection.users(query);
        assert.equal(found.length, 1, `one person for ${JSON.stringify(query)}`);
        if (id !== undefined) assert.equal(found[0]?.id, id);
      }
      assert.deepEqual(await connection.users({ email: 'nobody@nowhere.invalid' }), []);
    });
  });
}
