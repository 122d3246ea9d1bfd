/** Files with data from systems: nobody else on the machine needs to read them. On Windows, file modes have no
 * effect. */

import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o007;

/**
 * Call this before SQLite opens a file, and call the returned function once the file exists. After that, only their
 * owner can read the database and its journals, which get the database's permissions whenever they are created again.
 * If the file existed before, others lose their permissions; those of its group are somebody's choice and stay.
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
        // no journal, or the file belongs to somebody else and stays theirs
      }
    }
  };
}

/** Creates a folder and its missing parents for the owner only. An existing folder stays unchanged. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}
