/** Reads properties of saved nodes, which may contain anything: an older version's shape, a hand-written flow. */

export { isObject } from '../../lib/model/shape';

export type Values = Record<string, unknown>;

export const text = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);

/** A finite number of at least `least`, otherwise the default. Forms save the content of inputs, so texts are read,
 * too. */
export function number(value: unknown, fallback: number, least = 0): number {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) && read >= least ? read : fallback;
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
