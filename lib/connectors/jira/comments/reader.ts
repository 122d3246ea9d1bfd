/**
 * Reads comments. On Cloud, issues include their comments, a hundred issues in a request, from the database
 * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/); known comments are read by id, a thousand in a request. On Data
 * Center, each issue needs a request. On Cloud, an issue includes only some of its comments: the oldest are left out, and a number shows it
 * (https://github.com/atlassian/atlassian-mcp-server/issues/230). Then the issue's own list is read.
 */

import type { Entity, EntityId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { FindQuery, FindResult, ReadResult, Revision, Scope } from '../../connector';
import { eachAlone } from '../../kit/each-alone';
import { isJson, type Json, objectsOf, textOf } from '../../kit/json';
import { Recent } from '../../kit/recent';
import { pointInTime } from '../../kit/zone';
import type { JiraApi } from '../api';
import type { Metadata } from '../metadata';
import { isIssueId, type Owner, type Owners } from '../owners';
import { userOf } from '../people';
import type { IssueReader } from '../reading';
import type { RawIssue } from '../shapes';
import type { CommentRequests } from './requests';
import { entityOf, HIDES, idOf, inOrder, issueIn, placeIn, revisionsOf, toldOf } from './shape';

/** The property with the marker of a create. */
export const MARKER = 'twinflow';
/** Number of comments that are remembered. */
const MOST_SEEN = 2_000;

export class CommentReader {
  /** comments as last read, without their texts */
  private readonly seen = new Recent<EntityId, Json>(MOST_SEEN);

  constructor(
    private readonly api: JiraApi,
    private readonly requests: CommentRequests,
    private readonly metadata: Metadata,
    private readonly owners: Owners,
    private readonly issues: IssueReader,
    /** parallel requests on Data Center, one for each issue */
    private readonly concurrency: number,
  ) {}

  /** @see Connection.read */
  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const wanted = [...new Set(ids)].flatMap((id) => {
      const place = placeIn(id);
      return place ? [{ id, ...place }] : [];
    });
    const owners = await this.owners.all(wanted.map(({ issue }) => issue));
    const results = new Map<EntityId, ReadResult>();
    const readable = wanted.filter(({ id, issue }) => {
      const owner = owners.get(issue);
      if (owner instanceof SyncError) results.set(id, owner);
      return owner !== undefined && !(owner instanceof SyncError);
    });
    const brought = this.api.isCloud ? await this.listed(readable, results) : await this.alone(readable, results);
    for (const [id, json] of brought) {
      const owner = owners.get(placeIn(id)?.issue ?? '');
      if (owner && !(owner instanceof SyncError)) results.set(id, await this.entity(json, owner));
    }
    // Jira gives the same answer for a deleted comment and for one of a hidden issue
    const missing = wanted.filter(({ id }) => !results.has(id));
    if (missing.length > 0) {
      const fates = await this.issues.byId(
        missing.map(({ issue }) => issue),
        scope,
      );
      for (const [index, { id }] of missing.entries()) {
        const fate = fates[index];
        if (fate instanceof SyncError) results.set(id, fate);
      }
    }
    return ids.map((id) => results.get(id));
  }

  /** @see Connection.find */
  async find({ owner: issue, marker, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (issue === undefined || !isIssueId(issue)) return [];
    if (marker === undefined && createdBySelfSince === undefined) return [];
    const owner = (await this.owners.all([issue])).get(issue);
    if (owner === undefined) return [];
    if (owner instanceof SyncError) throw owner;
    const since = createdBySelfSince === undefined ? Number.NEGATIVE_INFINITY : pointInTime(createdBySelfSince);
    const self = userOf(await this.metadata.myself())?.id;
    const all = inOrder(await this.requests.all(issue, true));
    const entities = await this.entities(await this.told(all, owner), owner);
    const own = entities.flatMap((entity, index) => {
      const isOurs = entity.createdBy?.id === self && Date.parse(entity.createdAt ?? '') >= since;
      const json = all[index];
      return isOurs && json ? [{ entity, json }] : [];
    });
    if (marker === undefined) return own.slice(0, limit).map(({ entity }) => entity);
    const markers = await this.markersOf(own.map(({ json }) => json));
    return own.filter(({ json }) => markers.get(idOf(json)) === marker).map(({ entity }) => entity);
  }

  /** @see Connection.history */
  async history(id: EntityId): Promise<Revision[]> {
    const [part] = await this.read({ projects: [], types: [] }, [id]);
    if (part instanceof SyncError) throw part;
    return part ? revisionsOf(part) : [];
  }

  /** As last read, without its text; requested if it was never read. @throws notFound */
  async lastSeen(id: EntityId): Promise<Json> {
    const place = placeIn(id);
    const known = this.seen.get(id);
    if (known) return known;
    if (!place) throw new SyncError('notFound', `Jira has no comment ${id}`);
    return this.requests.one(place.issue, place.comment);
  }

  async entity(json: Json, owner: Owner): Promise<Entity> {
    const entity = entityOf(json, owner, await this.metadata.siteUrl());
    const { body: _body, ...about } = json;
    this.seen.set(entity.id, about);
    return entity;
  }

  /** Adds what Jira shows only in a comment's properties, one request for each. */
  async toldAlone(json: Json, { isService }: Owner): Promise<Json> {
    if (!isService || toldOf(json) !== undefined) return json;
    return { ...json, properties: await this.requests.propertiesOf(idOf(json), [HIDES]) };
  }

  async entities(comments: Json[], owner: Owner): Promise<Entity[]> {
    const entities: Entity[] = [];
    for (const json of inOrder(comments)) entities.push(await this.entity(json, owner));
    return entities;
  }

  /** Requests each alone; a missing one gets no result. @throws SyncError if the account is rejected */
  private async each(
    ids: EntityId[],
    results: Map<EntityId, ReadResult>,
    ask: (id: EntityId) => Promise<void>,
  ): Promise<void> {
    await eachAlone(ids, this.concurrency, ask, (id, error) => {
      if (error.kind !== 'notFound') results.set(id, error);
    });
  }

  /** All comments of an issue that was read with the field `comment`. Reads its own list if the issue does not include all. */
  async all({ id, fields }: RawIssue, owner: Owner): Promise<Json[]> {
    const { comments, total } = isJson(fields.comment) ? fields.comment : {};
    const list = objectsOf(comments);
    const isWhole = Array.isArray(comments) && typeof total === 'number' && list.length >= total;
    const isTold = !owner.isService || list.every((json) => toldOf(json) !== undefined);
    return isWhole && isTold ? list : this.requests.all(id, owner.isService);
  }

  /** Cloud: a thousand in a request. Those missing in the answer are requested alone. */
  private async listed(wanted: Wanted[], results: Map<EntityId, ReadResult>): Promise<Map<EntityId, Json>> {
    const { found, failed } = await this.requests.byIds(wanted.map(({ comment }) => comment));
    const byId = new Map(found.map((json) => [idOf(json), json]));
    const brought = new Map<EntityId, Json>();
    const missing: Wanted[] = [];
    for (const one of wanted) {
      const json = byId.get(one.comment);
      const error = failed.get(one.comment);
      if (json && (issueIn(json) ?? one.issue) === one.issue) brought.set(one.id, json);
      else if (error) results.set(one.id, error);
      else missing.push(one);
    }
    for (const [id, json] of await this.alone(missing, results)) brought.set(id, json);
    return brought;
  }

  /** One by one; several comments of one issue by its list. */
  private async alone(wanted: Wanted[], results: Map<EntityId, ReadResult>): Promise<Map<EntityId, Json>> {
    const brought = new Map<EntityId, Json>();
    const byIssue = new Map<EntityId, Wanted[]>();
    for (const one of wanted) byIssue.set(one.issue, [...(byIssue.get(one.issue) ?? []), one]);
    const faults = new Map<EntityId, ReadResult>();
    await this.each([...byIssue.keys()], faults, async (issue) => {
      const some = byIssue.get(issue) ?? [];
      const isService = this.owners.lastSeen(issue)?.isService === true;
      const [only] = some;
      const known =
        some.length === 1 && only && !(isService && !this.api.isCloud)
          ? [await this.requests.one(issue, only.comment)]
          : await this.requests.all(issue, isService);
      const byId = new Map(known.map((json) => [idOf(json), json]));
      for (const { id, comment } of some) {
        const json = byId.get(comment);
        if (json) brought.set(id, json);
      }
    });
    for (const [issue, fault] of faults) for (const { id } of byIssue.get(issue) ?? []) results.set(id, fault);
    return brought;
  }

  /** The markers of comments, by their own ids. */
  private async markersOf(comments: Json[]): Promise<Map<string, string>> {
    const markers = new Map<string, string>();
    const ids = comments.map(idOf);
    if (ids.length === 0) return markers;
    let known = comments;
    if (this.api.isCloud) {
      const { found, failed } = await this.requests.byIds(ids, true);
      for (const error of failed.values()) throw error;
      known = found;
    }
    for (const json of known) {
      const properties = Array.isArray(json.properties)
        ? objectsOf(json.properties)
        : await this.requests.propertiesOf(idOf(json), [MARKER]);
      const value = properties.find(({ key }) => key === MARKER)?.value;
      const marker = isJson(value) ? textOf(value.marker) : undefined;
      if (marker !== undefined) markers.set(idOf(json), marker);
    }
    return markers;
  }

  private told(comments: Json[], owner: Owner): Promise<Json[]> {
    return Promise.all(comments.map((json) => (owner.isService ? this.toldAlone(json, owner) : json)));
  }
}

interface Wanted {
  id: EntityId;
  issue: EntityId;
  comment: string;
}
