/** 33: links of a removed integration stayed for ever; one on a disabled tab was listed as active. */

import assert from 'node:assert/strict';
import { type Browser, describeWithChromium } from '../support/chromium';
import { Editor } from '../support/editor';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, copyOf, pair } from './shared-systems';

interface Operations {
  items: { name: string; active: boolean; unused?: boolean; held?: string }[];
  removed?: { id: string; links: number }[];
}

describeWithChromium('33: removed and disabled integrations in the sidebar', function (launch) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    addBugs(trackers.jira, 'Bug 1', 'Bug 2');
    await red.deploy(pair());
    await until('both have arrived', () => all(trackers.azure).length === 2, 20_000);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  const operations = () => red.get<Operations>('/twinflow/operations');

  it('an integration on a disabled tab is not listed as active; a copy beside one that runs is held', async () => {
    await red.deploy(pair().map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)));
    const [item] = (await operations()).items;
    assert.equal(item?.unused, true);
    await red.deploy([...pair(), ...copyOf(pair())]);
    await until(
      'one is held',
      async () => (await operations()).items.filter(({ held }) => held === 'same').length === 1,
    );
    assert.ok((await operations()).items.every(({ unused }) => unused === undefined));
  });

  it('links of one that was removed are forgotten after a question, and not while it is deployed', async () => {
    const id = pair().find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    await assert.rejects(red.post('/twinflow/forget', { integration: id }), /409 .*is deployed/);
    const other = copyOf(pair());
    await red.deploy(other);
    await until('it is offered', async () => (await operations()).removed?.[0]?.id === id);
    assert.equal((await operations()).removed?.[0]?.links, 2);
    const { page } = browser;
    const editor = new Editor(page, red.url);
    await editor.open();
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    await page.locator('.twinflow-side').waitFor();
    // it shares the sidebar's height with ours
    await page.locator('button[data-tab-id="debug"]').first().click();
    const box = page.locator('.twinflow-side section', { hasText: 'Removed integrations' });
    await box.getByRole('button', { name: 'Forget…' }).click();
    await box.getByText('2 links are deleted permanently').waitFor();
    await box.getByRole('button', { name: 'Keep' }).click();
    assert.equal((await operations()).removed?.length, 1);
    await box.getByRole('button', { name: 'Forget…' }).click();
    await box.getByRole('button', { name: 'Forget them' }).click();
    await until('it is forgotten', async () => (await operations()).removed === undefined);
  });
});
