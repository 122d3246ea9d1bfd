/**
 * Entities whose writes a system always answers with 500 while the weather is bad, alone or together with all that is in the
 * same request, carried out or not; and reads that deliver all but one. Drawn apart, so that other histories stay as they were.
 */

import type { ReadResult, WriteOperation } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { Random } from './random';

const MISSING_MS = 3_000;

function sumOf(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0) ?? 0;
  return sum;
}

export class Poison {
  /** false once the weather has cleared */
  active = true;
  /** several operations are one request, which fails as a whole */
  readonly together: boolean;
  private readonly random: Random;
  private readonly every: number;

  private constructor(seed: number) {
    this.random = new Random(seed);
    this.together = this.random.chance(0.6);
    this.every = this.random.pick([3, 5, 9]);
  }

  /** In every third history. */
  static of(seed: number): Poison | undefined {
    return new Random(seed ^ 0x9015).chance(0.33) ? new Poison(seed ^ 0x7011) : undefined;
  }

  /** The same for each try: the title decides. */
  isIn({ fields }: WriteOperation): boolean {
    const { title } = fields;
    if (!this.active || typeof title !== 'string') return false;
    return sumOf(title.trim().toLowerCase()) % this.every === 0;
  }

  /** A request that fails may have been carried out in part. */
  isCarriedOut(): boolean {
    return this.random.chance(0.4);
  }

  /** An answer in which some are missing, for a few seconds at a time. @param now ms */
  deliver(found: ReadResult[], ids: readonly string[], now: number): ReadResult[] {
    if (!this.active) return found;
    const turn = Math.floor(now / MISSING_MS);
    return found.map((one, index) =>
      (sumOf(ids[index] ?? '') + turn) % 6 === 0
        ? new SyncError('transient', 'the answer leaves it out', { status: 200 })
        : one,
    );
  }
}

export const poisoned = (): SyncError =>
  new SyncError('transient', 'internal server error', { status: 500, uncertain: true });
