/**
 * The one HTTP client that connectors share. It speaks JSON, keeps connections alive, bounds time and size, repeats what
 * may be repeated, and throws nothing but SyncError: with the kind the engine decides by, in words for an admin, free of
 * secrets. Where a write's fate is not known the error says `uncertain`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { SyncError } from '../../model/errors';
import { abandonSignal } from './abandon';
import { createSockets, type Sockets } from './agents';
import type { FailureContext } from './failures';
import { failureOfNetwork, failureOfStatus, looksLikeHtml, type ParsedError, saying, textOfHtml } from './failures';
import { createMask, type Mask, secretsOfHeaders } from './masking';
import type { GatePass, HttpOptions, RateAnswer } from './options';
import { rateAnswer } from './rate-limits';

export type { ParsedError } from './failures';
export type { HttpOptions } from './options';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  /** repeated names by a list; undefined is left out */
  query?: Record<string, string | number | boolean | readonly (string | number)[] | undefined>;
  /** sent as JSON; a Buffer is sent as it is (give its Content-Type in `headers`) */
  body?: unknown;
  headers?: Record<string, string>;
  /** may be repeated after a fault; preset true for all but POST and PATCH */
  idempotent?: boolean;
  /** milliseconds, instead of the client's */
  timeoutMs?: number;
}

export interface HttpResponse {
  status: number;
  /** by lower-case name */
  headers: Record<string, string>;
  /** parsed JSON; undefined where the answer has no body */
  body: unknown;
}

export interface HttpClientConfig {
  /** http(s), may have a path; without user info */
  baseUrl: string;
  /** what is at the address, for error texts: "Redmine" */
  product: string;
  /** sent with every request, to this host only */
  headers?: Record<string, string>;
  /** Basic authentication */
  auth?: { username: string; password: string };
  options?: HttpOptions;
  /** further values that must not be seen in messages */
  secrets?: string[];
  /** reads the system's words out of an error answer's body (parsed JSON, else text) */
  parseError?: (status: number, body: unknown, headers: Record<string, string>) => ParsedError | undefined;
}

export interface HttpClient {
  /** @throws SyncError as in failures.ts */
  request(method: HttpMethod, path: string, request?: HttpRequest): Promise<HttpResponse>;
  get(path: string, query?: HttpRequest['query']): Promise<HttpResponse>;
  post(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  put(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  patch(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  delete(path: string, request?: HttpRequest): Promise<HttpResponse>;
  /** Closes all sockets. */
  close(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_REDIRECTS = 3;
/** a longer pause than this is the engine's business, not a repetition's */
const LONGEST_PAUSE_MS = 5_000;

/** The base URL, checked. @throws SyncError invalid with `fields.url` */
export function parseBaseUrl(text: string): URL {
  const fail = (why: string) => new SyncError('invalid', `The URL ${why}`, { fields: { url: why } });
  if (!URL.canParse(text.trim())) throw fail('is not an address such as https://redmine.example.com');
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw fail('must begin with https:// or http://');
  if (url.username || url.password) throw fail('must not hold credentials: they have their own inputs');
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function queryText(query: HttpRequest['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text && `?${text}`;
}

/** One answer as it came, error statuses included. */
interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  rate?: RateAnswer;
}

/** When a call ends, by performance.now(). Moves on while the call waits for its turn: that is not the server's time. */
interface Deadline {
  at: number;
}

class Client implements HttpClient {
  private readonly base: URL;
  private readonly options: HttpOptions;
  private readonly sockets: Sockets;
  private readonly axios: AxiosInstance;
  private readonly mask: Mask;
  private readonly headers: Record<string, string>;
  private readonly proxy: string | undefined;
  private readonly closing = new AbortController();

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
      maxContentLength: this.options.maxBytes ?? MAX_BYTES,
      maxBodyLength: this.options.maxBytes ?? MAX_BYTES,
      responseType: 'arraybuffer',
      validateStatus: () => true,
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
    });
  }

  get = (path: string, query?: HttpRequest['query']) => this.request('GET', path, { query });
  post = (path: string, body: unknown, request?: HttpRequest) => this.request('POST', path, { ...request, body });
  put = (path: string, body: unknown, request?: HttpRequest) => this.request('PUT', path, { ...request, body });
  patch = (path: string, body: unknown, request?: HttpRequest) => this.request('PATCH', path, { ...request, body });
  delete = (path: string, request?: HttpRequest) => this.request('DELETE', path, request);

  close(): void {
    this.closing.abort();
    this.sockets.close();
  }

  async request(method: HttpMethod, path: string, request: HttpRequest = {}): Promise<HttpResponse> {
    const idempotent = request.idempotent ?? (method !== 'POST' && method !== 'PATCH');
    const url = new URL(path.replace(/^\//, '') + queryText(request.query), this.base);
    const context: FailureContext = {
      request: this.mask(`${method} ${url.pathname}`),
      host: this.base.host,
      idempotent,
      proxy: this.proxy,
      mask: this.mask,
    };
    if (url.origin !== this.base.origin) {
      throw new SyncError('fatal', `${context.request}: the address leads to another host than the configured one`);
    }
    const deadline: Deadline = { at: performance.now() + (request.timeoutMs ?? this.options.timeoutMs ?? 60_000) };
    const retries = idempotent ? (this.options.retries ?? 2) : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(method, url, request, context, deadline);
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
    if (this.closing.signal.aborted || abandonSignal()?.aborted) return false;
    if (status === 503) return true;
    return error.kind === 'transient' && (status === undefined || status === 502 || status === 504);
  }

  /** One request, and its redirects within the host. */
  private async once(
    method: HttpMethod,
    url: URL,
    request: HttpRequest,
    context: FailureContext,
    deadline: Deadline,
  ): Promise<HttpResponse> {
    let target = url;
    for (let hops = 0; ; hops++) {
      const answer = await this.send(method, target, request, context, deadline);
      const { location } = answer.headers;
      if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
        target = this.redirected(method, target, location, hops, context);
        continue;
      }
      return this.understand(answer, context);
    }
  }

  private redirected(method: HttpMethod, from: URL, location: string, hops: number, context: FailureContext): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
    const where = saying(to ? `${to.origin}${to.pathname}` : location, this.mask, 200);
    if (!to || to.origin !== this.base.origin || (method !== 'GET' && method !== 'HEAD') || hops >= MAX_REDIRECTS) {
      const why = hops >= MAX_REDIRECTS ? 'redirects in circles' : `redirects to ${where}`;
      // a redirect is an answer of somebody who did not carry the request out
      const detail = context.idempotent ? {} : { uncertain: false };
      throw new SyncError('fatal', `${context.request} on ${context.host} ${why}: check the URL`, detail);
    }
    return to;
  }

  private async send(
    method: HttpMethod,
    url: URL,
    request: HttpRequest,
    context: FailureContext,
    deadline: Deadline,
  ): Promise<RawAnswer> {
    const { body } = request;
    const headers: Record<string, string> = { ...this.headers, ...request.headers };
    let data: string | Buffer | undefined;
    if (Buffer.isBuffer(body)) data = body;
    else if (body !== undefined) {
      data = JSON.stringify(body);
      headers['Content-Type'] ??= 'application/json';
    }
    const abandoned = abandonSignal();
    if (abandoned?.aborted) throw nobodyWaits(context);
    const pass = this.options.gate && (await this.turn(deadline, context));
    if (abandoned?.aborted) {
      pass?.done(undefined);
      throw nobodyWaits(context);
    }
    const timer = AbortSignal.timeout(Math.max(1, Math.ceil(deadline.at - performance.now())));
    let status: number | undefined;
    let rate: RateAnswer | undefined;
    try {
      const response: AxiosResponse<unknown> = await this.axios.request({
        method,
        url: url.href,
        headers,
        data,
        signal: AbortSignal.any([timer, this.closing.signal, ...(abandoned ? [abandoned] : [])]),
      });
      const answered = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
      );
      status = response.status;
      rate = rateAnswer(status, answered, Date.now());
      return {
        status,
        headers: answered,
        rate,
        text: Buffer.isBuffer(response.data) ? response.data.toString('utf8') : '',
      };
    } catch (thrown) {
      if (abandoned?.aborted) throw nobodyWaits(context);
      throw this.noAnswer(thrown, timer.aborted, context);
    } finally {
      pass?.done(status, rate);
      this.options.onRequest?.(method, this.mask(url.pathname + url.search), status);
    }
  }

  /** Waits until the system's budget lets a request out. */
  private async turn(deadline: Deadline, context: FailureContext): Promise<GatePass | undefined> {
    const asked = performance.now();
    const pass = await this.options.gate?.enter(`${context.request} on ${context.host}`);
    deadline.at += performance.now() - asked;
    if (!this.closing.signal.aborted) return pass;
    pass?.done(undefined);
    throw new SyncError('transient', `${context.request}: the connection was closed on our side; nothing was sent`);
  }

  private noAnswer(thrown: unknown, timedOut: boolean, context: FailureContext): SyncError {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (this.closing.signal.aborted) {
      const detail = context.idempotent ? {} : { uncertain: true };
      return new SyncError('transient', `${context.request}: the connection was closed on our side`, detail);
    }
    if (timedOut) return failureOfNetwork('ETIMEDOUT', message, context);
    if (/maxContentLength/.test(message)) {
      const limit = Math.round((this.options.maxBytes ?? MAX_BYTES) / 1024);
      const detail = { tooLarge: true, ...(context.idempotent ? {} : { uncertain: true }) };
      return new SyncError('fatal', `${context.request} on ${context.host}: the answer has over ${limit} KB`, detail);
    }
    const code = codeOf(thrown);
    // axios' name for a body that ends before it is complete
    if (code === 'ERR_BAD_RESPONSE') return failureOfNetwork('ECONNRESET', message, context);
    return failureOfNetwork(code, message, context);
  }

  private understand(answer: RawAnswer, context: FailureContext): HttpResponse {
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
          `${context.request} on ${context.host}: the address answers HTML, not the API of ${product}: check the URL`,
          { ...detail, answer: title },
        );
      }
      const start = saying(text, this.mask, 200);
      // JSON that begins well was cut off on its way; anything else is not the API
      if (/^\s*[[{]/.test(text)) {
        const words = 'the answer is broken JSON, perhaps cut off on its way';
        throw new SyncError('transient', `${context.request} on ${context.host}: ${words}`, {
          ...detail,
          answer: start,
        });
      }
      const words = `the answer is not that of the API of ${product}: check the URL`;
      throw new SyncError('fatal', `${context.request} on ${context.host}: ${words}`, { ...detail, answer: start });
    }
    const parsed = this.config.parseError?.(status, broken ? text : value, headers);
    throw failureOfStatus({ status, contentType, text, retryAfterMs: answer.rate?.retryAfterMs, parsed }, context);
  }
}

function nobodyWaits({ request, host, idempotent }: FailureContext): SyncError {
  const detail = idempotent ? {} : { uncertain: true };
  return new SyncError('transient', `${request} on ${host}: ended, since nobody waits for the answer any more`, detail);
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

/** Node's code of an error, looked for in its causes as well. */
function codeOf(thrown: unknown): string {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const inner = error.cause;
    if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code;
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return '';
}

/** A client for one base URL. @throws SyncError invalid – URL, proxy or TLS texts cannot be used */
export function createHttpClient(config: HttpClientConfig): HttpClient {
  return new Client(config);
}
