/**
 * A project that a system no longer shows, in a real Node-RED and a real browser: it is counted below the poller and named in the
 * sidebar, in light and dark, and no longer once it is back.
 */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { SUPP } from '../connectors/jira/server';
import { type Browser, describeWithChromium, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const pair = (id: string, name: string) => ({
  one: { id, name },
  two: { id: '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c', name: 'Fabrikam' },
  direction: 'both',
});

describeWithChromium('editor/missing-project', function (launch) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let vendors: Vendors;
  let card: Locator;

  before(async () => {
    vendors = await startVendors();
    red = await NodeRed.start();
    await red.deploy(
      vendors.flow({
        'twinflow-poller': { interval: 1, unit: 'seconds' },
        'twinflow-integration': { projectPairs: [pair('10200', 'Demo'), pair(SUPP, 'Support desk')] },
      }),
    );
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1440, height: 1200 });
    await new Editor(page, red.url).open();
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    card = page.locator('.twinflow-side').getByRole('region').first();
    await card.getByText('last polled at').first().waitFor({ timeout: 60_000 });
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    await vendors?.stop();
  });

  const statuses = () => page.locator('.red-ui-flow-node-status-label').allTextContents();
  const isToldBelow = async () => (await statuses()).some((text) => text.includes('not visible'));

  it('is counted below the poller and named in the sidebar, by the name that was chosen, in light and dark', async () => {
    assert.ok(!(await isToldBelow()));
    vendors.jira.site.hidden.add(SUPP);
    vendors.createIssue({ summary: 'Meanwhile' });
    await card.getByText(/"Support desk": Jira no longer has the project/).waitFor({ timeout: 60_000 });
    await card.getByText('1 not visible to the account, and not polled:').waitFor();
    await until('it is told below the poller', isToldBelow);
    await screenshot(page, 'missing-project-1-light');
    await page.evaluate(`document.documentElement.classList.add('nr-theme-dark')`);
    await screenshot(page, 'missing-project-2-dark');
    const shades = await card.getByText(/"Support desk"/).evaluate((line) => {
      const shown = getComputedStyle(line);
      return [shown.color, shown.visibility, shown.overflow];
    });
    assert.ok(!shades.includes('hidden'), shades.join());
    await page.evaluate(`document.documentElement.classList.remove('nr-theme-dark')`);
  });

  it('stops nobody meanwhile', async () => {
    await until('the bug of the other project arrives', () => vendors.item('Meanwhile'), 30_000);
  });

  it('is no longer named once it is back', async () => {
    vendors.jira.site.hidden.delete(SUPP);
    await card.getByText(/Support desk/).waitFor({ state: 'detached', timeout: 60_000 });
    await until('it is not told below the poller', async () => !(await isToldBelow()));
    assert.deepEqual(browser.errors, []);
  });
});
