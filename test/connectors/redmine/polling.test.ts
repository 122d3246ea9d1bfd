import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import { SyncError } from '../../../lib/model/errors';
import { connectTo, poll as pollScope } from './server';
import { type SmallRedmine, smallRedmine } from './small-redmine';

const one = { projects: ['1'], types: ['1'] };
const poll = (connection: Connection, since: Checkpoint | undefined, size = 100) =>
  pollScope(connection, since, size, one);

const KINDS = [
  { title: 'with fractions of seconds', fractions: true, dates: false },
  { title: 'of whole seconds', fractions: false, dates: false },
  { title: 'of whole seconds, behind a web server', fractions: false, dates: true },
];

for (const kind of KINDS) {
  describe(`Redmine polling, a database ${kind.title}`, function () {
    this.timeout(60_000);
    let redmine: SmallRedmine;
    let connection: Connection;
    /** what the polls have brought so far: id → subject */
    const known = new Map<string, unknown>();
    beforeEach(async () => {
      known.clear();
      redmine = await smallRedmine(kind);
      connection = connectTo(redmine.url, 'key-of-the-test').connection;
    });
    afterEach(async () => {
      await connection.close?.();
      await redmine.stop();
    });

    async function read(
      since: Checkpoint | undefined,
      size: number,
      pages = Number.POSITIVE_INFINITY,
      by = connection,
    ) {
      let checkpoint = since;
      let count = 0;
      for await (const page of by.changes(one, since, size)) {
        assert.ok(page.entities.length <= size);
        for (const { id, fields } of page.entities) known.set(id, fields.subject);
        checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
        if (++count >= pages) break;
      }
      return checkpoint;
    }
    const assertAllKnown = () => {
      const lost = redmine.ids().filter((id) => known.get(String(id)) !== redmine.subjectOf(id));
      assert.deepEqual(lost, [], 'issues whose last state did not arrive');
    };

    it('reads a thousand issues of one second in pages of 50, dying between any two', async () => {
      for (let i = 0; i < 1000; i++) redmine.create();
      redmine.advance(60_000);
      let checkpoint: Checkpoint | undefined;
      for (let life = 0; life < 60 && known.size < 1000; life++) {
        const { connection: reborn } = connectTo(redmine.url, 'key-of-the-test');
        checkpoint = await read(checkpoint, 50, 1, reborn);
        await reborn.close?.();
      }
      assertAllKnown();
    });

    it('costs one request where nothing is new, also after a second that fills many pages', async () => {
      for (let i = 0; i < 450; i++) redmine.create();
      redmine.advance(60_000);
      redmine.create();
      redmine.advance(60_000);
      for (let i = 0; i < 450; i++) redmine.create();
      let checkpoint = await read(undefined, 100);
      assertAllKnown();
      // what is near the server's now is read again until it has settled
      await new Promise((resolve) => setTimeout(resolve, 5_500));
      checkpoint = await read(checkpoint, 100);
      checkpoint = await read(checkpoint, 100);
      for (let round = 0; round < 3; round++) {
        redmine.requests = 0;
        known.clear();
        checkpoint = await read(checkpoint, 100);
        assert.deepEqual([redmine.requests, known.size], [1, 0]);
      }
      assert.ok(JSON.stringify(checkpoint).length < 8_000, 'a checkpoint stays small');
      redmine.touch(700);
      await read(checkpoint, 100);
      assert.deepEqual([...known.keys()], ['700']);
    });

    it('costs few requests for many changes', async () => {
      for (let i = 0; i < 1000; i++) {
        redmine.create();
        redmine.advance(40);
      }
      await read(undefined, 100);
      assertAllKnown();
      assert.ok(redmine.requests <= 15, `${redmine.requests} requests`);
    });

    it('does not miss a second change within the second of the first', async () => {
      const ids = Array.from({ length: 30 }, () => redmine.create());
      let checkpoint = await read(undefined, 10);
      for (const id of ids) {
        redmine.touch(id);
        checkpoint = await read(checkpoint, 10);
        redmine.touch(id);
        checkpoint = await read(checkpoint, 10);
        assertAllKnown();
      }
    });

    it('starts after the newest issue without reading it, and reads what comes next', async () => {
      for (let i = 0; i < 250; i++) redmine.create();
      const newest = await connection.newest(one);
      assert.deepEqual((await poll(connection, newest)).ids.length <= 1, true);
      const id = redmine.create();
      assert.deepEqual((await poll(connection, newest)).ids.at(-1), String(id));
    });

    it('goes on after the last issues were deleted, and asks about them once', async () => {
      const [first = 0, second = 0] = [redmine.create(), redmine.create()];
      let { checkpoint } = await poll(connection, undefined);
      redmine.remove(first);
      redmine.remove(second);
      ({ checkpoint } = await poll(connection, checkpoint));
      redmine.requests = 0;
      ({ checkpoint } = await poll(connection, checkpoint));
      assert.equal(redmine.requests, 1);
      const third = redmine.create();
      assert.deepEqual((await poll(connection, checkpoint)).ids, [String(third)]);
    });

    for (const afterwards of ['nothing', 'something'] as const) {
      it(`stops where the server was restored from a backup and ${afterwards} happened since (trap 14)`, async () => {
        const ids = Array.from({ length: 5 }, () => redmine.create());
        const restore = redmine.backUp();
        redmine.advance(3_600_000);
        for (const id of ids.slice(0, 3)) redmine.touch(id);
        const { checkpoint } = await poll(connection, undefined);
        restore();
        redmine.advance(60_000);
        if (afterwards === 'something') redmine.touch(5);
        const error = await poll(connection, checkpoint).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof SyncError && error.kind === 'fatal', String(error));
        assert.match(error.message, /backup may have been restored/);
      });
    }

    it('loses nothing, whatever happens while pages are read and processes die', async () => {
      const action = fc.oneof(
        fc.record({ do: fc.constant('create' as const), count: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ do: fc.constant('touch' as const), count: fc.integer({ min: 1, max: 12 }), at: fc.nat(1000) }),
        fc.record({ do: fc.constant('remove' as const), at: fc.nat(1000) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 400, 1000, 3000, 20_000) }),
        fc.record({
          do: fc.constant('poll' as const),
          pages: fc.constantFrom(1, 2, 3, 99),
          size: fc.constantFrom(1, 2, 5, 10),
          reborn: fc.boolean(),
          meanwhile: fc.array(fc.nat(1000), { maxLength: 6 }),
        }),
      );
      const pick = (at: number) => {
        const ids = redmine.ids();
        return ids[at % Math.max(1, ids.length)] ?? 0;
      };
      const history = async (actions: (typeof action extends fc.Arbitrary<infer A> ? A : never)[]) => {
        for (const id of redmine.ids()) redmine.remove(id);
        known.clear();
        redmine.advance(60_000);
        let checkpoint: Checkpoint | undefined;
        let by = connectTo(redmine.url, 'key-of-the-test').connection;
        for (const step of actions) {
          if (step.do === 'create') for (let i = 0; i < step.count; i++) redmine.create();
          else if (step.do === 'touch') for (let i = 0; i < step.count; i++) redmine.touch(pick(step.at + i));
          else if (step.do === 'remove') redmine.remove(pick(step.at));
          else if (step.do === 'wait') redmine.advance(step.ms);
          else {
            if (step.reborn) {
              await by.close?.();
              by = connectTo(redmine.url, 'key-of-the-test').connection;
            }
            const changes = [...step.meanwhile];
            redmine.onQuery = () => {
              const at = changes.shift();
              if (at === undefined) return;
              if (at % 5 === 0) redmine.remove(pick(at));
              else redmine.touch(pick(at));
              if (at % 3 === 0) redmine.advance(300);
            };
            checkpoint = await read(checkpoint, step.size, step.pages, by);
            redmine.onQuery = () => undefined;
          }
        }
        // what was read before a crash and changed within that second comes with the poll after the resumed one
        checkpoint = await read(checkpoint, 10, undefined, by);
        await read(checkpoint, 10, undefined, by);
        await by.close?.();
        assertAllKnown();
      };
      await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 25 }), history), { numRuns: 150 });
    });
  });
}
