/**
 * *Done* in a form that nobody changed changes nothing in the flow: what the editor would deploy afterwards is what it would
 * have deployed before, byte for byte. Flows are kept in version control, and a difference there is a question to somebody.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, describeWithChromium } from '../support/chromium';
import { example, exampleNames } from '../support/examples';
import { type FlowNode, NodeRed, projectRoot } from '../support/node-red';

const saved = (version: number): FlowNode[] =>
  JSON.parse(readFileSync(join(projectRoot, 'test', 'saved', 'flows', `v${version}.json`), 'utf8')) as FlowNode[];

const NUMBERS = ['interval', 'pageSize', 'window', 'outputs', 'batchSize', 'retries', 'lostAfterMs', 'maxConcurrent'];

/** Flows as other programs and people write them: only what a node cannot do without; more than any form would save. */
const shapes: Record<string, (node: FlowNode) => FlowNode> = {
  'only what is needed': ({ id, type, z, x, y, wires, kind, config, integration, side, ...rest }) => {
    if (!type.startsWith('twinflow-')) return { id, type, z, x, y, wires, ...rest };
    const { system1, system2, typePairs, projectPairs, rows, pairs, version } = rest;
    const needed = { kind, config, integration, side, system1, system2, typePairs, projectPairs, rows, pairs, version };
    return { id, type, ...(z !== undefined && { z, x, y, wires }), ...needed };
  },
  'numbers as texts': (node) => ({
    ...node,
    ...Object.fromEntries(NUMBERS.flatMap((name) => (typeof node[name] === 'number' ? [[name, `${node[name]}`]] : []))),
  }),
  'rows with their properties in another order': (node) => ({
    ...node,
    ...(Array.isArray(node.rows) && { rows: node.rows.map(turned) }),
  }),
};

const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, turned(inner)]),
  );
};

const shaped = saved(1).map((node) => shapes['only what is needed']?.(node) ?? node);

describeWithChromium('Done without a change', function (launch) {
  this.timeout(120_000);
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    red = await NodeRed.start();
    browser = await launch();
    await browser.page.setViewportSize({ width: 1280, height: 800 });
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  /** The flow as it would be deployed, a line for each property of a node. */
  const drawn = async (): Promise<string[]> => {
    const nodes = (await browser.page.evaluate('RED.nodes.createCompleteNodeSet()')) as FlowNode[];
    return nodes.flatMap((node) =>
      Object.entries(node).map(([property, value]) => `${node.type} ${node.id} ${property} ${JSON.stringify(value)}`),
    );
  };

  /** Opens each form, waits until it rests, and presses Done. */
  const pressDone = async (nodes: FlowNode[], change = ''): Promise<void> => {
    const { page } = browser;
    for (const { id, type } of nodes.filter((node) => node.type.startsWith('twinflow-'))) {
      await page.evaluate(`{
        const node = RED.nodes.node(${JSON.stringify(id)});
        if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
        else RED.editor.edit(node);
      }`);
      await page.waitForSelector('.red-ui-tray-toolbar .primary');
      await page.waitForTimeout(400);
      if (change !== '') await page.evaluate(change);
      await page.click('.red-ui-tray-toolbar .primary');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
      assert.equal(await page.evaluate('RED.editor.getEditStack().length'), 0, `${type} closes`);
    }
  };

  const open = async (): Promise<void> => {
    await browser.page.goto(red.url);
    await browser.page.waitForSelector('.red-ui-flow-node');
    await browser.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
  };

  const unchanged = async (flow: FlowNode[]): Promise<void> => {
    await red.deploy(flow);
    await open();
    const before = await drawn();
    await pressDone(flow);
    const now = await drawn();
    const [was, is] = [new Set(before), new Set(now)];
    assert.deepEqual(
      { gone: before.filter((line) => !is.has(line)), come: now.filter((line) => !was.has(line)) },
      { gone: [], come: [] },
    );
    assert.equal(now.join('\n'), before.join('\n'), 'in the same order too');
    assert.equal(await browser.page.evaluate('RED.nodes.dirty()'), false, 'there is nothing to deploy');
  };

  for (const name of exampleNames()) it(`changes nothing in ${name}`, () => unchanged(example(name)));

  for (const version of [0, 1])
    it(`changes nothing in a flow that was saved in version ${version}, beyond what its history says`, () =>
      unchanged(saved(version)));

  for (const [what, shape] of Object.entries(shapes))
    it(`changes nothing in a flow that holds ${what}`, async () => {
      await unchanged(saved(1).map(shape));
    });

  it('changes what was changed, and only that', async () => {
    await red.deploy(shaped);
    await open();
    const before = await drawn();
    await pressDone(
      shaped.filter(({ type }) => type === 'twinflow-poller').slice(0, 1),
      `$('#node-input-interval').val('7').trigger('change')`,
    );
    const now = await drawn();
    const come = now.filter((line) => !before.includes(line));
    assert.equal(come.length, 1, come.join('\n'));
    assert.match(come[0] ?? '', /^twinflow-poller \S+ interval 7$/);
  });
});
