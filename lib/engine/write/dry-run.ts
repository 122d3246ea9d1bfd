/**
 * Reports decisions instead of carrying them out. Neither the target nor links, baselines, intents and attempts are
 * touched; the events wait in the store until the dry run ends. If the target as a whole is in trouble it pauses, as
 * it always does, and what it stopped is shown when it is back.
 */

import { broughtParts, type PartsResult } from '../../connectors/connector';
import { framed } from '../../merge/frames';
import { emptyPlan } from '../../merge/types';
import { type EntityTypeId, refOf } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { DryRun, SyncResult } from '../../model/message';
import type { FieldId } from '../../model/values';
import type { LinkEnd, StoredEvent } from '../../store/store';
import type { Engine } from '../engine';
import { byPartTypes, partsOf } from '../read/parts-of';
import { isSystemFault } from '../retry-policy';
import { typeName } from '../routing';
import type { Create } from './adoption';
import { type Change, type Decided, endOf, nameEntity, namesIn, type Way } from './change';
import type { Executor, FailHow, JobResult } from './executor';
import { emptied, LiveExecutor } from './live';

export class DryRunExecutor implements Executor {
  private readonly shown: Change[] = [];
  /** what is not shown: trouble of the system as a whole */
  private readonly live: LiveExecutor;

  constructor(
    private readonly engine: Engine,
    private readonly way: Way,
  ) {
    this.live = new LiveExecutor(engine, way);
  }

  get results(): Map<number, JobResult> {
    return this.live.results;
  }

  async begin(creates: Create<Decided>[]): Promise<Create<Decided>[]> {
    return creates;
  }

  /** As if the link had been stored. */
  async join(change: Change, ends: [LinkEnd, LinkEnd]): Promise<Change> {
    const link = { id: 0, integration: this.way.integration, ends };
    return { ...change, event: { ...change.event, link }, adopted: true, replaces: undefined };
  }

  readAgain(change: Change, event: StoredEvent): Promise<void> {
    return this.live.readAgain(change, event);
  }

  async write(decided: Decided[]): Promise<void> {
    const { target } = this.way;
    if (decided.length > 0 && !target.connection().write) {
      return this.fail(decided, new SyncError('forbidden', `${target.name} can only be read`));
    }
    for (const one of decided) this.show(one, one.change.event.link ? 'updated' : 'created');
  }

  async keep(decided: Decided[]): Promise<void> {
    for (const one of decided) this.show(one, 'unchanged');
  }

  async remove(decided: Decided[], ending: Change[]): Promise<void> {
    for (const one of decided) this.show(one, 'deleted');
    for (const change of ending) this.show({ change, plan: emptyPlan() }, 'unchanged');
  }

  async added(decided: Decided): Promise<void> {
    this.show(decided, 'updated');
  }

  async spare(change: Change, reason: string): Promise<void> {
    this.show(
      { change: { ...change, notes: [...change.notes, { field: '', reason }] }, plan: emptyPlan() },
      'unchanged',
    );
  }

  async skip(change: Change, reason: string): Promise<void> {
    const notes = [...change.notes, { field: '', reason }];
    this.show({ change: { ...change, notes }, plan: emptyPlan() }, 'skipped');
  }

  resend(change: Change, error: SyncError): Promise<void> {
    return this.live.resend(change, error);
  }

  async fail(decided: Decided[], error: SyncError, how: FailHow = {}): Promise<void> {
    const isOfSystem = how.blame === 'system' || (how.blame !== 'own' && isSystemFault(error));
    if (isOfSystem) return this.live.fail(decided, error, how);
    for (const one of decided) {
      this.show(one, 'parked', nameEntity(error, one.change, namesIn(this.way, this.engine.config, one.change)));
    }
  }

  async end(): Promise<void> {
    await this.countParts();
    // stored before it is reported, as with every landing
    if (this.shown.length > 0) await this.engine.store.show(this.shown.map(({ seq, delivery }) => ({ seq, delivery })));
  }

  /** Parts of what is new are read once it is linked, so a dry run never sends them: it says how many there are. */
  private async countParts(): Promise<void> {
    const { engine, way, results } = this;
    const { config } = engine;
    const { side, source } = way;
    const fresh = this.shown.filter(({ seq, event }) => isNew(results.get(seq)) && !event.entity.owner);
    for (const { types, owners } of byPartTypes(config, side, fresh, ({ event }) => event.entity.type)) {
      if (types.length === 0) continue;
      const ids = owners.map(({ event }) => event.entity.id);
      const found = await source
        .call((connection) => partsOf(connection, source.name, { config, side }, ids, types))
        .catch((thrown: unknown) => ids.map(() => asSyncError(thrown)));
      for (const [index, { seq }] of owners.entries()) this.tellParts(seq, found[index], types);
    }
  }

  private tellParts(seq: number, all: PartsResult, types: readonly EntityTypeId[]): void {
    const found = broughtParts(all);
    const shown = this.results.get(seq);
    if (!shown?.ok || !shown.result.dryRun || found === undefined) return;
    const { result } = shown;
    if (found instanceof SyncError) {
      result.warnings.push({ field: '', reason: `its comments could not be counted: ${found.message}` });
      return;
    }
    const { config } = this.engine;
    const parts = types.flatMap((type) => {
      const count = found.filter((part) => part.type === type).length;
      return count === 0 ? [] : [{ type, name: typeName(config, this.way.side, type) ?? type, count }];
    });
    if (parts.length > 0) result.dryRun = { ...shown.result.dryRun, parts };
  }

  private show(decided: Decided, outcome: DryRun['outcome'], error?: SyncError): void {
    const { change, plan, target } = decided;
    const { event, message } = change;
    const counterpart = event.link && endOf(change, this.way.targetSide).ref;
    const { type, project } = target ?? counterpart ?? message.sync.target;
    const result: SyncResult = {
      outcome: 'dryRun',
      integration: this.way.integration,
      direction: this.way.direction,
      source: refOf(event.entity),
      ...(counterpart && { target: refOf(target ?? counterpart) }),
      written: [],
      warnings: [...plan.warnings, ...change.notes, ...notesOf(decided)],
      dryRun: {
        outcome: change.adopted && outcome !== 'parked' ? 'adopted' : outcome,
        target: { type, project },
        changes: changesOf(decided),
        conflicts: conflictsOf(decided),
        ...(error && { failed: { kind: error.kind, message: error.message, fields: error.detail.fields } }),
      },
    };
    this.shown.push(change);
    this.results.set(change.seq, { ok: true, result });
  }
}

const notesOf = ({ withheld = {} }: Decided): SyncResult['warnings'] =>
  Object.entries(withheld).map(([field, reason]) => ({ field, reason }));

function changesOf(decided: Decided): DryRun['changes'] {
  const { plan, target } = decided;
  const before = framed(target?.fields ?? {});
  const changes = Object.entries({ ...emptied(decided), ...framed(plan.write) }).map(
    ([field, after]): [FieldId, DryRun['changes'][FieldId]] => [field, { before: before[field] ?? null, after }],
  );
  return Object.fromEntries(changes);
}

function conflictsOf({ plan, target, wanted, change }: Decided): DryRun['conflicts'] {
  const decided = [
    ...plan.kept.map((field) => ({ field, decision: 'kept' as const })),
    ...plan.conflicts.map((field) => ({ field, decision: 'parked' as const })),
  ];
  const conflicts = decided.map(({ field, decision }): [FieldId, DryRun['conflicts'][FieldId]] => [
    field,
    { present: target?.fields[field] ?? null, wanted: (wanted ?? change.message.payload)[field] ?? null, decision },
  ]);
  return Object.fromEntries(conflicts);
}

const isNew = (result: JobResult): boolean =>
  result?.ok === true && (result.result.dryRun?.outcome === 'created' || result.result.dryRun?.outcome === 'adopted');
