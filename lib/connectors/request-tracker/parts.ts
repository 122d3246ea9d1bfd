/** Comments and attachments of tickets, which are read from the same transactions. */

import type { Entity, EntityId, EntityTypeId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { PartsResult } from '../connector';
import { ATTACHMENT } from '../kit/attachments';
import { COMMENT } from '../kit/comments';
import type { Attachments } from './attachments';
import type { Comments } from './comments';
import type { Threads } from './threads';

export class PartReader {
  constructor(
    private readonly threads: Threads,
    private readonly comments: Comments,
    private readonly attachments: Attachments,
  ) {}

  /** @see Connection.parts. RT may hide comments, together with their files: what is not there is not gone. */
  async of(owners: EntityId[], types: EntityTypeId[]): Promise<PartsResult[]> {
    const [withComments, withFiles] = [types.includes(COMMENT), types.includes(ATTACHMENT)];
    if (!withComments && !withFiles) return owners.map(() => []);
    const threads = await this.threads.of(owners, withFiles);
    const texts = withComments ? await this.comments.textsOf(threads.values()) : undefined;
    const files = withFiles ? await this.attachments.filesOf(threads.values()) : undefined;
    const results: PartsResult[] = [];
    for (const owner of owners) {
      const thread = threads.get(owner);
      if (thread === undefined || thread instanceof SyncError) {
        results.push(thread);
        continue;
      }
      const comments = texts ? await this.comments.ofThread(thread, texts) : [];
      if (comments instanceof SyncError) {
        results.push(comments);
        continue;
      }
      const attached = files ? await this.attachments.ofThread(thread, files) : [];
      results.push({ shown: [...comments, ...attached].sort(older) });
    }
    return results;
  }
}

/** Keeps the order of those of one time. */
const older = (a: Entity, b: Entity): number => Date.parse(a.createdAt ?? '') - Date.parse(b.createdAt ?? '');
