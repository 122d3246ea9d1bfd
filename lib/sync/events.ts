/** From a stored event to what is sent through the flow: is there anything to sync, and what does the message say? Pure. */

import type { IntegrationConfig } from '../model/config';
import { directionFrom, type Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { StoredEvent } from '../store/store';
import { differs } from './merge';
import { type Route, route } from './pairs';

/** Source fields that the integration's mappers read on a side; `always` = some row writes on every change. */
export interface Relevant {
  fields: ReadonlySet<FieldId>;
  always: boolean;
}

export type EventPlan =
  | { send: true; message: SyncMessage }
  /** nothing to sync: our own write come back, a change of fields that nobody maps, or no pair for it */
  | { send: false; reason: string };

/** The stored number and the delivery in a message's `sync.event`. Undefined where it has another form. */
export function parseEventId(id: unknown): { seq: number; delivery: number } | undefined {
  const match = typeof id === 'string' ? /^(\d{1,15})\.(\d{1,9})$/.exec(id) : null;
  return match ? { seq: Number(match[1]), delivery: Number(match[2]) } : undefined;
}

export const eventId = (event: { seq: number; delivery: number }): string => `${event.seq}.${event.delivery}`;

/** Fields that differ from the baseline; all that have a value where there is no link yet. */
export function changedFields(event: StoredEvent, relevant: Relevant | undefined): FieldId[] {
  const now = event.entity.fields;
  const fields = relevant ? [...relevant.fields] : Object.keys(now);
  if (!event.link) return fields.filter((field) => field in now);
  const base: Fields = event.link.ends[event.flow.side === 1 ? 0 : 1].baseline;
  return fields.filter((field) => differs(base, now, field));
}

/** True where an update of ours may have left something in either end: then the writer must look. */
const isUnsettled = (event: StoredEvent): boolean => event.link?.ends.some((end) => end.pending !== undefined) ?? false;

/** The last attempt found that the counterpart is gone, and a new one is wanted: the flow maps it like a new entity. */
export const isCreatedAgain = (config: IntegrationConfig, event: StoredEvent): boolean =>
  config.targetDeleted === 'create' && event.link !== undefined && event.error?.kind === 'notFound';

/** What is sent through the flow. @param changed @see changedFields */
export function messageOf(config: IntegrationConfig, event: StoredEvent, way: Route, changed: FieldId[]): SyncMessage {
  const { fields, version: _version, createdAt: _createdAt, createdBy: _createdBy, ...ref } = event.entity;
  return {
    topic: config.name,
    payload: fields,
    sync: {
      integration: config.id,
      direction: directionFrom(event.flow.side as Side),
      event: eventId(event),
      kind: event.link && !isCreatedAgain(config, event) ? 'update' : 'create',
      entity: ref,
      changed,
      pair: way.pair.id,
      target: way.target,
    },
  };
}

/** @param relevant undefined where the mappers are not known here (another process): then every change is sent */
export function planEvent(config: IntegrationConfig, event: StoredEvent, relevant: Relevant | undefined): EventPlan {
  const { entity, flow } = event;
  const way: Route | undefined = route(config, flow.side, entity);
  if (!way) return { send: false, reason: `no pair for project ${entity.project} and type ${entity.type}` };
  const changed = changedFields(event, relevant);
  if (event.link && changed.length === 0 && !relevant?.always && !isUnsettled(event)) {
    return { send: false, reason: 'nothing that is mapped has changed' };
  }
  return { send: true, message: messageOf(config, event, way, changed) };
}
