/**
 * The requests about attachments. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/ and
 * https://developer.atlassian.com/server/jira/platform/rest/v10000/api-group-attachment/
 */

import type { FileContent, OpenedFile } from '../../../model/content';
import type { EntityId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import { formWith } from '../../http/bodies';
import { numberOf } from '../../kit/json';
import type { JiraApi } from '../api';
import { fileOf, type RawFile } from './shape';

/** Jira's settings for attachments. */
export interface Settings {
  /** false: nobody can add any */
  enabled: boolean;
  /** bytes of one file */
  maxBytes?: number;
}

export class AttachmentRequests {
  constructor(private readonly api: JiraApi) {}

  /** @throws notFound */
  async one(id: string): Promise<RawFile> {
    return fileOf(await this.api.get(`attachment/${id}`));
  }

  /** The id of the file in the media store (Cloud), in lower case; undefined if Jira does not tell it. @throws SyncError */
  async mediaId(id: string): Promise<string | undefined> {
    const { headers } = await this.api.request('GET', `attachment/content/${id}`, { asksWhere: true });
    return /\/file\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?:\/|$)/i
      .exec((headers.location ?? '').split('?', 1)[0] ?? '')?.[1]
      ?.toLowerCase();
  }

  /**
   * Its address is made of its id, never taken from an answer. On Cloud, Jira gives out the bytes itself if it is asked not to
   * redirect. A redirect that comes nevertheless leads to a signed address on another host, and is followed without credentials.
   *
   * @throws SyncError as Transfer.download
   */
  open(id: string, { name, size, mediaType }: Pick<RawFile, 'name' | 'size' | 'mediaType'>): Promise<OpenedFile> {
    const expected = { name, size, ...(mediaType !== undefined && { mediaType }) };
    if (this.api.isCloud)
      return this.api.download(`attachment/content/${id}`, { ...expected, query: { redirect: false } });
    // in a URL these mean folders; Jira finds the file by its id
    const last = /^\.{1,2}$/.test(name) ? 'file' : encodeURIComponent(name);
    return this.api.download(`/secure/attachment/${id}/${last}`, expected);
  }

  /** Never repeated: an error may be `uncertain`. */
  async add(issue: EntityId, content: FileContent): Promise<RawFile> {
    const path = `issue/${issue}/attachments`;
    // without this header Jira blocks forms
    const headers = { 'X-Atlassian-Token': 'no-check' };
    const { body } = await this.api.upload('POST', path, formWith('file', content), { headers });
    const made: unknown = Array.isArray(body) ? body[0] : undefined;
    if (made !== undefined) return fileOf(made);
    const words = `POST ${path}: Jira took the file, and shows no attachment`;
    throw new SyncError('fatal', words, { uncertain: true });
  }

  /** @throws notFound – it is gone already, or not visible */
  async remove(id: string): Promise<void> {
    await this.api.request('DELETE', `attachment/${id}`, { idempotent: true });
  }

  async settings(): Promise<Settings> {
    const { enabled, uploadLimit } = await this.api.object('attachment/meta');
    const maxBytes = numberOf(uploadLimit);
    return { enabled: enabled !== false, ...(maxBytes !== undefined && maxBytes > 0 && { maxBytes }) };
  }
}
