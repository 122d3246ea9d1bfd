/**
 * Transfers files as streams: never completely in memory, and at the speed of the slower end. There is no timeout for
 * the whole transfer, only for pauses. The number of bytes must be the announced one. A sign-in page, a proxy's page
 * and a redirect to either are errors, never files.
 *
 * A download may be redirected to another host (Jira Cloud: a signed URL of its media store). It is followed without
 * any header, cookie or certificate of the system, and an answer of that host says nothing about the system's
 * credentials.
 */

import { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import { contentFault, type OpenedFile } from '../../model/content';
import { SyncError } from '../../model/errors';
import { abandonSignal } from './abandon';
import { isLogin, isPage, mayFollow, pageFailure, socketsAbroad } from './elsewhere';
import type { FailureContext } from './failures';
import {
  type Deadline,
  type HttpQuery,
  type HttpResponse,
  headersOf,
  type Line,
  MAX_REDIRECTS,
  type RawAnswer,
} from './line';
import type { RateAnswer } from './options';
import { rateAnswer } from './rate-limits';
import { decoded, firstText, isDecodable, unwrapped, wholeBytes } from './streams';
import { havePassed } from './sweeping';

export interface DownloadRequest {
  query?: HttpQuery;
  headers?: Record<string, string>;
  /** bytes, from the system's description of the file; by default as announced by the answer */
  size?: number;
  /** from the system's description of the file: a page is a file only if one is expected, or it is marked as an
   * attachment */
  mediaType?: string;
  name?: string;
  /** until the answer starts, milliseconds, instead of the client's */
  timeoutMs?: number;
  /**
   * The file is a part of the answer, such as a text in JSON: takes it out while the answer is read. Needs `size`, since the
   * answer announces its own. @throws SyncError
   */
  unwrap?: (answer: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** A body that is sent as a stream. Created again for a repetition. */
export interface UploadBody {
  contentType: string;
  /** bytes */
  length: number;
  open(): Promise<OpenedFile>;
}

export interface UploadRequest {
  query?: HttpQuery;
  headers?: Record<string, string>;
  /** may be repeated after a failure; default false */
  idempotent?: boolean;
}

const IDLE_MS = 60_000;
/** A server that has received a whole file hashes, scans and stores it before it answers; a proxy may only then
 * start to forward it. */
const ANSWER_BYTES_PER_MS = 5_000;
/** bytes of an unexpected answer that are inspected */
const LOOKED_AT = 100_000;
/** bytes of the answer to an upload */
const LONGEST_ANSWER = 10_000_000;

interface Answer {
  status: number;
  headers: Record<string, string>;
  rate?: RateAnswer;
  stream: Readable;
}

export class Transfer {
  constructor(private readonly line: Line) {}

  private get idleMs(): number {
    return this.line.options.idleMs ?? IDLE_MS;
  }

  /**
   * Opens a file. The request holds its turn in the system's budget until the answer starts, so a long download blocks
   * no others.
   *
   * @param path below the base URL
   * @throws SyncError as for any request; auth or transient for a page instead of a file; transient if the answer
   * announces a size other than `size`. The returned stream throws transient if the number of bytes is wrong, or if
   * there are none for too long.
   */
  async download(path: string, request: DownloadRequest = {}): Promise<OpenedFile> {
    const [url, context] = this.line.address('GET', path, request.query, true);
    const deadline = this.line.deadline(request.timeoutMs);
    return this.line.repeated(true, deadline, () => this.open(url, request, context, deadline));
  }

  private async open(
    url: URL,
    request: DownloadRequest,
    context: FailureContext,
    deadline: Deadline,
  ): Promise<OpenedFile> {
    let target = url;
    // once on a foreign host, no credentials are sent any longer, not even back to the system's host
    let isAbroad = false;
    for (let hops = 0; ; hops++) {
      const answer = await this.ask(target, isAbroad, request, context, deadline);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || location === undefined)
        return this.opened(answer, isAbroad, request, context);
      answer.stream.destroy();
      const to = URL.canParse(location, target.href) ? new URL(location, target.href) : undefined;
      if (to && isLogin(to)) throw pageFailure(context, `redirects to ${to.host}, a sign-in page`, 'auth');
      if (!to || hops >= MAX_REDIRECTS || !mayFollow(target, to)) {
        throw this.line.refusedRedirect(to, location, hops, context);
      }
      isAbroad ||= to.origin !== this.line.base.origin;
      target = to;
    }
  }

  /** One request of a download, until the answer starts. */
  private async ask(
    url: URL,
    isAbroad: boolean,
    request: DownloadRequest,
    context: FailureContext,
    deadline: Deadline,
  ): Promise<Answer> {
    const abandoned = abandonSignal();
    const pass = await this.line.turn(deadline, context);
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(), Math.max(1, Math.ceil(deadline.at - performance.now())));
    const abroad = isAbroad ? socketsAbroad(url, this.line.options) : undefined;
    const plain = { Accept: '*/*', 'Accept-Encoding': 'identity' };
    let status: number | undefined;
    let rate: RateAnswer | undefined;
    try {
      const response: AxiosResponse<unknown> = await this.line.axios.request({
        method: 'GET',
        url: url.href,
        headers: isAbroad ? plain : { ...this.line.headers, ...plain, ...request.headers },
        responseType: 'stream',
        decompress: false,
        maxContentLength: -1,
        signal: AbortSignal.any([timer.signal, this.line.closed, ...(abandoned ? [abandoned] : [])]),
        ...(abroad && { httpAgent: abroad.httpAgent, httpsAgent: abroad.httpsAgent, proxy: abroad.proxy }),
      });
      const stream = streamOf(response);
      if (abroad) stream.once('close', () => abroad.close());
      const headers = headersOf(response.headers);
      status = response.status;
      // limits reported by a foreign host do not concern this budget
      if (!isAbroad) rate = rateAnswer(status, headers, Date.now());
      return { status, headers, rate, stream };
    } catch (thrown) {
      abroad?.close();
      throw this.line.noAnswer(thrown, timer.signal.aborted, context);
    } finally {
      clearTimeout(timeout);
      pass?.done(isAbroad ? undefined : status, rate);
      this.line.sent('GET', url, status);
    }
  }

  private async opened(
    answer: Answer,
    isAbroad: boolean,
    request: DownloadRequest,
    context: FailureContext,
  ): Promise<OpenedFile> {
    const { status, headers, stream } = answer;
    try {
      if (status !== 200) throw await this.noFile(answer, isAbroad, context);
      if (isPage(headers, request)) {
        const text = await firstText(stream, LOOKED_AT, this.idleMs);
        throw pageFailure(context, 'returned a web page instead of the file', undefined, this.line.mask(text));
      }
      const { unwrap } = request;
      const announced =
        unwrap || headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
      const encoding = headers['content-encoding'];
      // a file that is stored compressed may be announced as encoded: it is encoded only if the numbers differ
      const isEncoded = isDecodable(encoding) && (request.size === undefined || request.size !== announced);
      const size = request.size ?? (isEncoded ? undefined : announced);
      if (size === undefined || !Number.isSafeInteger(size)) {
        throw pageFailure(context, 'does not report the size of the file', 'transient');
      }
      if (!isEncoded && announced !== undefined && announced !== size) {
        const words = `announces ${announced} bytes, but the file has ${size}: not the file, or only a part of it`;
        throw pageFailure(context, words, 'transient');
      }
      const whole = isEncoded ? decoded(stream, encoding ?? '') : stream;
      if (unwrap) return this.file(unwrapped(whole, unwrap), size, undefined, context);
      return this.file(whole, size, headers['content-type'], context);
    } catch (thrown) {
      stream.destroy();
      throw thrown;
    }
  }

  private file(stream: Readable, size: number, mediaType: string | undefined, context: FailureContext): OpenedFile {
    const signals = [this.line.closed, abandonSignal()].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    const end = () => stream.destroy(new Error('ended on our side'));
    signal.addEventListener('abort', end, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', end));
    const fault = (thrown: unknown): SyncError => this.line.noAnswer(thrown, thrown === 'idle', context);
    const short = (got: number): SyncError => {
      const words = got > size ? `more than the ${size} bytes that were announced` : `${got} of ${size} bytes`;
      return pageFailure(context, `has sent ${words}`, 'transient');
    };
    return {
      size,
      ...(mediaType !== undefined && { mediaType }),
      bytes: wholeBytes(stream, { size, idleMs: this.idleMs, fault, short }),
      close: () => void stream.destroy(),
    };
  }

  /** An answer with a status other than 200, as an error. */
  private async noFile(answer: Answer, isAbroad: boolean, context: FailureContext): Promise<SyncError> {
    const { status, headers, rate, stream } = answer;
    if (status < 300)
      return pageFailure(context, `answers HTTP ${status}, which is not the unchanged file`, 'transient');
    const text = await firstText(stream, LOOKED_AT, this.idleMs);
    if (isAbroad) return pageFailure(context, `redirects to a host that answers HTTP ${status}`, 'transient');
    return this.line.failure({ status, headers, text, rate }, context);
  }

  /**
   * Sends a body and reads the answer, which is JSON as for any request. An early answer, such as a refusal, stops the
   * upload. If the body's source ends early, the error is marked `content`, and nothing was carried out.
   *
   * @param body opened once per attempt, before the request gets its turn: both ends may be the same system
   * @throws SyncError as for any request
   */
  async upload(
    method: 'POST' | 'PUT',
    path: string,
    body: UploadBody,
    request: UploadRequest = {},
  ): Promise<HttpResponse> {
    const idempotent = request.idempotent ?? false;
    const [url, context] = this.line.address(method, path, request.query, idempotent);
    const deadline = this.line.deadline();
    return this.line.repeated(idempotent, deadline, async () => {
      const answer = await this.send(method, url, body, request, context, deadline);
      const { location } = answer.headers;
      if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
        const to = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
        throw this.line.refusedRedirect(to, location, 0, context);
      }
      return this.line.understand(answer, context);
    });
  }

  private async send(
    method: 'POST' | 'PUT',
    url: URL,
    body: UploadBody,
    request: UploadRequest,
    context: FailureContext,
    deadline: Deadline,
  ): Promise<RawAnswer> {
    const file = await opening(body);
    try {
      const pass = await this.line.turn(deadline, context);
      let answer: RawAnswer | undefined;
      try {
        answer = await this.sendOpened(method, url, body, file, request, context);
        return answer;
      } finally {
        pass?.done(answer?.status, answer?.rate);
        this.line.sent(method, url, answer?.status);
      }
    } finally {
      file.close();
    }
  }

  private async sendOpened(
    method: 'POST' | 'PUT',
    url: URL,
    body: UploadBody,
    file: OpenedFile,
    request: UploadRequest,
    context: FailureContext,
  ): Promise<RawAnswer> {
    const abandoned = abandonSignal();
    const watch = new Watch();
    const handed = { bytes: 0, fault: undefined as SyncError | undefined };
    const answerMs = (this.line.options.timeoutMs ?? IDLE_MS) + body.length / ANSWER_BYTES_PER_MS;
    const idleMs = this.idleMs;
    async function* bytes(): AsyncGenerator<Uint8Array> {
      try {
        for await (const part of file.bytes) {
          handed.bytes += part.length;
          havePassed(part.length);
          // the time limit applies while the system accepts nothing, not while Twinflow waits for the file
          watch.arm(handed.bytes < body.length ? idleMs : answerMs);
          yield part;
          if (handed.bytes < body.length) watch.disarm();
        }
        if (handed.bytes !== body.length) throw incomplete(handed.bytes, body.length);
      } catch (thrown) {
        handed.fault = contentFault(thrown);
        throw thrown;
      }
    }
    if (body.length === 0) watch.arm(answerMs);
    const data = Readable.from(bytes(), { objectMode: false, highWaterMark: 64 * 1024 });
    try {
      const response: AxiosResponse<unknown> = await this.line.axios.request({
        method,
        url: url.href,
        headers: {
          ...this.line.headers,
          ...request.headers,
          'Content-Type': body.contentType,
          'Content-Length': String(body.length),
        },
        data,
        responseType: 'stream',
        maxBodyLength: -1,
        signal: AbortSignal.any([watch.signal, this.line.closed, ...(abandoned ? [abandoned] : [])]),
      });
      watch.arm(answerMs);
      const headers = headersOf(response.headers);
      const { status } = response;
      const rate = rateAnswer(status, headers, Date.now());
      const early = handed.bytes < body.length;
      const text = await firstText(streamOf(response), early ? LOOKED_AT : LONGEST_ANSWER, answerMs);
      if (early) {
        const sent: unknown = response.request;
        if (sent instanceof ClientRequest) sent.destroy();
        if (status < 300)
          throw pageFailure(context, 'accepted only a part of the file', 'transient', '', { uncertain: true });
      }
      return { status, headers, rate, text };
    } catch (thrown) {
      if (handed.fault) throw handed.fault;
      throw this.unsent(this.line.noAnswer(thrown, watch.signal.aborted, context), handed.bytes < body.length);
    } finally {
      watch.disarm();
      data.destroy();
    }
  }

  /** A failure before everything was sent: a system does not carry out an incomplete body. */
  private unsent(error: SyncError, isPart: boolean): SyncError {
    if (!isPart || error.detail.uncertain !== true) return error;
    const hint =
      error.kind === 'transient' ? '. The file was not sent completely. It may be too large for the system' : '';
    return new SyncError(error.kind, `${error.message}${hint}`, { ...error.detail, uncertain: false });
  }
}

/** @throws SyncError marked `content` */
async function opening(body: UploadBody): Promise<OpenedFile> {
  let file: OpenedFile;
  try {
    file = await body.open();
  } catch (thrown) {
    throw contentFault(thrown);
  }
  if (file.size === body.length) return file;
  file.close();
  throw contentFault(incomplete(file.size, body.length));
}

const incomplete = (got: number, length: number): SyncError =>
  new SyncError('transient', `The file has ${got} bytes instead of the declared ${length}.`);

function streamOf(response: AxiosResponse<unknown>): Readable {
  if (response.data instanceof Readable) return response.data;
  throw new SyncError('fatal', 'The HTTP client did not return a stream.');
}

/** A timeout that can be restarted. Its signal is aborted when the time is over. */
class Watch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  arm(ms: number): void {
    this.disarm();
    this.timer = setTimeout(() => this.controller.abort(), ms);
  }

  disarm(): void {
    clearTimeout(this.timer);
  }
}
