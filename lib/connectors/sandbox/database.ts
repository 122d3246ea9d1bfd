/**
 * The sandbox's SQLite file: one open handle per file in this process, shared by all connections and the page, closed
 * when the last of them lets go. Other processes may have it open too: WAL, and writers wait for each other.
 */

import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../files/private';
import { asSyncError, SyncError } from '../../model/errors';
import type { SharedSpace } from './shared-space';
import { Statements } from './statements';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS space (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    born TEXT NOT NULL,            -- tells a space from a later one of the same name
    template TEXT NOT NULL,        -- JSON
    revision INTEGER NOT NULL,     -- counts writes; never goes back
    last_id INTEGER NOT NULL,
    numbers TEXT NOT NULL          -- JSON: project -> last number in its keys
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entity (
    space INTEGER NOT NULL,
    id INTEGER NOT NULL,
    key TEXT NOT NULL,
    project TEXT NOT NULL,
    type TEXT NOT NULL,
    revision INTEGER NOT NULL,     -- of the last write
    created_revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    marker TEXT,
    fields TEXT NOT NULL           -- JSON, without empty and automatic fields
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS entity_id ON entity (space, id);
  CREATE UNIQUE INDEX IF NOT EXISTS entity_revision ON entity (space, revision);
  CREATE INDEX IF NOT EXISTS entity_marker ON entity (space, marker) WHERE marker IS NOT NULL;
  CREATE TABLE IF NOT EXISTS history (
    space INTEGER NOT NULL,
    entity INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    changes TEXT NOT NULL,         -- JSON: field -> [old, new]
    PRIMARY KEY (space, entity, revision)
  ) STRICT, WITHOUT ROWID;
`;

/** How long a writer waits for another process, in milliseconds. Node-RED stands still meanwhile: keep it short. */
const BUSY_TIMEOUT = 200;

export class SandboxDatabase {
  readonly statements: Statements;
  private readonly db: DatabaseSync;
  /** what all holders of one space share in this process, by the space's row id */
  readonly shared = new Map<number, SharedSpace>();
  private inTransaction = false;

  constructor(file: string) {
    const closeToOthers = privateDatabase(file);
    this.db = new DatabaseSync(file);
    // the constructor's own option is ignored by Node.js 22.13 to 22.15 and 24.0
    this.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    this.db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;');
    this.db.exec(SCHEMA);
    closeToOthers();
    this.statements = new Statements(this.db);
  }

  /** Runs `work` in one write transaction: all of it is stored, or nothing. @throws SyncError */
  write<T>(work: () => T): T {
    if (this.inTransaction) return work();
    return guarded(() => {
      this.db.exec('BEGIN IMMEDIATE');
      this.inTransaction = true;
      let open = true;
      try {
        const result = work();
        this.db.exec('COMMIT');
        open = false;
        return result;
      } catch (error) {
        if (open) this.rollback();
        throw error;
      } finally {
        this.inTransaction = false;
      }
    });
  }

  /** A transaction that SQLite has ended by itself, for a full disk, cannot be ended again. */
  private rollback(): void {
    try {
      this.db.exec('ROLLBACK');
    } catch {
      // the first fault is the one that counts
    }
  }

  close(): void {
    this.db.close();
  }
}

/** Calls `work`; what SQLite throws becomes a SyncError with a kind that the engine can act on. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SyncError) throw error;
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    const message = asSyncError(error).message;
    // 5 busy, 6 locked, 10 input/output, 13 full: https://sqlite.org/rescode.html
    if ([5, 6, 10, 13].includes(code)) {
      throw new SyncError('transient', `The sandbox's database did not answer: ${message}`, { cause: error });
    }
    throw new SyncError('fatal', `The sandbox's database failed: ${message}`, { cause: error });
  }
}

export interface Lease {
  database: SandboxDatabase;
  /** Lets go of the database. Harmless when called twice. */
  release(): void;
}

const open = new Map<string, { database: SandboxDatabase; holders: number }>();

/** Takes hold of the database in `file`, or of the one in memory. @throws SyncError where it cannot be opened */
export function lease(file: string | undefined): Lease {
  const name = file === undefined ? ':memory:' : resolve(file);
  const entry = open.get(name) ?? { database: guarded(() => new SandboxDatabase(name)), holders: 0 };
  open.set(name, entry);
  entry.holders++;
  let held = true;
  return {
    database: entry.database,
    release() {
      if (!held) return;
      held = false;
      entry.holders--;
      if (entry.holders > 0) return;
      open.delete(name);
      entry.database.close();
    },
  };
}
