/**
 * Who changed what when, newest first: the updates of a work item
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/updates/list). They come oldest first, 200 at a time.
 */

import type { EntityId } from '../../model/entity';
import type { Revision } from '../connector';
import { type Change, revisionOf } from '../kit/history';
import { allPages, inSmallerPages } from '../kit/paging';
import type { AzureDevOpsApi } from './api';
import type { FieldInfo } from './field-types';
import type { Metadata } from './metadata';
import { noWorkItem, type WorkItemReader } from './reading';
import { idOf, isJson, isoOf, type Json, listOf, textOf, userOf } from './shapes';
import { canonicalOf, type ValueContext } from './values';

const PAGE = 200;
const MOST_REVISIONS = 400;
/** A page with fewer than these is not complete if there are more revisions. */
const WANTED = 100;
/** Maximum number of updates read of one item, whatever the server says about its list. */
const MOST_READ = 20_000;
/** Fields that every revision changes and nobody needs. */
const BOOKKEEPING = /^System\.(Rev|ChangedDate|ChangedBy|AuthorizedDate|AuthorizedAs|RevisedDate|Watermark|PersonId)$/;

/** @throws notFound */
export async function historyOf(
  api: AzureDevOpsApi,
  metadata: Metadata,
  reader: WorkItemReader,
  id: EntityId,
): Promise<Revision[]> {
  const { items, failed } = await reader.deliver(idOf(id) === undefined ? [] : [id]);
  const item = items.get(id);
  if (!item) throw failed.get(id) ?? noWorkItem(id);
  const type = textOf(item.fields['System.WorkItemType']) ?? '';
  const project = await metadata.project(textOf(item.fields['System.TeamProject']) ?? '');
  const fields = new Map((await metadata.fields(project.id, type)).map((field) => [field.id, field]));

  // about as many updates as revisions: changes of links alone have no revision, moves on a board no update
  // (https://github.com/Sedeniono/ADO-History-Diff/issues/3)
  let first = item.rev;
  let updates: Json[];
  do {
    first = Math.max(0, first - MOST_REVISIONS);
    updates = await updatesFrom(api, item.id, first);
  } while (updates.length < WANTED && first > 0);
  const context = { markdown: item.markdown, url: (other: string) => reader.url(other) };
  const newest = updates.reverse().slice(0, MOST_REVISIONS);
  return newest.flatMap((update) => changesOf(update, fields, context));
}

/** @param first number of updates that are passed over, the oldest */
export const updatesFrom = (api: AzureDevOpsApi, id: EntityId, first: number, most = MOST_READ): Promise<Json[]> =>
  allPages(
    inSmallerPages(PAGE, async (offset, $top) =>
      listOf(await api.json('GET', `_apis/wit/workItems/${id}/updates`, { query: { $top, $skip: first + offset } })),
    ),
    (update) => textOf(update.id) ?? '',
    Math.min(most, MOST_READ),
  );

function changesOf(
  update: Json,
  known: ReadonlyMap<string, FieldInfo>,
  context: Pick<ValueContext, 'markdown' | 'url'>,
): Revision[] {
  const changed = isJson(update.fields) ? update.fields : {};
  const side = (name: 'oldValue' | 'newValue'): Json =>
    Object.fromEntries(Object.entries(changed).map(([id, change]) => [id, isJson(change) ? change[name] : undefined]));
  const [before, after] = [side('oldValue'), side('newValue')];
  const changes = Object.keys(changed).flatMap((id): Change[] => {
    const field = known.get(id);
    if (!field || BOOKKEEPING.test(id)) return [];
    const value = (siblings: Json) => canonicalOf(field, siblings[id], { ...context, siblings });
    return [{ field: id, old: value(before), new: value(after) }];
  });
  // `revisedDate` of the newest update is in the year 9999
  const at = isoOf(after['System.ChangedDate']) ?? isoOf(update.revisedDate);
  const by = userOf(after['System.ChangedBy']) ?? userOf(update.revisedBy);
  return revisionOf({ id: textOf(update.id), at, by, changes });
}
