/** The address of another Redmine in a system node: issues of the same numbers there are strangers. On two real servers. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FlowNode, NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { until } from '../support/wait';
import { addBugs, all, between, spaces, system } from './shared-systems';

describeWithRedmine('20: a Redmine node that is given the address of another Redmine', function (a, b) {
  this.timeout(120_000);
  let red: NodeRed;

  before(async () => {
    a.reset();
    b.reset();
    red = await NodeRed.start();
  });
  after(async () => {
    await red?.stop();
    a.reset();
    b.reset();
  });

  const flow = (server: RedmineServer): FlowNode[] => [
    system('A', 'one'),
    {
      ...{ id: 'B', type: 'twinflow-system', name: 'Redmine', kind: 'redmine', ignoreOwn: false, version: 1 },
      config: { url: server.url, auth: 'apiKey' },
      credentials: { apiKey: server.key('sync') },
    },
    ...between('pair', 'A', 'B', {
      projectPairs: [{ one: { id: '10000', name: 'Demo' }, two: { id: '1', name: 'Alpha' }, direction: 'forward' }],
      typePairs: [
        { id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: '1', name: 'Bug' }, direction: 'forward' },
      ],
    }).map((node) =>
      node.type === 'twinflow-field-mapper'
        ? {
            ...node,
            rows: [
              {
                one: { id: 'summary', name: 'summary', type: 'text' },
                two: { id: 'subject', name: 'subject', type: 'text' },
                direction: 'forward',
              },
            ],
          }
        : node,
    ),
  ];
  const subjects = async (server: RedmineServer): Promise<Map<number, string>> => {
    const { issues } = await server
      .as('admin')
      .get<{ issues: { id: number; subject: string }[] }>('/issues.json?status_id=*&limit=100');
    return new Map(issues.map(({ id, subject }) => [id, subject]));
  };

  it('waits, and no stranger of the same number is renamed', async () => {
    const [one] = spaces(red.userDir, 'one');
    assert.ok(one);
    addBugs(one, 'Ours');
    await red.deploy(flow(b));
    let number = 0;
    await until(
      'it has arrived',
      async () => {
        for (const [id, subject] of await subjects(b)) if (subject === 'Ours') number = id;
        return number > 0;
      },
      30_000,
    );
    // an issue of that number is on the other server, too
    while (!(await subjects(a)).has(number))
      await a.as('admin').post('/issues.json', { issue: { project_id: 1, tracker_id: 1, subject: 'A stranger' } });
    const before = await subjects(a);
    await sleep(1_500);
    await red.deploy(flow(a));
    const [bug] = all(one);
    one.edit('bob', bug?.id ?? '', { summary: 'Ours, edited' });
    await until('it says that it waits', () => /leads to redmine/.test(red.log), 15_000);
    await sleep(4_000);
    assert.deepEqual(await subjects(a), before);
    await red.deploy(flow(b));
    await until('it goes on', async () => (await subjects(b)).get(number) === 'Ours, edited', 30_000);
    one.close();
  });
});
