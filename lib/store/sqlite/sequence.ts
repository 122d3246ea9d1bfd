/**
 * One rising number for events, links and readings. It is reserved in blocks, so that a number costs no write; what is
 * left of a block when the process ends is skipped.
 */

import type { Database, Memory } from './database';

const BLOCK = 10_000;

export class Sequence implements Memory {
  private last: number;
  /** the file says so */
  private reserved: number;
  private pending: number;
  private readonly reserve;

  constructor(db: Database) {
    this.reserve = db.prepare('UPDATE sequence SET reserved = ?');
    const row = db.prepare<{ reserved: number }>('SELECT reserved FROM sequence').get();
    this.last = this.reserved = this.pending = row?.reserved ?? 0;
    db.follow(this);
  }

  /** True where `next` must be called in a transaction that writes. */
  get needsWrite(): boolean {
    return this.last >= this.reserved;
  }

  next(): number {
    this.last += 1;
    if (this.last > this.pending) {
      this.pending = this.last + BLOCK;
      this.reserve.run(this.pending);
    }
    return this.last;
  }

  commit(): void {
    this.reserved = this.pending;
  }

  /** Numbers given out stay given out; only the reservation was undone. */
  rollback(): void {
    this.pending = this.reserved;
  }
}
