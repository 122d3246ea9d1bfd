import assert from 'node:assert/strict';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import { type Tracker, Workbench } from '../engine/workbench';

/** What a tracker does to an issue that is moved: another key and address, the id stays. */
function move(tracker: Tracker, id: string, key: string): void {
  const entity = tracker.entities.get(id) as Entity;
  tracker.entities.set(id, {
    ...entity,
    key,
    url: `https://${tracker.name}.example.org/${key}`,
    version: `${entity.version} moved`,
  });
}

const TWO = { key: 'key', url: 'address' };
const SHOWN: Partial<IntegrationConfig> = { backlinks: { 1: { key: 'key' }, 2: TWO } };

describe('18: an issue that was moved is shown by its new key and address on the other side', () => {
  let bench: Workbench;
  const start = async (options: Partial<IntegrationConfig>) => {
    bench = await Workbench.start(options);
  };
  afterEach(() => bench.stop());
  const shown = (tracker: Tracker, title: string) => {
    const fields = [...tracker.entities.values()].find(({ fields }) => fields.title === title)?.fields;
    return [fields?.key ?? null, fields?.address ?? null];
  };

  it('where it was created from the issue, though nothing that is mapped has changed', async () => {
    await start(SHOWN);
    bench.one.save('a', { title: 'Crash' });
    await bench.sync();
    assert.deepEqual(shown(bench.two, 'Crash'), ['a', 'https://one.example.org/a']);
    move(bench.one, 'a', 'NEW-7');
    await bench.sync();
    assert.deepEqual(shown(bench.two, 'Crash'), ['NEW-7', 'https://one.example.org/NEW-7']);
    const writes = bench.one.asked.length + bench.two.asked.length;
    await bench.sync();
    assert.equal(bench.one.asked.length + bench.two.asked.length, writes, 'nothing echoes');
    assert.equal((await bench.store.linkOf('integration', 1, 'a'))?.ends[0].ref.key, 'NEW-7');
  });

  it('with an edit in the same breath', async () => {
    await start(SHOWN);
    bench.one.save('a', { title: 'Crash' });
    await bench.sync();
    bench.one.save('a', { note: 'edited' });
    move(bench.one, 'a', 'NEW-7');
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'note'), 'edited');
    assert.deepEqual(shown(bench.two, 'Crash'), ['NEW-7', 'https://one.example.org/NEW-7']);
  });

  it('not where the entity showed nothing, since the other one was created from it', async () => {
    await start(SHOWN);
    bench.two.save('b', { title: 'Crash' });
    await bench.sync();
    const created = [...bench.one.entities.keys()][0] ?? '';
    move(bench.one, created, 'NEW-7');
    await bench.sync();
    assert.deepEqual(shown(bench.two, 'Crash'), [null, null]);
  });

  it('there too where the origin is to show its counterpart, also when only the writer meets the move', async () => {
    await start({ backlinks: { 1: { key: 'key', back: true }, 2: TWO } });
    bench.one.save('a', { title: 'Crash' });
    await bench.sync();
    const created = [...bench.two.entities.keys()][0] ?? '';
    assert.deepEqual(shown(bench.one, 'Crash'), [created, null]);
    move(bench.two, created, 'NEW-8');
    bench.one.save('a', { note: 'edited' });
    await bench.sync();
    assert.deepEqual(shown(bench.one, 'Crash'), ['NEW-8', null]);
  });

  it('by the link at the system’s own place for links, which is replaced', async () => {
    await start({ backlinks: { 2: { link: true } } });
    bench.two.takesLinks = true;
    bench.one.save('a', { title: 'Crash' });
    await bench.sync();
    move(bench.one, 'a', 'NEW-7');
    await bench.sync();
    const links = [...bench.two.links.values()].flatMap((entries) => [...entries.values()]);
    assert.deepEqual(
      links.map(({ url, title }) => [url, title]),
      [['https://one.example.org/NEW-7', 'One: NEW-7']],
    );
  });

  it('after a restart in between', async () => {
    await start(SHOWN);
    bench.one.save('a', { title: 'Crash' });
    await bench.sync();
    move(bench.one, 'a', 'NEW-7');
    await bench.redeploy({});
    await bench.sync();
    assert.deepEqual(shown(bench.two, 'Crash'), ['NEW-7', 'https://one.example.org/NEW-7']);
  });
});
