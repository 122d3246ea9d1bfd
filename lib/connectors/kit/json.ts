/** Reads what a system answered without trusting its shape: what is not there, or is of another kind, is left out. */

export type Json = { [key: string]: unknown };

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list property; nothing where it is missing. */
export function listOf(body: unknown, property: string): Json[] {
  const list = isJson(body) ? body[property] : undefined;
  return Array.isArray(list) ? list.filter(isJson) : [];
}

/** A text, number or boolean as text; undefined for all else, and for an empty text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number, or a text that is one; undefined for all else. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
