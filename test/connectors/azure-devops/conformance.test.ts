/** Azure DevOps passes the conformance suite on the stand-in, with every request and answer compared with the vendor's description. */

import assert from 'node:assert/strict';
import type { Connection, ConnectorConfig } from '../../../lib/connectors/connector';
import type { Sample } from '../../conformance/connector';
import { connectorConformance } from '../../conformance/connector';
import { type StandIn, type StandInOptions, startAzureDevOps } from '../../systems/azure-devops';
import { Colleague, compared, connectTo, FABRIKAM, filesUnderTest, scope, troublesOf } from './support';

function samples(format: 'html' | 'markdown'): Sample[] {
  const text = (content: string) => ({ format, content });
  return [
    { field: 'System.Description', values: [text('<p>one <b>two</b></p>'), text('<ul><li>three</li></ul>')] },
    { field: 'System.State', values: [{ name: 'Active' }, { name: 'Resolved' }], stays: true },
    { field: 'System.AssignedTo', values: [{ email: 'alice@example.com' }, { name: 'Bob Baker' }] },
    { field: 'System.AreaPath', values: [{ name: 'Fabrikam\\Web' }, { name: 'Fabrikam\\Services' }], stays: true },
    {
      field: 'System.IterationPath',
      values: [{ name: 'Fabrikam\\Release 1\\Sprint 1' }, { name: 'Fabrikam' }],
      stays: true,
    },
    { field: 'System.Tags', values: [['blocked', 'ui'], ['api']] },
    { field: 'System.Parent', values: [{ id: '1' }, { id: '2' }] },
    { field: 'Microsoft.VSTS.Common.Priority', values: [{ name: '1' }, { name: '4' }] },
    { field: 'Microsoft.VSTS.Common.Severity', values: [{ name: '1 - Critical' }, { name: '4 - Low' }] },
    { field: 'Microsoft.VSTS.Scheduling.RemainingWork', values: [5400, 1200] },
    { field: 'Microsoft.VSTS.Scheduling.TargetDate', values: ['2026-03-29', '2028-02-29'] },
    { field: 'Custom.ReviewedAt', values: ['2026-02-28T00:00:00Z', '2028-02-29T12:30:00Z'] },
    { field: 'Custom.ExternalId', values: ['OTHER-1', 'OTHER-2'] },
    { field: 'Custom.Blocked', values: [true, false] },
    { field: 'Custom.Builds', values: [7, 0] },
    { field: 'Custom.Reviewer', values: [{ login: 'carol@example.com' }, { login: 'bob@example.com' }] },
    { field: 'Custom.Platform', values: ['Windows', 'Plan 9'] },
  ];
}

/** What the service does to HTML. */
const withoutScripts = (html: string): string => html.replace(/<script\b[\s\S]*?<\/script>/gi, '');

function conformance(
  title: string,
  config: ConnectorConfig,
  format: 'html' | 'markdown',
  options: StandInOptions = {},
): void {
  const open: Connection[] = [];
  let standIn: StandIn;
  connectorConformance(`Azure DevOps, ${title} (${compared})`, {
    remoteLinks: true,
    relations: {
      ends: [
        ['relation_System.LinkTypes.Dependency-Forward', 'relation_System.LinkTypes.Dependency-Reverse'],
        ['relation_System.LinkTypes.Dependency-Reverse', 'relation_System.LinkTypes.Dependency-Forward'],
        ['relation_System.LinkTypes.Related', 'relation_System.LinkTypes.Related'],
        ['relation_Microsoft.VSTS.Common.Affects-Forward', 'relation_Microsoft.VSTS.Common.Affects-Reverse'],
      ],
    },
    parts: { markers: false },
    files: { renames: false, markers: false, keepsBytes: true },
    async start() {
      standIn = await startAzureDevOps(options);
      const alice = new Colleague(standIn, 'alice');
      // parents, which stay out of the way
      await alice.create(['Parent 1', 'Parent 2'], 'Feature');
      const connect = () => {
        const connection = connectTo(standIn, config);
        open.push(connection);
        return connection;
      };
      return {
        connection: connect(),
        reconnect: () => connectTo(standIn, config),
        scope,
        project: FABRIKAM,
        type: 'Bug',
        title: 'System.Title',
        samples: samples(format),
        person: {
          user: alice.user,
          create: (titles) => alice.create(titles),
          retitle: (id, name) => alice.change(id, { 'System.Title': name }),
          remove: (id) => alice.remove(id),
        },
        normalise: (text, field) =>
          field === 'System.Title' ? text.trim() : format === 'html' ? withoutScripts(text) : text,
        parts: {
          type: 'comment',
          text: 'text',
          person: alice.comments,
          loseAnswer: () => {
            standIn.loseNextAnswer = true;
            return () => {
              standIn.loseNextAnswer = false;
            };
          },
        },
        files: filesUnderTest(standIn, alice),
        searchable: 'Custom.ExternalId',
        troubles: troublesOf(standIn),
        remoteLinks: async (id) =>
          (standIn.service.state.item(Number(id))?.relations ?? [])
            .filter(({ rel }) => rel === 'Hyperlink')
            .map(({ url, attributes }) => ({ url, title: String(attributes.comment) })),
      };
    },
    async stop() {
      await Promise.all(open.map((connection) => connection.close?.()));
      await standIn.stop();
      assert.deepEqual(
        [...new Set(standIn.violations)],
        [],
        "requests or answers that the vendor's description forbids",
      );
    },
  });
}

conformance('HTML', {}, 'html');
conformance('Markdown, paths are created', { longText: 'markdown', missingPaths: 'create' }, 'markdown');
conformance('Server 2022', { apiVersion: '7.0' }, 'html', { markdown: false });
