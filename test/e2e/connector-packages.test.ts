/**
 * A connector that an npm package registers, in a real Node-RED: while the package is missing, its system waits and says why; once it is
 * there, the system goes on at once, without a deploy.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { TOKEN as GITHUB_TOKEN, REPOSITORY, startGithub } from '../connectors/declared/github';
import { TOKEN as GITLAB_TOKEN, PROJECT, startGitlab } from '../connectors/declared/gitlab';
import type { StandIn } from '../connectors/declared/stand-in';
import { type FlowNode, linkPackage, NodeRed, projectRoot } from '../support/node-red';
import { until } from '../support/wait';

const FILES = join(projectRoot, 'lib/connectors/declared/files');
const PACKAGE = 'node-red-twinflow-acme';

/** As an installation does, it registers while Node-RED runs: as soon as a file is there. */
const PLUGIN = `
const { existsSync } = require('node:fs');
const { join } = require('node:path');
module.exports = (RED) => {
  const timer = setInterval(() => {
    if (!existsSync(join(__dirname, 'installed'))) return;
    clearInterval(timer);
    const connector = require('./acme.json');
    RED.plugins.registerPlugin('twinflow-acme', { type: 'twinflow-connector', api: 1, connector });
  }, 50);
};
`;

function flow(github: StandIn, gitlab: StandIn): FlowNode[] {
  const node = (id: string, type: string, wires: string[], more: object): FlowNode => ({
    ...{ id, type: `twinflow-${type}`, z: 'tab', name: '', integration: 'integration', x: 200, y: 100, wires: [wires] },
    ...{ version: 1, ...more },
  });
  const system = { type: 'twinflow-system', proxy: '', tls: '', ignoreOwn: false, version: 1 };
  const poller = { schedule: 'interval', interval: 1, unit: 'seconds', pageSize: 50, window: 100, start: 'newest' };
  const title = { id: 'title', name: 'Title', type: 'text' };
  const issue = { id: 'issue', name: 'Issue' };
  return [
    { id: 'tab', type: 'tab', label: 'Issues' },
    {
      ...{ ...system, id: 'system1', name: 'GitHub', kind: 'github', config: { url: github.url } },
      credentials: { token: GITHUB_TOKEN },
    },
    {
      ...{ ...system, id: 'system2', name: 'Acme', kind: 'acme', config: { url: gitlab.url } },
      credentials: { token: GITLAB_TOKEN },
    },
    {
      ...{ id: 'integration', type: 'twinflow-integration', name: 'Issues', active: true, retries: 3, version: 2 },
      ...{ system1: 'system1', system2: 'system2', lostAfterMs: 600_000 },
      projectPairs: [
        { one: { id: REPOSITORY, name: REPOSITORY }, two: { id: PROJECT, name: 'octo/hello' }, direction: 'both' },
      ],
      typePairs: [{ id: 'issue', one: issue, two: issue, direction: 'both' }],
    },
    node('poller1', 'poller', ['fields'], { ...poller, side: '1' }),
    node('poller2', 'poller', ['fields'], { ...poller, side: '2' }),
    node('fields', 'field-mapper', ['writer'], {
      pairs: 'all',
      rows: [{ one: { ...title, maxLength: 256 }, two: { ...title, maxLength: 255 }, direction: 'both' }],
    }),
    node('writer', 'writer', ['landed'], { batchSize: 20 }),
    { id: 'landed', type: 'debug', z: 'tab', name: '', active: true, console: false, x: 400, y: 100, wires: [] },
    { id: 'failed', type: 'catch', z: 'tab', name: '', scope: null, x: 200, y: 300, wires: [['shown']] },
    { id: 'shown', type: 'debug', z: 'tab', name: '', active: true, console: true, x: 400, y: 300, wires: [] },
  ];
}

describe('e2e/connectors of packages', function () {
  this.timeout(120_000);
  const userDir = mkdtempSync(join(tmpdir(), 'twinflow-packages-'));
  const folder = join(userDir, 'node_modules', PACKAGE);
  let github: StandIn;
  let gitlab: StandIn;
  let red: NodeRed;

  const kinds = async (): Promise<string[]> =>
    (await red.get<{ items: { kind: string }[] }>('/twinflow/connectors')).items.map(({ kind }) => kind);

  before(async () => {
    linkPackage(userDir);
    mkdirSync(folder, { recursive: true });
    const manifest = { name: PACKAGE, version: '1.2.3', 'node-red': { plugins: { acme: 'plugin.js' } } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'plugin.js'), PLUGIN);
    const file: unknown = parse(readFileSync(join(FILES, 'gitlab.yaml'), 'utf8'));
    writeFileSync(join(folder, 'acme.json'), JSON.stringify({ ...Object(file), kind: 'acme', label: 'Acme' }));
    const dependencies = { '@twinflow/node-red-sync': '*', [PACKAGE]: '*' };
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'twinflow-test', dependencies }));
    [github, gitlab] = [await startGithub(), await startGitlab()];
    red = await NodeRed.start({ userDir });
    await red.deploy(flow(github, gitlab));
  });
  after(async () => {
    await red?.stop();
    await Promise.all([github?.stop(), gitlab?.stop()]);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are missed while the package is not there: the system says so, nothing is lost, and Node-RED runs', async () => {
    type State = { sides?: { system: { why?: string } }[] };
    const why = async () =>
      (await red.get<{ items: State[] }>('/twinflow/operations')).items[0]?.sides?.[1]?.system.why;
    const said = await until('the system says what is missing', why);
    assert.match(
      said,
      /^System "Acme" cannot be used: There is no connector for the system type "acme"\. If it comes with/,
    );
    assert.ok(!(await kinds()).includes('acme'));
    await until('the other system is polled', () => github.seen.some(({ path }) => path.includes('since=')));
    github.create('issue', REPOSITORY, { title: 'Waits for the package' }, 'alice');
    assert.equal(gitlab.seen.length, 0);
  });

  it('are used as soon as it is there, without a deploy, and what waited arrives once', async () => {
    writeFileSync(join(folder, 'installed'), '');
    const titled = () => gitlab.rows.filter(({ item }) => item.title === 'Waits for the package');
    await until('the issue is there', () => titled()[0], 20_000);
    assert.ok((await kinds()).includes('acme'));
    const polls = gitlab.seen.length;
    await until('it is polled again', () => gitlab.seen.length > polls + 3);
    assert.equal(titled().length, 1);
  });
});
