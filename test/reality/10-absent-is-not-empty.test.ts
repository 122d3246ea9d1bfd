/** What is empty in the source is empty in a new counterpart, or the result says what the target has put in itself. */

import assert from 'node:assert/strict';
import { equalValues } from '../../lib/mapping/compare';
import { isEmpty, type RichText } from '../../lib/model/values';
import { Workbench } from '../engine/workbench';
import { declares } from './declares';

describe('An empty field of a new entity', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
  });
  afterEach(() => bench.stop());

  it('is sent as emptiness where the target would put in a value of its own', async () => {
    declares(bench.two, [{ id: 'priority', name: 'Priority', type: 'text', hasDefault: true }]);
    bench.one.save(undefined, { title: 'a', priority: null, note: null });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { title: 'a', priority: null });
  });

  it('is not sent where the target wants a value', async () => {
    declares(bench.two, [{ id: 'priority', name: 'Priority', type: 'text', hasDefault: true, required: true }]);
    bench.one.save(undefined, { title: 'a', priority: null });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { title: 'a' });
  });

  it('that the target has filled in itself is reported', async () => {
    const save = bench.two.save.bind(bench.two);
    bench.two.save = (id, fields, by) => save(id, id ? fields : { ...fields, priority: '3 - Medium' }, by);
    bench.one.save(undefined, { title: 'a', priority: null });
    await bench.sync();
    assert.deepEqual(bench.results[0]?.warnings, [
      { field: 'priority', reason: 'empty in the source; Two has put in "3 - Medium" itself' },
    ]);
  });
});

describe('A text that looks empty', () => {
  const texts: RichText[] = [
    { format: 'html', content: '<div><br></div>' },
    { format: 'html', content: '<p>&nbsp;</p>' },
    { format: 'adf', content: '{"type":"doc","version":1,"content":[{"type":"paragraph","content":[]}]}' },
    { format: 'markdown', content: '  \n\u200b\n' },
  ];
  for (const text of texts) {
    it(`is empty: ${JSON.stringify(text.content)}`, () => {
      assert.ok(isEmpty(text));
      assert.ok(equalValues(text, null, 'richtext'));
    });
  }

  it('is not created in the target, and nothing is written for it later', async () => {
    const bench = await Workbench.start({ retries: 0 });
    bench.one.save(undefined, { title: 'a', note: { format: 'html', content: '<div><br></div>' } });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { title: 'a' });
    bench.one.save('one-1', { note: { format: 'html', content: '<p>&nbsp;</p>' } });
    await bench.sync();
    assert.equal(bench.two.asked.length, 1);
    await bench.stop();
  });
});
