/**
 * Two real Redmine servers and a real Node-RED that is killed while files are on their way: each file is there once on both sides,
 * with the same bytes, and nothing comes back.
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachTo } from '../connectors/redmine/files';
import { NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine, type RedmineApi, type RedmineServer } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

const ISSUES = 5;
const POLL_SECONDS = 2;

const FILES = {
  ...{ id: 'files', role: 'attachment', direction: 'both' },
  ...{ one: { id: 'attachment', name: 'Attachment' }, two: { id: 'attachment', name: 'Attachment' } },
};

/** Bytes of a file: most are small, some take a moment. */
const CONTENTS: [name: string, bytes: () => Buffer][] = [
  ['image.png', () => randomBytes(20_000)],
  // pasted again: equal in name and size
  ['image.png', () => randomBytes(20_000)],
  ['empty.txt', () => Buffer.alloc(0)],
  ['Übersicht 🚢 #1 & so.txt', () => Buffer.from('ä'.repeat(1_000))],
  ['large.bin', () => randomBytes(6_000_000)],
  ['.gitignore', () => Buffer.from('node_modules\n')],
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

interface Shown {
  id: number;
  filename: string;
  author: { name: string };
  content_url: string;
}

describeWithRedmine('e2e/redmine: attachments', function (a, b) {
  this.timeout(600_000);
  const run = `#${Date.now().toString(36)}`;
  const people: [RedmineApi, RedmineApi] = [a.as('alice'), b.as('alice')];
  const subjects = Array.from({ length: ISSUES }, (_, index) => `Files ${index} ${run}`);
  const proxies: RecordingProxy[] = [];
  let numbers: [Map<string, number>, Map<string, number>];
  let red: NodeRed;

  const numbersOf = async (api: RedmineApi): Promise<Map<string, number>> => {
    const query = `project_id=1&status_id=*&limit=100&subject=~${encodeURIComponent(run)}`;
    const { issues } = await api.get<{ issues: { id: number; subject: string }[] }>(`/issues.json?${query}`);
    return new Map(issues.map(({ id, subject }) => [subject, id]));
  };
  const issue = (side: 0 | 1, subject: string): number => numbers[side].get(subject) ?? assert.fail(subject);
  const shown = async (side: 0 | 1, subject: string): Promise<Shown[]> => {
    const path = `/issues/${issue(side, subject)}.json?include=attachments`;
    return (await people[side].get<{ issue: { attachments: Shown[] } }>(path)).issue.attachments;
  };
  /** Name and SHA-256 of each attachment, sorted. */
  const filesOf = async (side: 0 | 1, subject: string): Promise<string[]> => {
    const files: string[] = [];
    for (const { id, filename } of await shown(side, subject)) {
      const { url, key } = people[side];
      const answer = await fetch(`${url}/attachments/download/${id}`, { headers: { 'X-Redmine-API-Key': key } });
      assert.equal(answer.status, 200, `${filename} of ${subject} on side ${side + 1}`);
      files.push(`${filename} ${sha256(new Uint8Array(await answer.arrayBuffer()))}`);
    }
    return files.sort();
  };
  const countOf = async (side: 0 | 1): Promise<number> => {
    let count = 0;
    for (const subject of subjects) count += (await shown(side, subject)).length;
    return count;
  };
  const agreed = async (expected: Map<string, string[]>): Promise<void> => {
    const wanted = [...expected.values()].flat().length;
    await until(
      'both sides show as many files as there are',
      async () => (await countOf(0)) === wanted && (await countOf(1)) === wanted,
      240_000,
      3_000,
    );
    for (const subject of subjects)
      for (const side of [0, 1] as const)
        assert.deepEqual(
          await filesOf(side, subject),
          expected.get(subject)?.toSorted(),
          `${subject}, side ${side + 1}`,
        );
  };

  before(async () => {
    for (const server of [a, b]) server.reset();
    const end = async (server: RedmineServer) => {
      const proxy = await recordingProxy(server.url);
      proxies.push(proxy);
      return { url: proxy.url, key: server.key('sync') };
    };
    const flow = redmineFlow(1, await end(a), await end(b), POLL_SECONDS).map((node) =>
      node.type === 'twinflow-integration'
        ? { ...node, typePairs: (node.typePairs as object[]).map((pair) => ({ ...pair, parts: [FILES] })) }
        : node,
    );
    red = await NodeRed.start();
    await red.deploy(flow);
    await sleep(2 * POLL_SECONDS * 1_000);
    for (const [index, subject] of subjects.entries())
      await people[index % 2 === 0 ? 0 : 1].post('/issues.json', {
        issue: { project_id: 1, tracker_id: 1, subject },
      });
    numbers = await until(
      'all issues are there on both sides',
      async () => {
        const found: typeof numbers = [await numbersOf(people[0]), await numbersOf(people[1])];
        return found.every((side) => subjects.every((subject) => side.has(subject))) ? found : false;
      },
      120_000,
      2_000,
    );
  });

  after(async () => {
    await red?.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  it('arrive once each with their bytes, although Node-RED is killed four times; deletions follow', async () => {
    const expected = new Map<string, string[]>(subjects.map((subject) => [subject, []]));
    for (const [round, [name, bytes]] of CONTENTS.entries()) {
      for (const [index, subject] of subjects.entries()) {
        const side = (index + round) % 2 === 0 ? 0 : 1;
        const content = bytes();
        await attachTo(people[side], issue(side, subject), name, new Uint8Array(content));
        expected.get(subject)?.push(`${name} ${sha256(content)}`);
      }
      if (round % 2 === 1 || round === 4) {
        // something is on its way
        const sent = proxies.map((proxy) => proxy.writes().length);
        await until(
          'a file is on its way',
          () => proxies.some((proxy, index) => proxy.writes().length > (sent[index] ?? 0)),
          60_000,
          20,
        );
        await red.restart('SIGKILL');
      }
    }
    await agreed(expected);

    // an original that is deleted: its copy follows; a copy that is deleted leaves the original
    const [first = '', second = ''] = subjects;
    const original = (await shown(0, first)).find(({ author }) => author.name !== 'Sync Robot');
    const copy = (await shown(1, second)).find(({ author }) => author.name === 'Sync Robot');
    assert.ok(original && copy);
    const before = await shown(0, second);
    await people[0].delete(`/attachments/${original.id}.json`);
    await people[1].delete(`/attachments/${copy.id}.json`);
    // Redmine does not tell: the next change of the issue brings it
    await people[0].put(`/issues/${issue(0, first)}.json`, { issue: { done_ratio: 10 } });
    await people[1].put(`/issues/${issue(1, second)}.json`, { issue: { done_ratio: 10 } });
    await until(
      'the copy of the deleted original is gone',
      async () => (await shown(1, first)).length === CONTENTS.length - 1,
      60_000,
      2_000,
    );
    await sleep(3 * POLL_SECONDS * 1_000);
    assert.deepEqual(await filesOf(1, first), await filesOf(0, first));
    assert.deepEqual(await shown(0, second), before, 'the original stays');
    assert.equal((await shown(1, second)).length, CONTENTS.length - 1, 'the copy stays away');
  });

  it('cost few requests: one to read each, three to write it, and no more once they rest', async () => {
    const [, , third = ''] = subjects;
    await sleep(3 * POLL_SECONDS * 1_000);
    const had = (await shown(1, third)).length;
    for (const proxy of proxies) proxy.clear();
    const added = 5;
    for (let file = 0; file < added; file += 1)
      await attachTo(people[0], issue(0, third), `file ${file}.txt`, new Uint8Array(randomBytes(1_000)));
    await until('they arrive', async () => (await shown(1, third)).length === had + added, 60_000, 1_000);
    await sleep(3 * POLL_SECONDS * 1_000);
    /** what is no poll, and no question whether projects and roles are still there */
    const requests = proxies.map(({ requests: all }) =>
      all
        .map(({ method, path }) => `${method} ${path.replace(/\d+/g, 'N')}`)
        .filter((one) => /uploads|attachments|issues\/N/.test(one)),
    );
    const [reads = [], writes = []] = requests;
    assert.equal(reads.filter((one) => one.includes('download')).length, added);
    const isWrite = (one: string): boolean => /^(POST|PUT) /.test(one) || one.startsWith('GET /issues/');
    assert.equal(writes.filter(isWrite).length, 3 * added, writes.join('\n'));
    // with each poll that brings the issue, at most one for all of its files
    const looked = [reads, writes].map((side) => side.filter((one) => one.includes('include=relations%NCattach')));
    for (const side of looked) assert.ok(side.length <= added + 1, side.join('\n'));
    assert.equal(reads.length, added + (looked[0]?.length ?? 0), reads.join('\n'));
  });
});
