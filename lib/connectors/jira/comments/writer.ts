/**
 * Writes comments, one request for each; those of one issue one after the other. The answer is the written comment.
 * If a comment that should be internal comes out public, it is deleted at once.
 */

import type { EntityId, ProjectId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { Value } from '../../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../../connector';
import { type Seen, takesComment, takesVisibility } from '../../kit/comments';
import { removeEach } from '../../kit/each-alone';
import { isJson, type Json, stableText } from '../../kit/json';
import { Recent } from '../../kit/recent';
import { collectProblems, firstOf, Problem } from '../../kit/wanted';
import { type Prepared, queueOf, refuseProblems, type Sent, writeEach } from '../../kit/writes';
import { documentOf } from '../adf';
import type { JiraApi } from '../api';
import type { Metadata } from '../metadata';
import type { Owner, Owners } from '../owners';
import { userOf } from '../people';
import type { IssueReader } from '../reading';
import type { Pace } from './pace';
import { type CommentReader, MARKER } from './reader';
import type { CommentRequests } from './requests';
import { type CommentVerb, explained } from './rights';
import { commentId, fieldsOfComments, HIDES, idOf, placeIn, restrictionOf, seenBy } from './shape';

interface Ready {
  owner: Owner;
  /** the text in Jira's format */
  body?: Json | string;
  seenBy?: Seen;
}

interface Shown {
  json: Json;
  owner: Owner;
}

/** After an internal comment came out public, no other one is written to the project for this time: customers would see each, and get a mail. */
const LEAK_MS = 3_600_000;
const MOST_LEAKS = 1_000;

export class CommentWriter {
  /** project → when an internal comment came out public there, in ms of this process */
  private readonly leaks = new Recent<ProjectId, number>(MOST_LEAKS);

  constructor(
    private readonly api: JiraApi,
    private readonly requests: CommentRequests,
    private readonly reader: CommentReader,
    private readonly metadata: Metadata,
    private readonly owners: Owners,
    private readonly issues: IssueReader,
    private readonly pace: Pace,
    private readonly concurrency: number,
  ) {}

  /** @see Connection.write */
  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    const owners = await this.owners.all(operations.flatMap((operation) => issueOf(operation) ?? []));
    return writeEach<Ready, Shown>(
      {
        ...{ product: 'Jira', thing: 'Comment ', concurrency: this.concurrency, anyText: true },
        queue: (operation, index) => issueOf(operation) ?? queueOf(operation, index),
        prepare: (operation) => this.prepare(scope, operation, owners),
        send: (operation, ready) =>
          operation.kind === 'create' ? this.create(operation, ready) : this.edit(operation.id, ready),
        describe: (shown) => Promise.all(shown.map(({ json, owner }) => this.reader.entity(json, owner))),
        readBack: (ids) => this.reader.read(scope, ids),
      },
      operations,
    );
  }

  /** @see Connection.remove */
  async remove(scope: Scope, ids: EntityId[]): Promise<(SyncError | undefined)[]> {
    return removeEach(
      ids,
      (id) => placeIn(id)?.issue,
      this.concurrency,
      (id) => this.removed(scope, id),
    );
  }

  private async removed(scope: Scope, id: EntityId): Promise<SyncError | undefined> {
    const place = placeIn(id);
    if (!place) return new SyncError('invalid', `${id} is not a comment, so it was not deleted`);
    const { issue, comment } = place;
    try {
      await this.pace.run(issue, () => this.requests.remove(issue, comment));
      return undefined;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound') return this.explained(error, 'delete', id);
    }
    // if Jira shows the issue, the comment is already deleted
    const [owner] = await this.issues.byId([issue], scope);
    return owner instanceof SyncError ? owner : undefined;
  }

  private async prepare(
    scope: Scope,
    operation: WriteOperation,
    owners: ReadonlyMap<EntityId, Owner | SyncError>,
  ): Promise<Prepared<Ready>> {
    const isNew = operation.kind === 'create';
    const about = isNew ? 'A new comment' : `Comment ${operation.id}`;
    const issue = issueOf(operation);
    if (issue === undefined) throw new SyncError('invalid', `${about} was not written: it has no issue`);
    const owner = owners.get(issue) ?? (await this.issues.byId([issue], scope))[0];
    if (owner instanceof SyncError) throw owner;
    if (owner === undefined || 'version' in owner)
      throw new SyncError('notFound', `${about} was not written: Jira shows this account no issue ${issue}`);
    const request: Ready = { owner };
    const expected: Record<string, Value> = {};
    const ignored: Record<string, string> = {};
    const problems = await collectProblems(operation.fields, async (id, value) => {
      const field = fieldsOfComments(this.api.isCloud, owner.isService).find((one) => one.id === id);
      if (!field) throw new Problem(`Comments have no field "${id}"`);
      if (id === 'text') {
        request.body = this.bodyOf(value);
        expected.text = { format: this.api.isCloud ? 'adf' : 'jira-wiki', content: contentOf(request.body) };
      } else if (id === 'visibility') {
        request.seenBy = visibilityIn(value, owner);
        if (request.seenBy === 'internal') this.checkLeak(owner);
        expected.visibility = { id: request.seenBy, name: request.seenBy };
      } else ignored[id] = `${field.name} is kept by Jira and cannot be written`;
    });
    if (isNew && !('text' in operation.fields)) problems.text = 'Text must not be empty';
    refuseProblems(about, problems);
    return { request, expected, ignored };
  }

  /** @throws Problem if it has no visible text: Jira's answers to that differ */
  private bodyOf(value: Value): Json | string {
    const one = firstOf(value);
    const text = takesComment(one);
    if (!this.api.isCloud) return text;
    return documentOf(typeof one === 'object' && one !== null && 'content' in one ? one : text);
  }

  private async create(
    { marker }: Extract<WriteOperation, { kind: 'create' }>,
    { owner, body, seenBy: wanted }: Ready,
  ): Promise<Sent<Shown>> {
    const properties = [
      ...(marker === undefined ? [] : [{ key: MARKER, value: { marker } }]),
      ...(wanted === 'internal' ? [{ key: HIDES, value: { internal: true } }] : []),
    ];
    const request = { body, ...(properties.length > 0 && { properties }) };
    const written = await this.sent(owner.id, 'create', undefined, () => this.requests.create(owner.id, request));
    const json = await this.checked(owner, written, wanted, true);
    return this.shown(json, owner);
  }

  private async edit(id: EntityId, { owner, body, seenBy: wanted }: Ready): Promise<Sent<Shown>> {
    const before = await this.reader.lastSeen(id);
    const was = seenBy(before, owner);
    const restriction = restrictionOf(before);
    if (wanted === 'public' && restriction !== undefined) {
      const words = `Comment ${id} was not changed: in Jira it is restricted to ${restriction}, and only a person makes it public`;
      throw new SyncError('invalid', words, { fields: { visibility: `it is restricted to ${restriction}` } });
    }
    const place = placeIn(id);
    if (!place) throw new SyncError('invalid', `${id} is not a comment`);
    const { issue, comment } = place;
    // the text follows when only the team can see the comment
    let json: Json | undefined;
    const moves = wanted !== undefined && wanted !== was;
    if (moves && wanted === 'internal') json = await this.hidden(id, owner);
    if (body !== undefined) {
      const { visibility } = before;
      const answer = await this.sent(issue, 'edit', id, () =>
        this.requests.edit(issue, comment, { body, ...(isJson(visibility) && { visibility }) }).catch((thrown) => {
          // a reply inherits its visibility and rejects the property
          if (!isJson(visibility) || asSyncError(thrown).kind !== 'invalid') throw thrown;
          return this.requests.edit(issue, comment, { body });
        }),
      );
      json = await this.checked(owner, answer, wanted ?? was, false);
    }
    if (moves && wanted === 'public') {
      await this.sent(issue, 'edit', id, () => this.requests.hide(comment, false));
      json = undefined;
    }
    json ??= await this.reader.toldAlone(await this.requests.one(issue, comment), owner);
    return this.shown(json, owner);
  }

  /** @throws SyncError invalid if customers can see it nevertheless */
  private async hidden(id: EntityId, owner: Owner): Promise<Json> {
    const { issue = '', comment = '' } = placeIn(id) ?? {};
    await this.sent(issue, 'edit', id, () => this.requests.hide(comment, true));
    const json = await this.reader.toldAlone(await this.requests.one(issue, comment), owner);
    if (seenBy(json, owner) === 'internal') return json;
    this.leaks.set(owner.project, performance.now());
    throw stillPublic(`Comment ${id}`, 'its text was not changed');
  }

  /** @throws Problem */
  private checkLeak({ project, key }: Owner): void {
    const last = this.leaks.get(project);
    if (last === undefined || performance.now() - last > LEAK_MS) return;
    throw new Problem(
      `Visibility: Jira has just shown an internal comment of this project to customers; none is added to ${key} for an hour`,
    );
  }

  /** The new comment, as Jira shows it. @throws SyncError invalid if it is public but should be internal */
  private async checked(owner: Owner, answer: Json, wanted: Seen | undefined, isNew: boolean): Promise<Json> {
    const json = await this.reader.toldAlone(answer, owner);
    if (wanted !== 'internal' || seenBy(json, owner) === 'internal') return json;
    this.leaks.set(owner.project, performance.now());
    const comment = idOf(json);
    const isOwn = userOf(json.author)?.id === userOf(await this.metadata.myself())?.id;
    if (!isNew) {
      await this.requests.hide(comment, true);
      const again = await this.reader.toldAlone(await this.requests.one(owner.id, comment), owner);
      if (seenBy(again, owner) === 'internal') return again;
    }
    if (!isOwn) throw stillPublic(`Comment ${comment} of ${owner.key}`, 'somebody else wrote it, and it stays');
    try {
      await this.requests.remove(owner.id, comment);
    } catch (thrown) {
      const { message } = asSyncError(thrown);
      throw stillPublic(`Comment ${comment} of ${owner.key}`, `and it could not be deleted again: ${message}`);
    }
    throw stillPublic(`A comment of ${owner.key}`, 'so it was deleted again at once');
  }

  private shown(json: Json, owner: Owner): Sent<Shown> {
    return { id: commentId(owner.id, idOf(json)), shown: { json, owner }, exact: true };
  }

  private async sent<T>(
    issue: EntityId,
    verb: CommentVerb,
    id: EntityId | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    try {
      return await this.pace.run(issue, send);
    } catch (thrown) {
      throw await this.explained(asSyncError(thrown), verb, id ?? `${issue}#`);
    }
  }

  private async explained(error: SyncError, verb: CommentVerb, id: EntityId): Promise<SyncError> {
    const [issue = ''] = id.split('#');
    const isOwn = async (): Promise<boolean> => {
      if (verb === 'create') return true;
      const author = userOf((await this.reader.lastSeen(id)).author)?.id;
      return author !== undefined && author === userOf(await this.metadata.myself())?.id;
    };
    return explained(this.api, error, verb, issue, isOwn);
  }
}

const issueOf = (operation: WriteOperation): EntityId | undefined =>
  operation.kind === 'create' ? operation.owner : placeIn(operation.id)?.issue;

const contentOf = (body: Json | string): string => (typeof body === 'string' ? body : stableText(body));

/** A missing value means internal. @throws Problem */
function visibilityIn(value: Value, { isService, key }: Owner): Seen {
  const seen = takesVisibility(firstOf(value));
  if (seen === 'public' || isService) return seen;
  throw new Problem(`Visibility: ${key} is in no service project, and everybody who sees the issue sees its comments`);
}

const stillPublic = (what: string, then: string): SyncError =>
  new SyncError('invalid', `${what} was to be internal, and Jira shows it to customers: ${then}`, {
    fields: { visibility: 'Jira did not make it internal' },
  });
