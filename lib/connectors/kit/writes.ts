/**
 * Writing. `writeEach` is the complete loop for systems that take one operation per request, or several creates.
 * Everything that can be decided locally is decided before anything is sent. Operations on one entity are sent in
 * order, those on different entities a few at a time. If the account is refused, nothing more is sent. Fields that an
 * answer does not show are read back in batches and compared with the wanted values. Systems with other bulk requests
 * combine the same parts themselves: `Results`, `Halt`, `inQueues`, `setAgain`, `comparison`. If a request for several
 * operations fails as a whole, the engine finds out which operation caused it, for all connectors (../whole-batch.ts).
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { ReadResult, WriteOperation, WriteResult } from '../connector';
import { wholeBatch } from '../whole-batch';
import { isShown, isSomeText, nameOf } from './compare';

/** The results of operations, by index. */
export class Results {
  private readonly results: (WriteResult | undefined)[];

  constructor(private readonly operations: readonly WriteOperation[]) {
    this.results = operations.map(() => undefined);
  }

  set(index: number, result: WriteResult): void {
    this.results[index] = result;
  }

  /** @param error anything thrown */
  fail(index: number, error: unknown): void {
    this.results[index] = { ok: false, error: asSyncError(error) };
  }

  has(index: number): boolean {
    return this.results[index] !== undefined;
  }

  /** One result for each operation. */
  all(): WriteResult[] {
    return this.operations.map(
      (_, index) =>
        this.results[index] ?? {
          ok: false,
          error: new SyncError('fatal', `Operation ${index + 1} was not carried out`),
        },
    );
  }
}

/** The same error, for a write that was not attempted. */
export const notSent = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `Not sent, because the previous one failed: ${message}`, {
    ...detail,
    ...{ batch: undefined, unsent: true, uncertain: false },
  });

/** Once the account is refused, or has to pause, nothing more is sent. */
export class Halt {
  private reason: SyncError | undefined;

  /** @throws SyncError the same error, for a write that was not attempted */
  check(): void {
    if (this.reason) throw notSent(this.reason);
  }

  /** A write has failed. Bytes of a file that did not come from their source say nothing about this system. */
  learn(error: SyncError): void {
    if (error.detail.content) return;
    if (error.kind === 'auth' || error.kind === 'rateLimited') this.reason ??= error;
  }
}

/**
 * Runs jobs: those with the same key one after the other, in order; those with different keys a few at a time.
 *
 * @param run must not throw: a job handles its own result
 */
export async function inQueues<Job>(
  jobs: readonly Job[],
  keyOf: (job: Job) => string,
  concurrency: number,
  run: (job: Job) => Promise<void>,
): Promise<void> {
  const queues = new Map<string, Job[]>();
  for (const job of jobs) {
    const queue = queues.get(keyOf(job));
    if (queue) queue.push(job);
    else queues.set(keyOf(job), [job]);
  }
  const waiting = [...queues.values()];
  const work = async (): Promise<void> => {
    for (let queue = waiting.shift(); queue; queue = waiting.shift()) for (const job of queue) await run(job);
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
}

/** Operations on one entity follow each other; each create is independent. */
export const queueOf = (operation: WriteOperation, index: number): string =>
  operation.kind === 'update' ? `is ${operation.id}` : `new ${index}`;

/**
 * @param about "A new issue" or "Issue 12"
 * @param problems field id → error
 * @throws SyncError invalid if there are any
 */
export function refuseProblems(about: string, problems: Record<FieldId, string>): void {
  const words = Object.values(problems);
  if (words.length === 0) return;
  throw new SyncError('invalid', `${about} was not written: ${words.join('; ')}`, { fields: problems });
}

/** For each write the fields that a later write of the same entity sets again: what it shows in them may not be its
 * own value. */
export function setAgain<One extends { id: EntityId; index: number; expected: Fields }>(
  done: readonly One[],
): Map<One, ReadonlySet<FieldId>> {
  const later = new Map<EntityId, Set<FieldId>>();
  const result = new Map<One, ReadonlySet<FieldId>>();
  for (const one of [...done].sort((a, b) => b.index - a.index)) {
    const fields = later.get(one.id) ?? new Set<FieldId>();
    result.set(one, fields);
    later.set(one.id, new Set([...fields, ...Object.keys(one.expected)]));
  }
  return result;
}

/** The written values and the values shown afterwards. */
export interface Comparison {
  entity: Entity;
  /** by field */
  expected: Fields;
  /** fields that were certainly not accepted, with a text each */
  ignored: Record<FieldId, string>;
  /** `entity` is exactly the state that this write made */
  exact: boolean;
  /** maximum difference of a number */
  tolerance?: (field: FieldId) => number | undefined;
  /** formatted text counts as shown if there is any */
  anyText?: boolean;
  /** The reason why a field does not show the sent value. */
  why(field: FieldId, wanted: Value): string | Promise<string>;
}

/** The result, with a sentence for each field that does not show the sent value. */
export async function comparison(one: Comparison): Promise<WriteResult> {
  const { entity, expected, exact, why } = one;
  const ignored = { ...one.ignored };
  for (const [field, wanted] of Object.entries(expected))
    if (!(field in ignored) && !isTaken(one, field, wanted)) ignored[field] = await why(field, wanted);
  return {
    ok: true,
    entity,
    ...(Object.keys(ignored).length > 0 && { ignored }),
    ...(exact && { exact: true }),
  };
}

type Taking = Pick<Comparison, 'entity' | 'tolerance' | 'anyText'>;

function isTaken({ entity, tolerance, anyText = false }: Taking, field: FieldId, wanted: Value): boolean {
  const shown = entity.fields[field];
  return isShown(shown, wanted, tolerance?.(field)) || (anyText && isSomeText(shown) && isSomeText(wanted));
}

/** The request for an operation. */
export interface Prepared<Request> {
  request: Request;
  /** expected values of the entity afterwards, by field: in the form of the system's own lists and users */
  expected: Fields;
  /** fields that cannot be written at all, with reasons */
  ignored?: Record<FieldId, string>;
}

/** The content of an answer. Without `shown` the entity is read back. */
export interface Sent<Shown = Entity> {
  id: EntityId;
  shown?: Shown;
  /** `shown` is exactly the state that the write made */
  exact?: boolean;
  /** the system's own text about what it did not do; undefined = none */
  words?: string;
  /** fields that were certainly not accepted, with reasons */
  ignored?: Record<FieldId, string>;
}

export interface WriteSteps<Request, Shown = Entity> {
  /** for errors: "Request Tracker" */
  product: string;
  /** for errors, before an id: "Issue " */
  thing?: string;
  /** number of parallel operations */
  concurrency: number;
  /** Operations in one queue follow each other; by default those on one entity, while each create is independent. */
  queue?(operation: WriteOperation, index: number): string;
  /** @throws SyncError invalid with `fields`: nothing is sent for this operation */
  prepare(operation: WriteOperation): Promise<Prepared<Request>>;
  /** @throws SyncError; `uncertain` if it may have been carried out */
  send(operation: WriteOperation, request: Request): Promise<Sent<Shown>>;
  /** Converts answers to entities, in order. A failure does not undo the writes. */
  describe(shown: Shown[]): Promise<Entity[]>;
  /** In the order of `ids`; undefined = gone. */
  readBack(ids: EntityId[]): Promise<ReadResult[]>;
  /** for creating several in one request */
  bulk?: BulkCreates<Request, Shown>;
  /** Reads one entity that does not show everything written, if several are read from an index that may be behind. */
  readAlone?(id: EntityId): Promise<ReadResult>;
  /** Stores the result of a write for the poll that meets it. */
  keep?(entity: Entity, exact: boolean): void;
  /** maximum difference of a number */
  tolerance?: (field: FieldId) => number | undefined;
  /** formatted text counts as shown if there is any: the system changes it */
  anyText?: boolean;
  /** The reason why a field does not show the sent value, if the answer has no text for it. */
  why?(field: FieldId, wanted: Value, entity: Entity): string | Promise<string>;
  /** The error for an entity that was written and has disappeared since. */
  gone?(id: EntityId): SyncError;
}

/** A create with its request. */
export interface Create<Request> {
  operation: Extract<WriteOperation, { kind: 'create' }>;
  request: Request;
}

export interface BulkCreates<Request, Shown> {
  /** maximum number in one request */
  most: number;
  /**
   * In order, each new entity's id, or the reason why there is none.
   * @throws SyncError if the request failed as a whole; `uncertain` if it may have been carried out
   */
  create(some: Create<Request>[]): Promise<(EntityId | SyncError)[]>;
  /** Called once, with all created entities. Must not throw. */
  created(all: (Create<Request> & { id: EntityId })[]): Promise<void>;
  /** Writes the remaining fields of a new entity. @throws SyncError `uncertain` if it exists but still lacks them */
  complete(id: EntityId, create: Create<Request>): Promise<Sent<Shown>>;
}

type Task<Request> = Prepared<Request> & { index: number; operation: WriteOperation };
/** @see BulkCreates */
type NewTask<Request> = Prepared<Request> & Create<Request> & { index: number };

interface Done<Shown> extends Sent<Shown> {
  index: number;
  expected: Fields;
}

/** @see Connection.write */
export async function writeEach<Request, Shown = Entity>(
  steps: WriteSteps<Request, Shown>,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const results = new Results(operations);
  const tasks: Task<Request>[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      tasks.push({ index, operation, ...(await steps.prepare(operation)) });
    } catch (thrown) {
      results.fail(index, thrown);
    }
  }
  const halt = new Halt();
  const { bulk } = steps;
  const creates = tasks.filter(
    (task): task is NewTask<Request> => bulk !== undefined && task.operation.kind === 'create',
  );
  const created = bulk ? await createInBulk(bulk, creates, halt, results) : new Map<number, EntityId>();
  const done: Done<Shown>[] = [];
  const finish = async (task: Task<Request>): Promise<Sent<Shown>> => {
    const { operation, request, index } = task;
    const id = created.get(index);
    if (bulk && id !== undefined && operation.kind === 'create') return bulk.complete(id, { operation, request });
    halt.check();
    try {
      return await steps.send(operation, request);
    } catch (thrown) {
      halt.learn(asSyncError(thrown));
      throw thrown;
    }
  };
  await inQueues(
    tasks.filter(({ index }) => !results.has(index)),
    ({ operation, index }) => (steps.queue ?? queueOf)(operation, index),
    steps.concurrency,
    async (task) => {
      const { index, expected, ignored } = task;
      try {
        const sent = await finish(task);
        done.push({ index, expected, ...sent, ignored: { ...ignored, ...sent.ignored } });
      } catch (thrown) {
        results.fail(index, thrown);
      }
    },
  );
  await conclude(steps, done, results);
  return results.all();
}

/** @returns ids by the operations' indices; an operation that was not created has its result */
async function createInBulk<Request, Shown>(
  bulk: BulkCreates<Request, Shown>,
  tasks: NewTask<Request>[],
  halt: Halt,
  results: Results,
): Promise<Map<number, EntityId>> {
  const created = new Map<number, EntityId>();
  for (const some of chunk(tasks, bulk.most)) {
    let answers: (EntityId | SyncError)[];
    try {
      halt.check();
      answers = await bulk.create(some);
    } catch (thrown) {
      const error = asSyncError(thrown);
      halt.learn(error);
      answers = some.map(() => wholeBatch(error, some.length));
    }
    for (const [place, { index }] of some.entries()) {
      const answer = answers[place];
      if (typeof answer === 'string') created.set(index, answer);
      else if (answer) results.fail(index, answer);
    }
  }
  const all = tasks.flatMap((task) => {
    const id = created.get(task.index);
    return id === undefined ? [] : [{ ...task, id }];
  });
  if (all.length > 0) await bulk.created(all);
  return created;
}

/** The entity after each write: from its answer, otherwise read back. */
async function shownOf<Shown>(
  steps: Pick<WriteSteps<never, Shown>, 'describe' | 'readBack'>,
  done: readonly Done<Shown>[],
): Promise<ReadResult[]> {
  const told = done.flatMap(({ shown }) => (shown === undefined ? [] : [shown]));
  const ids = [...new Set(done.flatMap(({ id, shown }) => (shown === undefined ? [id] : [])))];
  const orErrors = async (some: readonly unknown[], load: () => Promise<ReadResult[]>): Promise<ReadResult[]> =>
    some.length === 0 ? [] : load().catch((thrown: unknown) => some.map(() => asSyncError(thrown)));
  const described = await orErrors(told, () => steps.describe(told));
  const read = await orErrors(ids, () => steps.readBack(ids));
  return done.map(({ id, shown }) => (shown === undefined ? read[ids.indexOf(id)] : described[told.indexOf(shown)]));
}

async function conclude<Request, Shown>(
  steps: WriteSteps<Request, Shown>,
  done: readonly Done<Shown>[],
  results: Results,
): Promise<void> {
  const { product, thing = '', tolerance, anyText = false } = steps;
  const later = setAgain(done);
  const shown = await shownOf(steps, done);
  for (const [place, one] of done.entries()) {
    const { index, id, words, ignored = {}, exact = false } = one;
    const again = later.get(one) ?? new Set();
    const expected = Object.fromEntries(Object.entries(one.expected).filter(([field]) => !again.has(field)));
    const rules = { anyText, ...(tolerance && { tolerance }) };
    let entity = shown[place];
    if (entity && !(entity instanceof SyncError)) {
      const taking = { entity, ...rules };
      steps.keep?.(entity, exact);
      const isBehind = Object.entries(expected).some(([field, wanted]) => !isTaken(taking, field, wanted));
      if (steps.readAlone && isBehind) entity = await steps.readAlone(id).catch(asSyncError);
    }
    if (entity === undefined) results.fail(index, steps.gone?.(id) ?? unseen(product, thing, id));
    else if (entity instanceof SyncError) results.fail(index, unseen(product, thing, id, entity));
    else {
      const seen = entity;
      const why = (field: FieldId, wanted: Value) =>
        words ??
        steps.why?.(field, wanted, seen) ??
        `${product} did not accept the value and shows "${nameOf(seen.fields[field])}"`;
      results.set(index, await comparison({ entity: seen, expected, ignored, exact, why, ...rules }));
    }
  }
}

/** It was written, but the result is unknown. On retry it is searched and found. */
export function unseen(product: string, thing: string, id: EntityId, error?: SyncError): SyncError {
  const why = error ? error.message : `${product} does not show it to this account`;
  const words = `${thing}${id} was written, but could not be read back: ${why}`;
  return new SyncError(error?.kind ?? 'fatal', words, { ...error?.detail, uncertain: true });
}
