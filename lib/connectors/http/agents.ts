/**
 * Sockets of the HTTP client: keep-alive agents with TLS options, a connect timeout and, if configured, a proxy. HTTPS
 * goes through a proxy by CONNECT; plain HTTP is forwarded by it (RFC 9110 §7.6, §9.3.6).
 */

import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import type { AxiosProxyConfig } from 'axios';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SyncError } from '../../model/errors';
import type { HttpOptions } from './options';

/** Idle sockets are closed after this time, which is shorter than the usual limit of servers (Puma 20 s, nginx 75
 * s). */
const IDLE_MS = 15_000;

/** The error `code` for closing a socket that could not connect in time. */
export const CONNECT_TIMEOUT = 'TWINFLOW_CONNECT_TIMEOUT';

export interface Sockets {
  httpAgent: http.Agent;
  httpsAgent: http.Agent;
  /** for axios: the forwarding proxy of plain HTTP, false = none */
  proxy: AxiosProxyConfig | false;
  close(): void;
}

function limitConnectTime(socket: Duplex | null | undefined, event: string, timeoutMs: number): void {
  if (!socket) return;
  const timer = setTimeout(() => {
    const seconds = Math.round(timeoutMs / 1000);
    socket.destroy(Object.assign(new Error(`No connection within ${seconds} s`), { code: CONNECT_TIMEOUT }));
  }, timeoutMs);
  const stop = () => clearTimeout(timer);
  socket.once(event, stop).once('close', stop).once('error', stop);
}

class TimedHttpAgent extends http.Agent {
  constructor(
    options: http.AgentOptions,
    private readonly connectTimeoutMs: number,
  ) {
    super(options);
  }

  override createConnection(...args: Parameters<http.Agent['createConnection']>): Duplex | null | undefined {
    const socket = super.createConnection(...args);
    limitConnectTime(socket, 'connect', this.connectTimeoutMs);
    return socket;
  }
}

class TimedHttpsAgent extends https.Agent {
  constructor(
    options: https.AgentOptions,
    private readonly connectTimeoutMs: number,
  ) {
    super(options);
  }

  override createConnection(...args: Parameters<https.Agent['createConnection']>): Duplex | null | undefined {
    const socket = super.createConnection(...args);
    limitConnectTime(socket, 'secureConnect', this.connectTimeoutMs);
    return socket;
  }
}

type OriginTls = tls.SecureContextOptions & { servername?: string; rejectUnauthorized?: boolean };
type ConnectArguments = Parameters<HttpsProxyAgent<string>['connect']>;

/** A CONNECT tunnel whose TLS options apply to the origin, not to the proxy. */
class ProxyTunnel extends HttpsProxyAgent<string> {
  constructor(
    proxy: URL,
    private readonly origin: OriginTls,
    options: http.AgentOptions,
    private readonly connectTimeoutMs: number,
  ) {
    super(proxy, options);
  }

  override async connect(request: ConnectArguments[0], options: ConnectArguments[1]): Promise<Socket> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = () =>
        reject(Object.assign(new Error('the proxy opened no connection in time'), { code: CONNECT_TIMEOUT }));
      timer = setTimeout(fail, this.connectTimeoutMs);
    });
    try {
      const { host = '' } = options;
      // if the host is an IP address, the tunnel's TLS does not receive it and would expect "localhost"
      const identity: tls.ConnectionOptions =
        isIP(host) && !this.origin.servername
          ? { checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(host, certificate) }
          : {};
      return await Promise.race([super.connect(request, { ...options, ...this.origin, ...identity }), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * True if the host is to be reached without the proxy. An entry is a host name, which also covers its subdomains, with
 * or without leading `*.` or `.`, and with an optional port; `*` is every host.
 */
export function bypassesProxy(url: URL, noProxy: string[] = []): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return noProxy
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, pattern = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      const name = pattern.replace(/^\*?\./, '').replace(/^\[|\]$/g, '');
      return host === name || host.endsWith(`.${name}`);
    });
}

function proxyUrl(proxy: NonNullable<HttpOptions['proxy']>): URL {
  let url: URL;
  try {
    url = new URL(proxy.url.includes('://') ? proxy.url : `http://${proxy.url}`);
  } catch {
    throw new SyncError('invalid', "The proxy's URL is not valid. Example: http://proxy.example:3128");
  }
  if (proxy.username) {
    url.username = encodeURIComponent(proxy.username);
    url.password = encodeURIComponent(proxy.password ?? '');
  }
  return url;
}

/**
 * Agents for one base URL.
 *
 * @throws SyncError invalid if the proxy's URL or the TLS texts cannot be used
 */
export function createSockets(base: URL, options: HttpOptions): Sockets {
  const { tls: given } = options;
  const secure: OriginTls = given
    ? {
        ca: given.ca || undefined,
        cert: given.cert || undefined,
        key: given.key || undefined,
        passphrase: given.passphrase || undefined,
        rejectUnauthorized: given.verify !== false,
        ...(given.servername ? { servername: given.servername } : {}),
      }
    : {};
  const common = { keepAlive: true, maxSockets: options.maxSockets ?? 8, timeout: IDLE_MS };
  const connectTimeoutMs = options.connectTimeoutMs ?? 15_000;
  const proxy = options.proxy && !bypassesProxy(base, options.proxy.noProxy) ? proxyUrl(options.proxy) : undefined;

  const httpAgent = new TimedHttpAgent(common, connectTimeoutMs);
  const httpsAgent: http.Agent = proxy
    ? new ProxyTunnel(proxy, secure, common, connectTimeoutMs)
    : new TimedHttpsAgent({ ...common, ...secure }, connectTimeoutMs);
  const forward: AxiosProxyConfig | false =
    proxy && base.protocol === 'http:'
      ? {
          protocol: proxy.protocol,
          host: proxy.hostname,
          port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
          ...(proxy.username
            ? { auth: { username: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) } }
            : {}),
        }
      : false;
  return {
    httpAgent,
    httpsAgent,
    proxy: forward,
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}
