/** HTTP requests per landed change between two real Redmine servers, all polls on both sides included. */

import { setTimeout as sleep } from 'node:timers/promises';
import { attachmentsOf, attachTo } from '../connectors/redmine/files';
import { example } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { type Recorded, recordingProxy } from '../support/proxy';
import type { RedmineServer } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { Notes } from '../support/redmine-notes';
import { until } from '../support/wait';

const ALPHA = 1;
const LONGEST_MS = 20 * 60_000;

export interface RedmineFigures {
  changes: number;
  requestsPerLandedChange: number;
  requests: Record<string, number>;
}

async function total(server: RedmineServer): Promise<number> {
  const answer = await server
    .as('admin')
    .get<{ total_count: number }>(`/issues.json?project_id=${ALPHA}&status_id=*&limit=1`);
  return answer.total_count;
}

/** @param changes issues created on the first server, waiting as a backlog when the sync begins */
export async function benchRedmine(a: RedmineServer, b: RedmineServer, changes: number): Promise<RedmineFigures> {
  a.reset();
  b.reset();
  const [one, two] = [await recordingProxy(a.url), await recordingProxy(b.url)];
  const ends = [
    { url: one.url, key: a.key('sync') },
    { url: two.url, key: b.key('sync') },
  ];
  const flow = example('redmine-both-ways', {
    'twinflow-poller': { interval: 10, unit: 'seconds', start: 'newest' },
    debug: { active: false },
  }).map((node) => {
    const end = node.type === 'twinflow-system' ? ends.shift() : undefined;
    if (!end) return node;
    return { ...node, config: { ...(node.config as object), url: end.url }, credentials: { apiKey: end.key } };
  });
  const red = await NodeRed.start();
  try {
    await red.deploy(flow);
    await sleep(3_000);
    const before = await total(b);
    one.clear();
    two.clear();
    const alice = a.as('alice');
    for (let n = 0; n < changes; n += 1) {
      await alice.post('/issues.json', {
        issue: { project_id: ALPHA, tracker_id: 1, subject: `Backlog ${n}`, description: `Step ${n}`, priority_id: 3 },
      });
    }
    const end = Date.now() + LONGEST_MS;
    while ((await total(b)) < before + changes) {
      if (Date.now() > end) throw new Error('the backlog did not arrive');
      await sleep(1_000);
    }
    // the echoes are part of the price
    await sleep(25_000);
    const all = [...one.requests, ...two.requests];
    const requests: Record<string, number> = {};
    for (const { method } of all) requests[method] = (requests[method] ?? 0) + 1;
    return { changes, requestsPerLandedChange: Math.round((all.length / changes) * 1000) / 1000, requests };
  } finally {
    await red.stop();
    await one.stop();
    await two.stop();
    a.reset();
    b.reset();
  }
}

export interface CommentRequests {
  /** requests about notes – reading an issue's, adding, changing – on both servers for each comment that arrived */
  comment: number;
  /** the same for each edit that arrived, the issue being touched so that it is looked at */
  commentEdit: number;
  /** requests about attachments – looking, reading, uploading, attaching, reading back – for each that arrived */
  attachment: number;
}

const COMMENTS = {
  ...{ id: 'comments', role: 'comment', direction: 'both' },
  ...{ one: { id: 'comment', name: 'Comment' }, two: { id: 'comment', name: 'Comment' } },
};

const FILES = {
  ...{ id: 'files', role: 'attachment', direction: 'both' },
  ...{ one: { id: 'attachment', name: 'Attachment' }, two: { id: 'attachment', name: 'Attachment' } },
};

const isAboutNotes = ({ method, path, body }: Recorded): boolean =>
  path.includes('include=journals') || (method === 'PUT' && body.includes('"notes"'));
const isAboutFiles = ({ method, path, body }: Recorded): boolean =>
  /attachments|uploads/.test(path) || (method === 'PUT' && body.includes('"uploads"'));

/** @param issues each of which gets five comments, of which one is edited, and two files */
export async function benchRedmineComments(
  a: RedmineServer,
  b: RedmineServer,
  issues: number,
): Promise<CommentRequests> {
  a.reset();
  b.reset();
  const [one, two] = [await recordingProxy(a.url), await recordingProxy(b.url)];
  const flow = redmineFlow(ALPHA, { url: one.url, key: a.key('sync') }, { url: two.url, key: b.key('sync') }, 10).map(
    (node) =>
      node.type === 'twinflow-integration'
        ? { ...node, typePairs: (node.typePairs as object[]).map((pair) => ({ ...pair, parts: [COMMENTS, FILES] })) }
        : node,
  );
  const red = await NodeRed.start();
  try {
    await red.deploy(flow);
    await sleep(3_000);
    const run = `#${Date.now().toString(36)}`;
    const [here, there] = [new Notes(a, run), new Notes(b, run)];
    const subjects = Array.from({ length: issues }, (_, n) => `Talk ${n} ${run}`);
    for (const subject of subjects) await here.open(subject);
    const arrived = (what: string, is: () => Promise<boolean>) => until(what, is, LONGEST_MS, 1_000);
    await arrived('the issues are there', async () => (await there.issues()).size >= issues);
    await sleep(25_000);
    const [ours, theirs] = [await here.issues(), await there.issues()];
    const tokens = async (): Promise<string[]> => {
      const lists = await Promise.all([...theirs.values()].map((issue) => there.of(issue)));
      return lists.flat().map(({ token }) => token);
    };
    const cost = async (
      count: number,
      people: () => Promise<void>,
      is: () => Promise<boolean>,
      isAbout = isAboutNotes,
    ): Promise<number> => {
      one.clear();
      two.clear();
      await people();
      await arrived('it is there', is);
      await sleep(25_000);
      const about = [...one.requests, ...two.requests].filter(isAbout);
      return Math.round((about.length / count) * 1000) / 1000;
    };
    let count = 0;
    const comment = await cost(
      issues * 5,
      async () => {
        for (const issue of ours.values()) for (let n = 0; n < 5; n += 1) await here.say(issue, `c${++count}v1 said`);
      },
      async () => (await tokens()).length >= issues * 5,
    );
    const commentEdit = await cost(
      issues,
      async () => {
        for (const issue of ours.values()) {
          const [note] = await here.of(issue);
          if (note) await here.edit(note.id, note.text.replace('v1', 'v2'));
          await here.touch(issue, 10);
        }
      },
      async () => (await tokens()).filter((token) => token.endsWith('v2')).length >= issues,
    );
    const alice = a.as('alice');
    const attachment = await cost(
      issues * 2,
      async () => {
        for (const issue of ours.values())
          for (const name of ['a.txt', 'b.txt'])
            await attachTo(alice, issue, name, new Uint8Array(Buffer.from(`${issue} ${name}`)));
      },
      async () => {
        const lists = await Promise.all([...theirs.values()].map((issue) => attachmentsOf(b.as('alice'), issue)));
        return lists.flat().length >= issues * 2;
      },
      isAboutFiles,
    );
    return { comment, commentEdit, attachment };
  } finally {
    await red.stop();
    await one.stop();
    await two.stop();
    a.reset();
    b.reset();
  }
}
