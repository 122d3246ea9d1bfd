/**
 * Detects that a store has vanished or was set back to an earlier copy. Two places that are independent of each other
 * and of the store's file record that it existed and how far it was. Pure.
 */

import type { StoreState } from './store';

export interface Witness extends StoreState {
  /** ISO 8601 */
  at: string;
}

/** The problem of a store that was just opened. */
export type Doubt =
  /** there was a store, and this one is new */
  | { kind: 'vanished'; last: Witness }
  /** the store was further than this file */
  | { kind: 'behind'; last: Witness }
  /** this file belongs to a store other than the last one */
  | { kind: 'other'; last: Witness };

/**
 * @param now the store as found, without counting its opening
 * @param isNew its file was just created
 * @param last the last recorded state, from either place; undefined = no store is known
 */
export function doubtOf(now: Witness, isNew: boolean, last: Witness | undefined): Doubt | undefined {
  // a store that has created nothing yet has nothing to lose
  if (!last || (last.newest === 0 && !last.begun)) return undefined;
  if (isNew) return { kind: 'vanished', last };
  if (now.store !== last.store) return { kind: 'other', last };
  return now.opened < last.opened || now.newest < last.newest ? { kind: 'behind', last } : undefined;
}

/** The one that was further. */
export function further(one: Witness | undefined, two: Witness | undefined): Witness | undefined {
  if (!one || !two) return one ?? two;
  return one.at >= two.at ? one : two;
}

/** @param value as read from a place; undefined = it is not a record of a store */
export function readWitness(value: unknown): Witness | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // a record from before creates were tracked says nothing about them
  const { store, opened, newest, begun = false, at }: Partial<Record<keyof Witness, unknown>> = value;
  if (typeof store !== 'string' || typeof opened !== 'number' || typeof newest !== 'number') return undefined;
  return typeof at === 'string' ? { store, opened, newest, begun: begun === true, at } : undefined;
}

/** The text for the log or the editor, and what happens now. */
export function doubtWords(doubt: Doubt, file: string): string {
  const was = `on ${doubt.last.at}`;
  const next =
    'Before it creates an item, Twinflow searches for its counterpart by key, URL or marker, and links the two again. An ' +
    'integration whose counterparts cannot be recognized like that waits, and its error says what to do.';
  switch (doubt.kind) {
    case 'vanished':
      return `The store ${file} is gone: there was one ${was}, ${doubt.last.newest > 0 ? 'with links' : 'with a create under way'}. A new one was begun. ${next}`;
    case 'behind':
      return `The store ${file} has been set back: it was further ${was}. Is it a copy of before? ${next}`;
    case 'other':
      return `The store ${file} is another one than ${was}. ${next}`;
  }
}
