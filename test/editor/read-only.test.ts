/** Types that can only be read, and a start by revision, in the forms of a real Node-RED and a real browser. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { commitsToStories } from '../connectors/git/flow';
import { Repository } from '../connectors/git/repository';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describeWithChromium('editor/read-only', function (launch) {
  this.timeout(120_000);
  let demo: Repository;
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  before(async () => {
    demo = new Repository();
    demo.commit('Start');
    demo.push();
    red = await NodeRed.start();
    // never polled: the form shows where it would begin
    const flow = commitsToStories(demo.bare, 'both').map((node) => ({
      ...node,
      ...(node.type === 'twinflow-integration' && { active: false }),
    }));
    await red.deploy(flow);
    browser = await launch();
    page = browser.page;
    await new Editor(page, red.url).open();
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    demo?.close();
  });

  it('the form of the integration names a pair that leads to a type that can only be read', async () => {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', 'commits')`);
    const note = page.locator('#twinflow-integration-types-note');
    await note.getByText(/System 2 → System 1: “Commit” can only be read/).waitFor({ timeout: 30_000 });
    await screenshot(page, 'read-only-1-pair');
    await page.locator('#node-config-dialog-cancel').click();
    await note.waitFor({ state: 'detached' });
  });

  it('the form of the poller shows the revision after which it begins', async () => {
    await page.evaluate(`RED.editor.edit(RED.nodes.node('poll'))`);
    const hint = page.locator('#twinflow-poller-start');
    const sha = demo.git('rev-parse', 'HEAD').slice(0, 10);
    await until(
      'the revision is shown',
      async () => ((await hint.textContent()) ?? '').includes(`main ${sha}`),
      30_000,
    );
    await screenshot(page, 'read-only-2-revision');
    assert.deepEqual(browser.errors, []);
  });
});
