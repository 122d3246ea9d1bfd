/**
 * Who changed what when, newest first: the updates of a work item
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/updates/list). They come oldest first, 200 at a time.
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Revision } from '../connector';
import type { AzureDevOpsApi } from './api';
import type { FieldInfo } from './field-types';
import type { Metadata } from './metadata';
import type { WorkItemReader } from './reading';
import { idOf, isJson, isoOf, type Json, listOf, textOf, userOf } from './shapes';
import { canonicalOf } from './values';

const PAGE = 200;
const MOST_REVISIONS = 400;
/** Fewer than these are not all there is, where there are more revisions. */
const WANTED = 100;
/** What every revision changes, and nobody asks for. */
const BOOKKEEPING = /^System\.(Rev|ChangedDate|ChangedBy|AuthorizedDate|AuthorizedAs|RevisedDate|Watermark|PersonId)$/;

/** @throws notFound */
export async function historyOf(
  api: AzureDevOpsApi,
  metadata: Metadata,
  reader: WorkItemReader,
  id: EntityId,
): Promise<Revision[]> {
  const number = idOf(id);
  const { items, failed } = await reader.deliver(number === undefined ? [] : [number]);
  for (const error of failed.values()) throw error;
  const item = number === undefined ? undefined : items.get(number);
  if (!item) throw new SyncError('notFound', `Azure DevOps shows this account no work item ${id}`);
  const type = textOf(item.fields['System.WorkItemType']) ?? '';
  const project = await metadata.project(textOf(item.fields['System.TeamProject']) ?? '');
  const fields = new Map((await metadata.fields(project.id, type)).map((field) => [field.id, field]));

  // about as many updates as revisions: changes of links alone have no revision, moves on a board no update
  // (https://github.com/Sedeniono/ADO-History-Diff/issues/3)
  let first = Math.max(0, item.rev - MOST_REVISIONS);
  let updates = await updatesFrom(api, item.id, first);
  while (updates.length < WANTED && first > 0) {
    first = Math.max(0, first - MOST_REVISIONS);
    updates = await updatesFrom(api, item.id, first);
  }
  return updates
    .reverse()
    .slice(0, MOST_REVISIONS)
    .flatMap((update) => revisionOf(update, fields, item.markdown, (other) => reader.url(other)));
}

/** Updates that are read of one item, whatever the server says of its list. */
const MOST_READ = 20_000;

async function updatesFrom(api: AzureDevOpsApi, id: number, first: number): Promise<Json[]> {
  const updates: Json[] = [];
  const known = new Set<string>();
  let size = PAGE;
  for (;;) {
    const query = { $top: size, $skip: first + updates.length };
    let page: Json[];
    try {
      page = listOf(await api.json('GET', `_apis/wit/workItems/${id}/updates`, { query }));
    } catch (thrown) {
      // long texts, old and new: fewer at a time
      const isTooLarge = thrown instanceof SyncError && thrown.detail.tooLarge === true && size > 1;
      if (!isTooLarge) throw thrown;
      size = Math.ceil(size / 2);
      continue;
    }
    // a server that does not skip sends the same for ever
    const fresh = page.filter((update) => !known.has(textOf(update.id) ?? ''));
    for (const update of fresh) {
      known.add(textOf(update.id) ?? '');
      updates.push(update);
    }
    if (page.length < size || fresh.length === 0 || updates.length >= MOST_READ) return updates;
  }
}

function revisionOf(
  update: Json,
  known: ReadonlyMap<string, FieldInfo>,
  markdown: ReadonlySet<string>,
  url: (id: string) => string,
): Revision[] {
  const changed = isJson(update.fields) ? update.fields : {};
  const side = (name: 'oldValue' | 'newValue'): Json =>
    Object.fromEntries(Object.entries(changed).map(([id, change]) => [id, isJson(change) ? change[name] : undefined]));
  const [before, after] = [side('oldValue'), side('newValue')];
  const fields: Revision['fields'] = {};
  for (const id of Object.keys(changed)) {
    const field = known.get(id);
    if (!field || BOOKKEEPING.test(id)) continue;
    fields[id] = {
      old: canonicalOf(field, before[id], { markdown, url, siblings: before }),
      new: canonicalOf(field, after[id], { markdown, url, siblings: after }),
    };
  }
  // `revisedDate` of the newest update lies in the year 9999
  const at = isoOf(after['System.ChangedDate']) ?? isoOf(update.revisedDate) ?? '';
  const by = userOf(after['System.ChangedBy']) ?? userOf(update.revisedBy);
  return [{ id: textOf(update.id) ?? '', at, ...(by ? { by } : {}), fields }];
}
