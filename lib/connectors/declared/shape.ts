/**
 * The shape of a connector file, declared once: from it follow the TypeScript type, the check at load and the JSON Schema
 * for editors. Every object is closed, so a misspelled key is an error and never a setting without effect. Pure.
 */

import { isJson, type Json } from '../kit/json';

/** Keys and indices from the root. */
export type Place = readonly (string | number)[];

export interface Finding {
  place: Place;
  /** what is expected there, and what was found */
  says: string;
}

export interface Shape<T> {
  /** JSON Schema, draft 07 */
  schema: Json;
  /** The value, or undefined after a finding. */
  read(value: unknown, place: Place, found: Finding[]): T | undefined;
}

/** The type that a shape describes. */
export type Of<S> = S extends Shape<infer T> ? T : never;

const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const wrong = (wanted: string, value: unknown, place: Place, found: Finding[]): undefined => {
  found.push({ place, says: `${wanted} is expected, found ${shown(value)}` });
  return undefined;
};

const about = (description: string | undefined): Json => (description === undefined ? {} : { description });

/** A text that is not empty. @param pattern the whole text must match it */
export function text(description?: string, pattern?: RegExp, wanted = 'a text'): Shape<string> {
  return {
    schema: { type: 'string', ...(pattern ? { pattern: pattern.source } : { minLength: 1 }), ...about(description) },
    read: (value, place, found) =>
      typeof value === 'string' && (pattern ? pattern.test(value) : value !== '')
        ? value
        : wrong(wanted, value, place, found),
  };
}

/** A text that may be empty. */
export const anyText = (description?: string): Shape<string> => ({
  schema: { type: 'string', ...about(description) },
  read: (value, place, found) => (typeof value === 'string' ? value : wrong('a text', value, place, found)),
});

export const whole = (least: number, most: number, description?: string): Shape<number> => ({
  schema: { type: 'integer', minimum: least, maximum: most, ...about(description) },
  read: (value, place, found) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : wrong(`a whole number from ${least} to ${most}`, value, place, found),
});

export const flag = (description?: string): Shape<boolean> => ({
  schema: { type: 'boolean', ...about(description) },
  read: (value, place, found) => (typeof value === 'boolean' ? value : wrong('true or false', value, place, found)),
});

/** One of several words. */
export const word = <const W extends string>(words: readonly W[], description?: string): Shape<W> => ({
  schema: { enum: [...words], ...about(description) },
  read: (value, place, found) =>
    words.find((one) => one === value) ?? wrong(`one of ${words.join(', ')}`, value, place, found),
});

export const exactly = <const C extends string | number>(constant: C, description?: string): Shape<C> => ({
  schema: { const: constant, ...about(description) },
  read: (value, place, found) => (value === constant ? constant : wrong(shown(constant), value, place, found)),
});

export const list = <T>(entry: Shape<T>, least = 0, description?: string): Shape<T[]> => ({
  schema: { type: 'array', items: entry.schema, ...(least > 0 && { minItems: least }), ...about(description) },
  read: (value, place, found) => {
    if (!Array.isArray(value)) return wrong('a list', value, place, found);
    if (value.length < least) return wrong(`a list of at least ${least}`, value, place, found);
    const entries = value.flatMap((one: unknown, index): T[] => {
      const read = entry.read(one, [...place, index], found);
      return read === undefined ? [] : [read];
    });
    return entries.length === value.length ? entries : undefined;
  },
});

/** Keys of the author's own choice. */
export const named = <T>(entry: Shape<T>, description?: string): Shape<Record<string, T>> => ({
  schema: { type: 'object', additionalProperties: entry.schema, ...about(description) },
  read: (value, place, found) => {
    if (!isJson(value)) return wrong('a map', value, place, found);
    const before = found.length;
    const entries = Object.entries(value).flatMap(([key, one]): [string, T][] => {
      if (key === '__proto__') wrong('another name', key, [...place, key], found);
      const read = entry.read(one, [...place, key], found);
      return read === undefined ? [] : [[key, read]];
    });
    return found.length === before ? Object.fromEntries(entries) : undefined;
  },
});

/** Either of two shapes, told apart by `isFirst`. */
export const either = <A, B>(
  isFirst: (value: unknown) => boolean,
  first: Shape<A>,
  second: Shape<B>,
): Shape<A | B> => ({
  schema: { anyOf: [first.schema, second.schema] },
  read: (value, place, found): A | B | undefined =>
    isFirst(value) ? first.read(value, place, found) : second.read(value, place, found),
});

type Shapes = Record<string, Shape<unknown>>;
type Whole<R extends Shapes, O extends Shapes> = { [K in keyof R]: Of<R[K]> } & { [K in keyof O]?: Of<O[K]> };

/** A closed object. */
export function object<R extends Shapes, O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
  description?: string,
): Shape<Whole<R, O>> {
  const properties = new Map<string, Shape<unknown>>([...Object.entries(required), ...Object.entries(optional ?? {})]);
  return {
    schema: {
      type: 'object',
      additionalProperties: false,
      ...(Object.keys(required).length > 0 && { required: Object.keys(required) }),
      properties: Object.fromEntries([...properties].map(([key, { schema }]) => [key, schema])),
      ...about(description),
    },
    read: (value, place, found) => {
      if (!isJson(value)) return wrong('a map', value, place, found);
      const before = found.length;
      for (const key of Object.keys(value)) {
        if (properties.has(key)) continue;
        found.push({ place: [...place, key], says: `unknown key; possible are ${[...properties.keys()].join(', ')}` });
      }
      const read: Json = {};
      for (const [key, shape] of properties) {
        if (Object.hasOwn(value, key)) read[key] = shape.read(value[key], [...place, key], found);
        else if (Object.hasOwn(required, key)) found.push({ place, says: `"${key}" is missing` });
      }
      return found.length === before ? (read as Whole<R, O>) : undefined;
    },
  };
}

/** One of several objects, told apart by the value of one key. */
export function variant<const K extends string, V extends Record<string, Shape<unknown>>>(
  key: K,
  variants: V,
): Shape<Of<V[keyof V]>> {
  const words = Object.keys(variants);
  return {
    schema: { oneOf: Object.values(variants).map(({ schema }) => schema) },
    read: (value, place, found) => {
      if (!isJson(value)) return wrong('a map', value, place, found);
      const chosen = words.find((one) => one === value[key]);
      const shape = chosen === undefined ? undefined : variants[chosen];
      if (!shape) return wrong(`one of ${words.join(', ')}`, value[key], [...place, key], found);
      return shape.read(value, place, found) as Of<V[keyof V]> | undefined;
    },
  };
}
