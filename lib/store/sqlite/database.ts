/**
 * The open file: pragmas, prepared statements, transactions. Knows nothing of events and links.
 *
 * What is kept in memory beside the file (the sequence, names, counters) registers here as a Memory, so that it
 * follows the transaction: it keeps what it learned on commit and forgets it on rollback.
 */

import { renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { privateDatabase } from '../../files/private';
import { StoreError } from '../errors';
import { asStoreError, isBusy } from './errors';
import { lockStore } from './lock';
import { APPLICATION_ID, checkOwner, MIGRATIONS, type Migration, migrate, rollback } from './schema';
import { Contended, Turns } from './turns';

/** Columns by name. The tables are STRICT: a column has the type that the schema gives it, or is null. */
export type Row = Record<string, SQLOutputValue>;

/** A prepared statement. `R` declares the columns that its SQL selects. */
export interface Query<R extends Row> {
  get(...values: SQLInputValue[]): R | undefined;
  all(...values: SQLInputValue[]): R[];
  /** @returns how many rows were changed */
  run(...values: SQLInputValue[]): number;
}

export interface Memory {
  commit(): void;
  rollback(): void;
}

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
  ) {}

  /**
   * Opens or creates the file and brings it to the newest version. `:memory:` is a store that ends with its process.
   * @throws StoreError locked, readOnly, damaged, newer
   */
  static open(file: string, migrations: readonly Migration[] = MIGRATIONS): Database {
    const unlock = file === ':memory:' ? () => undefined : lockStore(file);
    let db: DatabaseSync | undefined;
    try {
      if (file !== ':memory:') prepare(file);
      const closeToOthers = privateDatabase(file);
      db = new DatabaseSync(file);
      // Node stands still while SQLite waits: @see turns.ts
      db.exec('PRAGMA busy_timeout = 0');
      checkOwner(db, file, migrations);
      db.exec(PRAGMAS);
      migrate(db, migrations);
      closeToOthers();
      return new Database(file, db, unlock);
    } catch (error) {
      db?.close();
      unlock();
      throw asStoreError(error, file);
    }
  }

  /** Ties what is kept in memory to the transactions. */
  follow(memory: Memory): void {
    this.memories.push(memory);
  }

  prepare<R extends Row>(sql: string): Query<R> {
    return new PreparedQuery<R>(this.db.prepare(sql));
  }

  /** Runs the work in one transaction: all of it is stored, or nothing. @throws StoreError */
  write<T>(work: () => T): Promise<T> {
    return this.turns.take(() => this.transaction('BEGIN IMMEDIATE', work));
  }

  /**
   * Like `write`, and on the disk, with everything stored before it, when this returns: for what must not be forgotten
   * even if the power fails, since something irrevocable follows.
   */
  writeDurably<T>(work: () => T): Promise<T> {
    return this.turns.take(() => {
      this.assertOpen();
      this.db.exec('PRAGMA synchronous = FULL');
      try {
        return this.transaction('BEGIN IMMEDIATE', work);
      } finally {
        this.db.exec('PRAGMA synchronous = NORMAL');
      }
    });
  }

  /** Runs work that only reads. */
  read<T>(work: () => T): Promise<T> {
    return this.turns.take(() => this.transaction('BEGIN', work));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.db.close();
    this.unlock();
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

class PreparedQuery<R extends Row> implements Query<R> {
  constructor(private readonly statement: StatementSync) {}

  get(...values: SQLInputValue[]): R | undefined {
    return this.statement.get(...values) as R | undefined;
  }

  all(...values: SQLInputValue[]): R[] {
    return this.statement.all(...values) as R[];
  }

  run(...values: SQLInputValue[]): number {
    return Number(this.statement.run(...values).changes);
  }
}

/**
 * A file of no bytes is not a new store: something has emptied it. So that a process that dies while it makes one leaves none
 * behind, a new one gets its name when something is in it.
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
  // those of a store that is gone do not belong to this one
  for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true });
  renameSync(begun, file);
}
