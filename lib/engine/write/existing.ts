/**
 * Existing entities in place of a create (invariant 2): made by an earlier attempt, linked by other integrations or
 * users, or naming the entity by key or URL. The change continues as an update of the existing entity.
 */

import { emptyPlan } from '../../merge/types';
import type { LookUpRule } from '../../model/config';
import { type Entity, type EntityRef, refOf, type Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { inOrder } from '../../model/sides';
import type { Fields } from '../../model/values';
import type { LinkEnd } from '../../store/store';
import { backlinksOf } from '../backlink-fields';
import type { Engine } from '../engine';
import { copyAmong, linkSize, sizeOf } from '../files';
import { loadedEvents } from '../frames';
import { askParts } from '../parts-due';
import { kinshipOf, reasonToPass } from '../peers/elsewhere';
import type { Kinship } from '../peers/kin';
import { readEntities } from '../read-entities';
import { pauses } from '../retry-policy';
import { writeScope } from '../routing';
import { adoptedBases, differingReason, lookUpOutcome } from './adopting';
import { adoptable, adoptedEnds, adoptedState, type Create, markerOf } from './adoption';
import { type Change, type Decided, isOutdated, type Way } from './change';
import type { Executor } from './executor';
import { KnownParts, type RecognizedPart } from './known-parts';
import { LookUps, lookUpRule, type Sought } from './look-up';
import { isFree, isNamedNowhere, madeSide, named, namesAnother } from './named';
import { NamedBatch, type Nameless } from './named-batch';

/** What is asked for together for all creates of a batch. */
interface Together {
  names: NamedBatch;
  lookUps: LookUps;
}

/** What becomes of a create: it stays one, it is an update of what is there, or it has its outcome. */
type Existing = { is: 'create'; decided: Decided } | { is: 'update'; change: Change } | { is: 'done' };

export class ExistingCounterparts {
  private readonly parts: KnownParts;

  constructor(
    private readonly engine: Engine,
    private readonly way: Way,
    private readonly executor: Executor,
  ) {
    this.parts = new KnownParts(
      engine,
      way,
      (side, ids) => readEntities(side === way.side ? way.source : way.target, writeScope(engine.config, side), ids),
      (file, among, link) => copyAmong(way.source, file, way.target, among, link),
    );
  }

  /** @returns what goes on as updates, and what is to be created, its intent stored */
  async lookFor(decided: Decided[]): Promise<{ adopted: Change[]; fresh: Decided[] }> {
    const remoteKey = backlinksOf(this.engine.config, this.way.targetSide).key;
    const adopted: Change[] = [];
    const fresh: Create<Decided>[] = [];
    const items = decided.filter(({ change }) => !change.owner);
    const together: Together = {
      names: new NamedBatch(
        this.engine,
        items.map(({ change }) => this.nameless(change)),
      ),
      lookUps: new LookUps(this.engine, () => items.map(({ change }) => this.sought(change))),
    };
    for (const [index, one] of decided.entries()) {
      const create = createOf(one, remoteKey);
      // one after the other: what one adopts is linked before the next one looks
      try {
        const existing = await this.existing(create, together);
        if (existing.is === 'create') fresh.push({ ...create, work: existing.decided });
        else if (existing.is === 'update') adopted.push(existing.change);
      } catch (thrown) {
        // whether this one is there cannot be told; the others are not concerned
        const error = thrown instanceof SyncError ? thrown : undefined;
        if (error?.kind === 'rateLimited' && index > 0) {
          // those that were looked for go on: started again from the first, a long batch would meet a low limit each time
          await this.executor.fail(decided.slice(index), error, { blame: 'system' });
          break;
        }
        if (!error || pauses(error)) throw thrown;
        await this.executor.fail([one], error, { blame: 'own' });
      }
    }
    const { linked, rest } = await this.linkedMeanwhile(fresh);
    append(adopted, linked);
    return { adopted, fresh: (await this.executor.begin(rest)).map(({ work }) => work) };
  }

  /**
   * What was made of a part that is no longer to have a counterpart: by an earlier attempt, or, of a comment that is internal now,
   * before the store was lost, or by another integration. That one may be public.
   * @param reason why it is to have none
   * @returns a change of what is linked now; undefined if it has its outcome
   */
  async madeBefore(change: Change, reason: string): Promise<Change | undefined> {
    const decided = { change, plan: { ...emptyPlan(), write: change.message.payload } };
    const create = createOf(decided, undefined);
    try {
      const found = await adoptable(this.engine, this.way.target, this.way.targetSide, create);
      const known = found || !change.exposure?.isInternal ? undefined : await this.parts.recognized(decided);
      const existing = found
        ? await this.adopt(change, found)
        : known?.is === 'counterpart'
          ? await this.join(known)
          : change.exposure?.isInternal && (await this.ofOthers(change));
      if (existing) return existing.is === 'update' ? existing.change : undefined;
      const { linked, rest } = await this.linkedMeanwhile([create]);
      if (rest.length > 0) await this.executor.skip(change, reason);
      return linked[0];
    } catch (thrown) {
      const error = thrown instanceof SyncError ? thrown : undefined;
      if (!error || pauses(error)) throw thrown;
      await this.executor.fail([{ change, plan: emptyPlan() }], error, { blame: 'own' });
    }
    return undefined;
  }

  /** Its counterpart as another integration has linked it. */
  private async ofOthers(change: Change): Promise<Existing | undefined> {
    const kin = await kinshipOf(this.engine, change.event, change.replaces);
    return kin.kind === 'counterpart' ? this.joinKin(change, kin) : undefined;
  }

  private async existing(create: Create<Decided>, together: Together): Promise<Existing> {
    // without an earlier attempt there is nothing to look for
    const found = create.event.intent && (await adoptable(this.engine, this.way.target, this.way.targetSide, create));
    if (found) return this.adopt(create.work.change, found);
    const { change } = create.work;
    const kin = await kinshipOf(this.engine, change.event, change.replaces);
    if (kin.kind === 'none' && this.isSurelyNew(change)) return this.lookedUp(create.work, together);
    return this.known(create.work, kin, together);
  }

  /** An event of the other side, under way at the same time, may have linked them while they were looked for. */
  private async linkedMeanwhile(creates: Create<Decided>[]): Promise<{ linked: Change[]; rest: Create<Decided>[] }> {
    if (creates.length === 0) return { linked: [], rest: [] };
    const events = await loadedEvents(
      this.engine,
      this.way.side,
      creates.map(({ work }) => work.change),
    );
    const linked: Change[] = [];
    const rest: Create<Decided>[] = [];
    for (const [index, create] of creates.entries()) {
      const { change } = create.work;
      const event = events[index];
      // it was sent again since: what is to come of it is that one's
      if (!event) continue;
      if (!event.link || event.link.id === change.replaces) rest.push(create);
      else if (isOutdated(change, event)) await this.executor.readAgain(change, event);
      else linked.push({ ...change, event });
    }
    return { linked, rest };
  }

  /** Nothing there could be known for its counterpart. */
  private isSurelyNew(change: Change): boolean {
    if (change.owner) return !this.engine.doubt.has(change.event.entity);
    return isNamedNowhere(this.engine, this.nameless(change));
  }

  /** What other integrations, or people, have linked with it already. */
  private async known(decided: Decided, kin: Kinship, together: Together): Promise<Existing> {
    const { change } = decided;
    switch (kin.kind) {
      case 'none':
        return change.owner ? this.part(decided) : this.named(decided, together);
      case 'carried':
      case 'made':
        await this.executor.skip(change, reasonToPass(kin, this.way.target.name) ?? '');
        return { is: 'done' };
      case 'counterpart':
        return this.joinKin(change, kin);
    }
  }

  /** Another integration has linked the two. */
  private async joinKin(
    change: Change,
    { ref, baselines }: Extract<Kinship, { kind: 'counterpart' }>,
  ): Promise<Existing> {
    const ends = this.ends(change, baselines.source, ref, baselines.target);
    return updateOf(await this.executor.join(change, ends, { owes: owesOf(change, this.way.owing.adopted) }));
  }

  /** No field of a part shows its counterpart: where the store may not know of it, it is recognized otherwise. */
  private async part(decided: Decided): Promise<Existing> {
    const known = await this.parts.of(decided);
    if (!known) return { is: 'create', decided };
    if (known.is === 'copy') {
      await this.executor.skip(decided.change, known.reason);
      return { is: 'done' };
    }
    return this.join(known);
  }

  private async join({ change, entity, made, baselines }: RecognizedPart): Promise<Existing> {
    const ends = this.ends(change, baselines.source, entity, baselines.target);
    const joined = await this.executor.join(change, ends, { owes: [], made });
    // its counterpart may have been passed over before it was linked, as a comment that goes nowhere
    const { owner } = change;
    const flow = { integration: this.engine.config.id, side: this.way.targetSide };
    if (owner) await askParts(this.engine, flow, [owner.ref.id]);
    return updateOf(joined);
  }

  /** What names it, or is named by it, and belongs to nobody else. */
  private async named(decided: Decided, together: Together): Promise<Existing> {
    const { side, targetSide, owing } = this.way;
    const { change } = decided;
    const one = this.nameless(change);
    for (const found of await named(this.engine, one, together.names)) {
      if (!(await isFree(this.engine, one, found))) continue;
      const owes = [...new Set([...owing.adopted, targetSide])];
      const how = { owes, made: madeSide(one, found) };
      return updateOf(await this.executor.join(change, this.ends(change, {}, found, {}), how));
    }
    const renames = namesAnother(this.engine.config, side, change.event.entity);
    return this.lookedUp({ ...decided, change: { ...change, renames } }, together);
  }

  /** What people have made on both sides before they were synced: found by its fields, if the integration looks for it. */
  private async lookedUp(decided: Decided, { lookUps }: Together): Promise<Existing> {
    const { change } = decided;
    const rule = change.owner ? undefined : lookUpRule(this.engine.config, change.message);
    if (!rule) return { is: 'create', decided };
    const free: Entity[] = [];
    for (const found of await lookUps.of(rule, this.sought(change))) {
      if (await isFree(this.engine, this.nameless(change), found)) free.push(found);
    }
    const outcome = lookUpOutcome(rule, free, this.way.target.name);
    switch (outcome.do) {
      case 'create':
        return { is: 'create', decided };
      case 'skip':
        await this.executor.skip(change, outcome.reason);
        return { is: 'done' };
      case 'park':
        return this.parked(decided, new SyncError('conflict', outcome.reason));
      case 'adopt':
        return this.adoptFound(decided, rule, outcome);
    }
  }

  private async adoptFound(
    decided: Decided,
    rule: LookUpRule,
    { found, note }: { found: Entity; note?: string },
  ): Promise<Existing> {
    const { change } = decided;
    const { owing, targetSide, target } = this.way;
    const bases = adoptedBases(rule.differing, change.message, change.event.entity, found);
    if (rule.differing === 'park' && bases.differing.length > 0) {
      const fields = Object.fromEntries(bases.differing.map((field) => [field, 'differs']));
      const reason = differingReason(found, target.name, bases.differing);
      return this.parked(decided, new SyncError('conflict', reason, { fields }));
    }
    const owes = [...new Set([...owing.adopted, ...owing.shows.filter((side) => side === targetSide)])];
    const how = { owes, made: madeSide(this.nameless(change), found), found };
    const noted = note === undefined ? change : { ...change, notes: [...change.notes, { field: '', reason: note }] };
    const joined = await this.executor.join(noted, this.ends(change, bases.source, found, bases.target), how);
    return updateOf(joined && { ...joined, found });
  }

  private async parked(decided: Decided, error: SyncError): Promise<Existing> {
    await this.executor.fail([decided], error, { blame: 'own', isFinal: true, unmade: true });
    return { is: 'done' };
  }

  private sought({ event, message }: Change): Sought {
    return { entity: event.entity, side: this.way.side, message };
  }

  private nameless({ event, replaces, message }: Change): Nameless {
    const marker = this.engine.doubt.has(event.entity) ? markerOf(event) : undefined;
    return { entity: event.entity, side: this.way.side, target: message.sync.target, replaces, marker };
  }

  /** Neither end's version is accounted for yet: the event goes on as an update. */
  private ends({ event }: Change, source: Fields, ref: EntityRef, target: Fields): [LinkEnd, LinkEnd] {
    const own: LinkEnd = { system: this.way.source.id, ref: refOf(event.entity), version: '', baseline: source };
    const theirs: LinkEnd = { system: this.way.target.id, ref: refOf(ref), version: '', baseline: target };
    return inOrder(this.way.side, own, theirs);
  }

  /** What an earlier attempt made is linked. */
  private async adopt(change: Change, found: Entity): Promise<Existing> {
    const { source, target, targetSide, owing } = this.way;
    const adopted = await adoptedState(target, change.event.intent?.fields ?? {}, found);
    const ends = adoptedEnds(change.event, change, adopted, source, target);
    const owes = owesOf(change, owing.adopted);
    return updateOf(await this.executor.join(change, ends, { owes, made: targetSide }));
  }
}

const updateOf = (change: Change | undefined): Existing => (change ? { is: 'update', change } : { is: 'done' });

const sizeOfFile = ({ event, file }: Change): number | undefined =>
  file?.link ? linkSize(file.link) : sizeOf(event.entity);

export const createOf = (work: Decided, remoteKey: string | undefined): Create<Decided> => ({
  work,
  event: work.change.event,
  // what has the same name and size may be its file
  fields: work.change.file ? { ...work.plan.write, size: sizeOfFile(work.change) ?? null } : work.plan.write,
  ...(work.change.file && { isFile: true }),
  ...(work.change.file?.link && { link: work.change.file.link }),
  target: work.change.message.sync.target,
  ...(work.change.owner ? { owner: work.change.owner.ref.id } : { remoteKey }),
});

/** Parts show their counterparts nowhere. */
const owesOf = ({ owner }: Change, sides: Side[]): Side[] => (owner ? [] : sides);
