import assert from 'node:assert/strict';
import { redmine } from '../../lib/connectors/redmine';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { redminePage } from '../support/redmine-page';
import { MentionBench } from './mentions-bench';
import { alpha, issueCalled, MARKUP_ROWS } from './two-markups';

describeWithRedmine('mentions between two real Redmines of different markup', function (a, b) {
  this.timeout(120_000);
  let bench: MentionBench;
  const edit = async (server: RedmineServer, subject: string, change: (old: string) => string): Promise<void> => {
    const { id, description } = await issueCalled(server, subject);
    await server.as('alice').put(`/issues/${id}.json`, { issue: { description: change(description) } });
  };

  before(async () => {
    a.reset();
    b.reset();
    const admin = a.as('admin');
    for (const [login, firstname, lastname] of [
      ['zoe', 'Zoe', 'Zander'],
      ['yan', 'Yan', 'Young'],
    ] as const) {
      const user = { login, firstname, lastname, mail: `${login}@a.example`, password: 'a long password' };
      await admin.post('/users.json', { user });
    }
    const there = {
      login: 'y.young',
      firstname: 'Yan B.',
      lastname: 'Young',
      mail: 'yan@b.example',
      password: 'a long password',
    };
    await b.as('admin').post('/users.json', { user: there });
    const connect = (server: RedmineServer, textFormatting: string) => () =>
      redmine.connect({ url: server.url, apiKey: server.key('admin'), textFormatting }, {});
    bench = new MentionBench(
      [
        { name: 'Redmine A', connection: connect(a, 'markdown'), project: await alpha(a), type: '1' },
        { name: 'Redmine B', connection: connect(b, 'textile'), project: await alpha(b), type: '1' },
      ],
      MARKUP_ROWS,
      [],
      (side, email) => [email.replace(/@[ab]\.example$/, side === 1 ? '@b.example' : '@a.example')],
    );
    await bench.start();
  });
  after(async () => {
    await bench?.stop();
  });

  const DESCRIPTION = 'ask @alice, @yan or @zoe, not @media\n\n`@zoe` and **@zoe** again\n\nTwo';

  it('who is there is mentioned by the login there; who is not, by name, and nobody else is mentioned', async () => {
    await a.as('alice').post('/issues.json', {
      issue: { project_id: 'alpha', tracker_id: 1, priority_id: 2, subject: 'Asked', description: DESCRIPTION },
    });
    const { warnings } = await bench.sync();
    const { id, description } = await issueCalled(b, 'Asked');
    assert.match(description, /^ask @alice, @y\.young or &#64;Zoe Zander, not &#64;media/);
    assert.match(
      warnings.map(({ reason }) => reason).join('\n'),
      /“Zoe Zander” is written as a name: Redmine B has no such user/,
    );
    const page = await (await redminePage(b))(id);
    const mentioned = page.match(/class="user[^"]*user-mention"[^>]*>[^<]*/g)?.map((one) => one.split('>')[1]);
    assert.deepEqual(mentioned, ['@Alice Adams', '@Yan B. Young']);
  });

  it('an edit elsewhere brings nothing but the edit back', async () => {
    await edit(b, 'Asked', (old) => old.replace('Two', 'Three'));
    await bench.sync();
    assert.equal((await issueCalled(a, 'Asked')).description.replace(/\r/g, ''), DESCRIPTION.replace('Two', 'Three'));
  });

  it('an edit of the paragraph keeps each mention, and a new one arrives', async () => {
    await edit(b, 'Asked', (old) => old.replace('ask @alice', 'please ask @bob and @alice'));
    await bench.sync();
    assert.equal(
      (await issueCalled(a, 'Asked')).description.replace(/\r/g, ''),
      DESCRIPTION.replace('Two', 'Three').replace('ask @alice', 'please ask @bob and @alice'),
    );
  });

  it('a name that somebody types twice is a mention as often as it was one', async () => {
    await edit(b, 'Asked', (old) => `${old}\n\nsee @Zoe Zander@ or Zoe Zander and &#64;Zoe Zander`);
    await bench.sync();
    const { description } = await issueCalled(a, 'Asked');
    assert.equal(description.match(/(?<!`)@zoe\b(?!`)/g)?.length, 2, description);
  });

  it('an issue is named by its counterpart; one without any is a link to it, and no stranger of the same number', async () => {
    const asked = await issueCalled(a, 'Asked');
    const text = `after #${asked.id}, before #1 and #1-2\n\nTwo`;
    await a.as('alice').post('/issues.json', {
      issue: { project_id: 'alpha', tracker_id: 1, priority_id: 2, subject: 'Names', description: text },
    });
    await bench.sync();
    const { description } = await issueCalled(b, 'Names');
    const counterpart = (await issueCalled(b, 'Asked')).id;
    const link = `"#\u20601":${a.url}/issues/1`;
    assert.equal(description.replace(/\r/g, '').split('\n')[0], `after #${counterpart}, before ${link} and #1-2`);
    await edit(b, 'Names', (old) => old.replace('Two', 'Three').replace('after', 'Long after'));
    await bench.sync();
    const back = (await issueCalled(a, 'Names')).description.replace(/\r/g, '');
    assert.equal(back, text.replace('Two', 'Three').replace('after', 'Long after'));
  });
});
