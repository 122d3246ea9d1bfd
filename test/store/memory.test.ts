/** The store's machine over the second set of rows: what holds in SQLite and here is not SQLite's doing. */

import { storeConformance } from '../conformance/store';
import type { OpenedStore } from '../conformance/store/harness';
import { MemoryData, openMemoryStore } from './memory';

async function openFresh(): Promise<OpenedStore> {
  const data = new MemoryData();
  let store = await openMemoryStore(data);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openMemoryStore(data);
      return store;
    },
    cleanup: () => store.close(),
  };
}

storeConformance('memory', openFresh, { endsWithProcess: true });
