/** Formatted texts on the page in a real browser: shown as they are meant, and nothing in them runs or is loaded. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { openSandbox, type SandboxSpace } from '../../../lib/connectors/sandbox';
import type { FileContent } from '../../../lib/model/content';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { type PageServer, startPage } from './server';

/** One red dot. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);
const fileOf = (name: string, bytes: Uint8Array, mediaType: string): FileContent => {
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return {
    name,
    size: bytes.length,
    mediaType,
    open: async () => ({ size: bytes.length, bytes: all(), close: () => undefined }),
  };
};

describeWithChromium('sandbox page: formatted texts in the browser', (launch) => {
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  let space: SandboxSpace;
  const asked: string[] = [];

  before(async function () {
    this.timeout(30_000);
    server = await startPage();
    space = openSandbox({ file: server.file, space: 'left', template: 'jira' });
    browser = await launch();
    page = browser.page;
    page.on('request', (request) => asked.push(request.url()));
  });
  after(async () => {
    space?.close();
    await browser?.close();
    await server?.close();
  });

  const markdown = (content: string) => ({ format: 'markdown' as const, content });
  async function shown(content: string): Promise<string> {
    const project = '10000';
    const fields = { summary: 'Texts', description: markdown(content) };
    const { id } = space.create('alice', { project, type: '10101', fields });
    space.create('bob', { project, type: 'comment', owner: id, fields: { text: markdown(content) } });
    await page.goto('about:blank');
    asked.length = 0;
    await page.goto(`${server.url}#left/${id}`);
    await page.locator('.comments li .text').first().waitFor();
    return id;
  }

  it('have their headings, lists, tables and links, in descriptions as in comments', async () => {
    await shown(
      '# Title\n\n- **one**\n- `two`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[a page](https://example.com/x) \n',
    );
    for (const place of ['.comments .text.rich', '.fields .looks']) {
      const text = page.locator(place);
      assert.equal(await text.locator('h4').textContent(), 'Title', place);
      assert.deepEqual(await text.locator('li').allTextContents(), ['one', 'two'], place);
      assert.equal(await text.locator('li strong').count(), 1, place);
      assert.deepEqual(await text.locator('tbody tr').first().locator('th, td').allTextContents(), ['a', 'b'], place);
      const link = text.getByRole('link', { name: 'a page' });
      assert.deepEqual(
        [await link.getAttribute('href'), await link.getAttribute('rel')],
        ['https://example.com/x', 'noopener noreferrer nofollow'],
        place,
      );
    }
  });

  it('show attached pictures by their names, and load nothing from elsewhere', async () => {
    const id = await shown('![a dot](dot.png) ![far](https://example.com/far.png) ![svg](evil.svg)');
    await space.attach('bob', id, fileOf('dot.png', PNG, 'image/png'));
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "broken"</script></svg>';
    await space.attach('bob', id, fileOf('evil.svg', Buffer.from(svg), 'image/svg+xml'));
    await page.reload();
    const image = page.locator('.comments .text img');
    await image.waitFor();
    await page.waitForFunction(() => {
      const found = document.querySelector<HTMLImageElement>('.comments .text img');
      return found?.complete === true && found.naturalWidth === 1;
    });
    assert.deepEqual([await image.count(), await image.getAttribute('alt')], [1, 'a dot']);
    assert.equal(await page.locator('.comments .text a[href="https://example.com/far.png"]').count(), 1);
    assert.deepEqual(
      asked.filter((url) => url.includes('example.com')),
      [],
    );
  });

  it('never run or load anything: what looks like HTML or a script is text', async () => {
    const evil = [
      '<img src="https://example.com/1.png" onerror="document.title=\'broken\'">',
      '<script>document.title = "broken"</script>',
      '[click](javascript:alert(1)) [data](data:text/html,<script>1</script>)',
      '<a href="javascript:alert(1)">x</a> <iframe src="https://example.com/2"></iframe> <style>body{display:none}</style>',
      '<svg onload="document.title=\'broken\'"></svg> ![x](javascript:alert(1))',
    ].join('\n\n');
    await shown(evil);
    assert.doesNotMatch(await page.title(), /broken/);
    for (const place of ['.comments .text', '.fields .looks']) {
      const all = page.locator(place).locator('script, iframe, style, svg, object, embed, [onerror], [onload]');
      assert.equal(await all.count(), 0, place);
      const hrefs = await page
        .locator(`${place} a`)
        .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      assert.ok(
        hrefs.every((href) => /^(https?:|mailto:)/.test(href ?? '')),
        `${place}: ${hrefs}`,
      );
    }
    assert.deepEqual(
      asked.filter((url) => url.includes('example.com')),
      [],
    );
  });
});
