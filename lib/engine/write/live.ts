/** Carries decisions out: writes to the target, and stores what has landed, or failed. */

import type { WriteOperation, WriteResult } from '../../connectors/connector';
import { isWholeBatch, wholeBatch } from '../../connectors/whole-batch';
import { intended } from '../../merge/fields';
import { framed, frameIn, unframed } from '../../merge/frames';
import type { FileContent } from '../../model/content';
import { type Entity, type EntityId, type Field, VISIBILITY } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { atSide, SIDES } from '../../model/sides';
import type { FieldId, Fields } from '../../model/values';
import { StoreError } from '../../store/errors';
import type { Landing, LinkEnd, StoredEvent } from '../../store/store';
import { backlinksOf, webLinkTo } from '../backlink-fields';
import { type Doubt, tryAll } from '../blame';
import type { Engine } from '../engine';
import { isExposed } from '../exposure';
import { type Carried, carried, linkContent, linkTo } from '../files';
import { loadedEvents } from '../frames';
import { askParts } from '../parts-due';
import { isSystemFault } from '../retry-policy';
import { partPair, route, writeScope } from '../routing';
import { additionCreate, appendedWhereRefused } from './additions';
import { type Create, markerOf, openIntents } from './adoption';
import { type Change, type Decided, endOf, isOutdated, nameEntity, namesIn, type Way } from './change';
import { isWritten, withheld, withoutRefused } from './decide';
import type { Executor, FailHow, JobResult, Joining, Recheck } from './executor';
import { createOf } from './existing';
import { asLink } from './file-link';
import { type Landed, landAdded, landSpared, landUnchanged, landWritten, unwritten, withDigest } from './landing';
import { countTurns, watched } from './oscillation';
import { askOtherEnds } from './other-ends';
import { areReferences, holdsFields, refusedReferences } from './partial-update';
import { editedSinceCreate } from './put-in';
import { tellPeers } from './silently';
import { inTurns } from './turns';

/** A create that waits for another integration is tried again after this time. */
const ELSEWHERE_MS = 1_000;

/** The system has no way to write at all: no retry, and no right of the account, changes that. */
const onlyReadable = (name: string): SyncError =>
  new SyncError(
    'forbidden',
    `${name} can only be read: nothing can be created or changed there. Set the direction of the pair of types so that it leads away from ${name}, and deploy.`,
  );

const unknown = new SyncError('transient', 'it is not known whether it was added');

/** The system has looked at the element and said no to it: it is at work. */
const isDecision = ({ kind }: SyncError): boolean => ['invalid', 'conflict', 'notFound'].includes(kind);

/** A field that a create leaves out gets the target's own default, so emptiness is sent; not where a value must be. */
export function emptied({ plan, change }: Decided): Fields {
  const empty = (plan.empty ?? []).filter((field) => isClearable(change.declared?.get(field)));
  return Object.fromEntries(empty.map((field) => [field, null]));
}

const isClearable = (field: Field | undefined): boolean =>
  field?.hasDefault === true && !field.required && !field.readOnly;

/** What a round of writing brought. */
interface Sent {
  answered: Decided[];
  doubts: Doubt<Decided>[];
  /** to be written without fields that were refused */
  smaller: Decided[];
}

export class LiveExecutor implements Executor {
  readonly results = new Map<number, JobResult>();
  /** files that are sent, by the numbers of their events */
  private readonly files = new Map<number, Carried>();

  constructor(
    private readonly engine: Engine,
    private readonly way: Way,
    /** what is under way is to end soon */
    private readonly isEnding: () => boolean = () => false,
  ) {}

  async begin(creates: Create<Decided>[]): Promise<Create<Decided>[]> {
    const { open, hindered } = await openIntents(this.engine, this.way.target, creates);
    for (const { create, by } of hindered) {
      const { change } = create.work;
      const why =
        by === 'stale'
          ? 'it may have been deleted since it was read: it is read again'
          : 'another integration is making its counterpart: this one looks again in a moment';
      await this.engine.outcomes.sendAgain(change.event, new SyncError('transient', why), { ms: ELSEWHERE_MS });
      // nothing to tell anybody
      this.results.set(change.seq, undefined);
    }
    return open;
  }

  async join(change: Change, ends: [LinkEnd, LinkEnd], { owes, made, found }: Joining): Promise<Change | undefined> {
    const { store, config, backlinks, peers, partsDue } = this.engine;
    const { replaces, owner } = change;
    const asks = owner ? [] : SIDES.filter((side) => this.way.owners[side].includes(atSide(ends, side).ref.type));
    // no event ends with this landing
    const ending = { integration: config.id, event: 0, delivery: 0 };
    const landing: Landing = { ...ending, ends, replaces, owes, made, asks, ...(owner && { owner: owner.link }) };
    const [refused] = await store.land([landing]);
    if (!refused) {
      partsDue.on(asks);
      backlinks.owed(owes);
      peers.linked();
      if (found) await this.sendBack(found);
    }
    const [event] = refused ? [] : await loadedEvents(this.engine, this.way.side, [change]);
    if (event && isOutdated(change, event)) {
      await this.readAgain(change, event);
      return undefined;
    }
    if (event?.link) return { ...change, event, adopted: true, replaces: undefined };
    if (refused) await this.fail([{ change }], new SyncError('fatal', refused));
    return undefined;
  }

  /** What an adopted counterpart has, and the source has not, is a change of its side. */
  private async sendBack(found: Entity): Promise<void> {
    const { store, config } = this.engine;
    const { targetSide, target } = this.way;
    if (!route(config, targetSide, found)) return;
    await store.record(
      { integration: config.id, side: targetSide },
      target.id,
      [found],
      await store.sequence(),
      undefined,
    );
  }

  /** An addition is a create: what is about to be made is stored first. */
  async beginAdditions(decided: Decided[]): Promise<Decided[]> {
    return (await this.begin(decided.map(additionCreate))).map(({ work }) => work);
  }

  async readAgain(change: Change, event: StoredEvent): Promise<void> {
    const why = new SyncError('transient', 'it was linked meanwhile: it is read again');
    await this.engine.outcomes.sendAgain(event, why);
    this.results.set(change.seq, undefined);
  }

  async write(decided: Decided[], recheck: Recheck): Promise<void> {
    for (let left = decided; left.length > 0; ) {
      const { now, later, early } = await inTurns(this.engine.store, left);
      for (const { change } of early) await this.putBack(change);
      await this.writeNow(now, recheck);
      left = later;
    }
  }

  /** It is sent again once those before it are decided. */
  private async putBack(change: Change): Promise<void> {
    const why = new SyncError(
      'transient',
      'one that comes before it is still on its way: it is written behind that one',
    );
    await this.engine.outcomes.sendAgain(change.event, why, { notCreated: true });
    this.results.set(change.seq, undefined);
  }

  private async writeNow(decided: Decided[], recheck: Recheck): Promise<void> {
    if (decided.length === 0) return;
    /** the target's error when the element was last sent in this batch */
    const sent = new Map<number, SyncError>();
    const rest: Decided[] = [];
    await tryAll<Decided>(this.way.target, decided, {
      purpose: 'write',
      key: ({ change }) => `${this.way.integration} ${change.seq}`,
      send: async (some) => {
        const { answered, doubts, smaller } = await this.send(await this.checked(some, sent, recheck));
        for (const { work, error } of doubts) sent.set(work.change.seq, error);
        append(rest, smaller);
        return { answered, doubts };
      },
      charge: async (doubt) => append(rest, await this.blame(doubt, sent, recheck)),
      excuse: async (doubts) => {
        for (const { work, error } of doubts) await this.fail([work], error, { unmade: true, blame: 'system' });
      },
      failedAt: ({ change: { event } }) => (event.error?.kind === 'transient' ? Date.parse(event.error.at) : undefined),
      isOnly: decided.length === 1 && this.engine.inFlight.count(this.way.side) <= 1,
    });
    // each round leaves out at least one field, so it ends
    await this.writeNow(rest, recheck);
  }

  /**
   * The failure is the element's own. @returns what is to be written anyway: parked, a create is not looked for any
   * more, so the last of its attempts that may have arrived is looked for now
   */
  private async blame(
    { work, error }: Doubt<Decided>,
    sent: ReadonlyMap<number, SyncError>,
    recheck: Recheck,
  ): Promise<Decided[]> {
    const { event } = work.change;
    const isLast = event.attempts + 1 > this.engine.config.retries;
    const [last] = isLast ? await this.checked([work], sent, recheck) : [work];
    if (last?.change.event.link && !event.link) return [last];
    if (last) await this.fail([last], error, { unmade: true, blame: 'own' });
    return [];
  }

  /** Before they are sent once more: a create that may have arrived is looked for (invariant 2), and goes on as an update. */
  private async checked(
    decided: Decided[],
    sent: ReadonlyMap<number, SyncError>,
    recheck: Recheck,
  ): Promise<Decided[]> {
    const isUnsure = ({ change: { seq, event } }: Decided) => !event.link && sent.get(seq)?.detail.uncertain === true;
    // what was added may have arrived: the next attempt looks for it
    const lost = decided.filter(({ addition, change }) => addition && sent.get(change.seq)?.detail.uncertain);
    for (const one of lost) await this.fail([one], sent.get(one.change.seq) ?? unknown, { blame: 'own' });
    const unsure = decided.filter(isUnsure);
    if (unsure.length === 0) return lost.length > 0 ? decided.filter((one) => !lost.includes(one)) : decided;
    const again = await recheck(unsure.map(({ change }) => change));
    return [...decided.filter((one) => !isUnsure(one) && !lost.includes(one)), ...again];
  }

  /** Sends them together. What has an outcome of its own is landed, or has failed. */
  private async send(decided: Decided[]): Promise<Sent> {
    const { target, targetSide } = this.way;
    const { engine } = this;
    const sent: Sent = { answered: [], doubts: [], smaller: [] };
    if (decided.length === 0) return sent;
    await this.intendUpdates(decided);
    const scope = writeScope(engine.config, targetSide);
    let results: WriteResult[];
    try {
      const connection = target.connection();
      const operations = decided.map((one) => this.operation(one));
      if (!connection.write) throw onlyReadable(target.name);
      const answers = await connection.write(scope, operations);
      results = answers.map((answer, index) => this.withoutFrame(answer, decided[index]));
    } catch (thrown) {
      if (thrown instanceof StoreError) throw thrown;
      // by the contract nothing was sent
      const error = wholeBatch(asSyncError(thrown), decided.length);
      return { ...sent, doubts: decided.map((work) => ({ work, error })) };
    }
    const edited = await this.editedSince(decided, results);
    const landings: Landed[] = [];
    for (const [index, one] of decided.entries()) {
      const result = results[index];
      if (!result) {
        await this.fail([one], new SyncError('fatal', `${target.name} returned no result for this write`));
        continue;
      }
      if (result.ok) {
        if (one.change.event.link) countTurns(watched(engine, this.way, one));
        sent.answered.push(one);
        if (isExposed(one.addition ?? one.plan.write, result.entity.fields)) {
          append(landings, await this.withdraw(one, result));
          continue;
        }
        if (one.addition) {
          landings.push(landAdded(this.way, one, result.entity));
          continue;
        }
        const taken = this.taken(one, result, edited[index]);
        if (taken instanceof SyncError) await this.fail([one], taken);
        else landings.push(withDigest(taken, this.files.get(one.change.seq)?.digest));
        continue;
      }
      const { error } = result;
      if (error.detail.content) {
        await this.notGivenOut(one, error);
        continue;
      }
      if (error.detail.passOver && !one.change.event.link) {
        sent.answered.push(one);
        await this.skip(one.change, error.message);
        continue;
      }
      if (one.change.file && !one.change.event.link && error.kind === 'invalid' && !error.detail.ofOwner) {
        // it would be refused each time, so it is reported once and not retried
        sent.answered.push(one);
        const linked = await this.linkInstead(one, error);
        if (linked) append(sent.smaller, linked);
        else await this.skip(one.change, `${target.name} does not take the file: ${error.message}`);
        continue;
      }
      if (isSystemFault(error) || isWholeBatch(error)) {
        sent.doubts.push({ work: one, error });
        continue;
      }
      // it was looked at and refused
      if (isDecision(error)) sent.answered.push(one);
      const added = appendedWhereRefused(one, error, { config: engine.config, way: this.way });
      if (added) {
        append(sent.smaller, await this.beginAdditions([added]));
        continue;
      }
      const smaller = this.withoutRefused(one, error);
      // what is refused may be a field that was not even sent: the very same write would be refused again without end
      const isSmaller = smaller && Object.keys(smaller.plan.write).length < Object.keys(one.plan.write).length;
      if (!isSmaller) await this.fail([smaller ?? one], error, { unmade: true });
      else if (isWritten(smaller)) sent.smaller.push(smaller);
      else landings.push(landUnchanged(this.way, smaller));
    }
    await this.land(landings);
    return sent;
  }

  /** What somebody has edited in new entities already: where their answers were read a moment after the create. */
  private async editedSince(
    decided: Decided[],
    results: WriteResult[],
  ): Promise<readonly (ReadonlySet<FieldId> | undefined)[]> {
    const isUnsure = ({ change }: Decided, result: WriteResult | undefined): boolean =>
      result?.ok === true && !result.exact && !change.event.link;
    if (!decided.some((one, index) => isUnsure(one, results[index]))) return [];
    return Promise.all(
      decided.map((one, index) => {
        const result = results[index];
        return result?.ok ? editedSinceCreate(this.way.target, one, result) : undefined;
      }),
    );
  }

  /** A file that the target has refused, as a link to the original, if the integration wants one. */
  private async linkInstead(one: Decided, error: SyncError): Promise<Decided[] | undefined> {
    const { config, fileRules } = this.engine;
    const { side, targetSide } = this.way;
    const { event, file, message } = one.change;
    if (file?.link || partPair(config, side, event.entity)?.refused !== 'link') return undefined;
    const link = linkTo(event.entity, await fileRules[targetSide].of(message.sync.target.project));
    const change = asLink({ ...one.change, file: { problem: error.message } }, link);
    const name = { name: link.name };
    const work: Decided = {
      ...one,
      change,
      plan: { ...one.plan, write: { ...one.plan.write, ...name } },
      ...(one.wanted && { wanted: { ...one.wanted, ...name } }),
    };
    return (await this.begin([createOf(work, undefined)])).map((create) => create.work);
  }

  /** The bytes of an attachment did not come from the source: the target is not to blame. */
  private async notGivenOut(decided: Decided, error: SyncError): Promise<void> {
    const { change } = decided;
    const { source } = this.way;
    if (this.isEnding()) {
      await this.engine.outcomes.sendAgain(change.event, error, { notCreated: true });
      this.results.set(change.seq, undefined);
    } else if (error.kind === 'notFound') await this.skip(change, `its file is there no more: ${error.message}`);
    else if (error.detail.unsent || error.kind === 'rateLimited' || source.pauseLeft() > 0) {
      // it gives out nothing to anybody
      source.troubled(error, 'read');
      await this.fail([decided], error, { unmade: true, blame: 'system', system: source });
    } else await this.fail([decided], error, { unmade: true, blame: 'own' });
  }

  /**
   * An internal comment that the target shows to everybody is deleted at once, before anything else.
   * @returns what has landed in spite of that
   */
  private async withdraw(decided: Decided, written: Extract<WriteResult, { ok: true }>): Promise<Landed[]> {
    const { change } = decided;
    const { target, targetSide } = this.way;
    const { entity } = written;
    const isCopy = !change.event.link || change.event.link.made === targetSide;
    const problem = `${target.name} shows ${entity.key} to everybody, though it is internal in the source`;
    const fault = isCopy ? await this.removeOne(entity.id) : new SyncError('forbidden', 'it is the original');
    if (fault) {
      const reason = `${problem}. It could not be deleted there (${fault.message}): hide or delete it by hand`;
      const notes = [...change.notes, { field: VISIBILITY, reason }];
      return [landWritten(this.way, { ...decided, change: { ...change, notes } }, written)];
    }
    const why = new SyncError('invalid', `${problem}. It was deleted there`, { fields: { [VISIBILITY]: problem } });
    if (!change.event.link) await this.fail([decided], why, { unmade: true, isFinal: true });
    else await this.endLinks([{ ...change, notes: [...change.notes, { field: VISIBILITY, reason: why.message }] }]);
    return [];
  }

  private async removeOne(id: EntityId): Promise<SyncError | undefined> {
    const { target, targetSide } = this.way;
    const { remove } = target.connection();
    if (!remove) return new SyncError('forbidden', `${target.name} cannot delete comments`);
    try {
      const scope = writeScope(this.engine.config, targetSide);
      const [error] = await target.call((connection) => connection.remove?.(scope, [id]) ?? Promise.resolve([]));
      return error;
    } catch (thrown) {
      return asSyncError(thrown);
    }
  }

  /** The target took it. @returns an error where it left fields of an update out; a create is kept, and warns */
  private taken(
    decided: Decided,
    result: Extract<WriteResult, { ok: true }>,
    edited: ReadonlySet<FieldId> | undefined,
  ): Landed | SyncError {
    const { change } = decided;
    const ignored = result.ignored ?? {};
    const isWhole = Object.keys(ignored).length === 0;
    if (isWhole || !change.event.link) return landWritten(this.way, decided, result, edited);
    const mapped = change.message.sync.mapped ?? {};
    if (holdsFields(this.engine, change.event) || areReferences(ignored, mapped))
      return landWritten(this.way, decided, result);
    // what was taken is kept as landed state by the next attempt's merge; the refusal is this event's failure
    const reasons = Object.entries(ignored).map(([field, reason]) => `${field}: ${reason}`);
    const { key } = endOf(change, this.way.targetSide).ref;
    return new SyncError('invalid', `${key} ignored some fields. ${reasons.join('; ')}`, { fields: ignored });
  }

  /**
   * "Update without rejected fields", and references that the target does not take: everything else is written, and the
   * result says so.
   */
  private withoutRefused(decided: Decided, error: SyncError): Decided | undefined {
    const { event, message } = decided.change;
    const held = holdsFields(this.engine, event) ? withoutRefused(decided, error) : undefined;
    if (held) return held;
    const references = refusedReferences(error, decided.plan, message.sync.mapped ?? {}, this.way.target.name);
    return references && withheld(decided, references);
  }

  /** The answer shows what was written with its author line. */
  private withoutFrame(answer: WriteResult, decided: Decided | undefined): WriteResult {
    if (!answer.ok || !decided?.change.owner) return answer;
    const { change, plan, target } = decided;
    const before = { ...(change.event.link && endOf(change, this.way.targetSide).baseline), ...target?.fields };
    const shown = { ...before, ...plan.write };
    const { entity } = answer;
    const fields = unframed(entity.fields, frameIn(shown) ?? frameIn(before), shown);
    return { ...answer, entity: { ...entity, fields } };
  }

  /** What an update is about to leave in its target is known as ours, should its answer be lost. */
  private async intendUpdates(decided: Decided[]): Promise<void> {
    const updates = decided.flatMap(({ change, plan, target, addition }) => {
      const link = change.event.link?.id;
      if (!link || addition) return [];
      const fields = intended(plan, target?.fields ?? {}, change.message.sync.mapped ?? {});
      return [{ link, side: this.way.targetSide, fields }];
    });
    if (updates.length > 0) await this.engine.store.intendUpdates(updates);
  }

  private operation(decided: Decided): WriteOperation {
    const { change, plan } = decided;
    const { source, target, targetSide } = this.way;
    if (decided.addition && change.owner) {
      const { type, project } = endOf(change, targetSide).ref;
      return { kind: 'create', type, project, owner: change.owner.ref.id, fields: framed(decided.addition) };
    }
    if (change.event.link) return { kind: 'update', id: endOf(change, targetSide).ref.id, fields: framed(plan.write) };
    const { config } = this.engine;
    const { type, project } = change.message.sync.target;
    const { owner } = change;
    const takesLink = !owner && target.connection().remoteLinks;
    const remoteLink = takesLink
      ? webLinkTo(change.event.entity, config, backlinksOf(config, targetSide), source.name)
      : undefined;
    return {
      kind: 'create',
      type,
      project,
      ...(owner && { owner: owner.ref.id }),
      fields: plan.empty ? { ...emptied(decided), ...framed(plan.write) } : framed(plan.write),
      ...(change.file && { content: this.carry(decided) }),
      ...(plan.empty && { empty: plan.empty }),
      marker: markerOf(change.event),
      ...(remoteLink && { remoteLink }),
    };
  }

  private carry({ change, plan }: Decided): FileContent {
    if (change.file?.link) return linkContent(change.file.link);
    const { entity } = change.event;
    const name = plan.write.name ?? entity.fields.name;
    const file = carried(this.way.source, entity, typeof name === 'string' ? name : 'file', this.isEnding);
    this.files.set(change.seq, file);
    return file;
  }

  async keep(decided: Decided[]): Promise<void> {
    await this.land(decided.map((one) => landUnchanged(this.way, one)));
  }

  private async land(landings: Landed[]): Promise<void> {
    if (landings.length === 0) return;
    const { store, backlinks, peers, partsDue } = this.engine;
    const refused = await store.land(landings.map(({ landing }) => landing));
    for (const [index, { decided, result }] of landings.entries()) {
      const reason = refused[index];
      if (reason) await this.fail([decided], new SyncError('fatal', reason));
      else this.results.set(decided.change.seq, { ok: true, result });
    }
    backlinks.owed(landings.flatMap(({ landing }) => landing.owes ?? []));
    partsDue.on(landings.flatMap(({ landing }) => landing.asks ?? []));
    await askOtherEnds(
      this.engine,
      this.way,
      landings.map(({ decided }) => decided),
    );
    if (landings.some(({ decided }) => !decided.change.event.link)) peers.linked();
    const written = landings.filter(({ decided }) => isWritten(decided));
    const isNew = ({ decided: { change, addition } }: Landed): boolean => !change.event.link || addition !== undefined;
    const changesOf = (some: Landed[]): Change[] => some.map(({ decided }) => decided.change);
    await tellPeers(this.engine, this.way, changesOf(written.filter(isNew)), 'create');
    await tellPeers(this.engine, this.way, changesOf(written.filter((one) => !isNew(one))), 'edit');
    // what the target keeps has to come back, and its own change may have ended before, since nothing was known to differ
    const kept = landings.filter(({ decided: { plan } }) => plan.kept.includes(VISIBILITY));
    const owners = kept.flatMap(({ decided: { change } }) => change.owner?.ref.id ?? []);
    await askParts(this.engine, { integration: this.way.integration, side: this.way.targetSide }, owners);
  }

  async remove(decided: Decided[], ending: Change[]): Promise<void> {
    const ended = [...ending];
    if (decided.length > 0) {
      const { target, targetSide } = this.way;
      const ids = decided.map(({ change }) => endOf(change, targetSide).ref.id);
      const results = await target.call(async (connection) => {
        if (!connection.remove)
          throw new SyncError('forbidden', `${target.name} cannot delete comments or other parts`);
        return connection.remove(writeScope(this.engine.config, targetSide), ids);
      });
      for (const [index, one] of decided.entries()) {
        const error =
          index < results.length ? results[index] : new SyncError('fatal', `${target.name} returned no result`);
        if (error) await this.fail([one], error);
        else ended.push(one.change);
      }
    }
    if (ended.length > 0) await this.endLinks(ended);
  }

  /** Their counterparts are deleted. */
  private async endLinks(ended: Change[]): Promise<void> {
    await this.engine.store.end(
      ended.flatMap(({ seq, delivery, event }) => (event.link ? [{ event: seq, delivery, link: event.link.id }] : [])),
    );
    // other integrations may have kept copies of what was deleted
    this.engine.peers.linked();
    await tellPeers(this.engine, this.way, ended, 'delete');
    for (const change of ended) {
      const result = unwritten(this.way, change, 'deleted', [...change.notes]);
      this.results.set(change.seq, { ok: true, result });
    }
  }

  async added(decided: Decided, made: Entity): Promise<void> {
    await this.land([landAdded(this.way, decided, made)]);
  }

  async spare(change: Change, reason: string): Promise<void> {
    const { landing, result } = landSpared(this.way, change, reason);
    const [refused] = await this.engine.store.land([landing]);
    if (refused) await this.fail([{ change }], new SyncError('fatal', refused));
    else this.results.set(change.seq, { ok: true, result });
  }

  async skip(change: Change, reason: string): Promise<void> {
    await this.engine.outcomes.finish(this.way.side, [change.seq]);
    const result = unwritten(this.way, change, 'skipped', [{ field: '', reason }]);
    this.results.set(change.seq, { ok: true, result });
  }

  async resend(change: Change, error: SyncError): Promise<void> {
    const named = nameEntity(error, change, namesIn(this.way, this.engine.config, change));
    const failure = await this.engine.outcomes.sendAgain(change.event, named);
    this.results.set(change.seq, { ok: false, error: named, failure });
  }

  async fail(decided: Pick<Decided, 'change'>[], error: SyncError, how: FailHow = {}): Promise<void> {
    const { way, engine } = this;
    const { unmade = false, blame, system = way.target, isFinal } = how;
    for (const { change } of decided) {
      const named = nameEntity(error, change, namesIn(way, engine.config, change));
      const notCreated = unmade && !change.adopted && !error.detail.uncertain;
      const context = { mapped: change.asMapped, awaits: change.awaits, notCreated, blame, isFinal };
      const [failure] = await engine.outcomes.fail(way.side, [change.event], named, system, context);
      this.results.set(change.seq, { ok: false, error: named, failure });
    }
  }
}
