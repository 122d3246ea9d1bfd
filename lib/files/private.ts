/** Files that hold what systems hold: nobody else on the machine needs to read them. On Windows modes mean nothing. */

import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o007;

/**
 * To be called before SQLite opens a file, and what it returns once the file is there: the database and its journals, which
 * get the database's rights when they are made again, can then be read by their owner only. Of a file that was there
 * before, others lose their rights; those of its group are somebody's choice.
 */
export function privateDatabase(file: string): () => void {
  const isNew = !existsSync(file);
  return () => {
    for (const name of [file, `${file}-wal`, `${file}-shm`]) {
      try {
        const { mode } = statSync(name);
        const wanted = isNew ? PRIVATE_FILE : mode & ~OTHERS & 0o777;
        if ((mode & 0o777) !== wanted) chmodSync(name, wanted);
      } catch {
        // no journal, or the file is somebody else's, whose it stays
      }
    }
  };
}

/** Makes a folder, and those it lies in, for its owner only; one that exists stays as it is. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}
