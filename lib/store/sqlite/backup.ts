/**
 * A copy of a store in one file – links, baselines, checkpoints, open and parked changes – made while it is open, and such a copy
 * taking the place of a store. What is there is put aside, never deleted.
 */

import { existsSync, renameSync, statSync } from 'node:fs';
import * as sqlite from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../files/private';
import { StoreError } from '../errors';
import { asStoreError } from './errors';
import { lockStore } from './lock';
import { APPLICATION_ID, checkOwner, MIGRATIONS } from './schema';

/** Pages copied before others go on: some milliseconds. */
const PAGES = 200;

/** What is in a copy. */
export interface CopyContent {
  /** the store's own name; '' in formats without one */
  store: string;
  links: number;
  newest: number;
  parked: number;
}

const stagedAt = (file: string): string => `${file}.restore`;

/**
 * Writes a copy as of one moment. Node-RED goes on meanwhile.
 * @param into a file that does not exist
 * @throws StoreError
 */
export async function copyStore(file: string, into: string): Promise<void> {
  let db: DatabaseSync | undefined;
  try {
    const closeToOthers = privateDatabase(into);
    db = new DatabaseSync(file, { readOnly: true });
    // the same moment from the first page to the last, whatever is written meanwhile
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    // absent before Node.js 22.16
    if (typeof sqlite.backup === 'function') await sqlite.backup(db, into, { rate: PAGES });
    else {
      db.exec('COMMIT');
      db.prepare('VACUUM INTO ?').run(into);
    }
    closeToOthers();
  } catch (error) {
    throw asStoreError(error, file);
  } finally {
    db?.close();
  }
}

/**
 * Looks into a copy and checks that it is whole.
 * @throws StoreError damaged: no store of Twinflow, or not whole; newer
 */
export function inspectCopy(file: string): CopyContent {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const { application_id: application } = db.prepare('PRAGMA application_id').get() ?? {};
    if (application !== APPLICATION_ID) throw new StoreError('damaged', 'This file is no backup of Twinflow.');
    checkOwner(db, 'This backup', MIGRATIONS);
    const { pages } =
      db.prepare('SELECT page_count * page_size AS pages FROM pragma_page_count, pragma_page_size').get() ?? {};
    if (pages !== statSync(file).size)
      throw new StoreError('damaged', 'This backup is damaged or incomplete. Use another one.');
    const one = (sql: string): unknown => Object.values(db?.prepare(sql).get() ?? {})[0];
    const has = (table: string): boolean => one(`SELECT count(*) FROM sqlite_schema WHERE name = '${table}'`) === 1;
    return {
      store: has('identity') ? String(one('SELECT name FROM identity')) : '',
      links: Number(one('SELECT count(*) FROM links')),
      newest: Number(one('SELECT coalesce(max(id), 0) FROM links')),
      parked: Number(one('SELECT count(*) FROM failures')),
    };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('damaged', 'This file is no backup of Twinflow, or it is damaged or incomplete.', error);
  } finally {
    db?.close();
  }
}

/** A checked copy takes the store's place when that is opened next. @param copy in the same folder; it is moved */
export const stageCopy = (file: string, copy: string): void => renameSync(copy, stagedAt(file));

/**
 * Before a store is opened: a staged copy takes its place.
 * @returns where the store is that was there, '' if there was none; undefined if no copy is staged
 * @throws StoreError locked – another process uses the store
 */
export function takeStaged(file: string): string | undefined {
  if (!existsSync(stagedAt(file))) return undefined;
  const unlock = lockStore(file);
  try {
    let aside = '';
    if (existsSync(file)) {
      aside = `${file}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
      // what was not folded back yet belongs to it
      for (const end of ['-wal', '-shm', '']) if (existsSync(file + end)) renameSync(file + end, aside + end);
    }
    renameSync(stagedAt(file), file);
    return aside;
  } catch (error) {
    throw asStoreError(error, file);
  } finally {
    unlock();
  }
}
