/**
 * A recorder between the package and a real server: hands every request on and notes what was asked and answered. Tests
 * prove with it that nothing is written unasked, and count the requests that a change costs. It can also answer in the
 * server's place, or cut the line, to see what happens then.
 */

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';

export interface Recorded {
  method: string;
  /** with the query */
  path: string;
  /** 0 where the line was cut before an answer */
  status: number;
  /** ms since 1970 */
  at: number;
  body: string;
}

/**
 * What happens in place of handing a request on: an answer of our own; `cut` = the server never sees it; `lose` = the
 * server carries it out, but its answer is lost.
 */
export type Interference = Spoilt | 'cut' | 'lose';

/** An answer in place of the server's own. */
export interface Spoilt {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface RecordingProxy {
  url: string;
  requests: Recorded[];
  /** those that may change something: neither GET nor HEAD */
  writes(): Recorded[];
  clear(): void;
  /** Changes what is handed on; undefined leaves it. */
  change: ((headers: IncomingHttpHeaders) => IncomingHttpHeaders) | undefined;
  /** Changes the body of the server's answer; undefined leaves it. */
  rewrite: ((path: string, body: string) => string) | undefined;
  /** Called with every answer of the server; undefined hands it on. What the request asked for has happened. */
  spoil: ((method: string, path: string, body: string) => Spoilt | undefined) | undefined;
  /** Called for every request; undefined hands it on. */
  interfere: ((method: string, path: string, body: string) => Interference | undefined) | undefined;
  stop(): Promise<void>;
}

export async function recordingProxy(target: string): Promise<RecordingProxy> {
  const base = new URL(target);
  const requests: Recorded[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bytes(request);
    const { method = 'GET', url: path = '/' } = request;
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
