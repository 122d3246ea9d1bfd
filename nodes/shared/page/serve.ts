/** A web page of Twinflow on Node-RED's admin server: its files, which contain no data, and how they are sent. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { guardRoutes } from '../guard';

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Response = Parameters<Handler>[1];

const FILES: Record<string, string> = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
};
/** Only the page's own files run or load, and pictures that it has fetched itself, whatever a text of a system contains. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/**
 * Adds a page, which needs no login: everything that it shows comes from routes that do.
 * @param base its path, without the last slash
 * @param folder contains page.html, page.css and page.js
 * @param name what it is called where its files are missing
 */
export function servePage(httpAdmin: NodeAPI['httpAdmin'], base: string, folder: string, name: string): void {
  guardRoutes(httpAdmin);
  const file = (path: string, type: string): Handler => {
    return (_request, response) => {
      readFile(join(folder, path)).then(
        (content) => sendFile(response, 200, type, content, { 'content-security-policy': POLICY }),
        () => sendFile(response, 404, 'text/plain', `This installation of Twinflow lacks ${name}.`),
      );
    };
  };
  for (const [path, type] of Object.entries(FILES)) httpAdmin.get(`${base}/${path}`, file(path, type));
  const shell = file('page.html', FILES['page.html'] ?? '');
  httpAdmin.get(base, (request, response, next) => {
    // relative URLs in the page need the trailing slash
    if (request.path.endsWith('/')) return shell(request, response, next);
    response.writeHead(302, { location: `${base.slice(base.lastIndexOf('/') + 1)}/` });
    response.end();
  });
}

/** Answers with content of a type that no browser guesses. */
export function sendFile(
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
