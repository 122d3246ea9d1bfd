/**
 * The sandbox's own web page at `<admin root>/twinflow/sandbox/`: people look at the entities of a sandbox and edit them,
 * as they would in a tracker's web interface. The page itself holds no data; what it shows it asks from the routes.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { sandboxFile } from '../../lib/connectors/sandbox';
import { guardRoutes } from '../shared/guard';
import { type PageRoute, pageRoutes } from './routes';

/** The part of Node-RED's API that is used here. */
export type PageHost = Pick<NodeAPI, 'httpAdmin' | 'auth'>;

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Response = Parameters<Handler>[1];

const BASE = '/twinflow/sandbox';
const FILES: Record<string, string> = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
};
/** Nothing but the page's own files runs or loads, whatever a text in the sandbox says. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/**
 * Adds the page and its data routes to Node-RED's admin server. Call it once per runtime.
 * Data asks for the permission `twinflow-sandbox.read`, writing for `twinflow-sandbox.write`.
 *
 * @param dataFolder where the sandbox keeps its file, as given to its connections; undefined = in memory
 * @param assets folder of page.html, page.css and page.js; for tests
 */
export function registerSandboxPage(RED: PageHost, dataFolder: string | undefined, assets = __dirname): void {
  const { httpAdmin, auth } = RED;
  guardRoutes(httpAdmin);
  for (const route of pageRoutes(sandboxFile(dataFolder))) {
    const path = `${BASE}/api/${route.path}`;
    if (route.method === 'get') httpAdmin.get(path, auth.needsPermission('twinflow-sandbox.read'), answer(route));
    else httpAdmin.post(path, auth.needsPermission('twinflow-sandbox.write'), answer(route));
  }
  for (const [file, type] of Object.entries(FILES)) httpAdmin.get(`${BASE}/${file}`, serve(join(assets, file), type));
  const shell = serve(join(assets, 'page.html'), FILES['page.html'] ?? '');
  httpAdmin.get(BASE, (request, response, next) => {
    // relative addresses in the page need the slash at the end
    if (request.path.endsWith('/')) return shell(request, response, next);
    response.writeHead(302, { location: 'sandbox/' });
    response.end();
  });
}

function answer(route: PageRoute): Handler {
  return (request, response) => {
    const { status, body } = route.answer({
      query: (name) => {
        const value = request.query[name];
        return typeof value === 'string' ? value : undefined;
      },
      contentType: request.headers['content-type'] ?? '',
      length: Number(request.headers['content-length'] ?? Number.NaN),
      body: request.body,
    });
    send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
  };
}

function serve(file: string, type: string): Handler {
  return (_request, response) => {
    readFile(file).then(
      (content) => send(response, 200, type, content, { 'content-security-policy': POLICY }),
      () => send(response, 404, 'text/plain', 'This installation of Twinflow lacks the page of the sandbox.'),
    );
  };
}

function send(
  response: Response,
  status: number,
  type: string,
  content: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': type.startsWith('application/json') ? 'no-store' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...headers,
  });
  response.end(content);
}
