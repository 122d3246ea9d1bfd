/** Values of columns ↔ canonical values. */

import type { Field, Project } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldType, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import {
  chosen,
  firstOf,
  Problem,
  takesDate,
  takesNumber,
  takesText,
  takesTime,
  takesWhole,
  takesYesOrNo,
} from '../kit/wanted';
import type { Column, Database, Param, Raw, Roles, Table } from './database';

const TYPES: Record<Column['kind'], FieldType> = {
  ...{ text: 'text', number: 'number', boolean: 'boolean', date: 'date', datetime: 'datetime', list: 'lookup' },
};

export const projectOf = (schema: string): Project => ({ id: schema, name: schema });

/** Columns that Twinflow or the database fills in. */
const isKept = (column: Column, { updated, created, creator, marker }: Roles): boolean =>
  [updated, created, creator, marker].includes(column);

export function fieldOf(column: Column, table: Table, roles: Roles): Field {
  const { name, kind, nullable, hasDefault, generated, maxLength, integer, values } = column;
  const readOnly = generated || isKept(column, roles);
  const isKey = column === table.key;
  return {
    ...{ id: name, name, type: TYPES[kind] },
    ...(readOnly && { readOnly: true }),
    ...(!readOnly && !nullable && !hasDefault && { required: true }),
    ...(!readOnly && isKey && { createOnly: true }),
    ...(!readOnly && hasDefault && { hasDefault: true }),
    ...(maxLength !== undefined && kind === 'text' && { maxLength }),
    ...(integer && { integer }),
    ...(values && { values: values.map((value) => ({ id: value, name: value })) }),
  };
}

/** @throws SyncError for a number that JavaScript cannot hold */
export function shownValue(database: Database, column: Column, raw: Raw): Value {
  if (raw === null || raw === '') return null;
  switch (column.kind) {
    case 'text':
      return String(raw);
    case 'number': {
      const number = Number(raw);
      if (Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))) return number;
      throw new SyncError(
        'invalid',
        `${column.name} holds ${String(raw).slice(0, 40)}, which is no number that can be synced`,
        {
          malformed: true,
        },
      );
    }
    case 'boolean':
      return raw === 't' || raw === 'true' || Number(raw) === 1;
    case 'date': {
      const ms = typeof raw === 'string' ? undefined : database.moment(column, raw);
      const day = ms === undefined ? String(raw).slice(0, 10) : new Date(ms).toISOString().slice(0, 10);
      return /^\d{4}-\d\d-\d\d$/.test(day) ? day : null;
    }
    case 'datetime': {
      const ms = database.moment(column, raw);
      return ms === undefined ? null : new Date(ms).toISOString();
    }
    case 'list':
      return { id: String(raw), name: String(raw) };
  }
}

export interface WantedValue {
  param: Param;
  /** what the row shows then */
  shown: Value;
}

/** @throws Problem */
export function wantedValue(database: Database, column: Column, field: Field, value: Value): WantedValue {
  const { name } = field;
  const one = firstOf(value);
  if (isEmpty(one)) {
    if (field.required || !column.nullable) throw new Problem(`${name} must not be empty`);
    return { param: null, shown: null };
  }
  switch (column.kind) {
    case 'text': {
      const text = takesText(name, one, field.maxLength);
      if (text.includes('\0')) throw new Problem(`${name} has a character with the code 0, which no text may hold`);
      return { param: text, shown: text };
    }
    case 'number': {
      const number = column.integer ? takesWhole(name, one) : takesNumber(name, one);
      return { param: number, shown: number };
    }
    case 'boolean': {
      const yes = takesYesOrNo(name, one);
      return { param: yes ? 1 : 0, shown: yes };
    }
    case 'date': {
      const day = takesDate(name, one);
      const param =
        column.stored && column.stored.as !== 'text'
          ? database.timeParam(column, Date.parse(`${day}T00:00:00Z`), true)
          : day;
      return { param, shown: day };
    }
    case 'datetime': {
      const time = takesTime(name, one);
      return { param: database.timeParam(column, Date.parse(time), true), shown: time };
    }
    case 'list': {
      const list = (column.values ?? []).map((entry) => ({ id: entry, name: entry }));
      const entry = chosen(name, list, one);
      return { param: entry.name, shown: entry };
    }
  }
}
