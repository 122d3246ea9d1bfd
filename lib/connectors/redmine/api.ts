/** Redmine's REST API in the few calls that the connector makes. Nothing is kept here but the HTTP client. */

import { asSyncError, SyncError } from '../../model/errors';
import {
  createHttpClient,
  type HttpClient,
  type HttpOptions,
  type HttpRequest,
  type ParsedError,
} from '../http/client';
import { allPages } from '../paging';
import { CORE_FIELDS } from './core-fields';
import { isJson, issueOf, type Json, listOf, type RawIssue } from './shapes';

/** The most that one request returns, whatever `limit` says. */
export const PAGE = 100;

const STRANGERS_MS = 3_600_000;

export type Credentials = { kind: 'apiKey'; apiKey: string } | { kind: 'login'; login: string; password: string };

/** One condition of an issue query, as the query form sends it: `f[]`, `op[field]`, `v[field][]`. */
export interface Filter {
  field: string;
  operator: string;
  values: string[];
}

export interface IssueList {
  issues: RawIssue[];
  /** how many match, whatever offset and limit are */
  total: number;
  /** the server's clock, ms since 1970, where a web server in front of Redmine sends it */
  serverNow?: number;
}

/** A query of issues. With filters given this way closed ones are included, and nothing is implied. */
export function filterQuery(filters: Filter[]): NonNullable<HttpRequest['query']> {
  const query: Record<string, string | string[]> = { set_filter: '1', 'f[]': filters.map(({ field }) => field) };
  for (const { field, operator, values } of filters) {
    query[`op[${field}]`] = operator;
    query[`v[${field}][]`] = values;
  }
  return query;
}

export class RedmineApi {
  private readonly http: HttpClient;
  private strangers: { at: number; answer: Promise<boolean> } | undefined;
  /** names of custom fields by lower case, so that error messages can be told which field they are about */
  private readonly customNames = new Map<string, string>();

  constructor(
    readonly baseUrl: string,
    credentials: Credentials,
    options: HttpOptions | undefined,
  ) {
    this.http = createHttpClient({
      baseUrl,
      product: 'Redmine',
      ...(credentials.kind === 'apiKey'
        ? { headers: { 'X-Redmine-API-Key': credentials.apiKey } }
        : { auth: { username: credentials.login, password: credentials.password } }),
      options,
      parseError: (status, body, headers) => this.parseError(status, body, headers),
    });
  }

  async get(path: string, query?: HttpRequest['query']): Promise<Json> {
    const { body } = await this.http.get(path, query);
    if (!isJson(body)) throw new SyncError('fatal', `GET ${path}: not the answer of Redmine's API: check the URL`);
    return body;
  }

  /** All pages of a list. */
  async all(path: string, property: string, query: HttpRequest['query'] = {}): Promise<Json[]> {
    return allPages(
      async (offset) => {
        const body = await this.get(path, { ...query, limit: PAGE, offset });
        const items = listOf(body, property);
        return { items, more: typeof body.total_count === 'number' && offset + items.length < body.total_count };
      },
      (entry) => JSON.stringify(entry.id ?? entry),
    );
  }

  async issues(query: NonNullable<HttpRequest['query']>): Promise<IssueList> {
    const { body, headers } = await this.http.get('issues.json', query);
    if (await this.letsStrangersIn()) await this.assertSignedIn();
    if (!isJson(body) || !Array.isArray(body.issues)) {
      throw new SyncError('fatal', "GET issues.json: not the answer of Redmine's API: check the URL");
    }
    const serverNow = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
    const issues = body.issues.map(issueOf);
    const total = typeof body.total_count === 'number' ? body.total_count : issues.length;
    return { issues, total, ...(Number.isNaN(serverNow) ? {} : { serverNow }) };
  }

  /**
   * A key that is no good any more makes a stranger of the account, without a word where strangers may see projects: what
   * they may not see would be missing, as if it were gone. @throws auth
   */
  async assertSignedIn(): Promise<void> {
    await this.http.get('users/current.json');
  }

  /** Whether Redmine answers somebody without a key ("Authentication required" is off); asked for once an hour. */
  private letsStrangersIn(): Promise<boolean> {
    const now = performance.now();
    if (this.strangers === undefined || now - this.strangers.at > STRANGERS_MS) {
      const asked = this.http.request('GET', 'projects.json', {
        query: { limit: 1 },
        headers: { 'X-Redmine-API-Key': '', Authorization: '' },
      });
      const answer = asked.then(
        () => true,
        (thrown: unknown) => {
          const { kind } = asSyncError(thrown);
          if (kind === 'auth' || kind === 'forbidden') return false;
          this.strangers = undefined;
          throw thrown;
        },
      );
      this.strangers = { at: now, answer };
    }
    return this.strangers.answer;
  }

  /** @throws notFound */
  async issue(id: string, include?: string): Promise<RawIssue> {
    const body = await this.get(`issues/${encodeURIComponent(id)}.json`, { include });
    return issueOf(body.issue);
  }

  /** Creates an issue and returns it. Never repeated: an error may be `uncertain`. */
  async create(issue: Json): Promise<RawIssue> {
    const { status, body } = await this.http.post('issues.json', { issue });
    try {
      return issueOf(isJson(body) ? body.issue : undefined);
    } catch (thrown) {
      const words = `Redmine took a new issue (HTTP ${status}), but does not show it: ${asSyncError(thrown).message}`;
      throw new SyncError('fatal', words, { status, uncertain: true });
    }
  }

  /** Answers 204 without a body, also where parts of it were ignored. */
  async update(id: string, issue: Json): Promise<void> {
    await this.http.put(`issues/${encodeURIComponent(id)}.json`, { issue });
  }

  learnCustomNames(fields: { id: string; name: string }[]): void {
    for (const { id, name } of fields) this.customNames.set(name.toLowerCase(), `cf_${id}`);
  }

  close(): void {
    this.http.close();
  }

  /**
   * `{"errors": ["Subject cannot be blank"]}`: a message begins with the label of its field, in the account's language.
   * English labels and names of custom fields are recognised. For what is not there Redmine answers 404 with an empty body
   * and, as Rails does, the type that was asked for and the time it took.
   */
  private parseError(status: number, body: unknown, headers: Record<string, string>): ParsedError | undefined {
    if (status === 404 && (body === undefined || body === '')) {
      const isOwn = headers['x-runtime'] !== undefined || /^application\/json\b/.test(headers['content-type'] ?? '');
      return isOwn ? { kind: 'notFound' } : undefined;
    }
    const errors = isJson(body) && Array.isArray(body.errors) ? body.errors.map(String) : [];
    if (errors.length === 0) return status === 422 ? { text: 'no reason given' } : undefined;
    const fields: Record<string, string> = {};
    for (const message of errors) {
      const id = this.fieldOfMessage(message);
      if (id !== undefined) fields[id] = fields[id] === undefined ? message : `${fields[id]}; ${message}`;
    }
    return { text: errors.join('; '), fields };
  }

  private fieldOfMessage(message: string): string | undefined {
    const lower = message.toLowerCase();
    const labels = [...CORE_FIELDS.map(({ id, name }) => [name.toLowerCase(), id] as const), ...this.customNames];
    const matching = labels.filter(([label]) => lower.startsWith(`${label} `));
    return matching.sort((a, b) => b[0].length - a[0].length)[0]?.[1];
  }
}
