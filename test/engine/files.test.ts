/** Attachments between two sandbox trackers, by the real engine: whole, once, and never in the way of others. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { FileLane, FileSlots } from '../../lib/engine/write/file-lane';
import type { PartPair } from '../../lib/model/config';
import { contentFault, type FileContent, type OpenedFile } from '../../lib/model/content';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { atSide } from '../../lib/model/sides';
import { Bench, COMMENTS } from './comment-bench';
import { attach, FILES, fileOf, filesOf, sha256 } from './file-bench';

describe('Attachments', function () {
  this.timeout(60_000);
  let bench: Bench;
  const start = async (...given: Parameters<typeof Bench.start>): Promise<void> => {
    bench = await Bench.start(...given);
  };
  afterEach(() => bench.stop());

  it('of a new item follow it with their bytes, without a mapper, and each is there once', async () => {
    await start([FILES]);
    const bug = bench.bug(bench.one, 'Crash');
    await attach(bench.one, bug, 'a.txt', 'the first file');
    await attach(bench.one, bug, 'a.txt', 'of one name');
    await attach(bench.one, bug, 'empty', '');
    await bench.sync();
    const all = [
      ['a.txt', 'the first file'],
      ['a.txt', 'of one name'],
      ['empty', ''],
    ];
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), all);
    await attach(bench.two, bench.find(bench.two, 'Crash'), 'b.txt', 'from the other side');
    await bench.sync();
    for (const space of [bench.one, bench.two])
      assert.deepEqual(await filesOf(bench, space, 'Crash'), [...all, ['b.txt', 'from the other side']]);
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length);
    assert.deepEqual(bench.failures, []);
  });

  it('are messages with name, size and type, and without bytes, which a flow can change or drop', async () => {
    await start([FILES]);
    bench.flow = ({ sync, payload }) => {
      if (!sync.entity.owner) return true;
      payload.name = `copy of ${payload.name}`;
      return typeof payload.size === 'number' && payload.size < 10;
    };
    const bug = bench.bug(bench.one, 'Crash');
    await attach(bench.one, bug, 'large.txt', 'more than ten letters');
    await attach(bench.one, bug, 'small.txt', 'small');
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['copy of small.txt', 'small']]);
    const message = bench.sent.find(({ payload }) => payload.name === 'small.txt');
    assert.deepEqual([message?.payload.size, message?.payload.mediaType], [5, 'text/plain']);
    assert.ok(!JSON.stringify(message).includes('"small"'), 'no bytes');
  });

  it('are renamed and deleted there as here; a deleted copy leaves the original', async () => {
    await start([FILES]);
    const bug = bench.bug(bench.one, 'Crash');
    const ids = [];
    for (const name of ['one', 'two', 'three']) ids.push(await attach(bench.one, bug, name, name));
    await bench.sync();
    bench.one.edit('alice', ids[0] ?? '', { name: 'ONE' });
    bench.one.removeParts('alice', [ids[1] ?? '']);
    bench.two.removeParts('bob', [bench.parts(bench.two, 'Crash')[2]?.id ?? '']);
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['ONE', 'one']]);
    assert.deepEqual(await filesOf(bench, bench.one, 'Crash'), [
      ['ONE', 'one'],
      ['three', 'three'],
    ]);
    assert.deepEqual(bench.failures, []);
  });

  it('keep the digest of what was carried in the store', async () => {
    await start([FILES]);
    const bug = bench.bug(bench.one, 'Crash');
    const id = await attach(bench.one, bug, 'a.txt', 'the bytes');
    await bench.sync();
    const [link] = await bench.store.linksOf(bench.integration.config.id, 1, [id]);
    assert.ok(link);
    for (const side of [1, 2] as const) assert.equal(atSide(link.ends, side).baseline.sha256, sha256('the bytes'));
    // a later change of the name keeps it
    bench.one.edit('alice', id, { name: 'b.txt' });
    await bench.sync();
    const [later] = await bench.store.linksOf(bench.integration.config.id, 1, [id]);
    assert.equal(later && atSide(later.ends, 2).baseline.sha256, sha256('the bytes'));
  });

  it('that the target does not take are left out and reported once; names that it does not take are changed', async () => {
    await start([FILES]);
    bench.two.limitFiles({ maxBytes: 10, takesEmpty: false, names: { without: '[?:]', maxLength: 12 } });
    const bug = bench.bug(bench.one, 'Crash');
    await attach(bench.one, bug, 'large.txt', 'more than ten letters');
    await attach(bench.one, bug, 'empty.txt', '');
    await attach(bench.one, bug, 'what? a long: name.txt', 'fits');
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['what_ a .txt', 'fits']]);
    const told = bench.results
      .filter(({ outcome }) => outcome === 'skipped')
      .map(({ warnings }) => warnings[0]?.reason);
    assert.equal(told.length, 2);
    assert.match(told[0] ?? '', /left out: it has 21 bytes, and at most 10 are taken/);
    assert.match(told[1] ?? '', /empty files are not taken/);
    const { length } = bench.results;
    bench.comment(bench.one, bug, 'the item changes');
    await bench.sync();
    assert.equal(bench.results.length, length, 'told once');
    assert.deepEqual(bench.failures, []);
  });

  describe('that the target does not take, with links in their place,', () => {
    const LINKED: PartPair = { ...FILES, refused: 'link' };
    const link = (name: string, size: number, id: string) =>
      `${name} (${size} bytes) was not copied to this system.\n\nThe original: /twinflow/sandbox/#${encodeURIComponent(bench.one.name)}/${id}\n`;

    for (const declared of [true, false])
      it(`are small text files that lead to the original, once each: ${declared ? 'as declared' : 'as refused'}`, async () => {
        await start([LINKED], false, {
          through: (connection) => (declared ? connection : withMethods(connection, { fileRules: async () => ({}) })),
        });
        bench.two.limitFiles({ maxBytes: 200 });
        const bug = bench.bug(bench.one, 'Crash');
        const id = await attach(bench.one, bug, 'large.mp4', 'x'.repeat(201));
        await attach(bench.one, bug, 'small.txt', 'small');
        await bench.sync();
        const all = [
          ['large.mp4.txt', link('large.mp4', 201, `${bug}/${id}`)],
          ['small.txt', 'small'],
        ];
        assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), all);
        const [told] = bench.results.flatMap(({ warnings }) => warnings);
        assert.match(told?.reason ?? '', /the file was not copied: .*200.*\. A text file with a link to the original/);
        await bench.sync();
        assert.equal((await filesOf(bench, bench.one, 'Crash')).length, 2, 'nothing comes back');
        // neither end's name is the other's
        bench.one.edit('alice', id, { name: 'renamed.mp4', description: 'The film' });
        await bench.sync();
        const [copy] = bench.parts(bench.two, 'Crash');
        assert.deepEqual([copy?.fields.name, copy?.fields.description], ['large.mp4.txt', 'The film']);
        bench.one.removeParts('alice', [id]);
        await bench.sync();
        assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['small.txt', 'small']]);
        assert.deepEqual(bench.failures, []);
      });

    it('are there once where the answer is lost, and the limit is another one by then', async () => {
      let lost = 0;
      await start([LINKED], false, {
        through: (connection) =>
          withMethods(connection, {
            async write(scope, operations) {
              const plain = operations.map((one) => (one.kind === 'create' ? unmarked(one) : one));
              const results = (await connection.write?.(scope, plain)) ?? [];
              if (lost > 0 || !results.some((result) => result.ok && 'size' in result.entity.fields)) return results;
              lost += 1;
              bench.two.limitFiles({});
              return results.map(() => ({
                ok: false,
                error: new SyncError('transient', 'no answer', { uncertain: true }),
              }));
            },
            find: async ({ marker, ...query }, limit) => {
              if (marker !== undefined) throw new SyncError('invalid', 'there are no markers');
              return connection.find?.(query, limit) ?? [];
            },
          }),
      });
      const bug = bench.bug(bench.one, 'Crash');
      await bench.sync();
      bench.two.limitFiles({ maxBytes: 200 });
      const id = await attach(bench.one, bug, 'large.mp4', 'x'.repeat(201));
      await bench.sync(60_000);
      await bench.sync(60_000);
      assert.equal(lost, 1);
      const text = link('large.mp4', 201, `${bug}/${id}`);
      assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['large.mp4.txt', text]]);
      assert.equal((await filesOf(bench, bench.one, 'Crash')).length, 1);
      const [copy] = bench.parts(bench.two, 'Crash');
      bench.two.edit('bob', copy?.id ?? '', { name: 'see there.txt' });
      await bench.sync();
      assert.equal(bench.parts(bench.one, 'Crash')[0]?.fields.name, 'large.mp4');
    });

    it('are left out where even the link is not taken', async () => {
      await start([LINKED]);
      bench.two.limitFiles({ maxBytes: 10 });
      await attach(bench.one, bench.bug(bench.one, 'Crash'), 'large.mp4', 'x'.repeat(201));
      await bench.sync();
      assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), []);
      assert.match(bench.results.at(-1)?.warnings.at(-1)?.reason ?? '', /does not take the file/);
      assert.deepEqual(bench.failures, []);
    });
  });

  it('that the target rejects without having declared it are reported once, too', async () => {
    await start([FILES], false, {
      through: (connection) => withMethods(connection, { fileRules: async () => ({}) }),
    });
    bench.two.limitFiles({ maxBytes: 10 });
    const bug = bench.bug(bench.one, 'Crash');
    await attach(bench.one, bug, 'large.txt', 'more than ten letters');
    await attach(bench.one, bug, 'small.txt', 'small');
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['small.txt', 'small']]);
    const told = bench.results.filter(({ outcome }) => outcome === 'skipped');
    assert.match(told[0]?.warnings[0]?.reason ?? '', /does not take the file/);
    assert.equal(told.length, 1);
  });

  it('that vanish before they are opened lose nothing: the rest goes on', async () => {
    await start([FILES]);
    const bug = bench.bug(bench.one, 'Crash');
    const gone = await attach(bench.one, bug, 'gone', 'gone');
    await attach(bench.one, bug, 'stays', 'stays');
    bench.one.breakFile(gone, new SyncError('notFound', 'There is no such attachment'));
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['stays', 'stays']]);
    assert.deepEqual(bench.failures, []);
  });

  it('that the source does not give out yet are tried again, with long waits, and hold back nobody', async () => {
    await start([FILES, COMMENTS]);
    const bug = bench.bug(bench.one, 'Crash');
    const scanned = await attach(bench.one, bug, 'scanned', 'a longer text that is scanned');
    bench.one.breakFile(scanned, 5);
    bench.comment(bench.one, bug, 'said');
    const other = bench.bug(bench.one, 'Other');
    await attach(bench.one, other, 'at once', 'at once');
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash').filter(Boolean), ['said']);
    assert.deepEqual(await filesOf(bench, bench.two, 'Other'), [['at once', 'at once']]);
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), []);
    assert.equal(bench.integration.systems[1].pauseLeft() + bench.integration.systems[2].pauseLeft(), 0);
    bench.one.breakFile(scanned, undefined);
    await bench.sync(120_000);
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [['scanned', 'a longer text that is scanned']]);
  });

  it('that take long hold back neither fields nor comments, nor more than two others', async () => {
    await start([FILES, COMMENTS], false, {
      through: (connection) =>
        withMethods(connection, {
          async write(scope, operations) {
            const slow = operations.find((one) => one.kind === 'create' && one.content?.name.startsWith('slow'));
            if (slow) await new Promise<void>((resolve) => bench.clock.after(60_000, resolve));
            return connection.write?.(scope, operations) ?? [];
          },
        }),
    });
    const bugs = ['One', 'Two', 'Three'].map((title) => bench.bug(bench.one, title));
    await bench.sync();
    for (const bug of bugs) await attach(bench.one, bug, 'slow', 'slow');
    await bench.sync(1_000);
    bench.comment(bench.one, bugs[0] ?? '', 'meanwhile');
    bench.one.edit('alice', bugs[1] ?? '', { summary: 'Two, renamed' });
    await bench.sync(1_000);
    assert.deepEqual(bench.texts(bench.two, 'One').filter(Boolean), ['meanwhile']);
    assert.ok(bench.find(bench.two, 'Two, renamed'));
    assert.deepEqual(await filesOf(bench, bench.two, 'One'), []);
    await bench.sync(100_000);
    for (const title of ['One', 'Two, renamed', 'Three'])
      assert.deepEqual(await filesOf(bench, bench.two, title), [['slow', 'slow']]);
  });

  it('that are on their way hold back neither items nor comments that are new in their target, only new files of their item', async () => {
    await start([FILES, COMMENTS], false, {
      through: (connection) =>
        withMethods(connection, {
          async write(scope, operations) {
            const results = (await connection.write?.(scope, operations)) ?? [];
            const slow = operations.some((one) => one.kind === 'create' && one.content?.name === 'slow');
            if (slow) await new Promise<void>((resolve) => bench.clock.after(60_000, resolve));
            return results;
          },
        }),
    });
    const bugs = ['Crash', 'Other'].map((title) => bench.bug(bench.one, title));
    await bench.sync();
    await attach(bench.one, bugs[0] ?? '', 'slow', 'slow');
    await bench.sync(1_000);
    bench.bug(bench.two, 'New there');
    const there = bench.find(bench.two, 'Crash');
    bench.comment(bench.two, there, 'said there');
    await attach(bench.two, there, 'mine', 'by a person');
    await attach(bench.two, bench.find(bench.two, 'Other'), 'other', 'of another item');
    await bench.sync(2_000);
    assert.ok(bench.find(bench.one, 'New there'));
    assert.deepEqual(bench.texts(bench.one, 'Crash').filter(Boolean), ['said there']);
    assert.deepEqual(await filesOf(bench, bench.one, 'Other'), [['other', 'of another item']]);
    assert.deepEqual(await filesOf(bench, bench.one, 'Crash'), [['slow', 'slow']]);
    await bench.sync(60_000);
    const both = [
      ['slow', 'slow'],
      ['mine', 'by a person'],
    ];
    assert.deepEqual(await filesOf(bench, bench.one, 'Crash'), both);
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), both);
  });

  it('are two at a time on their way to a system, from however many integrations', async () => {
    await start([FILES]);
    await attach(bench.one, bench.bug(bench.one, 'Crash'), 'a.txt', 'a');
    await bench.sync();
    const slots = new FileSlots();
    const ends: (() => void)[] = [];
    const begun: string[] = [];
    const lanes = [1, 2].map(
      (lane) =>
        new FileLane<{ message: SyncMessage }>(slots, ({ message }) => {
          begun.push(`${lane} ${message.topic}`);
          return new Promise((resolve) => ends.push(resolve));
        }),
    );
    const file = (topic: string, owner: string) => {
      const message = structuredClone(bench.sent.find(({ sync }) => sync.entity.owner));
      assert.ok(message?.sync.entity.owner);
      message.topic = topic;
      message.sync.entity.owner.id = owner;
      return { message };
    };
    lanes[0]?.add(file('a', '1'));
    lanes[0]?.add(file('b', '2'));
    lanes[0]?.add(file('c', '3'));
    lanes[1]?.add(file('d', '4'));
    lanes[1]?.add(file('e', '4'));
    assert.deepEqual(begun, ['1 a', '1 b']);
    for (let ended = 0; ended < 5; ended++) {
      ends[ended]?.();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(begun.length, [3, 4, 4, 5, 5][ended]);
    }
    assert.deepEqual(begun, ['1 a', '1 b', '1 c', '2 d', '2 e']);
  });

  for (const markers of [true, false]) {
    it(`whose answers are lost are there once, each with its own bytes: ${markers ? 'with' : 'without'} markers`, async () => {
      let lost = 0;
      await start([FILES], false, {
        through: (connection) =>
          withMethods(connection, {
            async write(scope, operations) {
              const plain = operations.map((one) => (markers || one.kind !== 'create' ? one : unmarked(one)));
              const results = (await connection.write?.(scope, plain)) ?? [];
              return results.map((result, index) => {
                const operation = operations[index];
                if (operation?.kind !== 'create' || !operation.content || !result.ok || lost >= 2) return result;
                lost += 1;
                return { ok: false, error: new SyncError('transient', 'no answer', { uncertain: true }) };
              });
            },
            find: async ({ marker, ...query }, limit) => {
              if (marker !== undefined && !markers) throw new SyncError('invalid', 'there are no markers');
              return connection.find?.({ ...query, ...(marker !== undefined && { marker }) }, limit) ?? [];
            },
          }),
      });
      const bug = bench.bug(bench.one, 'Crash');
      const other = bench.bug(bench.one, 'Other');
      // pasted twice: equal in name and size
      await attach(bench.one, bug, 'image.png', 'picture 1');
      await attach(bench.one, bug, 'image.png', 'picture 2');
      await attach(bench.one, other, 'image.png', 'picture 3');
      await bench.sync(60_000);
      await bench.sync(60_000);
      assert.equal(lost, 2);
      assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), [
        ['image.png', 'picture 1'],
        ['image.png', 'picture 2'],
      ]);
      assert.deepEqual(await filesOf(bench, bench.two, 'Other'), [['image.png', 'picture 3']]);
      for (const part of bench.parts(bench.one, 'Crash')) {
        const [link] = await bench.store.linksOf(bench.integration.config.id, 1, [part.id]);
        const copy = bench.two.get(link ? atSide(link.ends, 2).ref.id : '');
        assert.ok(copy, 'it is linked');
      }
    });
  }

  it('that are under way when the engine is stopped break off at once, and are there once after it goes on', async () => {
    let open = 0;
    const slowly = (content: FileContent): FileContent => ({
      ...content,
      async open() {
        const file = await content.open();
        open += 1;
        async function* bytes(): AsyncGenerator<Uint8Array> {
          for await (const part of file.bytes) {
            await new Promise<void>((resolve) => bench.clock.after(5_000, resolve));
            yield part;
          }
        }
        return { ...file, bytes: bytes() };
      },
    });
    const through = (connection: Connection): Connection =>
      withMethods(connection, {
        write: (scope, operations) => {
          const slow = operations.map((one) =>
            one.kind === 'create' && one.content && open === 0 ? { ...one, content: slowly(one.content) } : one,
          );
          return connection.write?.(scope, slow) ?? Promise.resolve([]);
        },
      });
    await start([FILES], false, { through });
    const bug = bench.bug(bench.one, 'Crash');
    // more than one part of those in which the sandbox gives files out
    const text = 'long '.repeat(200_000);
    await attach(bench.one, bug, 'a.txt', text);
    await bench.sync(1_000);
    assert.equal(open, 1, 'it is under way');
    await bench.rest();
    assert.equal((await filesOf(bench, bench.two, 'Crash')).length, 0);
    const { one, two } = bench;
    bench = await Bench.start([FILES], false, { bench, one: one.name, two: two.name, through });
    await bench.sync(60_000);
    const arrived = await filesOf(bench, bench.two, 'Crash');
    assert.deepEqual(
      arrived.map(([name, its]) => [name, its === text]),
      [['a.txt', true]],
    );
  });

  it('that are not taken whole by anybody are not there at all', async () => {
    await start([FILES]);
    const bug = bench.bug(bench.one, 'Crash');
    const broken = { ...fileOf('x', 'abc'), open: (): Promise<OpenedFile> => Promise.reject(contentFault('gone')) };
    await assert.rejects(bench.one.attach('alice', bug, broken));
    await bench.sync();
    assert.deepEqual(await filesOf(bench, bench.two, 'Crash'), []);
  });
});

/** The connection with some methods replaced. */
function withMethods(connection: Connection, methods: Partial<Connection>): Connection {
  return new Proxy(connection, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

function unmarked<Operation extends { marker?: string }>(operation: Operation): Operation {
  const { marker: _marker, ...rest } = operation;
  return { ...rest } as Operation;
}
