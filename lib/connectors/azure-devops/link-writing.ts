/**
 * Links within writes. They go along with the fields, in one patch, which Azure DevOps carries out as a whole or not at all. If
 * it refuses the patch, the fields are written without links, and then each link by itself, so that one that is refused – a
 * circle, a second parent, a work item out of sight – keeps nothing else from being written.
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { FieldId } from '../../model/values';
import type { Answer, Bulk } from '../kit/bulk';
import type { AzureDevOpsApi } from './api';
import type { Request } from './batch';
import { isRemoval, isThere, type LinkStep, linkPatch, linkSteps, lostOf, restoring, type WantedLinks } from './links';
import type { WorkItemReader } from './reading';
import type { RawRelation, RawWorkItem } from './shapes';

/** The links of one write. */
export interface Linking {
  wanted: WantedLinks[];
  /** by the relations that the work item had */
  steps: LinkStep[];
  before: readonly RawRelation[];
}

export const NO_LINKS: Linking = { wanted: [], steps: [], before: [] };

/** An update that is based on a revision. */
export const updateOf = (id: EntityId, rev: number, operations: Request['operations']): Request => ({
  ...{ about: `Work item ${id}`, path: `_apis/wit/workitems/${id}`, create: false },
  operations: [{ op: 'test', path: '/rev', value: rev }, ...operations],
});

/** What was written and what was not: field → why. */
export interface Linked {
  item: RawWorkItem;
  ignored: Record<FieldId, string>;
}

/** May be a link's fault: what is wrong with a field names it. */
export const mayBeLinks = ({ kind, detail }: SyncError): boolean =>
  (kind === 'invalid' || kind === 'forbidden' || kind === 'notFound') &&
  detail.fields === undefined &&
  !detail.uncertain;

export class LinkWriter {
  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly batches: Bulk<Request, RawWorkItem>,
    private readonly reader: WorkItemReader,
  ) {}

  patchOf(steps: readonly LinkStep[]): Request['operations'] {
    return linkPatch(steps, this.api.baseUrl);
  }

  /**
   * Shows the relations of written work items also where the answers lack them: then they are read.
   * @param written what was written, with its links, by place; places without an answer are left alone
   */
  async complete(written: readonly Linking[], answers: Answer<RawWorkItem>[]): Promise<void> {
    const lacking = answers.flatMap((answer, at) => {
      const { before, steps } = written[at] ?? NO_LINKS;
      const left = before.length - steps.filter(isRemoval).length + steps.filter((one) => !isRemoval(one)).length;
      return answer.ok && answer.shown.relations.length === 0 && left > 0 ? [{ at, shown: answer.shown }] : [];
    });
    if (lacking.length === 0) return;
    const { items } = await this.reader.deliver(lacking.map(({ shown }) => shown.id));
    for (const { at, shown } of lacking) {
      const relations = items.get(shown.id)?.relations ?? [];
      answers[at] = { ok: true, shown: { ...shown, relations } };
    }
  }

  /**
   * A link that was made or removed at its other end moves no revision, and so may have moved the places of the list: then
   * another relation was removed in the stead of the one that was meant. It is put back.
   * @returns the reason to write once more, if that happened
   */
  async checked({ before, steps }: Linking, item: RawWorkItem): Promise<SyncError | undefined> {
    const missed = steps.some((step) => isRemoval(step) && isThere(step, item.relations));
    if (!missed) return undefined;
    const lost = lostOf(before, steps, item.relations);
    if (lost.length > 0) await this.one(updateOf(item.id, item.rev, lost.map(restoring)));
    return new SyncError('conflict', `The links of work item ${item.id} changed while they were written`);
  }

  /**
   * Writes each link by itself.
   * @throws SyncError `uncertain` – the system or the connection is in trouble, and some may have been written
   */
  async oneByOne(id: EntityId, wanted: readonly WantedLinks[]): Promise<Linked> {
    let item = await uncertain(this.reader.alone(id));
    const ignored: Record<FieldId, string> = {};
    for (const step of linkSteps(wanted, item.relations)) {
      try {
        const made = await this.one(updateOf(id, item.rev, linkPatch([step], this.api.baseUrl)));
        // the places of those that are still to be removed are before this one
        item = made.relations.length > 0 || item.relations.length <= 1 ? made : await uncertain(this.reader.alone(id));
      } catch (thrown) {
        if (!(thrown instanceof SyncError) || !mayBeLinks(thrown)) throw unsure(thrown);
        item = await uncertain(this.reader.alone(id));
        if (isThere(step, item.relations) !== isRemoval(step)) continue;
        const what = isRemoval(step) ? `the link to ${step.target} stays` : `no link to ${step.target}`;
        const why = `${what}: ${thrown.detail.answer ?? thrown.message}`;
        ignored[step.field] =
          ignored[step.field] === undefined ? `${step.name}: ${why}` : `${ignored[step.field]}; ${why}`;
      }
    }
    return { item, ignored };
  }

  private async one(request: Request): Promise<RawWorkItem> {
    const [answer] = await this.batches.send([request]);
    if (answer?.ok) return answer.shown;
    throw answer?.error ?? new SyncError('transient', `${request.about}: no answer`, { uncertain: true });
  }
}

async function uncertain<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw unsure(thrown);
  }
}

const unsure = (thrown: unknown): unknown =>
  thrown instanceof SyncError
    ? new SyncError(thrown.kind === 'conflict' ? 'transient' : thrown.kind, thrown.message, {
        ...thrown.detail,
        uncertain: true,
      })
    : thrown;
