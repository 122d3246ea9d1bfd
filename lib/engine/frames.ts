/**
 * The author line that copies of comments begin with (lib/richtext/frame). Here it is taken off what was read, before anything
 * compares, maps or merges it, and here it is said which line belongs in front of what is written.
 *
 * A line is kept beside the text in the baseline of the end that shows it: so it is recognized after the original's address has
 * changed, and in whatever integration. A comment that is nobody's copy has no line, whatever it begins with. The copy of a
 * copy gets the line of the original.
 */

import { commentIn, frameIn, mayBeFramed, unframed, withFrameOf } from '../merge/frames';
import type { IntegrationConfig } from '../model/config';
import type { Entity, Side } from '../model/entity';
import { atSide, otherSide, type Sides } from '../model/sides';
import type { Frame } from '../model/values';
import type { EventQueue, KinIndex, LinkEnd, StoredEvent } from '../store/store';
import { partPair } from './routing';

export interface FrameAsking {
  readonly store: Partial<Pick<KinIndex, 'kinOf'>>;
  readonly config: Pick<IntegrationConfig, 'id'>;
  /** with the server that each is */
  readonly systems: Sides<{ readonly id: string; readonly place: string }>;
}

/** Events whose comments do not show their author lines. @param side where they were read */
export async function withoutFrames(asking: FrameAsking, side: Side, events: StoredEvent[]): Promise<StoredEvent[]> {
  if (!events.some(isPart)) return events;
  return Promise.all(events.map((event) => withoutFrameOf(asking, side, event)));
}

/** Most events are items, which have no author line. */
const isPart = (event: StoredEvent | undefined): boolean => event?.entity.owner !== undefined;

async function withoutFrameOf(asking: FrameAsking, side: Side, event: StoredEvent): Promise<StoredEvent> {
  const entity = await entityWithoutFrame(asking, side, event.entity, event.link && atSide(event.link.ends, side));
  return entity === event.entity ? event : { ...event, entity };
}

/** Events as the store has them now, in the order of `jobs`. @see withoutFrames */
export async function loadedEvents(
  asking: FrameAsking & { readonly store: Pick<EventQueue, 'load'> },
  side: Side,
  jobs: { seq: number; delivery: number }[],
): Promise<(StoredEvent | undefined)[]> {
  const events = await asking.store.load(jobs);
  if (!events.some(isPart)) return events;
  return Promise.all(events.map(async (event) => event && withoutFrameOf(asking, side, event)));
}

/** @param end what is known of the entity, if it is linked */
export async function entityWithoutFrame(
  asking: FrameAsking,
  side: Side,
  entity: Entity,
  end: LinkEnd | undefined,
): Promise<Entity> {
  if (!entity.owner || !commentIn(entity.fields)) return entity;
  // an end that was only just adopted has no text in its baseline, and so says nothing about a line
  const own = end && commentIn(end.baseline) && { base: end.baseline, frame: frameIn(end.baseline) };
  // of a comment that is not linked here, another integration may know whose copy it is
  const known = own?.frame || (own && !mayBeFramed(entity.fields)) ? own : await knownElsewhere(asking, side, entity);
  const fields = unframed(entity.fields, known?.frame, known?.base ?? {});
  return fields === entity.fields ? entity : { ...entity, fields };
}

async function knownElsewhere(
  { store, config, systems }: FrameAsking,
  side: Side,
  { id }: Entity,
): Promise<{ base: LinkEnd['baseline']; frame: Frame | undefined } | undefined> {
  const { id: system, place } = systems[side];
  const links = (await store.kinOf?.(system, id, config.id)) ?? [];
  const ends = links.flatMap(({ ends: both, places }) =>
    both.filter(({ ref }, index) => ref.id === id && places[index] === place),
  );
  return ends.map(({ baseline }) => ({ base: baseline, frame: frameIn(baseline) })).find(({ frame }) => frame);
}

/**
 * The line that belongs in front of what is written of a comment: of a copy that we make or have made, who wrote the original; of
 * anything else what is there already.
 * @param side where the change comes from
 * @param from what people call that system
 */
export function frameFor(
  config: IntegrationConfig,
  side: Side,
  { entity, link }: Pick<StoredEvent, 'entity' | 'link'>,
  from: string,
): Frame | undefined {
  const pair = partPair(config, side, entity);
  if (pair?.role !== 'comment') return undefined;
  const other = otherSide(side);
  if (link && link.made !== other) return frameIn(atSide(link.ends, other).baseline);
  if (pair.authorLine === false) return undefined;
  const { createdAt: at, createdBy, url } = entity;
  const by = createdBy?.name ?? createdBy?.login;
  const original = frameIn(entity.fields) ?? (link && frameIn(atSide(link.ends, side).baseline));
  return original ?? { ...(url && { url }), ...(at && { at }), ...(by ? { by } : { of: from }) };
}

/** A baseline that has lost sight of the line that belongs in front of its text, with it. @param known where it may be found */
export function keepingFrame(baseline: LinkEnd['baseline'], ...known: LinkEnd['baseline'][]): LinkEnd['baseline'] {
  if (frameIn(baseline)) return baseline;
  return withFrameOf(
    baseline,
    known.map(frameIn).find((frame) => frame !== undefined),
  );
}
