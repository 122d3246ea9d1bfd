/**
 * The admin HTTP routes below /twinflow/ for backup and move. A backup holds values of items, so both need twinflow.write:
 *
 *   GET  /twinflow/backup   the whole store in one file
 *   POST /twinflow/backup   such a file (application/octet-stream): it is checked, and takes the store's place when the flows
 *                           are started next
 */

import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SyncError } from '../../lib/model/errors';
import { StoreError } from '../../lib/store/errors';
import { type CopyContent, copyStore, inspectCopy, stageCopy } from '../../lib/store/sqlite/backup';
import type { StoreState } from '../../lib/store/store';
import { type JsonHost, jsonRoutes, refuse, sendJson } from './json-routes';

export interface BackupServices {
  /** the store's file, and its state; undefined if it is not open, or is no file. @throws StoreError */
  store(): Promise<{ file: string; state: StoreState } | undefined>;
}

const LARGEST = 8 * 1024 ** 3;

/** Adds the routes. Call it once per runtime. */
export function registerBackup(host: JsonHost, { store }: BackupServices): void {
  const { httpAdmin, auth, log } = host;
  jsonRoutes(host);
  const mayWrite = auth.needsPermission('twinflow.write');
  /** one at a time: both fill the disk */
  let isBusy = false;
  const alone = async (work: (file: string, state: StoreState) => Promise<void>): Promise<void> => {
    const found = await store();
    if (!found) throw new SyncError('transient', 'There is no store that can be copied, or it is not open yet.');
    if (isBusy) throw new SyncError('conflict', 'Another backup or restore is running. Try again when it is over.');
    isBusy = true;
    try {
      await work(found.file, found.state);
    } finally {
      isBusy = false;
    }
  };

  httpAdmin.get('/twinflow/backup', mayWrite, (request, response) => {
    log?.audit({ event: 'twinflow.backup' }, request);
    alone(async (file) => {
      const copy = `${file}.copy-${randomUUID()}`;
      try {
        await copyStore(file, copy);
        const day = new Date().toISOString().slice(0, 10);
        response.writeHead(200, {
          ...{ 'content-type': 'application/octet-stream', 'content-length': String((await stat(copy)).size) },
          'content-disposition': `attachment; filename="twinflow-${day}.backup"`,
          ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
        });
        await pipeline(createReadStream(copy), response);
      } finally {
        await rm(copy, { force: true });
      }
    }).catch((thrown: unknown) => refuse(response, thrown));
  });

  httpAdmin.post('/twinflow/backup', mayWrite, (request, response) => {
    log?.audit({ event: 'twinflow.restore' }, request);
    alone(async (file, state) => {
      const copy = `${file}.upload-${randomUUID()}`;
      try {
        await pipeline(request, bounded(), createWriteStream(copy, { mode: 0o600 }));
        const content = inspected(copy);
        checkNewer(content, state);
        stageCopy(file, copy);
        sendJson(response, 200, { links: content.links, parked: content.parked });
      } finally {
        for (const end of ['', '-wal', '-shm']) await rm(copy + end, { force: true });
      }
    }).catch((thrown: unknown) => refuse(response, thrown));
  });
}

function inspected(copy: string): CopyContent {
  try {
    return inspectCopy(copy);
  } catch (thrown) {
    // it is the file's fault, not that of the store here
    throw thrown instanceof StoreError ? new SyncError('invalid', thrown.message) : thrown;
  }
}

/** An older copy of the same store knows less than the store itself. */
function checkNewer({ store, newest }: CopyContent, now: StoreState): void {
  if (store !== now.store || newest >= now.newest) return;
  throw new SyncError(
    'conflict',
    'This backup is older than the store that is here: links were made since. With it, their items could be created again. ' +
      'To go back nevertheless, stop Node-RED and replace the file of the store.',
  );
}

function bounded(): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > LARGEST) done(new SyncError('invalid', 'This file is too large for a backup.'));
      else done(null, chunk);
    },
  });
}
