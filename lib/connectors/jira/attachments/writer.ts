/**
 * Adds and deletes attachments, one request for each; those of one issue one after the other. The answer is the new attachment.
 * Jira cannot rename them.
 */

import type { FileContent } from '../../../model/content';
import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FieldId, Fields, Value } from '../../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../../connector';
import { NAME, SET_BY_SYSTEM } from '../../kit/attachments';
import { VISIBILITY } from '../../kit/comments';
import { removeEach } from '../../kit/each-alone';
import { collectProblems, Problem, takesLine } from '../../kit/wanted';
import { type Prepared, queueOf, refuseProblems, type Sent, writeEach } from '../../kit/writes';
import type { JiraApi } from '../api';
import type { Pace } from '../comments/pace';
import type { Metadata } from '../metadata';
import type { Owner, Owners } from '../owners';
import { userOf } from '../people';
import type { IssueReader } from '../reading';
import type { AttachmentReader } from './reader';
import type { AttachmentRequests } from './requests';
import { explained, isTooLarge } from './rights';
import { attachmentId, fileIn, nameOfFile, type RawFile } from './shape';

interface Ready {
  owner: Owner;
  /** for errors */
  about: string;
  name: string;
}

interface Shown {
  file: RawFile;
  owner: Owner;
}

const LONGEST_NAME = 255;

export class AttachmentWriter {
  constructor(
    private readonly api: JiraApi,
    private readonly requests: AttachmentRequests,
    private readonly reader: AttachmentReader,
    private readonly metadata: Metadata,
    private readonly owners: Owners,
    private readonly issues: IssueReader,
    private readonly pace: Pace,
    private readonly concurrency: number,
  ) {}

  /** Operations on attachments alone. @see Connection.write */
  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const owners = await this.owners.all(operations.flatMap((operation) => issueOf(operation) ?? []));
    return writeEach<Ready, Shown>(
      {
        ...{ product: 'Jira', thing: 'Attachment ', concurrency: this.concurrency },
        queue: (operation, index) => issueOf(operation) ?? queueOf(operation, index),
        prepare: (operation) => this.prepare(scope, operation, owners),
        send: (operation, ready) =>
          operation.kind === 'create' && operation.content
            ? this.add(scope, operation.content, ready)
            : Promise.resolve({ id: operation.kind === 'update' ? operation.id : '' }),
        describe: (shown) => Promise.all(shown.map(({ file, owner }) => this.reader.shown(file, owner))),
        readBack: (ids) => this.reader.read(scope, ids),
        why: () => 'Jira has changed the name: it does not take some of its characters',
      },
      operations,
    );
  }

  private async prepare(
    scope: Scope,
    operation: WriteOperation,
    owners: ReadonlyMap<EntityId, Owner | SyncError>,
  ): Promise<Prepared<Ready>> {
    const isNew = operation.kind === 'create';
    const issue = issueOf(operation);
    const given = isNew ? (operation.fields[NAME] ?? operation.content?.name ?? null) : null;
    const about = isNew
      ? `The file "${typeof given === 'string' ? given : ''}" for issue ${issue ?? '?'}`
      : nameOfFile(operation.id);
    if (issue === undefined) throw new SyncError('invalid', `${about} was not written: it has no issue`);
    const owner = owners.get(issue) ?? (await this.issues.byId([issue], scope))[0];
    if (owner instanceof SyncError) throw owner;
    if (owner === undefined || 'version' in owner) throw noIssue(about, issue);
    const request: Ready = { owner, about, name: '' };
    const expected: Record<FieldId, Value> = {};
    const ignored: Record<FieldId, string> = {};
    const all: Fields = isNew ? { ...operation.fields, [NAME]: given } : operation.fields;
    const problems = await collectProblems(all, async (id, value) => {
      if (id === NAME && isNew) {
        request.name = takesLine('Name', value, LONGEST_NAME);
        expected[NAME] = request.name;
      } else if (id === NAME) ignored[NAME] = 'Jira cannot rename attachments';
      else if (id === VISIBILITY) ignored[VISIBILITY] = 'In Jira, a file is as visible as its issue';
      else if (SET_BY_SYSTEM.includes(id)) ignored[id] = 'It is set by Jira and cannot be written';
      else throw new Problem(`An attachment has no field "${id}"`);
    });
    if (isNew && !operation.content) problems.size = 'An attachment needs a file';
    refuseProblems(about, problems);
    return { request, expected, ignored };
  }

  private async add(scope: Scope, content: FileContent, { owner, about, name }: Ready): Promise<Sent<Shown>> {
    const { size, mediaType } = content;
    const named: FileContent = {
      ...{ name, size, open: () => content.open() },
      ...(mediaType !== undefined && { mediaType }),
    };
    let file: RawFile;
    try {
      file = await this.pace.run(owner.id, () => this.requests.add(owner.id, named));
    } catch (thrown) {
      throw await this.notAdded(scope, asSyncError(thrown), owner.id, { about, size });
    }
    if (file.size !== size) throw await this.withdrawn(about, file, size);
    return { id: attachmentId(owner.id, file.id), shown: { file, owner }, exact: true };
  }

  private async withdrawn(about: string, file: RawFile, size: number): Promise<SyncError> {
    const error = await this.requests.remove(file.id).catch(asSyncError);
    const then = error ? `could not be deleted again: ${error.message}` : 'was deleted again';
    const words = `${about} has arrived in Jira with ${file.size} bytes instead of ${size}, and ${then}. Something on the way changes files`;
    return new SyncError('transient', words, { uncertain: false });
  }

  private async notAdded(
    scope: Scope,
    error: SyncError,
    issue: EntityId,
    { about, size }: { about: string; size: number },
  ): Promise<SyncError> {
    const { kind, detail, message } = error;
    if (detail.content || detail.uncertain) return error;
    if (isTooLarge(error)) {
      const why = detail.answer ?? message;
      const words = `${about} was not attached: it has ${size} bytes, and that is too much, or the issue has too many attachments: ${why}`;
      return new SyncError('invalid', words, { ...detail, fields: { size: why } });
    }
    if (kind === 'notFound') {
      const [shown] = await this.issues.byId([issue], scope);
      if (shown instanceof SyncError) return shown;
      if (shown === undefined) return noIssue(about, issue);
    }
    return explained(this.api, this.requests, error, about, { verb: 'attached', issue, isOwn: true });
  }

  /** @see Connection.remove */
  async remove(scope: Scope, ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    return removeEach(
      ids,
      (id) => fileIn(id)?.issue,
      this.concurrency,
      (id) => this.removed(scope, id),
    );
  }

  private async removed(scope: Scope, id: EntityId): Promise<SyncError | undefined> {
    const place = fileIn(id);
    if (!place) return new SyncError('invalid', `${id} is not an attachment, so it was not deleted`);
    const { issue, attachment } = place;
    try {
      await this.pace.run(issue, () => this.requests.remove(attachment));
      return undefined;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound') {
        const isOwn = await this.isOwn(attachment).catch(() => false);
        return explained(this.api, this.requests, error, nameOfFile(id), { verb: 'deleted', issue, isOwn });
      }
    }
    // if Jira shows the issue, the attachment is already deleted
    const [shown] = await this.issues.byId([issue], scope);
    return shown instanceof SyncError ? shown : undefined;
  }

  private async isOwn(attachment: string): Promise<boolean> {
    const { author } = await this.requests.one(attachment);
    return author?.id !== undefined && author.id === userOf(await this.metadata.myself())?.id;
  }
}

const issueOf = (operation: WriteOperation): EntityId | undefined =>
  operation.kind === 'create' ? operation.owner : fileIn(operation.id)?.issue;

const noIssue = (about: string, issue: EntityId): SyncError =>
  new SyncError('notFound', `${about} was not attached: Jira shows this account no issue ${issue}`);
