/** How far repositories were read: where branches and tags were, and what has been read and is in no branch any more. */

import type { ProjectId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Checkpoint } from '../connector';
import { checkCheckpoint } from '../kit/checkpoint';
import { isJson } from '../kit/json';
import { isSha } from './mirror';

/** Ends of what was rewritten or deleted, per repository. */
const MOST_KEPT = 500;

/** name → sha */
export type Refs = ReadonlyMap<string, string>;

export interface Place {
  branches: Refs;
  /** undefined: nobody has asked for tags yet */
  tags?: Refs;
}

export interface Position {
  /** projects that are read, and where their branches and tags were */
  places: Map<ProjectId, Place>;
  /** by repository: commits that were read and are in no branch any more, as is all that is behind them */
  kept: Map<string, string[]>;
  /** the last commits of a page in the middle of a poll: all that is behind them was read */
  done: string[];
  /** only commits with a later time are read, ms since 1970: until the first poll has come to its end */
  from?: number;
}

const shas = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string' && isSha(one)) : [];

function refsOf(value: unknown): Refs {
  const entries = Object.entries(isJson(value) ? value : {});
  return new Map(entries.filter((one): one is [string, string] => typeof one[1] === 'string' && isSha(one[1])));
}

/** @throws SyncError fatal if it is damaged */
export function positionOf(checkpoint: Checkpoint): Position {
  checkCheckpoint(checkpoint, { done: 'list', time: 'time' });
  const { at, kept, done, time } = checkpoint;
  if (at !== undefined && !isJson(at))
    throw new SyncError('fatal', 'The stored position of this poller is damaged (at). Twinflow reads nothing.');
  const places = Object.entries(isJson(at) ? at : {}).map(([project, place]): [ProjectId, Place] => {
    const { branches, tags } = isJson(place) ? place : {};
    return [project, { branches: refsOf(branches), ...(tags !== undefined && { tags: refsOf(tags) }) }];
  });
  return {
    places: new Map(places),
    kept: new Map(Object.entries(isJson(kept) ? kept : {}).map(([name, list]) => [name, shas(list)])),
    done: shas(done),
    ...(typeof time === 'string' && { from: Date.parse(time) }),
  };
}

export function checkpointOf({ places, kept, done, from }: Position): Checkpoint {
  const at = [...places].map(([project, { branches, tags }]) => [
    project,
    { branches: Object.fromEntries(branches), ...(tags && { tags: Object.fromEntries(tags) }) },
  ]);
  const ends = [...kept].flatMap(([name, list]) => (list.length > 0 ? [[name, list.slice(-MOST_KEPT)]] : []));
  return {
    at: Object.fromEntries(at),
    ...(ends.length > 0 && { kept: Object.fromEntries(ends) }),
    ...(done.length > 0 && { done }),
    ...(from !== undefined && { time: new Date(from).toISOString() }),
  };
}
