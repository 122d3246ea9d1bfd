/**
 * Entities that a feed has announced and the system has not delivered. They are stored in the checkpoint and requested
 * again: a few times at once, then less and less often.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { ReadResult } from '../connector';
import { Recent } from './recent';

/** More owed entities than this are not a problem of single entities. */
const MOST_OWED = 500;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;

/** True if the server failed on the request, the answer was too large, or it cannot be read: other requests may
 * work. */
export const isOfOne = ({ kind, detail }: SyncError): boolean =>
  detail.tooLarge === true ||
  detail.malformed === true ||
  (kind === 'transient' && detail.status !== undefined && detail.status >= 500);

export class Debts<K> {
  /** number of failed requests for each, in this process */
  private readonly tries = new Recent<K, { count: number; next: number }>(MOST_OWED * 2);

  /**
   * @param product for errors: "Azure DevOps"
   * @param things the name of its entities: "work items"
   */
  constructor(
    private readonly product: string,
    private readonly things: string,
  ) {}

  isDue(id: K): boolean {
    return performance.now() >= (this.tries.get(id)?.next ?? 0);
  }

  /**
   * Missing permissions are not a problem of the system: of such entities, only as many are kept as fit.
   *
   * @param owed what the checkpoint has, by id
   * @throws SyncError transient if so many are owed that it is not a problem of single entities
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

  /** The entity was delivered, or is gone. */
  settle<V>(owed: Map<K, V>, id: K): void {
    owed.delete(id);
    this.tries.take(id);
  }

  /**
   * Returns the delivered entities in the requested order. Entities that were not delivered are owed; those delivered
   * or gone are no longer owed.
   *
   * @param ids that were asked for
   * @param results in the order of `ids`
   * @param what the form of an id in the checkpoint
   */
  take<V>(
    owed: Map<K, V>,
    ids: readonly K[],
    results: readonly (ReadResult | undefined)[],
    what: (id: K) => V,
  ): Entity[] {
    const entities: Entity[] = [];
    for (const [index, id] of ids.entries()) {
      const result = results[index];
      if (result instanceof SyncError) {
        this.owe(owed, id, what(id), result);
        continue;
      }
      this.settle(owed, id);
      if (result) entities.push(result);
    }
    return entities;
  }

  /** Requests entities of which only the ids are known. If none is delivered, all are owed: later requests will show
   * why. */
  async ask<V>(
    owed: Map<K, V>,
    ids: readonly K[],
    read: (ids: K[]) => Promise<ReadResult[]>,
    what: (id: K) => V,
  ): Promise<Entity[]> {
    if (ids.length === 0) return [];
    let results: ReadResult[];
    try {
      results = await read([...ids]);
    } catch (thrown) {
      // only failing entities, or a server that is down
      const error = asSyncError(thrown);
      if (!isOfOne(error)) throw error;
      results = ids.map(() => error);
    }
    return this.take(owed, ids, results, what);
  }

  /** Entities that earlier polls did not get, as far as it is time to ask again. @param most maximum number per call */
  due(owed: ReadonlyMap<K, unknown>, most = Number.POSITIVE_INFINITY): K[] {
    return [...owed.keys()].filter((id) => this.isDue(id)).slice(0, most);
  }
}

/** The ids that a checkpoint's `owed` lists. @see withOwed */
export const owedOf = (checkpoint: { owed?: unknown } | undefined): Map<string, true> =>
  new Map((Array.isArray(checkpoint?.owed) ? checkpoint.owed : []).map((id) => [String(id), true]));

/** The part of a checkpoint that lists them. */
export const owedPart = (owed: ReadonlyMap<string, true>): { owed?: string[] } =>
  owed.size > 0 ? { owed: [...owed.keys()] } : {};
