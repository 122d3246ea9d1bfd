/** What is not wanted is not fetched, and an answer that is too large is halved: it stopped polling for good. */

import assert from 'node:assert/strict';
import { jira as connector } from '../../lib/connectors/jira';
import { SyncError } from '../../lib/model/errors';
import { configOf, connect, type Deployment, edit, make, poll, scope, start } from '../connectors/jira/server';
import { readNow } from '../support/delivered';

const LIMIT = 200_000;

const long = (letter: string, length: number) => letter.repeat(length);
const document = (text: string) => ({
  version: 1,
  type: 'doc',
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});

describe('Answers of Jira that are large', () => {
  for (const deployment of ['cloud', 'datacenter'] as Deployment[]) {
    const rich = (text: string) => (deployment === 'cloud' ? document(text) : text);
    const begin = async () => {
      const jira = await start({ deployment });
      const narrow = connector.connect(configOf(jira), { http: { retries: 0, maxBytes: LIMIT } });
      const stop = async () => {
        await narrow.close?.();
        await jira.stop();
      };
      return { jira, narrow, stop };
    };

    it(`are not made of comments that are thrown away (${deployment})`, async () => {
      const { jira, narrow, stop } = await begin();
      const since = await narrow.newest(scope);
      const issue = make(jira, 'Much talked about');
      for (let n = 0; n < 10; n++) jira.site.comment(jira.person('bob'), issue, document(long('x', 30_000)));
      assert.deepEqual((await poll(narrow, since)).ids, [issue.id]);
      await stop();
    });

    it(`are halved until they fit: a poll goes on, and a read brings all (${deployment})`, async () => {
      const { jira, narrow, stop } = await begin();
      const since = await narrow.newest(scope);
      const issues = Array.from({ length: 12 }, (_, n) =>
        make(jira, `Long ${n}`, { fields: { description: rich(long('d', 30_000)) } }),
      );
      const ids = issues.map(({ id }) => id);
      assert.deepEqual((await poll(narrow, since)).ids.sort(), ids);
      const read = await readNow(narrow, scope, ids);
      assert.deepEqual(
        read.map((entity) => entity?.id),
        ids,
      );
      await stop();
    });

    it(`of one issue that is too large keep nobody from the others (${deployment})`, async () => {
      const { jira, narrow, stop } = await begin();
      const since = await narrow.newest(scope);
      const [one, huge, three] = ['One', 'Huge', 'Three'].map((summary) => make(jira, summary));
      assert.ok(one && huge && three);
      const fields = Object.fromEntries(
        ['description', 'environment', 'customfield_10016'].map((id) => [id, rich(long('h', 32_000))]),
      );
      edit(jira, huge.id, fields);
      const tight = connector.connect(configOf(jira), { http: { retries: 0, maxBytes: 60_000 } });
      const first = await poll(tight, since);
      assert.deepEqual(first.ids.sort(), [one.id, three.id]);
      const read = await tight.read(scope, [one.id, huge.id, three.id]);
      assert.ok(read[1] instanceof SyncError && read[1].detail.tooLarge, 'not delivered, not gone');
      edit(jira, huge.id, { description: null, environment: null, customfield_10016: null });
      assert.ok((await poll(tight, first.checkpoint)).ids.includes(huge.id));
      await tight.close?.();
      await stop();
    });
  }

  it('leave out what is named with a minus, as the API says: the stand-in knows it', async () => {
    const jira = await start();
    const issue = make(jira, 'Talked about');
    jira.site.comment(jira.person('bob'), issue);
    const credentials = Buffer.from(`alice@example.com:${jira.person('alice').apiToken}`).toString('base64');
    const fields = async (query: string) => {
      const response = await fetch(`${jira.url}/rest/api/3/issue/${issue.id}?fields=${query}`, {
        headers: { Authorization: `Basic ${credentials}` },
      });
      return Object.keys(JSON.parse(await response.text()).fields);
    };
    assert.ok((await fields('*all')).includes('comment'));
    assert.ok(!(await fields('*navigable')).includes('comment'));
    assert.ok(!(await fields('*all,-comment')).includes('comment'));
    assert.ok((await fields('*all,-comment')).includes('summary'));
    assert.deepEqual(await fields('summary,comment'), ['summary', 'comment']);
    const connection = connect(jira);
    const [read] = await readNow(connection, scope, [issue.id]);
    assert.equal(read?.fields.summary, 'Talked about');
    await connection.close?.();
    await jira.stop();
  });
});
