/** Relations between issues of two real Redmine servers whose numbers mean other issues, in a real Node-RED. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine, type RedmineApi } from '../support/redmine';
import { until } from '../support/wait';

interface Relation {
  id: number;
  issue_id: number;
  issue_to_id: number;
  relation_type: string;
}
interface Issue {
  id: number;
  subject: string;
  relations?: Relation[];
}

const BETA = 2;
const BUG = 1;
const KINDS = ['relates', 'duplicates', 'duplicated', 'blocks', 'blocked'];
/** An item is looked at two minutes after its last sign of life. */
const LOOK_MS = 170_000;

const choice = (id: number) => ({ id: String(id), name: String(id) });
const field = (id: string, name: string, type: string, multi?: true) => ({ id, name, type, ...(multi && { multi }) });

function flow(urls: string[], keys: string[]): FlowNode[] {
  const z = 'tab';
  const systems = urls.map((url, index) => ({
    ...{ id: `system${index + 1}`, type: 'twinflow-system', name: 'AB'[index] ?? '', kind: 'redmine', config: { url } },
    credentials: { apiKey: keys[index] ?? '' },
  }));
  const common = { z, integration: 'int', pairs: 'all' };
  const rows = [
    field('subject', 'Subject', 'text'),
    ...KINDS.map((kind) => field(`relation_${kind}`, kind, 'reference', true)),
  ];
  const poller = (side: string) => ({
    ...{
      ...common,
      id: `poller ${side}`,
      type: 'twinflow-poller',
      side,
      schedule: 'interval',
      interval: 2,
      unit: 'seconds',
    },
    ...{ start: 'newest', wires: [['fields']] },
  });
  return [
    { id: z, type: 'tab', label: 'Relations' },
    ...systems,
    {
      ...{ id: 'int', type: 'twinflow-integration', name: 'bugs', active: true, retries: 0 },
      ...{ system1: 'system1', system2: 'system2' },
      projectPairs: [{ one: choice(BETA), two: choice(BETA), direction: 'both' }],
      typePairs: [{ id: 'bugs', one: choice(BUG), two: choice(BUG), direction: 'both' }],
    },
    poller('1'),
    poller('2'),
    {
      ...{ ...common, id: 'fields', type: 'twinflow-field-mapper', wires: [['writer']] },
      rows: rows.map((one) => ({ one, two: one, direction: 'both' })),
    },
    { ...common, id: 'writer', type: 'twinflow-writer', batchSize: 20, wires: [[]] },
  ];
}

describeWithRedmine('e2e/redmine-relations: between two real Redmine servers', function (a, b) {
  this.timeout(240_000);
  const run = process.pid;
  let red: NodeRed;
  const proxies: RecordingProxy[] = [];
  const people: Record<'a' | 'b', RedmineApi> = { a: a.as('alice'), b: b.as('alice') };

  const create = async (on: 'a' | 'b', subject: string): Promise<Issue> => {
    const issue = { project_id: BETA, tracker_id: BUG, subject: `${subject} ${run}` };
    return (await people[on].post<{ issue: Issue }>('/issues.json', { issue })).issue;
  };
  const issues = async (on: 'a' | 'b'): Promise<Issue[]> => {
    const query = `project_id=${BETA}&status_id=*&limit=100&sort=id:desc&include=relations`;
    return (await people[on].get<{ issues: Issue[] }>(`/issues.json?${query}`)).issues;
  };
  const relate = (on: 'a' | 'b', from: Issue, to: Issue, kind: string): Promise<unknown> =>
    people[on].post(`/issues/${from.id}/relations.json`, { relation: { issue_to_id: to.id, relation_type: kind } });
  /** "one blocks two", for each relation among the issues of this run. */
  async function relations(on: 'a' | 'b'): Promise<string[]> {
    const all = await issues(on);
    const nameOf = (id: number) => all.find((one) => one.id === id)?.subject.replace(` ${run}`, '');
    const each = new Map(all.flatMap((one) => (one.relations ?? []).map((relation) => [relation.id, relation])));
    return [...each.values()]
      .map(({ issue_id, issue_to_id, relation_type: kind }) => {
        const ends = [nameOf(issue_id), nameOf(issue_to_id)];
        return (kind === 'relates' ? ends.sort() : ends).join(` ${kind} `);
      })
      .sort();
  }
  const named = async (on: 'a' | 'b', subject: string): Promise<Issue> =>
    until(
      `"${subject}" is on ${on}`,
      async () => (await issues(on)).find((one) => one.subject === `${subject} ${run}`),
      60_000,
    );
  const agree = (what: string, wanted: string[], ms = 60_000) =>
    until(
      what,
      async () => {
        const [one, two] = [await relations('a'), await relations('b')];
        return one.join() === wanted.join() && two.join() === wanted.join();
      },
      ms,
      1_000,
    );

  before(async () => {
    a.reset();
    b.reset();
    // the numbers of the two servers mean different issues
    for (let n = 1; n <= 3; n += 1) await create('b', `stranger ${n}`);
    proxies.push(await recordingProxy(a.url), await recordingProxy(b.url));
    red = await NodeRed.start();
    await red.deploy(
      flow(
        proxies.map(({ url }) => url),
        [a.key('sync'), b.key('sync')],
      ),
    );
    await sleep(5_000);
  });
  after(async () => {
    await red?.stop();
    for (const proxy of proxies) await proxy.stop();
    a.reset();
    b.reset();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('a relation of new issues is there once the other end is, between the counterparts and not the strangers', async () => {
    const [one, two] = [await create('a', 'one'), await create('a', 'two')];
    await relate('a', one, two, 'blocks');
    await agree('the counterparts are related', ['one blocks two']);
  });

  it('a relation that somebody adds is found without a sign of the issues, and so is a removal on the other side', async () => {
    const three = await create('b', 'three');
    await named('a', 'three');
    await relate('b', three, await named('b', 'one'), 'relates');
    await agree('the new relation is on both', ['one blocks two', 'one relates three'], LOOK_MS);
    const [relation] =
      (await named('a', 'one')).relations?.filter(({ relation_type }) => relation_type === 'blocks') ?? [];
    await people.a.delete(`/relations/${relation?.id}.json`);
    // a sign of life brings it at once
    await people.a.put(`/issues/${relation?.issue_id}.json`, { issue: { notes: 'no longer blocked' } });
    await agree('the removed relation is gone from both', ['one relates three'], LOOK_MS);
  });

  it('nothing is written that nobody asked for', async () => {
    const writes = proxies.flatMap((proxy) => proxy.writes()).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(
      writes.map((line) => line.replace(/\d+/g, 'N')).sort(),
      [
        'DELETE /relations/N.json',
        ...Array(3).fill('POST /issues.json'),
        ...Array(2).fill('POST /issues/N/relations.json'),
      ].sort(),
      writes.join('; '),
    );
  });
});
