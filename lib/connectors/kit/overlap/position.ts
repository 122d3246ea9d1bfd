/**
 * The polling position in a guarded list, and the checkpoint for it: `{time: ISO 8601, skip: 120, redo: ISO 8601, seen:
 * ["12@<version>"], owed: ["13"]}`. Pure.
 */

import type { EntityId } from '../../../model/entity';
import type { Checkpoint } from '../../connector';
import { checkCheckpoint } from '../checkpoint';
import { owedOf, owedPart } from '../owed';
import { Recent } from '../recent';
import { pointInTime } from '../zone';

/** Maximum number of versions in a checkpoint: the newest ones. */
const SEEN = 100;
/** Maximum number of versions remembered during a poll. */
export const SEEN_IN_POLL = 2_000;

export interface Position {
  /** lower bound; undefined = from the beginning */
  time?: string;
  /** number of rows read from the lower bound on */
  skip: number;
  /** rows read, oldest first, with their versions */
  seen: Recent<EntityId, string>;
  /** rows of this poll from here on were too close to the system's now */
  redo?: string;
  /** rows that changed and were not delivered */
  owed: Map<EntityId, true>;
}

/** A time bound in the form of the rows' times. */
export const boundOf = (ms: number, resolutionMs: number): string => {
  const iso = new Date(Math.floor(ms / resolutionMs) * resolutionMs).toISOString();
  return resolutionMs >= 1000 ? iso.replace('.000Z', 'Z') : iso;
};
export const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined ? b : b === undefined ? a : a < b ? a : b;
export const timeOfVersion = (version: string): string => version.slice(0, version.indexOf('Z') + 1);

export function positionOf(checkpoint: Checkpoint | undefined): Position {
  checkCheckpoint(checkpoint, { time: 'time', skip: 'number', seen: 'list', redo: 'time', owed: 'list' });
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const { time, skip, seen, redo } = checkpoint ?? {};
  const pairs = (Array.isArray(seen) ? seen : []).flatMap((one): [string, string][] => {
    const [id, version] = String(one).split('@');
    return id && version ? [[id, version]] : [];
  });
  return {
    time: text(time),
    // an offset is valid only together with the row from which it was counted
    skip: typeof skip === 'number' && skip > 0 && pairs.length > 0 ? Math.floor(skip) : 0,
    seen: new Recent(SEEN_IN_POLL, pairs),
    redo: text(redo),
    owed: owedOf(checkpoint),
  };
}

export const checkpointOf = ({ time, skip, seen, redo, owed }: Position): Checkpoint => ({
  ...(time !== undefined && { time }),
  ...(skip > 0 && { skip }),
  ...(redo !== undefined && { redo }),
  ...(seen.size > 0 && { seen: [...seen].slice(-SEEN).map(([id, version]) => `${id}@${version}`) }),
  ...owedPart(owed),
});

/**
 * The checkpoint from which all changes at or after a time are read. @see Connection.checkpointAt
 *
 * @param time ISO 8601
 * @param resolutionMs of the feed
 * @throws SyncError invalid if it is not a time
 */
export function checkpointAtTime(time: string, resolutionMs: number): Checkpoint {
  return { time: boundOf(pointInTime(time), resolutionMs) };
}
