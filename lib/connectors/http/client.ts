/**
 * The HTTP client that all connectors share. It sends and reads JSON and carries files as streams. It keeps connections
 * alive, limits time and size, and repeats safe requests. It throws nothing but SyncError, with the kind that the
 * engine decides by and a text for admins without secrets. If the outcome of a write is unknown, the error says
 * `uncertain`.
 */

import type { AxiosResponse } from 'axios';
import type { OpenedFile } from '../../model/content';
import { abandonSignal } from './abandon';
import type { FailureContext } from './failures';
import {
  type Deadline,
  type HttpClientConfig,
  type HttpMethod,
  type HttpQuery,
  type HttpResponse,
  headersOf,
  Line,
  MAX_REDIRECTS,
  type RawAnswer,
} from './line';
import type { RateAnswer } from './options';
import { rateAnswer } from './rate-limits';
import { type DownloadRequest, Transfer, type UploadBody, type UploadRequest } from './transfer';

export type { ParsedError } from './failures';
export { type HttpClientConfig, type HttpMethod, type HttpResponse, parseBaseUrl } from './line';
export type { HttpOptions } from './options';
export type { DownloadRequest, UploadBody, UploadRequest } from './transfer';

export interface HttpRequest {
  query?: HttpQuery;
  /** sent as JSON; a Buffer is sent unchanged (set its Content-Type in `headers`) */
  body?: unknown;
  headers?: Record<string, string>;
  /** may be repeated after a failure; default true for all but POST and PATCH */
  idempotent?: boolean;
  /** milliseconds, instead of the client's */
  timeoutMs?: number;
  /** a redirect is the answer (`location` of its headers): it is not followed */
  asksWhere?: true;
}

export interface HttpClient {
  /** @throws SyncError as in failures.ts */
  request(method: HttpMethod, path: string, request?: HttpRequest): Promise<HttpResponse>;
  get(path: string, query?: HttpRequest['query']): Promise<HttpResponse>;
  post(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  put(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  patch(path: string, body: unknown, request?: HttpRequest): Promise<HttpResponse>;
  delete(path: string, request?: HttpRequest): Promise<HttpResponse>;
  /** A file as a stream. Read the result to its end or close it. @see Transfer.download */
  download(path: string, request?: DownloadRequest): Promise<OpenedFile>;
  /** Sends a body as a stream. @see Transfer.upload */
  upload(method: 'POST' | 'PUT', path: string, body: UploadBody, request?: UploadRequest): Promise<HttpResponse>;
  /** Closes all sockets. */
  close(): void;
}

class Client implements HttpClient {
  private readonly line: Line;
  private readonly transfer: Transfer;

  constructor(config: HttpClientConfig) {
    this.line = new Line(config);
    this.transfer = new Transfer(this.line);
  }

  get = (path: string, query?: HttpRequest['query']) => this.request('GET', path, { query });
  post = (path: string, body: unknown, request?: HttpRequest) => this.request('POST', path, { ...request, body });
  put = (path: string, body: unknown, request?: HttpRequest) => this.request('PUT', path, { ...request, body });
  patch = (path: string, body: unknown, request?: HttpRequest) => this.request('PATCH', path, { ...request, body });
  delete = (path: string, request?: HttpRequest) => this.request('DELETE', path, request);
  download = (path: string, request?: DownloadRequest) => this.transfer.download(path, request);
  upload = (method: 'POST' | 'PUT', path: string, body: UploadBody, request?: UploadRequest) =>
    this.transfer.upload(method, path, body, request);

  close(): void {
    this.line.close();
  }

  async request(method: HttpMethod, path: string, request: HttpRequest = {}): Promise<HttpResponse> {
    const idempotent = request.idempotent ?? (method !== 'POST' && method !== 'PATCH');
    const [url, context] = this.line.address(method, path, request.query, idempotent);
    const deadline = this.line.deadline(request.timeoutMs);
    return this.line.repeated(idempotent, deadline, () => this.once(method, url, request, context, deadline));
  }

  /** One request, with its redirects on the same host. */
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
        if (request.asksWhere) return { status: answer.status, headers: answer.headers, body: undefined };
        target = this.redirected(method, target, location, hops, context);
        continue;
      }
      return this.line.understand(answer, context);
    }
  }

  private redirected(method: HttpMethod, from: URL, location: string, hops: number, context: FailureContext): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
    const isPlain = method === 'GET' || method === 'HEAD';
    if (!to || to.origin !== this.line.base.origin || !isPlain || hops >= MAX_REDIRECTS)
      throw this.line.refusedRedirect(to, location, hops, context);
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
    const headers: Record<string, string> = { ...this.line.headers, ...request.headers };
    let data: string | Buffer | undefined;
    if (Buffer.isBuffer(body)) data = body;
    else if (body !== undefined) {
      data = JSON.stringify(body);
      headers['Content-Type'] ??= 'application/json';
    }
    const abandoned = abandonSignal();
    const pass = await this.line.turn(deadline, context);
    const timer = AbortSignal.timeout(Math.max(1, Math.ceil(deadline.at - performance.now())));
    let status: number | undefined;
    let rate: RateAnswer | undefined;
    try {
      const response: AxiosResponse<unknown> = await this.line.axios.request({
        method,
        url: url.href,
        headers,
        data,
        signal: AbortSignal.any([timer, this.line.closed, ...(abandoned ? [abandoned] : [])]),
      });
      const answered = headersOf(response.headers);
      status = response.status;
      rate = rateAnswer(status, answered, Date.now());
      return {
        status,
        headers: answered,
        rate,
        text: Buffer.isBuffer(response.data) ? response.data.toString('utf8') : '',
      };
    } catch (thrown) {
      throw this.line.noAnswer(thrown, timer.aborted, context);
    } finally {
      pass?.done(status, rate);
      this.line.sent(method, url, status);
    }
  }
}

/** A client for one base URL. @throws SyncError invalid if the URL, proxy or TLS texts cannot be used */
export function createHttpClient(config: HttpClientConfig): HttpClient {
  return new Client(config);
}
