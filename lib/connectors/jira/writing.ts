/**
 * Writes. Creates go fifty at a time, updates one request for each issue with all of its fields, a few at the same time, and
 * a change of status follows as transitions. On Cloud the answer to an update is the very state that it made; all else is
 * read back, a hundred at a time, and compared with what was wanted.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { LookupValue } from '../../model/values';
import { REMOTE_LINK, type ReadResult, type Scope, type WriteOperation, type WriteResult } from '../connector';
import { wholeBatch } from '../whole-batch';
import { CREATE, type JiraApi } from './api';
import { elementsOf, elementsOfError, refused } from './failures';
import { compared, type Done, outOfSight, overwritten, showsAll, type Task } from './outcomes';
import type { IssueReader } from './reading';
import { bodyOf, hasChanges, type Resolver } from './resolving';
import { type Json, objectsOf, textOf } from './shapes';
import type { Workflow } from './workflow';

/** The entity property that holds a create's marker. */
export const MARKER = 'twinflow';
/** Writes whose ids are kept, for searches that must not rely on the index. */
const RECENT = 200;

type Results = (WriteResult | undefined)[];

export class IssueWriter {
  /** ids of the newest writes, oldest first */
  private readonly recent = new Set<EntityId>();

  constructor(
    private readonly api: JiraApi,
    private readonly resolver: Resolver,
    private readonly reader: IssueReader,
    private readonly workflow: Workflow,
    /** requests at the same time */
    private readonly concurrency: number,
  ) {}

  /** Ids of the newest writes of this connection, oldest first: the index may not have them yet. */
  recentIds(): EntityId[] {
    return [...this.recent];
  }

  /** @see Connection.write */
  async write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const results: Results = operations.map(() => undefined);
    const tasks = await this.prepare(operations, results);
    const done = await this.createAll(tasks, results);
    await this.carryOut(tasks, done, results);
    for (const { id } of done) this.note(id);
    await this.readBack(done, results);
    return results.map(
      (result, index) =>
        result ?? { ok: false, error: new SyncError('fatal', `Operation ${index + 1} was not carried out`) },
    );
  }

  /** Everything that can be decided before the first write. */
  private async prepare(operations: WriteOperation[], results: Results): Promise<Task[]> {
    await this.findPlaces(operations);
    const tasks: Task[] = [];
    for (const [index, operation] of operations.entries()) {
      try {
        const context = operation.kind === 'create' ? operation : this.reader.placeOf(operation.id);
        if (!context) throw new SyncError('notFound', `Jira shows this account no issue ${idOf(operation)}`);
        const creating = operation.kind === 'create';
        const empty = operation.kind === 'create' ? operation.empty : undefined;
        const resolved = await this.resolver.resolve(operation.fields, context, creating, empty);
        const problems = Object.values(resolved.problems);
        if (problems.length > 0) {
          const about = operation.kind === 'create' ? 'A new issue' : `Issue ${operation.id}`;
          const detail = { fields: resolved.problems };
          throw new SyncError('invalid', `${about} was not written: ${problems.join('; ')}`, detail);
        }
        tasks.push({ index, operation, resolved, context: { project: context.project, type: context.type } });
      } catch (thrown) {
        results[index] = { ok: false, error: asSyncError(thrown) };
      }
    }
    return tasks;
  }

  /** Project and type of the issues to update: known from when they were read, else one request for a hundred. */
  private async findPlaces(operations: WriteOperation[]): Promise<void> {
    const ids = operations.flatMap((one) => (one.kind === 'update' && !this.reader.placeOf(one.id) ? [one.id] : []));
    if (ids.length > 0) await this.reader.byId([...new Set(ids)]);
  }

  private async createAll(tasks: Task[], results: Results): Promise<Done[]> {
    const creates = tasks.filter(({ operation }) => operation.kind === 'create');
    const done: Done[] = [];
    let halt: SyncError | undefined;
    for (let at = 0; at < creates.length; at += CREATE) {
      const chunk = creates.slice(at, at + CREATE);
      try {
        if (halt) throw halt;
        append(done, await this.createSome(chunk, results));
      } catch (thrown) {
        const error = asSyncError(thrown);
        const own = halt ? notSent(halt) : wholeBatch(error, chunk.length);
        for (const { index } of chunk) results[index] ??= { ok: false, error: own };
        if (error.kind === 'auth' || error.kind === 'rateLimited') halt = error;
      }
    }
    return done;
  }

  private async createSome(chunk: Task[], results: Results): Promise<Done[]> {
    let refusals: ReturnType<typeof elementsOf>;
    let created: Json[] = [];
    try {
      const answer = await this.api.create(chunk.map(newIssue));
      refusals = elementsOf(answer);
      created = objectsOf(answer.issues);
    } catch (thrown) {
      const error = asSyncError(thrown);
      refusals = elementsOfError(error);
      if (refusals.size === 0) throw error;
    }
    const done: Done[] = [];
    // the created ones are listed in the order of the request, without those that failed
    let next = 0;
    for (const [element, task] of chunk.entries()) {
      const refusal = refusals.get(element);
      const id = refusal ? undefined : textOf(created[next++]?.id);
      if (id !== undefined) done.push({ task, id, ignored: { ...task.resolved.ignored } });
      else results[task.index] = { ok: false, error: refused('A new issue', refusal ?? { messages: [], fields: {} }) };
    }
    return done;
  }

  /** Updates, and what follows the creates: those of one issue one after the other, in order. */
  private async carryOut(tasks: Task[], done: Done[], results: Results): Promise<void> {
    const queues = new Map<string, (() => Promise<void>)[]>();
    const queue = (key: string, work: () => Promise<void>) => queues.set(key, [...(queues.get(key) ?? []), work]);
    const unfinished = done.filter(({ task }) => needsMore(task));
    const moving = unfinished.filter(({ task }) => task.resolved.status !== undefined).map(({ id }) => id);
    // the statuses that new issues begin in, a hundred at a time; without, each is asked for alone
    const begun = moving.length > 0 ? await this.reader.byId(moving).catch(() => []) : [];
    const first = new Map(moving.map((id, index) => [id, shownIn(begun[index])]));
    for (const one of unfinished) {
      one.shown = first.get(one.id);
      queue(one.id, async () => {
        try {
          await this.complete(one);
          await this.link(one).catch((thrown: unknown) => {
            if (isTrouble(thrown)) throw thrown;
            one.ignored[REMOTE_LINK] = `The issue was created without it: ${asSyncError(thrown).message}`;
          });
        } catch (thrown) {
          const { kind, message, detail } = asSyncError(thrown);
          const words = `Issue ${one.id} was created, but not all that belongs to it could be written: ${message}`;
          // uncertain: it is looked for, and what is missing is written then
          results[one.task.index] = { ok: false, error: new SyncError(kind, words, { ...detail, uncertain: true }) };
          done.splice(done.indexOf(one), 1);
        }
      });
    }
    let halt: SyncError | undefined;
    for (const task of tasks) {
      const { operation, index } = task;
      if (operation.kind !== 'update') continue;
      queue(operation.id, async () => {
        try {
          if (halt) throw notSent(halt);
          const one = await this.update(task, operation.id);
          await this.link(one).catch((thrown: unknown) => {
            // what has no fields is the link alone
            if (isTrouble(thrown) || Object.keys(operation.fields).length === 0) throw thrown;
            one.ignored[REMOTE_LINK] = `The fields were written without it: ${asSyncError(thrown).message}`;
          });
          done.push(one);
        } catch (thrown) {
          const error = asSyncError(thrown);
          results[index] = { ok: false, error };
          if (error.kind === 'auth' || error.kind === 'rateLimited') halt ??= error;
        }
      });
    }
    const waiting = [...queues.values()];
    const worker = async (): Promise<void> => {
      for (let works = waiting.shift(); works; works = waiting.shift()) for (const work of works) await work();
    };
    await Promise.all(Array.from({ length: this.concurrency }, worker));
  }

  private async update(task: Task, id: EntityId): Promise<Done> {
    const { edit, status, transition, ignored } = task.resolved;
    const done: Done = { task, id, ignored: { ...ignored } };
    if (hasChanges(edit)) {
      const issue = await this.api.update(id, task.context.project, bodyOf(edit));
      if (issue) done.issue = issue;
    }
    if (status === undefined) {
      for (const field of Object.keys(transition))
        done.ignored[field] ??= `Jira sets ${field} only together with a change of status`;
      return done;
    }
    await this.moveTo(done, status);
    return done;
  }

  /** The link to a counterpart, which is no field. What the issue shows after it is read. */
  private async link(done: Done): Promise<void> {
    const { remoteLink } = done.task.operation;
    if (!remoteLink) return;
    const { key, url, title } = remoteLink;
    done.issue = undefined;
    done.shown = undefined;
    await this.api.link(done.id, key, { url, title });
  }

  /**
   * What a new issue still lacks. That it was created is not undone by a later refusal, which is told.
   * @throws SyncError – Jira is in trouble, which refuses nothing
   */
  private async complete(done: Done): Promise<void> {
    const { edit, status, transition } = done.task.resolved;
    if (hasChanges(edit)) {
      done.shown = undefined;
      try {
        const issue = await this.api.update(done.id, done.task.context.project, bodyOf(edit));
        if (issue) done.issue = issue;
      } catch (thrown) {
        if (isTrouble(thrown)) throw thrown;
        const { message, detail } = asSyncError(thrown);
        for (const field of Object.keys({ ...edit.fields, ...edit.update })) {
          done.ignored[field] = `The issue was created without it: ${detail.fields?.[field] ?? message}`;
        }
      }
    }
    for (const [field, changes] of done.task.resolved.empty) {
      done.shown = undefined;
      try {
        const issue = await this.api.update(done.id, done.task.context.project, bodyOf(changes));
        if (issue) done.issue = issue;
      } catch (thrown) {
        if (isTrouble(thrown)) throw thrown;
        const { message, detail } = asSyncError(thrown);
        done.ignored[field] = `Jira's default stays: ${detail.fields?.[field] ?? message}`;
      }
    }
    if (status === undefined) {
      for (const field of Object.keys(transition))
        done.ignored[field] ??= `Jira sets ${field} only together with a change of status`;
      return;
    }
    try {
      await this.moveTo(done, status);
    } catch (thrown) {
      if (isTrouble(thrown)) throw thrown;
      const { message } = asSyncError(thrown);
      done.ignored.status = `The issue was created with its first status: ${message}`;
    }
  }

  private async moveTo(done: Done, to: LookupValue): Promise<void> {
    const { context, resolved } = done.task;
    const values = resolved.transition;
    // a status read a moment ago saves a request; where the way from it fails, the present one decides
    const remembered = done.issue ? statusOf(done.issue.fields.status) : this.reader.placeOf(done.id)?.status;
    // that of a new issue is the one it was just made with
    const isKnown = remembered && (remembered.id !== to.id || done.task.operation.kind === 'create');
    let from = isKnown ? remembered : await this.statusNow(done);
    let used: Set<string> | undefined;
    while (used === undefined && from.id !== to.id) {
      done.issue = undefined;
      done.shown = undefined;
      try {
        used = await this.workflow.move({ id: done.id, context, from, to, values });
      } catch (thrown) {
        if (from !== remembered || asSyncError(thrown).kind !== 'invalid') throw thrown;
        const now = await this.statusNow(done);
        if (now.id === from.id) throw thrown;
        from = now;
      }
    }
    if (used === undefined) {
      for (const field of Object.keys(values))
        done.ignored[field] ??= `Jira sets ${field} only together with a change of status`;
      return;
    }
    for (const field of Object.keys(values)) {
      if (used.has(field)) delete done.ignored[field];
      else done.ignored[field] ??= `No transition to ${to.name} has ${field} on its screen`;
    }
  }

  private async statusNow({ id, issue }: Done): Promise<LookupValue> {
    return statusOf((issue ?? (await this.api.issue(id, { fields: ['status'] }))).fields.status);
  }

  private note(id: EntityId): void {
    this.recent.delete(id);
    this.recent.add(id);
    for (const oldest of this.recent) {
      if (this.recent.size <= RECENT) break;
      this.recent.delete(oldest);
    }
  }

  private async readBack(done: Done[], results: Results): Promise<void> {
    const later = overwritten(done);
    try {
      const answered = done.filter((one) => one.issue !== undefined);
      const shown = await this.reader.entities(answered.flatMap(({ issue }) => issue ?? []));
      const exact = new Map(answered.map((one, index) => [one, shown[index]]));
      const unseen = [...new Set(done.filter((one) => !exact.has(one) && !one.shown).map(({ id }) => id))];
      const read = await this.reader.byId(unseen);
      const entities = new Map<EntityId, ReadResult>(unseen.map((id, index) => [id, read[index]]));
      for (const one of done) {
        const { task, id } = one;
        const overridden = later.get(one) ?? new Set();
        const expected = Object.entries(task.resolved.expected).filter(([field]) => !overridden.has(field));
        const wanted = Object.fromEntries(expected);
        const unread = entities.get(id);
        let entity = exact.get(one) ?? one.shown ?? shownIn(unread);
        if (!entity && unread instanceof SyncError) {
          results[task.index] = { ok: false, error: notReadBack(id, unread) };
          continue;
        }
        if (entity) this.reader.keepOwn(entity, exact.has(one));
        // Data Center: the index of the node that answered may be behind
        if (entity && !this.api.isCloud && !showsAll(entity, wanted)) entity = await this.readAlone(id, entities);
        results[task.index] = entity
          ? compared(one, entity, wanted, exact.has(one))
          : { ok: false, error: outOfSight(id) };
      }
    } catch (thrown) {
      const error = asSyncError(thrown);
      for (const { task, id } of done) results[task.index] ??= { ok: false, error: notReadBack(id, error) };
    }
  }

  private async readAlone(id: EntityId, entities: Map<EntityId, ReadResult>): Promise<Entity | undefined> {
    const [entity] = await this.reader.byId([id]);
    entities.set(id, entity);
    return shownIn(entity);
  }
}

const shownIn = (result: ReadResult): Entity | undefined => (result instanceof SyncError ? undefined : result);

/** Uncertain: a create must not be tried again as if nothing had happened. */
const notReadBack = (id: EntityId, { kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `Issue ${id} was written, but could not be read back: ${message}`, {
    ...detail,
    uncertain: true,
  });

/** A fault of the system, not a refusal of the write. */
const isTrouble = (thrown: unknown): boolean => ['transient', 'rateLimited', 'auth'].includes(asSyncError(thrown).kind);

const idOf = (operation: WriteOperation): EntityId => (operation.kind === 'update' ? operation.id : '');

const needsMore = ({ resolved, operation }: Task): boolean =>
  operation.remoteLink !== undefined ||
  hasChanges(resolved.edit) ||
  resolved.empty.size > 0 ||
  resolved.status !== undefined ||
  Object.keys(resolved.transition).length > 0;

function newIssue({ operation, resolved, context }: Task): Json {
  const marker = operation.kind === 'create' ? operation.marker : undefined;
  const changes = bodyOf(resolved.create);
  const place = { project: { id: context.project }, issuetype: { id: context.type } };
  return {
    ...changes,
    fields: { ...resolved.create.fields, ...place },
    ...(marker === undefined ? {} : { properties: [{ key: MARKER, value: { marker } }] }),
  };
}

function statusOf(json: unknown): LookupValue {
  const [status] = objectsOf([json]);
  const id = textOf(status?.id);
  return { ...(id ? { id } : {}), name: textOf(status?.name) ?? '?' };
}

/** The same fault, for a write that was not even tried. */
const notSent = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `Not sent, since the one before failed: ${message}`, { ...detail, uncertain: false });
