/**
 * A recorder between the package and a real server: forwards every request and records requests and answers. Tests use
 * it to prove that there are no unwanted writes, and to count the requests of a change. It can also answer instead of
 * the server, or cut the connection.
 */

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import { pipeline } from 'node:stream/promises';

export interface Recorded {
  method: string;
  /** with the query */
  path: string;
  /** 0 if the connection was cut before an answer */
  status: number;
  /** ms since 1970 */
  at: number;
  body: string;
}

/**
 * Replaces forwarding a request: an answer; `cut` = the server never sees the request; `lose` = the server carries it
 * out, but its answer is lost.
 */
export type Interference = Spoilt | 'cut' | 'lose';

/** An answer instead of the server's own. */
export interface Spoilt {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface RecordingProxy {
  url: string;
  requests: Recorded[];
  /** requests that may change something: neither GET nor HEAD */
  writes(): Recorded[];
  clear(): void;
  /** Changes the forwarded request; undefined leaves it. */
  change: ((headers: IncomingHttpHeaders) => IncomingHttpHeaders) | undefined;
  /** Changes the body of the server's answer, if it is no file; undefined leaves it. */
  rewrite: ((path: string, body: string) => string) | undefined;
  /** Called with every answer of the server; undefined forwards it. The request has already been carried out. */
  spoil: ((method: string, path: string, body: string) => Spoilt | undefined) | undefined;
  /** Called for every request; undefined forwards it. */
  interfere: ((method: string, path: string, body: string) => Interference | undefined) | undefined;
  stop(): Promise<void>;
}

export async function recordingProxy(target: string): Promise<RecordingProxy> {
  const base = new URL(target);
  const requests: Recorded[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url: path = '/' } = request;
    if (isFile(request) && !proxy.interfere?.(method, path, '')) {
      const entry: Recorded = { method, path, status: 0, at: Date.now(), body: '' };
      requests.push(entry);
      entry.status = await passOn(base, request, response, proxy.change);
      return;
    }
    const body = await bytes(request);
    const entry: Recorded = { method, path, status: 0, at: Date.now(), body: body.toString('utf8') };
    requests.push(entry);
    const instead = proxy.interfere?.(method, path, entry.body);
    if (instead === 'cut') {
      request.socket.destroy();
    } else if (instead === 'lose') {
      await forward(base, request, body);
      request.socket.destroy();
    } else if (instead) {
      entry.status = instead.status;
      answerWith(response, instead);
    } else {
      const answer = await forward(base, request, body, proxy.change);
      entry.status = answer.status;
      const spoilt = proxy.spoil?.(method, path, answer.body.toString('utf8'));
      if (spoilt) {
        entry.status = spoilt.status;
        answerWith(response, spoilt);
      } else if (proxy.rewrite) {
        const { 'content-length': _length, ...headers } = answer.headers;
        response.writeHead(answer.status, headers);
        response.end(proxy.rewrite(path, answer.body.toString('utf8')));
      } else {
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      }
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;

  const proxy: RecordingProxy = {
    url: `http://127.0.0.1:${port}`,
    requests,
    writes: () => requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
    clear: () => requests.splice(0),
    interfere: undefined,
    change: undefined,
    rewrite: undefined,
    spoil: undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

/** A file, which is passed on as it comes: it may be large. */
const isFile = ({ method, headers, url = '' }: IncomingMessage): boolean =>
  method === 'GET'
    ? /\/download\/|\/attachment\/\d+$/.test(url)
    : /^(application\/octet-stream$|multipart\/)/.test(headers['content-type'] ?? '');

/** @returns the status of the answer */
async function passOn(
  base: URL,
  request: IncomingMessage,
  response: ServerResponse,
  change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders = (headers) => headers,
): Promise<number> {
  const onward = send(new URL(request.url ?? '/', base), {
    method: request.method,
    headers: { ...change(request.headers), host: base.host },
  });
  const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
  request.pipe(onward);
  request.once('close', () => !request.complete && onward.destroy());
  const [answer] = await answered;
  const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  await pipeline(answer, response);
  return answer.statusCode ?? 502;
}

function answerWith(response: ServerResponse, { status, headers, body = '' }: Spoilt): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body);
}

async function bytes(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The server's own answer. */
async function forward(
  base: URL,
  request: IncomingMessage,
  body: Buffer,
  change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders = (headers) => headers,
) {
  const onward = send(new URL(request.url ?? '/', base), {
    method: request.method,
    headers: { ...change(request.headers), host: base.host },
  });
  onward.end(body);
  const [answer] = (await once(onward, 'response')) as [IncomingMessage];
  const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer.headers;
  return { status: answer.statusCode ?? 502, headers, body: await bytes(answer) };
}
