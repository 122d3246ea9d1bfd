/** A dry run in a real Node-RED and a real browser: switched on in the writer's form, seen on the canvas and in the sidebar. */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describeWithChromium('editor/dry run', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let writer: Locator;
  let side: Locator;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } }));
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1760, height: 900 });
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('dry-run', () => page);

  async function open(): Promise<void> {
    editor = new Editor(page, red.url);
    await editor.open();
    const id = (await red.flows()).find(({ type }) => type === 'twinflow-writer')?.id;
    writer = page.locator(`[id="${id}"]`);
    side = page.locator('.twinflow-side');
    await side.waitFor({ state: 'attached' });
    // the editor remembers a tab that was open
    if (!(await side.isVisible())) await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    await side.waitFor();
  }
  const azure = () => trackers.azure.list({ limit: 1 }).total;

  it('is switched on by keyboard in the writer’s form; canvas and sidebar say so', async () => {
    await open();
    const form = await editor.edit(writer);
    await form.getByRole('checkbox', { name: 'Dry run: report changes without writing' }).focus();
    await page.keyboard.press('Space');
    await page.waitForTimeout(200);
    await screenshot(page, 'dry-run-1-form');
    await editor.done();
    await writer.getByText('(dry run)').waitFor();
    await editor.deploy();
    trackers.jira.create('alice', { project: '10000', type: '10101', fields: { summary: 'Cart loses items' } });
    await writer.getByText('dry run: 1 reported').waitFor();
    await side.getByText('Dry run: 1 changes reported.').waitFor();
    await side.getByText('dry run', { exact: true }).waitFor();
    await screenshot(page, 'dry-run-2-sidebar');
    assert.equal(azure(), 0);
  });

  it('shows everything again on request', async () => {
    const results = page.locator('.red-ui-debug-msg').filter({ hasText: 'dryRun' });
    await side.getByRole('button', { name: 'Report again' }).focus();
    await page.keyboard.press('Enter');
    await side.getByText('Sent through the flow again: 1.').waitFor();
    await side.getByText('Dry run: 1 changes reported.').waitFor();
    await until('it was told twice', async () => (await results.count()) >= 2);
    assert.equal(azure(), 0);
  });

  it('speaks German where the editor does, and reads well on a dark theme', async () => {
    await page.evaluate(() => localStorage.setItem('editor-language', 'de'));
    await open();
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    await side.getByText('Probelauf: 1 Änderungen gemeldet.').waitFor();
    await editor.edit(writer);
    await page.waitForTimeout(300);
    await screenshot(page, 'dry-run-3-german-dark');
  });

  it('ends by a deploy without it: what was shown is written', async () => {
    const form = await editor.form();
    await form.getByRole('checkbox', { name: /^Probelauf/ }).uncheck();
    await editor.done();
    await editor.deploy();
    await until('the bug is there', () => azure() === 1);
    await side
      .getByText(/Probelauf/)
      .first()
      .waitFor({ state: 'hidden' });
    assert.deepEqual(browser.errors, []);
  });
});
