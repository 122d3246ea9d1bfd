/** From a stored event to what is sent through the flow: is there anything to sync, and what does the message say? Pure. */

import { differs } from '../merge/fields';
import { withFrameOf } from '../merge/frames';
import { waitsForItems } from '../merge/mentions';
import type { IntegrationConfig } from '../model/config';
import { directionFrom, refOf, type Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import { atSide, otherSide } from '../model/sides';
import { type FieldId, type Fields, isEmpty, type SingleValue } from '../model/values';
import type { StoredEvent } from '../store/store';
import type { Relevant } from './relevance';
import { type Route, route } from './routing';

export type EventPlan =
  | { send: true; message: SyncMessage }
  /** nothing to sync: our own write come back, a change of fields that nobody maps, or no pair for it */
  | { send: false; reason: string };

/** The stored number and the delivery in a message's `sync.event`. Undefined if it has another form. */
export function parseEventId(id: unknown): { seq: number; delivery: number } | undefined {
  const match = typeof id === 'string' ? /^(\d{1,15})\.(\d{1,9})$/.exec(id) : null;
  return match ? { seq: Number(match[1]), delivery: Number(match[2]) } : undefined;
}

/**
 * A message that waited outside, in a broker, while the store was set back bears a number that another event may have by now.
 * A node on the way may have taken away whose it is: then its number counts.
 */
export function isOf({ sync }: SyncMessage, { entity, flow }: StoredEvent): boolean {
  const id: unknown = sync.entity?.id;
  const isSame = id === undefined || id === entity.id;
  return isSame && sync.direction === directionFrom(flow.side) && sync.integration === flow.integration;
}

export const eventId = (event: { seq: number; delivery: number }): string => `${event.seq}.${event.delivery}`;

/** Fields that differ from the baseline; all that have a value where there is no link yet. */
export function changedFields(event: StoredEvent, relevant: Relevant | undefined): FieldId[] {
  const now = event.entity.fields;
  const fields = relevant ? [...relevant.fields] : Object.keys(now);
  if (!event.link) return fields.filter((field) => field in now);
  const { baseline, leftOut } = atSide(event.link.ends, event.flow.side);
  // what was left out and is empty now was cleared by somebody: the baseline may show nothing as well
  const isCleared = (field: FieldId): boolean => isEmpty(now[field] ?? null) && leftOut?.includes(field) === true;
  return fields.filter((field) => differs(baseline, now, field) || isCleared(field));
}

/** True if an update of ours may have left something in either end: then the writer must look. */
const isUnsettled = (event: StoredEvent): boolean => event.link?.ends.some((end) => end.pending !== undefined) ?? false;

/** The target's texts have links to items that may have got counterparts since: then the writer must look, too. */
const mayHaveArrivals = ({ link, flow, entity }: StoredEvent): boolean =>
  link !== undefined &&
  Object.values(atSide(link.ends, otherSide(flow.side)).baseline).some((text) => waitsForItems(text, entity.url));

/** The last attempt found that the counterpart is gone, and a new one is wanted: the flow maps it like a new entity. */
export const isCreatedAgain = (config: IntegrationConfig, event: StoredEvent): boolean =>
  config.targetDeleted === 'create' && event.link !== undefined && event.error?.kind === 'notFound';

/** The message is the flow's, whose nodes may change it; the event is the store's, which may give it out again. */
function copyOf(fields: Fields): Fields {
  const copy = { ...fields };
  for (const [field, value] of Object.entries(copy)) {
    if (typeof value !== 'object' || value === null) continue;
    copy[field] = Array.isArray(value) ? value.map(copyOfOne) : copyOfOne(value);
  }
  return copy;
}

function copyOfOne<One extends SingleValue>(value: One): One {
  if (typeof value !== 'object') return value;
  return 'dialect' in value ? { ...value, dialect: { ...value.dialect } } : { ...value };
}

/** What is sent through the flow. @param changed @see changedFields */
export function messageOf(config: IntegrationConfig, event: StoredEvent, way: Route, changed: FieldId[]): SyncMessage {
  const { fields, deleted, updatedAt, updatedBy, createdBy, owner } = event.entity;
  const isUpdate = event.link && !isCreatedAgain(config, event);
  return {
    topic: config.name,
    payload: copyOf(withFrameOf(fields, undefined)),
    sync: {
      integration: config.id,
      direction: directionFrom(event.flow.side as Side),
      event: eventId(event),
      kind: deleted ? 'delete' : isUpdate ? 'update' : 'create',
      entity: {
        ...refOf(event.entity),
        updatedAt,
        ...(updatedBy && { updatedBy: { ...updatedBy } }),
        // items have fields of their own that say it
        ...(owner && createdBy && { createdBy: { ...createdBy } }),
      },
      changed,
      pair: way.pair.id,
      target: way.target,
    },
  };
}

/** @param relevant undefined if the mappers are not known here (another process): then every change is sent */
export function planEvent(config: IntegrationConfig, event: StoredEvent, relevant: Relevant | undefined): EventPlan {
  const { entity, flow } = event;
  const way: Route | undefined = route(config, flow.side, entity);
  if (!way) return { send: false, reason: `no pair for project ${entity.project} and type ${entity.type}` };
  if (entity.deleted) {
    if (!event.link && !event.intent) return { send: false, reason: 'it was deleted before it was synced' };
    return { send: true, message: messageOf(config, event, way, []) };
  }
  // parts are mapped without a mapper, too: all that they hold concerns them
  const changed = changedFields(event, entity.owner ? undefined : relevant);
  if (event.link && changed.length === 0 && !relevant?.always && !isUnsettled(event) && !mayHaveArrivals(event)) {
    return { send: false, reason: 'nothing that is mapped has changed' };
  }
  return { send: true, message: messageOf(config, event, way, changed) };
}
