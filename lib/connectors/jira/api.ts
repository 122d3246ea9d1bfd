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
import { isJson, issueOf, type Json, objectsOf, type RawIssue, textOf, withoutNul } from './shapes';

/** The most issues that one bulk fetch returns (Cloud), and that one search by id asks for (Data Center). */
export const FETCH = 100;
/**
 * All that becomes a field here. What an issue collects over the years – comments, worklogs, files – can be larger than all
 * else, and is not read (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/: "-" excludes a field).
 */
const WANTED = ['*all', '-comment', '-worklog', '-attachment', '-issuelinks', '-subtasks'];
/** Of a list of metadata; some refuse more. */
const PAGE = 100;
/** Empty pages in a row, each with a token for another. */
const MOST_EMPTY = 100;
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
   * All pages of a list of Jira Software's API. A token may lack the scopes for it while it has all others: the gateway
   * answers 401 then, which says nothing about the credentials (https://github.com/mikebowler/jirametrics/issues/74).
   *
   * @param path below /rest/agile/1.0/
   * @throws forbidden – the token may not use it
   */
  async agile(path: string, query: HttpRequest['query'], most: number): Promise<Json[]> {
    try {
      return await this.all(`/rest/agile/1.0/${path}`, ['values'], query, most);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'auth' && error.detail.status !== 401) throw error;
      // if the credentials themselves are refused, this says so
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
      if (asked.has(page.next) || asked.size > MOST_EMPTY) throw repeated();
      // a page may be empty although others follow
      if (page.issues.length > 0) return page;
      token = page.next;
    }
  }

  private async searchOnce({ jql, fields, size, token, properties }: SearchRequest): Promise<SearchPage> {
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
    { fields = WANTED, properties, changelog = false }: BulkRequest,
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
    { fields = WANTED, properties, expand }: FetchRequest = {},
  ): Promise<RawIssue & { json: Json }> {
    const query = { fields: fields.join(','), properties: properties?.join(','), expand };
    const body = await this.get(`issue/${encodeURIComponent(id)}`, query);
    return { ...issueOf(body), json: isJson(body) ? body : {} };
  }

  /** Creates at most CREATE issues. Never repeated: an error may be `uncertain`. */
  async create(issueUpdates: Json[]): Promise<Json> {
    const { body } = await this.request('POST', 'issue/bulk', { body: withoutNul({ issueUpdates }) });
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
    const { body } = await this.request('PUT', `issue/${encodeURIComponent(id)}`, { query, body: withoutNul(changes) });
    return isJson(body) && isJson(body.fields) && 'updated' in body.fields ? issueOf(body) : undefined;
  }

  async transitions(id: string): Promise<Json[]> {
    const query = { expand: 'transitions.fields' };
    const body = await this.get(`issue/${encodeURIComponent(id)}/transitions`, query);
    return objectsOf(isJson(body) ? body.transitions : undefined);
  }

  async transition(id: string, request: Json): Promise<void> {
    await this.request('POST', `issue/${encodeURIComponent(id)}/transitions`, { body: withoutNul(request) });
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

/** Asked on, it would never end. */
export const repeated = (): SyncError =>
  new SyncError('transient', "Jira's search repeats a page token, or gives empty pages only: it is asked again later");

function nextStart({ startAt, total }: Json, count: number): string | undefined {
  const end = (typeof startAt === 'number' ? startAt : 0) + count;
  return count > 0 && typeof total === 'number' && end < total ? String(end) : undefined;
}

const notTheApi = (method: string, path: string): SyncError =>
  new SyncError('fatal', `${method} ${path}: not the answer of Jira's API: check URL and deployment`);
