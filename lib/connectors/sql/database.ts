/** What the connector needs of a kind of database: statements, the catalogue, and how its columns hold values. */

import type { Json } from '../kit/json';

export type ColumnKind = 'text' | 'number' | 'boolean' | 'date' | 'datetime' | 'list';

export interface Column {
  name: string;
  kind: ColumnKind;
  /** the database's own name of the type; may be used in statements */
  declared: string;
  nullable: boolean;
  hasDefault: boolean;
  /** the database makes its values: a sequence, an expression */
  generated: boolean;
  /** characters */
  maxLength?: number;
  integer?: boolean;
  /** of whole numbers, where the database refuses to compare with larger ones */
  largest?: number;
  /** of a list */
  values?: string[];
  /** how a database without a type for times stores them */
  stored?: StoredTime;
}

/** ISO text with these signs; seconds or milliseconds since 1970; days since noon of 24 November 4714 BC */
export type StoredTime = { as: 'text'; sep: 'T' | ' '; fraction: boolean; zone: boolean } | { as: 's' | 'ms' | 'days' };

export interface Table {
  schema: string;
  name: string;
  columns: Column[];
  /** its one column of the primary key */
  key: Column;
}

/** The columns with a meaning, as far as a table has them. */
export interface Roles {
  updated?: Column;
  created?: Column;
  creator?: Column;
  marker?: Column;
}

/** A value as a statement takes it. */
export type Param = string | number | bigint | null;
/** What is stored in a column: a value, or an expression of ours. */
export type Stored = { param: Param } | { sql: string };
/** A value as the database returns it: texts, numbers, null; nothing that JSON could not hold. */
export type Raw = string | number | null;
export type Row = Record<string, Raw>;

/** JSON that only the feed understands. */
export type TablePosition = Json;

export interface FeedPage {
  rows: Row[];
  position: TablePosition;
}

export interface TableFeed {
  /** after all that is there; undefined: there is nothing yet, and the feed goes by times */
  newest(): Promise<TablePosition | undefined>;
  /** @param time ms since 1970. @throws SyncError invalid if the table has no times */
  at(time: number): TablePosition;
  /** @param since undefined: everything. Yields at least one page */
  changes(since: TablePosition | undefined, size: number): AsyncGenerator<FeedPage>;
}

export interface Database {
  /** for errors: "PostgreSQL" */
  readonly product: string;
  /** who we are, and the version. @throws SyncError */
  about(): Promise<{ server: string; user: string }>;
  schemas(): Promise<string[]>;
  /** Tables with a primary key of one column. */
  tables(schema: string): Promise<Table[]>;
  /** A name in a statement. */
  quoted(name: string): string;
  /** The nth parameter (from 1), compared with or stored in a column. */
  place(index: number, column?: Column): string;
  /** Whether a column holds a text, in any case of A to Z, as a condition. @param place of the pattern, in which `!` escapes */
  holds(column: Column, place: string): string;
  /** @throws SyncError */
  rows(sql: string, params?: readonly Param[]): Promise<Row[]>;
  /**
   * Inserts a row. @returns its key
   * @throws SyncError
   */
  insert(table: Table, values: ReadonlyMap<Column, Stored>): Promise<Raw>;
  /** @returns how many rows there were. @throws SyncError */
  update(sql: string, params: readonly Param[]): Promise<number>;
  /** The time of the database's own clock for a column: times of two clocks in a column would lose rows. */
  now(column: Column): Stored;
  /** A point in time of a column, ms since 1970; undefined if it is none. */
  moment(column: Column, raw: Raw): number | undefined;
  /** A point in time as the column holds it. @param exact false: a bound that is not later */
  timeParam(column: Column, ms: number, exact: boolean): Param;
  /** How changes of a table are found. */
  feed(table: Table, roles: Roles): TableFeed;
  close(): Promise<void>;
}

/** Not among the parameters: names come from the catalogue, and are quoted. */
export const tableName = (database: Pick<Database, 'quoted'>, { schema, name }: Table): string =>
  `${database.quoted(schema)}.${database.quoted(name)}`;

export const columnList = (database: Pick<Database, 'quoted'>, { columns }: Table): string =>
  columns.map(({ name }) => database.quoted(name)).join(', ');

/** Values in a statement: their places, and the parameters. */
export function placed(
  database: Pick<Database, 'place'>,
  values: ReadonlyMap<Column, Stored>,
): { places: [Column, string][]; params: Param[] } {
  const params: Param[] = [];
  const places = [...values].map(([column, value]): [Column, string] => {
    if ('sql' in value) return [column, value.sql];
    params.push(value.param);
    return [column, database.place(params.length, column)];
  });
  return { places, params };
}

/** `(names) VALUES (places)` */
export function insertion(
  database: Pick<Database, 'place' | 'quoted'>,
  values: ReadonlyMap<Column, Stored>,
): { sql: string; params: Param[] } {
  const { places, params } = placed(database, values);
  const names = places.map(([{ name }]) => database.quoted(name)).join(', ');
  return { sql: `(${names}) VALUES (${places.map(([, place]) => place).join(', ')})`, params };
}
