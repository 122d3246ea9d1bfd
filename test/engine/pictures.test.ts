/** Pictures in texts between two sandbox trackers, by the real engine: what each tracker's text shows, and what it costs. */

import assert from 'node:assert/strict';
import type { Connection, PicturesInTexts } from '../../lib/connectors/connector';
import { type SandboxSpace, type SandboxTemplate, templates } from '../../lib/connectors/sandbox';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { parse } from '../../lib/richtext';
import { picturesIn } from '../../lib/richtext/pictures';
import { openSqliteStore } from '../../lib/store/sqlite';
import { Bench, BUG, COMMENTS, DEMO, type Over } from './comment-bench';
import { attach, FILES } from './file-bench';

/** Jira's template, whose descriptions and comments have another markup. */
function speaking(format: RichTextFormat): SandboxTemplate {
  const jira = templates.get('jira');
  assert.ok(jira);
  const types = jira.types.map((type) => ({
    ...type,
    fields: type.fields.map((field) => {
      const { dialect: _dialect, ...rest } = field;
      return field.format ? { ...rest, format } : field;
    }),
  }));
  return { ...jira, types };
}

const PAGES = 'http://nodered.example/';

const mediaOf = (id: string): string => `media:0-${Buffer.from(id).toString('hex')}`;

/** Documents show files by ids that are not those of the attachments. */
const byMediaId: PicturesInTexts = {
  shown: (address) =>
    address.startsWith('media:')
      ? { among: async (files) => files.find(({ id }) => mediaOf(id) === address) }
      : undefined,
  address: async ({ id }) => mediaOf(id),
};

const withMedia = (connection: Connection): Connection =>
  new Proxy(connection, {
    get(target, property) {
      if (property === 'pictures') return byMediaId;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe('Pictures in texts', function () {
  this.timeout(60_000);
  let bench: Bench;
  const start = async (over: Over = {}, parts = [FILES, COMMENTS]): Promise<void> => {
    bench = await Bench.start(parts, false, { describes: true, pageRoot: PAGES, ...over });
  };
  afterEach(() => bench.stop());

  const report = (space: SandboxSpace, summary: string, content: string, format: RichTextFormat = 'markdown'): string =>
    space.create('alice', {
      project: DEMO.id,
      type: BUG.id,
      fields: { summary, description: { format, content } },
    }).id;
  const shown = (space: SandboxSpace, summary = 'Crash'): RichText => {
    const value = space.get(bench.find(space, summary))?.fields.description;
    assert.ok(value && typeof value === 'object' && 'content' in value);
    return value;
  };
  const rewrite = (space: SandboxSpace, edit: (content: string) => string): void => {
    const text = shown(space);
    space.edit('bob', bench.find(space, 'Crash'), { description: { ...text, content: edit(text.content) } });
  };
  const updates = (): number => bench.results.filter(({ outcome }) => outcome === 'updated').length;

  it('are links to the original until their attachment is there, then show the copy, by one update', async () => {
    await start();
    const bug = report(bench.one, 'Crash', 'before\n\n![a shot](shot.png)\n\nafter');
    await attach(bench.one, bug, 'shot.png', 'pixels');
    const seen: string[] = [];
    bench.two.onChange(() => {
      const [one] = bench.two.list().entities;
      const value = one?.fields.description;
      if (value && typeof value === 'object' && 'content' in value) seen.push(value.content);
    });
    await bench.sync();
    assert.match(
      seen[0] ?? '',
      /^before\n\n\[shot\.png\]\(http:\/\/nodered\.example\/[^()]*picture=shot\.png#[^()]+\)\n\nafter$/,
    );
    assert.equal(shown(bench.two).content, 'before\n\n![a shot](shot.png)\n\nafter');
    assert.equal(updates(), 1);
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length, 'it rests');
    assert.equal(shown(bench.one).content, 'before\n\n![a shot](shot.png)\n\nafter');
  });

  for (const format of ['html', 'jira-wiki', 'textile', 'adf'] as const) {
    it(`come to ${format} with their size, in cells, twice, and back as they were`, async () => {
      await start({ template: speaking(format), ...(format === 'adf' && { through: withMedia }) });
      const text = [
        'Say **this**:',
        '<img src="big%20shot%20(1).png" alt="large" width="300">',
        '| what | how |\n| --- | --- |\n| see ![](x.png) here | and |',
        '- first ![](x.png)\n- second',
        'end',
      ].join('\n\n');
      const bug = report(bench.one, 'Crash', text);
      await attach(bench.one, bug, 'big shot (1).png', 'pixels');
      await attach(bench.one, bug, 'x.png', 'others');
      await bench.sync();
      const there = shown(bench.two);
      assert.equal(there.format, format);
      if (format === 'jira-wiki') {
        assert.match(there.content, /!big shot \(1\)\.png\|width=300,alt=large!/);
        assert.match(there.content, /\|see !x\.png! here\|/);
      }
      if (format === 'adf') assert.equal(there.content.match(/"media(?:Single|Inline)"/g)?.length, 3, there.content);
      else assert.equal(picturesIn(parse(there)).size, 2, there.content);
      assert.ok(!there.content.includes('nodered.example'), there.content);
      const { length } = bench.results;
      await bench.sync();
      assert.equal(bench.results.length, length, 'it rests');
      rewrite(bench.two, (content) => content.replace('end', 'The end'));
      await bench.sync();
      assert.equal(shown(bench.one).content, text.replace('end', 'The end'));
      rewrite(bench.two, (content) => content.replace('see', 'look'));
      await bench.sync();
      assert.equal(shown(bench.one).content, text.replace('end', 'The end').replace('see', 'look'));
      assert.deepEqual(bench.failures, []);
    });
  }

  const said = (space: SandboxSpace, summary = 'Crash'): string[] =>
    bench.texts(space, summary).filter((text) => text !== '');
  const names = (space: SandboxSpace, summary = 'Crash'): string[] =>
    bench
      .parts(space, summary)
      .filter(({ type }) => type === 'attachment')
      .map(({ fields }) => String(fields.name));
  const rests = async (): Promise<void> => {
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length, 'it rests');
    assert.deepEqual(bench.failures, []);
  };

  it('in comments show the copies of the item’s attachments', async () => {
    await start({ template: speaking('jira-wiki') });
    const bug = bench.bug(bench.one, 'Crash');
    await attach(bench.one, bug, 'shot.png', 'pixels');
    bench.comment(bench.one, bug, 'Look: ![](shot.png) and ![](late.png)');
    await bench.sync();
    assert.match(said(bench.two)[0] ?? '', /Look: !shot\.png! and \[late\.png\|http/);
    await attach(bench.one, bug, 'late.png', 'pixels');
    await bench.sync();
    assert.match(said(bench.two)[0] ?? '', /Look: !shot\.png! and !late\.png!/);
    assert.deepEqual(said(bench.one), ['Look: ![](shot.png) and ![](late.png)']);
    await rests();
  });

  it('that are new in an edited text of either side show the copy there', async () => {
    await start({ template: speaking('html') });
    const bug = report(bench.one, 'Crash', 'one\n\ntwo');
    await bench.sync();
    const copy = bench.find(bench.two, 'Crash');
    await attach(bench.two, copy, 'from two.png', 'pixels');
    rewrite(bench.two, (content) => `${content}<p><img src="from%20two.png" width="40"></p>`);
    await bench.sync();
    assert.equal(shown(bench.one).content, 'one\n\ntwo\n\n<img src="from%20two.png" width="40">');
    await attach(bench.one, bug, 'from one.png', 'pixels');
    rewrite(bench.one, (content) => content.replace('one', 'one ![](from%20one.png)'));
    await bench.sync();
    assert.match(shown(bench.two).content, /<p>one <img src="from%20one\.png"><\/p>/);
    assert.match(shown(bench.two).content, /<p><img src="from%20two\.png" width="40"><\/p>/);
    await rests();
  });

  it('are resized there when they are resized here', async () => {
    await start({ template: speaking('jira-wiki') });
    const bug = report(bench.one, 'Crash', 'see ![](shot.png) and ![](shot.png)');
    await attach(bench.one, bug, 'shot.png', 'pixels');
    await bench.sync();
    rewrite(bench.two, (content) => content.replace('and !shot.png!', 'and !shot.png|width=90!'));
    await bench.sync();
    assert.equal(shown(bench.one).content, 'see ![](shot.png) and <img src="shot.png" width="90">');
    rewrite(bench.one, (content) => content.replace('width="90"', 'width="50"'));
    await bench.sync();
    assert.equal(shown(bench.two).content, 'see !shot.png! and !shot.png|width=50!');
    await rests();
  });

  it('of attachments that are not synced stay links to the original, and come back as the pictures that they were', async () => {
    await start({ template: speaking('html') }, [COMMENTS]);
    const bug = report(bench.one, 'Crash', 'before ![x](shot.png) after\n\nend');
    await attach(bench.one, bug, 'shot.png', 'pixels');
    await bench.sync();
    assert.match(shown(bench.two).content, /before <a href="http:[^"]*picture=shot\.png#[^"]*">shot\.png<\/a> after/);
    assert.ok(bench.results.some(({ warnings }) => warnings.some(({ reason }) => /shot\.png.*a link/.test(reason))));
    rewrite(bench.two, (content) => content.replace('after', 'and after').replace('end', 'the end'));
    await bench.sync();
    assert.equal(shown(bench.one).content, 'before ![x](shot.png) and after\n\nthe end');
    await rests();
  });

  it('by name show the newest of a name, also where its copy is still on its way', async () => {
    await start();
    const bug = report(bench.one, 'Crash', 'first');
    await attach(bench.one, bug, 'image.png', 'the first one');
    await bench.sync();
    await attach(bench.one, bug, 'image.png', 'another one');
    bench.comment(bench.one, bug, 'now ![](image.png)');
    const first: string[] = [];
    bench.two.onChange(() => first.push(...said(bench.two)));
    await bench.sync();
    assert.match(first[0] ?? '', /now \[image\.png\]/, 'the one that is there is another picture');
    assert.deepEqual(said(bench.two), ['now ![](image.png)']);
    assert.deepEqual(names(bench.two), ['image.png', 'image.png']);
    await rests();
  });

  it('by an id stay what they were where a later attachment has the same name', async () => {
    await start({ template: speaking('adf'), through: withMedia });
    const bug = bench.bug(bench.two, 'Crash');
    const show = (...files: string[]): void => {
      const content = files.map((file) => ({
        type: 'mediaSingle',
        content: [{ type: 'media', attrs: { type: 'file', id: mediaOf(file).slice(6), collection: '' } }],
      }));
      const description: RichText = { format: 'adf', content: JSON.stringify({ type: 'doc', version: 1, content }) };
      bench.two.edit('bob', bug, { description });
    };
    const first = await attach(bench.two, bug, 'image.png', 'the first one');
    show(first);
    await bench.sync();
    assert.equal(shown(bench.one).content, '![](image.png)');
    const second = await attach(bench.two, bug, 'image.png', 'another one');
    show(first, second);
    await bench.sync();
    const [one, two] = names(bench.one);
    assert.equal(one, 'image.png');
    assert.match(two ?? '', /^image-[\da-f]{4}\.png$/);
    assert.equal(shown(bench.one).content, `![](image.png)\n\n![](${two})`);
    assert.deepEqual(names(bench.two), ['image.png', 'image.png']);
    await rests();
    show(second, first);
    await bench.sync();
    assert.equal(shown(bench.one).content, `![](${two})\n\n![](image.png)`);
    await rests();
  });

  it('follow an attachment that is renamed with its text', async () => {
    await start();
    const bug = report(bench.one, 'Crash', 'see ![](old.png)');
    const file = await attach(bench.one, bug, 'old.png', 'pixels');
    await bench.sync();
    rewrite(bench.one, () => 'see ![](new.png)');
    await bench.sync();
    assert.match(shown(bench.two).content, /^see \[new\.png\]/);
    bench.one.edit('alice', file, { name: 'new.png' });
    await bench.sync();
    assert.equal(shown(bench.two).content, 'see ![](new.png)');
    await rests();
  });

  it('whose attachment is deleted take nothing else with them', async () => {
    await start({ template: speaking('jira-wiki') });
    const bug = report(bench.one, 'Crash', 'see ![](a.png) and ![](b.png)');
    const file = await attach(bench.one, bug, 'a.png', 'pixels');
    await attach(bench.one, bug, 'b.png', 'pixels');
    await bench.sync();
    bench.one.removeParts('alice', [file]);
    await bench.sync();
    assert.deepEqual(names(bench.two), ['b.png']);
    rewrite(bench.two, (content) => content.replace('see', 'look at'));
    await bench.sync();
    assert.equal(shown(bench.one).content, 'look at ![](a.png) and ![](b.png)');
    await rests();
  });

  it('are found again after the store was lost', async () => {
    await start({ template: speaking('jira-wiki') });
    const bug = report(bench.one, 'Crash', 'see ![](shot.png)');
    await attach(bench.one, bug, 'shot.png', 'pixels');
    await bench.sync();
    const { one, two } = bench;
    await bench.rest();
    const lost = bench;
    const store = await openSqliteStore({ file: ':memory:' });
    await store.setDoubt('9999');
    bench = await Bench.start([FILES, COMMENTS], false, {
      ...{ bench: { store, clock: lost.clock }, describes: true, pageRoot: PAGES, one: one.name, two: two.name },
    });
    await bench.sync();
    assert.equal(shown(bench.one).content, 'see ![](shot.png)');
    assert.equal(shown(bench.two).content, 'see !shot.png!');
    assert.deepEqual([names(bench.one), names(bench.two)], [['shot.png'], ['shot.png']]);
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length, 'it rests');
    await lost.store.close();
  });

  it('by a public address are carried over as they are', async () => {
    await start({ template: speaking('textile') });
    report(bench.one, 'Crash', 'see ![x](https://example.org/a.png)');
    await bench.sync();
    assert.equal(shown(bench.two).content, 'see !https://example.org/a.png(x)!');
    assert.deepEqual(
      bench.results.flatMap(({ warnings }) => warnings),
      [],
    );
  });
});
