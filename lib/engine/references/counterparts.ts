/**
 * Which counterparts entities have that values refer to: by the links of this integration, else by those of any other one
 * between the two systems. What has none is read, to tell whether one is to come.
 */

import type { ReadResult } from '../../connectors/connector';
import {
  hasPolicy,
  type Known,
  keeping,
  type References,
  referredTo,
  shownIn,
  type Translated,
  translate,
} from '../../merge/references';
import type { EntityId, EntityRef, ProjectId, Side } from '../../model/entity';
import { asSyncError, type SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import { atSide, otherSide } from '../../model/sides';
import type { Fields } from '../../model/values';
import type { Links } from '../../store/store';
import type { Place } from './places';

export interface CounterpartsInput {
  /** without it, nothing has a counterpart */
  store?: Pick<Links, 'linksOf' | 'counterparts'>;
  integration: string;
  /** of the source */
  side: Side;
  /** ids of the source's and the target's system node */
  source: string;
  target: string;
  /** what people call the target */
  targetName: string;
  /** where entities of the source's system are; undefined = gone or out of sight. @throws SyncError */
  places(ids: EntityId[]): Promise<(Place | SyncError | undefined)[]>;
  /** some integration brings entities like this one to the target */
  isSynced(ref: EntityRef): boolean;
}

/** A change whose values may name other entities. */
export interface Referring {
  message: SyncMessage;
  /** the source entity's */
  fields: Fields;
}

const OUT_OF_SIGHT = 'it no longer exists or is not visible to the account';
const NOT_SYNCED = 'no integration syncs its project and item type';

/**
 * The changes with counterparts in the place of the source's entities, in order.
 * @throws SyncError – it has to be known whether an entity will get a counterpart, and the source cannot be asked
 */
export async function translateAll(input: CounterpartsInput, changes: Referring[]): Promise<Translated[]> {
  const ids = [...new Set(changes.flatMap(({ message }) => referredTo(message)))];
  const found = await counterpartsOf(input, ids);
  const missing = ids.filter((id) => !found.has(id));
  const open = missing.length > 0 ? await placesOf(input, missing, changes) : new Map<EntityId, Known>();
  return changes.map(({ message, fields }) => {
    const { project } = message.sync.target;
    const know = (id: EntityId): Known => {
      const counterpart = preferred(found.get(id), project);
      return counterpart ? { counterpart } : (open.get(id) ?? { awaited: true });
    };
    return translate(message, fields, know, input.targetName);
  });
}

/** The refs that an entity has in the target, the best one first. */
export async function counterpartsOf(
  { store, integration, side, source, target }: CounterpartsInput,
  ids: EntityId[],
): Promise<Map<EntityId, EntityRef[]>> {
  const result = new Map<EntityId, EntityRef[]>();
  if (!store || ids.length === 0) return result;
  const own = await store.linksOf(integration, side, ids);
  for (const [index, id] of ids.entries()) {
    const link = own[index];
    if (link) result.set(id, [atSide(link.ends, otherSide(side)).ref]);
  }
  const others = ids.filter((id) => !result.has(id));
  const found = others.length > 0 ? await store.counterparts(source, others, target) : [];
  for (const [index, id] of others.entries()) {
    const refs = (found[index] ?? []).map(({ ref }) => ref);
    if (refs.length > 0) result.set(id, refs);
  }
  return result;
}

/** Of several, one in the project that the change goes to; else the oldest. */
const preferred = (refs: EntityRef[] = [], project: ProjectId): EntityRef | undefined =>
  refs.find((ref) => ref.project === project) ?? refs[0];

/** Whether entities without counterpart are to get one. */
async function placesOf(
  { places, isSynced }: CounterpartsInput,
  ids: EntityId[],
  changes: Referring[],
): Promise<Map<EntityId, Known>> {
  const result = new Map<EntityId, Known>();
  const isDecisive = changes.some(({ message }) => hasPolicy(message));
  let entities: (Place | SyncError | undefined)[];
  try {
    entities = await places(ids);
  } catch (thrown) {
    if (isDecisive) throw thrown;
    return result;
  }
  for (const [index, id] of ids.entries()) {
    const entity = entities[index];
    if (entity instanceof Error) {
      if (isDecisive) throw asSyncError(entity);
    } else if (!entity) result.set(id, { outside: OUT_OF_SIGHT });
    else if (!isSynced(entity)) result.set(id, { outside: NOT_SYNCED });
  }
  return result;
}

/**
 * What of the targets' lists has no counterpart at the source, and so stays.
 * @param changes with their targets as they are now
 */
export async function keepUnshown(
  input: CounterpartsInput,
  changes: { message: SyncMessage; references: References; target: Fields }[],
): Promise<References[]> {
  const ids = [...new Set(changes.flatMap(({ message, target }) => shownIn(message, target)))];
  const { source, target, side } = input;
  const back: CounterpartsInput = { ...input, side: otherSide(side), source: target, target: source };
  const found = await counterpartsOf(back, ids);
  return changes.map((change) => keeping(change.references, change.message, change.target, (id) => found.has(id)));
}

/** Of an entity that could not be read, nothing is known. */
export const fieldsRead = (entity: ReadResult): Fields =>
  entity === undefined || entity instanceof Error ? {} : entity.fields;
