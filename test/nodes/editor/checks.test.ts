/**
 * What the mappers' forms say before a deploy, and the nodes after it, in a real editor: a flow whose fields, lists and
 * people are no longer what they were when it was drawn.
 */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { DefaultRow, DomainRule, FieldRow, ValueRow } from '../../../lib/model';
import { type Browser, describeWithChromium, screenshot } from '../../support/chromium';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

const system = (id: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: template, kind: 'sandbox', proxy: '', tls: '', ignoreOwn: false },
  config: { space: `checks-${template}`, template, user: 'sync' },
});
const step = (id: string, type: string, x: number, more: Record<string, unknown>, wires: string[][]): FlowNode => ({
  ...{ id, type, z: 'tab', name: '', integration: 'integration', pairs: 'all', x, y: 100, wires },
  ...more,
});

const fieldRows: FieldRow[] = [
  {
    one: { id: 'summary', name: 'Headline', type: 'text' },
    two: { id: 'System.Title', name: 'Title', type: 'text' },
    direction: 'both',
  },
  {
    one: { id: 'environment', name: 'Environment', type: 'text' },
    two: { id: 'Custom.Gone', name: 'Customer', type: 'text' },
    direction: 'both',
  },
  {
    one: { id: 'status', name: 'Status', type: 'lookup' },
    two: { id: 'System.State', name: 'State', type: 'lookup' },
    direction: 'both',
  },
  {
    one: { id: 'assignee', name: 'Assignee', type: 'user' },
    two: { id: 'System.AssignedTo', name: 'Assigned To', type: 'user' },
    direction: 'both',
  },
  {
    two: { id: 'Microsoft.VSTS.Common.Severity', name: 'Severity', type: 'lookup' },
    direction: 'forward',
    constant: { id: '88', name: 'Catastrophe' },
  },
];
const pair = (one: string, two: string) => ({ one: { name: one }, two: { name: two }, direction: 'both' as const });
const valueRows: ValueRow[] = [
  {
    one: { id: 'assignee', name: 'Assignee', type: 'user' },
    two: { id: 'System.AssignedTo', name: 'Assigned To', type: 'user' },
    pairs: [],
  },
  {
    one: { id: 'status', name: 'Status', type: 'lookup' },
    two: { id: 'System.State', name: 'State', type: 'lookup' },
    pairs: [pair('To Do', 'New'), pair('Sleeping', 'Active')],
  },
];
const domains: DomainRule[] = [{ one: 'example.com', two: 'corp.onmicrosoft.example', direction: 'both' }];
const defaultRows: DefaultRow[] = [
  { field: { id: 'System.State', name: 'State', type: 'lookup' }, side: 2, value: { id: '77', name: 'Waiting' } },
  { field: { id: 'System.AssignedTo', name: 'Assigned To', type: 'user' }, side: 2, value: { name: 'nobody.known' } },
];

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Checks' },
  system('one', 'jira'),
  system('two', 'azure-devops'),
  {
    ...{ id: 'integration', type: 'twinflow-integration', name: 'Both', active: true, system1: 'one', system2: 'two' },
    projectPairs: [
      { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0001', name: 'Fabrikam' }, direction: 'both' },
    ],
    typePairs: [{ id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
    ...{ retries: 3, lostAfterMs: 600_000 },
  },
  step('fields', 'twinflow-field-mapper', 200, { rows: fieldRows }, [['values']]),
  step('values', 'twinflow-value-mapper', 400, { rows: valueRows, domains }, [['defaults']]),
  step('defaults', 'twinflow-default-mapper', 600, { rows: defaultRows }, [[]]),
];

describeWithChromium('the mappers of a flow that the systems have moved away from', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  const open = async (node: string): Promise<void> => {
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(node)}))`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(400);
  };
  const press = async (button: '.primary' | '#node-dialog-cancel'): Promise<void> => {
    await page.click(button === '.primary' ? '.red-ui-tray-toolbar .primary' : button);
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const text = async (selector: string): Promise<string> => (await page.locator(selector).textContent()) ?? '';
  const node = async (id: string, property: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(property)}]`);

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(red.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  });
  beforeEach(function () {
    this.currentTest?.timeout(60_000);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'checks-failed');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('say so below the nodes and in the debug sidebar, a few seconds after the deploy', async () => {
    for (const id of ['fields', 'values', 'defaults']) {
      await until(
        `${id} has a yellow status`,
        async () => ((await node(id, 'status')) as { fill?: string } | undefined)?.fill === 'yellow' || undefined,
        20_000,
      );
      assert.match(((await node(id, 'status')) as { text: string }).text, /^\d+ to check$/);
    }
    await page.evaluate(`RED.sidebar.show('debug')`);
    await screenshot(page, 'checks-deployed');
  });

  it('list what has become of the fields, and lead to the row: field mapper', async () => {
    await open('fields');
    const found = await text('#twinflow-map-findings');
    assert.match(found, /Environment ↔ Customer: The system has no such field/);
    assert.match(found, /Headline is now called Summary/);
    assert.match(found, /Environment was text \(one value\) and is now rich text \(one value\)/);
    assert.match(found, /→ Severity: No longer in the list of Severity: Catastrophe/);
    await screenshot(page, 'checks-fields');
    await page.locator('#twinflow-map-findings summary').click();
    await page
      .locator('#twinflow-map-findings')
      .getByRole('button', { name: /Environment ↔ Customer: The system/ })
      .click();
    const row = page.locator('#twinflow-map-rows > li').nth(1);
    assert.equal(await row.locator('.twinflow-more').isVisible(), true);
    assert.equal(await row.locator('input:focus').count(), 1);
    await row.locator('.twinflow-issues').getByText('The system has no such field').first().waitFor();
    await press('.primary');
    assert.equal(((await node('fields', 'rows')) as FieldRow[])[0]?.one?.name, 'Summary');
  });

  it('list values that are gone, in whichever table, and lead to it: value mapper', async () => {
    await open('values');
    const findings = page.locator('#twinflow-values-findings');
    assert.match((await findings.textContent()) ?? '', /Status ↔ State: No longer in the list of Status: Sleeping/);
    await findings.locator('summary').click();
    await findings.getByRole('button', { name: /Sleeping/ }).click();
    assert.equal(await page.locator('#twinflow-values-table').inputValue(), '1');
    await screenshot(page, 'checks-values');
    await press('#node-dialog-cancel');
  });

  it('name people without counterpart, and add a pair for one', async () => {
    // the sandboxes have the same people: one more in the first of them
    const dora = { id: '99', name: 'Dora Doe', email: 'dora@example.com' };
    await page.route('**/twinflow/users', async (route) => {
      const { system: asked, search, email } = route.request().postDataJSON();
      const response = await route.fetch();
      const body = await response.json();
      if (asked.id === 'one' && search === '' && email === undefined) body.items.push(dora);
      await route.fulfill({ response, json: body });
    });
    await page.reload();
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await open('values');
    const missing = page.locator('#twinflow-values-missing');
    await missing.getByText('→ 1 of 5 users without a match:').waitFor();
    assert.doesNotMatch((await missing.textContent()) ?? '', /←/);
    await screenshot(page, 'checks-people');
    await missing.getByRole('button', { name: 'Dora Doe' }).click();
    assert.equal(await page.locator('#twinflow-values-pairs input[role=combobox]').first().inputValue(), 'Dora Doe');
    await page.unroute('**/twinflow/users');
    await press('#node-dialog-cancel');
  });

  it('try a domain rule with an address, and refuse one that is none', async () => {
    await open('values');
    const box = page.locator('#twinflow-values-domains');
    await box.getByLabel('Try an email').fill('alice@example.com');
    await page.keyboard.press('Enter');
    await box.getByText('alice@example.com is Archer, Alice in azure-devops.').waitFor();
    await box.getByLabel('Try an email').fill('dora@example.com');
    await page.keyboard.press('Enter');
    await box
      .getByText('azure-devops has no user with the email dora@corp.onmicrosoft.example, dora@example.com.')
      .waitFor();
    await box.locator('.red-ui-editableList-addButton').click();
    await box.getByLabel('Domain of system 1').last().fill('old example');
    await box.getByLabel('Domain of system 2').last().fill('example.com');
    await box.getByText('Invalid domain').waitFor();
    await box.scrollIntoViewIfNeeded();
    await screenshot(page, 'checks-domains');
    await press('.primary');
    assert.equal(await node('values', 'valid'), false);
    await open('values');
    await page.locator('#twinflow-values-findings summary').click();
    await page
      .locator('#twinflow-values-findings')
      .getByRole('button', { name: /old example/ })
      .click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('@Old.Example');
    await box.getByText('Update loop of emails').waitFor({ state: 'detached' });
    await press('.primary');
    assert.equal(await node('values', 'valid'), true);
    assert.deepEqual(await node('values', 'domains'), [
      ...domains,
      { one: 'old.example', two: 'example.com', direction: 'both' },
    ]);
  });

  it('name defaults that the list does not have, and what an empty source means: default mapper', async () => {
    await open('defaults');
    assert.match(await text('#twinflow-defaults-findings'), /State: No longer in the list of State: Waiting/);
    await page.locator('#twinflow-defaults-findings summary').click();
    await page
      .locator('#twinflow-defaults-findings')
      .getByRole('button', { name: /Waiting/ })
      .click();
    const row = page.locator('#twinflow-defaults-rows > li').first();
    assert.equal(await row.locator('input:focus').count(), 1);
    await row.getByLabel('If the source is empty').selectOption('park');
    await screenshot(page, 'checks-defaults');
    await press('.primary');
    assert.equal(((await node('defaults', 'rows')) as DefaultRow[])[0]?.empty, 'park');
  });

  it('speak German where the editor does, and read well on a dark theme', async () => {
    await page.evaluate(`localStorage.setItem('editor-language', 'de')`);
    await page.reload();
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await open('values');
    await page
      .locator('#twinflow-values-findings')
      .getByText(/^Zu prüfen: \d+$/)
      .waitFor();
    await screenshot(page, 'checks-german-dark-values');
    await page.locator('#twinflow-values-domains').scrollIntoViewIfNeeded();
    await screenshot(page, 'checks-german-dark-domains');
    await press('#node-dialog-cancel');
    await open('defaults');
    await screenshot(page, 'checks-german-dark-defaults');
    await press('#node-dialog-cancel');
    assert.deepEqual(
      browser.errors.filter((error) => !/favicon/.test(error)),
      [],
    );
  });
});
