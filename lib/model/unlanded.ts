import type { Value } from './values';

/** A value that an update without a landing may have left in its target. */
export interface Unlanded {
  /** what it brings from the other end */
  sent: Value;
  /** the value that is written, where this end's own changes were put together with `sent` */
  written?: Value;
  /**
   * What the end showed before: that it shows later what was written more, or less, is the sign that the update arrived.
   * Absent = as the baseline.
   */
  over?: Value;
}
