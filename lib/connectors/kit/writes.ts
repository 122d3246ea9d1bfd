/**
 * The write loop of systems that take one operation in a request: what can be decided before is decided before anything is
 * sent; operations on one entity go out in their order, those on different ones a few at a time; where the account is
 * refused altogether, nothing more is sent; what an answer does not show is read back in batches and compared with what was
 * wanted.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import { isShown, nameOf } from './compare';

/** What has to be sent for an operation. */
export interface Prepared<Request> {
  request: Request;
  /** what the entity is to show afterwards, by field: values as the system's own lists and people have them */
  expected: Fields;
}

/** What an answer tells. Without `entity` it is read back. */
export interface Sent {
  id: EntityId;
  entity?: Entity;
  /** `entity` is the very state that this write made */
  exact?: boolean;
  /** the system's own words about what it did not do; undefined = it said nothing */
  words?: string;
}

export interface WriteSteps<Request> {
  /** for errors: "Request Tracker" */
  product: string;
  /** operations under way at a time */
  concurrency: number;
  /** @throws SyncError invalid with `fields`: nothing is sent for this operation */
  prepare(operation: WriteOperation): Promise<Prepared<Request>>;
  /** @throws SyncError; `uncertain` where it may have been carried out */
  send(operation: WriteOperation, request: Request): Promise<Sent>;
  /** In the order of `ids`; undefined = gone. */
  readBack(ids: EntityId[]): Promise<(Entity | undefined | SyncError)[]>;
  /** by how much the shown number may differ */
  tolerance?: (field: FieldId) => number | undefined;
}

interface Task<Request> extends Prepared<Request> {
  index: number;
  operation: WriteOperation;
}

interface Done<Request> extends Sent {
  task: Task<Request>;
}

/** @see Connection.write */
export async function writeEach<Request>(
  steps: WriteSteps<Request>,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const results: (WriteResult | undefined)[] = operations.map(() => undefined);
  const tasks: Task<Request>[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      tasks.push({ index, operation, ...(await steps.prepare(operation)) });
    } catch (thrown) {
      results[index] = { ok: false, error: asSyncError(thrown) };
    }
  }
  const done = await carryOut(steps, tasks, results);
  await readBack(steps, done, results);
  return results.map(
    (result, index) =>
      result ?? { ok: false, error: new SyncError('fatal', `Operation ${index + 1} was not carried out`) },
  );
}

async function carryOut<Request>(
  steps: WriteSteps<Request>,
  tasks: Task<Request>[],
  results: (WriteResult | undefined)[],
): Promise<Done<Request>[]> {
  const queues = new Map<string, Task<Request>[]>();
  for (const task of tasks) {
    const key = task.operation.kind === 'update' ? `is ${task.operation.id}` : `new ${task.index}`;
    queues.set(key, [...(queues.get(key) ?? []), task]);
  }
  const waiting = [...queues.values()];
  const done: Done<Request>[] = [];
  let halt: SyncError | undefined;
  const work = async (): Promise<void> => {
    for (let queue = waiting.shift(); queue; queue = waiting.shift()) {
      for (const task of queue) {
        try {
          if (halt) throw notSent(halt);
          done.push({ task, ...(await steps.send(task.operation, task.request)) });
        } catch (thrown) {
          const error = asSyncError(thrown);
          results[task.index] = { ok: false, error };
          if (error.kind === 'auth' || error.kind === 'rateLimited') halt ??= error;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, steps.concurrency) }, work));
  return done;
}

/** The same fault, for a write that was not even tried. */
const notSent = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `Not sent, since the one before failed: ${message}`, { ...detail, uncertain: false });

async function readBack<Request>(
  steps: WriteSteps<Request>,
  done: Done<Request>[],
  results: (WriteResult | undefined)[],
): Promise<void> {
  const later = setAgain(done);
  const ids = [...new Set(done.flatMap(({ id, entity }) => (entity ? [] : [id])))];
  const shown = new Map<EntityId, Entity | SyncError>();
  try {
    const found = ids.length > 0 ? await steps.readBack(ids) : [];
    for (const [index, id] of ids.entries()) {
      const one = found[index];
      if (one) shown.set(id, one);
    }
  } catch (thrown) {
    const error = asSyncError(thrown);
    for (const id of ids) shown.set(id, error);
  }
  for (const one of done) {
    const entity = one.entity ?? shown.get(one.id);
    results[one.task.index] =
      entity instanceof SyncError || entity === undefined
        ? { ok: false, error: unseen(steps.product, one.id, entity) }
        : {
            ok: true,
            entity,
            ...(one.exact && { exact: true }),
            ...ignoredBy(steps, one, entity, later.get(one) ?? new Set()),
          };
  }
}

/** It was written; what became of it nobody has seen. Tried again, it is looked for, or finds itself there. */
function unseen(product: string, id: EntityId, error: SyncError | undefined): SyncError {
  const why = error ? error.message : `${product} does not show it to this account`;
  const kind = error?.kind ?? 'fatal';
  return new SyncError(kind, `${id} was written, but could not be read afterwards: ${why}`, {
    ...error?.detail,
    uncertain: true,
  });
}

function ignoredBy<Request>(
  { product, tolerance }: WriteSteps<Request>,
  { task, words }: Done<Request>,
  entity: Entity,
  again: ReadonlySet<FieldId>,
): { ignored?: Record<FieldId, string> } {
  const ignored: Record<FieldId, string> = {};
  for (const [field, wanted] of Object.entries(task.expected)) {
    const value = entity.fields[field];
    if (again.has(field) || isShown(value, wanted, tolerance?.(field))) continue;
    ignored[field] = words ?? `${product} did not take the value and shows "${nameOf(value as Value | undefined)}"`;
  }
  return Object.keys(ignored).length > 0 ? { ignored } : {};
}

/** For each write the fields that a later one of the same entity sets again. */
function setAgain<Request>(done: Done<Request>[]): Map<Done<Request>, ReadonlySet<FieldId>> {
  const later = new Map<EntityId, Set<FieldId>>();
  const result = new Map<Done<Request>, ReadonlySet<FieldId>>();
  for (const one of [...done].sort((a, b) => b.task.index - a.task.index)) {
    const fields = later.get(one.id) ?? new Set<FieldId>();
    result.set(one, fields);
    later.set(one.id, new Set([...fields, ...Object.keys(one.task.expected)]));
  }
  return result;
}
