/**
 * Writes comments (internal) and correspondence (public, mailed to the requestors): one request for each, in their order, whose
 * answer names the transaction; what was made is read back together. RT changes and deletes neither.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import { type Seen, TEXT, takesComment, takesVisibility, VISIBILITY } from '../kit/comments';
import { collectProblems, Problem } from '../kit/wanted';
import { comparison, Halt, inQueues, notSent, Results, refuseProblems, unseen } from '../kit/writes';
import type { Api } from './api';
import type { Comments } from './comments';
import { TICKET, type Tickets } from './tickets';

interface Task {
  index: number;
  owner: EntityId;
  project: string;
  seen: Seen;
  body: { Content: string; ContentType: 'text/html' | 'text/plain' };
  expected: Fields;
  ignored: Record<FieldId, string>;
}

const READ_ONLY = ['createdBy', 'createdAt'];

/** Why RT refuses a message. */
export class Refusals {
  constructor(private readonly tickets: Tickets) {}

  /** @param what was to be added, for the error */
  async explained(what: string, owner: EntityId, seen: Seen, error: SyncError): Promise<SyncError> {
    if (!['forbidden', 'notFound', 'invalid'].includes(error.kind)) return error;
    const [ticket] = await this.tickets.look([owner]);
    if (ticket === undefined)
      return new SyncError('notFound', `${what} was not written: RT shows this account no such ticket`);
    if (ticket instanceof SyncError) return ticket;
    const right = seen === 'public' ? 'ReplyToTicket' : 'CommentOnTicket';
    const words = `${what} was not written: ${error.message}. Check that the account has the right ${right} in the ticket's queue`;
    return new SyncError('forbidden', words, { ...error.detail, uncertain: false });
  }
}

/** Operations on comments alone. */
export async function writeComments(
  { api, comments, refusals, replies }: { api: Api; comments: Comments; refusals: Refusals; replies: boolean },
  concurrency: number,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const results = new Results(operations);
  const ofTicket = new Map<EntityId, Task[]>();
  for (const [index, operation] of operations.entries()) {
    try {
      const task = { index, ...(await prepared(operation, replies)) };
      ofTicket.set(task.owner, [...(ofTicket.get(task.owner) ?? []), task]);
    } catch (thrown) {
      results.fail(index, thrown);
    }
  }
  const halt = new Halt();

  async function send(tasks: Task[]): Promise<Map<string, Task>> {
    const made = new Map<string, Task>();
    let stopped: SyncError | undefined;
    for (const task of tasks) {
      try {
        if (stopped) throw notSent(stopped);
        halt.check();
        made.set(await api.say(task.owner, task.seen === 'public' ? 'correspond' : 'comment', task.body), task);
      } catch (thrown) {
        const error = asSyncError(thrown);
        halt.learn(error);
        // keeps the order
        if (error.kind === 'transient') stopped ??= error;
        const what = `A new ${task.seen === 'public' ? 'reply' : 'comment'} to ticket ${task.owner}`;
        results.fail(task.index, await refusals.explained(what, task.owner, task.seen, error));
      }
    }
    return made;
  }

  async function conclude(owner: EntityId, project: string, made: Map<string, Task>): Promise<void> {
    const shown = await comments
      .made({ id: owner, project, type: TICKET }, [...made.keys()])
      .catch((thrown: unknown) => asSyncError(thrown));
    for (const [id, { index, expected, ignored }] of made) {
      const entity = shown instanceof SyncError ? shown : shown.get(id);
      if (entity === undefined || entity instanceof SyncError)
        results.fail(index, unseen('Request Tracker', 'Transaction ', id, entity));
      else results.set(index, await comparison({ entity, expected, ignored, exact: true, why }));
    }
  }

  await inQueues(
    [...ofTicket],
    ([owner]) => owner,
    concurrency,
    async ([owner, tasks]) => {
      try {
        const made = await send(tasks);
        if (made.size > 0) await conclude(owner, tasks[0]?.project ?? '', made);
      } catch (thrown) {
        for (const { index } of tasks) if (!results.has(index)) results.fail(index, thrown);
      }
    },
  );
  return results.all();
}

/** @param replies what is public is mailed to the requestors; otherwise it is added as a comment, too */
async function prepared(operation: WriteOperation, replies: boolean): Promise<Omit<Task, 'index'>> {
  if (operation.kind === 'update') {
    const words = `${operation.id} was not changed: Request Tracker keeps comments and replies as they were written`;
    throw new SyncError('forbidden', words);
  }
  const { owner, project } = operation;
  if (owner === undefined || !/^[1-9]\d{0,15}$/.test(owner))
    throw new SyncError('invalid', 'A comment needs the ticket that gets it');
  const [expected, ignored]: [Fields, Record<FieldId, string>] = [{}, {}];
  let [Content, ContentType]: [string, Task['body']['ContentType']] = ['', 'text/plain'];
  // public messages are mailed to the requestors: nobody has asked for that
  let seen: Seen = 'internal';
  const problems = await collectProblems({ [TEXT]: null, ...operation.fields }, async (id, value) => {
    if (id === TEXT) {
      Content = takesComment(value);
      if (isHtml(value)) ContentType = 'text/html';
      expected[TEXT] = { format: isHtml(value) ? 'html' : 'text', content: Content };
    } else if (id === VISIBILITY) {
      const wanted = takesVisibility(value);
      if (wanted === 'public' && !replies) return;
      seen = wanted;
      expected[VISIBILITY] = { id: seen, name: seen };
    } else if (READ_ONLY.includes(id)) ignored[id] = 'It is set by RT and cannot be written';
    else throw new Problem(`A comment has no field "${id}"`);
  });
  refuseProblems(`A new comment to ticket ${owner}`, problems);
  return { owner, project, seen, body: { Content, ContentType }, expected, ignored };
}

const isHtml = (value: Value): boolean =>
  typeof value === 'object' && value !== null && 'format' in value && value.format === 'html';

const why = (field: FieldId): string => `RT did not take the ${field} as it was sent`;
