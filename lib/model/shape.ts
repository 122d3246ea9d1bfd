/**
 * Shapes of what is saved in flows: declared once, read by all. A flow may come from another version or be written by hand, so
 * nothing is thrown: what has the wrong shape is `undefined`, and left out of the object or list around it. The types follow
 * from the shapes. Why no library: docs/architecture.md.
 */

/** What is wrong with a saved value: it is not there, no such word is known, or it is something else than what is wanted. */
export type Fault = { is: 'missing' } | { is: 'unreadable'; wanted?: string } | { is: 'unknown'; word: string };

/** Hears of what cannot be read. @param path names of properties and places in lists, from the value that is read */
export type Note = (path: readonly (string | number)[], fault: Fault) => void;

/** Reads a value of any kind. @param note of what is left out of it, or read as its default. @returns undefined = it is not of this shape */
export type Shape<T> = (value: unknown, note?: Note) => T | undefined;

const below = (note: Note | undefined, step: string | number): Note | undefined =>
  note && ((path, fault) => note([step, ...path], fault));

type Shapes = Record<string, Shape<unknown>>;
type Of<S> = S extends Shape<infer T> ? T : never;
type All<S extends Shapes> = { [K in keyof S]: Of<S[K]> };

/** An object's shape, which tells the properties that it knows. */
export type ObjectShape<T> = Shape<T> & { readonly known: readonly string[] };

/** Names that must not become keys of an object. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** What one value is read as. What is there, and is not what is wanted, is reported. @param wanted in words: "a text" */
const single =
  <T>(wanted: string, read: (value: unknown) => T | undefined): Shape<T> =>
  (value, note) => {
    const found = read(value);
    if (found === undefined && isGiven(value)) note?.([], { is: 'unreadable', wanted });
    return found;
  };

/** A text that is not empty. */
export const text = single('a text', (value) => (typeof value === 'string' && value !== '' ? value : undefined));
/** A text, or '' where there is none. */
export const anyText: Shape<string> = (value, note) => text(value, note) ?? '';
export const boolean = single('true or false', (value) => (typeof value === 'boolean' ? value : undefined));
/** `true`, or nothing. */
export const yes: Shape<true> = (value, note) => boolean(value, note) || undefined;
/** `false`, or nothing. */
export const no: Shape<false> = (value, note) => (boolean(value, note) === false ? false : undefined);
export const positive = single('a number above 0', (value) =>
  typeof value === 'number' && value > 0 ? value : undefined,
);

/** A number of a node's own settings, within bounds. Environment variables are texts. @param most what is more is read as this */
export const numberFrom = (least: number, most = Number.MAX_SAFE_INTEGER, { isWhole = true } = {}): Shape<number> =>
  single(`a ${isWhole ? 'whole ' : ''}number${least > 0 ? ' above 0' : ''}`, (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || number < least) return undefined;
    return Math.min(most, isWhole ? Math.floor(number) : number);
  });

export const oneOf =
  <const T extends string>(values: readonly T[]): Shape<T> =>
  (value, note) => {
    const found = values.find((one) => one === value);
    if (found !== undefined || !isGiven(value)) return found;
    note?.([], typeof value === 'string' ? { is: 'unknown', word: value } : { is: 'unreadable', wanted: 'a text' });
    return undefined;
  };

export const withDefault =
  <T>(shape: Shape<T>, missing: T): Shape<T> =>
  (value, note) =>
    shape(value, note) ?? missing;

/** What is read by one shape and made into something else, or refused. */
export const turned =
  <T, U>(shape: Shape<T>, turn: (read: T) => U | undefined): Shape<U> =>
  (value, note) => {
    const read = shape(value, note);
    return read === undefined ? undefined : turn(read);
  };

/** A list of what has the shape; what is no list is an empty one. */
export const listOf =
  <T>(shape: Shape<T>) =>
  (value: unknown, note?: Note): T[] => {
    if (Array.isArray(value)) return value.flatMap((one, place) => element(shape, one, below(note, place)) ?? []);
    if (isGiven(value)) note?.([], { is: 'unreadable', wanted: 'a list' });
    return [];
  };

/** An element that is left out of a list is reported, even if its reader does not say why. */
function element<T>(shape: Shape<T>, value: unknown, note: Note | undefined): T | undefined {
  let isTold = false;
  const read = shape(
    value,
    note &&
      ((path, fault) => {
        isTold = true;
        note(path, fault);
      }),
  );
  if (read === undefined && !isTold) note?.([], { is: 'unreadable' });
  return read;
}

/**
 * An object, its properties in the order of the declaration.
 *
 * @param needed without one of these it has not this shape
 * @param optional left out where they have the wrong shape
 */
export function object<N extends Shapes, O extends Shapes>(
  needed: N,
  optional: O,
): ObjectShape<All<N> & Partial<All<O>>> {
  const read: Shape<All<N> & Partial<All<O>>> = (value, note) => {
    if (!isObject(value)) {
      note?.([], { is: 'unreadable' });
      return undefined;
    }
    const found: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries({ ...needed, ...optional })) {
      const given = value[name];
      const isThere = isGiven(given);
      let isTold = false;
      const told: Note = (path, fault) => {
        isTold = true;
        note?.([name, ...path], fault);
      };
      const part = shape(given, isThere ? told : undefined);
      if (part !== undefined) found[name] = part;
      else if (Object.hasOwn(needed, name)) {
        if (!isTold) note?.([name], { is: isThere ? 'unreadable' : 'missing' });
        return undefined;
      }
    }
    return found as All<N> & Partial<All<O>>;
  };
  return Object.assign(read, { known: [...Object.keys(needed), ...Object.keys(optional)] });
}

/**
 * What an object has beyond the properties that this version knows: a later version's, or another program's. It is kept, so
 * that opening and saving a form loses nothing.
 */
export const extrasOf = (saved: object, { known }: ObjectShape<unknown>): object =>
  Object.fromEntries(Object.entries(saved).filter(([key]) => !known.includes(key) && !FORBIDDEN.has(key)));

/** As the shape, with everything else that the object has. */
export const open =
  <T extends object>(shape: ObjectShape<T>): Shape<T> =>
  (value, note) => {
    const read = shape(value, note);
    return read && isObject(value) ? { ...extrasOf(value, shape), ...read } : undefined;
  };

/** Undefined where the object has no property. */
export const filled = <T extends object>(shape: Shape<T>): Shape<T> =>
  turned(shape, (read) => (Object.keys(read).length > 0 ? read : undefined));
