/** Reads a system's answer without trusting its shape: missing values and values of another type are left out. */

export type Json = { [key: string]: unknown };

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; empty if it is not a list. */
export const objectsOf = (list: unknown): Json[] => (Array.isArray(list) ? list.filter(isJson) : []);

/** The objects of a list property; empty if it is missing. */
export const listOf = (body: unknown, property: string): Json[] => objectsOf(isJson(body) ? body[property] : undefined);

/** A text, number or boolean as text; undefined for anything else, and for an empty text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number, or a text that is one; undefined for anything else. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Without empty properties: undefined, false, 0 and the empty text. */
export const telling = <T extends object>(object: T): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => Boolean(value))) as Partial<T>;

/** Equal JSON for equal values, regardless of the order of properties. */
export const stableText = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) =>
    isJson(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );

/**
 * Without U+0000, which is invisible and which no database accepts: one in a text makes a server reject the whole
 * request. Long texts are copied only if they contain one.
 */
export function withoutNul<T>(value: T): T {
  if (!JSON.stringify(value).includes('\\u0000')) return value;
  const clean: T = JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
    typeof one === 'string' ? one.replaceAll('\0', '') : one,
  );
  return clean;
}

/** A text parsed as JSON; undefined if it is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A URL-decoded text; undefined if it is not encoded correctly. */
export function decodedText(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
