/**
 * A simulated system behind the request budget: every call, and every page of a poll, is one request, which waits for its
 * turn and tells what was answered. So limits, refusals and the pauses that follow from them are part of a history.
 */

import type { ChangePage, Connection } from '../../lib/connectors/connector';
import type { GatePass, RateAnswer, RequestGate } from '../../lib/connectors/http/options';
import { SyncError } from '../../lib/model/errors';

/** @param isDead asked after each wait: a process that has died meanwhile sends nothing any more */
export function gated(connection: Connection, gate: RequestGate, isDead: () => boolean): Connection {
  async function through<T>(act: () => Promise<T>): Promise<T> {
    const pass: GatePass = await gate.enter('A simulated request');
    if (isDead()) return new Promise(() => undefined);
    try {
      const result = await act();
      pass.done(200);
      return result;
    } catch (thrown) {
      pass.done(...answerOf(thrown));
      throw thrown;
    }
  }
  const { history, find, write, parts, remove } = connection;
  return {
    ...connection,
    newest: (scope) => through(() => connection.newest(scope)),
    read: (scope, ids) => through(() => connection.read(scope, ids)),
    ...(history && { history: (id: string) => through(() => history(id)) }),
    ...(find && { find: (query, limit) => through(() => find(query, limit)) }),
    ...(parts && { parts: (scope, owners, types) => through(() => parts(scope, owners, types)) }),
    ...(remove && { remove: (scope, ids) => through(() => remove(scope, ids)) }),
    ...(write && { write: (scope, operations) => through(() => write(scope, operations)) }),
    async *changes(scope, since, pageSize): AsyncIterable<ChangePage> {
      const pages = connection.changes(scope, since, pageSize)[Symbol.asyncIterator]();
      for (;;) {
        const page = await through(() => pages.next());
        if (page.done) return;
        yield page.value;
      }
    },
  };
}

/** The answer that a client would have had. */
function answerOf(thrown: unknown): [status: number | undefined, rate?: RateAnswer] {
  if (!(thrown instanceof SyncError)) return [undefined];
  if (thrown.kind === 'rateLimited') return [429, { quotas: [], retryAfterMs: thrown.detail.retryAfterMs }];
  return [thrown.detail.status];
}
