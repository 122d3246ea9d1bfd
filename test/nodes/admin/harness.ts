/** A little Node-RED: express with the admin routes, a permission check that keeps a list, and a system to ask. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Connection, Connector } from '../../../lib/connectors/connector';
import { type AdminServices, registerAdminRoutes } from '../../../nodes/admin';
import type { StoredSystem } from '../../../nodes/admin/draft';
import type { SystemSettings } from '../../../nodes/shared/connect';

export const SECRET = 'k3y-that-nobody-may-see';

export const TRACKER: Connector = {
  kind: 'tracker',
  label: 'Tracker',
  category: 'alm',
  config: [
    { name: 'url', label: 'Address', type: 'url', required: true },
    {
      name: 'auth',
      label: 'Log in with',
      type: 'select',
      default: 'key',
      options: [
        { value: 'key', label: 'API key' },
        { value: 'password', label: 'Password' },
      ],
    },
    { name: 'apiKey', label: 'API key', type: 'secret', visibleIf: { name: 'auth', value: 'key' } },
    { name: 'login', label: 'Login', type: 'text', visibleIf: { name: 'auth', value: 'password' } },
    { name: 'password', label: 'Password', type: 'secret', visibleIf: { name: 'auth', value: 'password' } },
    { name: 'notify', label: 'Send mails', type: 'boolean' },
  ],
  connect: () => {
    throw new Error('the harness connects by itself');
  },
};

/** A connection that answers with one of each. Every call can be replaced. */
export function connection(replaced: Partial<Connection> = {}): Connection {
  return {
    identify: async () => ({
      user: { name: 'Sync User' },
      server: 'Tracker 5.0',
      timeZone: 'Europe/Berlin',
      missing: [],
    }),
    projects: async () => [{ id: '1', name: 'Demo' }],
    entityTypes: async () => [{ id: '7', name: 'Bug' }],
    fields: async () => [
      { id: 'subject', name: 'Subject', type: 'text', required: true },
      {
        id: 'prio',
        name: 'Priority',
        type: 'lookup',
        values: [
          { id: '1', name: 'Low' },
          { id: '2', name: 'High' },
        ],
      },
      { id: 'version', name: 'Version', type: 'lookup' },
    ],
    changes: async function* () {
      yield { entities: [], checkpoint: {} };
    },
    newest: async () => undefined,
    checkpointAt: () => ({}),
    read: async () => [],
    ...replaced,
  };
}

export const STORED: StoredSystem = {
  kind: 'tracker',
  config: { url: 'https://tracker.example', auth: 'key' },
  credentials: { apiKey: SECRET },
};

/** The form's state of the deployed node, as the browser sends it: the secret unknown. */
export const DRAFT = { id: 'sys1', kind: 'tracker', config: { url: 'https://tracker.example', auth: 'key' } };

export interface Harness {
  /** settings of each connection that was opened */
  opened: SystemSettings[];
  closed: number;
  /** permissions that were asked for, with the path */
  asked: string[];
  get(path: string): Promise<{ status: number; text: string; body: Record<string, unknown> }>;
  post(path: string, body: unknown): Promise<{ status: number; text: string; body: Record<string, unknown> }>;
  stop(): Promise<void>;
}

export async function start(
  answers: Partial<Connection> = {},
  replaced: Partial<AdminServices> = {},
  allowed: (permission: string) => boolean = () => true,
): Promise<Harness> {
  const app = express();
  app.use(express.json({ limit: '5mb' }));
  const harness: Pick<Harness, 'opened' | 'closed' | 'asked'> = { opened: [], closed: 0, asked: [] };
  const routes = registerAdminRoutes(
    {
      httpAdmin: app,
      auth: {
        needsPermission: (permission) => (request, response, next) => {
          harness.asked.push(`${request.path} ${permission}`);
          if (allowed(permission)) next();
          else response.status(401).end();
        },
      },
    },
    {
      connectors: () => [TRACKER],
      deployed: (id) => (id === 'sys1' ? STORED : undefined),
      connect: (system) => {
        harness.opened.push(system);
        return connection({
          close: async () => {
            harness.closed += 1;
          },
          ...answers,
        });
      },
      ...replaced,
    },
  );
  const server = createServer(app);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const call = async (path: string, init: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, text, body: json ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
  return Object.assign(harness, {
    get: (path: string) => call(path, {}),
    post: (path: string, body: unknown) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    stop: async () => {
      routes.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  });
}
