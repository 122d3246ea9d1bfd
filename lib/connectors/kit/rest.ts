/**
 * A system's REST API: authentication, the meaning of its error answers, paged lists. Functions that the HTTP client
 * (../http) has for all systems (time, size, repetition, pauses) are not repeated here.
 */

import type { OpenedFile } from '../../model/content';
import { asSyncError, SyncError, type SyncErrorKind } from '../../model/errors';
import {
  createHttpClient,
  type DownloadRequest,
  type HttpClient,
  type HttpMethod,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  type ParsedError,
  type UploadBody,
  type UploadRequest,
} from '../http/client';
import { type Authorization, authorize, type Credentials } from './auth';
import { isJson, type Json, listOf } from './json';
import { allPages, LONGEST_LIST } from './paging';

export type Query = NonNullable<HttpRequest['query']>;
export type Headers = Readonly<Record<string, string>>;

/** The system's own part of an error answer. */
export interface Said {
  /** its text; undefined = there is none, but it is the system that answers */
  text?: string;
  /** field id → error */
  fields?: Record<string, string>;
  /** the error's name or number in the system */
  code?: string;
  /** false: the text is useful, but may come from a gateway; default true */
  isOwn?: boolean;
}

/**
 * The meaning of a system's error answers. A 404 or 410 is `notFound` only if the system's own answer says so: a proxy
 * in front of it answers 404 as well.
 */
export interface ErrorTable {
  /** undefined = not the system's own answer, or it says nothing */
  read(status: number, body: unknown, headers: Headers): Said | undefined;
  /** The first matching entry gives the kind: by status, by code, or by the text. Otherwise the status decides. */
  kinds?: readonly (readonly [status: number | string | RegExp, SyncErrorKind])[];
}

/** An error table in the form of the HTTP client. */
export function parserOf({ read, kinds = [] }: ErrorTable) {
  return (status: number, body: unknown, headers: Headers): ParsedError | undefined => {
    const said = read(status, body, headers);
    if (!said) return undefined;
    const { text, fields = {}, code, isOwn = true } = said;
    const fits = (sign: number | string | RegExp): boolean =>
      typeof sign === 'number' ? sign === status : typeof sign === 'string' ? sign === code : sign.test(text ?? '');
    const isGone = isOwn && (status === 404 || status === 410);
    const kind = kinds.find(([sign]) => fits(sign))?.[1] ?? (isGone ? 'notFound' : undefined);
    return {
      ...(text !== undefined && { text }),
      ...(Object.keys(fields).length > 0 && { fields }),
      ...(kind && { kind }),
    };
  };
}

/** How a system pages a list. */
export interface Paging {
  /** the parameters for the page after this many entries */
  query(offset: number): Query;
  /** The entries of a page. @param body an object, or a list: then that is everything */
  items(body: unknown): Json[];
  /** The system reports that there are more. @param end number of entries up to this page's end @param count entries
   * of this page */
  more(body: Json, end: number, count: number): boolean;
  /** Identifies entries; by default their `id`. */
  key?(item: Json): string;
}

/**
 * Paging by offset and limit, with the total number of entries in the answer.
 *
 * @param property of the answer with the entries
 * @param size entries in a page
 * @param names of the parameters, and of the property with the total
 */
export const byOffset = (
  property: string,
  size: number,
  names = { offset: 'offset', limit: 'limit', total: 'total_count' },
): Paging => ({
  query: (offset) => ({ [names.limit]: size, [names.offset]: offset }),
  items: (body) => listOf(body, property),
  more: (body, end) => {
    const total = body[names.total];
    return typeof total === 'number' && end < total;
  },
});

export interface RestConfig {
  /** with a trailing slash */
  baseUrl: string;
  /** for errors: "Redmine" */
  product: string;
  /** or an authorization that several hosts share */
  credentials: Credentials | Authorization;
  /** of the host: proxy, TLS, time-outs */
  options: HttpOptions | undefined;
  /** sent with every request */
  headers?: Record<string, string>;
  errors: ErrorTable;
  /**
   * Checks each answer, also with status 200: it may be a sign-in page, or an answer for an anonymous user.
   * @throws SyncError instead of returning the answer
   */
  inspect?(request: string, answer: HttpResponse): void;
  /** The meaning of a failure that the HTTP client cannot know, such as a sign-in page instead of 401. */
  understand?(error: SyncError): SyncError;
}

export class Rest {
  readonly baseUrl: string;
  readonly product: string;
  private readonly http: HttpClient;
  private readonly authorization: Authorization;
  private readonly inspect: RestConfig['inspect'];
  private readonly understand: NonNullable<RestConfig['understand']>;
  /** the system's clock minus the local one, ms */
  private skew = 0;

  /** @throws SyncError invalid if the URL, proxy or TLS settings cannot be used */
  constructor({ baseUrl, product, credentials, options, headers, errors, inspect, understand }: RestConfig) {
    this.baseUrl = baseUrl;
    this.product = product;
    this.inspect = inspect;
    this.understand = understand ?? ((error) => error);
    this.authorization = 'kind' in credentials ? authorize(credentials, options) : credentials;
    this.http = createHttpClient({
      baseUrl,
      product,
      ...(headers && { headers }),
      options,
      secrets: this.authorization.secrets,
      parseError: parserOf({
        ...errors,
        read: (status, body, answered) => {
          this.learnTime(answered);
          return errors.read(status, body, answered);
        },
      }),
    });
  }

  /**
   * One request. If the credentials were refused and there may be newer ones, it is sent once more with those: nothing
   * was carried out.
   *
   * @param path below the base URL
   * @throws SyncError as in http/failures.ts
   */
  request(method: HttpMethod, path: string, request: HttpRequest = {}): Promise<HttpResponse> {
    return this.authorized(async (own) => {
      const answer = await this.http.request(method, path, { ...request, headers: { ...own, ...request.headers } });
      return this.seen(`${method} ${path}`, answer);
    });
  }

  /**
   * A file as a stream. Read it to its end, or close it.
   *
   * @param path below the base URL, made from the file's id: never a URL from an answer
   * @throws SyncError as Transfer.download
   */
  download(path: string, request: DownloadRequest = {}): Promise<OpenedFile> {
    return this.authorized((own) => this.http.download(path, { ...request, headers: { ...own, ...request.headers } }));
  }

  /** Sends a file as a stream, opened again for a second attempt. @throws SyncError as Transfer.upload */
  upload(method: 'POST' | 'PUT', path: string, body: UploadBody, request: UploadRequest = {}): Promise<HttpResponse> {
    return this.authorized(async (own) => {
      const headers = { ...own, ...request.headers };
      return this.seen(`${method} ${path}`, await this.http.upload(method, path, body, { ...request, headers }));
    });
  }

  /** @throws SyncError the error of `inspect`, instead of returning the answer */
  private seen(request: string, answer: HttpResponse): HttpResponse {
    this.learnTime(answer.headers);
    this.inspect?.(request, answer);
    return answer;
  }

  private async authorized<T>(send: (headers: Record<string, string>) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      const own = await this.authorization.headers();
      try {
        return await send(own);
      } catch (thrown) {
        const error = this.understand(asSyncError(thrown));
        // missing bytes are not an answer of this system
        const isRefusal = error.kind === 'auth' && error.detail.content !== true;
        if (isRefusal && this.authorization.renew() && attempt === 0) continue;
        throw error;
      }
    }
  }

  /** The answer's body, which has to be an object. @throws SyncError fatal if the answer is not from this API */
  async get(path: string, query?: HttpRequest['query']): Promise<Json> {
    const { body } = await this.request('GET', path, { query });
    return this.object(`GET ${path}`, body);
  }

  /** @param request for the error: `GET issues.json` */
  object(request: string, body: unknown): Json {
    if (isJson(body)) return body;
    throw this.notTheApi(request);
  }

  notTheApi(request: string): SyncError {
    return new SyncError('fatal', `${request}: not a response of ${this.product}'s API. Check the URL`);
  }

  /** All entries of a list, each once. @param most that are read */
  all(path: string, paging: Paging, query: Query = {}, most = LONGEST_LIST): Promise<Json[]> {
    return allPages(
      async (offset) => {
        const { body } = await this.request('GET', path, { query: { ...query, ...paging.query(offset) } });
        if (!isJson(body) && !Array.isArray(body)) throw this.notTheApi(`GET ${path}`);
        const items = paging.items(body);
        return { items, more: isJson(body) && paging.more(body, offset + items.length, items.length) };
      },
      paging.key ?? ((item) => JSON.stringify(item.id ?? item)),
      most,
    );
  }

  /** The system's clock as known from its answers, ms since 1970. */
  now(): number {
    return Date.now() + this.skew;
  }

  close(): void {
    this.http.close();
    this.authorization.close();
  }

  private learnTime(headers: Headers): void {
    const time = serverTime(headers);
    // HTTP dates have whole seconds: the middle of a second is closest
    if (time !== undefined) this.skew = time + 500 - Date.now();
  }
}

/** The system's clock when it answered, ms since 1970; undefined if the answer does not contain it. */
export function serverTime(headers: Headers): number | undefined {
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? undefined : time;
}
