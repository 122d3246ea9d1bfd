/** The tables with few columns: identity, sequence, names, places, flows, known versions. */

import type {
  FlowRow,
  FlowTable,
  FormerRow,
  IdentityTable,
  NameTable,
  PlaceTable,
  SeenTable,
  SequenceTable,
} from '../rows/rows';
import type { Database } from './database';
import type { Nothing, Query } from './query';

type Identified = { name: string; opened: number; doubt: string | null };

export class Identity implements IdentityTable {
  private readonly select: Query<Identified>;
  private readonly count: Query<Nothing>;
  private readonly updateDoubt: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT name, opened, doubt FROM identity');
    this.count = db.prepare('UPDATE identity SET opened = opened + 1');
    this.updateDoubt = db.prepare('UPDATE identity SET doubt = ?');
  }

  get(): Identified {
    return this.select.get() ?? { name: '', opened: 0, doubt: null };
  }

  countOpening(): void {
    this.count.run();
  }

  setDoubt(until: string | null): void {
    this.updateDoubt.run(until);
  }
}

export class Sequence implements SequenceTable {
  private readonly select: Query<{ reserved: number }>;
  private readonly update: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT reserved FROM sequence');
    this.update = db.prepare('UPDATE sequence SET reserved = ?');
  }

  reserved(): number {
    return this.select.get()?.reserved ?? 0;
  }

  reserve(upTo: number): void {
    this.update.run(upTo);
  }
}

export class NameRows implements NameTable {
  private readonly byName: Query<{ id: number }>;
  private readonly byId: Query<{ name: string }>;
  private readonly insertRow: Query<{ id: number }>;
  private readonly delete: Query<Nothing>;
  private readonly every: Query<{ name: string }>;
  private readonly two: Query<{ n: number }>;

  constructor(db: Database, table: 'integrations' | 'names') {
    this.byName = db.prepare(`SELECT id FROM ${table} WHERE name = ?`);
    this.byId = db.prepare(`SELECT name FROM ${table} WHERE id = ?`);
    this.insertRow = db.prepare(`INSERT INTO ${table} (name) VALUES (?) RETURNING id`);
    this.delete = db.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.every = db.prepare(`SELECT name FROM ${table} ORDER BY id`);
    this.two = db.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM ${table} LIMIT 2)`);
  }

  find(name: string): number | undefined {
    return this.byName.get(name)?.id;
  }

  nameOf(id: number): string | undefined {
    return this.byId.get(id)?.name;
  }

  insert(name: string): number {
    const id = this.insertRow.get(name)?.id;
    if (id === undefined) throw new Error(`SQLite gave no number for the name ${name}`);
    return id;
  }

  remove(id: number): void {
    this.delete.run(id);
  }

  all(): string[] {
    return this.every.all().map(({ name }) => name);
  }

  hasSeveral(): boolean {
    return (this.two.get()?.n ?? 0) > 1;
  }
}

export class Places implements PlaceTable {
  private readonly select: Query<{ system: number; place: number }>;
  private readonly upsert: Query<Nothing>;
  private readonly selectFormer: Query<FormerRow>;
  private readonly insertFormer: Query<Nothing>;
  private readonly deleteFormer: Query<Nothing>;
  private readonly deleteFormers: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT system, place FROM places');
    this.upsert = db.prepare(
      'INSERT INTO places (system, place) VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place',
    );
    this.selectFormer = db.prepare('SELECT integration, system, place FROM former_places');
    this.insertFormer = db.prepare('INSERT OR IGNORE INTO former_places (integration, system, place) VALUES (?, ?, ?)');
    this.deleteFormer = db.prepare('DELETE FROM former_places WHERE integration = ? AND system = ?');
    this.deleteFormers = db.prepare('DELETE FROM former_places WHERE integration = ?');
  }

  all(): { system: number; place: number }[] {
    return this.select.all();
  }

  set(system: number, place: number): void {
    this.upsert.run(system, place);
  }

  formers(): FormerRow[] {
    return this.selectFormer.all();
  }

  addFormer({ integration, system, place }: FormerRow): void {
    this.insertFormer.run(integration, system, place);
  }

  removeFormer(integration: number, system: number): void {
    this.deleteFormer.run(integration, system);
  }

  removeFormers(integration: number): void {
    this.deleteFormers.run(integration);
  }
}

export class Flows implements FlowTable {
  private readonly select: Query<FlowRow>;
  private readonly selectSystem: Query<{ system: number | null }>;
  private readonly upsertCheckpoint: Query<Nothing>;
  private readonly upsertSystem: Query<Nothing>;
  private readonly upsertWish: Query<Nothing>;
  private readonly upsertPartsWish: Query<Nothing>;
  private readonly upsertExisting: Query<Nothing>;
  private readonly delete: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare(
      'SELECT checkpoint, wish, wishedUpTo, partsWish, partsUpTo, existing FROM flows WHERE flow = ?',
    );
    this.selectSystem = db.prepare('SELECT system FROM flows WHERE flow = ?');
    this.upsertCheckpoint = db.prepare(`
      INSERT INTO flows (flow, checkpoint) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint`);
    this.upsertSystem = db.prepare(`
      INSERT INTO flows (flow, system) VALUES (?, ?) ON CONFLICT DO UPDATE SET system = excluded.system`);
    this.upsertWish = db.prepare(`
      INSERT INTO flows (flow, wish, wishedUpTo) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET wish = excluded.wish, wishedUpTo = excluded.wishedUpTo`);
    this.upsertPartsWish = db.prepare(`
      INSERT INTO flows (flow, partsWish, partsUpTo) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET partsWish = excluded.partsWish, partsUpTo = excluded.partsUpTo`);
    this.upsertExisting = db.prepare(`
      INSERT INTO flows (flow, existing) VALUES (?, ?) ON CONFLICT DO UPDATE SET existing = excluded.existing`);
    this.delete = db.prepare('DELETE FROM flows WHERE flow = ?');
  }

  get(flow: number): FlowRow | undefined {
    return this.select.get(flow);
  }

  system(flow: number): number | undefined {
    return this.selectSystem.get(flow)?.system ?? undefined;
  }

  setCheckpoint(flow: number, checkpoint: string | null): void {
    this.upsertCheckpoint.run(flow, checkpoint);
  }

  setSystem(flow: number, system: number): void {
    this.upsertSystem.run(flow, system);
  }

  setWish(flow: number, wish: string | null, upTo: number | null): void {
    this.upsertWish.run(flow, wish, upTo);
  }

  setPartsWish(flow: number, wish: string | null, upTo: number | null): void {
    this.upsertPartsWish.run(flow, wish, upTo);
  }

  setExisting(flow: number, existing: string | null): void {
    this.upsertExisting.run(flow, existing);
  }

  remove(flow: number): void {
    this.delete.run(flow);
  }
}

export class Seen implements SeenTable {
  private readonly select: Query<{ version: string }>;
  private readonly upsert: Query<Nothing>;
  private readonly delete: Query<Nothing>;
  private readonly insertParts: [Query<Nothing>, Query<Nothing>];
  private readonly deleteFlow: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT version FROM seen WHERE flow = ? AND entity = ?');
    this.upsert = db.prepare(`
      INSERT INTO seen (flow, entity, version) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version WHERE version <> excluded.version`);
    this.delete = db.prepare('DELETE FROM seen WHERE flow = ? AND entity = ?');
    const insertParts = (side: 1 | 2) =>
      db.prepare<Nothing>(`
        INSERT OR IGNORE INTO seen (flow, entity, version)
        SELECT ?, entity${side}, ? FROM links WHERE integration = ? AND owner IS NOT NULL`);
    this.insertParts = [insertParts(1), insertParts(2)];
    this.deleteFlow = db.prepare('DELETE FROM seen WHERE flow = ?');
  }

  version(flow: number, entity: string): string | undefined {
    return this.select.get(flow, entity)?.version;
  }

  set(flow: number, entity: string, version: string): void {
    this.upsert.run(flow, entity, version);
  }

  remove(flow: number, entity: string): void {
    this.delete.run(flow, entity);
  }

  addParts(flow: number, version: string): void {
    this.insertParts[flow % 2 === 0 ? 0 : 1].run(flow, version, flow >> 1);
  }

  removeFlow(flow: number): void {
    this.deleteFlow.run(flow);
  }
}
