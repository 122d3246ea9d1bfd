/**
 * Shared by all requests to one base URL, whatever they carry: sockets, headers, turns in the system's budget,
 * repetitions, and error texts. client.ts (JSON) and transfer.ts (files) send the requests.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance } from 'axios';
import { SyncError } from '../../model/errors';
import { abandonSignal } from './abandon';
import { createSockets, type Sockets } from './agents';
import type { FailureContext } from './failures';
import { failureOfNetwork, failureOfStatus, looksLikeHtml, type ParsedError, saying, textOfHtml } from './failures';
import { createMask, type Mask, secretsOfHeaders } from './masking';
import type { GatePass, HttpOptions, RateAnswer } from './options';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A list repeats the name; undefined is left out. */
export type HttpQuery = Record<string, string | number | boolean | readonly (string | number)[] | undefined>;

export interface HttpResponse {
  status: number;
  /** by lower-case name */
  headers: Record<string, string>;
  /** parsed JSON; undefined if the answer has no body */
  body: unknown;
}

export interface HttpClientConfig {
  /** http(s), may have a path; no credentials in the URL */
  baseUrl: string;
  /** the display name of the product, for error texts: "Redmine" */
  product: string;
  /** sent with every request, to this host only */
  headers?: Record<string, string>;
  /** Basic authentication */
  auth?: { username: string; password: string };
  options?: HttpOptions;
  /** further values to be masked in messages */
  secrets?: string[];
  /** reads the system's error text from the body of an error answer (parsed JSON, otherwise text) */
  parseError?: (status: number, body: unknown, headers: Record<string, string>) => ParsedError | undefined;
}

/** One answer, including answers with an error status. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  rate?: RateAnswer;
}

/** When a call ends, by performance.now(). Extended while the call waits for its turn, because that is not the
 * server's time. */
export interface Deadline {
  at: number;
}

/** maximum size of an answer that is read completely, if the options do not set one */
const MAX_BYTES = 64 * 1024 * 1024;
export const MAX_REDIRECTS = 3;
/** longer pauses are left to the engine instead of being waited for before a repetition */
const LONGEST_PAUSE_MS = 5_000;

/** The base URL, checked. @throws SyncError invalid with `fields.url` */
export function parseBaseUrl(text: string): URL {
  const fail = (why: string) => new SyncError('invalid', `The URL ${why}`, { fields: { url: why } });
  if (!URL.canParse(text.trim())) throw fail('is not valid. Example: https://redmine.example.com');
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw fail('must begin with https:// or http://');
  if (url.username || url.password) throw fail('must not contain credentials. Enter them in their own inputs');
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function queryText(query: HttpQuery = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text && `?${text}`;
}

export class Line {
  readonly base: URL;
  readonly options: HttpOptions;
  readonly axios: AxiosInstance;
  readonly mask: Mask;
  readonly headers: Record<string, string>;
  private readonly sockets: Sockets;
  private readonly proxy: string | undefined;
  private readonly closing = new AbortController();

  /** @throws SyncError invalid if the URL, proxy or TLS texts cannot be used */
  constructor(private readonly config: HttpClientConfig) {
    this.base = parseBaseUrl(config.baseUrl);
    this.options = config.options ?? {};
    this.headers = { Accept: 'application/json', ...config.headers };
    const { auth } = config;
    if (auth) {
      const basic = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      this.headers.Authorization = `Basic ${basic}`;
    }
    const { proxy, tls } = this.options;
    this.mask = createMask([
      ...secretsOfHeaders(this.headers),
      ...(auth ? [auth.password] : []),
      ...(proxy?.password ? [proxy.password] : []),
      ...(tls?.passphrase ? [tls.passphrase] : []),
      ...(config.secrets ?? []),
    ]);
    this.proxy = proxy && this.mask(proxy.url);
    try {
      this.sockets = createSockets(this.base, this.options);
    } catch (thrown) {
      if (thrown instanceof SyncError) throw thrown;
      const words = this.mask(thrown instanceof Error ? thrown.message : String(thrown));
      throw new SyncError('invalid', `Certificate or key of the tls-config node cannot be used: ${words}`);
    }
    this.axios = axios.create({
      httpAgent: this.sockets.httpAgent,
      httpsAgent: this.sockets.httpsAgent,
      proxy: this.sockets.proxy,
      maxRedirects: 0,
      maxContentLength: this.maxBytes,
      maxBodyLength: this.maxBytes,
      responseType: 'arraybuffer',
      validateStatus: () => true,
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
    });
  }

  get product(): string {
    return this.config.product;
  }

  get closed(): AbortSignal {
    return this.closing.signal;
  }

  private get maxBytes(): number {
    return this.options.maxBytes ?? MAX_BYTES;
  }

  close(): void {
    this.closing.abort();
    this.sockets.close();
  }

  /** @throws SyncError fatal if the path leads to another host */
  address(method: HttpMethod, path: string, query: HttpQuery | undefined, idempotent: boolean): [URL, FailureContext] {
    const url = new URL(path.replace(/^\//, '') + queryText(query), this.base);
    const context: FailureContext = {
      request: this.mask(`${method} ${url.pathname}`),
      host: this.base.host,
      idempotent,
      proxy: this.proxy,
      mask: this.mask,
    };
    if (url.origin !== this.base.origin) {
      throw new SyncError('fatal', `${context.request}: The URL leads to a host other than the configured one`);
    }
    return [url, context];
  }

  deadline(timeoutMs?: number): Deadline {
    return { at: performance.now() + (timeoutMs ?? this.options.timeoutMs ?? 60_000) };
  }

  /** Repeats after temporary failures if the request may be repeated and the deadline allows it. */
  async repeated<T>(idempotent: boolean, deadline: Deadline, work: () => Promise<T>): Promise<T> {
    const retries = idempotent ? (this.options.retries ?? 2) : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof SyncError) || attempt >= retries || !this.mayPass(thrown)) throw thrown;
        const pause = thrown.detail.retryAfterMs ?? 200 * 2 ** attempt * (0.5 + Math.random());
        if (pause > LONGEST_PAUSE_MS || performance.now() + pause >= deadline.at) throw thrown;
        await sleep(pause);
      }
    }
  }

  private mayPass(error: SyncError): boolean {
    const { status } = error.detail;
    if (this.closed.aborted || abandonSignal()?.aborted) return false;
    if (status === 503) return true;
    return error.kind === 'transient' && (status === undefined || status === 502 || status === 504);
  }

  /** A redirect that is not followed. */
  refusedRedirect(to: URL | undefined, location: string, hops: number, context: FailureContext): SyncError {
    const where = saying(to ? `${to.origin}${to.pathname}` : location, this.mask, 200);
    const why = hops >= MAX_REDIRECTS ? 'redirects in circles' : `redirects to ${where}`;
    // whoever answers with a redirect did not carry out the request
    const detail = context.idempotent ? {} : { uncertain: false };
    return new SyncError('fatal', `${context.request} on ${context.host} ${why}. Check the URL`, detail);
  }

  /** Waits until the system's budget allows a request. @throws SyncError also if nobody waits for the answer any
   * longer */
  async turn(deadline: Deadline, context: FailureContext): Promise<GatePass | undefined> {
    const abandoned = abandonSignal();
    if (abandoned?.aborted) throw nobodyWaits(context);
    const { gate } = this.options;
    if (!gate) return undefined;
    const asked = performance.now();
    const pass = await gate.enter(`${context.request} on ${context.host}`);
    deadline.at += performance.now() - asked;
    if (!this.closed.aborted && !abandoned?.aborted) return pass;
    pass.done(undefined);
    if (abandoned?.aborted) throw nobodyWaits(context);
    throw new SyncError('transient', `${context.request}: Twinflow closed the connection; nothing was sent`);
  }

  /** A request has been sent. */
  sent(method: HttpMethod, url: URL, status: number | undefined): void {
    this.options.onRequest?.(method, this.mask(url.pathname + url.search), status);
  }

  /** A request failed, or an answer was incomplete. */
  noAnswer(thrown: unknown, timedOut: boolean, context: FailureContext): SyncError {
    if (thrown instanceof SyncError) return thrown;
    if (abandonSignal()?.aborted) return nobodyWaits(context);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (this.closed.aborted) {
      const detail = context.idempotent ? {} : { uncertain: true };
      return new SyncError('transient', `${context.request}: Twinflow closed the connection`, detail);
    }
    if (timedOut) return failureOfNetwork('ETIMEDOUT', message, context);
    if (/maxContentLength/.test(message)) {
      const limit = Math.round(this.maxBytes / 1024);
      const detail = { tooLarge: true, ...(context.idempotent ? {} : { uncertain: true }) };
      return new SyncError(
        'fatal',
        `${context.request} on ${context.host}: The answer is larger than ${limit} KB`,
        detail,
      );
    }
    const code = codeOf(thrown);
    // axios' name for a body that ends early
    if (code === 'ERR_BAD_RESPONSE') return failureOfNetwork('ECONNRESET', message, context);
    return failureOfNetwork(code, message, context);
  }

  /** @throws SyncError if the answer is an error or not from the API */
  understand(answer: RawAnswer, context: FailureContext): HttpResponse {
    const { status, headers, text } = answer;
    const contentType = headers['content-type'];
    const { value, broken } = parseJson(text);
    if (status >= 200 && status < 300) {
      if (!broken) return { status, headers, body: value };
      const { product } = this.config;
      const detail = { status, ...(context.idempotent ? {} : { uncertain: true }) };
      if (looksLikeHtml(contentType, text)) {
        const title = textOfHtml(this.mask(text.slice(0, 100_000)));
        throw new SyncError(
          'fatal',
          `${context.request} on ${context.host}: The URL returns HTML, not the API of ${product}. Check the URL`,
          { ...detail, answer: title },
        );
      }
      const start = saying(text, this.mask, 200);
      // JSON with a valid start was truncated on the way; anything else is not the API
      if (/^\s*[[{]/.test(text)) {
        const words = 'Invalid or truncated JSON response';
        throw new SyncError('transient', `${context.request} on ${context.host}: ${words}`, {
          ...detail,
          answer: start,
        });
      }
      const words = `Not a response of the API of ${product}. Check the URL`;
      throw new SyncError('fatal', `${context.request} on ${context.host}: ${words}`, { ...detail, answer: start });
    }
    throw this.failure(answer, context);
  }

  /** The details of an answer with an error status. */
  failure(answer: RawAnswer, context: FailureContext): SyncError {
    const { status, headers, text } = answer;
    const { value, broken } = parseJson(text);
    const parsed = this.config.parseError?.(status, broken ? text : value, headers);
    const contentType = headers['content-type'];
    return failureOfStatus({ status, contentType, text, retryAfterMs: answer.rate?.retryAfterMs, parsed }, context);
  }
}

/** Headers of an answer by lower-case name. */
export const headersOf = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

function nobodyWaits({ request, host, idempotent }: FailureContext): SyncError {
  const detail = idempotent ? {} : { uncertain: true };
  return new SyncError('transient', `${request} on ${host}: canceled, because nobody waits for the answer`, detail);
}

function parseJson(text: string): { value?: unknown; broken: boolean } {
  if (text.trim() === '') return { broken: false };
  try {
    const value: unknown = JSON.parse(text);
    return { value, broken: false };
  } catch {
    return { broken: true };
  }
}

/** Node's code of an error, also searched in its causes. */
function codeOf(thrown: unknown): string {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const inner = error.cause;
    if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code;
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return '';
}
