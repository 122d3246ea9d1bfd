/**
 * Jira's REST API: only the calls that the connector makes, version 3 on Cloud and version 2 on Data Center, and their
 * differences. The HTTP client is its only state.
 */

import type { OpenedFile } from '../../model/content';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type {
  DownloadRequest,
  HttpMethod,
  HttpOptions,
  HttpRequest,
  HttpResponse,
  UploadBody,
  UploadRequest,
} from '../http/client';
import { readInParts } from '../kit/in-parts';
import { isJson, type Json, listOf, objectsOf, textOf, withoutNul } from '../kit/json';
import { type Delivered, type RowPage, repeatedToken } from '../kit/overlap/index-feed';
import { LONGEST_LIST } from '../kit/paging';
import { type Query, Rest, serverTime } from '../kit/rest';
import type { Site } from './config';
import { ERRORS, refuseStranger } from './failures';
import { issueOf, type RawIssue } from './shapes';

/** Maximum number of issues in one bulk fetch (Cloud), and in one search by id (Data Center). */
export const FETCH = 100;
/**
 * All issue properties that become fields here. Data that an issue accumulates over the years (comments, worklogs,
 * files) can be larger than everything else, and is not read
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/: "-" excludes a field).
 */
const WANTED = ['*all', '-comment', '-worklog', '-attachment', '-subtasks'];
/** Page size of metadata lists; some reject more. */
const PAGE = 100;
/** Maximum number of consecutive empty pages with a token for another one. */
const MOST_EMPTY = 100;
/** Maximum number of issues in one bulk create. */
export const CREATE = 50;

export interface SearchRequest {
  jql: string;
  fields: string[];
  /** number of issues; Jira may return fewer */
  size: number;
  /** the end of the previous page */
  token?: string;
  /** ids of issues that the index has to show as they are now, fifty at most; Cloud only */
  reconcile?: readonly string[];
}

export type SearchPage = Omit<RowPage, 'rows'> & { issues: RawIssue[] };

export interface FetchRequest {
  fields?: string[];
  /** entity properties */
  properties?: string[];
}

export interface BulkRequest extends FetchRequest {
  /** with the newest entry of each changelog; Cloud only */
  changelog?: boolean;
  /** issues missing from an answer for several are requested alone */
  certain?: boolean;
}

export class JiraApi {
  readonly isCloud: boolean;
  private readonly rest: Rest;
  private readonly root: string;
  /** projects whose watchers are mailed in any case: the account has no permission to prevent it */
  private readonly loud = new Set<string>();

  constructor(
    readonly site: Site,
    options: HttpOptions | undefined,
  ) {
    const { deployment, baseUrl, credentials } = site;
    this.isCloud = deployment === 'cloud';
    this.root = `rest/api/${this.isCloud ? 3 : 2}/`;
    this.rest = new Rest({
      ...{ baseUrl, credentials, options, errors: ERRORS, inspect: refuseStranger },
      product: this.isCloud ? 'Jira Cloud' : 'Jira',
      // Data Center refuses writes with a session cookie from another site, unless told not to check
      headers: this.isCloud ? {} : { 'X-Atlassian-Token': 'no-check' },
    });
  }

  /** @param path below /rest/api/3/ or /rest/api/2/, or from the root if it starts with a slash */
  async get(path: string, query?: Query): Promise<unknown> {
    return (await this.request('GET', path, { query })).body;
  }

  /** The same for an answer that has to be an object. */
  async object(path: string, query?: Query): Promise<Json> {
    return this.rest.object(`GET ${path}`, await this.get(path, query));
  }

  /** All pages of a list with startAt, under the first of the properties that the answer has. */
  all(path: string, properties: string[], query: Query = {}, most = LONGEST_LIST): Promise<Json[]> {
    const paging = {
      query: (startAt: number) => ({ startAt, maxResults: PAGE }),
      items: (body: unknown) =>
        objectsOf(isJson(body) ? properties.map((name) => body[name]).find(Array.isArray) : body),
      more: ({ isLast, total }: Json, end: number) =>
        isLast !== true && (typeof total === 'number' ? end < total : isLast === false),
      key: (entry: Json) => JSON.stringify(entry.id ?? entry.accountId ?? entry.key ?? entry),
    };
    return this.rest.all(this.full(path), paging, query, most);
  }

  /**
   * All pages of a list of Jira Software's API. A token may lack the scopes for it and have all others. Then the
   * gateway answers 401, which says nothing about the credentials
   * (https://github.com/mikebowler/jirametrics/issues/74).
   *
   * @param path below /rest/agile/1.0/
   * @throws forbidden if the token cannot use it
   */
  async agile(path: string, query: Query, most: number): Promise<Json[]> {
    try {
      return await this.all(`/rest/agile/1.0/${path}`, ['values'], query, most);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'auth' && error.detail.status !== 401) throw error;
      // if the credentials themselves are refused, this request shows it
      await this.get('myself');
      const words =
        "Jira Software's API refuses this token: for sprints it needs the scopes read:board-scope:jira-software, " +
        'read:sprint:jira-software and read:project:jira';
      throw new SyncError('forbidden', `${words} (${error.message})`, error.detail);
    }
  }

  /**
   * The next page of issues that has some, or the last. Cloud: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ – its
   * index lags behind writes. Data Center: https://developer.atlassian.com/server/jira/platform/rest/v10000/api-group-search/
   */
  async search(request: SearchRequest): Promise<SearchPage> {
    const asked = new Set<string>();
    for (let { token } = request; ; ) {
      const page = await this.searchOnce({ ...request, token });
      if (token !== undefined) asked.add(token);
      if (page.next === undefined) return page;
      if (asked.has(page.next) || asked.size > MOST_EMPTY) throw repeatedToken('Jira');
      // a page may be empty although others follow
      if (page.issues.length > 0) return page;
      token = page.next;
    }
  }

  private async searchOnce({ jql, fields, size, token, reconcile }: SearchRequest): Promise<SearchPage> {
    const request = this.isCloud
      ? {
          ...{ jql, fields, maxResults: size },
          ...(token !== undefined && { nextPageToken: token }),
          ...(reconcile && { reconcileIssues: reconcile.map(Number) }),
        }
      : { jql, fields, maxResults: size, startAt: Number(token ?? 0) };
    const path = this.isCloud ? 'search/jql' : 'search';
    const { body, headers } = await this.request('POST', path, { body: request, idempotent: true });
    if (!isJson(body) || !Array.isArray(body.issues)) throw this.rest.notTheApi(`POST ${path}`);
    const issues = body.issues.map(issueOf);
    const serverNow = serverTime(headers);
    const next = this.isCloud ? textOf(body.nextPageToken) : nextStart(body, issues.length);
    const ended = this.isCloud && body.isLast === true;
    return {
      issues,
      ...(next !== undefined && !ended && { next }),
      ...(serverNow !== undefined && { serverNow }),
    };
  }

  /** How many issues a query finds; Cloud does not count exactly. */
  async count(jql: string): Promise<{ count: number; about?: true }> {
    const path = this.isCloud ? 'search/approximate-count' : 'search';
    const request = this.isCloud ? { jql } : { jql, fields: ['updated'], maxResults: 1 };
    const { body } = await this.request('POST', path, { body: request, idempotent: true });
    const { count, total } = this.rest.object(`POST ${path}`, body);
    return { count: Number(count ?? total ?? 0), ...(this.isCloud && { about: true }) };
  }

  /**
   * Issues by id or key, at most FETCH, in no order. On Cloud from the database
   * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/); on Data Center a single one is, several
   * come from the index of the node that answers.
   *
   * @returns the issues that were delivered; by the requested id or key, those that Jira could not deliver now. Ids in
   * neither are gone or not visible: if `certain`, Jira has said so about each of them alone
   */
  async issues(ids: string[], request: BulkRequest = {}): Promise<Delivered<RawIssue>> {
    const errors = new Map<string, SyncError>();
    const { found, failed } = await readInParts(
      ids,
      (some) => (this.isCloud ? this.bulk(some, request, errors) : this.searched(some, request)),
      () => this.get('myself'),
    );
    const brought = new Set(found.flatMap(({ id, key }) => [id, key]));
    const missing = request.certain ? ids.filter((id) => !brought.has(id) && !errors.has(id) && !failed.has(id)) : [];
    for (const id of missing) {
      try {
        found.push(await this.issue(id, request));
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind === 'notFound') continue;
        if (error.kind !== 'forbidden' && !error.detail.tooLarge && !error.detail.malformed) throw error;
        errors.set(id, error);
      }
    }
    for (const [id, error] of failed) {
      // reading an issue without its changelog is better than not reading it
      const lean = request.changelog && error.detail.tooLarge;
      const again = lean ? await this.issues([id], { ...request, changelog: false }) : undefined;
      append(found, again?.found ?? []);
      if (!again) errors.set(id, error);
      for (const [still, why] of again?.errors ?? []) errors.set(still, why);
    }
    return { found, errors };
  }

  /** By a search of Data Center. */
  private async searched(ids: readonly string[], { fields = WANTED }: BulkRequest): Promise<RawIssue[]> {
    const [id = ''] = ids;
    if (ids.length === 1) return this.optional(() => this.issue(id, { fields }));
    const search = {
      jql: `id in (${ids.join(', ')})`,
      fields,
      startAt: 0,
      maxResults: ids.length,
      // otherwise a single missing id is an error
      validateQuery: false,
    };
    const { body } = await this.request('POST', 'search', { body: search, idempotent: true });
    const found = objectsOf(this.rest.object('POST search', body).issues).map(issueOf);
    // an issue missing from the index may be too new for it
    const missing = ids.filter((one) => !found.some((issue) => issue.id === one));
    for (const one of missing) append(found, await this.optional(() => this.issue(one, { fields })));
    return found;
  }

  /**
   * Cloud's bulk fetch. With `changelog` it sends the newest changes of each issue, 40 at most
   * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post).
   * "When Jira can't return an issue due to a retriable error or payload constraint, we'll return the respective issue ID
   * with a corresponding error message"; one that is not there, or out of sight, is in neither list.
   */
  private async bulk(
    ids: readonly string[],
    { fields = WANTED, properties, changelog = false }: BulkRequest,
    errors: Map<string, SyncError>,
  ): Promise<RawIssue[]> {
    const request = {
      ...{ issueIdsOrKeys: ids, fields },
      ...(properties && { properties }),
      ...(changelog && { expand: ['changelog'] }),
    };
    const { body } = await this.request('POST', 'issue/bulkfetch', { body: request, idempotent: true });
    if (!isJson(body) || !Array.isArray(body.issues)) throw this.rest.notTheApi('POST issue/bulkfetch');
    for (const { id, errorMessage } of objectsOf(body.issueErrors)) {
      const about = textOf(id);
      if (about === undefined) continue;
      const answer = textOf(errorMessage) ?? 'no reason given';
      errors.set(about, new SyncError('transient', `Jira could not show issue ${about} now: ${answer}`, { answer }));
    }
    return objectsOf(body.issues).map(issueOf);
  }

  /** @throws notFound */
  async issue(
    id: string,
    { fields = WANTED, properties, expand }: FetchRequest & { expand?: string } = {},
  ): Promise<RawIssue & { json: Json }> {
    const query = { fields: fields.join(','), properties: properties?.join(','), expand };
    const json = await this.object(`issue/${encodeURIComponent(id)}`, query);
    return { ...issueOf(json), json };
  }

  /** Creates at most CREATE issues. Never repeated: an error may be `uncertain`. */
  async create(issueUpdates: Json[]): Promise<Json> {
    const { body } = await this.request('POST', 'issue/bulk', { body: withoutNul({ issueUpdates }) });
    return this.rest.object('POST issue/bulk', body);
  }

  /**
   * Changes fields, all or none. On Cloud the issue is returned as exactly this update left it. Suppressing mails
   * requires an administrator's permission: without it, Cloud sends mails nevertheless, and Data Center rejects the
   * whole update (https://jira.atlassian.com/browse/JRASERVER-67013), which is then sent again.
   *
   * @param project id of the issue's project
   */
  async update(id: string, project: string, changes: Json): Promise<RawIssue | undefined> {
    const quiet = !this.site.notify && !this.loud.has(project);
    try {
      return await this.put(id, changes, quiet);
    } catch (thrown) {
      if (!quiet || this.isCloud || asSyncError(thrown).kind !== 'forbidden') throw thrown;
      const issue = await this.put(id, changes, false);
      this.loud.add(project);
      return issue;
    }
  }

  private async put(id: string, changes: Json, quiet: boolean): Promise<RawIssue | undefined> {
    const query = { notifyUsers: quiet ? false : undefined, returnIssue: this.isCloud ? true : undefined };
    const { body } = await this.request('PUT', `issue/${encodeURIComponent(id)}`, { query, body: withoutNul(changes) });
    return isJson(body) && isJson(body.fields) && 'updated' in body.fields ? issueOf(body) : undefined;
  }

  async transitions(id: string): Promise<Json[]> {
    const query = { expand: 'transitions.fields' };
    return listOf(await this.get(`issue/${encodeURIComponent(id)}/transitions`, query), 'transitions');
  }

  async transition(id: string, request: Json): Promise<void> {
    await this.request('POST', `issue/${encodeURIComponent(id)}/transitions`, { body: withoutNul(request) });
  }

  /**
   * Links the issue to another system; an existing link with the same global id is changed.
   * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-remote-links/
   */
  async link(id: string, globalId: string, object: { url: string; title: string }): Promise<void> {
    const body = { globalId, object };
    await this.request('POST', `issue/${encodeURIComponent(id)}/remotelink`, { body, idempotent: true });
  }

  /** Types of links between issues; none where an administrator has switched issue linking off. */
  async linkTypes(): Promise<Json[]> {
    try {
      return listOf(await this.get('issueLinkType'), 'issueLinkTypes');
    } catch (thrown) {
      const { kind } = asSyncError(thrown);
      if (kind === 'notFound' || kind === 'forbidden') return [];
      throw thrown;
    }
  }

  /** Links two issues; a link that is there already is answered like a new one. @param from shows the outward words */
  async relate(type: string, from: string, to: string): Promise<void> {
    const body = { type: { id: type }, inwardIssue: { id: from }, outwardIssue: { id: to } };
    await this.linking(() => this.request('POST', 'issueLink', { body, idempotent: true }));
  }

  async unrelate(link: string): Promise<void> {
    await this.linking(() => this.request('DELETE', `issueLink/${encodeURIComponent(link)}`, { idempotent: true }));
  }

  /** Data Center answers 401 to an account that may not link issues, which says nothing about the credentials. */
  private async linking(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'auth' || !/link/i.test(error.detail.answer ?? '')) throw thrown;
      // if the credentials themselves are refused, this request shows it
      await this.get('myself');
      throw new SyncError('forbidden', error.message, error.detail);
    }
  }

  close(): void {
    this.rest.close();
  }

  private async optional<T>(read: () => Promise<T>): Promise<T[]> {
    try {
      return [await read()];
    } catch (thrown) {
      if (asSyncError(thrown).kind === 'notFound') return [];
      throw thrown;
    }
  }

  private full(path: string): string {
    return path.startsWith('/') ? path.slice(1) : this.root + path;
  }

  /** @param path as for `get` */
  request(method: HttpMethod, path: string, request: HttpRequest): Promise<HttpResponse> {
    return this.rest.request(method, this.full(path), request);
  }

  /** A file as a stream. @param path as for `get`, made of the file's id */
  download(path: string, request: DownloadRequest): Promise<OpenedFile> {
    return this.rest.download(this.full(path), request);
  }

  /** @param path as for `get` */
  upload(method: 'POST', path: string, body: UploadBody, request: UploadRequest): Promise<HttpResponse> {
    return this.rest.upload(method, this.full(path), body, request);
  }
}

function nextStart({ startAt, total }: Json, count: number): string | undefined {
  const end = (typeof startAt === 'number' ? startAt : 0) + count;
  return count > 0 && typeof total === 'number' && end < total ? String(end) : undefined;
}
