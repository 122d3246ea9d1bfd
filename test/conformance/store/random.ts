/**
 * Random histories, run on the store and on the model of its contract side by side: every answer must be the same, also
 * after the store was closed and opened again. fast-check shrinks a history that shows a difference to its shortest form.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Entity, type Fields, refOf, type Side } from '../../../lib/model';
import type {
  Ending,
  Failure,
  Flow,
  Landing,
  LinkEnd,
  Owed,
  OwedOutcome,
  PartsRead,
  Store,
  StoredEvent,
} from '../../../lib/store/store';
import { type Bench, end, entity, failure, intent, NOON, type OpenStore, part, SYSTEM1, SYSTEM2 } from './harness';
import { ModelStore } from './model';

const THIRD = 'github';
/** Two over the same systems, and two that close a ring. */
const SYSTEMS: Record<string, [string, string]> = {
  one: [SYSTEM1, SYSTEM2],
  two: [SYSTEM1, SYSTEM2],
  on: [SYSTEM2, THIRD],
  back: [THIRD, SYSTEM1],
};
const INTEGRATIONS = Object.keys(SYSTEMS);
const IDS = ['1', '2', '3'];
const VERSIONS = ['a', 'b', 'c'];
/** id → the entity that it belongs to, and its type */
const PARTS: Record<string, [string, string]> = {
  p1: ['1', 'Comment'],
  p2: ['1', 'Comment'],
  p3: ['1', 'Comment'],
  p4: ['1', 'File'],
  p5: ['2', 'Comment'],
};
const PART_IDS = Object.keys(PARTS);
const TYPES = ['Comment', 'File'];

/** Of parts the same ids stand for owners on both sides. */
const intentOf = ({ seq, entity: { owner, type } }: StoredEvent) => ({
  ...intent(seq),
  ...(owner && { owner: owner.id, type }),
});

function read(id: string, version?: string): Entity {
  const of = PARTS[id];
  return of ? part(of[0], id, version, of[1]) : entity(id, version);
}

const flowOf = (...integrations: string[]): fc.Arbitrary<Flow> =>
  fc.record({ integration: fc.constantFrom(...integrations), side: fc.constantFrom<Side>(1, 2) });
/** Mostly one integration, so that histories meet. */
const BESIDE = flowOf('one', 'one', 'one', 'one', 'two');
const RING = flowOf('one', 'one', 'on', 'back');
const id = fc.constantFrom(...IDS);
const partId = fc.constantFrom(...PART_IDS);
const anyId = fc.oneof({ weight: 2, arbitrary: id }, { weight: 1, arbitrary: partId });
const version = fc.constantFrom(...VERSIONS);
/** Chooses among what exists when the step runs; counted from the newest. */
const pick = fc.nat(5);
const picks = fc.array(pick, { minLength: 1, maxLength: 3 });

const stepOf = (flow: fc.Arbitrary<Flow>) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('sequence' as const) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('record' as const),
        flow,
        entities: fc.array(fc.record({ id: anyId, version }), { minLength: 1, maxLength: 3 }),
        readAt: pick,
        ahead: fc.boolean(),
        urgent: fc.boolean(),
        owners: fc.constantFrom(undefined, ['Bug'], ['Story']),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('recordParts' as const),
        flow,
        readings: fc.array(
          fc.record({
            owner: anyId,
            types: fc.constantFrom(TYPES, ['Comment'], ['File']),
            present: fc.option(fc.uniqueArray(partId), { nil: undefined }),
            parts: fc.array(fc.record({ id: partId, version }), { maxLength: 4 }),
            again: fc.option(fc.record({ dueAt: fc.nat(2).map((n) => NOON + 100 * n), step: fc.nat(3) }), {
              nil: undefined,
            }),
          }),
          { minLength: 1, maxLength: 2 },
        ),
        readAt: pick,
        urgent: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('askParts' as const), flow, owners: fc.array(anyId) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('readAgain' as const), flow, entities: fc.array(anyId) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('unlink' as const), flow, of: anyId }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('askEarlier' as const),
        flow,
        wish: fc.constantFrom(undefined, 'comments', 'files'),
        limit: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        endings: fc.array(fc.record({ event: pick, of: fc.option(anyId, { nil: undefined }) }), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        flow,
        limit: fc.integer({ min: 1, max: 4 }),
        urgent: fc.option(fc.nat(4), { nil: undefined }),
        ofLine: fc.constantFrom(undefined, 2, 3),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('land' as const),
        landings: fc.array(
          fc.record({
            event: pick,
            target: id,
            part: partId,
            owner: fc.constantFrom('its', 'its', 'its', 'none', 'gone'),
            asks: fc.constantFrom<Landing['asks']>(undefined, [1], [1, 2]),
            source: version,
            written: version,
            asRead: fc.boolean(),
            wrote: fc.constantFrom<Landing['wrote']>(undefined, 1, 2, [1, 2]),
            replaces: fc.boolean(),
            owes: fc.constantFrom<Landing['owes']>(undefined, undefined, [1], [2], [1, 2]),
            awaits: fc.option(
              fc.record({
                side: fc.constantFrom<Side>(1, 2),
                entities: fc.array(id, { maxLength: 2 }),
                // any part was linked since the first one, and none since the last
                since: fc.constantFrom(undefined, 0, 1_000_000_000),
              }),
              { nil: undefined },
            ),
            aliases: fc.option(fc.tuple(fc.array(id, { maxLength: 1 }), fc.array(id, { maxLength: 1 })), {
              nil: undefined,
            }),
            settled: fc.constantFrom<Landing['settled']>(
              undefined,
              [{ side: 1, fields: ['subject'] }],
              [{ side: 2, fields: ['subject', 'state'] }],
              [
                { side: 1, fields: ['subject', 'state'] },
                { side: 2, fields: ['state'] },
              ],
            ),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('link' as const),
        flow,
        source: id,
        target: id,
        parts: fc.option(fc.record({ source: partId, target: partId }), { nil: undefined }),
        awaits: fc.array(id, { maxLength: 2 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('fail' as const),
        events: picks,
        to: fc.constantFrom('retry' as const, 'parked' as const),
        dueIn: fc.nat(20),
        charge: fc.boolean(),
        notCreated: fc.boolean(),
        awaits: fc.option(fc.array(id, { maxLength: 2 }), { nil: undefined }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('openIntents' as const), events: picks }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('intendUpdates' as const),
        events: picks,
        side: fc.constantFrom<Side>(1, 2),
        text: fc.string(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh' as const), event: pick, version, readAt: pick }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('skip' as const), events: picks, sending: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('show' as const), events: picks }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('unshow' as const), flow }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('load' as const), events: picks }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const), flow }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('overdue' as const), flow, ago: fc.nat(10) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('unpark' as const),
        flow,
        events: fc.option(picks),
        corrected: fc.option(
          fc.dictionary(fc.constantFrom('subject', 'priority'), fc.record({ value: fc.string() }), { maxKeys: 2 }),
          { nil: undefined },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('search' as const),
        flow,
        search: fc.constantFrom('', 'demo-1', 'PRIORITY is', '2', 'bug', 'nowhere'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('owed' as const),
        flow,
        limit: fc.integer({ min: 1, max: 3 }),
        to: fc.constantFrom('done' as const, 'retry' as const, 'rest' as const),
        before: version,
        after: fc.option(version, { nil: undefined }),
        dueIn: fc.nat(20),
        charge: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('resumeOwed' as const), flow }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('oweEarlier' as const),
        flow,
        wish: fc.constantFrom(undefined, 'key', 'address'),
        limit: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('move' as const),
        flow,
        entity: id,
        key: fc.constantFrom('MOVED-1', 'DEMO-1'),
        owes: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('forgetSeen' as const), flow }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('setCheckpoint' as const), flow, forget: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), flow }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  );
type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer T> ? T : never;

const steps = (flow: fc.Arbitrary<Flow>) => fc.array(stepOf(flow), { minLength: 1, maxLength: 60, size: 'max' });

/** The same thing in the model and in the store: numbers differ, since a store may leave some out. */
interface Twin<T> {
  model: T;
  real: T;
}

/** One history in both stores. */
class History {
  private readonly model = new ModelStore();
  private now = NOON;
  private readonly readings: Twin<number>[] = [{ model: 0, real: 0 }];
  /** every event that was ever seen, newest last: also what is finished meanwhile */
  private readonly events: Twin<StoredEvent>[] = [];

  constructor(private readonly bench: Bench) {}

  private get real(): Store {
    return this.bench.store;
  }

  async run(step: Step): Promise<void> {
    this.now += 5;
    const { model, real, now } = this;
    switch (step.do) {
      case 'sequence':
        this.readings.push({ model: await model.sequence(), real: await real.sequence() });
        return;
      case 'record': {
        const readAt = newest(this.readings, step.readAt) ?? { model: 0, real: 0 };
        const entities = step.entities.map(({ id, version }) => read(id, version));
        const system = systemOf(step.flow);
        const checkpoint = step.ahead ? undefined : { at: now };
        assert.deepEqual(
          await real.record(step.flow, system, entities, readAt.real, checkpoint, step.urgent, step.owners),
          await model.record(step.flow, system, entities, readAt.model, checkpoint, step.urgent, step.owners),
        );
        return;
      }
      case 'recordParts':
        return this.recordParts(step);
      case 'askParts':
        await model.askParts(step.flow, step.owners);
        return real.askParts(step.flow, step.owners);
      case 'readAgain':
        await model.readAgain(step.flow, step.entities);
        return real.readAgain(step.flow, step.entities);
      case 'unlink': {
        const { flow, of } = step;
        const [mine, theirs] = [
          await real.linkOf(flow.integration, flow.side, of),
          await model.linkOf(flow.integration, flow.side, of),
        ];
        assert.equal(mine === undefined, theirs === undefined);
        if (!mine || !theirs) return;
        assert.equal(await real.unlink(flow.integration, mine.id), await model.unlink(flow.integration, theirs.id));
        return;
      }
      case 'askEarlier': {
        const { flow, wish, limit } = step;
        assert.equal(await real.askEarlier(flow, wish, limit), await model.askEarlier(flow, wish, limit));
        return;
      }
      case 'end': {
        const endings = async (store: Store, which: keyof Twin<StoredEvent>) => {
          const found: Ending[] = [];
          for (const { event, of } of step.endings) {
            const twin = newest(this.events, event);
            if (!twin) continue;
            const { flow, entity, seq, delivery } = twin[which];
            const link = await store.linkOf(flow.integration, flow.side, of ?? entity.id);
            found.push({ event: seq, delivery, link: link?.id ?? -1 });
          }
          return found;
        };
        const [inModel, inReal] = [await endings(model, 'model'), await endings(real, 'real')];
        await model.end(inModel);
        return real.end(inReal);
      }
      case 'claim':
        return this.same(
          await model.claim(step.flow, step.limit, now, step.urgent, step.ofLine),
          await real.claim(step.flow, step.limit, now, step.urgent, step.ofLine),
        );
      case 'land':
        return this.land(step);
      case 'link': {
        // without an event, as what is found to be there is linked
        const { integration, side } = step.flow;
        const { source, target } = step.parts ?? step;
        const [from, to] = [endIn(step.flow, source, 'a', {}), endIn(otherSide(step.flow), target, 'a', {})];
        const ends: Landing['ends'] = side === 1 ? [from, to] : [to, from];
        const landing = { integration, event: -1, delivery: 0, ends, awaits: { side, entities: step.awaits } };
        const owned = async (store: Store) => ({ ...landing, owner: await ownerOf(store, step.flow, source) });
        assert.deepEqual(
          (await real.land([await owned(real)])).map(Boolean),
          (await model.land([await owned(model)])).map(Boolean),
        );
        return;
      }
      case 'fail': {
        const awaited = (flow: Flow) =>
          step.awaits && { system: systemOf(flow), toward: systemOf(otherSide(flow)), entities: step.awaits };
        const failures = (which: keyof Twin<StoredEvent>): Failure[] =>
          this.chosen(step.events).map((twin) => {
            const { seq, delivery } = twin[which];
            const common = { event: seq, delivery, error: failure, notCreated: step.notCreated };
            return step.to === 'retry'
              ? { ...common, to: 'retry', dueAt: now + step.dueIn, charge: step.charge }
              : { ...common, to: 'parked', mapped: { subject: 'as mapped' }, awaits: awaited(twin[which].flow) };
          });
        await model.fail(failures('model'));
        return real.fail(failures('real'));
      }
      case 'openIntents': {
        const twins = this.chosen(step.events);
        const hindrances: unknown[] = [];
        const refused = await throws(async () => {
          hindrances.push(await model.openIntents(twins.map((twin) => intentOf(twin.model))));
        });
        const refusedToo = await throws(async () => {
          hindrances.push(await real.openIntents(twins.map((twin) => intentOf(twin.real))));
        });
        assert.equal(refusedToo, refused);
        assert.deepEqual(hindrances[1], hindrances[0]);
        return;
      }
      case 'intendUpdates': {
        const updates = (which: keyof Twin<StoredEvent>) =>
          this.chosen(step.events).flatMap((twin) => {
            const link = twin[which].link?.id;
            return link === undefined
              ? []
              : [
                  {
                    link,
                    side: step.side,
                    fields: { subject: { sent: step.text }, ...(step.text !== '' && { state: { sent: step.text } }) },
                  },
                ];
          });
        await model.intendUpdates(updates('model'));
        return real.intendUpdates(updates('real'));
      }
      case 'refresh': {
        const twin = newest(this.events, step.event);
        const readAt = newest(this.readings, step.readAt);
        if (!twin || !readAt) return;
        const newer = read(twin.model.entity.id, step.version);
        await model.refresh([{ seq: twin.model.seq, entity: newer, readAt: readAt.model }]);
        return real.refresh([{ seq: twin.real.seq, entity: newer, readAt: readAt.real }]);
      }
      case 'skip': {
        const twins = this.chosen(step.events);
        const named = (event: StoredEvent) => (step.sending ? sending(event) : event.seq);
        await model.skip(twins.map((twin) => named(twin.model)));
        return real.skip(twins.map((twin) => named(twin.real)));
      }
      case 'show': {
        const twins = this.chosen(step.events);
        await model.show(twins.map((twin) => sending(twin.model)));
        return real.show(twins.map((twin) => sending(twin.real)));
      }
      case 'unshow':
        assert.equal(await real.unshow(step.flow.integration), await model.unshow(step.flow.integration));
        return;
      case 'load': {
        const twins = this.chosen(step.events);
        const fromModel = await model.load(twins.map((twin) => sending(twin.model)));
        const fromReal = await real.load(twins.map((twin) => sending(twin.real)));
        assert.deepEqual(fromReal.map(Boolean), fromModel.map(Boolean));
        assert.deepEqual(
          await real.inTurn(twins.map((twin) => sending(twin.real))),
          await model.inTurn(twins.map((twin) => sending(twin.model))),
        );
        for (const twin of twins) {
          const inModel = await model.event(twin.model.flow.integration, twin.model.seq);
          assert.deepEqual(plain([await real.event(twin.real.flow.integration, twin.real.seq)]), plain([inModel]));
        }
        return this.same(present(fromModel), present(fromReal));
      }
      case 'recover':
        assert.equal(await real.recover(step.flow.integration), await model.recover(step.flow.integration));
        return;
      case 'overdue': {
        const { integration } = step.flow;
        const before = now - step.ago;
        return this.same(await model.overdue(integration, before, 2), await real.overdue(integration, before, 2));
      }
      case 'unpark': {
        const { integration } = step.flow;
        const twins = step.events && this.chosen(step.events);
        const count = await model.unpark(
          integration,
          twins?.map((twin) => twin.model.seq),
          step.corrected,
        );
        assert.equal(
          await real.unpark(
            integration,
            twins?.map((twin) => twin.real.seq),
            step.corrected,
          ),
          count,
        );
        return;
      }
      case 'search': {
        const { integration, side } = step.flow;
        const found = { side, search: step.search };
        return this.same(await model.parked(integration, 0, 2, found), await real.parked(integration, 0, 2, found));
      }
      case 'owed':
        return this.owed(step);
      case 'oweEarlier': {
        const { flow, wish, limit } = step;
        assert.equal(await real.oweEarlier(flow, wish, limit), await model.oweEarlier(flow, wish, limit));
        return;
      }
      case 'resumeOwed': {
        const { integration } = step.flow;
        assert.equal(await real.resumeOwed(integration), await model.resumeOwed(integration));
        return;
      }
      case 'move': {
        const { integration, side } = step.flow;
        const move = async (store: Store): Promise<void> => {
          const link = await store.linkOf(integration, side, step.entity);
          const ref = { ...entity(step.entity), key: step.key, url: undefined };
          const { id, key, type, project } = ref;
          const owes: Side[] = step.owes ? [side === 1 ? 2 : 1] : [];
          await store.move([{ link: link?.id ?? -1, side, ref: { id, key, type, project }, owes }]);
        };
        await move(model);
        return move(real);
      }
      case 'forgetSeen':
        await model.forgetSeen(step.flow);
        return real.forgetSeen(step.flow);
      case 'setCheckpoint': {
        const checkpoint = step.forget ? undefined : { set: now };
        await model.setCheckpoint(step.flow, checkpoint);
        return real.setCheckpoint(step.flow, checkpoint);
      }
      case 'purge':
        await model.purge(step.flow.integration);
        return real.purge(step.flow.integration);
      case 'reopen':
        model.forgetReadings();
        await this.bench.reopen();
    }
  }

  private async land(step: Extract<Step, { do: 'land' }>): Promise<void> {
    const landings: Twin<Landing>[] = [];
    for (const wish of step.landings) {
      const twin = newest(this.events, wish.event);
      if (!twin) continue;
      const { flow, entity: source } = twin.model;
      const from = endIn(flow, source.id, wish.asRead ? source.version : wish.source, { written: wish.source });
      const target = source.owner ? wish.part : wish.target;
      const to = endIn(otherSide(flow), target, wish.written, { written: wish.written });
      const ends: Landing['ends'] = flow.side === 1 ? [from, to] : [to, from];
      const { wrote, owes, settled, awaits, aliases, asks } = wish;
      const common = { integration: flow.integration, ends, wrote, owes, settled, awaits, aliases, asks };
      const owner = async (store: Store): Promise<number | undefined> => {
        if (!source.owner || wish.owner === 'none') return undefined;
        return wish.owner === 'gone' ? -1 : ownerOf(store, flow, source.id);
      };
      const old = wish.replaces && {
        model: await this.model.linkOf(flow.integration, flow.side, source.id),
        real: await this.real.linkOf(flow.integration, flow.side, source.id),
      };
      const landing = (event: StoredEvent, owner?: number, replaces?: number): Landing => ({
        ...common,
        owner,
        event: event.seq,
        delivery: event.delivery,
        replaces,
      });
      landings.push({
        model: landing(twin.model, await owner(this.model), old ? old.model?.id : undefined),
        real: landing(twin.real, await owner(this.real), old ? old.real?.id : undefined),
      });
    }
    const fromModel = await this.model.land(landings.map((twin) => twin.model));
    const fromReal = await this.real.land(landings.map((twin) => twin.real));
    assert.deepEqual(fromReal.map(Boolean), fromModel.map(Boolean));
  }

  private async recordParts(step: Extract<Step, { do: 'recordParts' }>): Promise<void> {
    const { integration, side } = step.flow;
    const readAt = newest(this.readings, step.readAt) ?? { model: 0, real: 0 };
    const readings = (store: Store): Promise<PartsRead[]> =>
      Promise.all(
        step.readings.map(async ({ owner, parts, ...rest }) => {
          const link = (await store.linkOf(integration, side, owner))?.id ?? -1;
          const its = parts.filter(({ id }) => PARTS[id]?.[0] === owner && rest.types.includes(PARTS[id]?.[1] ?? ''));
          const present = rest.present && [...rest.present, ...its.map(({ id }) => id)];
          return { ...rest, present, link, parts: its.map(({ id, version }) => read(id, version)) };
        }),
      );
    const record = async (store: Store, at: number) =>
      store.recordParts(step.flow, systemOf(step.flow), await readings(store), at, step.urgent);
    assert.deepEqual(await record(this.real, readAt.real), await record(this.model, readAt.model));
  }

  /** What is owed is the same, and becomes the same. */
  private async owed({ flow, limit, to, before, after, dueIn, charge }: Extract<Step, { do: 'owed' }>): Promise<void> {
    const { model, real, now } = this;
    const inModel = await model.owed(flow, limit, now);
    const inReal = await real.owed(flow, limit, now);
    assert.deepEqual(plain(inReal), plain(inModel));
    const outcome = ({ link, side }: Owed): OwedOutcome => {
      const common = { link: link.id, side };
      if (to === 'done') return { ...common, to, ...(after && { version: { before, after } }) };
      return to === 'rest'
        ? { ...common, to, error: failure }
        : { ...common, to, dueAt: now + dueIn, charge, error: failure };
    };
    await model.settleOwed(inModel.map(outcome));
    await real.settleOwed(inReal.map(outcome));
  }

  /** Compares all that can be asked without changing anything. */
  async compare(): Promise<void> {
    const { model, real } = this;
    for (const integration of INTEGRATIONS) {
      assert.deepEqual(await real.counts(integration), await model.counts(integration));
      assert.deepEqual(await real.owedCounts(integration), await model.owedCounts(integration));
      assert.equal(
        (await real.parkedNumbers(integration, -1, 10)).length,
        (await model.parkedNumbers(integration, -1, 10)).length,
      );
      this.same(await model.parked(integration, 0, 10), await real.parked(integration, 0, 10));
      const whole = (store: Store) => store.linksAfter(integration, 0, 10);
      assert.deepEqual(plain(await whole(real)), plain(await whole(model)));
      const errors = async (store: Store) =>
        (await store.parkedErrors(integration, -1, 10)).map(({ side, error }) => ({ side, error }));
      assert.deepEqual(await errors(real), await errors(model));
      const found = async (store: Store) => (await store.findLinks(integration, '1', undefined, 10, 1_000)).links;
      assert.deepEqual(plain(await found(real)), plain(await found(model)));
      for (const side of [1, 2] as const) {
        const flow = { integration, side };
        for (const id of [...IDS.slice(0, 2), ...PART_IDS.slice(0, 1)]) {
          const [mine, theirs] = [await real.standing(flow, id), await model.standing(flow, id)];
          this.same(theirs.events, mine.events);
          assert.deepEqual([mine.known, mine.awaitedBy], [theirs.known, theirs.awaitedBy], id);
        }
        assert.deepEqual(await real.checkpoint(flow), await model.checkpoint(flow));
        assert.equal(await real.oldestOpen(flow), await model.oldestOpen(flow));
        const links = (store: Store) => store.linksOf(integration, side, [...IDS, ...PART_IDS]);
        assert.deepEqual(plain(await links(real)), plain(await links(model)));
        assert.equal(await real.nextParts(flow), await model.nextParts(flow));
        // the order of those that are due at the same time is not part of the contract
        const due = async (store: Store) =>
          (await store.partsDue(flow, 10, NOON + 150)).map((one) => JSON.stringify(plain(one)));
        assert.deepEqual((await due(real)).toSorted(), (await due(model)).toSorted());
      }
    }
    for (const system of [SYSTEM1, SYSTEM2, THIRD]) {
      const links = async (store: Store) => plain(await store.linksBySystem(system, '1'));
      assert.deepEqual(await links(real), await links(model));
      const kin = async (store: Store) => plain(await store.kinOf(system, '1', 'one'));
      assert.deepEqual(await kin(real), await kin(model));
      for (const toward of [SYSTEM1, SYSTEM2, THIRD])
        assert.deepEqual(await real.counterparts(system, IDS, toward), await model.counterparts(system, IDS, toward));
    }
  }

  /** Claims and skips until nothing is left, so that every snapshot that is stored is compared. */
  async drain(): Promise<void> {
    for (const integration of INTEGRATIONS) {
      const unparked = await this.model.unpark(integration);
      assert.equal(await this.real.unpark(integration), unparked);
      assert.equal(await this.real.unshow(integration), await this.model.unshow(integration));
      for (let round = 0; round < 20; round += 1) {
        for (const side of [1, 2] as const) {
          const claim = { flow: { integration, side }, limit: 3 };
          this.now += 1_000;
          const fromModel = await this.model.claim(claim.flow, claim.limit, this.now);
          const fromReal = await this.real.claim(claim.flow, claim.limit, this.now);
          this.same(fromModel, fromReal);
          await this.model.skip(fromModel.map(({ seq }) => seq));
          await this.real.skip(fromReal.map(({ seq }) => seq));
        }
      }
    }
  }

  private chosen(picked: number[]): Twin<StoredEvent>[] {
    return present(picked.map((back) => newest(this.events, back)));
  }

  private same(fromModel: StoredEvent[], fromReal: StoredEvent[]): void {
    assert.deepEqual(plain(fromReal), plain(fromModel));
    for (const [index, model] of fromModel.entries()) {
      const real = fromReal[index];
      if (real) this.events.push({ model, real });
    }
  }
}

const systemOf = ({ integration, side }: Flow): string => SYSTEMS[integration]?.[side === 1 ? 0 : 1] ?? '';
const otherSide = ({ integration, side }: Flow): Flow => ({ integration, side: side === 1 ? 2 : 1 });
const endIn = (flow: Flow, ...of: [string, string, Fields]): LinkEnd => {
  const plainEnd = end(flow.side, ...of);
  return { ...plainEnd, ref: refOf(read(of[0])), system: systemOf(flow) };
};
/** The number of the link of what a part belongs to; of no part, undefined. */
const ownerOf = async (store: Store, { integration, side }: Flow, id: string): Promise<number | undefined> => {
  const owner = PARTS[id]?.[0];
  return owner === undefined ? undefined : ((await store.linkOf(integration, side, owner))?.id ?? -1);
};
const sending = ({ seq, delivery }: StoredEvent) => ({ seq, delivery });
const newest = <T>(list: readonly T[], back: number): T | undefined => list.at(-1 - (back % Math.max(list.length, 1)));
const present = <T>(list: readonly (T | undefined)[]): T[] => list.filter((item) => item !== undefined);

async function throws(call: () => Promise<void>): Promise<boolean> {
  try {
    await call();
    return false;
  } catch {
    return true;
  }
}

/** Without the numbers, which differ between the two. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, inner: unknown) =>
      (name === 'seq' || name === 'event' || name === 'id' || name === 'owner') && typeof inner === 'number'
        ? undefined
        : inner,
    ),
  );
}

export function randomChecks(open: OpenStore, newBench: (open: OpenStore) => Bench, runs: number): void {
  it(`answers like the model of its contract in ${runs} random histories, closed and reopened in between`, async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.oneof(steps(BESIDE), steps(RING)), async (steps) => {
        const bench = newBench(open);
        await bench.start();
        try {
          const history = new History(bench);
          for (const each of steps) {
            await history.run(each);
            await history.compare();
          }
          await history.drain();
          await history.compare();
        } finally {
          await bench.stop();
        }
      }),
      { numRuns: runs },
    );
  });
}
