/**
 * The contract of the store: data that must survive a kill -9. One store per Node-RED.
 *
 * Every call is one transaction: when its promise settles, it is done completely or not at all, and durable, even after
 * a power failure. All calls take batches, because the engine's cost per change is the number of transactions, not of
 * rows. A call that fails throws a StoreError (disk full, locked, damaged …) whose text says what to do.
 *
 * The calls are grouped by role, a file of contract/ each; callers that need only some of them name the role.
 */

import type { Backlinks } from './contract/backlinks';
import type { Checkpoints } from './contract/checkpoints';
import type { EventQueue } from './contract/events';
import type { Inquiries } from './contract/inquiries';
import type { Journal } from './contract/journal';
import type { KinIndex } from './contract/kin';
import type { Links } from './contract/links';
import type { ParkedEvents } from './contract/parked';
import type { Parts } from './contract/parts';
import type { Upkeep } from './contract/upkeep';

export type { Correction, Corrections } from '../model/operations';
export type * from './contract/backlinks';
export type * from './contract/checkpoints';
export type * from './contract/events';
export type * from './contract/flow';
export type * from './contract/inquiries';
export type * from './contract/journal';
export type * from './contract/kin';
export type * from './contract/links';
export type * from './contract/parked';
export type * from './contract/parts';
export type * from './contract/upkeep';
export { StoreError, type StoreErrorKind } from './errors';

/** Everything that a running integration needs: all calls except those about the life of the store itself. */
export interface EngineStore
  extends EventQueue,
    Checkpoints,
    Links,
    ParkedEvents,
    Inquiries,
    Parts,
    Backlinks,
    KinIndex,
    Pick<Upkeep, 'counts' | 'doubt'> {}

export interface Store extends EngineStore, Journal, Upkeep {}
