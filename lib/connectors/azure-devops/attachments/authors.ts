/**
 * Who added an attachment. Its relation says when, not by whom: that is whoever made the revision. For files of the newest revision
 * the work item says it; for others, its updates do, which are read once.
 */

import type { EntityId } from '../../../model/entity';
import type { UserValue } from '../../../model/values';
import { Recent } from '../../kit/recent';
import type { AzureDevOpsApi } from '../api';
import { updatesFrom } from '../history';
import { isJson, isoOf, type Json, listOf, type RawWorkItem, textOf, userOf } from '../shapes';
import { attachmentId, type RawFile, uploadOf } from './shape';

/** Maximum number of attachments whose author is remembered. */
const REMEMBERED = 20_000;
/** Updates that are read at a time, the newest first. */
const STEP = 200;

export class FileAuthors {
  /** null = not to be found */
  private readonly known = new Recent<EntityId, UserValue | null>(REMEMBERED);

  constructor(private readonly api: AzureDevOpsApi) {}

  /** @param files of the work item. @returns by the upload's id */
  async of(item: RawWorkItem, files: readonly RawFile[]): Promise<Map<string, UserValue | undefined>> {
    const newest = isoOf(item.fields['System.ChangedDate']);
    const changedBy = userOf(item.fields['System.ChangedBy']);
    for (const { upload, addedAt } of files) {
      const id = attachmentId(item.id, upload);
      if (changedBy && newest !== undefined && isoOf(addedAt) === newest) this.known.set(id, changedBy);
    }
    const unknown = new Set(
      files.map(({ upload }) => upload).filter((one) => this.knownOf(item.id, one) === undefined),
    );
    if (unknown.size > 0) await this.lookFor(item, unknown);
    return new Map(files.map(({ upload }) => [upload, this.knownOf(item.id, upload) ?? undefined]));
  }

  private knownOf(item: EntityId, upload: string): UserValue | null | undefined {
    return this.known.get(attachmentId(item, upload));
  }

  /** From the newest update to the oldest: files are mostly read soon after they were added. */
  private async lookFor(item: RawWorkItem, uploads: Set<string>): Promise<void> {
    // about as many updates as revisions, or more
    for (let end = Number.POSITIVE_INFINITY, first = item.rev; first > 0 && uploads.size > 0; end = first) {
      first = Math.max(0, first - STEP);
      const updates = await updatesFrom(this.api, item.id, first, end - first);
      for (const update of updates) this.learn(item.id, update, uploads);
    }
    for (const upload of uploads) this.known.set(attachmentId(item.id, upload), null);
  }

  private learn(item: EntityId, update: Json, uploads: Set<string>): void {
    const { added } = isJson(update.relations) ? update.relations : {};
    const change = isJson(update.fields) ? update.fields['System.ChangedBy'] : undefined;
    const by = userOf(isJson(change) ? change.newValue : undefined) ?? userOf(update.revisedBy);
    for (const { rel, url } of listOf({ added }, 'added')) {
      const upload = uploadOf({ rel: textOf(rel) ?? '', url: textOf(url) ?? '' });
      if (upload === undefined || !by || !uploads.delete(upload)) continue;
      this.known.set(attachmentId(item, upload), by);
    }
  }
}
