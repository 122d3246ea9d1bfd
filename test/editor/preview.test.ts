/** The preview in the forms, in a real Node-RED and a real browser: what would become of an entity between two sandboxes. */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

/** The example, polled by hand, with a function node between the mappers and the writer. */
function drawn(): FlowNode[] {
  const nodes = example('sandbox-both-ways', { 'twinflow-poller': { schedule: 'manual' } });
  const writer = nodes.find(({ type }) => type === 'twinflow-writer');
  const defaults = nodes.find(({ type }) => type === 'twinflow-default-mapper');
  if (!writer || !defaults) throw new Error('the example has both');
  const shout: FlowNode = {
    ...{ id: 'shout', type: 'function', z: writer.z, name: 'shout', func: 'return msg;', outputs: 1 },
    ...{ x: 600, y: 400, wires: [[writer.id]] },
  };
  const pollers = nodes.filter(({ type }) => type === 'twinflow-poller').map(({ id }) => id);
  const go: FlowNode = {
    id: 'go',
    type: 'inject',
    z: writer.z,
    name: 'go',
    props: [],
    x: 100,
    y: 400,
    wires: [pollers],
  };
  return [...nodes.map((node) => (node === defaults ? { ...node, wires: [['shout']] } : node)), shout, go];
}

const story = (thing: string): string =>
  [
    'The cart forgets what was put into it, as soon as somebody leaves the shop and comes back.',
    ['- put a **', '** into the cart\n- log out\n- log in'].join(thing),
    'Expected: it is still there. Found: the cart is empty again.',
  ].join('\n\n');

describeWithChromium('editor/preview', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let form: Locator;
  const bugs: string[] = [];

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(drawn());
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
    const bug = (fields: Parameters<typeof trackers.jira.create>[1]['fields']) =>
      bugs.push(trackers.jira.create('alice', { project: '10000', type: '10101', fields }).key);
    bug({
      summary: 'Cart loses items',
      description: { format: 'markdown', content: story('book') },
      priority: { name: 'High' },
    });
    bug({ summary: '<b>not bold</b>', labels: ['internal'] });
    editor = new Editor(page, red.url);
    await editor.open();
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('preview', () => page);

  async function open(type: string): Promise<void> {
    const id = (await red.flows()).find((node) => node.type === type)?.id;
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
    form = await editor.form();
    await form.getByRole('button', { name: /^(Preview|Vorschau)/ }).click();
  }
  const ask = async (key: string): Promise<void> => {
    const input = form.getByRole('textbox', { name: /^(Item key|Schlüssel des Elements)$/ });
    await input.fill(key);
    await input.press('Enter');
  };
  const row = (field: string): Locator => form.locator(`.twinflow-preview tr[data-field="${field}"]`);
  const cancel = async (): Promise<void> => {
    await page.locator('#node-dialog-cancel').click();
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  };
  const written = () => trackers.azure.list({ limit: 1 }).total;

  it('shows in the writer what a new entity becomes, by keyboard alone, and writes nothing', async () => {
    await open('twinflow-writer');
    await ask(bugs[0] ?? '');
    await form.getByText('A new item would be created in Azure DevOps (sandbox).').waitFor();
    await screenshot(page, 'preview-1-writer');
    assert.match(
      await row('System.Title').innerText(),
      /Summary: Cart loses items[\s\S]*Title[\s\S]*empty → Cart loses items/,
    );
    assert.match(await row('Microsoft.VSTS.Common.Priority').innerText(), /High[\s\S]*value table[\s\S]*empty → 2/);
    assert.match(await row('System.AreaPath').innerText(), /default[\s\S]*empty → Fabrikam/);
    await form.getByText('Not included: shout (not a Twinflow node).').waitFor();
    assert.equal(written(), 0);
  });

  it('shows long texts whole on demand', async () => {
    const description = row('System.Description');
    const more = description.getByRole('button', { name: 'show all' }).last();
    assert.ok(!(await description.innerText()).includes('empty again'));
    await more.focus();
    await page.keyboard.press('Enter');
    assert.equal(await description.locator('button[aria-expanded="true"]').count(), 1);
    assert.ok((await description.innerText()).includes('empty again'));
    await screenshot(page, 'preview-1b-long');
    await cancel();
  });

  it('offers the newest entities, and says which condition of a filter is not met; texts stay texts', async () => {
    await open('twinflow-filter');
    await form.getByRole('button', { name: `${bugs[1]} <b>not bold</b>` }).click();
    await form.getByText('Not synced: filtered out by “not internal”.').waitFor();
    await form.getByText('Labels is not internal: not met (internal)').waitFor();
    await page.waitForTimeout(200);
    await screenshot(page, 'preview-2-filter');
    await cancel();
  });

  it('works with what the form holds, unsaved, and shows the state after the node', async () => {
    await open('twinflow-field-mapper');
    await ask(bugs[0] ?? '');
    await row('System.Title').waitFor();
    assert.match(await row('Microsoft.VSTS.Common.Priority').innerText(), /empty → High/);
    await form.getByText(/The result after this node/).waitFor();
    const rows = form.locator('#twinflow-map-rows > li');
    const before = await rows.count();
    await form.locator('#twinflow-map-rows .red-ui-editableList-item-remove').first().click();
    await until('the row has gone', async () => (await rows.count()) < before);
    await form.getByRole('button', { name: 'Show', exact: true }).click();
    await row('System.Description').waitFor();
    assert.equal(await row('System.Title').count(), 0);
    await screenshot(page, 'preview-3-field-mapper');
    await cancel();
  });

  it('shows an update against what the target shows now, word by word, with a conflict and its decision', async () => {
    await red.post('/inject/go', {});
    await until('the bug is there', () => written() === 1);
    const [twin] = trackers.azure.list({ limit: 1 }).entities;
    const [bug] = trackers.jira.list({ search: bugs[0] ?? '', limit: 1 }).entities;
    assert.ok(twin && bug);
    trackers.azure.edit('bob', twin.id, { 'System.Title': 'Cart loses books' });
    trackers.jira.edit('alice', bug.id, {
      summary: 'Cart loses everything',
      description: {
        format: 'markdown',
        content: story('pen'),
      },
    });
    await open('twinflow-writer');
    await ask(bugs[0] ?? '');
    await form.getByText(/^1 would be updated: /).waitFor();
    await screenshot(page, 'preview-4-update');
    assert.match(
      await row('System.Title').innerText(),
      /Cart loses books → Cart loses everything[\s\S]*Changed on both sides: the source value is written/,
    );
    assert.equal(await row('System.Description').locator('del').innerText(), 'book');
    assert.equal(await row('System.Description').locator('ins').innerText(), 'pen');
    assert.ok(await row('System.State').isHidden());
    await form.getByRole('button', { name: /Show \d+ unchanged fields/ }).press('Enter');
    assert.match(await row('System.State').innerText(), /New \(unchanged since the last sync\)/);
    await cancel();
  });

  it('goes the other way as well, and says what it does not find', async () => {
    await open('twinflow-value-mapper');
    await form.getByRole('combobox', { name: 'Item from' }).selectOption('2');
    await ask('1');
    await form.getByText(/^DEMO-1 would be updated: Summary\.$|^No change:/).waitFor();
    await screenshot(page, 'preview-6-value-mapper');
    await ask('4711');
    await form.getByText('"4711" was not found or is not visible to this account.').waitFor();
    await cancel();
  });

  it('speaks German where the editor does, and reads well on a dark theme', async () => {
    await page.evaluate(() => localStorage.setItem('editor-language', 'de'));
    await editor.open();
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    await open('twinflow-default-mapper');
    await ask(bugs[0] ?? '');
    await form.getByText(/1 würde geändert: /).waitFor();
    await page.waitForTimeout(200);
    await screenshot(page, 'preview-5-german-dark');
    await page.evaluate(() => {
      Reflect.get(window, 'RED').nodes.eachNode(
        (node: { type: string; rows: { pairs: { one: { name: string } }[] }[] }) => {
          if (node.type !== 'twinflow-value-mapper') return;
          for (const table of node.rows) table.pairs = table.pairs.filter(({ one }) => one.name !== 'Highest');
        },
      );
    });
    const fields = { summary: 'Nothing works', priority: { name: 'Highest' } };
    await ask(trackers.jira.create('alice', { project: '10000', type: '10101', fields }).key);
    await form.getByText('Keine Entsprechung für "Highest" im Ziel.').waitFor();
    await screenshot(page, 'preview-7-german-warning');
    assert.deepEqual(
      browser.errors.filter((error) => !/422/.test(error)),
      [],
    );
  });
});
