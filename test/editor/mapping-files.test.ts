/**
 * Mappings travel: exported in the forms, edited as an admin would in a spreadsheet, imported again with a look at what
 * would change; copied between mappers of different projects. In a real Node-RED and a real browser, by keyboard alone.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { readWorkbook, writeWorkbook } from '../../lib/mapping/tables/workbook';
import type { DefaultRow, FieldRow, ValueRow } from '../../lib/model';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { type FlowNode, NodeRed } from '../support/node-red';

const system = (id: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: `${template} ${id}`, kind: 'sandbox', proxy: '', tls: '', ignoreOwn: false },
  config: { space: `files-${id}`, template, user: 'sync' },
  version: 1,
});

const integration = (id: string, system1: string, system2: string, azure: string): FlowNode => ({
  ...{ id, type: 'twinflow-integration', name: id, active: false, system1, system2 },
  projectPairs: [{ one: { id: '10000', name: 'Demo' }, two: { id: azure, name: 'Fabrikam' }, direction: 'both' }],
  typePairs: [{ id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
  ...{ backlinks: {}, retries: 3, lostAfterMs: 600_000, version: 2 },
});

const mapper = (id: string, kind: string, of: string, x: number, y: number, rows: object[]): FlowNode => ({
  ...{ id, type: `twinflow-${kind}-mapper`, z: 'tab', name: '', integration: of, pairs: 'all', x, y, wires: [[]] },
  ...{ rows, version: 1 },
});

const summary = { id: 'summary', name: 'Summary', type: 'text', maxLength: 255 };
const title = { id: 'System.Title', name: 'Title', type: 'text', maxLength: 255 };
const status = { id: 'status', name: 'Status', type: 'lookup' };
const state = { id: 'System.State', name: 'State', type: 'lookup' };
const azurePriority = { id: 'Microsoft.VSTS.Common.Priority', name: 'Priority', type: 'lookup' };

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Files' },
  system('one', 'jira'),
  system('two', 'azure-devops'),
  system('three', 'azure-devops'),
  integration('Support', 'one', 'two', '6ce954b1-0001'),
  integration('Hardware', 'one', 'three', '6ce954b1-0001'),
  mapper('fields', 'field', 'Support', 200, 100, [
    { one: summary, two: title, direction: 'both' },
    { one: status, two: state, direction: 'both', conflict: 'park' },
  ]),
  mapper('values', 'value', 'Support', 400, 100, [
    {
      ...{ one: status, two: state, ignoreCase: true, sameName: true },
      pairs: [{ one: { name: 'To Do' }, two: { name: 'New' }, direction: 'both' }],
    },
  ]),
  mapper('defaults', 'default', 'Support', 600, 100, [{ field: title, side: 2, value: '=1+1', unresolved: 'park' }]),
  mapper('other', 'field', 'Hardware', 200, 200, []),
  mapper('strange', 'field', 'Hardware', 400, 200, [
    {
      one: { id: 'customfield_77', name: 'Summary', type: 'text' },
      two: { id: 'Custom.Gone', name: 'Gone', type: 'text' },
      direction: 'forward',
    },
  ]),
];

describeWithChromium('editor/mapping-files', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 1000 });
    await page.goto(red.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'mapping-files-failed');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

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
  const cancel = async (): Promise<void> => {
    await page.click('#node-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const node = async (id: string, property: string): Promise<unknown> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(property)}]`);
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent.trim()');
  const body = () => page.locator('.twinflow-exchange-body');
  const note = () => page.locator('.twinflow-exchange > .twinflow-message');

  /** Exports from the open form, by keyboard alone. @returns the file's place */
  const exported = async (choices: string[] = []): Promise<string> => {
    await page.getByRole('button', { name: 'Export', exact: true }).focus();
    await page.keyboard.press('Enter');
    // the choice of the format has the focus: its first letter chooses
    for (const choice of choices) {
      await page.keyboard.type(choice);
      await page.keyboard.press('Tab');
    }
    while ((await focused()) !== 'Download') await page.keyboard.press('Tab');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    const place = join(red.userDir, (download as Download).suggestedFilename());
    await (download as Download).saveAs(place);
    return place;
  };
  /** Presses the focused Import button and chooses a file. */
  const choose = async (place: string, label = 'Import'): Promise<void> => {
    await page.getByRole('button', { name: label, exact: true }).focus();
    const dialog = page.waitForEvent('filechooser');
    // the browser is told to leave the dialog to us, and gives no sign when it has heard
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await (await dialog).setFiles(place);
  };
  const imported = async (place: string): Promise<void> => {
    await choose(place);
    await body().getByRole('button').first().waitFor();
  };
  /** Goes on with Tab until a button of the review has the focus, and presses it. */
  const press = async (name: string): Promise<void> => {
    for (let at = 0; (await focused()) !== name; at += 1) {
      if (at > 10) throw new Error(`${name} can't be reached by Tab`);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
  };

  let workbook = '';

  it('exports the rows of a form to a workbook in its own words', async () => {
    await open('fields');
    workbook = await exported();
    assert.match(workbook, /Support field mapper\.xlsx$/);
    const sheets = readWorkbook(readFileSync(workbook));
    const [head, first, second] = sheets.find(({ name }) => name === 'Field mapper')?.rows ?? [];
    assert.deepEqual(head?.slice(0, 3), ['System 1 field', 'Direction', 'System 2 field']);
    assert.deepEqual(first?.slice(0, 3), ['Summary', '↔', 'Title']);
    assert.deepEqual(
      second?.filter((cell) => cell !== ''),
      ['Status', '↔', 'State', 'Park the change'],
    );
    await cancel();
  });

  it('imports what an admin made of it, after showing what would change', async () => {
    const sheets = readWorkbook(readFileSync(workbook));
    const rows = sheets.find(({ name }) => name === 'Field mapper')?.rows ?? [];
    // only forward now; a field that the file has never heard of, by name; one by its id
    rows[1]?.splice(1, 1, '->');
    rows.push(['PRIORITY', '', 'microsoft.vsts.common.priority']);
    const cells: Record<string, string> = {
      ...{ Direction: '→', 'System 2 field': 'Area Path', 'Sync when': 'created only', Constant: 'Fabrikam' },
    };
    rows.push((rows[0] ?? []).map((head) => cells[String(head)] ?? ''));
    rows.splice(2, 1);
    const edited = join(red.userDir, 'edited.xlsx');
    writeFileSync(edited, writeWorkbook(sheets));
    await open('fields');
    await imported(edited);
    await body().getByText('2 added, 1 changed, 0 removed, 1 unchanged').waitFor();
    await screenshot(page, 'mapping-files-1-review');
    // the choice has the focus
    await page.keyboard.type('repl');
    await body().getByText('2 added, 1 changed, 1 removed, 0 unchanged').waitFor();
    assert.match((await body().textContent()) ?? '', /Removed:Status ↔ State/);
    assert.equal(await page.locator('#twinflow-map-rows > li').count(), 2, 'nothing has been changed so far');
    await screenshot(page, 'mapping-files-2-replace');
    await press('Apply');
    await note().getByText('Applied').waitFor();
    await screenshot(page, 'mapping-files-3-taken-over');
    await done();
    const saved = (await node('fields', 'rows')) as FieldRow[];
    assert.deepEqual(
      saved.map(({ one, two, direction, syncWhen }) => [one?.id, direction, two?.id, syncWhen]),
      [
        ['summary', 'forward', 'System.Title', undefined],
        ['priority', 'both', 'Microsoft.VSTS.Common.Priority', undefined],
        [undefined, 'forward', 'System.AreaPath', 'create'],
      ],
    );
    assert.equal(saved[1]?.two?.type, 'lookup');
    assert.equal(await node('fields', 'changed'), true);
  });

  it('refuses a file with faults as a whole, and names sheet and row of each', async () => {
    const sheets = readWorkbook(readFileSync(workbook));
    const rows = sheets.find(({ name }) => name === 'Field mapper')?.rows ?? [];
    rows.push(['Prio', '↔', 'Title'], ['Summary', 'upwards', 'State']);
    const faulty = join(red.userDir, 'faulty.xlsx');
    writeFileSync(faulty, writeWorkbook(sheets));
    await open('fields');
    await imported(faulty);
    const text = (await body().textContent()) ?? '';
    assert.match(text, /Nothing was changed/);
    assert.match(text, /Field mapper, row 4: No such field: “Prio”/);
    assert.match(text, /Field mapper, row 5: “upwards” is not allowed in this column/);
    await screenshot(page, 'mapping-files-4-faults');
    await press('Close');
    assert.equal(await page.locator('#twinflow-map-rows > li').count(), 3);
    for (const [name, content, said] of [
      ['none.json', '{"rows": []}', /Not a Twinflow mapping file/],
      ['newer.json', '{"format":"twinflow-mapping","version":99,"fields":[]}', /newer Twinflow/],
    ] as const) {
      const place = join(red.userDir, name);
      writeFileSync(place, content);
      await imported(place);
      assert.match((await body().textContent()) ?? '', said);
      await press('Close');
    }
    const noWorkbook = join(red.userDir, 'no.xlsx');
    writeFileSync(noWorkbook, 'PK not really');
    await choose(noWorkbook);
    await note().getByText('not a workbook').waitFor();
    await done();
    assert.equal(((await node('fields', 'rows')) as FieldRow[]).length, 3);
  });

  it('takes values and defaults along as JSON, and the whole chain in one file', async () => {
    await open('fields');
    const chain = await exported(['J', 'a']);
    await cancel();
    const document = JSON.parse(readFileSync(chain, 'utf8')) as Record<string, unknown[]>;
    assert.deepEqual(
      [document.format, document.version, document.fields?.length, document.values?.length, document.defaults?.length],
      ['twinflow-mapping', 1, 3, 1, 1],
    );
    const tables = document.values as ValueRow[];
    tables[0]?.pairs.push({ one: { name: 'Done' }, two: { name: 'Closed' }, direction: 'forward' });
    const gone = { kind: 'upload' as const, id: '00000000-0000-4000-8000-000000000000', name: 'people.xlsx' };
    if (tables[0]) tables[0].sheet = { from: gone, sheet: '', one: 'A', two: 'B' };
    (document.defaults as DefaultRow[]).push({
      field: azurePriority as DefaultRow['field'],
      side: 2,
      value: { name: '3' },
    });
    writeFileSync(chain, JSON.stringify(document));
    await open('values');
    await imported(chain);
    await body().getByText('1 rows added').waitFor();
    await body().getByText('Status ↔ State: people.xlsx').waitFor();
    await screenshot(page, 'mapping-files-5-values');
    await press('Apply');
    await done();
    const [table] = (await node('values', 'rows')) as ValueRow[];
    assert.deepEqual(
      table?.pairs.map(({ one, two, direction }) => [one.name, two.name, direction]),
      [
        ['To Do', 'New', 'both'],
        ['Done', 'Closed', 'forward'],
      ],
    );
    await open('defaults');
    await imported(chain);
    await body().getByText('1 added, 0 changed').waitFor();
    await press('Apply');
    await done();
    const defaults = (await node('defaults', 'rows')) as DefaultRow[];
    assert.deepEqual(
      defaults.map(({ field, value }) => [
        field.name,
        typeof value === 'object' ? value?.constructor === Object : value,
      ]),
      [
        ['Title', '=1+1'],
        ['Priority', true],
      ],
    );
  });

  it('copies the rows of a mapper for other projects: what is not there stays, listed and marked', async () => {
    await open('other');
    await page.getByRole('button', { name: 'Copy from another node' }).focus();
    await page.keyboard.press('Enter');
    // Support's rows are chosen first: they fit, the systems being of the same kinds
    await press('Show changes');
    await body().getByText('3 added').waitFor();
    await press('Apply');
    await page.getByRole('button', { name: 'Copy from another node' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('Hardware');
    await press('Show changes');
    await body().getByText('1 added').waitFor();
    const text = (await body().textContent()) ?? '';
    assert.match(text, /matched by name and type \(1\):[^:]*: Summary/);
    assert.match(text, /Not found \(1\)[^:]*:[^:]*: Gone/);
    await screenshot(page, 'mapping-files-6-copy');
    await press('Apply');
    await page
      .locator('#twinflow-map-rows')
      .getByRole('button', { name: /The system has no such field/ })
      .waitFor();
    await screenshot(page, 'mapping-files-7-marked');
    await done();
    const rows = (await node('other', 'rows')) as FieldRow[];
    assert.deepEqual(rows.map(({ one, two }) => [one?.id, two?.id]).at(-1), ['summary', 'Custom.Gone']);
    assert.equal(rows.length, 4);
  });

  it('reads well on a dark theme, and in German', async () => {
    await page.evaluate(`RED.settings.set('editor.view.view-language', 'de')`).catch(() => undefined);
    await page.evaluate(`localStorage.setItem('editor-language', 'de')`);
    await page.reload();
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await open('fields');
    await page.getByRole('button', { name: 'Exportieren', exact: true }).press('Enter');
    await screenshot(page, 'mapping-files-8-german-dark-export');
    await choose(join(red.userDir, 'edited.xlsx'), 'Importieren');
    await body().getByText('neu, ').first().waitFor();
    await screenshot(page, 'mapping-files-9-german-dark-review');
    await cancel();
    assert.deepEqual(
      browser.errors.filter((error) => !/422/.test(error)),
      [],
    );
  });
});
