/**
 * The sandbox's own web page at `<admin root>/twinflow/sandbox/`: users view and edit the items of a sandbox, as in a
 * tracker's web interface. The page itself contains no data; it gets everything from the routes.
 */

import type { NodeAPI } from 'node-red';
import { sandboxFile } from '../../lib/connectors/sandbox';
import { guardRoutes } from '../shared/guard';
import { sendFile, servePage } from '../shared/page/serve';
import { fileRoutes } from './file-routes';
import { type PageRoute, pageRoutes } from './routes';

/** The used part of Node-RED's API. */
export type PageHost = Pick<NodeAPI, 'httpAdmin' | 'auth'>;

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;

const BASE = '/twinflow/sandbox';

/**
 * Adds the page and its data routes to Node-RED's admin server. Call it once per runtime.
 * Reading requires the permission `twinflow-sandbox.read`, writing `twinflow-sandbox.write`.
 *
 * @param dataFolder the sandbox's data folder, the same as for its connections; undefined = in memory
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
  const files = fileRoutes(sandboxFile(dataFolder));
  httpAdmin.get(`${BASE}/api/file`, auth.needsPermission('twinflow-sandbox.read'), files.download);
  httpAdmin.post(`${BASE}/api/attach`, auth.needsPermission('twinflow-sandbox.write'), files.attach);
  servePage(httpAdmin, BASE, assets, 'the page of the sandbox');
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
    sendFile(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
  };
}
