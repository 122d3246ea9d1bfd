/**
 * What would become of entities, without writing anything: the very steps, merge and rules of the engine, on connections
 * that can only be read from. Entities come in batches, so that links and targets are read together.
 */

import type { FileRules, ReadResult } from '../connectors/connector';
import { askQuery } from '../connectors/own-queries';
import { aboutPart } from '../engine/about-part';
import { backlinksOf, backlinkValues } from '../engine/backlink-fields';
import { type Exposure, exposureOf } from '../engine/exposure';
import { isFile } from '../engine/files';
import { entityWithoutFrame, frameFor, withoutFrames } from '../engine/frames';
import { changedFields, messageOf, planEvent } from '../engine/messages';
import { leads } from '../engine/peers/paths';
import { Users } from '../engine/people';
import { type CounterpartsInput, fieldsRead, keepUnshown, translateAll } from '../engine/references/counterparts';
import { belongsToBacklog, type MentionedInput, type Mentioning, withMentioned } from '../engine/references/mentioned';
import { attachmentsOf } from '../engine/references/pictures';
import { Places } from '../engine/references/places';
import { isFileType, type Route, route, writeScope } from '../engine/routing';
import { type Change, type Decided, endOf, mergeInputOf } from '../engine/write/change';
import { decide, goneReason, type Rules } from '../engine/write/decide';
import { filed } from '../engine/write/file-link';
import { owned, ownerLinks, withDeletedThere } from '../engine/write/owners';
import { StandardMapping } from '../engine/write/standard-rows';
import { choiceOf } from '../mapping/fields';
import { settledTexts } from '../merge/bounded-texts';
import { framed } from '../merge/frames';
import { emptyPlan } from '../merge/types';
import { systemClock } from '../model/clock';
import type { IntegrationConfig } from '../model/config';
import { directionFrom, type Entity, type Field, refOf, type Side, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { atSide, eachSide, inOrder, otherSide } from '../model/sides';
import type { FieldId } from '../model/values';
import { QueryMembers } from '../steps/query-members';
import { ReadTogether } from '../steps/read-together';
import type { Link, StoredEvent } from '../store/store';
import { Chain, type Passed, type SystemsHost } from './chain';
import type { TargetFields } from './checks';
import { changeOf, type Draft, eventOf, failed, fitting, outcomeOf, wayFrom } from './drafts';
import { fieldPlans } from './fields';
import { type JoinedPart, type LinkStore, type Others, PlannedKin } from './kin';
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
  /** the other integrations: where they lead entities, and what they carry or have made, which is not planned a second time */
  others?: Others;
  /** where uploaded sheets are kept; needed if a value mapper uses one */
  dataFolder?: string;
}

export class Planner {
  private readonly input: PlanInput;
  private readonly connections: readonly [ReadingConnection, ReadingConnection];
  private readonly chain: Chain;
  /** what a system takes of files, by side and project */
  private readonly fileRules = new Map<string, Promise<FileRules>>();
  private readonly users: readonly [Users, Users];
  private readonly kin: PlannedKin;
  private readonly standard: StandardMapping;
  /** the fields that the rows know, by the side that is read */
  private readonly known: Record<Side, KnownFields>;
  private readonly places: Record<Side, Places>;
  private readonly queried: QueryMembers;
  private readonly targetFields = new Map<string, Promise<Known>>();

  constructor(input: PlanInput) {
    this.input = input;
    this.known = { 1: fieldsOf(input.steps, 1), 2: fieldsOf(input.steps, 2) };
    const [one, two] = [readingOnly(input.connections[0]), readingOnly(input.connections[1])];
    this.connections = [one, two];
    const places = (side: Side) =>
      new Places((ids) => atSide(this.connections, side).read(writeScope(input.config, side), ids), Date.now);
    this.places = { 1: places(1), 2: places(2) };
    const users = this.connections.map(
      (connection) => new Users(async (by) => (await connection.users?.(by)) ?? [], systemClock),
    );
    const [users1, users2] = users;
    if (!users1 || !users2) throw new Error('an integration has two systems');
    this.users = [users1, users2];
    const reads = eachSide(
      (side) => new ReadTogether((ids) => atSide(this.connections, side).read(writeScope(input.config, side), ids)),
    );
    this.queried = new QueryMembers((side, query, ids) =>
      askQuery(atSide(this.connections, side), `System ${side}`, query, ids),
    );
    const host: SystemsHost = {
      connection: (side) => atSide([one, two], side),
      users: (side) => atSide([users1, users2], side),
      linkOf: async (side, id) => (await this.links(side, [id]))[0],
      read: (side, id) => reads[side].of(id),
      inQuery: (side, query, id) => this.queried.has(side, query, id),
    };
    this.chain = new Chain(input.steps, input.dataFolder ?? '', host);
    const { config, store, others } = input;
    const relevant = (side: Side) => this.chain.relevant(side);
    this.kin = new PlannedKin({ config, connections: this.connections, store, others, relevant });
    this.standard = new StandardMapping({
      declared: eachSide((side) => ({ of: async (place) => (await this.declared(side, place)).fields })),
      systems: eachSide((side) => ({ name: `System ${side}` })),
    });
  }

  /**
   * One plan for each entity, or part of one, in order. Never rejects for what an entity holds or a system says: the outcome tells it.
   * @param side the entities' own
   * @param until id of the step after which to stop: the plan is then as if the writer came next
   * @throws StoreError – the links can't be read
   */
  async plan(side: Side, entities: Entity[], until?: string): Promise<EntityPlan[]> {
    const links = await this.links(
      side,
      entities.map(({ id }) => id),
    );
    const { config, store } = this.input;
    const owners = await ownerLinks(store, config, side, entities);
    // a part is asked about by its owner
    this.queried.expect(
      side,
      entities.map(({ id, owner }) => owner?.id ?? id),
    );
    const drafts: Draft[] = [];
    for (const [index, entity] of entities.entries()) {
      const event = await this.unframed(side, eventOf(config, side, entity, links[index]));
      drafts.push(await this.draft(event, until, { owner: owners.get(entity.owner?.id ?? '') }));
    }
    const { present, fault } = await this.readTargets(side, drafts);
    await this.translate(side, drafts, present);
    const lookUps = this.kin.lookUps(() =>
      drafts.flatMap(({ event: { entity, link }, passed }) => {
        const isSought = link === undefined && !entity.owner && passed !== undefined && passed.ended === undefined;
        return isSought ? [{ entity, side, message: passed.message }] : [];
      }),
    );
    for (const draft of drafts) draft.lookUps = lookUps;
    const known = fault ? drafts : await this.withDeletedThere(side, drafts, present);
    const plans: EntityPlan[] = [];
    for (const [index, draft] of known.entries()) {
      plans.push(await this.finish(draft, fault ?? present[index], until));
    }
    return plans;
  }

  /** Author lines of comments are neither compared nor mapped. */
  private async unframed(side: Side, event: StoredEvent): Promise<StoredEvent> {
    const [unframed = event] = await withoutFrames(this.kin.frames, side, [event]);
    return unframed;
  }

  /** Ends what the steps have started. */
  close(): void {
    this.chain.close();
  }

  private async links(side: Side, ids: string[]): Promise<(Link | undefined)[]> {
    return (await this.input.store?.linksOf(this.input.config.id, side, ids)) ?? ids.map(() => undefined);
  }

  /**
   * @param owner of a part: its owner's link
   * @param replaces a link whose counterpart is gone
   */
  private async draft(
    event: StoredEvent,
    until: string | undefined,
    { owner, replaces }: { owner?: Link; replaces?: number } = {},
  ): Promise<Draft> {
    const { config } = this.input;
    const { entity, flow } = event;
    try {
      const way = route(config, flow.side, entity);
      if (!way) return { entity, event, unchanged: false, partial: false };
      const relevant = this.chain.relevant(flow.side);
      const plan = planEvent(config, event, relevant);
      const elsewhere = plan.send && replaces === undefined ? await this.kin.passed(event) : undefined;
      if (elsewhere !== undefined) return { entity, event, elsewhere, unchanged: false, partial: false };
      const changed = changedFields(event, entity.owner ? undefined : relevant);
      const message = plan.send ? plan.message : messageOf(config, event, way, changed);
      const partial = until !== undefined && until !== this.input.steps.at(-1)?.id;
      const passed = await this.chain.pass(message, until);
      const draft: Draft = { entity, event, passed, unchanged: !plan.send, partial, replaces };
      return entity.owner ? await this.part(draft, passed, owner) : draft;
    } catch (thrown) {
      return { entity, event, broken: asSyncError(thrown), unchanged: false, partial: false };
    }
  }

  /** As the writer takes a part: mapped by the standard rows where no mapper has mapped it, and with its owner's counterpart. */
  private async part(draft: Draft, passed: Passed, owner: Link | undefined): Promise<Draft> {
    if (!passed.ended && passed.message.sync.mapped === undefined) {
      passed.message = await this.standard.map(passed.message, draft.entity);
      for (const field of Object.keys(passed.message.sync.mapped ?? {})) {
        passed.how.set(field, [{ origin: 'standard' }]);
      }
    }
    if (!owner) return draft;
    const its = owned(passed.message, owner, otherSide(draft.event.flow.side));
    passed.message = its.message;
    return { ...draft, owner: its.owner, ownerLink: owner };
  }

  private withDeletedThere(side: Side, drafts: Draft[], present: ReadResult[]): Promise<Draft[]> {
    const other = otherSide(side);
    return withDeletedThere(drafts, present, (ids) =>
      atSide(this.connections, other).read(writeScope(this.input.config, other), ids),
    );
  }

  /** The linked targets as they are now, by draft; undefined = has none, or it is gone; an error = nobody knows now. */
  private async readTargets(side: Side, drafts: Draft[]): Promise<{ present: ReadResult[]; fault?: SyncError }> {
    const other = targetSide(directionFrom(side));
    const ids = drafts.flatMap(({ event }) => (event.link ? [endOf({ event }, other).ref.id] : []));
    if (ids.length === 0) return { present: [] };
    try {
      const read = await this.connections[other - 1]?.read(writeScope(this.input.config, other), ids);
      let at = 0;
      const found = drafts.map(({ event }) => (event.link ? read?.[at++] : undefined));
      const present = found.map(async (entity, index) => {
        const link = drafts[index]?.event.link;
        if (!link || !entity || entity instanceof SyncError) return entity;
        return entityWithoutFrame(this.kin.frames, other, entity, atSide(link.ends, other));
      });
      return { present: await Promise.all(present) };
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
        const message = translated[index]?.message ?? passed.message;
        const { entity, event } = draft;
        const isNew = event.link === undefined;
        const backlog = belongsToBacklog(entity.updatedAt, { now: Date.now(), isBulk: false, isNew });
        const owner = draft.owner?.link ?? event.link?.id;
        const found = await withMentioned(this.mentioned(side), message, entity, backlog, {
          owner,
          ...(event.link && { before: atSide(event.link.ends, side).baseline }),
        });
        draft.mentions = found.mentions;
        passed.message = found.message;
      }
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      for (const { draft } of mapped) draft.broken = thrown;
    }
  }

  private mentioned(side: Side): MentionedInput {
    const mentioning = (at: Side): Mentioning => ({
      id: atSide([this.input.config.system1, this.input.config.system2], at),
      name: `System ${at}`,
      connection: () => atSide(this.connections, at),
      users: atSide(this.users, at),
    });
    const target = otherSide(side);
    return {
      source: mentioning(side),
      target: mentioning(target),
      rules: () => this.chain.people(directionFrom(side)),
      items: this.counterparts(side),
      pictures: this.pictures(side),
    };
  }

  private pictures(side: Side): MentionedInput['pictures'] {
    const { config, store } = this.input;
    const links = store?.partLinks && { partLinks: store.partLinks.bind(store) };
    const attachments = attachmentsOf(config, side, (work) => work(atSide(this.connections, side)));
    return { side, isFile: (at, type) => isFileType(config, at, type), attachments, ...(links && { store: links }) };
  }

  private counterparts(side: Side): CounterpartsInput {
    const { config, store, others } = this.input;
    const [source, target] = inOrder(side, config.system1, config.system2);
    return {
      ...{ store, integration: config.id, side, source, target, targetName: 'the target' },
      places: (ids) => this.places[side].of(ids),
      isSynced: (ref) => leads(config, [source], ref, [target]) || others?.peers.lead([source], ref, [target]) === true,
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
      const { filteredBy: step, otherOutput, reason } = ended;
      return this.planOf(draft, { kind: 'filtered', step, otherOutput, ...(reason !== undefined && { reason }) });
    }
    if (ended) return this.planOf(draft, failed(ended.error, ended.failedIn));
    if (message.sync.mapped === undefined) return this.planOf(draft, { kind: 'unmapped' });
    const way = wayFrom(event.flow.side);
    const seen = target ?? 'gone';
    const isDelivered = !event.link || (seen !== 'gone' && !(seen instanceof SyncError));
    const known = isDelivered ? await this.declared(way.targetSide, message.sync.target) : { fields: undefined };
    const frame = frameFor(this.input.config, event.flow.side, event, `System ${event.flow.side}`);
    const exposure = await this.exposure(event, known.fields);
    const plain = { ...changeOf(draft, fitting(message, known.fields, frame), frame), ...(exposure && { exposure }) };
    const change = await this.filed(plain);
    if (draft.unchanged) {
      const nothing: PlanOutcome = { kind: 'nothing', why: 'unchanged' };
      if (seen === 'gone') return this.planOf(draft, nothing, goneReason(change, way.targetSide));
      if (!(seen instanceof SyncError)) {
        return this.shown(draft, { change, plan: emptyPlan(), target: seen }, nothing, known);
      }
    }
    const decision = await settledTexts(() => decide(change, seen, this.rules(way)));
    switch (decision.do) {
      case 'skip': {
        const isHidden = exposure?.isInternal === true && !event.link;
        const would = { change, plan: { ...emptyPlan(), write: change.message.payload } };
        const part = isHidden ? await this.kin.madeBefore(would) : undefined;
        return part
          ? this.joinedPart(draft, passed, part, until)
          : this.planOf(draft, { kind: 'skipped', reason: decision.reason });
      }
      case 'resend':
        return this.again(draft, decision.error.message, until);
      case 'createAgain':
        return this.again(draft, decision.reason, until);
      case 'create': {
        const link = await this.kin.linkFor(event, change.message, draft.replaces);
        if (link) return this.joined(draft, link, until);
        const part = await this.kin.partFor(decision);
        if (part && 'reason' in part) return this.planOf(draft, { kind: 'skipped', reason: part.reason });
        if (part) return this.joinedPart(draft, passed, part, until);
        const found = draft.lookUps && (await this.kin.lookedUp(change, draft.lookUps));
        if (found && 'link' in found) return this.joined(draft, found.link, until, found.note);
        if (found?.do === 'skip') return this.planOf(draft, { kind: 'skipped', reason: found.reason });
        if (found) return this.planOf(draft, failed(new SyncError('conflict', found.reason, { fields: found.fields })));
        const plan = await this.shown(draft, decision, { kind: 'create' }, known);
        return { ...plan, warnings: [...plan.warnings, ...decision.change.notes.map(({ reason }) => reason)] };
      }
      case 'delete':
        return this.planOf(draft, { kind: 'delete' }, ...decision.change.notes.map(({ reason }) => reason));
      case 'end':
        return this.planOf(draft, { kind: 'skipped', reason: 'it was deleted, and its counterpart as well' });
      case 'spare':
        return this.planOf(draft, { kind: 'skipped', reason: decision.reason });
      case 'fail': {
        const outcome = failed(decision.error);
        return isDelivered ? this.shown(draft, decision, outcome, known) : this.planOf(draft, outcome);
      }
      case 'update':
      case 'add':
      case 'nothing':
        return this.shown(draft, decision, outcomeOf(decision), known);
      case 'look':
        throw new SyncError(
          'fatal',
          `${event.entity.key}: ${decision.do} is no decision on an item that was looked at`,
        );
    }
  }

  /** An attachment as the target takes it. */
  private async filed(change: Change): Promise<Change> {
    const { config } = this.input;
    const { entity, flow } = change.event;
    if (entity.deleted || !isFile(config, flow.side, entity)) return change;
    const { project } = change.message.sync.target;
    const target = otherSide(flow.side);
    const key = `${target} ${project}`;
    const rules =
      this.fileRules.get(key) ?? atSide(this.connections, target).fileRules?.(project) ?? Promise.resolve({});
    this.fileRules.set(key, rules);
    return filed(change, await rules, { config, side: flow.side });
  }

  private async exposure({ entity, flow }: StoredEvent, target: TargetFields): Promise<Exposure | undefined> {
    if (!entity.owner) return undefined;
    const { fields: source } = await this.declared(flow.side, { project: entity.project, type: entity.type });
    return exposureOf(this.input.config, flow.side, entity, source, target);
  }

  /** As after the last attempt: "hold only the field" leaves out what has to wait. */
  private rules(way: Rules['way']): Rules {
    const { config } = this.input;
    return { config, way, holdsFields: ({ link }) => config.parkFields === true && link !== undefined };
  }

  /** The counterpart is gone, and another one takes its place. */
  private async again(draft: Draft, reason: string, until?: string): Promise<EntityPlan> {
    const { event } = draft;
    const how = { owner: draft.ownerLink, replaces: event.link?.id };
    const again = await this.draft({ ...event, link: undefined }, until, how);
    await this.translate(event.flow.side, [again]);
    const plan = await this.finish(again, undefined, until);
    if (plan.target) return plan;
    return { ...plan, warnings: [`${reason}: it is created again`, ...plan.warnings] };
  }

  private joinedPart(draft: Draft, passed: Passed, { change, link }: JoinedPart, until?: string): Promise<EntityPlan> {
    const { message, event } = change;
    return this.joined({ ...draft, event, passed: { ...passed, message } }, link, until);
  }

  /** Its counterpart is there, without a link: it is linked and updated. */
  private async joined(draft: Draft, link: Link, until?: string, note?: string): Promise<EntityPlan> {
    const event: StoredEvent = { ...draft.event, link };
    const { side } = event.flow;
    const { key } = endOf({ event }, targetSide(directionFrom(side))).ref;
    const joined: Draft = {
      ...draft,
      event,
      joined: note ?? `${key} is its counterpart: it is linked with it, not created`,
    };
    const { present, fault } = await this.readTargets(side, [joined]);
    // its references are translated already
    const { message } = draft.passed ?? {};
    if (message) {
      const change = { message, references: draft.references ?? {}, target: fieldsRead(present[0]) };
      [joined.references] = await keepUnshown(this.counterparts(side), [change]);
    }
    return this.finish(joined, fault ?? present[0], until);
  }

  private async shown(
    draft: Draft,
    decided: Decided,
    outcome: PlanOutcome,
    { fields, fault }: Known,
  ): Promise<EntityPlan> {
    const { change, plan, target, wanted } = decided;
    const { event, message } = change;
    const { side } = event.flow;
    const way = wayFrom(side);
    const create = event.link === undefined;
    return {
      ...this.planOf(draft, outcome, ...(fault === undefined ? [] : [fault])),
      ...(target && { target: refOf(target) }),
      fields: fieldPlans({
        merge: mergeInputOf(way, change, target, wanted),
        plan: { ...plan, write: framed(plan.write) },
        create,
        how: draft.passed?.how ?? new Map(),
        mapped: message.payload,
        known: await this.knownOf(draft),
        partial: draft.partial,
        target: fields,
        shown: new Set(
          create && !event.entity.owner
            ? Object.keys(backlinkValues(backlinksOf(this.input.config, way.targetSide), event.entity))
            : [],
        ),
      }),
    };
  }

  /** Fields as the rows know them; of a part that no row concerns, as its system declares them. */
  private async knownOf({ entity, event }: Draft): Promise<KnownFields> {
    const { side } = event.flow;
    const { source, target } = this.known[side];
    if (!entity.owner) return { source, target };
    const { fields = new Map<FieldId, Field>() } = await this.declared(side, entity);
    return {
      source: new Map([...source, ...[...fields].map(([id, field]) => [id, choiceOf(field)] as const)]),
      target,
    };
  }

  /** A system's fields, asked for once for each project and type. */
  private declared(side: Side, { project, type }: Route['target']): Promise<Known> {
    const key = JSON.stringify([side, project, type]);
    const known = this.targetFields.get(key);
    if (known) return known;
    const asked = Promise.resolve(atSide(this.connections, side).fields(project, type)).then(
      (fields = []) => ({ fields: new Map(fields.map((field): [FieldId, Field] => [field.id, field])) }),
      (thrown: unknown) => ({
        fields: undefined,
        fault: `the target could not be asked for its fields, so the values are not checked: ${asSyncError(thrown).message}`,
      }),
    );
    this.targetFields.set(key, asked);
    return asked;
  }

  private planOf({ event, passed, joined, owner }: Draft, outcome: PlanOutcome, ...warnings: string[]): EntityPlan {
    const { side } = event.flow;
    const { entity, link } = event;
    const direction = directionFrom(side);
    const part = aboutPart(this.input.config, side, entity);
    const notes = joined === undefined ? [] : [joined];
    if (passed && part && !owner) notes.push(`it is synced once ${part.owner} has a counterpart`);
    return {
      integration: this.input.config.id,
      side,
      direction,
      source: { ...refOf(entity), updatedAt: entity.updatedAt },
      ...(part && { part }),
      ...(link && { target: refOf(endOf({ event }, targetSide(direction)).ref) }),
      outcome,
      fields: [],
      criteria: passed?.criteria ?? [],
      ...(joined !== undefined && { adopts: true }),
      warnings: [...notes, ...warnings],
    };
  }
}

/** What the target declares of its fields; undefined if it could not be asked, and why. */
interface Known {
  fields: TargetFields;
  fault?: string;
}
