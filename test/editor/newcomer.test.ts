/**
 * A newcomer's path, in a real browser, from an empty canvas to a bug that appears on the other side: what the read-me
 * calls the first five minutes. Each step leaves a picture in artifacts/screenshots/.
 */

import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { openSandbox, sandboxFile } from '../../lib/connectors/sandbox';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describeWithChromium('editor/newcomer', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let editor: Editor;
  const nodes: Record<string, Locator> = {};
  const node = (name: string): Locator => {
    const found = nodes[name];
    if (!found) throw new Error(`The step that makes "${name}" failed`);
    return found;
  };

  before(async () => {
    red = await NodeRed.start();
    browser = await launch();
    await browser.page.setViewportSize({ width: 1900, height: 950 });
    editor = new Editor(browser.page, red.url);
    await editor.open();
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  // each step needs those before it
  let failed = false;
  beforeEach(function () {
    if (failed) this.skip();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    failed = true;
    await screenshot(browser.page, `newcomer-failed`);
  });

  it('finds the nodes in the palette and drags them onto the canvas', async () => {
    await editor.searchPalette('twinflow');
    nodes.poller1 = await editor.drag('twinflow-poller', 120, 100);
    nodes.poller2 = await editor.drag('twinflow-poller', 120, 200);
    nodes.fields = await editor.drag('twinflow-field-mapper', 340, 150);
    nodes.values = await editor.drag('twinflow-value-mapper', 540, 150);
    nodes.defaults = await editor.drag('twinflow-default-mapper', 740, 150);
    nodes.writer = await editor.drag('twinflow-writer', 940, 150);
    await editor.searchPalette('debug');
    nodes.debug = await editor.drag('debug', 1100, 150);
    await screenshot(browser.page, 'newcomer-1-nodes');
  });

  it('wires them into one chain', async () => {
    for (const [from, to] of [
      ['poller1', 'fields'],
      ['poller2', 'fields'],
      ['fields', 'values'],
      ['values', 'defaults'],
      ['defaults', 'writer'],
      ['writer', 'debug'],
    ] as const) {
      await editor.wire(node(from), node(to));
    }
    assert.equal(await browser.page.locator('.red-ui-flow-link').count(), 6);
    await screenshot(browser.page, 'newcomer-2-wires');
  });

  it('configures two sandboxes and what is paired, from the form of the first poller', async () => {
    const poller = await editor.edit(node('poller1'));
    const integration = await editor.add(poller, 'integration');
    await integration.locator('#node-config-input-name').fill('My first integration');

    for (const [side, name, template] of [
      [1, 'left', 'Jira'],
      [2, 'right', 'Azure DevOps'],
    ] as const) {
      const system = await editor.add(integration, `system${side}`, 'node-config-input');
      await system.locator('#node-config-input-kind').selectOption({ value: 'sandbox' });
      await system.locator('#twinflow-system-space').fill(name);
      await system.locator('#twinflow-system-template').selectOption({ label: template });
      await system.locator('#twinflow-system-test').click();
      await system.locator('#twinflow-system-result').getByText('sandbox').first().waitFor();
      await screenshot(browser.page, `newcomer-3-system-${side}`);
      await editor.done();
    }

    await integration.getByText('project pair', { exact: true }).click();
    await editor.choose(integration.getByRole('combobox', { name: 'Project in System 1' }), 'Demo');
    await editor.choose(integration.getByRole('combobox', { name: 'Project in System 2' }), 'Fabrikam');
    // types are proposed by their names
    await integration.locator('#twinflow-integration-propose-types').click();
    await integration.getByText(/Pairs added: \d+\. Check them\./).waitFor();
    const types = integration.getByRole('combobox', { name: 'Type in System 1' });
    const names = await types.evaluateAll((inputs) => inputs.map((input) => Reflect.get(input, 'value')));
    assert.ok(names.includes('Bug'), String(names));
    // of the proposed pairs, only that of bugs is kept
    for (let at = names.length - 1; at >= 0; at -= 1) {
      if (names[at] === 'Bug') continue;
      await integration
        .locator('#twinflow-integration-types > li')
        .nth(at)
        .locator('.red-ui-editableList-item-remove')
        .click();
    }
    await until('only bugs are left', async () => (await types.count()) === 1 || undefined);
    await screenshot(browser.page, 'newcomer-4-integration');
    await editor.done();

    await setPoller(poller, '1');
    await screenshot(browser.page, 'newcomer-5-poller');
    await editor.done();
    const second = await open('poller2');
    await setPoller(second, '2');
    await editor.done();
  });

  /** Opens a node's form, in which the only integration is chosen already. */
  async function open(name: string): Promise<Locator> {
    const form = await editor.edit(node(name));
    const chosen = form.locator('#node-input-integration option:checked');
    assert.equal(await chosen.textContent(), 'My first integration');
    return form;
  }

  async function setPoller(form: Locator, side: string): Promise<void> {
    await form.locator('#node-input-side').selectOption(side);
    await form.locator('#node-input-interval').fill('1');
    await form.locator('#node-input-unit').selectOption('seconds');
    await form.locator('#node-input-start').selectOption('all');
  }

  it('lets the fields be mapped automatically', async () => {
    const form = await open('fields');
    await form.locator('#twinflow-map-auto').click();
    await form.locator('#twinflow-map-note').getByText('rows added').waitFor();
    assert.ok((await form.locator('#twinflow-map-rows > li').count()) > 5);
    await screenshot(browser.page, 'newcomer-6-fields');
    await editor.done();
  });

  it('pairs the values of the mapped lists', async () => {
    const form = await open('values');
    await form.locator('#twinflow-values-all').click();
    await form.locator('#twinflow-values-note').getByText('tables added').waitFor();
    // the names differ: Jira's High is Azure DevOps' 2
    await form.locator('#twinflow-values-table').selectOption({ label: 'Priority ↔ Priority (0)' });
    const high = form.locator('#twinflow-values-missing').getByText('High', { exact: true });
    await high.evaluate((button) => Object.assign(button, { seen: true }));
    for (let check = 0; check < 2; check++) await form.locator('#twinflow-values-case').click();
    await browser.page.waitForTimeout(300);
    const isSame = await high.evaluate((button) => 'seen' in button);
    assert.ok(isSame, 'a check that finds the same leaves what may be pressed just now');
    await high.click();
    await editor.choose(form.locator('#twinflow-values-pairs').getByRole('combobox').last(), '2');
    await screenshot(browser.page, 'newcomer-7-values');
    await editor.done();
  });

  it('gives defaults to the fields that the form names as mandatory', async () => {
    const form = await open('defaults');
    await form.locator('#twinflow-defaults-missing2').getByText('Area Path').click();
    await editor.choose(form.getByRole('combobox', { name: 'Default value for Area Path' }), 'Fabrikam');
    // Jira gives a new item its own priority
    assert.equal(await form.locator('#twinflow-defaults-missing1').getByText('Priority').count(), 0);
    await screenshot(browser.page, 'newcomer-8-defaults');
    await editor.done();
    await open('writer');
    await editor.done();
  });

  it('deploys', async () => {
    await editor.deploy();
    await screenshot(browser.page, 'newcomer-9-deployed');
    assert.equal(await editor.invalid(), 0);
  });

  it('drags one more node, which belongs to the only integration without being asked', async () => {
    await editor.searchPalette('twinflow');
    const late = await editor.drag('twinflow-filter', 340, 250);
    assert.equal(await editor.invalid(), 0);
    await late.locator('.red-ui-flow-node').first().click();
    await browser.page.keyboard.press('Delete');
    await late.waitFor({ state: 'detached' });
  });

  it('creates a bug on the sandbox page and sees it on the other side', async () => {
    const { page } = browser;
    await page.goto(`${red.url}/twinflow/sandbox/#left`);
    await page.locator('#new-type option', { hasText: 'Bug' }).waitFor({ state: 'attached' });
    await page.selectOption('#new-type', { label: 'Bug' });
    await page.getByRole('button', { name: 'New' }).click();
    await page.locator('[id="field-summary"]').fill('My first synced bug');
    await page.locator('[id="field-priority"]').selectOption({ label: 'High' });
    await page.getByRole('button', { name: 'Create' }).click();
    await page.locator('.history > li').first().waitFor();
    await screenshot(page, 'newcomer-10-created');

    const right = openSandbox({ file: sandboxFile(red.userDir), space: 'right' });
    const item = await until(
      'the bug is on the right',
      () => right.list({ search: 'My first synced bug' }).entities[0],
      20_000,
    );
    right.close();
    assert.deepEqual(item.fields['Microsoft.VSTS.Common.Priority'], { id: '2', name: '2' });
    await page.goto('about:blank');
    await page.goto(`${red.url}/twinflow/sandbox/#right`);
    await page.getByText('My first synced bug').first().click();
    await page.locator('.history > li').first().waitFor();
    await screenshot(page, 'newcomer-11-arrived');
  });

  it('sees what became of it in the editor, and no error in the browser', async () => {
    await editor.open();
    await browser.page.getByText('1 linked').first().waitFor();
    await screenshot(browser.page, 'newcomer-12-result');
    assert.deepEqual(browser.errors, []);
  });
});
