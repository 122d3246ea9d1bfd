/**
 * A saved value mapper was opened, `Done` typed and Enter pressed while the list was still on its way: the first entry of
 * the list was taken, and deployed unnoticed. In every drop-down with search, only what the typed text says is taken.
 */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { ProjectPair, ValueRow } from '../../lib/model';
import { type Browser, describeWithChromium } from '../support/chromium';
import { Editor } from '../support/editor';
import { example } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const flow = example('sandbox-both-ways');
const idOf = (type: string): string => flow.find((node) => node.type === type)?.id ?? '';

describeWithChromium('reality 27: a drop-down takes what is typed', function (launch) {
  this.timeout(120_000);
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  let editor: Editor;
  /** milliseconds by which each answer of the systems is late */
  let late = 0;

  before(async () => {
    red = await NodeRed.start({ flows: flow });
    browser = await launch();
    page = browser.page;
    editor = new Editor(page, red.url);
    await page.route(/\/twinflow\/(fields|users|lookup-values|projects|types)$/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, late));
      await route.continue();
    });
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  async function open(id: string): Promise<Locator> {
    // each time a page that has asked nothing yet, and a form opened from what is saved
    await editor.open();
    await page.evaluate(`RED.editor.edit(RED.nodes.node('${id}'))`);
    const form = await editor.form();
    await form.locator('.primary').waitFor();
    return form;
  }
  const saved = <T>(id: string, property: string): Promise<T> =>
    page.evaluate(`RED.nodes.convertNode(RED.nodes.node('${id}'))['${property}']`) as Promise<T>;

  const ways: Record<string, (input: Locator, text: string) => Promise<void>> = {
    Enter: async (input, text) => {
      await input.pressSequentially(text);
      await input.press('Enter');
    },
    Tab: async (input, text) => {
      await input.pressSequentially(text);
      await input.press('Tab');
    },
    'a paste and Enter': async (input, text) => {
      await input.fill(text);
      await input.press('Enter');
    },
  };

  /** Types into the first value of System 1 of the first table and closes the form with Done. @returns what is saved there */
  async function typed(how: string, text: string): Promise<unknown> {
    const form = await open(idOf('twinflow-value-mapper'));
    const input = form.locator('#twinflow-values-pairs').getByRole('combobox').first();
    await input.click();
    await ways[how]?.(input, text);
    await page.waitForTimeout(late + 400);
    await editor.done();
    const rows = await saved<ValueRow[]>(idOf('twinflow-value-mapper'), 'rows');
    return rows[0]?.pairs[0]?.one;
  }

  for (const how of Object.keys(ways)) {
    for (const ms of [0, 500]) {
      it(`an entry's name and ${how}: that entry, where the list ${ms === 0 ? 'is there' : 'is still on its way'}`, async () => {
        late = ms;
        assert.deepEqual(await typed(how, 'Done'), { id: '10003', name: 'Done' });
      });
    }
  }

  it('what no entry is called stands for itself, whatever entries hold it somewhere', async () => {
    late = 500;
    assert.deepEqual(await typed('Enter', 'one'), { name: 'one' });
    late = 0;
    assert.deepEqual(await typed('Enter', 'Nonsense'), { name: 'Nonsense' });
  });

  it('the beginning of a name and Enter: the entry that the list shows as chosen', async () => {
    late = 0;
    assert.deepEqual(await typed('Enter', 'In Rev'), { id: '10002', name: 'In Review' });
  });

  it('an arrow key and Enter: the entry that is marked', async () => {
    late = 0;
    const form = await open(idOf('twinflow-value-mapper'));
    const input = form.locator('#twinflow-values-pairs').getByRole('combobox').first();
    await input.click();
    await page.getByRole('option', { name: 'Done' }).waitFor();
    await input.pressSequentially('In');
    const left = page.locator('.twinflow-popup li');
    await until('the others are gone', async () => !(await left.allTextContents()).includes('Done'));
    const second = (await left.allTextContents())[1];
    await input.press('ArrowDown');
    await input.press('Enter');
    assert.ok(second?.startsWith('In '), second);
    assert.equal(await input.inputValue(), second);
    await editor.done();
  });

  it('where only entries of the list may stand, other text changes nothing and is not kept', async () => {
    const before = await (async () => {
      await editor.open();
      return saved<ProjectPair[]>(idOf('twinflow-integration'), 'projectPairs');
    })();
    for (const [ms, key] of [
      [500, 'Enter'],
      [0, 'Tab'],
    ] as const) {
      late = ms;
      await editor.open();
      await page.evaluate(`RED.editor.editConfig('', 'twinflow-integration', '${idOf('twinflow-integration')}')`);
      const form = await editor.form();
      await form.getByRole('tab', { name: 'Projects' }).or(form.getByText('Projects').first()).first().click();
      const input = form.locator('[role="combobox"]').filter({ visible: true }).first();
      await input.click();
      await input.pressSequentially('Zzz');
      await input.press(key);
      await page.waitForTimeout(late + 400);
      await editor.done();
      assert.deepEqual(await saved(idOf('twinflow-integration'), 'projectPairs'), before, `${key} after ${ms} ms`);
    }
  });
});
