import assert from 'node:assert/strict';
import { convert, mergeRichText } from '../../lib/richtext';

const markdown = (content: string): string => convert({ format: 'html', content }, 'markdown').text.content;

const item = (level: number, sign: string, text: string): string =>
  `<p class=MsoListParagraphCxSpMiddle style='margin-left:1.0in;text-indent:-.25in;mso-list:l0 level${level} lfo1'>` +
  `<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>${sign}<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>${text}<o:p></o:p></p>`;

describe('reality 08: lists of Word and Outlook', () => {
  it('are lists, nested by level, numbered by their signs', () => {
    const html = [
      '<p class=MsoNormal>Steps<o:p></o:p></p>',
      item(1, '·', 'one'),
      item(2, 'o', 'one <b>a</b>'),
      item(2, 'o', 'one b'),
      item(1, '·', 'two'),
      '<p class=MsoNormal>then</p>',
      item(1, '3.', 'third'),
      item(2, 'a)', 'third a'),
      item(1, '4.', 'fourth'),
    ].join('\n\n');
    assert.equal(
      markdown(html),
      'Steps\n\n- one\n  - one **a**\n  - one b\n- two\n\nthen\n\n3. third\n   1. third a\n4. fourth',
    );
  });

  it('stay as they are where nobody edited them', () => {
    const html = `<p>Hello</p>\n${item(1, '·', 'one')}\n${item(1, '·', 'two')}\n<p>bye</p>`;
    const before = { format: 'markdown' as const, content: markdown(html) };
    const after = { ...before, content: before.content.replace('Hello', 'Hullo') };
    const target = { format: 'html' as const, content: html };
    assert.equal(mergeRichText({ target, before, after }).text.content, html.replace('Hello', 'Hullo'));
  });
});
