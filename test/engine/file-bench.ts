/** Attachments between two sandbox trackers: the bench of comments, and short words for files. */

import { createHash } from 'node:crypto';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import type { PartPair } from '../../lib/model/config';
import type { FileContent } from '../../lib/model/content';
import type { Bench } from './comment-bench';

export const FILES: PartPair = {
  id: 'files',
  role: 'attachment',
  one: { id: 'attachment', name: 'Attachment' },
  two: { id: 'attachment', name: 'Attachment' },
  direction: 'both',
};

/** A file with this text. */
export function fileOf(name: string, text: string): FileContent {
  const bytes = Buffer.from(text);
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10) yield bytes.subarray(at, at + 10);
  }
  return {
    name,
    size: bytes.length,
    mediaType: 'text/plain',
    open: async () => ({ size: bytes.length, bytes: all(), close: () => undefined }),
  };
}

export const attach = async (space: SandboxSpace, owner: string, name: string, text: string): Promise<string> =>
  (await space.attach('alice', owner, fileOf(name, text))).id;

/** Names and texts of the attachments of the bug with this title, in their order. */
export async function filesOf(bench: Bench, space: SandboxSpace, title: string): Promise<[unknown, string][]> {
  const parts = bench.parts(space, title).filter(({ type }) => type === 'attachment');
  return Promise.all(
    parts.map(async ({ id, fields }): Promise<[unknown, string]> => {
      const held: Uint8Array[] = [];
      for await (const part of space.openFile(id)?.bytes ?? []) held.push(part);
      return [fields.name, Buffer.concat(held).toString()];
    }),
  );
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
