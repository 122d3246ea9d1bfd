/**
 * The monitor page in a real browser: a conflict is decided side by side, field by field; values of parked changes are
 * edited, of one and of a group. Both sides have them in the end, and the page says who did it.
 */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { violations } from '../support/axe';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';

/** Conflicts are parked, and a value table names a priority which Azure DevOps does not have. */
const flow = () =>
  JSON.parse(
    JSON.stringify(
      example('sandbox-both-ways', {
        'twinflow-poller': { interval: 1, unit: 'seconds' },
        'twinflow-integration': { retries: 0 },
      }),
    )
      .replaceAll('"direction":"both"}', '"direction":"both","conflict":"park"}')
      .replace(
        '{"one":{"id":"1","name":"Highest"},"two":{"id":"1","name":"1"}',
        '{"one":{"id":"1","name":"Highest"},"two":{"id":"9","name":"9"}',
      ),
  ) as ReturnType<typeof example>;

describeWithChromium('editor/monitor: decisions', function (launch) {
  this.timeout(90_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
    browser = await launch();
    page = browser.page;
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(`${red.url}/twinflow/`);
    await page.getByRole('heading', { name: 'Jira ↔ Azure DevOps' }).waitFor();
  });

  after(async () => {
    await browser?.close();
    trackers?.close();
    await red?.stop();
  });

  endsAtFirstFailure('monitor-decide', () => page);

  const jira = (title: string) =>
    trackers.jira.list({ limit: 100 }).entities.find(({ fields }) => fields.summary === title);
  const azure = (title: string) =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title);
  const create = (summary: string, name: string) =>
    trackers.jira.create('alice', { project: DEMO, type: BUG, fields: { summary, priority: { name } } });
  const view = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  const open = async (group: ReturnType<Page['getByRole']>) => {
    const changes = group.getByRole('button', { name: /^Changes/ });
    if ((await changes.getAttribute('aria-expanded')) !== 'true') await changes.click();
  };
  const look = async (name: string): Promise<void> => {
    for (const [width, height] of [
      [1280, 720],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await screenshot(page, `monitor-${name}-${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
    assert.deepEqual(await violations(page), [], name);
  };

  it('shows a conflict with what both had in the middle, and applies what is chosen for each field', async () => {
    create('Cart loses items', 'High');
    await until('the bug is in Azure DevOps', () => azure('Cart loses items'));
    const [one, two] = [jira('Cart loses items'), azure('Cart loses items')];
    assert.ok(one && two);
    // an edit that the other side has not seen yet, on each side
    trackers.jira.edit('alice', one.id, { summary: 'Cart loses <b>items</b>', duedate: '2026-07-01' });
    trackers.azure.edit('bob', two.id, {
      'System.Title': 'Cart loses everything',
      'Microsoft.VSTS.Scheduling.TargetDate': '2026-08-01',
    });
    await view('Failures');
    const group = page.getByRole('article').filter({ hasText: 'Changed on both sides' }).first();
    await group.waitFor();
    await open(group);
    await group
      .getByRole('button', { name: /^Decide…/ })
      .first()
      .click();
    const table = group.getByRole('table', { name: 'Conflicting values' });
    await table.waitFor();
    const row = (name: RegExp) => table.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    const title = row(/Summary|Title/);
    const texts = (await title.getByRole('cell').allTextContents()).map((text) => text.trim());
    assert.deepEqual(texts, ['Cart loses <b>items</b>', 'Cart loses items', 'Cart loses everything']);
    await group.getByRole('button', { name: /^Apply/ }).click();
    await group.getByText('Choose a value for each field.').waitFor();
    await title.getByRole('radio', { name: /System 1/ }).check();
    await row(/[Dd]ate/)
      .getByRole('radio', { name: /System 2/ })
      .check();
    await look('decide');
    await group.getByRole('button', { name: /^Apply/ }).click();
    await until('both sides have what was chosen', () => {
      const [now, there] = [
        trackers.jira.list({ limit: 100 }).entities.find(({ id }) => id === one.id)?.fields,
        trackers.azure.list({ limit: 100 }).entities.find(({ id }) => id === two.id)?.fields,
      ];
      return (
        now?.summary === 'Cart loses <b>items</b>' &&
        there?.['System.Title'] === 'Cart loses <b>items</b>' &&
        now.duedate === '2026-08-01' &&
        there['Microsoft.VSTS.Scheduling.TargetDate'] === '2026-08-01'
      );
    });
    await page.getByText('No change is parked.').waitFor();
  });

  it('lets one side win in a whole group', async () => {
    const [one, two] = [jira('Cart loses <b>items</b>'), azure('Cart loses <b>items</b>')];
    assert.ok(one && two);
    trackers.jira.edit('alice', one.id, { summary: 'From Jira' });
    trackers.azure.edit('bob', two.id, { 'System.Title': 'From Azure DevOps' });
    const group = page.getByRole('article').filter({ hasText: 'Changed on both sides' }).first();
    await group.getByRole('button', { name: /^System 2 wins for all/ }).click();
    await group
      .getByRole('button', { name: /^Decide/ })
      .last()
      .click();
    await until('both have it', () => jira('From Azure DevOps') && azure('From Azure DevOps'));
    await page.getByText('No change is parked.').waitFor();
  });

  it('writes a value that is entered on the page, for one change', async () => {
    create('Wrong priority', 'Highest');
    const group = page.getByRole('article').filter({ hasText: 'Priority' });
    await open(group);
    await group.getByRole('button', { name: /^Edit and retry…/ }).click();
    const input = group.getByRole('combobox', { name: 'Priority' });
    await input.waitFor();
    await look('edit');
    await input.fill('2');
    await group.getByRole('button', { name: /^Retry with these values/ }).click();
    await until('it has landed with the value', () => {
      const priority = azure('Wrong priority')?.fields['Microsoft.VSTS.Common.Priority'];
      return JSON.stringify(priority)?.includes('"2"');
    });
    await page.getByText('No change is parked.').waitFor();
  });

  it('writes one value for all changes of a group', async () => {
    for (const title of ['A', 'B', 'C']) create(title, 'Highest');
    const group = page.getByRole('article').filter({ hasText: 'Priority' });
    await group.getByText('3 changes').waitFor();
    await group.getByRole('button', { name: /^Edit all…/ }).click();
    await group.getByRole('combobox', { name: 'Priority' }).fill('3');
    await group.getByRole('button', { name: /^Retry 3 with these values/ }).click();
    await until('all have landed', () => ['A', 'B', 'C'].every((title) => azure(title)));
    await page.getByText('No change is parked.').waitFor();
    await view('Activity');
    await page.getByText('Decided conflicts').first().waitFor();
    await page.getByText('Edited and retried a change').first().waitFor();
    await page
      .getByText(/has chosen the value of System 1/)
      .first()
      .waitFor();
  });
});
