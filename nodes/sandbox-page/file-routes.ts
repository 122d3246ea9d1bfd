/**
 * Routes for the attachments of the sandbox's page, which carry bytes instead of JSON:
 *
 *   POST attach?space&user&owner&name&type   the file as application/octet-stream, as the guard of all routes wants it
 *   GET  file?space&id                       to save, never to show
 *
 * A file is never completely in memory, and bounded in size.
 */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NodeAPI } from 'node-red';
import { SyncError } from '../../lib/model/errors';
import { answerOf, LARGEST_FILE, spaceIn } from './routes';

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];

/** at the same time */
const MOST_UPLOADS = 4;
/** Nothing comes for so long: the browser is gone. */
const IDLE_MS = 60_000;

const parameter = (request: Request, name: string): string => {
  const value = request.query[name];
  return typeof value === 'string' ? value : '';
};

const refusal = (status: number, message: string) => ({ status, body: { error: { message } } });

/** @param file of the sandboxes; in memory if undefined */
export function fileRoutes(file: string | undefined): { attach: Handler; download: Handler } {
  let uploads = 0;

  async function attach(request: Request): Promise<{ status: number; body: object }> {
    const size = Number(request.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(size)) return refusal(411, 'The request does not say how large the file is.');
    if (size > LARGEST_FILE) return refusal(413, `The file is too large: at most ${LARGEST_FILE / 1e6} MB.`);
    if (uploads >= MOST_UPLOADS) return refusal(503, 'Other files are being attached. Try again in a moment.');
    uploads += 1;
    request.setTimeout(IDLE_MS, () => request.destroy());
    try {
      const space = spaceIn(file, parameter(request, 'space'));
      try {
        const name = parameter(request, 'name');
        const mediaType = parameter(request, 'type').slice(0, 200);
        const open = async () => ({ size, bytes: request as AsyncIterable<Uint8Array>, close: () => undefined });
        const content = { name, size, ...(mediaType !== '' && { mediaType }), open };
        const entity = await space.attach(parameter(request, 'user'), parameter(request, 'owner'), content);
        return { status: 200, body: { entity } };
      } finally {
        space.close();
      }
    } catch (thrown) {
      return answerOf(thrown);
    } finally {
      uploads -= 1;
    }
  }

  async function download(request: Request, response: Response): Promise<void> {
    const space = spaceIn(file, parameter(request, 'space'));
    try {
      const id = parameter(request, 'id');
      const opened = space.openFile(id);
      if (!opened) throw new SyncError('notFound', `There is no attachment ${id.slice(0, 40)}.`);
      const { name } = space.get(id)?.fields ?? {};
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': String(opened.size),
        'content-disposition': `attachment; filename*=UTF-8''${encoded(typeof name === 'string' ? name : 'file')}`,
        'content-security-policy': "sandbox; default-src 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      await pipeline(Readable.from(opened.bytes, { objectMode: false }), response);
    } finally {
      space.close();
    }
  }

  return {
    attach: (request, response) => {
      void attach(request).then(({ status, body }) => sendJson(request, response, status, body));
    },
    download: (request, response) => {
      download(request, response).catch((thrown: unknown) => {
        if (response.headersSent) response.destroy();
        else {
          const { status, body } = answerOf(thrown);
          sendJson(request, response, status, body);
        }
      });
    },
  };
}

/** As RFC 8187 wants it. */
const encoded = (name: string): string =>
  encodeURIComponent(name.replace(/\p{Surrogate}/gu, '_')).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  );

function sendJson(request: Request, response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  // the rest of a file that is refused is not waited for
  const ends = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...ends,
  });
  response.end(JSON.stringify(body));
}
