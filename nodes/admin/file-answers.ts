/** Shared by the routes for files: binary bodies with a limit, answers and errors. */

import type { NodeAPI } from 'node-red';
import { SHEET_LIMITS } from '../../lib/mapping/tables/sheets';
import { asSyncError, SyncError } from '../../lib/model/errors';

export type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
export type Request = Parameters<Handler>[0];
export type Response = Parameters<Handler>[1];

/** Maximum number of parallel uploads: each is in memory until it is stored or read. */
export const MOST_UPLOADS = 2;

export function send(response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

export function fail(response: Response, thrown: unknown): void {
  const { kind, message } = asSyncError(thrown);
  // the file system's error contains folders of the server: not for a form
  const shown = kind === 'fatal' ? 'The server could not store or read the file.' : message.slice(0, 1_000);
  send(response, kind === 'invalid' ? 422 : 500, { error: { kind, message: shown } });
}

const tooLarge = (most: number): SyncError =>
  new SyncError('invalid', `The file is larger than ${most / 1_000_000} MB.`);

/** The body as bytes. @throws SyncError invalid if it is larger than `most` */
export async function bytesOf(request: Request, most = SHEET_LIMITS.file): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) throw tooLarge(most);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function sendWorkbook(response: Response, workbook: Buffer, name: string): void {
  response.writeHead(200, {
    'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  });
  response.end(workbook);
}
