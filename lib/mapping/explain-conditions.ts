/** The conditions of a filter with their outcomes for one item, in words. Pure, also in the browser. */

import { isEmpty, type Value } from '../model/values';
import {
  type Condition,
  type ConditionGroup,
  type Facts,
  isGroup,
  isMet,
  type MatchOptions,
  type Operator,
  together,
  valueIn,
} from './conditions';
import { showValue } from './describe';

export interface ExplainedCondition {
  is: 'condition';
  condition: Condition;
  /** the item's value that was compared: for `was` the last synced one */
  value: Value;
  met: boolean;
  /** a sentence in English: `Status is one of "New", "Open": not met, it is "Closed"` */
  words: string;
}

export interface ExplainedGroup {
  is: 'group';
  mode: ConditionGroup['mode'];
  met: boolean;
  /** in the order of the form */
  of: Explained[];
}

export type Explained = ExplainedCondition | ExplainedGroup;

const VERBS: Readonly<Record<Operator, string>> = {
  is: 'is',
  isNot: 'is not',
  oneOf: 'is one of',
  noneOf: 'is none of',
  contains: 'contains',
  containsNot: 'does not contain',
  startsWith: 'starts with',
  isEmpty: 'is empty',
  isNotEmpty: 'is not empty',
  less: 'is less than',
  atMost: 'is at most',
  greater: 'is greater than',
  atLeast: 'is at least',
  changed: 'has changed',
  was: 'was',
};

/** A condition in words: `Status is one of "New", "Open"`. */
export function conditionWords({ field, operator, value, of }: Condition): string {
  const whose = of === 'linked' ? ' of the linked item' : '';
  const wanted = value === undefined ? '' : ` ${showValue(value)}`;
  return `${field.name || field.id}${whose} ${VERBS[operator]}${wanted}`;
}

/** Each condition with its outcome. @returns a group whose `met` is what `matches` says */
export function explain(group: ConditionGroup, facts: Facts, options: MatchOptions = {}): ExplainedGroup {
  const of = group.conditions.map(
    (rule): Explained => (isGroup(rule) ? explain(rule, facts, options) : explainOne(rule, facts, options)),
  );
  const met = together(
    group.mode,
    of.map((one) => one.met),
  );
  return { is: 'group', mode: group.mode, met, of };
}

function explainOne(condition: Condition, facts: Facts, options: MatchOptions): ExplainedCondition {
  const met = isMet(condition, facts, options);
  const value = valueIn(condition, facts);
  const outcome = `${met ? 'met' : 'not met'}${nowWords(condition, value, facts)}`;
  return { is: 'condition', condition, value, met, words: `${conditionWords(condition)}: ${outcome}` };
}

function nowWords({ operator, of }: Condition, value: Value, { item, linked }: Facts): string {
  if (of === 'linked' && linked === undefined) return ', there is no linked item';
  if (operator === 'was') {
    const { before } = (of === 'linked' ? linked : item) ?? {};
    if (before === undefined) return ', it has not been synced yet';
    return isEmpty(value) ? ', no last synced value is known' : `, it was ${showValue(value)}`;
  }
  if (operator === 'isEmpty' || operator === 'isNotEmpty' || operator === 'changed') return '';
  return isEmpty(value) ? ', it is empty' : `, it is ${showValue(value)}`;
}

/** All conditions of an explained group, in order, without the groups. */
export const explainedIn = (group: ExplainedGroup): ExplainedCondition[] =>
  group.of.flatMap((one) => (one.is === 'group' ? explainedIn(one) : [one]));

const HEADS = { all: 'all of these must be met', any: 'one of these must be met', none: 'none of these may be met' };
/** Conditions named in one reason. */
const MOST = 5;

/** Why the group is not met, in a sentence or two; empty if it is. */
export function reasonOf(group: ExplainedGroup): string {
  if (group.met) return '';
  // of "all", what fails; of "none", what is met; of "any" nothing is met
  const guilty = group.of.filter(({ met }) => met === (group.mode === 'none'));
  const said = guilty.slice(0, MOST).map((one) => (one.is === 'group' ? nested(one) : one.words));
  const more = guilty.length > MOST ? [`and ${guilty.length - MOST} more`] : [];
  const list = [...said, ...more].join('; ');
  return group.mode === 'all' ? list : `${HEADS[group.mode]}: ${list}`;
}

function nested(group: ExplainedGroup): string {
  if (!group.met) return `(${reasonOf(group)})`;
  return `(${HEADS[group.mode]}, which is so)`;
}
