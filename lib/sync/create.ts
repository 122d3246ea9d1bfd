/**
 * Creates without duplicates (invariant 2), also where the target's API offers no help: what is about to be made is
 * stored first; a create whose outcome is unknown is looked for before it is tried again, and what is found is adopted.
 */

import type { FindQuery } from '../connectors/connector';
import { equalValues } from '../mapping/compare';
import type { Entity, Side } from '../model/entity';
import { SyncError } from '../model/errors';
import { type FieldId, type Fields, isEmpty } from '../model/values';
import type { Intent, StoredEvent } from '../store/store';
import { iso } from './clock';
import type { Integration } from './integration';
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

/** Without a time that the system has shown us itself, candidates are looked for this far back. */
const UNKNOWN_CLOCK_MS = 26 * 3_600_000;
const MOST_CANDIDATES = 500;

/** Stores what is about to be created. Nothing is sent before this settles. */
export async function openIntents<W>(integration: Integration, target: System, creates: Create<W>[]): Promise<void> {
  if (creates.length === 0) return;
  const since = target.knownTime() ?? iso(integration.clock.now() - UNKNOWN_CLOCK_MS);
  const intents: Intent[] = creates.map((create) => ({
    event: create.event.seq,
    // an earlier intent's time holds on: what that attempt made is not older
    since: create.event.intent?.since ?? since,
    marker: markerOf(create.event),
    ...create.target,
    fields: create.fields,
  }));
  await integration.store.openIntents(intents);
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
  const scope: Pick<FindQuery, 'project' | 'type'> = { project: intent.project, type: intent.type };
  const found = await target.call(async (connection) => {
    if (!connection.find) {
      throw new SyncError(
        'invalid',
        `it is not known whether an earlier attempt created it, and ${target.name} cannot be searched: look there, ` +
          'delete what was made by mistake, then retry',
      );
    }
    if (intent.marker) {
      const marked = await connection.find({ ...scope, marker: intent.marker }, 2).catch((error: unknown) => {
        if (error instanceof SyncError && error.kind === 'invalid') return []; // cannot hold markers
        throw error;
      });
      if (marked.length > 0) return marked;
    }
    const key = create.remoteKey ? intent.fields[create.remoteKey] : undefined;
    const field = create.remoteKey && key !== undefined ? { id: create.remoteKey, value: key } : undefined;
    const own = await connection.find({ ...scope, field, createdBySelfSince: intent.since }, MOST_CANDIDATES);
    return field ? own : own.filter((entity) => shows(entity, intent.fields));
  });
  const links = await integration.store.linksOf(
    integration.config.id,
    side,
    found.map((entity) => entity.id),
  );
  return found.find((_entity, index) => links[index] === undefined);
}

/**
 * The event of an adopted create, as if it were linked already: what the earlier attempt wrote is the target's base, so
 * that what changed at the source since is written, and what a person changed in the target since is seen.
 */
export function withAdopted(
  event: StoredEvent,
  found: Entity,
  source: System,
  target: System,
  side: Side,
): StoredEvent {
  const own = { system: source.id, ref: event.entity, version: event.entity.version, baseline: {} };
  const theirs = { system: target.id, ref: found, version: '', baseline: event.intent?.fields ?? {} };
  return {
    ...event,
    link: { id: 0, integration: event.flow.integration, ends: side === 2 ? [own, theirs] : [theirs, own] },
  };
}

/** True where the entity shows everything that was written. */
function shows(entity: Entity, fields: Fields): boolean {
  return Object.entries(fields).every(
    ([field, value]) => isEmpty(value) || equalValues(value, entity.fields[field] ?? null),
  );
}
