/** A little Node-RED for admin routes that answer in JSON: a permission can be denied, and somebody is logged in. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { JsonHost } from '../../../nodes/admin/json-routes';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export class JsonServer {
  /** this permission is refused */
  denied = '';
  readonly asked: string[] = [];
  readonly audited: object[] = [];
  private readonly app = express();
  private server: ReturnType<typeof createServer> | undefined;

  constructor() {
    this.app.use(express.json({ limit: '5mb' }));
    this.app.use((request, _response, next) => {
      Object.assign(request, { user: { username: 'anna' } });
      next();
    });
  }

  private readonly added = new Set<string>();

  /** All routes that were added, such as `GET /twinflow/operations`. */
  routes(): string[] {
    return [...this.added];
  }

  get host(): JsonHost {
    const { app, added } = this;
    const noted = new Proxy(app, {
      get(target, name, receiver) {
        const own: unknown = Reflect.get(target, name, receiver);
        if ((name !== 'get' && name !== 'post') || typeof own !== 'function') return own;
        return (path: string, ...handlers: unknown[]) => {
          if (handlers.length > 0) added.add(`${name.toUpperCase()} ${path}`);
          return Reflect.apply(own, target, [path, ...handlers]);
        };
      },
    });
    return {
      httpAdmin: noted,
      auth: {
        needsPermission: (permission) => (request, response, next) => {
          this.asked.push(`${request.method} ${request.path} ${permission}`);
          if (permission === this.denied) response.status(401).end();
          else next();
        },
      },
      log: { audit: (entry) => this.audited.push(entry) },
    };
  }

  async start(): Promise<void> {
    const server = createServer(this.app);
    this.server = server;
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((closed) => this.server?.close(closed));
  }

  /** @param path below /twinflow/ */
  async get(path: string, init: RequestInit = {}): Promise<Answer> {
    const { status, text, type } = await this.text(path, init);
    return { status, body: type.includes('json') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  /** @param path below /twinflow/ */
  async text(path: string, init: RequestInit = {}): Promise<{ status: number; text: string; type: string }> {
    if (!this.server) throw new Error('The server is not started');
    const { port } = this.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/twinflow/${path}`, init);
    return {
      ...{ status: response.status, text: await response.text() },
      type: response.headers.get('content-type') ?? '',
    };
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.get(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
}
