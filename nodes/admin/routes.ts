/**
 * The admin HTTP routes below /twinflow/, by which the forms ask the systems.
 *
 *   GET  /twinflow/connectors      the kinds of system, the server's time zone               twinflow.read
 *   POST /twinflow/test, projects, types, fields, lookup-values, users, newest              twinflow.write
 *
 * Those that make the server contact a system, perhaps with a stored secret, ask for the permission to write. No answer
 * holds a secret; a fault comes as `{ error: { kind, message, fields? } }`. Every question ends within 30 seconds.
 */

import type { NodeAPI } from 'node-red';
import type { Connection, Connector } from '../../lib/connectors/connector';
import { createMask } from '../../lib/connectors/http/masking';
import { asSyncError, SyncError, type SyncErrorKind } from '../../lib/model/errors';
import type { SystemSettings } from '../shared/connect';
import { bodyOf, describe, QUESTIONS, type Question } from './answers';
import { Connections } from './connections';
import { completeDraft, parseDraft, type StoredSystem, secretsOf } from './draft';

const TIME_LIMIT_MS = 30_000;
const LARGEST_BODY = 64 * 1024;

/** What the routes need of their surroundings. */
export interface AdminServices {
  connectors(): Connector[];
  /** the deployed system node of this id; undefined where there is none, or the node is of another type */
  deployed(id: string): StoredSystem | undefined;
  /** @throws SyncError where the configuration is unusable */
  connect(system: SystemSettings): Connection;
  /** milliseconds; for tests */
  timeLimitMs?: number;
  idleMs?: number;
}

/** The part of Node-RED's API that is used here. */
export type AdminHost = Pick<NodeAPI, 'httpAdmin' | 'auth'>;

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Response = Parameters<Handler>[1];

// never 401 or 403: the editor would take them for the end of its own login
const STATUS: Record<SyncErrorKind, number> = {
  auth: 422,
  forbidden: 422,
  notFound: 422,
  invalid: 422,
  conflict: 422,
  rateLimited: 503,
  transient: 503,
  fatal: 502,
};

function send(response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function sendError(response: Response, error: SyncError, mask: (text: string) => string, status?: number): void {
  const { kind, detail } = error;
  const answered = detail.answer && !error.message.includes(detail.answer) ? ` (${detail.answer})` : '';
  const fields = Object.entries(detail.fields ?? {}).map(([name, why]) => [name, mask(why)]);
  const message = mask(`${error.message}${answered}`).slice(0, 2000);
  send(response, status ?? STATUS[kind], {
    error: { kind, message, ...(fields.length > 0 && { fields: Object.fromEntries(fields) }) },
  });
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = Math.round(limitMs / 1000);
      reject(new SyncError('transient', `The system gave no answer within ${seconds} seconds. Try again.`));
    }, limitMs);
    timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Adds the routes. Call it once, when the first node type is loaded. Returns how to close what is kept open. */
export function registerAdminRoutes(host: AdminHost, services: AdminServices): { close(): void } {
  const connections = new Connections((system) => services.connect(system), services.idleMs);

  const answer =
    (question: Question): Handler =>
    (request, response) => {
      const body = bodyOf(request.body);
      let mask = createMask([]);
      const asked = async (): Promise<void> => {
        if (JSON.stringify(body).length > LARGEST_BODY) {
          sendError(response, new SyncError('invalid', 'The form is too large.'), mask, 413);
          return;
        }
        let system: SystemSettings;
        let connector: Connector | undefined;
        try {
          const draft = parseDraft(body);
          const stored = draft.id ? services.deployed(draft.id) : undefined;
          mask = createMask(secretsOf(draft, stored));
          connector = services.connectors().find(({ kind }) => kind === draft.kind);
          if (!connector) throw new SyncError('invalid', `There is no connector "${draft.kind}".`);
          system = completeDraft(connector, draft, stored);
        } catch (thrown) {
          sendError(response, asSyncError(thrown), mask, 400);
          return;
        }
        const found = connector;
        const work = connections.use(system, body.reload === true, (connection) => question(connection, body, found));
        send(response, 200, await within(services.timeLimitMs ?? TIME_LIMIT_MS, work));
      };
      asked().catch((thrown: unknown) => sendError(response, asSyncError(thrown), mask));
    };

  host.httpAdmin.get('/twinflow/connectors', host.auth.needsPermission('twinflow.read'), (_request, response) =>
    send(response, 200, {
      items: services.connectors().map(describe),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
  );
  for (const [route, question] of Object.entries(QUESTIONS))
    host.httpAdmin.post(`/twinflow/${route}`, host.auth.needsPermission('twinflow.write'), answer(question));
  return { close: () => connections.close() };
}
