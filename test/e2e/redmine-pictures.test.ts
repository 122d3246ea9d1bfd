/** Pictures in texts of two real Redmines of different markup: what each server shows on its pages. */

import assert from 'node:assert/strict';
import { redmine } from '../../lib/connectors/redmine';
import { attachTo } from '../connectors/redmine/files';
import { COMMENTS } from '../engine/comment-bench';
import { FILES } from '../engine/file-bench';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { redminePage } from '../support/redmine-page';
import { MentionBench } from './mentions-bench';
import { alpha, issueCalled, MARKUP_ROWS } from './two-markups';

/** One pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const DESCRIPTION = [
  'See ![An overview](Grüße%20%28alt%29.png) here.',
  '<img src="shot.png" width="40">',
  '| what | how |\n| --- | --- |\n| ![](SHOT.png) | cell |',
  'Not there: ![](never.png), and as code: `![](shot.png)`',
  'The end',
].join('\n\n');

describeWithRedmine('e2e/redmine: pictures in texts', function (a, b) {
  this.timeout(300_000);
  const subject = `Pictures ${Date.now().toString(36)}`;
  let bench: MentionBench;
  const find = (server: RedmineServer) => issueCalled(server, subject);
  const notes = async (server: RedmineServer): Promise<string[]> => {
    const { id } = await find(server);
    const { issue } = await server
      .as('admin')
      .get<{ issue: { journals: { notes: string }[] } }>(`/issues/${id}.json?include=journals`);
    return issue.journals.map((one) => one.notes).filter((one) => one !== '');
  };
  /** The addresses of the pictures that the page shows, and how many it cannot show. */
  const pictures = async (server: RedmineServer): Promise<{ shown: string[]; broken: string[] }> => {
    const html = await (await redminePage(server))((await find(server)).id);
    const all = [...html.matchAll(/<img\b[^>]*\bsrc="([^"]*)"/g)].map(([, src = '']) => src);
    const shown = all.filter((src) => /\/attachments\/download\/\d+\//.test(src));
    return { shown, broken: all.filter((src) => !shown.includes(src)) };
  };

  before(async () => {
    a.reset();
    b.reset();
    const connect = (server: RedmineServer, textFormatting: string) => () =>
      redmine.connect({ url: server.url, apiKey: server.key('admin'), textFormatting }, {});
    bench = new MentionBench(
      [
        { name: 'Redmine A', connection: connect(a, 'markdown'), project: await alpha(a), type: '1' },
        { name: 'Redmine B', connection: connect(b, 'textile'), project: await alpha(b), type: '1' },
      ],
      MARKUP_ROWS,
      [],
      () => [],
      ':memory:',
      [FILES, COMMENTS],
    );
    await bench.start();
  });
  after(async () => {
    await bench?.stop();
  });

  it('are shown on the other page, at their size, in cells and notes; what is not there is a link', async () => {
    const { issue } = await a.as('alice').post<{ issue: { id: number } }>('/issues.json', {
      issue: { project_id: 'alpha', tracker_id: 1, subject, description: DESCRIPTION },
    });
    await attachTo(a.as('alice'), issue.id, 'Grüße (alt).png', PNG);
    await attachTo(a.as('alice'), issue.id, 'shot.png', PNG);
    await a.as('alice').put(`/issues/${issue.id}.json`, { issue: { notes: 'Look: ![](shot.png)' } });
    await bench.settle();
    const there = await find(b);
    const { shown, broken } = await pictures(b);
    assert.deepEqual(broken, [], there.description);
    assert.equal(shown.length, 3, there.description);
    assert.match(there.description, /!\{width:40px\}shot\.png!/);
    assert.match(there.description, /"never\.png":http[^ ]*issues\/\d+#never\.png/);
    assert.match((await notes(b)).join('\n'), /Look: !shot\.png!/);
    const { description } = await find(a);
    assert.equal(description.replaceAll('\r\n', '\n'), DESCRIPTION);
    assert.deepEqual(await bench.settle(), [], 'both rest');
  });

  it('stay what they are when the text is edited on the other side, and a new one comes back', async () => {
    const there = await find(b);
    await attachTo(b.as('alice'), there.id, 'new one.png', PNG);
    await b.as('alice').put(`/issues/${there.id}.json`, {
      issue: { description: `${there.description.replace('here', 'over here')} !new%20one.png!` },
    });
    await bench.settle();
    const here = (await find(a)).description.replaceAll('\r\n', '\n');
    assert.equal(here, `${DESCRIPTION.replace('here', 'over here')} ![](new%20one.png)`);
    assert.equal((await pictures(a)).shown.length, 4);
    assert.equal((await pictures(b)).shown.length, 4, (await find(b)).description);
    assert.deepEqual(await bench.settle(), [], 'both rest');
  });

  it('that come later take the place of their link', async () => {
    await attachTo(a.as('alice'), (await find(a)).id, 'never.png', PNG);
    await bench.settle();
    assert.match((await find(b)).description, /Not there: !never\.png!/);
    assert.equal((await pictures(b)).shown.length, 5);
    assert.deepEqual((await pictures(b)).broken, []);
    assert.deepEqual(await bench.settle(), [], 'both rest');
  });
});
