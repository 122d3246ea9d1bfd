/** Issues of two real Redmines, one with Markdown and one with Textile: the rows that sync their texts, and how they are found. */

import assert from 'node:assert/strict';
import { MARKUPS } from '../../lib/connectors/redmine/markup';
import type { FieldRow } from '../../lib/model/config';
import type { RedmineServer } from '../support/redmine';

const subject = { id: 'subject', name: 'Subject', type: 'text' as const };
const description = { id: 'description', name: 'Description', type: 'richtext' as const };

export const MARKUP_ROWS: FieldRow[] = [
  { one: subject, two: subject, direction: 'both' },
  {
    one: { ...description, ...MARKUPS.markdown },
    two: { ...description, ...MARKUPS.textile },
    direction: 'both',
    conflict: 'merge',
  },
];

/** The id of the project that both have. */
export async function alpha(server: RedmineServer): Promise<string> {
  const { projects } = await server
    .as('admin')
    .get<{ projects: { id: number; identifier: string }[] }>('/projects.json');
  return String(projects.find(({ identifier }) => identifier === 'alpha')?.id);
}

export interface Found {
  id: number;
  subject: string;
  description: string;
}

export async function issueCalled(server: RedmineServer, title: string): Promise<Found> {
  const { issues } = await server.as('admin').get<{ issues: Found[] }>('/issues.json?limit=100&status_id=*');
  return issues.find((one) => one.subject === title) ?? assert.fail(title);
}
