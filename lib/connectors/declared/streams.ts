/**
 * The changes of a scope as streams: one for each type, and for each project where the list names it. Each has its position in
 * the checkpoint, `{streams: {"issue octo/hello": {…}}}`, so a project that is hidden for a while goes on where it was.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ChangePage, Checkpoint, MissingMember, Scope } from '../connector';
import { isJson } from '../kit/json';
import { changesInList, type FeedMemory, feedMemory, newestInList } from '../kit/overlap/guarded';
import { checkpointAtTime } from '../kit/overlap/position';
import { newestInSequence } from '../kit/sequence';
import { pointInTime } from '../kit/zone';
import type { Api } from './api';
import { type Entities, stepOf } from './entities';
import type { ConnectorFile, DeclaredType } from './format';
import type { Reading } from './reading';
import { changesByScan, endOfScan } from './scan-feed';
import { changesByNumber, numberFeed } from './sequence-feed';
import { type Stream, timeFeed } from './time-feed';
import { changesByToken, endByToken } from './token-feed';

export interface StreamContext {
  file: ConnectorFile;
  api: Api;
  entities: Entities;
  reading: Reading;
  /** Those of these projects that the system no longer lists, with a sentence each. */
  absent(projects: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

const keyOf = ({ type, project }: Stream): string => (project === undefined ? type.id : `${type.id} ${project}`);

const namesProject = ({ changes: { list } }: DeclaredType): boolean =>
  /\{project[}|]/.test(`${list.get} ${JSON.stringify(list.query ?? {})}`);

export class Streams {
  private readonly memories = new Map<string, FeedMemory>();

  constructor(private readonly context: StreamContext) {}

  /** @see Connection.checkpointAt */
  at(time: string): Checkpoint {
    return { from: new Date(pointInTime(time)).toISOString() };
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const streams: Record<string, Checkpoint> = {};
    let isEmpty = true;
    const { present, missing } = await this.members(scope);
    for (const stream of present) {
      try {
        const position = await this.end(stream, scope);
        if (position) isEmpty = false;
        streams[keyOf(stream)] = position ?? {};
      } catch (thrown) {
        missing.push(memberOf(stream, thrown));
      }
    }
    if (Object.keys(streams).length === 0) throw nothingLeft(missing);
    return isEmpty ? undefined : { streams };
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { present, missing } = await this.members(scope);
    const known = positionsOf(since);
    const streams: Record<string, Checkpoint> = { ...known.streams };
    let last: Checkpoint | undefined;
    let fault: SyncError | undefined;
    let read = 0;
    for (const stream of present) {
      const key = keyOf(stream);
      const start = streams[key] ?? this.startOf(stream, known);
      try {
        for await (const page of this.pages(stream, scope, start, pageSize)) {
          streams[key] = page.checkpoint;
          last = { ...(known.from !== undefined && { from: known.from }), streams: { ...streams } };
          if (page.entities.length > 0) yield { entities: page.entities, checkpoint: last };
        }
        read += 1;
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind === 'notFound' || error.kind === 'forbidden') missing.push(memberOf(stream, error));
        // the other projects do not wait for one whose list is wrong
        else if (error.kind === 'fatal' && stream.project !== undefined) fault ??= error;
        else throw error;
      }
    }
    if (fault) throw fault;
    const named = missing.length > 0 ? { missing } : {};
    if (read > 0) yield { entities: [], checkpoint: last ?? since ?? { streams }, ...named };
    else throw nothingLeft(missing);
  }

  /** The newest entities of some streams, newest first. */
  async latest(scope: Scope, limit: number, most: number): Promise<Entity[]> {
    const { present } = await this.members(scope);
    const found: Entity[] = [];
    for (const stream of present.slice(0, most)) {
      const { changes } = stream.type;
      if (changes.feed !== 'time') continue;
      const feed = timeFeed(this.context, stream, changes, scope);
      append(found, await feed.show(await feed.newest(Math.min(limit, feed.page))));
    }
    return found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0)).slice(0, limit);
  }

  private pages(stream: Stream, scope: Scope, start: Checkpoint | undefined, size: number): AsyncIterable<ChangePage> {
    const { changes } = stream.type;
    switch (changes.feed) {
      case 'time': {
        const feed = timeFeed(this.context, stream, changes, scope);
        return changesInList(feed, this.memoryOf(stream), start, size);
      }
      case 'token':
        return changesByToken(this.context, stream, changes, scope, start, size);
      case 'sequence':
        return changesByNumber(this.context, stream, changes, scope, this.memoryOf(stream), start, size);
      case 'scan':
        return changesByScan(this.context, stream, changes, scope, start, size);
    }
  }

  /** The position after the newest entity; undefined = there is none. */
  private async end(stream: Stream, scope: Scope): Promise<Checkpoint | undefined> {
    const { changes } = stream.type;
    switch (changes.feed) {
      case 'time':
        return newestInList(timeFeed(this.context, stream, changes, scope));
      case 'token':
        return endByToken(this.context, changes);
      case 'sequence':
        return newestInSequence(numberFeed(this.context, stream, changes, scope, this.memoryOf(stream)));
      case 'scan':
        return endOfScan(this.context, stream, changes, scope);
    }
  }

  private memoryOf(stream: Stream): FeedMemory {
    const key = keyOf(stream);
    const memory = this.memories.get(key) ?? feedMemory(this.context.api.product, `entries of ${stream.type.name}`);
    this.memories.set(key, memory);
    return memory;
  }

  /** A stream without a position of its own starts with the earliest of the others. */
  private startOf({ type }: Stream, { from, streams }: Positions): Checkpoint | undefined {
    const times = Object.values(streams).flatMap(({ time }) => (typeof time === 'string' ? [time] : []));
    const earliest = from ?? times.sort()[0];
    return earliest === undefined ? undefined : checkpointAtTime(earliest, stepOf(type));
  }

  private async members({ projects, types }: Scope): Promise<{ present: Stream[]; missing: MissingMember[] }> {
    const { file, api, absent } = this.context;
    const gone = await absent(projects);
    const missing = [...gone].map(([id, why]): MissingMember => ({ kind: 'project', id, why }));
    const there = projects.filter((id) => !gone.has(id));
    const present: Stream[] = [];
    for (const id of types) {
      const type = file.types.find((one) => one.id === id);
      if (!type) missing.push({ kind: 'type', id, why: `${api.product} has no item type "${id}"` });
      else if (!namesProject(type)) {
        if (there.length > 0) present.push({ type, project: undefined });
      } else for (const project of there) present.push({ type, project });
    }
    if (present.length === 0) throw nothingLeft(missing);
    return { present, missing };
  }
}

interface Positions {
  from?: string;
  streams: Record<string, Checkpoint>;
}

/** @throws SyncError fatal if the checkpoint is damaged, or is another connector's */
function positionsOf(since: Checkpoint | undefined): Positions {
  if (since === undefined) return { streams: {} };
  const { from, streams } = since;
  const isTime = typeof from === 'string' && !Number.isNaN(Date.parse(from));
  const parts = isJson(streams) ? Object.entries(streams) : [];
  const positions = parts.flatMap(([key, one]): [string, Checkpoint][] => (isJson(one) ? [[key, one]] : []));
  const isWhole = positions.length === parts.length && (streams === undefined || isJson(streams));
  if (!isWhole || (from !== undefined && !isTime) || (from === undefined && streams === undefined))
    throw new SyncError(
      'fatal',
      `The stored position of this poller is damaged or of another connector. ${START_AGAIN}`,
    );
  return { ...(isTime && { from }), streams: Object.fromEntries(positions) };
}

/** @throws SyncError if it says more than that the member is not shown */
function memberOf({ type, project }: Stream, thrown: unknown): MissingMember {
  const error = asSyncError(thrown);
  if (error.kind !== 'notFound' && error.kind !== 'forbidden') throw error;
  return project === undefined
    ? { kind: 'type', id: type.id, why: error.message }
    : { kind: 'project', id: project, why: error.message };
}

const nothingLeft = (missing: readonly MissingMember[]): SyncError =>
  new SyncError('forbidden', `Nothing left to read: ${missing.map(({ why }) => why).join('; ')}`);
