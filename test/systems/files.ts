/** Files that a stand-in has received: on disk, since they may be larger than a test may hold in memory. */

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface StoredFile {
  path: string;
  /** bytes; more may have come than are stored */
  size: number;
  /** in hexadecimal */
  sha256: string;
}

export class FileStore {
  private folder: string | undefined;

  /** Reads all bytes. @param most no more are stored */
  async receive(bytes: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<StoredFile> {
    const path = this.newPath();
    const hash = createHash('sha256');
    let size = 0;
    const handle = await open(path, 'w');
    try {
      for await (const part of bytes) {
        size += part.length;
        if (size > most) continue;
        hash.update(part);
        await handle.write(part);
      }
    } finally {
      await handle.close();
    }
    return { path, size, sha256: hash.digest('hex') };
  }

  /** A file that somebody adds in a browser. */
  keep(bytes: Uint8Array): StoredFile {
    const path = this.newPath();
    writeFileSync(path, bytes);
    return { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  /** Bytes that follow those that are there. */
  async append(file: StoredFile, bytes: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const hash = createHash('sha256');
    let { size } = file;
    const handle: FileHandle = await open(file.path, 'a');
    try {
      for await (const part of bytes) {
        size += part.length;
        await handle.write(part);
      }
    } finally {
      await handle.close();
    }
    for await (const part of createReadStream(file.path)) hash.update(part as Buffer);
    return { path: file.path, size, sha256: hash.digest('hex') };
  }

  stream({ path }: StoredFile): Readable {
    return createReadStream(path);
  }

  bytes({ path }: StoredFile): Buffer {
    return readFileSync(path);
  }

  clear(): void {
    // one whose client has left may just be written
    const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };
    if (this.folder !== undefined) rmSync(this.folder, options);
    this.folder = undefined;
  }

  private newPath(): string {
    this.folder ??= mkdtempSync(join(tmpdir(), 'twinflow-stand-in-'));
    return join(this.folder, randomUUID());
  }
}
