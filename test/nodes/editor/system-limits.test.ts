/** The limits of a system's requests in its form: typed, saved as numbers, checked, and kept to by the runtime. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

// saved by an older version, without limits
const system = { type: 'twinflow-system', proxy: '', tls: '', ignoreOwn: false, version: 1 };
const FLOW: FlowNode[] = [
  { ...system, id: 'redmine', name: 'Redmine', kind: 'redmine', config: { url: 'http://127.0.0.1:1', auth: 'apiKey' } },
  { ...system, id: 'box', name: 'Box', kind: 'sandbox', config: { space: 's', template: 'jira' } },
];

describeWithChromium('the limits in a system’s form', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  const open = async (node: string): Promise<void> => {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-system', ${JSON.stringify(node)})`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    await until('the form stands', () => page.evaluate("$('#red-ui-editor-stack').css('zIndex') === '13'"));
  };
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const saved = (): Promise<Record<string, unknown>> =>
    page.evaluate("RED.nodes.convertNode(RED.nodes.node('redmine'))");
  const valid = (): Promise<boolean> =>
    page.evaluate("(RED.editor.validateNode(RED.nodes.node('redmine')), RED.nodes.node('redmine').valid)");

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    await page.goto(red.url, { waitUntil: 'domcontentloaded' });
    await until('the flow is loaded', () => page.evaluate("!!window.RED?.nodes?.node('redmine')?._def"));
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  });

  beforeEach(function () {
    this.currentTest?.timeout(60_000);
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  /** Unfolds what is folded away while nothing in it is set. */
  async function advanced(): Promise<void> {
    const fold = page.locator('#twinflow-system-advanced');
    if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click();
  }

  it('are empty in a flow of an older version, which stays valid and unlimited', async () => {
    assert.equal(await valid(), true, String(await page.evaluate("RED.nodes.node('redmine').validationErrors")));
    await open('redmine');
    await page.waitForSelector('#twinflow-system-url');
    const rate = page.locator('#node-config-input-maxRequestsPerSecond');
    assert.equal(await rate.inputValue(), '');
    assert.equal(await rate.getAttribute('placeholder'), 'No fixed limit');
    await done();
    // what nobody has touched stays as it was: absent
    assert.deepEqual([(await saved()).maxRequestsPerSecond, (await saved()).maxConcurrent], [undefined, undefined]);
  });

  it('are saved as numbers', async () => {
    await open('redmine');
    await advanced();
    await page.fill('#node-config-input-maxRequestsPerSecond', '2.5');
    await page.fill('#node-config-input-maxConcurrent', '2');
    const picture = process.env.TWINFLOW_PICTURE;
    if (picture) await page.screenshot({ path: picture });
    await done();
    assert.deepEqual([(await saved()).maxRequestsPerSecond, (await saved()).maxConcurrent], [2.5, 2]);
    assert.equal(await valid(), true);
  });

  it('mark the node where they are no limits', async () => {
    for (const [rate, together, expected] of [
      ['0', '2', false],
      ['-1', '', false],
      ['5', '0', false],
      ['5', '2.5', false],
      ['0.5', '100', true],
      ['', '', true],
    ] as const) {
      await open('redmine');
      await advanced();
      await page.fill('#node-config-input-maxRequestsPerSecond', rate);
      await page.fill('#node-config-input-maxConcurrent', together);
      await done();
      assert.equal(await valid(), expected, `${rate} per second, ${together} at a time`);
    }
  });

  it('are not asked for where nothing goes over a network', async () => {
    await open('box');
    await page.waitForSelector('#twinflow-system-space');
    assert.equal(await page.locator('#node-config-input-maxRequestsPerSecond').isVisible(), false);
    await done();
  });

  it('leave no errors in the console', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !/503|422|400|catalogue/.test(error)),
      [],
    );
  });
});
