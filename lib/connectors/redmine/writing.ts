/**
 * Writes: one request for each create or update, at most a few at a time. Redmine answers an update with 204 and no body,
 * also where it left parts of it out; so the updated issues are read back, a hundred at a time, and compared with what
 * was wanted.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import { idOfValue, isShown, nameOf } from '../kit/compare';
import type { RedmineApi } from './api';
import type { IssueReader } from './reading';
import { FieldResolver, fieldName, type Resolved, type Target } from './resolving';
import type { RawIssue } from './shapes';

/** Some versions round hours to hundredths: half of that, in seconds. */
const HOURS_ROUNDING = 18;

/** One update or create on its way. */
interface Task {
  index: number;
  operation: WriteOperation;
  resolved: Resolved;
}

/** What was written: the issue as the answer showed it, or its id, to read it back by. */
interface Done {
  task: Task;
  id: EntityId;
  issue?: RawIssue;
  ignored?: Record<FieldId, string>;
}

export class IssueWriter {
  constructor(
    private readonly api: RedmineApi,
    private readonly resolver: FieldResolver,
    private readonly reader: IssueReader,
    /** requests at the same time */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.write */
  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const results: (WriteResult | undefined)[] = operations.map(() => undefined);
    const tasks = await this.prepare(scope, operations, results);
    const done = await this.carryOut(tasks, results);
    await this.readBack(done, results);
    return results.map(
      (result, index) =>
        result ?? { ok: false, error: new SyncError('fatal', `Operation ${index + 1} was not carried out`) },
    );
  }

  /** Everything that can be decided before the first write. */
  private async prepare(
    scope: Scope,
    operations: WriteOperation[],
    results: (WriteResult | undefined)[],
  ): Promise<Task[]> {
    const current = await this.projectsOf(scope, operations);
    const tasks: Task[] = [];
    for (const [index, operation] of operations.entries()) {
      const target = operation.kind === 'create' ? operation : current.get(operation.id);
      if (target instanceof SyncError) {
        results[index] = { ok: false, error: target };
        continue;
      }
      if (!target) {
        const error = new SyncError('notFound', `Redmine shows this account no issue ${idOf(operation)}`);
        results[index] = { ok: false, error };
        continue;
      }
      try {
        const resolved = await this.resolver.resolve(operation.fields, target, operation.kind === 'create');
        const problems = Object.values(resolved.problems);
        if (problems.length > 0) {
          const about = operation.kind === 'create' ? 'A new issue' : `Issue ${operation.id}`;
          const detail = { fields: resolved.problems };
          throw new SyncError('invalid', `${about} was not written: ${problems.join('; ')}`, detail);
        }
        tasks.push({ index, operation, resolved });
      } catch (thrown) {
        results[index] = { ok: false, error: asSyncError(thrown) };
      }
    }
    return tasks;
  }

  /** Where the issues to update are. One request per hundred of those that were never read, and only where it matters. */
  private async projectsOf(scope: Scope, operations: WriteOperation[]): Promise<Map<EntityId, Target | SyncError>> {
    const updates = operations.filter((one) => one.kind === 'update');
    const [project = '', ...otherProjects] = scope.projects;
    const [type = '', ...otherTypes] = scope.types;
    const unambiguous = otherProjects.length === 0 && otherTypes.length === 0;
    const unclear = updates.filter(({ fields }) => !unambiguous && FieldResolver.needsProject(fields));
    const found = new Map(updates.map(({ id }): [EntityId, Target | SyncError] => [id, { project, type }]));
    const ids: EntityId[] = [];
    for (const { id } of unclear) {
      const place = this.reader.placeOf(id);
      if (place) found.set(id, place);
      else if (!ids.includes(id)) ids.push(id);
    }
    const entities = ids.length > 0 ? await this.reader.byId(ids) : [];
    for (const [index, entity] of entities.entries()) {
      const id = ids[index] ?? '';
      if (entity) found.set(id, entity);
      else found.delete(id);
    }
    return found;
  }

  /** Sends the writes: those of one issue one after the other, in order. Stops where the server refuses us altogether. */
  private async carryOut(tasks: Task[], results: (WriteResult | undefined)[]): Promise<Done[]> {
    const queues = new Map<string, Task[]>();
    for (const task of tasks) {
      const key = task.operation.kind === 'update' ? task.operation.id : `new ${task.index}`;
      queues.set(key, [...(queues.get(key) ?? []), task]);
    }
    const waiting = [...queues.values()];
    const done: Done[] = [];
    let halt: SyncError | undefined;
    const work = async (): Promise<void> => {
      for (let queue = waiting.shift(); queue; queue = waiting.shift()) {
        for (const task of queue) {
          if (halt) {
            results[task.index] = { ok: false, error: notSent(halt) };
            continue;
          }
          try {
            done.push(await this.send(task));
          } catch (thrown) {
            const error = asSyncError(thrown);
            results[task.index] = { ok: false, error };
            if (error.kind === 'auth' || error.kind === 'rateLimited') halt = error;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, work));
    return done;
  }

  private async send(task: Task): Promise<Done> {
    const { operation, resolved } = task;
    if (operation.kind === 'update') {
      if (Object.keys(resolved.parameters).length > 0) await this.api.update(operation.id, resolved.parameters);
      return { task, id: operation.id };
    }
    const { project, type } = resolved.target;
    const issue = await this.api.create({
      project_id: Number(project),
      tracker_id: Number(type),
      ...resolved.parameters,
    });
    const { id } = issue;
    const wanted = resolved.parameters.status_id;
    if (wanted === undefined || issue.status.id === String(wanted)) return { task, id, issue };
    // a workflow usually lets new issues start in few statuses; the wanted one may be a step away
    try {
      await this.api.update(id, { status_id: wanted });
      return { task, id };
    } catch (thrown) {
      const words = asSyncError(thrown).message;
      return { task, id, ignored: { status: `The issue was created with the status ${issue.status.name}: ${words}` } };
    }
  }

  private async readBack(done: Done[], results: (WriteResult | undefined)[]): Promise<void> {
    const later = overwritten(done);
    try {
      const shown = await this.reader.entities(done.flatMap(({ issue }) => issue ?? []));
      const entities = new Map(shown.map((entity) => [entity.id, entity]));
      const unseen = done.filter(({ issue }) => issue === undefined).map(({ id }) => id);
      const failed = new Map<EntityId, SyncError>();
      for (const [index, entity] of (await this.reader.byId(unseen)).entries()) {
        if (entity instanceof SyncError) failed.set(unseen[index] ?? '', entity);
        else if (entity) entities.set(entity.id, entity);
      }
      for (const one of done) {
        const entity = entities.get(one.id);
        const { task } = one;
        if (entity) {
          const overridden = later.get(one) ?? new Set();
          const expected = Object.entries(task.resolved.expected).filter(([field]) => !overridden.has(field));
          const result = await this.compared(task, entity, Object.fromEntries(expected), one.ignored);
          // a create's own answer shows the issue as it was made; what is read back may show people's changes too
          results[task.index] = result.ok && one.issue ? { ...result, exact: true } : result;
        } else if (failed.has(one.id)) {
          const { kind, message, detail } = asSyncError(failed.get(one.id));
          const words = `Issue ${one.id} was written, but could not be read back: ${message}`;
          results[task.index] = { ok: false, error: new SyncError(kind, words, { ...detail, uncertain: true }) };
        } else {
          const words = 'was written, but is out of sight for this account now (deleted, moved or private)';
          results[task.index] = { ok: false, error: new SyncError('notFound', `Issue ${one.id} ${words}`) };
        }
      }
    } catch (thrown) {
      const { message, kind, detail } = asSyncError(thrown);
      for (const { task, id } of done) {
        // uncertain: a create must not be tried again as if nothing had happened
        const words = `Issue ${id} was written, but could not be read back: ${message}`;
        results[task.index] ??= { ok: false, error: new SyncError(kind, words, { ...detail, uncertain: true }) };
      }
    }
  }

  /** The result, with a sentence for each field that doesn't show what was sent. */
  private async compared(
    task: Task,
    entity: Entity,
    expected: Fields,
    known: Record<FieldId, string> = {},
  ): Promise<WriteResult> {
    const ignored: Record<FieldId, string> = { ...task.resolved.ignored, ...known };
    for (const [field, value] of Object.entries(expected)) {
      const tolerance = field === 'estimated_hours' ? HOURS_ROUNDING : undefined;
      if (field in ignored || isShown(entity.fields[field], value, tolerance)) continue;
      ignored[field] =
        field === 'status'
          ? await this.whyStatus(entity, value)
          : whyField(field, entity.fields[field], field in entity.fields);
    }
    return Object.keys(ignored).length > 0 ? { ok: true, entity, ignored } : { ok: true, entity };
  }

  private async whyStatus(entity: Entity, wanted: Value): Promise<string> {
    const sentence = `The workflow does not let this account change the status from ${nameOf(entity.fields.status)} to ${nameOf(wanted)}`;
    try {
      const { allowedStatuses } = await this.api.issue(entity.id, 'allowed_statuses');
      const names = allowedStatuses.filter(({ id }) => id !== idOfValue(entity.fields.status)).map(({ name }) => name);
      return `${sentence}; it allows ${names.length > 0 ? names.join(', ') : 'no other status'}`;
    } catch {
      return sentence;
    }
  }
}

const idOf = (operation: WriteOperation): EntityId => (operation.kind === 'update' ? operation.id : '');

/** The same fault, for a write that was not even tried. */
const notSent = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `Not sent, since the one before failed: ${message}`, { ...detail, uncertain: false });

/** For each write the fields that a later one of the same issue sets again. */
function overwritten(done: Done[]): Map<Done, Set<FieldId>> {
  const later = new Map<EntityId, Set<FieldId>>();
  const result = new Map<Done, Set<FieldId>>();
  for (const one of [...done].sort((a, b) => b.task.index - a.task.index)) {
    const fields = later.get(one.id) ?? new Set<FieldId>();
    result.set(one, fields);
    later.set(one.id, new Set([...fields, ...Object.keys(one.task.resolved.expected)]));
  }
  return result;
}

const whyField = (field: FieldId, shown: Value | undefined, there: boolean): string =>
  there
    ? `Redmine did not take the value of ${fieldName(field)} and shows "${nameOf(shown)}": the workflow or a permission forbids it, or it is calculated (from subtasks)`
    : `Redmine shows no ${fieldName(field)} here: the tracker doesn't use it, or the account may not see it`;
