/**
 * One batch of messages of one direction: load the events, look for what is there in place of creates, read the targets,
 * decide, and hand the decisions to who carries them out. Reads like the invariants: an intent before a create (2), the merge
 * against the target's current state (5), baselines and links stored before a result is reported (1).
 */

import type { ReadResult } from '../../connectors/connector';
import type { DeclaredFields } from '../../mapping/fit';
import { settledTexts } from '../../merge/bounded-texts';
import { fitFramed } from '../../merge/frames';
import { hasText } from '../../merge/mentions';
import { mayRefer } from '../../merge/references';
import { shows } from '../../merge/tolerance';
import { emptyPlan } from '../../merge/types';
import type { Direction } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { SyncMessage } from '../../model/message';
import { atSide } from '../../model/sides';
import type { StoredEvent } from '../../store/store';
import type { Engine } from '../engine';
import { exposureOf } from '../exposure';
import { isFile } from '../files';
import { entityWithoutFrame, frameFor, loadedEvents } from '../frames';
import { isOf } from '../messages';
import { isCopy } from '../peers/kin';
import { readEntities } from '../read-entities';
import { fieldsRead, keepUnshown, translateAll } from '../references/counterparts';
import { belongsToBacklog, withMentioned } from '../references/mentioned';
import { pauses } from '../retry-policy';
import { writeScope } from '../routing';
import { additionCreate } from './additions';
import { adoptable } from './adoption';
import { type Change, type Decided, endOf, isOutdated, type Job, type Way, wayOf } from './change';
import { corrected } from './corrections';
import { decide, isWritten, type Rules, withoutStopped } from './decide';
import type { Executor, JobResult } from './executor';
import { ExistingCounterparts } from './existing';
import { filed } from './file-link';
import { objections, watched } from './oscillation';
import { withDeletedThere, withOwners } from './owners';
import { holdsFields } from './partial-update';
import { uniquelyNamed } from './unique-names';

/** @returns per job: its result, its error (already stored as retry or parked), or undefined if it was finished before */
export async function runBatch(
  engine: Engine,
  direction: Direction,
  jobs: Job[],
  makeExecutor: (engine: Engine, way: Way) => Executor,
): Promise<JobResult[]> {
  const way = wayOf(engine, direction);
  return new Batch(engine, way, makeExecutor(engine, way)).run(jobs);
}

class Batch {
  private readonly rules: Rules;
  private readonly existing: ExistingCounterparts;

  constructor(
    private readonly engine: Engine,
    private readonly way: Way,
    private readonly executor: Executor,
  ) {
    this.rules = {
      ...{ config: engine.config, way },
      holdsFields: (event) => holdsFields(engine, event),
      isInDoubt: (entity) => engine.doubt.has(entity),
    };
    this.existing = new ExistingCounterparts(engine, way, executor);
  }

  async run(jobs: Job[]): Promise<JobResult[]> {
    const { target } = this.way;
    let changes = await this.loaded(jobs);
    const paused = target.pauseLeft();
    if (paused > 0) {
      const why = target.health.lastError?.message ?? 'in trouble';
      await this.executor.fail(changes.map(undecided), new SyncError('transient', `${target.name} is paused: ${why}`));
    } else {
      try {
        changes = await this.translated(changes);
        changes = await this.mentioned(changes);
        changes = await this.filed(changes.map((change) => this.framed(change)));
        changes = await this.fitted(changes);
        const linked = changes.filter(({ event }) => event.link);
        const { adopted, fresh } = await this.creates(changes.filter(({ event }) => !event.link));
        const updates = await this.updates([...linked, ...adopted]);
        await this.executor.write([...updates, ...fresh], (again) => this.again(again));
      } catch (thrown) {
        // the target could not be read or nothing was sent: everything that has no outcome yet shares the fault
        await this.failRest(changes, thrown);
      }
    }
    if (this.executor.end) await this.executor.end();
    return jobs.map((job) => this.executor.results.get(job.seq));
  }

  /** The jobs whose events are still theirs, as they are known now. */
  private async loaded(jobs: Job[]): Promise<Change[]> {
    const events = await loadedEvents(this.engine, this.way.side, jobs);
    const loaded: Change[] = [];
    for (const [index, job] of jobs.entries()) {
      const event = events[index];
      if (!event || !isOf(job.message, event)) continue;
      const mapped = job.message.sync.mapped ? job.message : await this.mappedByStandard(job, event);
      if (!mapped) continue;
      const { message, notes } = corrected(mapped, event.corrections);
      const change: Change = { ...job, message, event, asMapped: mapped.payload, notes };
      if (isOutdated(change, event)) await this.executor.readAgain(change, event);
      else loaded.push(change);
    }
    const { owned, orphans } = await withOwners(this.engine, this.way, await this.copies(loaded));
    for (const change of orphans) await this.executor.skip(change, 'what it belongs to is not linked any more');
    return owned;
  }

  /** Of parts that were deleted: whether another integration has made them, from what is still there. */
  private async copies(changes: Change[]): Promise<Change[]> {
    const { store, config } = this.engine;
    const { source } = this.way;
    if (!changes.some(({ event }) => event.entity.deleted)) return changes;
    return Promise.all(
      changes.map(async (change) => {
        const { entity, link } = change.event;
        if (!entity.deleted || !link) return change;
        const others = (await store.kinOf(source.id, entity.id, config.id)).filter(({ id }) => id !== link.id);
        return isCopy(source.place, entity.id, others) ? { ...change, isCopy: true } : change;
      }),
    );
  }

  /** Parts that no mapper has mapped go by the standard rows. */
  private async mappedByStandard(job: Job, event: StoredEvent): Promise<SyncMessage | undefined> {
    const { message } = job;
    try {
      return await this.engine.standard.map(message, event.entity);
    } catch (thrown) {
      const change = { ...job, event, asMapped: message.payload, notes: [] };
      await this.executor.fail([undecided(change)], asSyncError(thrown), { unmade: true, blame: 'own' });
      return undefined;
    }
  }

  /** Counterparts take the place of the source's entities that values name. */
  private async translated(changes: Change[]): Promise<Change[]> {
    if (!changes.some(({ message }) => mayRefer(message))) return changes;
    const asked = changes.map(({ message, event }) => ({ message, fields: event.entity.fields }));
    const translated = await translateAll(this.engine.counterparts[this.way.side], asked);
    return changes.map((change, index) => ({ ...change, ...translated[index] }));
  }

  /** Who is mentioned in the texts is looked up in the target. */
  private async mentioned(changes: Change[]): Promise<Change[]> {
    const isText = ({ message }: Change): boolean => hasText(message.payload);
    if (!changes.some(isText)) return changes;
    return Promise.all(changes.map((change) => (isText(change) ? this.withMentioned(change) : change)));
  }

  private async withMentioned(change: Change): Promise<Change> {
    const { clock, loads, mentioned } = this.engine;
    const { side } = this.way;
    const { entity, link } = change.event;
    const isBacklog = belongsToBacklog(entity.updatedAt, {
      now: clock.now(),
      isBulk: loads[side].priority === 'bulk',
      isNew: link === undefined,
    });
    const owner = change.owner?.link ?? link?.id;
    const { awaited, pictures, ...known } = await withMentioned(mentioned[side], change.message, entity, isBacklog, {
      owner,
      ...(link && { before: atSide(link.ends, side).baseline }),
    });
    if (awaited.length === 0 && !pictures) return { ...change, ...known };
    const awaits = [...new Set([...(change.awaits ?? []), ...awaited, ...(pictures?.names ?? [])])];
    return { ...change, ...known, awaits, ...(pictures && { awaitsSince: pictures.since }) };
  }

  /** What is written of a comment begins with who wrote it. */
  private framed(change: Change): Change {
    const { config } = this.engine;
    const { side, source } = this.way;
    const frame = frameFor(config, side, change.event, source.name);
    return frame || change.frame ? { ...change, frame } : change;
  }

  /** An attachment has a name that the target takes, or is left out. */
  private async filed(changes: Change[]): Promise<Change[]> {
    const { config, fileRules, store } = this.engine;
    const { side, targetSide, source, target } = this.way;
    const isNewFile = ({ event: { entity } }: Change): boolean => !entity.deleted && isFile(config, side, entity);
    if (!changes.some(isNewFile)) return changes;
    const withFile = async (change: Change): Promise<Change> => {
      const rules = await fileRules[targetSide].of(change.message.sync.target.project);
      const pictures = { source: source.connection().pictures, target: target.connection().pictures };
      return uniquelyNamed(filed(change, rules, { config, side }), pictures, store, targetSide);
    };
    return Promise.all(changes.map((change) => (isNewFile(change) ? withFile(change) : change)));
  }

  /** What the target declares that it cannot hold is left out and told of, whatever nodes have mapped it. */
  private async fitted(changes: Change[]): Promise<Change[]> {
    const { config, declared } = this.engine;
    const { side, targetSide } = this.way;
    const targets = await declared[targetSide].ofAll(changes.map(({ message }) => message.sync.target));
    const parts = changes.filter(({ owner }) => owner);
    const sources = parts.length > 0 ? await declared[side].ofAll(parts.map(({ event }) => event.entity)) : [];
    const sourceOf = new Map(parts.map((part, index) => [part, sources[index]]));
    return changes.map((change, index) => {
      const target = targets[index];
      const message = fittedMessage(change, target);
      if (!change.owner) return { ...change, declared: target, message };
      const exposure = exposureOf(config, side, change.event.entity, sourceOf.get(change), target);
      return { ...change, declared: target, message, ...(exposure && { exposure }) };
    });
  }

  /** What has no outcome yet shares the fault of a whole call. */
  private async failRest(changes: Change[], thrown: unknown): Promise<void> {
    const error = asSyncError(thrown);
    const rest = changes.filter(({ seq }) => !this.executor.results.has(seq));
    const blame = this.way.target.health.lastError === error ? 'system' : undefined;
    await this.executor.fail(rest.map(undecided), error, { blame });
  }

  /** @returns what goes on as updates, since it is there already, and what is to be created */
  private async creates(changes: Change[]): Promise<{ adopted: Change[]; fresh: Decided[] }> {
    const wanted: Decided[] = [];
    const made: Change[] = [];
    for (const change of changes) {
      const decision = decide(change, 'gone', this.rules);
      if (decision.do === 'skip' && (change.event.intent || change.exposure?.isInternal)) {
        // its counterpart may have been made before it was deleted, or became internal
        const found = await this.existing.madeBefore(change, decision.reason);
        if (found) made.push(found);
      } else if (decision.do === 'create') wanted.push(decision);
      else if (decision.do === 'fail') await this.executor.fail([decision], decision.error);
      else if (decision.do === 'skip') await this.executor.skip(change, decision.reason);
    }
    const { adopted, fresh } = await this.existing.lookFor(wanted);
    // as a counterpart that is there already, it need not be a copy that begins with who wrote the original
    return { adopted: [...made, ...adopted].map((change) => this.framed(change)), fresh };
  }

  /** Decides on linked entities by their targets as they are now; what needs no write ends here. */
  private async updates(changes: Change[]): Promise<Decided[]> {
    const looking: Change[] = [];
    const kept: Decided[] = [];
    for (const change of changes.map((one) => this.notingType(one))) {
      const decision = decide(change, 'unread', this.rules);
      if (decision.do === 'nothing') kept.push(decision);
      else if (decision.do === 'spare') await this.executor.spare(change, decision.reason);
      else looking.push(change);
    }
    const present = await this.readTargets(looking);
    const scope = writeScope(this.engine.config, this.way.targetSide);
    const asked = await withDeletedThere(await this.keepingUnshown(looking, present), present, (owners) =>
      readEntities(this.way.target, scope, owners),
    );
    const writing: Decided[] = [];
    const again: Change[] = [];
    const gone: (() => Promise<void>)[] = [];
    const removing: Decided[] = [];
    const ending: Change[] = [];
    const adding: Decided[] = [];
    for (const [index, change] of asked.entries()) {
      const target = present[index] ?? 'gone';
      const settled = settledTexts(() => decide(change, target, this.rules));
      const decision = settled instanceof Promise ? await settled : settled;
      switch (decision.do) {
        case 'update':
        case 'nothing': {
          const decided = withoutStopped(decision, objections(watched(this.engine, this.way, decision)));
          if (isWritten(decided)) writing.push(decided);
          else kept.push(decided);
          break;
        }
        case 'fail': {
          const fail = () => this.executor.fail([decision], decision.error, { blame: decision.blame });
          if (target === 'gone') gone.push(fail);
          else await fail();
          break;
        }
        case 'skip':
          gone.push(() => this.executor.skip(change, decision.reason));
          break;
        case 'resend':
          gone.push(() => this.executor.resend(change, decision.error));
          break;
        case 'createAgain':
          again.push(decision.change);
          break;
        case 'add':
          adding.push(decision);
          break;
        case 'delete':
          removing.push(decision);
          break;
        case 'end':
          ending.push(change);
          break;
        case 'spare':
          gone.push(() => this.executor.spare(change, decision.reason));
          break;
        case 'look':
        case 'create':
          throw new SyncError('fatal', `${change.event.entity.key}: ${decision.do} is no decision on a linked entity`);
      }
    }
    await this.executor.keep(kept);
    for (const act of gone) await act();
    await this.executor.remove(removing, ending);
    append(writing, await this.additions(adding));
    if (again.length === 0) return writing;
    const { adopted, fresh } = await this.creates(again.map((change) => this.framed(change)));
    return [...writing, ...(adopted.length > 0 ? await this.updates(adopted) : []), ...fresh];
  }

  /** What an earlier attempt may have added is looked for. @returns what is still to be added */
  private async additions(decided: Decided[]): Promise<Decided[]> {
    const { engine, way, executor } = this;
    const fresh: Decided[] = [];
    for (const one of decided) {
      try {
        const { intent } = one.change.event;
        const found = intent && (await adoptable(engine, way.target, way.targetSide, additionCreate(one)));
        // what was added for an earlier edit says less than this one
        const isThis = found && shows(found.fields, one.addition ?? {});
        if (isThis) await executor.added(one, found);
        else fresh.push(found ? { ...one, addedBefore: found } : one);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (pauses(error)) throw thrown;
        await executor.fail([one], error, { blame: 'own' });
      }
    }
    return (await executor.begin(fresh.map(additionCreate))).map(({ work }) => work);
  }

  /** Creates that may have arrived are looked for, before they are sent once more or given up. */
  private async again(changes: Change[]): Promise<Decided[]> {
    const events = await loadedEvents(this.engine, this.way.side, changes);
    const loaded = changes.flatMap((change, index): Change[] => {
      const event = events[index];
      return event ? [{ ...change, event }] : [];
    });
    const { adopted, fresh } = await this.creates(loaded);
    return [...(await this.updates(adopted)), ...fresh];
  }

  /** The counterpart keeps its type: that is said with each change, and counted. */
  private notingType(change: Change): Change {
    const { link, entity } = change.event;
    if (!link) return change;
    const { diverged } = this.engine;
    diverged.note(link, this.way.side, entity);
    const reason = diverged.reasonFor(link, this.way.side, entity);
    if (reason === undefined || change.notes.some((note) => note.reason === reason)) return change;
    return { ...change, notes: [...change.notes, { field: '', reason }] };
  }

  /** What the targets name without a counterpart at the source is not the source's to take away. */
  private async keepingUnshown(changes: Change[], present: ReadResult[]): Promise<Change[]> {
    if (!changes.some(({ message }) => mayRefer(message))) return changes;
    const asked = changes.map(({ message, references = {} }, index) => {
      return { message, references, target: fieldsRead(present[index]) };
    });
    const kept = await keepUnshown(this.engine.counterparts[this.way.side], asked);
    return changes.map((change, index) => ({ ...change, references: kept[index] }));
  }

  private async readTargets(changes: Change[]): Promise<ReadResult[]> {
    const { target, targetSide } = this.way;
    const scope = writeScope(this.engine.config, targetSide);
    const unread = changes.filter(({ found }) => found === undefined);
    const ids = unread.map((change) => endOf(change, targetSide).ref.id);
    const read = await readEntities(target, scope, ids);
    const byChange = new Map(unread.map((change, index) => [change, read[index]]));
    const present = changes.map((change) => change.found ?? byChange.get(change));
    for (const entity of present) if (entity && !(entity instanceof SyncError)) target.sawTime(entity.updatedAt);
    if (!changes.some(({ owner }) => owner)) return present;
    return Promise.all(
      present.map(async (entity, index) => {
        const change = changes[index];
        if (!change?.owner || !entity || entity instanceof SyncError) return entity;
        return entityWithoutFrame(this.engine, targetSide, entity, endOf(change, targetSide));
      }),
    );
  }
}

function fittedMessage({ message, frame }: Change, target: DeclaredFields): SyncMessage {
  const { sync, payload } = message;
  const { mapped = {}, unresolved = {} } = sync;
  const fitted = fitFramed({ fields: payload, mapped, unresolved }, target, frame);
  if (fitted.fields === payload) return message;
  return { ...message, payload: fitted.fields, sync: { ...sync, unresolved: fitted.unresolved } };
}

const undecided = (change: Change): Decided => ({ change, plan: emptyPlan() });
