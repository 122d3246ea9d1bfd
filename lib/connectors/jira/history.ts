/**
 * The changelog of an issue as revisions: who changed which fields when.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-changelog-get
 */

import type { Value } from '../../model/values';
import type { Revision } from '../connector';
import { type Change, MOST_REVISIONS, newestFirst, revisionOf } from '../kit/history';
import { type Json, listOf, numberOf, textOf } from '../kit/json';
import type { JiraApi } from './api';
import type { Definition, Metadata } from './metadata';
import { userOf } from './people';
import { utcOf } from './shapes';

export async function historyOf(api: JiraApi, metadata: Metadata, id: string): Promise<Revision[]> {
  const definitions = await metadata.definitions();
  const byName = new Map([...definitions.values()].map((definition) => [definition.name, definition]));
  const entries = api.isCloud ? await newestPages(api, id) : await wholeLog(api, id);
  const revisions = entries.flatMap((entry) => {
    const changes = listOf(entry, 'items').flatMap((item): Change[] => {
      const [id, name] = [textOf(item.fieldId) ?? '', textOf(item.field) ?? ''];
      const definition = definitions.get(id) ?? definitions.get(name) ?? byName.get(name);
      if (!definition) return [];
      const [old, now] = [
        loggedValue(definition, item.from, item.fromString),
        loggedValue(definition, item.to, ownText(item)),
      ];
      return [{ field: definition.id, old, new: now }];
    });
    return revisionOf({ id: textOf(entry.id), at: utcOf(entry.created), by: userOf(entry.author), changes });
  });
  return newestFirst(revisions);
}

/** The log is paged oldest first: the last pages are wanted. */
async function newestPages(api: JiraApi, id: string): Promise<Json[]> {
  const path = `issue/${encodeURIComponent(id)}/changelog`;
  const page = (startAt: number) => api.object(path, { startAt, maxResults: MOST_REVISIONS });
  const first = await page(0);
  const [values, total] = [listOf(first, 'values'), numberOf(first.total) ?? 0];
  return total <= values.length ? values : listOf(await page(Math.max(0, total - MOST_REVISIONS)), 'values');
}

async function wholeLog(api: JiraApi, id: string): Promise<Json[]> {
  const { json } = await api.issue(id, { fields: ['updated'], expand: 'changelog' });
  return listOf(json.changelog, 'histories');
}

/** `toString` is what the API calls the new text, and what every object has. */
const ownText = (item: Json): unknown => (Object.hasOwn(item, 'toString') ? item.toString : undefined);

/** The log notes ids and texts; rich text as plain text. */
function loggedValue({ kind }: Definition, rawId: unknown, rawText: unknown): Value {
  const [id, text] = [textOf(rawId), textOf(rawText)];
  if (id === undefined && text === undefined) return null;
  const label = text ?? id ?? '';
  switch (kind.shape) {
    case 'text':
      return kind.multi ? label.split(' ').filter(Boolean) : label;
    case 'richText':
      return { format: 'text', content: label };
    case 'number':
      return numberOf(label) ?? null;
    case 'seconds':
      return numberOf(id ?? label) ?? null;
    case 'date':
      return /^\d{4}-\d\d-\d\d/.exec(id ?? label)?.[0] ?? label;
    case 'dateTime':
      return utcOf(id) ?? utcOf(label) ?? label;
    case 'user':
      return { ...(id && { id }), ...(text && { name: text }) };
    case 'issue':
    case 'issueKey':
      return { id: id ?? label, ...(text && { key: text }) };
    default:
      return { ...(id && !id.startsWith('[') && { id }), name: label };
  }
}
