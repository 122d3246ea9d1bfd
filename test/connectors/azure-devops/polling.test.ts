/** Polling by the feed of revisions: what it costs, and that neither lateness nor a restored back-up loses anything. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import type { StandIn, StandInOptions } from '../../systems/azure-devops';
import {
  CONTOSO,
  type Colleague,
  compared,
  connectTo,
  createBug,
  FABRIKAM,
  one,
  poll,
  rejected,
  scope,
  standIns,
} from './support';

describe(`Azure DevOps: polling (${compared})`, () => {
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;
  /** the server's clock */
  let now: number;
  const fresh = standIns();

  async function start(options: StandInOptions = {}): Promise<void> {
    now = Date.parse('2026-03-29T00:59:00Z');
    ({ standIn, connection, alice } = await fresh({ now: () => now++, ...options }));
  }

  /** What is asked of the server while `work` runs. */
  async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
    const from = standIn.requests.length;
    await work();
    return standIn.requests.slice(from);
  }

  it('costs one request where nothing changed, and one more for up to 200 changes in any number of projects', async () => {
    await start();
    await alice.create(['Old']);
    let since = (await poll(connection, await connection.newest(scope))).checkpoint;
    assert.deepEqual(await requestsOf(() => poll(connection, since)), ['GET /_apis/wit/reporting/workitemrevisions']);
    const ids = [
      ...(await alice.create(Array.from({ length: 40 }, (_, i) => `Bug ${i}`))),
      ...(await alice.create(['Other'], 'Task', 'Contoso')),
    ];
    // the fields of a type and a project are asked for once
    await poll(connection, since);
    const requests = await requestsOf(async () => {
      const reading = await poll(connection, since);
      assert.deepEqual(reading.ids, ids);
      since = reading.checkpoint;
    });
    assert.deepEqual(requests, ['GET /_apis/wit/reporting/workitemrevisions', 'POST /_apis/wit/workitemsbatch']);
  });

  it('reads nothing again after an import that a checkpoint cannot hold; another process loses nothing by it', async () => {
    await start();
    await alice.create(['Old']);
    const since = (await poll(connection, await connection.newest(scope))).checkpoint;
    const titles = Array.from({ length: 150 }, (_, index) => `Imported ${index}`);
    for (let n = 0; n < 10; n += 1) await alice.create(titles);
    const first = await poll(connection, since);
    assert.equal(new Set(first.ids).size, 1_500);
    assert.ok(JSON.stringify(first.checkpoint).length < 30_000, 'the checkpoint stays small');
    let second = first;
    const again = await requestsOf(async () => {
      second = await poll(connection, first.checkpoint);
    });
    assert.deepEqual(second.ids, []);
    assert.deepEqual([...new Set(again)], ['GET /_apis/wit/reporting/workitemrevisions']);

    const [id = ''] = await alice.create(['After the import']);
    assert.deepEqual((await poll(connection, second.checkpoint)).ids, [id]);
    const elsewhere = connectTo(standIn);
    const later = await poll(elsewhere, second.checkpoint);
    await elsewhere.close?.();
    assert.equal(later.ids.at(-1), id);
    assert.ok(later.ids.length <= 510, `only what the checkpoint lacks is read once more, not ${later.ids.length}`);
  }).timeout(30_000);

  it('reads the feed of the project where there is only one', async () => {
    await start();
    await alice.create(['Here']);
    await alice.create(['There'], 'Bug', 'Contoso');
    const requests = await requestsOf(async () => {
      const { entities } = await poll(connection, undefined, one);
      assert.deepEqual(
        entities.map(({ project }) => project),
        [FABRIKAM],
      );
    });
    assert.ok(requests.includes(`GET /${FABRIKAM}/_apis/wit/reporting/workitemrevisions`));
  });

  it('knows what our own write answered: its echo costs no read', async () => {
    await start();
    const created = await createBug(connection, {});
    const { checkpoint } = await poll(connection, undefined);
    const [written] = (await connection.write?.(scope, [
      { kind: 'update', id: created.id, fields: { 'System.Title': 'Echo' } },
    ])) ?? [undefined];
    assert.ok(written?.ok);
    const requests = await requestsOf(async () => {
      const { entities } = await poll(connection, checkpoint);
      assert.deepEqual(entities, [written.entity]);
    });
    assert.deepEqual(requests, ['GET /_apis/wit/reporting/workitemrevisions']);
  });

  it('reads a revision that appears late, behind younger ones', async () => {
    await start();
    const [old = ''] = await alice.create(['Old']);
    let { checkpoint } = await poll(connection, undefined);
    standIn.service.withholding = true;
    const [late = ''] = await alice.create(['Late']);
    standIn.service.withholding = false;
    const [young = ''] = await alice.create(['Young']);
    const first = await poll(connection, checkpoint);
    assert.deepEqual(first.ids, [young]);
    checkpoint = first.checkpoint;
    standIn.service.release();
    assert.deepEqual((await poll(connection, checkpoint)).ids, [late]);
    assert.notEqual(old, late);
  });

  it('reads a late revision also where a thousand others came in between', async () => {
    await start();
    standIn.service.withholding = true;
    const [late = ''] = await alice.create(['Late']);
    standIn.service.withholding = false;
    for (let batch = 0; batch < 6; batch++)
      await alice.create(Array.from({ length: 180 }, (_, i) => `Bulk ${batch}-${i}`));
    const first = await poll(connection, undefined);
    assert.equal(first.ids.length, 1080);
    standIn.service.release();
    assert.ok((await poll(connection, first.checkpoint)).ids.includes(late));
  });

  it('does not read the same pages for ever: what has settled is behind the token', async () => {
    await start();
    for (let batch = 0; batch < 4; batch++)
      await alice.create(Array.from({ length: 200 }, (_, i) => `Bulk ${batch}-${i}`));
    let { checkpoint } = await poll(connection, undefined);
    const feed = () =>
      requestsOf(async () => {
        const reading = await poll(connection, checkpoint);
        assert.deepEqual(reading.ids, []);
        checkpoint = reading.checkpoint;
      });
    // 800 are two pages of the feed
    assert.equal((await feed()).length, 2);
    now += 10 * 60_000;
    await feed();
    assert.deepEqual(
      (await feed()).filter((request) => request.startsWith('GET')),
      ['GET /_apis/wit/reporting/workitemrevisions'],
    );
    const [next = ''] = await alice.create(['Next']);
    assert.deepEqual((await poll(connection, checkpoint)).ids, [next]);
  });

  it('leaves out what was deleted or has moved to a project outside the scope', async () => {
    await start();
    const [gone = '', moved = '', stays = ''] = await alice.create(['Gone', 'Moved', 'Stays']);
    await alice.remove(gone);
    const item = standIn.service.state.items.get(Number(moved));
    assert.ok(item);
    Object.assign(item.fields, {
      'System.TeamProject': 'Contoso',
      'System.AreaPath': 'Contoso',
      'System.IterationPath': 'Contoso',
    });
    await alice.change(moved, { 'System.Title': 'Moved away' });
    assert.deepEqual((await poll(connection, undefined, one)).ids, [stays]);
    const both = await poll(connection, undefined, { projects: [CONTOSO], types: ['Bug'] });
    assert.deepEqual(both.ids, [moved]);
  });

  for (const projects of [[FABRIKAM], [FABRIKAM, CONTOSO]]) {
    it(`reads what changed in a project that was renamed a moment ago, of ${projects.length}`, async () => {
      await start();
      const [before = ''] = await alice.create(['Before']);
      const within = { projects, types: ['Bug'] };
      const { checkpoint, ids } = await poll(connection, undefined, within);
      assert.deepEqual(ids, [before]);
      standIn.service.state.rename('Fabrikam', 'Fabrikam Fiber');
      const [after = ''] = await alice.create(['After'], 'Bug', 'Fabrikam Fiber');
      await alice.change(before, { 'System.Title': 'Changed after it' });
      const next = await poll(connection, checkpoint, within);
      assert.deepEqual([...next.ids].sort(), [before, after].sort());
      assert.ok(next.entities.every(({ project, url }) => project === FABRIKAM && url?.includes('Fabrikam%20Fiber')));
    });
  }

  it('says so and stops where a restored backup took revisions back', async () => {
    await start();
    const [id = ''] = await alice.create(['Restored']);
    const restore = standIn.service.state.backUp();
    await alice.change(id, { 'System.Title': 'Lost' });
    const { checkpoint } = await poll(connection, undefined);
    restore();
    const error = await rejected(poll(connection, checkpoint));
    assert.equal(error.kind, 'fatal');
    assert.match(error.message, new RegExp(`work item ${id} was at revision 2, now it is at 1.*backup`));
  });

  it('notices a restored backup also where the feed has nothing left to show', async () => {
    await start();
    const ids = await alice.create(Array.from({ length: 100 }, (_, i) => `Bulk ${i}`));
    const restore = standIn.service.state.backUp();
    for (const id of ids.slice(0, 50)) await alice.change(id, { 'System.Title': 'Lost' });
    now += 10 * 60_000;
    const { checkpoint } = await poll(connection, (await poll(connection, undefined)).checkpoint);
    restore();
    const later = connectTo(standIn);
    assert.equal((await rejected(poll(later, checkpoint))).kind, 'fatal');
    await later.close?.();
  });

  it('does not take a feed that lags behind a read for a restored backup', async () => {
    await start();
    const [id = ''] = await alice.create(['Lags']);
    standIn.service.withholding = true;
    await alice.change(id, { 'System.Title': 'Newer than the feed' });
    standIn.service.withholding = false;
    // the feed shows revision 1, the read revision 2
    const first = await poll(connection, undefined);
    assert.deepEqual(
      first.entities.map(({ version }) => version),
      ['2'],
    );
    assert.deepEqual((await poll(connection, first.checkpoint)).ids, []);
  });

  it('goes on where it was after the scope has changed from one project to two, and back', async () => {
    await start();
    await alice.create(['One']);
    const first = await poll(connection, undefined, one);
    const [two = ''] = await alice.create(['Two'], 'Bug', 'Contoso');
    const second = await poll(connection, first.checkpoint, scope);
    assert.ok(second.ids.includes(two));
    const [three = ''] = await alice.create(['Three']);
    assert.ok((await poll(connection, second.checkpoint, one)).ids.includes(three));
  });

  it('reads on from the last time where the server no longer knows the token', async () => {
    await start();
    await alice.create(Array.from({ length: 30 }, (_, i) => `Bulk ${i}`));
    now += 10 * 60_000;
    const { checkpoint } = await poll(connection, (await poll(connection, undefined)).checkpoint);
    assert.equal(typeof checkpoint.token, 'string');
    const [next = ''] = await alice.create(['Next']);
    assert.deepEqual((await poll(connection, { ...checkpoint, token: 'of-another-time' })).ids, [next]);
  });

  it('goes on from a checkpoint as a store of an earlier version holds it', async () => {
    await start();
    const [read = '', owed = ''] = await alice.create(['Read', 'Not delivered']);
    now += 10 * 60_000;
    const { token } = (await poll(connection, (await poll(connection, undefined)).checkpoint)).checkpoint;
    const [next = ''] = await alice.create(['Next']);
    const stored = {
      ...{ feed: '*', token: token ?? '', at: '2026-03-29T00:59:00.123Z', open: true },
      links: { token: '1;links', seen: [`1>2@2026-03-29T00:58:00Z:true`] },
      ...{ owed: [`${owed}@1`], seen: [`${read}@1`, `${owed}@1`] },
    };
    const { ids, checkpoint } = await poll(connection, stored);
    assert.deepEqual(ids.sort(), [owed, next].sort());
    assert.deepEqual(checkpoint.links, stored.links);
  });

  it('says that there is no newest where there is nothing, and finds it also among too many hits', async () => {
    await start({ queryLimit: 25 });
    assert.equal(await connection.newest(scope), undefined);
    const ids: string[] = [];
    for (let batch = 0; batch < 5; batch++) {
      ids.push(...(await alice.create(Array.from({ length: 10 }, (_, i) => `Bulk ${batch}-${i}`))));
      now += 60_000;
    }
    const newest = await connection.newest(scope);
    // all of the last batch have one time
    assert.deepEqual(new Set((await poll(connection, newest)).ids), new Set(ids.slice(40, 49)));
  });

  it('sees a parent that was set on the parent only if it is set to detect that', async () => {
    await start();
    const watching = connectTo(standIn, { watchLinks: true });
    const [child = ''] = await alice.create(['Child']);
    const [parent = ''] = await alice.create(['Parent'], 'Feature');
    const before = await poll(watching, undefined);
    const link = { rel: 'System.LinkTypes.Hierarchy-Forward', url: `${standIn.url}/_apis/wit/workItems/${child}` };
    const body = [{ op: 'add', path: '/relations/-', value: link }];
    await alice.send('PATCH', `_apis/wit/workitems/${parent}`, body, 'application/json-patch+json');
    const requests = await requestsOf(async () => {
      const { entities, checkpoint } = await poll(watching, before.checkpoint);
      const [seen] = entities;
      assert.equal(seen?.id, child);
      assert.deepEqual(seen?.fields['System.Parent'], {
        id: parent,
        key: parent,
        url: `${standIn.url}/_workitems/edit/${parent}`,
      });
      assert.notEqual(seen?.version, before.entities.find(({ id }) => id === child)?.version);
      assert.deepEqual((await poll(watching, checkpoint)).ids, []);
    });
    assert.ok(requests.includes('GET /_apis/wit/reporting/workitemlinks'));
    assert.deepEqual((await poll(connection, before.checkpoint)).ids, []);
    // what has settled is behind the token
    let { checkpoint } = await poll(watching, before.checkpoint);
    for (let minutes = 0; minutes < 3; minutes++) {
      now += 10 * 60_000;
      const next = await poll(watching, checkpoint);
      assert.deepEqual(next.ids, []);
      checkpoint = next.checkpoint;
    }
    assert.match(JSON.stringify(checkpoint.links), /"token":"1;links".*"seen":\[\]/);
    await watching.close?.();
  });
});
