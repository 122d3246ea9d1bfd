/**
 * What would happen now to all entities of an integration, or to the ones that changed last: each goes through the plan of
 * one entity, in both directions as configured, and is counted. Nothing is written. Memory does not grow with the number
 * of entities; one page is read at a time, as a backlog reads, behind whatever people have changed.
 */

import { setImmediate as breathe } from 'node:timers/promises';
import { onBehalfOf } from '../budget/priority';
import type { Scope } from '../connectors/connector';
import { readScope } from '../engine/routing';
import type { IntegrationConfig, TypePair } from '../model/config';
import { applies, directionFrom, type Entity, type Side } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { atSide, otherSide } from '../model/sides';
import { allEntities, newestEntities, PAGE, type PagesConnection } from './entities';
import { PartSurvey } from './part-survey';
import { Patience, type Wait } from './patience';
import { type PlanInput, Planner } from './planner';
import type { ReadingConnection } from './reading';
import type { PlanStep } from './steps';
import type { GroupSurvey, Survey, SurveyProgress } from './survey-types';
import { type GroupHead, Tally } from './tally';
import type { EntityPlan } from './types';

export interface SurveyInput extends Omit<PlanInput, 'connections' | 'steps'> {
  /** by the side that is read: the two may have chains of their own */
  steps: Record<Side, PlanStep[]>;
  connections: readonly [ReadingConnection & PagesConnection, ReadingConnection & PagesConnection];
  /** how many entities of each direction and type: those that changed last; or all */
  sample: number | 'all';
  /** ms since 1970; for tests */
  now?: number;
  wait?: Wait;
}

interface Group {
  head: GroupHead;
  scope: Scope;
  pair: TypePair;
  /** the items themselves go this way; else only their parts do */
  isSynced: boolean;
}

/** One for each direction and entity type that it is read from. */
function groupsOf(config: IntegrationConfig): Group[] {
  return ([1, 2] as const).flatMap((side) => {
    const scope = readScope(config, side);
    const type = (pair: TypePair, of: Side) => (of === 1 ? pair.one : pair.two);
    return (scope?.types ?? []).flatMap((id): Group[] => {
      const pair = config.typePairs.find((candidate) => type(candidate, side).id === id);
      if (!pair || !scope) return [];
      const head = {
        direction: directionFrom(side),
        side,
        type: type(pair, side),
        targetType: type(pair, otherSide(side)),
      };
      const isSynced = applies(pair.direction, head.direction);
      return [{ head, scope: { ...scope, types: [id] }, pair, isSynced }];
    });
  });
}

export class SurveyRun {
  private readonly input: SurveyInput;
  private readonly groups: Group[];
  private readonly tallies: Tally[];
  private readonly parts: (PartSurvey | undefined)[] = [];
  private read = 0;
  private done = 0;

  constructor(input: SurveyInput) {
    this.input = input;
    this.groups = groupsOf(input.config);
    this.tallies = this.groups.map(({ head }) => new Tally(head));
  }

  progress(): SurveyProgress {
    return { read: this.read, group: this.done, groups: this.groups.length };
  }

  /** What was found so far. */
  result(): Survey {
    const resultOf = (tally: Tally, index: number): GroupSurvey => {
      const parts = this.parts[index]?.result();
      const isSynced = this.groups[index]?.isSynced ?? true;
      return { ...tally.result(), ...(parts && { parts }), ...(!isSynced && { only: 'parts' }) };
    };
    return { groups: this.tallies.map(resultOf) };
  }

  /**
   * Surveys everything, group by group; an error that stops one group is reported in it, and the next one starts.
   * @throws AbortError – the signal; StoreError – the links can't be read
   */
  async run(signal: AbortSignal): Promise<void> {
    const { steps } = this.input;
    const planners = {
      1: new Planner({ ...this.input, steps: steps[1] }),
      2: new Planner({ ...this.input, steps: steps[2] }),
    };
    try {
      await onBehalfOf({ priority: 'bulk' }, async () => {
        for (const [index, group] of this.groups.entries()) {
          const tally = this.tallies[index];
          const planner = planners[group.head.side];
          this.parts[index] = this.partsOf(planner, group, signal);
          if (tally) await this.survey(planner, group, tally, this.parts[index], signal);
          this.done = index + 1;
        }
      });
    } finally {
      for (const planner of Object.values(planners)) planner.close();
    }
  }

  private partsOf(planner: Planner, { head: { side }, pair }: Group, signal: AbortSignal): PartSurvey {
    const { config, store, connections, wait } = this.input;
    const patience = (): Patience => new Patience(signal, wait);
    return new PartSurvey({
      ...{ config, store, side, pair, patience },
      connection: atSide(connections, side),
      plans: (parts) => this.plans(planner, side, parts, patience()),
    });
  }

  private async survey(
    planner: Planner,
    { head: { side }, scope, isSynced }: Group,
    tally: Tally,
    parts: PartSurvey | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { connections, sample, now = Date.now(), wait } = this.input;
    const connection = atSide(connections, side);
    const patience = new Patience(signal, wait);
    const look = async (entities: Entity[]): Promise<void> => {
      const plans = isSynced ? await this.plans(planner, side, entities, new Patience(signal, wait)) : [];
      for (const plan of plans) tally.add(plan);
      if (!isSynced) tally.pass(entities.length);
      this.read += entities.length;
      await parts?.look(entities.map((entity, index) => ({ entity, isSynced: isLinkedThen(plans[index]) })));
      // flows go on beside it
      await breathe(undefined, { signal });
    };
    try {
      if (sample === 'all') {
        for await (const page of allEntities(connection, scope, patience)) await look(page);
        tally.extent = 'all';
      } else {
        const { entities, whole } = await newestEntities(connection, scope, sample, now, patience);
        for (let at = 0; at < entities.length; at += PAGE) await look(entities.slice(at, at + PAGE));
        tally.extent = whole ? 'all' : 'newest';
      }
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof SyncError)) throw thrown;
      tally.fault = asSyncError(thrown).message;
    }
  }

  /** Where a system is in trouble, nothing can be said of an entity: it is waited for. */
  private async plans(planner: Planner, side: Side, entities: Entity[], patience: Patience): Promise<EntityPlan[]> {
    for (;;) {
      const plans = await planner.plan(side, entities);
      const waiting = plans.find(({ outcome }) => outcome.kind === 'waits');
      if (waiting?.outcome.kind !== 'waits') return plans;
      await patience.wait(new SyncError('transient', waiting.outcome.reason));
    }
  }
}

/** The entity would have a counterpart, if it has none yet. */
const isLinkedThen = (plan: EntityPlan | undefined): boolean =>
  plan !== undefined && ['create', 'update', 'nothing'].includes(plan.outcome.kind);
