/** Reads and finds rows. */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { textFinder, textToFind } from '../../model/same-text';
import type { Value } from '../../model/values';
import type { FindQuery, FindResult, ReadResult, Scope } from '../connector';
import { isShown } from '../kit/compare';
import { type Column, columnList, type Database, type Param, type Row, tableName } from './database';
import { type Known, partsOfId, type Structure } from './structure';
import { wantedValue } from './values';

const AT_ONCE = 100;
/** Patterns in one search. */
const PATTERNS = 20;
/** Rows that a search without any other condition looks at. */
const SEARCHED = 200;

const WHOLE = /^-?\d{1,18}$/;

/** The key of an id as a parameter; undefined if the column cannot have it. */
function keyParam(column: Column, key: string): Param | undefined {
  if (column.kind === 'number') {
    const number = Number(key);
    if (!WHOLE.test(key) || Math.abs(number) > (column.largest ?? Number.POSITIVE_INFINITY)) return undefined;
    return Number.isSafeInteger(number) ? number : key;
  }
  if (/^uuid$/i.test(column.declared) && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key)) return undefined;
  return key.includes('\0') ? undefined : key;
}

export class Rows {
  constructor(
    private readonly database: Database,
    private readonly structure: Structure,
  ) {}

  /** In the order of `ids`; only rows of the scope's tables, if there is one. */
  async read(ids: readonly EntityId[], scope?: Scope): Promise<ReadResult[]> {
    const found = new Map<EntityId, Entity | SyncError>();
    const byTable = new Map<string, { schema: string; table: string; keys: string[] }>();
    for (const id of new Set(ids)) {
      const parts = partsOfId(id);
      if (!parts || (scope && !(scope.projects.includes(parts.schema) && scope.types.includes(parts.table)))) continue;
      const place = JSON.stringify([parts.schema, parts.table]);
      const one = byTable.get(place) ?? { schema: parts.schema, table: parts.table, keys: [] };
      one.keys.push(parts.key);
      byTable.set(place, one);
    }
    for (const { schema, table, keys } of byTable.values()) {
      const known = await this.structure.table(schema, table);
      const params = keys.flatMap((key) => keyParam(known.table.key, key) ?? []);
      for (const some of chunk(params, AT_ONCE)) {
        const places = some.map((_, index) => this.database.place(index + 1, known.table.key)).join(', ');
        const where = `${this.database.quoted(known.table.key.name)} IN (${places})`;
        for (const row of await this.select(known, `WHERE ${where}`, some)) {
          const { id, entity } = this.described(known, row);
          found.set(id, entity);
        }
      }
    }
    return ids.map((id) => found.get(id));
  }

  /** The id is known, whether or not the rest can be shown. */
  described(known: Known, row: Row): { id: EntityId; entity: Entity | SyncError } {
    const { table } = known;
    const bare = this.structure.entity({ ...known, table: { ...table, columns: [] } }, row);
    try {
      return { id: bare.id, entity: this.structure.entity(known, row) };
    } catch (thrown) {
      return { id: bare.id, entity: asSyncError(thrown) };
    }
  }

  async find(query: FindQuery, self: string, limit: number): Promise<FindResult[]> {
    const { project, type, marker, field, createdBySelfSince, owner } = query;
    if (limit <= 0 || owner !== undefined) return [];
    const known = await this.structure.table(project, type);
    const { roles } = known;
    if (marker !== undefined && !roles.marker) return [];
    const conditions: Condition[] = [];
    if (marker !== undefined && roles.marker) conditions.push(equal(roles.marker, [marker]));
    if (createdBySelfSince !== undefined) {
      const { created, creator } = roles;
      if (creator) conditions.push(equal(creator, [self]));
      if (created) {
        const from = this.database.timeParam(created, Date.parse(createdBySelfSince), false);
        conditions.push({ column: created, params: [from], say: ([place]) => `${this.name(created)} >= ${place}` });
      }
    }
    const since = createdBySelfSince === undefined ? '' : new Date(createdBySelfSince).toISOString();
    const shows = field?.how ? textFinder(field.values, field.how) : undefined;
    const isMeant = (row: Row, { fields, createdAt = '9' }: Entity): boolean =>
      // the database may ignore case and blanks
      (!field || (shows?.(fields[field.id]) ?? field.values.some((value) => isSame(fields[field.id], value)))) &&
      (marker === undefined || row[roles.marker?.name ?? ''] === marker) &&
      createdAt >= since;
    const results = new Map<EntityId, FindResult>();
    for (const some of field ? this.searches(known, field) : [undefined]) {
      for (const row of await this.matching(known, some ? [...conditions, some] : conditions)) {
        const { id, entity } = this.described(known, row);
        if (results.size < limit && (entity instanceof SyncError || isMeant(row, entity))) results.set(id, entity);
      }
    }
    return [...results.values()];
  }

  /** Conditions that together find every row that may have one of the values. */
  private searches(known: Known, { id, values, how }: NonNullable<FindQuery['field']>): Condition[] {
    const column = known.table.columns.find(({ name }) => name === id);
    const field = known.fields.find((one) => one.id === id);
    if (!column || !field) {
      const why = `Table "${known.table.name}" has no column "${id.slice(0, 60)}"`;
      throw new SyncError('invalid', why, { fields: { [id]: why } });
    }
    if (how && column.kind === 'text') {
      const patterns = values.flatMap((value) => patternOf(textToFind(value)) ?? []);
      return chunk([...new Set(patterns)], PATTERNS).map((params) => ({
        ...{ column, params },
        say: (places) => `(${places.map((place) => this.database.holds(column, place)).join(' OR ')})`,
      }));
    }
    if (how && column.kind !== 'list' && column.kind !== 'number') {
      const why = `${id} holds no text, so it cannot be searched`;
      throw new SyncError('invalid', why, { fields: { [id]: why } });
    }
    const params = values.flatMap((value): Param[] => {
      try {
        const wanted = how ? textToFind(value) : value;
        return [wantedValue(this.database, column, { ...field, required: true }, wanted).param];
      } catch {
        // a value that the column cannot hold is in no row
        return [];
      }
    });
    return chunk(params, AT_ONCE).map((some) => equal(column, some));
  }

  private name({ name }: Column): string {
    return this.database.quoted(name);
  }

  private matching(known: Known, conditions: readonly Condition[]): Promise<Row[]> {
    const params: Param[] = [];
    const parts = conditions.map(({ column, params: some, say }) => {
      const places = some.map((param) => {
        params.push(param);
        return this.database.place(params.length, column);
      });
      return say ? say(places) : `${this.name(column)} IN (${places.join(', ')})`;
    });
    const where = parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
    const most = parts.length > 0 ? '' : ` LIMIT ${SEARCHED}`;
    return this.select(known, `${where} ORDER BY ${this.name(known.table.key)} DESC${most}`, params);
  }

  async latest(known: Known, limit: number): Promise<Entity[]> {
    const { updated, created } = known.roles;
    const order = [...new Set([updated ?? created, known.table.key])].flatMap((column) =>
      column ? `${this.database.quoted(column.name)} DESC` : [],
    );
    const rows = await this.select(known, `ORDER BY ${order.join(', ')} LIMIT ${Math.max(1, Math.floor(limit))}`, []);
    return rows.flatMap((row) => {
      const { entity } = this.described(known, row);
      return entity instanceof SyncError ? [] : [entity];
    });
  }

  private select(known: Known, rest: string, params: readonly Param[]): Promise<Row[]> {
    const { database } = this;
    return database.rows(
      `SELECT ${columnList(database, known.table)} FROM ${tableName(database, known.table)} ${rest}`,
      params,
    );
  }
}

interface Condition {
  column: Column;
  params: Param[];
  /** by default: the column is one of them */
  say?: (places: string[]) => string;
}

const equal = (column: Column, params: Param[]): Condition => ({ column, params });

/**
 * A pattern that every text with these words matches. All databases fold A to Z alike and other letters each in its way, so the longest
 * stretch without those is searched.
 */
function patternOf(text: string): string | undefined {
  const whole = text.normalize('NFC');
  const [longest = ''] = (whole.match(/[\x20-\x7e]+/g) ?? []).sort((a, b) => b.length - a.length);
  const part = longest.trim() === '' ? whole.trim() : longest.trim();
  return part === '' ? undefined : `%${part.replace(/[!%_]/g, '!$&')}%`;
}

/** Exactly: a text with a blank at its end is another one. */
const isSame = (shown: Value | undefined, wanted: Value): boolean =>
  typeof shown === 'string' && typeof wanted === 'string' && Number.isNaN(Date.parse(shown))
    ? shown === wanted
    : isShown(shown, wanted);
