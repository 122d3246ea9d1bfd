/** Addresses, messages and servers that mean harm, or are only strange. */

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { git } from '../../../lib/connectors/git';
import { Mirror } from '../../../lib/connectors/git/mirror';
import { Git } from '../../../lib/connectors/git/program';
import { readPatterns } from '../../../lib/connectors/kit/work-items';
import { SyncError } from '../../../lib/model/errors';
import { COMMITS, poll, Repository } from './repository';

const connect = (repositories: string, more = {}) =>
  git.connect({ repositories, ...more }, { dataFolder: '/nowhere/twinflow' });

describe('git: what it is given', function () {
  this.timeout(60_000);

  for (const address of [
    '--upload-pack=touch harm',
    '-u/repo',
    'ext::sh -c touch% harm',
    'fd::17/foo',
    'ssh://-oProxyCommand=harm/repo',
    '-oProxyCommand=harm:repo',
    'javascript://x/repo',
    'relative/path',
    '../up',
    'https://user:secret@example.com/repo.git',
    'https://',
    'file:///repo\u0000x',
  ]) {
    it(`refuses the address ${JSON.stringify(address)}, naming the input`, () => {
      assert.throws(
        () => connect(address),
        (thrown: unknown) => {
          assert.ok(thrown instanceof SyncError);
          assert.equal(thrown.kind, 'invalid');
          assert.deepEqual(Object.keys(thrown.detail.fields ?? {}), ['repositories']);
          return true;
        },
      );
    });
  }

  it('takes paths, URLs and what ssh takes, and tells repositories of the same name apart', async () => {
    const addresses = ['/srv/git/app.git', 'https://git.example.com/a/app', 'git@example.com:team/tools.git'];
    const connection = connect(addresses.join(', '));
    const named = async (project: string) => (await connection.entityTypes(project)).length;
    assert.equal(await named('tools'), 3);
    await assert.rejects(named('app'), /no repository "app"/);
    await connection.close?.();
  });

  it('refuses a login for other addresses than https, patterns without a place, and pages that are none', () => {
    const fails = (config: object, field: string) =>
      assert.throws(
        () => connect('/srv/app.git', config),
        (thrown: unknown) => thrown instanceof SyncError && Object.keys(thrown.detail.fields ?? {}).includes(field),
      );
    fails({ auth: 'login', login: 'me', password: 'secret' }, 'repositories');
    fails({ workItems: 'refs' }, 'workItems');
    fails({ workItems: '{word}' }, 'workItems');
    fails({ page: 'javascript:alert(1)' }, 'page');
  });

  it('finds ids by patterns, in the order of the text, and never stands still', () => {
    const find = readPatterns('#{number}, {key}-{number}, Fixes {number}');
    const ids = find('DEMO-7, #12 and (#3) Fixes  44, a#5, #6b').map(({ id }) => id);
    assert.deepEqual(ids, ['DEMO-7', '12', '3', '44']);
    const start = performance.now();
    find(`${'A'.repeat(50_000)}-${'#'.repeat(50_000)}`);
    find(`Fixes ${' '.repeat(90_000)}1`);
    assert.ok(performance.now() - start < 2_000);
  });

  it('says what to do about a repository that is not there', async () => {
    const demo = new Repository();
    const connection = demo.connect({ repositories: join(demo.folder, 'nothing.git') });
    for (const ask of [
      () => connection.identify(),
      () => poll(connection, undefined, { scope: { projects: ['nothing'], types: ['commit'] } }),
    ])
      await assert.rejects(ask, (thrown: unknown) => {
        assert.ok(thrown instanceof SyncError);
        assert.equal(thrown.kind, 'notFound');
        assert.match(thrown.message, /^Repository "nothing": .*Check the address/);
        return true;
      });
    await connection.close?.();
    demo.close();
  });

  it('keeps odd messages: another encoding, none, a very long one, an address of nobody', async () => {
    const demo = new Repository();
    const connection = demo.connect();
    const since = await connection.newest(COMMITS);
    demo.git('config', 'i18n.commitEncoding', 'iso-8859-1');
    writeFileSync(join(demo.folder, 'message'), Buffer.from('Gr\xfc\xdfe', 'latin1'));
    demo.git('commit', '--quiet', '--allow-empty', '-F', join(demo.folder, 'message'));
    demo.git('config', '--unset', 'i18n.commitEncoding');
    demo.git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '-m', '');
    demo.commit(`Long ${'x'.repeat(1_000_000)}`);
    demo.push();
    const { entities } = await poll(connection, since);
    assert.deepEqual(
      entities.map(({ fields }) => fields.summary?.toString().slice(0, 10) ?? null),
      ['Grüße', null, 'Long xxxxx'],
    );
    const [, , long] = entities;
    const message = long?.fields.message;
    assert.ok(message && typeof message === 'object' && 'content' in message && message.content.length < 300_000);
    await connection.close?.();
    demo.close();
  });

  it("runs no hook and no command of the repository's or the machine's settings", async () => {
    const demo = new Repository();
    const harm = join(demo.folder, 'harm');
    demo.run(demo.bare, 'config', 'core.fsmonitor', `touch ${harm}`);
    demo.run(demo.bare, 'config', 'uploadpack.packObjectsHook', `touch ${harm}`);
    const before = process.env.GIT_CONFIG_PARAMETERS;
    process.env.GIT_CONFIG_PARAMETERS = `'core.sshCommand=touch ${harm}'`;
    try {
      const connection = demo.connect();
      demo.commit('One');
      demo.push();
      assert.deepEqual((await poll(connection, undefined)).names, ['One']);
      await connection.close?.();
    } finally {
      if (before === undefined) delete process.env.GIT_CONFIG_PARAMETERS;
      else process.env.GIT_CONFIG_PARAMETERS = before;
    }
    assert.ok(!existsSync(harm));
    demo.close();
  });

  it('ends a fetch that takes too much room, or too long, and all that runs when it is closed', async () => {
    const demo = new Repository();
    demo.commit('One');
    demo.push();
    const repository = { name: 'demo', address: demo.bare };
    const program = new Git();
    await assert.rejects(new Mirror(program, repository, join(demo.data, 'small.git'), 10).fetch(), /larger than 0 GB/);
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const server = createServer(() => asked()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const connection = demo.connect({ repositories: `http://127.0.0.1:${port}/slow.git` });
    const polled = poll(connection, undefined, { scope: { projects: ['slow'], types: ['commit'] } });
    polled.catch(() => undefined);
    await arrived;
    await connection.close?.();
    await assert.rejects(polled, /the connection was closed/);
    const never = ['ls-remote', `http://127.0.0.1:${port}/never.git`];
    await assert.rejects(program.run(undefined, never, { about: 'x', timeoutMs: 100 }), /x: .* was stopped/);
    server.closeAllConnections();
    server.close();
    demo.close();
  });

  it('sends login and password to the server of the repository, and shows them to nobody', async () => {
    const demo = new Repository();
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end('no');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const connection = demo.connect({
      repositories: `http://127.0.0.1:${port}/app.git`,
      ...{ auth: 'login', login: 'me', password: 'very secret' },
    });
    await assert.rejects(connection.identify(), (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError);
      assert.equal(thrown.kind, 'auth');
      assert.ok(!JSON.stringify([thrown.message, thrown.detail]).includes('very secret'));
      return true;
    });
    assert.equal(seen[0], `Basic ${Buffer.from('me:very secret').toString('base64')}`);
    await connection.close?.();
    server.close();
    demo.close();
  });
});
