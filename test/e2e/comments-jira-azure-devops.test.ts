/**
 * Comments between Jira and Azure DevOps in a real Node-RED, with strict stand-ins of both: a backlog with SIGKILL in the middle and
 * answers that are lost, then what people write, edit and delete on both sides. Afterwards both sides are compared comment by
 * comment.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { personOf } from '../connectors/azure-devops/support';
import {
  azureWrites,
  jiraWrites,
  quiet,
  type Said,
  saidIn,
  saidOf,
  startVendors,
  type Vendors,
  withComments,
} from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import type { Issue } from '../systems/jira/issue';

/** Bugs of each side, and what is said of each before they are synced. */
const BUGS = 12;
const EACH = 5;

const QUICK = {
  'twinflow-poller': { interval: 1, unit: 'seconds', start: 'all', pageSize: 50, window: 50 },
  'twinflow-writer': { batchSize: 20 },
  debug: { active: true, console: true },
};

const mention = (id: string, name: string, words: string) => ({
  type: 'doc',
  version: 1,
  content: [
    {
      type: 'paragraph',
      content: [
        { type: 'mention', attrs: { id, text: `@${name}` } },
        { type: 'text', text: ` ${words}` },
      ],
    },
  ],
});

describe('e2e/comments-jira-azure-devops: discussions both ways', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let vendors: Vendors;

  before(async () => {
    vendors = await startVendors({ jira: { indexLagMs: 300 } });
    vendors.jira.faults.perIssue = [
      { most: 20, withinMs: 2_000 },
      { most: 100, withinMs: 30_000 },
    ];
    red = await NodeRed.start();
  });

  after(async () => {
    await red?.stop();
    await vendors?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-6000));
  });

  /** Both ends of each bug. */
  const pairs = () =>
    vendors.issues().flatMap((issue) => {
      const item = vendors.item(String(issue.values.summary));
      return item ? [{ issue, item, inJira: saidIn(issue), inAzure: saidOf(item) }] : [];
    });

  const originals = (said: Said[]) => said.filter(({ isCopy }) => !isCopy).map(({ words }) => words);
  const copies = (said: Said[]) => said.filter(({ isCopy }) => isCopy).map(({ words }) => words);

  /** What differs: what was said on a side, in its order, and what is there of it on the other. */
  const differences = (): string[] =>
    pairs().flatMap(({ issue, inJira, inAzure }) => {
      const ways = [
        ['Jira → Azure DevOps', originals(inJira), copies(inAzure)],
        ['Azure DevOps → Jira', originals(inAzure), copies(inJira)],
      ] as const;
      return ways.flatMap(([way, said, there]) =>
        JSON.stringify(said) === JSON.stringify(there)
          ? []
          : [`${issue.values.summary}, ${way}: ${JSON.stringify({ said, there })}`],
      );
    });

  const copied = () =>
    pairs().reduce((sum, { inJira, inAzure }) => sum + copies(inJira).length + copies(inAzure).length, 0);
  const same = (what: string, ms = 60_000) =>
    until(what, () => differences().length === 0, ms).catch(() => assert.deepEqual(differences(), []));

  it('a backlog lands once and in order, over three kills and lost answers', async () => {
    const { jira, azure } = vendors;
    for (let bug = 0; bug < BUGS; bug++) {
      const issue = vendors.createIssue({ summary: `Issue ${bug}` });
      const item = vendors.createItem({ 'System.Title': `Item ${bug}` });
      for (let n = 0; n < EACH; n++) {
        vendors.sayInJira(issue, `Issue ${bug}: remark ${n}`, n % 2 ? 'bob' : 'alice');
        vendors.sayInAzure(item, `<div>Item ${bug}: <b>remark</b> ${n} &lt;here&gt;</div>`, n % 2 ? 'bob' : 'carol');
      }
    }
    await red.deploy(withComments(vendors.flow(QUICK)));
    const all = 2 * BUGS * EACH;
    for (const share of [0.1, 0.4, 0.7]) {
      await until(`${share * 100} % have arrived`, () => copied() >= all * share, 60_000, 5);
      jira.faults.lostAnswers.push('POST /issue/{issueIdOrKey}/comment');
      azure.loseNextAnswer = true;
      await red.kill('SIGKILL');
      assert.ok(copied() < all, `killed in the middle, at ${copied()} of ${all}`);
      await red.restart();
    }
    await until('all have arrived', () => copied() >= all, 60_000);
    await quiet(vendors);
    assert.deepEqual(differences(), []);
    assert.equal(pairs().length, 2 * BUGS);
    assert.deepEqual(jira.faults.pausedIssues, [], 'at the pace that Jira takes');
  });

  it('and rests after that', async () => {
    vendors.jira.requests.splice(0);
    vendors.azure.requests.splice(0);
    await sleep(4_000);
    assert.deepEqual([...jiraWrites(vendors.jira), ...azureWrites(vendors.azure)], []);
  });

  it('what people write, edit and delete on both sides arrives, although Jira does not tell of edits and deletions', async () => {
    const { azure } = vendors;
    for (const [index, { issue, item, inJira, inAzure }] of pairs().entries()) {
      vendors.sayInJira(issue, `New in Jira ${index}`);
      vendors.sayInAzure(item.id, `<p>New in Azure DevOps ${index}</p>`);
      const [first, second] = inJira.filter(({ isCopy }) => !isCopy);
      const [third, fourth] = inAzure.filter(({ isCopy }) => !isCopy);
      editInJira(issue, first, `Edited in Jira ${index}`);
      removeInJira(issue, second);
      if (third)
        azure.comments.update(
          'Fabrikam',
          item.id,
          Number(third.id),
          { text: `<p>Edited there ${index}</p>` },
          new URLSearchParams(),
          personOf('carol'),
        );
      if (fourth) azure.comments.remove('Fabrikam', item.id, Number(fourth.id), personOf('carol'));
      // a change of the issue brings to light what was done silently before
      vendors.editIssue(issue, { labels: [`round-${index % 3}`] });
    }
    await same('both sides say the same');
    await quiet(vendors);
    assert.deepEqual(differences(), []);
    const all = pairs().flatMap(({ inJira, inAzure }) => [...inJira, ...inAzure].map(({ words }) => words));
    assert.equal(all.filter((words) => words.startsWith('Edited in Jira')).length, 2 * BUGS);
    assert.equal(all.filter((words) => words.startsWith('Edited there')).length, 2 * BUGS);
  });

  it('an edit of a copy changes the original, and a deleted copy leaves it', async () => {
    const [pair, other] = pairs().filter(({ inAzure }) => copies(inAzure).length > 1);
    assert.ok(pair && other);
    const copy = pair.inAzure.find(({ isCopy }) => isCopy);
    assert.ok(copy);
    const { azure } = vendors;
    const by = personOf('bob');
    const text = copy.source.replace(copy.words, 'Said better');
    azure.comments.update('Fabrikam', pair.item.id, Number(copy.id), { text }, new URLSearchParams(), by);
    await until(
      'the original says it, too',
      () => saidIn(pair.issue).some(({ words, isCopy }) => !isCopy && words === 'Said better'),
      30_000,
    );
    assert.doesNotMatch(JSON.stringify(saidIn(pair.issue).find(({ words }) => words === 'Said better')), /wrote on/);
    const before = originals(other.inJira);
    const gone = other.inAzure.find(({ isCopy }) => isCopy);
    azure.comments.remove('Fabrikam', other.item.id, Number(gone?.id), by);
    await quiet(vendors);
    assert.deepEqual(originals(saidIn(other.issue)), before);
    assert.equal(
      copies(saidOf(vendors.item(String(other.issue.values.summary)) ?? other.item)).length,
      before.length - 1,
    );
  });

  it('a mention stays one, there and on the way back, although the comment is edited beside it', async () => {
    const { jira } = vendors;
    const [pair] = pairs();
    assert.ok(pair);
    const bob = jira.person('bob');
    const id = vendors.sayInJira(pair.issue, mention(bob.accountId, bob.name, 'should look at this.'));
    const title = String(pair.issue.values.summary);
    const copy = await until(
      'the mention is there',
      () => saidOf(vendors.item(title) ?? pair.item).find(({ words }) => words.includes('should look at this')),
      30_000,
    );
    assert.match(copy.source, new RegExp(`data-vss-mention="version:2.0,\\{?${personOf('bob').id}`, 'i'));
    vendors.azure.comments.update(
      'Fabrikam',
      pair.item.id,
      Number(copy.id),
      { text: copy.source.replace('should look at this', 'has looked at this') },
      new URLSearchParams(),
      personOf('bob'),
    );
    const original = () => saidIn(pair.issue).find((one) => one.id === id)?.source ?? '';
    await until('the edit is back', () => original().includes('has looked at this'), 30_000);
    assert.ok(original().includes(`"id":"${bob.accountId}"`), original());
  });

  it('breaks the description of neither API, and keeps contents out of the log', () => {
    assert.deepEqual(vendors.azure.violations, []);
    assert.deepEqual(vendors.jira.violations ?? [], []);
    assert.doesNotMatch(red.log, /\[error\]/);
  });

  function editInJira(issue: Issue, said: Said | undefined, words: string): void {
    const comment = issue.comments.find(({ id }) => id === said?.id);
    if (!comment) return;
    const { site } = vendors.jira;
    site.editComment(vendors.jira.person('alice'), issue, comment, { body: site.text(words) }, false);
  }

  function removeInJira(issue: Issue, said: Said | undefined): void {
    const comment = issue.comments.find(({ id }) => id === said?.id);
    if (!comment) return;
    vendors.jira.site.removeComment(vendors.jira.person('alice'), issue, comment, false);
  }
});
