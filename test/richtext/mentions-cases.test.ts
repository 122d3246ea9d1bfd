import assert from 'node:assert/strict';
import type { RichText } from '../../lib/model/values';
import { type Form, withMentions } from '../../lib/richtext';

const doc = (...paragraphs: object[][]): RichText => ({
  format: 'adf',
  content: JSON.stringify({
    type: 'doc',
    version: 1,
    content: paragraphs.map((content) => ({ type: 'paragraph', content })),
  }),
});
const text = (value: string) => ({ type: 'text', text: value });
const ANN = { type: 'mention', attrs: { id: '557058:ann', text: '@Ann Lee', localId: 'x' } };
const ANN_TOO = { type: 'mention', attrs: { id: '557058:other', text: '@Ann Lee', localId: 'y' } };
const GUID = 'a1000000-1111-4222-8333-444455556666';

const there = (now: RichText, forms: Record<string, Form>) => {
  const result = withMentions({
    source: { now },
    into: { format: 'html' },
    systems: { source: 'A', target: 'B' },
    forms,
  });
  assert.ok(result);
  return result;
};
const back = (a: RichText, b: RichText, content: string) =>
  withMentions({
    source: { base: b, now: { format: 'html', content } },
    target: a,
    into: { format: 'adf' },
    systems: { source: 'B', target: 'A' },
    forms: {},
  });

describe('the four cases of mentions', () => {
  const a = doc([text('ask '), ANN, text(' now')], [text('Two')]);
  const cases: [string, Form, string][] = [
    [
      'both know mentions, and the person',
      { own: GUID, name: 'Ann B.' },
      `<a href="#" data-vss-mention="version:2.0,${GUID}">@Ann B.</a>`,
    ],
    ['both know mentions, and the person is not there', { name: 'Ann Lee', why: 'no such user' }, '@Ann Lee'],
    ['the target knows no mentions, and the person is there', { name: 'Ann of B', why: 'no mentions' }, '@Ann of B'],
    ['the target knows no mentions, nor the person', { name: 'Ann Lee', why: 'no mentions' }, '@Ann Lee'],
  ];
  for (const [title, form, shown] of cases)
    it(`${title}: the mention comes back, also from an edited paragraph`, () => {
      const { text: b, warnings } = there(a, { '557058:ann': form });
      assert.equal(b.content, `<p>ask ${shown} now</p>\n<p>Two</p>`);
      assert.equal(warnings.length, form.own === undefined ? 1 : 0);
      assert.equal(back(a, b, b.content)?.text.content, a.content);
      const edited = back(a, b, b.content.replace('ask', 'please ask').replace('Two', 'Three'));
      assert.equal(edited?.text.content, doc([text('please ask '), ANN, text(' now')], [text('Three')]).content);
    });
});

describe('words that stand for mentions', () => {
  const NAMES = { '557058:ann': { name: 'Ann Lee' }, '557058:other': { name: 'Ann Lee' } };
  const a = doc([text('one '), ANN], [text('two '), ANN_TOO]);
  const b = there(a, NAMES).text;
  const mentions = (content: string): unknown[] => {
    const made = back(a, b, content);
    return (made?.text.content.match(/"id":"557058:\w+"/g) ?? []).map((one) => one.slice(13, -1));
  };

  it('go with their paragraph, though two people have one name', () => {
    assert.deepEqual(mentions('<p>two @Ann Lee</p><p>one @Ann Lee</p>'), ['other', 'ann']);
  });

  it('are text where there are more of them than there were', () => {
    assert.deepEqual(mentions(`${b.content}<p>@Ann Lee typed</p>`), ['ann', 'other']);
  });

  it('are gone once they are deleted, and text once they are changed, which is reported', () => {
    assert.deepEqual(mentions('<p>one @Ann Lee</p>'), ['ann']);
    const changed = back(a, b, b.content.replace('one @Ann Lee', 'one Ann'));
    assert.match(changed?.warnings.join() ?? '', /“Ann Lee” represented a mention/);
    assert.deepEqual(back(a, b, '<p>one @Ann Lee</p>')?.warnings, []);
  });

  it('are nothing in code', () => {
    assert.deepEqual(mentions('<p>one <code>@Ann Lee</code></p><p>two @Ann Lee</p>'), ['other']);
  });

  it('are kept for a bounded number of mentions', () => {
    const many = doc(Array.from({ length: 300 }, () => ANN));
    assert.equal(there(many, NAMES).text.standIns?.length, 200);
  });
});
