/** A plan in a form that a page can show: long texts and lists shortened, secrets masked in the texts of systems and
 * errors. Pure. */

import type { Mask } from '../../lib/connectors/http/masking';
import type { SingleValue, Value } from '../../lib/model/values';
import type { EntityPlan, FieldPlan } from '../../lib/plan';

const LONGEST_TEXT = 20_000;
const LONGEST_LIST = 500;
const MOST_FIELDS = 500;
const MOST_WARNINGS = 50;

const cutText = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

function cutSingle(value: SingleValue): SingleValue {
  if (typeof value === 'string') return cutText(value);
  return typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string'
    ? { ...value, content: cutText(value.content) }
    : value;
}

/** A value in a form that a page can show. */
export function cut(value: Value): Value {
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map(cutSingle);
  return value === null ? null : cutSingle(value);
}

const cutField =
  (mask: Mask) =>
  (plan: FieldPlan): FieldPlan => ({
    ...plan,
    sources: plan.sources.map((source) => ({ ...source, value: cut(source.value) })),
    before: cut(plan.before),
    ...(plan.wanted !== undefined && { wanted: cut(plan.wanted) }),
    after: cut(plan.after),
    warnings: plan.warnings
      .slice(0, MOST_WARNINGS)
      .map((warning) => ({ ...warning, reason: cutText(mask(warning.reason)) })),
  });

export function boundedPlan(plan: EntityPlan, mask: Mask): EntityPlan {
  const { outcome } = plan;
  const said =
    'reason' in outcome && outcome.reason !== undefined
      ? { ...outcome, reason: cutText(mask(outcome.reason)) }
      : outcome;
  const fields = said.kind === 'parked' ? said.fields : undefined;
  const masked = Object.entries(fields ?? {}).map(([field, why]) => [field, cutText(mask(why))]);
  const { part } = plan;
  return {
    ...plan,
    ...(part && {
      part: { ...part, ...(part.by && { by: mask(part.by) }), ...(part.words && { words: mask(part.words) }) },
    }),
    outcome: said.kind === 'parked' && fields ? { ...said, fields: Object.fromEntries(masked) } : said,
    fields: plan.fields.slice(0, MOST_FIELDS).map(cutField(mask)),
    criteria: plan.criteria.slice(0, MOST_FIELDS).map((criterion) => ({ ...criterion, value: cut(criterion.value) })),
    warnings: plan.warnings.slice(0, MOST_WARNINGS).map((warning) => cutText(mask(warning))),
  };
}
