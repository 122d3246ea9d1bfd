/** Field values from a browser: only values with the shape of a canonical value are accepted. */

import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import type { Fields, RichTextFormat, SingleValue, Value } from '../../lib/model/values';

const MOST_FIELDS = 200;
const MOST_VALUES = 1_000;
const LONGEST_ID = 500;
const FORMATS: readonly RichTextFormat[] = ['text', 'html', 'markdown', 'textile', 'jira-wiki', 'adf'];
/** The properties of list values, users and references. */
const PARTS = ['id', 'name', 'login', 'email', 'key', 'url'] as const;

/** @throws SyncError invalid with the name of the field */
export function fieldsOf(given: unknown): Fields {
  const entries = isObject(given) ? Object.entries(given) : [];
  if (!isObject(given) || entries.length > MOST_FIELDS) {
    throw new SyncError('invalid', `Send the corrected fields: at most ${MOST_FIELDS}.`);
  }
  return Object.fromEntries(
    entries.map(([field, value]) => {
      const read = field !== '' && field.length <= LONGEST_ID ? canonical(value) : undefined;
      if (read === undefined) {
        const name = field.slice(0, 100);
        throw new SyncError('invalid', `This is not a value for "${name}".`, { fields: { [name]: 'not a value' } });
      }
      return [field, read];
    }),
  );
}

/** undefined if it is not a value. */
export function canonical(given: unknown): Value | undefined {
  if (given === null) return null;
  if (!Array.isArray(given)) return single(given);
  const values = given.slice(0, MOST_VALUES + 1).map(single);
  const read = values.filter((value) => value !== undefined);
  return read.length === values.length && values.length <= MOST_VALUES ? read : undefined;
}

function single(given: unknown): SingleValue | undefined {
  if (typeof given === 'string' || typeof given === 'boolean') return given;
  if (typeof given === 'number') return Number.isFinite(given) ? given : undefined;
  if (!isObject(given)) return undefined;
  const format = FORMATS.find((known) => known === given.format);
  if (typeof given.content === 'string') return format && { format, content: given.content };
  const parts = PARTS.flatMap((part) => {
    const text = given[part];
    return typeof text === 'string' ? [[part, text] as const] : [];
  });
  const read: Partial<Record<(typeof PARTS)[number], string>> = Object.fromEntries(parts);
  if (read.name !== undefined) return { ...read, name: read.name };
  if (read.id !== undefined) return { ...read, id: read.id };
  return read.login !== undefined || read.email !== undefined ? read : undefined;
}
