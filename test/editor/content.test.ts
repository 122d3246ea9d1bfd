/** Comments chosen in the integration's form, in a real Node-RED and a real browser: from the form to the other tracker. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import type { Editor } from '../support/editor';
import { example, type sandboxes } from '../support/examples';
import { closeSandboxEditor, openSandboxEditor, type SandboxEditor } from '../support/sandbox-editor';
import { until } from '../support/wait';

const PROJECT = '10000';
const BUG = '10101';

describeWithChromium('editor/content', function (launch) {
  this.timeout(120_000);
  let opened: SandboxEditor | undefined;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let integration = '';
  let bug = '';

  before(async () => {
    const flow = example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } });
    integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    opened = await openSandboxEditor(launch, flow, 720);
    ({ trackers, browser, page, editor } = opened);
    bug = trackers.jira.create('alice', { project: PROJECT, type: BUG, fields: { summary: 'The cart is empty' } }).id;
    await until('the bug arrives', () => copyOf(trackers.azure, 'The cart is empty'), 30_000);
  });
  after(() => closeSandboxEditor(opened));

  const copyOf = (space: SandboxSpace, title: string) =>
    space.list().entities.find((entity) => entity.fields['System.Title'] === title)?.id;
  const textsOf = (space: SandboxSpace, id: string): string[] =>
    (space.partsOf(id) ?? []).map(({ fields: { text } }) =>
      typeof text === 'object' && text !== null && 'content' in text ? text.content : '',
    );

  async function openForm(): Promise<void> {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', '${integration}')`);
    await page
      .getByRole('tab', { name: 'Content' })
      .or(page.locator('a.red-ui-tab-label', { hasText: 'Content' }))
      .first()
      .click();
    await page.locator('.twinflow-parts').first().waitFor();
  }

  it('offers comments for each type pair, off at first, in light and dark', async () => {
    await openForm();
    const box = page.locator('.twinflow-parts').first().getByRole('checkbox').first();
    assert.equal(await box.isChecked(), false);
    await screenshot(page, 'content-1-off');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'content-2-dark');
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
  });

  it('chosen by keyboard and deployed, they are synced without a mapper', async () => {
    await page.locator('.twinflow-parts').first().getByRole('checkbox').first().focus();
    await page.keyboard.press('Space');
    await screenshot(page, 'content-3-on');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'content-4-on-dark');
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
    const rules = page.locator('.twinflow-part-rules').first();
    await rules.getByLabel('Internal comments').selectOption('keep');
    await rules.getByLabel('Rejected edits').selectOption('report');
    await page.locator('.twinflow-parts').first().getByRole('checkbox', { name: 'Attachments' }).check();
    await page.getByLabel('Files that the target does not take').first().selectOption('link');
    await screenshot(page, 'content-5-files');
    await page.locator('#node-config-dialog-ok').click();
    await page.locator('.twinflow-parts').first().waitFor({ state: 'detached' });
    await editor.deploy();
    const text = { format: 'markdown', content: 'I see it, too' } as const;
    trackers.jira.create('bob', { project: PROJECT, type: 'comment', owner: bug, fields: { text } });
    const copy = copyOf(trackers.azure, 'The cart is empty') ?? '';
    await until(
      'the comment arrives',
      () => textsOf(trackers.azure, copy).some((said) => said.endsWith('I see it, too')),
      30_000,
    );
    const [said = ''] = textsOf(trackers.azure, copy);
    assert.match(said, /Bob \w+.* wrote on .* UTC:/);
  });

  it('stays chosen when the form is opened again, and a mapper can be given the comments alone', async () => {
    await openForm();
    assert.equal(await page.locator('.twinflow-parts').first().getByRole('checkbox').first().isChecked(), true);
    const rules = page.locator('.twinflow-part-rules').first();
    assert.equal(await rules.getByRole('checkbox').isChecked(), true);
    assert.equal(await rules.getByLabel('Internal comments').inputValue(), 'keep');
    assert.equal(await rules.getByLabel('Rejected edits').inputValue(), 'report');
    assert.equal(await page.getByLabel('Files that the target does not take').first().inputValue(), 'link');
    await page.locator('#node-config-dialog-cancel').click();
    await page.locator('.twinflow-parts').first().waitFor({ state: 'detached' });
    assert.deepEqual(browser.errors, []);
  });
});
