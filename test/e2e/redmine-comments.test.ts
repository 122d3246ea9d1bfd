/**
 * Two real Redmine servers of different markup and a real Node-RED that is killed five times: what people say, edit and delete on
 * both sides is there once, in its order, and nothing is written that nobody asked for.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { type Note, Notes } from '../support/redmine-notes';
import { until } from '../support/wait';

const ISSUES = 40;
/** on each issue, one side after the other */
const SAID = 5;
const POLL_SECONDS = 2;
const KILLS = 4;

const COMMENTS = {
  ...{ id: 'comments', role: 'comment', direction: 'both' },
  ...{ one: { id: 'comment', name: 'Comment' }, two: { id: 'comment', name: 'Comment' } },
};

function flow(a: RedmineServer, b: RedmineServer) {
  const end = (server: RedmineServer) => ({ url: server.url, key: server.key('sync') });
  return redmineFlow(1, end(a), end(b), POLL_SECONDS).map((node) =>
    node.type === 'twinflow-integration'
      ? { ...node, typePairs: (node.typePairs as object[]).map((pair) => ({ ...pair, parts: [COMMENTS] })) }
      : node,
  );
}

describeWithRedmine('e2e/redmine: comments', function (a, b) {
  this.timeout(900_000);
  const run = `#${Date.now().toString(36)}`;
  const sides = [new Notes(a, run), new Notes(b, run)] as const;
  const subjects = Array.from({ length: ISSUES }, (_, index) => `Talk ${index} ${run}`);
  /** by side, the issue's number by its title */
  let numbers: [Map<string, number>, Map<string, number>];
  let red: NodeRed;

  const issue = (side: 0 | 1, subject: string): number => numbers[side].get(subject) ?? assert.fail(subject);
  const notes = (side: 0 | 1, subject: string): Promise<Note[]> => sides[side].of(issue(side, subject));
  /** All notes of a side by title. */
  const all = async (side: 0 | 1): Promise<Map<string, Note[]>> => {
    const found = new Map<string, Note[]>();
    for (const subject of subjects) found.set(subject, await notes(side, subject));
    return found;
  };
  const tokens = (there: Map<string, Note[]>): Record<string, string[]> =>
    Object.fromEntries([...there].map(([subject, list]) => [subject, list.map(({ token }) => token).sort()]));
  /** Waits until both sides hold the same comments of each issue. */
  const agreed = (expected: Record<string, string[]>) =>
    until(
      'both sides hold the same comments',
      async () => {
        const [here, there] = [tokens(await all(0)), tokens(await all(1))];
        assert.deepEqual(here, expected);
        assert.deepEqual(there, expected);
        return true;
      },
      300_000,
      4_000,
    );

  before(async () => {
    for (const server of [a, b]) server.reset();
    red = await NodeRed.start();
    await red.deploy(flow(a, b));
    await sleep(2 * POLL_SECONDS * 1_000);
    for (const [index, subject] of subjects.entries()) await sides[index % 2 === 0 ? 0 : 1].open(subject);
    numbers = await until(
      'all issues are there on both sides',
      async () => {
        const found: typeof numbers = [await sides[0].issues(), await sides[1].issues()];
        return found.every((side) => subjects.every((subject) => side.has(subject))) ? found : false;
      },
      300_000,
      2_000,
    );
  });

  after(() => red?.stop());

  it(`arrive once each and in order, although Node-RED is killed ${KILLS + 1} times; edits and deletions follow`, async () => {
    const expected: Record<string, string[]> = Object.fromEntries(subjects.map((subject) => [subject, []]));
    let count = 0;
    let fault: unknown;
    const people = (async () => {
      for (let round = 0; round < SAID; round += 1)
        for (const [index, subject] of subjects.entries()) {
          const side = (index + round) % 2 === 0 ? 0 : 1;
          const token = `c${++count}v1`;
          const bold = side === 0 ? '**bold**' : '*bold*';
          // what many say is said in the same words
          await sides[side].say(issue(side, subject), `${token} is ${bold}.\n\n* one\n* two & <three>`, count % 2);
          expected[subject]?.push(token);
        }
    })().catch((thrown: unknown) => {
      fault = thrown;
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await until(
        'more has been said',
        () => fault !== undefined || count >= (kill * SAID * ISSUES) / (KILLS + 1),
        120_000,
      );
      assert.equal(fault, undefined);
      await red.restart('SIGKILL');
    }
    await people;
    for (const list of Object.values(expected)) list.sort();
    await agreed(expected);

    const before = [await all(0), await all(1)] as const;
    for (const subject of subjects) {
      const [here, there] = [before[0].get(subject) ?? [], before[1].get(subject) ?? []];
      // those of one side have their order; between the sides, whose came first nobody can say
      for (const author of ['Alice Adams', 'Bob Brown']) {
        const own = (list: Note[]) => list.filter((note) => note.author === author).map(({ token }) => token);
        const copies = (list: Note[], of: string[]) =>
          list.map(({ token }) => token).filter((token) => of.includes(token));
        assert.deepEqual(copies(there, own(here)), own(here), `${subject}: copies of ${author}'s, by side 1`);
        assert.deepEqual(copies(here, own(there)), own(there), `${subject}: copies of ${author}'s, by side 2`);
      }
      for (const note of here.filter(({ author }) => author === 'Sync Robot')) assert.match(note.text, /\*\*bold\*\*/);
      for (const note of there.filter(({ author }) => author === 'Sync Robot'))
        assert.match(note.text, /[^*]\*bold\*[^*]/);
    }

    // people edit originals and copies, and delete originals; one of a side's issues is touched so that it is looked at
    const touched = new Map<string, 0 | 1>();
    for (const [index, subject] of subjects.slice(0, 16).entries()) {
      const side = index % 2 === 0 ? 0 : 1;
      const [own] = (before[side].get(subject) ?? []).filter(({ author }) => author !== 'Sync Robot');
      const [copy] = (before[side].get(subject) ?? []).filter(({ author }) => author === 'Sync Robot');
      const note = index % 4 < 2 ? own : copy;
      assert.ok(note && own);
      const list = expected[subject] ?? [];
      if (index < 8) {
        const edited = note.token.replace('v1', 'v2');
        await sides[side].edit(note.id, note.text.replace(note.token, edited));
        list.splice(list.indexOf(note.token), 1, edited);
      } else {
        await sides[side].remove(own.id);
        list.splice(list.indexOf(own.token), 1);
      }
      await sides[side].touch(issue(side, subject), 10);
      touched.set(subject, side);
      if (index === 7) await red.restart('SIGKILL');
    }
    for (const list of Object.values(expected)) list.sort();
    await agreed(expected);

    // what would come twice, or come back, has time to
    await sleep(3 * POLL_SECONDS * 1_000);
    await agreed(expected);
    for (const subject of subjects)
      for (const side of [0, 1] as const) {
        const asked = touched.get(subject) === (side === 0 ? 1 : 0) ? ['done_ratio'] : [];
        const written = (await sides[side].written(issue(side, subject))).filter((name) => name !== '1');
        assert.deepEqual(written, asked, `${subject}: fields written on side ${side + 1}`);
      }
  });
});
