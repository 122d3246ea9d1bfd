/**
 * Comments and attachments of issues. On Cloud, issues include both, a hundred issues in a request, from the database
 * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/). On Data Center, each issue needs a request, since several at
 * once are read from an index, which may lag behind.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { PartsResult, Scope } from '../connector';
import { ATTACHMENT } from '../kit/attachments';
import { COMMENT } from '../kit/comments';
import { eachAlone } from '../kit/each-alone';
import { FETCH, type JiraApi } from './api';
import type { AttachmentReader } from './attachments/reader';
import type { CommentReader } from './comments/reader';
import { isIssueId, type Owners, PLACE } from './owners';
import type { IssueReader } from './reading';
import type { RawIssue } from './shapes';

/** The fields of an issue that show parts of these types. Comments tell which files not everybody sees. */
const FIELDS: Record<string, string[]> = { [COMMENT]: ['comment'], [ATTACHMENT]: ['attachment', 'comment'] };

export class PartReader {
  constructor(
    private readonly api: JiraApi,
    private readonly owners: Owners,
    private readonly issues: IssueReader,
    private readonly comments: CommentReader,
    private readonly attachments: AttachmentReader,
    /** parallel requests on Data Center, one for each issue */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.parts */
  async of(scope: Scope, owners: EntityId[], types: string[]): Promise<PartsResult[]> {
    const kinds = [COMMENT, ATTACHMENT].filter((type) => types.includes(type));
    if (kinds.length === 0) return owners.map(() => []);
    const wanted = [...new Set(owners.filter(isIssueId))];
    const results = new Map<EntityId, PartsResult>();
    const fields = [...new Set([...PLACE, ...kinds.flatMap((kind) => FIELDS[kind] ?? [])])];
    const found = await this.read(wanted, fields, results);
    await this.each(found, results, async (issue) => {
      results.set(issue.id, await this.partsOf(issue, kinds));
    });
    await this.explain(scope, wanted, kinds, results);
    return owners.map((id) => results.get(id));
  }

  private async partsOf(issue: RawIssue, kinds: readonly string[]): Promise<PartsResult> {
    const owner = await this.owners.of(issue);
    const [withComments, withFiles] = [kinds.includes(COMMENT), kinds.includes(ATTACHMENT)];
    const said = withComments ? await this.comments.all(issue, owner) : undefined;
    const comments = said ? await this.comments.entities(said, owner) : [];
    if (!withFiles) return comments;
    const files = await this.attachments.ofIssue(issue, owner, async () => said ?? this.comments.all(issue, owner));
    // a hidden field says nothing about the files: none of them counts as deleted
    if (!files) return { shown: comments, all: [COMMENT] };
    return [...comments, ...files].sort(older);
  }

  /** Issues with these fields. @param results gets the errors of those not delivered */
  private async read(ids: EntityId[], fields: string[], results: Map<EntityId, PartsResult>): Promise<RawIssue[]> {
    const found: RawIssue[] = [];
    if (this.api.isCloud) {
      for (const some of chunk(ids, FETCH)) {
        const brought = await this.api.issues(some, { fields, certain: true });
        append(found, brought.found);
        for (const [id, error] of brought.errors) results.set(id, error);
      }
      return found;
    }
    await this.each(
      ids.map((id) => ({ id })),
      results,
      async ({ id }) => {
        found.push(await this.api.issue(id, { fields }));
      },
    );
    return found;
  }

  /** A missing one gets no result. @throws SyncError if the account is rejected */
  private each<One extends { id: EntityId }>(
    some: One[],
    results: Map<EntityId, PartsResult>,
    work: (one: One) => Promise<void>,
  ): Promise<void> {
    return eachAlone(some, this.concurrency, work, ({ id }, error) => {
      if (error.kind !== 'notFound') results.set(id, error);
    });
  }

  /** The issues without a result: deleted, or not visible together with their project. */
  private async explain(
    scope: Scope,
    ids: EntityId[],
    kinds: readonly string[],
    results: Map<EntityId, PartsResult>,
  ): Promise<void> {
    const things = kinds.map((kind) => (kind === COMMENT ? 'comments' : 'attachments')).join(' and ');
    for (const id of ids) {
      if (results.has(id)) continue;
      const why = await this.issues.hidden(id, scope.projects);
      if (why) results.set(id, new SyncError('forbidden', `The ${things} of issue ${id} are not shown. ${why}`));
    }
  }
}

/** Keeps the order of those of one time. */
const older = (a: Entity, b: Entity): number => Date.parse(a.createdAt ?? '') - Date.parse(b.createdAt ?? '');
