import assert from 'node:assert/strict';
import { SyncError } from '../../../lib/model/errors';
import type { SyncResult } from '../../../lib/model/message';
import type { StoredEntry } from '../../../lib/store/store';
import { registerActivity } from '../../../nodes/admin/activity';
import { Recorder } from '../../../nodes/runtime/recorder';
import { Workbench } from '../../engine/workbench';
import { JsonServer } from './json-host';

describe('the activity', () => {
  let bench: Workbench;
  let server: JsonServer;
  let recorder: Recorder;
  let notes: number;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    notes = 0;
    const counting = {
      note: async (...given: Parameters<typeof bench.store.note>) => {
        notes += 1;
        await bench.store.note(...given);
      },
    };
    recorder = new Recorder(() => Promise.resolve(counting), bench.clock);
    server = new JsonServer();
    registerActivity(server.host, {
      integrations: () => [{ config: bench.integration.config }],
      journal: async () => bench.store,
    });
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await bench.stop();
  });

  /** What the workbench's writer tells, as the host passes it on. */
  async function landed(...titles: string[]): Promise<SyncResult[]> {
    const before = bench.results.length;
    for (const title of titles) bench.one.save(undefined, { title });
    await bench.sync();
    const results = bench.results.slice(before);
    for (const result of results) recorder.result(result);
    return results;
  }

  const items = async (query = '') => {
    const { body } = await server.get(`activity?${query}`);
    return body.items as (StoredEntry & { name: string })[];
  };

  it('shows what has landed, what was parked, and what people did, newest first', async () => {
    await landed('A', 'B');
    const [event] = bench.one.entities.values();
    assert.ok(event);
    recorder.parked('integration', 1, { entity: event }, new SyncError('invalid', '"Blocked" is no state'));
    recorder.action('integration', ['parked/skip', 'obsolete'], 'anna');
    await recorder.flush();
    assert.equal(notes, 1);
    const all = await items();
    assert.deepEqual(
      all.map(({ outcome, source, by, name }) => [outcome, source?.key, by, name]),
      [
        ['action', undefined, 'anna', 'One ↔ Two'],
        ['parked', 'one-1', undefined, 'One ↔ Two'],
        ['created', 'one-2', undefined, 'One ↔ Two'],
        ['created', 'one-1', undefined, 'One ↔ Two'],
      ],
    );
    assert.deepEqual(all.at(-1)?.written, ['title']);
    assert.deepEqual([all.at(-1)?.target?.key, all.at(-1)?.side], ['two-1', 1]);
    assert.deepEqual(
      (await items('outcome=parked')).map(({ words }) => words),
      [['"Blocked" is no state']],
    );
    assert.equal((await items('search=one-1')).length, 2);
    assert.equal((await items('integration=other')).length, 0);
    const { body } = await server.get('activity?limit=3');
    assert.equal((await items(`before=${body.next}`)).length, 1);
    const hours = (await server.get(`activity/hours?hours=${24 * 31}`)).body.items as { outcome: string }[];
    assert.ok(Array.isArray(hours));
  });

  it('stores many in few transactions, and loses none while the store is away', async () => {
    const [result] = await landed('A');
    assert.ok(result);
    for (let count = 0; count < 1_200; count += 1) recorder.result(result);
    await recorder.flush();
    assert.ok(notes <= 4, `${notes} transactions`);
    assert.equal((await bench.store.journal({}, undefined, 5_000, 5_000)).entries.length, 1_201);
    let isAway = true;
    const unsteady = new Recorder(
      () => (isAway ? Promise.reject(new Error('locked')) : Promise.resolve(bench.store)),
      bench.clock,
      { days: 30, entries: 10 },
    );
    unsteady.result(result);
    await unsteady.flush();
    isAway = false;
    await unsteady.flush();
    const left = (await bench.store.journal({}, undefined, 5_000, 5_000)).entries;
    // as many go as are beyond what is kept, in portions
    assert.ok(left.length < 1_201, `${left.length}`);
  });

  it('exports a table in which no text of a system is a formula', async () => {
    recorder.action('integration', ['=HYPERLINK("http://evil")'], '@anna');
    await landed('A');
    await recorder.flush();
    const { text, type, status } = await server.text('activity.csv');
    assert.deepEqual([status, type], [200, 'text/csv; charset=utf-8']);
    const lines = text.split('\r\n');
    assert.equal(lines[0], 'time,integration,outcome,source,source address,target,target address,fields,remarks,by');
    assert.match(text, /"'=HYPERLINK\(""http:\/\/evil""\)",'@anna/);
    assert.match(text, /created,one-1,https:\/\/one\.example\.org\/one-1,two-1,/);
  });

  it('10: needs the permission to read', async () => {
    server.denied = 'twinflow.read';
    for (const path of ['activity', 'activity.csv', 'activity/hours']) {
      assert.equal((await server.text(path)).status, 401, path);
    }
  });
});
