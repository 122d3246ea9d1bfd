/** What servers have in common: connections that break. */

import { SyncError } from '../../model/errors';

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there: check host and port',
  ENOTFOUND: 'There is no such host: check its name',
  EAI_AGAIN: 'The name of the host cannot be looked up just now',
  ETIMEDOUT: 'The host does not answer: check host, port and firewall',
};

/**
 * A connection that was lost, or never made.
 * @param isWrite it may have been carried out, unless the connection was never made
 */
export function lostConnection(product: string, error: Error, isWrite: boolean): SyncError {
  const code = String(Reflect.get(error, 'code') ?? '');
  const isUnsent = code in ADVICE || /connect|timeout exceeded when trying/i.test(error.message.split(' ')[0] ?? '');
  const advice = ADVICE[code];
  const isCertificate = /certificate|self.signed|SSL|TLS|secure connection/i.test(error.message);
  const kind = isCertificate ? 'fatal' : 'transient';
  const words = `${product}: ${error.message || code || 'the connection was lost'}${advice ? `. ${advice}` : ''}`;
  return new SyncError(kind, words, { cause: error, ...(isWrite && { uncertain: !isUnsent, unsent: isUnsent }) });
}

/** Connections of a pool that may be lost at once. */
const CONNECTIONS = 3;

/** A question without consequences: asked again while the connection turns out to be lost. */
export async function throughLost<T>(ask: () => Promise<T>, isLost: (thrown: unknown) => boolean): Promise<T> {
  for (let left = CONNECTIONS; ; left -= 1) {
    try {
      return await ask();
    } catch (thrown) {
      if (left === 0 || !isLost(thrown)) throw thrown;
    }
  }
}
