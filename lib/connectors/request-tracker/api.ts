/**
 * Request Tracker's REST 2.0 (https://docs.bestpractical.com/rt/5.0/RT/REST2.html): only the calls that the connector
 * makes. Names of custom fields and queues in queries are quoted only here.
 */

import type { FileContent, OpenedFile } from '../../model/content';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { formWith } from '../http/bodies';
import type { HttpOptions } from '../http/client';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';
import { bytesInJson } from '../kit/json-bytes';
import { type Paging, type Query, Rest, type Said, serverTime } from '../kit/rest';

export type { Query } from '../kit/rest';

/** Maximum number of entries in one answer of RT. */
export const PAGE = 100;

/** Collections that do not change while they are read: queues, custom fields. Not every answer has a total. */
const NUMBERED: Paging = {
  query: (offset) => ({ per_page: PAGE, page: Math.floor(offset / PAGE) + 1 }),
  items: (body) => listOf(body, 'items'),
  more: (_body, _end, count) => count === PAGE,
};

export interface List {
  items: Json[];
  /** the server's clock, ms since 1970 */
  now?: number;
  /** of all pages, if RT counts them */
  total?: number;
}

/** A value of TicketSQL: `'it\'s'`. */
export const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export class Api {
  private readonly rest: Rest;

  constructor(
    readonly base: string,
    token: string,
    options: HttpOptions | undefined,
  ) {
    this.rest = new Rest({
      ...{ baseUrl: `${base}REST/2.0/`, product: 'Request Tracker', options },
      credentials: { kind: 'bearer', scheme: 'token', token },
      errors: { read: said },
    });
  }

  get(path: string, query?: Query): Promise<Json> {
    return this.rest.get(path, query);
  }

  /** `tag` is the value for If-Match. */
  async getWithTag(path: string): Promise<{ body: Json; tag?: string }> {
    const { body, headers } = await this.rest.request('GET', path);
    return { body: this.rest.object(`GET ${path}`, body), tag: headers.etag };
  }

  /** One page of a collection, in the order of `orderby`. */
  async list(path: string, query: Query): Promise<List> {
    const { body, headers } = await this.rest.request('GET', path, { query: { per_page: PAGE, ...query } });
    if (!isJson(body) || !Array.isArray(body.items)) throw this.rest.notTheApi(`GET ${path}`);
    const now = serverTime(headers);
    const total = numberOf(body.total);
    return { items: listOf(body, 'items'), ...(now !== undefined && { now }), ...(total !== undefined && { total }) };
  }

  /** All pages of a collection. */
  all(path: string, query: Query = {}): Promise<Json[]> {
    return this.rest.all(path, NUMBERED, query);
  }

  /** @returns the new ticket's id. Never repeated: an error may be `uncertain` */
  async create(ticket: Json): Promise<string> {
    const { status, body } = await this.rest.request('POST', 'ticket', { body: ticket });
    const id = isJson(body) ? textOf(body.id) : undefined;
    if (id !== undefined) return id;
    const words = `RT took a new ticket (HTTP ${status}), but does not name it`;
    throw new SyncError('fatal', words, { status, uncertain: true });
  }

  /** @returns RT's sentences about what it did and did not do: all come with 200. @throws conflict if the tag is
   * outdated */
  async update(id: string, ticket: Json, tag: string | undefined): Promise<string[]> {
    const { body } = await this.rest.request('PUT', `ticket/${encodeURIComponent(id)}`, {
      body: ticket,
      ...(tag !== undefined && { headers: { 'If-Match': tag } }),
    });
    return Array.isArray(body) ? body.map(String) : [];
  }

  /**
   * Adds a message to a ticket. Never repeated: an error may be `uncertain`.
   * @returns the number of its transaction
   */
  async say(ticket: string, how: 'comment' | 'correspond', body: Json): Promise<string> {
    const path = `ticket/${encodeURIComponent(ticket)}/${how}`;
    const { status, headers } = await this.rest.request('POST', path, { body });
    return madeBy(`${how} to ticket ${ticket}`, status, headers);
  }

  /**
   * Adds a file to a ticket, without a text. Never repeated: an error may be `uncertain`.
   * @returns the number of its transaction
   */
  async attach(ticket: string, how: 'comment' | 'correspond', file: FileContent): Promise<string> {
    const path = `ticket/${encodeURIComponent(ticket)}/${how}`;
    const form = formWith('Attachments', file, { JSON: JSON.stringify({ ContentType: 'text/plain' }) });
    const { status, headers } = await this.rest.upload('POST', path, form);
    return madeBy(`file for ticket ${ticket}`, status, headers);
  }

  /** Texts that transactions hold; files are left out. */
  texts(transactions: readonly string[]): Promise<Json[]> {
    return this.attachments('Content,ContentType,TransactionId,Filename', [
      { field: 'TransactionId', operator: 'IN', value: transactions },
      { field: 'ContentType', operator: 'STARTSWITH', value: 'text/' },
      { field: 'Filename', operator: 'IS', value: 'NULL' },
      { field: 'Filename', operator: '=', value: '', entry_aggregator: 'OR' },
    ]);
  }

  /** What transactions hold, without its content: texts, files, and what keeps several of them together. */
  held(transactions: readonly string[]): Promise<Json[]> {
    const ofThese = { field: 'TransactionId', operator: 'IN', value: transactions };
    return this.attachments('Filename,ContentType,ContentLength,TransactionId', [ofThese]);
  }

  /** RT shows the account this attachment. */
  async shows(attachment: string): Promise<boolean> {
    const found = await this.attachments('TransactionId', [{ field: 'id', operator: '=', value: attachment }]);
    return found.length > 0;
  }

  /** A search that only a POST can carry: it writes nothing. Attachments are never added to a transaction later. */
  private async attachments(fields: string, conditions: Json[]): Promise<Json[]> {
    const found: Json[] = [];
    for (let page = 1; ; page++) {
      const query = { fields, orderby: 'id', per_page: PAGE, page };
      const answer = await this.rest.request('POST', 'attachments', { query, body: conditions, idempotent: true });
      if (!isJson(answer.body) || !Array.isArray(answer.body.items)) throw this.rest.notTheApi('POST attachments');
      const items = listOf(answer.body, 'items');
      append(found, items);
      if (items.length < PAGE) return found;
    }
  }

  /** The bytes of an attachment, which RT gives in base64 within JSON. @param size bytes, as RT tells */
  open(attachment: string, size: number): Promise<OpenedFile> {
    const unwrap = (answer: AsyncIterable<Uint8Array>) => bytesInJson(answer, 'Content');
    return this.rest.download(`attachment/${encodeURIComponent(attachment)}`, { size, unwrap });
  }

  close(): void {
    this.rest.close();
  }
}

/** The number of the transaction that was made. @throws SyncError `uncertain` if the answer does not name it */
function madeBy(what: string, status: number, headers: Record<string, string>): string {
  const id = /\/transaction\/(\d+)$/.exec(headers.location ?? '')?.[1];
  if (id !== undefined) return id;
  throw new SyncError('fatal', `RT took a ${what} (HTTP ${status}), but does not name it`, { status, uncertain: true });
}

/** Rejections of a create whose sentence is about one field. */
const FIELD_WORDS: [RegExp, string][] = [[/\bvalid status\b/i, 'Status']];

/** Only RT's own answers have a message: a proxy's page is not RT's answer. */
function said(status: number, body: unknown): Said | undefined {
  if (!isJson(body) || typeof body.message !== 'string') return undefined;
  const text = body.message;
  const field = status === 400 ? FIELD_WORDS.find(([words]) => words.test(text))?.[1] : undefined;
  return { text, ...(field && { fields: { [field]: text } }) };
}
