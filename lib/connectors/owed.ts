/**
 * Entities that a feed has announced and the system has not delivered. They stand in the checkpoint and are asked for again:
 * at once a few times, then less and less often.
 */

import { SyncError } from '../model/errors';
import { Recent } from './cache';

/** More is no matter of single entities. */
const MOST_OWED = 500;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;

/** True where the server broke on what it was asked for, or there was too much of it: others may be delivered. */
export const isOfOne = ({ kind, detail }: SyncError): boolean =>
  detail.tooLarge === true || (kind === 'transient' && detail.status !== undefined && detail.status >= 500);

export class Debts<K> {
  /** how often each was asked for in vain, in this process */
  private readonly tries = new Recent<K, { count: number; next: number }>(MOST_OWED * 2);

  /**
   * @param product for errors: "Azure DevOps"
   * @param things what it has: "work items"
   */
  constructor(
    private readonly product: string,
    private readonly things: string,
  ) {}

  isDue(id: K): boolean {
    return performance.now() >= (this.tries.get(id)?.next ?? 0);
  }

  /**
   * What the account may not see is no trouble of the system: of that, no more is kept than fits.
   *
   * @param owed what the checkpoint has, by id
   * @throws SyncError transient – so much is owed that it is no matter of single entities
   */
  owe<V>(owed: Map<K, V>, id: K, what: V, error: SyncError): void {
    if (error.kind === 'forbidden' && owed.size >= MOST_OWED && !owed.has(id)) return;
    owed.set(id, what);
    const count = (this.tries.get(id)?.count ?? 0) + 1;
    const wait = count <= 3 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - 4), LONGEST_WAIT_MS);
    this.tries.set(id, { count, next: performance.now() + wait });
    if (owed.size <= MOST_OWED) return;
    const words = `${this.product} does not deliver over ${MOST_OWED} ${this.things} that have changed. The last: ${error.message}`;
    throw new SyncError('transient', words, { ...error.detail, uncertain: undefined });
  }

  /** It came, or is gone. */
  settle<V>(owed: Map<K, V>, id: K): void {
    owed.delete(id);
    this.tries.take(id);
  }
}
