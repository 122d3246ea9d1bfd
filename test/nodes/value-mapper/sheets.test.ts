/** Sheets and transforms as a person meets them: a real editor, an uploaded sheet of 5,000 users, a change that is mapped. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { FieldRow, ValueRow } from '../../../lib/model';
import { workbook } from '../../mapping/tables/files';
import { type Browser, describeWithChromium, screenshot } from '../../support/chromium';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

const system = (id: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: template, kind: 'sandbox', proxy: '', tls: '', ignoreOwn: false },
  config: { space: `sheets-${template}`, template, user: 'sync' },
});

const step = (id: string, type: string, x: number, more: Record<string, unknown>, wires: string[][]): FlowNode => ({
  ...{ id, type, z: 'tab', name: '', integration: 'integration', pairs: 'all', x, y: 100, wires },
  ...more,
});

const summary = { id: 'summary', name: 'Summary', type: 'text', maxLength: 255 };
const title = { id: 'System.Title', name: 'Title', type: 'text', maxLength: 255 };
const assignee = { id: 'assignee', name: 'Assignee', type: 'user' };
const assigned = { id: 'System.AssignedTo', name: 'Assigned To', type: 'user' };
const priority = { id: 'priority', name: 'Priority', type: 'lookup' };
const severity = { id: 'Microsoft.VSTS.Common.Severity', name: 'Severity', type: 'lookup' };

const MESSAGE = {
  topic: 'Both',
  payload: {
    summary: 'Login fails',
    assignee: { id: 'x', name: 'Customer 4711', email: 'user4711@customer.example' },
    priority: { id: '2', name: 'High' },
  },
  sync: {
    ...{ integration: 'integration', direction: 'forward', event: '1.1', kind: 'update', pair: 'bug', changed: [] },
    entity: { id: '7', key: 'DEMO-7', updatedAt: '2024-05-01T10:00:00Z', type: '10101', project: '10000' },
    target: { type: 'Bug', project: '6ce954b1-0001' },
  },
};

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Sheets' },
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
  { id: 'in', z: 'tab', type: 'http in', url: '/map', method: 'post', x: 100, y: 200, wires: [['take']] },
  {
    ...{ id: 'take', z: 'tab', type: 'function', outputs: 1, x: 200, y: 200, wires: [['fields']] },
    func: 'return Object.assign(msg, msg.payload);',
  },
  step(
    'fields',
    'twinflow-field-mapper',
    300,
    {
      rows: [
        { one: summary, two: title, direction: 'both' },
        { one: assignee, two: assigned, direction: 'both' },
        { one: priority, two: severity, direction: 'both' },
      ],
    },
    [['values']],
  ),
  step('values', 'twinflow-value-mapper', 460, { rows: [] }, [['answer']]),
  {
    ...{ id: 'answer', z: 'tab', type: 'function', outputs: 1, x: 600, y: 100, wires: [['out']] },
    func: 'msg.payload = { payload: msg.payload, unresolved: msg.sync.unresolved }; return msg;',
  },
  { id: 'out', z: 'tab', type: 'http response', x: 760, y: 100, wires: [] },
];

describeWithChromium('sheets and transforms in the editor', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  const open = async (node: string): Promise<void> => {
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(node)}))`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(400);
  };
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const node = async (id: string, property: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(property)}]`);
  const theme = (dark: boolean): Promise<unknown> =>
    page.evaluate(`document.documentElement.classList.toggle('nr-theme-dark', ${dark})`);
  const map = async (): Promise<{
    payload: Record<string, unknown>;
    unresolved?: Record<string, { reason: string }>;
  }> => {
    // the editor says that it has deployed a moment before the flow listens again
    const answer = await until('the flow answers', async () => {
      const response = await fetch(`${red.url}/map`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(MESSAGE),
      });
      return response.ok && response;
    });
    return (await answer.json()) as Awaited<ReturnType<typeof map>>;
  };
  const deploy = async (): Promise<void> => {
    await page.locator('.red-ui-notification-success').first().waitFor({ state: 'detached' });
    await page.locator('#red-ui-header-button-deploy').click();
    await page.locator('.red-ui-notification-success').first().waitFor();
  };

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
    if (this.currentTest?.state === 'failed') await screenshot(page, 'sheets-failed');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('a sheet of 5,000 users is uploaded, its columns are chosen, and after the deploy a user is mapped by it', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => [
      `user${n}@customer.example`,
      n === 4711 ? 'bob@example.com' : `u${n}@nowhere.example`,
      `Customer ${n}`,
    ]);
    const file = join(red.userDir, 'users.xlsx');
    writeFileSync(file, workbook({ Intro: [['About']], Users: [['Customer', 'Fabrikam', 'Name'], ...rows] }));
    await open('values');
    await page.locator('#twinflow-values-add').click();
    await page.getByRole('option', { name: /Assignee/ }).click();
    await page.locator('#twinflow-values-sheet').selectOption('upload');
    await page.locator('#twinflow-values-from input[type=file]').setInputFiles(file);
    const note = page.locator('#twinflow-values-from .twinflow-message');
    await until('the sheet was read', async () => /5,000 rows/.test((await note.textContent()) ?? ''));
    assert.match((await note.textContent()) ?? '', /user0@customer\.example ↔ u0@nowhere\.example/);
    await note.scrollIntoViewIfNeeded();
    await screenshot(page, 'sheets-uploaded');
    await theme(true);
    await screenshot(page, 'sheets-uploaded-dark');
    await theme(false);
    await done();
    const [row] = (await node('values', 'rows')) as ValueRow[];
    assert.equal(row?.sheet?.from.kind, 'upload');
    assert.deepEqual([row?.sheet?.sheet, row?.sheet?.one, row?.sheet?.two], ['Users', 'Customer', 'Fabrikam']);
    await deploy();
    const { payload, unresolved } = await map();
    assert.equal(unresolved, undefined, JSON.stringify(unresolved));
    assert.equal((payload['System.AssignedTo'] as { email?: string }).email, 'bob@example.com');
  });

  it('a broken file, and one that is no sheet, are refused with the reason', async () => {
    await open('values');
    const input = page.locator('#twinflow-values-from input[type=file]');
    const note = page.locator('#twinflow-values-from .twinflow-message');
    await input.setInputFiles({
      name: 'users.xlsx',
      mimeType: 'application/octet-stream',
      buffer: workbook({ S: [['a', 'b']] }).subarray(0, 300),
    });
    await until('it was refused', async () => /not completely written/.test((await note.textContent()) ?? ''));
    await done();
    const [row] = (await node('values', 'rows')) as ValueRow[];
    assert.equal(row?.sheet?.one, 'Customer', 'the good sheet is still the one');
  });

  it('an export that fails says so where it is seen', async () => {
    await open('values');
    await page.route('**/twinflow/tables/export', (route) =>
      route.fulfill({ status: 422, json: { error: { kind: 'invalid', message: 'The disk is full.' } } }),
    );
    await page.locator('#twinflow-values-export').click();
    const note = page.locator('#twinflow-values-note');
    await note.getByText('The disk is full.').waitFor();
    const seen = await note.evaluate((element) => {
      const { top, left, width } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(left + width / 2, top + 5));
    });
    assert.equal(seen, true);
    await page.unroute('**/twinflow/tables/export');
    await done();
  });

  it('another file brings its own sheets and columns; one with a single column is reported, and marks the node', async () => {
    const before = await node('values', 'rows');
    const choose = (name: string, text: string): Promise<void> =>
      page.locator('#twinflow-values-from input[type=file]').setInputFiles({
        ...{ name, mimeType: 'text/csv', buffer: Buffer.from(text) },
      });
    const columns = page.locator('#twinflow-values-from select');
    await open('values');
    await choose('other.csv', 'Wer;Wem\nann;alice@example.com\n');
    await until('its columns are proposed', async () => (await columns.last().inputValue()) === 'Wem');
    await done();
    const [row] = (await node('values', 'rows')) as ValueRow[];
    assert.deepEqual([row?.sheet?.one, row?.sheet?.two, await node('values', 'valid')], ['Wer', 'Wem', true]);
    await open('values');
    await choose('one.csv', 'Wer\nann\n');
    await page.locator('#twinflow-values-from').getByText('needs two columns').waitFor();
    // what could not be checked is said, and no longer than it is so
    const failed = page.locator('#twinflow-values-note');
    await choose('two.csv', 'Wer;Wem\nann;alice@example.com\n');
    await page.locator('#twinflow-values-from').getByText('ann ↔ alice@example.com').waitFor();
    await until('nothing is said any more', async () => (await failed.textContent()) === '');
    await choose('one.csv', 'Wer\nann\n');
    await page.locator('#twinflow-values-from').getByText('needs two columns').waitFor();
    await done();
    assert.equal(await node('values', 'valid'), false);
    await page.evaluate((rows) => {
      Reflect.get(window, 'RED').nodes.node('values').rows = rows;
    }, before);
  });

  it('a table of lists is checked with what its sheet has, exported, and shows what does not come back', async () => {
    const file = join(red.userDir, 'severity.csv');
    writeFileSync(file, 'Jira;Azure\nHighest;1 - Critical\nHigh;2 - High\nMedium;2 - High\nLow;4 - Low\n');
    await open('values');
    await page.locator('#twinflow-values-add').click();
    await page.getByRole('option', { name: /Priority/ }).click();
    await page.locator('#twinflow-values-sheet').selectOption('path');
    const path = page.locator('#twinflow-values-from input[type=text]');
    await path.fill(file);
    await path.press('Enter');
    const missing = page.locator('#twinflow-values-missing');
    await until('the check is there', async () =>
      /return as a different value/.test((await missing.textContent()) ?? ''),
    );
    const text = (await missing.textContent()) ?? '';
    assert.match(text, /Medium → 2 - High → High/);
    assert.match(text, /→ 1 without a match: Lowest/);
    assert.match(text, /← 1 without a match: 3 - Medium/);
    await page.locator('#twinflow-values-template').scrollIntoViewIfNeeded();
    await screenshot(page, 'sheets-checked');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#twinflow-values-template').click(),
    ]);
    assert.match(download.suggestedFilename(), /^Priority.*Severity\.xlsx$/);
    await done();
    await deploy();
    const { payload } = await map();
    assert.equal((payload['Microsoft.VSTS.Common.Severity'] as { name: string }).name, '2 - High');
  });

  it('a template and an expression are written in a row, checked at once, and evaluated after the deploy', async () => {
    await open('fields');
    const first = page.locator('#twinflow-map-rows li').first();
    await first.getByRole('button', { name: 'Row options' }).click();
    const kinds = first.locator('.twinflow-transform select');
    await kinds.first().selectOption('template');
    const template = first.locator('.twinflow-transform textarea');
    await template.fill('{{Sumary}} ({{entity.key}})');
    const note = first.locator('.twinflow-transform-note').first();
    await until('the unknown field was noticed', async () =>
      /no field with this name: Sumary/.test((await note.textContent()) ?? ''),
    );
    await template.fill('{{Summary}} ({{entity.key}}) {{Priority}}');
    await until('the fields were found', async () => /Reads: Summary, Priority/.test((await note.textContent()) ?? ''));
    await until('the row says that it goes one way', async () =>
      /in the other direction only/.test((await first.locator('.twinflow-issues').textContent()) ?? ''),
    );
    await screenshot(page, 'transform-template');
    await kinds.last().selectOption('jsonata');
    const expression = first.locator('.red-ui-typedInput-container input.red-ui-typedInput-input').last();
    await expression.waitFor();
    await page.evaluate(
      `$('#twinflow-map-rows li').first().find('.twinflow-transform').last().find('input').first().typedInput('value', 'summary &')`,
    );
    await until('the broken expression was noticed', async () =>
      /(expected|end of expression)/i.test(
        (await first.locator('.twinflow-transform-note').last().textContent()) ?? '',
      ),
    );
    await page.evaluate(
      "$('#twinflow-map-rows li').first().find('.twinflow-transform').last().find('input').first().typedInput('value', '$uppercase(`System.Title`)')",
    );
    await until('it was accepted', async () =>
      /Reads: Title/.test((await first.locator('.twinflow-transform-note').last().textContent()) ?? ''),
    );
    await screenshot(page, 'transform-expression');
    await theme(true);
    await screenshot(page, 'transform-expression-dark');
    await theme(false);
    await done();
    const [row] = (await node('fields', 'rows')) as FieldRow[];
    assert.deepEqual(
      row?.transform?.forward?.kind === 'template' && row.transform.forward.fields?.map(({ id }) => id),
      ['summary', 'priority'],
    );
    assert.equal(row?.transform?.backward?.kind, 'jsonata');
    assert.equal(await node('fields', 'valid'), true);
    await deploy();
    assert.equal((await map()).payload['System.Title'], 'Login fails (DEMO-7) High');
    // the browser itself reports what was refused
    assert.deepEqual(
      browser.errors.filter((error) => !/tables(\?name=users\.xlsx|\/export)/.test(error)),
      [],
    );
  });
});
