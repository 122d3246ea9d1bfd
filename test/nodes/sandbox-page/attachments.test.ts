/** Attachments on the page in a real browser: attached, saved and deleted; and their routes, which are bounded. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { openSandbox, type SandboxSpace } from '../../../lib/connectors/sandbox';
import type { Entity } from '../../../lib/model/entity';
import { fileOf } from '../../engine/file-bench';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { until } from '../../support/wait';
import { type PageServer, startPage } from './server';

const bug = { project: '10000', type: '10101' };

describeWithChromium('sandbox page: attachments in the browser', (launch) => {
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  let space: SandboxSpace;
  let issue: Entity;
  const items = () => page.locator('.attachments li');
  const picker = () => page.getByLabel('Attach files');
  const names = () => (space.partsOf(issue.id) ?? []).map(({ fields }) => fields.name);

  before(async function () {
    this.timeout(30_000);
    server = await startPage();
    space = openSandbox({ file: server.file, space: 'left', template: 'jira' });
    browser = await launch();
    page = browser.page;
    page.on('dialog', (dialog) => void dialog.accept());
  });
  after(async () => {
    space?.close();
    await browser?.close();
    await server?.close();
  });
  beforeEach(async function () {
    this.timeout(20_000);
    issue = space.create('alice', { ...bug, fields: { summary: 'Printer on fire' } });
  });

  async function open(): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${server.url}#left/${issue.id}`);
    await page.locator('.history > li').first().waitFor();
    await page.getByLabel('Act as').selectOption({ label: 'Carol Clark' });
  }
  const chosen = (name: string, text: string, mimeType = 'text/plain') => ({
    ...{ name, mimeType },
    buffer: Buffer.from(text),
  });

  it('are attached as the chosen person, several at a time, with their type, and shown with size and author', async () => {
    await open();
    await picker().setInputFiles([chosen('report <1>.txt', 'x'.repeat(2_345)), chosen('empty.bin', '', '')]);
    await until('both are shown', async () => ((await items().count()) === 2 ? true : undefined));
    const [one, two] = space.partsOf(issue.id) ?? [];
    assert.deepEqual(
      [one?.fields.name, one?.fields.size, one?.fields.mediaType],
      ['report <1>.txt', 2_345, 'text/plain'],
    );
    assert.deepEqual([two?.fields.name, two?.fields.size, one?.createdBy?.login], ['empty.bin', 0, 'carol']);
    assert.match((await items().nth(0).textContent()) ?? '', /report <1>.txt.*2\.3 kB · Carol Clark/);
    assert.equal(await page.getByRole('heading', { name: 'Attachments (2)' }).count(), 1);
    assert.deepEqual(browser.errors, []);
  });

  it('are saved with their bytes and their name, and never shown as a page', async () => {
    const evil = '<script>document.title="broken"</script>';
    await space.attach('alice', issue.id, { ...fileOf('Übersicht 🚢.html', evil), mediaType: 'text/html' });
    await open();
    const saving = page.waitForEvent('download');
    await items().getByRole('button', { name: 'Übersicht 🚢.html', exact: true }).click();
    const saved = await saving;
    assert.equal(saved.suggestedFilename(), 'Übersicht 🚢.html');
    assert.equal(await readFile(await saved.path(), 'utf8'), evil);
    assert.doesNotMatch(await page.title(), /broken/);
    const [part] = space.partsOf(issue.id) ?? [];
    const answer = await fetch(`${server.url}api/file?space=left&id=${part?.id}`);
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename\*=UTF-8''%C3%9Cbersicht/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
    await answer.arrayBuffer();
  });

  it('are deleted after a question, and appear and disappear as others add and delete them', async () => {
    await space.attach('alice', issue.id, fileOf('one', 'one'));
    await space.attach('alice', issue.id, fileOf('two', 'two'));
    await open();
    const button = page.getByRole('button', { name: 'Delete attachment one' });
    await button.focus();
    await page.keyboard.press('Enter');
    await until('it is gone', async () => ((await items().count()) === 1 ? true : undefined));
    assert.deepEqual(names(), ['two']);
    assert.match((await page.locator('li:focus').textContent()) ?? '', /two/);
    await space.attach('bob', issue.id, fileOf('three', 'three'));
    await items().filter({ hasText: 'three' }).waitFor();
    assert.deepEqual(browser.errors, []);
  });

  it('that are not taken are reported in words, and the others are attached', async () => {
    space.limitFiles({ maxBytes: 10 });
    try {
      await open();
      await picker().setInputFiles([chosen('large.txt', 'x'.repeat(20)), chosen('small.txt', 'x')]);
      await items().filter({ hasText: 'small.txt' }).waitFor();
      await page.getByRole('status').filter({ hasText: '"large.txt" was refused: it has 20 bytes' }).waitFor();
      assert.deepEqual(names(), ['small.txt']);
    } finally {
      space.limitFiles({});
      browser.errors.length = 0;
    }
  });

  describe('by their routes', () => {
    const attach = (query: string, headers: Record<string, string>, body: string) =>
      fetch(`${server.url}api/attach?space=left&user=alice&owner=${issue.id}&${query}`, {
        ...{ method: 'POST', headers, body },
      });
    const binary = { 'content-type': 'application/octet-stream' };

    it('are asked for with permissions to read and to write', async () => {
      server.asked.length = 0;
      await (await attach('name=a.txt', binary, 'abc')).text();
      await (await fetch(`${server.url}api/file?space=left&id=1`)).text();
      assert.deepEqual(server.asked, ['twinflow-sandbox.write', 'twinflow-sandbox.read']);
    });

    it('are refused where a page of somebody else could send them, or they are too large', async () => {
      const forms = await attach('name=a.txt', { 'content-type': 'text/plain' }, 'abc');
      assert.equal(forms.status, 415);
      const { request } = await import('node:http');
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const url = `${server.url}api/attach?space=left&user=alice&owner=${issue.id}&name=a`;
        const sent = request(
          url,
          { method: 'POST', headers: { ...binary, 'content-length': '100000001' } },
          (answer) => {
            resolve(answer.statusCode);
            sent.destroy();
          },
        );
        sent.on('error', reject);
        sent.write('abc');
      });
      assert.equal(status, 413);
      assert.equal((await attach('name=', binary, 'abc')).status, 422);
      assert.deepEqual(names(), []);
    });

    it('are not there if the browser goes away in the middle', async () => {
      const { request } = await import('node:http');
      const url = `${server.url}api/attach?space=left&user=alice&owner=${issue.id}&name=a`;
      const sent = request(url, { method: 'POST', headers: { ...binary, 'content-length': '1000' } });
      sent.on('error', () => undefined);
      sent.write('abc');
      await new Promise((resolve) => setTimeout(resolve, 200));
      sent.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(names(), []);
      const unknown = await fetch(`${server.url}api/file?space=left&id=99999`);
      assert.equal(unknown.status, 404);
    });
  });
});
