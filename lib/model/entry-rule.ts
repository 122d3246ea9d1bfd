/** Does a value keep to what its field says of its entries? */

import type { EntryRule } from './entity';
import { lengthIn } from './length';
import type { SingleValue } from './values';

/** @param value a text, a list entry or a person by name; anything else keeps to every rule */
export function obeys(rule: EntryRule, value: SingleValue): boolean {
  const text = wordOf(value);
  if (text === undefined) return true;
  if (rule.maxLength !== undefined && lengthIn({}, text) > rule.maxLength) return false;
  if (rule.without !== undefined && expression(rule.without)?.test(text)) return false;
  return rule.pattern === undefined || expression(`^(?:${rule.pattern})$`)?.test(text) !== false;
}

function wordOf(value: SingleValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return undefined;
  if ('content' in value) return value.content;
  return 'name' in value ? value.name : undefined;
}

const expressions = new Map<string, RegExp | undefined>();
const MOST_EXPRESSIONS = 500;

/** A connector's own expression; one that cannot be read forbids nothing. */
function expression(source: string): RegExp | undefined {
  if (expressions.has(source)) return expressions.get(source);
  if (expressions.size >= MOST_EXPRESSIONS) expressions.clear();
  let compiled: RegExp | undefined;
  try {
    compiled = new RegExp(source, 'u');
  } catch {
    compiled = undefined;
  }
  expressions.set(source, compiled);
  return compiled;
}
