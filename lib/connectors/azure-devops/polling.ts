/**
 * Polls the reporting feed of work item revisions
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/reporting-work-item-revisions/read-reporting-revisions-get).
 *
 * Why the feed and not a query (WIQL) by change time: the feed follows the collection's own count of revisions, so
 * equal times do not matter, nor the limit of 20,000 matches at which a query fails, and one request covers all
 * projects of a scope. A poll without changes is one request, as with a query. Changes cost one more per 200, because a
 * query returns only ids, and the feed does not report the format of long texts. The feed is asked for five small
 * fields, so reading something twice costs next to nothing.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { presentOf } from '../kit/overlap/members';
import { isSameText } from '../kit/people';
import { Recent } from '../kit/recent';
import { type Announced, changesByToken, FeedMemory, type FeedPage, tokenBehind } from '../kit/tokens/feed';
import type { LinkPage } from '../kit/tokens/links';
import { timeOf } from '../kit/tokens/position';
import type { AzureDevOpsApi } from './api';
import { FRESH_MS, LASTING_MS, type Metadata, type ProjectInfo, type TypeInfo } from './metadata';
import { revisionOf, type WorkItemReader } from './reading';
import { idOf, isJson, isoOf, type Json, listOf, textOf } from './shapes';
import type { Wiql } from './wiql';

/** Maximum delay of a revision, by the server's clock. */
const SETTLE_MS = 120_000;
/** The feed compares with "after", and drops fractions in some versions. */
const START_MARGIN_MS = 2_000;
const FEED_PAGE = 500;
const FIELDS = 'System.Id,System.Rev,System.ChangedDate,System.TeamProject,System.WorkItemType';

interface Change extends Announced {
  project: string;
  type: string;
}

export class RevisionPoller {
  private readonly memory = new FeedMemory('Azure DevOps', 'work items');
  /** types of a scope that still exist, if some do not */
  private readonly knownTypes = new Recent<string, string[]>(20);

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly reader: WorkItemReader,
    private readonly wiql: Wiql,
    /** reads the feed of links, too */
    private readonly watchLinks: boolean,
  ) {}

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const { projects } = await this.within(scope, FRESH_MS);
    const [id] = await this.wiql.latest(projects, scope.types, 1);
    const item = id === undefined ? undefined : (await this.reader.items([id])).get(id);
    const at = timeOf(item?.fields['System.ChangedDate']);
    return item && at ? tokenBehind({ ...item, at }) : undefined;
  }

  /** @see Connection.latest */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const { projects } = await this.within(scope, FRESH_MS);
    const ids = await this.wiql.latest(projects, scope.types, limit);
    const items = await this.reader.items(ids);
    const found = ids.map((id) => items.get(id)).filter((item) => item !== undefined);
    const described = await Promise.all(found.map((item) => this.reader.described(item)));
    return described.filter((one): one is Entity => !(one instanceof SyncError));
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { api, reader } = this;
    const { feed, missing } = await this.within(scope);
    const root = `${feed === '*' ? '' : `${feed}/`}_apis/wit/reporting`;
    const clock = { settleMs: SETTLE_MS, now: () => api.rest.now() };
    const revisions = {
      ...{ product: 'Azure DevOps', thing: 'work item', name: feed, ...clock, missing, revisionOf },
      page: (token: string | undefined, time: string | undefined) => this.page(scope, root, token, time),
      relevant: (changes: Change[]) => this.relevant(changes, scope),
      read: reader.seen.bind(reader),
      revisions: reader.revisions.bind(reader),
      includes: ({ project, type }: Entity) => scope.projects.includes(project) && isOneOf(scope.types, type),
      links: this.watchLinks ? { ...clock, page: linkFeed(api, root) } : undefined,
    };
    yield* changesByToken(revisions, this.memory, checkpoint, pageSize);
  }

  /**
   * The existing projects of a scope, and the feed to read: that of the single project, or `*`, the collection's.
   *
   * @throws notFound if none exists
   */
  private async within({ projects }: Scope, maxAgeMs = LASTING_MS) {
    // a query that names a deleted project finds nothing in the others
    if (maxAgeMs < LASTING_MS) await this.metadata.projects(maxAgeMs);
    const { present, missing } = await presentOf(projects, (id) => this.metadata.project(id));
    const [only] = present;
    // the feed stays the same while a project is missing
    const feed = projects.length === 1 && only ? only.id : '*';
    return { feed, projects: present, ...(missing.length > 0 && { missing }) };
  }

  private async page(
    scope: Scope,
    root: string,
    continuationToken: string | undefined,
    time: string | undefined,
  ): Promise<FeedPage<Change>> {
    const startDateTime = time && new Date(Date.parse(time) - START_MARGIN_MS).toISOString();
    const page = async (types: string[]): Promise<FeedPage<Change>> => {
      const query = { fields: FIELDS, types: types.join(','), includeLatestOnly: true, $maxPageSize: FEED_PAGE };
      const body = await this.api.json('GET', `${root}/workitemrevisions`, {
        query: { ...query, continuationToken, startDateTime },
      });
      const changes = listOf(body, 'values').flatMap(changeOf);
      return { changes, token: textOf(body.continuationToken), last: body.isLastBatch !== false };
    };
    try {
      return await page(this.knownTypes.get(keyOf(scope)) ?? scope.types);
    } catch (thrown) {
      const types = await this.typesLeft(scope, thrown);
      if (!types) throw thrown;
      return page(types);
    }
  }

  /**
   * A type that no process has any longer is rejected, and would block the polling of all others.
   * @returns the types that still exist, if some do not; undefined if the failure has another reason
   * @throws notFound if none of them exists
   */
  private async typesLeft(scope: Scope, thrown: unknown): Promise<string[] | undefined> {
    const isOfType = thrown instanceof SyncError && (thrown.kind === 'notFound' || thrown.kind === 'invalid');
    if (!isOfType) return undefined;
    const { projects } = await this.within(scope);
    const there: TypeInfo[] = [];
    for (const project of projects) append(there, await this.typesOf(project));
    const left = scope.types.filter((type) => there.some(({ name }) => isSameText(name, type)));
    if (left.length === scope.types.length) return undefined;
    if (left.length === 0) {
      const words = `No process has the work item type ${scope.types.join(', ')} any longer`;
      throw new SyncError('notFound', `${words}, or this account may not see it: check the integration's pairs`);
    }
    this.knownTypes.set(keyOf(scope), left);
    return left;
  }

  /** None if the project was deleted meanwhile. */
  private async typesOf(project: ProjectInfo): Promise<TypeInfo[]> {
    try {
      return await this.metadata.types(project, 0);
    } catch (thrown) {
      if (asSyncError(thrown).kind === 'notFound') return [];
      throw thrown;
    }
  }

  /** Work items of the scope. The feed names projects, and an administrator may rename them at any time. */
  private async relevant(changes: Change[], { projects, types }: Scope): Promise<Change[]> {
    const ofType = changes.filter(({ type }) => isOneOf(types, type));
    if (ofType.length === 0) return [];
    const ids = await this.metadata.idsOf(new Set(ofType.map(({ project }) => project)));
    return ofType.filter(({ project }) => projects.includes(ids.get(project.toLowerCase()) ?? ''));
  }
}

const isOneOf = (types: readonly string[], type: string): boolean => types.some((one) => isSameText(one, type));
const keyOf = ({ projects, types }: Scope): string => JSON.stringify([projects, types]);

function changeOf(json: Json): Change[] {
  const shown = isJson(json.fields) ? json.fields : {};
  const id = textOf(json.id ?? shown['System.Id']);
  const rev = Number(json.rev ?? shown['System.Rev']);
  const at = timeOf(shown['System.ChangedDate']);
  if (id === undefined || !Number.isInteger(rev) || at === undefined) return [];
  const [project = '', type = ''] = [textOf(shown['System.TeamProject']), textOf(shown['System.WorkItemType'])];
  return [{ id, rev, at, project, type }];
}

const HIERARCHY = 'System.LinkTypes.Hierarchy-';

/**
 * Links that were made on the other work item. They change what this one shows, but not its revision, so the feed of
 * revisions does not show it; the feed of links does
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/reporting-work-item-links/get).
 */
const linkFeed =
  (api: AzureDevOpsApi, root: string) =>
  async (continuationToken: string | undefined, startDateTime: string | undefined): Promise<LinkPage> => {
    const body = await api.json('GET', `${root}/workitemlinks`, { query: { continuationToken, startDateTime } });
    const changes = listOf(body, 'values').map(linkOf);
    return { changes, token: textOf(body.continuationToken), last: body.isLastBatch !== false };
  };

/** Of the hierarchy only the child has a field, its parent; of other links both ends. */
function linkOf({ rel, attributes }: Json): LinkPage['changes'][number] {
  const { sourceId, targetId, changedDate, isActive } = isJson(attributes) ? attributes : {};
  const [source, target] = [textOf(sourceId) ?? '', textOf(targetId) ?? ''];
  const kind = String(rel);
  const child = kind.endsWith('-Reverse') ? source : target;
  const ends = kind.startsWith(HIERARCHY) ? [child] : [source, target];
  return {
    key: `${kind}:${source}>${target}@${isoOf(changedDate)}:${isActive}`,
    ids: ends.flatMap((id) => idOf(id) ?? []),
  };
}
