/** Links, both ends in one row. */

import type { Side } from '../../model/entity';
import {
  type Bytes,
  FIRST_PART,
  type LedRow,
  type LinkHead,
  type LinkKey,
  type LinkRow,
  type LinkTable,
  type LinkValues,
  type PartKey,
  type RefRow,
} from '../rows/link-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

const KEY = 'SELECT id, integration, entity1, entity2, owner FROM links';
const HEAD = 'SELECT id, integration, entity1, entity2, owner, system1, system2, landed FROM links';
/** In any integration, by the index that starts with it. */
const ANYWHERE = 'integration IN (SELECT id FROM integrations)';

const both = <T>(of: (side: Side) => T): Record<Side, T> => ({ 1: of(1), 2: of(2) });
const ref = (side: Side) =>
  `entity${side} AS entity, key${side} AS key, url${side} AS url, type${side} AS type, project${side} AS project`;
const leading = (from: Side, to: Side) => `
  SELECT id AS link, integration, ${to} AS side, ${ref(to)} FROM links
  WHERE ${ANYWHERE} AND entity${from} = ? AND system${from} = ? AND system${to} = ?`;

export class Links implements LinkTable {
  private readonly rowById: Query<LinkRow>;
  private readonly rowBySide: Record<Side, Query<LinkRow>>;
  private readonly rowsAfter: Query<LinkRow>;
  private readonly keyById: Query<LinkKey>;
  private readonly keysBySide: Record<Side, Query<LinkKey>>;
  private readonly headById: Query<LinkHead>;
  private readonly headsBySystem: Query<LinkHead>;
  private readonly refBySide: Record<Side, Query<RefRow>>;
  private readonly led: Query<LedRow>;
  private readonly nextIds: Query<{ last: number | null; count: number }>;
  private readonly lowest: Query<{ id: number | null; n: number }>;
  private readonly namedIds: Query<{ id: number }>;
  private readonly partKeys: Query<PartKey>;
  private readonly partVersions: Record<Side, Query<{ version: string }>>;
  private readonly newestId: Query<{ id: number | null }>;
  private readonly insertRow: Query<Nothing>;
  private readonly updateRow: Query<Nothing>;
  private readonly updateWrote: Record<Side, Query<Nothing>>;
  private readonly updateBaselines: Query<Nothing>;
  private readonly updateRef: Record<Side, Query<Nothing>>;
  private readonly deleteRow: Query<Nothing>;
  private readonly deleteAll: Query<Nothing>;

  constructor(private readonly db: Database) {
    this.rowById = db.prepare('SELECT * FROM links WHERE id = ?');
    this.rowBySide = both((side) => db.prepare(`SELECT * FROM links WHERE integration = ? AND entity${side} = ?`));
    this.rowsAfter = db.prepare(
      `SELECT * FROM links WHERE integration = ? AND id > ? AND id < ${FIRST_PART} ORDER BY id LIMIT ?`,
    );
    this.keyById = db.prepare(`${KEY} WHERE id = ?`);
    this.keysBySide = both((side) => db.prepare(`${KEY} WHERE integration = ? AND entity${side} = ?`));
    this.headById = db.prepare(`${HEAD} WHERE id = ?`);
    // plain question marks only: numbered ones (?1) cannot be bound by position in Node.js 22.13 and 24.0
    this.headsBySystem = db.prepare(`
      ${HEAD} WHERE ${ANYWHERE} AND entity1 = ? AND system1 = ?
      UNION
      ${HEAD} WHERE ${ANYWHERE} AND entity2 = ? AND system2 = ?`);
    this.refBySide = both((side) =>
      db.prepare(`SELECT ${ref(side)} FROM links WHERE integration = ? AND entity${side} = ?`),
    );
    this.led = db.prepare(`${leading(1, 2)} UNION ALL ${leading(2, 1)} ORDER BY link`);
    this.nextIds = db.prepare(
      `SELECT max(id) AS last, count(*) AS count FROM (SELECT id FROM links WHERE id > ? AND id < ${FIRST_PART} ORDER BY id LIMIT ?)`,
    );
    this.lowest = db.prepare(
      'SELECT min(id) AS id, count(*) AS n FROM (SELECT id FROM links WHERE id < ? ORDER BY id DESC LIMIT ?)',
    );
    const has = (column: string) => `instr(lower(${column}), ?) > 0`;
    this.namedIds = db.prepare(`
      SELECT id FROM links WHERE integration = ? AND id >= ? AND id < ?
        AND (${['entity1', 'key1', 'entity2', 'key2'].map(has).join(' OR ')})
      ORDER BY id DESC LIMIT ?`);
    this.partKeys = db.prepare(
      'SELECT id, integration, entity1, entity2, owner, type1, type2 FROM links WHERE owner = ? ORDER BY id',
    );
    this.partVersions = both((side) =>
      db.prepare(
        `SELECT version${side} AS version FROM links WHERE integration = ? AND entity${side} = ? AND owner IS NOT NULL`,
      ),
    );
    this.newestId = db.prepare(`SELECT max(id) AS id FROM links WHERE id < ${FIRST_PART}`);
    this.insertRow = db.prepare(`
      INSERT INTO links (entity1, entity2, wrote1, wrote2, system1, system2, type1, type2, project1, project2,
        key1, key2, url1, url2, version1, version2, baselines, packed, landed, id, integration, made, owner)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.updateRow = db.prepare(`
      UPDATE links SET wrote1 = max(wrote1, ?), wrote2 = max(wrote2, ?),
        system1 = ?, system2 = ?, type1 = ?, type2 = ?, project1 = ?, project2 = ?,
        key1 = ?, key2 = ?, url1 = ?, url2 = ?, version1 = ?, version2 = ?, baselines = ?, packed = ?, landed = ?
      WHERE id = ?`);
    this.updateWrote = both((side) => db.prepare(`UPDATE links SET wrote${side} = max(wrote${side}, ?) WHERE id = ?`));
    this.updateBaselines = db.prepare(
      'UPDATE links SET baselines = ?, packed = ?, landed = max(landed, ?) WHERE id = ?',
    );
    this.updateRef = both((side) =>
      db.prepare(`
        UPDATE links SET key${side} = ?, url${side} = ?, type${side} = ?, project${side} = ?
        WHERE id = ? AND entity${side} = ?`),
    );
    this.deleteRow = db.prepare('DELETE FROM links WHERE id = ?');
    this.deleteAll = db.prepare('DELETE FROM links WHERE integration = ?');
  }

  get(id: number): LinkRow | undefined {
    return this.rowById.get(id);
  }

  bySide(integration: number, side: Side, entity: string): LinkRow | undefined {
    return this.rowBySide[side].get(integration, entity);
  }

  after(integration: number, id: number, limit: number): LinkRow[] {
    return this.rowsAfter.all(integration, id, limit);
  }

  key(id: number): LinkKey | undefined {
    return this.keyById.get(id);
  }

  keyBySide(integration: number, side: Side, entity: string): LinkKey | undefined {
    return this.keysBySide[side].get(integration, entity);
  }

  head(id: number): LinkHead | undefined {
    return this.headById.get(id);
  }

  heads(system: number, entity: string): LinkHead[] {
    return this.headsBySystem.all(entity, system, entity, system);
  }

  ref(integration: number, side: Side, entity: string): RefRow | undefined {
    return this.refBySide[side].get(integration, entity);
  }

  leading(from: number, entity: string, to: number): LedRow[] {
    return this.led.all(entity, from, to, entity, from, to);
  }

  next(after: number, limit: number): { last: number | null; count: number } {
    return this.nextIds.get(after, limit) ?? { last: null, count: 0 };
  }

  below(before: number, count: number): number {
    const { id, n } = this.lowest.get(Math.min(before, FIRST_PART), count) ?? { id: null, n: 0 };
    return n < count ? 0 : (id ?? 0);
  }

  named(integration: number, from: number, before: number, text: string, limit: number): number[] {
    const upTo = Math.min(before, FIRST_PART);
    return this.namedIds.all(integration, from, upTo, text, text, text, text, limit).map(({ id }) => id);
  }

  newest(): number {
    return this.newestId.get()?.id ?? 0;
  }

  partVersion(integration: number, side: Side, entity: string): string | undefined {
    return this.partVersions[side].get(integration, entity)?.version;
  }

  partsOf(owner: number): PartKey[] {
    return this.partKeys.all(owner);
  }

  counts(): { integration: number; n: number }[] {
    const sql = `SELECT integration, count(*) AS n FROM links INDEXED BY links_entity1 WHERE id < ${FIRST_PART} GROUP BY integration`;
    return this.db.prepare<{ integration: number; n: number }>(sql).all();
  }

  insert(row: LinkRow): void {
    this.insertRow.run(row.entity1, row.entity2, ...columns(row), row.id, row.integration, row.made, row.owner);
  }

  update(id: number, values: LinkValues): void {
    // the entities stay: setting them to the same values would write their indexes again
    this.updateRow.run(...columns(values), id);
  }

  setWrote(id: number, side: Side, at: number): void {
    this.updateWrote[side].run(at, id);
  }

  setBaselines(id: number, baselines: string, packed: Bytes | null, landed: number): void {
    this.updateBaselines.run(baselines, packed, landed, id);
  }

  setRef(id: number, side: Side, { entity, key, url, type, project }: RefRow): boolean {
    return this.updateRef[side].run(key, url, type, project, id, entity) > 0;
  }

  remove(id: number): void {
    this.deleteRow.run(id);
  }

  removeAll(integration: number): void {
    this.deleteAll.run(integration);
  }
}

/** In the order in which both statements name them. */
function columns(row: LinkValues) {
  return [
    row.wrote1,
    row.wrote2,
    row.system1,
    row.system2,
    row.type1,
    row.type2,
    row.project1,
    row.project2,
    row.key1,
    row.key2,
    row.url1,
    row.url2,
    row.version1,
    row.version2,
    row.baselines,
    row.packed,
    row.landed,
  ];
}
