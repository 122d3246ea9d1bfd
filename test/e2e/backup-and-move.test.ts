/**
 * A backup made on the monitor page is restored in another user folder: what was linked stays linked, nothing is created twice. Files
 * that are no backups of this or an earlier format are refused.
 */

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { violations } from '../support/axe';
import { type Browser, describeWithChromium, endsAtFirstFailure, screenshot } from '../support/chromium';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';
const SANDBOX = 'twinflow-sandbox.sqlite';
const TITLES = ['Cart loses items', 'Search is slow', 'Typo in the footer'];

describeWithChromium('e2e/backup and move', function (launch) {
  this.timeout(120_000);
  let old: NodeRed | undefined;
  let red: NodeRed;
  let browser: Browser;
  let trackers: ReturnType<typeof sandboxes> | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-move-'));
  const file = join(folder, 'moved.backup');

  const flow = () =>
    example('sandbox-both-ways', {
      'twinflow-poller': { interval: 1, unit: 'seconds' },
      'twinflow-integration': { retries: 0 },
    });

  before(async () => {
    browser = await launch();
  });

  after(async () => {
    trackers?.close();
    await browser?.close();
    await old?.stop();
    await red?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  endsAtFirstFailure('backup', () => browser.page);

  const create = (summary: string) => trackers?.jira.create('alice', { project: DEMO, type: BUG, fields: { summary } });
  const all = (side: 'jira' | 'azure') => trackers?.[side].list({ limit: 100 }).entities ?? [];
  const azure = (title: string) => all('azure').find(({ fields }) => fields['System.Title'] === title);
  const upload = (server: NodeRed, body: Uint8Array<ArrayBuffer>) =>
    fetch(`${server.url}/twinflow/backup`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body,
    });
  const refusal = async (body: Uint8Array<ArrayBuffer>): Promise<string> => {
    const response = await upload(red, body);
    assert.ok(response.status === 422 || response.status === 409, `${response.status}`);
    return ((await response.json()) as { error: { message: string } }).error.message;
  };

  it('is one file, downloaded from the page while everything runs', async () => {
    old = await NodeRed.start({ userDir: join(folder, 'old') });
    trackers = sandboxes(old.userDir);
    await old.deploy(flow());
    for (const title of TITLES) create(title);
    await until('all are in Azure DevOps', () => TITLES.every((title) => azure(title)));
    const { page } = browser;
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(`${old.url}/twinflow/#backup`);
    assert.deepEqual(await violations(page), []);
    await screenshot(page, 'monitor-backup');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download backup' }).click();
    await (await download).saveAs(file);
    await page.getByText('The backup was made.').waitFor();
    const left = readdirSync(old.userDir).filter((name) => name.includes('.copy-'));
    assert.deepEqual(left, []);
  });

  it('is restored in another user folder, where nothing is created twice', async () => {
    assert.ok(old);
    trackers?.close();
    await old.stop();
    // the two trackers move along
    const userDir = join(folder, 'new');
    mkdirSync(userDir);
    copyFileSync(join(old.userDir, SANDBOX), join(userDir, SANDBOX));
    red = await NodeRed.start({ userDir });
    trackers = sandboxes(userDir);
    await red.deploy(flow());
    const { page } = browser;
    await page.goto(`${red.url}/twinflow/#backup`);
    await page.getByLabel('Backup', { exact: true }).setInputFiles(file);
    await page.getByRole('button', { name: 'Check and restore' }).click();
    await page.getByText('The backup has 3 links and 0 failed changes.').waitFor();
    await page.getByRole('button', { name: 'Restart flows now' }).click();
    await page.getByText('The flows were started again.').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Links', exact: true }).click();
    await page.getByRole('main').getByRole('listitem').nth(2).waitFor();

    for (const bug of all('jira'))
      trackers.jira.edit('alice', bug.id, { summary: `${String(bug.fields.summary)}, moved` });
    create('New after the move');
    await until('the edits have arrived', () => TITLES.every((title) => azure(`${title}, moved`)));
    await until('what is new has arrived', () => azure('New after the move'));
    assert.equal(all('jira').length, 4);
    assert.equal(all('azure').length, 4);
    assert.match(red.log, /was restored from a backup\. The store that was there is kept as/);
  });

  it('is refused if it is older than the store, newer than this version, cut off, or something else', async () => {
    assert.match(await refusal(new Uint8Array(readFileSync(file))), /older than the store that is here/);
    const changed = join(folder, 'changed.backup');
    copyFileSync(file, changed);
    const db = new DatabaseSync(changed);
    db.exec('PRAGMA user_version = 9999');
    db.close();
    assert.match(await refusal(new Uint8Array(readFileSync(changed))), /written by a newer Twinflow/);
    const whole = readFileSync(file);
    assert.match(await refusal(new Uint8Array(whole.subarray(0, whole.length - 4096))), /damaged/);
    assert.match(await refusal(new TextEncoder().encode('links: none')), /is no backup of Twinflow/);
    const foreign = join(folder, 'foreign.sqlite');
    const other = new DatabaseSync(foreign);
    other.exec('CREATE TABLE links (id INTEGER)');
    other.close();
    assert.match(await refusal(new Uint8Array(readFileSync(foreign))), /is no backup of Twinflow/);
    writeFileSync(changed, '');
    assert.match(await refusal(new Uint8Array(0)), /is no backup of Twinflow/);
    const left = readdirSync(red.userDir).filter((name) => /\.(upload|restore)/.test(name));
    assert.deepEqual(left, []);
  });
});
