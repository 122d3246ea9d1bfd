/** Reads attachments. They come with their work items, two hundred in a request. */

import type { FileRules, OpenedFile } from '../../../model/content';
import type { Entity, EntityId, Field } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FindQuery, FindResult, ReadResult } from '../../connector';
import { attachmentFields, NOT_ON_WINDOWS } from '../../kit/attachments';
import { isShown } from '../../kit/compare';
import { remembered } from '../../kit/metadata';
import { Recent } from '../../kit/recent';
import { pointInTime } from '../../kit/zone';
import type { Owner } from '../comments/shape';
import type { WorkItemReader } from '../reading';
import type { RawWorkItem } from '../shapes';
import type { FileAuthors } from './authors';
import type { AttachmentRequests } from './requests';
import { attachmentId, entityOf, fileIn, filesIn, type RawFile } from './shape';

/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits */
export const LONGEST_COMMENT = 255;
export const LONGEST_NAME = 255;
/** The same page, of Services. A server has a setting of its own, which it does not tell. */
const MOST_OF_SERVICES = 60 * 1024 * 1024;
const MOST_PER_ITEM = 100;
/** Maximum number of files whose description or size is remembered. */
const REMEMBERED = 20_000;
const HOUR = 3_600_000;

const HOSTED = /(^|\.)(dev\.azure|visualstudio)\.com$/;

export class AttachmentReader {
  private readonly known = new Recent<EntityId, { name: string; size: number | undefined }>(REMEMBERED);
  /** sizes that relations do not tell, by the upload's id: bytes, null = not to be found */
  private readonly sizes = new Recent<string, number | null>(REMEMBERED);
  private readonly self: () => Promise<string | undefined>;

  constructor(
    private readonly baseUrl: string,
    private readonly requests: AttachmentRequests,
    private readonly authors: FileAuthors,
    private readonly items: WorkItemReader,
    whoWeAre: () => Promise<string | undefined>,
  ) {
    this.self = remembered(HOUR, 1, whoWeAre);
  }

  fields(): Field[] {
    return attachmentFields({ renames: false, description: LONGEST_COMMENT, name: LONGEST_NAME });
  }

  /** What is known without asking. */
  rules(): FileRules {
    return {
      names: { without: NOT_ON_WINDOWS, maxLength: LONGEST_NAME },
      maxPerEntity: MOST_PER_ITEM,
      ...(HOSTED.test(new URL(this.baseUrl).hostname) && { maxBytes: MOST_OF_SERVICES }),
    };
  }

  async ofItem(item: RawWorkItem, owner: Owner): Promise<Entity[]> {
    const files = filesIn(item);
    if (files.length === 0) return [];
    const authors = await this.authors.of(
      item,
      files.filter(({ isPasted }) => !isPasted),
    );
    const entities: Entity[] = [];
    for (const file of files) {
      const size = await this.sizeOf(file);
      const { id, key, type, project } = owner;
      const place = { id, key, type, project };
      this.known.set(attachmentId(id, file.upload), { name: file.name, size });
      entities.push(entityOf(file, place, { size, createdBy: authors.get(file.upload), baseUrl: this.baseUrl }));
    }
    return entities;
  }

  /** @see Connection.read */
  async read(ids: EntityId[]): Promise<ReadResult[]> {
    const { items, failed } = await this.items.deliver(new Set(ids.flatMap((id) => fileIn(id)?.item ?? [])));
    const byItem = new Map<EntityId, Entity[]>();
    for (const item of items.values()) byItem.set(item.id, await this.ofItem(item, await this.items.entity(item)));
    return ids.map((id) => {
      const { item = '' } = fileIn(id) ?? {};
      return byItem.get(item)?.find((one) => one.id === id) ?? failed.get(item);
    });
  }

  /** @see Connection.find: among the attachments of one work item. Attachments have no place for a marker. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const { items, failed } = await this.items.deliver([owner]);
    const error = failed.get(owner);
    if (error) throw error;
    const item = items.get(owner);
    if (!item) return [];
    const since = createdBySelfSince === undefined ? Number.NEGATIVE_INFINITY : pointInTime(createdBySelfSince);
    const self = createdBySelfSince === undefined ? undefined : await this.self();
    const isWanted = ({ fields, createdBy, createdAt }: Entity): boolean =>
      (self === undefined || createdBy?.id === self) &&
      Date.parse(createdAt ?? '') >= since &&
      (!field || field.values.some((value) => isShown(fields[field.id], value)));
    return (await this.ofItem(item, await this.items.entity(item))).filter(isWanted).slice(0, limit);
  }

  /** @see Connection.open. The bytes of an attachment that was removed are given out for a while, or for ever. */
  async open(id: EntityId): Promise<OpenedFile> {
    const place = fileIn(id);
    if (!place) throw new SyncError('notFound', `Azure DevOps has no attachment "${id}"`);
    const known = this.known.get(id) ?? (await this.described(id));
    try {
      return await this.requests.open(place.upload, known.name, known.size);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound') throw error;
      await this.described(id);
      const words = `Azure DevOps shows attachment ${known.name} of work item ${place.item}, but does not give it out`;
      throw new SyncError('transient', `${words}: ${error.message}`, { status: 404 });
    }
  }

  /** @throws notFound – it is gone */
  private async described(id: EntityId): Promise<{ name: string; size: number | undefined }> {
    const [found] = await this.read([id]);
    if (found instanceof SyncError) throw found;
    const known = this.known.get(id);
    if (found && known) return known;
    throw new SyncError('notFound', `Attachment ${id} is no longer there`);
  }

  /**
   * Clients that do not tell the size of what they attach get 0 shown
   * (https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/338). Then the download says it.
   */
  private async sizeOf({ upload, name, size }: RawFile): Promise<number | undefined> {
    if (size !== undefined && size > 0) return size;
    const known = this.sizes.get(upload);
    if (known !== undefined) return known ?? undefined;
    const told = await this.requests.sizeOf(upload, name);
    this.sizes.set(upload, told ?? null);
    return told;
  }

  /** A file that was attached with this size. */
  attached(upload: string, size: number): void {
    this.sizes.set(upload, size);
  }
}
