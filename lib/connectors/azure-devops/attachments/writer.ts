/**
 * Writes attachments: an upload has the id by which its relation to a work item is known (../../kit/uploads.ts). Relations are removed
 * and described by their places in the list of a single work item, so these updates are based on its revision.
 */

import type { FileContent, FileRules } from '../../../model/content';
import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FieldId } from '../../../model/values';
import type { WriteOperation, WriteResult } from '../../connector';
import { DESCRIPTION, NAME } from '../../kit/attachments';
import { SizeLimit } from '../../kit/size-limit';
import { type Attached, type FileTask, fileTask, type Upload, writeUploads } from '../../kit/uploads';
import { comparison, Halt, inQueues, unseen } from '../../kit/writes';
import { CONCURRENCY } from '../comments/reader';
import type { WorkItemReader } from '../reading';
import { idOf, type PatchOperation, type RawWorkItem } from '../shapes';
import { type AttachmentReader, LONGEST_COMMENT, LONGEST_NAME } from './reader';
import type { AttachmentRequests } from './requests';
import { ATTACHED, attachmentId, fileIn, pastedIn, uploadOf } from './shape';
import type { RelationUpdates } from './updates';

/** A file that the service has received, and nobody sees yet. */
interface Received {
  upload: string;
  relation: PatchOperation;
}

type Place = ReturnType<WorkItemReader['placeOf']>;

const WORDS = { product: 'Azure DevOps', item: 'work item' };

/** Of a picture that has no relation. */
const IN_TEXT =
  'is shown in a text of the work item and is no attachment of its own: only an edit of the text changes that';

export class AttachmentWriter {
  private readonly limit = new SizeLimit();

  constructor(
    private readonly baseUrl: string,
    private readonly requests: AttachmentRequests,
    private readonly updates: RelationUpdates,
    private readonly reader: AttachmentReader,
    private readonly items: WorkItemReader,
  ) {}

  /** @see Connection.fileRules */
  rules(): FileRules {
    const maxBytes = this.limit.bytes();
    return { ...this.reader.rules(), ...(maxBytes !== undefined && { maxBytes }) };
  }

  /** Operations on attachments alone. @see Connection.write */
  write(operations: WriteOperation[]): Promise<WriteResult[]> {
    return writeUploads<Received, Place, RawWorkItem>(
      {
        ...{ ...WORDS, concurrency: CONCURRENCY, why, prepare },
        missing: 'it may have been deleted at once',
        change: (task, id) => this.describe(task, id),
        upload: (task, content) => this.upload(task, content),
        before: (owner) => this.items.placeOf(owner),
        attach: (owner, files) =>
          this.updates.attach(
            owner,
            files.map(({ relation }) => relation),
          ),
        refused: (task, error) => this.updates.refused(task, error, 'attached'),
        attached: (owner, sent, before, answer) => this.attached(owner, sent, before, answer),
      },
      operations,
    );
  }

  private async upload(task: FileTask, content: FileContent): Promise<Received> {
    const { about, fields } = task;
    const { size } = content;
    const name = fields[NAME] ?? content.name;
    let upload: string;
    try {
      upload = await this.requests.upload({ name, size, open: () => content.open() });
    } catch (thrown) {
      throw this.notTaken(about, size, asSyncError(thrown));
    }
    this.reader.attached(upload, size);
    const url = `${this.baseUrl}_apis/wit/attachments/${upload}?fileName=${encodeURIComponent(name)}`;
    // without a comment, a file is shown with 0 bytes: https://github.com/MicrosoftDocs/azure-devops-docs/issues/2607
    const attributes = { comment: fields[DESCRIPTION] ?? '', name, resourceSize: size };
    const relation: PatchOperation = { op: 'add', path: '/relations/-', value: { rel: ATTACHED, url, attributes } };
    return { upload, relation };
  }

  /** Nothing is seen of an upload that failed, whatever the reason. */
  private notTaken(about: string, size: number, error: SyncError): SyncError {
    const detail = { ...error.detail, uncertain: false };
    if (error.detail.content) return error;
    const why = error.detail.answer ?? error.message;
    if (error.kind === 'invalid' || TOO_LARGE.test(why)) {
      this.limit.refused(size, why);
      return new SyncError('invalid', `${about} was not taken: ${why}`, { ...detail, fields: { size: why } });
    }
    return new SyncError(error.kind, error.message, detail);
  }

  /** By the answer to the last update, or by the work item as it is now. */
  private async attached(
    owner: EntityId,
    sent: readonly Upload<Received>[],
    before: Place,
    answer: RawWorkItem | undefined,
  ): Promise<Attached<Received> | SyncError | undefined> {
    const has = (item: RawWorkItem, { upload }: Received) => item.relations.some((one) => uploadOf(one) === upload);
    const isWhole = answer && sent.every((one) => !one.error && has(answer, one.file));
    const item = isWhole ? answer : await this.updates.now(owner);
    if (item === undefined || item instanceof SyncError) return item;
    // one revision, and it is ours
    const isStep = isWhole && before !== undefined && item.rev === before.rev + 1;
    const entity = isWhole ? await this.items.written(item) : await this.items.entity(item);
    const files = new Map((await this.reader.ofItem(item, entity)).map((one) => [one.id, one]));
    return {
      entity: async ({ upload }) => files.get(attachmentId(owner, upload)),
      step: isStep ? { before: before.version, after: entity.version } : undefined,
    };
  }

  private async describe(task: FileTask, id: EntityId): Promise<WriteResult> {
    const { fields, ignored, owner, about } = task;
    const { upload } = fileIn(id) ?? {};
    const comment = fields[DESCRIPTION];
    if (comment !== undefined)
      await this.updates.based(task, 'changed', (item) => {
        const { relations } = item;
        const index = relations.findIndex((one) => uploadOf(one) === upload);
        const relation = relations[index];
        if (!relation && pastedIn(item).has(upload ?? '')) throw new SyncError('forbidden', `${about} ${IN_TEXT}`);
        if (!relation) throw new SyncError('notFound', `${about} was not changed: it is no longer there`);
        if ((relation.comment ?? '') === comment) return [];
        const op = relation.comment === undefined ? 'add' : 'replace';
        return [{ op, path: `/relations/${index}/attributes/comment`, value: comment }];
      });
    const [entity] = await this.reader.read([id]);
    if (entity === undefined) throw new SyncError('notFound', `${about} was changed, and is gone since`);
    if (entity instanceof SyncError) throw unseen('Azure DevOps', 'The attachment of work item ', owner, entity);
    return comparison({ entity, expected: fields, ignored, exact: false, why });
  }

  /** @see Connection.remove: those of one work item in one update */
  async remove(ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    const results = new Map<EntityId, SyncError>();
    const ofItem = new Map<EntityId, EntityId[]>();
    for (const id of new Set(ids)) {
      const { item } = fileIn(id) ?? {};
      if (item === undefined) results.set(id, new SyncError('invalid', `"${id}" is no attachment`));
      else ofItem.set(item, [...(ofItem.get(item) ?? []), id]);
    }
    const halt = new Halt();
    await inQueues(
      [...ofItem],
      ([owner]) => owner,
      CONCURRENCY,
      async ([owner, own]) => {
        try {
          halt.check();
          for (const [id, error] of await this.removeAll(owner, own)) results.set(id, error);
        } catch (thrown) {
          const error = asSyncError(thrown);
          halt.learn(error);
          // with its work item
          if (error.kind !== 'notFound') for (const id of own) results.set(id, error);
        }
      },
    );
    return ids.map((id) => results.get(id));
  }

  /** @returns those that cannot be removed */
  private async removeAll(owner: EntityId, ids: EntityId[]): Promise<Map<EntityId, SyncError>> {
    const left = new Map<EntityId, SyncError>();
    const uploads = new Set(ids.map((id) => fileIn(id)?.upload));
    const about = ids.length === 1 ? `Attachment ${ids[0]}` : `${ids.length} attachments of work item ${owner}`;
    await this.updates.based({ owner, about }, 'deleted', (item) => {
      const pasted = pastedIn(item);
      left.clear();
      for (const id of ids) {
        const { upload = '' } = fileIn(id) ?? {};
        if (pasted.has(upload)) left.set(id, new SyncError('forbidden', `Attachment ${id} ${IN_TEXT}`));
      }
      // the last one first: each moves those behind it
      return item.relations
        .flatMap((one, index) => (uploads.has(uploadOf(one)) && uploadOf(one) !== undefined ? [index] : []))
        .reverse()
        .map((index) => ({ op: 'remove', path: `/relations/${index}` }));
    });
    return left;
  }
}

/** https://github.com/solidify/jira-azuredevops-migrator/pull/705 */
const TOO_LARGE = /\bTF237082\b|exceeds the supported file upload size/i;

const why = (field: FieldId): string =>
  field === NAME
    ? 'Azure DevOps has changed the name: it does not take some of its characters'
    : 'Azure DevOps does not show the description as it was sent';

function prepare(operation: WriteOperation, index: number): Promise<FileTask> {
  const isNew = operation.kind === 'create';
  const place = isNew ? undefined : fileIn(operation.id);
  const owner = idOf(isNew ? operation.owner : place?.item);
  return fileTask(operation, index, {
    ...{ ...WORDS, owner, canRename: false, longest: { name: LONGEST_NAME, description: LONGEST_COMMENT } },
    called: `Attachment ${place?.upload} of work item ${owner}`,
  });
}
