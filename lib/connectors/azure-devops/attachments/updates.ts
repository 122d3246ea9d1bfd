/**
 * Updates of work items that add, describe or remove relations to uploads. They go by the places of relations in the list of a single
 * work item, so they are based on its revision.
 */

import type { EntityId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { Answer, Bulk } from '../../kit/bulk';
import type { Request } from '../batch';
import { updateOf } from '../link-writing';
import { lostOf, restoring } from '../links';
import { noWorkItem, type WorkItemReader } from '../reading';
import type { PatchOperation, RawWorkItem } from '../shapes';
import { ATTACHED } from './shape';

/** What an update is about. */
export interface About {
  /** the work item */
  owner: EntityId;
  /** for errors */
  about: string;
}

type Verb = 'attached' | 'changed' | 'deleted';

/** How often an update is made up again because somebody else has changed the work item meanwhile. */
const MOST_TRIES = 4;
/** A limit of the service (https://github.com/solidify/jira-azuredevops-migrator/issues/626), or words about attachments. */
const OF_FILE = /\bVS403313\b|\bTF237\d{3}\b|attachment|relation/i;

export class RelationUpdates {
  constructor(
    private readonly batches: Bulk<Request, RawWorkItem>,
    private readonly items: WorkItemReader,
  ) {}

  /**
   * An update that is based on a revision, made up again if there is another one. A link that was made at its other end moves no
   * revision and so may have moved the places: what was removed in the stead of an attachment is put back.
   */
  async based({ owner, about }: About, verb: Verb, patch: (item: RawWorkItem) => PatchOperation[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const item = await this.alone(owner);
      const operations = patch(item);
      if (operations.length === 0) return;
      try {
        const shown = await this.one(updateOf(owner, item.rev, operations));
        if (verb !== 'deleted') return;
        const removed = operations.flatMap(({ path }) => Number(/\d+$/.exec(path)?.[0] ?? Number.NaN));
        const steps = removed.map((index) => ({ field: '', name: '', rel: ATTACHED, target: '', index }));
        const lost = lostOf(item.relations, steps, shown.relations);
        // an answer may lack all relations
        if (shown.relations.length === 0 || lost.length === 0) return;
        await this.one(updateOf(owner, shown.rev, lost.map(restoring)));
        throw new SyncError('conflict', `The relations of work item ${owner} changed while they were written`);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind !== 'conflict' || tries >= MOST_TRIES) throw await this.refused({ owner, about }, error, verb);
      }
    }
  }

  private async alone(owner: EntityId): Promise<RawWorkItem> {
    try {
      return await this.items.alone(owner);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'notFound') throw error;
      const now = await this.now(owner);
      throw now instanceof SyncError ? now : noWorkItem(owner);
    }
  }

  attach(owner: EntityId, operations: PatchOperation[]): Promise<RawWorkItem> {
    // attaching depends on nothing else: no revision is tested
    const request = { about: `Work item ${owner}`, path: `_apis/wit/workitems/${owner}`, create: false, operations };
    return this.one(request);
  }

  private async one(request: Request): Promise<RawWorkItem> {
    const [answer]: (Answer<RawWorkItem> | undefined)[] = await this.batches.send([request]);
    if (answer?.ok) return answer.shown;
    throw answer?.error ?? new SyncError('transient', `${request.about}: no answer`, { uncertain: true });
  }

  async refused({ owner, about }: About, error: SyncError, verb: Verb): Promise<SyncError> {
    const { detail, message } = error;
    const said = detail.answer ?? message;
    if (error.kind === 'notFound') {
      const now = await this.now(owner);
      if (now instanceof SyncError) return now;
      if (!now)
        return new SyncError('notFound', `${about} was not ${verb}: Azure DevOps has no work item ${owner}`, detail);
      return new SyncError('notFound', `${about} was not ${verb}: ${said}`, detail);
    }
    if (error.kind === 'forbidden') {
      const words = `${about} was not ${verb}: it takes the permission "Edit work items in this node" on the area of work item ${owner}`;
      return new SyncError('forbidden', `${words} (${said})`, detail);
    }
    if (error.kind !== 'invalid') return error;
    // what is wrong with a field, or with the work item as a whole, is not the file's fault
    const isOfFile = detail.fields === undefined && OF_FILE.test(said);
    const words = isOfFile ? said : `Azure DevOps does not take work item ${owner} as it is: ${said}`;
    return new SyncError('invalid', `${about} was not ${verb}: ${words}`, {
      ...detail,
      ...(!isOfFile && { ofOwner: true }),
    });
  }

  /** As it is now; undefined = it is gone. */
  async now(owner: EntityId): Promise<RawWorkItem | SyncError | undefined> {
    try {
      const { items, failed } = await this.items.deliver([owner]);
      return items.get(owner) ?? failed.get(owner);
    } catch (thrown) {
      return asSyncError(thrown);
    }
  }
}
