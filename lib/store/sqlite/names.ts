/**
 * Texts that occur in many rows (integrations, systems, types, projects, address prefixes) stored once, by number.
 * Their count depends on what is configured, not on how many entities there are, so they are kept in memory: all of
 * them, usually; at most CACHED.
 */

import type { Database, Memory, Query } from './database';

const CACHED = 10_000;

export class Names implements Memory {
  private readonly ids = new Map<string, number>();
  private readonly names = new Map<number, string>();
  private readonly byName: Query<{ id: number }>;
  private readonly byId: Query<{ name: string }>;
  private readonly insert: Query<{ id: number }>;
  private readonly remove: Query<{ id: number }>;
  private readonly every: Query<{ name: string }>;

  constructor(db: Database, table: 'integrations' | 'names') {
    this.byName = db.prepare(`SELECT id FROM ${table} WHERE name = ?`);
    this.byId = db.prepare(`SELECT name FROM ${table} WHERE id = ?`);
    this.insert = db.prepare(`INSERT INTO ${table} (name) VALUES (?) RETURNING id`);
    this.remove = db.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.every = db.prepare(`SELECT name FROM ${table} ORDER BY id`);
    db.follow(this);
  }

  /** The number of a name, undefined where it was never stored. */
  find(name: string): number | undefined {
    const cached = this.ids.get(name);
    if (cached !== undefined) return cached;
    const row = this.byName.get(name);
    if (row) this.remember(row.id, name);
    return row?.id;
  }

  /** The number of a name; stores it where it is new. */
  idOf(name: string): number {
    const found = this.find(name);
    if (found !== undefined) return found;
    const id = this.insert.get(name)?.id;
    if (id === undefined) throw new Error(`SQLite gave no number for the name ${name}`);
    this.remember(id, name);
    return id;
  }

  nameOf(id: number): string {
    const cached = this.names.get(id);
    if (cached !== undefined) return cached;
    const row = this.byId.get(id);
    if (!row) throw new Error(`The store refers to name ${id}, which it does not have`);
    this.remember(id, row.name);
    return row.name;
  }

  /** In the order in which they first came. */
  all(): string[] {
    return this.every.all().map(({ name }) => name);
  }

  forget(id: number): void {
    this.remove.run(id);
    this.rollback();
  }

  commit(): void {}

  /** What was learned may have been undone with the transaction: it is read again when needed. */
  rollback(): void {
    this.ids.clear();
    this.names.clear();
  }

  private remember(id: number, name: string): void {
    if (this.ids.size >= CACHED) this.rollback();
    this.ids.set(name, id);
    this.names.set(id, name);
  }
}
