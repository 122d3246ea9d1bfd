/**
 * Creates without duplicates (invariant 2), even if the target's API offers no help: the intent is stored first; a
 * create in doubt is searched for before it is retried, and a match is adopted.
 */

import type { FindQuery } from '../../connectors/connector';
import { equalValues } from '../../mapping/compare';
import { frameIn, keptLines, leadsTo, unframed } from '../../merge/frames';
import type { References } from '../../merge/references';
import { resembles, shows } from '../../merge/tolerance';
import { iso } from '../../model/clock';
import { type Entity, type EntityId, refOf, type Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import { inOrder, otherSide } from '../../model/sides';
import type { FieldId, Fields } from '../../model/values';
import type { Hindrance, Intent, LinkEnd, StoredEvent } from '../../store/store';
import type { Engine } from '../engine';
import { copyAmong, type FileLink } from '../files';
import type { System } from '../system';
import { delivered, hidden } from './found';
import { markerFor } from './origin';

export interface Create<W> {
  work: W;
  event: StoredEvent;
  fields: Fields;
  target: { type: string; project: string };
  /** field of the target that holds the source's key */
  remoteKey?: FieldId;
  /** of a part: the entity of the target that gets it */
  owner?: EntityId;
  /** beside a part that is there and cannot be edited: no marker tells the two apart */
  isAddition?: boolean;
  /** an attachment: its bytes tell what an earlier attempt has made */
  isFile?: boolean;
  /** in place of an attachment */
  link?: FileLink;
}

/** The marker by which a create is found again. */
export const markerOf = ({ flow, entity }: StoredEvent): string => markerFor(flow.integration, flow.side, entity.id);

/** Without a time that the system has shown us itself: how far its clock may be behind ours. */
const UNKNOWN_CLOCK_MS = 2 * 3_600_000;
const MOST_CANDIDATES = 500;
const MOST_HISTORIES = 50;
/** Share of a comment's lines that have to be there still for it to count as the one that was written. */
const LEAST_KEPT = 0.5;

export interface Opened<W> {
  /** they may be sent */
  open: Create<W>[];
  /** what stands against them */
  hindered: { create: Create<W>; by: Hindrance }[];
}

/** Stores what is about to be created. Nothing is sent before this settles. */
export async function openIntents<W>(engine: Engine, target: System, creates: Create<W>[]): Promise<Opened<W>> {
  if (creates.length === 0) return { open: [], hindered: [] };
  const since = target.knownTime() ?? iso(engine.clock.now() - UNKNOWN_CLOCK_MS);
  const intents: Intent[] = creates.map((create) => ({
    event: create.event.seq,
    // an earlier intent's time holds on: what that attempt made is not older
    since: create.event.intent?.since ?? since,
    ...(!create.isAddition && { marker: markerOf(create.event) }),
    system: target.id,
    ...(create.owner !== undefined && { owner: create.owner }),
    project: create.target.project,
    type: create.target.type,
    fields: create.fields,
  }));
  const hindrances = await engine.store.openIntents(intents);
  const open: Create<W>[] = [];
  const hindered: Opened<W>['hindered'] = [];
  for (const [index, create] of creates.entries()) {
    const by = hindrances[index];
    if (by) hindered.push({ create, by });
    else open.push(create);
  }
  return { open, hindered };
}

/**
 * What an earlier attempt of this create made, if it did reach the target: by marker, by the field that holds the
 * source's key, or else by what was written, among entities that our own account made since and that have no link: of a comment
 * whose author line leads to the source, that is enough.
 * @throws SyncError – the target can't be asked; the create must then not be tried again. `conflict`: the target does not
 * deliver an entity that may be it
 */
export async function adoptable<W>(
  engine: Engine,
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
      `An earlier create may have succeeded and ${target.name} cannot be searched. ` +
        'Delete any duplicate there, then retry',
    );
  }
  const at = { project: intent.project, type: intent.type, ...(create.owner !== undefined && { owner: create.owner }) };
  /** comments that lead to the one that is created */
  const lined = new Set<EntityId>();
  const find = async (query: Omit<FindQuery, 'project' | 'type' | 'owner'>, limit: number) => {
    const all = await target.call(() => search({ ...at, ...query, wrote: intent.fields }, limit));
    const { found: shown, unseen } = delivered(all);
    for (const { id, fields } of shown) if (leadsTo(fields, frameIn(intent.fields))) lined.add(id);
    const found = shown.map((entity) => ({ ...entity, fields: asWritten(entity.fields, intent.fields) }));
    const ids = found.map((entity) => entity.id);
    const links = await engine.store.linksOf(engine.config.id, side, ids);
    const free = found.filter((_entity, index) => links[index] === undefined);
    const elsewhere = await Promise.all(free.map(({ id }) => engine.store.linksBySystem(target.id, id)));
    return { free: free.filter((_entity, index) => elsewhere[index]?.length === 0), unseen };
  };
  const certain = (unseen: SyncError | undefined): undefined => {
    if (unseen) throw hidden(target.name, 'an earlier attempt created it', unseen);
  };
  if (intent.marker) {
    const query = { marker: intent.marker, createdBySelfSince: intent.since };
    const { free, unseen } = await find(query, 2).catch(noMarkers);
    if (free[0]) return free[0];
    certain(unseen);
  }
  const key = create.remoteKey ? intent.fields[create.remoteKey] : undefined;
  if (create.remoteKey && key !== undefined) {
    // other integrations may write equal keys of other systems into the same field: ours is no older than the attempt
    const query = { field: { id: create.remoteKey, values: [key] }, createdBySelfSince: intent.since };
    const { free, unseen } = await find(query, 2);
    return free[0] ?? certain(unseen);
  }
  const { free: own, unseen } = await find({ createdBySelfSince: intent.since }, MOST_CANDIDATES);
  if (create.isFile) {
    const alike = own.filter((entity) => shows(entity.fields, intent.fields));
    const source = engine.systems[otherSide(side)];
    return (await copyAmong(source, create.event.entity.id, target, alike, create.link)) ?? certain(unseen);
  }
  const same = own.find(({ id }) => lined.has(id)) ?? own.find((entity) => shows(entity.fields, intent.fields));
  return same ?? (await editedSince(target, own, intent.fields)) ?? withoutLine(own, intent.fields) ?? certain(unseen);
}

/** The candidate that people have edited, and from which they have taken off the author line. */
function withoutLine(candidates: Entity[], written: Fields): Entity | undefined {
  if (!frameIn(written)) return undefined;
  const kept = candidates.map((entity) => ({ entity, share: keptLines(entity.fields, written) }));
  return kept.filter(({ share }) => share >= LEAST_KEPT).sort((one, two) => two.share - one.share)[0]?.entity;
}

/** Without the author line that was written in front of a comment. */
const asWritten = (fields: Fields, intent: Fields): Fields => unframed(fields, frameIn(intent), intent);

/** Not every system can hold a marker. */
function noMarkers(error: unknown): { free: Entity[]; unseen?: SyncError } {
  if (error instanceof SyncError && error.kind === 'invalid') return { free: [] };
  throw error;
}

/** The candidate that showed what was written before people changed it, if the system tells its history. */
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
    if (shows(asWritten(original, written), written)) return candidate;
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
    const old = changes.at(-1)?.fields[field]?.old ?? entity.fields[field] ?? null;
    const first = asWritten({ [field]: old }, intent)[field] ?? null;
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
  return inOrder(event.flow.side, own, theirs);
}
