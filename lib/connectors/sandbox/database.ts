/**
 * The sandbox's SQLite file: one open handle per file in this process, shared by all connections and the page, and
 * closed when the last of them releases it. Other processes may have it open, too: it is in WAL mode, and writers wait
 * for each other.
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
    fields TEXT NOT NULL,          -- JSON, without empty and automatic fields
    owner INTEGER,                 -- of a part: the id of the entity that it belongs to
    owner_type TEXT,               -- and its type, which never changes
    parts INTEGER NOT NULL DEFAULT 0 -- how many parts it has ever had, for their keys
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
  CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL,
    entity INTEGER,                -- the attachment; none while it is being received
    staged_at INTEGER NOT NULL     -- ms since 1970, by the computer's clock
  ) STRICT;
  CREATE INDEX IF NOT EXISTS file_entity ON file (space, entity);
  CREATE TABLE IF NOT EXISTS file_part (
    file INTEGER NOT NULL,
    number INTEGER NOT NULL,       -- counted from 0
    bytes BLOB NOT NULL,
    PRIMARY KEY (file, number)
  ) STRICT;
  CREATE TRIGGER IF NOT EXISTS entity_files AFTER DELETE ON entity BEGIN
    DELETE FROM file WHERE space = OLD.space AND entity = OLD.id;
  END;
  CREATE TRIGGER IF NOT EXISTS file_parts AFTER DELETE ON file BEGIN
    DELETE FROM file_part WHERE file = OLD.id;
  END;
`;

/** Columns that files of earlier versions lack. */
const LATER_COLUMNS: Record<string, string> = {
  owner: 'INTEGER',
  owner_type: 'TEXT',
  parts: 'INTEGER NOT NULL DEFAULT 0',
};
/** Statements that need later columns. */
const LATER_SCHEMA = 'CREATE INDEX IF NOT EXISTS entity_owner ON entity (space, owner) WHERE owner IS NOT NULL;';

/** How long a writer waits for another process, in milliseconds. Node-RED is blocked meanwhile, so keep it short. */
const BUSY_TIMEOUT = 200;

/** A file that has not been received whole after this time never will be. */
const STAGED_MS = 24 * 3_600_000;

export class SandboxDatabase {
  readonly statements: Statements;
  private readonly db: DatabaseSync;
  /** shared by all holders of one space in this process, by the space's row id */
  readonly shared = new Map<number, SharedSpace>();
  private inTransaction = false;

  constructor(file: string) {
    const closeToOthers = privateDatabase(file);
    this.db = new DatabaseSync(file);
    // the constructor's own option is ignored by Node.js 22.13 to 22.15 and 24.0
    this.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    this.db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;');
    this.db.exec(SCHEMA);
    if (this.lacking().length > 0) this.write(() => this.addColumns());
    this.db.exec(LATER_SCHEMA);
    closeToOthers();
    this.statements = new Statements(this.db);
    this.write(() => this.statements.removeStaged(Date.now() - STAGED_MS));
  }

  private lacking(): string[] {
    const columns = this.db.prepare('SELECT name FROM pragma_table_info(?)').all('entity');
    return Object.keys(LATER_COLUMNS).filter((name) => !columns.some((column) => column.name === name));
  }

  /** Another process may be about to do the same, so missing columns are determined within the transaction. */
  private addColumns(): void {
    for (const name of this.lacking()) this.db.exec(`ALTER TABLE entity ADD COLUMN ${name} ${LATER_COLUMNS[name]}`);
  }

  /** Runs `work` in one write transaction: all or nothing is stored. @throws SyncError */
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

  /** A transaction that SQLite itself has ended because of a full disk cannot be ended again. */
  private rollback(): void {
    try {
      this.db.exec('ROLLBACK');
    } catch {
      // the first error is the relevant one
    }
  }

  close(): void {
    this.db.close();
  }
}

/** Calls `work`. Errors of SQLite become SyncErrors with a kind that the engine can handle. */
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
  /** Releases the database. Calling it twice is harmless. */
  release(): void;
}

const open = new Map<string, { database: SandboxDatabase; holders: number }>();

/** Acquires the database in `file`, or the one in memory. @throws SyncError if it cannot be opened */
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
