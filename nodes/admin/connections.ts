/**
 * Connections that forms use: kept for a minute after their last use, so that the next drop-down needs no new login, and
 * closed then. Told apart by everything they are made of, by a hash, so that no secret lies about as a key.
 */

import { createHash } from 'node:crypto';
import type { Connection } from '../../lib/connectors/connector';
import type { SystemSettings } from '../shared/connect';

const IDLE_MS = 60_000;
const MOST = 20;

interface Kept {
  connection: Connection;
  /** calls that are under way */
  busy: number;
  /** taken out of the cache: closed when the last call ends */
  dropped: boolean;
  timer?: NodeJS.Timeout;
}

export class Connections {
  private readonly kept = new Map<string, Kept>();
  private readonly open: (system: SystemSettings) => Connection;
  private readonly idleMs: number;

  constructor(open: (system: SystemSettings) => Connection, idleMs = IDLE_MS) {
    this.open = open;
    this.idleMs = idleMs;
  }

  /**
   * Runs one call on a connection to the system.
   * @param anew true = forget the connection that is kept, and whatever it remembers
   */
  async use<Result>(
    system: SystemSettings,
    anew: boolean,
    call: (connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    const key = createHash('sha256').update(JSON.stringify(system)).digest('hex');
    if (anew) this.drop(key);
    const entry = this.kept.get(key) ?? { connection: this.open(system), busy: 0, dropped: false };
    // last in the map = last used
    this.kept.delete(key);
    this.kept.set(key, entry);
    clearTimeout(entry.timer);
    entry.busy += 1;
    this.makeRoom();
    try {
      return await call(entry.connection);
    } finally {
      entry.busy -= 1;
      if (entry.busy === 0) this.rest(key, entry);
    }
  }

  /** Closes all that rest; those in use close when their call ends. */
  close(): void {
    for (const key of [...this.kept.keys()]) this.drop(key);
  }

  private rest(key: string, entry: Kept): void {
    if (entry.dropped) {
      this.release(entry);
      return;
    }
    entry.timer = setTimeout(() => this.drop(key), this.idleMs);
    entry.timer.unref();
  }

  private drop(key: string): void {
    const entry = this.kept.get(key);
    if (!entry) return;
    this.kept.delete(key);
    clearTimeout(entry.timer);
    entry.dropped = true;
    if (entry.busy === 0) this.release(entry);
  }

  private makeRoom(): void {
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST && oldest !== undefined) this.drop(oldest);
  }

  private release(entry: Kept): void {
    // nobody is waiting for it any more, so a fault while closing has no one to tell
    entry.connection.close?.().catch(() => undefined);
  }
}
