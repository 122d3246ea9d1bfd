/** Relations between Jira and Azure DevOps, the real engine and strict stand-ins: both ends are one relation. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import type { FieldChoice, FieldRow } from '../../lib/model/config';
import { connectTo, FABRIKAM, personOf } from '../connectors/azure-devops/support';
import { azureWrites, jiraWrites, startVendors, type Vendors } from '../support/jira-azure-devops';
import { targetOf } from '../systems/azure-devops/links';
import type { PatchOperation } from '../systems/azure-devops/patch';
import { MentionBench } from './mentions-bench';

const relation = (id: string, name: string): FieldChoice => ({
  ...{ id: `relation_${id}`, name, type: 'reference', multi: true },
});
const rows: FieldRow[] = [
  {
    one: { id: 'summary', name: 'Summary', type: 'text' },
    two: { id: 'System.Title', name: 'Title', type: 'text' },
    direction: 'both',
  },
  ...(
    [
      ['10000_outward', 'blocks', 'System.LinkTypes.Dependency-Forward', 'Successor'],
      ['10000_inward', 'is blocked by', 'System.LinkTypes.Dependency-Reverse', 'Predecessor'],
      ['10003', 'relates to', 'System.LinkTypes.Related', 'Related'],
    ] as const
  ).map(
    ([one, words, two, name]): FieldRow => ({ one: relation(one, words), two: relation(two, name), direction: 'both' }),
  ),
];
const SUCCESSOR = 'System.LinkTypes.Dependency-Forward';
const PREDECESSOR = 'System.LinkTypes.Dependency-Reverse';
const RELATED = 'System.LinkTypes.Related';

for (const silent of [false, true])
  describe(`relations between Jira and Azure DevOps, ${silent ? 'where links move no issue' : 'where links move both issues'}`, function () {
    this.timeout(60_000);
    let vendors: Vendors;
    let bench: MentionBench;
    let folder: string;

    beforeEach(async () => {
      vendors = await startVendors();
      folder = mkdtempSync(join(tmpdir(), 'twinflow-relations-'));
      const { jira, azure } = vendors;
      jira.faults.linksAreSilent = silent;
      azure.service.faults.linksMoveBothEnds = !silent;
      // numbers that mean others on the two sides
      const stranger = [{ op: 'add', path: '/fields/System.Title', value: 'A stranger' }];
      azure.writes.create('Fabrikam', 'Task', stranger, new URLSearchParams(), personOf('carol'), azure.service.now());
      const settings = { deployment: 'cloud', url: jira.url, auth: 'apiToken', email: 'sync@example.com' };
      bench = new MentionBench(
        [
          {
            ...{ name: 'Jira', project: '10200', type: '10002' },
            connection: () => jiraConnector.connect({ ...settings, apiKey: jira.person('sync').apiToken }, {}),
          },
          { name: 'Azure DevOps', project: FABRIKAM, type: 'Bug', connection: () => connectTo(azure) },
        ],
        rows,
        [],
        undefined,
        join(folder, 'store.sqlite'),
      );
      await bench.start();
    });
    afterEach(async () => {
      await bench.stop();
      assert.deepEqual(vendors.azure.violations, []);
      assert.deepEqual(vendors.jira.violations, []);
      await vendors.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const issue = (summary: string) => vendors.issue(summary) ?? assert.fail(summary);
    const item = (title: string) => vendors.item(title) ?? assert.fail(title);
    const issues = (...summaries: string[]) => {
      for (const summary of summaries) vendors.createIssue({ summary });
    };
    /** What somebody links in Jira. A person's edit touches both issues where links move them. */
    const linkInJira = (one: string, type: string, other: string) => {
      const { site } = vendors.jira;
      site.issueLinks.push({ id: String(site.nextIssueLink++), type, from: issue(one).id, to: issue(other).id });
      touchJira(one, other);
    };
    const unlinkInJira = (one: string, other: string) => {
      const { site } = vendors.jira;
      const at = site.issueLinks.findIndex(({ from, to }) => from === issue(one).id && to === issue(other).id);
      assert.ok(at >= 0);
      site.issueLinks.splice(at, 1);
      touchJira(one, other);
    };
    /** At least one end says that it has changed: what no end says is found by looking again, after minutes. */
    const touchJira = (one: string, other: string) => {
      const ends = silent ? [one] : [one, other];
      for (const name of ends) vendors.jira.site.touch(vendors.jira.person('alice'), issue(name));
    };
    const patch = (title: string, op: PatchOperation) => {
      const { azure } = vendors;
      azure.writes.update(item(title).id, [op], new URLSearchParams(), personOf('carol'), azure.service.now());
    };
    const linkInAzure = (one: string, rel: string, other: string) => {
      const url = `${vendors.azure.url}/_apis/wit/workItems/${item(other).id}`;
      patch(one, { op: 'add', path: '/relations/-', value: { rel, url } });
    };
    const unlinkInAzure = (one: string, rel: string, other: string) => {
      const index = item(one).relations.findIndex((link) => link.rel === rel && targetOf(link) === item(other).id);
      assert.ok(index >= 0);
      patch(one, { op: 'remove', path: `/relations/${index}` });
    };
    const inJira = () => {
      const { site } = vendors.jira;
      const nameOf = (id: string) => String(site.find(id)?.values.summary);
      return site.issueLinks
        .map(({ type, from, to }) => {
          const words = site.linkTypes.find(({ id }) => id === type)?.outward ?? '';
          const ends = [nameOf(from), nameOf(to)];
          return (words === 'relates to' ? ends.sort() : ends).join(` ${words} `);
        })
        .sort();
    };
    /** In Jira's words, each link once. */
    const inAzure = () =>
      vendors
        .items()
        .flatMap((one) =>
          one.relations.flatMap((link) => {
            const other = vendors.azure.service.state.items.get(targetOf(link) ?? 0);
            if (!other) return [];
            const ends = [one, other].map(({ fields }) => String(fields['System.Title']));
            if (link.rel === SUCCESSOR) return [ends.join(' blocks ')];
            return link.rel === RELATED && one.id < other.id ? [ends.sort().join(' relates to ')] : [];
          }),
        )
        .sort();
    const agree = (...wanted: string[]) => {
      assert.deepEqual(inJira(), wanted.sort());
      assert.deepEqual(inAzure(), wanted.sort());
    };
    const writes = () => jiraWrites(vendors.jira).length + azureWrites(vendors.azure).length;
    /** Everything has been said: what lies about then moves nothing. */
    const rests = async () => {
      const before = writes();
      for (const one of vendors.issues()) vendors.jira.site.touch(vendors.jira.person('alice'), one);
      await bench.settle();
      assert.equal(writes(), before, 'both sides rest');
    };

    it('come with new items, are there once, and lead the same way', async () => {
      issues('A', 'B', 'C');
      linkInJira('A', '10000', 'B');
      linkInJira('C', '10003', 'A');
      await bench.settle();
      agree('A blocks B', 'A relates to C');
      await rests();
    });

    it('are added and removed at either end, on either side', async () => {
      issues('A', 'B');
      await bench.settle();
      linkInJira('A', '10000', 'B');
      await bench.settle();
      agree('A blocks B');
      unlinkInAzure('B', PREDECESSOR, 'A');
      await bench.settle();
      agree();
      linkInAzure('B', PREDECESSOR, 'A');
      await bench.settle();
      agree('A blocks B');
      unlinkInJira('A', 'B');
      await bench.settle();
      agree();
      linkInAzure('B', RELATED, 'A');
      await bench.settle();
      agree('A relates to B');
      await rests();
    });

    it('cost one request each, in whatever order the ends are found', async () => {
      issues('A', 'B');
      await bench.settle();
      const [jira, azure] = [jiraWrites(vendors.jira).length, azureWrites(vendors.azure).length];
      linkInAzure('A', SUCCESSOR, 'B');
      await bench.settle();
      assert.equal(jiraWrites(vendors.jira).length - jira, 1);
      assert.equal(azureWrites(vendors.azure).length - azure, 0);
      linkInJira('A', '10003', 'B');
      await bench.settle();
      assert.equal(azureWrites(vendors.azure).length - azure, 1);
      assert.equal(jiraWrites(vendors.jira).length - jira, 1);
    });

    it('to an item that is not synced yet wait for it, through a restart', async () => {
      issues('A');
      await bench.settle();
      const late = vendors.jira.site.create(vendors.jira.person('alice'), {
        fields: { project: { key: 'DEMO' }, issuetype: { name: 'Task' }, summary: 'Late' },
      });
      linkInJira('A', '10000', 'Late');
      await bench.settle();
      assert.deepEqual(inAzure(), []);
      await bench.restart();
      // it becomes a bug, which is synced
      vendors.jira.site.move(vendors.jira.person('alice'), late, '10200', '10002');
      await bench.settle();
      agree('A blocks Late');
      await rests();
    });

    it('of one pair may be several, of different types', async () => {
      issues('A', 'B');
      linkInJira('A', '10000', 'B');
      linkInJira('A', '10003', 'B');
      await bench.settle();
      agree('A blocks B', 'A relates to B');
      unlinkInAzure('A', SUCCESSOR, 'B');
      await bench.settle();
      agree('A relates to B');
      await rests();
    });

    it('that are removed on one side while another is added on the other side both follow', async () => {
      issues('A', 'B', 'C');
      linkInJira('A', '10000', 'B');
      await bench.settle();
      unlinkInAzure('A', SUCCESSOR, 'B');
      linkInJira('A', '10000', 'C');
      await bench.settle();
      agree('A blocks C');
      linkInAzure('A', SUCCESSOR, 'B');
      unlinkInJira('A', 'C');
      await bench.settle();
      agree('A blocks B');
      await rests();
    });

    it('in a circle, where Azure DevOps allows none, are reported, and everything else goes on', async () => {
      issues('A', 'B', 'C');
      linkInJira('A', '10000', 'B');
      linkInJira('B', '10000', 'C');
      await bench.settle();
      agree('A blocks B', 'B blocks C');
      linkInJira('C', '10000', 'A');
      vendors.editIssue(issue('C'), { summary: 'C2' });
      const results = await bench.settle();
      assert.deepEqual(inAzure(), ['A blocks B', 'B blocks C2']);
      assert.deepEqual(inJira(), ['A blocks B', 'B blocks C2', 'C2 blocks A']);
      const warned = results.flatMap(({ warnings }) => warnings.map(({ reason }) => reason)).join('\n');
      assert.match(warned, /circular/);
      await bench.settle();
      unlinkInJira('A', 'B');
      await bench.settle();
      assert.deepEqual(inJira(), ['B blocks C2', 'C2 blocks A'], 'what was refused is not taken for removed');
    });

    it('to items that are not synced stay as they are on both sides', async () => {
      issues('A');
      await bench.settle();
      linkInAzure('A', SUCCESSOR, 'A stranger');
      const task = vendors.jira.site.create(vendors.jira.person('alice'), {
        fields: { project: { key: 'DEMO' }, issuetype: { name: 'Task' }, summary: 'A task' },
      });
      linkInJira('A', '10000', 'A task');
      await bench.settle();
      vendors.editIssue(issue('A'), { summary: 'A2' });
      await bench.settle();
      vendors.editItem(item('A2').id, { 'System.Title': 'A3' });
      await bench.settle();
      assert.equal(vendors.jira.site.find(task.id)?.id, task.id);
      assert.deepEqual(inJira(), ['A3 blocks A task']);
      assert.deepEqual(inAzure(), ['A3 blocks A stranger']);
    });
  });
