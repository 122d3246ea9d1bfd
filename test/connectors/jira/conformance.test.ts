/**
 * Jira passes the conformance suite on the stand-in: Cloud and Data Center, with an index that is up to date and with one
 * that lags, in a time zone that isn't UTC.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../lib/connectors/connector';
import { documentOfText } from '../../../lib/connectors/jira/adf';
import { stableText } from '../../../lib/connectors/kit/json';
import { connectorConformance, type Sample } from '../../conformance/connector';
import type { Jira, JiraOptions } from '../../systems/jira';
import {
  adf,
  assertContract,
  BUG,
  checked,
  commenter,
  connect,
  DEMO,
  type Deployment,
  edit,
  filesUnderTest,
  make,
  scope,
  start,
  troublesOf,
} from './server';

const wiki = (content: string) => ({ format: 'jira-wiki' as const, content });

const samples = (deployment: Deployment): Sample[] => {
  const cloud = deployment === 'cloud';
  const rich = cloud ? adf : (...paragraphs: string[]) => wiki(paragraphs.join('\n\n'));
  return [
    { field: 'description', values: [rich('one', 'two'), rich('three')] },
    { field: 'environment', values: [rich('Linux'), rich('macOS')] },
    { field: 'status', values: [{ name: 'In Progress' }, { name: 'In Review' }], stays: true },
    { field: 'priority', values: [{ name: 'High' }, { id: '5', name: 'Lowest' }], stays: true },
    { field: 'labels', values: [['alpha', 'beta'], ['gamma']] },
    { field: 'components', values: [[{ name: 'Backend' }, { name: 'Frontend' }], [{ name: 'Documentation' }]] },
    { field: 'fixVersions', values: [[{ name: '1.0' }], [{ name: '2.0' }, { name: '3.0' }]] },
    { field: 'versions', values: [[{ name: '1.0' }], [{ name: '2.0' }]] },
    { field: 'assignee', values: [{ email: 'alice@example.com' }, cloud ? { name: 'Bob Brown' } : { login: 'bob' }] },
    { field: 'reporter', values: [{ email: 'bob@example.com' }, { name: 'Alice Adams' }], stays: true },
    { field: 'duedate', values: ['2026-02-28', '2028-02-29'] },
    { field: 'timeoriginalestimate', values: [5400, 600] },
    { field: 'timeestimate', values: [3600, 60] },
    { field: 'customfield_10010', values: [0, 13.5] },
    { field: 'customfield_10011', values: [{ name: 'Major' }, { name: 'Minor' }] },
    { field: 'customfield_10012', values: [[{ name: 'Linux' }, { name: 'macOS' }], [{ name: 'Windows' }]] },
    { field: 'customfield_10013', values: [{ name: 'Software / Display' }, { name: 'Hardware' }] },
    { field: 'customfield_10014', values: [{ name: 'Alice Adams' }, { email: 'bob@example.com' }] },
    {
      field: 'customfield_10015',
      values: [[{ name: 'Alice Adams' }, { name: 'Bob Brown' }], [{ name: 'Alice Adams' }]],
    },
    { field: 'customfield_10016', values: [rich('notes'), rich('other notes')] },
    { field: 'customfield_10017', values: ['OTHER-1', 'OTHER-2'] },
    { field: 'customfield_10018', values: ['https://example.com/a?b=c#d', 'http://example.com/'] },
    { field: 'customfield_10019', values: ['2026-03-29T01:30:00.000Z', '2026-10-25T00:30:00.000Z'] },
    { field: 'customfield_10020', values: [{ name: 'Sprint 2' }, { name: 'Sprint 3' }] },
    { field: 'customfield_10021', values: [{ name: 'Planned' }, { name: 'Unplanned' }] },
    { field: 'customfield_10022', values: [['one', 'two'], ['three']] },
    { field: 'customfield_10023', values: [{ name: '1.0' }, { name: '2.0' }] },
    { field: 'customfield_10024', values: ['2026-02-28', '2024-02-29'] },
    { field: 'customfield_10025', values: [[{ name: 'Test' }], [{ name: 'Field' }, { name: 'Test' }]] },
    cloud
      ? { field: 'parent', values: [{ id: '20000' }, { id: '20001' }] }
      : { field: 'customfield_10026', values: [{ id: '20000' }, { id: '20001' }] },
  ];
};

function conformance(title: string, options: JiraOptions & { deployment: Deployment }, settleMs = 0): void {
  let jira: Jira | undefined;
  const open: Connection[] = [];
  const cloud = options.deployment === 'cloud';
  connectorConformance(`${checked(options.deployment)}, ${title}`, {
    timeoutMs: 60_000,
    markers: cloud,
    lacks: { markersBack: 'it finds by a marker, but none of its answers shows one' },
    remoteLinks: true,
    relations: {
      ends: [
        ['relation_10000_outward', 'relation_10000_inward'],
        ['relation_10000_inward', 'relation_10000_outward'],
        ['relation_10002_outward', 'relation_10002_inward'],
        ['relation_10003', 'relation_10003'],
      ],
    },
    parts: {},
    files: { renames: false, markers: false },
    async start() {
      const running = await start(options);
      jira = running;
      // until the index has what is there from the start
      await sleep(typeof options.indexLagMs === 'number' ? options.indexLagMs : 0);
      const connection = connect(running);
      open.push(connection);
      return {
        connection,
        reconnect: () => connect(running),
        scope,
        project: DEMO,
        type: BUG,
        title: 'summary',
        samples: samples(options.deployment),
        person: {
          user: cloud
            ? { id: running.person('bob').accountId, email: 'bob@example.com' }
            : { id: running.person('bob').key, login: 'bob', email: 'bob@example.com' },
          create: async (titles) => titles.map((summary) => make(running, summary).id),
          retitle: async (id, summary) => edit(running, id, { summary }),
          remove: async (id) => {
            const issue = running.site.find(id);
            if (issue) running.site.remove(issue);
          },
        },
        settleMs,
        normalise: (text, field) =>
          field === 'summary' ? text : cloud ? stableText(documentOfText(text)) : text.replace(/\r\n/g, '\n'),
        remoteLinks: async (id) =>
          (running.site.find(id)?.remoteLinks ?? []).map(({ object }) => ({
            url: String(object.url),
            title: String(object.title),
          })),
        searchable: 'customfield_10017',
        parts: {
          type: 'comment',
          text: 'text',
          person: commenter(running),
          tickMs: options.clockMs ?? 0,
          loseAnswer: (verb) => {
            const comment = '/issue/{issueIdOrKey}/comment';
            running.faults.lostAnswers.push(verb === 'create' ? `POST ${comment}` : `PUT ${comment}/{id}`);
            return () => {
              running.faults.lostAnswers.length = 0;
            };
          },
        },
        files: filesUnderTest(running),
        troubles: troublesOf(running),
      };
    },
    async stop() {
      await Promise.all(open.map((connection) => connection.close?.()));
      await jira?.stop();
      assertContract(jira);
    },
  });
}

conformance('index up to date', { deployment: 'cloud', timeZone: 'America/New_York' });
conformance(
  'index lags, small pages, minutes only',
  { deployment: 'cloud', timeZone: 'Asia/Kolkata', indexLagMs: 300, searchCap: 7, grainMs: 60_000 },
  3_000,
);
conformance('index up to date', { deployment: 'datacenter', timeZone: 'Europe/Berlin' });
conformance('whole seconds, small pages', {
  deployment: 'datacenter',
  timeZone: 'Australia/Lord_Howe',
  clockMs: 1_000,
  searchCap: 7,
});
