/**
 * Changes by update time, oldest first, by the kit's guarded list (kit/overlap/guarded.ts). What Redmine gives for that:
 * `updated_on >= T`, which means later than T − 1 s, sorted by update time and id, at most 100 a page. Times are shown in
 * whole seconds; the database may hold fractions, or none. An issue that Redmine cannot show breaks every list that holds it,
 * and is gone round (lists.ts).
 */

import type { Entity } from '../../model/entity';
import { asSyncError, type SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { changesInList, feedMemory, type GuardedFeed, newestInList } from '../kit/overlap/guarded';
import { type Absent, absentOf, Members, type Part, withMembers } from '../kit/overlap/members';
import { checkpointAtTime } from '../kit/overlap/position';
import { type Filter, PAGE, type RedmineApi } from './api';
import { type IssueLists, issueLists, keyOf } from './lists';
import type { Metadata, ProjectInfo, Visibility } from './metadata';
import type { IssueReader } from './reading';
import type { Named, RawIssue } from './shapes';

const SETTLE_MS = 5_000;
const RESOLUTION_MS = 1_000;

export class IssuePoller {
  private readonly memory = feedMemory('Redmine', 'issues');
  private readonly lists: IssueLists;
  private readonly members: Members;

  constructor(
    api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly reader: IssueReader,
  ) {
    this.lists = issueLists(api);
    this.members = new Members('tracker', (scope) => this.absent(scope));
  }

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    return checkpointAtTime(time, RESOLUTION_MS);
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const newest = await newestInList(await this.feed(scope));
    // Redmine answers for a project that isn't there as for one in which nothing happens
    if (!newest) for (const project of scope.projects) await this.metadata.project(project);
    return newest;
  }

  /** @see Connection.latest */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const filters = await this.scopeFilters(scope);
    return this.reader.entities(await this.lists.newest(filters, Math.min(PAGE, limit)));
  }

  /** @see Connection.changes */
  changes(whole: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { memory } = this;
    const feed = (scope: Scope) => this.feed(scope);
    return withMembers(this.members, whole, since, async function* pass(scope, from) {
      yield* changesInList(await feed(scope), memory, from, pageSize);
    });
  }

  private async feed(scope: Scope): Promise<GuardedFeed<RawIssue>> {
    const filters = await this.scopeFilters(scope);
    const [projects, types] = filters.map(({ values }) => values);
    return {
      ...{ product: 'Redmine', thing: 'issue', things: 'issues', page: PAGE, key: keyOf },
      ...{ resolutionMs: RESOLUTION_MS, toleranceMs: 0, settleMs: SETTLE_MS },
      search: ({ from }, offset, limit, known) => this.lists.stretch(filters, from, offset, limit, known),
      newest: (limit) => this.lists.newest(filters, limit),
      count: (from) => this.lists.count(filters, from),
      look: async (ids) => (await this.reader.listed(ids)).found,
      show: (issues) => this.reader.entities(issues),
      read: (ids) => this.reader.byId(ids),
      includes: ({ project, type }) => projects?.includes(project) === true && types?.includes(type) === true,
    };
  }

  private async scopeFilters({ projects, types }: Scope): Promise<Filter[]> {
    const ids: string[] = [];
    let fault: SyncError | undefined;
    for (const id of projects) {
      try {
        ids.push(/^\d+$/.test(id) ? id : (await this.metadata.project(id)).id);
      } catch (thrown) {
        // a project that is gone must not stop the others
        const error = asSyncError(thrown);
        if (error.kind !== 'notFound') throw error;
        fault ??= error;
      }
    }
    if (ids.length === 0 && fault) throw fault;
    return [
      { field: 'project_id', operator: '=', values: ids },
      { field: 'tracker_id', operator: '=', values: types },
    ];
  }

  /** What Redmine does not show of a scope: it answers a query for it as if nothing happened there. */
  private async absent(scope: Scope): Promise<Absent> {
    const { metadata } = this;
    const [projects, trackers] = await Promise.all([metadata.projects(0), metadata.trackers(0)]);
    const there = new Map(
      scope.projects.map((one) => [one, projects.find(({ id, identifier }) => id === one || identifier === one)]),
    );
    const absent = absentOf('Redmine', 'project', scope.projects, (one) => there.get(one) !== undefined);
    const parts: Part[] = [];
    for (const [id, project] of there) {
      if (!project) continue;
      if (project.trackers.length === 0) absent.set(id, withoutIssues(project));
      else append(parts, partsOf(id, project, scope.types, trackers, await metadata.visibility(project.id)));
    }
    const types = absentOf('Redmine', 'tracker', scope.types, (one) => trackers.some(({ id }) => id === one));
    return { projects: absent, types, parts };
  }
}

/** A project lists the trackers whose issues the account may see; none means that it may see no issue at all. */
const withoutIssues = ({ name, tracksIssues }: ProjectInfo): string =>
  tracksIssues
    ? `Redmine shows this account no issues of project "${name}": its role there lacks the permission View Issues, or the ` +
      'project has no tracker'
    : `Issue tracking is switched off in project "${name}" of Redmine`;

const LEVELS: readonly Visibility[] = ['own', 'default', 'all'];

/** What a role may hide of a project: each tracker, issues of others, private issues of others. */
function partsOf(
  project: string,
  { name, trackers }: ProjectInfo,
  types: string[],
  known: Named[],
  visibility: Visibility | undefined,
): Part[] {
  const parts = types.map(
    (type): Part => ({
      ...{ project, name: `tracker ${type}`, isShown: trackers.some(({ id }) => id === type) },
      why:
        `Redmine no longer shows this account issues of tracker "${known.find(({ id }) => id === type)?.name ?? type}" in ` +
        `project "${name}": its role's permission View Issues leaves the tracker out, or the project does`,
    }),
  );
  if (visibility === undefined) return parts;
  const level = LEVELS.indexOf(visibility);
  const hidden = (part: string, needed: Visibility, what: string): Part => ({
    ...{ project, name: part, isShown: level >= LEVELS.indexOf(needed) },
    why: `Redmine no longer shows this account ${what} in project "${name}": its role's setting Issues visibility was narrowed`,
  });
  return [
    ...parts,
    hidden('others', 'default', 'issues of other people'),
    hidden('private', 'all', 'private issues of other people'),
  ];
}
