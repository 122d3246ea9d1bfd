/** The plan of a whole integration in a real Node-RED and a real browser: from the flow as drawn, nothing is written. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';

describeWithChromium('editor/plan', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let trackers: ReturnType<typeof sandboxes>;
  let form: Locator;
  let odd: string;
  let filtered: string;

  const bug = (summary: string, priority: string, labels: string[] = []) =>
    trackers.jira.create('alice', {
      project: DEMO,
      type: BUG,
      fields: { summary, priority: { name: priority }, labels },
    });

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    for (let n = 0; n < 12; n += 1) bug(`Bug ${n}`, n % 2 === 0 ? 'High' : 'Low');
    odd = bug('Cart loses items <b>', 'Highest').key;
    filtered = bug('Salaries', 'High', ['internal']).key;
    trackers.azure.create('carol', {
      project: '6ce954b1-0001',
      type: 'User Story',
      fields: { 'System.Title': 'Guest checkout', 'System.AreaPath': { name: 'Fabrikam' } },
    });
    // a value table without a counterpart for one priority
    const nodes = example('sandbox-both-ways', { 'twinflow-poller': { schedule: 'manual' } });
    const text = JSON.stringify(nodes)
      .replace('{"one":{"id":"1","name":"Highest"},"two":{"id":"1","name":"1"},"direction":"both"},', '')
      .replace('"sameName":true', '"sameName":false');
    await red.deploy(JSON.parse(text));
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1440, height: 1100 });
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('plan', () => page);

  async function open(tab: string): Promise<void> {
    const editor = new Editor(page, red.url);
    await editor.open();
    const id = (await red.flows()).find(({ type }) => type === 'twinflow-integration')?.id;
    await page.evaluate((node) => {
      Reflect.get(window, 'RED').editor.editConfig('', 'twinflow-integration', node);
    }, id);
    form = await editor.form();
    await form
      .getByRole('link', { name: tab, exact: true })
      .or(form.getByText(tab, { exact: true }))
      .first()
      .click();
  }
  const group = (name: string): Locator => form.getByRole('region', { name });
  const totals = () => [trackers.jira.list({ limit: 1 }).total, trackers.azure.list({ limit: 1 }).total];

  it('counts what would happen, by keyboard, and writes nothing', async () => {
    await open('Plan');
    const start = form.getByRole('button', { name: 'Create plan' });
    await start.waitFor();
    assert.equal(await form.getByRole('combobox', { name: 'Items' }).inputValue(), '100');
    await start.focus();
    await page.keyboard.press('Enter');
    await form.getByText(/^Created at .*: 15 items checked\./).waitFor();
    const bugs = group('Jira (sandbox) Bug → Azure DevOps (sandbox) Bug');
    await bugs.getByText('all 14 checked').waitFor();
    await bugs.getByText('13would be created').waitFor();
    await bugs.getByText('1filtered out').waitFor();
    await bugs.getByText('To check').waitFor();
    const row = bugs.getByRole('row').filter({ hasText: 'no match in the target' });
    await row.getByText('"Highest"').waitFor();
    await group('Azure DevOps (sandbox) User Story → Jira (sandbox) Story').getByText('1would be created').waitFor();
    await screenshot(page, 'plan-1-counts');
    assert.deepEqual(totals(), [14, 1]);
  });

  it('shows a few entities of each kind, what a filter held against them, and texts never as HTML', async () => {
    const bugs = group('Jira (sandbox) Bug → Azure DevOps (sandbox) Bug');
    await bugs.getByText('1filtered out').click();
    await bugs.getByText(filtered, { exact: true }).first().click();
    await bugs.getByText(/not internal: Labels/).waitFor();
    await bugs.locator('summary').filter({ hasText: 'would be created' }).focus();
    await page.keyboard.press('Enter');
    await bugs.locator('summary').filter({ hasText: odd }).click();
    await bugs.getByRole('cell', { name: 'Summary: Cart loses items <b>' }).waitFor();
    await bugs.locator('summary').filter({ hasText: 'Fields that would be written' }).click();
    await screenshot(page, 'plan-2-samples');
  });

  it('is saved as CSV and as JSON', async () => {
    const saved = async (format: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        form.getByRole('button', { name: `Save as ${format}` }).click(),
      ]);
      assert.match(download.suggestedFilename(), new RegExp(`^twinflow-plan-[-\\d]+\\.${format.toLowerCase()}$`));
      return readFileSync(await download.path(), 'utf8');
    };
    assert.match(await saved('CSV'), /forward,Bug,Bug,outcome,create,,,,13,/);
    const whole = JSON.parse(await saved('JSON'));
    assert.equal(whole.survey.groups[0].outcomes.create, 13);
    assert.ok(!JSON.stringify(whole).includes('password'));
  });

  it('takes the drafts of the nodes, and is there again when the form is opened again', async () => {
    await page.keyboard.press('Escape');
    await open('Plan');
    await form.getByText(/^Created at .*: 15 items checked\./).waitFor();
    await page.evaluate(() => {
      const { nodes } = Reflect.get(window, 'RED');
      nodes.eachNode((node: { type: string; conditions?: unknown }) => {
        if (node.type === 'twinflow-filter') node.conditions = [];
      });
    });
    await form.getByRole('combobox', { name: 'Items' }).selectOption('25');
    await form.getByRole('button', { name: 'Create plan' }).click();
    await group('Jira (sandbox) Bug → Azure DevOps (sandbox) Bug').getByText('14would be created').waitFor();
  });

  it('reports how far it is, and ends on request or with the flows', async () => {
    const many = Array.from({ length: 12_000 }, (_, n) => ({
      ...{ kind: 'create' as const, project: DEMO, type: BUG },
      fields: { summary: `One of many ${n}` },
    }));
    trackers.jira.write('alice', many);
    const running = form.getByText(/items checked \(part 1 of 4\)…/);
    await form.getByRole('combobox', { name: 'Items' }).selectOption('all');
    await form.getByRole('button', { name: 'Create plan' }).click();
    await running.waitFor();
    await screenshot(page, 'plan-3-running');
    await form.getByRole('button', { name: 'Stop plan' }).click();
    await form.getByText(/^Stopped early/).waitFor();
    await form.getByRole('combobox', { name: 'Items' }).selectOption('all');
    await form.getByRole('button', { name: 'Create plan' }).click();
    await running.waitFor();
    await red.deploy(await red.flows());
    await form.getByText(/^Stopped early/).waitFor();
  });

  it('speaks German where the editor does, and reads well on a dark theme', async () => {
    await page.evaluate(() => localStorage.setItem('editor-language', 'de'));
    await open('Plan');
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    await form.getByText('würden angelegt').first().waitFor();
    await form.getByText('keine Entsprechung im Ziel').first().waitFor();
    await page.waitForTimeout(300);
    await screenshot(page, 'plan-4-german-dark');
    assert.deepEqual(browser.errors, []);
    assert.equal(totals()[1], 1);
    await until('the log is clean', () => !/\[error\]/.test(red.log));
  });
});

describeWithChromium('editor/plan before the first deploy', function (launch) {
  this.timeout(60_000);

  it('takes systems, integration and chain as they are drawn', async () => {
    const red = await NodeRed.start();
    const trackers = sandboxes(red.userDir);
    const browser = await launch();
    const { page } = browser;
    try {
      const fields = { summary: 'Cart loses items', priority: { name: 'High' } };
      trackers.jira.create('alice', { project: DEMO, type: BUG, fields });
      const editor = new Editor(page, red.url);
      await editor.open();
      const nodes = example('sandbox-both-ways');
      const integration = nodes.find(({ type }) => type === 'twinflow-integration')?.id;
      await page.evaluate(
        ([drawn, id]) => {
          const editorApi = Reflect.get(window, 'RED');
          editorApi.view.importNodes(drawn, { addFlow: false, generateIds: false, touchImport: true });
          editorApi.editor.editConfig('', 'twinflow-integration', id);
        },
        [nodes, integration] as const,
      );
      const form = await editor.form();
      await form.getByText('Plan', { exact: true }).first().click();
      await form.getByRole('button', { name: 'Create plan' }).click();
      await form.getByText(/This integration is not deployed yet, so every item counts as new\./).waitFor();
      await form.getByText('1would be created').waitFor();
      assert.deepEqual([trackers.azure.list({ limit: 1 }).total, browser.errors], [0, []]);
    } catch (thrown) {
      await screenshot(page, 'plan-undeployed-failed');
      throw thrown;
    } finally {
      await browser.close();
      trackers.close();
      await red.stop();
    }
  });
});
