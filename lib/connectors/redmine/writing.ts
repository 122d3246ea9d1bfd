/**
 * Writes: one request for each create or update, at most a few at a time. Redmine answers an update with 204 and no body,
 * also where it left parts of it out; so the updated issues are read back, a hundred at a time, and compared with what
 * was wanted.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { type FieldId, type Fields, isEmpty, type Value } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
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
  target: Target;
}

/** What became of a task before anything was read back. */
type Done = { task: Task; issue?: RawIssue; ignored?: Record<FieldId, string> };

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
        tasks.push({ index, operation, resolved, target: { project: target.project, type: target.type } });
      } catch (thrown) {
        results[index] = { ok: false, error: asSyncError(thrown) };
      }
    }
    return tasks;
  }

  /** Where the issues to update are. One request per hundred of those that were never read, and only where it matters. */
  private async projectsOf(scope: Scope, operations: WriteOperation[]): Promise<Map<EntityId, Target>> {
    const updates = operations.filter((one) => one.kind === 'update');
    const [project = '', ...otherProjects] = scope.projects;
    const [type = '', ...otherTypes] = scope.types;
    const unambiguous = otherProjects.length === 0 && otherTypes.length === 0;
    const unclear = updates.filter(({ fields }) => !unambiguous && FieldResolver.needsProject(fields));
    const found = new Map(updates.map(({ id }): [EntityId, Target] => [id, { project, type }]));
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
      return { task };
    }
    const { project, type } = task.target;
    const issue = await this.api.create({ project_id: project, tracker_id: type, ...resolved.parameters });
    const wanted = resolved.parameters.status_id;
    if (wanted === undefined || issue.status.id === wanted) return { task, issue };
    // a workflow usually lets new issues start in few statuses; the wanted one may be a step away
    try {
      await this.api.update(issue.id, { status_id: wanted });
      return { task, issue: await this.api.issue(issue.id) };
    } catch (thrown) {
      const words = asSyncError(thrown).message;
      return {
        task,
        issue,
        ignored: { status: `The issue was created with the status ${issue.status.name}: ${words}` },
      };
    }
  }

  private async readBack(done: Done[], results: (WriteResult | undefined)[]): Promise<void> {
    const updates = done.filter(({ issue }) => issue === undefined);
    const created = done.flatMap(({ task, issue, ignored }) => (issue ? [{ task, issue, ignored }] : []));
    try {
      const entities = await this.reader.entities(created.map(({ issue }) => issue));
      for (const [at, { task, ignored }] of created.entries()) {
        const entity = entities[at];
        if (entity) results[task.index] = await this.compared(task, entity, task.resolved.expected, ignored);
      }
    } catch (thrown) {
      const { message, kind } = asSyncError(thrown);
      for (const { task, issue } of created) {
        // never a second create: what was made is there, and is found by the marker
        const error = new SyncError(kind, `Issue ${issue.id} was created, but: ${message}`, { uncertain: true });
        results[task.index] ??= { ok: false, error };
      }
    }
    if (updates.length === 0) return;
    const later = overwritten(updates.map(({ task }) => task));
    try {
      const entities = await this.reader.byId(updates.map(({ task }) => idOf(task.operation)));
      for (const [at, { task }] of updates.entries()) {
        const entity = entities[at];
        if (!entity) {
          const words = 'was written, but is out of sight for this account now (deleted, moved or private)';
          results[task.index] = {
            ok: false,
            error: new SyncError('notFound', `Issue ${idOf(task.operation)} ${words}`),
          };
          continue;
        }
        const overridden = later.get(task) ?? new Set();
        const expected = Object.fromEntries(
          Object.entries(task.resolved.expected).filter(([field]) => !overridden.has(field)),
        );
        results[task.index] = await this.compared(task, entity, expected);
      }
    } catch (thrown) {
      const { message, kind, detail } = asSyncError(thrown);
      for (const { task } of updates) {
        const words = `Issue ${idOf(task.operation)} was written, but could not be read back: ${message}`;
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

/** For each update the fields that a later one of the same issue sets again. */
function overwritten(tasks: Task[]): Map<Task, Set<FieldId>> {
  const later = new Map<EntityId, Set<FieldId>>();
  const result = new Map<Task, Set<FieldId>>();
  for (const task of [...tasks].sort((a, b) => b.index - a.index)) {
    const id = idOf(task.operation);
    const fields = later.get(id) ?? new Set<FieldId>();
    result.set(task, new Set(fields));
    later.set(id, new Set([...fields, ...Object.keys(task.resolved.expected)]));
  }
  return result;
}

function idOfValue(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
}

function nameOf(value: Value | undefined): string {
  if (typeof value !== 'object' || value === null)
    return value === undefined || value === null ? 'nothing' : String(value);
  if (Array.isArray(value)) return value.map((one) => nameOf(one)).join(', ') || 'nothing';
  if ('name' in value && value.name) return value.name;
  return 'content' in value ? value.content.slice(0, 80) : (idOfValue(value) ?? 'nothing');
}

const whyField = (field: FieldId, shown: Value | undefined, there: boolean): string =>
  there
    ? `Redmine did not take the value of ${fieldName(field)} and shows "${nameOf(shown)}": the workflow or a permission forbids it, or it is calculated (from subtasks)`
    : `Redmine shows no ${fieldName(field)} here: the tracker doesn't use it, or the account may not see it`;

const plain = (text: string): string => text.replace(/\r\n?/g, '\n').trim();

/**
 * True where the entity shows what was sent, apart from what Redmine normalises: blanks, line ends, order, rounding.
 *
 * @param tolerance by how much numbers may differ
 */
export function isShown(shown: Value | undefined, wanted: Value, tolerance = 1e-6): boolean {
  if (shown === undefined || isEmpty(shown) || isEmpty(wanted)) return isEmpty(shown) && isEmpty(wanted);
  if (Array.isArray(wanted) || Array.isArray(shown)) {
    const [some, others] = [wanted, shown].map((value) => (Array.isArray(value) ? value : [value]).map(keyOf).sort());
    return JSON.stringify(some) === JSON.stringify(others);
  }
  if (typeof shown === 'number' && typeof wanted === 'number') return Math.abs(shown - wanted) <= tolerance;
  return keyOf(shown) === keyOf(wanted);
}

function keyOf(value: Value): string {
  if (typeof value === 'object' && value !== null) {
    if ('content' in value) return plain(value.content);
    return idOfValue(value) ?? plain(nameOf(value));
  }
  return plain(String(value));
}
