/** An item that a text names before it has a counterpart: its link becomes the counterpart's own form by itself. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MARKDOWN } from '../../lib/connectors/azure-devops/rules';
import type { ConnectorConfig } from '../../lib/connectors/connector';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import type { ConflictPolicy, FieldRow } from '../../lib/model/config';
import { connectTo, FABRIKAM, personOf } from '../connectors/azure-devops/support';
import { azureWrites, startVendors, type Vendors } from '../support/jira-azure-devops';
import { MentionBench } from './mentions-bench';

const BUG = '10002';
const DEMO = '10200';
const text = (value: string) => ({ type: 'text', text: value });
const paragraph = (...content: object[]) => ({ type: 'paragraph', content });
const doc = (...content: object[]) => ({ type: 'doc', version: 1, content });

function rowsWith(format: 'html' | 'markdown', conflict: ConflictPolicy): FieldRow[] {
  const two = { id: 'System.Description', name: 'Description', type: 'richtext' as const };
  return [
    {
      one: { id: 'summary', name: 'Summary', type: 'text' },
      two: { id: 'System.Title', name: 'Title', type: 'text' },
      direction: 'both',
    },
    {
      one: { id: 'description', name: 'Description', type: 'richtext', format: 'adf' },
      two: format === 'html' ? { ...two, format } : { ...two, format, dialect: MARKDOWN },
      direction: 'both',
      conflict,
    },
  ];
}

for (const format of ['html', 'markdown'] as const)
  describe(`links to items whose counterparts come later, between Jira Cloud and Azure DevOps with ${format}`, function () {
    this.timeout(60_000);
    let vendors: Vendors;
    let bench: MentionBench;
    let folder: string;

    async function start(conflict: ConflictPolicy = 'newest', config: ConnectorConfig = {}): Promise<void> {
      vendors = await startVendors();
      folder = mkdtempSync(join(tmpdir(), 'twinflow-heal-'));
      const { jira, azure } = vendors;
      const settings = { deployment: 'cloud', url: jira.url, auth: 'apiToken', email: 'sync@example.com' };
      bench = new MentionBench(
        [
          {
            ...{ name: 'Jira', project: DEMO, type: BUG },
            connection: () => jiraConnector.connect({ ...settings, apiKey: jira.person('sync').apiToken }, {}),
          },
          {
            ...{ name: 'Azure DevOps', project: FABRIKAM, type: 'Bug' },
            connection: () => connectTo(azure, { longText: format, ...config }),
          },
        ],
        rowsWith(format, conflict),
        [],
        undefined,
        join(folder, 'store.sqlite'),
      );
    }
    afterEach(async () => {
      await bench?.stop();
      await vendors?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const shown = (title: string) => String(vendors.item(title)?.fields['System.Description']);
    const adf = (summary: string) => JSON.stringify(vendors.issue(summary)?.values.description);
    const urlOf = (summary: string) => {
      const issue = vendors.issue(summary);
      assert.ok(issue, summary);
      return `${vendors.jira.url}/browse/${vendors.jira.site.keyOf(issue)}`;
    };
    const card = (summary: string) => ({ type: 'inlineCard', attrs: { url: urlOf(summary) } });
    const named = (title: string) => {
      const id = vendors.item(title)?.id;
      return format === 'html' ? new RegExp(`/_workitems/edit/${id}" data-vss-mention="[^"]*">#${id}</a>`) : `#${id}`;
    };
    const includes = (where: string, what: RegExp | string) =>
      assert.ok(typeof what === 'string' ? where.includes(what) : what.test(where), `${where} has ${what}`);
    const editIssue = (summary: string, fields: Record<string, unknown>) => {
      const issue = vendors.issue(summary);
      assert.ok(issue, summary);
      vendors.editIssue(issue, fields);
    };
    const touch = (summary: string) => editIssue(summary, { summary });
    const writes = () => azureWrites(vendors.azure).length;

    it('become its own form once it comes, by one update, and then both sides rest', async () => {
      await start();
      vendors.createIssue({ summary: 'Late' });
      await bench.start();
      vendors.createIssue({
        summary: 'Names',
        description: doc(paragraph(text('see '), card('Late')), paragraph(text('Two'))),
      });
      await bench.settle();
      includes(shown('Names'), urlOf('Late'));
      const before = writes();
      touch('Late');
      const results = await bench.settle();
      includes(shown('Names'), named('Late'));
      assert.ok(!shown('Names').includes(urlOf('Late')), shown('Names'));
      assert.equal(writes() - before, 2, 'its create, and one update');
      assert.deepEqual(
        results.map(({ outcome, written }) => [outcome, written.includes('System.Description')]),
        [
          ['created', false],
          ['updated', true],
        ],
      );
      includes(adf('Names'), '"inlineCard"');
      // both sides rest, and an edit comes back as one
      const item = vendors.item('Names');
      assert.ok(item);
      vendors.editItem(item.id, { 'System.Description': shown('Names').replace('Two', 'Three') });
      await bench.settle();
      includes(adf('Names'), urlOf('Late'));
      includes(adf('Names'), 'Three');
    });

    it('wait through a restart', async () => {
      await start();
      vendors.createIssue({ summary: 'Late' });
      await bench.start();
      vendors.createIssue({ summary: 'Names', description: doc(paragraph(text('see '), card('Late'))) });
      await bench.settle();
      await bench.restart();
      touch('Late');
      await bench.settle();
      includes(shown('Names'), named('Late'));
    });

    it('of items that name each other, and of one that names itself, are right in the end', async () => {
      await start();
      await bench.start();
      vendors.createIssue({ summary: 'One' });
      vendors.createIssue({ summary: 'Other', description: doc(paragraph(card('One'))) });
      editIssue('One', { description: doc(paragraph(card('One'), text(' and '), card('Other'))) });
      await bench.settle();
      includes(shown('Other'), named('One'));
      includes(shown('One'), named('One'));
      includes(shown('One'), named('Other'));
      const before = writes();
      await bench.settle();
      assert.equal(writes(), before);
    });

    for (const conflict of ['newest', 'merge', 'system1'] as const)
      it(`keep what somebody has edited meanwhile on the other side, whatever the row says of conflicts: ${conflict}`, async () => {
        await start(conflict);
        vendors.createIssue({ summary: 'Late' });
        await bench.start();
        vendors.createIssue({
          summary: 'Names',
          description: doc(paragraph(text('see '), card('Late')), paragraph(text('Two'))),
        });
        await bench.settle();
        touch('Late');
        const item = vendors.item('Names');
        assert.ok(item);
        vendors.editItem(item.id, { 'System.Description': shown('Names').replace('Two', 'Three') });
        await bench.settle();
        includes(shown('Names'), 'Three');
        includes(shown('Names'), named('Late'));
        includes(adf('Names'), 'Three');
        includes(adf('Names'), urlOf('Late'));
      });

    it('go the other way, too', async () => {
      await start();
      const late = vendors.createItem({ 'System.Title': 'Late' });
      await bench.start();
      const link =
        format === 'html'
          ? `<p>see <a href="${vendors.azure.url}/_workitems/edit/${late}" data-vss-mention="version:1.0">#${late}</a></p>`
          : `see #${late}`;
      const patch = [
        { op: 'add', path: '/fields/System.Title', value: 'Names' },
        { op: 'add', path: '/fields/System.Description', value: link },
        ...(format === 'markdown'
          ? [{ op: 'add', path: '/multilineFieldsFormat/System.Description', value: 'Markdown' }]
          : []),
      ];
      const { azure } = vendors;
      azure.writes.create('Fabrikam', 'Bug', patch, new URLSearchParams(), personOf('carol'), azure.service.now());
      await bench.settle();
      includes(adf('Names'), `/_workitems/edit/${late}`);
      vendors.editItem(late, { 'System.Title': 'Late one' });
      await bench.settle();
      includes(adf('Names'), `"inlineCard","attrs":{"url":"${urlOf('Late one')}"}`);
      assert.ok(!adf('Names').includes('_workitems'), adf('Names'));
    });
  });
