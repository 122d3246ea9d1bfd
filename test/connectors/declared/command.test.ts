/** `twinflow-connector check` and `probe`: what anyone can run against a file and a system, without writing to it. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { command } from '../../../lib/connectors/declared/command';
import { projectRoot } from '../../support/node-red';
import { REPOSITORY, startGithub, TOKEN } from './github';
import { changed } from './small';
import type { StandIn } from './stand-in';

const GITHUB = join(projectRoot, 'lib/connectors/declared/files/github.yaml');

async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await command(args, (line) => lines.push(line), env);
  return { code, said: lines.join('\n') };
}

describe('twinflow-connector check', () => {
  it('says what a good file declares', async () => {
    const { code, said } = await run(['check', GITHUB]);
    assert.equal(code, 0);
    assert.match(said, /good\. Kind github[\s\S]*issue: \d+ fields, feed by time, created and updated/);
  });

  it('lists all problems of another one with file and line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-check-'));
    try {
      const file = join(folder, 'bad.yaml');
      writeFileSync(file, stringify(changed('http.base', 'ftp://x', changed('types.0.changes.step', '1'))));
      const { code, said } = await run(['check', file]);
      assert.equal(code, 1);
      assert.match(said, /bad\.yaml:\d+: types\[0\]\.changes\.step: a duration/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('explains itself, and names a file that is not there', async () => {
    assert.deepEqual(
      [(await run([])).code, (await run(['write', GITHUB])).code, (await run(['check', 'none.yaml'])).code],
      [2, 2, 2],
    );
    assert.match((await run([])).said, /check FILE/);
  });
});

describe('twinflow-connector probe', () => {
  let server: StandIn;
  beforeEach(async () => {
    server = await startGithub();
    server.stopped = Date.parse('2026-03-01T12:00:00Z');
    for (let at = 0; at < 70; at++) {
      // several of one second, as after a bulk edit
      server.stopped += at % 5 === 0 ? 61_000 : 0;
      server.create('issue', REPOSITORY, { title: `title ${at}` }, 'alice');
    }
  });
  afterEach(() => server.stop());

  const probe = (...more: string[]) =>
    run(['probe', GITHUB, '--set', `url=${server.url}`, '--project', REPOSITORY, ...more], { TWINFLOW_TOKEN: TOKEN });

  it('measures a system that does as its file says, and only reads', async () => {
    const { code, said } = await probe();
    assert.equal(code, 0, said);
    for (const line of [
      /✔ account: sync on GitHub/,
      /✔ Issue: a poll from 2099 is empty: yes/,
      /✔ Issue: shown times have steps of: 1 s/,
      /✔ Issue: filter: \{from\} excludes its own time/,
      /✔ Issue: oldest first: \d+ items in order/,
      /an unknown parameter: is ignored/,
      /✔ Issue: pages of 7 and of 50 give the same items: yes, 70/,
      /✔ Issue: a list and a read show the same version: yes/,
    ])
      assert.match(said, line);
    assert.ok(server.seen.every(({ method }) => method === 'GET'));
    assert.ok(!said.includes(TOKEN));
  });

  it('finds an order that is ignored, and a filter that is ignored', async () => {
    server.change(server.row(3), { title: 'changed last' });
    server.ignores = 'order';
    const order = await probe();
    assert.equal(order.code, 1);
    assert.match(order.said, /✘ Issue: (newest|oldest) first/);
    server.ignores = 'filters';
    const filter = await probe();
    assert.equal(filter.code, 1);
    assert.match(filter.said, /✘ Issue: a poll from 2099 is empty: .* does not filter/);
    assert.match(filter.said, /✘ Issue: filter: .*brings items \d+.* s before it/);
  });

  it('takes no secret as an argument, and says what a setting lacks', async () => {
    assert.equal((await probe('--set', `token=${TOKEN}`)).code, 2);
    const { code, said } = await run(['probe', GITHUB]);
    assert.equal(code, 2);
    assert.match(said, /Token is missing/);
  });

  it('says so where the account is refused', async () => {
    const { code, said } = await run(['probe', GITHUB, '--set', `url=${server.url}`], {
      TWINFLOW_TOKEN: 'wrong-token',
    });
    assert.equal(code, 1);
    assert.match(said, /✘ answer: .*Bad credentials/);
  });
});
