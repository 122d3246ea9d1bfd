/** What may become of a change. */

import type { IntegrationConfig } from '../../model/config';
import type { Entity } from '../../model/entity';
import type { SyncError } from '../../model/errors';
import type { StoredEvent } from '../../store/store';
import type { Change, Decided, Way } from './change';

/** What is seen of a change's counterpart. A change without link has none: what is seen does not matter. */
export type Seen =
  | Entity
  /** not read yet */
  | 'unread'
  /** it was deleted, or the account may not see it */
  | 'gone'
  /** it was not delivered */
  | SyncError;

export interface Rules {
  config: IntegrationConfig;
  way: Pick<Way, 'direction' | 'side' | 'targetSide' | 'verbs'>;
  /** instead of being parked, the update continues without the fields that need a user's decision */
  holdsFields(event: StoredEvent): boolean;
  /** the store was lost or set back, and may not know what has happened to the entity before */
  isInDoubt?(entity: Entity): boolean;
}

export type Decision =
  /** the counterpart has to be read first */
  | { do: 'look' }
  | ({ do: 'create' | 'update' | 'nothing' } & Decided)
  /** the counterpart cannot be edited: another part says what was */
  | ({ do: 'add' } & Decided)
  /** the counterpart is gone, and none is wanted */
  | { do: 'skip'; reason: string }
  /** a part was deleted: so is its counterpart */
  | ({ do: 'delete' } & Decided)
  /** a part was deleted, and its counterpart is not there either: they are linked no more */
  | { do: 'end'; change: Change }
  /** a part was deleted, and its counterpart stays */
  | { do: 'spare'; change: Change; reason: string }
  /** a new counterpart takes the place of the one that is gone */
  | { do: 'createAgain'; change: Change; reason: string }
  /** only now is it known that this is a create: it goes through the flow once more, to get its defaults */
  | { do: 'resend'; error: SyncError }
  /** it cannot be written as it is: tried again, or parked for a person */
  | ({ do: 'fail'; error: SyncError; blame?: 'own' } & Decided);
