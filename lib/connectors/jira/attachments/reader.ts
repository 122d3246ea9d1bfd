/** Reads attachments. They come with their issue, a hundred issues in a request on Cloud. */

import chunk = require('lodash/chunk');

import type { FileRules, OpenedFile } from '../../../model/content';
import type { Entity, EntityId, Field } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FindQuery, FindResult, ReadResult, Scope } from '../../connector';
import { attachmentFields, NOT_ON_WINDOWS } from '../../kit/attachments';
import { isShown } from '../../kit/compare';
import type { Json } from '../../kit/json';
import { Recent } from '../../kit/recent';
import { pointInTime } from '../../kit/zone';
import { FETCH, type JiraApi } from '../api';
import type { CommentReader } from '../comments/reader';
import type { Metadata } from '../metadata';
import { type Owner, type Owners, PLACE } from '../owners';
import { userOf } from '../people';
import type { IssueReader } from '../reading';
import type { RawIssue } from '../shapes';
import { hiddenFiles } from './hidden';
import type { AttachmentRequests } from './requests';
import { attachmentId, entityOf, fileIn, filesIn, nameOfFile, type RawFile } from './shape';

const LONGEST_NAME = 255;
/** Maximum number of files whose description is remembered. */
const REMEMBERED = 20_000;

export class AttachmentReader {
  private readonly known = new Recent<EntityId, RawFile>(REMEMBERED);

  constructor(
    private readonly api: JiraApi,
    private readonly requests: AttachmentRequests,
    private readonly metadata: Metadata,
    private readonly owners: Owners,
    private readonly issues: IssueReader,
    private readonly comments: CommentReader,
  ) {}

  /** @throws notFound if there is no such project */
  async fields(project: string): Promise<Field[]> {
    await this.metadata.project(project);
    return attachmentFields({ renames: false, name: LONGEST_NAME, visibility: 'readOnly' });
  }

  /** @see Connection.fileRules */
  async rules(): Promise<FileRules> {
    const { enabled, maxBytes } = await this.requests.settings();
    return {
      names: { without: NOT_ON_WINDOWS, maxLength: LONGEST_NAME },
      ...(maxBytes !== undefined && { maxBytes }),
      ...(!enabled && { none: "attachments are switched off in Jira's settings" }),
    };
  }

  /**
   * @param issue read with the field `attachment`
   * @param comments all of its comments, asked for if it has attachments
   * @returns undefined if it does not show its attachments
   */
  async ofIssue({ fields }: RawIssue, owner: Owner, comments: () => Promise<Json[]>): Promise<Entity[] | undefined> {
    const files = filesIn(fields.attachment);
    if (!files || files.length === 0) return files && [];
    const site = await this.metadata.siteUrl();
    const hidden = hiddenFiles(files, await comments(), owner);
    return files.map((file) => this.entity(file, owner, { site, isHidden: hidden.has(file.id) }));
  }

  /** The attachment as an answer showed it: a new one, which belongs to no comment. */
  async shown(file: RawFile, owner: Owner): Promise<Entity> {
    return this.entity(file, owner, { site: await this.metadata.siteUrl(), isHidden: false });
  }

  /** @see Connection.read */
  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const wanted = [...new Set(ids.flatMap((id) => fileIn(id)?.issue ?? []))];
    const byIssue = await this.byIssue(wanted);
    const missing = wanted.filter((issue) => !byIssue.has(issue));
    // deleted, or not visible together with its project
    const fates = missing.length > 0 ? await this.issues.byId(missing, scope) : [];
    for (const [index, fate] of fates.entries()) if (fate instanceof SyncError) byIssue.set(missing[index] ?? '', fate);
    return ids.map((id) => {
      const files = byIssue.get(fileIn(id)?.issue ?? '');
      return Array.isArray(files) ? files.find((one) => one.id === id) : files;
    });
  }

  /** @see Connection.find: among the attachments of one issue. Attachments have no place for a marker. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const found = (await this.byIssue([owner])).get(owner);
    if (found === undefined) return [];
    if (found instanceof SyncError) throw found;
    const since = createdBySelfSince === undefined ? Number.NEGATIVE_INFINITY : pointInTime(createdBySelfSince);
    const self = createdBySelfSince === undefined ? undefined : userOf(await this.metadata.myself())?.id;
    const isWanted = ({ fields, createdBy, createdAt }: Entity): boolean =>
      (self === undefined || createdBy?.id === self) &&
      Date.parse(createdAt ?? '') >= since &&
      (!field || field.values.some((value) => isShown(fields[field.id], value)));
    return found.filter(isWanted).slice(0, limit);
  }

  /** @see Connection.open */
  async open(id: EntityId): Promise<OpenedFile> {
    const place = fileIn(id);
    if (!place) throw new SyncError('notFound', `Jira has no attachment "${id}"`);
    const { attachment } = place;
    try {
      return await this.requests.open(attachment, this.known.get(id) ?? (await this.described(id)));
    } catch (thrown) {
      const error = asSyncError(thrown);
      const { status } = error.detail;
      if (error.kind === 'auth') throw await this.notSignedIn(error, id);
      if (error.kind !== 'notFound' && status !== 404 && error.kind !== 'forbidden') throw error;
      // is it gone, or is it only not given out?
      await this.described(id);
      const words = `Jira shows ${nameOfFile(id)}, but does not give it out: an app may still check it, or its content is missing`;
      throw new SyncError('transient', `${words} (${error.message})`, { ...(status !== undefined && { status }) });
    }
  }

  /**
   * Data Center before 8.15 sends downloads with a personal access token to its sign-in page, and takes the token for all else
   * (https://github.com/sooperset/mcp-atlassian/issues/1634).
   */
  private async notSignedIn(error: SyncError, id: EntityId): Promise<SyncError> {
    // if the credentials themselves are refused, this request shows it
    await this.api.get('myself');
    const words = `Jira takes the credentials, and asks for another sign-in before it gives out ${nameOfFile(id)}`;
    const hint = this.api.isCloud ? '' : '. Old versions do so with a personal access token: sign in with a password';
    return new SyncError('transient', `${words}${hint} (${error.message})`, error.detail);
  }

  /** @throws notFound – it is gone */
  private async described(id: EntityId): Promise<RawFile> {
    const file = await this.requests.one(fileIn(id)?.attachment ?? '');
    this.known.set(id, file);
    return file;
  }

  /** The attachments of issues that Jira shows, by issue, or why they are not shown. */
  private async byIssue(wanted: EntityId[]): Promise<Map<EntityId, Entity[] | SyncError>> {
    const results = new Map<EntityId, Entity[] | SyncError>();
    for (const some of chunk(wanted, FETCH)) {
      const fields = [...PLACE, 'attachment', 'comment'];
      const { found, errors } = await this.api.issues(some, { fields, certain: true });
      for (const [id, error] of errors) results.set(id, error);
      for (const issue of found) {
        const owner = await this.owners.of(issue);
        const files = await this.ofIssue(issue, owner, () => this.comments.all(issue, owner));
        results.set(issue.id, files ?? notShown(issue.key));
      }
    }
    return results;
  }

  private entity(file: RawFile, owner: Owner, shown: { site: string; isHidden: boolean }): Entity {
    this.known.set(attachmentId(owner.id, file.id), file);
    return entityOf(file, owner, shown);
  }
}

const notShown = (key: string): SyncError =>
  new SyncError(
    'forbidden',
    `Jira does not show the attachments of ${key}: they are switched off in Jira's settings, or the field "Attachment" is hidden in its project`,
  );
