import assert from 'node:assert/strict';
import { encodedName, plainName } from '../../lib/connectors/kit/pictures';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { parse, pictureLink, pictureName, picturesOf } from '../../lib/richtext';
import { picturePlaces } from '../../lib/richtext/pictures';

const shown = (format: RichTextFormat, content: string): [string, number][] =>
  picturesOf({ format, content }).map(({ address, count }) => [address, count]);

describe('pictures of a text', () => {
  it('are found in every way to write them, and not in code', () => {
    assert.deepEqual(
      shown(
        'markdown',
        [
          '![a [b] c](<my shot.png> "x") and ![](p(1).png) and ![ref][1] and ![1], `![](code.png)`',
          "[![](in-link.png)](https://example.org) \\![](escaped.png) <img width=3 src='tag.png'>",
          '```\n![](fence.png)\n```',
          '[1]: defined.png',
        ].join('\n\n'),
      ).sort(),
      [
        ['defined.png', 2],
        ['in-link.png', 1],
        ['my shot.png', 1],
        ['p(1).png', 1],
        ['tag.png', 1],
      ],
    );
    assert.deepEqual(shown('textile', '!>{width:30px}a.png(alt)! and !b.png!:http://x.example/y @!d.png!@'), [
      ['a.png', 1],
      ['b.png', 1],
    ]);
    assert.deepEqual(shown('jira-wiki', '!my shot.png|width=300! wow! really! {{!code.png!}}\n|!a.png|thumbnail!|'), [
      ['my shot.png', 1],
      ['a.png', 1],
    ]);
    assert.deepEqual(shown('html', '<p><img alt="a > b" src="a&amp;b.png"><code>&lt;img src=c.png&gt;</code></p>'), [
      ['a&b.png', 1],
    ]);
  });

  it('that are embedded, or only look like pictures, are none', () => {
    assert.deepEqual(shown('markdown', '![](data:image/png;base64,iVBORw0KGgo=)'), []);
    assert.deepEqual(shown('markdown', '![](javascript:alert(1))'), []);
    assert.deepEqual(shown('jira-wiki', 'Stop! Now!'), []);
    assert.deepEqual(shown('text', '![](a.png)'), []);
  });

  it('are looked for with a bounded number of readings, whatever a text holds', () => {
    for (const [format, one] of [
      ['markdown', '![a'],
      ['markdown', '![a](b.png) '],
      ['textile', '!a.png! !b'],
      ['jira-wiki', '!a.png|width=1! !b '],
      ['html', '<img src="a.png"> <img '],
    ] as const) {
      let count = 0;
      const content = Array.from({ length: 2_000 }, (_, index) => `${one}${index}`).join(' ');
      const text: RichText = { format, content: `${content} ![](z.png) !z.png! <img src="z.png">` };
      picturePlaces(
        text,
        () => true,
        (part) => {
          count++;
          return part === text ? parse(part) : { type: 'root', children: [] };
        },
      );
      assert.ok(count <= 401, `${count} readings of ${one}`);
    }
  });

  it('are named in a markup as its reader understands it, and links to them bring nothing else', () => {
    for (const name of ['a b.png', 'a(b).png', 'Ü [x]!.png', 'a_b*c~.png', "it's %41.png", 'a+b&c.png']) {
      for (const format of ['markdown', 'textile', 'html'] as const) {
        const id = pictureName({ format }, encodedName(name));
        assert.equal(id && plainName(id.slice('picture:'.length)), name, `${name} in ${format}`);
      }
    }
    for (const format of ['markdown', 'textile', 'html', 'jira-wiki', 'adf'] as const) {
      const link = pictureLink({ format }, 'x](javascript:1)|"<b>\n{code}', 'https://example.org/1#a');
      assert.ok(link && !/javascript:|<b>|\{code\}/.test(link.source), link?.source);
      assert.equal(pictureLink({ format }, 'x', 'javascript:alert(1)'), undefined);
    }
  });
});
