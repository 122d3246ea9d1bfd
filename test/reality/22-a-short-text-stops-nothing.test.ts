import assert from 'node:assert/strict';
import { planChange } from '../../lib/engine/write/decide';
import type { JobAnswer } from '../../lib/limits/process';
import { settled } from '../../lib/limits/settle';
import { boundedConverter, boundedMerge, settledTexts } from '../../lib/merge/bounded-texts';
import { mergeTexts } from '../../lib/merge/values';
import type { SyncMessage } from '../../lib/model/message';
import type { Dialect, RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';
import { FieldMapperStep } from '../../lib/steps';

/** Each stopped Node-RED for half a minute. */
const HOSTILE = { lists: '\n- - !a|'.repeat(12_500), bracket: `[${'1. '.repeat(33_000)}` };
const MOST_STALL_MS = 500;

const message = (text: RichText): SyncMessage => ({
  topic: 'demo',
  payload: { description: text },
  sync: {
    integration: 'i1',
    direction: 'forward',
    event: '1.1',
    kind: 'create',
    entity: { id: '1', key: 'A-1', url: '', type: 'bug', project: 'p', updatedAt: '2026-01-01T00:00:00Z' },
    pair: 'bugs',
    target: { project: 'q', type: 'defect' },
    changed: ['description'],
  },
});

const mapperTo = (format: RichTextFormat, dialect?: Dialect): FieldMapperStep =>
  new FieldMapperStep(
    [
      {
        one: { id: 'description', name: 'Description', type: 'richtext', format: 'markdown' },
        two: { id: 'body', name: 'Body', type: 'richtext', format, ...(dialect && { dialect }) },
        direction: 'both',
      },
    ],
    'test',
  );

/** What some work gives, and the longest that the event loop computed at a stretch meanwhile (milliseconds of this thread). */
async function watched<T>(work: () => T | Promise<T>): Promise<{ result: T; stall: number }> {
  let worst = 0;
  let last = process.threadCpuUsage();
  const tick = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    worst = Math.max(worst, (user + system) / 1000);
    last = process.threadCpuUsage();
  };
  const timer = setInterval(tick, 2);
  try {
    const result = await work();
    tick();
    return { result, stall: worst };
  } finally {
    clearInterval(timer);
  }
}

/** Without blanks. */
const signs = (text: string): string => text.replace(/\s+/g, '');

describe('reality 22: a short text stops nothing', function () {
  this.timeout(120_000);

  for (const [name, content] of Object.entries(HOSTILE))
    it(`${name}: Node-RED goes on, and no sign of the text is lost`, async () => {
      const { result, stall } = await watched(() =>
        mapperTo('html').map(message({ format: 'markdown', content }), undefined),
      );
      assert.ok(stall < MOST_STALL_MS, `${stall} ms`);
      const { body } = result.payload;
      assert.ok(typeof body === 'object' && body !== null && 'content' in body && !Array.isArray(body));
      assert.equal(signs(body.content.replace(/<[^>]+>/g, '')), signs(content));
      // either it was read after all, or the result says why not
      const told = JSON.stringify(result.sync);
      if (told.includes('Description')) assert.match(told, /takes longer than 10 seconds to be read/);
    });

  it('a text that strikes the limit travels as it stands, and the loss says why', async () => {
    const text: RichText = { format: 'markdown', content: `${HOSTILE.lists} ** @bob` };
    const struck = async (): Promise<JobAnswer> => ({ failed: 'takes longer than 10 seconds to be read' });
    for (const format of ['html', 'textile', 'jira-wiki', 'adf', 'text'] as const) {
      const shown = await settled(() => boundedConverter(text, format), struck);
      assert.equal(
        shown.lossy,
        'is not shown in full: The text takes longer than 10 seconds to be read: its markup was not read and is shown as plain text.',
      );
      assert.ok(signs(convert(shown, 'text').text.content).endsWith(signs('|** @bob')), format);
    }
  });

  it('which is remembered: the same text costs its time once', async () => {
    const begun = Date.now();
    const text: RichText = { format: 'markdown', content: HOSTILE.lists };
    await settledTexts(() =>
      boundedMerge({ target: text, before: text, after: { ...text, content: `${text.content}x` } }),
    );
    assert.ok(Date.now() - begun < 8_000, `${Date.now() - begun} ms`);
  });

  it('an update with such a text is decided, too, whichever side wrote it', async () => {
    const hostile: RichText = { format: 'markdown', content: HOSTILE.lists };
    const plain: RichText = { format: 'markdown', content: 'before' };
    const there: RichText = { format: 'html', content: '<p>before</p>' };
    for (const [base, now, target] of [
      [plain, hostile, there],
      [
        hostile,
        { ...hostile, content: `${hostile.content} edited` },
        { format: 'html' as const, content: `<pre>${HOSTILE.lists}</pre>` },
      ],
    ] as const) {
      const { result, stall } = await watched(() =>
        settledTexts(() =>
          planChange({
            direction: 'forward',
            wanted: { body: convert({ format: 'text', content: now.content.slice(0, 50) }, 'html').text },
            mapped: { body: { from: ['description'], type: 'richtext', conflict: 'merge' } },
            unresolved: {},
            source: { now: { description: now }, base: { description: base }, updatedAt: '2026-01-02T00:00:00Z' },
            target: {
              now: { body: { ...target, content: `${target.content}<p>x</p>` } },
              base: { body: target },
              updatedAt: '2026-01-01T00:00:00Z',
            },
          }),
        ),
      );
      assert.ok(stall < MOST_STALL_MS, `${stall} ms`);
      assert.ok(result.plan);
    }
  });

  it('a cheap text is mapped at once', () => {
    const mapped = mapperTo('html').map(message({ format: 'markdown', content: '**x** '.repeat(50) }), undefined);
    assert.ok(!(mapped instanceof Promise));
  });

  it('a long text that people write is read, written and merged as ever, in a process of its own', async () => {
    const content = `${'# Steps\n\n1. open the **page**\n2. log in as [bob](https://a.example)\n\n| a | b |\n| - | - |\n| 1 | `x` |\n\n'.repeat(100)}end`;
    const text: RichText = { format: 'markdown', content };
    const { result, stall } = await watched(() => mapperTo('jira-wiki').map(message(text), undefined));
    const there = convert(text, 'jira-wiki').text;
    assert.deepEqual(result.payload.body, there);
    assert.ok(stall < MOST_STALL_MS, `${stall} ms`);
    const after: RichText = { ...text, content: content.replace('log in', 'log out') };
    const theirs: RichText = { ...text, content: content.replace(/end$/, 'the end') };
    const merged = await settledTexts(() =>
      mergeTexts({ base: text, ours: after, theirs, oursFirst: true, type: 'richtext' }),
    );
    assert.deepEqual(merged, mergeTexts({ base: text, ours: after, theirs, oursFirst: true, type: 'richtext' }));
    assert.ok('value' in merged);
    const input = { target: there, before: text, after };
    assert.deepEqual(await settledTexts(() => boundedMerge(input)), mergeRichText(input).text);
  });
});
