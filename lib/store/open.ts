/**
 * The store for an address: a path or `file:` URL is an SQLite file, `:memory:` a store that ends with its process.
 * Another database needs another entry in SCHEMES.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StoreError } from './errors';
import { openSqliteStore } from './sqlite';
import type { Store } from './store';

/** A store that can be opened. */
export interface StorePlace {
  /** display name: the path of its file */
  name: string;
  /** whether it exists, as far as that is visible from outside. A store that ends with its process always exists. */
  exists(): boolean;
  /** its file, if it is one that outlives the process */
  file?: string;
  /** Creates it if it does not exist. @throws StoreError */
  open(): Promise<Store>;
}

const SCHEMES: Record<string, (address: string) => StorePlace> = {
  file: (address) => sqliteAt(pathOf(address)),
};

/** A single letter is the drive of a path (`C:\\data`). */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/**
 * @param address as written in settings.js or TWINFLOW_STORE
 * @throws StoreError address if it does not name a store that can be opened; the text lists the possible forms
 */
export function storeAt(address: unknown): StorePlace {
  if (typeof address !== 'string') throw refusal('is not a text');
  if (address === ':memory:') return sqliteAt(address);
  const scheme = SCHEME.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return sqliteAt(address);
  const open = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  // the rest of it may contain a password
  if (!open) throw refusal(`begins with "${scheme}:", which this version cannot open`);
  return open(address);
}

function sqliteAt(file: string): StorePlace {
  const exists = file === ':memory:' ? () => true : () => existsSync(file);
  return { name: file, exists, ...(file !== ':memory:' && { file }), open: () => openSqliteStore({ file }) };
}

/** `file:name` without a slash is relative to the working folder, like a path. */
function pathOf(address: string): string {
  const rest = address.slice(address.indexOf(':') + 1);
  if (/[?#]/.test(rest)) throw refusal('has "?" or "#" in it: in a file URL these are written %3F and %23');
  try {
    const path = rest.startsWith('/') ? fileURLToPath(address) : decodeURIComponent(rest);
    if (path !== '' && !path.includes('\0') && !/[/\\]$/.test(path)) return path;
  } catch {
    // reported below
  }
  throw refusal('is no URL of a local file');
}

const refusal = (why: string): StoreError =>
  new StoreError(
    'address',
    `The address of Twinflow's store (TWINFLOW_STORE, or "twinflow: { store }" in settings.js) ${why}. ` +
      'Give the path of a file ("/data/twinflow.sqlite") or its URL ("file:///data/twinflow.sqlite"). ' +
      'A name that has a colon in it needs its folder, too: "./a:b.sqlite".',
  );
