/**
 * Writes the write-ahead log to disk without blocking. `synchronous = FULL` does the same after each commit, but inside
 * of SQLite's call: Node-RED would block for the milliseconds that a disk takes, twice for each batch of creates, which
 * was half of their time.
 *
 * With `synchronous = NORMAL`, SQLite itself syncs the log before it copies it back into the database, and the database
 * before it overwrites the log. So data that has left the log is on disk, and all other data is in the file that is
 * synced here.
 * https://sqlite.org/pragma.html#pragma_synchronous
 */

import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { StoreError } from '../errors';

export class LogOnDisk {
  private fd: number | undefined;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private closed = false;
  /** number of changed rows at the last sync */
  private synced: number | undefined;

  /**
   * @param file the path of the database, as SQLite knows it
   * @param changes number of rows changed since it was opened
   */
  constructor(
    private readonly file: string,
    private readonly changes: () => number,
  ) {}

  /**
   * When this settles, everything committed before the call is on disk. Calls during a sync share the next one.
   * @throws StoreError failed
   */
  flush(): Promise<void> {
    // @see close
    if (this.closed) return Promise.resolve();
    if (!this.running) return this.changes() === this.synced ? Promise.resolve() : this.begin();
    // data committed after it started may not be included
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.begin();
      });
    return this.next;
  }

  /** Called before the database is closed. A running sync ends by itself; waiting calls are synced now. */
  close(): void {
    this.closed = true;
    const { fd, running } = this;
    if (fd === undefined) return;
    if (this.next || this.changes() !== this.synced) fdatasyncSync(fd);
    if (!running) closeSync(fd);
    // its caller gets its error
    else void running.catch(() => undefined).then(() => closeSync(fd));
  }

  private begin(): Promise<void> {
    if (this.closed) return Promise.resolve();
    const running = this.sync().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }

  private async sync(): Promise<void> {
    try {
      // SQLite creates it with the first commit, and keeps it until the last connection is closed
      this.fd ??= openSync(`${this.file}-wal`, 'r+');
      const { fd } = this;
      const changes = this.changes();
      await new Promise<void>((resolve, reject) => {
        fdatasync(fd, (error) => (error ? reject(error) : resolve()));
      });
      this.synced = changes;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreError('failed', `${this.file} could not be put on the disk: ${why}. Check the disk.`, error);
    }
  }
}
