/** What is new in a real repository: by ancestry, whatever the dates say, and each once. */

import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../../lib/connectors/connector';
import { SyncError } from '../../../lib/model/errors';
import { COMMITS, poll, Repository } from './repository';

describe('git: what is new', function () {
  this.timeout(60_000);
  let demo: Repository;
  let connection: Connection;

  beforeEach(() => {
    demo = new Repository();
    connection = demo.connect();
  });
  afterEach(async () => {
    await connection.close?.();
    demo.close();
  });

  it('is a commit with its message, people, times, branches, paths and work items', async () => {
    demo.commit('Start');
    demo.push();
    const since = await connection.newest(COMMITS);
    const date = '2026-05-01T10:00:00+02:00';
    const sha = demo.commit('Mend the door, fixes #12\n\nSee DEMO-7 and #12, not x#9.', {
      date,
      paths: ['doors/front.txt', 'ä b.txt'],
    });
    demo.push();
    const { entities, notes } = await poll(connection, since);
    assert.deepEqual(notes, []);
    const [commit, ...others] = entities;
    assert.equal(others.length, 0);
    assert.ok(commit);
    const alice = { name: 'Alice', email: 'alice@example.com' };
    assert.deepEqual(
      { ...commit, fields: { ...commit.fields, parents: 'one' } },
      {
        ...{ id: `demo:${sha}`, key: sha.slice(0, 10), type: 'commit', project: 'demo', version: sha },
        ...{ createdAt: '2026-05-01T08:00:00.000Z', updatedAt: '2026-05-01T08:00:00.000Z' },
        ...{ createdBy: alice, updatedBy: alice },
        fields: {
          summary: 'Mend the door, fixes #12',
          message: { format: 'text', content: 'Mend the door, fixes #12\n\nSee DEMO-7 and #12, not x#9.' },
          workItems: ['12', 'DEMO-7'],
          ...{ author: alice, authored: '2026-05-01T08:00:00.000Z' },
          ...{ committer: alice, committed: '2026-05-01T08:00:00.000Z' },
          branches: ['main'],
          paths: ['doors/front.txt', 'ä b.txt'],
          parents: 'one',
          ...{ sha, repository: 'demo', url: null },
        },
      },
    );
    assert.deepEqual(await connection.read(COMMITS, [commit.id]), [commit]);
  });

  it('is what was pushed, also if it says that it is years old, and what lies behind it', async () => {
    demo.commit('Start', { date: '2026-01-01T00:00:00Z' });
    demo.push();
    const since = await connection.newest(COMMITS);
    demo.commit('Of 2024', { date: '2024-01-01T00:00:00Z' });
    demo.commit('Of 2020', { date: '2020-01-01T00:00:00Z' });
    demo.push();
    const first = await poll(connection, since);
    assert.deepEqual(first.names, ['Of 2024', 'Of 2020']);
    assert.deepEqual((await poll(connection, first.checkpoint)).names, []);
  });

  it('begins at the newest revision, and with the first one where there is none', async () => {
    const empty = await connection.newest(COMMITS);
    assert.ok(empty);
    assert.equal(connection.revisionIn?.(empty), undefined);
    const sha = demo.commit('First');
    demo.push();
    const first = await poll(connection, empty);
    assert.deepEqual(first.names, ['First']);
    const newest = await connection.newest(COMMITS);
    assert.ok(newest);
    assert.equal(connection.revisionIn?.(newest), `main ${sha.slice(0, 10)}`);
    assert.deepEqual((await poll(connection, newest)).names, []);
    assert.deepEqual((await poll(connection, undefined)).names, ['First']);
  });

  it('is a branch that is pushed late, once: its merge brings only the merge', async () => {
    demo.commit('Start');
    demo.push();
    demo.git('checkout', '--quiet', '-b', 'feature');
    demo.commit('Feature 1');
    demo.commit('Feature 2');
    demo.git('checkout', '--quiet', 'main');
    demo.commit('Main 1');
    demo.push('main');
    const since = await connection.newest(COMMITS);
    demo.push('feature');
    const late = await poll(connection, since);
    assert.deepEqual(late.names, ['Feature 1', 'Feature 2']);
    demo.git('merge', '--quiet', '--no-ff', '-m', 'Merge feature', 'feature');
    demo.push('main', ':feature');
    const merged = await poll(connection, late.checkpoint);
    assert.deepEqual(merged.names, ['Merge feature']);
    assert.deepEqual(merged.notes, ['Repository "demo": branch "feature" was deleted.']);
    assert.deepEqual(merged.entities[0]?.fields.branches, ['main']);
  });

  it('of a rewritten branch are the new revisions only, and a note says what is gone', async () => {
    const start = demo.commit('Start');
    demo.push();
    const since = await connection.newest(COMMITS);
    demo.commit('One');
    const two = demo.commit('Two');
    demo.push();
    const before = await poll(connection, since);
    assert.deepEqual(before.names, ['One', 'Two']);
    demo.git('reset', '--quiet', '--hard', start);
    demo.commit('Another one');
    demo.push();
    const rewritten = await poll(connection, before.checkpoint);
    assert.deepEqual(rewritten.names, ['Another one']);
    assert.deepEqual(rewritten.notes, [
      'Repository "demo": branch "main" was rewritten: 2 revisions that had been read are no longer in it.',
    ]);
    // the old ones are pushed again, with one more
    demo.git('reset', '--quiet', '--hard', two);
    demo.commit('Three');
    demo.push();
    assert.deepEqual((await poll(connection, rewritten.checkpoint)).names, ['Three']);
  });

  it('of a branch that was deleted and is pushed again is nothing, also where it was never read as new', async () => {
    demo.commit('Start');
    demo.push();
    demo.git('checkout', '--quiet', '-b', 'feature');
    demo.commit('Old work');
    demo.push('feature');
    const since = await connection.newest(COMMITS);
    demo.push(':feature');
    const deleted = await poll(connection, since);
    assert.deepEqual(deleted.names, []);
    assert.deepEqual(deleted.notes, [
      'Repository "demo": branch "feature" was deleted, and 1 revision with it that had been read.',
    ]);
    demo.commit('New work');
    demo.push('feature');
    const again = await poll(connection, deleted.checkpoint);
    assert.deepEqual([again.names, again.notes], [['New work'], []]);
  });

  it('goes on after a restored repository, and nothing comes twice when people push again', async () => {
    demo.commit('Start');
    demo.push();
    const backup = join(demo.folder, 'backup.git');
    cpSync(demo.bare, backup, { recursive: true });
    const since = await connection.newest(COMMITS);
    demo.commit('One');
    demo.push();
    const before = await poll(connection, since);
    rmSync(demo.bare, { recursive: true });
    cpSync(backup, demo.bare, { recursive: true });
    const restored = await poll(connection, before.checkpoint);
    assert.deepEqual(restored.names, []);
    assert.deepEqual(restored.notes, [
      'Repository "demo": branch "main" was set back: 1 revision that had been read is no longer in it.',
    ]);
    demo.commit('Two');
    demo.push();
    assert.deepEqual((await poll(connection, restored.checkpoint)).names, ['Two']);
  });

  it('is known also without the copy; if it cannot be known, nothing is read', async () => {
    const start = demo.commit('Start');
    demo.push();
    const since = await connection.newest(COMMITS);
    demo.commit('One');
    demo.push();
    rmSync(demo.data, { recursive: true });
    const found = await poll(connection, since);
    assert.deepEqual(found.names, ['One']);
    demo.git('reset', '--quiet', '--hard', start);
    demo.commit('Another one');
    demo.push();
    demo.run(demo.bare, 'gc', '--quiet', '--prune=now');
    rmSync(demo.data, { recursive: true });
    await assert.rejects(poll(connection, found.checkpoint), (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError);
      assert.equal(thrown.kind, 'fatal');
      assert.match(thrown.message, /branch "main" was read, does not exist any more.*topic "start"/s);
      return true;
    });
  });

  it('comes page by page, and reading goes on after each page, also in another process', async () => {
    const since = await connection.newest(COMMITS);
    for (let n = 1; n <= 7; n += 1) demo.commit(`Main ${n}`);
    demo.git('checkout', '--quiet', '-b', 'side', 'HEAD~4');
    for (let n = 1; n <= 4; n += 1) demo.commit(`Side ${n}`);
    demo.push('main', 'side');
    const all = await poll(connection, since);
    for (const from of [since, undefined]) {
      const small = await poll(connection, from, { size: 3 });
      assert.deepEqual(small.names.toSorted(), all.names.toSorted());
      let seen: string[] = [];
      for (const page of small.pages) {
        assert.ok(page.entities.length <= 3);
        seen = [...seen, ...page.entities.map(({ fields }) => String(fields.summary))];
        const other = demo.connect();
        const rest = await poll(other, page.checkpoint, { size: 3 });
        await other.close?.();
        assert.deepEqual([...seen, ...rest.names].toSorted(), all.names.toSorted(), 'each once');
      }
    }
  });

  it('of one branch as a project is what that branch gets, also what others had before', async () => {
    const scope = { projects: ['demo:release'], types: ['commit'] };
    demo.commit('Start');
    demo.git('branch', 'release');
    demo.push('main', 'release');
    const since = await connection.newest(scope);
    demo.commit('Main only');
    demo.push('main');
    const nothing = await poll(connection, since, { scope });
    assert.deepEqual(nothing.names, []);
    demo.git('checkout', '--quiet', 'release');
    demo.git('merge', '--quiet', '--ff-only', 'main');
    demo.push('release');
    const merged = await poll(connection, nothing.checkpoint, { scope });
    assert.deepEqual(merged.names, ['Main only']);
    assert.equal(merged.entities[0]?.project, 'demo:release');
    assert.deepEqual(merged.entities[0]?.fields.branches, ['main', 'release']);
    const projects = await connection.projects();
    assert.deepEqual(
      projects.map(({ id }) => id),
      ['demo', 'demo:main', 'demo:release'],
    );
    // deleted, and made again where it was
    demo.push(':release');
    const gone = await poll(connection, merged.checkpoint, { scope });
    assert.deepEqual(gone.names, []);
    assert.deepEqual(gone.pages.at(-1)?.missing, [
      { kind: 'project', id: 'demo:release', why: 'Repository "demo" has no branch "release" now.' },
    ]);
    demo.push('release');
    assert.deepEqual((await poll(connection, gone.checkpoint, { scope })).names, []);
  });

  it('are tags, light and annotated ones, and tags that were moved', async () => {
    const scope = { projects: ['demo'], types: ['tag'] };
    const start = demo.commit('Start');
    demo.git('tag', 'v0');
    demo.push('main', 'v0');
    const since = await connection.newest(scope);
    demo.git('tag', 'light');
    demo.git('tag', '-a', 'v1', '-m', 'Version 1, closes #3');
    demo.push('light', 'v1');
    const found = await poll(connection, since, { scope });
    assert.deepEqual(found.names, ['light', 'v1']);
    const [, v1] = found.entities;
    assert.deepEqual(
      [v1?.fields.sha, v1?.fields.summary, v1?.fields.workItems, v1?.fields.tagger],
      [start, 'Start', ['3'], { name: 'Alice', email: 'alice@example.com' }],
    );
    assert.deepEqual(await connection.read(scope, [v1?.id ?? '']), [v1]);
    demo.commit('More');
    demo.git('tag', '--force', 'light');
    demo.push('main', 'light');
    const moved = await poll(connection, found.checkpoint, { scope });
    assert.deepEqual(moved.names, ['light']);
    assert.equal(moved.entities[0]?.id, found.entities[0]?.id);
    assert.notEqual(moved.entities[0]?.version, found.entities[0]?.version);
  });

  it("begins at a time by the committers' clocks, and waits for one that has not come yet", async () => {
    demo.commit('Early', { date: '2026-01-01T00:00:00Z' });
    demo.commit('Late', { date: '2026-03-01T00:00:00Z' });
    demo.push();
    const some = await poll(connection, connection.checkpointAt('2026-02-01T00:00:00Z'));
    assert.deepEqual(some.names, ['Late']);
    demo.commit('Of 2020', { date: '2020-01-01T00:00:00Z' });
    demo.push();
    assert.deepEqual((await poll(connection, some.checkpoint)).names, ['Of 2020']);
    const none = await poll(connection, connection.checkpointAt('2999-01-01T00:00:00Z'));
    assert.deepEqual(none.names, []);
    assert.deepEqual((await poll(connection, none.checkpoint)).names, []);
  });

  it('of a project or a type that was added later is what comes after that', async () => {
    demo.commit('Start');
    demo.git('tag', 'v0');
    demo.git('branch', 'release');
    demo.push('main', 'release', 'v0');
    const before = await connection.newest({ projects: ['demo:main'], types: ['commit'] });
    const scope = { projects: ['demo:main', 'demo:release'], types: ['commit', 'tag'] };
    const added = await poll(connection, before, { scope });
    assert.deepEqual(added.names, []);
    demo.git('checkout', '--quiet', 'release');
    demo.commit('On release');
    demo.git('tag', 'v1');
    demo.push('release', 'v1');
    const next = await poll(connection, added.checkpoint, { scope });
    assert.deepEqual(next.names, ['On release', 'v1']);
  });

  it('fetches no contents of files where the server allows that', async () => {
    demo.run(demo.bare, 'config', 'uploadpack.allowFilter', 'true');
    demo.commit('Large', { paths: ['large.bin'] });
    demo.push();
    const over = demo.connect({ repositories: `file://${demo.bare}` });
    const found = await poll(over, undefined);
    assert.deepEqual([found.names, found.entities[0]?.fields.paths], [['Large'], ['large.bin']]);
    demo.commit('Larger', { paths: ['large.bin'] });
    demo.push();
    const next = await poll(over, found.checkpoint);
    assert.deepEqual([next.names, next.entities[0]?.fields.paths], [['Larger'], ['large.bin']]);
    const [mirror = ''] = (await import('node:fs')).readdirSync(join(demo.data, 'twinflow-git'));
    const kinds = demo.run(
      join(demo.data, 'twinflow-git', mirror),
      ...['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'],
    );
    assert.deepEqual([...new Set(kinds.split('\n'))].toSorted(), ['commit', 'tree']);
    await over.close?.();
  });
});
