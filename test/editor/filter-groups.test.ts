/** A nested filter in a real editor: built, broken, mended and deployed, and then lets through what it should. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import type { Editor } from '../support/editor';
import { example, type sandboxes } from '../support/examples';
import { closeSandboxEditor, openSandboxEditor, type SandboxEditor } from '../support/sandbox-editor';
import { until } from '../support/wait';

const PROJECT = '10000';
const BUG = '10101';

describeWithChromium('editor/filter-groups', function (launch) {
  this.timeout(120_000);
  let opened: SandboxEditor | undefined;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let filter = '';

  before(async () => {
    const flow = example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } });
    filter = flow.find(({ type }) => type === 'twinflow-filter')?.id ?? '';
    opened = await openSandboxEditor(launch, flow, 900);
    ({ trackers, browser, page, editor } = opened);
  });
  after(() => closeSandboxEditor(opened));

  const open = async (): Promise<void> => {
    await page.evaluate((id) => {
      const { nodes, editor: forms } = Reflect.get(window, 'RED');
      forms.edit(nodes.node(id));
    }, filter);
    await page.locator('#twinflow-filter-conditions').waitFor();
    await page.waitForTimeout(400);
  };
  const done = async (): Promise<void> => {
    await page.locator('#node-dialog-ok').click();
    await page.locator('#twinflow-filter-conditions').waitFor({ state: 'detached' });
  };
  const choose = async (label: string, name: string): Promise<void> => {
    const combobox = page.locator(label).last();
    await combobox.fill(name);
    await page.getByRole('option', { name }).first().click();
  };
  const node = (property: string): Promise<unknown> =>
    page.evaluate(
      ([id, name]) => Reflect.get(Reflect.get(window, 'RED').nodes.node(id), name ?? ''),
      [filter, property],
    );
  const copies = (): unknown[] => trackers.azure.list().entities.map(({ fields }) => fields['System.Title']);

  it('is built of groups, and shows what is missing', async () => {
    await open();
    assert.equal(await page.locator('#node-input-by').inputValue(), 'conditions');
    assert.equal(await page.locator('#node-input-kinds').inputValue(), 'both');
    await page.getByText('add a group', { exact: true }).first().click();
    const group = page.locator('.twinflow-filter-group').last();
    await group.waitFor();
    await group.getByText('add a condition', { exact: true }).click();
    await page.locator('#twinflow-filter-note').getByText('have no field or no value').waitFor();
    await choose('.twinflow-filter-group input[role=combobox]', 'Summary');
    await group.getByLabel('Comparison').last().selectOption('containsNot');
    await group.getByLabel('Value to compare Summary with').fill('secret');
    await page.keyboard.press('Enter');
    await group.getByText('add a condition', { exact: true }).click();
    await choose('.twinflow-filter-group input[role=combobox]', 'Priority');
    await group.getByLabel('Comparison').last().selectOption('is');
    await choose('.twinflow-filter-group input[aria-label="Value to compare Priority with"]', 'Highest');
    await until('nothing is missing', async () => (await page.locator('#twinflow-filter-note').textContent()) === '');
    await screenshot(page, 'filter-1-group');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'filter-2-dark');
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
    await done();
    const conditions = (await node('conditions')) as { mode?: string; conditions?: { operator: string }[] }[];
    const last = conditions.at(-1);
    assert.equal(last?.mode, 'any');
    assert.deepEqual(
      last?.conditions?.map(({ operator }) => operator),
      ['containsNot', 'is'],
    );
    assert.equal(await node('valid'), true);
  });

  it('stays as it was when the form is opened again, and is not valid without a value', async () => {
    const before = JSON.stringify(await node('conditions'));
    await open();
    await page.waitForTimeout(500);
    await done();
    assert.equal(JSON.stringify(await node('conditions')), before);
    await open();
    const group = page.locator('.twinflow-filter-group').last();
    await group.getByLabel('Value to compare Summary with').fill('');
    await page.keyboard.press('Enter');
    await page.locator('#twinflow-filter-note').getByText('have no field or no value').waitFor();
    await done();
    assert.equal(await node('valid'), false);
    await open();
    await group.getByLabel('Value to compare Summary with').fill('secret');
    await page.keyboard.press('Enter');
    await done();
    assert.equal(await node('valid'), true);
  });

  it('lets through what it says, once deployed', async () => {
    await editor.deploy();
    const bug = (summary: string, priority: string) =>
      trackers.jira.create('alice', { project: PROJECT, type: BUG, fields: { summary, priority: { name: priority } } });
    bug('A secret of low priority', 'Low');
    bug('A secret that is urgent', 'Highest');
    bug('No such word', 'Low');
    await until('both arrive', () => copies().length >= 2, 30_000);
    await page.waitForTimeout(2_000);
    assert.deepEqual(copies().sort(), ['A secret that is urgent', 'No such word']);
  });

  it('or decides by an expression, whose mistakes are shown', async () => {
    await open();
    await page.locator('#node-input-by').selectOption('expression');
    await page.evaluate(`$('#twinflow-filter-expression').typedInput('value', 'priority.name = ')`);
    await page.locator('#twinflow-filter-note').getByText(/\S/).waitFor();
    await screenshot(page, 'filter-3-expression');
    await page.evaluate(`$('#twinflow-filter-expression').typedInput('value', 'priority.name = "High"')`);
    await page.locator('#twinflow-filter-note').getByText('Items are synced if the expression is true').waitFor();
    await done();
    assert.deepEqual(
      [await node('by'), await node('expression'), await node('valid')],
      ['expression', 'priority.name = "High"', true],
    );
    assert.deepEqual(browser.errors, []);
  });
});
