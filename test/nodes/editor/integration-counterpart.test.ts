/** How counterparts are shown: chosen in an integration's form, saved, and nothing changed by merely opening it. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { Editor } from '../../support/editor';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

const sandbox = (id: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: id, kind: 'sandbox', config: { space: id, template } },
  ...{ proxy: '', tls: '', ignoreOwn: false, version: 1 },
});

/** Saved by the forms of version 1. @param backlinks in their shape */
const older = (id: string, backlinks: object): FlowNode => ({
  ...{ id, type: 'twinflow-integration', name: id, active: true, system1: 'left', system2: 'right' },
  projectPairs: [
    { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0002', name: 'Contoso' }, direction: 'both' },
  ],
  typePairs: [{ id: 'bugs', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
  ...{ remoteKeyField1: '', remoteKeyField2: '', ...backlinks, retries: 3, lostAfterMs: 600_000, version: 1 },
});

const FLOW: FlowNode[] = [
  sandbox('left', 'jira'),
  sandbox('right', 'azure-devops'),
  older('integration', {}),
  older('shown', { remoteKeyField1: 'gone', remoteBack1: true, remoteLink2: true }),
];

describeWithChromium('the counterparts in an integration’s form', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;

  const open = async (id = 'integration'): Promise<void> => {
    await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', '${id}')`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    await until('the form stands', () => page.evaluate("$('#red-ui-editor-stack').css('zIndex') === '13'"));
    await page.locator('#twinflow-integration-tabs a', { hasText: 'Backlinks' }).click();
    await page.waitForSelector('#twinflow-integration-back1', { state: 'visible' });
  };
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const saved = async (id = 'integration'): Promise<Record<string, unknown>> =>
    page.evaluate(`RED.nodes.convertNode(RED.nodes.node('${id}'))`);
  const isChanged = (id = 'integration') => page.evaluate(`RED.nodes.node('${id}').changed === true`);

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    editor = new Editor(page, red.url);
    await page.goto(red.url, { waitUntil: 'domcontentloaded' });
    await until('the flow is loaded', () => page.evaluate("!!window.RED?.nodes?.node('integration')?._def"));
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  });

  beforeEach(function () {
    this.currentTest?.timeout(60_000);
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('are not shown in a flow of an older version, and opening the form changes nothing', async () => {
    await open();
    for (const box of ['link1', 'back1', 'link2', 'back2'])
      assert.equal(await page.locator(`#twinflow-integration-${box}`).isChecked(), false, box);
    await done();
    assert.deepEqual((await saved()).backlinks, {});
    assert.equal(await isChanged(), false);
  });

  it('are read from a flow of an older version, and saved in today’s shape and no other', async () => {
    const now = await saved('shown');
    assert.deepEqual(now.backlinks, { 1: { key: 'gone', back: true }, 2: { link: true } });
    assert.deepEqual(
      Object.keys(now).filter((name) => name.startsWith('remote')),
      [],
    );
    await open('shown');
    assert.equal(await page.locator('#twinflow-integration-key1').inputValue(), 'gone');
    assert.equal(await page.locator('#twinflow-integration-back1').isChecked(), true);
    assert.equal(await page.locator('#twinflow-integration-link2').isChecked(), true);
    await done();
    assert.deepEqual((await saved('shown')).backlinks, now.backlinks);
    assert.equal(await isChanged('shown'), false);
  });

  it('are saved as chosen, by keyboard too', async () => {
    await open();
    await editor.choose(page.locator('#twinflow-integration-key1'), 'External reference');
    await editor.choose(page.locator('#twinflow-integration-url2'), 'External Link');
    await page.locator('#twinflow-integration-link2').focus();
    await page.keyboard.press('Space');
    await page.locator('#twinflow-integration-back1').check();
    const picture = process.env.TWINFLOW_PICTURE;
    if (picture) await page.screenshot({ path: picture });
    await done();
    const { backlinks } = (await saved()) as { backlinks: { 1: object; 2: object } };
    const sides = [backlinks[1], backlinks[2]].map((side) => Object.keys(side).sort());
    assert.deepEqual(sides, [
      ['back', 'key'],
      ['link', 'url'],
    ]);
    assert.equal(await isChanged(), true, 'the deploy button notices');
    await open();
    assert.equal(await page.locator('#twinflow-integration-back1').isChecked(), true);
    await page.locator('#twinflow-integration-back1').uncheck();
    await done();
    const { back: _back, ...key } = backlinks[1] as { back: boolean };
    assert.deepEqual((await saved()).backlinks, { 1: key, 2: backlinks[2] });
  });

  it('have tabs whose names can be read, at 1280×720 too', async () => {
    for (const [width, height] of [
      [1440, 900],
      [1280, 720],
    ] as const) {
      await page.setViewportSize({ width, height });
      await open();
      const cut = await page.locator('#twinflow-integration-tabs > li').evaluateAll((tabs) =>
        tabs.flatMap((tab) => {
          const words = document.createRange();
          words.selectNodeContents(tab.querySelector('.red-ui-tab-label') ?? tab);
          return words.getBoundingClientRect().right > tab.getBoundingClientRect().right ? [tab.textContent] : [];
        }),
      );
      assert.deepEqual(cut, []);
      await page.keyboard.press('Control+Escape');
      await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
    }
  });

  it('leave no errors in the console', () => {
    assert.deepEqual(
      browser.errors.filter((error) => !/503|422|400|catalogue/.test(error)),
      [],
    );
  });
});
