/** Files of internal comments, in a system that hides them with their comments: they go where internal comments go. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import type { InternalPolicy } from '../../lib/model/config';
import type { Entity, Field } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { Bench, COMMENTS } from './comment-bench';
import { attach, FILES, filesOf } from './file-bench';

const VISIBILITY: Field = { id: 'visibility', name: 'Visibility', type: 'lookup', createOnly: true };
const seenBy = (id: 'internal' | 'public'): Fields => ({ visibility: { id, name: id } });

/** As a system that hides files of internal comments: those whose name says so. */
function hiding(connection: Connection, isHidden: (name: string) => boolean): Connection {
  const shown = (entity: Entity): Entity =>
    entity.type === 'attachment'
      ? {
          ...entity,
          fields: { ...entity.fields, ...seenBy(isHidden(String(entity.fields.name)) ? 'internal' : 'public') },
        }
      : entity;
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'fields') {
        const fields: Connection['fields'] = async (project, type) => [
          ...(await target.fields(project, type)),
          ...(type === 'attachment' ? [VISIBILITY] : []),
        ];
        return fields;
      }
      if (name === 'parts') {
        const parts: Connection['parts'] = async (scope, owners, types) =>
          ((await target.parts?.(scope, owners, types)) ?? []).map((result) =>
            Array.isArray(result) ? result.map(shown) : result,
          );
        return parts;
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('Files of internal comments', function () {
  this.timeout(60_000);
  let bench: Bench;
  const start = async (internal?: InternalPolicy, isHidden = (name: string) => name.startsWith('secret')) => {
    const parts = [{ ...COMMENTS, ...(internal && { internal }) }, FILES];
    bench = await Bench.start(parts, false, { through: (connection) => hiding(connection, isHidden) });
    const bug = bench.bug(bench.two, 'Crash');
    await attach(bench.two, bug, 'secret.txt', 'for us alone');
    await attach(bench.two, bug, 'plain.txt', 'for all');
    await bench.sync();
  };
  const copies = async (): Promise<unknown[]> => (await filesOf(bench, bench.one, 'Crash')).map(([name]) => name);
  afterEach(() => bench.stop());

  it('are left out unless somebody decides otherwise, and that is reported', async () => {
    await start();
    assert.deepEqual(await copies(), ['plain.txt']);
    const told = JSON.stringify(bench.results.map(({ warnings }) => warnings));
    assert.match(told, /it belongs to an internal comment, and internal comments are left out/);
    assert.deepEqual(bench.failures, []);
  });

  it('are left out where they could not be kept internal, if internal comments are to stay so', async () => {
    await start('keep');
    assert.deepEqual(await copies(), ['plain.txt']);
  });

  it('are synced if internal comments always are', async () => {
    await start('public');
    assert.deepEqual(await copies(), ['secret.txt', 'plain.txt']);
  });

  it('that are themselves copies leave their public originals alone', async () => {
    await start(undefined, () => true);
    assert.deepEqual(await copies(), []);
    await attach(bench.one, bench.bug(bench.one, 'Other'), 'original.txt', 'from there');
    await bench.sync();
    bench.two.edit('alice', bench.parts(bench.two, 'Other')[0]?.id ?? '', { name: 'renamed.txt' });
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.one, 'Other'), [['renamed.txt', 'from there']]);
    assert.deepEqual(bench.failures, []);
  });
});
