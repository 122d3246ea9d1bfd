/** Existing items in a real editor: a look-up is set, a plan made, and what is there is brought over, with a pause. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import type { Editor } from '../support/editor';
import { example, type sandboxes } from '../support/examples';
import type { NodeRed } from '../support/node-red';
import { closeSandboxEditor, openSandboxEditor, type SandboxEditor } from '../support/sandbox-editor';
import { until } from '../support/wait';

const PROJECT = '10000';
const BUG = '10101';
/** enough for somebody to press a button before all are read */
const ITEMS = 3_000;

describeWithChromium('editor/existing', function (launch) {
  this.timeout(180_000);
  let opened: SandboxEditor | undefined;
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let integration = '';

  before(async () => {
    const flow = example('sandbox-both-ways', {
      'twinflow-poller': { interval: 1, unit: 'seconds', start: 'newest' },
    });
    integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    opened = await openSandboxEditor(launch, flow, 1000, ({ jira, azure }) => {
      const bugs = Array.from({ length: ITEMS }, (_, n) => ({
        ...{ kind: 'create' as const, project: PROJECT, type: BUG },
        fields: { summary: `Old bug ${n}`, priority: { name: 'Medium' } },
      }));
      jira.write('alice', bugs);
      azure.create('carol', {
        project: '6ce954b1-0001',
        type: 'Bug',
        fields: { 'System.Title': 'Old bug 7', 'System.AreaPath': { name: 'Fabrikam' } },
      });
    });
    ({ red, trackers, browser, page, editor } = opened);
  });
  after(() => closeSandboxEditor(opened));

  const titled = (title: string): number =>
    trackers.azure.list({ limit: 10_000 }).entities.filter(({ fields }) => fields['System.Title'] === title).length;
  const total = (): number => trackers.azure.list({ limit: 1 }).total;

  async function tab(name: string): Promise<void> {
    await page.locator('a.red-ui-tab-label', { hasText: name }).first().click();
  }
  async function openForm(name: string): Promise<void> {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', '${integration}')`);
    await page.waitForTimeout(400);
    await tab(name);
  }
  const choose = async (label: string, name: string): Promise<void> => {
    const combobox = page.getByLabel(label, { exact: true }).first();
    await combobox.fill(name);
    await page.getByRole('option', { name }).first().click();
  };

  it('is looked up as the form says, and what is chosen stays', async () => {
    await openForm('Existing items');
    const first = page.locator('#twinflow-integration-look-ups fieldset').first();
    await first.getByRole('checkbox', { name: 'Look for existing items' }).check();
    await choose('Field in Jira (sandbox)', 'Summary');
    await choose('Field in Azure DevOps (sandbox)', 'Title');
    await first.getByLabel('If fields differ').selectOption('source');
    await screenshot(page, 'existing-1-look-up');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'existing-2-dark');
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
    await page.locator('#node-config-dialog-ok').click();
    await page.locator('#twinflow-integration-look-ups').waitFor({ state: 'detached' });
    await editor.deploy();
    const saved = (await red.flows()).find(({ id }) => id === integration);
    const [pair] = (saved?.typePairs ?? []) as {
      lookUp?: { fields: { one: { id: string }; two: { id: string } }[]; differing: string };
    }[];
    assert.deepEqual(
      [pair?.lookUp?.fields[0]?.one.id, pair?.lookUp?.fields[0]?.two.id, pair?.lookUp?.differing],
      ['summary', 'System.Title', 'source'],
    );
  });

  it('is brought over only after a plan, which counts what would be linked', async () => {
    await openForm('Existing items');
    const start = page.locator('#twinflow-integration-bring-over').getByRole('button', { name: 'Start' }).first();
    await page.getByText('Create a plan first').first().waitFor();
    assert.equal(await start.isDisabled(), true);
    await tab('Plan');
    await page.locator('#twinflow-plan-sample').selectOption('all');
    await page.getByRole('button', { name: 'Create plan' }).click();
    await page.getByText(/^Created at/).waitFor({ timeout: 60_000 });
    await page.getByText('exist in both systems and would be linked').first().waitFor();
    await screenshot(page, 'existing-3-plan');
    await tab('Existing items');
    await page.getByText(`${ITEMS - 1} would be created, 1 linked`).waitFor();
    assert.equal(await start.isDisabled(), false);
  });

  it('can be paused, goes on, and is there once each at the end', async () => {
    const box = page.locator('#twinflow-integration-bring-over fieldset').first();
    await box.getByRole('button', { name: 'Start' }).click();
    await box.getByRole('button', { name: 'Pause' }).click();
    await box.getByText(/^Paused: \d+ items read/).waitFor();
    await screenshot(page, 'existing-4-paused');
    await box.getByRole('button', { name: 'Resume' }).click();
    await box.getByText(new RegExp(`^Finished .*: ${ITEMS} items read`)).waitFor({ timeout: 120_000 });
    await screenshot(page, 'existing-5-finished');
    await until('all are there', () => total() === ITEMS, 60_000);
    for (const number of [0, 7, ITEMS - 1]) assert.equal(titled(`Old bug ${number}`), 1);
    assert.equal(trackers.jira.list({ limit: 1 }).total, ITEMS);
    assert.deepEqual(browser.errors, []);
  });
});
