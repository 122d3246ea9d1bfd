import assert from 'node:assert/strict';
import { planUpdate } from '../../lib/merge/fields';
import { keepRichText } from '../../lib/merge/rich-text';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert } from '../../lib/richtext';

const text = (format: RichTextFormat, content: string): RichText => ({ format, content });

/** A description that somebody edited in Markdown, for a target that writes HTML. */
function input(before: string, after: string, now: string) {
  const source = text('markdown', after);
  return {
    wanted: { body: convert(source, 'html').text },
    mapped: { body: { from: ['description'] } },
    source: { now: { description: source }, base: { description: text('markdown', before) } },
    target: { now: { body: text('html', now) }, base: { body: text('html', now) } },
  };
}

describe('Rich text in an update (invariant 7)', () => {
  const html = '<p>One <u>underlined</u> word.</p><p style="color:red">Two.</p>';

  it('leaves the blocks alone that nobody edited, with what the source cannot show', () => {
    const { body } = keepRichText(input('One underlined word.\n\nTwo.', 'One underlined word.\n\nTwo, edited.', html));
    assert.ok(typeof body === 'object' && body !== null && 'content' in body);
    assert.match(body.content, /<p>One <u>underlined<\/u> word\.<\/p>/);
    assert.match(body.content, /Two, edited\./);
  });

  it("leaves the target's own edit to the row's policy: it is not what the source wants (invariant 5)", () => {
    const edited = input('One underlined word.\n\nTwo.', 'One underlined word.\n\nTwo, edited.', html);
    edited.target.now.body = text('html', html.replace('One', 'Number one'));
    const { body } = keepRichText(edited);
    assert.ok(typeof body === 'object' && body !== null && 'content' in body);
    assert.match(body.content, /<p>One <u>underlined<\/u> word\.<\/p>/);
    assert.match(body.content, /Two, edited\./);
  });

  it("does not take the target's text for the source's where it is not known what both had (invariant 5)", () => {
    const adopted = input('One.\n\nTwo.', 'One.\n\nTwo, edited.', '<p>Number one.</p><p>Two.</p>');
    const { target, wanted } = adopted;
    assert.deepEqual(keepRichText({ ...adopted, target: { now: target.now, base: {} } }).body, wanted.body);
  });

  it("gives exactly the target's own text where the source was not edited", () => {
    const { body } = keepRichText(input('One underlined word.\n\nTwo.', 'One underlined word.\n\nTwo.', html));
    assert.deepEqual(body, text('html', html));
  });

  it('takes a text as it is that a node on the way has changed', () => {
    const given = input('One.', 'One, edited.', '<p>One.</p>');
    given.wanted.body = text('html', '<p>From a function node</p>');
    assert.deepEqual(keepRichText(given).body, text('html', '<p>From a function node</p>'));
  });

  it('leaves texts of one markup, plain values and first syncs alone', () => {
    const given = input('One.', 'Two.', '<p>One.</p>');
    assert.deepEqual(keepRichText({ ...given, target: { now: {}, base: {} } }).body, given.wanted.body);
    assert.deepEqual(keepRichText({ ...given, source: { ...given.source, base: {} } }).body, given.wanted.body);
    const plain = { wanted: { title: 'x' }, mapped: { title: { from: ['summary'] } } };
    const same = {
      ...plain,
      source: { now: { summary: 'x' }, base: { summary: 'y' } },
      target: { now: { title: 'y' }, base: { title: 'y' } },
    };
    assert.equal(keepRichText(same).title, 'x');
  });

  it('5: merges texts of two markups also where only the source is known to have been in sync: after an adoption', () => {
    const [base, now] = [text('markdown', 'One.\n\nTwo.'), text('markdown', 'Ours.\n\nOne.\n\nTwo.')];
    const plan = planUpdate({
      direction: 'forward',
      wanted: { body: convert(now, 'html').text },
      mapped: { body: { from: ['description'], type: 'richtext', conflict: 'merge' } },
      unresolved: {},
      source: { now: { description: now }, base: { description: base }, updatedAt: '2026-01-01' },
      target: {
        now: { body: text('html', '<p>One.</p><p>Theirs.</p><p>Two.</p>') },
        base: {},
        updatedAt: '2026-01-02',
      },
    });
    const words = (value: unknown): string[] => JSON.stringify(value).match(/\w+(?=\.)/g) ?? [];
    assert.deepEqual(words(plan.write.body), ['Ours', 'One', 'Theirs', 'Two']);
    assert.deepEqual(words(plan.merged.body), ['Ours', 'One', 'Two'], "the target's own event carries the rest back");
    assert.deepEqual(plan.warnings, []);
  });

  it('5: of such a text, what an update without an answer had brought to the source is no edit of the source', () => {
    // the target's people wrote "Theirs."; that reached the source unanswered, whose people had written "Ours." before
    const sent = text('markdown', 'One.\n\nTheirs.');
    const written = text('markdown', 'Ours.\n\nOne.\n\nTheirs.');
    const plan = planUpdate({
      direction: 'forward',
      wanted: { body: convert(written, 'html').text },
      mapped: { body: { from: ['description'], type: 'richtext', conflict: 'merge' } },
      unresolved: {},
      source: {
        now: { description: written },
        base: { description: text('markdown', 'One.\n\nTwo.') },
        pending: { description: [{ sent, written, over: text('markdown', 'Ours.\n\nOne.\n\nTwo.') }] },
        updatedAt: '2026-01-01',
      },
      target: { now: { body: text('html', '<p>One.</p><p>Theirs.</p>') }, base: {}, updatedAt: '2026-01-02' },
    });
    const words = (value: unknown): string[] => JSON.stringify(value).match(/\w+(?=\.)/g) ?? [];
    assert.deepEqual(words(plan.write.body), ['Ours', 'One', 'Theirs']);
  });
});
