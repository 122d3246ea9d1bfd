/** The steps of a chain, compiled: a message goes through them as it would through the nodes, and each leaves its trace. */

import type { Relevant } from '../engine/relevance';
import { explainedIn } from '../mapping/explain-conditions';
import type { Origin, Trace } from '../mapping/trace';
import type { RunnerOwner } from '../mapping/transform-runner';
import type { PeopleRules } from '../mapping/users';
import type { Direction, Side } from '../model/entity';
import { asSyncError, type SyncError } from '../model/errors';
import { isFor, type SyncMessage } from '../model/message';
import type { FieldId } from '../model/values';
import { DefaultMapperStep, FieldMapperStep, FilterStep, type StepHost, ValueMapperStep } from '../steps';
import { findInTables } from '../steps/named-tables';
import type { PlanStep } from './steps';
import type { CriterionPlan, HowMapped } from './types';

/** How far a message came. */
export interface Passed {
  message: SyncMessage;
  criteria: CriterionPlan[];
  how: Map<FieldId, HowMapped[]>;
  ended?: { filteredBy: string; otherOutput: boolean; reason?: string } | { failedIn: string; error: SyncError };
}

type Compiled = { id: string; pairs: 'all' | Set<string> } & (
  | { kind: 'filter'; step: FilterStep; otherOutput: boolean }
  | { kind: 'fieldMapper'; step: FieldMapperStep }
  | { kind: 'valueMapper'; step: ValueMapperStep }
  | { kind: 'defaultMapper'; step: DefaultMapperStep }
);

/**
 * @param dataFolder where uploaded sheets are kept
 * @param owner of the process that evaluates expressions
 */
function compile(step: PlanStep, dataFolder: string, owner: RunnerOwner): Compiled {
  const { id } = step;
  const pairs = step.pairs === 'all' ? step.pairs : new Set(step.pairs);
  switch (step.kind) {
    case 'filter':
      return { id, pairs, kind: step.kind, step: new FilterStep(step.filter, owner), otherOutput: step.otherOutput };
    case 'fieldMapper':
      return { id, pairs, kind: step.kind, step: new FieldMapperStep(step.rows, owner) };
    case 'valueMapper':
      return { id, pairs, kind: step.kind, step: new ValueMapperStep(step, { dataFolder, once: true }) };
    case 'defaultMapper':
      return { id, pairs, kind: step.kind, step: new DefaultMapperStep(step.rows) };
  }
}

/** What the steps ask the systems and the store for. */
export type SystemsHost = Omit<StepHost, 'lookUp' | 'addresses'>;

export class Chain {
  private readonly steps: Compiled[];
  private readonly host: StepHost;

  /** @param host all of it but what the value mappers lend, which are the chain's own */
  constructor(steps: PlanStep[], dataFolder: string, host: SystemsHost) {
    // what is only planned never shares a process with what is deployed: who may preview need not be allowed to deploy
    const owner = Symbol('plan');
    this.steps = steps.map((step) => compile(step, dataFolder, owner));
    this.host = {
      ...host,
      addresses: (direction, email) => [
        ...new Set(this.valueMappers().flatMap(({ rewrite }) => rewrite[direction](email))),
      ],
      lookUp: (direction, table, value) => {
        const tables = this.valueMappers().flatMap((mapper) => mapper.tables(direction));
        return findInTables(tables, table, value);
      },
    };
  }

  /** What the value mappers say of people. */
  people(direction: Direction): PeopleRules {
    const mappers = this.valueMappers();
    return {
      tables: mappers.map((mapper) => mapper.people(direction)),
      rewrite: (email) => [...new Set(mappers.flatMap(({ rewrite }) => rewrite[direction](email)))],
    };
  }

  /** Source fields that the field mappers read; undefined if there is none. */
  relevant(side: Side): Relevant | undefined {
    const mappers = this.steps.flatMap((step) => (step.kind === 'fieldMapper' ? [step.step.relevant[side]] : []));
    if (mappers.length === 0) return undefined;
    return {
      fields: new Set(mappers.flatMap(({ fields }) => [...fields])),
      always: mappers.some(({ always }) => always),
    };
  }

  /** @param until id of the step that is the last one; all of them where none is named. Never rejects. */
  async pass(message: SyncMessage, until?: string): Promise<Passed> {
    const passed: Passed = { message, criteria: [], how: new Map() };
    for (const step of this.steps) {
      if (isFor(step.pairs, message.sync)) {
        try {
          await this.apply(step, passed);
        } catch (thrown) {
          passed.ended = { failedIn: step.id, error: asSyncError(thrown) };
        }
      }
      if (passed.ended !== undefined || step.id === until) break;
    }
    return passed;
  }

  close(): void {
    for (const step of this.steps) if ('step' in step && 'close' in step.step) step.step.close();
  }

  private async apply(step: Compiled, passed: Passed): Promise<void> {
    const trace = tracer(passed.how, step.id);
    if (step.kind !== 'filter') {
      passed.message = await step.step.map(passed.message, this.host, trace);
    } else {
      const { passes, explained, reason } = await step.step.decide(passed.message, this.host);
      for (const { condition, met, value } of explained ? explainedIn(explained) : []) {
        passed.criteria.push({ step: step.id, condition, value, met });
      }
      const { otherOutput } = step;
      if (!passes) passed.ended = { filteredBy: step.id, otherOutput, ...(reason !== undefined && { reason }) };
    }
  }

  private valueMappers(): ValueMapperStep[] {
    return this.steps.flatMap((step) => (step.kind === 'valueMapper' ? [step.step] : []));
  }
}

/** Collects what a step tells, each thing once. */
function tracer(how: Map<FieldId, HowMapped[]>, step: string): Trace {
  return (field: FieldId, origin: Origin, row?: number) => {
    const told = how.get(field) ?? [];
    how.set(field, told);
    if (told.some((one) => one.origin === origin && one.step === step && one.row === row)) return;
    told.push({ origin, step, ...(row !== undefined && { row }) });
  };
}
