/** How the admin routes for forms answer: JSON, errors by their kind, always within the time limit. */

import type { NodeAPI } from 'node-red';
import { abandonable } from '../../lib/connectors/http/abandon';
import { SyncError, type SyncErrorKind } from '../../lib/model/errors';

export type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
export type Response = Parameters<Handler>[1];

export const TIME_LIMIT_MS = 30_000;

// never 401 or 403: the editor would read them as the end of its own login
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

export function send(response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** @param mask removes secrets */
export function sendError(response: Response, error: SyncError, mask: (text: string) => string, status?: number): void {
  const { kind, detail } = error;
  const answered = detail.answer && !error.message.includes(detail.answer) ? ` (${detail.answer})` : '';
  const fields = Object.entries(detail.fields ?? {}).map(([name, why]) => [name, mask(why)]);
  const message = mask(`${error.message}${answered}`).slice(0, 2000);
  send(response, status ?? STATUS[kind], {
    error: { kind, message, ...(fields.length > 0 && { fields: Object.fromEntries(fields) }) },
  });
}

/**
 * @param work its requests are canceled when the time is over
 * @throws SyncError transient if it takes longer
 */
export async function within<Result>(limitMs: number, work: () => Promise<Result>): Promise<Result> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = Math.round(limitMs / 1000);
      reject(new SyncError('transient', `The system gave no answer within ${seconds} seconds. Try again.`));
      ending.abort();
    }, limitMs);
    timer.unref();
  });
  try {
    return await Promise.race([abandonable(ending.signal, work), late]);
  } finally {
    clearTimeout(timer);
  }
}
