/**
 * One process per store: two Node-REDs with the same user directory would both send the events.
 *
 * The lock is SQLite's own exclusive file lock on a companion file, `<file>.lock`, taken when the store is opened and
 * held until it is closed. The operating system releases it when the process ends, even by kill -9, so there is nothing
 * to clean up and no timeout to wait for. A lock on the store's file itself would keep backup and inspection tools from
 * reading it while Node-RED runs.
 */

import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../files/private';
import { StoreError } from '../errors';
import { asStoreError, isBusy } from './errors';

/**
 * @returns a function that releases the lock
 * @throws StoreError `locked` if another process, or this one, has opened the store
 */
export function lockStore(file: string): () => void {
  const lockFile = `${file}.lock`;
  let db: DatabaseSync | undefined;
  try {
    const closeToOthers = privateDatabase(lockFile);
    db = new DatabaseSync(lockFile);
    // The first write takes the lock, which is kept because the mode is exclusive. Nothing in the file must survive.
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = MEMORY;
      PRAGMA synchronous = OFF;
      BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS holder (pid INTEGER, since TEXT);
      DELETE FROM holder;
    `);
    db.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, new Date().toISOString());
    db.exec('COMMIT');
    closeToOthers();
  } catch (error) {
    db?.close();
    if (!isBusy(error)) throw asStoreError(error, lockFile);
    throw new StoreError(
      'locked',
      `${file} is in use by another process, most likely a second Node-RED with the same user directory. ` +
        'Two of them would both send every change. Stop the other one, or give this one a file of its own.',
      error,
    );
  }
  const held = db;
  return () => held.close();
}
