/**
 * A push to a real git repository, and the builds that a real Buildbot makes of it, arrive at an issue of a real Redmine, in a Node-RED that is
 * killed in between: a comment for the commit, one for the build, both once, and what they say of its state. A failing builder opens a bug, once.
 */

import assert from 'node:assert/strict';
import { BUILDER, type BuildServer, buildServer } from '../support/buildbot';
import { describeWith } from '../support/need';
import { type FlowNode, NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  description: string;
  status: { name: string };
  custom_fields: { id: number; value: string }[];
  journals?: { notes: string | null }[];
}

const text = (id: string, name: string) => ({ id, name, type: 'text' });
const TEXT = { id: 'text', name: 'Text', type: 'richtext', format: 'markdown' };
const MESSAGE = { id: 'message', name: 'Message', type: 'richtext', format: 'text' };
const forward = { direction: 'forward' };
const template = (two: object, words: string, fields: object[]) => ({
  ...{ two, ...forward },
  transform: { forward: { kind: 'template', template: words, fields } },
});
const system = (id: string, kind: string, config: object, more = {}): FlowNode => ({
  // an id that is a kind as well would be a circle for Node-RED
  ...{ id: `the-${id}`, type: 'twinflow-system', name: id, kind, version: 1, config, ...more },
});
const NOTE = { id: 'item-comment', name: 'Comment on an item' };
const STATUS = { id: 'item.status', name: 'Item: Status', type: 'lookup' };

function flow(server: BuildServer, redmine: RedmineServer): FlowNode[] {
  const chain = (id: string, source: string, project: string, typePairs: object[], mappers: FlowNode[]): FlowNode[] => {
    const wired = mappers.map((node, index) => ({ ...node, wires: [[mappers[index + 1]?.id ?? `${id}-write`]] }));
    return [
      {
        ...{
          id,
          type: 'twinflow-integration',
          name: `The ${id}`,
          active: true,
          system1: `the-${source}`,
          system2: 'the-redmine',
          typePairs,
        },
        projectPairs: [{ one: { id: project, name: project }, two: { id: '1', name: 'Alpha' }, ...forward }],
        ...{ backlinks: {}, retries: 3, lostAfterMs: 600_000, version: 2 },
      },
      {
        ...{ id: `${id}-poll`, type: 'twinflow-poller', z: 'tab', integration: id, side: '1', schedule: 'interval' },
        ...{ interval: 1, unit: 'seconds', start: 'newest', pageSize: 100, window: 200, version: 1 },
        wires: [[mappers[0]?.id ?? '']],
      },
      ...wired,
      {
        ...{ id: `${id}-write`, type: 'twinflow-writer', z: 'tab', integration: id, batchSize: 50, dryRun: false },
        ...{ version: 1, wires: [[]] },
      },
    ];
  };
  const mapper = (id: string, integration: string, type: string, pairs: string[], rows: object[]): FlowNode => ({
    ...{ id, type: `twinflow-${type}-mapper`, z: 'tab', integration, pairs, rows, version: 1, wires: [] },
  });
  const lookup = (id: string, name: string) => ({ id, name, type: 'lookup' });
  return [
    { id: 'tab', type: 'tab', label: 'Builds' },
    system('git', 'git', { repositories: server.repository, auth: 'none' }),
    system('buildbot', 'buildbot', { url: server.url, auth: 'none' }),
    system(
      'redmine',
      'redmine',
      { url: redmine.url, auth: 'apiKey', textFormatting: 'markdown', concurrency: '2' },
      { credentials: { apiKey: redmine.key('sync') } },
    ),
    ...chain(
      'commits',
      'git',
      'repo',
      [{ id: 'commit', one: { id: 'commit-item', name: 'Commit, for each work item' }, two: NOTE, ...forward }],
      [
        mapper(
          'commit-fields',
          'commits',
          'field',
          ['commit'],
          [
            { one: text('workItem', 'Work item'), two: text('item', 'Item'), ...forward },
            template(TEXT, '**{{author}}** committed {{sha}}:\n\n{{message}}', [
              { id: 'author', name: 'Author', type: 'user' },
              text('sha', 'Revision'),
              MESSAGE,
            ]),
            { one: lookup('keyword', 'Closing word'), two: STATUS, ...forward },
          ],
        ),
        mapper(
          'commit-values',
          'commits',
          'value',
          ['commit'],
          [
            {
              ...{ one: lookup('keyword', 'Closing word'), two: STATUS },
              pairs: [{ one: { id: 'fixes', name: 'fixes' }, two: { id: '3', name: 'Resolved' }, ...forward }],
            },
          ],
        ),
      ],
    ),
    ...chain(
      'builds',
      'buildbot',
      BUILDER,
      [
        { id: 'build', one: { id: 'build-item', name: 'Build, for each work item' }, two: NOTE, ...forward },
        { id: 'broken', one: { id: 'broken', name: 'Broken builder' }, two: { id: '1', name: 'Bug' }, ...forward },
      ],
      [
        mapper(
          'build-fields',
          'builds',
          'field',
          ['build'],
          [
            { one: text('workItem', 'Work item'), two: text('item', 'Item'), ...forward },
            template(TEXT, 'Build {{summary}}, revision {{revision}}', [
              text('summary', 'Summary'),
              text('revision', 'Revision'),
            ]),
            { one: lookup('results', 'Result'), two: text('item.cf_1', 'Item: External ID'), ...forward },
          ],
        ),
        mapper(
          'bug-fields',
          'builds',
          'field',
          ['broken'],
          [
            { one: text('summary', 'Summary'), two: text('subject', 'Subject'), ...forward },
            template({ ...TEXT, id: 'description', name: 'Description' }, '{{state}}\n\n{{message}}', [
              text('state', 'What failed'),
              MESSAGE,
            ]),
            { one: lookup('broken', 'State'), two: lookup('status', 'Status'), ...forward },
          ],
        ),
        mapper(
          'bug-values',
          'builds',
          'value',
          ['broken'],
          [
            {
              ...{ one: lookup('broken', 'State'), two: lookup('status', 'Status') },
              pairs: [
                { one: { id: 'broken', name: 'broken' }, two: { id: '1', name: 'New' }, ...forward },
                { one: { id: 'good', name: 'good again' }, two: { id: '5', name: 'Closed' }, ...forward },
              ],
            },
          ],
        ),
      ],
    ),
  ];
}

describeWith('e2e/redmine: commits and builds', buildServer(), (server: BuildServer) => {
  describeWithRedmine('arrive at the issues that they name', function (a) {
    this.timeout(600_000);
    const run = Date.now().toString(36);
    const alice = a.as('alice');
    let red: NodeRed;

    before(async () => {
      a.reset();
      // the builder is good, and nothing runs
      await server.buildOf(server.push(`Start ${run}`));
      red = await NodeRed.start();
      await red.deploy(flow(server, a));
      await until('both have begun', async () => {
        const { items } = await red.get<{ items: { sides?: { begun?: boolean }[] }[] }>('/twinflow/operations');
        return items.length === 2 && items.every(({ sides }) => sides?.[0]?.begun === true);
      });
    });
    after(async () => {
      await red?.stop();
      server.close();
      a.reset();
    });

    const open = async (subject: string): Promise<number> => {
      const issue = { project_id: 1, tracker_id: 1, subject };
      return (await alice.post<{ issue: Issue }>('/issues.json', { issue })).issue.id;
    };
    const read = async (id: number): Promise<Issue> =>
      (await alice.get<{ issue: Issue }>(`/issues/${id}.json?include=journals`)).issue;
    const notes = async (id: number, what: RegExp): Promise<string[]> =>
      ((await read(id)).journals ?? []).flatMap(({ notes: said }) => (said && what.test(said) ? [said] : []));
    const bugs = async (): Promise<Issue[]> => {
      const query = 'project_id=1&status_id=*&limit=100&sort=id:desc';
      const { issues } = await alice.get<{ issues: Issue[] }>(`/issues.json?${query}`);
      return issues.filter(({ subject }) => subject.startsWith(`${BUILDER} fails since build`));
    };
    const killed = async (): Promise<void> => {
      await red.kill('SIGKILL');
      await red.restart();
    };

    it('a commit as a comment and a status, its build as another comment and a field', async () => {
      const [door, window] = [await open(`Door ${run}`), await open(`Window ${run}`)];
      const sha = server.push(`Oil the hinges ${run}\n\nFixes #${door}. See #${window}, #99999.`);
      const { number } = await server.buildOf(sha);
      await until(
        'all of it is there',
        async () => {
          for (const issue of [door, window]) {
            if ((await notes(issue, new RegExp(`committed ${sha}`))).length === 0) return false;
            if ((await notes(issue, new RegExp(`Build ${BUILDER} #${number}: success`))).length === 0) return false;
          }
          return true;
        },
        120_000,
      );
      const [first, second] = [await read(door), await read(window)];
      assert.deepEqual([first.status.name, second.status.name], ['Resolved', 'New']);
      for (const { custom_fields } of [first, second])
        assert.equal(custom_fields.find(({ id }) => id === 1)?.value, 'success');
      const [words = ''] = await notes(door, /committed/);
      assert.match(words, /\*\*Alice\*\* committed/);
      assert.match(words, /Oil the hinges/);
    });

    it('each once, through kills', async () => {
      const item = await open(`Often ${run}`);
      const shas: string[] = [];
      for (let n = 0; n < 4; n++) shas.push(server.push(`Part ${n} of #${item} ${run}`));
      const committed = () => notes(item, /committed/);
      await until('one is there', async () => (await committed()).length > 0, 120_000);
      await killed();
      await server.buildOf(shas.at(-1) ?? '');
      await killed();
      await until('all are there', async () => (await committed()).length >= 4, 120_000);
      const last = server.push(`The last of #${item} ${run}`);
      const { number } = await server.buildOf(last);
      await until(
        'so is the last build',
        async () => (await notes(item, new RegExp(`#${number}: success`))).length > 0,
        120_000,
      );
      await until('and the last commit', async () => (await committed()).length >= 5, 120_000);
      for (const sha of [...shas, last])
        assert.equal((await notes(item, new RegExp(`committed ${sha}`))).length, 1, sha);
      const builds = await notes(item, /^Build /);
      assert.deepEqual(builds, [...new Set(builds)], 'no build comes twice');
    });

    it('a failing build opens a bug, once, through kills; a good one closes it', async () => {
      const first = server.push(`Break it FAIL ${run}`);
      const { number } = await server.buildOf(first);
      await killed();
      await until('the bug is there', async () => (await bugs()).length > 0, 120_000);
      await killed();
      const [bug] = await bugs();
      assert.equal(bug?.subject, `${BUILDER} fails since build ${number}`);
      assert.equal(bug.status.name, 'New');
      assert.match(bug.description, /Break it FAIL/);
      await server.buildOf(server.push(`Still broken FAIL ${run}`));
      await killed();
      await server.buildOf(server.push(`Mended ${run}`));
      await until('the bug is closed', async () => (await bugs())[0]?.status.name === 'Closed', 120_000);
      assert.deepEqual(
        (await bugs()).map(({ id }) => id),
        [bug.id],
      );
      const again = await server.buildOf(server.push(`Break it again FAIL ${run}`));
      await until('the next failure is another bug', async () => (await bugs()).length === 2, 120_000);
      assert.equal((await bugs())[0]?.subject, `${BUILDER} fails since build ${again.number}`);
      await server.buildOf(server.push(`Mended again ${run}`));
      await until('it is closed, too', async () => (await bugs())[0]?.status.name === 'Closed', 120_000);
      assert.equal((await bugs()).length, 2);
    });
  });
});
