/**
 * Work items → entities. Read 200 at a time
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/get-work-items-batch). What our own writes answered is
 * remembered for the poll in which they come back, which then needs no read; and what was last read is remembered as the
 * base of the next write.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { Recent } from '../cache';
import type { ReadResult } from '../connector';
import { readInParts } from '../in-parts';
import { type AzureDevOpsApi, MOST_READ } from './api';
import { PARENT } from './field-types';
import type { Metadata } from './metadata';
import type { People } from './people';
import { hasLeft, idOf, isoOf, type Json, listOf, type RawWorkItem, textOf, userOf, workItemOf } from './shapes';
import { valuesOf } from './values';

const MOST_BASES = 2_000;
const MOST_OWN = 500;
/** A large entity is read again rather than kept, characters of JSON. */
const LARGEST_OWN = 20_000;

/** Work items that an answer lacks without a hole are asked for one by one, if there are not more than this. */
const MOST_ASKED_ALONE = 20;

/** What became of a question for work items. */
interface Delivery {
  items: Map<number, RawWorkItem>;
  /** not delivered: nothing may be concluded */
  failed: Map<number, SyncError>;
  /** the answer has nothing in their place */
  holes: Set<number>;
  /** the answer does not speak of them */
  leftOut: Set<number>;
}

const unseen = (id: number): SyncError =>
  new SyncError(
    'forbidden',
    `Azure DevOps says that work item ${id} does not exist, or that this account may not read it (TF401232), and it is not ` +
      'in the recycle bin. Check the permission "View work items in this node" on its area; if it was destroyed, skip this.',
  );

export class WorkItemReader {
  /** id → the work item as a caller last read it: what its next write is based on */
  private readonly bases = new Recent<number, RawWorkItem>(MOST_BASES);
  /** `id@rev` → what our own write answered */
  private readonly own = new Recent<string, Entity>(MOST_OWN);

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  /** @see Connection.read */
  async read(ids: EntityId[]): Promise<ReadResult[]> {
    const { items, failed } = await this.deliver(ids.flatMap((id) => idOf(id) ?? []));
    const results = new Map<EntityId, ReadResult>();
    for (const [id, error] of failed) results.set(String(id), error);
    for (const item of items.values()) {
      const entity = await this.described(item);
      results.set(String(item.id), entity);
      if (!(entity instanceof SyncError)) this.bases.set(item.id, lean(item));
    }
    return ids.map((id) => results.get(id));
  }

  /** @see Connection.byKey */
  async byKey(key: string): Promise<Entity | undefined> {
    const id = idOf(key.trim().replace(/^#/, ''));
    const item = id === undefined ? undefined : (await this.items([id])).get(id);
    return item && this.entity(item);
  }

  /** Those that come, by id; what does not is left out, for whatever reason. @param relations with links */
  async items(ids: Iterable<number>, relations = false): Promise<Map<number, RawWorkItem>> {
    const { items } = await this.batches(ids, relations);
    return items;
  }

  /** What comes, and why what does not; what is in neither is gone, and the recycle bin says so. @param relations with links */
  async deliver(ids: Iterable<number>, relations = false): Promise<Delivery> {
    const delivery = await this.batches(ids, relations);
    await this.findOut(delivery);
    return delivery;
  }

  private async batches(ids: Iterable<number>, relations: boolean): Promise<Delivery> {
    const wanted = [...new Set(ids)];
    const delivery: Delivery = { items: new Map(), failed: new Map(), holes: new Set(), leftOut: new Set() };
    for (let at = 0; at < wanted.length; at += MOST_READ) {
      const some = wanted.slice(at, at + MOST_READ);
      const { found, failed } = await readInParts(
        some.map(String),
        (part) => this.batch(part.map(Number), relations),
        () => this.metadata.projects(0),
      );
      for (const one of found) {
        if (typeof one === 'number') delivery.holes.add(one);
        else delivery.items.set(one.id, one);
      }
      for (const [id, error] of failed) delivery.failed.set(Number(id), error);
      for (const id of some) {
        const isKnown = delivery.items.has(id) || delivery.failed.has(id) || delivery.holes.has(id);
        if (!isKnown) delivery.leftOut.add(id);
      }
    }
    return delivery;
  }

  /** Work items, and the ids of those for which the answer has a hole. */
  private async batch(ids: number[], relations: boolean): Promise<(RawWorkItem | number)[]> {
    const body = { ids, errorPolicy: 'omit', ...(relations ? { $expand: 'relations' } : {}) };
    const answer = await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true });
    const list: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    const isInOrder = list.length === ids.length;
    return list.flatMap((json, index): (RawWorkItem | number)[] => {
      // what is omitted is null in the list
      if (json === null) return isInOrder ? [ids[index] ?? []].flat() : [];
      return [workItemOf(json)];
    });
  }

  /**
   * A hole means "does not exist, or you do not have permissions to read it", which is no evidence: an area whose permission
   * was taken away looks the same. The recycle bin is evidence.
   */
  private async findOut({ items, failed, holes, leftOut }: Delivery): Promise<void> {
    const open = [...holes, ...leftOut];
    const deleted = new Set<number>();
    for (let at = 0; at < open.length; at += MOST_READ)
      for (const id of await this.deletedOf(open.slice(at, at + MOST_READ), failed)) deleted.add(id);
    let asked = 0;
    for (const id of open) {
      if (deleted.has(id) || failed.has(id)) continue;
      if (holes.has(id)) failed.set(id, unseen(id));
      else if (asked++ < MOST_ASKED_ALONE) await this.alone(id, items, failed);
      else failed.set(id, new SyncError('transient', `Azure DevOps left work item ${id} out of its answer`));
    }
  }

  /** Those that are in the recycle bin (https://learn.microsoft.com/rest/api/azure/devops/wit/recyclebin). */
  private async deletedOf(ids: number[], failed: Map<number, SyncError>): Promise<number[]> {
    try {
      const found = listOf(await this.api.json('GET', '_apis/wit/recyclebin', { query: { ids: ids.join(',') } }));
      const isDeleted = ({ code, deletedDate }: Json) =>
        deletedDate !== undefined && deletedDate !== null && (code === undefined || Number(code) < 300);
      return found.filter(isDeleted).map(({ id }) => Number(id));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'rateLimited') throw error;
      // an account, or a token, that may not look into it has no evidence; a dead token has been noticed before
      if (error.kind === 'transient' || error.kind === 'fatal') for (const id of ids) failed.set(id, error);
      return [];
    }
  }

  private async alone(id: number, items: Map<number, RawWorkItem>, failed: Map<number, SyncError>): Promise<void> {
    try {
      items.set(id, workItemOf(await this.api.json('GET', `_apis/wit/workitems/${id}`)));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'auth' || error.kind === 'rateLimited') throw error;
      failed.set(id, error.kind === 'notFound' ? unseen(id) : error);
    }
  }

  /** Revisions only, for those that are there. */
  async revisions(ids: number[]): Promise<Map<number, number>> {
    const body = { ids: ids.slice(0, MOST_READ), fields: ['System.Id', 'System.Rev'], errorPolicy: 'omit' };
    const list = listOf(await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true }));
    return new Map(list.map(workItemOf).map((item) => [item.id, item.rev]));
  }

  /**
   * For polling: entities by id, from `id@rev` of the feed. What our own write answered in that very revision is not read
   * again; everything else is read as it is now. What is in neither is gone.
   */
  async seen(
    revisions: { id: number; rev: number }[],
  ): Promise<{ entities: Map<number, Entity>; failed: Map<number, SyncError> }> {
    const entities = new Map<number, Entity>();
    for (const { id, rev } of revisions) {
      const known = this.own.take(`${id}@${rev}`);
      if (known) entities.set(id, known);
    }
    const { items, failed } = await this.deliver(revisions.map(({ id }) => id).filter((id) => !entities.has(id)));
    for (const item of items.values()) {
      const entity = await this.described(item);
      if (entity instanceof SyncError) failed.set(item.id, entity);
      else entities.set(item.id, entity);
    }
    return { entities, failed };
  }

  /** The entity, or why this one cannot be described: its project or type is out of sight. */
  private async described(item: RawWorkItem): Promise<Entity | SyncError> {
    try {
      return await this.entity(item);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound' && error.kind !== 'forbidden') throw error;
      return new SyncError('forbidden', `Work item ${item.id} cannot be described: ${error.message}`, error.detail);
    }
  }

  async entity(item: RawWorkItem): Promise<Entity> {
    const { id, fields } = item;
    const projectName = textOf(fields['System.TeamProject']);
    const type = textOf(fields['System.WorkItemType']);
    if (projectName === undefined || type === undefined) {
      throw new SyncError('fatal', `Work item ${id} came without its project or type: check the URL`);
    }
    const project = await this.metadata.project(projectName);
    const infos = await this.metadata.fieldsFor(project.id, type, fields);
    for (const { id: field, type: kind } of infos)
      if (kind === 'user' && !hasLeft(fields[field])) this.people.met(userOf(fields[field]));
    const key = String(id);
    const updatedAt = isoOf(fields['System.ChangedDate']) ?? '';
    const createdAt = isoOf(fields['System.CreatedDate']);
    const createdBy = userOf(fields['System.CreatedBy']);
    const updatedBy = userOf(fields['System.ChangedBy']);
    return {
      id: key,
      key,
      url: this.url(key, project.name),
      type,
      project: project.id,
      version: versionOf(item),
      ...(createdAt ? { createdAt } : {}),
      updatedAt,
      ...(createdBy ? { createdBy } : {}),
      ...(updatedBy ? { updatedBy } : {}),
      fields: valuesOf(infos, fields, { markdown: item.markdown, url: (other) => this.url(other) }),
    };
  }

  /** The entity that a write's answer shows; remembered for the poll in which it comes back. */
  async written(item: RawWorkItem): Promise<Entity> {
    const entity = await this.entity(item);
    if (JSON.stringify(entity).length <= LARGEST_OWN) this.own.set(`${item.id}@${item.rev}`, entity);
    return entity;
  }

  /** What the next write of a work item is based on, once. Undefined where nobody has read it since the last write. */
  takeBase(id: number): RawWorkItem | undefined {
    return this.bases.take(id);
  }

  /** Address of a work item's page. */
  url(id: string, project?: string): string {
    return `${this.api.baseUrl}${project === undefined ? '' : `${encodeURIComponent(project)}/`}_workitems/edit/${id}`;
  }
}

/**
 * The revision; and the parent, since a parent that was set on the parent's form gives the child no new revision
 * (https://github.com/Sedeniono/ADO-History-Diff/issues/3 has an example of an update without one).
 */
function versionOf({ rev, fields }: RawWorkItem): string {
  const parent = textOf(fields[PARENT]);
  return parent === undefined ? String(rev) : `${rev}^${parent}`;
}

/** The revision within a version. */
export const revisionOf = (version: string): number => Number.parseInt(version, 10);

/** Without the values of long texts: only that there are some matters for a write. */
function lean(item: RawWorkItem): RawWorkItem {
  const fields = Object.fromEntries(
    Object.entries(item.fields).map(([id, value]) => [
      id,
      typeof value === 'string' && value.length > 200 ? '…' : value,
    ]),
  );
  return { ...item, fields };
}
