/**
 * Creates without duplicates (invariant 2), also where the target's API offers no help: what is about to be made is
 * stored first; a create whose outcome is unknown is looked for before it is tried again, and what is found is adopted.
 */

import type { FindQuery } from '../connectors/connector';
import { equalValues } from '../mapping/compare';
import { type Entity, refOf, type Side } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { Intent, LinkEnd, StoredEvent } from '../store/store';
import { iso } from './clock';
import type { Integration } from './integration';
import type { References } from './references';
import { resembles, shows } from './resemble';
import type { System } from './system';

export interface Create<W> {
  work: W;
  event: StoredEvent;
  fields: Fields;
  target: { type: string; project: string };
  /** field of the target that holds the source's key */
  remoteKey?: FieldId;
}

/** The marker by which a create is found again: unique for a source entity of an integration. */
export const markerOf = (event: StoredEvent): string =>
  `${event.flow.integration}:${event.flow.side}:${event.entity.id}`;

/** Without a time that the system has shown us itself: how far its clock may be behind ours. */
const UNKNOWN_CLOCK_MS = 2 * 3_600_000;
const MOST_CANDIDATES = 500;
const MOST_HISTORIES = 50;

export interface Opened<W> {
  /** they may be sent */
  open: Create<W>[];
  /** other integrations are making, or have made, their counterparts meanwhile */
  hindered: Create<W>[];
}

/** Stores what is about to be created. Nothing is sent before this settles. */
export async function openIntents<W>(
  integration: Integration,
  target: System,
  creates: Create<W>[],
): Promise<Opened<W>> {
  if (creates.length === 0) return { open: [], hindered: [] };
  const since = target.knownTime() ?? iso(integration.clock.now() - UNKNOWN_CLOCK_MS);
  const intents: Intent[] = creates.map((create) => ({
    event: create.event.seq,
    // an earlier intent's time holds on: what that attempt made is not older
    since: create.event.intent?.since ?? since,
    marker: markerOf(create.event),
    system: target.id,
    ...create.target,
    fields: create.fields,
  }));
  const hindrances = await integration.store.openIntents(intents);
  const isOpen = (_create: Create<W>, index: number): boolean => hindrances[index] === undefined;
  return { open: creates.filter(isOpen), hindered: creates.filter((create, index) => !isOpen(create, index)) };
}

/**
 * What an earlier attempt of this create made, if it did reach the target: by marker, by the field that holds the
 * source's key, or else by what was written, among entities that our own account made since and that have no link.
 * @throws SyncError – the target can't be asked; the create must then not be tried again
 */
export async function adoptable<W>(
  integration: Integration,
  target: System,
  side: Side,
  create: Create<W>,
): Promise<Entity | undefined> {
  const { intent } = create.event;
  if (!intent) return undefined;
  const search = target.connection().find?.bind(target.connection());
  if (!search) {
    throw new SyncError(
      'invalid',
      `it is not known whether an earlier attempt created it, and ${target.name} cannot be searched: look there, ` +
        'delete what was made by mistake, then retry',
    );
  }
  const find = async (query: Omit<FindQuery, 'project' | 'type'>, limit: number): Promise<Entity[]> => {
    const found = await target.call(() => search({ project: intent.project, type: intent.type, ...query }, limit));
    const ids = found.map((entity) => entity.id);
    const links = await integration.store.linksOf(integration.config.id, side, ids);
    const free = found.filter((_entity, index) => links[index] === undefined);
    const elsewhere = await Promise.all(free.map(({ id }) => integration.store.linksBySystem(target.id, id)));
    return free.filter((_entity, index) => elsewhere[index]?.length === 0);
  };
  if (intent.marker) {
    const [marked] = await find({ marker: intent.marker, createdBySelfSince: intent.since }, 2).catch(noMarkers);
    if (marked) return marked;
  }
  const key = create.remoteKey ? intent.fields[create.remoteKey] : undefined;
  if (create.remoteKey && key !== undefined) {
    // other integrations may write equal keys of other systems into the same field: ours is no older than the attempt
    return (await find({ field: { id: create.remoteKey, value: key }, createdBySelfSince: intent.since }, 2))[0];
  }
  const own = await find({ createdBySelfSince: intent.since }, MOST_CANDIDATES);
  return own.find((entity) => shows(entity.fields, intent.fields)) ?? (await editedSince(target, own, intent.fields));
}

/** Not every system can hold a marker. */
function noMarkers(error: unknown): Entity[] {
  if (error instanceof SyncError && error.kind === 'invalid') return [];
  throw error;
}

/** The candidate that showed what was written before people changed it, where the system tells its history. */
async function editedSince(target: System, candidates: Entity[], written: Fields): Promise<Entity | undefined> {
  // who was not changed since it was made shows what was written
  const edited = candidates.filter(({ createdAt, updatedAt }) => createdAt === undefined || createdAt !== updatedAt);
  for (const candidate of edited.slice(0, MOST_HISTORIES)) {
    const revisions = await target.call(async (connection) => connection.history?.(candidate.id));
    if (!revisions) return undefined;
    const original = { ...candidate.fields };
    for (const revision of revisions) {
      for (const [field, change] of Object.entries(revision.fields)) original[field] = change.old;
    }
    if (shows(original, written)) return candidate;
  }
  return undefined;
}

/** What an earlier attempt made, told apart from what became of it since. */
export interface Adopted {
  entity: Entity;
  /** the written fields as the target showed them when they were written, in its own spelling where that is known */
  base: Fields;
  /**
   * fields that the attempt had not come to when it ended: a status, say, that a system gives to a new entity in a second
   * step. They don't show what was to be written, and nobody but our own account has changed them since
   */
  unfinished: ReadonlySet<FieldId>;
}

/** @param intent what the earlier attempt was to write */
export async function adoptedState(target: System, intent: Fields, entity: Entity): Promise<Adopted> {
  const base: Fields = {};
  const unfinished = new Set<FieldId>();
  const differing: FieldId[] = [];
  for (const [field, sent] of Object.entries(intent)) {
    const now = entity.fields[field] ?? null;
    const same = resembles(sent, now);
    base[field] = same ? now : sent;
    if (!same) differing.push(field);
  }
  if (differing.length === 0) return { entity, base, unfinished };
  const { user } = await target.identity();
  const revisions = await target.call(async (connection) => connection.history?.(entity.id));
  for (const field of revisions ? differing : []) {
    const changes = (revisions ?? []).filter(({ fields }) => field in fields);
    const first = changes.at(-1)?.fields[field]?.old ?? entity.fields[field] ?? null;
    if (resembles(intent[field] ?? null, first)) base[field] = first;
    else if (changes.every(({ by }) => by?.id !== undefined && by.id === user.id)) {
      unfinished.add(field);
      base[field] = entity.fields[field] ?? null;
    }
  }
  return { entity, base, unfinished };
}

/**
 * Both ends of the link to an adopted entity: what the earlier attempt wrote is the target's base, so that what changed
 * at the source since is written, and what a person changed in the target since is seen.
 */
export function adoptedEnds(
  event: StoredEvent,
  { message, references }: { message: SyncMessage; references?: References },
  adopted: Adopted,
  source: System,
  target: System,
): [LinkEnd, LinkEnd] {
  const sent = event.intent?.fields ?? {};
  const base: Fields = {};
  for (const [field, how] of Object.entries(message.sync.mapped ?? {})) {
    const same = equalValues(sent[field] ?? null, message.payload[field] ?? null);
    if (same && !references?.[field]?.open) for (const from of how.from) base[from] = event.entity.fields[from] ?? null;
  }
  // what still has to be written counts as changed at the source
  for (const field of adopted.unfinished)
    for (const from of message.sync.mapped?.[field]?.from ?? []) delete base[from];
  // neither end's version is accounted for yet: this event goes on as an update, which another landing must not overtake
  const own: LinkEnd = { system: source.id, ref: refOf(event.entity), version: '', baseline: base };
  const theirs: LinkEnd = { system: target.id, ref: refOf(adopted.entity), version: '', baseline: adopted.base };
  return event.flow.side === 1 ? [own, theirs] : [theirs, own];
}
