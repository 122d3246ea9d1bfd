/** Writes rows: values are parameters, names come from the catalogue. */

import type { EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId, Fields } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import { Problem } from '../kit/wanted';
import { type Prepared, refuseProblems, writeEach } from '../kit/writes';
import { type Column, type Database, placed, type Stored, tableName } from './database';
import type { Rows } from './rows';
import { type Known, partsOfId, rowId, type Structure } from './structure';
import { wantedValue } from './values';

const CONCURRENCY = 2;

interface Request {
  known: Known;
  values: Map<Column, Stored>;
}

export interface Writing {
  database: Database;
  structure: Structure;
  rows: Rows;
  /** what is written into the column of who created a row */
  self(): Promise<string>;
}

export function writeRows(
  { database, structure, rows, self }: Writing,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  async function prepare(operation: WriteOperation): Promise<Prepared<Request>> {
    const known = await tableOf(operation);
    const { table, fields, roles } = known;
    const isNew = operation.kind === 'create';
    const problems: Record<FieldId, string> = {};
    const ignored: Record<FieldId, string> = {};
    const expected: Fields = {};
    const values: Request['values'] = new Map();
    const empty = isNew ? Object.fromEntries((operation.empty ?? []).map((field) => [field, null])) : {};
    const missing = isNew ? fields.filter(({ id, required }) => required && operation.fields[id] === undefined) : [];
    const asked: Fields = { ...empty, ...operation.fields, ...Object.fromEntries(missing.map(({ id }) => [id, null])) };
    for (const [id, value] of Object.entries(asked)) {
      const column = table.columns.find(({ name }) => name === id);
      const field = fields.find((one) => one.id === id);
      if (!column || !field) problems[id] = `${id}: table "${table.name}" has no such column`;
      else if (field.readOnly) ignored[id] = `${id} is filled in by the database or by Twinflow`;
      else if (field.createOnly && !isNew) ignored[id] = `${id} is the primary key, which stays as it is`;
      else if (id in empty && !column.nullable) ignored[id] = `${id} must not be empty`;
      else {
        try {
          const wanted = wantedValue(database, column, field as Field, value);
          expected[id] = wanted.shown;
          values.set(column, { param: wanted.param });
        } catch (thrown) {
          if (!(thrown instanceof Problem)) throw thrown;
          problems[id] = thrown.message;
        }
      }
    }
    refuseProblems(isNew ? `A new row of ${table.name}` : operation.id, problems);
    const { creator, marker, created, updated } = roles;
    if (isNew) {
      if (creator && !creator.generated) values.set(creator, { param: await self() });
      if (marker && operation.marker !== undefined) values.set(marker, { param: operation.marker });
      if (created && !created.generated) values.set(created, database.now(created));
    }
    if (updated && !updated.generated && (isNew || values.size > 0)) values.set(updated, database.now(updated));
    return { request: { known, values }, expected, ignored };
  }

  async function tableOf(operation: WriteOperation): Promise<Known> {
    if (operation.kind === 'create') return structure.table(operation.project, operation.type);
    const parts = partsOfId(operation.id);
    if (!parts) throw gone(operation.id);
    return structure.table(parts.schema, parts.table);
  }

  async function send(operation: WriteOperation, { known, values }: Request) {
    const { table } = known;
    if (operation.kind === 'create') {
      const key = await database.insert(table, values);
      if (key !== null) return { id: rowId(table, key) };
      const why = `${table.name}: the database does not tell the key of the new row`;
      throw new SyncError('fatal', why, { uncertain: true });
    }
    const [present] = await rows.read([operation.id]);
    if (present === undefined) throw gone(operation.id);
    if (values.size === 0) return { id: operation.id };
    const { places, params } = placed(database, values);
    const sets = places.map(([{ name }, place]) => `${database.quoted(name)} = ${place}`).join(', ');
    const where = `${database.quoted(table.key.name)} = ${database.place(params.length + 1, table.key)}`;
    const key = partsOfId(operation.id)?.key ?? '';
    const sql = `UPDATE ${tableName(database, table)} SET ${sets} WHERE ${where}`;
    const count = await database.update(sql, [...params, table.key.kind === 'number' ? Number(key) : key]);
    if (count === 0) throw gone(operation.id);
    return { id: operation.id };
  }

  return writeEach<Request>(
    {
      ...{ product: database.product, concurrency: CONCURRENCY, prepare, send },
      describe: async (shown) => shown,
      readBack: (ids) => rows.read(ids),
      gone,
    },
    operations,
  );
}

const gone = (id: EntityId): SyncError =>
  new SyncError('notFound', `There is no row ${id.slice(0, 80)}, or it was deleted`);
