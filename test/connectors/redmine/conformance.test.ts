/** Redmine passes the conformance suite on the real server, for an administrator and for an account without rights to metadata. */

import type { Connection } from '../../../lib/connectors/connector';
import { connectorConformance, type Sample } from '../../conformance/connector';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import type { RedmineServer } from '../../support/redmine';
import { filesUnderTest } from './files';
import { connectAs, connectTo, scope, server } from './server';
import { troublesOf } from './troubles';

const markdown = (content: string) => ({ format: 'markdown' as const, content });

const CORE: Sample[] = [
  { field: 'description', values: [markdown('**one**\n\n- a\n- b'), markdown('two')] },
  { field: 'status', values: [{ name: 'Resolved' }, { name: 'Closed' }], stays: true },
  { field: 'priority', values: [{ name: 'High' }, { id: '1', name: 'Low' }], stays: true },
  { field: 'assigned_to', values: [{ login: 'alice' }, { name: 'Bob Brown' }] },
  { field: 'category', values: [{ name: 'Backend' }, { name: 'Frontend' }] },
  { field: 'fixed_version', values: [{ name: '1.0' }, { name: '2.0' }] },
  { field: 'start_date', values: ['2026-02-28', '2024-02-29'] },
  { field: 'due_date', values: ['2027-02-28', '2028-02-29'] },
  { field: 'estimated_hours', values: [5400, 600] },
  { field: 'done_ratio', values: [10, 100], stays: true },
  { field: 'is_private', values: [true, false], stays: true },
  { field: 'parent', values: [{ id: '1' }, { id: '4' }] },
  { field: 'cf_1', values: ['OTHER-1', 'OTHER-2'] },
  { field: 'cf_2', values: ['https://example.com/a?b=c#d', 'http://example.com/'] },
  { field: 'cf_4', values: [0, 13] },
  { field: 'cf_6', values: ['2026-02-28', '2028-02-29'] },
];

const journalOf = (id: string): string => /#change-(\d+)@/.exec(id)?.[1] ?? '';

function conformance(user: 'admin' | 'sync', samples: Sample[]): void {
  const there = 'there' in server ? server.there : undefined;
  const open: Connection[] = [];
  let proxy: RecordingProxy | undefined;
  const connect = (to: RedmineServer, url: string): Connection => {
    const { connection } = connectTo(url, to.key(user));
    open.push(connection);
    return connection;
  };
  connectorConformance(`Redmine, as ${user}`, {
    markers: false,
    parts: { markers: false },
    relations: {
      ends: [
        ['relation_blocks', 'relation_blocked'],
        ['relation_blocked', 'relation_blocks'],
        ['relation_relates', 'relation_relates'],
        ['relation_duplicates', 'relation_duplicated'],
        ['relation_copied_to', 'relation_copied_from'],
      ],
      onePerPair: true,
    },
    files: { markers: false },
    lacks: { markersBack: 'an issue has no place for markers' },
    ...('missing' in server ? { unavailable: server.missing } : {}),
    timeoutMs: 60_000,
    async start() {
      if (!there) throw new Error('no server');
      there.reset();
      const bob = there.as('alice');
      const { user: alice } = await bob.get<{ user: { id: number } }>('/users/current.json');
      proxy = await recordingProxy(there.url);
      return {
        connection: connect(there, proxy.url),
        troubles: troublesOf(proxy),
        reconnect: () => connectAs(there, user).connection,
        scope,
        project: '1',
        type: '1',
        title: 'subject',
        samples,
        person: {
          user: { id: String(alice.id), login: 'alice', name: 'Alice Adams' },
          async create(titles) {
            const ids: string[] = [];
            for (const subject of titles) {
              const issue = { project_id: 1, tracker_id: 1, subject };
              ids.push(String((await bob.post<{ issue: { id: number } }>('/issues.json', { issue })).issue.id));
            }
            return ids;
          },
          retitle: (id, subject) => bob.put(`/issues/${id}.json`, { issue: { subject } }),
          remove: (id) => bob.delete(`/issues/${id}.json`),
        },
        parts: {
          type: 'comment',
          text: 'text',
          many: 120,
          tickMs: 1_000,
          // the connection looks into the issue afterwards, which does not answer either
          loseAnswer: (verb) => {
            let isLost = false;
            const written = verb === 'create' ? '/issues/' : '/journals/';
            if (proxy)
              proxy.interfere = (method, path) => {
                if (method !== 'PUT' || !path.startsWith(written)) return isLost ? 'cut' : undefined;
                isLost = true;
                return 'lose';
              };
            return () => {
              if (proxy) proxy.interfere = undefined;
            };
          },
          person: {
            async add(owner, texts) {
              for (const notes of texts) await bob.put(`/issues/${owner}.json`, { issue: { notes } });
              const { issue } = await bob.get<{
                issue: { journals: { id: number; created_on: string; notes: string | null }[] };
              }>(`/issues/${owner}.json?include=journals`);
              const ids = issue.journals
                .filter(({ notes }) => notes)
                .map((one) => `${owner}#change-${one.id}@${one.created_on}`);
              return ids.slice(-texts.length);
            },
            edit: (id, notes) => bob.put(`/journals/${journalOf(id)}.json`, { journal: { notes } }),
            hide: (id) => bob.put(`/journals/${journalOf(id)}.json`, { journal: { private_notes: true } }),
            remove: (id) => bob.put(`/journals/${journalOf(id)}.json`, { journal: { notes: '' } }),
          },
        },
        files: filesUnderTest(there, bob, proxy),
        normalise: (text, field) => (field === 'subject' ? text.trim() : text.replace(/\r\n/g, '\n')),
        searchable: 'cf_1',
      };
    },
    async stop() {
      await Promise.all(open.map((connection) => connection.close?.()));
      await proxy?.stop();
      there?.reset();
    },
  });
}

conformance('sync', [
  ...CORE,
  { field: 'cf_3', values: ['Major', 'Cosmetic'] },
  { field: 'cf_5', values: [['API', 'Database'], ['Operations']] },
]);
conformance('admin', [
  ...CORE,
  { field: 'cf_3', values: [{ name: 'Major' }, { name: 'Cosmetic' }] },
  { field: 'cf_5', values: [[{ name: 'API' }, { name: 'Database' }], [{ name: 'Operations' }]] },
]);
