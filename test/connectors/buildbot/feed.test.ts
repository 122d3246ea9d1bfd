/** What is new in a real Buildbot: builds by their ids, running ones until they are done, times in which a builder fails. */

import assert from 'node:assert/strict';
import { buildbot } from '../../../lib/connectors/buildbot';
import type { Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import { BUILDER, type BuildServer, buildServer } from '../../support/buildbot';
import { describeWith } from '../../support/need';
import { until } from '../../support/wait';

const scope = (...types: string[]): Scope => ({ projects: [BUILDER], types });
const BUILDS = scope('build');

describeWith('Buildbot: what is new', buildServer(), function (server: BuildServer) {
  this.timeout(120_000);
  let connection: Connection;

  beforeEach(() => {
    connection = buildbot.connect({ url: server.url, auth: 'none' }, {});
  });
  afterEach(() => connection.close?.());
  after(() => server.close());

  const newest = async (of: Scope = BUILDS): Promise<Checkpoint> => {
    const checkpoint = await connection.newest(of);
    assert.ok(checkpoint);
    return checkpoint;
  };
  async function poll(of: Scope, since: Checkpoint | undefined, size = 50) {
    const entities: Entity[] = [];
    const notes: string[] = [];
    let checkpoint = since;
    for await (const page of connection.changes(of, since, size)) {
      for (const entity of page.entities) entities.push(entity);
      for (const note of page.notes ?? []) notes.push(note);
      // it is stored as JSON
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
    }
    assert.ok(checkpoint);
    return { entities, notes, checkpoint };
  }
  /** Polls until something holds for all that came. */
  async function pollUntil(of: Scope, since: Checkpoint, what: string, holds: (all: Entity[]) => boolean) {
    const all: Entity[] = [];
    let from = since;
    await until(
      what,
      async () => {
        const { entities, checkpoint } = await poll(of, from);
        from = checkpoint;
        for (const entity of entities) all.push(entity);
        return holds(all);
      },
      60_000,
    );
    return { all, checkpoint: from };
  }

  it('is a build with its result, and what was built', async () => {
    // changes since the last good build belong to the next one
    await server.buildOf(server.push('Good'));
    const since = await newest();
    const sha = server.push('Oil the door, fixes #41, see #42.');
    const { buildid, number } = await server.buildOf(sha);
    const { entities } = await poll(scope('build', 'build-item'), since);
    const ours = entities.filter(({ id }) => id.startsWith(`build:${buildid}`));
    const [build, one, two] = ours.slice(-3);
    assert.deepEqual([build?.type, build?.key, build?.project], ['build', `${BUILDER} #${number}`, BUILDER]);
    const { properties, url, started, completed, worker, ...fields } = build?.fields ?? {};
    assert.deepEqual(fields, {
      ...{ summary: `${BUILDER} #${number}: success`, builder: BUILDER, number, results: { id: '0', name: 'success' } },
      ...{ complete: true, state: 'build successful', branch: 'main', revision: sha, reason: null },
      message: { format: 'text', content: 'Oil the door, fixes #41, see #42.' },
      ...{ authors: ['Alice <alice@example.com>'], workItems: ['41', '42'] },
      repository: `file://${server.repository}`,
    });
    assert.ok(Array.isArray(properties) && properties.includes('scheduler=git'));
    assert.ok(String(url).startsWith(`${server.url}/#/builders/`));
    assert.ok(Date.parse(String(completed)) >= Date.parse(String(started)));
    assert.ok(worker);
    assert.deepEqual(
      [one, two].map((item) => [item?.type, item?.fields.workItem, item?.fields.keyword]),
      [
        ['build-item', '41', { id: 'fixes', name: 'fixes' }],
        ['build-item', '42', null],
      ],
    );
    assert.deepEqual(await connection.read(BUILDS, [build?.id ?? '', one?.id ?? '']), [build, one]);
    assert.deepEqual((await connection.byKey?.(` ${BUILDER} #${number} `))?.id, build?.id);
  });

  it('is a running build, and the same one when it is done, also if it ran when polling began', async () => {
    const request = await server.request();
    const since = await newest();
    const { buildid } = await server.ended(request);
    const { all } = await pollUntil(BUILDS, since, 'it came, complete', (found) =>
      found.some(({ id, fields }) => id === `build:${buildid}` && fields.complete === true),
    );
    for (const { fields } of all.filter(({ id }) => id === `build:${buildid}`))
      assert.equal(fields.results === null, fields.complete !== true, 'a running build has no result');
  });

  it('is the same in pages of 1 and of 50, and after each page elsewhere', async () => {
    const since = await newest();
    for (let n = 0; n < 4; n++) await server.force({ reason: `Page ${n}` });
    const large = (await poll(BUILDS, since, 50)).entities.map(({ id }) => id);
    const small = (await poll(BUILDS, since, 1)).entities.map(({ id }) => id);
    assert.ok(large.length >= 4);
    assert.deepEqual([...new Set(small)], [...new Set(large)]);
    const seen: string[] = [];
    for await (const page of connection.changes(BUILDS, since, 1)) {
      for (const { id } of page.entities) seen.push(id);
      const other = buildbot.connect({ url: server.url, auth: 'none' }, {});
      const rest: string[] = [];
      for await (const { entities } of other.changes(BUILDS, page.checkpoint, 50))
        for (const { id } of entities) rest.push(id);
      await other.close?.();
      for (const id of large) assert.ok(seen.includes(id) || rest.includes(id), `${id} is lost`);
    }
  });

  it('is nothing from a time that has not come yet, since unknown filters are ignored', async () => {
    const { entities } = await poll(BUILDS, connection.checkpointAt('2099-01-01T00:00:00Z'));
    assert.deepEqual(entities, []);
    const before = await newest();
    await server.force();
    const fresh = (await poll(BUILDS, before)).entities;
    assert.ok(fresh.length >= 1);
    const [first] = fresh;
    const timed = await poll(BUILDS, connection.checkpointAt(first?.createdAt ?? ''));
    assert.ok(
      timed.entities.some(({ id }) => id === first?.id),
      'and from its own time on it is there',
    );
  });

  it('is a builder that fails, once, from its first failing build to the one that is good again', async () => {
    await server.force();
    const since = await newest(scope('broken'));
    const first = await server.force({ fail: 'yes', reason: 'Break' });
    const opened = await poll(scope('broken'), since);
    const [broken] = opened.entities.slice(-1);
    assert.deepEqual(broken?.fields.broken, { id: 'broken', name: 'broken' });
    assert.deepEqual(
      [broken?.fields.first, broken?.fields.last, broken?.fields.failures],
      [first.number, first.number, 1],
    );
    const second = await server.force({ fail: 'yes' });
    const again = await poll(scope('broken'), opened.checkpoint);
    const [same] = again.entities.slice(-1);
    assert.equal(same?.id, broken?.id);
    assert.notEqual(same?.version, broken?.version);
    assert.deepEqual([same?.fields.last, same?.fields.failures], [second.number, 2]);
    const good = await server.force();
    const closed = await poll(scope('broken'), again.checkpoint);
    const [end] = closed.entities.slice(-1);
    assert.equal(end?.id, broken?.id);
    assert.deepEqual([end?.fields.broken, end?.fields.good], [{ id: 'good', name: 'good again' }, good.number]);
    assert.deepEqual(await connection.read(scope('broken'), [end?.id ?? '']), [end]);
    await server.force();
    assert.deepEqual(
      (await poll(scope('broken'), closed.checkpoint)).entities.filter(({ version }) => version !== end?.version),
      [],
    );
    const next = await server.force({ fail: 'yes' });
    const { entities } = await poll(scope('broken'), closed.checkpoint);
    assert.ok(
      entities.some(({ id, fields }) => id !== broken?.id && fields.first === next.number),
      'the next one is another',
    );
    await server.force();
  });

  it('is a failing builder that failed before polling began, as one with the builds before', async () => {
    await server.force();
    const first = await server.force({ fail: 'yes' });
    const since = await newest(scope('broken'));
    await server.force({ fail: 'yes' });
    const [found] = (await poll(scope('broken'), since)).entities.slice(-1);
    assert.deepEqual([found?.fields.first, found?.fields.failures], [first.number, 2]);
    await server.force();
  });

  it('is a change, for which Buildbot has no builder', async () => {
    const changes: Scope = { projects: ['@changes'], types: ['change'] };
    const since = await newest(changes);
    const sha = server.push('Paint DEMO-7');
    const { all } = await pollUntil(changes, since, 'it came', (found) =>
      found.some(({ fields }) => fields.revision === sha),
    );
    const found = all.find(({ fields }) => fields.revision === sha);
    assert.deepEqual(found?.fields.workItems, ['DEMO-7']);
    assert.deepEqual(found?.fields.author, { name: 'Alice', email: 'alice@example.com' });
    assert.deepEqual(found?.fields.paths, ['main.py']);
    assert.deepEqual(await connection.read(changes, [found?.id ?? '']), [found]);
    await server.buildOf(sha);
  });

  it('stops where the numbers have gone back, and reports builds that are gone', async () => {
    const since = await newest();
    const seq = 1_000_000;
    await assert.rejects(poll(BUILDS, { ...since, builds: { seq }, seen: seq - 1, open: [] }), /goes backwards/);
    const { notes } = await poll(BUILDS, { ...since, open: [999_999] });
    assert.deepEqual(notes, ['Build 999999 was running, and does not exist any more.']);
    await assert.rejects(
      poll({ projects: ['no such builder'], types: ['build'] }, since),
      (thrown: unknown) => thrown instanceof SyncError && thrown.kind === 'notFound',
    );
    await assert.rejects(poll(BUILDS, { builds: 'damaged' }), /damaged/);
  });

  it('has a name for its position, and a first one where there is none', async () => {
    assert.match(connection.revisionIn?.(await newest()) ?? '', /^build \d+$/);
    assert.equal(connection.revisionIn?.({ builds: { seq: 0 } }), undefined);
  });

  it('can be forced, and only that: found again, and refused in words', async () => {
    const types = await connection.entityTypes(BUILDER);
    assert.deepEqual(
      types.map(({ id, access }) => [id, access]),
      [
        ['build', 'read'],
        ['build-item', 'read'],
        ['broken', 'read'],
        ['forced-build', 'create'],
      ],
    );
    const fields = await connection.fields(BUILDER, 'forced-build');
    assert.ok(fields.some(({ id }) => id === 'fail') && fields.some(({ id }) => id === 'reason'));
    const since = new Date(Date.now() - 2_000).toISOString();
    const create = { kind: 'create' as const, type: 'forced-build', project: BUILDER };
    const [made, wrong, other] =
      (await connection.write?.(scope('forced-build'), [
        { ...create, fields: { reason: 'By test', fail: 'no' } },
        { ...create, fields: { nonsense: 'x' } },
        { ...create, type: 'build', fields: {} },
      ])) ?? [];
    assert.ok(made?.ok && wrong && !wrong.ok && other && !other.ok);
    assert.deepEqual([made.entity.fields.reason, made.entity.fields.fail], ['By test', 'no']);
    assert.deepEqual(
      [wrong.error.kind, Object.keys(wrong.error.detail.fields ?? {}), other.error.kind],
      ['invalid', ['nonsense'], 'forbidden'],
    );
    const found = await connection.find?.({ project: BUILDER, type: 'forced-build', createdBySelfSince: since }, 10);
    assert.ok(found?.some((one) => !(one instanceof SyncError) && one.id === made.entity.id));
    await server.ended(Number(made.entity.id.slice('forced:'.length)));
    const [read] = await connection.read(scope('forced-build'), [made.entity.id]);
    assert.ok(read && !(read instanceof SyncError) && read.fields.complete === true);
  });

  it('is known by what can be chosen: builders by name, the last builds', async () => {
    assert.ok((await connection.projects()).some(({ id }) => id === BUILDER));
    assert.deepEqual((await connection.identify()).missing, []);
    const latest = (await connection.latest?.(BUILDS, 5)) ?? [];
    assert.ok(latest.length > 0 && latest.length <= 5);
    for (const type of ['build', 'build-item', 'broken'])
      assert.ok((await connection.fields(BUILDER, type)).every(({ readOnly }) => readOnly));
    await assert.rejects(connection.fields(BUILDER, 'change'), /has no "change"/);
  });
});
