/**
 * The tables, as a list of forward migrations: entry n upgrades a file from version n to n + 1 (`PRAGMA user_version`).
 * A released entry is never changed; a new version is a new entry. Each runs in its own transaction together with the
 * new version number, so a process that dies in between leaves the old version intact.
 *
 * Integrations, systems, types and projects are stored once and referenced by number. A flow is the number of its
 * integration × 2, + 1 for side 2.
 */

import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors';
import { STATE } from '../rows/event-tables';

export type Migration = (db: DatabaseSync) => void;

/** `PRAGMA application_id` of Twinflow's files: "TwFl". */
export const APPLICATION_ID = 0x5477466c;

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

/** Users' corrections of events. */
const version2: Migration = (db) =>
  db.exec(`
    CREATE TABLE corrections (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, fields TEXT NOT NULL
    ) STRICT;
  `);

/** The texts by which parked events are found, separate from their snapshots, which are too large to be searched. */
const version3: Migration = (db) =>
  db.exec(`
    CREATE TABLE parked_texts (
      seq INTEGER PRIMARY KEY REFERENCES events ON DELETE CASCADE, text TEXT NOT NULL
    ) STRICT;
    INSERT INTO parked_texts
    SELECT seq, lower(concat_ws(char(31), e.entity, s.entity ->> 'key', s.entity ->> 'type', f.error ->> 'message'))
    FROM events e JOIN snapshots s USING (seq) JOIN failures f USING (seq) WHERE state = ${STATE.parked};
  `);

/** Ends of links that have yet to get their backlink. dueAt: ms since 1970; null = rests until someone retries. */
const version4: Migration = (db) =>
  db.exec(`
    CREATE TABLE owed (
      link INTEGER NOT NULL REFERENCES links ON DELETE CASCADE, flow INTEGER NOT NULL,
      dueAt INTEGER, attempts INTEGER NOT NULL, error TEXT,
      PRIMARY KEY (link, flow)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX owed_due ON owed (flow, dueAt);
  `);

/** Events reported by a dry run. */
const version5: Migration = (db) => db.exec(`CREATE INDEX events_shown ON events (flow) WHERE state = ${STATE.shown}`);

/** Changes that go before a backlog. The indexes contain few rows, however long the backlog is. */
const version6: Migration = (db) =>
  db.exec(`
    ALTER TABLE events ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX events_urgent ON events (flow, seq) WHERE state = 0 AND urgent = 1;
    CREATE INDEX events_urgent_linked ON events (flow, seq) WHERE state = 0 AND urgent = 1 AND linked = 1;
  `);

/** The setting for backlinks, and up to which link they were owed; null = up to the last. */
const version7: Migration = (db) =>
  db.exec('ALTER TABLE flows ADD COLUMN wish TEXT; ALTER TABLE flows ADD COLUMN wishedUpTo INTEGER;');

/**
 * Ends of links (flow, waiter) that refer to an entity without counterpart in the system `toward`. due: 1 once there is
 * one. One row per reference, none if nothing waits.
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

/** The store's identity, how often it was opened, and the time up to which it does not know what it had created;
 * null = no doubt. */
const version10: Migration = (db) =>
  db.exec(`
    CREATE TABLE identity (name TEXT NOT NULL, opened INTEGER NOT NULL, doubt TEXT) STRICT;
    INSERT INTO identity VALUES (lower(hex(randomblob(16))), 0, NULL);
  `);

/** The earlier place of a system node when an integration last worked with it, if it now leads elsewhere. */
const version11: Migration = (db) =>
  db.exec(`
    CREATE TABLE former_places (
      integration INTEGER NOT NULL, system INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (integration, system)
    ) STRICT, WITHOUT ROWID;
  `);

/**
 * Parts of entities. events.owner, events.type: of a part, the entity that it belongs to and its own type; links.owner: of two
 * parts, the link of what they belong to; links.packed: baselines, compressed; flows.partsWish, partsUpTo: which parts are synced, and up to which link they were
 * asked for, null = up to the last; part_readings: owners whose parts are to be read, asked: the sequence of the newest request.
 */
const version12: Migration = (db) =>
  db.exec(`
    ALTER TABLE events ADD COLUMN owner TEXT;
    ALTER TABLE events ADD COLUMN type INTEGER;
    CREATE INDEX events_parts ON events (flow, owner, type, seq) WHERE owner IS NOT NULL;
    ALTER TABLE links ADD COLUMN owner INTEGER;
    ALTER TABLE links ADD COLUMN packed BLOB;
    CREATE INDEX links_parts ON links (owner) WHERE owner IS NOT NULL;
    ALTER TABLE flows ADD COLUMN partsWish TEXT;
    ALTER TABLE flows ADD COLUMN partsUpTo INTEGER;
    CREATE TABLE part_readings (
      link INTEGER NOT NULL REFERENCES links ON DELETE CASCADE, flow INTEGER NOT NULL,
      dueAt INTEGER NOT NULL, step INTEGER NOT NULL, asked INTEGER NOT NULL,
      PRIMARY KEY (link, flow)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX part_readings_due ON part_readings (flow, dueAt);
  `);

/** intents.owner, intents.type: of a part, the entity that gets it and the part's type. Those of before have neither. */
const version13: Migration = (db) =>
  db.exec(`
    ALTER TABLE intents ADD COLUMN owner TEXT;
    ALTER TABLE intents ADD COLUMN type INTEGER;
    CREATE INDEX intents_parts ON intents (owner, type) WHERE owner IS NOT NULL;
  `);

/** flows.existing: how far existing items were brought over, as JSON. */
const version14: Migration = (db) => db.exec('ALTER TABLE flows ADD COLUMN existing TEXT');

/** What has happened, for people to read: entries, whose numbers rise with time, and counts by hour. text: what is searched. */
const version15: Migration = (db) =>
  db.exec(`
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, integration INTEGER NOT NULL, outcome TEXT NOT NULL,
      text TEXT NOT NULL, entry TEXT NOT NULL
    ) STRICT;
    CREATE TABLE journal_hours (
      integration INTEGER NOT NULL, hour INTEGER NOT NULL, outcome TEXT NOT NULL, n INTEGER NOT NULL,
      PRIMARY KEY (integration, hour, outcome)
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
  version12,
  version13,
  version14,
  version15,
];

/**
 * Checks whether the file is Twinflow's, without changing it. An empty file is.
 * @param file for the error texts
 * @throws StoreError `newer`, or `damaged` if the file belongs to another program
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

/** Upgrades an open Twinflow file to the newest version. */
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

/** Undoes the running transaction, if SQLite has not done so itself (full disk). */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // no transaction is active: there is nothing to undo
  }
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function hasTables(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
