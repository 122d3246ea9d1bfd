/** Writes attachments: an upload gets the number of the attachment that it becomes. @see ../kit/uploads.ts */

import type { FileContent, FileRules } from '../../model/content';
import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId } from '../../model/values';
import type { Scope, Step, WriteOperation, WriteResult } from '../connector';
import { DESCRIPTION, NAME } from '../kit/attachments';
import { removeEach } from '../kit/each-alone';
import type { Json } from '../kit/json';
import { SizeLimit } from '../kit/size-limit';
import { type Attached, type FileTask, fileTask, type Upload, writeUploads } from '../kit/uploads';
import { comparison, unseen } from '../kit/writes';
import type { RedmineApi } from './api';
import { type AttachmentReader, FILE_IDS, fileName, LONGEST, numberOfFile } from './attachments';
import { type CommentReader, type Known, stateOf } from './comments';
import type { Metadata } from './metadata';
import type { Discussion } from './notes';

/** A file that Redmine has received, and nobody sees yet. */
interface Received {
  /** of the attachment that it becomes */
  number: string;
  upload: Json;
}

const WORDS = { product: 'Redmine', item: 'issue' };

export class AttachmentWriter {
  private readonly limit = new SizeLimit();

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly reader: AttachmentReader,
    /** reads the issue as a whole, and knows how it was before */
    private readonly issues: CommentReader,
    /** issues at the same time */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.fileRules */
  rules(): FileRules {
    const maxBytes = this.limit.bytes();
    return { ...this.reader.rules(), ...(maxBytes !== undefined && { maxBytes }) };
  }

  /** Operations on attachments alone. @see Connection.write */
  write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    return writeUploads<Received, Known | undefined, void>(
      {
        ...{ ...WORDS, concurrency: this.concurrency, why, prepare },
        missing: 'the account may not add attachments to this issue, or it was deleted at once',
        change: (task, id) => this.change(task, id),
        upload: (task, content) => this.upload(task, content),
        before: (owner) => this.issues.known(owner),
        attach: (owner, files) =>
          this.api.attach(
            owner,
            files.map(({ upload }) => upload),
          ),
        refused: (task, error) => this.refused(task, error),
        attached: (owner, sent, before) => this.attached(owner, sent, before),
      },
      operations,
    );
  }

  private async upload(task: FileTask, content: FileContent): Promise<Received> {
    const { about, fields } = task;
    const { size, mediaType } = content;
    const name = fields[NAME] ?? content.name;
    const typed = mediaType === undefined ? {} : { mediaType };
    let token: string;
    try {
      token = await this.api.upload({ name, size, ...typed, open: () => content.open() });
    } catch (thrown) {
      throw this.refusedFile(task, size, asSyncError(thrown));
    }
    const [number = '', digest = ''] = token.split('.', 2);
    // SHA-256, as Redmine has stored it
    if (content.digest !== undefined && digest.length === 64 && digest !== content.digest) {
      const words = `${about} has arrived in Redmine with other bytes than were sent: something on the way changes files`;
      throw new SyncError('transient', words, { uncertain: false });
    }
    const { [DESCRIPTION]: description } = fields;
    const upload = { token, filename: name, ...(description !== undefined && { description }) };
    return { number, upload: { ...upload, ...(mediaType !== undefined && { content_type: mediaType }) } };
  }

  /** Nothing is seen of an upload that failed, whatever the reason. */
  private refusedFile({ about }: FileTask, size: number, error: SyncError): SyncError {
    const detail = { ...error.detail, uncertain: false };
    if (error.detail.content) return error;
    if (error.kind === 'invalid') {
      const why = error.detail.answer ?? error.message;
      this.limit.refused(size, why);
      const where = error.detail.status === 413 ? '. The limit may be that of a proxy in front of Redmine' : '';
      return new SyncError('invalid', `${about} was not taken: ${why}${where}`, { ...detail, fields: { size: why } });
    }
    if (error.kind !== 'forbidden') return new SyncError(error.kind, error.message, detail);
    const words = `${about} was not uploaded: the account may not upload files. Its role needs the permission Add issues, Edit issues or Add notes`;
    return new SyncError('forbidden', `${words} (${error.message})`, detail);
  }

  /** Reads the issue back. */
  private async attached(
    owner: EntityId,
    sent: readonly Upload<Received>[],
    before: Known | undefined,
  ): Promise<Attached<Received> | SyncError | undefined> {
    const one = await this.readBack(owner);
    if (one === undefined || one instanceof SyncError) return one;
    const entity = async ({ number }: Received): Promise<Entity | undefined> => {
      const file = one.issue.files?.find(({ id }) => id === number);
      return file && this.reader.entity(one.issue, file);
    };
    const numbers = sent.map(({ file }) => file.number);
    return { entity, step: stepOf(before, one, numbers) };
  }

  private async readBack(owner: EntityId): Promise<Discussion | SyncError | undefined> {
    try {
      return (await this.issues.ofIssues([owner])).get(owner);
    } catch (thrown) {
      return asSyncError(thrown);
    }
  }

  private async change(task: FileTask, id: EntityId): Promise<WriteResult> {
    const { fields, ignored } = task;
    const number = numberOfFile(FILE_IDS.read(id)?.part ?? '');
    await this.reader.described(id);
    const { [NAME]: filename, [DESCRIPTION]: description } = fields;
    try {
      if (filename !== undefined || description !== undefined)
        await this.api.describeFile(number, {
          ...(filename !== undefined && { filename }),
          ...(description !== undefined && { description }),
        });
    } catch (thrown) {
      throw await this.refused(task, asSyncError(thrown));
    }
    const [entity] = await this.reader.byId([id]);
    if (entity === undefined) throw new SyncError('notFound', `${task.about} was changed, and is gone since`);
    if (entity instanceof SyncError) throw unseen('Redmine', '', task.about, entity);
    return comparison({ entity, expected: fields, ignored, exact: false, why });
  }

  /** @param error of the issue's update, or of the attachment's own */
  private async refused({ about, operation, owner }: FileTask, error: SyncError): Promise<SyncError> {
    const isNew = operation.kind === 'create';
    const verb = isNew ? 'added' : 'changed';
    if (error.kind === 'invalid' && isNew) {
      const words = `${about} was not added: Redmine does not take the issue as it is: ${error.message}`;
      return new SyncError('invalid', words, { ...error.detail, ofOwner: true });
    }
    if (error.kind === 'notFound') {
      const what = isNew ? `Redmine has no issue ${owner}` : 'it is not there, or not to be seen by this account';
      return new SyncError('notFound', `${about} was not ${verb}: ${what}`, error.detail);
    }
    if (error.kind !== 'forbidden') return error;
    const project = isNew ? operation.project : undefined;
    const words = `${about} was not ${verb}: ${await this.why(project)} (${error.message})`;
    return new SyncError('forbidden', words, { ...error.detail, uncertain: false });
  }

  private async why(project: string | undefined): Promise<string> {
    const info = project === undefined ? undefined : await this.metadata.project(project).catch(() => undefined);
    if (info?.closed) return `project ${info.name} is closed. Reopen it there, then retry`;
    const where = info ? ` in project ${info.name}` : '';
    return `Redmine refuses it. Check that the account's role has the permission Edit issues${where} and that the project is open`;
  }

  /** @see Connection.remove */
  async remove(ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    return removeEach(
      ids,
      (id) => FILE_IDS.read(id)?.owner,
      this.concurrency,
      (id) => this.removed(id),
    );
  }

  private async removed(id: EntityId): Promise<SyncError | undefined> {
    try {
      await this.removeOne(id);
      return undefined;
    } catch (thrown) {
      const error = asSyncError(thrown);
      // gone already
      return error.kind === 'notFound' ? undefined : error;
    }
  }

  private async removeOne(id: EntityId): Promise<void> {
    const place = FILE_IDS.read(id);
    if (!place) throw new SyncError('invalid', `"${id}" is no attachment`);
    // its number may belong to another file by now
    await this.reader.described(id);
    try {
      await this.api.removeFile(numberOfFile(place.part));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'forbidden') throw error;
      const words = `${fileName(place.owner, place.part)} was not deleted: ${await this.why(undefined)}`;
      throw new SyncError('forbidden', `${words} (${error.message})`, error.detail);
    }
  }
}

const why = (field: FieldId): string =>
  field === NAME
    ? 'Redmine has changed the name: it does not take some of its characters'
    : 'Redmine does not show the description as it was sent';

/** How these files alone have changed the version of their issue; undefined if something else has changed as well, or nothing was
 * known before. */
function stepOf(before: Known | undefined, shown: Discussion, numbers: readonly string[]): Step | undefined {
  const journals = numbers.map((number) => shown.added.get(number));
  const after = stateOf(shown);
  if (!before || before.content !== after.content) return undefined;
  const ours = new Set(journals.filter((journal) => journal !== undefined));
  const isAll = journals.every((journal) => journal !== undefined) && before.digest === shown.digest(ours);
  return isAll ? { before: before.version, after: after.version } : undefined;
}

function prepare(operation: WriteOperation, index: number): Promise<FileTask> {
  const isNew = operation.kind === 'create';
  const place = isNew ? undefined : FILE_IDS.read(operation.id);
  const owner = isNew ? operation.owner : place?.owner;
  return fileTask(operation, index, {
    ...{ ...WORDS, canRename: true, longest: { name: LONGEST, description: LONGEST } },
    owner: owner !== undefined && /^\d{1,18}$/.test(owner) ? owner : undefined,
    called: place ? fileName(place.owner, place.part) : '',
  });
}
