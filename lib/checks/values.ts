/** Checks a value mapper's tables and domain rules against what both systems declare now. Pure. */

import { unmappedValues } from '../mapping/coverage';
import { domainIssues } from '../mapping/domains';
import { endsOf, goes, transformOf } from '../mapping/transform';
import { compileTable, type SheetTables } from '../mapping/values';
import type { DefaultRow, DomainRule, FieldChoice, FieldRow, ValueRow } from '../model/config';
import { applies, type Direction, type Side, sourceSide, targetSide } from '../model/entity';
import { atSide } from '../model/sides';
import { isEmpty, type LookupValue, type Value } from '../model/values';
import { fieldDrift, valueDrift } from './drift';
import { rowLabel } from './fields';
import { type Finding, type Live, listed, liveOf } from './finding';
import { misfits } from './misfits';

export interface ValuesContext {
  live: Live;
  /** rows of the field mappers of the same pair; undefined if they are not known */
  mapped?: FieldRow[];
  /** rows of the default mappers of the same pair: they decide about values without a match */
  defaults?: DefaultRow[];
  /** the content of the rows' sheets */
  sheets?: SheetTables;
}

const DIRECTIONS: Direction[] = ['forward', 'backward'];
const SIDES: Side[] = [1, 2];

const listIn = (live: Live, side: Side, field: FieldChoice): LookupValue[] | undefined =>
  field.type === 'lookup' ? liveOf(live, side)?.get(field.id)?.values : undefined;

/** True if the default mapper's row has a rule for values without a match. */
const isDecided = (defaults: DefaultRow[] | undefined, side: Side, field: FieldChoice): boolean =>
  defaults?.some(
    (row) =>
      row.side === side &&
      row.field.id === field.id &&
      (row.unresolved !== undefined || !isEmpty((row.value ?? null) as Value)),
  ) === true;

/** True if some row syncs the one field's values to the other; assumed if the rows are not known. */
const isMapped = (mapped: FieldRow[] | undefined, { one, two }: ValueRow, direction: Direction): boolean =>
  mapped === undefined ||
  mapped.some((row) => row.one?.id === one.id && row.two?.id === two.id && goes(row, direction));

/**
 * Finds fields that are gone or of another type, values that are no longer in the lists, values without a match, tables
 * for fields that nothing maps, mapped lists without a table, and invalid domain rules.
 */
export function checkValueRows(rows: ValueRow[], domains: DomainRule[], context: ValuesContext): Finding[] {
  return [
    ...rows.flatMap((row, place) => checkTable(row, place, context)),
    ...withoutTable(rows, context),
    ...domainIssues(domains).map(({ level, code, rule, round }): Finding => {
      const { one = '', two = '', direction = 'both' } = domains[rule] ?? {};
      const label = rowLabel({ one: domain(one), two: domain(two), direction });
      const names: Record<string, string> = round === undefined ? {} : { round: round.join(' → ') };
      return { level, code, row: rule, rule: true, label, names };
    }),
  ];
}

const domain = (text: string): FieldChoice => ({ id: text, name: text, type: 'text' });

function checkTable(row: ValueRow, place: number, context: ValuesContext): Finding[] {
  const { live, mapped, defaults, sheets } = context;
  const at = { row: place, label: rowLabel({ ...row, direction: 'both' }) };
  const drift = SIDES.flatMap((side) => {
    const field = atSide(row, side);
    const values = row.pairs.map((pair) => atSide(pair, side));
    const list = listIn(live, side, field);
    return [
      ...fieldDrift(field, side, liveOf(live, side), at),
      ...valueDrift([...values, ...namedInSheet(row, side, context)], list, side, at, field.name),
      ...misfits(written(row, side, context), liveOf(live, side)?.get(field.id), side, at, 'warning'),
    ];
  });
  const isUsed = mapped === undefined || isMappedAtAll(mapped, row);
  if (!isUsed) return [...drift, { ...at, level: 'warning', code: 'unusedTable', names: {} }];
  const unpaired = DIRECTIONS.flatMap((direction): Finding[] => {
    if (!isMapped(mapped, row, direction)) return [];
    const [source, target] = direction === 'forward' ? [row.one, row.two] : [row.two, row.one];
    if (isDecided(defaults, targetSide(direction), target)) return [];
    const values = listIn(live, sourceSide(direction), source);
    if (values === undefined) return [];
    const open = unmappedValues(row, direction, values, listIn(live, targetSide(direction), target), sheets);
    return open.length === 0 ? [] : [unpairedIn(open, { ...at, code: 'unpaired', direction })];
  });
  return [...drift, ...unpaired];
}

/** The values that the table writes to the field of a side: of several pairs for one value only the first. */
function written(row: ValueRow, side: Side, context: ValuesContext): LookupValue[] {
  const direction = side === 2 ? 'forward' : 'backward';
  const own = compileTable(row, direction);
  const sources = row.pairs
    .filter((pair) => applies(pair.direction, direction))
    .map((pair) => (side === 2 ? pair.one : pair.two));
  return [...sources.flatMap((source) => own.find(source) ?? []), ...namedInSheet(row, side, context)];
}

/** The row's sheet's matches for the other side's values, if the row's own pairs have none. */
function namedInSheet(row: ValueRow, side: Side, { live, sheets }: ValuesContext): LookupValue[] {
  const direction = side === 2 ? 'forward' : 'backward';
  const sheet = sheets?.get(row)?.[direction];
  if (sheet === undefined) return [];
  const [source, target] = side === 2 ? [row.one, row.two] : [row.two, row.one];
  const own = compileTable(row, direction);
  const ids = new Set(listIn(live, side, target)?.map(({ id }) => id));
  return (listIn(live, sourceSide(direction), source) ?? []).flatMap((value) => {
    const found = own.find(value) === undefined ? sheet.find(value) : undefined;
    // a cell may contain the id
    return found === undefined || ids.has(found.name) ? [] : [{ name: found.name }];
  });
}

const unpairedIn = (values: LookupValue[], more: Pick<Finding, 'row' | 'label' | 'code' | 'direction'>): Finding => ({
  ...more,
  level: 'warning',
  names: listed(values.map(({ name }) => name)),
});

/** A computed row may use a table by `$lookup`, whatever fields it maps. */
const isMappedAtAll = (mapped: FieldRow[], { one, two }: ValueRow): boolean =>
  mapped.some(
    (row) =>
      (row.one?.id === one.id && row.two?.id === two.id) ||
      DIRECTIONS.some((direction) => transformOf(row, direction)?.kind === 'jsonata'),
  );

/** Mapped lists without a table: their values are matched by name. */
function withoutTable(tables: ValueRow[], { live, mapped = [], defaults }: ValuesContext): Finding[] {
  return mapped.flatMap((row) =>
    DIRECTIONS.flatMap((direction): Finding[] => {
      const { one, two } = row;
      if (one === undefined || two === undefined || !goes(row, direction)) return [];
      if (transformOf(row, direction) !== undefined) return [];
      if (tables.some((table) => table.one.id === one.id && table.two.id === two.id)) return [];
      const { source, target } = endsOf(row, direction);
      if (source?.type !== 'lookup' || target?.type !== 'lookup') return [];
      if (isDecided(defaults, targetSide(direction), target)) return [];
      const [values, there] = [
        listIn(live, sourceSide(direction), source),
        listIn(live, targetSide(direction), target),
      ];
      if (values === undefined || there === undefined) return [];
      const open = unmappedValues({ one, two, pairs: [] }, direction, values, there);
      if (open.length === 0) return [];
      return [unpairedIn(open, { label: rowLabel(row), code: 'noTable', direction })];
    }),
  );
}
