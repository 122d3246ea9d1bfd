/**
 * Auto map proposed the fields in which the integration keeps the counterpart's key: somebody's edit of one then overwrote
 * the other side's key. They are never proposed, and a row that has one is told of, in the form and after a deploy.
 */

import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { checkFieldRows } from '../../lib/checks';
import { rowIssues } from '../../lib/mapping/coverage';
import type { FieldRow } from '../../lib/model';
import { type Browser, describeWithChromium } from '../support/chromium';
import { Editor } from '../support/editor';
import { example } from '../support/examples';
import { NodeRed } from '../support/node-red';

const key = { id: 'customfield_10050', name: 'External ID', type: 'text' } as const;
const other = { id: 'Custom.ExternalId', name: 'External ID', type: 'text' } as const;
const counterpart = { one: new Set([key.id]), two: new Set([other.id]) };

describe('reality 28: rows for fields that Counterpart writes', () => {
  const row = (direction: FieldRow['direction']): FieldRow => ({ one: key, two: other, direction });
  const codes = (rows: FieldRow[], known = {}): string[] =>
    rows.flatMap((one) => rowIssues(one, rows, known).map(({ code, direction }) => `${code} ${direction}`));

  it('are reported in each direction in which they write there', () => {
    assert.deepEqual(codes([row('both')], { counterpart }), [
      'counterpartTarget forward',
      'counterpartTarget backward',
    ]);
    assert.deepEqual(codes([row('forward')], { counterpart: { ...counterpart, two: new Set() } }), []);
    assert.deepEqual(codes([row('both')]), []);
  });

  it('are reported after a deploy, too', () => {
    const found = checkFieldRows([row('forward')], { live: { one: undefined, two: undefined }, counterpart });
    assert.deepEqual(
      found.map(({ level, code }) => `${level} ${code}`),
      ['warning counterpartTarget'],
    );
  });
});

describeWithChromium('reality 28: auto map in the form', function (launch) {
  this.timeout(60_000);
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    const flow = example('sandbox-both-ways', { 'twinflow-field-mapper': { rows: [] } });
    red = await NodeRed.start({ flows: flow });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
  });

  it('proposes neither of the two fields', async () => {
    const { page } = browser;
    const editor = new Editor(page, red.url);
    await editor.open();
    const id = example('sandbox-both-ways').find(({ type }) => type === 'twinflow-field-mapper')?.id;
    await page.evaluate(`RED.editor.edit(RED.nodes.node('${id}'))`);
    const form: Locator = await editor.form();
    await form.locator('#twinflow-map-auto').click();
    await form.locator('#twinflow-map-note').getByText('rows added').waitFor();
    await editor.done();
    const rows = (await page.evaluate(`RED.nodes.convertNode(RED.nodes.node('${id}')).rows`)) as FieldRow[];
    const ids = rows.flatMap(({ one, two }) => [one?.id, two?.id]);
    assert.ok(ids.includes('summary') && ids.includes('System.Title'), 'the others are there');
    assert.ok(!ids.includes(key.id) && !ids.includes(other.id), ids.join());
  });
});
