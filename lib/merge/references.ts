/**
 * Translates values that name other items (a parent, relations) from the source's items to their counterparts: the only
 * place for this, for creates and updates, live, in dry runs and in plans. References without a counterpart are left
 * out and reported. The merge does not take their absence on the other side for an edit: both sides' bases contain only
 * what both can show. Pure.
 */

import { equalValues } from '../mapping/compare';
import { showValue } from '../mapping/describe';
import type { EntityId, EntityRef } from '../model/entity';
import type { MappedField, SyncMessage, Unresolved } from '../model/message';
import { type FieldId, type Fields, isEmpty, type ReferenceValue, type SingleValue, type Value } from '../model/values';

/** What is known about an item that a value names. */
export type Known =
  | { counterpart: EntityRef }
  /** none yet: some integration syncs items of its project and type to the target */
  | { awaited: true }
  /** why it will not get one by itself */
  | { outside: string };

/** What the merge has to know about a target field whose values name other items. */
export interface FieldReferences {
  /** the source names items that the target cannot show */
  open?: true;
  /** the part of the source's value that the target can show; absent if there is none, or it is not known field by
   * field */
  shared?: Value;
  /** entries of the target's list that the source cannot show: they stay, whatever the source says */
  kept?: SingleValue[];
  /** the target names an item that the source cannot show */
  unshown?: true;
}

export type References = Record<FieldId, FieldReferences>;

export interface Translated {
  message: SyncMessage;
  references: References;
  /**
   * items without counterpart for which the source's item waits; undefined if the flow maps no references, so that
   * nothing is known about what it waits for
   */
  awaits: EntityId[] | undefined;
}

export const itemsOf = (value: Value | undefined): SingleValue[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

export function isReference(item: SingleValue): item is ReferenceValue {
  return typeof item === 'object' && !('content' in item) && typeof item.id === 'string' && item.id !== '';
}

const idsOf = (value: Value | undefined): EntityId[] =>
  itemsOf(value).flatMap((item) => (isReference(item) ? item.id : []));

/** Fields whose values name items of the source's system. */
function referring({ payload, sync }: SyncMessage): [FieldId, MappedField, Value][] {
  const found: [FieldId, MappedField, Value][] = [];
  for (const field of Object.keys(sync.mapped ?? {})) {
    const how = sync.mapped?.[field];
    if (how?.refers === undefined || how.corrected) continue;
    const value = Object.hasOwn(payload, field) ? payload[field] : undefined;
    if (!isEmpty(value)) found.push([field, how, value ?? null]);
  }
  return found;
}

/** False if no value that the flow maps can name another item. */
export function mayRefer({ sync }: SyncMessage): boolean {
  const mapped = sync.mapped ?? {};
  for (const field of Object.keys(mapped)) {
    const how = mapped[field];
    if (how?.type === 'reference' || how?.refers !== undefined) return true;
  }
  return false;
}

/** Items of the source's system that the message's values name. */
export function referredTo(message: SyncMessage): EntityId[] {
  const ids = referring(message).flatMap(([, how, value]) => {
    const theirs = new Set(idsOf(how.refers));
    return idsOf(value).filter((id) => theirs.has(id));
  });
  return [...new Set(ids)];
}

/** True if an item without counterpart is not just left out: then it must be known whether it will get one. */
export const hasPolicy = (message: SyncMessage): boolean =>
  referring(message).some(([, how]) => how.otherwise !== undefined);

/**
 * The message with the source's items replaced by their counterparts.
 * @param source the source item's fields
 * @param know looks up an item of the source's system
 * @param target the target's display name
 */
export function translate(
  message: SyncMessage,
  source: Fields,
  know: (id: EntityId) => Known,
  target: string,
): Translated {
  const mapped = Object.values(message.sync.mapped ?? {});
  const maps = mapped.some(({ type, from }) => type === 'reference' && from.length > 0);
  if (!maps) return { message, references: {}, awaits: undefined };
  const payload: Fields = { ...message.payload };
  const unresolved: Record<FieldId, Unresolved> = { ...message.sync.unresolved };
  const references: References = {};
  const awaits = new Set<EntityId>();
  for (const [field, how, value] of referring(message)) {
    const { items, missing } = counterpartsIn(value, new Set(idsOf(how.refers)), know);
    const list = Array.isArray(value);
    if (missing.length === 0) {
      payload[field] = list ? items : (items[0] ?? null);
      continue;
    }
    for (const { item } of missing) awaits.add(item.id);
    references[field] = { open: true, ...sharedOf(how, source, new Set(missing.map(({ item }) => item.id))) };
    const { why, used } = unresolvedOf(missing, how, list, items.length > 0, target);
    const before = unresolved[field];
    unresolved[field] = before ? { ...why, reason: `${before.reason}; ${why.reason}` } : why;
    if (used !== undefined) payload[field] = used;
    else if (list) payload[field] = items.length > 0 ? items : null;
    else delete payload[field];
  }
  const { unresolved: _before, ...header } = message.sync;
  const sync = { ...header, ...(Object.keys(unresolved).length > 0 && { unresolved }) };
  return { message: { ...message, payload, sync }, references, awaits: [...awaits] };
}

interface Missing {
  item: ReferenceValue;
  known: Exclude<Known, { counterpart: EntityRef }>;
}

function counterpartsIn(
  value: Value,
  theirs: ReadonlySet<EntityId>,
  know: (id: EntityId) => Known,
): { items: SingleValue[]; missing: Missing[] } {
  const items: SingleValue[] = [];
  const missing: Missing[] = [];
  for (const item of itemsOf(value)) {
    if (!isReference(item) || !theirs.has(item.id)) {
      items.push(item);
      continue;
    }
    const known = know(item.id);
    if ('counterpart' in known) items.push(referenceTo(known.counterpart));
    else missing.push({ item, known });
  }
  return { items, missing };
}

const referenceTo = ({ id, key, url }: EntityRef): ReferenceValue =>
  url === undefined ? { id, key } : { id, key, url };

/** For a list made from a single field, the entries that the target can show are in sync. Anything else is open as a
 * whole. */
function sharedOf(
  { from }: MappedField,
  source: Fields,
  missing: ReadonlySet<EntityId>,
): Pick<FieldReferences, 'shared'> {
  const [only, ...more] = from;
  const value = only === undefined || more.length > 0 ? undefined : source[only];
  if (!Array.isArray(value)) return {};
  return { shared: value.filter((item) => !isReference(item) || !missing.has(item.id)) };
}

/** @returns also the value of the row's default */
function unresolvedOf(
  missing: Missing[],
  { otherwise }: MappedField,
  isList: boolean,
  isPart: boolean,
  target: string,
): { why: Unresolved; used?: Value } {
  const outside = missing.flatMap(({ item, known }) => ('outside' in known ? [{ item, reason: known.outside }] : []));
  const awaited = missing.filter(({ known }) => 'awaited' in known).map(({ item }) => item);
  const names = (items: ReferenceValue[]) =>
    items.map((item) => item.key ?? item.id).map((name) => showValue(name).slice(1, -1));
  const sentences: string[] = [];
  if (awaited.length > 0) {
    const [subject, them] = awaited.length > 1 ? ['have', 'they have'] : ['has', 'it has'];
    sentences.push(
      `waits for ${names(awaited).join(', ')}, which ${subject} no counterpart in ${target} yet; it is set as soon as ${them}`,
    );
  }
  for (const { item, reason } of outside)
    sentences.push(`${names([item]).join()} has no counterpart in ${target}: ${reason}`);
  const value: Value = isList ? missing.map(({ item }) => item) : (missing[0]?.item ?? null);
  const why: Unresolved = {
    reason: sentences.join('; '),
    value,
    ...(outside.length === 0
      ? { code: 'awaited' as const }
      : awaited.length === 0
        ? { code: 'notSynced' as const }
        : {}),
  };
  // a list always has a value: what it can show, possibly nothing
  const lossy = isList ? { lossy: true } : {};
  if (outside.length === 0 || otherwise === undefined) return { why: { ...why, ...lossy } };
  const { policy } = otherwise;
  if (policy !== 'default' || isPart) return { why: { ...why, ...lossy, policy } };
  return { why: { ...why, policy, lossy: true }, used: otherwise.value ?? null };
}

/** Items that the target names in fields that the source's references map to. @returns ids in the target's system */
export function shownIn(message: SyncMessage, target: Fields): EntityId[] {
  return namedIn(message, target).flatMap(([, value]) => idsOf(value));
}

function namedIn({ sync }: SyncMessage, target: Fields): [FieldId, Value][] {
  return Object.entries(sync.mapped ?? {}).flatMap(([field, { type, from, corrected }]): [FieldId, Value][] => {
    const value = Object.hasOwn(target, field) ? target[field] : undefined;
    return type === 'reference' && from.length > 0 && !corrected && value ? [[field, value]] : [];
  });
}

/** The target's values without a counterpart in the source: list entries stay, and emptiness is no answer to them. */
export function keeping(
  references: References,
  message: SyncMessage,
  target: Fields,
  has: (id: EntityId) => boolean,
): References {
  const result = { ...references };
  for (const [field, value] of namedIn(message, target)) {
    const kept = itemsOf(value).filter((item) => isReference(item) && !has(item.id));
    if (kept.length > 0) result[field] = { ...result[field], ...(Array.isArray(value) ? { kept } : { unshown: true }) };
  }
  return result;
}

/** The fields as the source can show them. */
export function withoutKept(fields: Fields, references: References | undefined): Fields {
  const kept = keptIn(references);
  if (kept.length === 0) return fields;
  const result = { ...fields };
  for (const [field, items] of kept) {
    const value = result[field];
    if (!Array.isArray(value)) continue;
    const left = value.filter((item) => !items.some((one) => equalValues(one, item, 'reference')));
    result[field] = left.length > 0 ? left : null;
  }
  return result;
}

/** The fields to write, together with what stays. */
export function withKept(write: Fields, references: References | undefined): Fields {
  const kept = keptIn(references);
  if (kept.length === 0) return write;
  const result = { ...write };
  for (const [field, items] of kept) {
    if (Object.hasOwn(result, field)) result[field] = [...itemsOf(result[field]), ...items];
  }
  return result;
}

function keptIn(references: References | undefined): [FieldId, SingleValue[]][] {
  if (references === undefined) return [];
  return Object.entries(references).flatMap(([field, { kept }]): [FieldId, SingleValue[]][] =>
    kept ? [[field, kept]] : [],
  );
}
