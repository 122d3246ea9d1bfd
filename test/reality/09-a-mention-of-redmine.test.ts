import assert from 'node:assert/strict';
import { convert } from '../../lib/richtext';
import { describeWithRedmine } from '../support/redmine';
import { redminePage } from '../support/redmine-page';

/** Redmine 5.0, lib/redmine/acts/mentionable.rb: whom a text mails, whatever the page shows. */
const MENTION = /(?:^|[^A-Za-z0-9_])@([A-Za-z0-9_\-@.]*?)(?=(?=[!-/:-@[-`{-~][^A-Za-z0-9_/])|,|\.+$|\s|\]|<|$)/gim;

function mailed(content: string, format: 'markdown' | 'textile'): string[] {
  const code = format === 'textile' ? /<pre>([\s\S]*?)<\/pre>/g : /(~~~|```)([\s\S]*?)(~~~|```)/g;
  return [...content.replace(code, '').matchAll(MENTION)].map((match) => match[1] ?? '').filter((name) => name !== '');
}

const TEXT = 'ask @bob, (@bob) and @bob.\n\n@bob\n\ncode `@bob` and `x @bob` and `bob`\n\n- @bob';

describeWithRedmine('reality 09: a mention on the real Redmine', function (a, b) {
  this.timeout(60_000);

  for (const [format, server] of [
    ['markdown', a],
    ['textile', b],
  ] as const)
    it(`a literal @bob from elsewhere mails and links nobody in ${format}, and looks the same`, async () => {
      const page = await redminePage(server);
      const shown = async (content: string): Promise<string> => {
        const { issue } = await server.as('sync').post<{ issue: { id: number } }>('/issues.json', {
          issue: { project_id: 'alpha', tracker_id: 1, subject: 'mention', description: content, priority_id: 2 },
        });
        return page(issue.id);
      };
      assert.match(await shown('ask @bob'), /user-mention/, 'Redmine knows bob');
      assert.deepEqual(mailed('ask @bob', format), ['bob']);

      const quiet = convert({ format: 'markdown', content: TEXT }, format).text.content;
      const html = await shown(quiet);
      assert.doesNotMatch(html, /user-mention/);
      assert.deepEqual(mailed(quiet, format), []);
      const words = html
        .replaceAll('&#64;', '@')
        .replace(/<[^>]+>/g, ' ')
        .replaceAll('\u2060', '')
        .replace(/\s+/g, ' ');
      assert.match(words, /ask @bob, \(@bob\) and @bob. @bob code @bob and x @bob and bob @bob/);
      assert.equal(html.match(/<code>/g)?.length, 3);
    });
});
