import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/store/sqlite';
import { storeConformance } from '../conformance/store';
import type { OpenedStore } from '../conformance/store/harness';

async function openFresh(): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'twinflow-store-'));
  const file = join(folder, 'store.db');
  let store = await openSqliteStore({ file });
  return {
    store,
    child: { module: join(__dirname, 'open-sqlite.ts'), argument: file },
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ file });
      return store;
    },
    cleanup: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

storeConformance('SQLite', openFresh);
