/**
 * Stands before all admin routes below /twinflow/. Where Node-RED has no `adminAuth` a page of any other site that is open
 * in the same browser can send requests to it: forms and scripts without asking, as long as they look like a form's. So what
 * changes something, or makes the server ask a system, must be JSON (a file: bytes), which no foreign page may send without
 * being asked first, and must not come from another origin. https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */

import type { NodeAPI } from 'node-red';
import { SyncError, type SyncErrorKind } from '../../lib/model/errors';

type Admin = NodeAPI['httpAdmin'];
type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];

/** Routes that take a file as it is. */
const FILES = new Set(['/tables', '/mapping-files/read']);
/** Levels of a body: forms send a dozen. */
const DEEPEST = 100;

function refuse(response: Response, status: number, kind: SyncErrorKind, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ error: { kind, message } }));
}

const textOf = (header: string | string[] | undefined): string =>
  Array.isArray(header) ? header.join(',') : (header ?? '');

/** True where a browser says that another origin has made the request. What is no browser says nothing. */
function isForeign(request: Request, response: Response): boolean {
  const { origin, host } = request.headers;
  // settings.js may let other origins in (httpAdminCors)
  const allowed = response.getHeader('access-control-allow-origin');
  if (origin !== undefined && (allowed === '*' || allowed === origin)) return false;
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || request.method === 'HEAD') {
    // a link to a page is followed from anywhere
    return (site === 'cross-site' || site === 'same-site') && request.headers['sec-fetch-mode'] !== 'navigate';
  }
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  // browsers send Sec-Fetch-Site to https and localhost only; a reverse proxy may have changed Host
  const hosts = [host, ...textOf(request.headers['x-forwarded-host']).split(',')].map((name) =>
    name?.trim().toLowerCase(),
  );
  return !URL.canParse(origin) || !hosts.includes(new URL(origin).host);
}

/** True for JSON that is nested deeper than anything a form sends: what walks through it would run out of stack. */
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

/** Puts the guard before the routes that are added afterwards; once, however often it is called. */
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

/** A fault that a route lets through is answered with a sentence, not with a stack. Call it after the routes. */
export function answerFaults(admin: Admin): void {
  admin.use('/twinflow', (thrown: unknown, _request: Request, response: Response, _next: (error?: unknown) => void) => {
    const ours = thrown instanceof SyncError ? thrown.message : undefined;
    return refuse(response, 500, 'fatal', ours ?? 'The request could not be answered.');
  });
}
