/** The forms of system, integration, poller and writer in a real editor: a real Node-RED, a real browser, sandboxes. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';

const KEY = 'the-key-that-stays-in-the-runtime';

const sandbox = (id: string, space: string, template: string): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: space, kind: 'sandbox', config: { space, template, user: 'sync' } },
  ...{ proxy: '', tls: '', ignoreOwn: false, version: 1 },
});

// as the sandbox's templates have them
const PROJECTS = {
  one: { id: '10000', name: 'Demo' },
  two: { id: '6ce954b1-0002', name: 'Contoso' },
  direction: 'both',
};
const TYPES = { id: 'bugs', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' };

const integrationOf = (id: string, projectPairs: object[], typePairs: object[]): FlowNode => ({
  ...{ id, type: 'twinflow-integration', name: id, active: true, system1: 'left', system2: 'right' },
  ...{
    projectPairs,
    typePairs,
    backlinks: {},
    retries: 3,
    lostAfterMs: 600_000,
    version: 2,
  },
});

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Support' },
  sandbox('left', 'left', 'jira'),
  sandbox('right', 'right', 'azure-devops'),
  integrationOf('integration', [PROJECTS], [TYPES]),
  integrationOf('empty', [], []),
  // saved by an older version: most properties are missing
  {
    id: 'poller',
    type: 'twinflow-poller',
    z: 'tab',
    name: '',
    integration: 'integration',
    x: 200,
    y: 100,
    wires: [['writer']],
  },
  {
    id: 'writer',
    type: 'twinflow-writer',
    z: 'tab',
    name: '',
    integration: 'integration',
    x: 500,
    y: 100,
    wires: [[]],
  },
];

/** A server that answers nothing useful and notes who asked it with which key. */
async function listener(): Promise<{ url: string; keys: string[]; close: () => Promise<void> }> {
  const keys: string[] = [];
  const server: Server = createServer((request, response) => {
    keys.push(String(request.headers['x-redmine-api-key']));
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    keys,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

describeWithChromium('the forms in the editor', (launch) => {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  async function open(node: string): Promise<void> {
    await page.evaluate(`(() => {
      const node = RED.nodes.node(${JSON.stringify(node)});
      if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
    })()`);
    await page.waitForSelector('.red-ui-tray-toolbar .primary');
    // the last thing the editor does when a form has slid in; before, it moves the focus and doesn't let the form be closed
    await until('the form stands', () => page.evaluate("$('#red-ui-editor-stack').css('zIndex') === '13'"));
  }
  const done = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar .primary');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  const cancel = async (): Promise<void> => {
    await page.click('.red-ui-tray-toolbar >> text=Cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  };
  /** the node as a deploy would send it */
  const saved = async (node: string): Promise<Record<string, unknown>> =>
    (await page.evaluate(`RED.nodes.convertNode(RED.nodes.node(${JSON.stringify(node)}))`)) as Record<string, unknown>;
  const focused = (): Promise<string> =>
    page.evaluate('document.activeElement.getAttribute("role") || document.activeElement.tagName') as Promise<string>;

  async function load(): Promise<void> {
    // changes that aren't deployed would have the browser ask whether to stay
    await page.evaluate('window.RED?.nodes.dirty(false)');
    await page.goto(red.url, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.red-ui-flow-node');
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  }

  before(async function () {
    this.timeout(90_000);
    red = await NodeRed.start({ flows: FLOW });
    browser = await launch();
    page = browser.page;
    await load();
  });

  beforeEach(function () {
    this.currentTest?.timeout(60_000);
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('pair projects and types by the keyboard alone, and save them with stable ids', async () => {
    await open('empty');
    await page.locator('#twinflow-integration-pairs .red-ui-editableList-addButton').first().focus();
    const choose = async (typed: string): Promise<void> => {
      await page.keyboard.press('ArrowDown');
      await page.waitForSelector('.twinflow-popup li');
      await page.keyboard.type(typed);
      await page.waitForSelector('.twinflow-popup li.twinflow-active');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.twinflow-popup', { state: 'detached' });
    };
    await page.keyboard.press('Enter');
    await until('the new row has the focus', async () => (await focused()) === 'combobox');
    await choose('demo');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space'); // both → forward
    await page.keyboard.press('Tab');
    await choose('cont');
    await page.locator('#twinflow-integration-pairs .red-ui-editableList-addButton').nth(1).focus();
    await page.keyboard.press('Enter');
    await until('the new row has the focus', async () => (await focused()) === 'combobox');
    await choose('bug');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await choose('bug');
    await done();
    const { projectPairs, typePairs, version } = await saved('empty');
    assert.equal(version, 2);
    assert.deepEqual(
      (projectPairs as { one: { name: string }; two: { name: string }; direction: string }[]).map((pair) => [
        pair.one.name,
        pair.direction,
        pair.two.name,
      ]),
      [['Demo', 'forward', 'Contoso']],
    );
    const [pair] = typePairs as { id: string; one: { name: string } }[];
    assert.equal(pair?.one.name, 'Bug');
    assert.match(pair?.id ?? '', /^[0-9a-f]{16}$/);

    await open('empty');
    await done();
    assert.deepEqual((await saved('empty')).typePairs, typePairs);
  });

  it('leave a saved name standing while the system is away, and say in the list what is wrong', async () => {
    await page.route('**/twinflow/projects', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/json',
        body: JSON.stringify({ error: { kind: 'transient', message: 'The server <b>rests</b>.' } }),
      }),
    );
    await page.evaluate('window.twinflowMetadata.clear()');
    await open('integration');
    const input = page.locator('#twinflow-integration-projects input[role=combobox]').first();
    await input.click();
    await page.waitForSelector('.twinflow-popup .twinflow-bad');
    assert.match((await page.textContent('.twinflow-popup-note')) ?? '', /The server <b>rests<\/b>\./);
    assert.equal(await input.inputValue(), 'Demo');
    await page.unroute('**/twinflow/projects');
    await page.keyboard.press('Enter'); // try again
    await page.waitForSelector('.twinflow-popup li');
    await page.keyboard.press('Escape');
    assert.equal(await input.inputValue(), 'Demo');
    assert.equal(await page.locator('.red-ui-tray').count(), 1, 'Esc closes the list, not the form');
    await cancel();
  });

  it('list the required fields that nothing is mapped to', async () => {
    await open('integration');
    await page.click('#twinflow-integration-tabs a >> text=Required fields');
    await page.waitForSelector('#twinflow-integration-missing li');
    assert.match((await page.textContent('#twinflow-integration-missing')) ?? '', /left Bug → right Bug: .*Title/);
    await cancel();
  });

  it('warn of a pair that no entity reaches', async () => {
    await open('integration');
    await page.locator('#twinflow-integration-pairs .red-ui-editableList-addButton').first().click();
    const inputs = page.locator('#twinflow-integration-projects input[role=combobox]');
    for (const index of [2, 3]) {
      await inputs.nth(index).click();
      await page.locator('.twinflow-popup li').first().click();
    }
    assert.match(
      (await page.textContent('#twinflow-integration-projects-note')) ?? '',
      /“Demo” is already paired above/,
    );
    await cancel();
  });

  it('show what holds where an older version saved nothing, without saving it, and show when a cron expression comes true', async () => {
    await open('poller');
    assert.equal(await page.inputValue('#node-input-window'), '200');
    assert.equal(await page.inputValue('#node-input-schedule'), 'interval');
    assert.equal(await page.textContent('#node-input-side option:checked'), 'System 1 – left');
    await until('the start is told', async () =>
      /Syncs updates/.test((await page.textContent('#twinflow-poller-start')) ?? ''),
    );
    await page.selectOption('#node-input-schedule', 'cron');
    await page.fill('#node-input-cron', '61 * * * *');
    await page.press('#node-input-cron', 'Tab');
    await page.waitForSelector('#node-input-cron.input-error');
    await page.fill('#node-input-cron', '30 6 * * MON');
    await page.press('#node-input-cron', 'Tab');
    await page.waitForSelector('#node-input-cron:not(.input-error)');
    assert.match((await page.textContent('#twinflow-poller-runs')) ?? '', /Next: .*6:30/);
    await page.selectOption('#node-input-start', 'time');
    await page.fill('#twinflow-poller-time', '2026-01-02T03:04:05');
    await done();
    const node = await saved('poller');
    assert.equal(node.cron, '30 6 * * MON');
    assert.deepEqual([node.window, node.pageSize, node.version], [undefined, undefined, 1]);
    assert.equal(new Date(String(node.startTime)).toISOString(), node.startTime);
  });

  it('mark a node without integration, and name a poller after its system', async () => {
    const [label, valid] = (await page.evaluate(
      `(() => { const node = RED.nodes.node('poller'); return [node._def.label.call(node), node.valid]; })()`,
    )) as [string, boolean];
    assert.equal(label, 'poll left');
    assert.equal(valid, true);
    const lost = await page.evaluate(
      `(() => { const node = RED.nodes.node('writer'); const kept = node.integration; node.integration = '';
         RED.editor.validateNode(node); const { valid } = node; node.integration = kept; RED.editor.validateNode(node);
         return valid; })()`,
    );
    assert.equal(lost, false);
  });

  it('keep a secret in the runtime, and ask for it again when the address is another one', async () => {
    const [ours, foreign] = [await listener(), await listener()];
    try {
      await red.deploy([
        ...FLOW,
        {
          ...{ id: 'redmine', type: 'twinflow-system', name: 'Redmine', kind: 'redmine', proxy: '', tls: '' },
          ...{ config: { url: ours.url, auth: 'apiKey' }, credentials: { apiKey: KEY } },
        },
      ]);
      await load();
      await open('redmine');
      await page.waitForSelector('#twinflow-system-url');
      assert.equal(await page.inputValue('#node-config-input-apiKey'), '__PWRD__');
      const ask = async (): Promise<string> => {
        await page.click('#twinflow-system-test');
        await page.waitForSelector('#twinflow-system-result.twinflow-bad');
        return (await page.textContent('#twinflow-system-result')) ?? '';
      };
      assert.doesNotMatch(await ask(), /Enter the secret again/);
      assert.ok(
        ours.keys.length > 0 && ours.keys.every((key) => key === KEY),
        'the stored key goes where it was deployed',
      );

      await page.fill('#twinflow-system-url', foreign.url);
      assert.match(await ask(), /Enter the secret again/);
      assert.deepEqual(foreign.keys, []);

      await page.fill('#node-config-input-apiKey', 'another key');
      assert.doesNotMatch(await ask(), /Enter the secret again/);
      assert.ok(foreign.keys.length > 0 && foreign.keys.every((key) => key === 'another key'));
      await cancel();
      assert.ok(!(await page.content()).includes(KEY));
    } finally {
      await Promise.all([ours.close(), foreign.close()]);
    }
  });

  it('forget the secret of a sign-in method that is no longer used', async () => {
    await open('redmine');
    await page.waitForSelector('#twinflow-system-auth');
    await page.selectOption('#twinflow-system-auth', 'login');
    await page.fill('#node-config-input-login', 'sync');
    await page.fill('#node-config-input-password', 'pass');
    await done();
    const { credentials, config } = await saved('redmine');
    assert.equal((config as Record<string, unknown>).auth, 'login');
    assert.deepEqual(credentials, { apiKey: '', login: 'sync', password: 'pass' });
  });

  it('leave no errors in the console', () => {
    const ours = browser.errors.filter((error) => !/503|422|400|catalogue/.test(error));
    assert.deepEqual(ours, []);
  });
});
