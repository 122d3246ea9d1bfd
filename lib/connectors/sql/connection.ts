/** Connects the engine to a database: schemas are projects, tables are entity types, rows are entities. */

import type { Entity, EntityId, EntityType, Field, Project } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type {
  ChangePage,
  Checkpoint,
  Connection,
  FindQuery,
  FindResult,
  Identity,
  MissingMember,
  ReadResult,
  Scope,
  WriteOperation,
  WriteResult,
} from '../connector';
import { isJson } from '../kit/json';
import { pointInTime } from '../kit/zone';
import type { Database, TablePosition } from './database';
import { Rows } from './rows';
import { type Known, type RoleNames, rowId, Structure } from './structure';
import { writeRows } from './writing';

const byTime = (a: Entity, b: Entity): number => (a.updatedAt < b.updatedAt ? -1 : a.updatedAt > b.updatedAt ? 1 : 0);
/** What a table's feed has brought. */
interface Piece {
  place: string;
  position: TablePosition;
  entities: Entity[];
}

/** Changes that are put in the order of time before any of them is passed on. */
const FEW = 500;
const sum = (pieces: readonly Piece[]): number => pieces.reduce((total, { entities }) => total + entities.length, 0);

const placeOf = (schema: string, table: string): string => JSON.stringify([schema, table]);

export class SqlConnection implements Connection {
  private readonly structure: Structure;
  private readonly rows: Rows;
  private account: Promise<string> | undefined;

  constructor(
    private readonly database: Database,
    names: RoleNames,
  ) {
    this.structure = new Structure(database, names);
    this.rows = new Rows(database, this.structure);
  }

  async identify(): Promise<Identity> {
    const { server, user } = await this.database.about();
    return { user: { id: user, login: user }, server, missing: [] };
  }

  async projects(): Promise<Project[]> {
    return (await this.structure.projects()).map((schema) => ({ id: schema, name: schema }));
  }

  async entityTypes(project: string): Promise<EntityType[]> {
    return [...(await this.structure.tables(project)).keys()].map((name) => ({ id: name, name }));
  }

  async fields(project: string, type: string): Promise<Field[]> {
    return (await this.structure.table(project, type)).fields;
  }

  /** The tables of a scope that are there, and what is not. @throws SyncError notFound if none is */
  private async members({ projects, types }: Scope): Promise<{ tables: Known[]; missing: MissingMember[] }> {
    const tables: Known[] = [];
    const missing: MissingMember[] = [];
    const seen = new Set<string>();
    let first: SyncError | undefined;
    for (const project of projects) {
      try {
        const there = await this.structure.tables(project);
        for (const type of types) {
          const known = there.get(type);
          if (!known) continue;
          tables.push(known);
          seen.add(type);
        }
      } catch (thrown) {
        if (!(thrown instanceof SyncError) || thrown.kind !== 'notFound') throw thrown;
        first ??= thrown;
        missing.push({ kind: 'project', id: project, why: thrown.message });
      }
    }
    if (missing.length === projects.length && first) throw first;
    for (const type of types) {
      if (seen.has(type)) continue;
      const why = `${this.database.product} shows this account no table "${type}" with a primary key of one column.`;
      missing.push({ kind: 'type', id: type, why });
    }
    if (tables.length === 0) throw new SyncError('notFound', missing.map(({ why }) => why).join(' '));
    return { tables, missing };
  }

  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { tables, missing } = await this.members(scope);
    const size = Math.max(1, Math.floor(pageSize));
    const told = missing.length > 0 ? { missing } : {};
    const positions = new Map<string, TablePosition>(Object.entries(positionsOf(since)));
    const time = typeof since?.time === 'string' ? pointInTime(since.time) : undefined;
    const isStart = since === undefined || time !== undefined;
    const starts = tables.map((known) => this.startOf(known, positions, isStart, time));
    // so that all tables of a start by time begin there, whatever page is the last one
    for (const [index, start] of (await Promise.all(starts)).entries()) {
      const known = tables[index];
      if (known && start) positions.set(placeOf(known.table.schema, known.table.name), start);
    }
    const checkpoint = (): Checkpoint => ({ tables: Object.fromEntries(positions) });
    // a few changes come in the order of time, whatever table they are in; many come table by table
    let few: Piece[] | undefined = [];
    for (const known of tables) {
      const place = placeOf(known.table.schema, known.table.name);
      const feed = this.database.feed(known.table, known.roles);
      for await (const { rows, position } of feed.changes(positions.get(place), size)) {
        const piece = { place, position, entities: rows.map((row) => this.structure.entity(known, row)) };
        const pieces: Piece[] = few ? [...few, piece] : [piece];
        if (few && sum(pieces) <= FEW) {
          few = pieces;
          continue;
        }
        few = undefined;
        for (const one of pieces) {
          positions.set(one.place, one.position);
          yield { entities: one.entities, checkpoint: checkpoint(), ...told };
        }
      }
    }
    const entities = (few ?? []).flatMap((piece) => piece.entities).sort(byTime);
    for (let at = 0; at + size < entities.length; at += size)
      yield { entities: entities.slice(at, at + size), checkpoint: checkpoint(), ...told };
    for (const { place, position } of few ?? []) positions.set(place, position);
    const rest = entities.length % size || Math.min(size, entities.length);
    yield { entities: entities.slice(entities.length - rest), checkpoint: checkpoint(), ...told };
  }

  /** Where a table begins that was not read before: with everything, at a time, or, if it was added later, now. */
  private async startOf(
    { table, roles }: Known,
    positions: ReadonlyMap<string, TablePosition>,
    isStart: boolean,
    time: number | undefined,
  ): Promise<TablePosition | undefined> {
    if (positions.has(placeOf(table.schema, table.name))) return undefined;
    const feed = this.database.feed(table, roles);
    if (time !== undefined) return feed.at(time);
    return isStart ? {} : ((await feed.newest()) ?? {});
  }

  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const { tables } = await this.members(scope);
    const positions: Record<string, TablePosition> = {};
    let any = false;
    for (const { table, roles } of tables) {
      const position = await this.database.feed(table, roles).newest();
      any ||= position !== undefined;
      positions[placeOf(table.schema, table.name)] = position ?? {};
    }
    return any ? { tables: positions } : undefined;
  }

  checkpointAt(time: string): Checkpoint {
    return { time: new Date(pointInTime(time)).toISOString() };
  }

  read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    return this.rows.read(ids, scope);
  }

  write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const { database, structure, rows } = this;
    return writeRows({ database, structure, rows, self: () => this.self() }, operations);
  }

  async find(query: FindQuery, limit: number): Promise<FindResult[]> {
    return this.rows.find(query, await this.self(), limit);
  }

  /** @param key `bugs#17` */
  async byKey(key: string): Promise<Entity | undefined> {
    const at = key.indexOf('#');
    if (at === -1) return undefined;
    const [wanted, id] = [key.slice(0, at).trim().toLowerCase(), key.slice(at + 1).trim()];
    for (const schema of await this.structure.projects()) {
      for (const [name, { table }] of await this.structure.tables(schema)) {
        if (name.toLowerCase() !== wanted) continue;
        const [found] = await this.rows.read([rowId(table, id)]);
        if (found && !(found instanceof SyncError)) return found;
      }
    }
    return undefined;
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const { tables } = await this.members(scope);
    const found: Entity[] = [];
    for (const known of tables) append(found, await this.rows.latest(known, limit));
    return found.sort((a, b) => byTime(b, a)).slice(0, limit);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** The account, as the column of who created a row names it. */
  private self(): Promise<string> {
    this.account ??= this.database.about().then(({ user }) => user);
    this.account.catch(() => {
      this.account = undefined;
    });
    return this.account;
  }
}

/** @throws SyncError fatal if it is damaged */
function positionsOf(since: Checkpoint | undefined): Record<string, TablePosition> {
  const tables = since?.tables;
  if (tables === undefined) return {};
  if (isJson(tables) && Object.values(tables).every(isJson)) return tables as Record<string, TablePosition>;
  throw new SyncError(
    'fatal',
    `The stored position of this poller is damaged (tables). Twinflow reads nothing. ${START_AGAIN}`,
  );
}
