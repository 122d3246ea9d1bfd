/**
 * A connector that is a file in the user's folder, and one that ships as a file, in a real Node-RED: the file is a type in the system
 * form, issues go both ways, and a Node-RED that is killed in the middle makes nothing twice.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOKEN as GITHUB_TOKEN, REPOSITORY, startGithub } from '../connectors/declared/github';
import { TOKEN as GITLAB_TOKEN, PROJECT, startGitlab } from '../connectors/declared/gitlab';
import type { StandIn } from '../connectors/declared/stand-in';
import { type FlowNode, NodeRed, projectRoot } from '../support/node-red';
import { until } from '../support/wait';

const COUNT = 12;

/** The file that ships, under another name. */
const FILE = readFileSync(join(projectRoot, 'lib/connectors/declared/files/gitlab.yaml'), 'utf8')
  .replace('kind: gitlab', 'kind: our-gitlab')
  .replace('label: GitLab', 'label: Our GitLab');

function flow(github: StandIn, gitlab: StandIn): FlowNode[] {
  const node = (id: string, type: string, wires: string[], more: object): FlowNode => ({
    ...{ id, type: `twinflow-${type}`, z: 'tab', name: '', integration: 'integration', x: 200, y: 100, wires: [wires] },
    ...{ version: 1, ...more },
  });
  const system = { type: 'twinflow-system', proxy: '', tls: '', ignoreOwn: false, version: 1 };
  const poller = { schedule: 'interval', interval: 1, unit: 'seconds', pageSize: 50, window: 100, start: 'newest' };
  const state = { id: 'state', name: 'State', type: 'lookup' };
  const pair = (one: string, two: string) => ({ one: { name: one }, two: { name: two }, direction: 'both' });
  const title = { id: 'title', name: 'Title', type: 'text' };
  const text = { type: 'richtext', format: 'markdown' };
  return [
    { id: 'tab', type: 'tab', label: 'Issues' },
    {
      ...{ ...system, id: 'system1', name: 'GitHub', kind: 'github', config: { url: github.url } },
      credentials: { token: GITHUB_TOKEN },
    },
    {
      ...{ ...system, id: 'system2', name: 'Our GitLab', kind: 'our-gitlab', config: { url: gitlab.url } },
      credentials: { token: GITLAB_TOKEN },
    },
    {
      ...{ id: 'integration', type: 'twinflow-integration', name: 'Issues', active: true, retries: 3, version: 2 },
      ...{ system1: 'system1', system2: 'system2', lostAfterMs: 600_000 },
      projectPairs: [
        { one: { id: REPOSITORY, name: REPOSITORY }, two: { id: PROJECT, name: 'octo/hello' }, direction: 'both' },
      ],
      typePairs: [
        { id: 'issue', one: { id: 'issue', name: 'Issue' }, two: { id: 'issue', name: 'Issue' }, direction: 'both' },
      ],
    },
    node('poller1', 'poller', ['fields'], { ...poller, side: '1' }),
    node('poller2', 'poller', ['fields'], { ...poller, side: '2' }),
    node('fields', 'field-mapper', ['values'], {
      pairs: 'all',
      rows: [
        { one: { ...title, maxLength: 256 }, two: { ...title, maxLength: 255 }, direction: 'both' },
        {
          one: { id: 'body', name: 'Description', ...text },
          two: { id: 'description', name: 'Description', ...text },
          direction: 'both',
        },
        { one: state, two: state, direction: 'both' },
      ],
    }),
    node('values', 'value-mapper', ['writer'], {
      pairs: 'all',
      rows: [{ one: state, two: state, pairs: [pair('open', 'opened'), pair('closed', 'closed')] }],
    }),
    node('writer', 'writer', ['landed'], { batchSize: 20 }),
    { id: 'landed', type: 'debug', z: 'tab', name: '', active: true, console: false, x: 400, y: 100, wires: [] },
    { id: 'failed', type: 'catch', z: 'tab', name: '', scope: null, x: 200, y: 300, wires: [['shown']] },
    { id: 'shown', type: 'debug', z: 'tab', name: '', active: true, console: true, x: 400, y: 300, wires: [] },
  ];
}

describe('e2e/connectors that are files', function () {
  this.timeout(240_000);
  const userDir = mkdtempSync(join(tmpdir(), 'twinflow-files-'));
  let github: StandIn;
  let gitlab: StandIn;
  let red: NodeRed;

  const titled = (server: StandIn, title: string) => server.rows.filter(({ item }) => item.title === title);

  before(async () => {
    const folder = join(userDir, 'twinflow', 'connectors');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'our-gitlab.yaml'), FILE);
    writeFileSync(
      join(folder, 'broken.yaml'),
      FILE.replace('kind: our-gitlab', 'kind: broken').replace('step: 1ms', 'step: 1'),
    );
    [github, gitlab] = [await startGithub(), await startGitlab()];
    red = await NodeRed.start({ userDir });
    await red.deploy(flow(github, gitlab));
    await until('both systems are polled', () =>
      [github, gitlab].every(({ seen }) =>
        seen.some(({ path }) => path.includes('order_by=updated_at') || path.includes('since=')),
      ),
    );
  });
  after(async () => {
    await red?.stop();
    await Promise.all([github?.stop(), gitlab?.stop()]);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are types in the system form; a file with an error is in the log, with its line', async () => {
    const { items } = await red.get<{
      items: { kind: string; label: string; config: { name: string; hint?: string }[] }[];
    }>('/twinflow/connectors');
    const own = items.find(({ kind }) => kind === 'our-gitlab');
    assert.equal(own?.label, 'Our GitLab');
    assert.deepEqual(
      own.config.map(({ name }) => name),
      ['url', 'token'],
    );
    assert.match(own.config[1]?.hint ?? '', /with the scope api/);
    assert.ok(!items.some(({ kind }) => kind === 'broken'));
    const line = FILE.split('\n').findIndex((text) => text.includes('step: 1ms')) + 1;
    assert.match(
      red.log,
      new RegExp(`connector file .*broken\\.yaml:${line}: types\\[0\\]\\.changes\\.step: a duration`),
    );
  });

  it('carry issues and edits both ways, with states in each other’s words', async () => {
    github.create('issue', REPOSITORY, { title: `It's "one"`, body: 'a **b**\nc' }, 'alice');
    const copy = await until('the issue is in GitLab', () => titled(gitlab, `It's "one"`)[0]);
    assert.match(String(copy.item.description), /a \*\*b\*\*/);
    assert.equal(copy.item.state, 'opened');
    gitlab.change(copy, { state_event: 'close', title: 'Closed there' });
    const original = await until('the edit is in GitHub', () => {
      const [row] = titled(github, 'Closed there');
      return row?.item.state === 'closed' ? row : undefined;
    });
    assert.equal(original.item.body, 'a **b**\nc');
    gitlab.create('issue', PROJECT, { title: 'From GitLab' }, 'alice');
    await until('the issue is in GitHub', () => titled(github, 'From GitLab')[0]);
  });

  it('make nothing twice when Node-RED is killed in the middle', async () => {
    const titles = Array.from({ length: COUNT }, (_, at) => `Killed ${at}`);
    for (const [at, title] of titles.entries())
      if (at % 2 === 0) github.create('issue', REPOSITORY, { title }, 'alice');
      else gitlab.create('issue', PROJECT, { title }, 'alice');
    await until(
      'some have arrived',
      () => titles.filter((title) => titled(gitlab, title).length > 0).length > COUNT / 2 + 1,
    );
    await red.restart('SIGKILL');
    for (const server of [github, gitlab])
      await until('all have arrived', () => titles.every((title) => titled(server, title).length > 0), 60_000);
    // two more polls of both sides could still bring something twice
    const polls = [github, gitlab].map(({ seen }) => seen.length);
    await until('both are polled again', () =>
      [github, gitlab].every(({ seen }, at) => seen.length > (polls[at] ?? 0) + 4),
    );
    for (const server of [github, gitlab])
      assert.deepEqual(
        titles.filter((title) => titled(server, title).length !== 1),
        [],
      );
  });
});
