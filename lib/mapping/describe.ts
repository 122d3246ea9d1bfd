/** Names of fields and values for warnings: readable, on one line and of limited length, whatever a system sends. */

import type { FieldChoice } from '../model/config';
import type { Value } from '../model/values';

const MAX_SHOWN = 60;

type Label = Pick<FieldChoice, 'id' | 'name'>;

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.slice(0, 10).map(shown).join(', ');
  for (const key of ['content', 'name', 'email', 'login', 'key', 'id']) {
    const part: unknown = Reflect.get(value, key);
    if (typeof part === 'string' && part !== '') return `"${part}"`;
  }
  return JSON.stringify(value);
}

/** A value for a sentence: names in quotes, at most 60 characters, without line breaks. */
export function showValue(value: Value | undefined): string {
  const text = shown(value)
    .slice(0, MAX_SHOWN * 4)
    .replace(/\s+/g, ' ');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

/** The target field's name, or its id if source and target field have the same name. */
export const targetLabel = (source: Label, target: Label): string =>
  source.name === target.name ? target.id : target.name || target.id;

/** `Priority: "Urgent" <what is wrong>`, the start of every reason. */
export const reasonFor = (source: Label, value: Value, wrong: string): string =>
  `${source.name || source.id}: ${showValue(value)} ${wrong}`;
