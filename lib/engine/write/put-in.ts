/**
 * Who has put in what a create had left empty? Its answer may be read a moment later, and shows values that we never sent: the
 * target's own defaults, which stay there, or what a person has edited since, which has to be carried back. The history tells;
 * where there is none, or it can't be read, what the target declares.
 */

import type { Revision, WriteResult } from '../../connectors/connector';
import type { DeclaredFields } from '../../mapping/fit';
import { resembles } from '../../merge/tolerance';
import { type FieldId, type Fields, isEmpty } from '../../model/values';
import type { System } from '../system';
import type { Decided } from './change';

type Taken = Extract<WriteResult, { ok: true }>;

/** @returns fields of a new entity that somebody else has edited since, or may have */
export async function editedSinceCreate(
  target: System,
  { change: { event, message, declared }, plan }: Pick<Decided, 'change' | 'plan'>,
  { entity, exact, ignored = {} }: Taken,
): Promise<ReadonlySet<FieldId>> {
  if (event.link || exact) return new Set();
  const shown = Object.entries(message.sync.mapped ?? {}).flatMap(([field, { from }]) =>
    from.length > 0 && !(field in plan.write) && !isEmpty(entity.fields[field] ?? null) ? [field] : [],
  );
  if (shown.length === 0) return new Set();
  const revisions = await historyOf(target, entity.id);
  if (!revisions) return new Set(shown.filter((field) => !(field in ignored) && !fillsIn(declared, field)));
  const edits = revisions.filter((revision) => !isOwn(revision, plan.write, entity.fields));
  return new Set(shown.filter((field) => edits.some(({ fields }) => field in fields)));
}

/** undefined if the system has none, or doesn't answer: the create has succeeded anyway. */
async function historyOf(target: System, id: string): Promise<Revision[] | undefined> {
  try {
    return await target.call(async (connection) => connection.history?.(id));
  } catch {
    return undefined;
  }
}

/** A later step of the same create: a status, say, and what the system sets along with it. */
const isOwn = ({ fields }: Revision, sent: Fields, shown: Fields): boolean =>
  Object.keys(fields).some((field) => field in sent && resembles(sent[field] ?? null, shown[field] ?? null));

function fillsIn(declared: DeclaredFields | undefined, field: FieldId): boolean {
  const { hasDefault, required, readOnly } = declared?.get(field) ?? {};
  return hasDefault === true || required === true || readOnly === true;
}
