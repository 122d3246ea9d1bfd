/**
 * A filter by JQL in a real editor, against the stand-in of Jira: refused in Jira's words, mended, counted and deployed; then it lets
 * through what Jira finds, also after an issue has left the query or joined it.
 */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const FILTER = '0f11e12';

/** The example with a filter of System 1's changes in front of the field mapper. */
function filtered(flow: FlowNode[]): FlowNode[] {
  const find = (type: string) => flow.find((node) => node.type === type) ?? assert.fail(type);
  const mapper = find('twinflow-field-mapper');
  const filter: FlowNode = {
    ...{ id: FILTER, type: 'twinflow-filter', z: mapper.z, x: 300, y: 300, name: '', version: 2 },
    ...{ integration: find('twinflow-integration').id, pairs: 'all', side: '1', by: 'conditions', mode: 'all' },
    ...{ conditions: [], live: true, outputs: 1, wires: [[mapper.id]] },
  };
  return [...flow.map((node) => (node.type === 'twinflow-poller' ? { ...node, wires: [[FILTER]] } : node)), filter];
}

describeWithChromium('editor/filter-query', function (launch) {
  this.timeout(180_000);
  let vendors: Vendors;
  let red: NodeRed | undefined;
  let browser: Browser | undefined;
  let page: Page;
  let editor: Editor;

  before(async () => {
    vendors = await startVendors();
    red = await NodeRed.start();
    await red.deploy(filtered(vendors.flow({ 'twinflow-poller': { interval: 1, unit: 'seconds' } })));
    browser = await launch();
    ({ page } = browser);
    await page.setViewportSize({ width: 1280, height: 720 });
    editor = new Editor(page, red.url);
    await editor.open();
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    await vendors?.stop();
  });

  const open = async (): Promise<void> => {
    await page.evaluate((id) => {
      const { nodes, editor: forms } = Reflect.get(window, 'RED');
      forms.edit(nodes.node(id));
    }, FILTER);
    await page.locator('#node-input-by').waitFor();
    await page.waitForTimeout(400);
  };
  const done = async (): Promise<void> => {
    await page.locator('#node-dialog-ok').click();
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  };
  const node = (property: string): Promise<unknown> =>
    page.evaluate(
      ([id, name]) => Reflect.get(Reflect.get(window, 'RED').nodes.node(id), name ?? ''),
      [FILTER, property],
    );
  const hits = () => page.locator('#twinflow-filter-hits');
  const arrived = (title: string) => until(`“${title}” arrives`, () => vendors.item(title) !== undefined, 60_000);
  /** Whatever was changed before has been decided on: a later one has arrived. */
  const decided = async (name: string): Promise<void> => {
    vendors.createIssue({ summary: name, labels: ['sync'] });
    await arrived(name);
  };

  it('is checked against Jira while it is typed: the error in its words, then what it finds', async () => {
    vendors.createIssue({ summary: 'Wanted <b>at once</b>', labels: ['sync'] });
    await open();
    await page.locator('#node-input-by').selectOption('query');
    await hits().getByText('Example: labels = sync').waitFor();
    assert.equal(await page.locator('#twinflow-filter-language').textContent(), 'JQL');
    await page.locator('#twinflow-filter-query').fill('labels = sync AND nonsense = 1');
    await hits().getByText("Field 'nonsense' does not exist").waitFor();
    await screenshot(page, 'filter-query-1-refused');
    await page.locator('#twinflow-filter-query').fill('labels = sync');
    await hits().getByText('Items found now: 1').waitFor();
    await hits().getByText('Wanted <b>at once</b>').waitFor();
    await screenshot(page, 'filter-query-2-found');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'filter-query-3-dark');
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
  });

  it('is saved, and not valid if it is empty', async () => {
    await done();
    assert.deepEqual([await node('by'), await node('query'), await node('valid')], ['query', 'labels = sync', true]);
    await open();
    await page.locator('#twinflow-filter-query').fill(' ');
    await page.locator('#twinflow-filter-note').getByText('Enter a query.').waitFor();
    await done();
    assert.equal(await node('valid'), false);
    await open();
    await page.locator('#twinflow-filter-query').fill('labels = sync');
    await done();
    assert.equal(await node('valid'), true);
  });

  it('lets through what Jira finds, once deployed, and what joins the query later', async () => {
    await editor.deploy();
    const left = vendors.createIssue({ summary: 'Not wanted', labels: ['other'] });
    await decided('The first one');
    assert.equal(vendors.item('Not wanted'), undefined);
    vendors.editIssue(left, { labels: ['sync'] });
    await arrived('Not wanted');
  });

  it('notices that an issue has left the query: its later changes are not synced, until it is back', async () => {
    const issue = vendors.createIssue({ summary: 'In and out', labels: ['sync'] });
    await arrived('In and out');
    vendors.editIssue(issue, { labels: ['done'], summary: 'Changed outside' });
    await decided('The second one');
    assert.equal(vendors.item('Changed outside'), undefined);
    assert.notEqual(vendors.item('In and out'), undefined);
    vendors.editIssue(issue, { labels: ['sync'], summary: 'Back again' });
    await arrived('Back again');
  });
});
