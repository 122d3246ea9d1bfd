/** What works together for one integration. `integration.ts` puts it together; everybody else takes what they need of it. */

import type { Sides } from '../model/sides';
import type { SyncContext } from './context';
import type { KnownFileRules } from './files';
import type { InFlight } from './in-flight';
import type { Outcomes } from './outcomes';
import type { Backlinks } from './tasks/backlinks';
import type { Diverged } from './tasks/diverged';
import type { StandardMapping } from './write/standard-rows';

export interface Engine extends SyncContext {
  readonly inFlight: InFlight;
  readonly outcomes: Outcomes;
  readonly backlinks: Backlinks;
  /** linked entities that have got out of reach */
  readonly diverged: Diverged;
  /** what each side's system takes of files */
  readonly fileRules: Sides<KnownFileRules>;
  /** of parts that no mapper maps */
  readonly standard: StandardMapping;
}
