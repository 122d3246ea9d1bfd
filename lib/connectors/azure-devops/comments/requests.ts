/**
 * Requests for comments, a preview (https://learn.microsoft.com/rest/api/azure/devops/wit/comments). Each names one work item and
 * its project.
 */

import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import { append } from '../../../model/lists';
import { numberOf } from '../../kit/json';
import { remembered } from '../../kit/metadata';
import { LONGEST_LIST } from '../../kit/paging';
import type { AzureDevOpsApi } from '../api';
import { isJson, type Json, listOf, textOf } from '../shapes';
import { isMarkdown, ownIdOf } from './shape';

/** Maximum number of comments in an answer. */
const PAGE = 200;
/** How often a list that changes while it is read is started again. */
const MOST_TRIES = 5;
const TEN_MINUTES = 600_000;

export interface Place {
  project: string;
  item: EntityId;
}

export class CommentRequests {
  constructor(private readonly api: AzureDevOpsApi) {}

  /** False for Azure DevOps Server before 2019 Update 1, which has no comments API. @param project any visible one */
  readonly isKnown = remembered(TEN_MINUTES, 20, async (project: string): Promise<boolean> => {
    try {
      // any answer about the work item shows that the API exists
      await this.api.json('GET', pathOf({ project, item: '1' }), { query: { $top: 1 }, preview: true });
      return true;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (isUnknown(error)) return false;
      // even an error about this work item shows that the API exists
      if (error.kind === 'auth' || error.kind === 'rateLimited' || error.detail.status === undefined) throw error;
      return true;
    }
  });

  /**
   * All comments of a work item, without deleted ones. Tokens may be plain offsets: if a comment is deleted between two pages, the
   * next page would skip one. Each change of a comment is a revision of its work item, so a list of several pages is read again if
   * the revision has changed.
   *
   * @param before the work item's revision before reading
   * @param revision returns the work item's current revision
   * @throws notFound; transient if it keeps changing
   */
  async all(place: Place, before: number, revision: () => Promise<number | undefined>): Promise<Json[]> {
    let last: number | undefined = before;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { found, pages, isSteady } = await this.pages(place);
      if (pages === 1) return found;
      const now = await revision();
      if (isSteady && now === last) return found;
      last = now;
    }
    throw new SyncError('transient', `The comments of work item ${place.item} kept changing while they were read`);
  }

  private async pages(place: Place): Promise<{ found: Json[]; pages: number; isSteady: boolean }> {
    const found = new Map<string, Json>();
    const totals = new Set<unknown>();
    const asked = new Set<string>();
    for (let continuationToken: string | undefined; ; ) {
      const query = { $top: PAGE, order: 'asc', continuationToken };
      const body = await this.api.json('GET', pathOf(place), { query, preview: true });
      if (!Array.isArray(body.comments)) throw this.api.rest.notTheApi(`GET ${pathOf(place)}`);
      for (const json of listOf(body, 'comments')) if (json.isDeleted !== true) found.set(ownIdOf(json), json);
      totals.add(numberOf(body.totalCount));
      const next = textOf(body.continuationToken);
      if (continuationToken !== undefined) asked.add(continuationToken);
      if (next === undefined) return { found: [...found.values()], pages: asked.size + 1, isSteady: totals.size === 1 };
      if (asked.has(next) || found.size > LONGEST_LIST) {
        const words = `Azure DevOps did not come to an end with the comments of work item ${place.item}`;
        throw new SyncError('transient', words);
      }
      continuationToken = next;
    }
  }

  /** The comments with these ids, including deleted ones, which are marked as deleted. */
  async some(place: Place, ids: readonly string[]): Promise<Json[]> {
    const found: Json[] = [];
    for (let at = 0; at < ids.length; at += PAGE) {
      const query = { ids: ids.slice(at, at + PAGE).join(','), includeDeleted: true };
      const body = await this.api.json('GET', pathOf(place), { query, preview: true });
      if (!Array.isArray(body.comments)) throw this.api.rest.notTheApi(`GET ${pathOf(place)}`);
      append(found, listOf(body, 'comments'));
    }
    return found;
  }

  /** @throws notFound if it was deleted or never existed */
  one(place: Place, comment: string): Promise<Json> {
    return this.api.json('GET', pathOf(place, comment), { preview: true });
  }

  async versions(place: Place, comment: string): Promise<Json[]> {
    const { body } = await this.api.send('GET', `${pathOf(place, comment)}/versions`, { preview: true });
    return Array.isArray(body) ? body.filter(isJson) : listOf(body);
  }

  create(place: Place, text: string, markdown: boolean): Promise<Json> {
    // servers without Markdown do not support the parameter either
    const query = markdown ? { format: 'markdown' as const } : {};
    return this.written('POST', pathOf(place), query, text);
  }

  /** @param before the previous comment: its format is kept if none is given */
  edit(place: Place, comment: string, text: string, markdown: boolean, before: Json): Promise<Json> {
    const query =
      markdown === isMarkdown(before) ? {} : { format: markdown ? ('markdown' as const) : ('html' as const) };
    return this.written('PATCH', pathOf(place, comment), query, text);
  }

  async remove(place: Place, comment: string): Promise<void> {
    await this.api.send('DELETE', pathOf(place, comment), { preview: true });
  }

  private async written(
    method: 'POST' | 'PATCH',
    path: string,
    query: { format?: 'html' | 'markdown' },
    text: string,
  ): Promise<Json> {
    const json = await this.api.json(method, path, { query, body: { text }, preview: true });
    if (json.id !== undefined || json.commentId !== undefined) return json;
    const words = `${method} ${path}: Azure DevOps did not show the comment that it wrote`;
    throw new SyncError('fatal', words, { uncertain: true });
  }
}

const pathOf = ({ project, item }: Place, comment?: string): string =>
  `${encodeURIComponent(project)}/_apis/wit/workItems/${item}/comments${comment === undefined ? '' : `/${comment}`}`;

/** There is no such resource, or it cannot be written. */
const isUnknown = ({ detail }: SyncError): boolean =>
  detail.status === 405 || /does not implement IController|is not registered on/.test(detail.answer ?? '');
