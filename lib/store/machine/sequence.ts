/**
 * A single ascending number for events, links and reads. It is reserved in blocks, so that a number costs no write. The
 * rest of a block is skipped when the process ends.
 */

import type { Memory, Rows } from '../rows/rows';

const BLOCK = 10_000;

export class Sequence implements Memory {
  private given: number;
  /** from the database */
  private reserved: number;
  private pending: number;

  constructor(private readonly rows: Rows) {
    this.given = this.reserved = this.pending = rows.sequence.reserved();
    rows.follow(this);
  }

  /** the last number given out */
  get last(): number {
    return this.given;
  }

  /** True if `next` must be called in a transaction that writes. */
  get needsWrite(): boolean {
    return this.given >= this.reserved;
  }

  next(): number {
    this.given += 1;
    if (this.given > this.pending) {
      this.pending = this.given + BLOCK;
      this.rows.sequence.reserve(this.pending);
    }
    return this.given;
  }

  commit(): void {
    this.reserved = this.pending;
  }

  /** Numbers given out stay given out; only the reservation was undone. */
  rollback(): void {
    this.pending = this.reserved;
  }
}
