/** Clients for a test, closed after it, and their failures. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientConfig,
  type HttpOptions,
} from '../../../lib/connectors/http/client';
import type { SyncError, SyncErrorKind } from '../../../lib/model/errors';
import { failure as failed } from '../../support/failure';
import { stopAll } from './servers';

export const KEY = 's3cr3t-api-key';
const clients: HttpClient[] = [];

export function client(baseUrl: string, options: HttpOptions = {}, config: Partial<HttpClientConfig> = {}): HttpClient {
  const made = createHttpClient({
    baseUrl,
    product: 'Redmine',
    headers: { 'X-Redmine-API-Key': KEY },
    options,
    ...config,
  });
  clients.push(made);
  return made;
}

/** Ends all clients and servers of a test. */
export async function endAll(): Promise<void> {
  for (const one of clients.splice(0)) one.close();
  await stopAll();
}

/** The SyncError with which the call fails; free of the key, wherever one looks. */
export async function failure(call: Promise<unknown>, kind: SyncErrorKind): Promise<SyncError> {
  const error = await failed(call, kind);
  assert.ok(!inspect(error, { depth: 8, showHidden: true }).includes(KEY), 'the key is in the error');
  return error;
}
