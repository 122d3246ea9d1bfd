/** The two sides of an integration: 1 is on the left of its form, 2 on the right. Changes from 1 to 2 go forward. Pure. */

import type { Side } from './entity';

/** Something for each side. */
export interface Sides<T> {
  readonly 1: T;
  readonly 2: T;
}

export const SIDES: readonly Side[] = [1, 2];

export const otherSide = (side: Side): Side => (side === 1 ? 2 : 1);

/** Made for each side alike. */
export const eachSide = <T>(make: (side: Side) => T): Sides<T> => ({ 1: make(1), 2: make(2) });

/** What belongs to a side: of a saved pair (`one`, `two`), or of a list in the order of the sides. */
export function atSide<T>(both: { one: T; two: T } | readonly [T, T], side: Side): T;
export function atSide<T>(both: { one?: T; two?: T }, side: Side): T | undefined;
export function atSide<T>(both: { one?: T; two?: T } | readonly [T, T], side: Side): T | undefined {
  if ('length' in both) return side === 1 ? both[0] : both[1];
  return side === 1 ? both.one : both.two;
}

/** A list in the order of the sides. @param own of `side`. @param theirs of the other one */
export const inOrder = <T>(side: Side, own: T, theirs: T): [T, T] => (side === 1 ? [own, theirs] : [theirs, own]);

/** A list in the order of the sides, with another entry for one of them. */
export const withSide = <T>([one, two]: readonly [T, T], side: Side, own: T): [T, T] =>
  side === 1 ? [own, two] : [one, own];
