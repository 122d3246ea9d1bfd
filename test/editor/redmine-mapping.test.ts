/**
 * A mapping between a real Redmine and a sandbox, from nothing: auto map, value tables, 5,000 people from a workbook, what
 * has no pair, the preview of a real issue, export and import. By keyboard alone, at 1280×720, on a dark theme.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { readWorkbook, writeWorkbook } from '../../lib/mapping/tables/workbook';
import type { FieldRow, ValueRow } from '../../lib/model';
import type { Survey } from '../../lib/plan';
import { type Browser, chromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { describeWith, type Needed } from '../support/need';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RedmineServer, redmine } from '../support/redmine';
import { until } from '../support/wait';

const PEOPLE = 5_000;
const ALPHA = 1;
const BUG = { redmine: '1', sandbox: 'Bug' };

function flow(server: RedmineServer): FlowNode[] {
  const node = (id: string, type: string, y: number, wires: string[], more: object): FlowNode => ({
    ...{ id, type: `twinflow-${type}`, z: 'tab', name: '', integration: 'integration', x: 200, y, wires: [wires] },
    ...{ version: 1, ...more },
  });
  const system = { type: 'twinflow-system', proxy: '', tls: '', ignoreOwn: false, version: 1 };
  const poller = { schedule: 'manual', interval: 1, unit: 'minutes', pageSize: 100, window: 20, start: 'newest' };
  return [
    { id: 'tab', type: 'tab', label: 'Redmine' },
    {
      ...{ ...system, id: 'system1', name: 'Redmine', kind: 'redmine', config: { url: server.url } },
      credentials: { apiKey: server.key('sync') },
    },
    {
      ...{ ...system, id: 'system2', name: 'Azure', kind: 'sandbox' },
      config: { space: 'redmine-mapping', template: 'azure-devops', user: 'sync' },
    },
    {
      ...{ id: 'integration', type: 'twinflow-integration', name: 'Support', active: true, retries: 3, version: 2 },
      ...{ system1: 'system1', system2: 'system2', lostAfterMs: 600_000, backlinks: {} },
      projectPairs: [
        {
          one: { id: String(ALPHA), name: 'Alpha' },
          two: { id: '6ce954b1-0001', name: 'Fabrikam' },
          direction: 'both',
        },
      ],
      typePairs: [
        { id: 'bug', one: { id: BUG.redmine, name: 'Bug' }, two: { id: BUG.sandbox, name: 'Bug' }, direction: 'both' },
      ],
    },
    node('poller1', 'poller', 60, ['fields'], { ...poller, side: '1' }),
    node('poller2', 'poller', 120, ['fields'], { ...poller, side: '2' }),
    node('fields', 'field-mapper', 180, ['values'], { pairs: 'all', rows: [] }),
    node('values', 'value-mapper', 240, ['defaults'], { pairs: 'all', rows: [] }),
    node('defaults', 'default-mapper', 300, ['writer'], { pairs: 'all', rows: [] }),
    node('writer', 'writer', 360, [], { batchSize: 50 }),
  ];
}

const server = redmine('a');
const both: Needed<{ server: RedmineServer; launch: () => Promise<Browser> }> =
  'missing' in server
    ? server
    : 'missing' in chromium
      ? chromium
      : { there: { server: server.there, launch: chromium.there } };

describeWith('editor/redmine-mapping: from nothing, by keyboard', both, function ({ server, launch }) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let issue: number;

  before(async () => {
    const { memberships } = await server
      .as('sync')
      .get<{ memberships: { user: { id: number; name: string } }[] }>(`/projects/${ALPHA}/memberships.json`);
    const bob = memberships.find(({ user }) => user.name === 'Bob Brown')?.user.id;
    const created = await server.as('alice').post<{ issue: { id: number } }>('/issues.json', {
      issue: {
        ...{ project_id: ALPHA, tracker_id: Number(BUG.redmine), subject: 'The cart is empty again', priority_id: 2 },
        ...{ description: 'Put a *book* into the cart.', assigned_to_id: bob },
      },
    });
    issue = created.issue.id;
    red = await NodeRed.start({ flows: flow(server) });
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
    editor = new Editor(page, red.url);
    await editor.open();
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    if (issue !== undefined) await server.as('admin').delete(`/issues/${issue}.json`);
  });

  endsAtFirstFailure('redmine-mapping', () => page);

  async function open(id: string): Promise<Locator> {
    await page.evaluate(`RED.editor.edit(RED.nodes.node('${id}'))`);
    const form = await editor.form();
    await form.locator('.primary').waitFor();
    return form;
  }

  /** Goes on with Tab until the element has the focus. */
  async function reach(target: Locator): Promise<void> {
    await target.waitFor();
    const has = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
    for (let at = 0; !(await has()); at += 1) {
      if (at > 150) throw new Error('it cannot be reached by Tab');
      await page.keyboard.press('Tab');
    }
  }
  const press = async (target: Locator): Promise<void> => {
    await reach(target);
    await page.keyboard.press('Enter');
  };
  const done = async (): Promise<void> => {
    await page.keyboard.press('Control+Enter');
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  };
  const saved = <T>(id: string, property: string): Promise<T> =>
    page.evaluate(`RED.nodes.convertNode(RED.nodes.node('${id}'))['${property}']`) as Promise<T>;

  it('maps the fields that belong together', async () => {
    const form = await open('fields');
    await press(form.locator('#twinflow-map-auto'));
    await form.locator('#twinflow-map-note').getByText('rows added').waitFor();
    await screenshot(page, 'redmine-mapping-1-fields');
    await done();
    const rows = await saved<FieldRow[]>('fields', 'rows');
    const pairs = rows.map(({ one, two }) => `${one?.name} ↔ ${two?.name}`);
    for (const pair of ['Subject ↔ Title', 'Status ↔ State', 'Priority ↔ Priority', 'Assignee ↔ Assigned To'])
      assert.ok(pairs.includes(pair), `${pair} in ${pairs.join(', ')}`);
  });

  it('pairs the values of lists by name, and lists those that have no pair', async () => {
    const form = await open('values');
    await press(form.locator('#twinflow-values-all'));
    await form.locator('#twinflow-values-note').getByText('tables added').waitFor();
    const priorities = form.locator('#twinflow-values-table');
    await reach(priorities);
    await page.keyboard.type('Priority');
    await form.locator('#twinflow-values-missing').getByText('Normal', { exact: true }).waitFor();
    await screenshot(page, 'redmine-mapping-2-values');
    // a value that has no pair: its button puts it into a new row, in which the other side's value has the focus
    await press(form.locator('#twinflow-values-missing').getByRole('button', { name: 'Normal', exact: true }));
    const other = form.locator('#twinflow-values-pairs').getByRole('combobox').last();
    await until('the empty input has the focus', () => other.evaluate((element) => element === document.activeElement));
    await page.keyboard.type('2');
    await page.getByRole('option', { name: '2' }).first().waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await other.inputValue(), '2');
    await done();
    const tables = await saved<ValueRow[]>('values', 'rows');
    const table = tables.find(({ one }) => one.name === 'Priority');
    assert.deepEqual(
      table?.pairs.map(({ one, two }) => [one.name, two.name]),
      [['Normal', '2']],
    );
  });

  it(`takes ${PEOPLE} people from a workbook, and says who has no counterpart`, async () => {
    const rows = Array.from({ length: PEOPLE }, (_, n) => [`Person ${n}`, `person${n}@fabrikam.example`]);
    rows[1234] = ['Bob Brown', 'Baker, Bob'];
    rows[2345] = ['ALICE ADAMS', 'alice@example.com'];
    rows[3456] = ['sync', 'nobody@example.com'];
    const sheet = join(red.userDir, 'people.xlsx');
    writeFileSync(sheet, writeWorkbook([{ name: 'People', rows: [['Redmine', 'Azure'], ...rows] }]));
    const form = await open('values');
    const add = form.locator('#twinflow-values-add');
    await reach(add);
    await page.keyboard.type('Assig');
    await page.getByRole('option', { name: 'Assignee ↔ Assigned To' }).waitFor();
    await page.keyboard.press('Enter');
    await form.locator('#twinflow-values-people').waitFor();
    const missing = form.locator('#twinflow-values-missing');
    await missing.getByText('→ 3 of 3 users without a match').waitFor();
    await missing.getByText('← 4 of 4 users without a match').waitFor();
    const kind = form.locator('#twinflow-values-sheet');
    await reach(kind);
    const chooser = page.waitForEvent('filechooser');
    await page.waitForTimeout(200);
    await page.keyboard.press('ArrowDown');
    await (await chooser).setFiles(sheet);
    await form.getByText('5,000').first().waitFor({ timeout: 60_000 });
    // whom the sheet has is not missing, unless the other system does not know the one it names
    await missing.getByText('← 2 of 4 users without a match').waitFor();
    await missing.getByText('→ 1 in the table with a target that Azure does not have').waitFor();
    const text = await missing.innerText();
    assert.match(text, /Sync Robot \(nobody@example\.com\)/);
    assert.match(text, /Clark, Carol/);
    assert.doesNotMatch(text, /Alice|Bob/);
    await screenshot(page, 'redmine-mapping-3-people');
    // the way back alone is not in the sheet any more
    const backward = form.getByRole('checkbox', { name: 'Use for both directions' });
    await reach(backward);
    await page.keyboard.press('Space');
    await missing.getByText('← 4 of 4 users without a match').waitFor();
    assert.doesNotMatch(await missing.innerText(), /Alice Adams|Bob Brown/);
    await reach(backward);
    await page.keyboard.press('Space');
    await missing.getByText('← 2 of 4 users without a match').waitFor();
    // case that matters
    const anyCase = form.locator('#twinflow-values-case');
    await reach(anyCase);
    await page.keyboard.press('Space');
    await missing.getByText('→ 1 of 3 users without a match').waitFor();
    assert.match(await missing.innerText(), /Alice Adams/);
    await reach(anyCase);
    await page.keyboard.press('Space');
    await missing.getByText('← 2 of 4 users without a match').waitFor();
    // a template has a line for each of those who are left
    const [template] = await Promise.all([
      page.waitForEvent('download'),
      press(form.locator('#twinflow-values-template')),
    ]);
    const filled = readWorkbook(readFileSync(await template.path()))[0]?.rows ?? [];
    assert.deepEqual(filled.slice(1), [['Sync Robot'], ['', 'Clark, Carol (External)'], ['', 'Service, Twinflow']]);
    await done();
    const tables = await saved<ValueRow[]>('values', 'rows');
    const people = tables.find(({ one }) => one.type === 'user');
    assert.deepEqual([people?.sheet?.one, people?.sheet?.two], ['Redmine', 'Azure']);
  });

  it('shows what would become of a real issue', async () => {
    const form = await open('writer');
    const head = form.getByRole('button', { name: 'Preview', exact: false }).first();
    await press(head);
    const key = form.getByRole('textbox', { name: 'Item key' });
    await reach(key);
    await page.keyboard.type(String(issue));
    await page.keyboard.press('Enter');
    const title = form.locator('.twinflow-preview tr[data-field="System.Title"]');
    await title.waitFor({ timeout: 60_000 });
    assert.match(await title.innerText(), /The cart is empty again/);
    const priority = form.locator('.twinflow-preview tr[data-field="Microsoft.VSTS.Common.Priority"]');
    assert.match(await priority.innerText(), /Normal[\s\S]*empty → 2/);
    // by the sheet, which is not deployed yet
    const assigned = form.locator('.twinflow-preview tr[data-field="System.AssignedTo"]');
    assert.match(await assigned.innerText(), /Bob Brown[\s\S]*Baker, Bob/);
    await screenshot(page, 'redmine-mapping-4-preview');
    await page.keyboard.press('Control+Escape');
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  });

  it('plans by the same sheet', async () => {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', 'integration')`);
    const form = await editor.form();
    await form.getByText('Plan', { exact: true }).first().click();
    await form.getByRole('button', { name: 'Create plan' }).click();
    const [plan] = await Promise.all([
      page.waitForEvent('download'),
      form.getByRole('button', { name: 'Save as JSON' }).click({ timeout: 60_000 }),
    ]);
    const { survey } = JSON.parse(readFileSync(await plan.path(), 'utf8')) as { survey: Survey };
    const plans = survey.groups.flatMap(({ samples }) => Object.values(samples).flat());
    const field = plans
      .find(({ source }) => source.id === String(issue))
      ?.fields.find((one) => one.field === 'System.AssignedTo');
    assert.deepEqual([field?.warnings, field?.how.map(({ origin }) => origin)], [[], ['mapped', 'table']]);
    await page.keyboard.press('Control+Escape');
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  });

  it('exports the mapping, and imports it again as it was', async () => {
    const before = await saved<FieldRow[]>('fields', 'rows');
    const form = await open('fields');
    await press(form.getByRole('button', { name: 'Export', exact: true }));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      press(form.getByRole('button', { name: 'Download' })),
    ]);
    const place = join(red.userDir, download.suggestedFilename());
    await download.saveAs(place);
    const remove = form.locator('#twinflow-map-rows .red-ui-editableList-item-remove').first();
    await press(remove);
    await until(
      'a row has gone',
      async () => (await form.locator('#twinflow-map-rows > li').count()) === before.length - 1,
    );
    const chooser = page.waitForEvent('filechooser');
    await reach(form.getByRole('button', { name: 'Import', exact: true }));
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(place);
    await form.getByText(`1 added, 0 changed, 0 removed, ${before.length - 1} unchanged`).waitFor();
    await screenshot(page, 'redmine-mapping-5-import');
    await press(form.getByRole('button', { name: 'Apply' }));
    await form.getByText('Applied').waitFor();
    await done();
    const byId = (rows: FieldRow[]): FieldRow[] =>
      [...rows].sort((a, b) => (a.two?.id ?? '').localeCompare(b.two?.id ?? ''));
    assert.deepEqual(byId(await saved<FieldRow[]>('fields', 'rows')), byId(before));
    assert.deepEqual(browser.errors, []);
  });
});
