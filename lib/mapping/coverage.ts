/** Finds what a mapping lacks. The forms check it while the flow is drawn; the runtime checks it again at deploy. */

import type { DefaultRow, FieldRow, ValueRow } from '../model/config';
import { applies, type Direction, type Field, targetSide } from '../model/entity';
import { isEmpty, type LookupValue, type Value } from '../model/values';
import { compatibility, type LossCode } from './compatibility';
import {
  endsOf,
  type FindField,
  fieldFinder,
  goes,
  lacksTransform,
  type Reads,
  templateRefs,
  transformOf,
} from './transform';
import { compileTable, indexValues, type SheetTables } from './values';

export type RowIssueCode =
  | LossCode
  | 'noConversion'
  | 'readOnlyTarget'
  | 'createOnlyTarget'
  | 'unknownField'
  | 'sameTarget'
  /** the integration writes the counterpart's key or URL to this field */
  | 'counterpartTarget'
  | 'noField'
  | 'noConstant'
  | 'oneWay'
  | 'badExpression'
  | 'unknownRead';

export interface RowIssue {
  /** errors keep the row from working; warnings are about side effects */
  level: 'error' | 'warning';
  code: RowIssueCode;
  direction: Direction;
}

/** The fields of both sides as the systems declare them now; undefined if a system cannot be asked. */
export interface KnownFields {
  one?: ReadonlyMap<string, Field>;
  two?: ReadonlyMap<string, Field>;
  /** ids of the fields that the integration's *Backlinks* write, by side */
  counterpart?: { one: ReadonlySet<string>; two: ReadonlySet<string> };
}

const DIRECTIONS: Direction[] = ['forward', 'backward'];

/** How to parse expressions in this environment: the forms have another parser than the server. */
export interface ExpressionCheck {
  /** the parser's error; undefined if the expression is valid */
  fault(expression: string): string | undefined;
  /** the fields it reads; undefined if that is unknown */
  reads(expression: string, find: FindField): Reads | undefined;
}

/**
 * What is wrong with one row, in the directions in which it applies.
 * @param check parses expressions; if absent, they are assumed to be valid
 */
export function rowIssues(row: FieldRow, rows: FieldRow[], known: KnownFields, check?: ExpressionCheck): RowIssue[] {
  const issues: RowIssue[] = [];
  if (row.one === undefined && row.two === undefined) {
    return [{ level: 'error', code: 'noField', direction: row.direction === 'backward' ? 'backward' : 'forward' }];
  }
  for (const direction of DIRECTIONS) {
    if (!applies(row.direction, direction)) continue;
    const { source, target } = endsOf(row, direction);
    if (lacksTransform(row, direction)) {
      if (source !== undefined && target !== undefined) issues.push({ level: 'warning', code: 'oneWay', direction });
      continue;
    }
    const transform = transformOf(row, direction);
    if (target === undefined) {
      // In a two-way row a constant has one direction only; a one-way row without target does nothing.
      if (row.direction !== 'both') issues.push({ level: 'error', code: 'noField', direction });
      continue;
    }
    if (source === undefined && transform === undefined && (row.constant === undefined || isEmpty(row.constant))) {
      issues.push({ level: 'error', code: 'noConstant', direction });
      continue;
    }
    const [sources, targets] = direction === 'forward' ? [known.one, known.two] : [known.two, known.one];
    const add = (level: RowIssue['level'], code: RowIssueCode): void => {
      issues.push({ level, code, direction });
    };
    const now = targets?.get(target.id);
    if ((targets !== undefined && now === undefined) || (source !== undefined && sources?.has(source.id) === false)) {
      add('error', 'unknownField');
      continue;
    }
    if (now?.readOnly === true) add('error', 'readOnlyTarget');
    else if (now?.createOnly === true && row.syncWhen !== 'create') add('warning', 'createOnlyTarget');
    const find = fieldFinder(rows, direction);
    if (transform?.kind === 'jsonata') {
      const { expression } = transform;
      if (check?.fault(expression) !== undefined) add('error', 'badExpression');
      // an expression refers to fields by id
      else if (check?.reads(expression, find)?.fields.some((id) => sources?.has(id) === false)) {
        add('warning', 'unknownRead');
      }
    }
    if (transform?.kind === 'template' && sources !== undefined) {
      const strange = templateRefs(transform.template).filter((ref) => !sources.has(find(ref)?.id ?? ref));
      if (strange.length > 0) add('warning', 'unknownRead');
    }
    if (source !== undefined && transform === undefined) {
      const fit = compatibility(source, target);
      if (fit.kind === 'impossible') add('error', fit.code);
      if (fit.kind === 'lossy') add('warning', fit.code);
    }
    const shown = direction === 'forward' ? known.counterpart?.two : known.counterpart?.one;
    if (shown?.has(target.id)) add('warning', 'counterpartTarget');
    const twin = rows.find(
      (other) => other !== row && goes(other, direction) && endsOf(other, direction).target?.id === target.id,
    );
    if (twin !== undefined) add('warning', 'sameTarget');
  }
  return issues;
}

export interface MissingField {
  field: Field;
  /** `unmapped`: nothing gives it a value. `mayBeEmpty`: its only source field may be empty, and there is no default */
  why: 'unmapped' | 'mayBeEmpty';
}

/** A new item needs a value for this field, and the system gives it none of its own. */
export const mustBeGiven = ({ required, readOnly, hasDefault }: Field): boolean =>
  required === true && readOnly !== true && hasDefault !== true;

/**
 * Required fields of the target that would be empty in a new item.
 * @param targetFields the target type's fields
 * @param sourceFields the source type's fields, if known: a required source field is never empty
 */
export function missingRequired(
  targetFields: Field[],
  rows: FieldRow[],
  defaults: DefaultRow[],
  direction: Direction,
  sourceFields?: ReadonlyMap<string, Field>,
): MissingField[] {
  const missing: MissingField[] = [];
  for (const field of targetFields) {
    if (!mustBeGiven(field)) continue;
    const hasDefault = defaults.some(
      (row) =>
        row.side === targetSide(direction) && row.field.id === field.id && !isEmpty((row.value ?? null) as Value),
    );
    if (hasDefault) continue;
    const sources = rows.filter(
      (row) => goes(row, direction) && row.syncWhen !== 'update' && endsOf(row, direction).target?.id === field.id,
    );
    const sure = sources.some((row) => {
      const { source } = endsOf(row, direction);
      // the result of an expression is known only after evaluation; a template is never completely empty
      if (transformOf(row, direction) !== undefined) return transformOf(row, direction)?.kind === 'template';
      if (source === undefined) return row.constant !== undefined && !isEmpty(row.constant);
      return sourceFields === undefined || sourceFields.get(source.id)?.required === true;
    });
    if (!sure) missing.push({ field, why: sources.length === 0 ? 'unmapped' : 'mayBeEmpty' });
  }
  return missing;
}

/**
 * Source list values for which a row of the value mapper has no match.
 * @param targetValues the target's list; if absent, a value of the same name is assumed to exist, if the row allows
 * that
 * @param sheets the content of the row's sheet
 */
export function unmappedValues(
  row: ValueRow,
  direction: Direction,
  sourceValues: LookupValue[],
  targetValues?: LookupValue[],
  sheets?: SheetTables,
): LookupValue[] {
  const table = compileTable(row, direction, sheets);
  const same = targetValues === undefined ? undefined : indexValues(targetValues, row.ignoreCase ?? true);
  return sourceValues.filter((value) => {
    if (table.find(value) !== undefined) return false;
    if (row.sameName === false) return true;
    return same !== undefined && same.find({ name: value.name }) === undefined;
  });
}
