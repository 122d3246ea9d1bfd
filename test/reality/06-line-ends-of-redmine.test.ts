import assert from 'node:assert/strict';
import { redmine } from '../../lib/connectors/redmine';
import type { RichText } from '../../lib/model/values';
import { convert, parse } from '../../lib/richtext';
import { blockKeys } from '../../lib/richtext/merge/key';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { redminePage } from '../support/redmine-page';

const SOURCE = 'one\ntwo\n\n* item\ngoes on\n\n> said\n> twice';
const MARKDOWN = 'one\ntwo\n\n- item\n  goes on\n\n> said\n> twice';

describeWithRedmine('reality 06: line ends of the real Redmine', function (a, b) {
  this.timeout(60_000);

  const shown = async (server: RedmineServer, content: string): Promise<{ page: string; read: RichText }> => {
    const { issue } = await server.as('sync').post<{ issue: { id: number } }>('/issues.json', {
      issue: { project_id: 'alpha', tracker_id: 1, subject: 'line ends', description: content, priority_id: 2 },
    });
    const connection = redmine.connect(
      {
        url: server.url,
        auth: 'apiKey',
        apiKey: server.key('sync'),
        textFormatting: server === a ? 'markdown' : 'textile',
      },
      {},
    );
    try {
      const [entity] = await connection.read({ projects: ['alpha'], types: [] }, [String(issue.id)]);
      const read = entity && 'fields' in entity ? entity.fields.description : undefined;
      assert.ok(typeof read === 'object' && read !== null && 'content' in read);
      return { page: await (await redminePage(server))(issue.id), read };
    } finally {
      await connection.close?.();
    }
  };

  for (const [name, server, content] of [
    ['CommonMark', a, MARKDOWN],
    ['Textile', b, SOURCE],
  ] as const)
    it(`${name}: what is read has the lines that its page shows, and so has what is written`, async () => {
      const { page, read } = await shown(server, content);
      assert.match(page, /one<br ?\/?>\s*two/);
      assert.match(convert(read, 'text').text.content, /one\ntwo/);
      // the page itself, read as HTML, is the same content
      const keys = (text: RichText): string[] => blockKeys(parse(text).children);
      assert.deepEqual(keys({ format: 'html', content: page.replace(/<br ?\/?>\s+/g, '<br>') }), keys(read));
      // there and back through HTML
      const back = convert(convert(read, 'html').text, read.format, { into: read.dialect }).text.content;
      const again = await shown(server, back);
      assert.equal(again.page.replace(/\s+/g, ' '), page.replace(/\s+/g, ' '));
    });
});
