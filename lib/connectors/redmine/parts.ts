/** Comments and attachments of issues, together if both are asked for: then the one request that an issue needs for its notes brings
 * its attachments, too. */

import type { Entity, EntityId, EntityTypeId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { PartsResult } from '../connector';
import { ATTACHMENT } from '../kit/attachments';
import { COMMENT } from '../kit/comments';
import type { AttachmentReader } from './attachments';
import type { CommentReader } from './comments';

export class PartReader {
  constructor(
    private readonly comments: CommentReader,
    private readonly attachments: AttachmentReader,
  ) {}

  /** @see Connection.parts */
  async of(owners: EntityId[], types: EntityTypeId[]): Promise<PartsResult[]> {
    const withFiles = types.includes(ATTACHMENT);
    if (!types.includes(COMMENT)) return withFiles ? this.attachments.ofIssues(owners) : owners.map(() => []);
    const found = await this.comments.ofIssues(owners);
    const results: PartsResult[] = [];
    for (const owner of owners) {
      const one = found.get(owner);
      if (one === undefined || one instanceof SyncError) {
        results.push(one);
        continue;
      }
      const files = withFiles ? await this.attachments.filesOf(one.issue) : [];
      if (files instanceof SyncError) {
        results.push(files);
        continue;
      }
      const all = [...(await this.comments.entities(one)), ...files].sort(older);
      const seesAll = await this.comments.seesAll(one.issue.project.id);
      // what the account may not see are private notes: the attachments are all there
      results.push(seesAll ? all : { shown: all, ...(withFiles && { all: [ATTACHMENT] }) });
    }
    return results;
  }
}

/** Keeps the order of those of one time. */
const older = (a: Entity, b: Entity): number => Date.parse(a.createdAt ?? '') - Date.parse(b.createdAt ?? '');
