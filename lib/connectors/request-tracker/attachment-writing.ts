/**
 * Adds files: each is a message without a text, in its own request, whose answer names the transaction. RT answers 201 also if it
 * keeps only a part of the file, or nothing: a transaction that follows says so. RT renames and deletes no files.
 */

import type { FileContent, FileRules } from '../../model/content';
import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import { NAME, SET_BY_SYSTEM } from '../kit/attachments';
import { type Seen, takesVisibility, VISIBILITY } from '../kit/comments';
import { collectProblems, Problem, takesLine } from '../kit/wanted';
import { comparison, Halt, inQueues, notSent, Results, refuseProblems, unseen } from '../kit/writes';
import type { Api } from './api';
import { type Attachments, cutFiles, LONGEST_NAME } from './attachments';
import type { Refusals } from './comment-writing';
import { TICKET } from './tickets';

/**
 * Characters that RT does not keep in names: it cuts off what looks like a path, reads `=?` as encoded text, and gets quotes
 * encoded. It takes "0" for no name.
 */
const NOT_IN_NAMES = String.raw`["/\\]+|=\?|^0$`;

/** RT converts the text in files of these types to UTF-8, if it is not, and with that their bytes. */
const CONVERTED = /^(text\/(plain|html)|message\/)/i;

/** The setting may be changed. */
const KNOWN_MS = 3_600_000;

interface Task {
  index: number;
  owner: EntityId;
  project: string;
  /** for errors */
  about: string;
  seen: Seen;
  content: FileContent;
  expected: Fields;
  ignored: Record<FieldId, string>;
}

export class AttachmentWriter {
  /** bytes of the largest file that RT keeps, as learned from one that it did not */
  private limit: { bytes: number; at: number } | undefined;

  constructor(
    private readonly api: Api,
    private readonly attachments: Attachments,
    private readonly refusals: Refusals,
    /** public files are mailed to the requestors; otherwise they are added as comments, too */
    private readonly replies: boolean,
    /** tickets at the same time */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.fileRules. RT does not tell its setting. */
  rules(): FileRules {
    const known = this.limit && performance.now() - this.limit.at < KNOWN_MS ? this.limit : undefined;
    const names = { without: NOT_IN_NAMES, maxLength: LONGEST_NAME };
    return { takesEmpty: false, names, ...(known && { maxBytes: known.bytes }) };
  }

  /** Operations on attachments alone. @see Connection.write */
  async write(operations: WriteOperation[]): Promise<WriteResult[]> {
    const results = new Results(operations);
    const ofTicket = new Map<EntityId, Task[]>();
    for (const [index, operation] of operations.entries()) {
      try {
        const task = { index, ...(await prepared(operation, this.replies)) };
        ofTicket.set(task.owner, [...(ofTicket.get(task.owner) ?? []), task]);
      } catch (thrown) {
        results.fail(index, thrown);
      }
    }
    const halt = new Halt();
    await inQueues(
      [...ofTicket.values()],
      ([task]) => task?.owner ?? '',
      this.concurrency,
      async (tasks) => {
        let stopped: SyncError | undefined;
        for (const task of tasks) {
          try {
            if (stopped) throw notSent(stopped);
            halt.check();
            results.set(task.index, await this.add(task));
          } catch (thrown) {
            const error = asSyncError(thrown);
            if (!error.detail.content) {
              halt.learn(error);
              // keeps the order
              if (error.kind === 'transient') stopped ??= error;
            }
            results.fail(task.index, error);
          }
        }
      },
    );
    return results.all();
  }

  private async add(task: Task): Promise<WriteResult> {
    const { owner, project, about, content, expected, ignored } = task;
    const how = task.seen === 'public' ? 'correspond' : 'comment';
    let transaction: string;
    try {
      transaction = await this.api.attach(owner, how, content);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.detail.content) throw error;
      if (error.detail.status === 413) throw tooLarge(about, error);
      throw await this.refusals.explained(about, owner, task.seen, error);
    }
    const entity = await this.made({ id: owner, project, type: TICKET }, transaction, task).catch((thrown: unknown) => {
      const error = asSyncError(thrown);
      throw error.kind === 'invalid' ? error : unseen('Request Tracker', 'Transaction ', transaction, error);
    });
    if (!entity) throw unseen('Request Tracker', 'Transaction ', transaction);
    return comparison({ entity, expected, ignored, exact: true, why });
  }

  /** @throws SyncError invalid – RT has not kept all of it */
  private async made(
    ticket: { id: EntityId; project: string; type: string },
    transaction: string,
    { about, content }: Task,
  ): Promise<Entity | undefined> {
    const { said, cuts } = await this.attachments.just(ticket, transaction);
    const files = (await this.attachments.files([transaction])).get(transaction) ?? [];
    const one = said.find(({ id }) => id === transaction);
    const [file] = files;
    if (!one || !file) return undefined;
    const cut = cuts.find((each) => cutFiles(files, [each]).has(file));
    if (!cut && file.size === content.size) return this.attachments.entity(ticket, one, file);
    const limit = cut?.limit;
    if (limit !== undefined && limit < content.size) this.limit = { bytes: limit, at: performance.now() };
    const kept = limit === undefined ? `${file.size} of ${content.size} bytes` : `files of at most ${limit} bytes`;
    const fault = `RT keeps ${kept} ($MaxAttachmentSize in RT_SiteConfig.pm)`;
    const words = `${about} was not added: ${fault}. What RT has made of it is in transaction ${transaction}, and cannot be deleted there by Twinflow`;
    throw new SyncError('invalid', words, { fields: { size: fault }, uncertain: false });
  }
}

/** Of which nothing is there. */
function tooLarge(about: string, error: SyncError): SyncError {
  const why = error.detail.answer ?? error.message;
  const words = `${about} was not added: ${why}. The limit may be that of a proxy in front of RT`;
  return new SyncError('invalid', words, { ...error.detail, fields: { size: why }, uncertain: false });
}

async function prepared(operation: WriteOperation, replies: boolean): Promise<Omit<Task, 'index'>> {
  if (operation.kind === 'update') {
    const words = `${operation.id} was not changed: Request Tracker keeps files as they were attached, with their names`;
    throw new SyncError('forbidden', words);
  }
  const { owner, project, content, fields } = operation;
  if (owner === undefined || !/^[1-9]\d{0,15}$/.test(owner))
    throw new SyncError('invalid', 'An attachment needs the ticket that gets it');
  const given = fields[NAME] ?? content?.name ?? null;
  const about = `The file "${typeof given === 'string' ? given : ''}" for ticket ${owner}`;
  const [expected, ignored]: [Fields, Record<FieldId, string>] = [{}, {}];
  let name = '';
  // public messages are mailed to the requestors: nobody has asked for that
  let seen: Seen = 'internal';
  const problems = await collectProblems({ ...fields, [NAME]: given }, async (id, value) => {
    if (id === NAME) {
      name = takesLine('Name', value, LONGEST_NAME);
      expected[NAME] = name;
    } else if (id === VISIBILITY) {
      const wanted = takesVisibility(value);
      if (wanted === 'public' && !replies) return;
      seen = wanted;
      expected[VISIBILITY] = { id: seen, name: seen };
    } else if (SET_BY_SYSTEM.includes(id)) ignored[id] = 'It is set by RT and cannot be written';
    else throw new Problem(`An attachment has no field "${id}"`);
  });
  if (!content) problems.size = 'An attachment needs a file';
  else if (content.size === 0) problems.size = 'It is empty, and RT does not take empty files';
  refuseProblems(about, problems);
  if (!content) throw new SyncError('invalid', `${about} was not written: it has no content`);
  const mediaType = content.mediaType !== undefined && !CONVERTED.test(content.mediaType) && content.mediaType;
  const sent: FileContent = {
    ...{ name, size: content.size, open: () => content.open() },
    ...(mediaType && { mediaType }),
  };
  return { owner, project, about, seen, content: sent, expected, ignored };
}

const why = (field: FieldId): string =>
  field === NAME ? 'RT has changed the name: it does not take some of its characters' : `RT did not take the ${field}`;
