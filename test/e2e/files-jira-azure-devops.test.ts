/**
 * Attachments between Jira and Azure DevOps in a real Node-RED, with strict stand-ins of both: files of a backlog with SIGKILL while they
 * are on their way and answers that are lost, then deletions on both sides. Afterwards all bytes are compared by their SHA-256.
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  azureWrites,
  filesIn,
  jiraWrites,
  quiet,
  startVendors,
  type Vendors,
  withAttachments,
} from '../support/jira-azure-devops';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

/** Bugs of each side. */
const BUGS = 4;

const QUICK = {
  'twinflow-poller': { interval: 1, unit: 'seconds', start: 'all', pageSize: 50, window: 50 },
  'twinflow-writer': { batchSize: 20 },
  debug: { active: true, console: true },
};

/** Bytes of a file: most are small, one takes a moment. */
const CONTENTS: [name: string, bytes: () => Buffer][] = [
  ['image.png', () => randomBytes(20_000)],
  // pasted again: equal in name and size
  ['image.png', () => randomBytes(20_000)],
  ['empty.txt', () => Buffer.alloc(0)],
  ['Übersicht 🚢 #1 & so.txt', () => Buffer.from('ä'.repeat(1_000))],
  ['large.bin', () => randomBytes(4_000_000)],
  ['.gitignore', () => Buffer.from('node_modules\n')],
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const shown = ({ name, sha256: digest }: { name: string; sha256: string }): string => `${name} ${digest.slice(0, 16)}`;

describe('e2e/files-jira-azure-devops: attachments both ways', function () {
  this.timeout(240_000);
  let red: NodeRed;
  let vendors: Vendors;
  /** what people have attached, by bug */
  const expected = new Map<string, string[]>();

  before(async () => {
    vendors = await startVendors({ jira: { indexLagMs: 300 } });
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
      const title = String(issue.values.summary);
      const item = vendors.item(title);
      return item ? [{ title, issue, item, inJira: filesIn(issue), inAzure: vendors.filesOf(item) }] : [];
    });
  const there = (): number => pairs().reduce((sum, { inJira, inAzure }) => sum + inJira.length + inAzure.length, 0);

  /** What differs from what people have attached. */
  const differences = (): string[] =>
    pairs().flatMap(({ title, inJira, inAzure }) => {
      const wanted = JSON.stringify(expected.get(title)?.toSorted() ?? []);
      return [inJira, inAzure].flatMap((files, side) => {
        const found = JSON.stringify(files.map(shown).sort());
        return found === wanted ? [] : [`${title}, side ${side + 1}: ${found} in place of ${wanted}`];
      });
    });

  it('of a backlog arrive once with their bytes, over three kills and lost answers', async () => {
    const { jira, azure } = vendors;
    for (let bug = 0; bug < BUGS; bug++) {
      const issue = vendors.createIssue({ summary: `Issue ${bug}` });
      const item = vendors.createItem({ 'System.Title': `Item ${bug}` });
      for (const [name, content] of CONTENTS) {
        const [one, two] = [content(), content()];
        vendors.attachInJira(issue, name, one);
        vendors.attachInAzure(item, name, two);
        for (const [title, bytes] of [[`Issue ${bug}`, one] as const, [`Item ${bug}`, two] as const])
          expected.set(title, [...(expected.get(title) ?? []), shown({ name, sha256: sha256(bytes) })]);
      }
    }
    const lost = Array.from({ length: 3 }, () => 'POST /issue/{issueIdOrKey}/attachments');
    jira.faults.lostAnswers.push(...lost);
    await red.deploy(withAttachments(vendors.flow(QUICK)));
    const originals = 2 * BUGS * CONTENTS.length;
    for (const share of [0.05, 0.35, 0.65]) {
      await until(`${share * 100} % have arrived`, () => there() >= originals * (1 + share), 120_000, 5);
      azure.loseNextAnswer = true;
      const isInTheMiddle = there() < 2 * originals;
      await red.restart('SIGKILL');
      assert.ok(isInTheMiddle, `killed when all of ${originals} had arrived`);
    }
    await until('all have arrived', () => there() >= 2 * originals, 120_000);
    await quiet(vendors, 120_000);
    assert.deepEqual(differences(), []);
    assert.equal(there(), 2 * originals);
    assert.deepEqual(jira.faults.lostAnswers, [], 'all were lost');
    assert.equal(azure.loseNextAnswer, false, 'the last one was lost');
  });

  it('rest after that', async () => {
    vendors.jira.requests.splice(0);
    vendors.azure.requests.splice(0);
    await sleep(4_000);
    assert.deepEqual([...jiraWrites(vendors.jira), ...azureWrites(vendors.azure)], []);
  });

  it('follow the deletions of their originals, and stay if a copy is deleted', async () => {
    const { jira } = vendors;
    const alice = jira.person('alice');
    const byTitle = (title: string) => pairs().find((pair) => pair.title === title) ?? assert.fail(title);
    const [ours, theirs] = [byTitle('Issue 0'), byTitle('Item 0')];
    const drop = (title: string, file: { name: string; sha256: string }) => {
      const all = expected.get(title) ?? [];
      expected.set(title, all.toSpliced(all.indexOf(shown(file)), 1));
    };
    const [first] = ours.issue.attachments;
    const [second] = theirs.inAzure;
    assert.ok(first && second);
    jira.site.detach(alice, ours.issue, first);
    vendors.detachInAzure(theirs.item.id, second);
    drop('Issue 0', { name: first.name, sha256: first.stored.sha256 });
    drop('Item 0', second);
    await until('the copies are gone', () => differences().length === 0, 60_000);

    const { inAzure, item, inJira } = byTitle('Issue 1');
    const [copy] = inAzure;
    assert.ok(copy);
    vendors.detachInAzure(item.id, copy);
    await quiet(vendors, 120_000);
    const after = byTitle('Issue 1');
    assert.deepEqual(after.inJira, inJira, 'the original stays');
    assert.deepEqual(after.inAzure.map(shown), inAzure.slice(1).map(shown), 'the copy stays away');
  });

  it('cost few requests: one to read each and one or two to write it, with nothing to look for', async () => {
    const { jira, azure } = vendors;
    const [pair] = pairs();
    assert.ok(pair);
    await quiet(vendors, 120_000);
    jira.requests.splice(0);
    azure.requests.splice(0);
    const had = there();
    for (let file = 0; file < 3; file++) {
      vendors.attachInJira(pair.issue, `ours ${file}.txt`, randomBytes(1_000));
      vendors.attachInAzure(pair.item.id, `theirs ${file}.txt`, randomBytes(1_000));
    }
    await until('they have arrived', () => there() >= had + 12, 60_000);
    await quiet(vendors, 120_000);
    assert.equal(there(), had + 12);
    const count = (all: string[], pattern: RegExp) => all.filter((one) => pattern.test(one)).length;
    assert.equal(count(jira.requests, /^GET .*attachment\/content/), 3);
    assert.equal(count(jira.requests, /^POST .*\/attachments$/), 3);
    assert.equal(count(azure.requests, /^GET .*wit\/attachments/), 3);
    assert.equal(count(azure.requests, /^POST .*wit\/attachments/), 3);
    assert.equal(count(azure.requests, /^PATCH /), 3);
  });

  it('break the description of neither API, and keep contents out of the log', () => {
    assert.deepEqual(vendors.azure.violations, []);
    assert.deepEqual(vendors.jira.violations ?? [], []);
    assert.doesNotMatch(red.log, /\[error\]/);
  });
});
