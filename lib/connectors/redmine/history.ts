/** The journal of an issue as revisions: who changed which fields when. Notes without changes are left out. */

import type { Value } from '../../model/values';
import type { Revision } from '../connector';
import type { RedmineApi } from './api';
import { CORE_FIELDS } from './core-fields';
import type { Metadata } from './metadata';
import type { People } from './people';
import { type IssueReader, secondsOfHours } from './reading';
import { type Json, listOf, type Named, namedOf, type RawIssue, textOf } from './shapes';

const MOST_REVISIONS = 100;

export async function historyOf(
  api: RedmineApi,
  metadata: Metadata,
  people: People,
  reader: IssueReader,
  id: string,
): Promise<Revision[]> {
  const issue = await api.issue(id, 'journals');
  const values = new JournalValues(metadata, people, reader, issue);
  const revisions: Revision[] = [];
  // some accounts see the newest first: order by id, which only grows
  const journals = [...issue.journals].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, MOST_REVISIONS);
  for (const journal of journals) {
    const fields: Revision['fields'] = {};
    for (const detail of listOf(journal, 'details')) {
      const field = fieldOf(detail);
      if (field === undefined) continue;
      const [from, to] = [await values.read(field, detail.old_value), await values.read(field, detail.new_value)];
      const known = fields[field];
      // a multi-value field has one detail for each value that came or went
      fields[field] = known ? { old: joined(known.old, from), new: joined(known.new, to) } : { old: from, new: to };
    }
    const at = textOf(journal.created_on);
    const by = namedOf(journal.user);
    if (at === undefined || Object.keys(fields).length === 0) continue;
    revisions.push({ id: textOf(journal.id) ?? at, at, ...(by ? { by: await people.known(by) } : {}), fields });
  }
  return revisions;
}

function fieldOf({ property, name }: Json): string | undefined {
  if (property === 'cf') return `cf_${String(name)}`;
  if (property !== 'attr') return undefined;
  return CORE_FIELDS.find(({ parameter, journal }) => (journal ?? parameter) === name)?.id;
}

function joined(a: Value, b: Value): Value {
  const parts = [a, b].flatMap((value) => (Array.isArray(value) ? value : value === null ? [] : [value]));
  return parts.length === 0 ? null : parts;
}

/** The journal notes texts: ids of lists, hours, 0 and 1. */
class JournalValues {
  constructor(
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly reader: IssueReader,
    private readonly issue: RawIssue,
  ) {}

  async read(field: string, noted: unknown): Promise<Value> {
    const text = textOf(noted);
    if (text === undefined) return null;
    const project = this.issue.project.id;
    switch (field) {
      case 'status':
        return named(text, await this.metadata.statuses());
      case 'priority':
        return named(text, await this.metadata.priorities());
      case 'category':
        return named(text, (await this.metadata.project(project)).categories);
      case 'fixed_version':
        return named(text, await this.metadata.versions(project));
      case 'assigned_to':
      case 'author':
        return this.people.known({ id: text, name: '' });
      case 'parent':
        return { id: text, key: text };
      case 'estimated_hours':
        return secondsOfHours(Number(text));
      case 'done_ratio':
        return Number(text);
      case 'is_private':
        return text === '1' || text === 'true';
      case 'description':
        return this.reader.richText(text);
      default:
        return this.custom(field, text);
    }
  }

  private async custom(field: string, text: string): Promise<Value> {
    if (!field.startsWith('cf_')) return text;
    const id = field.slice('cf_'.length);
    const definitions = await this.metadata.definitionsFor([this.issue]);
    const custom = { id, name: '', multiple: false, value: text };
    return this.reader.customValue(custom, definitions.get(id), this.issue.project.id);
  }
}

const named = (id: string, list: Named[]): Value => ({ id, name: list.find((one) => one.id === id)?.name ?? id });
