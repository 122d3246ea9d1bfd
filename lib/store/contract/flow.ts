/** What a poller reads and an event belongs to. */

import type { Side } from '../../model/entity';

/** One side of one integration: the unit that a poller reads. */
export interface Flow {
  integration: string;
  side: Side;
}
