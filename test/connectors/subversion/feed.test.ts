/** What is new in real Subversion repositories: by number, each once. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../lib/connectors/connector';
import { subversion } from '../../../lib/connectors/subversion';
import { plain, revisionsIn } from '../../../lib/connectors/subversion/log';
import { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { COMMITS, poll, programs, SvnRepository } from './repository';

describeWith('Subversion: what is new', programs(), function () {
  this.timeout(60_000);
  let demo: SvnRepository;
  let connection: Connection;

  beforeEach(() => {
    demo = new SvnRepository();
    connection = demo.connect();
  });
  afterEach(async () => {
    await connection.close?.();
    demo.close();
  });

  const newest = async (scope = COMMITS) => {
    const checkpoint = await connection.newest(scope);
    assert.ok(checkpoint);
    return checkpoint;
  };

  it('is a revision with its message, author, time, branches, paths and work items', async () => {
    demo.layout();
    const since = await newest();
    assert.equal(connection.revisionIn?.(since), 'demo r1');
    const number = demo.put('trunk/ä & b.txt', 'Mend <the> door, fixes #12 & DEMO-7\n\nMore "words"');
    const { entities, checkpoint } = await poll(connection, since);
    const [commit, ...others] = entities;
    assert.equal(others.length, 0);
    assert.ok(commit);
    const { committed, ...fields } = commit.fields;
    assert.ok(Math.abs(Date.parse(String(committed)) - Date.now()) < 120_000);
    assert.deepEqual(
      [commit.id, commit.key, commit.createdAt, commit.updatedAt],
      [`demo:r${number}`, 'r2', committed, committed],
    );
    assert.deepEqual(fields, {
      summary: 'Mend <the> door, fixes #12 & DEMO-7',
      message: { format: 'text', content: 'Mend <the> door, fixes #12 & DEMO-7\n\nMore "words"' },
      ...{
        workItems: ['12', 'DEMO-7'],
        author: { login: 'alice', name: 'alice' },
        revision: 2,
        repository: 'demo',
        url: null,
      },
      ...{ branches: ['trunk'], paths: ['/trunk/ä & b.txt'] },
    });
    assert.deepEqual(await connection.read(COMMITS, [commit.id, 'demo:r99', 'other:r1']), [
      commit,
      undefined,
      undefined,
    ]);
    assert.deepEqual(await connection.byKey?.(' R2 '), commit);
    assert.deepEqual((await poll(connection, checkpoint)).entities, []);
    assert.deepEqual(
      (await connection.latest?.(COMMITS, 1))?.map(({ key }) => key),
      ['r2'],
    );
  });

  it('begins at the newest revision, and with the first one where there is none', async () => {
    const empty = await newest();
    assert.equal(connection.revisionIn?.(empty), undefined);
    demo.commit('First');
    demo.commit('Second');
    assert.deepEqual((await poll(connection, empty)).keys, ['r1', 'r2']);
    assert.deepEqual((await poll(connection, undefined)).keys, ['r1', 'r2']);
    assert.deepEqual((await poll(connection, await newest())).keys, []);
  });

  it('comes page by page, and goes on after each page, also in another process', async () => {
    const since = await newest();
    for (let n = 0; n < 9; n++) demo.commit(`Many ${n}`);
    const all = (await poll(connection, since, COMMITS, 50)).keys;
    const small = await poll(connection, since, COMMITS, 2);
    assert.deepEqual(small.keys, all);
    assert.equal(all.length, 9);
    assert.ok(small.pages >= 5);
    const seen: string[] = [];
    for await (const page of connection.changes(COMMITS, since, 4)) {
      for (const { key } of page.entities) seen.push(key);
      const other = demo.connect();
      assert.deepEqual([...seen, ...(await poll(other, page.checkpoint)).keys], all);
      await other.close?.();
    }
  });

  it('is once for each work item, with its closing word', async () => {
    const since = await newest();
    demo.commit('Closes #1 and #2. See #3');
    demo.commit('Nothing');
    const scope = { ...COMMITS, types: ['commit-item'] };
    const { entities } = await poll(connection, since, scope);
    assert.deepEqual(
      entities.map(({ fields: { workItem, keyword } }) => [
        workItem,
        keyword && typeof keyword === 'object' && 'name' in keyword ? keyword.name : null,
      ]),
      [
        ['1', 'closes'],
        ['2', 'closes'],
        ['3', null],
      ],
    );
    assert.deepEqual(await connection.read(scope, [entities[1]?.id ?? '']), [entities[1]]);
  });

  it('is a tag, with what it was copied from', async () => {
    demo.layout();
    const since = await newest();
    const number = demo.put('trunk/a.txt', 'A');
    demo.commit('Release 1.0', 'cp', String(number), `${demo.url}/trunk`, `${demo.url}/tags/1.0`);
    const { entities } = await poll(connection, since, { ...COMMITS, types: ['tag'] });
    const [tag] = entities;
    assert.equal(entities.length, 1);
    assert.deepEqual([tag?.key, tag?.fields.from, tag?.fields.fromRevision], ['1.0', '/trunk', number]);
    assert.deepEqual(await connection.read({ ...COMMITS, types: ['tag'] }, [tag?.id ?? '']), [tag]);
  });

  it('of a branch as a project is what changes its folder; each revision belongs to the first project', async () => {
    demo.layout();
    demo.commit('Branch', 'cp', 'HEAD', `${demo.url}/trunk`, `${demo.url}/branches/one`);
    assert.deepEqual(
      (await connection.projects()).map(({ id }) => id),
      ['demo', 'demo:trunk', 'demo:branches/one'],
    );
    const scope = { projects: ['demo:branches/one', 'demo:trunk'], types: ['commit'] };
    const since = await newest(scope);
    demo.put('branches/one/a.txt', 'In the branch');
    demo.put('trunk/b.txt', 'In the trunk');
    demo.put('branches/onemore.txt', 'Beside it');
    demo.commit(
      'In both',
      ...['branches/one/c', 'trunk/c'].flatMap((path) => ['put', '/dev/null', `${demo.url}/${path}`]),
    );
    const { entities } = await poll(connection, since, scope);
    assert.deepEqual(
      entities.map(({ project, fields: { summary } }) => [project, summary]),
      [
        ['demo:branches/one', 'In the branch'],
        ['demo:trunk', 'In the trunk'],
        ['demo:branches/one', 'In both'],
      ],
    );
  });

  it('of a folder as the address is what changes it, with its branches', async () => {
    demo.commit('Product', ...['p', 'p/trunk', 'q'].flatMap((name) => ['mkdir', `${demo.url}/${name}`]));
    const part = demo.connect({ repositories: `${demo.url}/p/` });
    const scope = { projects: ['p'], types: ['commit'] };
    const since = await part.newest(scope);
    demo.put('q/a.txt', 'Elsewhere');
    demo.put('p/trunk/a.txt', 'Here');
    for (let n = 0; n < 3; n++) demo.put(`q/b${n}`, 'Elsewhere');
    const { entities, checkpoint } = await poll(part, since, scope, 1);
    assert.deepEqual(
      entities.map(({ fields: { summary, branches } }) => [summary, branches]),
      [['Here', ['trunk']]],
    );
    assert.deepEqual((await poll(part, checkpoint, scope)).keys, []);
    assert.deepEqual(
      (await part.projects()).map(({ id }) => id),
      ['p', 'p:trunk'],
    );
    await part.close?.();
  });

  it('stops where the repository was restored from a backup, or is another one', async () => {
    demo.commit('One');
    cpSync(demo.path, join(demo.folder, 'backup'), { recursive: true });
    demo.commit('Two');
    demo.commit('Three');
    const since = await newest();
    rmSync(demo.path, { recursive: true });
    cpSync(join(demo.folder, 'backup'), demo.path, { recursive: true });
    await assert.rejects(poll(connection, since), /goes backwards: revision 3 was read, the newest is 1 now/);
    rmSync(demo.path, { recursive: true });
    execFileSync('svnadmin', ['create', demo.path]);
    for (let n = 0; n < 4; n++) demo.commit('Other');
    await assert.rejects(poll(connection, since), (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError);
      assert.equal(thrown.kind, 'fatal');
      assert.match(thrown.message, /another one than before/);
      return true;
    });
  });

  it('begins at a time by the clock of the server, and waits for one that has not come yet', async () => {
    demo.commit('Before');
    const first = (await poll(connection, undefined)).entities[0];
    // revisions have microseconds
    await sleep(5);
    demo.commit('After');
    const later = new Date(Date.parse(first?.updatedAt ?? '') + 2).toISOString();
    assert.deepEqual((await poll(connection, connection.checkpointAt(first?.updatedAt ?? ''))).keys, ['r1', 'r2']);
    assert.deepEqual((await poll(connection, connection.checkpointAt(later))).keys, ['r2']);
    const future = await poll(connection, connection.checkpointAt('2099-01-01T00:00:00Z'));
    assert.deepEqual(future.keys, []);
    demo.commit('Still before');
    assert.deepEqual((await poll(connection, future.checkpoint)).keys, []);
  });

  it('keeps odd messages and names apart, and a message that was edited later has another version', async () => {
    const since = await newest();
    const message = ' ]]> </msg> <logentry revision="9"> &amp; \u00e4\u{1F600}\n';
    demo.commit(message);
    demo.commit('');
    const { entities } = await poll(connection, since);
    const [odd, none] = entities;
    assert.equal(entities.length, 2);
    assert.deepEqual(odd?.fields.message, { format: 'text', content: message });
    assert.equal(none?.fields.message, null);
    execFileSync('svnadmin', ['setrevprop', demo.path, '-r', '1', 'svn:log', '/dev/null']);
    const [read] = await connection.read(COMMITS, [odd?.id ?? '']);
    assert.ok(read && !(read instanceof SyncError));
    assert.notEqual(read.version, odd?.version);
  });

  it('a revision with very many paths comes with the first thousand of them', async () => {
    const since = await newest();
    const many = Array.from({ length: 1_500 }, (_, n) => ['mkdir', `${demo.url}/folder-${n}`]).flat();
    demo.commit('Very many', ...many);
    const [commit] = (await poll(connection, since)).entities;
    assert.ok(Array.isArray(commit?.fields.paths) && commit.fields.paths.length === 1_000);
  });

  it('says what to do about a repository that is not there, and a server that does not answer', async () => {
    for (const [url, kind, words] of [
      [`file://${demo.folder}/nothing`, 'notFound', /Check the address/],
      ['svn://127.0.0.1:1/none', 'transient', /tries again/],
      ['http://127.0.0.1:1/none', 'transient', /tries again/],
    ] as const) {
      const other = demo.connect({ repositories: url });
      await assert.rejects(other.identify(), (thrown: unknown) => {
        assert.ok(thrown instanceof SyncError);
        assert.equal(thrown.kind, kind, thrown.message);
        assert.match(thrown.message, words);
        return true;
      });
      await other.close?.();
    }
  });

  it('has a folder of its own for the settings of the program', async () => {
    await connection.identify();
    assert.ok(existsSync(join(demo.folder, 'data', 'twinflow-svn')));
  });
});

describe('Subversion: what it is given', () => {
  for (const address of [
    '--config-option=servers:global:x=y',
    '-q',
    'svn+ssh://example.com/app',
    'svn+harm://example.com/app',
    'SVN+SSH://example.com/app',
    'ext::sh -c touch% harm',
    'ssh://example.com/app',
    'javascript://x/app',
    '/srv/svn/app',
    'relative/path',
    'https://user:secret@example.com/app',
    'https://',
    'http://-oProxyCommand=harm/app',
    'file://host/app',
    'https://example.com/app?x=1',
    'file:///repo\u0000x',
  ]) {
    it(`refuses the address ${JSON.stringify(address)}, naming the input`, () => {
      assert.throws(
        () => subversion.connect({ repositories: address, auth: 'none' }, { dataFolder: '/nowhere/twinflow' }),
        (thrown: unknown) => {
          assert.ok(thrown instanceof SyncError);
          assert.equal(thrown.kind, 'invalid');
          assert.deepEqual(Object.keys(thrown.detail.fields ?? {}), ['repositories']);
          assert.ok(!thrown.message.includes('secret'));
          return true;
        },
      );
    });
  }

  it('reads logs as Subversion writes them, and stands still at none', () => {
    assert.equal(plain('a &lt;b&gt; &amp;amp; &#228; &#x1F600; &nbsp; &#0;'), 'a <b> &amp; ä 😀 &nbsp; ');
    const start = performance.now();
    revisionsIn(`<log>${'<logentry revision="1"><msg>'.repeat(20_000)}`);
    revisionsIn(`<logentry revision="1">${'<path action="M" '.repeat(50_000)}`);
    assert.ok(performance.now() - start < 5_000);
  });
});
