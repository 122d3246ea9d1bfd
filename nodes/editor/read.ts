/** Reads properties of saved nodes, which may hold anything: an older version's shape, a hand-written flow. */

import type { Choice, ProjectPair, TypePair } from '../../lib/model/config';
import type { DirectionSetting } from '../../lib/model/entity';

export type Values = Record<string, unknown>;

export const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = (value: unknown, preset = ''): string => (typeof value === 'string' ? value : preset);

/** A finite number at least `least`, else the preset; forms save what an input holds, so texts are read too. */
export function number(value: unknown, preset: number, least = 0): number {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) && read >= least ? read : preset;
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const direction = (value: unknown): DirectionSetting =>
  value === 'forward' || value === 'backward' ? value : 'both';

/** A choice with an id, or undefined. */
export function choice(value: unknown): Choice | undefined {
  if (!isObject(value)) return undefined;
  const id = text(value.id);
  return id === '' ? undefined : { id, name: text(value.name, id) || id };
}

export function projectPairs(value: unknown): ProjectPair[] {
  return list(value).flatMap((pair) => {
    if (!isObject(pair)) return [];
    const [one, two] = [choice(pair.one), choice(pair.two)];
    return one && two ? [{ one, two, direction: direction(pair.direction) }] : [];
  });
}

export function typePairs(value: unknown): TypePair[] {
  return list(value).flatMap((pair) => {
    if (!isObject(pair)) return [];
    const [one, two, id] = [choice(pair.one), choice(pair.two), text(pair.id)];
    return one && two && id ? [{ id, one, two, direction: direction(pair.direction) }] : [];
  });
}
