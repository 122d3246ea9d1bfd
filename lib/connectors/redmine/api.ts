/** Redmine's REST API: only the calls that the connector makes. The HTTP client is its only state. */

import type { FileContent, OpenedFile } from '../../model/content';
import { asSyncError, SyncError } from '../../model/errors';
import { octets } from '../http/bodies';
import type { HttpOptions } from '../http/client';
import type { Credentials } from '../kit/auth';
import { isJson, type Json, listOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import type { ListPage } from '../kit/overlap/unshown';
import { byOffset, type Headers, type Query, Rest, type Said, serverTime } from '../kit/rest';
import { CORE_FIELDS } from './core-fields';
import { fileOf, issueOf, type RawFile, type RawIssue, type RawRelation, relationsOf } from './shapes';

/** Maximum number of entries in one answer, whatever `limit` is. */
export const PAGE = 100;

/** No list has this many issues: requests from here on only count. */
export const BEYOND = 1_000_000_000;

const STRANGERS_MS = 3_600_000;

/** One condition of an issue query, as the query form sends it: `f[]`, `op[field]`, `v[field][]`. */
export interface Filter {
  field: string;
  operator: string;
  values: string[];
}

/** A query of issues. With filters in this form closed issues are included, and there are no implied filters. */
export function filterQuery(filters: Filter[]): Query {
  const query: Record<string, string | string[]> = { set_filter: '1', 'f[]': filters.map(({ field }) => field) };
  for (const { field, operator, values } of filters) {
    query[`op[${field}]`] = operator;
    query[`v[${field}][]`] = values;
  }
  return query;
}

export class RedmineApi {
  private readonly rest: Rest;
  private readonly strangers = new Cache<boolean>(STRANGERS_MS);
  /** names of custom fields in lower case, for finding the field that an error message is about */
  private readonly customNames = new Map<string, string>();

  constructor(
    readonly baseUrl: string,
    credentials: Credentials,
    options: HttpOptions | undefined,
  ) {
    this.rest = new Rest({
      ...{ baseUrl, product: 'Redmine', credentials, options },
      errors: { read: (status, body, headers) => this.said(status, body, headers) },
    });
  }

  get(path: string, query?: Query): Promise<Json> {
    return this.rest.get(path, query);
  }

  /** All pages of a list. */
  all(path: string, property: string, query: Query = {}): Promise<Json[]> {
    return this.rest.all(path, byOffset(property, PAGE), query);
  }

  async issues(query: Query): Promise<ListPage<RawIssue>> {
    const { body, headers } = await this.rest.request('GET', 'issues.json', {
      query: { include: 'relations', ...query },
    });
    await this.assertNotStranger();
    if (!isJson(body) || !Array.isArray(body.issues)) throw this.rest.notTheApi('GET issues.json');
    const serverNow = serverTime(headers);
    const rows = body.issues.map(issueOf);
    const total = typeof body.total_count === 'number' ? body.total_count : rows.length;
    return { rows, total, ...(serverNow !== undefined && { serverNow }) };
  }

  /** Numbers and subjects of the issues of a list, whatever else of them cannot be read, and how many it has. */
  async issueNames(query: Query): Promise<{ ids: string[]; issues: { id: string; subject: string }[]; total: number }> {
    const body = await this.get('issues.json', query);
    await this.assertNotStranger();
    if (!Array.isArray(body.issues)) throw this.rest.notTheApi('GET issues.json');
    const issues = listOf(body, 'issues').flatMap(({ id, subject }) => {
      const number = textOf(id);
      return number === undefined ? [] : [{ id: number, subject: textOf(subject) ?? '' }];
    });
    const total = typeof body.total_count === 'number' ? body.total_count : issues.length;
    return { ids: issues.map(({ id }) => id), issues, total };
  }

  /**
   * With an invalid key the account is silently treated as anonymous, if anonymous users can see projects. Issues that
   * they cannot see would be missing, as if they were gone. @throws auth
   */
  async assertSignedIn(): Promise<void> {
    await this.rest.request('GET', 'users/current.json');
  }

  /** The same, checked only if an anonymous user would have got an answer, too. @throws auth */
  async assertNotStranger(): Promise<void> {
    if (await this.letsStrangersIn()) await this.assertSignedIn();
  }

  /** Whether Redmine answers requests without a key ("Authentication required" is off); checked once an hour. */
  private letsStrangersIn(): Promise<boolean> {
    return this.strangers.remember('', async () => {
      try {
        const headers = { 'X-Redmine-API-Key': '', Authorization: '' };
        await this.rest.request('GET', 'projects.json', { query: { limit: 1 }, headers });
        return true;
      } catch (thrown) {
        const { kind } = asSyncError(thrown);
        if (kind === 'auth' || kind === 'forbidden') return false;
        throw thrown;
      }
    });
  }

  /** @throws notFound */
  async issue(id: string, include?: string): Promise<RawIssue> {
    const query = { include: include === undefined ? 'relations' : `relations,${include}` };
    const body = await this.get(`issues/${encodeURIComponent(id)}.json`, query);
    return issueOf(body.issue);
  }

  /** An issue with its attachments, and all its journals that the account can see. @throws notFound, forbidden; malformed if it
   * comes without one of them */
  async journals(id: string): Promise<{ issue: RawIssue; journals: Json[] }> {
    const body = await this.get(`issues/${encodeURIComponent(id)}.json`, { include: 'journals,attachments' });
    const issue = issueOf(body.issue);
    if (isJson(body.issue) && Array.isArray(body.issue.journals) && issue.files)
      return { issue, journals: issue.journals };
    throw new SyncError('fatal', `Redmine shows issue ${id} without its notes or attachments`, { malformed: true });
  }

  /** Answers 204 even if nothing was added. Never repeated: an error may be `uncertain`. */
  async addNote(issue: string, note: { notes: string; private_notes: boolean }): Promise<void> {
    const path = `issues/${encodeURIComponent(issue)}.json`;
    await this.rest.request('PUT', path, { body: { issue: note }, idempotent: false });
  }

  /** Since 5.0. Emptying a note deletes it. @throws notFound if there is no such journal, or the account cannot see
   * it */
  async changeNote(journal: string, note: { notes?: string; private_notes?: boolean }): Promise<void> {
    await this.rest.request('PUT', `journals/${encodeURIComponent(journal)}.json`, { body: { journal: note } });
  }

  /** An attachment by its number. @throws notFound, forbidden */
  async file(number: string): Promise<RawFile> {
    const { attachment } = await this.get(`attachments/${encodeURIComponent(number)}.json`);
    return fileOf('?', isJson(attachment) ? attachment : {});
  }

  /**
   * @param number of the attachment
   * @param file as Redmine described it: it answers 404 if the number has another name by now
   * @throws SyncError as Transfer.download
   */
  openFile(
    number: string,
    { name, size, mediaType }: Pick<RawFile, 'name' | 'size' | 'mediaType'>,
  ): Promise<OpenedFile> {
    const path = `attachments/download/${encodeURIComponent(number)}`;
    // in a URL these mean folders
    const named = /^\.{1,2}$/.test(name) ? path : `${path}/${encodeURIComponent(name)}`;
    return this.rest.download(named, { size, name, ...(mediaType !== undefined && { mediaType }) });
  }

  /**
   * Sends a file, which nobody sees until it is attached; Redmine can remove those that never are. A file that is sent again is
   * another one.
   * @returns its token: its number, and a digest of its bytes
   */
  async upload(content: FileContent): Promise<string> {
    const { name, mediaType } = content;
    const query = { filename: name, ...(mediaType !== undefined && { content_type: mediaType }) };
    const { body } = await this.rest.upload('POST', 'uploads.json', octets(content), { query, idempotent: true });
    const { upload } = this.rest.object('POST uploads.json', body);
    const token = isJson(upload) ? textOf(upload.token) : undefined;
    if (token !== undefined && /^\d+\./.test(token)) return token;
    throw this.rest.notTheApi('POST uploads.json');
  }

  /** Attaches what was uploaded: all of it or nothing. Never repeated: an error may be `uncertain`. */
  async attach(issue: string, uploads: Json[]): Promise<void> {
    const path = `issues/${encodeURIComponent(issue)}.json`;
    await this.rest.request('PUT', path, { body: { issue: { uploads } }, idempotent: false });
  }

  /** @throws notFound, forbidden, invalid */
  async describeFile(number: string, attachment: { filename?: string; description?: string }): Promise<void> {
    const path = `attachments/${encodeURIComponent(number)}.json`;
    await this.rest.request('PATCH', path, { body: { attachment }, idempotent: true });
  }

  /** @throws notFound – it is gone already; forbidden */
  async removeFile(number: string): Promise<void> {
    await this.rest.request('DELETE', `attachments/${encodeURIComponent(number)}.json`);
  }

  /** Creates an issue and returns it. Never repeated: an error may be `uncertain`. */
  async create(issue: Json): Promise<RawIssue> {
    const { status, body } = await this.rest.request('POST', 'issues.json', { body: { issue } });
    try {
      return issueOf(isJson(body) ? body.issue : undefined);
    } catch (thrown) {
      const words = `Redmine took a new issue (HTTP ${status}), but does not show it: ${asSyncError(thrown).message}`;
      throw new SyncError('fatal', words, { status, uncertain: true });
    }
  }

  /** Answers 204 without a body, even if parts of the request were ignored. */
  async update(id: string, issue: Json): Promise<void> {
    await this.rest.request('PUT', `issues/${encodeURIComponent(id)}.json`, { body: { issue } });
  }

  /** All of an issue that the account may see. @throws notFound – no such issue */
  async relations(issue: string): Promise<RawRelation[]> {
    return relationsOf(await this.get(`issues/${encodeURIComponent(issue)}/relations.json`));
  }

  /** @param kind as seen from the first issue: `blocked` = it is blocked by the other one. @throws invalid, forbidden, notFound */
  async relate(issue: string, to: string, kind: string): Promise<void> {
    const relation = { issue_to_id: Number(to), relation_type: kind };
    await this.rest.request('POST', `issues/${encodeURIComponent(issue)}/relations.json`, { body: { relation } });
  }

  /** @param relation its id. @throws notFound – it is gone already; forbidden */
  async unrelate(relation: string): Promise<void> {
    await this.rest.request('DELETE', `relations/${encodeURIComponent(relation)}.json`);
  }

  learnCustomNames(fields: { id: string; name: string }[]): void {
    for (const { id, name } of fields) this.customNames.set(name.toLowerCase(), `cf_${id}`);
  }

  close(): void {
    this.rest.close();
  }

  /**
   * `{"errors": ["Subject cannot be blank"]}`: a message starts with the label of its field, in the account's language.
   * English labels and names of custom fields are recognized. If something does not exist, Redmine answers 404 with an
   * empty body and, as usual in Rails, the requested content type and the processing time.
   */
  private said(status: number, body: unknown, headers: Headers): Said | undefined {
    if (status === 404 && (body === undefined || body === '')) {
      const isOwn = headers['x-runtime'] !== undefined || /^application\/json\b/.test(headers['content-type'] ?? '');
      return isOwn ? {} : undefined;
    }
    const errors = isJson(body) && Array.isArray(body.errors) ? body.errors.map(String) : [];
    if (errors.length === 0) return status === 422 ? { text: 'no reason given' } : undefined;
    const fields: Record<string, string> = {};
    for (const message of errors) {
      const id = this.fieldOfMessage(message);
      if (id !== undefined) fields[id] = fields[id] === undefined ? message : `${fields[id]}; ${message}`;
    }
    return { text: errors.join('; '), fields, isOwn: false };
  }

  private fieldOfMessage(message: string): string | undefined {
    const lower = message.toLowerCase();
    const labels = [...CORE_FIELDS.map(({ id, name }) => [name.toLowerCase(), id] as const), ...this.customNames];
    const matching = labels.filter(([label]) => lower.startsWith(`${label} `));
    return matching.sort((a, b) => b[0].length - a[0].length)[0]?.[1];
  }
}
