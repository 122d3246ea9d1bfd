/** Servers that misbehave on purpose, proxies and certificates, all on this machine, all gone after the test. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

export interface TestServer {
  url: string;
  port: number;
  /** `GET /path?query` of every request that arrived */
  requests: string[];
  /** headers of the last one */
  headers: http.IncomingHttpHeaders;
  /** connections that were made */
  connections: number;
  stop(): Promise<void>;
}

const running: { stop(): Promise<void> }[] = [];

/** Stops everything that was started here: for an `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((one) => one.stop()));
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function follow(server: Server): { stop(): Promise<void>; sockets: Set<Socket> } {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  const entry = {
    sockets,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
  running.push(entry);
  return entry;
}

function noting(handler: Handler, server: TestServer): http.RequestListener {
  return (request, response) => {
    server.requests.push(`${request.method} ${request.url}`);
    server.headers = request.headers;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handler(request, response, Buffer.concat(parts).toString('utf8')));
    request.on('error', () => undefined);
  };
}

async function started(server: http.Server | https.Server, scheme: string, result: TestServer): Promise<TestServer> {
  server.on('connection', () => result.connections++);
  const { stop } = follow(server);
  result.port = await listen(server);
  result.url = `${scheme}://127.0.0.1:${result.port}`;
  result.stop = stop;
  return result;
}

const blank = (): TestServer => ({
  url: '',
  port: 0,
  requests: [],
  headers: {},
  connections: 0,
  stop: async () => undefined,
});

export async function httpServer(handler: Handler): Promise<TestServer> {
  const result = blank();
  return started(http.createServer(noting(handler, result)), 'http', result);
}

/** A server that reads bodies as it likes, or not at all. */
export async function streamServer(handler: http.RequestListener): Promise<TestServer> {
  const result = blank();
  const server = http.createServer((request, response) => {
    result.requests.push(`${request.method} ${request.url}`);
    result.headers = request.headers;
    request.on('error', () => undefined);
    handler(request, response);
  });
  return started(server, 'http', result);
}

export async function httpsServer(options: https.ServerOptions, handler: Handler): Promise<TestServer> {
  const result = blank();
  return started(https.createServer(options, noting(handler, result)), 'https', result);
}

/** Answers with JSON. */
export const json =
  (value: unknown, status = 200, headers: http.OutgoingHttpHeaders = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** A proxy that wants credentials: forwards plain requests, tunnels CONNECT. Notes what it was asked. */
export async function proxyServer(credentials?: string): Promise<TestServer> {
  const result = blank();
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = http.createServer((request, response) => {
    result.requests.push(`${request.method} ${request.url}`);
    if (wanted && request.headers['proxy-authorization'] !== wanted) {
      response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const { 'proxy-authorization': _mine, ...headers } = request.headers;
    const onward = http.request(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, client: Socket) => {
    result.requests.push(`CONNECT ${request.url}`);
    if (wanted && request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const origin = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      origin.pipe(client).pipe(origin);
    });
    origin.on('error', () => client.destroy());
    client.on('error', () => origin.destroy());
    client.on('close', () => origin.destroy());
  });
  return started(server, 'http', result);
}

/** A server that speaks no HTTP: what it does with a connection is its own business. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<TestServer> {
  const result = blank();
  const server = createServer(onConnection);
  const { stop } = follow(server);
  result.port = await listen(server);
  result.url = `http://127.0.0.1:${result.port}`;
  result.stop = stop;
  return result;
}

export interface Pem {
  key: string;
  cert: string;
}

/** A self-signed certificate, made by openssl. @param names subject alternative names such as `IP:127.0.0.1` */
export function selfSigned(name: string, names: string): Pem {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const what = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
    const where = ['-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', ...what, ...where], { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
