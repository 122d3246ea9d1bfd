/**
 * Two real Redmine servers: people assigned on either side are found by e-mail address, and a Node-RED that is killed in the
 * middle of a backlog makes nothing twice. The numbers are design invariants.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineApi, type RedmineServer } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  status: { name: string };
  assigned_to?: { id: number; name: string };
}

const ALPHA = 1;
const BACKLOG = 300;
const KILLS = 3;
const AT_ONCE = 4;
const POLL_SECONDS = 4;

describeWithRedmine('e2e/redmine: people and crashes', (a, b) => {
  const run = `#${Date.now().toString(36)}`;
  const [onA, onB] = [a.as('alice'), b.as('alice')];
  const mails = new Map<number, string>();
  let red: NodeRed;

  async function userOf(server: RedmineServer, login: string): Promise<{ id: number; mail: string }> {
    const { users } = await server
      .as('admin')
      .get<{ users: { id: number; login: string; mail: string }[] }>(`/users.json?name=${login}`);
    const user = users.find((one) => one.login === login);
    assert.ok(user, `${server.name} has no ${login}`);
    return user;
  }

  const setMail = (id: number, mail: string): Promise<void> =>
    b.as('admin').put(`/users/${id}.json`, { user: { mail } });

  /** The issues of this run, each subject as often as it is there. */
  async function issues(server: RedmineApi): Promise<Issue[]> {
    const found: Issue[] = [];
    for (let offset = 0; ; offset += 100) {
      const query = new URLSearchParams({
        project_id: String(ALPHA),
        status_id: '*',
        sort: 'id:desc',
        limit: '100',
        offset: String(offset),
      });
      const page = await server.get<{ issues: Issue[]; total_count: number }>(`/issues.json?${query}`);
      found.push(...page.issues);
      if (offset + 100 >= page.total_count) break;
    }
    return found.filter(({ subject }) => subject.endsWith(run));
  }

  const find = async (server: RedmineApi, subject: string): Promise<Issue | undefined> =>
    (await issues(server)).find((issue) => issue.subject === subject);

  before(async function () {
    this.timeout(60_000);
    for (const login of ['alice', 'bob']) {
      const [there, here] = [await userOf(b, login), await userOf(a, login)];
      mails.set(there.id, there.mail);
      await setMail(there.id, here.mail);
    }
    red = await NodeRed.start();
    // only administrators are shown people's addresses
    const end = (server: RedmineServer) => ({ url: server.url, key: server.key('admin') });
    await red.deploy(redmineFlow(ALPHA, end(a), end(b), POLL_SECONDS));
    await sleep(2 * POLL_SECONDS * 1_000);
  });

  after(async () => {
    await red?.stop();
    for (const [id, mail] of mails) await setMail(id, mail);
  });

  it('assigns on either side, by e-mail address', async function () {
    this.timeout(90_000);
    const subject = `Who is it ${run}`;
    const [aliceHere, bobThere] = [await userOf(a, 'alice'), await userOf(b, 'bob')];
    await onA.post('/issues.json', {
      issue: { project_id: ALPHA, tracker_id: 1, subject, assigned_to_id: aliceHere.id },
    });
    const twin = await until(
      'the defect is there, assigned',
      async () => {
        const issue = await find(onB, subject);
        return issue?.assigned_to?.name === 'Alice Adams' ? issue : undefined;
      },
      30_000,
      500,
    );
    await onB.put(`/issues/${twin.id}.json`, { issue: { assigned_to_id: bobThere.id, status_id: 2 } });
    const back = await until(
      'the bug is assigned to Bob',
      async () => {
        const issue = await find(onA, subject);
        return issue?.assigned_to?.name === 'Bob Brown' ? issue : undefined;
      },
      30_000,
      500,
    );
    assert.equal(back.status.name, 'In Progress');
  });

  it(`1, 2: ${BACKLOG} issues arrive once each, although Node-RED is killed ${KILLS} times in the middle`, async function () {
    this.timeout(300_000);
    const subjects = Array.from({ length: BACKLOG }, (_, n) => `Backlog ${n} ${run}`);
    const left = [...subjects];
    const people = Array.from({ length: AT_ONCE }, async () => {
      for (let subject = left.pop(); subject !== undefined; subject = left.pop()) {
        await onA.post('/issues.json', { issue: { project_id: ALPHA, tracker_id: 1, subject } });
      }
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const enough = (BACKLOG / (KILLS + 1)) * kill;
      await until('a part has arrived', async () => (await issues(onB)).length >= enough, 90_000, 300);
      await red.restart('SIGKILL');
    }
    await Promise.all(people);
    const expected = new Set([...subjects, `Who is it ${run}`]);
    const all = (there: Issue[]): boolean => new Set(there.map(({ subject }) => subject)).size >= expected.size;
    await until('all have arrived', async () => all(await issues(onB)), 120_000, 1_000);
    // what would come twice, or come back, has time to
    await sleep(3 * POLL_SECONDS * 1_000);
    for (const server of [onA, onB]) {
      const there = (await issues(server)).map(({ subject }) => subject);
      assert.equal(there.length, expected.size, `${there.length - expected.size} too many`);
      assert.deepEqual(new Set(there), expected);
    }
  });
});
