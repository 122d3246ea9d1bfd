/**
 * A change that the target refuses, in a real Node-RED and a real browser: it is shown in the sidebar with everything
 * that is needed to understand it, corrected there, lands, and what came after it follows.
 */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';
const PRIORITY = 'Microsoft.VSTS.Common.Priority';

/** The sandbox example, with a value table that names a priority which Azure DevOps does not have. */
function flow() {
  const nodes = example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds' },
    'twinflow-integration': { retries: 0 },
  });
  const text = JSON.stringify(nodes).replace(
    '{"one":{"id":"1","name":"Highest"},"two":{"id":"1","name":"1"}',
    '{"one":{"id":"1","name":"Highest"},"two":{"id":"9","name":"9 <b>urgent</b>"}',
  );
  return JSON.parse(text) as typeof nodes;
}

describeWithChromium('editor/sidebar', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let trackers: ReturnType<typeof sandboxes>;
  let side: Locator;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1440, height: 1200 });
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('sidebar', () => page);

  const inAzure = (title: string) =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title);
  const priority = (title: string): string | undefined => {
    const value = inAzure(title)?.fields[PRIORITY];
    return value !== null && typeof value === 'object' && 'name' in value ? value.name : undefined;
  };
  const create = (summary: string, name: string) =>
    trackers.jira.create('alice', { project: DEMO, type: BUG, fields: { summary, priority: { name } } });
  const parkedRow = (key: string): Locator => side.getByRole('listitem').filter({ hasText: key });

  /** Shows or hides the tab of debug messages, which shares the sidebar's height with ours. */
  const toggleDebug = () => page.locator('button[data-tab-id="debug"]').first().click();

  async function openTab(): Promise<void> {
    await new Editor(page, red.url).open();
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    side = page.locator('.twinflow-side');
    await side.waitFor();
    await toggleDebug();
  }

  it('shows each integration with its systems and what is under way, and keeps it up to date', async () => {
    await openTab();
    const card = side.getByRole('region', { name: 'Jira ↔ Azure DevOps' });
    await card.getByText('running').waitFor();
    await card.getByText('System 1 – Jira (sandbox)').waitFor();
    await card.getByText('last polled at').first().waitFor();
    create('Cart loses items', 'High');
    await until('the bug is in Azure DevOps', () => inAzure('Cart loses items'));
    await card.getByText('1 linked').first().waitFor();
    await screenshot(page, 'sidebar-1-running');
  });

  it('shows a parked change: what failed, the mapped values, what the system said; texts never as HTML', async () => {
    const bug = trackers.jira.list({ limit: 1 }).entities[0];
    assert.ok(bug);
    trackers.jira.edit('alice', bug.id, { priority: { name: 'Highest' } });
    const row = parkedRow(bug.key);
    await row.waitFor();
    await side.getByText('1 parked').first().waitFor();
    await row.getByText('data rejected').waitFor();
    await row.getByRole('button', { name: /^Details/ }).click();
    await row.getByRole('rowheader', { name: 'Priority' }).waitFor();
    await row.getByText('9 <b>urgent</b>', { exact: true }).waitFor();
    await screenshot(page, 'sidebar-2-parked');
    await row.getByRole('button', { name: /Show the node/ }).click();
    await page.locator('.red-ui-flow-node-highlighted').first().waitFor();
  });

  it('3: is corrected there by keyboard, lands, and later changes of the entity follow', async () => {
    const bug = trackers.jira.list({ limit: 1 }).entities[0];
    assert.ok(bug);
    trackers.jira.edit('bob', bug.id, { summary: 'Cart loses all items' });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.ok(inAzure('Cart loses items'), 'the later change waits behind the parked one');
    const row = parkedRow(bug.key);
    await row.getByRole('button', { name: /^Edit and retry/ }).focus();
    await page.keyboard.press('Enter');
    const input = row.getByRole('combobox', { name: 'Priority' });
    await input.waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('2');
    await page.getByRole('option', { name: '2', exact: true }).waitFor();
    await screenshot(page, 'sidebar-3-edit');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await row.getByRole('button', { name: 'Retry with these values' }).focus();
    await page.keyboard.press('Enter');
    await until('the corrected value and the later change are there', () => priority('Cart loses all items') === '2');
    await row.waitFor({ state: 'detached' });
    const jira = trackers.jira.get(bug.id)?.fields.priority;
    assert.ok(jira !== null && typeof jira === 'object' && 'name' in jira);
    assert.equal(jira.name, 'Highest', 'the source keeps its own value');
    await side.getByText('running').waitFor();
  });

  it('skips one with a reason, finds by text, and retries all', async () => {
    const [one, two] = [create('First', 'Highest'), create('Second', 'Highest')];
    await parkedRow(one.key).waitFor();
    await parkedRow(two.key).waitFor();
    await side.getByRole('textbox', { name: /Search parked changes/ }).fill(one.key);
    await parkedRow(two.key).waitFor({ state: 'detached' });
    await parkedRow(one.key).getByRole('button', { name: /^Skip/ }).click();
    await page.keyboard.press('Enter');
    await side.getByText('Enter the reason for skipping the change.').waitFor();
    await page.keyboard.type('a duplicate');
    await screenshot(page, 'sidebar-4-skip');
    await page.keyboard.press('Enter');
    await side.getByText(`${one.key} was skipped.`).waitFor();
    // the writer says so on its output, which the debug node behind it shows
    await toggleDebug();
    await page.locator('.red-ui-debug-msg').filter({ hasText: '"skipped"' }).first().waitFor();
    await side.getByRole('textbox', { name: /Search parked changes/ }).fill('');
    await parkedRow(two.key).waitFor();
    await red.deploy(example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } }), 'nodes');
    await side.getByRole('button', { name: 'Retry all' }).click();
    await until('it is there', () => priority('Second') === '1');
    await parkedRow(two.key).waitFor({ state: 'detached' });
    assert.equal(inAzure('First'), undefined);
  });

  it('asks nothing while nobody looks', async () => {
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().includes('/twinflow/operations')) asked += 1;
    });
    await page.getByRole('button', { name: 'Help', exact: true }).first().click();
    await side.waitFor({ state: 'hidden' });
    asked = 0;
    await page.waitForTimeout(6_000);
    assert.equal(asked, 0);
  });

  it('speaks German where the editor does, and reads well on a dark theme', async () => {
    create('Dunkel', 'Lowest');
    await red.deploy(flow(), 'nodes');
    const bug = create('Ein Fehler', 'Highest');
    await page.evaluate(() => localStorage.setItem('editor-language', 'de'));
    await openTab();
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    const row = parkedRow(bug.key);
    await row.getByRole('button', { name: /^Details/ }).click();
    await row.getByText('Daten abgewiesen').waitFor();
    await row.getByRole('button', { name: /^Korrigieren/ }).click();
    await row.getByRole('combobox', { name: 'Priority' }).waitFor();
    await page.waitForTimeout(300);
    await screenshot(page, 'sidebar-5-german-dark');
  });

  it('leaves no error in the browser, and nothing of what is synced in the log', () => {
    // a correction that is refused; and the tab may look while a deploy replaces the integration
    const expected = /status of 422|status of 404 .*\/twinflow\/parked\?/;
    assert.deepEqual(
      browser.errors.filter((text) => !expected.test(text)),
      [],
    );
    assert.doesNotMatch(red.log, /Cart loses/);
  });
});
