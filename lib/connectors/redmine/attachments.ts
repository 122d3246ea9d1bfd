/**
 * Attachments: the files of issues. A list of issues shows those of up to 100 of them; together with comments they come with the
 * one request that an issue needs anyway. Adding one moves the issue, removing or renaming one does not.
 */

import type { FileRules, OpenedFile } from '../../model/content';
import type { Entity, EntityId, Field } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FindQuery, FindResult, ReadResult } from '../connector';
import { ATTACHMENT, attachmentFields, fieldsOfFile } from '../kit/attachments';
import { ownerRef, partIds } from '../kit/comments';
import { isShown } from '../kit/compare';
import { Recent } from '../kit/recent';
import type { RedmineApi } from './api';
import type { Metadata } from './metadata';
import { hashOf } from './notes';
import type { People } from './people';
import type { IssueReader } from './reading';
import type { RawFile, RawIssue } from './shapes';

/**
 * `41#attachment-7@2026-11-30T09:38:22Z`: attachment 7 of issue 41. As with notes, the next attachment may get the number of the
 * newest one if that was deleted: only number and time together are always the same file.
 */
export const FILE_IDS = partIds('#attachment-', /^\d{1,18}$/, /^\d{1,18}@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** A file within its issue. */
export const identityOfFile = ({ id, createdOn }: Pick<RawFile, 'id' | 'createdOn'>): string => `${id}@${createdOn}`;

/** The number of the attachment. */
export const numberOfFile = (identity: string): string => identity.slice(0, identity.indexOf('@'));

/** For errors. */
export const fileName = (issue: EntityId, identity: string): string =>
  `Attachment ${numberOfFile(identity)} of issue ${issue}`;

/** Both names and descriptions. */
export const LONGEST = 255;

/** Characters that Redmine replaces in names, and those of a path, which it cuts off (`sanitize_filename`). */
const NOT_IN_NAMES = String.raw`[/\\?%*:|"'<>]+`;

/** Maximum number of files whose description is remembered. */
const REMEMBERED = 20_000;

export class AttachmentReader {
  private readonly known = new Recent<EntityId, RawFile>(REMEMBERED);

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly reader: IssueReader,
  ) {}

  /** @throws notFound if there is no such project */
  async fields(project: string): Promise<Field[]> {
    await this.metadata.project(project);
    return attachmentFields({ renames: true, description: LONGEST, name: LONGEST });
  }

  /** What is known without asking: Redmine's API tells neither the largest size nor which extensions are allowed. */
  rules(): FileRules {
    return { names: { without: NOT_IN_NAMES, maxLength: LONGEST } };
  }

  /** Of several issues. undefined: Redmine itself says that the issue is gone */
  async ofIssues(owners: EntityId[]): Promise<(Entity[] | SyncError | undefined)[]> {
    const { found, failed } = await this.reader.raw(owners, 'attachments');
    const results: (Entity[] | SyncError | undefined)[] = [];
    for (const owner of owners) {
      const issue = found.get(owner);
      results.push(issue ? await this.filesOf(issue) : failed.get(owner));
    }
    return results;
  }

  /** @param issue read with its attachments */
  async filesOf(issue: RawIssue): Promise<Entity[] | SyncError> {
    if (!issue.files) {
      return new SyncError('fatal', `Redmine shows issue ${issue.id} without its attachments`, { malformed: true });
    }
    const entities: Entity[] = [];
    for (const file of issue.files) entities.push(await this.entity(issue, file));
    return entities;
  }

  /** Attachments by their ids, in the given order. */
  async byId(ids: EntityId[]): Promise<ReadResult[]> {
    const owners = ids.map((id) => FILE_IDS.read(id)?.owner ?? '');
    const wanted = [...new Set(owners.filter((owner) => owner !== ''))];
    const found = await this.ofIssues(wanted);
    const byOwner = new Map(wanted.map((owner, index) => [owner, found[index]]));
    return ids.map((id, index) => {
      const files = byOwner.get(owners[index] ?? '');
      return Array.isArray(files) ? files.find((one) => one.id === id) : files;
    });
  }

  /** @see Connection.find: among the attachments of one issue. Attachments have no markers. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const [found] = await this.ofIssues([owner]);
    if (found === undefined) return [];
    if (found instanceof SyncError) return [found];
    let files = found;
    if (createdBySelfSince !== undefined) {
      const since = Math.floor(Date.parse(createdBySelfSince) / 1000) * 1000;
      if (Number.isNaN(since))
        throw new SyncError('invalid', `"${createdBySelfSince}" is not a point in time (ISO 8601)`);
      const { id } = await this.metadata.myself();
      files = files.filter(({ createdBy, createdAt }) => createdBy?.id === id && Date.parse(createdAt ?? '') >= since);
    }
    const isWanted = ({ fields }: Entity): boolean =>
      !field || field.values.some((value) => isShown(fields[field.id], value));
    return files.filter(isWanted).slice(0, limit);
  }

  /** @see Connection.open */
  async open(id: EntityId): Promise<OpenedFile> {
    const place = FILE_IDS.read(id);
    if (!place) throw new SyncError('notFound', `Redmine has no attachment "${id}"`);
    const number = numberOfFile(place.part);
    const known = this.known.get(id);
    try {
      return await this.api.openFile(number, known ?? (await this.described(id)));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.detail.status !== 404) throw error;
      // a page that says 404: it is gone, it was renamed, or Redmine has lost its content
      const now = await this.described(id);
      if (known && now.name !== known.name) return this.api.openFile(number, now);
      const words = `Redmine shows ${fileName(place.owner, place.part)}, but does not give it out: it may be missing on the server's disk`;
      throw new SyncError('transient', words, { status: 404 });
    }
  }

  /** @throws notFound – it is gone, or its number belongs to another file */
  async described(id: EntityId): Promise<RawFile> {
    const place = FILE_IDS.read(id);
    if (!place) throw new SyncError('notFound', `Redmine has no attachment "${id}"`);
    const file = await this.api.file(numberOfFile(place.part));
    if (identityOfFile(file) !== place.part)
      throw new SyncError('notFound', `${fileName(place.owner, place.part)} is no longer there`);
    this.known.set(id, file);
    return file;
  }

  async entity(issue: RawIssue, file: RawFile): Promise<Entity> {
    const createdBy = file.author && (await this.people.known(file.author));
    const id = FILE_IDS.of(issue.id, identityOfFile(file));
    this.known.set(id, file);
    const { name, size, mediaType, description, createdOn: createdAt } = file;
    return {
      ...{ id, key: `${issue.id}#attachment-${file.id}`, url: `${this.api.baseUrl}attachments/${file.id}` },
      ...{ type: ATTACHMENT, project: issue.project.id, owner: ownerRef(issue.id, issue.tracker.id) },
      version: hashOf([name, description]),
      ...{ createdAt, updatedAt: createdAt, ...(createdBy && { createdBy }) },
      fields: fieldsOfFile({ name, size, mediaType, description, createdBy, createdAt }),
    };
  }
}
