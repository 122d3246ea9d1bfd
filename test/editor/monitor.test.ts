/**
 * The monitor page in a real Node-RED and a real browser: changes that the target refuses are found by their cause, the
 * row is mended that makes the value, the group is retried and lands; links are found, ended and made; items explained.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { violations } from '../support/axe';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { Editor } from '../support/editor';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';
const EVIL = `<img src=x onerror="document.title='broken'">`;

const right = () =>
  example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds' },
    'twinflow-integration': { retries: 0 },
  });

/** With a value table that names a priority which Azure DevOps does not have. */
const wrong = () =>
  JSON.parse(
    JSON.stringify(right()).replace(
      '{"one":{"id":"1","name":"Highest"},"two":{"id":"1","name":"1"}',
      '{"one":{"id":"1","name":"Highest"},"two":{"id":"9","name":"9 <b>urgent</b>"}',
    ),
  ) as ReturnType<typeof right>;

describeWithChromium('editor/monitor', function (launch) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Page;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(wrong());
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('monitor', () => page);

  const inAzure = (title: string) =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title);
  const create = (summary: string, name: string) =>
    trackers.jira.create('alice', { project: DEMO, type: BUG, fields: { summary, priority: { name } } });
  const view = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  const group = (): Locator => page.getByRole('article').filter({ hasText: 'Priority' });

  /** The editor gets another theme, which the page follows. */
  const theme = (scheme: 'light' | 'dark') =>
    editor.evaluate((dark) => document.documentElement.classList.toggle('nr-theme-dark', dark), scheme === 'dark');

  /** Pictures in two sizes, light and dark, and no obstacle in any of them. */
  async function look(name: string): Promise<void> {
    for (const scheme of ['light', 'dark'] as const) {
      await theme(scheme);
      await until(
        `the page is ${scheme}`,
        async () => (await page.evaluate('getComputedStyle(document.body).colorScheme')) === scheme,
      );
      for (const [width, height] of [
        [1280, 720],
        [390, 844],
      ] as const) {
        await page.setViewportSize({ width, height });
        await screenshot(page, `monitor-${name}-${width}-${scheme}`);
        const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(wide) <= 0, `${name} is ${wide} pixels too wide for ${width}`);
      }
      assert.deepEqual(await violations(page), [], `${name}, ${scheme}`);
    }
    await theme('light');
    await page.setViewportSize({ width: 1280, height: 720 });
  }

  it('is opened from the sidebar, and shows every integration live', async () => {
    editor = page;
    await new Editor(page, red.url).open();
    await page.getByRole('button', { name: 'Twinflow', exact: true }).first().click();
    const opened = page.context().waitForEvent('page');
    await page.locator('.twinflow-side').getByRole('link', { name: 'Monitor' }).click();
    page = await opened;
    await page.getByRole('heading', { name: 'Jira ↔ Azure DevOps' }).waitFor();
    const edge = page
      .getByRole('region', { name: 'Systems and integrations' })
      .getByRole('button', { name: /running/ });
    await edge.waitFor();
    await edge.focus();
    await page.keyboard.press('Enter');
    assert.equal(await edge.getAttribute('aria-pressed'), 'true');
    await page.getByText('live', { exact: true }).waitFor();
    create('Cart loses items', 'High');
    await until('the bug is in Azure DevOps', () => inAzure('Cart loses items'));
    await page.getByText('1 linked').first().waitFor();
    await look('overview');
  });

  it('groups failures by cause as they happen, with texts as texts', async () => {
    for (const title of ['First', 'Second', EVIL]) create(title, 'Highest');
    await view('Failures');
    await group().getByText('3 changes').waitFor();
    await group().getByText('Correct the row that maps the field').waitFor();
    await group()
      .getByRole('button', { name: /^Changes/ })
      .click();
    await group()
      .getByRole('button', { name: /^Details/ })
      .last()
      .click();
    await group().getByRole('rowheader', { name: 'Priority' }).waitFor();
    await group().getByText(EVIL).first().waitFor({ state: 'attached' });
    assert.equal(await page.locator('main img, main b').count(), 0);
    assert.doesNotMatch(await page.title(), /broken/);
    await look('failures');
    await group().getByRole('link', { name: 'Explain' }).first().click();
    await page.locator('strong').getByText('Its change is parked').waitFor();
    await view('Failures');
    await group().waitFor();
  });

  it('opens the row that makes the value', async () => {
    const opened = page.context().waitForEvent('page');
    await group()
      .getByRole('link', { name: /Open row/ })
      .first()
      .click();
    const tab = await opened;
    const form = tab.locator('.red-ui-tray').last();
    await form.locator('#twinflow-map-rows').waitFor();
    await until(
      'the row has the focus',
      async () => (await tab.evaluate('document.activeElement?.value ?? ""')) === 'Priority',
    );
    await form.getByRole('link', { name: 'Monitor' }).waitFor();
    await screenshot(tab, 'monitor-row');
    await tab.close();
  });

  it('skips one with a reason by keyboard, and retries the group after the row was mended: all land', async () => {
    const rows = group().getByRole('listitem');
    await rows.first().getByRole('button', { name: /^Skip/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Reason' }).waitFor();
    await page.keyboard.type('not needed');
    await page.keyboard.press('Enter');
    await page.getByText('was skipped.').waitFor();
    await group().getByText('2 changes').waitFor();
    await red.deploy(right());
    await group().getByRole('button', { name: 'Retry all 2' }).click();
    await page.getByText('No change is parked.').waitFor();
    await until('both have landed', () => inAzure('Second') && inAzure(EVIL));
    assert.equal(inAzure('First'), undefined);
  });

  it('explains an item that was skipped, one that is in sync, and one that does not exist', async () => {
    const keyOf = (title: string) =>
      trackers.jira.list({ limit: 100 }).entities.find(({ fields }) => fields.summary === title)?.key ?? '';
    await view('Explain');
    const ask = async (key: string) => {
      await page.getByRole('searchbox', { name: /Key, id or address/ }).fill(key);
      await page.keyboard.press('Enter');
    };
    await ask(keyOf('Second'));
    await page.locator('strong').getByText('It is in sync').waitFor();
    await page.getByRole('rowheader', { name: 'Priority' }).waitFor();
    await look('explain');
    await ask('DEMO-99999');
    await page.locator('strong').getByText('has no item “DEMO-99999”').first().waitFor();
    await ask(keyOf('First'));
    await page.locator('strong').getByText('A new item would be created.').waitFor();
  });

  it('finds a link by either key, shows what differs, unlinks, and pairs by hand', async () => {
    const azure = inAzure('Second');
    assert.ok(azure);
    await view('Links');
    const all = page.getByRole('main').getByRole('listitem');
    await all.nth(1).waitFor();
    await page.getByRole('searchbox').fill(azure.key);
    await all.nth(1).waitFor({ state: 'detached' });
    const row = page.getByRole('main').getByRole('listitem').filter({ hasText: azure.key }).first();
    await row.getByRole('button', { name: /^Details/ }).click();
    await row.getByText('No change is pending.').waitFor();
    await row.getByRole('button', { name: /^What differs now/ }).click();
    await row.getByText('All mapped values agree.').waitFor();
    await look('links');
    const [jiraKey = ''] = ((await row.textContent()) ?? '').split(' ↔ ');
    await row.getByRole('button', { name: /^Unlink/ }).click();
    await row.getByRole('button', { name: /^Unlink:/ }).click();
    await page.getByText('is no longer linked.').waitFor();
    await page.getByText('Pair two items by hand').click();
    await page.getByRole('textbox', { name: /System 1/ }).fill(jiraKey);
    await page.getByRole('textbox', { name: /System 2/ }).fill(azure.key);
    await page.getByRole('button', { name: 'Pair', exact: true }).click();
    await page.getByText('are linked and are being synced.').waitFor();
    const before = trackers.azure.list({ limit: 100 }).entities.length;
    const bug = trackers.jira.list({ limit: 100 }).entities.find(({ key }) => key === jiraKey);
    assert.ok(bug);
    trackers.jira.edit('alice', bug.id, { summary: 'Second, paired' });
    await until('the pair is in sync', () => inAzure('Second, paired'));
    assert.equal(trackers.azure.list({ limit: 100 }).entities.length, before);
  });

  it('shows what has happened and who did it, live, and exports it', async () => {
    await view('Activity');
    const list = page.getByRole('main').getByRole('list');
    await list.getByText('Skipped parked changes').waitFor();
    await list.getByText('Paired two items').waitFor();
    await page.getByLabel('Result').selectOption('parked');
    await list.getByText('Skipped parked changes').waitFor({ state: 'detached' });
    await list.getByText('Priority has no value').first().waitFor();
    await look('activity');
    await page.getByLabel('Result').selectOption('');
    create('Seen as it happens', 'High');
    await list.getByRole('listitem').filter({ hasText: 'created' }).first().waitFor();
    await until('the newest is at the top', async () => {
      const [jira] = trackers.jira.list({ limit: 1 }).entities;
      return (await list.getByRole('listitem').first().textContent())?.includes(jira?.key ?? '?');
    });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export CSV' }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    assert.match(file, /^\uFEFF?time,integration,outcome,/);
    assert.match(file, /,parked,DEMO-/);
    await view('Overview');
    await page.getByRole('img', { name: /Last 24 hours: \d+ synced/ }).waitFor();
    await look('overview-plots');
  });

  it('has a console without errors', () => {
    // pages may look while a deploy replaces the integration
    const expected = /status of (404|503) .*\/twinflow\//;
    assert.deepEqual(
      browser.errors.filter((text) => !expected.test(text)),
      [],
    );
  });
});
