/**
 * Where sheets are kept: `<userDir>/twinflow/tables/<id>/`, with the file and its name. The flow holds the id only. Ids
 * are ours; nothing that comes from outside becomes part of a path.
 */

import { createHash, randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { makePrivateFolder, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/private';
import { SHEET_LIMITS } from '../mapping/tables/sheets';
import type { SheetSource } from '../model/config';
import { SyncError } from '../model/errors';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No other file of the server is to be looked into by way of a form. */
const SHEET = /\.(xlsx|xlsm|ods|csv|tsv|txt)$/i;
const LONGEST_NAME = 200;

export const tablesFolder = (dataFolder: string): string => join(dataFolder, 'twinflow', 'tables');

function folderOf(dataFolder: string, id: string): string {
  if (!ID.test(id)) throw new SyncError('invalid', 'There is no such uploaded sheet.');
  return join(tablesFolder(dataFolder), id);
}

/** The name that people gave a file, without folders and signs that can't be shown. */
export const plainFileName = (name: string): string =>
  basename(name.replaceAll('\\', '/'))
    .replace(/\p{Cc}/gu, '')
    .slice(0, LONGEST_NAME) || 'table';

/** Room for all uploads of one Node-RED. */
export const QUOTA = { bytes: 512_000_000, files: 500 };

/** Bytes of each upload that is kept. */
async function sizesOf(dataFolder: string): Promise<number[]> {
  const ids = (await readdir(tablesFolder(dataFolder)).catch(() => [])).filter((name) => ID.test(name));
  const sizes = ids.map((id) =>
    stat(join(folderOf(dataFolder, id), 'sheet')).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return Promise.all(sizes);
}

/** Keeps an uploaded file. @returns its new id @throws SyncError invalid – there is no room for it */
export async function keepUpload(dataFolder: string, name: string, bytes: Buffer): Promise<string> {
  const id = randomUUID();
  const folder = folderOf(dataFolder, id);
  const uploads = await sizesOf(dataFolder);
  const total = uploads.reduce((sum, size) => sum + size, bytes.length);
  if (total > QUOTA.bytes || uploads.length >= QUOTA.files) {
    throw new SyncError(
      'invalid',
      `The uploaded sheets fill the space for them (${QUOTA.bytes / 1_000_000} MB, ${QUOTA.files} files). Delete those in ` +
        'the folder twinflow/tables of Node-RED’s user directory that no value mapper uses.',
    );
  }
  makePrivateFolder(tablesFolder(dataFolder));
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  await writeFile(join(folder, 'sheet'), bytes, { mode: PRIVATE_FILE });
  await writeFile(join(folder, 'name.txt'), plainFileName(name), { mode: PRIVATE_FILE });
  return id;
}

export async function removeUpload(dataFolder: string, id: string): Promise<void> {
  await rm(folderOf(dataFolder, id), { recursive: true, force: true });
}

/** How long an upload is kept that no node names: a flow that was taken out may come back. */
export const UNUSED_MS = 30 * 24 * 3_600_000;

/**
 * Deletes uploads that no node has named for thirty days. Call it after a full deploy, when all nodes are known. What is
 * found unused is marked first, and deleted only when the mark is old: a flow file that is missing for a day costs nothing.
 * @param used ids of the uploads that nodes name
 * @param now milliseconds since 1970
 * @returns the names of the files that were deleted
 */
export async function sweepUploads(dataFolder: string, used: ReadonlySet<string>, now = Date.now()): Promise<string[]> {
  const folders = await readdir(tablesFolder(dataFolder)).catch(() => []);
  const removed: string[] = [];
  for (const id of folders.filter((name) => ID.test(name))) {
    const mark = join(folderOf(dataFolder, id), 'unused.txt');
    if (used.has(id)) {
      await rm(mark, { force: true });
      continue;
    }
    const since = await readFile(mark, 'utf8').then(Date.parse, () => undefined);
    if (since === undefined || Number.isNaN(since)) await writeFile(mark, new Date(now).toISOString());
    else if (now - since >= UNUSED_MS) {
      removed.push(await uploadName(dataFolder, id));
      await removeUpload(dataFolder, id);
    }
  }
  return removed;
}

/** The name an upload came with. */
export async function uploadName(dataFolder: string, id: string): Promise<string> {
  return (await readFile(join(folderOf(dataFolder, id), 'name.txt'), 'utf8').catch(() => '')) || id;
}

/** Where a source's file is. @throws SyncError invalid – a path that isn't one */
export function fileOf(dataFolder: string, from: SheetSource['from']): string {
  if (from.kind === 'upload') return join(folderOf(dataFolder, from.id), 'sheet');
  if (!isAbsolute(from.path)) {
    throw new SyncError('invalid', `The path of a sheet must be a complete one, beginning at the root: "${from.path}"`);
  }
  if (!SHEET.test(from.path)) {
    throw new SyncError(
      'invalid',
      `A sheet is a file that ends in .xlsx, .xlsm, .ods, .csv, .tsv or .txt: "${from.path}"`,
    );
  }
  return from.path;
}

/** What of a file changes when it is written: its time and size; undefined where there is none. */
export async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size } = await stat(file);
    return `${mtimeMs} ${size}`;
  } catch {
    return undefined;
  }
}

/**
 * @param from what the file is the file of: an upload is named by its name, not by where the server keeps it
 * @throws SyncError invalid – no such file, or too large a one
 */
export async function checkFile(file: string, from: SheetSource['from']): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    throw new SyncError(
      'invalid',
      from.kind === 'path'
        ? `There is no file ${file} on the server.`
        : `The uploaded sheet ${from.name || from.id} is not on this server: upload it again.`,
    );
  }
  if (found.size > SHEET_LIMITS.file) {
    throw new SyncError('invalid', `The file is larger than ${SHEET_LIMITS.file / 1_000_000} MB.`);
  }
}

/** Where the last good copy of a file on disk is kept, so that a restart beside a broken file still has a table. */
export const keptCopyOf = (dataFolder: string, path: string): string =>
  join(tablesFolder(dataFolder), 'kept', createHash('sha256').update(path).digest('hex').slice(0, 32));

/** Puts a good file aside, whole or not at all. */
export async function keepCopy(dataFolder: string, path: string): Promise<void> {
  const kept = keptCopyOf(dataFolder, path);
  makePrivateFolder(tablesFolder(dataFolder));
  await mkdir(join(tablesFolder(dataFolder), 'kept'), { recursive: true, mode: PRIVATE_FOLDER });
  const written = `${kept}.${randomUUID()}`;
  await copyFile(path, written);
  await chmod(written, PRIVATE_FILE);
  await rename(written, kept);
}
