/**
 * The forms have room: how many rows of a mapper or filter are to be seen without scrolling, once its integration is set. In a real
 * Node-RED and a real browser, at two sizes of the window; the top and the row options by keyboard alone.
 */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { violations } from '../support/axe';
import { describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { example } from '../support/examples';
import type { FlowNode } from '../support/node-red';
import { closeSandboxEditor, openSandboxEditor, type SandboxEditor } from '../support/sandbox-editor';
import { until } from '../support/wait';

const MANY = 20;
const LISTS: Record<string, { rows: string; property: string }> = {
  'twinflow-field-mapper': { rows: '#twinflow-map-rows', property: 'rows' },
  'twinflow-value-mapper': { rows: '#twinflow-values-pairs', property: 'rows' },
  'twinflow-default-mapper': { rows: '#twinflow-defaults-rows', property: 'rows' },
  'twinflow-filter': { rows: '#twinflow-filter-conditions', property: 'conditions' },
};
const SIZES = [
  { width: 1280, height: 720, least: 8 },
  { width: 1920, height: 1080, least: 16 },
];

const list = (value: unknown): object[] => (Array.isArray(value) ? value.filter((row) => typeof row === 'object') : []);
const many = (rows: object[]): object[] => Array.from({ length: MANY }, (_, at) => rows[at % rows.length] ?? {});

/** The example, in which each list has many rows. */
function flow(): FlowNode[] {
  return example('sandbox-both-ways').map((node) => {
    const found = LISTS[node.type];
    if (found === undefined) return node;
    const rows = list(node[found.property]);
    if (node.type !== 'twinflow-value-mapper') return { ...node, [found.property]: many(rows) };
    const tables = rows.map((table) => ({ ...table, pairs: many('pairs' in table ? list(table.pairs) : []) }));
    return { ...node, rows: tables };
  });
}

describeWithChromium('editor/room: rows to be seen', function (launch) {
  this.timeout(60_000);
  let opened: SandboxEditor;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    opened = await openSandboxEditor(launch, flow(), 720);
    page = opened.page;
  });
  after(() => closeSandboxEditor(opened));
  endsAtFirstFailure('room', () => page);

  const idOf = (type: string): Promise<string> =>
    page.evaluate<string>(`RED.nodes.filterNodes({ type: '${type}' })[0].id`);
  async function open(type: string): Promise<Locator> {
    await page.evaluate(`RED.editor.edit(RED.nodes.node('${await idOf(type)}'))`);
    const form = await opened.editor.form();
    await page.waitForLoadState('networkidle');
    return form;
  }
  async function cancel(): Promise<void> {
    await page.locator('#node-dialog-cancel').click();
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }
  /** The rows of a list that are whole within the form's part of the window, without scrolling. */
  const visible = (rows: string): Promise<number> =>
    page.evaluate<number>(`(() => {
      const body = document.querySelector('.red-ui-tray-body').getBoundingClientRect();
      return [...document.querySelectorAll('${rows} > li')].filter((row) => {
        const { top, bottom, height } = row.getBoundingClientRect();
        return height > 0 && top >= body.top && bottom <= body.bottom;
      }).length;
    })()`);

  for (const [type, { rows }] of Object.entries(LISTS)) {
    for (const { width, height, least } of SIZES) {
      it(`${type} shows at least ${least} rows at ${width}×${height}`, async () => {
        await page.setViewportSize({ width, height });
        await open(type);
        assert.equal(await page.locator(`${rows} > li`).count(), MANY);
        // remarks come once both systems have answered, and take a line
        await until(`${least} rows`, async () => (await visible(rows)) >= least || undefined);
        await screenshot(page, `room-${type.slice('twinflow-'.length)}-${width}`);
        assert.ok((await visible(rows)) >= least, `${await visible(rows)} rows`);
        await cancel();
      });
    }
  }

  it('says the types and remarks of a row as tooltips, and in words once it is opened', async () => {
    await page.setViewportSize({ width: 1280, height: 720 });
    const form = await open('twinflow-field-mapper');
    const row = form.locator('#twinflow-map-rows > li').nth(1);
    assert.match((await row.locator('.twinflow-kind').first().getAttribute('title')) ?? '', /rich text/);
    const remarks = row.locator('.twinflow-warn.twinflow-tool, .twinflow-error.twinflow-tool');
    await remarks.waitFor();
    assert.match((await remarks.getAttribute('title')) ?? '', /longer than the target allows/);
    assert.equal(await row.locator('.twinflow-issues').getByText('longer than').count(), 0);
    await remarks.focus();
    await page.keyboard.press('Enter');
    await row.locator('.twinflow-issues').getByText('longer than the target allows').first().waitFor();
    await cancel();
  });

  it('is wider on request, by keyboard, and the next form as well', async () => {
    const form = await open('twinflow-default-mapper');
    const width = async (): Promise<number> => (await form.boundingBox())?.width ?? 0;
    const usual = await width();
    const wide = form.getByRole('button', { name: 'Wide form' });
    await wide.focus();
    await page.keyboard.press('Enter');
    await until('the form is wider', async () => (await width()) > usual + 50 || undefined);
    assert.equal(await wide.getAttribute('aria-pressed'), 'true');
    const most = await width();
    await cancel();
    const next = await open('twinflow-value-mapper');
    assert.ok(((await next.boundingBox())?.width ?? 0) >= most - 20);
    await next.getByRole('button', { name: 'Wide form' }).click();
    await until('the form has its usual width', async () => {
      return ((await next.boundingBox())?.width ?? most) < most - 50 || undefined;
    });
    await cancel();
  });

  it('unfolds what is set once, by keyboard, and says it in the folded line', async () => {
    const form = await open('twinflow-field-mapper');
    const setup = form.locator('.twinflow-setup > summary');
    assert.match((await setup.textContent()) ?? '', /Jira ↔ Azure DevOps · Types: All · Bug ↔ Bug/);
    assert.equal(await form.locator('#node-input-name').isVisible(), false);
    await setup.focus();
    await page.keyboard.press('Enter');
    await form.locator('#node-input-name').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.id'), 'node-input-name');
    await cancel();
  });

  it('has nothing that axe minds, folded and unfolded, light and dark', async () => {
    for (const dark of [false, true]) {
      await page.evaluate(`document.documentElement.classList.toggle('nr-theme-dark', ${dark})`);
      for (const type of Object.keys(LISTS)) {
        const form = await open(type);
        for (const summary of await form.locator('summary').all()) await summary.click();
        for (const row of await form.getByRole('button', { name: 'Row options' }).all()) {
          await row.click();
          break;
        }
        await screenshot(page, `room-open-${type.slice('twinflow-'.length)}${dark ? '-dark' : ''}`);
        // the editor's own: inputs that catch saved passwords, and the tabs beside the form
        const found = (await violations(page, '.red-ui-tray-body')).filter(
          (one) => !/red-ui-(trap|tab-link)/.test(one),
        );
        assert.deepEqual(found, [], `${type}${dark ? ', dark' : ''}`);
        await cancel();
      }
    }
  });
});
