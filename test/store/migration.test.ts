import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../lib/store/sqlite';
import { end, entity, FORWARD, INTEGRATION, names, park, part, SYSTEM1, SYSTEM2 } from '../conformance/store/harness';

describe('SQLite file of the first version', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'twinflow-migration-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is brought up to date: what was parked in it is found by text, can be corrected and shown', async () => {
    const file = join(folder, 'store.db');
    const before = await openSqliteStore({ file });
    await before.record(FORWARD, SYSTEM1, [entity('1'), entity('22')], await before.sequence(), {});
    const [, second] = await before.claim(FORWARD, 10, 0);
    assert.ok(second);
    await before.fail([park(second, { subject: 'as mapped' })]);
    await before.close();
    // what later versions have added
    const db = new DatabaseSync(file);
    db.exec(
      'DROP TABLE corrections; DROP TABLE parked_texts; DROP TABLE owed; DROP INDEX events_shown; PRAGMA user_version = 1',
    );
    db.exec('DROP INDEX events_urgent; DROP INDEX events_urgent_linked; ALTER TABLE events DROP COLUMN urgent');
    db.exec('ALTER TABLE flows DROP COLUMN wish; ALTER TABLE flows DROP COLUMN wishedUpTo');
    db.exec('DROP TABLE part_readings; DROP INDEX links_parts; DROP INDEX events_parts');
    db.exec('ALTER TABLE events DROP COLUMN owner; ALTER TABLE events DROP COLUMN type');
    db.exec('ALTER TABLE links DROP COLUMN owner; ALTER TABLE links DROP COLUMN packed');
    db.exec('ALTER TABLE flows DROP COLUMN partsWish; ALTER TABLE flows DROP COLUMN partsUpTo');
    db.exec('ALTER TABLE flows DROP COLUMN existing');
    db.exec('DROP INDEX intents_parts; ALTER TABLE intents DROP COLUMN owner; ALTER TABLE intents DROP COLUMN type');
    db.exec('DROP TABLE awaited; DROP TABLE journal; DROP TABLE journal_hours');
    db.exec('DROP TABLE identity');
    db.exec('DROP TABLE former_places');
    db.exec('DROP TABLE places; DROP INDEX intents_place; ALTER TABLE intents DROP COLUMN place');
    db.exec('ALTER TABLE links DROP COLUMN made; ALTER TABLE links DROP COLUMN landed');
    db.close();

    const store = await openSqliteStore({ file });
    assert.deepEqual(names(await store.parked(INTEGRATION, 0, 10, { search: 'demo-22' })), ['22@1']);
    assert.deepEqual(names(await store.parked(INTEGRATION, 0, 10, { search: 'priority' })), ['22@1']);
    assert.deepEqual(await store.parked(INTEGRATION, 0, 10, { search: 'DEMO-1' }), []);
    await store.unpark(INTEGRATION, [second.seq], { subject: { value: 'corrected' } });
    assert.deepEqual((await store.event(INTEGRATION, second.seq))?.corrections, { subject: { value: 'corrected' } });
    await store.show(await store.claim(FORWARD, 10, 0));
    assert.equal(await store.unshow(INTEGRATION), 1);
    await store.setExisting(FORWARD, { read: 7 });
    assert.deepEqual(await store.existing(FORWARD), { read: 7 });
    await store.setPlace(SYSTEM1, 'https://one.example.org', INTEGRATION);
    await store.setPlace(SYSTEM1, 'https://two.example.org', 'another');
    assert.equal(await store.oweEarlier(FORWARD, 'key', 10), false);
    assert.deepEqual(await store.counterparts(SYSTEM1, ['1'], SYSTEM2), [[]]);
    const [one, two] = [end(1, '7', '1'), end(2, '70', '1')];
    const common = { integration: INTEGRATION, event: 0, delivery: 0 };
    await store.land([{ ...common, ends: [one, two], awaits: { side: 1, entities: ['8'] } }]);
    await store.land([{ ...common, ends: [end(1, '8', '1'), end(2, '80', '1')] }]);
    assert.deepEqual(names(await store.claim(FORWARD, 10, 0)), ['22@1', '7@awaited']);
    const noted = { at: '2026-06-01T12:30:00.000Z', integration: INTEGRATION, outcome: 'created', words: ['a note'] };
    await store.note([noted], { entries: 10, since: 0 });
    assert.deepEqual((await store.journal({ search: 'NOTE' }, undefined, 10, 10)).entries, [{ ...noted, number: 1 }]);
    assert.equal((await store.hours(0))[0]?.count, 1);
    // parts
    const [owner] = await store.linksAfter(INTEGRATION, 0, 1);
    assert.ok(owner);
    assert.equal(await store.askEarlier(FORWARD, 'comments', 10), false);
    assert.equal((await store.partsDue(FORWARD, 10, 0)).length, 2);
    const parts = [part('7', 'c1'), part('7', 'c2')];
    const reading = { link: owner.id, types: ['Comment'], present: ['c1', 'c2'], parts };
    await store.recordParts(FORWARD, SYSTEM1, [reading], await store.sequence());
    assert.equal((await store.partsDue(FORWARD, 10, 0)).length, 1);
    assert.deepEqual(names(await store.claim(FORWARD, 10, 0)), ['c1@1']);
    await store.close();
  });
});
