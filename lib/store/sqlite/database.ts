/**
 * The open file: pragmas, prepared statements, transactions. Independent of events and links.
 *
 * Data in memory beside the file (the sequence, names, counters) registers here as a Memory, so that it follows the
 * transaction: it keeps its changes on commit and discards them on rollback.
 */

import { realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../files/private';
import { StoreError } from '../errors';
import type { Memory } from '../rows/rows';
import { asStoreError, isBusy } from './errors';
import { lockStore } from './lock';
import { LogOnDisk } from './log-on-disk';
import { prepared, type Query, type Row } from './query';
import { APPLICATION_ID, checkOwner, MIGRATIONS, type Migration, migrate, rollback } from './schema';
import { Contended, Turns } from './turns';

/**
 * synchronous=NORMAL: a commit survives the end of the process at once, and a loss of power from the next one on that is
 * made durable (`writeDurably`). What such a loss takes is whole transactions from the end: what was read is read again,
 * what had landed is merged again and found to be there. The write-ahead log is folded back every 4,000 pages (16 MB), and cut to that after a larger transaction.
 * https://sqlite.org/pragma.html#pragma_synchronous
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 16777216;
  PRAGMA cache_size = -8192;
  PRAGMA temp_store = MEMORY;
`;

export class Database {
  private readonly memories: Memory[] = [];
  private readonly turns = new Turns();
  private closed = false;

  private constructor(
    readonly file: string,
    private readonly db: DatabaseSync,
    private readonly unlock: () => void,
    /** absent if nothing outlives the process */
    private readonly log: LogOnDisk | undefined,
  ) {}

  /**
   * Opens or creates the file and upgrades it to the newest version. `:memory:` is a store that ends with its process.
   * @param outlivesPower false: nothing waits for the disk, so a power failure also loses what `writeDurably` has
   * stored
   * @throws StoreError locked, readOnly, damaged, newer
   */
  static open(file: string, migrations: readonly Migration[] = MIGRATIONS, outlivesPower = true): Database {
    const unlock = file === ':memory:' ? () => undefined : lockStore(file);
    let db: DatabaseSync | undefined;
    try {
      if (file !== ':memory:') prepare(file);
      const closeToOthers = privateDatabase(file);
      db = new DatabaseSync(file);
      // Node is blocked while SQLite waits: @see turns.ts
      db.exec('PRAGMA busy_timeout = 0');
      checkOwner(db, file, migrations);
      db.exec(PRAGMAS);
      migrate(db, migrations);
      closeToOthers();
      const log = outlivesPower && file !== ':memory:' ? logOf(db, file) : undefined;
      return new Database(file, db, unlock, log);
    } catch (error) {
      db?.close();
      unlock();
      throw asStoreError(error, file);
    }
  }

  /** Connects data in memory with the transactions. */
  follow(memory: Memory): void {
    this.memories.push(memory);
  }

  /**
   * SQLite (3.48 and later) looks at the number bound to a LIMIT when it plans, so it compiles the statement again for
   * each call, which takes five times as long as reading a few rows. As part of an expression it is just a number.
   */
  prepare<R extends Row>(sql: string): Query<R> {
    return prepared<R>(this.db.prepare(sql.replace(/\b(LIMIT|OFFSET) \?/g, '$1 +?')));
  }

  /** Runs the work in one transaction: all or nothing is stored. @throws StoreError */
  write<T>(work: () => T): Promise<T> {
    return this.turns.take(() => this.transaction('BEGIN IMMEDIATE', work));
  }

  /**
   * Like `write`, and on the disk, with everything stored before it, when this returns: for what must not be forgotten
   * even if the power fails, since something irrevocable follows. Other calls are carried out meanwhile, and know of it. Where
   * the disk fails, it is stored although this throws.
   */
  writeDurably<T>(work: () => T): Promise<T> {
    const { log } = this;
    const written = this.write(work);
    return log ? written.then((result) => log.flush().then(() => result)) : written;
  }

  /** Runs work that only reads. */
  read<T>(work: () => T): Promise<T> {
    return this.turns.take(() => this.transaction('BEGIN', work));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      this.log?.close();
    } finally {
      this.db.close();
      this.unlock();
    }
  }

  /** @throws StoreError closed */
  assertOpen(): void {
    if (this.closed) throw new StoreError('closed', `The store ${this.file} was closed.`);
  }

  private transaction<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
    this.assertOpen();
    let begun = false;
    try {
      this.db.exec(begin);
      begun = begin === 'BEGIN IMMEDIATE';
      const result = work();
      this.db.exec('COMMIT');
      for (const memory of this.memories) memory.commit();
      return result;
    } catch (error) {
      rollback(this.db);
      for (const memory of this.memories) memory.rollback();
      const failure = asStoreError(error, this.file);
      // a reading transaction takes its lock with its first query
      if (isBusy(error) && !begun) throw new Contended('locked', { cause: failure });
      throw failure;
    }
  }
}

function logOf(db: DatabaseSync, file: string): LogOnDisk {
  const changes = prepared<{ n: number }>(db.prepare('SELECT total_changes() AS n'));
  return new LogOnDisk(realpathSync(file), () => changes.get()?.n ?? 0);
}

/**
 * A file of zero bytes is not a new store: something has emptied it. A new store gets its name only when it has
 * content, so that a process that dies while creating one leaves no empty file behind.
 * @throws StoreError damaged
 */
function prepare(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && found.size === 0) {
    throw new StoreError(
      'damaged',
      `${file} is empty (0 bytes): what was stored in it is lost. Restore a copy of it. Without one, delete the file: ` +
        'counterparts are then looked for before anything is created.',
    );
  }
  if (found) return;
  const begun = `${file}.new`;
  for (const left of [begun, `${begun}-journal`]) rmSync(left, { force: true });
  const closeToOthers = privateDatabase(begun);
  const db = new DatabaseSync(begun);
  try {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  } finally {
    db.close();
  }
  closeToOthers();
  // those of an earlier store do not belong to this one
  for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true });
  renameSync(begun, file);
}
