/** Comments in the forms of mapper, writer and integration, and in the sidebar, in a real Node-RED and a real browser. */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const PROJECT = '10000';
const BUG = '10101';
const PAIR = 'bug-comments';

/** The sandbox example with comments, and a field mapper for them that has no rows yet. */
function drawn(): FlowNode[] {
  const nodes = example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds' },
    'twinflow-integration': { retries: 0 },
  });
  const writer = nodes.find(({ type }) => type === 'twinflow-writer');
  const defaults = nodes.find(({ type }) => type === 'twinflow-default-mapper');
  const integration = nodes.find(({ type }) => type === 'twinflow-integration');
  if (!writer || !defaults || !integration) throw new Error('the example has them');
  const end = { id: 'comment', name: 'Comment' };
  const comments = { id: PAIR, role: 'comment', one: end, two: end, direction: 'both' };
  const typePairs = (integration.typePairs as object[]).map((pair, index) =>
    index === 0 ? { ...pair, parts: [comments] } : pair,
  );
  const mapper: FlowNode = {
    ...{ id: 'remarks', type: 'twinflow-field-mapper', z: writer.z, name: 'Comments', integration: integration.id },
    ...{ pairs: [PAIR], rows: [], version: 1, x: 600, y: 400, wires: [[writer.id]] },
  };
  const changed = nodes.map((node) =>
    node === defaults ? { ...node, wires: [['remarks']] } : node === integration ? { ...node, typePairs } : node,
  );
  return [...changed, mapper];
}

describeWithChromium('editor/comments', function (launch) {
  this.timeout(120_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  let trackers: ReturnType<typeof sandboxes>;
  let bug = '';
  let integration = '';

  const copyOf = (title: string): string | undefined =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title)?.id;
  const textsOf = (space: SandboxSpace, id: string): string[] =>
    (space.partsOf(id) ?? []).map(({ fields: { text } }) =>
      typeof text === 'object' && text !== null && 'content' in text ? text.content : '',
    );
  const comment = (content: string, by = 'bob') =>
    trackers.jira.create(by, {
      ...{ project: PROJECT, type: 'comment', owner: bug },
      fields: { text: { format: 'markdown', content } },
    });
  const dark = (on: boolean) =>
    page.evaluate(`document.documentElement.classList.toggle('nr-theme-dark', ${on})`).then(() => undefined);
  async function open(id: string): Promise<Locator> {
    await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
    return editor.form();
  }
  const cancel = async (): Promise<void> => {
    await page.locator('#node-dialog-cancel').click();
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  };

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    const flow = drawn();
    integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    bug = trackers.jira.create('alice', { project: PROJECT, type: BUG, fields: { summary: 'The cart is empty' } }).id;
    comment('I see it, *too*');
    await red.deploy(flow);
    browser = await launch();
    page = browser.page;
    // several of them may run at once on a small machine
    page.setDefaultNavigationTimeout(90_000);
    await page.setViewportSize({ width: 1280, height: 900 });
    editor = new Editor(page, red.url);
    await editor.open();
  });
  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('comments', () => page);

  it('are mapped by a mapper of their own: the pair is chosen, auto map fills it, the preview shows a comment', async () => {
    const form = await open('remarks');
    // what is set is folded
    await form.locator('.twinflow-setup > summary').click();
    assert.equal(await form.getByRole('checkbox', { name: 'Bug: Comment ↔ Bug: Comment' }).isChecked(), true);
    await form.getByRole('button', { name: 'Auto map' }).click();
    await form.getByRole('button', { name: /^Preview/ }).click();
    const key = form.getByRole('textbox', { name: 'Item key' });
    await key.fill('DEMO-1');
    await key.press('Enter');
    await form.getByText('Comments of DEMO-1:').waitFor();
    await form.getByText(/Comment by Bob .* on DEMO-1/).waitFor();
    await form.locator('.twinflow-preview tr[data-field="text"]').waitFor();
    await screenshot(page, 'comments-1-mapper');
    await dark(true);
    await screenshot(page, 'comments-2-mapper-dark');
    await dark(false);
    await editor.done();
    await editor.deploy();
    const mapper = (await red.flows()).find(({ id }) => id === 'remarks');
    const rows = mapper?.rows as { one: { id: string }; two: { id: string } }[];
    assert.deepEqual(
      rows.map(({ one, two }) => [one.id, two.id]),
      [['text', 'text']],
    );
    const copy = await until('the bug arrives', () => copyOf('The cart is empty'), 30_000);
    // it came while the mapper had no rows
    await red.post('/twinflow/parked/retry', { integration });
    await until(
      'its comment, too',
      () => textsOf(trackers.azure, copy).some((text) => text.includes('I see it')),
      30_000,
    );
  });

  it('are shown in the writer beside their item, and counted by the plan under it', async () => {
    comment('One more');
    const writer = (await red.flows()).find(({ type }) => type === 'twinflow-writer')?.id ?? '';
    const form = await open(writer);
    await form.getByRole('button', { name: /^Preview/ }).click();
    const key = form.getByRole('textbox', { name: 'Item key' });
    await key.fill('DEMO-1');
    await key.press('Enter');
    const offered = form.getByRole('button', { name: /One more/ });
    await offered.waitFor();
    await screenshot(page, 'comments-3-writer');
    await offered.click();
    await form.getByText(/Comment by Bob .* on DEMO-1/).waitFor();
    await screenshot(page, 'comments-4-writer-comment');
    await cancel();

    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', '${integration}')`);
    await page.locator('a.red-ui-tab-label', { hasText: 'Plan' }).click();
    await page.locator('#twinflow-plan-start').click();
    const plan = page.getByRole('region', { name: 'Comment → Comment' }).first();
    await plan.getByText('those of 1 items checked').waitFor();
    await screenshot(page, 'comments-5-plan');
    await dark(true);
    await screenshot(page, 'comments-6-plan-dark');
    await dark(false);
  });

  it('show in the tab Content what goes over without a mapper', async () => {
    await page.locator('a.red-ui-tab-label', { hasText: 'Content' }).click();
    const list = page.locator('.twinflow-part-fields').first();
    await list.locator('summary').click();
    await list.getByText('Mapped instead by: Comments.').waitFor();
    const row = (name: string) => list.getByRole('row').filter({ hasText: name });
    assert.match((await row('Text').first().textContent()) ?? '', /Text↔Text/);
    assert.match((await row('Author').first().textContent()) ?? '', /kept by the systems/);
    await screenshot(page, 'comments-7-content');
    await dark(true);
    await screenshot(page, 'comments-8-content-dark');
    await dark(false);
    await page.locator('#node-config-dialog-cancel').click();
  });

  it('that are parked are named by item, author and first words; the link leads there; skip and retry work', async () => {
    const forward = { kind: 'jsonata', expression: '$contains(text.content, "rude") ? "" : text.content' };
    const polite = (await red.flows()).map((node) => {
      const rows = node.id === 'remarks' ? (node.rows as object[]) : [];
      return rows.length === 0 ? node : { ...node, rows: [{ ...rows[0], transform: { forward } }] };
    });
    await red.deploy(polite);
    await editor.open();
    const parked = (text: string) => side.getByRole('listitem').filter({ hasText: text });
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    const side = page.locator('.twinflow-side');
    await side.waitFor();
    comment('How rude of you');
    comment('And a rude one again', 'carol');
    const row = parked('How rude of you');
    await row.waitFor();
    const link = row.getByRole('link', { name: /^Comment by Bob .* on DEMO-1$/ });
    assert.match((await link.getAttribute('href')) ?? '', /sandbox/);
    await row.getByRole('button', { name: /^Details/ }).click();
    await row.getByText('Text is required', { exact: false }).first().waitFor();
    await screenshot(page, 'comments-9-parked');
    await dark(true);
    await screenshot(page, 'comments-10-parked-dark');
    await dark(false);
    const other = parked('And a rude one again');
    await other.getByRole('button', { name: /^Skip/ }).click();
    await other.getByRole('textbox').fill('not nice');
    await other.getByRole('button', { name: 'Skip this change' }).click();
    await other.waitFor({ state: 'detached' });
    await row.getByRole('button', { name: /^Edit and retry/ }).click();
    const text = row.getByRole('textbox', { name: /Text/ });
    await text.fill('How kind of you');
    await screenshot(page, 'comments-11-edit');
    await row
      .getByRole('button', { name: /^(Retry with|Save|Edit and retry|Write)/ })
      .last()
      .click();
    const copy = copyOf('The cart is empty') ?? '';
    await until('it is written as corrected', () =>
      textsOf(trackers.azure, copy).some((one) => one.includes('How kind')),
    );
    const about = textsOf(trackers.azure, copy).join();
    assert.ok(!about.includes('rude'));
    assert.deepEqual(browser.errors, []);
  });
});
