/** What the conformance suite has to know of a database, whatever its kind. */

import type { Connection } from '../../../lib/connectors/connector';
import type { Sample, SystemUnderTest, Troubles } from '../../conformance/connector';

/** Somebody with a program of their own. */
export interface Client {
  /** runs a statement with `?` for parameters. @returns its rows */
  run(sql: string, params?: (string | number)[]): Promise<Record<string, unknown>[]>;
  /** inserts bugs by alice. @returns their keys */
  insert(titles: string[]): Promise<string[]>;
}

export const SAMPLES: Sample[] = [
  { field: 'note', values: ['One line\nand another', 'short'] },
  { field: 'external_id', values: ['EXT-1', 'EXT-2'] },
  { field: 'estimate', values: [0, 2.5] },
  { field: 'votes', values: [12, -3] },
  { field: 'blocked', values: [true, false] },
  { field: 'due', values: ['2026-02-28', '2028-02-29'] },
  { field: 'verified_at', values: ['2026-03-29T00:59:59.000Z', '2026-10-25T01:00:00.500Z'] },
];

export const LACKS = {
  markersBack: 'a marker is a column that a table may lack',
  history: 'a database has none',
  users: 'rows name people as texts',
  richText: 'columns hold plain text',
  user: 'rows name people as texts',
  poisonEntity: 'a row is shown or not there',
  leaveOut: 'an answer holds every row that matches',
  proxyAnswers: 'it speaks no HTTP',
};

export function databaseUnderTest(
  schema: string,
  connection: Connection,
  reconnect: () => Connection,
  client: Client,
  more: { settleMs?: number; samples?: Sample[]; troubles?: Troubles } = {},
): SystemUnderTest {
  const { samples = SAMPLES, ...rest } = more;
  const id = (key: string): string => `${schema}.bugs#${key}`;
  const keyOf = (row: string): number => Number(row.slice(row.indexOf('#') + 1));
  return {
    ...{ connection, reconnect, project: schema, type: 'bugs', title: 'title' },
    scope: { projects: [schema], types: ['bugs', 'tasks'] },
    samples,
    searchable: 'external_id',
    person: {
      user: { id: 'alice', login: 'alice' },
      create: async (titles) => (await client.insert(titles)).map(id),
      retitle: async (row, title) => {
        await client.run('UPDATE bugs SET title = ? WHERE id = ?', [title, keyOf(row)]);
      },
      remove: async (row) => {
        await client.run('DELETE FROM bugs WHERE id = ?', [keyOf(row)]);
      },
    },
    ...rest,
  };
}
