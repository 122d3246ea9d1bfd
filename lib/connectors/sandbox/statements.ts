/** The sandbox's SQL, prepared once per database, with the types of its parameters and rows. */

import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type SpaceRow = {
  id: number;
  name: string;
  born: string;
  template: string;
  revision: number;
  last_id: number;
  numbers: string;
};

export type EntityRow = {
  id: number;
  key: string;
  project: string;
  type: string;
  revision: number;
  created_revision: number;
  created_at: string;
  created_by: string;
  updated_at: string;
  updated_by: string;
  marker: string | null;
  fields: string;
  /** for a part */
  owner: number | null;
  owner_type: string | null;
  /** number of parts it has ever had */
  parts: number;
};

export type HistoryRow = { revision: number; at: string; by: string; changes: string };

const COLUMNS =
  'id, key, project, type, revision, created_revision, created_at, created_by, updated_at, updated_by, marker, fields, ' +
  'owner, owner_type, parts';
const IN_SCOPE =
  'project IN (SELECT value FROM json_each(:projects)) AND type IN (SELECT value FROM json_each(:types))';

/** Maximum of counting, so that a list stays fast in a sandbox with millions of entities. */
const MOST_COUNTED = 100_000;

/** The restriction of a list or search; undefined = all. */
export interface EntityFilter {
  project?: string;
  type?: string;
  /** part of the key or title, ignoring the case of ASCII letters */
  search?: string;
}

export class Statements {
  private readonly spaces: StatementSync;
  private readonly spaceByName: StatementSync;
  private readonly spaceById: StatementSync;
  private readonly insertSpace: StatementSync;
  private readonly counters: StatementSync;
  private readonly insertEntity: StatementSync;
  private readonly updateEntity: StatementSync;
  private readonly entityById: StatementSync;
  private readonly entityByKey: StatementSync;
  private readonly deleteEntity: StatementSync;
  private readonly setTemplate: StatementSync;
  private readonly entitiesById: StatementSync;
  private readonly ofOwners: StatementSync;
  private readonly insertHistory: StatementSync;
  private readonly historyOf: StatementSync;
  private readonly deleteHistory: StatementSync;
  private readonly page: StatementSync;
  private readonly newest: StatementSync;
  private readonly latestOf: StatementSync;
  private readonly firstSince: StatementSync;
  private readonly list: StatementSync;
  private readonly total: StatementSync;
  private readonly byMarker: StatementSync;
  private readonly candidates: StatementSync;
  private readonly fieldTexts: StatementSync;
  private readonly insertFile: StatementSync;
  private readonly insertFilePart: StatementSync;
  private readonly attachFile: StatementSync;
  private readonly deleteFile: StatementSync;
  private readonly deleteUnused: StatementSync;
  private readonly deleteStaged: StatementSync;
  private readonly fileOfEntity: StatementSync;
  private readonly filePartBytes: StatementSync;

  /** by path */
  private readonly valued = new Map<string, StatementSync>();

  constructor(private readonly db: DatabaseSync) {
    this.insertFile = db.prepare('INSERT INTO file (space, staged_at) VALUES (?, ?)');
    this.insertFilePart = db.prepare('INSERT INTO file_part (file, number, bytes) VALUES (?, ?, ?)');
    this.attachFile = db.prepare('UPDATE file SET entity = ? WHERE id = ?');
    this.deleteFile = db.prepare('DELETE FROM file WHERE id = ?');
    this.deleteUnused = db.prepare('DELETE FROM file WHERE id = ? AND entity IS NULL');
    this.deleteStaged = db.prepare('DELETE FROM file WHERE entity IS NULL AND staged_at < ?');
    this.fileOfEntity = db.prepare('SELECT id FROM file WHERE space = ? AND entity = ?');
    this.filePartBytes = db.prepare('SELECT bytes FROM file_part WHERE file = ? AND number = ?');
    this.spaces = db.prepare('SELECT * FROM space ORDER BY name');
    this.spaceByName = db.prepare('SELECT * FROM space WHERE name = ?');
    this.spaceById = db.prepare('SELECT * FROM space WHERE id = ?');
    this.insertSpace = db.prepare(
      "INSERT INTO space (name, born, template, revision, last_id, numbers) VALUES (?, ?, ?, 0, ?, '{}')",
    );
    this.counters = db.prepare('UPDATE space SET revision = ?, last_id = ?, numbers = ? WHERE id = ?');
    this.insertEntity = db.prepare(
      `INSERT INTO entity (space, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.updateEntity = db.prepare(
      'UPDATE entity SET revision = ?, updated_at = ?, updated_by = ?, fields = ?, parts = ? WHERE space = ? AND id = ?',
    );
    this.entityById = db.prepare(`SELECT ${COLUMNS} FROM entity WHERE space = ? AND id = ?`);
    this.entityByKey = db.prepare(`SELECT ${COLUMNS} FROM entity WHERE space = ? AND key = ? AND owner IS NULL`);
    this.deleteEntity = db.prepare('DELETE FROM entity WHERE space = ? AND id = ?');
    this.setTemplate = db.prepare('UPDATE space SET template = ? WHERE id = ?');
    this.entitiesById = db.prepare(
      `SELECT ${COLUMNS} FROM entity WHERE space = ? AND id IN (SELECT value FROM json_each(?))`,
    );
    // ids grow with the creation time; otherwise the planner would read the whole space in their order
    this.ofOwners = db.prepare(
      `SELECT ${COLUMNS} FROM entity INDEXED BY entity_owner WHERE space = ?
       AND owner IN (SELECT value FROM json_each(?)) AND type IN (SELECT value FROM json_each(?)) ORDER BY id`,
    );
    this.insertHistory = db.prepare(
      'INSERT INTO history (space, entity, revision, at, by, changes) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.historyOf = db.prepare(
      'SELECT revision, at, by, changes FROM history WHERE space = ? AND entity = ? ORDER BY revision DESC LIMIT ?',
    );
    this.deleteHistory = db.prepare('DELETE FROM history WHERE space = ? AND entity = ?');
    this.page = db.prepare(
      `SELECT ${COLUMNS} FROM entity
       WHERE space = :space AND revision > :after AND revision <= :until AND ${IN_SCOPE} ORDER BY revision LIMIT :limit`,
    );
    this.newest = db.prepare(
      `SELECT revision FROM entity WHERE space = :space AND ${IN_SCOPE} ORDER BY revision DESC LIMIT 1`,
    );
    this.latestOf = db.prepare(
      `SELECT ${COLUMNS} FROM entity WHERE space = :space AND ${IN_SCOPE} ORDER BY revision DESC LIMIT :limit`,
    );
    this.firstSince = db.prepare(
      `SELECT revision FROM entity WHERE space = :space AND updated_at >= :time AND ${IN_SCOPE} ORDER BY revision LIMIT 1`,
    );
    const filter = `space = :space AND owner IS NULL AND (:project IS NULL OR project = :project) AND (:type IS NULL OR type = :type)
       AND (:search IS NULL OR key LIKE :search ESCAPE '!' OR json_extract(fields, :title) LIKE :search ESCAPE '!')`;
    this.list = db.prepare(
      `SELECT ${COLUMNS} FROM entity WHERE ${filter} ORDER BY revision DESC LIMIT :limit OFFSET :offset`,
    );
    this.total = db.prepare(
      `SELECT count(*) AS total FROM (SELECT 1 FROM entity WHERE ${filter} LIMIT ${MOST_COUNTED})`,
    );
    this.byMarker = db.prepare(`SELECT ${COLUMNS} FROM entity WHERE space = ? AND marker = ? ORDER BY +id`);
    this.fieldTexts = db.prepare(
      `SELECT id, CASE json_type(fields, :path) WHEN 'object' THEN NULL WHEN 'array' THEN NULL ELSE json_extract(fields, :path) END
         AS value, CASE WHEN json_type(fields, :path) IN ('object', 'array') THEN json_extract(fields, :path) END AS json
       FROM entity WHERE space = :space AND project = :project AND type = :type
         AND json_type(fields, :path) IS NOT NULL ORDER BY id`,
    );
    this.candidates = db.prepare(
      `SELECT ${COLUMNS} FROM entity WHERE space = :space AND project = :project AND type = :type
       AND (:creator IS NULL OR (created_by = :creator AND created_at >= :since)) ORDER BY id`,
    );
  }

  /** A file that is about to be received. @returns its number */
  addFile(space: number, now: number): number {
    return Number(this.insertFile.run(space, now).lastInsertRowid);
  }

  addFilePart(file: number, number: number, bytes: Uint8Array): void {
    this.insertFilePart.run(file, number, bytes);
  }

  attach(file: number, entity: number): void {
    this.attachFile.run(entity, file);
  }

  removeFile(file: number): void {
    this.deleteFile.run(file);
  }

  removeUnused(file: number): void {
    this.deleteUnused.run(file);
  }

  /** Files that were never received whole, by a process that has ended. */
  removeStaged(before: number): void {
    this.deleteStaged.run(before);
  }

  fileOf(space: number, entity: number): number | undefined {
    return (this.fileOfEntity.get(space, entity) as { id: number } | undefined)?.id;
  }

  filePart(file: number, number: number): Uint8Array | undefined {
    return (this.filePartBytes.get(file, number) as { bytes: Uint8Array } | undefined)?.bytes;
  }

  allSpaces(): SpaceRow[] {
    return this.spaces.all() as SpaceRow[];
  }

  spaceNamed(name: string): SpaceRow | undefined {
    return this.spaceByName.get(name) as SpaceRow | undefined;
  }

  space(id: number): SpaceRow | undefined {
    return this.spaceById.get(id) as SpaceRow | undefined;
  }

  addSpace(name: string, born: string, template: string, lastId: number): void {
    this.insertSpace.run(name, born, template, lastId);
  }

  /** @param template JSON */
  replaceTemplate(space: number, template: string): void {
    this.setTemplate.run(template, space);
  }

  setCounters(space: number, revision: number, lastId: number, numbers: string): void {
    this.counters.run(revision, lastId, numbers, space);
  }

  addEntity(space: number, row: EntityRow): void {
    this.insertEntity.run(
      space,
      row.id,
      row.key,
      row.project,
      row.type,
      row.revision,
      row.created_revision,
      row.created_at,
      row.created_by,
      row.updated_at,
      row.updated_by,
      row.marker,
      row.fields,
      row.owner,
      row.owner_type,
      row.parts,
    );
  }

  setEntity(space: number, row: EntityRow): void {
    this.updateEntity.run(row.revision, row.updated_at, row.updated_by, row.fields, row.parts, space, row.id);
  }

  entity(space: number, id: number): EntityRow | undefined {
    return this.entityById.get(space, id) as EntityRow | undefined;
  }

  entities(space: number, ids: readonly number[]): EntityRow[] {
    return this.entitiesById.all(space, JSON.stringify(ids)) as EntityRow[];
  }

  /** The parts of these entities that have one of the types, oldest first. */
  partsOf(space: number, owners: readonly number[], types: readonly string[]): EntityRow[] {
    return this.ofOwners.all(space, JSON.stringify(owners), JSON.stringify(types)) as EntityRow[];
  }

  /** Never a part. */
  entityWithKey(space: number, key: string): EntityRow | undefined {
    return this.entityByKey.get(space, key) as EntityRow | undefined;
  }

  removeEntity(space: number, id: number): void {
    this.deleteHistory.run(space, id);
    this.deleteEntity.run(space, id);
  }

  addHistory(space: number, entity: number, row: HistoryRow): void {
    this.insertHistory.run(space, entity, row.revision, row.at, row.by, row.changes);
  }

  history(space: number, entity: number, limit: number): HistoryRow[] {
    return this.historyOf.all(space, entity, limit) as HistoryRow[];
  }

  /** Entities of the scope with `after` < revision ≤ `until`, in the order they changed. */
  changed(space: number, scope: ScopeLists, after: number, until: number, limit: number): EntityRow[] {
    return this.page.all({ space, after, until, limit, ...scope }) as EntityRow[];
  }

  newestRevision(space: number, scope: ScopeLists): number | undefined {
    return (this.newest.get({ space, ...scope }) as { revision: number } | undefined)?.revision;
  }

  latest(space: number, scope: ScopeLists, limit: number): EntityRow[] {
    return this.latestOf.all({ space, limit, ...scope }) as EntityRow[];
  }

  firstRevisionSince(space: number, scope: ScopeLists, time: string): number | undefined {
    return (this.firstSince.get({ space, time, ...scope }) as { revision: number } | undefined)?.revision;
  }

  listed(
    space: number,
    title: string,
    filter: EntityFilter,
    offset: number,
    limit: number,
  ): { total: number; rows: EntityRow[] } {
    const search = filter.search ? `%${filter.search.replace(/[!%_]/g, '!$&')}%` : null;
    const where = { space, project: filter.project ?? null, type: filter.type ?? null, search, title: jsonPath(title) };
    const { total } = this.total.get(where) as { total: number };
    return { total, rows: this.list.all({ ...where, offset, limit }) as EntityRow[] };
  }

  marked(space: number, marker: string): EntityRow[] {
    return this.byMarker.all(space, marker) as EntityRow[];
  }

  /** One field of each entity of a project and type: a plain value, or JSON. */
  texts(
    space: number,
    project: string,
    type: string,
    path: string,
  ): { id: number; value: string | number | null; json: string | null }[] {
    return this.fieldTexts.all({ space, project, type, path }) as {
      id: number;
      value: string | number | null;
      json: string | null;
    }[];
  }

  /**
   * Entities with one of these values at a path in their fields. There is an index for each path that was ever searched: without
   * it, a search reads them all, and Node-RED waits meanwhile.
   */
  withValue(space: number, path: string, values: readonly (string | number)[]): EntityRow[] {
    return this.byValue(path).all(space, JSON.stringify(values)) as EntityRow[];
  }

  private byValue(path: string): StatementSync {
    const known = this.valued.get(path);
    if (known) return known;
    const value = `json_extract(fields, '${path.replaceAll("'", "''")}')`;
    const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
    this.db.exec(`CREATE INDEX IF NOT EXISTS entity_value_${name} ON entity (space, ${value})`);
    const statement = this.db.prepare(
      `SELECT ${COLUMNS} FROM entity WHERE space = ? AND ${value} IN (SELECT value FROM json_each(?)) ORDER BY +id`,
    );
    this.valued.set(path, statement);
    return statement;
  }

  /** One by one, entities of a project and type with this creator. */
  found(
    space: number,
    project: string,
    type: string,
    created: { by: string; since: string } | undefined,
  ): Iterable<EntityRow> {
    return this.candidates.iterate({
      space,
      project,
      type,
      creator: created?.by ?? null,
      since: created?.since ?? null,
    }) as Iterable<EntityRow>;
  }
}

/** Projects and types as JSON arrays, for json_each. */
export type ScopeLists = { projects: string; types: string };

/** SQLite's path to a property of a JSON object, whatever characters the name has, except the double quote. */
export function jsonPath(...names: string[]): string {
  return names.reduce((path, name) => `${path}."${name}"`, '$');
}
