/** The examples in the real editor: every form opens, is valid, and leaves what it doesn't change as it was. */

import assert from 'node:assert/strict';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, exampleNames, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describeWithChromium('editor/examples', function (launch) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let editor: Editor;

  before(async () => {
    red = await NodeRed.start();
    browser = await launch();
    await browser.page.setViewportSize({ width: 1720, height: 760 });
    editor = new Editor(browser.page, red.url);
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  for (const name of exampleNames()) {
    it(`${name}: each form can be opened and closed with Done, and nothing has changed`, async () => {
      const flow = example(name);
      await red.deploy(flow);
      await editor.open();
      for (const { id, type } of flow.filter((node) => node.type.startsWith('twinflow-') && node.z)) {
        await editor.edit(browser.page.locator(`[id="${id}"]`));
        await browser.page.waitForTimeout(500);
        await screenshot(browser.page, `${name}-${type}`);
        await editor.done();
      }
      const changed = browser.page.locator('.red-ui-flow-node-changed').filter({ visible: true });
      assert.equal(await changed.count(), 0, 'no node is marked as changed');
      // that a Redmine without a key can't be asked is shown in the form; the browser notes the refusal too
      const errors = browser.errors.filter((error) => !error.startsWith('Failed to load resource'));
      assert.deepEqual(errors, []);
    });
  }

  it('sandbox-both-ways: no node is marked as invalid, and their states tell what is going on', async () => {
    await red.deploy(example('sandbox-both-ways'));
    const trackers = sandboxes(red.userDir);
    for (const summary of ['Cart loses items', 'Search is slow', 'Typo in the footer']) {
      trackers.jira.create('alice', { project: '10000', type: '10101', fields: { summary } });
    }
    await until('they have arrived', () => trackers.azure.list({ limit: 1 }).total >= 3);
    trackers.close();
    await editor.open();
    await browser.page.getByText('3 linked').first().waitFor();
    assert.equal(await editor.invalid(), 0);
    await editor.searchPalette('twinflow');
    await browser.page.locator('.red-ui-palette-node[data-palette-type="twinflow-writer"]').scrollIntoViewIfNeeded();
    await screenshot(browser.page, 'editor');
  });
});
