/**
 * How it is noticed that a store is not what it was: vanished, or set back to a copy of before. Somebody outside of its file
 * remembers that it existed and how far it was; in two places that do not depend on each other, nor on the file. Pure.
 */

export interface Witness {
  /** the store's own name */
  store: string;
  /** how many times it was opened */
  opened: number;
  /** the number of its newest link, 0 where it has none */
  newest: number;
  /** ISO 8601 */
  at: string;
}

/** What is wrong with a store that was just opened. */
export type Doubt =
  /** there was a store, and this one is new */
  | { kind: 'vanished'; last: Witness }
  /** the store was further than this file is */
  | { kind: 'behind'; last: Witness }
  /** this file is of another store than the last one */
  | { kind: 'other'; last: Witness };

/**
 * @param now the store as it was found, its opening not counted
 * @param isNew its file was just made
 * @param last what was remembered last, from wherever; undefined = nobody knows of any store
 */
export function doubtOf(now: Witness, isNew: boolean, last: Witness | undefined): Doubt | undefined {
  // one that never held a link has nothing to lose
  if (!last || last.newest === 0) return undefined;
  if (isNew) return { kind: 'vanished', last };
  if (now.store !== last.store) return { kind: 'other', last };
  return now.opened < last.opened || now.newest < last.newest ? { kind: 'behind', last } : undefined;
}

/** The one that was further. */
export function further(one: Witness | undefined, two: Witness | undefined): Witness | undefined {
  if (!one || !two) return one ?? two;
  return one.at >= two.at ? one : two;
}

/** @param value as it was read from a place; undefined = what stands there is no memory of a store */
export function readWitness(value: unknown): Witness | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { store, opened, newest, at }: Partial<Record<keyof Witness, unknown>> = value;
  if (typeof store !== 'string' || typeof opened !== 'number' || typeof newest !== 'number') return undefined;
  return typeof at === 'string' ? { store, opened, newest, at } : undefined;
}

/** What a person at the log or the editor is told, and what happens now. */
export function doubtWords(doubt: Doubt, file: string): string {
  const was = `on ${doubt.last.at}`;
  const next =
    'Before anything is created, its counterpart is looked for by remote key, address or marker, and linked again; an ' +
    'integration whose counterparts cannot be recognised so waits and says what to do.';
  switch (doubt.kind) {
    case 'vanished':
      return `The store ${file} is gone: there was one ${was}, with links. A new one was begun. ${next}`;
    case 'behind':
      return `The store ${file} has been set back: it was further ${was}. Is it a copy of before? ${next}`;
    case 'other':
      return `The store ${file} is another one than ${was}. ${next}`;
  }
}
