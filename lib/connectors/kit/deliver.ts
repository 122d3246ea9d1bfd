/**
 * Reads entities by id from systems whose answer for many leaves some out. A missing entity is not gone: that needs
 * evidence, such as the system's list of deleted entities or its answer when asked for this one alone.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { readInPortions } from './in-parts';

/** Missing entities are read one by one if there are no more than this. */
const MOST_ASKED_ALONE = 20;

/** The answer has an empty entry for an id: the system mentions it but says nothing about it. */
export interface Hole {
  hole: EntityId;
}

export interface DeliverySteps<Raw> {
  /** for errors: "Azure DevOps" */
  product: string;
  /** for errors: "work item" */
  thing: string;
  /** maximum number of ids in a request */
  most: number;
  idOf(raw: Raw): EntityId;
  batch(ids: readonly EntityId[]): Promise<(Raw | Hole)[]>;
  /** Some other request, which shows whether the system works. */
  ask(): Promise<unknown>;
  /** Those that the system reports as deleted. @throws SyncError forbidden, notFound, auth if it does not tell this
   * account */
  deleted(ids: readonly EntityId[]): Promise<EntityId[]>;
  /** @throws SyncError notFound if there is none, or it is not visible */
  alone(id: EntityId): Promise<Raw>;
  /** The error for an entity that may be hidden. */
  hidden(id: EntityId): SyncError;
}

export interface Delivery<Raw> {
  items: Map<EntityId, Raw>;
  /** not delivered: no conclusion is possible */
  failed: Map<EntityId, SyncError>;
  /** not in the answers */
  open: { id: EntityId; isHole: boolean }[];
}

/** Returns what is delivered; everything else stays open, for whatever reason. */
export async function deliverSome<Raw>(
  steps: Pick<DeliverySteps<Raw>, 'most' | 'idOf' | 'batch' | 'ask'>,
  ids: Iterable<EntityId>,
): Promise<Delivery<Raw>> {
  const wanted = [...new Set(ids)];
  const { found, failed } = await readInPortions(wanted, steps.most, (some) => steps.batch(some), steps.ask);
  const items = new Map<EntityId, Raw>();
  const holes = new Set<EntityId>();
  for (const one of found) {
    if (isHole(one)) holes.add(one.hole);
    else items.set(steps.idOf(one), one);
  }
  const missing = wanted.filter((id) => !items.has(id) && !failed.has(id));
  return { items, failed, open: missing.map((id) => ({ id, isHole: holes.has(id) })) };
}

/** Returns what is delivered, and the reason for each that is not. An id in neither is gone, by the system's own
 * word. */
export async function deliver<Raw>(
  steps: DeliverySteps<Raw>,
  ids: Iterable<EntityId>,
): Promise<Pick<Delivery<Raw>, 'items' | 'failed'>> {
  const { items, failed, open } = await deliverSome(steps, ids);
  const missing = open.map(({ id }) => id);
  const deleted: EntityId[] = [];
  for (const some of chunk(missing, steps.most)) append(deleted, await deletedOf(steps, some, failed));
  const unclear = open.filter(({ id }) => !deleted.includes(id) && !failed.has(id));
  let asked = 0;
  for (const { id, isHole: hole } of unclear) {
    if (hole) failed.set(id, steps.hidden(id));
    else if (asked++ < MOST_ASKED_ALONE) await alone(steps, id, items, failed);
    else failed.set(id, new SyncError('transient', `${steps.product} did not return ${steps.thing} ${id}`));
  }
  return { items, failed };
}

const isHole = <Raw>(one: Raw | Hole): one is Hole => typeof one === 'object' && one !== null && 'hole' in one;

async function deletedOf<Raw>(
  { deleted }: DeliverySteps<Raw>,
  ids: EntityId[],
  failed: Map<EntityId, SyncError>,
): Promise<EntityId[]> {
  try {
    return await deleted(ids);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.kind === 'rateLimited') throw error;
    // an account without permission for that has no evidence; a rejected account has been noticed earlier
    if (error.kind === 'transient' || error.kind === 'fatal') for (const id of ids) failed.set(id, error);
    return [];
  }
}

async function alone<Raw>(
  steps: DeliverySteps<Raw>,
  id: EntityId,
  items: Map<EntityId, Raw>,
  failed: Map<EntityId, SyncError>,
): Promise<void> {
  try {
    items.set(id, await steps.alone(id));
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.kind === 'auth' || error.kind === 'rateLimited') throw error;
    failed.set(id, error.kind === 'notFound' ? steps.hidden(id) : error);
  }
}

/**
 * The entity, or the reason why it cannot be described: its project or type is not visible, or missing.
 *
 * @param what for the error: "Work item 12"
 */
export async function describedOr(what: string, describe: () => Promise<Entity>): Promise<Entity | SyncError> {
  try {
    return await describe();
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.detail.malformed) return error;
    if (error.kind !== 'notFound' && error.kind !== 'forbidden') throw error;
    return new SyncError('forbidden', `${what} cannot be described: ${error.message}`, error.detail);
  }
}
