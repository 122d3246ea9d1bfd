/** Checks a field mapper's rows against what both systems declare now. Pure. */

import { type ExpressionCheck, type KnownFields, missingRequired, rowIssues } from '../mapping/coverage';
import { endsOf, goes } from '../mapping/transform';
import type { DefaultRow, FieldChoice, FieldRow } from '../model/config';
import { type Direction, type Side, sourceSide, targetSide } from '../model/entity';
import { atSide } from '../model/sides';
import { asNow, fieldDrift, valueDrift } from './drift';
import { type Finding, type Live, liveOf } from './finding';
import { entriesOf, misfits } from './misfits';
import { namedOf } from './values-of';

export interface FieldsContext {
  live: Live;
  /** rows of the default mappers of the same pair */
  defaults?: DefaultRow[];
  /** parses expressions */
  expressions?: ExpressionCheck;
  /** ids of the fields that the integration's *Backlinks* write, by side */
  counterpart?: KnownFields['counterpart'];
  /** directions in which items may be created; default: both */
  directions?: Direction[];
}

const ARROW = { both: '↔', forward: '→', backward: '←' } as const;

export const rowLabel = ({ one, two, direction }: Pick<FieldRow, 'one' | 'two' | 'direction'>): string =>
  [one?.name, ARROW[one === undefined ? 'forward' : two === undefined ? 'backward' : direction], two?.name]
    .filter((part) => part !== undefined)
    .join(' ');

const inRow = (row: FieldRow, side: Side): FieldChoice | undefined => atSide(row, side);

const SIDES: Side[] = [1, 2];

/**
 * Finds fields that are gone, renamed, of another type or read-only; conversions that lose more than the row knew when
 * it was saved; constants that are not in the list; required fields without a value.
 */
export function checkFieldRows(rows: FieldRow[], context: FieldsContext): Finding[] {
  const { live } = context;
  const now = rows.map((row): FieldRow => {
    const { one, two } = row;
    return { ...row, ...(one && { one: asNow(one, live.one) }), ...(two && { two: asNow(two, live.two) }) };
  });
  return [
    ...rows.flatMap((row, place) => checkRow(row, place, rows, now, context)),
    ...(context.directions ?? (['forward', 'backward'] as const)).flatMap((direction) =>
      checkRequired(now, direction, context),
    ),
  ];
}

function checkRow(row: FieldRow, place: number, rows: FieldRow[], now: FieldRow[], context: FieldsContext): Finding[] {
  const { live, expressions } = context;
  const at = { row: place, label: rowLabel(row) };
  const drift = SIDES.flatMap((side) => {
    const choice = inRow(row, side);
    return choice === undefined ? [] : fieldDrift(choice, side, liveOf(live, side), at);
  });
  const current = now[place] ?? row;
  const known: KnownFields = {
    ...(live.one && { one: live.one }),
    ...(live.two && { two: live.two }),
    ...(context.counterpart && { counterpart: context.counterpart }),
  };
  const before = new Set(rowIssues(row, rows, {}, expressions).map(({ code, direction }) => `${code} ${direction}`));
  const issues = rowIssues(current, now, known, expressions)
    .filter(({ code, level, direction }) => {
      if (code === 'unknownField') return false; // the drift check reports it, with more detail
      // what the user has seen in the form and left unchanged
      return level === 'error' || !before.has(`${code} ${direction}`);
    })
    .map(({ level, code, direction }): Finding => ({ ...at, level, code, direction, names: {} }));
  return [...drift, ...issues, ...constantDrift(current, at, live)];
}

/** A constant that its field's list does not contain, or that it cannot hold. @param row with the fields as they are
 * now */
export function constantDrift(row: FieldRow, at: Pick<Finding, 'row' | 'label'>, live: Live): Finding[] {
  const side = SIDES.find((one) => inRow(row, one) !== undefined);
  const target = side === undefined ? undefined : inRow(row, side);
  if (side === undefined || target === undefined || row.constant === undefined) return [];
  if ((row.one === undefined) === (row.two === undefined)) return [];
  const now = liveOf(live, side)?.get(target.id);
  const unfit = misfits(entriesOf(row.constant), now, side, at, 'error');
  if (target.type !== 'lookup') return unfit;
  const drift = valueDrift(namedOf(row.constant), now?.values, side, at, target.name).map(
    (finding): Finding => (finding.code === 'goneValues' ? { ...finding, level: 'error' } : finding),
  );
  return [...drift, ...unfit];
}

function checkRequired(rows: FieldRow[], direction: Direction, context: FieldsContext): Finding[] {
  const side = targetSide(direction);
  const targets = liveOf(context.live, side);
  if (targets === undefined || !rows.some((row) => goes(row, direction) && endsOf(row, direction).target)) return [];
  const sources = liveOf(context.live, sourceSide(direction));
  return missingRequired([...targets.values()], rows, context.defaults ?? [], direction, sources)
    .filter(({ why }) => why === 'unmapped')
    .map(({ field }) => ({
      ...{ level: 'error' as const, code: 'unmapped' as const, direction, side },
      ...{ label: field.name, names: { name: field.name } },
    }));
}
