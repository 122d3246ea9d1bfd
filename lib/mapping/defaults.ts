/**
 * The default mapper: what a target field receives when the source has nothing for it, and what becomes of a value that
 * has no counterpart in the target.
 */

import type { DefaultRow, UnresolvedPolicy } from '../model/config';
import { type Direction, targetSide } from '../model/entity';
import type { ChangeKind } from '../model/message';
import { isEmpty, type Value } from '../model/values';
import type { MappedFields } from './fields';
import type { Trace } from './trace';

export type DefaultMapping = (input: MappedFields, kind: ChangeKind, trace?: Trace) => MappedFields;

const hasDefault = (row: DefaultRow): boolean => row.value !== undefined && !isEmpty(row.value as Value);

/** What the row says, or the preset: the default if one is given, else leave the field alone and warn. */
export function unresolvedPolicy(row: DefaultRow): UnresolvedPolicy {
  const policy = row.unresolved ?? 'default';
  return policy === 'default' && !hasDefault(row) ? 'leave' : policy;
}

/**
 * Compiles the rows of the target's side.
 * - Source empty (the payload has null, '' or []): the default. For a create also where the payload lacks the field; it
 *   is then set on create only.
 * - No counterpart: the row's policy goes into `unresolved`; with `default` the default goes into the payload as well.
 * - A value of which only a part came across: it stays, and only `park` is handed on.
 * The input is not changed.
 */
export function compileDefaultRows(rows: DefaultRow[], direction: Direction): DefaultMapping {
  const compiled = [...rows.entries()].filter(([, row]) => row.side === targetSide(direction));
  return (input, kind, trace) => {
    if (compiled.length === 0 || kind === 'delete') return input;
    const output = { fields: { ...input.fields }, mapped: { ...input.mapped }, unresolved: { ...input.unresolved } };
    for (const [place, row] of compiled) applyRow(row, kind, output, (field, origin) => trace?.(field, origin, place));
    return output;
  };
}

function applyRow(row: DefaultRow, kind: ChangeKind, output: MappedFields, trace: Trace): void {
  const { id, type } = row.field;
  const value = (row.value ?? null) as Value;
  const open = Object.hasOwn(output.unresolved, id) ? output.unresolved[id] : undefined;
  if (open !== undefined) {
    const policy = unresolvedPolicy(row);
    if (open.lossy === true) {
      if (policy === 'park') output.unresolved[id] = { ...open, policy };
      return;
    }
    // `lossy` tells the writer that the payload has a value all the same.
    output.unresolved[id] = policy === 'default' ? { ...open, policy, lossy: true } : { ...open, policy };
    if (policy === 'default') {
      output.fields[id] = value;
      trace(id, 'default');
      if (!Object.hasOwn(output.mapped, id)) output.mapped[id] = { from: [], type };
    }
    return;
  }
  if (!hasDefault(row)) return;
  if (Object.hasOwn(output.fields, id)) {
    if (isEmpty(output.fields[id])) {
      output.fields[id] = value;
      trace(id, 'default');
    }
  } else if (kind === 'create') {
    output.fields[id] = value;
    output.mapped[id] = { from: [], type, syncWhen: 'create' };
    trace(id, 'default');
  }
}
