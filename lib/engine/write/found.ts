/** What a search brought, and what it means that a part of it was not delivered. */

import type { FindResult } from '../../connectors/connector';
import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';

/** @returns `unseen`: why the first of those that may match as well was not delivered */
export function delivered(results: FindResult[]): { found: Entity[]; unseen: SyncError | undefined } {
  const found = results.filter((one): one is Entity => !(one instanceof SyncError));
  return { found, unseen: results.find((one) => one instanceof SyncError) };
}

/**
 * The failure of the one change that waits for the answer. The system is well: it pauses nobody.
 * @param question what is not known: "an earlier attempt created it"
 */
export function hidden(system: string, question: string, unseen: SyncError): SyncError {
  return new SyncError(
    'conflict',
    `it is not known whether ${question}: ${system} does not show an entity that may be it (${unseen.message}). ` +
      'Make that one readable, or delete it there, then retry',
    { answer: unseen.detail.answer, cause: unseen },
  );
}
