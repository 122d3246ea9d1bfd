/**
 * 04: of an HTML list whose items are tight, an item whose words were all replaced came back as a paragraph within the item: the
 * list looked uneven, and two systems that showed the same compared as different.
 */

import assert from 'node:assert/strict';
import type { RichText } from '../../lib/model/values';
import { mergeRichText } from '../../lib/richtext';

const html = (content: string): RichText => ({ format: 'html', content });
const markdown = (content: string): RichText => ({ format: 'markdown', content });

/** The target writes all in lower case, as some systems do: no word of the edited place is the other side's own. */
const edited = (target: string, before: string, after: string): string =>
  mergeRichText({ target: html(target), before: markdown(before), after: markdown(after) }).text.content;

describe('04: a place in HTML of which every word was replaced', () => {
  const CASES: [string, target: string, before: string, after: string, now: string][] = [
    [
      'a tight item of a list stays tight',
      '<ul>\n<li>part 23</li>\n<li>part 11</li>\n</ul>',
      '- Part 23\n- Part 11',
      '- Part 23\n- other words',
      '<ul>\n<li>part 23</li>\n<li>other words</li>\n</ul>',
    ],
    [
      'an item that holds a paragraph element keeps one',
      '<ul>\n<li>part 23</li>\n<li><p>part 11</p></li>\n</ul>',
      '- Part 23\n- Part 11',
      '- Part 23\n- other words',
      '<ul>\n<li>part 23</li>\n<li><p>other words</p></li>\n</ul>',
    ],
    [
      'an item above a list of its own stays tight, and the list as it is',
      '<ul><li>part 11<ul><li>under</li></ul></li></ul>',
      '- Part 11\n  - under',
      '- other words\n  - under',
      '<ul><li>other words<ul><li>under</li></ul></li></ul>',
    ],
    [
      'an item that has become two paragraphs has two',
      '<ul><li>part 11</li></ul>',
      '- Part 11',
      '- other words\n\n  and more',
      '<ul><li><p>other words</p>\n<p>and more</p></li></ul>',
    ],
    [
      'a cell of a table stays tight',
      '<table><tr><th>a</th></tr><tr><td>part 11</td></tr></table>',
      '| a |\n|---|\n| Part 11 |',
      '| a |\n|---|\n| other words |',
      '<table><tr><th>a</th></tr>\n<tr><td>other words</td></tr></table>',
    ],
    [
      'a quote stays without a paragraph element',
      '<blockquote>part 11</blockquote>',
      '> Part 11',
      '> other *words*',
      '<blockquote>other <em>words</em></blockquote>',
    ],
  ];
  for (const [title, target, before, after, now] of CASES)
    it(title, () => assert.equal(edited(target, before, after), now));
});
