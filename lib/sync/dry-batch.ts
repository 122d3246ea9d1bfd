/**
 * A batch of a dry run: everything is read, merged and planned as if it were to be written, and then told instead. Neither
 * the target nor links, baselines, intents and attempts are touched; the events wait in the store until the dry run ends.
 * Where the target as a whole is in trouble it pauses, as it always does, and what it stopped is shown when it is back.
 */

import { type Direction, refOf } from '../model/entity';
import { SyncError } from '../model/errors';
import type { DryRun } from '../model/message';
import type { FieldId } from '../model/values';
import type { LinkEnd } from '../store/store';
import type { Create } from './create';
import { type Blame, isSystemFault } from './failure';
import type { Integration } from './integration';
import type { Landed } from './landing';
import { endOf, type Job, nameEntity, type Work } from './work';
import { Batch, emptied, type JobResult } from './write-batch';

/** @returns per job: what would become of it, or its error, or undefined where it was finished before */
export async function showBatch(integration: Integration, direction: Direction, jobs: Job[]): Promise<JobResult[]> {
  return new DryBatch(integration, direction, jobs).run();
}

class DryBatch extends Batch {
  private readonly shown: Work[] = [];

  override async run(): Promise<JobResult[]> {
    const results = await super.run();
    // stored before it is told, as with everything that lands
    if (this.shown.length > 0) await this.integration.store.show(this.shown);
    return results;
  }

  protected override async begin(creates: Create<Work>[]): Promise<Create<Work>[]> {
    return creates;
  }

  /** As if the link had been stored. */
  protected override async join(work: Work, ends: [LinkEnd, LinkEnd]): Promise<Work[]> {
    const link = { id: 0, integration: this.integration.config.id, ends };
    return [{ ...work, event: { ...work.event, link }, adopted: true, replaces: undefined }];
  }

  protected override async write(works: Work[]): Promise<void> {
    if (works.length > 0 && !this.target.connection().write) {
      return this.fail(works, new SyncError('forbidden', `${this.target.name} can only be read`));
    }
    for (const work of works) this.show(work, work.event.link ? 'updated' : 'created');
  }

  protected override async land(landings: Landed[]): Promise<void> {
    for (const { work } of landings) this.show(work, 'unchanged');
  }

  protected override async passOver(work: Work, reason: string): Promise<void> {
    work.notes.push({ field: '', reason });
    this.show(work, 'skipped');
  }

  protected override async fail(
    works: Work[],
    error: SyncError,
    how: { unmade?: boolean; blame?: Blame } = {},
  ): Promise<void> {
    const isOfSystem = how.blame === 'system' || (how.blame !== 'own' && isSystemFault(error));
    if (isOfSystem) return super.fail(works, error, how);
    for (const work of works) this.show(work, 'parked', nameEntity(error, work, this.names(work)));
  }

  private show(work: Work, outcome: DryRun['outcome'], error?: SyncError): void {
    const { event, plan, message } = work;
    const counterpart = event.link && endOf(work, this.way.targetSide).ref;
    const { type, project } = work.target ?? counterpart ?? message.sync.target;
    const withheld = Object.entries(work.withheld ?? {}).map(([field, reason]) => ({ field, reason }));
    this.shown.push(work);
    this.results.set(work.seq, {
      ok: true,
      result: {
        outcome: 'dryRun',
        integration: this.way.integration,
        direction: this.way.direction,
        source: refOf(event.entity),
        ...(counterpart && { target: refOf(work.target ?? counterpart) }),
        written: [],
        warnings: [...plan.warnings, ...work.notes, ...withheld],
        dryRun: {
          outcome: work.adopted && outcome !== 'parked' ? 'adopted' : outcome,
          target: { type, project },
          changes: changesOf(work),
          conflicts: conflictsOf(work),
          ...(error && { failed: { kind: error.kind, message: error.message, fields: error.detail.fields } }),
        },
      },
    });
  }
}

function changesOf(work: Work): DryRun['changes'] {
  const { plan, target } = work;
  const changes = Object.entries({ ...emptied(work), ...plan.write }).map(
    ([field, after]): [FieldId, DryRun['changes'][FieldId]] => [
      field,
      { before: target?.fields[field] ?? null, after },
    ],
  );
  return Object.fromEntries(changes);
}

function conflictsOf({ plan, target, wanted, message }: Work): DryRun['conflicts'] {
  const decided = [
    ...plan.kept.map((field) => ({ field, decision: 'kept' as const })),
    ...plan.conflicts.map((field) => ({ field, decision: 'parked' as const })),
  ];
  const conflicts = decided.map(({ field, decision }): [FieldId, DryRun['conflicts'][FieldId]] => [
    field,
    { present: target?.fields[field] ?? null, wanted: (wanted ?? message.payload)[field] ?? null, decision },
  ]);
  return Object.fromEntries(conflicts);
}
