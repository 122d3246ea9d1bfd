import assert from 'node:assert/strict';
import type { RichTextFormat } from '../../lib/model/values';
import { looksEmpty } from '../../lib/richtext';
import { cpuMs } from '../support/cpu';

const doc = (...content: object[]): string => JSON.stringify({ type: 'doc', version: 1, content });

const EMPTY: [RichTextFormat, string[]][] = [
  ['text', ['', ' \r\n\t', '\u200b\u00a0\ufeff']],
  [
    'html',
    [
      '<div><br></div>',
      '<div><br> </div>\n<div>&nbsp;</div>',
      '<p></p><p>&#160;&#xA0;&ZeroWidthSpace;</p>',
      '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>',
      '<span style="font-size:10pt"><b><br/></b></span>',
      '<!-- ask > for steps --><DIV></DIV>',
    ],
  ],
  ['markdown', ['&nbsp;', '<br>\n\n<br/>', '<!-- Describe <b>the</b> steps -->\n']],
  ['textile', ['&nbsp;', '<br />']],
  ['jira-wiki', ['\\\\\n\\\\', '{color:#ff0000} {color}', '&nbsp;', '{anchor:top}']],
  [
    'adf',
    [
      doc(),
      doc({ type: 'paragraph' }, { type: 'paragraph', content: [{ type: 'hardBreak' }, { type: 'text', text: ' ' }] }),
    ],
  ],
];

const FULL: [RichTextFormat, string[]][] = [
  ['text', ['.', '<div><br></div>', '&nbsp;']],
  [
    'html',
    [
      '<img src="a.png">',
      '<hr>',
      '<ul><li><br></li></ul>',
      '<table><tr><td></td></tr></table>',
      '<input type="checkbox">',
      '<picture></picture>',
      '&lt;br&gt;',
      'a < b',
      '<',
      '<!-- open',
      '<iframe src="https://a.example/film"></iframe>',
    ],
  ],
  ['markdown', ['-', '---', '![](a.png)', '<!-- a --> b', '\u200bx']],
  ['textile', ['!a.png!', '{{toc}}', '0']],
  ['jira-wiki', ['{toc}', '----', '!a.png!', '{color:red}x{color}']],
  [
    'adf',
    [
      doc({ type: 'rule' }),
      doc({ type: 'paragraph', content: [{ type: 'mention', attrs: { id: '5b10' } }] }),
      doc({ type: 'mediaSingle', content: [] }),
      doc({ type: 'paragraph', content: [{ type: 'text', text: 'x' }] }),
      'no JSON',
      '['.repeat(50_000),
    ],
  ],
];

describe('reality 10: what looks empty is empty', () => {
  for (const [format, texts] of EMPTY)
    for (const content of texts)
      it(`${format} ${JSON.stringify(content)} looks empty`, () => assert.equal(looksEmpty({ format, content }), true));
  for (const [format, texts] of FULL)
    for (const content of texts)
      it(`${format} ${JSON.stringify(content.slice(0, 80))} does not`, () =>
        assert.equal(looksEmpty({ format, content }), false));

  it('answers within milliseconds, whatever the text', () => {
    for (const one of ['<', '<!--', '<div', '&nbsp', '{color', '{anchor:', '\\', ' ', '<p>']) {
      for (const format of ['html', 'markdown', 'textile', 'jira-wiki', 'adf'] as const) {
        const content = one.repeat(200_000 / one.length);
        const start = cpuMs();
        looksEmpty({ format, content });
        assert.ok(cpuMs() - start < 400, `${format} ${one}: ${cpuMs() - start} ms`);
      }
    }
  });
});
