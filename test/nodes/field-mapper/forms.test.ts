/** The forms of filter, field, value and default mapper in a real editor: a real Node-RED, a real browser, two sandboxes. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { DefaultRow, FieldRow, ValueRow } from '../../../lib/model';
import { type Browser, describeWithChromium, screenshot } from '../../support/chromium';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

const system = (id: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: template, kind: 'sandbox', proxy: '', tls: '', ignoreOwn: false },
  config: { space: `forms-${template}`, template, user: 'sync' },
});

const step = (id: string, type: string, x: number, more: Record<string, unknown>, wires: string[][]): FlowNode => ({
  ...{ id, type, z: 'tab', name: '', integration: 'integration', pairs: 'all', x, y: 100, wires },
  ...more,
});

const summary = { id: 'summary', name: 'Summary', type: 'text', maxLength: 255 };
const title = { id: 'System.Title', name: 'Title', type: 'text', maxLength: 255 };
const status = { id: 'status', name: 'Status', type: 'lookup' };
const state = { id: 'System.State', name: 'State', type: 'lookup' };

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Forms' },
  system('one', 'jira'),
  system('two', 'azure-devops'),
  {
    ...{ id: 'integration', type: 'twinflow-integration', name: 'Both', active: false, system1: 'one', system2: 'two' },
    projectPairs: [
      { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0001', name: 'Fabrikam' }, direction: 'both' },
    ],
    typePairs: [{ id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
    ...{ retries: 3, lostAfterMs: 600_000 },
  },
  step(
    'filter',
    'twinflow-filter',
    140,
    { side: '1', mode: 'all', conditions: [], matchCase: false, live: false, outputs: 1 },
    [['fields']],
  ),
  step(
    'fields',
    'twinflow-field-mapper',
    300,
    {
      rows: [
        { one: summary, two: title, direction: 'both' },
        { one: status, two: state, direction: 'both' },
      ],
    },
    [['values']],
  ),
  step('values', 'twinflow-value-mapper', 460, { rows: [] }, [['defaults']]),
  step('defaults', 'twinflow-default-mapper', 620, { rows: [] }, [[]]),
  step('alone', 'twinflow-field-mapper', 300, { integration: '', y: 200 }, [[]]),
];

describeWithChromium('the forms of filter and mappers', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  const open = async (node: string): Promise<void> => {
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(node)}))`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    // the lists have come, and the tray rests
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(400);
  };
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const node = async (id: string, property: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(property)}]`);
  /** Chooses from the drop-down that has the focus, by the keyboard. */
  const choose = async (typed: string): Promise<void> => {
    await page.keyboard.type(typed);
    await page.waitForSelector('.twinflow-popup li');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.twinflow-popup', { state: 'detached' });
  };
  const focusedIsCombobox = (): Promise<boolean> =>
    until(
      'a drop-down has the focus',
      () => page.evaluate('document.activeElement.getAttribute("role") === "combobox"') as Promise<boolean>,
    ).then(Boolean);

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(red.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  });
  beforeEach(function () {
    this.currentTest?.timeout(60_000);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'mapping-forms-failed');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('mark a node without integration, and none that is complete', async () => {
    assert.equal(await node('alone', 'valid'), false);
    for (const id of ['filter', 'fields', 'values', 'defaults']) assert.equal(await node(id, 'valid'), true, id);
  });

  it('leave a node as it was when nothing was changed', async () => {
    for (const id of ['filter', 'fields', 'values', 'defaults']) {
      await open(id);
      await done();
      assert.notEqual(await node(id, 'changed'), true, id);
    }
  });

  it('name the mandatory fields that nothing is mapped to, and add a row for one', async () => {
    await open('fields');
    const missing = page.locator('#twinflow-map-missing2');
    assert.match((await missing.textContent()) ?? '', /required, but no row gives a value: Area Path/);
    await missing.getByRole('button', { name: 'Area Path' }).click();
    await focusedIsCombobox();
    await page.keyboard.press('Escape');
    const constant = page.locator('#twinflow-map-rows input[aria-label="Constant for Area Path"]');
    await constant.focus();
    await choose('Fabrikam');
    await until('the field counts as covered', async () => !/Area Path/.test((await missing.textContent()) ?? ''));
    await screenshot(page, 'mapping-forms-constant');
    await done();
    const row = ((await node('fields', 'rows')) as FieldRow[]).at(-1);
    assert.equal(row?.two?.id, 'System.AreaPath');
    assert.equal(row?.direction, 'forward');
    assert.equal((row?.constant as { name?: string } | undefined)?.name, 'Fabrikam');
  });

  it('narrow the rows down to mandatory, custom or read-only fields, and list those of the kind that have no row', async () => {
    await open('fields');
    const show = page.locator('#twinflow-map-show');
    const unmapped = page.locator('#twinflow-map-unmapped');
    const rows = (): Promise<number> => page.locator('#twinflow-map-rows > li:visible').count();
    assert.deepEqual([await rows(), await unmapped.isVisible()], [3, false]);
    await show.selectOption({ label: 'Required fields' });
    assert.equal(await rows(), 3);
    await show.selectOption({ label: 'Custom fields' });
    assert.equal(await rows(), 0);
    assert.match(await unmapped.innerText(), /External reference text[\s\S]*External ID text/);
    await page.fill('#twinflow-map-search', 'reviewers');
    assert.equal(await unmapped.getByRole('button').count(), 2);
    await page.fill('#twinflow-map-search', '');
    await show.selectOption({ label: 'Read-only fields' });
    assert.match(await unmapped.innerText(), /Created date and time, read-only[\s\S]*Changed By user, read-only/);
    await screenshot(page, 'mapping-forms-read-only');
    await unmapped.getByRole('button', { name: 'Reporter' }).click();
    await focusedIsCombobox();
    await page.keyboard.press('Escape');
    // all rows are shown again, with the new one
    assert.equal(await rows(), 4);
    await page.click('#node-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('map fields automatically, each once, and say how sure that is', async () => {
    await open('fields');
    await page.click('#twinflow-map-auto');
    await page.locator('#twinflow-map-note').getByText('rows added').waitFor();
    assert.ok((await page.locator('#twinflow-map-rows .twinflow-sure').count()) > 3);
    await screenshot(page, 'mapping-forms-auto-map');
    await done();
    const rows = (await node('fields', 'rows')) as FieldRow[];
    const ids = rows.flatMap((row) => row.one?.id ?? []);
    assert.ok(rows.length > 6);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(await node('fields', 'valid'), true);
  });

  it('show what a row loses and refuse what cannot be converted', async () => {
    await open('fields');
    await page.locator('.red-ui-editableList-addButton').click();
    await focusedIsCombobox();
    await choose('Reporter');
    const two = page.locator('#twinflow-map-rows > li').last().locator('input[role=combobox]').nth(1);
    await two.focus();
    await choose('Remaining Work');
    const last = page.locator('#twinflow-map-rows > li').last();
    await last.locator('.twinflow-tool.twinflow-error').click();
    await last.getByText('No conversion between these types').first().waitFor();
    await done();
    assert.equal(await node('fields', 'valid'), false);
    await open('fields');
    await page.locator('#twinflow-map-show').selectOption('issues');
    await page.locator('#twinflow-map-rows > li').last().locator('.red-ui-editableList-item-remove').click();
    await done();
    assert.equal(await node('fields', 'valid'), true);
  });

  it('set direction and conflict of a row by the keyboard', async () => {
    await open('fields');
    const first = page.locator('#twinflow-map-rows > li').first();
    await first.locator('.twinflow-direction').focus();
    await page.keyboard.press('Space');
    assert.equal(await first.locator('.twinflow-direction').getAttribute('data-direction'), 'forward');
    await first.locator('[aria-expanded]').last().focus();
    await page.keyboard.press('Enter');
    await first.getByLabel('If both sides changed').selectOption('park');
    await done();
    const [row] = (await node('fields', 'rows')) as FieldRow[];
    assert.deepEqual([row?.direction, row?.conflict], ['forward', 'park']);
  });

  it('offer merging where it makes sense, with a second choice', async () => {
    await open('fields');
    const [text, list] = [0, 1].map((index) => page.locator('#twinflow-map-rows > li').nth(index));
    for (const row of [text, list]) await row?.locator('[aria-expanded]').last().click();
    const merging = 'option[value="merge"]';
    assert.equal(await list?.getByLabel('If both sides changed').locator(merging).count(), 0);
    const second = text?.getByLabel('If merging fails');
    assert.equal(await second?.isVisible(), false);
    await text?.getByLabel('If both sides changed').selectOption('merge');
    await second?.selectOption('system2');
    await done();
    const [row] = (await node('fields', 'rows')) as FieldRow[];
    assert.deepEqual([row?.conflict, row?.fallback], ['merge', 'system2']);
  });

  it('offer tables for the mapped lists, matched by name, and name the values without counterpart', async () => {
    await open('values');
    await page.click('#twinflow-values-all');
    await page.locator('#twinflow-values-note').getByText('tables added').waitFor();
    const table = page.locator('#twinflow-values-table');
    await table.selectOption({ label: 'Priority ↔ Priority (0)' });
    const missing = page.locator('#twinflow-values-missing');
    await missing.getByRole('button', { name: 'High', exact: true }).click();
    await focusedIsCombobox();
    await choose('2');
    await until(
      'the value has a pair',
      async () => (await missing.getByRole('button', { name: 'High', exact: true }).count()) === 0,
    );
    await screenshot(page, 'mapping-forms-values');
    await done();
    const rows = (await node('values', 'rows')) as ValueRow[];
    const states = rows.find((row) => row.one.id === 'status');
    const pairs = states?.pairs.map(({ one, two }) => `${one.name} ↔ ${two.name}`);
    assert.ok(pairs?.includes('To Do ↔ New'), String(pairs));
    // by order, between steps that are known
    assert.ok(pairs?.includes('In Review ↔ Resolved'), String(pairs));
    const priorities = rows.find((row) => row.one.id === 'priority');
    assert.deepEqual(
      priorities?.pairs.map(({ one, two }) => `${one.name} ↔ ${two.name}`),
      ['High ↔ 2'],
    );
    assert.ok(states?.pairs.every(({ one, two }) => one.id !== undefined && two.id !== undefined));
  });

  it('show a hundred of ten thousand pairs at a time, find the others, and keep all of them in their order', async () => {
    const before = await node('values', 'rows');
    await page.evaluate(() => {
      const table = Reflect.get(window, 'RED').nodes.node('values');
      const pairs = Array.from({ length: 10_000 }, (_, n) => ({
        ...{ one: { name: `Eins ${n}` }, two: { id: `${n}`, name: `Zwei ${n}` }, direction: 'both', note: `n${n}` },
      }));
      table.rows = [{ ...table.rows[0], pairs }];
    });
    const opening = Date.now();
    await open('values');
    assert.ok(Date.now() - opening < 10_000, `${Date.now() - opening} ms`);
    const pairs = page.locator('#twinflow-values-pairs > li');
    const find = page.locator('#twinflow-values-find');
    assert.equal(await pairs.count(), 100);
    await find.getByText('100 of 10,000 shown').waitFor();
    await find.getByRole('button', { name: '100 more' }).click();
    assert.equal(await pairs.count(), 200);
    await find.getByRole('searchbox').fill('eins 123');
    await find.getByText('11 of 11 shown').waitFor();
    await screenshot(page, 'mapping-forms-many-pairs');
    // Eins 123, 1230 … 1239: the second one is renamed, the third one removed, another one is added behind all others
    await pairs.nth(1).getByRole('combobox').last().fill('Other');
    await page.keyboard.press('Tab');
    await pairs.nth(2).locator('.red-ui-editableList-item-remove').click();
    await until('it has gone', async () => (await pairs.count()) === 10);
    await page.locator('#twinflow-values-body .red-ui-editableList-addButton').first().click();
    await focusedIsCombobox();
    await page.keyboard.type('New one');
    await page.keyboard.press('Tab');
    await pairs.last().getByRole('combobox').last().fill('New two');
    await page.keyboard.press('Tab');
    await find.getByRole('searchbox').fill('');
    assert.equal(await pairs.count(), 100);
    await done();
    const [saved] = (await node('values', 'rows')) as ValueRow[];
    assert.equal(saved?.pairs.length, 10_000);
    assert.deepEqual(
      [0, 123, 1229, 1230, 1231, 9_998, 9_999].map((n) => [saved?.pairs[n]?.one.name, saved?.pairs[n]?.two.name]),
      [
        ['Eins 0', 'Zwei 0'],
        ['Eins 123', 'Zwei 123'],
        ['Eins 1229', 'Zwei 1229'],
        ['Eins 1230', 'Other'],
        ['Eins 1232', 'Zwei 1232'],
        ['Eins 9999', 'Zwei 9999'],
        ['New one', 'New two'],
      ],
    );
    assert.equal(Reflect.get(saved?.pairs[1230] ?? {}, 'note'), 'n1230');
    await page.evaluate((rows) => {
      Reflect.get(window, 'RED').nodes.node('values').rows = rows;
    }, before);
  });

  it('take a default from the list of the field', async () => {
    await open('defaults');
    // the tracker gives it a value of its own, so it is not offered as missing
    assert.equal(
      await page.locator('#twinflow-defaults-missing1').getByRole('button', { name: 'Priority' }).count(),
      0,
    );
    await page.locator('.red-ui-editableList-addButton').click();
    await page.locator('#twinflow-defaults-rows select[aria-label="System of the field"]').selectOption('1');
    await page.locator('#twinflow-defaults-rows input[role=combobox]').first().focus();
    await choose('Priority');
    await page.locator('#twinflow-defaults-rows input[aria-label="Default value for Priority"]').focus();
    await choose('Medium');
    await page.getByRole('button', { name: 'Row options' }).click();
    await page.getByLabel('If the value has no match').selectOption('park');
    await screenshot(page, 'mapping-forms-defaults');
    await done();
    const [row] = (await node('defaults', 'rows')) as DefaultRow[];
    assert.deepEqual([row?.side, row?.field.id, row?.unresolved], [1, 'priority', 'park']);
    assert.deepEqual(row?.value, { id: '3', name: 'Medium' });
  });

  it('filter by a list of values, with a second output for all others', async () => {
    await open('filter');
    await page.locator('.red-ui-editableList-addButton').first().click();
    await focusedIsCombobox();
    await choose('Priority');
    await page.getByLabel('Comparison').selectOption('oneOf');
    for (const name of ['Medium', 'Low']) {
      await page.locator('#twinflow-filter-conditions input[aria-label="Value to compare Priority with"]').focus();
      await choose(name);
    }
    await page.locator('#node-input-outputs').selectOption('2');
    await screenshot(page, 'mapping-forms-filter');
    await done();
    const [condition] = (await node('filter', 'conditions')) as { operator: string; value: { name: string }[] }[];
    assert.equal(condition?.operator, 'oneOf');
    assert.deepEqual(
      condition?.value.map(({ name }) => name),
      ['Medium', 'Low'],
    );
    assert.equal(await node('filter', 'outputs'), 2);
    assert.equal(await node('filter', 'valid'), true);
  });

  it('keep a filter that lacks a value from counting as complete', async () => {
    await open('filter');
    await page.getByLabel('Comparison').first().selectOption('contains');
    await page.locator('#twinflow-filter-note').getByText('have no field or no value').waitFor();
    await page.locator('.twinflow-chip button').first().waitFor({ state: 'detached' });
    await done();
    assert.equal(await node('filter', 'valid'), false);
  });

  it('fit a narrow window, and leave no error in the console', async () => {
    await page.setViewportSize({ width: 1024, height: 720 });
    for (const id of ['filter', 'fields', 'values', 'defaults']) {
      await open(id);
      const wide = (await page.evaluate(
        '(() => { const body = document.querySelector(".red-ui-tray-body"); return body.scrollWidth - body.clientWidth; })()',
      )) as number;
      assert.ok(wide <= 2, `${id} is ${wide} pixels too wide`);
      await page.click('.red-ui-tray-toolbar >> text=Cancel');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    }
    const ours = browser.errors.filter((text) => !/ERR_NAME_NOT_RESOLVED|catalogue/.test(text));
    assert.deepEqual(ours, []);
  });

  it('keep what they learned over a deploy', async () => {
    await page.click('#red-ui-header-button-deploy');
    // the node without integration is still there
    await page.getByRole('button', { name: 'Confirm deploy' }).click();
    const deployed = await until('the flow is deployed', async () => {
      const flows = await red.flows();
      const mapper = flows.find(({ id }) => id === 'fields');
      return Array.isArray(mapper?.rows) && mapper.rows.length > 6 ? mapper.rows : undefined;
    });
    assert.equal(JSON.stringify(deployed).includes('apiKey'), false);
  });
});
