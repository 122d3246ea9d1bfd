/** Comments and attachments of work items, which are read once for both. */

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { PartsResult } from '../connector';
import { ATTACHMENT } from '../kit/attachments';
import { COMMENT } from '../kit/comments';
import { eachAlone } from '../kit/each-alone';
import type { AttachmentReader } from './attachments/reader';
import { CONCURRENCY, type CommentReader } from './comments/reader';
import type { WorkItemReader } from './reading';

export class PartReader {
  constructor(
    private readonly items: WorkItemReader,
    private readonly comments: CommentReader,
    private readonly attachments: AttachmentReader,
  ) {}

  /** @see Connection.parts */
  async of(owners: EntityId[], types: string[]): Promise<PartsResult[]> {
    const [withComments, withFiles] = [types.includes(COMMENT), types.includes(ATTACHMENT)];
    if (!withComments && !withFiles) return owners.map(() => []);
    const { items, failed } = await this.items.deliver(owners);
    const results = new Map<EntityId, PartsResult>(failed);
    await eachAlone(
      [...items.values()],
      CONCURRENCY,
      async (item) => {
        const owner = await this.items.entity(item);
        const comments = withComments ? await this.comments.ofItem(item, owner) : [];
        const files = withFiles ? await this.attachments.ofItem(item, owner) : [];
        results.set(item.id, files.length === 0 ? comments : [...comments, ...files].sort(older));
      },
      // the work item existed a moment ago, so its parts do not count as deleted
      ({ id }, error) =>
        results.set(id, error.kind === 'notFound' ? new SyncError('transient', error.message, error.detail) : error),
    );
    return owners.map((id) => results.get(id));
  }
}

/** Keeps the order of those of one time. */
const older = (a: Entity, b: Entity): number => Date.parse(a.createdAt ?? '') - Date.parse(b.createdAt ?? '');
