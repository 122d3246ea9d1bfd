/**
 * Two real Redmine servers of one company with two e-mail domains: people have another name, login and domain in each, and
 * only the rules of the value mapper bring them together.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  updated_on: string;
  assigned_to?: { id: number; name: string };
}

const ALPHA = 1;
const MANAGER = 3;
const POLL_SECONDS = 3;

describeWithRedmine('e2e/redmine: people with another e-mail domain', (a, b) => {
  const run = Date.now().toString(36);
  const [onA, onB] = [a.as('admin'), b.as('admin')];
  const made: { server: RedmineServer; id: number }[] = [];
  let red: NodeRed;

  /** Somebody new who may be assigned in the project. */
  async function employ(server: RedmineServer, login: string, firstname: string, domain: string): Promise<number> {
    const user = {
      ...{
        login: `${login}-${run}`,
        firstname,
        lastname: server.name === 'a' ? 'Doe' : 'Doe (cloud)',
        mail: `${firstname.toLowerCase()}@${domain}`,
      },
      password: `secret-${run}-word`,
    };
    const created = await server.as('admin').post<{ user: { id: number } }>('/users.json', { user });
    const { id } = created.user;
    made.push({ server, id });
    const membership = { user_id: id, role_ids: [MANAGER] };
    await server.as('admin').post(`/projects/${ALPHA}/memberships.json`, { membership });
    return id;
  }

  const find = async (server: RedmineServer, subject: string): Promise<Issue | undefined> => {
    const query = new URLSearchParams({ project_id: String(ALPHA), status_id: '*', sort: 'id:desc', limit: '25' });
    const page = await server.as('admin').get<{ issues: Issue[] }>(`/issues.json?${query}`);
    return page.issues.find((issue) => issue.subject === subject);
  };
  const assigned = (server: RedmineServer, subject: string, to: number): Promise<Issue> =>
    until(
      `${subject} is assigned to ${to} on ${server.name}`,
      async () => {
        const issue = await find(server, subject);
        return issue?.assigned_to?.id === to ? issue : undefined;
      },
      30_000,
      500,
    );

  before(async function () {
    this.timeout(60_000);
    red = await NodeRed.start();
    const end = (server: RedmineServer) => ({ url: server.url, key: server.key('admin') });
    const [here, there] = [`corp-${run}.example`, `corp-${run}.cloud.example`];
    const domains = [
      { one: here, two: there, direction: 'both' },
      { one: `*.${here}`, two: `*.${there}`, direction: 'both' },
    ];
    const flow = redmineFlow(ALPHA, end(a), end(b), POLL_SECONDS);
    await red.deploy(flow.map((node) => (node.type === 'twinflow-value-mapper' ? { ...node, domains } : node)));
    await sleep(2 * POLL_SECONDS * 1_000);
  });

  after(async function () {
    this.timeout(30_000);
    await red?.stop();
    for (const { server, id } of made) await server.as('admin').delete(`/users/${id}.json`);
  });

  it('are assigned there and back, and nothing changes after that', async function () {
    this.timeout(120_000);
    const dora = await employ(a, 'dora', 'Dora', `corp-${run}.example`);
    const emil = await employ(a, 'emil', 'Emil', `eu.corp-${run}.example`);
    const doraThere = await employ(b, 'd.doe', 'Dora', `corp-${run}.cloud.example`);
    const emilThere = await employ(b, 'e.doe', 'Emil', `eu.corp-${run}.cloud.example`);
    const subject = `Whose is it #${run}`;
    const issue = { project_id: ALPHA, tracker_id: 1, subject, assigned_to_id: dora };
    await onA.post('/issues.json', { issue });
    const twin = await assigned(b, subject, doraThere);
    await onB.put(`/issues/${twin.id}.json`, { issue: { assigned_to_id: emilThere } });
    const back = await assigned(a, subject, emil);
    await sleep(3 * POLL_SECONDS * 1_000);
    assert.equal((await find(a, subject))?.updated_on, back.updated_on, 'the first one rests');
    assert.equal((await find(b, subject))?.assigned_to?.id, emilThere);
  });
});
