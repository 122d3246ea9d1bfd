/** Parts of linked entities: which owners' parts are read, and what is recorded of them. Their order is in lines.ts. */

import assert from 'node:assert/strict';
import { DELETED_VERSION, type Entity, refOf } from '../../../lib/model';
import type { Landing, Link, PartsRead, StoredEvent } from '../../../lib/store/store';
import {
  BACKWARD,
  type Bench,
  end,
  entity,
  FORWARD,
  INTEGRATION,
  intent,
  landing,
  NOON,
  names,
  part,
  retry,
  SYSTEM1,
  SYSTEM2,
} from './harness';

/** Parts as one owner has them: comments that are all there are. */
export const all = (owner: Link, ...parts: Entity[]): PartsRead => ({
  link: owner.id,
  types: ['Comment'],
  present: parts.map(({ id }) => id),
  parts,
});

export async function linked(bench: Bench, one: string, two: string): Promise<Link> {
  await bench.link(one, two);
  const link = await bench.store.linkOf(INTEGRATION, 1, one);
  assert.ok(link);
  return link;
}

/** The landing of a side-1 part. */
export function partLanding(event: StoredEvent, target: string, owner: Link, more: Partial<Landing> = {}): Landing {
  const { entity: source } = event;
  const one = { ...end(1, source.id, source.version, source.fields), ref: refOf(source) };
  const two = { ...end(2, target, 'written', source.fields), ref: refOf(part(owner.ends[1].ref.id, target)) };
  return { ...landing(event, target), ends: [one, two], owner: owner.id, ...more };
}

/** Records side-1 parts of an owner as read now, all that there are. */
export const read = async (bench: Bench, owner: Link, ...parts: Entity[]) =>
  bench.store.recordParts(FORWARD, SYSTEM1, [all(owner, ...parts)], await bench.store.sequence());

export function partsChecks(bench: Bench): void {
  const due = async (flow = FORWARD, now = NOON) =>
    (await bench.store.partsDue(flow, 10, now)).map(({ link, side, step }) => [link.id, side, step]);
  /** A link of two parts. */
  async function linkPart(owner: Link, one: string, two: string): Promise<Link> {
    await read(bench, owner, part(owner.ends[0].ref.id, one));
    const event = (await bench.claim(FORWARD)).find((its) => its.entity.id === one);
    assert.ok(event);
    assert.deepEqual(await bench.store.land([partLanding(event, two, owner)]), [undefined]);
    const link = await bench.store.linkOf(INTEGRATION, 1, one);
    assert.ok(link);
    return link;
  }
  const claimed = async (flow = FORWARD) => names(await bench.claim(flow));

  describe('the create of a part', () => {
    /** Two linked owners, and the upload of a file for the first one under way. */
    async function upload(): Promise<{ owners: Link[]; event: StoredEvent }> {
      const owners = [await linked(bench, '1', '90'), await linked(bench, '2', '91')];
      const [first] = owners;
      assert.ok(first);
      await read(bench, first, part('1', 'f1', '1', 'File'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.openIntents([{ ...intent(event.seq), type: 'File', owner: '90' }]);
      return { owners, event };
    }
    const readThere = async (owner: Link | undefined, ...parts: Entity[]) => {
      assert.ok(owner);
      const { id } = owner.ends[1].ref;
      assert.ok(parts.every((its) => its.owner?.id === id));
      await bench.store.recordParts(BACKWARD, 'redmine', [all(owner, ...parts)], await bench.store.sequence());
    };

    it('holds back new parts of its type and owner in the target, and nothing else', async () => {
      const { owners, event } = await upload();
      await bench.record(BACKWARD, entity('93'));
      await readThere(owners[0], part('90', 'made?', '1', 'File'), part('90', 'c1'));
      await readThere(owners[1], part('91', 'other', '1', 'File'));
      assert.deepEqual(await claimed(BACKWARD), ['93@1', 'c1@1', 'other@1']);
      await bench.store.fail([{ ...retry(event), notCreated: true }]);
      assert.deepEqual(await claimed(BACKWARD), ['made?@1'], 'it was made by a person');
    });

    it('whose result was read too early lets it go when it lands', async () => {
      const { owners, event } = await upload();
      await readThere(owners[0], part('90', 'made', '1', 'File'));
      assert.deepEqual(await claimed(BACKWARD), []);
      assert.ok(owners[0]);
      await bench.store.land([partLanding(event, 'made', owners[0])]);
      assert.deepEqual(await claimed(BACKWARD), ['made@1'], 'as a change of a linked one: another version');
    });
  });

  describe('readings of parts', () => {
    it('are asked for where a linked entity of a type that has parts was recorded with a new version', async () => {
      const link = await linked(bench, '1', '90');
      const record = async (...entities: Entity[]) =>
        bench.store.record(FORWARD, SYSTEM1, entities, await bench.store.sequence(), {}, false, ['Bug']);
      await record(entity('1', 'first'), entity('2'), { ...entity('3'), type: 'Story' });
      assert.deepEqual(await due(), []);
      await record(entity('1', 'newer'));
      await bench.reopen();
      assert.deepEqual(await due(), [[link.id, 1, 0]]);
      assert.equal(await bench.store.nextParts(FORWARD), 0);
      assert.deepEqual(await due(BACKWARD), []);
      await bench.store.record(BACKWARD, 'redmine', [entity('90', 'newer')], 0, {});
      assert.deepEqual(await due(BACKWARD), []);
      const [reading] = await bench.store.partsDue(FORWARD, 10, NOON);
      assert.deepEqual(reading?.link, link);
    });

    it('are asked for by a landing, by name, and end with their link', async () => {
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.land([landing(event, '90', 'written', { asks: [1, 2] })]);
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.deepEqual(await due(), [[link?.id, 1, 0]]);
      assert.deepEqual(await due(BACKWARD), [[link?.id, 2, 0]]);
      const other = await linked(bench, '2', '91');
      await bench.store.askParts(FORWARD, ['2', 'unknown']);
      assert.deepEqual(await due(), [
        [link?.id, 1, 0],
        [other.id, 1, 0],
      ]);
      assert.equal((await bench.store.partsDue(FORWARD, 1, NOON)).length, 1);
      const ends: Landing['ends'] = [end(1, '1', '1'), end(2, '92', '1')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends, replaces: link?.id }]);
      assert.deepEqual(await due(), [[other.id, 1, 0]]);
      assert.deepEqual(await due(BACKWARD), []);
    });

    it('are over once they were read, or due again as the reader says', async () => {
      const link = await linked(bench, '1', '90');
      await bench.store.askParts(FORWARD, ['1']);
      const readAt = await bench.store.sequence();
      const reading = { ...all(link), again: { dueAt: NOON + 500, step: 1 } };
      await bench.store.recordParts(FORWARD, SYSTEM1, [reading], readAt);
      assert.deepEqual(await due(), []);
      assert.equal(await bench.store.nextParts(FORWARD), NOON + 500);
      assert.deepEqual(await due(FORWARD, NOON + 500), [[link.id, 1, 1]]);
      await read(bench, link);
      assert.equal(await bench.store.nextParts(FORWARD), undefined);
      assert.deepEqual(await due(FORWARD, NOON + 500), []);
    });

    it('stay due where somebody asked while they were read, in whatever way', async () => {
      const link = await linked(bench, '1', '90');
      const ways: (() => Promise<unknown>)[] = [
        () => bench.store.askParts(FORWARD, ['1']),
        () => bench.store.record(FORWARD, SYSTEM1, [entity('1', 'newer')], 0, {}, false, ['Bug']),
        async () => {
          const event = await bench.claimOne(FORWARD);
          await bench.store.land([landing(event, '90', 'again', { asks: [1] })]);
        },
        () => bench.store.askEarlier(FORWARD, 'comments', 10),
      ];
      for (const ask of ways) {
        const readAt = await bench.store.sequence();
        await ask();
        const reading = { ...all(link), again: { dueAt: NOON + 500, step: 1 } };
        await bench.store.recordParts(FORWARD, SYSTEM1, [reading], readAt);
        assert.deepEqual(await due(), [[link.id, 1, 0]], ask.toString());
        await read(bench, link);
        assert.deepEqual(await due(), []);
      }
    });

    it('are asked for of all that was linked before, once for each wish, a few at a time, but not of parts', async () => {
      const [one, two] = [await linked(bench, '1', '90'), await linked(bench, '2', '91')];
      await linkPart(one, 'c1', 'd1');
      const ask = (wish: string | undefined, limit = 10) => bench.store.askEarlier(FORWARD, wish, limit);
      assert.equal(await ask(undefined), false);
      assert.equal(await ask('comments', 1), true);
      assert.deepEqual(await due(), [[one.id, 1, 0]]);
      await bench.reopen();
      assert.equal(await ask('comments', 1), true);
      await ask('comments', 1);
      assert.equal(await ask('comments', 1), false);
      assert.deepEqual(
        await due(),
        [one, two].map(({ id }) => [id, 1, 0]),
      );
      for (const link of [one, two]) await read(bench, link, part('1', 'c1'));
      assert.equal(await ask('comments'), false);
      assert.deepEqual(await due(), []);
      await ask('comments and files');
      assert.equal((await due()).length, 2);
    });
  });

  describe('parts that were read', () => {
    it('make events where they are new or have changed, with their owner', async () => {
      const link = await linked(bench, '1', '90');
      const [one, two] = [part('1', 'c1'), part('1', 'c2')];
      assert.deepEqual(await read(bench, link, one, two), { recorded: 2, known: 0 });
      assert.deepEqual(await read(bench, link, one, part('1', 'c2', '2')), { recorded: 1, known: 1 });
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual(event.entity, one);
      assert.equal(event.stale, false);
    });

    it('are passed over where their owner is no longer linked, or linked by another integration', async () => {
      const link = await linked(bench, '1', '90');
      const parts = [part('1', 'c1')];
      const readings: PartsRead[] = [{ ...all(link, ...parts), link: link.id + 1000 }, all(link, ...parts)];
      const other = { integration: 'other', side: 1 } as const;
      assert.deepEqual(await bench.store.recordParts(other, SYSTEM1, readings, 0), { recorded: 0, known: 0 });
      assert.deepEqual(await bench.store.recordParts(FORWARD, SYSTEM1, readings, 0), { recorded: 1, known: 0 });
    });

    it('are deleted where a linked one is no longer there: an event that names it and its owner, once', async () => {
      const link = await linked(bench, '1', '90');
      await linkPart(link, 'c1', 'd1');
      assert.deepEqual(await read(bench, link, part('1', 'c1')), { recorded: 0, known: 1 });
      assert.deepEqual(await read(bench, link), { recorded: 1, known: 0 });
      assert.deepEqual(await read(bench, link), { recorded: 0, known: 1 });
      const event = await bench.claimOne(FORWARD);
      const { key, type } = entity('1');
      assert.deepEqual(event.entity, {
        ...{ id: 'c1', key: 'DEMO-c1', type: 'Comment', project: 'DEMO', owner: { id: '1', key, type } },
        ...{ version: DELETED_VERSION, updatedAt: '1970-01-01T00:00:00.000Z', fields: {}, deleted: true },
      });
      assert.equal(event.link?.owner, link.id);
      await bench.store.skip([event.seq]);
      assert.deepEqual(await read(bench, link), { recorded: 0, known: 1 });
      // and back again
      assert.deepEqual(await read(bench, link, part('1', 'c1')), { recorded: 1, known: 0 });
    });

    it('are not deleted where nothing was read, another type was, or they were linked since', async () => {
      const link = await linked(bench, '1', '90');
      const before = await bench.store.sequence();
      await linkPart(link, 'c1', 'd1');
      const record = async (reading: Partial<PartsRead>, readAt: number) =>
        (await bench.store.recordParts(FORWARD, SYSTEM1, [{ ...all(link), ...reading }], readAt)).recorded;
      assert.equal(await record({}, before), 0);
      const readAt = await bench.store.sequence();
      assert.equal(await record({ present: undefined }, readAt), 0);
      assert.equal(await record({ types: ['File'] }, readAt), 0);
      assert.equal(await record({ present: ['c1'] }, readAt), 0);
      assert.equal(await record({}, readAt), 1);
    });

    it('that were linked since the reading began, and are missing in it, are read once more', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.askParts(FORWARD, ['1']);
      const before = await bench.store.sequence();
      assert.deepEqual(await bench.store.land([partLanding(event, 'd1', link)]), [undefined]);
      const due = async () => (await bench.store.partsDue(FORWARD, 10, Number.MAX_SAFE_INTEGER)).length;
      await bench.store.recordParts(FORWARD, SYSTEM1, [all(link)], before);
      assert.equal(await due(), 1);
      const summary = await bench.store.recordParts(FORWARD, SYSTEM1, [all(link)], await bench.store.sequence());
      assert.deepEqual([summary.recorded, await due()], [1, 0]);
    });

    it('fold a deletion into an event that waits, and hold it behind one that is sent', async () => {
      const link = await linked(bench, '1', '90');
      await linkPart(link, 'c1', 'd1');
      await read(bench, link, part('1', 'c1', '2'));
      await read(bench, link);
      const event = await bench.claimOne(FORWARD);
      assert.equal(event.entity.deleted, true);
      await read(bench, link, part('1', 'c1', '3'));
      await read(bench, link);
      assert.deepEqual(await bench.states(FORWARD), [0, 1, 1, 0, 0]);
      await bench.store.skip([event.seq]);
      assert.deepEqual(await claimed(), [`c1@${DELETED_VERSION}`]);
    });

    it('no longer have an event where a new one is not there; one that comes back is new', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'), part('1', 'c2'), part('1', 'c3'));
      await read(bench, link, part('1', 'c3'));
      assert.deepEqual(await claimed(), ['c3@1']);
      assert.equal((await read(bench, link, part('1', 'c2'), part('1', 'c3'))).recorded, 1);
    });

    it('move the known version of their owner as the write of one has moved it, and only that', async () => {
      const link = await linked(bench, '1', '90');
      const there: Entity[] = [];
      const land = async (id: string, before: string, after: string) => {
        there.push(part('1', id));
        await read(bench, link, ...there);
        const event = await bench.claimOne(FORWARD);
        const ownerMoved = { side: 2 as const, before, after };
        assert.deepEqual(await bench.store.land([partLanding(event, `${id} there`, link, { ownerMoved })]), [
          undefined,
        ]);
      };
      const record = async (version: string) =>
        bench.store.record(BACKWARD, 'redmine', [entity('90', version)], await bench.store.sequence(), undefined);
      await record('written');
      await bench.store.skip((await bench.claim(BACKWARD)).map(({ seq }) => seq));
      await land('c1', 'written', 'moved');
      assert.deepEqual(await record('moved'), { recorded: 0, known: 1 });
      await land('c2', 'written', 'further');
      assert.deepEqual(await record('further'), { recorded: 1, known: 0 });
    });

    it('are deleted behind the event that may be making their counterpart', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'), part('1', 'c2'));
      const sent = await bench.claimOne(FORWARD);
      await read(bench, link, part('1', 'c2'));
      // c2 and the deletion of c1
      assert.deepEqual(await bench.states(FORWARD), [0, 2, 1, 0, 0]);
      await bench.store.land([partLanding(sent, 'd1', link)]);
      assert.deepEqual(await claimed(), ['c2@1', `c1@${DELETED_VERSION}`]);
    });

    it('are deleted where an attempt may have made their counterpart', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'));
      const { seq, delivery } = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(seq)]);
      const error = { kind: 'transient', message: 'no answer', at: '' };
      await bench.store.fail([{ event: seq, delivery, to: 'retry', dueAt: 0, charge: true, error }]);
      await read(bench, link);
      const again = await bench.claimOne(FORWARD);
      assert.equal(again.entity.deleted, true);
      assert.notEqual(again.intent, undefined);
    });

    it('may be what a create that is under way made, like any other entity', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(event.seq)]);
      const made = part('90', 'd1', 'written');
      await bench.store.recordParts(BACKWARD, 'redmine', [all(link, made)], await bench.store.sequence());
      assert.deepEqual(await claimed(BACKWARD), []);
      await bench.store.land([partLanding(event, 'd1', link)]);
      assert.deepEqual(await bench.states(BACKWARD), [0, 0, 0, 0, 0]);
    });
  });

  describe('links of parts', () => {
    it('know the link of their owners, and do not count', async () => {
      const link = await linked(bench, '1', '90');
      const its = await linkPart(link, 'c1', 'd1');
      assert.equal(its.owner, link.id);
      assert.equal(link.owner, undefined);
      assert.deepEqual(
        its.ends.map(({ ref }) => ref),
        [
          { id: 'c1', key: 'DEMO-c1', type: 'Comment', project: 'DEMO' },
          { id: 'd1', key: 'DEMO-d1', type: 'Comment', project: 'DEMO' },
        ],
      );
      const counts = async () => (await bench.store.counts(INTEGRATION)).map(({ links }) => links);
      assert.deepEqual(await counts(), [1, 1]);
      await bench.reopen();
      assert.deepEqual(await counts(), [1, 1]);
      assert.deepEqual(await bench.store.linksAfter(INTEGRATION, 0, 10), [link]);
      await bench.store.oweEarlier(FORWARD, 'key', 10);
      assert.deepEqual(
        (await bench.store.owed(FORWARD, 10, NOON)).map((owed) => owed.link.id),
        [link.id],
      );
      assert.deepEqual(await bench.store.linkOf(INTEGRATION, 2, 'd1'), its);
    });

    it('are listed for their owner, the oldest first', async () => {
      const [link, other] = [await linked(bench, '1', '90'), await linked(bench, '2', '91')];
      const first = await linkPart(link, 'c1', 'd1');
      await linkPart(other, 'c9', 'd9');
      await read(bench, link, part('1', 'c1'), part('1', 'c2'));
      const [event] = (await bench.claim(FORWARD)).filter(({ entity: { id } }) => id === 'c2');
      assert.ok(event);
      assert.deepEqual(await bench.store.land([partLanding(event, 'd2', link)]), [undefined]);
      const second = await bench.store.linkOf(INTEGRATION, 1, 'c2');
      assert.deepEqual(await bench.store.partLinks(link.id, 10), [first, second]);
      assert.deepEqual(await bench.store.partLinks(link.id, 1), [first]);
      assert.deepEqual(await bench.store.partLinks(999, 10), []);
    });

    it('hold the texts of both ends exactly, long ones too', async () => {
      const link = await linked(bench, '1', '90');
      const text = 'The **build** fails since Monday, see the log – 日本語, "quoted", \u0000 \ud800 and `code`.\n';
      const long = { format: 'markdown', content: text.repeat(40) } as const;
      const values = {
        body: long,
        title: text,
        author: { id: '7', name: 'Anna' },
        minutes: 5,
        closed: true,
        none: null,
      };
      const ends = (fields: Entity['fields']): Landing['ends'] => [
        { ...end(1, 'c1', '1', values), ref: refOf(part('1', 'c1')) },
        { ...end(2, 'd1', '1', fields), ref: refOf(part('90', 'd1')) },
      ];
      const others: Entity['fields'][] = [values, { text: { ...long, content: `${long.content} too` } }, {}];
      for (const other of others) {
        const changed = { integration: INTEGRATION, event: 0, delivery: 0, ends: ends(other), owner: link.id };
        assert.deepEqual(await bench.store.land([changed]), [undefined]);
        await bench.reopen();
        const stored = await bench.store.linkOf(INTEGRATION, 1, 'c1');
        assert.deepEqual(
          stored?.ends.map(({ baseline }) => baseline),
          [values, other],
        );
      }
    });

    it('are refused where their owners are not linked, by another integration, or are parts themselves', async () => {
      const link = await linked(bench, '1', '90');
      const its = await linkPart(link, 'c1', 'd1');
      await read(bench, link, part('1', 'c1'), part('1', 'c2'));
      const event = await bench.claimOne(FORWARD);
      const other = { integration: 'other', event: 0, delivery: 0, ends: link.ends };
      await bench.store.land([other]);
      const elsewhere = await bench.store.linkOf('other', 1, '1');
      for (const owner of [link.id + 1000, its.id, elsewhere?.id]) {
        const [refused] = await bench.store.land([partLanding(event, 'd2', link, { owner })]);
        assert.match(refused ?? '', /DEMO-c2 and DEMO-d2 cannot be linked: what they belong to is not linked any more/);
      }
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, 'c2'), undefined);
      assert.deepEqual(await bench.store.land([partLanding(event, 'd2', link)]), [undefined]);
    });

    it('end with the link of their owners, with all that is under way of its parts, which are new again', async () => {
      const link = await linked(bench, '1', '90');
      await linkPart(link, 'c1', 'd1');
      const backward = async (...parts: Entity[]) =>
        bench.store.recordParts(BACKWARD, 'redmine', [all(link, ...parts)], await bench.store.sequence());
      await read(bench, link, part('1', 'c1', '2'), part('1', 'c2'), part('1', 'c3'));
      await backward(part('90', 'd1', '2'), part('90', 'd2'));
      assert.deepEqual(await claimed(), ['c1@2', 'c2@1']);
      await bench.record(FORWARD, entity('2'));
      const ends: Landing['ends'] = [end(1, '1', '1'), end(2, '91', '1')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends, replaces: link.id }]);
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, 'c1'), undefined);
      assert.equal(await bench.store.linkOf(INTEGRATION, 2, 'd1'), undefined);
      assert.deepEqual(await bench.states(FORWARD), [1, 0, 0, 0, 0]);
      assert.deepEqual(await bench.states(BACKWARD), [0, 0, 0, 0, 0]);
      assert.deepEqual(
        (await bench.store.counts(INTEGRATION)).map(({ links }) => links),
        [1, 1],
      );
      const renewed = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(renewed);
      const parts = [part('1', 'c1', '2'), part('1', 'c2'), part('1', 'c3')];
      assert.deepEqual(await read(bench, renewed, ...parts), { recorded: 3, known: 0 });
    });

    it('are new again with another link of their owners, also in a version that was skipped, and after all was forgotten', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'));
      const event = await bench.claimOne(FORWARD);
      const other = { ...event, seq: 0, entity: part('1', 'c2') };
      await bench.store.land([partLanding(event, 'd1', link), partLanding(other, 'd2', link)]);
      const parts = [part('1', 'c1', '2'), part('1', 'c2')];
      assert.deepEqual(await read(bench, link, ...parts), { recorded: 1, known: 1 });
      await bench.store.skip([await bench.claimOne(FORWARD)]);
      assert.deepEqual(await read(bench, link, ...parts), { recorded: 0, known: 2 });
      await bench.store.forgetSeen(FORWARD);
      assert.deepEqual(await read(bench, link, ...parts), { recorded: 2, known: 0 });
      await bench.store.skip(await bench.claim(FORWARD));
      const ends: Landing['ends'] = [end(1, '1', '1'), end(2, '91', '1')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends, replaces: link.id }]);
      const renewed = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(renewed);
      assert.deepEqual(await read(bench, renewed, ...parts), { recorded: 2, known: 0 });
    });

    it('have their place in line of their own owner only, and keep events of other owners', async () => {
      const [one, two] = [await linked(bench, '1', '90'), await linked(bench, '2', '91')];
      await read(bench, one, part('1', 'c1'));
      await read(bench, two, part('2', 'e1'));
      const ends: Landing['ends'] = [end(1, '1', '1'), end(2, '99', '1')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends, replaces: one.id }]);
      assert.deepEqual(await claimed(), ['e1@1']);
    });
  });

  describe('endings', () => {
    async function deleted(): Promise<[Link, Link, StoredEvent]> {
      const link = await linked(bench, '1', '90');
      const its = await linkPart(link, 'c1', 'd1');
      await read(bench, link);
      return [link, its, await bench.claimOne(FORWARD)];
    }

    it('remove the link, finish the event, and drop what else was under way; both ends count as deleted', async () => {
      const [link, its, event] = await deleted();
      await read(bench, link, part('1', 'c1', '2'));
      const backward = async (...parts: Entity[]) =>
        bench.store.recordParts(BACKWARD, 'redmine', [all(link, ...parts)], await bench.store.sequence());
      await backward(part('90', 'd1', '2'));
      await bench.store.end([{ event: event.seq, delivery: event.delivery, link: its.id }]);
      await bench.reopen();
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, 'c1'), undefined);
      assert.deepEqual(
        [await bench.states(FORWARD), await bench.states(BACKWARD)],
        [Array(5).fill(0), Array(5).fill(0)],
      );
      assert.deepEqual(await backward(), { recorded: 0, known: 0 });
      // what is there again all the same is new
      assert.deepEqual(await backward(part('90', 'd1', '2')), { recorded: 1, known: 0 });
      assert.equal((await bench.claimOne(BACKWARD)).link, undefined);
    });

    it('leave what is sent of the other end to its writer, without link', async () => {
      const link = await linked(bench, '1', '90');
      await read(bench, link, part('1', 'c1'));
      const there = [all(link, part('90', 'd1'), part('90', 'd2'))];
      await bench.store.recordParts(BACKWARD, 'redmine', there, await bench.store.sequence());
      const [event, sent] = [await bench.claimOne(FORWARD), await bench.claimOne(BACKWARD)];
      // found to be each other's counterparts
      const found = partLanding({ ...event, seq: 0 }, 'd1', link);
      await bench.store.land([found]);
      const its = await bench.store.linkOf(INTEGRATION, 1, 'c1');
      await bench.store.end([{ event: event.seq, delivery: event.delivery, link: its?.id ?? 0 }]);
      const [loaded] = await bench.store.load([sent]);
      assert.deepEqual([loaded?.entity.id, loaded?.link], ['d1', undefined]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
      // d2 was free while d1 was linked, and stands behind it again
      assert.deepEqual(await bench.states(BACKWARD), [0, 1, 1, 0, 0]);
      await bench.store.skip([sent]);
      assert.deepEqual(await claimed(BACKWARD), ['d2@1']);
    });

    it('make stale what another integration has read of the two before, or was reading, but not what it reads later', async () => {
      const [, its, event] = await deleted();
      const store = bench.store;
      const other = { integration: 'other', side: 1 } as const;
      await store.record(other, SYSTEM2, [entity('90')], await store.sequence(), undefined);
      const ends: Landing['ends'] = [end(2, '90', '1'), end(1, '1', '1')];
      await store.land([{ integration: 'other', event: 0, delivery: 0, ends }]);
      const owner = await store.linkOf('other', 1, '90');
      assert.ok(owner);
      const began = await store.sequence();
      const readings = [all(owner, part('90', 'd1'), part('90', 'd2'))];
      await store.recordParts(other, SYSTEM2, readings, began);
      await store.end([{ event: event.seq, delivery: event.delivery, link: its.id }]);
      const snapshots = async () => {
        const some = await bench.claim(other);
        const [hindrance] = await store.openIntents(some.slice(-1).map(({ seq }) => intent(seq)));
        for (const { seq } of some) await store.skip([seq]);
        return [...some.map(({ entity: { id }, stale }) => [id, stale]), hindrance];
      };
      assert.deepEqual(await snapshots(), [['d1', true], 'stale']);
      assert.deepEqual(await snapshots(), [['d2', false], undefined]);
      // this reading had begun before
      await store.recordParts(other, SYSTEM2, [all(owner, part('90', 'd1', '2'), part('90', 'd2'))], began);
      assert.deepEqual(await snapshots(), [['d1', true], 'stale']);
      const later = [all(owner, part('90', 'd1', '3'))];
      await store.recordParts(other, SYSTEM2, later, await store.sequence());
      assert.deepEqual(await snapshots(), [['d1', false], undefined]);
    });

    it('pass over an event that is no longer sent, or was sent again, with its link', async () => {
      const [, its, event] = await deleted();
      await bench.store.recover(INTEGRATION);
      const ending = { event: event.seq, delivery: event.delivery, link: its.id };
      await bench.store.end([ending]);
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, 'c1'));
      const again = await bench.claimOne(FORWARD);
      await bench.store.end([ending]);
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, 'c1'));
      await bench.store.end([{ ...ending, delivery: again.delivery }, ending]);
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, 'c1'), undefined);
    });

    it('finish the event alone where its link is gone, and never touch the link of another entity', async () => {
      const [link, , event] = await deleted();
      await bench.store.end([{ event: event.seq, delivery: event.delivery, link: link.id }]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, '1'));
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, 'c1'));
    });
  });
}
