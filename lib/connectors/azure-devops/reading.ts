/**
 * Work items → entities. Read 200 at a time
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/get-work-items-batch). The results of Twinflow's
 * own writes are kept for the poll that meets them, which then needs no read. The last read state is kept as the base
 * of the next write.
 */

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { ReadResult } from '../connector';
import { type Delivery, type DeliverySteps, deliver, deliverSome, describedOr, type Hole } from '../kit/deliver';
import { OwnWrites, Recent } from '../kit/recent';
import type { Revised } from '../kit/tokens/feed';
import { type AzureDevOpsApi, MOST_READ } from './api';
import { PARENT } from './field-types';
import { markersIn } from './hyperlinks';
import { linksDigest } from './links';
import type { Metadata } from './metadata';
import type { People } from './people';
import { hasLeft, idOf, isoOf, listOf, type RawWorkItem, textOf, userOf, workItemOf } from './shapes';
import { valuesOf } from './values';

const MOST_BASES = 2_000;
const MOST_OWN = 500;
/** Larger entities are read again instead of being kept, in characters of JSON. */
const LARGEST_OWN = 20_000;

const hidden = (id: EntityId): SyncError =>
  new SyncError(
    'forbidden',
    `Azure DevOps says that work item ${id} does not exist, or that this account may not read it (TF401232), and it is not ` +
      'in the recycle bin. Check the permission "View work items in this node" on its area; if it was destroyed, skip this.',
  );

export const noWorkItem = (id: EntityId): SyncError =>
  new SyncError('notFound', `Azure DevOps shows this account no work item ${id}`);

/** Maximum number of work items whose place and version are remembered. */
const MOST_PLACES = 20_000;

/** The last known place of a work item, and its revision then. */
interface Place {
  type: string;
  project: string;
  rev: number;
  version: string;
}

export class WorkItemReader {
  private readonly places = new Recent<EntityId, Place & { page: string }>(MOST_PLACES);
  /** id → the work item as a caller last read it: the base of its next write, used once */
  readonly bases = new Recent<EntityId, RawWorkItem>(MOST_BASES);
  /** `id@rev` → the answer to Twinflow's own write */
  private readonly own = new OwnWrites(MOST_OWN, LARGEST_OWN);

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  /** As last read; undefined = never. */
  placeOf(id: EntityId): Place | undefined {
    return this.places.get(id);
  }

  /** @see Connection.read */
  async read(ids: EntityId[]): Promise<ReadResult[]> {
    const results = await this.results(ids, (item) => this.bases.set(item.id, lean(item)));
    return ids.map((id) => results.get(id));
  }

  /** By id the work items that exist, or why they were not delivered. @param keep receives those that can be
   * described */
  private async results(ids: EntityId[], keep?: (item: RawWorkItem) => void): Promise<Map<EntityId, ReadResult>> {
    const { items, failed } = await this.deliver(ids.flatMap((id) => idOf(id) ?? []));
    const results = new Map<EntityId, ReadResult>(failed);
    for (const item of items.values()) {
      const entity = await this.described(item);
      results.set(item.id, entity);
      if (!(entity instanceof SyncError)) keep?.(item);
    }
    return results;
  }

  /** @see Connection.byKey */
  async byKey(key: string): Promise<Entity | undefined> {
    const id = idOf(key.trim().replace(/^#/, ''));
    const item = id === undefined ? undefined : (await this.items([id])).get(id);
    return item && this.entity(item);
  }

  /** @see Connection.markersOf */
  async markersOf(ids: readonly EntityId[]): Promise<string[][]> {
    const { items, failed } = await this.deliver(ids.flatMap((id) => idOf(id) ?? []));
    for (const error of failed.values()) throw error;
    return ids.map((id) => markersIn(items.get(id)));
  }

  /** Work items that are delivered, by id; others are left out, for whatever reason. */
  async items(ids: EntityId[]): Promise<Map<EntityId, RawWorkItem>> {
    return (await deliverSome(this.steps(), ids)).items;
  }

  /** Returns what is delivered, and the reason for each that is not. Ids in neither are gone, by the evidence of the
   * recycle bin. */
  deliver(ids: Iterable<EntityId>): Promise<Pick<Delivery<RawWorkItem>, 'items' | 'failed'>> {
    return deliver(this.steps(), ids);
  }

  /**
   * The work item with its relations in the order by which a patch names them; that of several read together is another one
   * (https://github.com/MicrosoftDocs/azure-devops-docs/issues/1509).
   */
  async alone(id: EntityId): Promise<RawWorkItem> {
    return workItemOf(await this.api.json('GET', `_apis/wit/workitems/${id}`, { query: { $expand: 'relations' } }));
  }

  /**
   * A missing entry means "does not exist, or you do not have permissions to read it", which is no evidence: an area
   * whose permission was removed looks the same. The recycle bin is evidence.
   */
  private steps(): DeliverySteps<RawWorkItem> {
    return {
      ...{ product: 'Azure DevOps', thing: 'work item', most: MOST_READ, hidden },
      idOf: ({ id }) => id,
      batch: async (ids) => {
        const body = { ids: ids.map(Number), errorPolicy: 'omit', $expand: 'relations' };
        const { value } = await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true });
        const list: unknown[] = Array.isArray(value) ? value : [];
        return list.flatMap((json, index): (RawWorkItem | Hole)[] => {
          if (json !== null) return [workItemOf(json)];
          // an omitted work item is null in the list
          const id = list.length === ids.length ? ids[index] : undefined;
          return id === undefined ? [] : [{ hole: id }];
        });
      },
      ask: () => this.metadata.projects(0),
      // https://learn.microsoft.com/rest/api/azure/devops/wit/recyclebin
      deleted: async (ids) => {
        const found = listOf(await this.api.json('GET', '_apis/wit/recyclebin', { query: { ids: ids.join(',') } }));
        return found
          .filter(({ code, deletedDate }) => deletedDate && (code === undefined || Number(code) < 300))
          .map(({ id }) => String(id));
      },
      alone: (id) => this.alone(id),
    };
  }

  /** Revisions only, for existing work items. */
  async revisions(ids: EntityId[]): Promise<Map<EntityId, number>> {
    const numbers = ids.flatMap((id) => idOf(id) ?? []).map(Number);
    const body = { ids: numbers, fields: ['System.Id', 'System.Rev'], errorPolicy: 'omit' };
    const list = listOf(await this.api.json('POST', '_apis/wit/workitemsbatch', { body, reads: true }));
    return new Map(list.map(workItemOf).map(({ id, rev }) => [id, rev]));
  }

  /** For polling: the result of Twinflow's own write in exactly this revision is not read again; everything else is
   * read in its current state. */
  async seen(revisions: Revised[]): Promise<ReadResult[]> {
    // what has been read since then may show links that were made at their other ends, in the same revision
    const own = revisions.map(({ id, rev }) => {
      const entity = this.own.take(`${id}@${rev}`)?.entity;
      return entity && this.places.get(id)?.version === entity.version ? entity : undefined;
    });
    const read = await this.results(revisions.filter((_, index) => !own[index]).map(({ id }) => id));
    return revisions.map(({ id }, index) => own[index] ?? read.get(id));
  }

  /** The entity, or why it cannot be described. */
  described(item: RawWorkItem): Promise<Entity | SyncError> {
    return describedOr(`Work item ${item.id}`, () => this.entity(item));
  }

  async entity(item: RawWorkItem): Promise<Entity> {
    const { id, fields } = item;
    const projectName = textOf(fields['System.TeamProject']);
    const type = textOf(fields['System.WorkItemType']);
    if (projectName === undefined || type === undefined) {
      const words = `Work item ${id} has no project or type. Check the URL`;
      throw new SyncError('fatal', words, { malformed: true });
    }
    const project = await this.metadata.project(projectName);
    const infos = await this.metadata.fieldsFor(project.id, type, fields);
    for (const { id: field, type: kind } of infos)
      if (kind === 'user' && !hasLeft(fields[field])) this.people.accounts.met(userOf(fields[field]));
    const updatedAt = isoOf(fields['System.ChangedDate']) ?? '';
    const version = versionOf(item, linksDigest(item.relations, infos));
    const page = this.url(id, project.name);
    this.places.set(id, { type, project: project.id, rev: item.rev, version, page });
    const createdAt = isoOf(fields['System.CreatedDate']);
    const createdBy = userOf(fields['System.CreatedBy']);
    const updatedBy = userOf(fields['System.ChangedBy']);
    return {
      ...{ id, key: id, url: page, type, project: project.id, version },
      ...(createdAt && { createdAt }),
      ...(createdBy && { createdBy }),
      ...(updatedBy && { updatedBy }),
      updatedAt,
      fields: valuesOf(infos, fields, {
        ...{ markdown: item.markdown, relations: item.relations },
        url: (other) => this.url(other),
      }),
    };
  }

  /** The entity in a write's answer; kept for the poll that meets it. */
  async written(item: RawWorkItem): Promise<Entity> {
    const entity = await this.entity(item);
    this.own.keep(`${item.id}@${item.rev}`, entity);
    return entity;
  }

  /** URL of a work item's page, as last seen. */
  pageOf(id: EntityId): string {
    return this.places.get(id)?.page ?? this.url(id);
  }

  /** URL of a work item's page. */
  url(id: string, project?: string): string {
    return `${this.api.baseUrl}${project === undefined ? '' : `${encodeURIComponent(project)}/`}_workitems/edit/${id}`;
  }
}

/**
 * The revision; and the parent and the links, since those that were set on the other work item's form give this one no new
 * revision (https://github.com/Sedeniono/ADO-History-Diff/issues/3 has an example of an update without one).
 */
function versionOf({ rev, fields }: RawWorkItem, links: string): string {
  const parent = textOf(fields[PARENT]);
  return `${rev}${parent === undefined ? '' : `^${parent}`}${links === '' ? '' : `~${links}`}`;
}

/** The revision within a version. */
export const revisionOf = ({ version }: Entity): number => Number.parseInt(version, 10);

/** Fields that a link from another work item may move. */
const MOVED_BY_LINKS = new Set(
  'Rev ChangedDate ChangedBy AuthorizedDate AuthorizedAs RevisedDate PersonId Watermark RelatedLinkCount'
    .split(' ')
    .map((name) => `System.${name}`),
);

/** Whether a work item is as it was, but for links that others have made to it. @param before as a caller read it */
export function isSameButLinks(before: RawWorkItem, now: RawWorkItem): boolean {
  const [was, is] = [lean(before).fields, lean(now).fields];
  const ids = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...ids].every((id) => MOVED_BY_LINKS.has(id) || JSON.stringify(was[id]) === JSON.stringify(is[id]));
}

/** Without the values of long texts: a write only needs to know that there are some. */
function lean(item: RawWorkItem): RawWorkItem {
  const fields = Object.fromEntries(
    Object.entries(item.fields).map(([id, value]) => [
      id,
      typeof value === 'string' && value.length > 200 ? '…' : value,
    ]),
  );
  return { ...item, fields };
}
