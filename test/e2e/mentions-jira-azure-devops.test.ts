import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import type { FieldRow } from '../../lib/model/config';
import { connectTo, FABRIKAM, personOf } from '../connectors/azure-devops/support';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { MentionBench } from './mentions-bench';

const rows: FieldRow[] = [
  {
    ...{
      one: { id: 'summary', name: 'Summary', type: 'text' },
      two: { id: 'System.Title', name: 'Title', type: 'text' },
    },
    direction: 'both',
  },
  {
    one: { id: 'description', name: 'Description', type: 'richtext', format: 'adf' },
    two: { id: 'System.Description', name: 'Description', type: 'richtext', format: 'html' },
    direction: 'both',
    conflict: 'merge',
  },
];

const text = (value: string) => ({ type: 'text', text: value });
const paragraph = (...content: object[]) => ({ type: 'paragraph', content });
const doc = (...content: object[]) => ({ type: 'doc', version: 1, content });

describe('mentions between Jira Cloud and Azure DevOps', function () {
  this.timeout(60_000);
  let vendors: Vendors;
  let bench: MentionBench;
  const mention = (login: string, name: string) => ({
    type: 'mention',
    attrs: { id: vendors.jira.person(login).accountId, text: `@${name}`, accessLevel: '' },
  });
  const alice = () => mention('alice', 'Alice Adams');
  const erin = () => mention('erin', 'Erin Evans');
  const html = (title: string) => String(vendors.item(title)?.fields['System.Description']);
  const adf = (summary: string) => vendors.issue(summary)?.values.description;
  const anchor = (who: 'alice' | 'carol') =>
    `<a href="#" data-vss-mention="version:2.0,${personOf(who).id}">@${personOf(who).displayName}</a>`;

  const mentions = (summary: string): unknown[] => {
    const found: unknown[] = [];
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      if (Reflect.get(node, 'type') === 'mention') found.push(node);
      for (const inner of Object.values(node)) visit(inner);
    };
    visit(adf(summary));
    return found;
  };

  before(async () => {
    vendors = await startVendors();
    const { jira, azure } = vendors;
    const settings = { deployment: 'cloud', url: jira.url, auth: 'apiToken', email: 'sync@example.com' };
    const connect = () => jiraConnector.connect({ ...settings, apiKey: jira.person('sync').apiToken }, {});
    bench = new MentionBench(
      [
        { name: 'Jira', connection: connect, project: '10200', type: '10002' },
        { name: 'Azure DevOps', connection: () => connectTo(azure), project: FABRIKAM, type: 'Bug' },
      ],
      rows,
    );
    await bench.start();
  });
  after(async () => {
    await bench?.stop();
    await vendors?.stop();
  });

  it('a person who is there is mentioned as the target does it; another one by name, and the result says so', async () => {
    vendors.createIssue({
      summary: 'Cases',
      description: doc(paragraph(text('ask '), alice(), text(' or '), erin(), text(' soon')), paragraph(text('Two'))),
    });
    const { warnings } = await bench.sync();
    assert.equal(html('Cases'), `<p>ask ${anchor('alice')} or @Erin Evans soon</p>\n<p>Two</p>`);
    assert.deepEqual(
      warnings.map(({ reason }) => reason),
      ['The mention of “Erin Evans” is written as a name: Azure DevOps has no such user.'],
    );
  });

  it('an edit elsewhere leaves both as they are in Jira', async () => {
    const before = adf('Cases');
    const item = vendors.item('Cases');
    assert.ok(item);
    vendors.editItem(item.id, { 'System.Description': html('Cases').replace('Two', 'Three') });
    await bench.sync();
    assert.deepEqual(adf('Cases'), JSON.parse(JSON.stringify(before).replace('Two', 'Three')));
  });

  it('so does an edit of the same paragraph, and a new mention arrives', async () => {
    const item = vendors.item('Cases');
    assert.ok(item);
    const edited = html('Cases').replace(' soon', ` today, says ${anchor('carol')}`);
    vendors.editItem(item.id, { 'System.Description': edited });
    await bench.sync();
    const shown = JSON.stringify(adf('Cases'));
    for (const one of [alice(), erin()])
      assert.ok(
        mentions('Cases').some((other) => isDeepStrictEqual(other, one)),
        shown,
      );
    assert.ok(shown.includes(vendors.jira.person('carol').accountId), shown);
    assert.ok(shown.includes('today, says '), shown);
  });

  it('words that somebody changes are no longer a mention, and that is said', async () => {
    const item = vendors.item('Cases');
    assert.ok(item);
    vendors.editItem(item.id, { 'System.Description': html('Cases').replace('@Erin Evans', 'Erin E.') });
    const { warnings } = await bench.sync();
    assert.match(warnings.map(({ reason }) => reason).join(), /“Erin Evans” represented a mention/);
    const shown = JSON.stringify(adf('Cases'));
    assert.ok(!shown.includes(vendors.jira.person('erin').accountId), shown);
    assert.ok(
      mentions('Cases').some((other) => isDeepStrictEqual(other, alice())),
      shown,
    );
  });

  it('plain words never become a mention, and code is left alone', async () => {
    const item = vendors.item('Cases');
    assert.ok(item);
    const more = `${html('Cases')}<p>@Alice Archer and <code>@Erin Evans</code></p>`;
    vendors.editItem(item.id, { 'System.Description': more });
    await bench.sync();
    const shown = JSON.stringify(adf('Cases'));
    assert.equal(shown.split('"mention"').length - 1, 2, shown);
  });

  it('a mention of Azure DevOps is one in Jira', async () => {
    vendors.createItem({ 'System.Title': 'Back', 'System.Description': `<p>see ${anchor('carol')}</p>` });
    await bench.sync();
    const shown = JSON.stringify(adf('Back'));
    assert.ok(shown.includes(`"type":"mention","attrs":{"id":"${vendors.jira.person('carol').accountId}"`), shown);
  });

  it('a card of an issue is a mention of its counterpart, and comes back as the card', async () => {
    const cases = vendors.issue('Cases');
    assert.ok(cases);
    const url = `${vendors.jira.url}/browse/${vendors.jira.site.keyOf(cases)}`;
    const card = { type: 'inlineCard', attrs: { url } };
    vendors.createIssue({ summary: 'Card', description: doc(paragraph(text('see '), card), paragraph(text('Two'))) });
    await bench.sync();
    const id = vendors.item('Cases')?.id;
    assert.match(
      html('Card'),
      new RegExp(`<p>see <a href="[^"]*/_workitems/edit/${id}" data-vss-mention="version:1.0">#${id}</a></p>`),
    );
    const item = vendors.item('Card');
    assert.ok(item);
    vendors.editItem(item.id, { 'System.Description': html('Card').replace('see', 'do see') });
    await bench.sync();
    const shown = JSON.stringify(adf('Card'));
    assert.ok(shown.includes('"inlineCard"') && shown.includes(url) && shown.includes('do see '), shown);
  });
});
