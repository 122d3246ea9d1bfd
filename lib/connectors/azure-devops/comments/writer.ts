/**
 * Writes comments with the comments API, one request for each. Its answer contains the comment's id, version and stored text.
 * The alternative, `System.History` in an update of the work item, writes several work items in one request. But its answer
 * need not name the comment, which would then need a search: as many requests, and less certainty.
 *
 * Each comment is a revision of its work item. The new revisions are read afterwards, two hundred work items in a request, so that
 * the next poll need not read the comments again.
 */

import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FieldId, RichText, Value } from '../../../model/values';
import type { Step, WriteOperation, WriteResult } from '../../connector';
import { takesComment } from '../../kit/comments';
import { removeEach } from '../../kit/each-alone';
import { Recent } from '../../kit/recent';
import { collectProblems, firstOf, Problem } from '../../kit/wanted';
import { type Prepared, queueOf, refuseProblems, type Sent, writeEach } from '../../kit/writes';
import { LONG_TEXT } from '../field-types';
import { noWorkItem, type WorkItemReader } from '../reading';
import { severalLines, toStoredMarkdown } from '../rules';
import { type Json, type RawWorkItem, textOf, userOf } from '../shapes';
import { CONCURRENCY, type CommentReader } from './reader';
import type { CommentRequests, Place } from './requests';
import { commentId, fieldsOfComments, type Owner, ownIdOf, placeIn } from './shape';

interface Ready {
  owner: Owner;
  /** undefined = nothing is to be written */
  text?: { stored: string; markdown: boolean };
}

interface Shown {
  json: Json;
  owner: Owner;
}

/** New revisions of this many work items are always read at once. */
const MANY = 10;
/** Fewer are read only when no comment was written for this time: in the middle of a discussion, one look by the next poll costs less. */
const DISCUSSION_MS = 10_000;
const MOST_ITEMS = 1_000;

type Verb = 'added' | 'changed' | 'deleted';

export class CommentWriter {
  /** when a comment was last written, ms of this process */
  private readonly last = new Recent<EntityId, number>(MOST_ITEMS);

  constructor(
    private readonly requests: CommentRequests,
    private readonly reader: CommentReader,
    private readonly items: WorkItemReader,
    /** the service supports Markdown */
    private readonly knowsMarkdown: boolean,
  ) {}

  /** @see Connection.write */
  async write(operations: WriteOperation[]): Promise<WriteResult[]> {
    const owners = [...new Set(operations.flatMap((operation) => itemOf(operation) ?? []))];
    const before = await this.placesOf(owners);
    const results = await writeEach<Ready, Shown>(
      {
        ...{ product: 'Azure DevOps', thing: 'Comment ', concurrency: CONCURRENCY, anyText: true },
        queue: (operation, index) => itemOf(operation) ?? queueOf(operation, index),
        prepare: (operation) => this.prepare(operation),
        send: (operation, ready) => (operation.kind === 'create' ? this.create(ready) : this.edit(operation.id, ready)),
        describe: async (shown) => shown.map(({ json, owner }) => this.reader.entity(json, owner)),
        readBack: (ids) => this.reader.read(ids),
      },
      operations,
    );
    return this.withSteps(operations, results, before);
  }

  /** @see Connection.remove */
  async remove(ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    return removeEach(
      ids,
      (id) => placeIn(id)?.item,
      CONCURRENCY,
      (id) => this.removed(id),
    );
  }

  private async removed(id: EntityId): Promise<SyncError | undefined> {
    const place = placeIn(id);
    if (!place) return new SyncError('invalid', `${id} is not a comment, so it was not deleted`);
    try {
      await this.within(place.item, (at) => this.requests.remove(at, place.comment));
      return undefined;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound') return this.explained(error, 'deleted', place.item, id);
    }
    // if the work item is shown, the comment is already deleted; else it was deleted with the work item
    const { failed } = await this.items.deliver([place.item]);
    return failed.get(place.item);
  }

  private async prepare(operation: WriteOperation): Promise<Prepared<Ready>> {
    const isNew = operation.kind === 'create';
    const about = isNew ? 'A new comment' : `Comment ${operation.id}`;
    const item = itemOf(operation);
    if (item === undefined) throw new SyncError('invalid', `${about} was not written: it has no work item`);
    const request: Ready = { owner: await this.reader.ownerOf(item) };
    const expected: Record<FieldId, Value> = {};
    const ignored: Record<FieldId, string> = {};
    const problems = await collectProblems(operation.fields, async (id, value) => {
      const field = fieldsOfComments('html').find((one) => one.id === id);
      if (!field) throw new Problem(`Comments have no field "${id}"`);
      if (id === 'text') {
        const text = this.textIn(value);
        request.text = { stored: storedOf(text), markdown: text.format === 'markdown' };
        expected.text = text;
      } else ignored[id] = `${field.name} is kept by Azure DevOps and cannot be written`;
    });
    if (isNew && !('text' in operation.fields)) problems.text = 'Text must not be empty';
    refuseProblems(about, problems);
    return { request, expected, ignored };
  }

  /** @throws Problem */
  private textIn(value: Value): RichText {
    const one = firstOf(value);
    const content = takesComment(one);
    const format = typeof one === 'object' && one !== null && 'content' in one ? one.format : 'text';
    if (format !== 'html' && format !== 'markdown')
      throw new Problem(`Text holds HTML or Markdown, not ${format}: convert it in the field mapper`);
    if (format === 'markdown' && !this.knowsMarkdown)
      throw new Problem('Text holds HTML: this server does not know Markdown in comments');
    const text: RichText = { format, content };
    const { length } = storedOf(text);
    if (length > LONG_TEXT) throw new Problem(`Text has ${length} characters, at most ${LONG_TEXT} are possible`);
    return text;
  }

  private async create({ owner, text }: Ready): Promise<Sent<Shown>> {
    const { stored = '', markdown = false } = text ?? {};
    try {
      return sentOf(await this.within(owner.id, (at) => this.requests.create(at, stored, markdown)), owner);
    } catch (thrown) {
      throw await this.explained(asSyncError(thrown), 'added', owner.id);
    }
  }

  private async edit(id: EntityId, { owner, text }: Ready): Promise<Sent<Shown>> {
    const { comment = '' } = placeIn(id) ?? {};
    if (!text) return { id };
    const { stored, markdown } = text;
    try {
      const before = await this.reader.lastSeen(id);
      const json = await this.within(owner.id, (at) => this.requests.edit(at, comment, stored, markdown, before));
      return sentOf(json, owner);
    } catch (thrown) {
      throw await this.explained(asSyncError(thrown), 'changed', owner.id, id);
    }
  }

  /** Uses the work item's current project: it may have been moved since the last read. */
  private async within<T>(item: EntityId, send: (place: Place) => Promise<T>): Promise<T> {
    const { project } = await this.reader.ownerOf(item);
    try {
      return await send({ project, item });
    } catch (thrown) {
      if (asSyncError(thrown).kind !== 'notFound') throw thrown;
      const found = (await this.items.deliver([item])).items.get(item);
      const now = found && (await this.items.entity(found)).project;
      if (now === undefined || now === project) throw thrown;
      return send({ project: now, item });
    }
  }

  private async explained(error: SyncError, verb: Verb, item: EntityId, id?: EntityId): Promise<SyncError> {
    if (error.kind === 'notFound') {
      const { items, failed } = await this.items.deliver([item]);
      if (items.has(item)) return error;
      return failed.get(item) ?? noWorkItem(item);
    }
    if (error.kind !== 'forbidden') return error;
    const isOwn = id === undefined || (await this.reader.isOwn(await this.reader.lastSeen(id)));
    const words =
      `The comment of work item ${item} was not ${verb}: it takes the permission "Edit work item comments in this node" on its ` +
      `area${isOwn ? '' : ', and Azure DevOps may let only those who wrote a comment change it'}. It says: `;
    return new SyncError('forbidden', `${words}${error.detail.answer ?? error.message}`, error.detail);
  }

  /** The work items' projects and last known revisions. */
  private async placesOf(items: EntityId[]): Promise<Map<EntityId, { rev: number; version: string }>> {
    const unknown = items.filter((id) => !this.items.placeOf(id));
    if (unknown.length > 0) {
      const found = await this.items.deliver(unknown);
      for (const item of found.items.values()) await this.items.described(item);
    }
    const places = new Map<EntityId, { rev: number; version: string }>();
    for (const id of items) {
      const place = this.items.placeOf(id);
      if (place) places.set(id, place);
    }
    return places;
  }

  /**
   * Finds the revision that each write made: one each, if there are as many as there were writes and the last is by the integration account.
   * Otherwise someone else edited, too, and the next poll reads the comments.
   */
  private async withSteps(
    operations: WriteOperation[],
    results: WriteResult[],
    before: ReadonlyMap<EntityId, { rev: number; version: string }>,
  ): Promise<WriteResult[]> {
    const written = new Map<EntityId, number[]>();
    const failed = new Set<EntityId>();
    for (const [index, operation] of operations.entries()) {
      const item = itemOf(operation);
      if (item === undefined) continue;
      const result = results[index];
      if (result?.ok) written.set(item, [...(written.get(item) ?? []), index]);
      else if (result && !result.ok && result.error.detail.uncertain) failed.add(item);
    }
    for (const id of failed) written.delete(id);
    const asked = [...written.keys()].filter((id) => written.size >= MANY || !this.isDiscussed(id));
    for (const id of written.keys()) this.last.set(id, performance.now());
    if (asked.length === 0) return results;
    const now = await this.after(asked);
    const moved = [...results];
    for (const [id, places] of written) {
      const [item, was] = [now.get(id), before.get(id)];
      if (!item || !was || item.rev !== was.rev + places.length || !(await this.isOurs(item))) continue;
      const { version } = await this.items.written(item);
      for (const [turn, index] of places.entries()) {
        const result = moved[index];
        const step: Step = {
          before: turn === 0 ? was.version : versionAt(version, was.rev + turn),
          after: versionAt(version, was.rev + turn + 1),
        };
        if (result?.ok) moved[index] = { ...result, owner: step };
      }
    }
    return moved;
  }

  private isDiscussed(id: EntityId): boolean {
    const last = this.last.get(id);
    return last !== undefined && performance.now() - last < DISCUSSION_MS;
  }

  /** An error here does not undo the writes. */
  private async after(items: EntityId[]): Promise<Map<EntityId, RawWorkItem>> {
    try {
      return await this.items.items(items);
    } catch {
      return new Map();
    }
  }

  private isOurs({ fields }: RawWorkItem): Promise<boolean> {
    return this.reader.isOwn({ createdBy: { id: userOf(fields['System.ChangedBy'])?.id } });
  }
}

/** The same version with another revision. @see WorkItemReader */
const versionAt = (version: string, rev: number): string => version.replace(/^\d+/, String(rev));

const itemOf = (operation: WriteOperation): EntityId | undefined =>
  operation.kind === 'create' ? operation.owner : placeIn(operation.id)?.item;

const storedOf = ({ format, content }: RichText): string =>
  severalLines(format === 'markdown' ? toStoredMarkdown(content) : content);

const sentOf = (json: Json, owner: Owner): Sent<Shown> => ({
  id: commentId(owner.id, textOf(json.id) ?? ownIdOf(json)),
  shown: { json, owner },
  exact: true,
});
