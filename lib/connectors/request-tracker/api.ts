/**
 * Request Tracker's REST 2.0 (https://docs.bestpractical.com/rt/5.0/RT/REST2.html) in the few calls that the connector
 * makes. Names of custom fields and queues in queries are quoted here, and nowhere else.
 */

import { SyncError } from '../../model/errors';
import { createHttpClient, type HttpClient, type HttpOptions, type HttpRequest } from '../http/client';
import { isJson, type Json, listOf } from '../kit/json';

/** The most entries that RT puts into one answer. */
export const PAGE = 100;
const MOST_PAGES = 1_000;

export type Query = NonNullable<HttpRequest['query']>;

export interface List {
  items: Json[];
  /** the server's clock, ms since 1970 */
  now?: number;
}

/** A value of TicketSQL: `'it\'s'`. */
export const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export class Api {
  private readonly http: HttpClient;

  constructor(
    readonly base: string,
    token: string,
    options: HttpOptions | undefined,
  ) {
    this.http = createHttpClient({
      baseUrl: `${base}REST/2.0/`,
      product: 'Request Tracker',
      headers: { Authorization: `token ${token}` },
      options,
      secrets: [token],
      // only RT's own answers have a message: a proxy's page is not its word
      parseError: (status, body) => {
        if (!isJson(body) || typeof body.message !== 'string') return undefined;
        const field = FIELD_WORDS.find(([words]) => words.test(String(body.message)))?.[1];
        return {
          text: body.message,
          ...(status === 404 && { kind: 'notFound' as const }),
          ...(field && status === 400 && { fields: { [field]: body.message } }),
        };
      },
    });
  }

  async get(path: string, query?: Query): Promise<Json> {
    return (await this.getWithTag(path, query)).body;
  }

  /** `tag` is what If-Match takes. */
  async getWithTag(path: string, query?: Query): Promise<{ body: Json; tag?: string }> {
    const { body, headers } = await this.http.get(path, query);
    if (!isJson(body)) throw new SyncError('fatal', `GET ${path}: not the answer of RT's REST 2.0: check the URL`);
    return { body, tag: headers.etag };
  }

  /** One page of a collection, in the order of `orderby`. */
  async list(path: string, query: Query): Promise<List> {
    const { body, headers } = await this.http.get(path, { per_page: PAGE, ...query });
    if (!isJson(body) || !Array.isArray(body.items)) {
      throw new SyncError('fatal', `GET ${path}: not the answer of RT's REST 2.0: check the URL`);
    }
    const now = Date.parse(headers.date ?? '');
    return { items: listOf(body, 'items'), ...(Number.isNaN(now) ? {} : { now }) };
  }

  /** All pages of a collection that does not change while it is read: queues, custom fields. */
  async all(path: string, query: Query = {}): Promise<Json[]> {
    const found: Json[] = [];
    const seen = new Set<string>();
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { items } = await this.list(path, { ...query, page });
      const fresh = items.filter(({ id }) => !seen.has(String(id)));
      for (const one of fresh) {
        seen.add(String(one.id));
        found.push(one);
      }
      if (items.length < PAGE || fresh.length === 0) break;
    }
    return found;
  }

  /** @returns the new ticket's id. Never repeated: an error may be `uncertain` */
  async create(ticket: Json): Promise<string> {
    const { status, body } = await this.http.post('ticket', ticket);
    const id = isJson(body) ? body.id : undefined;
    if (typeof id === 'string' || typeof id === 'number') return String(id);
    throw new SyncError('fatal', `RT took a new ticket (HTTP ${status}), but does not name it`, {
      status,
      uncertain: true,
    });
  }

  /** @returns RT's sentences about what it did and did not do: all come with 200. @throws conflict – the tag is stale */
  async update(id: string, ticket: Json, tag: string | undefined): Promise<string[]> {
    const { body } = await this.http.put(`ticket/${encodeURIComponent(id)}`, ticket, {
      ...(tag !== undefined && { headers: { 'If-Match': tag } }),
    });
    return Array.isArray(body) ? body.map(String) : [];
  }

  close(): void {
    this.http.close();
  }
}

/** Refusals of a create whose sentence is about one field. */
const FIELD_WORDS: [RegExp, string][] = [[/\bvalid status\b/i, 'Status']];
