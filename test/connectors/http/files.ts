/** Files for tests: what stands in them, and what came of them. */

import { createHash } from 'node:crypto';
import type { FileContent, OpenedFile } from '../../../lib/model/content';

export interface Given extends FileContent {
  /** how often it was opened, and how often it was closed */
  opened: number;
  closed: number;
}

/** A file whose bytes come in the parts given. */
export function fileOf(name: string, parts: readonly (string | Uint8Array)[], given: Partial<FileContent> = {}): Given {
  const bytes = parts.map((part) => Buffer.from(part));
  const size = bytes.reduce((sum, part) => sum + part.length, 0);
  const file: Given = {
    name,
    size,
    ...given,
    opened: 0,
    closed: 0,
    async open() {
      file.opened += 1;
      if (given.open) return given.open();
      async function* all(): AsyncGenerator<Uint8Array> {
        yield* bytes;
      }
      const close = () => {
        file.closed += 1;
      };
      return { size, bytes: all(), close };
    },
  };
  return file;
}

export async function read(file: OpenedFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of file.bytes) parts.push(part);
  return Buffer.concat(parts);
}

export async function sha256(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of bytes) hash.update(part);
  return hash.digest('hex');
}
