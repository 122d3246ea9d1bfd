/** Plans: what would become of an entity if its change came through now. Nothing is written, to no system and no store. */

import type { Entity, Side } from '../model/entity';
import { type PlanInput, Planner } from './planner';
import type { EntityPlan } from './types';

export type { LinkStore, Others } from './kin';
export { type PlanInput, Planner } from './planner';
export { type ReadingConnection, readingOnly } from './reading';
export { type PlanStep, readStep, STEP_TYPES } from './steps';
export { type SurveyInput, SurveyRun } from './survey';
export * from './survey-types';
export * from './types';

export interface EntityPlanInput extends PlanInput {
  side: Side;
  entity: Entity;
  /** id of the step after which to stop: the plan is then as if the writer came next */
  until?: string;
}

/**
 * What would become of one entity. For many, @see Planner: it reads links and targets in batches and asks for lists once.
 * @throws StoreError – the links can't be read; nothing else
 */
export async function planEntity({ side, entity, until, ...input }: EntityPlanInput): Promise<EntityPlan> {
  const planner = new Planner(input);
  try {
    const [plan] = await planner.plan(side, [entity], until);
    if (!plan) throw new Error('a plan for each entity');
    return plan;
  } finally {
    planner.close();
  }
}
