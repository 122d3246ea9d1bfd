/**
 * Connections that forms use. They are kept for a minute after their last use, so that the next drop-down needs no new
 * login. A hash of everything that they are made of identifies them, so that no secret is used as a key.
 */

import { createHash } from 'node:crypto';
import type { Connection } from '../../lib/connectors/connector';
import type { SystemSettings } from '../shared/connect';

const IDLE_MS = 60_000;
const MOST = 20;

interface Kept {
  connection: Connection;
  /** current calls */
  busy: number;
  /** removed from the cache: closed when the last call ends */
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
   * @param fresh true = discard the cached connection and everything it remembers
   */
  async use<Result>(
    system: SystemSettings,
    fresh: boolean,
    call: (connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    const key = createHash('sha256').update(JSON.stringify(system)).digest('hex');
    if (fresh) this.drop(key);
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

  /** Closes all idle connections; the others close when their call ends. */
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
    // nobody waits for it, so nobody needs an error of closing
    entry.connection.close?.().catch(() => undefined);
  }
}
