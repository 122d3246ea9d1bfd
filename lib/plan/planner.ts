/**
 * What would become of entities, without writing anything: the very steps, merge and rules of the engine, on connections
 * that can only be read from. Entities come in batches, so that links and targets are read together.
 */

import type { ReadResult } from '../connectors/connector';
import { fitFields } from '../mapping/fit';
import type { IntegrationConfig } from '../model/config';
import { directionFrom, type Entity, type Field, refOf, type Side, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage, Unresolved } from '../model/message';
import type { FieldId } from '../model/values';
import type { Link, StoredEvent } from '../store/store';
import { plainTextOf, settledTexts } from '../sync/bounded-texts';
import { systemClock } from '../sync/clock';
import { showingOf, shownFields } from '../sync/counterpart';
import { type CounterpartsInput, fieldsRead, keepUnshown, translateAll } from '../sync/counterparts';
import { changedFields, messageOf, planEvent } from '../sync/events';
import { isSystemFault } from '../sync/failure';
import { emptyPlan, type MergePlan } from '../sync/merge';
import { leads, type Neighbours } from '../sync/neighbours';
import { type Route, route, writeScope } from '../sync/pairs';
import { Places } from '../sync/places';
import { planChange, planNew } from '../sync/planning';
import type { References } from '../sync/references';
import { Users } from '../sync/users';
import { refusedFields, without } from '../sync/withhold';
import { endOf, mergeInputOf, mustPark, targetGone } from '../sync/work';
import { Chain, type Passed, type SystemsHost } from './chain';
import type { TargetFields } from './checks';
import { fieldPlans } from './fields';
import { type LinkStore, type Others, PlannedKin } from './kin';
import { fieldsOf, type KnownFields } from './known-fields';
import { type ReadingConnection, readingOnly } from './reading';
import type { PlanStep } from './steps';
import type { EntityPlan, PlanOutcome } from './types';

export interface PlanInput {
  config: IntegrationConfig;
  /** in the order in which a message passes them, without what is not Twinflow's */
  steps: PlanStep[];
  /** of System 1 and System 2; nothing but reading calls is ever used */
  connections: readonly [ReadingConnection, ReadingConnection];
  /** for links and baselines; without it every entity is taken for a new one */
  store?: LinkStore;
  /** where entities go that other integrations sync */
  neighbours?: Pick<Neighbours, 'lead'>;
  /** the other integrations at work, so that what they carry or have made is not planned a second time */
  others?: Others;
  /** where uploaded sheets are kept; needed if a value mapper uses one */
  dataFolder?: string;
}

/** An entity on its way, before the target is looked at. */
interface Draft {
  entity: Entity;
  event: StoredEvent;
  /** absent where no pair leads the entity to the other side */
  passed?: Passed;
  /** the entity has a shape that no connector should make: its change would fail as well */
  broken?: SyncError;
  /** steps are left that it has not been through */
  partial: boolean;
  /** nothing that is mapped has changed: the engine would not even send it */
  unchanged: boolean;
  /** of fields whose values name other entities */
  references?: References;
  /** why others carry the change */
  elsewhere?: string;
  /** the link whose counterpart is gone and is created again */
  replaces?: number;
  /** its counterpart is there already: it is linked, not created */
  joined?: string;
}

export class Planner {
  private readonly input: PlanInput;
  private readonly connections: readonly [ReadingConnection, ReadingConnection];
  private readonly chain: Chain;
  private readonly kin: PlannedKin;
  /** the fields that the rows know, by the side that is read */
  private readonly known: Record<Side, KnownFields>;
  private readonly places: Record<Side, Places>;
  private readonly targetFields = new Map<string, Promise<{ fields: TargetFields; fault?: string }>>();

  constructor(input: PlanInput) {
    this.input = input;
    this.known = { 1: fieldsOf(input.steps, 1), 2: fieldsOf(input.steps, 2) };
    const [one, two] = [readingOnly(input.connections[0]), readingOnly(input.connections[1])];
    this.connections = [one, two];
    const places = (side: Side) =>
      new Places((ids) => this.connections[side - 1 === 0 ? 0 : 1].read(writeScope(input.config, side), ids), Date.now);
    this.places = { 1: places(1), 2: places(2) };
    const users = this.connections.map(
      (connection) => new Users(async (by) => (await connection.users?.(by)) ?? [], systemClock),
    );
    const [users1, users2] = users;
    if (!users1 || !users2) throw new Error('an integration has two systems');
    const host: SystemsHost = {
      connection: (side) => (side === 1 ? one : two),
      users: (side) => (side === 1 ? users1 : users2),
      linkOf: async (side, id) => (await this.links(side, [id]))[0],
    };
    this.chain = new Chain(input.steps, input.dataFolder ?? '', host);
    const { config, store, others } = input;
    const relevant = (side: Side) => this.chain.relevant(side);
    this.kin = new PlannedKin({ config, connections: this.connections, store, others, relevant });
  }

  /**
   * One plan for each entity, in order. Never rejects for what an entity holds or a system says: the outcome tells it.
   * @param side the entities' own
   * @param until id of the step after which to stop: the plan is then as if the writer came next
   * @throws StoreError – the links can't be read
   */
  async plan(side: Side, entities: Entity[], until?: string): Promise<EntityPlan[]> {
    const links = await this.links(
      side,
      entities.map(({ id }) => id),
    );
    const drafts: Draft[] = [];
    for (const [index, entity] of entities.entries()) {
      const event = eventOf(this.input.config, side, entity, links[index]);
      drafts.push(await this.draft(event, until));
    }
    const { present, fault } = await this.readTargets(side, drafts);
    await this.translate(side, drafts, present);
    const plans: EntityPlan[] = [];
    for (const [index, draft] of drafts.entries()) {
      plans.push(await this.finish(draft, fault ?? present[index], until));
    }
    return plans;
  }

  /** Ends what the steps have started. */
  close(): void {
    this.chain.close();
  }

  private async links(side: Side, ids: string[]): Promise<(Link | undefined)[]> {
    return (await this.input.store?.linksOf(this.input.config.id, side, ids)) ?? ids.map(() => undefined);
  }

  private async draft(event: StoredEvent, until: string | undefined, replaces?: number): Promise<Draft> {
    const { config } = this.input;
    const { entity, flow } = event;
    try {
      const way = route(config, flow.side, entity);
      if (!way) return { entity, event, unchanged: false, partial: false };
      const relevant = this.chain.relevant(flow.side);
      const plan = planEvent(config, event, relevant);
      const elsewhere = plan.send && replaces === undefined ? await this.kin.passed(event) : undefined;
      if (elsewhere !== undefined) return { entity, event, elsewhere, unchanged: false, partial: false };
      const message = plan.send ? plan.message : messageOf(config, event, way, changedFields(event, relevant));
      const partial = until !== undefined && until !== this.input.steps.at(-1)?.id;
      return { entity, event, passed: await this.chain.pass(message, until), unchanged: !plan.send, partial, replaces };
    } catch (thrown) {
      return { entity, event, broken: asSyncError(thrown), unchanged: false, partial: false };
    }
  }

  /** The linked targets as they are now, by draft; undefined = has none, or it is gone; an error = nobody knows now. */
  private async readTargets(side: Side, drafts: Draft[]): Promise<{ present: ReadResult[]; fault?: SyncError }> {
    const other = targetSide(directionFrom(side));
    const ids = drafts.flatMap(({ event }) => (event.link ? [endOf({ event }, other).ref.id] : []));
    if (ids.length === 0) return { present: [] };
    try {
      const read = await this.connections[other - 1]?.read(writeScope(this.input.config, other), ids);
      let at = 0;
      return { present: drafts.map(({ event }) => (event.link ? read?.[at++] : undefined)) };
    } catch (thrown) {
      return { present: [], fault: asSyncError(thrown) };
    }
  }

  /** Counterparts take the place of the source's entities that values name, as they do when it is written. */
  private async translate(side: Side, drafts: Draft[], present: ReadResult[] = []): Promise<void> {
    const mapped = drafts.flatMap((draft, index) => {
      const { passed } = draft;
      return passed && !passed.ended && passed.message.sync.mapped ? [{ draft, passed, target: present[index] }] : [];
    });
    const input = this.counterparts(side);
    try {
      const changes = mapped.map(({ draft, passed }) => ({ message: passed.message, fields: draft.entity.fields }));
      const translated = await translateAll(input, changes);
      const targets = mapped.flatMap(({ target }, index) => {
        const one = translated[index];
        return one ? [{ ...one, target: fieldsRead(target) }] : [];
      });
      const kept = await keepUnshown(input, targets);
      for (const [index, { draft, passed }] of mapped.entries()) {
        draft.references = kept[index];
        passed.message = translated[index]?.message ?? passed.message;
      }
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      for (const { draft } of mapped) draft.broken = thrown;
    }
  }

  private counterparts(side: Side): CounterpartsInput {
    const { config, store, neighbours } = this.input;
    const [source, target] = side === 1 ? [config.system1, config.system2] : [config.system2, config.system1];
    return {
      ...{ store, integration: config.id, side, source, target, targetName: 'the target' },
      places: (ids) => this.places[side].of(ids),
      isSynced: (ref) => leads(config, [source], ref, [target]) || neighbours?.lead([source], ref, [target]) === true,
    };
  }

  private async finish(draft: Draft, target: ReadResult, until?: string): Promise<EntityPlan> {
    try {
      return await this.finished(draft, target, until);
    } catch (thrown) {
      return this.planOf(draft, failed(asSyncError(thrown)));
    }
  }

  private async finished(draft: Draft, target: ReadResult, until?: string): Promise<EntityPlan> {
    const { event, passed, broken } = draft;
    if (broken) return this.planOf(draft, failed(broken));
    if (draft.elsewhere !== undefined) return this.planOf(draft, { kind: 'skipped', reason: draft.elsewhere });
    if (!passed) return this.planOf(draft, { kind: 'noPair' });
    const { ended, message } = passed;
    if (ended && 'filteredBy' in ended) {
      return this.planOf(draft, { kind: 'filtered', step: ended.filteredBy, otherOutput: ended.otherOutput });
    }
    if (ended) return this.planOf(draft, failed(ended.error, ended.failedIn));
    if (message.sync.mapped === undefined) return this.planOf(draft, { kind: 'unmapped' });
    if (target instanceof Error) return this.planOf(draft, failed(target));
    if (event.link && !target) return this.gone(draft, until);
    return this.merged(draft, message, target, until);
  }

  /** The counterpart is gone: what the integration says becomes of such changes. */
  private async gone(draft: Draft, until?: string): Promise<EntityPlan> {
    const { event } = draft;
    const way = { targetSide: targetSide(directionFrom(event.flow.side)) };
    const error = targetGone(way, { event });
    if (draft.unchanged) return this.planOf(draft, { kind: 'nothing', why: 'unchanged' }, error.message);
    const policy = this.input.config.targetDeleted ?? 'park';
    if (policy === 'ignore') return this.planOf(draft, { kind: 'skipped', reason: error.message });
    if (policy === 'park') return this.planOf(draft, failed(error));
    const again = await this.draft({ ...event, link: undefined }, until, event.link?.id);
    await this.translate(event.flow.side, [again]);
    const plan = await this.finish(again, undefined, until);
    if (plan.target) return plan;
    return { ...plan, warnings: [`${error.message}: it is created again`, ...plan.warnings] };
  }

  /** Its counterpart is there, without a link: it is linked and updated. */
  private async joined(draft: Draft, link: Link, until?: string): Promise<EntityPlan> {
    const event: StoredEvent = { ...draft.event, link };
    const { side } = event.flow;
    const { key } = endOf({ event }, targetSide(directionFrom(side))).ref;
    const joined: Draft = { ...draft, event, joined: `${key} is its counterpart: it is linked with it, not created` };
    const { present, fault } = await this.readTargets(side, [joined]);
    // its references are translated already
    const { message } = draft.passed ?? {};
    if (message) {
      const change = { message, references: draft.references ?? {}, target: fieldsRead(present[0]) };
      [joined.references] = await keepUnshown(this.counterparts(side), [change]);
    }
    return this.finish(joined, fault ?? present[0], until);
  }

  private async merged(
    draft: Draft,
    passed: SyncMessage,
    target: Entity | undefined,
    until?: string,
  ): Promise<EntityPlan> {
    const { config } = this.input;
    const { event, entity } = draft;
    const { side } = event.flow;
    const direction = directionFrom(side);
    const way = { direction, side, targetSide: targetSide(direction) };
    const { fields, fault } = await this.declared(way.targetSide, passed.sync.target);
    const message = fitting(passed, fields);
    const merge = mergeInputOf(way, { event, message, references: draft.references }, target);
    const create = event.link === undefined;
    const decided = create
      ? { wanted: message.payload, plan: planNew(config, way.targetSide, message, entity) }
      : draft.unchanged
        ? { wanted: message.payload, plan: emptyPlan() }
        : await settledTexts(() => planChange(merge));
    const parked = draft.unchanged ? undefined : mustPark({ message, plan: decided.plan }, create ? undefined : merge);
    const link = create && !parked ? await this.kin.linkFor(event, message, draft.replaces) : undefined;
    if (link) return this.joined(draft, link, until);
    // "hold only the field": after the last attempt, the update goes on without what has to wait
    const held =
      parked && !create && config.parkFields ? refusedFields(parked, decided.plan, merge.unresolved) : undefined;
    const plan = held ? without(decided.plan, held) : decided.plan;
    const outcome = parked && !held ? failed(parked) : outcomeOf(create, draft.unchanged, plan, merge.unresolved);
    return {
      ...this.planOf(draft, outcome, ...(fault === undefined ? [] : [fault])),
      ...(target && { target: refOf(target) }),
      fields: fieldPlans({
        merge: { ...merge, wanted: decided.wanted },
        plan,
        create,
        how: draft.passed?.how ?? new Map(),
        mapped: message.payload,
        known: this.known[side],
        partial: draft.partial,
        target: fields,
        shown: new Set(create ? Object.keys(shownFields(showingOf(config, way.targetSide), entity)) : []),
      }),
    };
  }

  /** The target's fields, asked for once for each project and type. */
  private declared(side: Side, { project, type }: Route['target']): Promise<{ fields: TargetFields; fault?: string }> {
    const key = JSON.stringify([side, project, type]);
    const known = this.targetFields.get(key);
    if (known) return known;
    const asked = Promise.resolve(this.connections[side - 1]?.fields(project, type)).then(
      (fields = []) => ({ fields: new Map(fields.map((field): [FieldId, Field] => [field.id, field])) }),
      (thrown: unknown) => ({
        fields: undefined,
        fault: `the target could not be asked for its fields, so the values are not checked: ${asSyncError(thrown).message}`,
      }),
    );
    this.targetFields.set(key, asked);
    return asked;
  }

  private planOf({ event, passed, joined }: Draft, outcome: PlanOutcome, ...warnings: string[]): EntityPlan {
    const { side } = event.flow;
    const { entity, link } = event;
    const direction = directionFrom(side);
    return {
      integration: this.input.config.id,
      side,
      direction,
      source: { ...refOf(entity), updatedAt: entity.updatedAt },
      ...(link && { target: refOf(endOf({ event }, targetSide(direction)).ref) }),
      outcome,
      fields: [],
      criteria: passed?.criteria ?? [],
      warnings: joined === undefined ? warnings : [joined, ...warnings],
    };
  }
}

/** As the writer takes it: without what the target declares that it cannot hold. */
function fitting(message: SyncMessage, declared: TargetFields): SyncMessage {
  const { mapped = {}, unresolved = {} } = message.sync;
  const plainText = plainTextOf;
  const fitted = fitFields({ fields: message.payload, mapped, unresolved }, declared, plainText);
  return { ...message, payload: fitted.fields, sync: { ...message.sync, unresolved: fitted.unresolved } };
}

/** A change as the store would hold it: nothing is stored. */
const eventOf = (config: IntegrationConfig, side: Side, entity: Entity, link: Link | undefined): StoredEvent => ({
  seq: 0,
  flow: { integration: config.id, side },
  state: 'sent',
  entity,
  stale: false,
  delivery: 0,
  attempts: 0,
  ...(link && { link }),
});

function failed(error: SyncError, step?: string): PlanOutcome {
  const where = step === undefined ? {} : { step };
  if (isSystemFault(error)) return { kind: 'waits', reason: error.message, ...where };
  const { fields } = error.detail;
  return { kind: 'parked', reason: error.message, ...(fields && { fields }), ...where };
}

function outcomeOf(
  create: boolean,
  unchanged: boolean,
  plan: MergePlan,
  unresolved: Record<FieldId, Unresolved>,
): PlanOutcome {
  if (create) return { kind: 'create' };
  if (unchanged) return { kind: 'nothing', why: 'unchanged' };
  const fields = Object.keys(plan.write);
  if (fields.length > 0) return { kind: 'update', fields };
  const lost = plan.warnings.some(({ field }) => unresolved[field] !== undefined && !unresolved[field].lossy);
  const kept = lost || [plan.kept, plan.left, plan.stopped].some(({ length }) => length > 0);
  return { kind: 'nothing', why: kept ? 'kept' : 'same' };
}
