/** Pictures in texts between Jira, both kinds, and Azure DevOps, with strict stand-ins of all: by names, addresses and media ids. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import type { FieldRow } from '../../lib/model/config';
import { connectTo, FABRIKAM } from '../connectors/azure-devops/support';
import { COMMENTS } from '../engine/comment-bench';
import { FILES } from '../engine/file-bench';
import { filesIn, saidIn, saidOf, startVendors, type Vendors } from '../support/jira-azure-devops';
import type { Item } from '../systems/azure-devops/state';
import { mediaId } from '../systems/jira/attachments';
import type { Issue } from '../systems/jira/issue';
import { MentionBench } from './mentions-bench';

const rows = (format: 'adf' | 'jira-wiki'): FieldRow[] => [
  {
    ...{
      one: { id: 'summary', name: 'Summary', type: 'text' },
      two: { id: 'System.Title', name: 'Title', type: 'text' },
    },
    direction: 'both',
  },
  {
    one: { id: 'description', name: 'Description', type: 'richtext', format },
    two: { id: 'System.Description', name: 'Description', type: 'richtext', format: 'html' },
    direction: 'both',
    conflict: 'merge',
  },
];

const text = (value: string) => ({ type: 'text', text: value });
const paragraph = (...content: object[]) => ({ type: 'paragraph', content });
const media = (id: string, alt?: string, width?: number) => ({
  type: 'mediaSingle',
  attrs: { layout: 'center', ...(width && { width, widthType: 'pixel' }) },
  content: [{ type: 'media', attrs: { type: 'file', id, collection: '', ...(alt && { alt }) } }],
});
const doc = (...content: object[]) => ({ type: 'doc', version: 1, content });

for (const deployment of ['cloud', 'datacenter'] as const) {
  describe(`e2e/pictures between Jira ${deployment} and Azure DevOps`, function () {
    this.timeout(240_000);
    let vendors: Vendors;
    let bench: MentionBench;

    before(async () => {
      vendors = await startVendors({ jira: { deployment } });
      const { jira, azure } = vendors;
      const sync = jira.person('sync');
      const settings =
        deployment === 'cloud'
          ? { deployment, url: jira.url, auth: 'apiToken', email: 'sync@example.com', apiKey: sync.apiToken }
          : { deployment, url: jira.url, auth: 'pat', token: sync.accessToken };
      bench = new MentionBench(
        [
          { name: 'Jira', connection: () => jiraConnector.connect(settings, {}), project: '10200', type: '10002' },
          { name: 'Azure DevOps', connection: () => connectTo(azure), project: FABRIKAM, type: 'Bug' },
        ],
        rows(deployment === 'cloud' ? 'adf' : 'jira-wiki'),
        [],
        () => [],
        ':memory:',
        [FILES, COMMENTS],
      );
      await bench.start();
    });
    after(async () => {
      await bench?.stop();
      await vendors?.stop();
    });

    const issueOf = (summary: string): Issue => vendors.issue(summary) ?? assert.fail(summary);
    const itemOf = (title: string): Item => vendors.item(title) ?? assert.fail(title);
    const html = (title: string): string => String(itemOf(title).fields['System.Description']);
    const description = (summary: string): unknown => issueOf(summary).values.description;
    const attached = (summary: string, nth = 0): string => filesIn(issueOf(summary))[nth]?.id ?? assert.fail(summary);
    const upload = (title: string, nth = 0): string => vendors.filesOf(itemOf(title))[nth]?.id ?? assert.fail(title);
    const address = (id: string, name: string): string =>
      `${vendors.azure.url}/_apis/wit/attachments/${id}?fileName=${encodeURIComponent(name)}`;
    const rests = async (): Promise<void> => assert.deepEqual(await bench.settle(), [], 'both rest');

    it('of Jira show the copy in Azure DevOps, and come back as they were', async () => {
      const issue = vendors.createIssue({ summary: 'From Jira' });
      vendors.attachInJira(issue, 'my shot.png', randomBytes(300));
      const id = mediaId(attached('From Jira'));
      const before =
        deployment === 'cloud'
          ? doc(paragraph(text('See')), media(id, 'my shot.png', 300), paragraph(text('end')))
          : 'See\n\n!my shot.png|width=300!\n\nend';
      vendors.editIssue(issue, { description: before });
      await bench.settle();
      const src = `src="${address(upload('From Jira'), 'my shot.png')}"`;
      assert.ok(html('From Jira').includes(src), html('From Jira'));
      assert.match(html('From Jira'), /width="300"/);
      await rests();
      vendors.editItem(Number(itemOf('From Jira').id), {
        'System.Description': html('From Jira').replace('end', 'The end'),
      });
      await bench.settle();
      assert.deepEqual(description('From Jira'), JSON.parse(JSON.stringify(before).replace('end', 'The end')));
      await rests();
    });

    it('of Azure DevOps show the copy in Jira, by a name of its own where names decide', async () => {
      const item = vendors.createItem({ 'System.Title': 'From Azure' });
      for (const _ of [1, 2]) vendors.attachInAzure(item, 'image.png', randomBytes(300));
      const [one, two] = [upload('From Azure', 0), upload('From Azure', 1)];
      const before = `<p>See <img src="${address(one, 'image.png')}"> and</p><p><img src="${address(two, 'image.png')}" width="40" height="20"></p><p>end</p>`;
      vendors.editItem(item, { 'System.Description': before });
      await bench.settle();
      const shown = JSON.stringify(description('From Azure'));
      const names = filesIn(issueOf('From Azure')).map(({ name }) => name);
      if (deployment === 'cloud') {
        for (const nth of [0, 1]) assert.ok(shown.includes(mediaId(attached('From Azure', nth))), shown);
        assert.deepEqual(names, ['image.png', 'image.png']);
      } else {
        assert.match(names[1] ?? '', /^image-[\da-f]{4}\.png$/);
        assert.ok(shown.includes(`See !${names[0]}! and`), shown);
        assert.ok(shown.includes(`!${names[1]}|width=40,height=20!`), shown);
      }
      await rests();
      const edited = JSON.parse(shown.replace('end', 'The end')) as string;
      vendors.editIssue(issueOf('From Azure'), { description: edited });
      await bench.settle();
      assert.equal(html('From Azure'), before.replace('end', 'The end'));
      await rests();
    });

    it('that were pasted in Azure DevOps, and are no attachments there, are attached to the issue and shown', async () => {
      const pasted = '0b0b0b0b-1111-4222-8333-444455556666';
      const { azure } = vendors;
      const stored = azure.files.keep(randomBytes(500));
      azure.service.state.attachments.set(pasted, { name: 'image.png', stored, isChunked: false });
      const before = `<p>a <img src="${address(pasted, 'image.png')}"> b</p><p>end</p>`;
      const item = vendors.createItem({ 'System.Title': 'Really pasted', 'System.Description': before });
      await bench.settle();
      const [copy] = filesIn(issueOf('Really pasted'));
      assert.deepEqual([copy?.name, copy?.sha256], ['image.png', stored.sha256]);
      const shown = JSON.stringify(description('Really pasted'));
      assert.ok(shown.includes(deployment === 'cloud' ? mediaId(copy?.id ?? '') : 'a !image.png! b'), shown);
      await rests();
      vendors.editIssue(issueOf('Really pasted'), { description: JSON.parse(shown.replace('end', 'The end')) });
      await bench.settle();
      assert.equal(html('Really pasted'), before.replace('end', 'The end'));
      assert.deepEqual(vendors.filesOf(itemOf('Really pasted')), [], 'nothing is attached in Azure DevOps');
      await rests();
      // taken out of the text, it is gone there as well
      vendors.editItem(item, { 'System.Description': '<p>a b</p><p>The end</p>' });
      await bench.settle();
      assert.deepEqual(filesIn(issueOf('Really pasted')), []);
      assert.ok(!JSON.stringify(description('Really pasted')).includes('image.png'));
      await rests();
    });

    it('that nobody can fetch are links to them; those in comments show the copy', async () => {
      const item = vendors.createItem({ 'System.Title': 'Pasted' });
      const pasted = '0a0a0a0a-1111-4222-8333-444455556666';
      vendors.editItem(item, { 'System.Description': `<p>a <img src="${address(pasted, 'p.png')}"> b</p>` });
      await bench.settle();
      const shown = JSON.stringify(description('Pasted'));
      assert.ok(shown.includes(`_apis/wit/attachments/${pasted}`), shown);
      assert.ok(!shown.includes('mediaSingle') && !shown.includes('!http'), shown);
      vendors.attachInJira(issueOf('Pasted'), 'note.png', randomBytes(300));
      const id = mediaId(attached('Pasted'));
      vendors.sayInJira(
        issueOf('Pasted'),
        deployment === 'cloud' ? doc(paragraph(text('Look')), media(id, 'note.png')) : 'Look\n\n!note.png!',
      );
      await bench.settle();
      const [said] = saidOf(itemOf('Pasted'));
      assert.ok(said?.source.includes(`src="${address(upload('Pasted'), 'note.png')}"`), said?.source);
      assert.equal(saidIn(issueOf('Pasted')).length, 1);
      await rests();
    });
  });
}
