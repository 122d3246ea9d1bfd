/** The sandbox example in a real Node-RED: two trackers, both ways, through crashes. The numbers are design invariants. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';
const PRIORITY = 'Microsoft.VSTS.Common.Priority';

const flow = () => example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } });

const all = (space: SandboxSpace): Entity[] => space.list({ limit: 1000 }).entities;

/** The names of lookup and user values, everything else as it is. */
const shown = (entity: Entity | undefined, field: string): unknown => {
  const value = entity?.fields[field];
  return value !== null && typeof value === 'object' && 'name' in value ? value.name : value;
};

describe('e2e/sandbox: one chain, both ways', function () {
  this.timeout(60_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
  });

  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const createBug = (fields: Fields): Entity => trackers.jira.create('alice', { project: DEMO, type: BUG, fields });
  const inAzure = (title: string): Entity | undefined =>
    all(trackers.azure).find((entity) => entity.fields['System.Title'] === title);
  const inJira = (title: string): Entity | undefined =>
    all(trackers.jira).find((entity) => entity.fields.summary === title);

  /** Nobody writes any more: both trackers keep their revision for three polls. */
  async function quiet(): Promise<[number, number]> {
    const revisions = (): [number, number] => [trackers.jira.revision(), trackers.azure.revision()];
    let last = revisions();
    await until(
      'both trackers are at rest',
      async () => {
        await sleep(3_200);
        const now = revisions();
        const same = now[0] === last[0] && now[1] === last[1];
        last = now;
        return same;
      },
      30_000,
    );
    return last;
  }

  it('creates the counterpart, with values in the words of the other system', async () => {
    const bug = createBug({
      summary: 'Cart loses items',
      description: { format: 'markdown', content: 'Add **two** books.\n\n- reload\n- the cart is empty' },
      status: { name: 'In Progress' },
      priority: { name: 'Highest' },
      assignee: { email: 'bob@example.com' },
      labels: ['shop', 'regression'],
      duedate: '2031-03-14',
    });
    const item = await until('the bug is in Azure DevOps', () => inAzure('Cart loses items'));
    assert.equal(shown(item, 'System.State'), 'Active');
    assert.equal(shown(item, PRIORITY), '1');
    assert.equal(shown(item, 'System.AssignedTo'), 'Baker, Bob');
    assert.deepEqual([item.fields['System.Tags']].flat().sort(), ['regression', 'shop']);
    assert.equal(item.fields['Microsoft.VSTS.Scheduling.TargetDate'], '2031-03-14');
    assert.equal(shown(item, 'System.AreaPath'), 'Fabrikam', 'the default for what only the target asks for');
    assert.equal(item.fields['Custom.ExternalId'], bug.key);
    assert.match(JSON.stringify(item.fields['System.Description']), /\*\*two\*\*/);
  });

  it('brings a change back, and only the field that was changed', async () => {
    const item = await until('the bug is in Azure DevOps', () => inAzure('Cart loses items'));
    trackers.azure.edit('carol', item.id, { 'System.State': { name: 'Resolved' } });
    const bug = await until('the state is in Jira', () => {
      const entity = inJira('Cart loses items');
      return shown(entity, 'status') === 'In Review' ? entity : undefined;
    });
    assert.equal(shown(bug, 'priority'), 'Highest');
    const [newest] = trackers.jira.history(bug.id);
    assert.deepEqual(Object.keys(newest?.fields ?? {}), ['status']);
  });

  it('4: rests after that: what the writer wrote does not come back', async () => {
    const before = await quiet();
    await sleep(3_000);
    assert.deepEqual([trackers.jira.revision(), trackers.azure.revision()], before);
    assert.equal(all(trackers.jira).length, all(trackers.azure).length);
  });

  it('7: leaves the value alone that the map made n:1', async () => {
    const bug = createBug({ summary: 'Typo in footer', priority: { name: 'Lowest' } });
    const item = await until('the bug is in Azure DevOps', () => inAzure('Typo in footer'));
    assert.equal(shown(item, PRIORITY), '4');
    trackers.azure.edit('carol', item.id, { 'System.Title': 'Typo in the footer' });
    await until('the title is in Jira', () => inJira('Typo in the footer'));
    await quiet();
    assert.equal(shown(trackers.jira.get(bug.id), 'priority'), 'Lowest');
  });

  it('5: keeps what both sides changed at the same time, where they changed different fields', async () => {
    const bug = createBug({ summary: 'Slow search' });
    const item = await until('the bug is in Azure DevOps', () => inAzure('Slow search'));
    await quiet();
    trackers.jira.edit('alice', bug.id, { priority: { name: 'High' } });
    trackers.azure.edit('carol', item.id, { 'System.State': { name: 'Active' } });
    await until(
      'both sides have both changes',
      () =>
        shown(trackers.jira.get(bug.id), 'status') === 'In Progress' &&
        shown(trackers.azure.get(item.id), PRIORITY) === '2',
    );
    assert.equal(shown(trackers.jira.get(bug.id), 'priority'), 'High');
    assert.equal(shown(trackers.azure.get(item.id), 'System.State'), 'Active');
  });

  it('creates the other way round', async () => {
    trackers.azure.create('carol', {
      project: '6ce954b1-0001',
      type: 'User Story',
      fields: { 'System.Title': 'Guest checkout', 'System.AreaPath': { name: 'Fabrikam' } },
    });
    const story = await until('the story is in Jira', () => inJira('Guest checkout'));
    assert.equal(story.type, '10102');
    assert.equal(shown(story, 'status'), 'To Do');
  });

  it('leaves out what the filter holds back', async () => {
    createBug({ summary: 'Salaries', labels: ['internal'] });
    createBug({ summary: 'Comes after it' });
    await until('the next bug is in Azure DevOps', () => inAzure('Comes after it'));
    await sleep(1_500);
    assert.equal(inAzure('Salaries'), undefined);
  });

  it('10: tells nothing of what it syncs in its log', () => {
    assert.doesNotMatch(red.log, /Cart loses items|\[error\]/);
  });
});

describe('e2e/sandbox: crashes', function () {
  this.timeout(180_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
  });

  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  it('1, 2: 300 bugs arrive, each once, although Node-RED is killed three times in the middle', async () => {
    const wanted = Array.from({ length: 300 }, (_, index) => `Bug ${index}`);
    trackers.jira.write(
      'alice',
      wanted.map((summary) => ({ kind: 'create', project: DEMO, type: BUG, fields: { summary } })),
    );
    const arrived = () => trackers.azure.list({ limit: 1 }).total;
    for (const count of [20, 100, 200]) {
      await until(`${count} have arrived`, () => arrived() >= count, 60_000, 5);
      await red.kill('SIGKILL');
      assert.ok(arrived() < 300, `killed in the middle, at ${arrived()}`);
      await red.restart();
    }
    await until('all have arrived', () => arrived() >= 300, 60_000);
    await sleep(4_000);
    const titles = all(trackers.azure).map(({ fields }) => String(fields['System.Title']));
    assert.deepEqual(titles.sort(), [...wanted].sort());
    assert.equal(trackers.jira.list({ limit: 1 }).total, 300, 'none came back as a new one');
  });

  it('1: a change made while Node-RED was away arrives when it is back', async () => {
    const [bug] = all(trackers.jira);
    assert.ok(bug);
    await red.kill('SIGKILL');
    trackers.jira.edit('bob', bug.id, { summary: 'Changed meanwhile' });
    await red.restart();
    await until('the change is there', () =>
      all(trackers.azure).some(({ fields }) => fields['System.Title'] === 'Changed meanwhile'),
    );
  });

  it('1: a deploy in the middle loses nothing', async () => {
    const before = trackers.azure.list({ limit: 1 }).total;
    trackers.jira.write(
      'alice',
      Array.from({ length: 100 }, (_, index) => ({
        kind: 'create' as const,
        project: DEMO,
        type: BUG,
        fields: { summary: `Deployed over ${index}` },
      })),
    );
    await until('the first have arrived', () => trackers.azure.list({ limit: 1 }).total > before, 20_000, 5);
    await red.deploy(flow());
    await until('all have arrived', () => trackers.azure.list({ limit: 1 }).total >= before + 100, 60_000);
    await sleep(3_000);
    assert.equal(trackers.azure.list({ limit: 1 }).total, before + 100);
  });
});
