/** SQLite's rows: a prepared statement for each step of ../rows/, on the tables of schema.ts. */

import type { Memory, Rows } from '../rows/rows';
import { Awaited } from './awaited';
import { Backlinks } from './backlinks';
import type { Database } from './database';
import { Events } from './events';
import { Intents } from './intents';
import { Journal } from './journal';
import { Links } from './links';
import { Pending } from './pending';
import { Readings } from './readings';
import { Flows, Identity, NameRows, Places, Seen, Sequence } from './small';

export class SqliteRows implements Rows {
  readonly identity: Identity;
  readonly sequence: Sequence;
  readonly integrations: NameRows;
  readonly names: NameRows;
  readonly places: Places;
  readonly flows: Flows;
  readonly seen: Seen;
  readonly events: Events;
  readonly intents: Intents;
  readonly links: Links;
  readonly pending: Pending;
  readonly backlinks: Backlinks;
  readonly awaited: Awaited;
  readonly readings: Readings;
  readonly journal: Journal;

  constructor(private readonly db: Database) {
    this.identity = new Identity(db);
    this.sequence = new Sequence(db);
    this.integrations = new NameRows(db, 'integrations');
    this.names = new NameRows(db, 'names');
    this.places = new Places(db);
    this.flows = new Flows(db);
    this.seen = new Seen(db);
    this.events = new Events(db);
    this.intents = new Intents(db);
    this.links = new Links(db);
    this.pending = new Pending(db);
    this.backlinks = new Backlinks(db);
    this.awaited = new Awaited(db);
    this.readings = new Readings(db);
    this.journal = new Journal(db);
  }

  write<T>(work: () => T): Promise<T> {
    return this.db.write(work);
  }

  writeDurably<T>(work: () => T): Promise<T> {
    return this.db.writeDurably(work);
  }

  read<T>(work: () => T): Promise<T> {
    return this.db.read(work);
  }

  follow(memory: Memory): void {
    this.db.follow(memory);
  }

  assertOpen(): void {
    this.db.assertOpen();
  }

  close(): void {
    this.db.close();
  }
}
