/** What a call that should not succeed fails with. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { SyncError, type SyncErrorKind } from '../../lib/model/errors';

/** @param kind that it has to have; by default any. @throws AssertionError – it succeeded, or failed with anything else */
export async function failure(call: Promise<unknown>, kind?: SyncErrorKind): Promise<SyncError> {
  const error: unknown = await call.then(
    (value) => assert.fail(`it should have failed: ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SyncError, `not a SyncError: ${inspect(error)}`);
  if (kind !== undefined) assert.equal(error.kind, kind, error.message);
  return error;
}
