/**
 * The embedded store: one SQLite file in WAL mode, through Node's own `node:sqlite`. Waiting for another program's lock
 * happens outside of SQLite (turns.ts), because SQLite blocks while it works.
 */

import { createStore } from '../machine/store';
import type { Store } from '../store';
import { Database } from './database';
import { SqliteRows } from './rows';
import { MIGRATIONS } from './schema';

export interface SqliteOptions {
  /** path of the file; its folder must exist. `:memory:` for a store that ends with its process */
  file: string;
  log?: (text: string) => void;
  /** false if time is simulated: no call waits for the disk, and a power failure loses the latest data. Default:
   * true */
  outlivesPower?: boolean;
}

/**
 * Opens the store, creating the file if there is none.
 * @throws StoreError `locked` if another process has opened it, `readOnly`, `damaged`, `newer`
 */
export async function openSqliteStore({ file, log, outlivesPower }: SqliteOptions): Promise<Store> {
  const store = await createStore(new SqliteRows(Database.open(file, MIGRATIONS, outlivesPower)));
  log?.(`Store ${file} opened`);
  return store;
}
