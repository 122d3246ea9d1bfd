/**
 * Polling by the reporting feed of work item revisions
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/reporting-work-item-revisions/read-reporting-revisions-get).
 *
 * Why the feed and not a query (WIQL) by change time: the feed is ordered by the collection's own count of revisions, so
 * equal times, clock resolutions, time zones and the 20,000 hits at which a query fails play no part, pages cannot shift,
 * and one request covers all projects of a scope. A poll that finds nothing is one request, as a query would be; changes
 * cost one more per 200, since a query gives ids only, and the feed does not tell the format of long texts. The feed is
 * asked for five small fields, so that looking at something twice costs next to nothing.
 *
 * What the feed has shown is not final for a while: a revision can appear behind others that are younger (a transaction
 * that took long, a replica that lags). So the checkpoint's token stays behind the last page until that page has settled,
 * `seen` tells what was read after it, and the last few revisions are looked at once more in each poll. That also shows a
 * restored back-up: a work item whose revision went backwards.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { Overflow, Recent } from '../cache';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { Debts } from '../owed';
import type { AzureDevOpsApi } from './api';
import type { LinkFeed } from './links';
import { FRESH_MS, LASTING_MS, type Metadata, type ProjectInfo, type TypeInfo } from './metadata';
import {
  before,
  checkpointOf,
  type Position,
  padded,
  positionOf,
  RESTART_MARGIN_MS,
  remember,
  SEEN,
  startOf,
  trim,
} from './position';
import { revisionOf, type WorkItemReader } from './reading';
import { isoOf, type Json, listOf, textOf } from './shapes';
import type { Wiql } from './wiql';

/** How long, by the server's clock, a revision may be late. */
export const SETTLE_MS = 120_000;
/** A last page up to this size is looked at again in each poll. */
const LOOKED_AT_AGAIN = 20;
const FEED_PAGE = 500;
const WITNESSES = 20;
/** Where a poll meets nothing that was read before, restored back-ups are looked for this often. */
const WITNESS_EVERY_MS = 600_000;
/** Pages of the feed without a change, one after the other, after which it leads nowhere. */
const MOST_EMPTY = 1_000;
const FIELDS = 'System.Id,System.Rev,System.ChangedDate,System.TeamProject,System.WorkItemType';

interface Change {
  id: number;
  rev: number;
  at: string;
  project: string;
  type: string;
}

interface FeedPage {
  changes: Change[];
  token: string | undefined;
  last: boolean;
}

export class RevisionPoller {
  /** more was read after the token than a checkpoint holds */
  private readonly overflow = new Overflow<number, number>();
  private witnessed = Number.NEGATIVE_INFINITY;
  private readonly debts = new Debts<number>('Azure DevOps', 'work items');
  /** types of a scope that are still there, where some are not */
  private readonly knownTypes = new Recent<string, string[]>(20);

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly reader: WorkItemReader,
    private readonly wiql: Wiql,
    private readonly links: LinkFeed | undefined,
  ) {}

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    const from = isoOf(time);
    if (from === undefined) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
    return { from };
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const { projects } = await this.within(scope, FRESH_MS);
    const id = await this.wiql.newest([...projects.values()], scope.types);
    const item = id === undefined ? undefined : (await this.reader.items([id])).get(id);
    const from = isoOf(item?.fields['System.ChangedDate']);
    return item && from ? { from, seen: [`${item.id}@${item.rev}`] } : undefined;
  }

  /** @see Connection.latest */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const { projects } = await this.within(scope, FRESH_MS);
    const ids = await this.wiql.latest([...projects.values()], scope.types, limit);
    const items = await this.reader.items(ids);
    const found = ids.map((id) => items.get(id)).filter((item) => item !== undefined);
    return Promise.all(found.map((item) => this.reader.entity(item)));
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { feed } = await this.within(scope);
    const more = checkpoint?.more === undefined ? {} : { more: checkpoint.more };
    const size = Math.max(1, Math.floor(pageSize));
    const start = positionOf(checkpoint, feed);
    start.seen = new Map([...this.overflow.recall(checkpoint?.more), ...start.seen]);
    const position: Position = { ...start, seen: new Map(start.seen), owed: new Map(start.owed) };
    for await (const entities of this.settleOwed(scope, position, size))
      yield { entities, checkpoint: { ...checkpointOf(position), ...more } };
    /** where the feed is read on, ahead of the position's token */
    let cursor = position.token;
    let settled = true;
    /** changes behind the position's token: what the next poll meets again */
    let behind = 0;
    let recognised = false;
    const tokens = new Set<string | undefined>([cursor]);
    let empty = 0;

    for (;;) {
      const page = await this.feed(scope, position, cursor);
      const now = this.api.serverNow();
      const older: number[] = [];
      for (const { id, rev } of page.changes) {
        const known = start.seen.get(id);
        if (known !== undefined) recognised = true;
        if (known !== undefined && known > rev) older.push(id);
      }
      // the feed may lag behind a read: only a second look proves anything
      if (older.length > 0) await this.hear(older, start.seen);
      if (page.last && !recognised) await this.hearWitnesses(start, position);

      const fresh = await this.fresh(page.changes, scope, position);
      // the scope of a shared feed is a part of it: the rest counts for the order only
      for (const change of page.changes) {
        if (position.at === undefined || change.at > position.at) position.at = change.at;
      }
      for (let at = 0; at < fresh.length; at += size) {
        const entities = await this.entities(fresh.slice(at, at + size), scope, position);
        if (entities.length > 0) yield { entities, checkpoint: checkpointOf({ ...position, open: true }) };
      }
      for (const { id, rev } of page.changes) remember(position.seen, id, Math.max(rev, position.seen.get(id) ?? 0));
      trim(position.seen);

      behind += page.changes.length;
      if (page.changes.length > 0) {
        const newest = page.changes.reduce((latest, { at }) => (at > latest ? at : latest), '');
        settled &&= Date.parse(newest) < now - SETTLE_MS;
        position.open = !settled || (page.last && page.changes.length <= LOOKED_AT_AGAIN);
        if (!position.open && page.token !== undefined) {
          position.token = page.token;
          position.from = undefined;
          behind = 0;
        }
      }
      if (page.last) {
        const children = await this.children(scope, position);
        for (let at = 0; at < children.length - size; at += size) {
          yield {
            entities: children.slice(at, at + size),
            checkpoint: checkpointOf({ ...position, links: start.links }),
          };
        }
        const rest = children.slice(Math.floor(Math.max(0, children.length - 1) / size) * size);
        const more = behind > SEEN ? { more: this.overflow.keep(new Map([...position.seen].slice(-behind))) } : {};
        yield { entities: rest, checkpoint: { ...checkpointOf(position), ...more } };
        return;
      }
      empty = page.changes.length === 0 ? empty + 1 : 0;
      if (page.token === undefined || tokens.has(page.token) || empty > MOST_EMPTY) {
        throw new SyncError(
          'transient',
          'The feed of work item revisions does not move on: there is more, but no way to it',
        );
      }
      cursor = page.token;
      tokens.add(cursor);
    }
  }

  /** What earlier polls were not given and this one is. What is never given is asked for less and less often. */
  private async *settleOwed(scope: Scope, position: Position, size: number): AsyncGenerator<Entity[]> {
    const due = [...position.owed].map(([id, rev]) => ({ id, rev })).filter(({ id }) => this.debts.isDue(id));
    for (let at = 0; at < due.length; at += size) {
      const entities = await this.entities(due.slice(at, at + size), scope, position);
      if (entities.length > 0) yield entities;
    }
  }

  /** Work items of the scope that got another parent, where that is watched. */
  private async children(scope: Scope, position: Position): Promise<Entity[]> {
    if (!this.links) return [];
    const { children, position: links } = await this.links.read(position.feed, position.links);
    position.links = links;
    return this.entities(
      children.map((id) => ({ id, rev: position.seen.get(id) ?? 0 })),
      scope,
      position,
      false,
    );
  }

  /**
   * Names by id of the scope's projects. One that is gone, or out of sight, does not stop the others.
   * @throws notFound – none is there
   */
  private async within(
    { projects }: Scope,
    maxAgeMs = LASTING_MS,
  ): Promise<{ feed: string; projects: Map<string, string> }> {
    const names = new Map<string, string>();
    let missing: SyncError | undefined;
    // a query that names a project that is gone finds nothing in the others
    if (maxAgeMs < LASTING_MS) await this.metadata.projects(maxAgeMs);
    for (const id of projects) {
      try {
        const project = await this.metadata.project(id);
        names.set(project.id, project.name);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind !== 'notFound') throw error;
        missing = error;
      }
    }
    if (names.size === 0 && missing) throw missing;
    const [only] = names.keys();
    // the feed stays the same while a project is away
    return { feed: projects.length === 1 && only !== undefined ? only : '*', projects: names };
  }

  private async feed(scope: Scope, position: Position, cursor: string | undefined): Promise<FeedPage> {
    const start = cursor === undefined ? startOf(position.from) : undefined;
    const known = this.knownTypes.get(keyOf(scope));
    try {
      return await this.page(known ?? scope.types, position.feed, cursor, start);
    } catch (thrown) {
      const types = await this.typesLeft(scope, thrown);
      if (types) return this.page(types, position.feed, cursor, start);
      // a token that the server does not know any more: from a little before what was read last
      const lost = thrown instanceof SyncError && thrown.kind === 'invalid' && cursor !== undefined;
      if (!lost || position.at === undefined) throw thrown;
      return this.page(known ?? scope.types, position.feed, undefined, before(position.at, RESTART_MARGIN_MS));
    }
  }

  /**
   * A type that no process has any more is refused, and would stop the polling of all others.
   * @returns the types that are still there, where some are not; undefined where the failure has another reason
   * @throws notFound – none of them is there
   */
  private async typesLeft(scope: Scope, thrown: unknown): Promise<string[] | undefined> {
    const isOfType = thrown instanceof SyncError && (thrown.kind === 'notFound' || thrown.kind === 'invalid');
    if (!isOfType) return undefined;
    const { projects } = await this.within(scope);
    const there = new Set<string>();
    for (const [id, name] of projects)
      for (const type of await this.typesOf({ id, name })) there.add(type.name.toLowerCase());
    const left = scope.types.filter((type) => there.has(type.toLowerCase()));
    if (left.length === scope.types.length) return undefined;
    if (left.length === 0) {
      const words = `No process has the work item type ${scope.types.join(', ')} any more`;
      throw new SyncError('notFound', `${words}, or this account may not see it: check the integration's pairs`);
    }
    this.knownTypes.set(keyOf(scope), left);
    return left;
  }

  /** None where the project is gone meanwhile. */
  private async typesOf(project: ProjectInfo): Promise<TypeInfo[]> {
    try {
      return await this.metadata.types(project, 0);
    } catch (thrown) {
      if (asSyncError(thrown).kind === 'notFound') return [];
      throw thrown;
    }
  }

  private async page(
    types: string[],
    feed: string,
    continuationToken: string | undefined,
    startDateTime: string | undefined,
  ): Promise<FeedPage> {
    const path = `${feed === '*' ? '' : `${feed}/`}_apis/wit/reporting/workitemrevisions`;
    const body = await this.api.json('GET', path, {
      query: {
        fields: FIELDS,
        types: types.join(','),
        includeLatestOnly: true,
        $maxPageSize: FEED_PAGE,
        continuationToken,
        startDateTime,
      },
    });
    const changes = listOf(body, 'values').flatMap(changeOf);
    return { changes, token: textOf(body.continuationToken), last: body.isLastBatch !== false };
  }

  /** Those that were not read before. The feed speaks of projects by name, which an administrator may change at any time. */
  private async fresh(changes: Change[], { projects, types }: Scope, { seen, from }: Position): Promise<Change[]> {
    const unread = changes.filter(({ id, rev, at, type }) => {
      if ((seen.get(id) ?? 0) >= rev || (from !== undefined && at < from)) return false;
      return isOneOf(types, type);
    });
    if (unread.length === 0) return [];
    const ids = await this.metadata.idsOf(new Set(unread.map(({ project }) => project)));
    return unread.filter(({ project }) => projects.includes(ids.get(project.toLowerCase()) ?? ''));
  }

  /**
   * In the order in which they changed. What is gone or has moved away since is left out, what is not delivered is owed.
   * @param isNew the feed announces them: they count as read
   * @throws SyncError transient – so much is owed that it is no matter of single work items
   */
  private async entities(
    changes: Pick<Change, 'id' | 'rev'>[],
    scope: Scope,
    { seen, owed }: Position,
    isNew = true,
  ): Promise<Entity[]> {
    const { entities: found, failed } = await this.reader.seen(changes);
    const entities: Entity[] = [];
    for (const { id, rev } of changes) {
      const entity = found.get(id);
      if (isNew) remember(seen, id, Math.max(entity ? revisionOf(entity.version) : rev, seen.get(id) ?? 0));
      const error = failed.get(id);
      if (error) this.debts.owe(owed, id, rev, error);
      else this.debts.settle(owed, id);
      if (entity && scope.projects.includes(entity.project) && isOneOf(scope.types, entity.type)) entities.push(entity);
    }
    return entities.sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  }

  /**
   * Called where nothing that was read last is met again: it may have been deleted or moved, or never have happened, in a
   * back-up that was restored. Where the last page was large, nothing is met again as a rule: then now and then.
   */
  private async hearWitnesses({ seen, open }: Position, position: Position): Promise<void> {
    const witnesses = [...seen.keys()].slice(-WITNESSES);
    const due = open || performance.now() - this.witnessed >= WITNESS_EVERY_MS;
    if (witnesses.length === 0 || !due) return;
    await this.hear(witnesses, seen);
    this.witnessed = performance.now();
    // they are not here any more, and are not to be asked about again
    if (open) for (const id of seen.keys()) position.seen.delete(id);
  }

  /** @throws SyncError fatal – a revision went backwards */
  private async hear(ids: number[], seen: ReadonlyMap<number, number>): Promise<void> {
    for (const [id, rev] of await this.reader.revisions(ids.slice(-WITNESSES))) {
      const known = seen.get(id) ?? 0;
      if (rev >= known) continue;
      throw new SyncError(
        'fatal',
        `Azure DevOps goes backwards: work item ${id} was at revision ${known}, now it is at ${rev}. ` +
          `Was a back-up restored? ${START_AGAIN}`,
      );
    }
  }
}

const isOneOf = (types: readonly string[], type: string): boolean =>
  types.some((one) => one.toLowerCase() === type.toLowerCase());
const keyOf = ({ projects, types }: Scope): string => JSON.stringify([projects, types]);

function changeOf(json: Json): Change[] {
  const fields = typeof json.fields === 'object' && json.fields !== null ? { ...json.fields } : {};
  const shown: Json = fields;
  const id = Number(json.id ?? shown['System.Id']);
  const rev = Number(json.rev ?? shown['System.Rev']);
  const at = isoOf(shown['System.ChangedDate']);
  if (!Number.isInteger(id) || !Number.isInteger(rev) || at === undefined) return [];
  const [project, type] = [textOf(shown['System.TeamProject']), textOf(shown['System.WorkItemType'])];
  return [{ id, rev, at: padded(at), project: project ?? '', type: type ?? '' }];
}
