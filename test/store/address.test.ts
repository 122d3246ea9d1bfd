import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storeAt } from '../../lib/store/open';

const refused = (address: unknown, says: RegExp) => {
  assert.throws(() => storeAt(address), { name: 'StoreError', kind: 'address', message: says });
};

describe("The store's address", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'twinflow-address-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('may be a path or a file URL, which mean the same file', async () => {
    const file = join(folder, 'a store #1 100%.sqlite');
    const byPath = storeAt(file);
    assert.equal(byPath.exists(), false);
    const store = await byPath.open();
    await store.setCheckpoint({ integration: 'one', side: 1 }, { at: 7 });
    await store.close();
    const byUrl = storeAt(pathToFileURL(file).href);
    assert.equal(byUrl.name, file);
    assert.equal(byUrl.exists(), true);
    const again = await byUrl.open();
    assert.deepEqual(await again.checkpoint({ integration: 'one', side: 1 }), { at: 7 });
    await again.close();
  });

  it('is a path where it has no scheme, also on Windows and with a colon in it', () => {
    for (const path of ['store.sqlite', './a:b.sqlite', '/data/a:b', 'C:\\data\\store.sqlite', 'c:/data/store.sqlite'])
      assert.equal(storeAt(path).name, path);
    assert.equal(storeAt('file:store.sqlite').name, 'store.sqlite');
    assert.equal(storeAt('FILE:///data/store.sqlite').name, '/data/store.sqlite');
  });

  it('may be a store that ends with its process, and is never missed', async () => {
    const place = storeAt(':memory:');
    assert.equal(place.exists(), true);
    await (await place.open()).close();
  });

  it('of another database is refused with what is possible, and without its password', () => {
    for (const scheme of ['postgres', 'postgresql', 'mysql', 'sqlite', 'https', 'constructor']) {
      const address = `${scheme}://twinflow:secret@db.example.org/twinflow`;
      refused(address, new RegExp(`begins with "${scheme}:".*path of a file.*file:///data/twinflow`));
      assert.throws(
        () => storeAt(address),
        (error: Error) => !/secret|example/.test(error.message),
      );
    }
  });

  it('is refused where it is no file of this machine, or would be cut off', () => {
    for (const address of [
      'file:',
      'file:///',
      'file:///data/',
      'file://server/data.sqlite',
      'file:///%00',
      'file:%E0',
    ])
      refused(address, /no URL of a local file/);
    refused('file:///data/store.sqlite?mode=ro', /%3F/);
    refused('file:store.sqlite#1', /%23/);
    for (const address of [5, {}, true]) refused(address, /is not a text/);
  });
});
