/**
 * Flows of other versions in a real Node-RED: older ones run without any form being opened, and are saved in today's shape
 * by the next deploy; those of a later Twinflow do nothing, say so, and survive deploys of an editor that knows less.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openSandbox, sandboxFile } from '../../lib/connectors/sandbox';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { type FlowNode, NodeRed, projectRoot } from '../support/node-red';
import { until } from '../support/wait';

const flow = (version: number): FlowNode[] =>
  JSON.parse(readFileSync(join(projectRoot, 'test', 'saved', 'flows', `v${version}.json`), 'utf8')) as FlowNode[];

const ours = (nodes: FlowNode[]): FlowNode[] => nodes.filter(({ type }) => type.startsWith('twinflow-'));

describeWithChromium('editor/saved-versions', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  const open = async (): Promise<void> => {
    await page.goto(red.url);
    await page.waitForSelector('.red-ui-flow-node');
    await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  };
  /** Opens the form of a node, or of a config node. */
  const edit = async (id: string): Promise<void> => {
    await page.evaluate(`{
      const node = RED.nodes.node(${JSON.stringify(id)});
      if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
    }`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    await page.waitForTimeout(400);
  };
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  /** Deploys everything, whether anything was changed or not. */
  const deploy = async (): Promise<void> => {
    const before = red.log.length;
    await page.evaluate(`RED.nodes.dirty(true); RED.actions.invoke('core:set-deploy-type-to-full')`);
    await page.locator('#red-ui-header-button-deploy').click();
    await until('the flows are deployed, invalid nodes and all', async () => {
      const confirm = page.getByRole('button', { name: 'Confirm deploy' });
      if (await confirm.isVisible()) await confirm.click();
      return /Started flows/.test(red.log.slice(before));
    });
  };
  const saved = async (): Promise<Map<string, FlowNode>> =>
    new Map((await red.flows()).map((node) => [node.id, node] as const));

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: flow(0) });
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 800 });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, 'saved-versions-failed');
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('a flow of the first forms runs as it is', async () => {
    const file = sandboxFile(red.userDir);
    const jira = openSandbox({ file, space: 'saved-one', template: 'jira' });
    const azure = openSandbox({ file, space: 'saved-two', template: 'azure-devops' });
    try {
      jira.create('alice', { project: '10000', type: '10101', fields: { summary: 'From an old flow' } });
      await until(
        'the bug is in the other tracker',
        () => azure.list().entities.find((entity) => azure.titleOf(entity) === 'From an old flow'),
        20_000,
      );
    } finally {
      jira.close();
      azure.close();
    }
  });

  it('and is saved in today’s shape by the next deploy, whether a form was opened or not', async () => {
    await open();
    for (const id of ['fields', 'poll', 'both', 'sys1']) {
      await edit(id);
      await done();
    }
    await deploy();
    const now = await saved();
    for (const node of ours(flow(3))) {
      // what no form of ours names is Node-RED's to forget
      const { note: _note, ...expected } = node;
      const kept = now.get(node.id) ?? {};
      for (const [property, value] of Object.entries(expected))
        assert.deepEqual(Reflect.get(kept, property), value, `${node.type} ${property}`);
    }
  });

  it('a node of a later Twinflow does nothing and says why', async () => {
    const later = flow(2).map((node) => {
      if (!node.type.startsWith('twinflow-')) return node;
      return { ...node, version: 99, future: { of: node.type, list: [1, 2] }, rows: { shape: 'unheard of' } };
    });
    await red.deploy(later);
    assert.match(red.log, /saved by a newer Twinflow \(version 99 of its settings; this one knows 1\)/);
    await open();
    for (const { id, type } of ours(later)) {
      await edit(id);
      const form = page.locator('.red-ui-tray').last();
      await form.getByText('was saved by a newer Twinflow (version 99').waitFor();
      assert.equal(await form.locator('#node-input-integration, #node-config-input-system1').count(), 0, type);
      if (type === 'twinflow-field-mapper') await screenshot(page, 'saved-versions-newer');
      await done();
      assert.equal(await page.evaluate(`RED.nodes.node(${JSON.stringify(id)}).valid`), false, type);
    }
  });

  it('and is after a full deploy what it was, with all that this version never heard of', async () => {
    const before = await saved();
    await deploy();
    const now = await saved();
    for (const [id, node] of before)
      if (node.type.startsWith('twinflow-')) assert.deepEqual(now.get(id), node, node.type);
    assert.deepEqual(now.get('fields')?.future, { of: 'twinflow-field-mapper', list: [1, 2] });
    assert.deepEqual(now.get('fields')?.rows, { shape: 'unheard of' });
  });
});
