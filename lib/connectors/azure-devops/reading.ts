/**
 * Work items → entities. Read 200 at a time
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/get-work-items-batch). What our own writes answered is
 * remembered for the poll in which they come back, which then needs no read; and what was last read is remembered as the
 * base of the next write.
 */

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { Recent } from '../cache';
import { type AzureDevOpsApi, MOST_READ } from './api';
import { PARENT } from './field-types';
import type { Metadata } from './metadata';
import type { People } from './people';
import { idOf, isoOf, listOf, type RawWorkItem, textOf, userOf, workItemOf } from './shapes';
import { valuesOf } from './values';

const MOST_BASES = 2_000;
const MOST_OWN = 500;
/** A large entity is read again rather than kept, characters of JSON. */
const LARGEST_OWN = 20_000;

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
  async read(ids: EntityId[]): Promise<(Entity | undefined)[]> {
    const items = await this.items(ids.flatMap((id) => idOf(id) ?? []));
    const entities = new Map<EntityId, Entity>();
    for (const item of items.values()) {
      this.bases.set(item.id, lean(item));
      entities.set(String(item.id), await this.entity(item));
    }
    return ids.map((id) => entities.get(id));
  }

  /** @see Connection.byKey */
  async byKey(key: string): Promise<Entity | undefined> {
    const id = idOf(key.trim().replace(/^#/, ''));
    const item = id === undefined ? undefined : (await this.items([id])).get(id);
    return item && this.entity(item);
  }

  /** Those that are there and visible, by id. @param relations with links */
  async items(ids: Iterable<number>, relations = false): Promise<Map<number, RawWorkItem>> {
    const wanted = [...new Set(ids)];
    const found = new Map<number, RawWorkItem>();
    for (let at = 0; at < wanted.length; at += MOST_READ) {
      const body = {
        ids: wanted.slice(at, at + MOST_READ),
        errorPolicy: 'omit',
        ...(relations ? { $expand: 'relations' } : {}),
      };
      // what is omitted is null in the list
      for (const json of listOf(await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true }))) {
        const item = workItemOf(json);
        found.set(item.id, item);
      }
    }
    return found;
  }

  /** Revisions only, for those that are there. */
  async revisions(ids: number[]): Promise<Map<number, number>> {
    const body = { ids: ids.slice(0, MOST_READ), fields: ['System.Id', 'System.Rev'], errorPolicy: 'omit' };
    const list = listOf(await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true }));
    return new Map(list.map(workItemOf).map((item) => [item.id, item.rev]));
  }

  /**
   * For polling: entities by id, from `id@rev` of the feed. What our own write answered in that very revision is not read
   * again; everything else is read as it is now.
   */
  async seen(revisions: { id: number; rev: number }[]): Promise<Map<number, Entity>> {
    const entities = new Map<number, Entity>();
    for (const { id, rev } of revisions) {
      const known = this.own.take(`${id}@${rev}`);
      if (known) entities.set(id, known);
    }
    const items = await this.items(revisions.map(({ id }) => id).filter((id) => !entities.has(id)));
    for (const item of items.values()) entities.set(item.id, await this.entity(item));
    return entities;
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
    for (const info of infos) if (info.type === 'user') this.people.met(userOf(fields[info.id]));
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
