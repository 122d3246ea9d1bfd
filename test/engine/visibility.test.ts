/** Internal comments between two sandbox trackers: never made public without a person's decision. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { exposureOf } from '../../lib/engine/exposure';
import type { DeclaredFields } from '../../lib/mapping/fit';
import type { PartPair } from '../../lib/model/config';
import type { Fields } from '../../lib/model/values';
import { Bench, COMMENTS, type Over, openToAll, words } from './comment-bench';

const INTERNAL: Fields = { visibility: { id: 'internal', name: 'Internal' } };
const PUBLIC: Fields = { visibility: { id: 'public', name: 'Public' } };
const keep: PartPair[] = [{ ...COMMENTS, internal: 'keep' }];
const show: PartPair[] = [{ ...COMMENTS, internal: 'public' }];

/** A system that takes the visibility of what it is asked for without a word, and shows it to everybody. */
const careless = (connection: Connection): Connection =>
  new Proxy(connection, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'write') return typeof value === 'function' ? value.bind(target) : value;
      const write: Connection['write'] = async (scope, operations) =>
        (await target.write?.(
          scope,
          operations.map((operation) => {
            const { visibility, ...fields } = operation.fields;
            return { ...operation, fields: visibility === undefined ? fields : { ...fields, ...PUBLIC } };
          }),
        )) ?? [];
      return write;
    },
  });

describe('Internal comments', function () {
  this.timeout(60_000);
  let bench: Bench;
  const start = async (parts?: PartPair[], over?: Over): Promise<void> => {
    bench = await Bench.start(parts, false, over);
  };
  afterEach(() => bench.stop());
  const seen = (): [string, string | undefined][] => {
    const texts = bench.texts(bench.two, 'Crash');
    return bench.parts(bench.two, 'Crash').map(({ fields: { visibility } }, index) => {
      const id = typeof visibility === 'object' && visibility && 'id' in visibility ? visibility.id : undefined;
      return [texts[index] ?? '', id];
    });
  };
  const told = (): string => JSON.stringify(bench.results.map(({ warnings }) => warnings));

  it('are left out unless somebody decides otherwise, and that is reported', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'secret', INTERNAL);
    bench.comment(bench.one, bug, 'for all');
    await bench.sync();
    assert.deepEqual(seen(), [['for all', 'public']]);
    assert.match(told(), /internal comments are left out/);
    assert.deepEqual(bench.failures, []);
  });

  it('follow once they are public', async () => {
    await start();
    const secret = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'secret', INTERNAL);
    await bench.sync();
    bench.one.edit('alice', secret, PUBLIC);
    await bench.sync();
    assert.deepEqual(seen(), [['secret', 'public']]);
  });

  it('stay internal where the target can keep them so, whatever a flow makes of them', async () => {
    await start(keep);
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'plain', INTERNAL);
    await bench.sync();
    bench.flow = ({ payload }) => {
      delete payload.visibility;
      return true;
    };
    const dropped = bench.comment(bench.one, bug, 'dropped', INTERNAL);
    await bench.sync();
    bench.flow = ({ payload, sync }) => {
      if (sync.entity.owner) Object.assign(payload, PUBLIC);
      return true;
    };
    bench.comment(bench.one, bug, 'changed', INTERNAL);
    bench.one.edit('alice', dropped, words('dropped, edited'));
    await bench.sync();
    assert.deepEqual(seen(), [
      ['plain', 'internal'],
      ['dropped, edited', 'internal'],
      ['changed', 'internal'],
    ]);
  });

  it('stay internal with a person’s own mapper that has no row for it', async () => {
    await start(keep);
    bench.flow = ({ payload, sync }) => {
      if (!sync.entity.owner) return true;
      for (const field of Object.keys(payload)) if (field !== 'text') delete payload[field];
      sync.mapped = { text: { from: ['text'], conflict: 'merge', type: 'richtext' } };
      return true;
    };
    const comment = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    assert.deepEqual(seen(), [['said', 'public']]);
    bench.one.edit('alice', comment, INTERNAL);
    await bench.sync();
    assert.deepEqual(seen(), [['said', 'internal']]);
  });

  it('stay internal if the copy was edited before somebody made the original public, whichever change is first', async () => {
    for (const first of ['forward', 'backward'] as const) {
      await start(keep);
      const comment = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'one\n\ntwo', INTERNAL);
      await bench.sync();
      const [copy] = bench.parts(bench.two, 'Crash');
      assert.ok(copy);
      const both = 'one\n\ntwo\n\na password';
      bench.delay = ({ sync }) => (sync.direction === first ? 0 : 2_000);
      bench.one.edit('alice', comment, PUBLIC);
      bench.two.edit('bob', copy.id, words(`${bench.stored(bench.two, 'Crash')[0]}\n\na password`));
      await bench.sync();
      assert.deepEqual(seen(), [[both, 'internal']], first);
      assert.deepEqual(bench.texts(bench.one, 'Crash'), [both], first);
      assert.deepEqual(bench.parts(bench.one, 'Crash')[0]?.fields.visibility, INTERNAL.visibility, first);
      bench.one.edit('alice', comment, PUBLIC);
      await bench.sync();
      assert.deepEqual(seen(), [[both, 'public']], first);
      assert.deepEqual(bench.failures, []);
      if (first === 'forward') await bench.stop();
    }
  });

  it('go nowhere where the target shows comments to everybody, unless somebody wants that', async () => {
    await start(keep, { template: openToAll() });
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'secret', INTERNAL);
    bench.comment(bench.one, bug, 'for all');
    await bench.sync();
    assert.deepEqual(seen(), [['for all', undefined]]);
    assert.match(told(), /shows comments to everybody/);
    await bench.stop();
    await start(show, { template: openToAll() });
    bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'secret', INTERNAL);
    await bench.sync();
    assert.deepEqual(seen(), [['secret', undefined]]);
  });

  it('that were public are hidden in the same update, and their text of before is nowhere public', async () => {
    await start();
    const comment = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    bench.one.edit('alice', comment, { ...words('said, with a password'), ...INTERNAL });
    await bench.sync();
    assert.deepEqual(seen(), [['said, with a password', 'internal']]);
    bench.one.edit('alice', comment, { ...words('said'), ...PUBLIC });
    await bench.sync();
    assert.deepEqual(seen(), [['said', 'public']]);
  });

  it('that were public lose their copy where that cannot be hidden; made public again, they have one again', async () => {
    await start(keep, { template: openToAll() });
    const comment = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    assert.deepEqual(seen(), [['said', undefined]]);
    bench.one.edit('alice', comment, { ...words('a password'), ...INTERNAL });
    await bench.sync();
    assert.deepEqual(seen(), []);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), ['a password']);
    assert.match(told(), /it is internal now, and its copy would be public/);
    bench.one.edit('alice', comment, { ...words('said again'), ...PUBLIC });
    await bench.sync();
    assert.deepEqual(seen(), [['said again', undefined]]);
  });

  it('whose public original cannot be hidden leave it as it is', async () => {
    await start(keep, { template: openToAll() });
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.comment(bench.two, bench.find(bench.two, 'Crash'), 'from two');
    await bench.sync();
    const [copy] = bench.parts(bench.one, 'Crash');
    assert.ok(bug && copy);
    bench.one.edit('alice', copy.id, {
      ...words(`${bench.stored(bench.one, 'Crash')[0]} and a password`),
      ...INTERNAL,
    });
    await bench.sync();
    assert.deepEqual(seen(), [['from two', undefined]]);
    assert.match(told(), /its original is public/);
  });

  it('that come out public are deleted at once, parked and reported', async () => {
    await start(keep, { through: careless });
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'secret', INTERNAL);
    bench.comment(bench.one, bug, 'for all');
    await bench.sync(60_000);
    assert.deepEqual(seen(), [['for all', 'public']]);
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.equal(items.length, 1);
    assert.match(items[0]?.error.message ?? '', /shows DEMO-1#1 to everybody.*deleted/);
    assert.equal(bench.failures.length, 1, 'it is not tried again, which would mail people again');
    assert.deepEqual(bench.texts(bench.one, 'Crash'), ['secret', 'for all']);
  });

  it('are those of which their system, if it knows such, does not say that they are public', async () => {
    await start();
    bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    const [comment] = bench.parts(bench.one, 'Crash');
    assert.ok(comment);
    const knows: DeclaredFields = new Map([['visibility', { id: 'visibility', name: 'Visibility', type: 'lookup' }]]);
    const isInternal = (fields: Fields, declared: DeclaredFields): boolean | undefined =>
      exposureOf(bench.integration.config, 1, { ...comment, fields }, declared, knows)?.isInternal;
    assert.equal(isInternal(words('said'), knows), true);
    assert.equal(isInternal({ ...words('said'), visibility: null }, new Map()), true);
    assert.equal(isInternal({ ...words('said'), visibility: { id: 'team', name: 'Public' } }, knows), true);
    assert.equal(isInternal({ ...words('said'), ...INTERNAL }, new Map()), true);
    assert.equal(isInternal({ ...words('said'), ...PUBLIC }, knows), false);
    assert.equal(isInternal(words('said'), new Map()), false);
  });

  it('are kept by targets alone that can be told: not by those that only show who sees a comment', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'said');
    const [comment] = bench.parts(bench.one, 'Crash');
    assert.ok(comment);
    const canKeep = (target: DeclaredFields) =>
      exposureOf(bench.integration.config, 1, comment, new Map(), target)?.canKeep;
    const field = { id: 'visibility', name: 'Visibility', type: 'lookup' } as const;
    assert.equal(canKeep(new Map([[field.id, field]])), true);
    assert.equal(canKeep(new Map([[field.id, { ...field, readOnly: true }]])), false);
    assert.equal(canKeep(new Map()), false);
    assert.equal(canKeep(undefined), true);
  });
});
