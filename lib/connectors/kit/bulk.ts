/**
 * Writing for systems that accept several operations in one request and answer each of them. Requests are filled up to
 * the limits of the system. An operation that failed because of a neighbour is sent again without it. If the URL for
 * several operations is refused and the one for single operations is not, each is sent alone for a while. If the
 * account is refused, or nobody answers, nothing more is sent. If a request fails as a whole, the engine finds out
 * which operation caused it (../whole-batch.ts).
 */

import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { WriteOperation, WriteResult } from '../connector';
import { wholeBatch } from '../whole-batch';
import { notSent, Results } from './writes';

/** After two tries, unclear operations are sent alone if there are no more than this. */
const MOST_ALONE = 4;
/** If the URL for several operations is refused and the one for single operations is not, it is tried again after
 * this time. */
const REFUSED_FOR_MS = 600_000;

export type Answer<Shown> =
  | { ok: true; shown: Shown }
  /** `own`: the failure is caused by this request itself, not by a neighbour */
  | { ok: false; error: SyncError; own: boolean };

export interface BulkSteps<Request, Shown> {
  /** maximum number of requests sent together */
  most: number;
  /** maximum number of JSON characters sent together */
  characters: number;
  /** One answer for each, in order. @throws SyncError if the request failed as a whole, or its URL is refused */
  together(requests: Request[]): Promise<Answer<Shown>[]>;
  /** @throws SyncError */
  alone(request: Request): Promise<Shown>;
}

/** @template Request `about`: "Issue 12" or "A new bug", for the start of an error */
export class Bulk<Request extends { about: string }, Shown> {
  private refusedUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly steps: BulkSteps<Request, Shown>) {}

  /**
   * Sends all, in order. Operations that failed in a batch without an error of their own are sent again without those
   * that caused the failure; a few are sent alone. If no cause is found, the engine looks for it.
   *
   * @returns an answer for each; nothing is thrown
   */
  async send(requests: Request[]): Promise<Answer<Shown>[]> {
    const answers = await this.once(requests);
    const unclear = () => [...answers.keys()].filter((at) => isUnclear(answers[at]));
    if (answers.some((answer) => !answer.ok && answer.own) && unclear().length > 1) {
      const again = unclear();
      const second = await this.once(again.flatMap((at) => requests[at] ?? []));
      for (const [index, at] of again.entries()) answers[at] = second[index] ?? unanswered();
    }
    const left = unclear();
    for (const at of left) {
      const [request, answer] = [requests[at], answers[at]];
      if (!request || !answer || answer.ok) continue;
      if (left.length <= MOST_ALONE) answers[at] = await this.single(request);
      else answers[at] = { ok: false, error: wholeBatch(answer.error, left.length), own: true };
    }
    return answers;
  }

  private async once(requests: Request[]): Promise<Answer<Shown>[]> {
    const answers: Answer<Shown>[] = [];
    for (const some of this.batches(requests)) {
      const mayBatch = some.length > 1 && performance.now() >= this.refusedUntil && !haltOf(answers);
      append(answers, mayBatch ? await this.together(some) : await this.oneByOne(some, haltOf(answers)));
    }
    return answers;
  }

  private async oneByOne(requests: Request[], reason?: SyncError): Promise<Answer<Shown>[]> {
    const answers: Answer<Shown>[] = [];
    for (const request of requests) {
      const halt = reason ?? haltOf(answers);
      answers.push(halt ? { ok: false, error: notSent(halt), own: true } : await this.single(request));
    }
    return answers;
  }

  /** One request alone: its error says more than that of a batch. */
  private async single(request: Request): Promise<Answer<Shown>> {
    try {
      return { ok: true, shown: await this.steps.alone(request) };
    } catch (thrown) {
      return { ok: false, error: notWritten(request, asSyncError(thrown)), own: true };
    }
  }

  private async together(requests: Request[]): Promise<Answer<Shown>[]> {
    try {
      const answers = await this.steps.together(requests);
      return requests.map((_, index) => answers[index] ?? unanswered());
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (isRefusal(error)) return this.without(requests, error);
      const failed = (request: Request) => wholeBatch(notWritten(request, error), requests.length);
      return requests.map((request) => ({ ok: false, error: failed(request), own: true }));
    }
  }

  /** The URL for several operations is refused: one operation is sent alone, and if that is not refused in the same
   * way, so are the others. */
  private async without(requests: Request[], refusal: SyncError): Promise<Answer<Shown>[]> {
    const [first, ...others] = requests;
    if (!first) return [];
    const tried = await this.single(first);
    const isSame =
      !tried.ok && tried.error.kind === refusal.kind && tried.error.detail.status === refusal.detail.status;
    const halt = isSame ? tried.error : haltOf([tried]);
    if (!halt) this.refusedUntil = performance.now() + REFUSED_FOR_MS;
    return [tried, ...(await this.oneByOne(others, halt))];
  }

  private *batches(requests: Request[]): Generator<Request[]> {
    const { most, characters } = this.steps;
    let batch: Request[] = [];
    let length = 0;
    for (const request of requests) {
      const size = JSON.stringify(request).length;
      if (batch.length > 0 && (batch.length >= most || length + size > characters)) {
        yield batch;
        [batch, length] = [[], 0];
      }
      batch.push(request);
      length += size;
    }
    if (batch.length > 0) yield batch;
  }
}

/** Operations on one entity follow each other, each in a round of its own; all others are sent together. @returns
 * their indices */
export function rounds(operations: readonly WriteOperation[]): number[][] {
  const result: number[][] = [];
  const turns = new Map<string, number>();
  for (const [index, operation] of operations.entries()) {
    const turn = operation.kind === 'update' ? (turns.get(operation.id) ?? 0) : 0;
    if (operation.kind === 'update') turns.set(operation.id, turn + 1);
    result[turn] = [...(result[turn] ?? []), index];
  }
  return result;
}

/**
 * Carries out operations in rounds.
 *
 * @param current the known state of the entities of a round
 * @param prepare the request for an operation, or its result if none is needed. @throws SyncError which becomes its
 * result
 * @param carryOut sets the results of the tasks
 * @see Connection.write
 */
export async function writeInRounds<Current, Task extends object>(
  operations: WriteOperation[],
  current: (operations: WriteOperation[]) => Promise<Current>,
  prepare: (operation: WriteOperation, known: Current, index: number) => Promise<Task | WriteResult>,
  carryOut: (tasks: Task[], results: Results) => Promise<void>,
): Promise<WriteResult[]> {
  const results = new Results(operations);
  for (const round of rounds(operations)) {
    const known = await current(round.flatMap((index) => operations[index] ?? []));
    const tasks: Task[] = [];
    for (const index of round) {
      const operation = operations[index];
      if (!operation) continue;
      try {
        const prepared = await prepare(operation, known, index);
        if ('ok' in prepared) results.set(index, prepared);
        else tasks.push(prepared);
      } catch (thrown) {
        results.fail(index, thrown);
      }
    }
    await carryOut(tasks, results);
  }
  return results.all();
}

const isUnclear = (answer: Answer<unknown> | undefined): boolean => answer !== undefined && !answer.ok && !answer.own;

function unanswered(): Answer<never> {
  const error = new SyncError('transient', 'The answer does not mention it, so it may have been written', {
    uncertain: true,
  });
  return { ok: false, error, own: true };
}

const notWritten = ({ about }: { about: string }, { kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, `${about} was not written: ${message}`, detail);

/** The URL is refused or unknown, whatever the request contains. */
const isRefusal = ({ kind, detail }: SyncError): boolean =>
  kind === 'auth' ||
  kind === 'forbidden' ||
  kind === 'notFound' ||
  (detail.status !== undefined && [404, 405, 410, 501].includes(detail.status));

/** The failure after which nothing more is sent: the account is refused, or nobody answers. A 5xx answer is not one. */
function haltOf(answers: readonly Answer<unknown>[]): SyncError | undefined {
  for (const answer of answers) {
    if (answer.ok) continue;
    const { kind, detail } = answer.error;
    const isSilent = kind === 'transient' && (detail.status === undefined || detail.status === 503);
    if (kind === 'auth' || kind === 'rateLimited' || isSilent) return answer.error;
  }
  return undefined;
}
