/**
 * An integration waits for a person, in a real Node-RED and a real browser: the sidebar says why, asks before it goes on, and
 * goes on by the keyboard alone.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { addBugs, all, between, spaces, system } from '../reality/shared-systems';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describeWithChromium('editor/waiting', function (launch) {
  this.timeout(120_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let one: SandboxSpace;
  let two: SandboxSpace;
  let other: SandboxSpace;

  const flow = (space: string): FlowNode[] => [system('A', 'one'), system('B', space), ...between('pair', 'A', 'B')];
  const has = (space: SandboxSpace, title: string): boolean =>
    all(space).some(({ fields }) => fields.summary === title);

  before(async () => {
    red = await NodeRed.start();
    const [a, b, c] = spaces(red.userDir, 'one', 'two', 'other');
    assert.ok(a && b && c);
    [one, two, other] = [a, b, c];
    addBugs(one, 'first');
    await red.deploy(flow('two'));
    await until('it has arrived', () => has(two, 'first'), 30_000);
    await sleep(1_500);
    await red.deploy(flow('other'));
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  after(async () => {
    await browser?.close();
    for (const space of [one, two, other]) space?.close();
    await red?.stop();
  });

  it('is shown in the sidebar, and continues only after a second question', async () => {
    await new Editor(page, red.url).open();
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    const side = page.locator('.twinflow-side');
    await side.getByText('A system now points to another server').waitFor();
    addBugs(one, 'second');
    await sleep(3_000);
    assert.equal(has(other, 'second'), false);

    const ask = side.getByRole('button', { name: 'Continue…' });
    await ask.focus();
    await page.keyboard.press('Enter');
    await side.getByText('It is the same tracker with another URL').waitFor();
    await screenshot(page, 'waiting-1-asked');
    await side.getByRole('button', { name: 'Keep waiting' }).click();
    await ask.waitFor();
    assert.equal(has(other, 'second'), false);

    await ask.click();
    await side.getByRole('button', { name: 'Continue', exact: true }).focus();
    await page.keyboard.press('Enter');
    await until('it goes on', () => has(other, 'second'), 30_000);
    await ask.waitFor({ state: 'hidden' });
    await screenshot(page, 'waiting-2-goes-on');
  });
});
