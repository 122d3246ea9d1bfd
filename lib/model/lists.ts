/**
 * Lists whose length somebody else decides. A list that is spread into a call, of `push` or `Math.max`, puts each entry on
 * the stack: a hundred thousand of them end in "Maximum call stack size exceeded".
 */

/** Adds the items to the end of a list. */
export function append<Item>(into: Item[], items: Iterable<Item>): void {
  for (const item of items) into.push(item);
}

/** The largest of the numbers, or `least` where none is larger. */
export function largest(numbers: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let most = least;
  for (const number of numbers) if (number > most) most = number;
  return most;
}

/** The smallest of the numbers, or `most` where none is smaller. */
export function smallest(numbers: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let least = most;
  for (const number of numbers) if (number < least) least = number;
  return least;
}
