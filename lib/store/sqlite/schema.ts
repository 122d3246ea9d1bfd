/**
 * The tables, as a list of forward migrations: entry n brings a file from version n to n + 1 (`PRAGMA user_version`).
 * An entry that was released is never changed; a new version is a new entry. Each runs in a transaction of its own
 * together with the new version number, so a process that dies in between leaves the old version whole.
 *
 * Integrations, systems, types and projects are stored once and named by number. A flow is the number of its
 * integration × 2, + 1 for side 2.
 */

import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors';

export type Migration = (db: DatabaseSync) => void;

/** `PRAGMA application_id` of our files: "TwFl". */
export const APPLICATION_ID = 0x5477466c;

/** Numbers that stand for the states in `events.state`; part of the file format. */
export const STATE = { waiting: 0, held: 1, sent: 2, retry: 3, parked: 4, shown: 5 } as const;

const version1: Migration = (db) =>
  db.exec(`
    -- the highest number that may have been given out, see Sequence
    CREATE TABLE sequence (reserved INTEGER NOT NULL) STRICT;
    INSERT INTO sequence VALUES (0);

    CREATE TABLE integrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    -- systems, types, projects, address prefixes
    CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE flows (flow INTEGER PRIMARY KEY, system INTEGER, checkpoint TEXT) STRICT;

    -- the version last recorded, refreshed or landed
    CREATE TABLE seen (
      flow INTEGER NOT NULL, entity TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (flow, entity)
    ) STRICT, WITHOUT ROWID;

    -- Small rows, since every change of state writes them again; what is large stands in snapshots and failures.
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY,
      flow INTEGER NOT NULL,
      entity TEXT NOT NULL,
      version TEXT NOT NULL,
      state INTEGER NOT NULL,
      linked INTEGER NOT NULL, -- 1 where the entity has a link: claim must not look at a million unlinked ones
      readAt INTEGER NOT NULL, -- -1: to be read again in any case
      delivery INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      sentAt INTEGER,
      dueAt INTEGER
    ) STRICT;
    -- at most one held event and one other per entity
    CREATE UNIQUE INDEX events_entity ON events (flow, entity, (state = 1));
    CREATE INDEX events_waiting ON events (flow, seq) WHERE state = 0;
    CREATE INDEX events_linked ON events (flow, seq) WHERE state = 0 AND linked = 1;
    CREATE INDEX events_sent ON events (flow, sentAt) WHERE state = 2;
    CREATE INDEX events_retry ON events (flow, dueAt) WHERE state = 3;
    CREATE INDEX events_parked ON events (flow >> 1, seq) WHERE state = 4;

    CREATE TABLE snapshots (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, entity TEXT NOT NULL
    ) STRICT;
    CREATE TABLE failures (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, error TEXT NOT NULL, mapped TEXT
    ) STRICT;
    -- toward: the flow of the side on which the entity is created; opened: the sequence when the first one was stored
    CREATE TABLE intents (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE,
      toward INTEGER NOT NULL,
      opened INTEGER NOT NULL,
      intent TEXT NOT NULL
    ) STRICT;
    CREATE INDEX intents_toward ON intents (toward, opened);

    -- Both ends in one row, large columns last. wrote: the sequence of the newest landing that wrote this end.
    CREATE TABLE links (
      id INTEGER PRIMARY KEY,
      integration INTEGER NOT NULL,
      entity1 TEXT NOT NULL, entity2 TEXT NOT NULL,
      wrote1 INTEGER NOT NULL, wrote2 INTEGER NOT NULL,
      system1 INTEGER NOT NULL, system2 INTEGER NOT NULL,
      type1 INTEGER NOT NULL, type2 INTEGER NOT NULL,
      project1 INTEGER NOT NULL, project2 INTEGER NOT NULL,
      key1 TEXT, key2 TEXT, -- null: the same as the id
      url1 TEXT, url2 TEXT,
      version1 TEXT NOT NULL, version2 TEXT NOT NULL,
      baselines TEXT NOT NULL
    ) STRICT;
    -- values that an update may have left in an end without a landing
    CREATE TABLE pending (
      link INTEGER NOT NULL REFERENCES links ON DELETE CASCADE, side INTEGER NOT NULL, fields TEXT NOT NULL,
      PRIMARY KEY (link, side)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX links_entity1 ON links (integration, entity1);
    CREATE UNIQUE INDEX links_entity2 ON links (integration, entity2);
  `);

/** What people have corrected in events. */
const version2: Migration = (db) =>
  db.exec(`
    CREATE TABLE corrections (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, fields TEXT NOT NULL
    ) STRICT;
  `);

/** What parked events are found by, apart from their snapshots, which are too large to be searched. */
const version3: Migration = (db) =>
  db.exec(`
    CREATE TABLE parked_texts (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, text TEXT NOT NULL
    ) STRICT;
    INSERT INTO parked_texts
    SELECT seq, lower(concat_ws(char(31), e.entity, s.entity ->> 'key', s.entity ->> 'type', f.error ->> 'message'))
    FROM events e JOIN snapshots s USING (seq) JOIN failures f USING (seq) WHERE state = ${STATE.parked};
  `);

/** Ends of links that have yet to show their counterpart. dueAt: ms since 1970; null = rests until somebody retries. */
const version4: Migration = (db) =>
  db.exec(`
    CREATE TABLE owed (
      link INTEGER NOT NULL REFERENCES links ON DELETE CASCADE, flow INTEGER NOT NULL,
      dueAt INTEGER, attempts INTEGER NOT NULL, error TEXT,
      PRIMARY KEY (link, flow)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX owed_due ON owed (flow, dueAt);
  `);

/** What a dry run has shown. */
const version5: Migration = (db) => db.exec(`CREATE INDEX events_shown ON events (flow) WHERE state = ${STATE.shown}`);

/** Changes that go before a backlog. The indexes hold few rows, however long the backlog is. */
const version6: Migration = (db) =>
  db.exec(`
    ALTER TABLE events ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX events_urgent ON events (flow, seq) WHERE state = 0 AND urgent = 1;
    CREATE INDEX events_urgent_linked ON events (flow, seq) WHERE state = 0 AND urgent = 1 AND linked = 1;
  `);

/** What counterparts are shown by, and up to which link that was owed; null = up to the last. */
const version7: Migration = (db) =>
  db.exec('ALTER TABLE flows ADD COLUMN wish TEXT; ALTER TABLE flows ADD COLUMN wishedUpTo INTEGER;');

/**
 * Ends of links (flow, waiter) that refer to an entity without counterpart in the system `toward`. due: 1 once there is one.
 * A row for each reference, none where nothing waits.
 */
const version8: Migration = (db) =>
  db.exec(`
    CREATE TABLE awaited (
      id INTEGER PRIMARY KEY, system INTEGER NOT NULL, entity TEXT NOT NULL, toward INTEGER NOT NULL,
      flow INTEGER NOT NULL, waiter TEXT NOT NULL, due INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX awaited_entity ON awaited (system, entity, toward, flow, waiter);
    CREATE INDEX awaited_waiter ON awaited (flow, waiter);
    CREATE INDEX awaited_due ON awaited (flow, id) WHERE due = 1;
  `);

/**
 * What integrations have to know of each other. made: the side whose end was made from the other one, 0 = nobody knows;
 * landed: the sequence of the landing as of which both ends are in sync; places: which server a system node leads to; intents.place: the one in which it is created.
 */
const version9: Migration = (db) =>
  db.exec(`
    CREATE TABLE places (system INTEGER PRIMARY KEY, place INTEGER NOT NULL) STRICT;
    ALTER TABLE links ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE links ADD COLUMN landed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE intents ADD COLUMN place INTEGER;
    CREATE INDEX intents_place ON intents (place, opened) WHERE place IS NOT NULL;
  `);

/** Who the store is, how often it was opened, and the time up to which it does not know what it had made; null = it does. */
const version10: Migration = (db) =>
  db.exec(`
    CREATE TABLE identity (name TEXT NOT NULL, opened INTEGER NOT NULL, doubt TEXT) STRICT;
    INSERT INTO identity VALUES (lower(hex(randomblob(16))), 0, NULL);
  `);

/** Where a system node led when an integration was last at work over it, if it leads elsewhere now. */
const version11: Migration = (db) =>
  db.exec(`
    CREATE TABLE former_places (
      integration INTEGER NOT NULL, system INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (integration, system)
    ) STRICT, WITHOUT ROWID;
  `);

export const MIGRATIONS: readonly Migration[] = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  version7,
  version8,
  version9,
  version10,
  version11,
];

/**
 * Looks whether the file is ours, changing nothing in it. An empty one is.
 * @param file for the error texts
 * @throws StoreError `newer`, or `damaged` where the file belongs to another program
 */
export function checkOwner(db: DatabaseSync, file: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || hasTables(db))) {
    throw new StoreError('damaged', `${file} is a database of another program. Choose another file for Twinflow.`);
  }
  if (version > migrations.length) {
    throw new StoreError(
      'newer',
      `${file} was written by a newer Twinflow (its format is ${version}, this version knows ${migrations.length}). ` +
        'Install that version again, or restore the copy of the file from before the update.',
    );
  }
}

/** Brings an open file of ours to the newest version. */
export function migrate(db: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void {
  const version = pragma(db, 'user_version');
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      migration(db);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}; COMMIT`);
    } catch (error) {
      rollback(db);
      throw error;
    }
  }
}

/** Undoes the running transaction, if SQLite has not done so by itself (full disk). */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // no transaction is active: nothing is left to undo
  }
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function hasTables(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
