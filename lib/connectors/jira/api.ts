/**
 * Jira's REST API in the few calls that the connector makes: version 3 on Cloud, version 2 on Data Center, and what differs
 * between the two. Nothing is kept here but the HTTP client.
 */

import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { HttpResponse } from '../http/client';
import { createHttpClient, type HttpClient, type HttpMethod, type HttpOptions, type HttpRequest } from '../http/client';
import { readInParts } from '../in-parts';
import { allPages } from '../paging';
import { ClientToken } from './client-token';
import type { Deployment, Settings } from './config';
import { isAnonymous, parseFailure } from './failures';
import { isJson, issueOf, type Json, objectsOf, type RawIssue, textOf } from './shapes';

/** The most issues that one bulk fetch returns (Cloud), and that one search by id asks for (Data Center). */
export const FETCH = 100;
/** Of a list of metadata; some refuse more. */
const PAGE = 100;
/** The most issues of one bulk create. */
export const CREATE = 50;

export interface SearchRequest {
  jql: string;
  fields: string[];
  /** issues wanted; Jira may return fewer */
  size: number;
  /** where the page before ended */
  token?: string;
  /** entity properties wanted with each issue; Cloud only */
  properties?: string[];
}

export interface SearchPage {
  issues: RawIssue[];
  /** undefined = this is the last page */
  next?: string;
  /** the server's clock, ms since 1970, where it sends it */
  serverNow?: number;
}

export interface FetchRequest {
  fields?: string[];
  properties?: string[];
  expand?: string;
}

export interface BulkRequest {
  fields?: string[];
  properties?: string[];
  /** with the newest entry of each changelog; Cloud only */
  changelog?: boolean;
  /** what an answer for several leaves out is asked for alone */
  certain?: boolean;
}

/** @see JiraApi.issues */
export interface Fetched {
  found: RawIssue[];
  errors: Map<string, SyncError>;
}

export class JiraApi {
  readonly deployment: Deployment;
  readonly baseUrl: string;
  private readonly http: HttpClient;
  private readonly root: string;
  /** Jira mails watchers about our updates */
  readonly notify: boolean;
  /** entities say who changed them last */
  readonly changelog: boolean;
  /** projects in which it does in any case: the account may not keep it from that */
  private readonly loud = new Set<string>();
  private readonly token: ClientToken | undefined;

  constructor({ deployment, baseUrl, credentials, notify, changelog }: Settings, options: HttpOptions | undefined) {
    this.deployment = deployment;
    this.baseUrl = baseUrl;
    this.notify = notify;
    this.changelog = changelog;
    this.root = `rest/api/${deployment === 'cloud' ? 3 : 2}/`;
    this.token = credentials.kind === 'client' ? new ClientToken(credentials, options) : undefined;
    this.http = createHttpClient({
      baseUrl,
      product: deployment === 'cloud' ? 'Jira Cloud' : 'Jira',
      // Data Center refuses writes with a session's cookie from elsewhere, unless told not to check
      headers: {
        ...(deployment === 'cloud' ? {} : { 'X-Atlassian-Token': 'no-check' }),
        ...(credentials.kind === 'bearer' ? { Authorization: `Bearer ${credentials.token}` } : {}),
      },
      ...(credentials.kind === 'basic' ? { auth: credentials } : {}),
      options,
      parseError: parseFailure,
    });
  }

  get isCloud(): boolean {
    return this.deployment === 'cloud';
  }

  /** @param path below /rest/api/3/ or /rest/api/2/, or from the root where it begins with a slash */
  async get(path: string, query?: HttpRequest['query']): Promise<unknown> {
    return (await this.request('GET', path, { query })).body;
  }

  /** All pages of a list that goes by startAt, under the first of the properties that the answer has. */
  async all(path: string, properties: string[], query: HttpRequest['query'] = {}, most = 10_000): Promise<Json[]> {
    return allPages(
      async (startAt) => {
        const body = await this.get(path, { ...query, startAt, maxResults: PAGE });
        if (Array.isArray(body)) return { items: objectsOf(body), more: false };
        const json = isJson(body) ? body : {};
        const items = objectsOf(properties.map((name) => json[name]).find(Array.isArray));
        const total = typeof json.total === 'number' ? json.total : undefined;
        const last =
          json.isLast === true || (total !== undefined ? startAt + items.length >= total : json.isLast !== false);
        return { items, more: !last };
      },
      (entry) => JSON.stringify(entry.id ?? entry.accountId ?? entry.key ?? entry),
      most,
    );
  }

  /**
   * One page of issues. Cloud: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ – its
   * index lags behind writes. Data Center: https://developer.atlassian.com/server/jira/platform/rest/v10000/api-group-search/
   */
  async search({ jql, fields, size, token, properties }: SearchRequest): Promise<SearchPage> {
    const request = this.isCloud
      ? {
          jql,
          fields,
          maxResults: size,
          ...(token === undefined ? {} : { nextPageToken: token }),
          ...(properties ? { properties } : {}),
        }
      : { jql, fields, maxResults: size, startAt: Number(token ?? 0) };
    const path = this.isCloud ? 'search/jql' : 'search';
    const { body, headers } = await this.request('POST', path, { body: request, idempotent: true });
    if (!isJson(body) || !Array.isArray(body.issues)) throw notTheApi('POST', path);
    const issues = body.issues.map(issueOf);
    const now = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
    const next = this.isCloud ? textOf(body.nextPageToken) : nextStart(body, issues.length);
    const ended = this.isCloud && body.isLast === true;
    return {
      issues,
      ...(next === undefined || ended ? {} : { next }),
      ...(Number.isNaN(now) ? {} : { serverNow: now }),
    };
  }

  /**
   * Issues by id or key, at most FETCH, in no order. On Cloud from the database
   * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/); on Data Center a single one is, several
   * come from the index of the node that answers.
   *
   * @returns those that were brought; by the id or key asked for, those that Jira could not bring now. Those in neither are
   * gone or out of sight: if `certain`, Jira has said so of each of them alone
   */
  async issues(ids: string[], request: BulkRequest = {}): Promise<Fetched> {
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
        if (error.kind !== 'forbidden' && !error.detail.tooLarge) throw error;
        errors.set(id, error);
      }
    }
    for (const [id, error] of failed) {
      // better an issue is read without its changelog than not at all
      const lean = request.changelog && error.detail.tooLarge;
      if (lean) append(found, await this.bulk([id], { ...request, changelog: false }, errors));
      else errors.set(id, error);
    }
    return { found, errors };
  }

  /** By a search of Data Center. */
  private async searched(ids: readonly string[], { fields = ['*all'] }: BulkRequest): Promise<RawIssue[]> {
    const [id = ''] = ids;
    if (ids.length === 1) return this.optional(() => this.issue(id, { fields }));
    const search = {
      jql: `id in (${ids.join(', ')})`,
      fields,
      startAt: 0,
      maxResults: ids.length,
      // otherwise one id that is not there is an error
      validateQuery: false,
    };
    const { body } = await this.request('POST', 'search', { body: search, idempotent: true });
    if (!isJson(body)) throw notTheApi('POST', 'search');
    const found = objectsOf(body.issues).map(issueOf);
    // what the index doesn't have may be too new for it
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
    { fields = ['*all'], properties, changelog = false }: BulkRequest,
    errors: Map<string, SyncError>,
  ): Promise<RawIssue[]> {
    const request = {
      issueIdsOrKeys: ids,
      fields,
      ...(properties ? { properties } : {}),
      ...(changelog ? { expand: ['changelog'] } : {}),
    };
    const { body } = await this.request('POST', 'issue/bulkfetch', { body: request, idempotent: true });
    if (!isJson(body) || !Array.isArray(body.issues)) throw notTheApi('POST', 'issue/bulkfetch');
    for (const { id, errorMessage } of objectsOf(body.issueErrors)) {
      const about = textOf(id);
      if (about === undefined) continue;
      const words = textOf(errorMessage) ?? 'no reason given';
      errors.set(
        about,
        new SyncError('transient', `Jira could not show issue ${about} now: ${words}`, { answer: words }),
      );
    }
    return objectsOf(body.issues).map(issueOf);
  }

  /** @throws notFound */
  async issue(
    id: string,
    { fields = ['*all'], properties, expand }: FetchRequest = {},
  ): Promise<RawIssue & { json: Json }> {
    const query = { fields: fields.join(','), properties: properties?.join(','), expand };
    const body = await this.get(`issue/${encodeURIComponent(id)}`, query);
    return { ...issueOf(body), json: isJson(body) ? body : {} };
  }

  /** Creates at most CREATE issues. Never repeated: an error may be `uncertain`. */
  async create(issueUpdates: Json[]): Promise<Json> {
    const { body } = await this.request('POST', 'issue/bulk', { body: { issueUpdates } });
    if (!isJson(body)) throw notTheApi('POST', 'issue/bulk');
    return body;
  }

  /**
   * Changes fields, all at once or none. On Cloud the issue as this very update left it is returned. Not to mail takes the
   * right to administer: without, Cloud mails all the same, and Data Center refuses the whole update
   * (https://jira.atlassian.com/browse/JRASERVER-67013), which then goes out again.
   *
   * @param project id of the issue's project
   */
  async update(id: string, project: string, changes: Json): Promise<RawIssue | undefined> {
    const quiet = !this.notify && !this.loud.has(project);
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
    const { body } = await this.request('PUT', `issue/${encodeURIComponent(id)}`, { query, body: changes });
    return isJson(body) && isJson(body.fields) && 'updated' in body.fields ? issueOf(body) : undefined;
  }

  async transitions(id: string): Promise<Json[]> {
    const query = { expand: 'transitions.fields' };
    const body = await this.get(`issue/${encodeURIComponent(id)}/transitions`, query);
    return objectsOf(isJson(body) ? body.transitions : undefined);
  }

  async transition(id: string, request: Json): Promise<void> {
    await this.request('POST', `issue/${encodeURIComponent(id)}/transitions`, { body: request });
  }

  /**
   * Links the issue to something elsewhere; a link of the same global id is changed instead.
   * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-remote-links/
   */
  async link(id: string, globalId: string, object: { url: string; title: string }): Promise<void> {
    const body = { globalId, object };
    await this.request('POST', `issue/${encodeURIComponent(id)}/remotelink`, { body, idempotent: true });
  }

  close(): void {
    this.http.close();
    this.token?.close();
  }

  private async optional<T>(read: () => Promise<T>): Promise<T[]> {
    try {
      return [await read()];
    } catch (thrown) {
      if (asSyncError(thrown).kind === 'notFound') return [];
      throw thrown;
    }
  }

  private async request(method: HttpMethod, path: string, request: HttpRequest): Promise<HttpResponse> {
    const full = path.startsWith('/') ? path.slice(1) : this.root + path;
    try {
      const headers = this.token && { Authorization: `Bearer ${await this.token.value()}` };
      const answer = await this.http.request(method, full, headers ? { ...request, headers } : request);
      if (isAnonymous(answer.headers)) throw refusedLogin(`${method} ${path}`, answer.status);
      return answer;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'auth') this.token?.forget();
      throw error;
    }
  }
}

/** An answer with which Jira let nobody in: it asks for no credentials where anonymous people may ask. */
function refusedLogin(request: string, status: number): SyncError {
  const words =
    `${request}: Jira did not accept the credentials and answered as to an anonymous visitor. ` +
    'Check whether the token has expired or was revoked, and the account, in the system node.';
  // whatever it did, it did in nobody's name
  return new SyncError('auth', words, { status, answer: 'X-Seraph-LoginReason: AUTHENTICATED_FAILED' });
}

function nextStart({ startAt, total }: Json, count: number): string | undefined {
  const end = (typeof startAt === 'number' ? startAt : 0) + count;
  return count > 0 && typeof total === 'number' && end < total ? String(end) : undefined;
}

const notTheApi = (method: string, path: string): SyncError =>
  new SyncError('fatal', `${method} ${path}: not the answer of Jira's API: check URL and deployment`);
