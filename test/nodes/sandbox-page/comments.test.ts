/** Comments on the page in a real browser: read, written, edited and deleted, also by keyboard. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { openSandbox, type SandboxSpace } from '../../../lib/connectors/sandbox';
import type { Entity } from '../../../lib/model/entity';
import { type Browser, describeWithChromium } from '../../support/chromium';
import { until } from '../../support/wait';
import { type PageServer, startPage } from './server';

describeWithChromium('sandbox page: comments in the browser', (launch) => {
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  let space: SandboxSpace;
  let issue: Entity;
  const bug = { project: '10000', type: '10101' };
  const comments = () => page.locator('.comments li');
  const composer = () => page.getByRole('form', { name: 'New comment' });

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

  const comment = (content: string, user = 'bob', more = {}) => {
    const fields = { text: { format: 'markdown' as const, content }, ...more };
    return space.create(user, { project: bug.project, type: 'comment', owner: issue.id, fields });
  };
  const stored = () =>
    (space.partsOf(issue.id) ?? []).map(({ fields }) => (fields.text as { content: string }).content);
  async function open(part?: string): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${server.url}#left/${issue.id}${part === undefined ? '' : `/${part}`}`);
    await page.locator('.history > li').first().waitFor();
    await page.getByLabel('Act as').selectOption({ label: 'Carol Clark' });
  }

  it('are shown with author and time, the oldest first, as texts, internal ones marked', async () => {
    const evil = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;
    comment(`first\n\n${evil}`);
    comment('for the team', 'carol', { visibility: { id: 'internal' } });
    await open();
    assert.equal(await comments().count(), 2);
    assert.match((await comments().nth(0).textContent()) ?? '', /^Bob Baker · .*first/);
    assert.equal(await comments().nth(0).locator('.mark').count(), 0);
    assert.equal(await comments().nth(1).locator('.mark').textContent(), 'Internal');
    assert.equal(await page.locator('.comments img, .comments script').count(), 0);
    assert.doesNotMatch(await page.title(), /broken/);
    assert.equal(await page.getByRole('heading', { name: 'Comments (2)' }).count(), 1);
  });

  it('are written as the chosen person, by keyboard alone', async () => {
    await open();
    await composer().getByLabel('Text').focus();
    await page.keyboard.type('On it');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+Enter');
    await comments().filter({ hasText: 'On it' }).waitFor();
    const [made] = space.partsOf(issue.id) ?? [];
    assert.equal(made?.createdBy?.login, 'carol');
    assert.deepEqual(made?.fields.visibility, { id: 'internal', name: 'Internal' });
    assert.equal(await composer().getByLabel('Text').inputValue(), '');
    assert.deepEqual(browser.errors, []);
  });

  it('that are blank are refused in words at the text', async () => {
    await open();
    await composer().getByLabel('Text').fill('   ');
    await composer().getByRole('button', { name: 'Add comment' }).click();
    await composer().getByText('Text is required.', { exact: true }).waitFor();
    assert.deepEqual(stored(), []);
    browser.errors.length = 0;
  });

  it('are edited in place; Escape leaves them as they were', async () => {
    comment('befroe');
    await open();
    await page.getByRole('button', { name: /^Edit comment .*#1 by Bob Baker$/ }).click();
    const text = comments().nth(0).getByLabel('Text');
    assert.equal(await text.inputValue(), 'befroe');
    await text.fill('no');
    await page.keyboard.press('Escape');
    assert.equal(await text.count(), 0);
    assert.deepEqual(stored(), ['befroe']);
    await page.keyboard.press('Enter');
    await text.fill('before');
    await comments().nth(0).getByRole('button', { name: 'Save' }).click();
    await comments().nth(0).getByText('edited by Carol Clark').waitFor();
    assert.deepEqual(stored(), ['before']);
  });

  it('that somebody else edits meanwhile keep what is typed, and tell it', async () => {
    const { id } = comment('one');
    await open();
    await page.getByRole('button', { name: 'Edit comment' }).click();
    const text = comments().nth(0).getByLabel('Text');
    await text.fill('typed');
    space.edit('alice', id, { text: { format: 'markdown', content: 'theirs' } });
    await page.getByText('Alice Archer has meanwhile changed this to: theirs').waitFor();
    assert.equal(await text.inputValue(), 'typed');
  });

  it('are deleted after a question, and the focus goes on with the next one', async () => {
    comment('one');
    comment('two');
    await open();
    const button = page.getByRole('button', { name: /^Delete comment .*#1 / });
    await button.focus();
    await page.keyboard.press('Enter');
    await until('it is gone', async () => ((await comments().count()) === 1 ? true : undefined));
    assert.deepEqual(stored(), ['two']);
    assert.match((await page.locator('li:focus').textContent()) ?? '', /two/);
  });

  it('appear and disappear as others write, also where the entity does not move, and leave the focus alone', async () => {
    const { id } = comment('one');
    await open();
    await page.locator('.comments li a').first().focus();
    space.silenceParts('create', 'delete');
    try {
      comment('two');
      await comments().filter({ hasText: 'two' }).waitFor();
      assert.equal(await page.locator('.comments li a:focus').count(), 1);
      space.remove('bob', id);
      await until('it is gone', async () => ((await comments().count()) === 1 ? true : undefined));
    } finally {
      space.silenceParts();
    }
  });

  it('have an address, which leads to them', async () => {
    const made = Array.from({ length: 30 }, (_, count) => comment(`Remark ${count}\n\n…\n\n…`));
    const { id, url } = made[20] ?? assert.fail();
    assert.ok(url?.endsWith(`#left/${issue.id}/${id}`));
    await open(id);
    const named = comments().and(page.locator('[aria-current]'));
    assert.match((await named.textContent()) ?? '', /Remark 20/);
    assert.ok(await named.evaluate((one) => one.getBoundingClientRect().top < window.innerHeight));
  });
});
