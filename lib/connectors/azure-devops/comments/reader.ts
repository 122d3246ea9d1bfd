/**
 * Reads comments. A request returns all comments of one work item, or some of them by id. A work item includes the number of its
 * comments, so work items without comments need no request.
 */

import type { Entity, EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { FindQuery, FindResult, ReadResult, Revision } from '../../connector';
import { eachAlone } from '../../kit/each-alone';
import { numberOf } from '../../kit/json';
import { remembered } from '../../kit/metadata';
import { Recent } from '../../kit/recent';
import { pointInTime } from '../../kit/zone';
import { noWorkItem, type WorkItemReader } from '../reading';
import type { Json, RawWorkItem } from '../shapes';
import type { CommentRequests, Place } from './requests';
import { entityOf, inOrder, type Owner, ownIdOf, placeIn, revisionsOf } from './shape';

/** Number of parallel requests. */
export const CONCURRENCY = 4;
const MOST = 20_000;
const MOST_SEEN = 2_000;
const HOUR = 3_600_000;

export class CommentReader {
  /** work items that are known to have comments */
  private readonly talkedAbout = new Recent<EntityId, true>(MOST);
  /** comments as last read, without their texts */
  private readonly seen = new Recent<EntityId, Json>(MOST_SEEN);
  private readonly self: () => Promise<string | undefined>;

  constructor(
    private readonly requests: CommentRequests,
    private readonly items: WorkItemReader,
    /** the id of the integration account */
    whoWeAre: () => Promise<string | undefined>,
  ) {
    this.self = remembered(HOUR, 1, whoWeAre);
  }

  async ofItem(item: RawWorkItem, owner: Owner): Promise<Entity[]> {
    return this.entities(await this.commentsOf(item, owner), owner);
  }

  /** @see Connection.read */
  async read(ids: EntityId[]): Promise<ReadResult[]> {
    const wanted = new Map<EntityId, Map<string, EntityId>>();
    for (const id of ids) {
      const place = placeIn(id);
      if (!place) continue;
      const own = wanted.get(place.item) ?? new Map<string, EntityId>();
      wanted.set(place.item, own.set(place.comment, id));
    }
    const { items, failed } = await this.items.deliver(wanted.keys());
    const results = new Map<EntityId, ReadResult>();
    for (const [item, own] of wanted) {
      const error = failed.get(item);
      if (error) for (const id of own.values()) results.set(id, error);
    }
    const faults = new Map<EntityId, ReadResult>();
    await this.each([...items.values()], faults, async (item) => {
      const own = wanted.get(item.id) ?? new Map<string, EntityId>();
      const owner = await this.items.entity(item);
      const place = { project: owner.project, item: item.id };
      const found = await this.some(place, [...own.keys()]);
      for (const json of found) {
        const id = own.get(ownIdOf(json));
        if (id !== undefined && json.isDeleted !== true) results.set(id, this.entity(json, owner));
      }
    });
    for (const [item, fault] of faults) for (const id of wanted.get(item)?.values() ?? []) results.set(id, fault);
    return ids.map((id) => results.get(id));
  }

  /** A comment has no place for a marker, so none is found by one. @see Connection.find */
  async find({ owner, marker, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || createdBySelfSince === undefined) return [];
    const since = pointInTime(createdBySelfSince);
    const { items, failed } = await this.items.deliver([owner]);
    const error = failed.get(owner);
    if (error) throw error;
    const item = items.get(owner);
    const found = item ? await this.ofItem(item, await this.items.entity(item)) : [];
    const self = await this.self();
    const own = found.filter(
      ({ createdBy, createdAt }) => createdBy?.id === self && Date.parse(createdAt ?? '') >= since,
    );
    return own.slice(0, limit);
  }

  /** @see Connection.history */
  async history(id: EntityId): Promise<Revision[]> {
    const place = placeIn(id);
    if (!place) return [];
    const owner = await this.ownerOf(place.item);
    return revisionsOf(await this.requests.versions({ project: owner.project, item: place.item }, place.comment));
  }

  /** As last read, without its text. @throws notFound */
  async lastSeen(id: EntityId): Promise<Json> {
    const place = placeIn(id);
    const known = this.seen.get(id);
    if (known) return known;
    if (!place) throw new SyncError('notFound', `Azure DevOps has no comment ${id}`);
    const owner = await this.ownerOf(place.item);
    return this.requests.one({ project: owner.project, item: place.item }, place.comment);
  }

  /** @throws SyncError if the work item is deleted or was not delivered */
  async ownerOf(id: EntityId): Promise<Owner> {
    const known = this.items.placeOf(id);
    if (known) return { id, key: id, ...known };
    const { items, failed } = await this.items.deliver([id]);
    const item = items.get(id);
    if (!item) throw failed.get(id) ?? noWorkItem(id);
    return this.items.entity(item);
  }

  /** True if the integration account wrote it. */
  async isOwn(json: Json): Promise<boolean> {
    const { createdBy } = json;
    const self = await this.self();
    return self !== undefined && typeof createdBy === 'object' && createdBy !== null && 'id' in createdBy
      ? createdBy.id === self
      : false;
  }

  entity(json: Json, { id, key, type, project }: Owner): Entity {
    const owner = { id, key, type, project };
    const entity = entityOf(json, owner, this.items.pageOf(id));
    const { text: _text, renderedText: _rendered, ...about } = json;
    this.seen.set(entity.id, about);
    this.talkedAbout.set(id, true);
    return entity;
  }

  private entities(comments: Json[], owner: Owner): Entity[] {
    return inOrder(comments).map((json) => this.entity(json, owner));
  }

  private async commentsOf({ id, fields, rev }: RawWorkItem, { project }: Owner): Promise<Json[]> {
    if (numberOf(fields['System.CommentCount']) === 0 && !this.talkedAbout.get(id)) return [];
    const now = async () => (await this.items.revisions([id])).get(id);
    return this.requests.all({ project, item: id }, rev, now);
  }

  /** By their ids; if the service rejects the request, one by one. */
  private async some(place: Place, ids: string[]): Promise<Json[]> {
    let found: Json[] = [];
    try {
      found = await this.requests.some(place, ids);
    } catch (thrown) {
      const { kind } = asSyncError(thrown);
      if (kind !== 'notFound' && kind !== 'invalid') throw thrown;
    }
    const brought = new Set(found.map(ownIdOf));
    for (const id of ids) {
      if (brought.has(id)) continue;
      try {
        found.push(await this.requests.one(place, id));
      } catch (thrown) {
        if (asSyncError(thrown).kind !== 'notFound') throw thrown;
      }
    }
    return found;
  }

  /** @param results gets the errors of those not delivered. @throws SyncError if the account is rejected */
  private async each(
    items: RawWorkItem[],
    results: Map<EntityId, ReadResult>,
    ask: (item: RawWorkItem) => Promise<void>,
  ): Promise<void> {
    // the work item existed a moment ago, so its comments do not count as deleted
    const asUndelivered = (error: SyncError): SyncError =>
      error.kind === 'notFound' ? new SyncError('transient', error.message, error.detail) : error;
    await eachAlone(items, CONCURRENCY, ask, ({ id }, error) => results.set(id, asUndelivered(error)));
  }
}
