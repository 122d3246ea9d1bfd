/**
 * Protects all admin routes below /twinflow/. If Node-RED has no `adminAuth`, a page of any other site that is open in
 * the same browser can send requests to it, without asking, as long as they look like those of an HTML form. Requests
 * that change something, or make the server ask a system, must therefore be JSON (for a file: bytes), which a foreign
 * page cannot send without permission, and must not come from another origin.
 * https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */

import type { NodeAPI } from 'node-red';
import { SyncError, type SyncErrorKind } from '../../lib/model/errors';

type Admin = NodeAPI['httpAdmin'];
type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];

/** Routes that accept a file as the body. */
const FILES = new Set(['/tables', '/mapping-files/read', '/sandbox/api/attach', '/backup']);
/** Maximum nesting of a body: forms send a dozen levels. */
const DEEPEST = 100;

function refuse(response: Response, status: number, kind: SyncErrorKind, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ error: { kind, message } }));
}

const textOf = (header: string | string[] | undefined): string =>
  Array.isArray(header) ? header.join(',') : (header ?? '');

/** True if a browser reports that another origin has made the request. Clients other than browsers report nothing. */
function isForeign(request: Request, response: Response): boolean {
  const { origin, host } = request.headers;
  // settings.js may allow other origins (httpAdminCors)
  const allowed = response.getHeader('access-control-allow-origin');
  if (origin !== undefined && (allowed === '*' || allowed === origin)) return false;
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || request.method === 'HEAD') {
    // a link to a page may come from anywhere
    return (site === 'cross-site' || site === 'same-site') && request.headers['sec-fetch-mode'] !== 'navigate';
  }
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  // browsers send Sec-Fetch-Site only to https and localhost; a reverse proxy may have changed Host
  const hosts = [host, ...textOf(request.headers['x-forwarded-host']).split(',')].map((name) =>
    name?.trim().toLowerCase(),
  );
  return !URL.canParse(origin) || !hosts.includes(new URL(origin).host);
}

/** True for JSON that is nested deeper than anything a form sends: processing it would exhaust the stack. */
function isTooDeep(body: unknown): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) below.push(inner);
    }
    level = below;
  }
  return false;
}

const guarded = new WeakSet<object>();

/** Adds the guard before all routes that are added later; once, however often it is called. */
export function guardRoutes(admin: Admin): void {
  if (guarded.has(admin)) return;
  guarded.add(admin);
  admin.use('/twinflow', (request, response, next) => {
    if (isForeign(request, response)) {
      const from = `Twinflow refuses requests of other sites (${textOf(request.headers.origin).slice(0, 200) || 'unknown'}).`;
      const proxy = 'If a reverse proxy is in front of Node-RED, let it pass on the Host header.';
      return refuse(response, 400, 'invalid', `${from} ${proxy}`);
    }
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return next();
    const [wanted, words] = FILES.has(request.path)
      ? ['application/octet-stream', 'the bytes of the file (application/octet-stream)']
      : ['application/json', 'JSON (application/json)'];
    const [type = ''] = textOf(request.headers['content-type']).split(';');
    if (type.trim().toLowerCase() !== wanted) return refuse(response, 415, 'invalid', `Send ${words}.`);
    if (isTooDeep(request.body)) return refuse(response, 400, 'invalid', 'The JSON is nested too deeply.');
    return next();
  });
}

/** The messages of Node-RED's parsers, which run before all routes:
 * https://expressjs.com/en/resources/middleware/body-parser.html#errors */
function refusedBody(thrown: unknown): { status: number; message: string } | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return undefined;
  const { status } = thrown;
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  if (status === 413) {
    return {
      status,
      message: 'The request is too large for Node-RED (apiMaxLength in its settings.js, by default 5 MB).',
    };
  }
  if (status === 415) return { status, message: 'Send JSON in UTF-8, plain or compressed by gzip.' };
  return { status: 400, message: 'The request holds no JSON that can be read. Send a JSON object.' };
}

const hasUse = (value: unknown): value is Pick<Admin, 'use'> =>
  typeof value === 'function' && 'use' in value && typeof value.use === 'function';

const answering = new WeakSet<object>();

/**
 * Answers an error that a route does not handle, or a body that Node-RED's own parser rejects, with a sentence instead
 * of a page with a stack trace. Call it after adding the routes.
 */
export function answerFaults(admin: Admin): void {
  const answer = (thrown: unknown, _request: Request, response: Response, _next: (error?: unknown) => void) => {
    const body = refusedBody(thrown);
    if (body) return refuse(response, body.status, 'invalid', body.message);
    const ours = thrown instanceof SyncError ? thrown.message : undefined;
    return refuse(response, 500, 'fatal', ours ?? 'The request could not be answered.');
  };
  admin.use('/twinflow', answer);
  // Node-RED gives nodes an app of their own, mounted in the one that parses bodies: errors of its parsers bypass the
  // nodes' app
  const parent: unknown = Reflect.get(admin, 'parent');
  if (!hasUse(parent) || answering.has(parent)) return;
  answering.add(parent);
  parent.use('/twinflow', answer);
}
