/**
 * Work items that the feed has announced and Azure DevOps has not delivered. They stand in the checkpoint and are asked for
 * again: at once a few times, then less and less often.
 */

import { SyncError } from '../../model/errors';
import { Recent } from '../cache';

/** More is no matter of single work items. */
const MOST_OWED = 500;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;

export class Debts {
  /** how often each was asked for in vain, in this process */
  private readonly tries = new Recent<number, { count: number; next: number }>(MOST_OWED * 2);

  isDue(id: number): boolean {
    return performance.now() >= (this.tries.get(id)?.next ?? 0);
  }

  /**
   * @param owed id → revision, as the checkpoint has it
   * @throws SyncError transient – so much is owed that it is no matter of single work items
   */
  owe(owed: Map<number, number>, id: number, rev: number, error: SyncError): void {
    owed.set(id, rev);
    const count = (this.tries.get(id)?.count ?? 0) + 1;
    const wait = count <= 3 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - 4), LONGEST_WAIT_MS);
    this.tries.set(id, { count, next: performance.now() + wait });
    if (owed.size <= MOST_OWED) return;
    const words = `Azure DevOps does not deliver over ${MOST_OWED} work items that have changed. The last: ${error.message}`;
    throw new SyncError('transient', words, { ...error.detail, uncertain: undefined });
  }

  /** It came, or is gone. */
  settle(owed: Map<number, number>, id: number): void {
    owed.delete(id);
    this.tries.take(id);
  }
}
