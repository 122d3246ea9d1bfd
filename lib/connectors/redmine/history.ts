/** The journal of an issue as revisions: who changed which fields when. Notes without changes are left out. */

import { append } from '../../model/lists';
import type { Value } from '../../model/values';
import type { Revision } from '../connector';
import { type Change, newestFirst, revisionOf } from '../kit/history';
import { type Json, listOf, textOf } from '../kit/json';
import type { RedmineApi } from './api';
import { CORE_FIELDS } from './core-fields';
import type { Metadata } from './metadata';
import type { People } from './people';
import { type IssueReader, secondsOfHours } from './reading';
import { namedOf, type RawIssue } from './shapes';

export async function historyOf(
  api: RedmineApi,
  metadata: Metadata,
  people: People,
  reader: IssueReader,
  id: string,
): Promise<Revision[]> {
  const issue = await api.issue(id, 'journals');
  const readValue = journalValues(metadata, people, reader, issue);
  const revisions: Revision[] = [];
  // some accounts see the newest first
  const journals = issue.journals.map((json) => ({ json, id: textOf(json.id), at: textOf(json.created_on) }));
  for (const { json, ...entry } of newestFirst(journals)) {
    const changes: Change[] = [];
    for (const detail of listOf(json, 'details')) {
      const field = fieldOf(detail);
      if (field === undefined) continue;
      changes.push({
        field,
        old: await readValue(field, detail.old_value),
        new: await readValue(field, detail.new_value),
      });
    }
    const who = changes.length > 0 ? namedOf(json.user) : undefined;
    append(revisions, revisionOf({ ...entry, by: who && (await people.known(who)), changes }));
  }
  return revisions;
}

function fieldOf({ property, name }: Json): string | undefined {
  if (property === 'cf') return `cf_${String(name)}`;
  if (property !== 'attr') return undefined;
  return CORE_FIELDS.find(({ parameter, journal }) => (journal ?? parameter) === name)?.id;
}

/** The journal notes texts: ids of lists, hours, 0 and 1. */
function journalValues(metadata: Metadata, people: People, reader: IssueReader, issue: RawIssue) {
  return async (field: string, noted: unknown): Promise<Value> => {
    const text = textOf(noted);
    if (text === undefined) return null;
    const project = issue.project.id;
    const list = await metadata.listOf(field, project);
    if (list) return { id: text, name: list.find(({ id }) => id === text)?.name ?? text };
    switch (field) {
      case 'assigned_to':
      case 'author':
        return people.known({ id: text, name: '' });
      case 'parent':
        return { id: text, key: text };
      case 'estimated_hours':
        return secondsOfHours(Number(text));
      case 'done_ratio':
        return Number(text);
      case 'is_private':
        return text === '1' || text === 'true';
      case 'description':
        return reader.richText(text);
    }
    if (!field.startsWith('cf_')) return text;
    const id = field.slice('cf_'.length);
    const definition = (await metadata.definitionsFor([issue])).get(id);
    return reader.customValue({ id, name: '', multiple: false, value: text }, definition, project);
  };
}
