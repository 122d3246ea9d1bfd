/** Counts plans of one group: as many as there are, in memory that does not grow with their number. */

import { showValue } from '../mapping/describe';
import type { SingleValue, Value } from '../model/values';
import { type Counts, type FieldSurvey, type Finding, OUTCOMES, type OutcomeKind } from './survey-types';
import type { EntityPlan, FieldPlan, FieldWarning, FieldWarningKind } from './types';

const MOST_FINDINGS = 500;
const MOST_EXAMPLES = 5;
const MOST_SAMPLES = 10;
const MOST_FIELDS = 500;
const LONGEST_TEXT = 500;
const LONGEST_LIST = 50;

/** What is wrong is a value; of the others the field says it all. */
const ABOUT_VALUES: readonly FieldWarningKind[] = ['unresolved', 'lossy', 'notInList'];

export type GroupHead = Pick<Counts, 'direction' | 'side' | 'type' | 'targetType'>;

export class Tally {
  private readonly outcomes = Object.fromEntries(OUTCOMES.map((kind) => [kind, 0])) as Record<OutcomeKind, number>;
  private readonly nothing = { unchanged: 0, same: 0, kept: 0 };
  private readonly fields = new Map<string, FieldSurvey>();
  private readonly findings = new Map<string, Finding>();
  private readonly samples: Partial<Record<OutcomeKind, EntityPlan[]>> = {};
  private moreFindings = 0;
  private conflicts = 0;
  private adopted = 0;
  private read = 0;
  extent: Counts['extent'] = 'part';
  fault: string | undefined;

  constructor(private readonly head: GroupHead) {}

  add(plan: EntityPlan): void {
    const { outcome, fields } = plan;
    this.read += 1;
    this.outcomes[outcome.kind] += 1;
    if (plan.adopts) this.adopted += 1;
    if (outcome.kind === 'nothing') this.nothing[outcome.why] += 1;
    const samples = this.samples[outcome.kind] ?? [];
    this.samples[outcome.kind] = samples;
    if (samples.length < MOST_SAMPLES) samples.push(trimmed(plan));
    if (fields.some(({ warnings }) => warnings.some(({ kind }) => kind === 'conflict'))) this.conflicts += 1;
    for (const field of fields) {
      this.count(plan, field);
      for (const warning of field.warnings) this.find(plan, field, warning);
    }
  }

  /** They were read, and nothing is to be counted of them. */
  pass(count: number): void {
    this.read += count;
  }

  result(): Counts {
    const { head, read, extent, fault, nothing, conflicts, adopted, moreFindings, samples, outcomes } = this;
    const often = (field: FieldSurvey) => field.created + field.updated + field.kept + field.conflict;
    return {
      ...head,
      ...{ read, extent, adopted, conflicts, moreFindings },
      outcomes: { ...outcomes },
      nothing: { ...nothing },
      fields: [...this.fields.values()].sort((a, b) => often(b) - often(a)),
      findings: [...this.findings.values()].sort((a, b) => b.count - a.count),
      samples: { ...samples },
      ...(fault !== undefined && { fault }),
    };
  }

  private count({ outcome }: EntityPlan, { field, name, effect }: FieldPlan): void {
    if (effect !== 'write' && effect !== 'kept' && effect !== 'conflict') return;
    const known = this.fields.get(field);
    if (!known && this.fields.size >= MOST_FIELDS) return;
    const counted = known ?? { field, name, created: 0, updated: 0, kept: 0, conflict: 0 };
    this.fields.set(field, counted);
    if (effect === 'kept') counted.kept += 1;
    else if (effect === 'conflict') counted.conflict += 1;
    // a change that has to wait writes nothing
    else if (outcome.kind === 'create') counted.created += 1;
    else if (outcome.kind === 'update') counted.updated += 1;
  }

  private find({ source }: EntityPlan, { field, name, sources }: FieldPlan, { kind, reason }: FieldWarning): void {
    const [only, ...more] = sources;
    const aboutValue = ABOUT_VALUES.includes(kind);
    const isOne = only !== undefined && more.length === 0 && !Array.isArray(only.value);
    const value = aboutValue && isOne ? showValue(only.value) : undefined;
    const told = aboutValue ? reason : '';
    const key = JSON.stringify([field, kind, value ?? told]);
    const known = this.findings.get(key);
    if (!known && this.findings.size >= MOST_FINDINGS) {
      this.moreFindings += 1;
      return;
    }
    const finding: Finding = known ?? {
      ...{ kind, field, name, reason, count: 0, examples: [] },
      ...(value !== undefined && { value }),
    };
    this.findings.set(key, finding);
    finding.count += 1;
    const { key: entity, url } = source;
    if (finding.examples.length < MOST_EXAMPLES) finding.examples.push({ key: entity, ...(url && { url }) });
  }
}

const QUIET: readonly FieldPlan['effect'][] = ['unchanged', 'notNow', 'same', 'empty', 'none'];

/** A plan for people to look at: only fields that something happens to or is to be said of, texts cut. */
export function trimmed(plan: EntityPlan): EntityPlan {
  return {
    ...plan,
    fields: plan.fields
      .filter(({ effect, warnings }) => warnings.length > 0 || !QUIET.includes(effect))
      .map((field) => ({
        ...field,
        sources: field.sources.map((source) => ({ ...source, value: short(source.value) })),
        before: short(field.before),
        ...(field.wanted !== undefined && { wanted: short(field.wanted) }),
        after: short(field.after),
      })),
    criteria: plan.criteria.map((criterion) => ({ ...criterion, value: short(criterion.value) })),
  };
}

const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

function short(value: Value): Value {
  return Array.isArray(value) ? value.slice(0, LONGEST_LIST).map(shortItem) : value === null ? null : shortItem(value);
}

function shortItem(item: SingleValue): SingleValue {
  if (typeof item === 'string') return cut(item);
  return typeof item === 'object' && item !== null && 'content' in item
    ? { ...item, content: cut(item.content) }
    : item;
}
