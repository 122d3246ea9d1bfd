/**
 * Requests of a declared connector. Whatever a file, a setting, an id or an answer says, a request goes to an address below the
 * system's base URL, and nowhere else: it carries the credentials.
 */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { HttpMethod, HttpOptions, HttpResponse } from '../http/client';
import { isJson, type Json, stableText, textOf } from '../kit/json';
import { Rest, serverTime } from '../kit/rest';
import type { ConnectorFile, DeclaredPaging, DeclaredQuery } from './format';
import { valueAt } from './path';
import { credentialsOf, errorsOf } from './signing-in';
import { fill, parseTemplate, placeholders, type Template, type Vars } from './template';

/** A list as it is declared. */
export interface DeclaredListing {
  get: string;
  query?: DeclaredQuery | undefined;
  items?: string | undefined;
  page?: DeclaredPaging | undefined;
  total?: string | undefined;
}

/** A part of a list. */
export interface Some {
  items: Json[];
  /** there are more behind them, as far as the answer tells */
  more: boolean;
  /** of the whole list, if the system tells */
  total?: number;
  /** the system's clock, ms since 1970 */
  serverNow?: number;
}

/** Values of settings by name. */
export type Given = Readonly<Record<string, unknown>>;

const MOST_PAGES = 400;

export class Api {
  private readonly rest: Rest;
  private readonly base: URL;
  private readonly templates = new Map<string, Template>();
  private readonly settings: Vars;

  /** @throws SyncError invalid if the base URL cannot be used */
  constructor(
    readonly file: ConnectorFile,
    given: Given,
    options: HttpOptions | undefined,
  ) {
    const isAddress = new Set(file.settings.flatMap(({ name, type }) => (type === 'url' ? [name] : [])));
    const texts = Object.entries(given).flatMap(([name, value]): [string, string][] => {
      if (typeof value !== 'string' && typeof value !== 'boolean') return [];
      return [[`setting.${name}`, isAddress.has(name) ? String(value).replace(/\/+$/, '') : String(value)]];
    });
    this.settings = Object.fromEntries(texts);
    const { http, label, identity } = file;
    const baseUrl = `${this.filled(http.base, {}).replace(/\/+$/, '')}/`;
    const headers = Object.entries(http.headers ?? {}).map(([name, value]): [string, string] => [
      name,
      headerValue(name, this.filled(value, {})),
    ]);
    this.rest = new Rest({
      ...{ baseUrl, product: identity.server || label, options },
      credentials: credentialsOf(file, given),
      headers: Object.fromEntries(headers),
      errors: errorsOf(file),
    });
    this.base = new URL(baseUrl);
  }

  get product(): string {
    return this.rest.product;
  }

  /** The system's clock, ms since 1970. */
  now(): number {
    return this.rest.now();
  }

  close(): void {
    this.rest.close();
  }

  /** The placeholders of a text. */
  names(text: string): string[] {
    return placeholders(this.parsed(text)).map(({ name }) => name);
  }

  /** A text with its placeholders filled. @throws SyncError invalid if one has no value */
  filled(text: string, vars: Vars): string {
    const made = this.fill(text, vars);
    if (made === undefined) throw new SyncError('invalid', `${text}: a value is missing`);
    return made;
  }

  /** The answer to a GET. */
  get(request: { get: string; query?: DeclaredQuery | undefined }, vars: Vars, join?: string): Promise<HttpResponse> {
    const path = this.filled(request.get, vars) + this.queryOf(request.query, vars, {}, join);
    return this.send('GET', path);
  }

  /** @param path with its query */
  send(method: HttpMethod, path: string, body?: Json, headers?: Record<string, string>): Promise<HttpResponse> {
    const relative = path.replace(/^\/+/, '');
    // a colon in the first segment would make it a scheme
    const url = new URL(`./${relative}`, this.base);
    if (url.origin !== this.base.origin || !url.pathname.startsWith(this.base.pathname))
      throw new SyncError(
        'fatal',
        `${method} ${relative.slice(0, 100)}: this leads out of ${this.base.href}. Nothing was sent`,
      );
    return this.rest.request(method, `./${relative}`, { ...(body && { body }), ...(headers && { headers }) });
  }

  /** An object in an answer. @throws SyncError fatal if it is none */
  objectAt(request: string, body: unknown, path: string | undefined): Json {
    const found = valueAt(body, path ?? '');
    if (isJson(found)) return found;
    throw this.rest.notTheApi(request);
  }

  /** The objects of a list in an answer. @throws SyncError fatal if there is none */
  listAt(request: string, body: unknown, path: string | undefined): Json[] {
    const found = valueAt(body, path ?? '');
    if (Array.isArray(found)) return found.filter(isJson);
    throw this.rest.notTheApi(request);
  }

  /** Entries of a list from a position on. Two requests at most where the system has numbered pages. */
  async some(list: DeclaredListing, vars: Vars, offset: number, limit: number): Promise<Some> {
    const { page } = list;
    if (!page || page.by === 'link') {
      const { items, ...rest } = await this.whole(list, vars, offset + limit + 1);
      return { ...rest, items: items.slice(offset, offset + limit), more: items.length > offset + limit };
    }
    if (page.by === 'offset') {
      const size = Math.min(limit, page.max);
      const got = await this.page(list, vars, { [page.param ?? 'offset']: offset, [page.size ?? 'limit']: size });
      const items = got.items.slice(0, size);
      const more = got.total === undefined ? got.items.length >= size : offset + items.length < got.total;
      return { ...got, items, more };
    }
    const { size, first, count } = numberedPages(offset, Math.min(limit, page.max), page.max);
    const items: Json[] = [];
    let got: Page = { items };
    for (let number = first; number < first + count; number++) {
      const number1 = number + (page.first ?? 1);
      got = await this.page(list, vars, { [page.param ?? 'page']: number1, [page.size ?? 'per_page']: size });
      append(items, got.items.slice(0, size));
      if (got.items.length < size) break;
    }
    const skipped = offset - first * size;
    const wanted = items.slice(skipped, skipped + limit);
    const read = first * size + items.length;
    const more =
      offset + wanted.length < read || (got.total === undefined ? got.items.length >= size : read < got.total);
    return { ...got, items: wanted, more };
  }

  /** One page of a list, and the whole answer. */
  async raw(list: DeclaredListing, vars: Vars): Promise<Page & { body: unknown }> {
    const answer = await this.get(list, vars);
    return { ...this.pageOf(list, `GET ${list.get}`, answer), body: answer.body };
  }

  /** A list from its start. @param most entries that are read; more of them are left out */
  async whole(list: DeclaredListing, vars: Vars, most: number): Promise<Page> {
    const { page } = list;
    const items: Json[] = [];
    let last: Page = { items };
    if (!page) return this.page(list, vars, {});
    if (page.by === 'link') {
      let path: string | undefined = this.filled(list.get, vars) + this.queryOf(list.query, vars, {});
      const followed = new Set<string>();
      while (path !== undefined && items.length < most && followed.size < MOST_PAGES && !followed.has(path)) {
        followed.add(path);
        const answer: HttpResponse = await this.send('GET', path);
        last = this.pageOf(list, `GET ${list.get}`, answer);
        append(items, last.items);
        path = this.nextOf(page.next, answer);
      }
      return { ...last, items };
    }
    // a system that ignores the position gives the same page again
    const begun = new Set<string>();
    for (let pages = 0; items.length < most && pages < MOST_PAGES; pages++) {
      const got: Some = await this.some({ ...list, page }, vars, items.length, page.max);
      const sign = stableText(got.items[0] ?? null);
      if (begun.has(sign)) break;
      begun.add(sign);
      append(items, got.items);
      last = got;
      if (!got.more || got.items.length === 0) break;
    }
    return { ...last, items };
  }

  /** Where the next page is, as a path. @throws SyncError fatal if that is not below the base URL */
  private nextOf(path: string | undefined, { body, headers }: HttpResponse): string | undefined {
    const link =
      path === undefined
        ? /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.link ?? '')?.[1]
        : textOf(valueAt(body, path));
    if (link === undefined) return undefined;
    const url = URL.canParse(link, this.base.href) ? new URL(link, this.base) : undefined;
    if (url?.origin === this.base.origin && url.pathname.startsWith(this.base.pathname))
      return url.pathname.slice(this.base.pathname.length) + url.search;
    throw new SyncError(
      'fatal',
      `${this.product} says that its list goes on at ${link.slice(0, 100)}, which is not below ${this.base.href}. ` +
        'Twinflow does not go there, since it would send the credentials along',
    );
  }

  private async page(list: DeclaredListing, vars: Vars, own: Record<string, number>): Promise<Page> {
    const path = this.filled(list.get, vars) + this.queryOf(list.query, vars, own);
    return this.pageOf(list, `GET ${list.get}`, await this.send('GET', path));
  }

  private pageOf(list: DeclaredListing, request: string, { body, headers }: HttpResponse): Page {
    const items = this.listAt(request, body, list.items);
    const total = list.total === undefined ? undefined : valueAt(body, list.total);
    const now = serverTime(headers);
    return {
      items,
      ...(typeof total === 'number' && { total }),
      ...(now !== undefined && { serverNow: now }),
    };
  }

  private fill(text: string, vars: Vars, join?: string): string | undefined {
    return fill(this.parsed(text), { ...this.settings, ...vars }, join);
  }

  private parsed(text: string): Template {
    let template = this.templates.get(text);
    if (!template) {
      template = parseTemplate(text);
      this.templates.set(text, template);
    }
    return template;
  }

  /** `?a=b`, or nothing. A parameter whose placeholder has no value is left out. */
  private queryOf(query: DeclaredQuery | undefined, vars: Vars, own: Record<string, number>, join?: string): string {
    const pairs: [string, string][] = Object.entries(own).map(([name, value]) => [name, String(value)]);
    for (const [name, value] of Object.entries(query ?? {}))
      for (const one of [value].flat()) {
        const made = this.fill(one, vars, join);
        if (made !== undefined) pairs.push([name, made]);
      }
    if (pairs.length === 0) return '';
    if (this.file.http.encode === 'form') return `?${new URLSearchParams(pairs).toString()}`;
    return `?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`;
  }
}

interface Page {
  items: Json[];
  total?: number;
  serverNow?: number;
}

/** The numbered pages that hold a stretch: one if any page size makes that possible, otherwise two. */
export function numberedPages(
  offset: number,
  limit: number,
  max: number,
): { size: number; first: number; count: number } {
  for (let size = limit; size <= max; size++) {
    const first = Math.floor(offset / size);
    if (offset + limit <= (first + 1) * size) return { size, first, count: 1 };
  }
  const first = Math.floor(offset / max);
  return { size: max, first, count: Math.ceil((offset + limit) / max) - first };
}

function headerValue(name: string, value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  throw new SyncError('invalid', `The header ${name} cannot have this value`);
}
