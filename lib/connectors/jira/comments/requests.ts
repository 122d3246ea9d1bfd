/**
 * The requests about comments. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/ and
 * https://developer.atlassian.com/server/jira/platform/rest/v10000/api-group-issue/
 */

import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import { append } from '../../../model/lists';
import type { HttpMethod, HttpRequest } from '../../http/client';
import { type InParts, readInPortions } from '../../kit/in-parts';
import { isJson, type Json, objectsOf, withoutNul } from '../../kit/json';
import { LONGEST_LIST } from '../../kit/paging';
import type { JiraApi } from '../api';
import { HIDES, idOf } from './shape';

/** Maximum number of comments in a page and, on Cloud, in a request by ids. */
const PAGE = 100;
const LISTED = 1_000;
/** How often a list that changes while it is read is started again. */
const MOST_TRIES = 5;

export class CommentRequests {
  constructor(readonly api: JiraApi) {}

  /**
   * All comments of an issue. Pages use offsets. Each page starts with the last comment of the previous one: if it does not, a
   * comment was deleted meanwhile, and reading starts again.
   *
   * @param withProperties Data Center shows them (https://github.com/pycontribs/jira/issues/1011), Cloud only for requests by ids
   * @throws notFound; transient if they keep changing, or if Jira counts more than it shows
   */
  async all(issue: EntityId, withProperties = false): Promise<Json[]> {
    const expand = withProperties && !this.api.isCloud ? 'properties' : undefined;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await this.pages(issue, expand);
      if (found) return found;
    }
    throw new SyncError('transient', `The comments of issue ${issue} kept changing while they were read`);
  }

  /** Undefined if a page does not continue the previous one. */
  private async pages(issue: EntityId, expand: string | undefined): Promise<Json[] | undefined> {
    const found: Json[] = [];
    for (;;) {
      const last = found.at(-1);
      const startAt = last ? found.length - 1 : 0;
      const query = { startAt, maxResults: PAGE, orderBy: 'created', expand };
      const { comments, total } = await this.api.object(pathOf(issue), query);
      const page = objectsOf(comments);
      if (!Array.isArray(comments) || typeof total !== 'number')
        throw new SyncError('fatal', `GET ${pathOf(issue)}: not a response of Jira's API. Check the URL`);
      if (last && (page[0] === undefined || idOf(page[0]) !== idOf(last))) return undefined;
      const fresh = last ? page.slice(1) : page;
      append(found, fresh);
      if (found.length >= total) return found;
      if (fresh.length === 0 || found.length > LONGEST_LIST) {
        const words = `Jira says that issue ${issue} has ${total} comments, and shows ${found.length}`;
        throw new SyncError('transient', `${words}: what is missing need not be deleted`);
      }
    }
  }

  /** Cloud: comments of any issues that Jira shows, by id. @param withProperties with their properties */
  byIds(ids: string[], withProperties = false): Promise<InParts<Json>> {
    return readInPortions(
      ids,
      LISTED,
      (some) => this.listed(some, withProperties ? 'properties' : undefined),
      () => this.api.get('myself'),
    );
  }

  /** An answer may contain fewer than requested. */
  private async listed(ids: readonly string[], expand: string | undefined): Promise<Json[]> {
    const found = new Map<string, Json>();
    for (;;) {
      const missing = ids.filter((id) => !found.has(id));
      if (missing.length === 0) break;
      const request = { query: { expand }, body: { ids: missing.map(Number) }, idempotent: true };
      const { body } = await this.api.request('POST', 'comment/list', request);
      if (!isJson(body) || !Array.isArray(body.values))
        throw new SyncError('fatal', "POST comment/list: not a response of Jira's API. Check the URL");
      const before = found.size;
      for (const json of objectsOf(body.values)) found.set(idOf(json), json);
      const isWhole = body.isLast !== false && !(typeof body.total === 'number' && body.total > body.values.length);
      if (isWhole || found.size === before) break;
    }
    return [...found.values()];
  }

  /** @throws notFound */
  one(issue: EntityId, comment: string): Promise<Json> {
    return this.api.object(pathOf(issue, comment));
  }

  /** The properties of a comment, if Jira does not show them with it. */
  async propertiesOf(comment: string, keys: readonly string[]): Promise<Json[]> {
    const found: Json[] = [];
    for (const key of keys) {
      try {
        found.push(await this.api.object(`comment/${comment}/properties/${encodeURIComponent(key)}`));
      } catch (thrown) {
        if (asSyncError(thrown).kind !== 'notFound') throw thrown;
      }
    }
    return found;
  }

  create(issue: EntityId, body: Json): Promise<Json> {
    return this.write('POST', pathOf(issue), { body });
  }

  /** Turns off mails to watchers, if set. Creates cannot do this. */
  edit(issue: EntityId, comment: string, body: Json): Promise<Json> {
    const isQuiet = this.api.isCloud && !this.api.site.notify;
    return this.write('PUT', pathOf(issue, comment), { query: isQuiet ? { notifyUsers: false } : {}, body });
  }

  async hide(comment: string, internal: boolean): Promise<void> {
    await this.api.request('PUT', `comment/${comment}/properties/${HIDES}`, {
      body: { internal },
      idempotent: true,
    });
  }

  async remove(issue: EntityId, comment: string): Promise<void> {
    await this.api.request('DELETE', pathOf(issue, comment), { idempotent: true });
  }

  private async write(method: HttpMethod, path: string, request: HttpRequest): Promise<Json> {
    const { body } = await this.api.request(method, path, { ...request, body: withoutNul(request.body) });
    if (isJson(body) && body.id !== undefined) return body;
    throw new SyncError('fatal', `${method} ${path}: Jira did not show the comment that it wrote`, { uncertain: true });
  }
}

const pathOf = (issue: EntityId, comment?: string): string =>
  `issue/${issue}/comment${comment === undefined ? '' : `/${comment}`}`;
