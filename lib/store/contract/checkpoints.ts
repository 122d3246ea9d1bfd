/** The polling position of each side. */

import type { Checkpoint } from '../../model/checkpoint';
import type { Flow } from './flow';

/** The role of a poller that starts, or starts again. While it reads, `EventQueue.record` stores its results and its
 * position. */
export interface Checkpoints {
  /** Undefined until the first `record` or `setCheckpoint`. */
  checkpoint(flow: Flow): Promise<Checkpoint | undefined>;

  /** How far existing items of the side were brought over: JSON of the task that does it; undefined = nothing to do. */
  existing(flow: Flow): Promise<Checkpoint | undefined>;

  /** undefined deletes it. The poller's own position is not touched. */
  setExisting(flow: Flow, state: Checkpoint | undefined): Promise<void>;

  /** For a start time or a reset. undefined deletes it. */
  setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void>;

  /**
   * Forgets which versions were read, so that everything is read again as new. Links and unfinished events stay (and an
   * entity that is read with the version of its unfinished event still makes no second one).
   */
  forgetSeen(flow: Flow): Promise<void>;
}
