/** Schemas and tables as projects and entity types, and ids of rows. */

import type { Entity, EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Fields } from '../../model/values';
import { Cache } from '../kit/metadata';
import type { Column, Database, Raw, Roles, Row, Table } from './database';
import { hashOf } from './feed';
import { fieldOf, shownValue } from './values';

/** Names of the columns with a meaning; undefined: no table has one. */
export interface RoleNames {
  updated?: string;
  created?: string;
  creator?: string;
  marker?: string;
}

/** How long the catalogue is remembered. */
const CATALOGUE_MS = 60_000;
const EPOCH = new Date(0).toISOString();

export interface Known {
  table: Table;
  roles: Roles;
  fields: Field[];
}

const named = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');

export const rowId = ({ schema, name }: Pick<Table, 'schema' | 'name'>, key: Raw): EntityId =>
  `${named(schema)}.${named(name)}#${key}`;

/** undefined if it is no id of a row */
export function partsOfId(id: EntityId): { schema: string; table: string; key: string } | undefined {
  const [match, schema = '', table = '', key = ''] = /^([^.#]*)\.([^.#]*)#([\s\S]+)$/.exec(id) ?? [];
  if (match === undefined) return undefined;
  try {
    return { schema: decodeURIComponent(schema), table: decodeURIComponent(table), key };
  } catch {
    return undefined;
  }
}

export class Structure {
  private readonly schemas = new Cache<string[]>(CATALOGUE_MS);
  private readonly catalogue = new Cache<Map<string, Known>>(CATALOGUE_MS);

  constructor(
    private readonly database: Database,
    private readonly names: RoleNames,
  ) {}

  projects(): Promise<string[]> {
    return this.schemas.remember('', () => this.database.schemas());
  }

  /** Tables by name. @throws SyncError notFound if there is no such schema */
  async tables(schema: string): Promise<Map<string, Known>> {
    if (!(await this.projects()).includes(schema)) {
      this.schemas.forget('');
      throw new SyncError(
        'notFound',
        `${this.database.product}: there is no schema "${schema.slice(0, 60)}", or this account may not use it.`,
      );
    }
    return this.catalogue.remember(schema, async () => {
      const tables = await this.database.tables(schema);
      return new Map(tables.map((table) => [table.name, this.known(table)]));
    });
  }

  /** @throws SyncError notFound */
  async table(schema: string, name: string): Promise<Known> {
    const found = (await this.tables(schema)).get(name);
    if (found) return found;
    this.catalogue.forget(schema);
    throw new SyncError(
      'notFound',
      `${this.database.product}: there is no table "${name.slice(0, 60)}" with a primary key of one column in "${schema}", or this account may not see it.`,
    );
  }

  private known(table: Table): Known {
    const has = (name: string | undefined): Column | undefined =>
      name === undefined ? undefined : table.columns.find((column) => column.name === name);
    const time = (name: string | undefined): Column | undefined => {
      const column = has(name);
      return column?.kind === 'datetime' ? column : undefined;
    };
    const { updated, created, creator, marker } = this.names;
    const roles = { updated: time(updated), created: time(created), creator: has(creator), marker: has(marker) };
    return { table, roles, fields: table.columns.map((column) => fieldOf(column, table, roles)) };
  }

  /** @throws SyncError for a row that cannot be shown */
  entity({ table, roles }: Known, row: Row): Entity {
    const { database } = this;
    const key = row[table.key.name] ?? null;
    const fields: Fields = {};
    for (const column of table.columns) {
      try {
        fields[column.name] = shownValue(database, column, row[column.name] ?? null);
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        throw new SyncError('invalid', `${table.name} ${key}: ${why}`, { malformed: true });
      }
    }
    const time = (column: Column | undefined): string | undefined => {
      const ms = column && database.moment(column, row[column.name] ?? null);
      return ms === undefined ? undefined : new Date(ms).toISOString();
    };
    const createdAt = time(roles.created);
    const creator = roles.creator && row[roles.creator.name];
    return {
      ...{ id: rowId(table, key), key: `${table.name}#${key}`, type: table.name, project: table.schema },
      version: hashOf(
        table.columns.map(({ name }) => row[name] ?? null),
        16,
      ),
      ...(createdAt !== undefined && { createdAt }),
      updatedAt: time(roles.updated) ?? createdAt ?? EPOCH,
      ...(creator !== undefined &&
        creator !== null &&
        creator !== '' && { createdBy: { id: String(creator), login: String(creator) } }),
      fields,
    };
  }
}
