/** What the conformance suite cannot ask of all systems: Redmine's notes when answers are lost, rights lack and numbers come again. */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { connectAs, connectTo, scope, server } from './server';

const SYNC_LACKS = (permission: string) => (path: string, body: string) =>
  path.startsWith('/roles/') ? body.replace(`"${permission}",`, '') : body;

describeWith('Redmine notes, on the real server', server, function (redmine) {
  this.timeout(60_000);
  const alice = redmine.as('alice');
  const open: Connection[] = [];
  let proxy: RecordingProxy;
  let connection: Connection;
  let issue: string;

  /** A connection that remembers nothing. */
  const connected = (): Connection => {
    const made = connectTo(proxy.url, redmine.key('sync')).connection;
    open.push(made);
    return made;
  };
  const note = (text: string, visibility?: 'public' | 'internal'): WriteOperation => ({
    ...{ kind: 'create', type: 'comment', project: '1', owner: issue },
    fields: {
      text: { format: 'markdown', content: text },
      ...(visibility && { visibility: { id: visibility, name: visibility } }),
    },
  });
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const made = (result: WriteResult | undefined): Entity =>
    result?.ok ? result.entity : assert.fail(result?.error.message ?? 'no result');
  const error = (result: WriteResult | undefined): SyncError =>
    result && !result.ok ? result.error : assert.fail('it was written');
  const notes = async (): Promise<{ id: number; notes: string; private_notes: boolean }[]> => {
    const path = `/issues/${issue}.json?include=journals`;
    const answer = await alice.get<{ issue: { journals: { id: number; notes: string; private_notes: boolean }[] } }>(
      path,
    );
    return answer.issue.journals.filter((one) => one.notes);
  };
  const texts = async (): Promise<string[]> => (await notes()).map((one) => one.notes);
  const isNote = (method: string, path: string) => method === 'PUT' && path.startsWith('/issues/');

  before(async () => {
    redmine.reset();
    proxy = await recordingProxy(redmine.url);
  });

  after(async () => {
    await Promise.all(open.map((one) => one.close?.()));
    await proxy?.stop();
    redmine.reset();
  });

  beforeEach(async () => {
    proxy.interfere = undefined;
    proxy.rewrite = undefined;
    connection = connected();
    const created = { project_id: 1, tracker_id: 1, subject: 'Talk' };
    issue = String((await alice.post<{ issue: { id: number } }>('/issues.json', { issue: created })).issue.id);
    proxy.clear();
  });

  it('that were added and whose answers were lost are found, and sent once', async () => {
    let lost = false;
    proxy.interfere = (method, path) => {
      if (lost || !isNote(method, path)) return undefined;
      lost = true;
      return 'lose';
    };
    assert.equal(made((await write(note('one')))[0]).owner?.id, issue);
    assert.deepEqual(await texts(), ['one']);
    assert.equal(proxy.writes().length, 1);
  });

  it('that never arrived fail in doubt, and those behind them wait', async () => {
    proxy.interfere = (method, path) => (isNote(method, path) ? 'cut' : undefined);
    const [one, two] = await write(note('one'), note('two'));
    assert.ok(error(one).detail.uncertain);
    assert.ok(error(two).detail.unsent);
    assert.deepEqual(await texts(), []);
    assert.equal(proxy.writes().length, 1);
  });

  it('whose edit was carried out and whose answer was lost are as they were written', async () => {
    const { id } = made((await write(note('one')))[0]);
    let lost = false;
    proxy.interfere = (method, path) => {
      if (lost || method !== 'PUT' || !path.startsWith('/journals/')) return undefined;
      lost = true;
      return 'lose';
    };
    const fields = { text: { format: 'markdown' as const, content: 'two' } };
    assert.deepEqual(made((await write({ kind: 'update', id, fields }))[0]).fields.text, {
      ...fields.text,
      dialect: { hardBreaks: true, mentions: 'names' },
    });
    assert.deepEqual(await texts(), ['two']);
  });

  it('with the same text as older ones are distinguished from them and from each other', async () => {
    const older = made((await write(note('+1')))[0]);
    connection = connected();
    const [one, two] = (await write(note('+1'), note('+1'))).map(made);
    assert.ok(one && two);
    assert.equal(new Set([older.id, one.id, two.id]).size, 3);
    const found = await connection.parts?.(scope, [issue], ['comment']);
    assert.deepEqual(found, [[older, one, two]]);
  });

  it('cost one request each, and one for all of an issue', async () => {
    await connection.parts?.(scope, [issue], ['comment']);
    await write(note('first'));
    proxy.clear();
    await write(note('one'), note('two'), note('three'));
    assert.deepEqual(
      proxy.requests.map(({ method, path }) => `${method} ${path.replace(/\/\d+/, '').replace(/\?.*/, '')}`),
      [...Array.from({ length: 3 }, () => 'PUT /issues.json'), 'GET /issues.json'],
    );
  });

  it('say how they moved their issue, unless somebody else has changed it as well', async () => {
    const version = async () => {
      const [found] = await connection.read(scope, [issue]);
      return found && !(found instanceof SyncError) ? found.version : assert.fail();
    };
    await connection.parts?.(scope, [issue], ['comment']);
    const before = await version();
    const [one] = await write(note('one'));
    assert.deepEqual(one?.ok && one.owner, { before, after: await version() });
    await alice.put(`/issues/${issue}.json`, { issue: { notes: 'meanwhile' } });
    const [two] = await write(note('two'));
    assert.equal(two?.ok && two.owner, undefined);
  });

  it('that are internal are refused where the account may not set notes as private, and nothing is sent', async () => {
    proxy.rewrite = SYNC_LACKS('set_notes_private');
    const [refused] = await write(note('secret', 'internal'));
    assert.equal(error(refused).kind, 'forbidden');
    assert.match(error(refused).message, /Set notes as private.*would have been public/);
    const field = (await connection.fields('1', 'comment')).find(({ id }) => id === 'visibility');
    assert.equal(field?.readOnly, true);
    assert.deepEqual(proxy.writes(), []);
  });

  it('that come out public against what was asked for are deleted at once', async () => {
    proxy.rewrite = (path, body) =>
      path.includes('include=journals') ? body.replaceAll('"private_notes":true', '"private_notes":false') : body;
    const [result] = await write(note('secret', 'internal'));
    assert.match(error(result).message, /was to be internal and came out public; it was deleted again/);
    assert.deepEqual(await texts(), []);
  });

  it('that somebody makes private are internal from then on', async () => {
    const { id } = made((await write(note('open', 'public')))[0]);
    await alice.put(`/journals/${(await notes())[0]?.id}.json`, { journal: { private_notes: true } });
    const [found] = await connection.read(scope, [id]);
    assert.ok(found && !(found instanceof SyncError));
    assert.deepEqual(found.fields.visibility, { id: 'internal', name: 'Internal' });
  });

  it('that are missing are not treated as deleted where the account does not see private ones', async () => {
    proxy.rewrite = SYNC_LACKS('view_private_notes');
    const written = made((await write(note('one')))[0]);
    assert.deepEqual(await connection.parts?.(scope, [issue], ['comment']), [{ shown: [written] }]);
  });

  it('are not mistaken for others that got their number after they were deleted', async () => {
    const { id } = made((await write(note('ours')))[0]);
    const [ours] = await notes();
    await alice.put(`/journals/${ours?.id}.json`, { journal: { notes: '' } });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await alice.put(`/issues/${issue}.json`, { issue: { notes: 'theirs' } });
    assert.deepEqual(await connection.read(scope, [id]), [undefined]);
    assert.deepEqual(await connection.remove?.(scope, [id]), [undefined]);
    assert.deepEqual(await texts(), ['theirs']);
  });

  it('of others are refused to an account that may not edit them, in words', async () => {
    await alice.put(`/issues/${issue}.json`, { issue: { notes: 'hers' } });
    const bob = connectAs(redmine, 'bob').connection;
    open.push(bob);
    const [found] = (await bob.parts?.(scope, [issue], ['comment'])) ?? [];
    const [hers] = Array.isArray(found) ? found : [];
    assert.ok(hers);
    const fields = { text: { format: 'markdown' as const, content: 'his' } };
    const [result] = (await bob.write?.(scope, [{ kind: 'update', id: hers.id, fields }])) ?? [];
    assert.equal(error(result).kind, 'forbidden');
    assert.match(error(result).message, /was not changed: .*Edit notes/);
    const [removed] = (await bob.remove?.(scope, [hers.id])) ?? [];
    assert.equal(removed?.kind, 'forbidden');
    assert.deepEqual(await texts(), ['hers']);
  });

  it('are refused by a Redmine before 5.0 once they are there, in words', async () => {
    proxy.rewrite = (path, body) =>
      path.startsWith('/trackers') ? body.replaceAll('enabled_standard_fields', 'unknown') : body;
    const { id } = made((await write(note('stays')))[0]);
    const fields = { text: { format: 'markdown' as const, content: 'changed' } };
    assert.match(error((await write({ kind: 'update', id, fields }))[0]).message, /before 5\.0 has no API/);
    assert.match((await connection.remove?.(scope, [id]))?.[0]?.message ?? '', /before 5\.0 has no API/);
    assert.deepEqual(await texts(), ['stays']);
  });
});
