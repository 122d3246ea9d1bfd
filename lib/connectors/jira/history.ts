/**
 * The changelog of an issue as revisions: who changed which fields when.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-changelog-get
 */

import type { Value } from '../../model/values';
import type { Revision } from '../connector';
import type { JiraApi } from './api';
import type { Definition, Metadata } from './metadata';
import { userOf } from './people';
import { isJson, type Json, objectsOf, textOf, utcOf } from './shapes';

const MOST_REVISIONS = 100;

export async function historyOf(api: JiraApi, metadata: Metadata, id: string): Promise<Revision[]> {
  const definitions = await metadata.definitions();
  const byName = new Map([...definitions.values()].map((definition) => [definition.name, definition]));
  const entries = api.isCloud ? await newestPages(api, id) : await wholeLog(api, id);
  const revisions: Revision[] = [];
  for (const entry of entries) {
    const fields: Revision['fields'] = {};
    for (const item of objectsOf(entry.items)) {
      const definition =
        definitions.get(textOf(item.fieldId) ?? '') ??
        definitions.get(textOf(item.field) ?? '') ??
        byName.get(textOf(item.field) ?? '');
      if (!definition) continue;
      const change = {
        old: loggedValue(definition, item.from, item.fromString),
        new: loggedValue(definition, item.to, ownText(item)),
      };
      const known = fields[definition.id];
      // a multi-value field may have one item for each value that came or went
      fields[definition.id] = known
        ? { old: joined(known.old, change.old), new: joined(known.new, change.new) }
        : change;
    }
    const at = utcOf(entry.created);
    const by = userOf(entry.author);
    if (at === undefined || Object.keys(fields).length === 0) continue;
    revisions.push({ id: textOf(entry.id) ?? at, at, ...(by ? { by } : {}), fields });
  }
  return revisions
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || Number(b.id) - Number(a.id))
    .slice(0, MOST_REVISIONS);
}

/** The log is paged oldest first: the last pages are wanted. */
async function newestPages(api: JiraApi, id: string): Promise<Json[]> {
  const path = `issue/${encodeURIComponent(id)}/changelog`;
  const page = async (startAt: number) => {
    const body = await api.get(path, { startAt, maxResults: MOST_REVISIONS });
    const json = isJson(body) ? body : {};
    return { values: objectsOf(json.values), total: typeof json.total === 'number' ? json.total : 0 };
  };
  const first = await page(0);
  if (first.total <= first.values.length) return first.values;
  const last = await page(Math.max(0, first.total - MOST_REVISIONS));
  return last.values;
}

async function wholeLog(api: JiraApi, id: string): Promise<Json[]> {
  const { json } = await api.issue(id, { fields: ['updated'], expand: 'changelog' });
  return isJson(json.changelog) ? objectsOf(json.changelog.histories) : [];
}

/** `toString` is what the API calls the new text, and what every object has. */
const ownText = (item: Json): unknown => (Object.hasOwn(item, 'toString') ? item.toString : undefined);

function joined(a: Value, b: Value): Value {
  const parts = [a, b].flatMap((value) => (Array.isArray(value) ? value : value === null ? [] : [value]));
  return parts.length === 0 ? null : parts;
}

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
      return Number.isFinite(Number(label)) ? Number(label) : null;
    case 'seconds':
      return Number.isFinite(Number(id ?? label)) ? Number(id ?? label) : null;
    case 'date':
      return /^\d{4}-\d\d-\d\d/.exec(id ?? label)?.[0] ?? label;
    case 'dateTime':
      return utcOf(id) ?? utcOf(label) ?? label;
    case 'user':
      return { ...(id ? { id } : {}), ...(text ? { name: text } : {}) };
    case 'issue':
    case 'issueKey':
      return { id: id ?? label, ...(text ? { key: text } : {}) };
    default:
      return { ...(id && !id.startsWith('[') ? { id } : {}), name: label };
  }
}
