import assert from 'node:assert/strict';
import type { RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';

const to = (format: RichTextFormat, from: RichTextFormat, content: string): string =>
  convert({ format: from, content }, format).text.content;

const MACROS = ['code', 'noformat', 'quote', 'panel', 'info', 'note', 'tip', 'warning', 'expand', 'color', 'toc'];

describe('reality 05: inline code that is called like a macro', () => {
  for (const name of MACROS)
    it(`{{${name}}} is monospace`, () => {
      const text = `Use {{${name}}} here.\n\nThen the rest.\n\n{{${name}}} at the start, {{${name}}} twice`;
      const markdown = to('markdown', 'jira-wiki', text);
      assert.equal(markdown, text.replaceAll('{{', '`').replaceAll('}}', '`'));
      assert.equal(to('jira-wiki', 'markdown', markdown), text);
    });

  it('a real macro beside it begins and ends where it does', () => {
    assert.equal(
      to('markdown', 'jira-wiki', '{{code}} is written so:\n{code}\nx {{code}} y\n{code}\nend'),
      '`code` is written so:\n\n```\nx {{code}} y\n```\n\nend',
    );
  });

  it('a typo corrected in Jira leaves the rest of the text as it is', () => {
    const before = 'Put `code` around it, teh text.\n\nSecond paragraph with `quote`.';
    const wiki = to('jira-wiki', 'markdown', before);
    const merged = mergeRichText({
      target: { format: 'markdown', content: before },
      before: { format: 'jira-wiki', content: wiki },
      after: { format: 'jira-wiki', content: wiki.replace('teh', 'the') },
    });
    assert.equal(merged.text.content, before.replace('teh', 'the'));
  });
});
