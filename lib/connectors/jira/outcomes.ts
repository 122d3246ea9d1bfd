/** What became of writes: which fields a later one overrides, and what an issue shows afterwards. Pure. */

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { WriteOperation, WriteResult } from '../connector';
import { isShown, nameOf } from './comparing';
import type { Context } from './converting';
import type { Resolved } from './resolving';
import type { RawIssue } from './shapes';

/** Jira keeps minutes: half of one, in seconds. */
const MINUTE_ROUNDING = 30;

/** One write on its way. */
export interface Task {
  index: number;
  operation: WriteOperation;
  resolved: Resolved;
  context: Context;
}

/** What was written. */
export interface Done {
  task: Task;
  id: EntityId;
  /** the state that the write itself answered with, if nothing followed it */
  issue?: RawIssue;
  /** a new issue as it was read after its create, while nothing followed */
  shown?: Entity;
  ignored: Record<FieldId, string>;
}

export const outOfSight = (id: EntityId): SyncError =>
  new SyncError(
    'notFound',
    `Issue ${id} was written, but is out of sight for this account now (deleted, moved or hidden)`,
  );

/** For each write the fields that a later one of the same issue sets again. */
export function overwritten(done: Done[]): Map<Done, Set<FieldId>> {
  const later = new Map<EntityId, Set<FieldId>>();
  const result = new Map<Done, Set<FieldId>>();
  for (const one of [...done].sort((a, b) => b.task.index - a.task.index)) {
    const fields = later.get(one.id) ?? new Set<FieldId>();
    result.set(one, fields);
    later.set(one.id, new Set([...fields, ...Object.keys(one.task.resolved.expected)]));
  }
  return result;
}

const tolerance = (field: FieldId): number | undefined => (field.startsWith('time') ? MINUTE_ROUNDING : undefined);

export const showsAll = (entity: Entity, wanted: Fields): boolean =>
  Object.entries(wanted).every(([field, value]) => isShown(entity.fields[field], value, tolerance(field)));

/** The result, with a sentence for each field that doesn't show what was sent. */
export function compared(done: Done, entity: Entity, wanted: Fields, exact: boolean): WriteResult {
  const ignored = { ...done.ignored };
  for (const [field, value] of Object.entries(wanted)) {
    if (field in ignored || isShown(entity.fields[field], value, tolerance(field))) continue;
    ignored[field] = why(field, entity.fields[field], value, field in entity.fields);
  }
  return {
    ok: true,
    entity,
    ...(Object.keys(ignored).length > 0 ? { ignored } : {}),
    ...(exact ? { exact: true } : {}),
  };
}

const why = (field: FieldId, shown: Value | undefined, wanted: Value, there: boolean): string =>
  there
    ? `Jira did not take "${nameOf(wanted)}" for ${field} and shows "${nameOf(shown)}": a workflow function, an automation rule or the default value may have set it`
    : `Jira shows no ${field} here: the field isn't used in this project and issue type, or the account may not see it`;
