/** The credentials of a declared connector, and the meaning of its system's error answers. */

import type { Authorization, Credentials } from '../kit/auth';
import { isJson, textOf } from '../kit/json';
import type { ErrorTable, Said } from '../kit/rest';
import type { ConnectorFile } from './format';
import { valueAt } from './path';

/** The credentials, from the settings that the file names. */
export function credentialsOf(
  { http: { auth } }: ConnectorFile,
  given: Readonly<Record<string, unknown>>,
): Credentials | Authorization {
  const of = (name: string): string => String(given[name] ?? '');
  switch (auth?.by) {
    case 'bearer':
      return { kind: 'bearer', token: of(auth.token), ...(auth.scheme !== undefined && { scheme: auth.scheme }) };
    case 'header':
      return { kind: 'key', header: auth.header, key: of(auth.key) };
    case 'basic':
      return { kind: 'basic', username: of(auth.user), password: of(auth.password) };
    case undefined:
      return { headers: async () => ({}), renew: () => false, secrets: [], close: () => undefined };
  }
}

/** The texts at a path: one, several in a list, or those of a map with their names. */
const wordsAt = (body: unknown, path: string): string | undefined =>
  textsIn(valueAt(body, path), 0).join('; ') || undefined;

function textsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()];
  if (depth > 2) return [];
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(one, depth + 1));
  if (!isJson(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, depth + 1).map((text) => `${name} ${text}`));
}

/** What the system's error answers mean. */
export function errorsOf({ http: { errors } }: ConnectorFile): ErrorTable {
  const { message, code, fields, kinds = [] } = errors;
  return {
    read(status: number, body: unknown): Said | undefined {
      if (!isJson(body) && !Array.isArray(body)) return undefined;
      const text = wordsAt(body, message);
      if (text === undefined) return undefined;
      const name = code === undefined ? undefined : textOf(valueAt(body, code));
      const entry = kinds.findIndex(
        (one) =>
          (one.status === undefined || one.status === status) &&
          (one.code === undefined || one.code === name) &&
          (one.says === undefined || text.toLowerCase().includes(one.says.toLowerCase())),
      );
      const told = fields === undefined ? undefined : valueAt(body, fields);
      const byField = isJson(told)
        ? Object.entries(told).flatMap(([field, why]) => {
            const words = wordsAt(why, '');
            return words === undefined ? [] : [[field, words] as const];
          })
        : [];
      return { text, code: `entry ${entry}`, ...(byField.length > 0 && { fields: Object.fromEntries(byField) }) };
    },
    kinds: kinds.map(({ kind }, index) => [`entry ${index}`, kind] as const),
  };
}
