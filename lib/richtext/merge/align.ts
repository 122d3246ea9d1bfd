/** The longest common subsequence of two lists of keys: which entries stayed, in order. */

import { append } from '../../model/lists';

/** Maximum number of comparisons. Beyond it, everything after the first difference counts as different. */
const MOST = 4_000_000;

/** @returns pairs of indices, ascending in both lists */
export function align(left: readonly string[], right: readonly string[]): [number, number][] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let leftEnd = left.length;
  let rightEnd = right.length;
  while (leftEnd > start && rightEnd > start && left[leftEnd - 1] === right[rightEnd - 1]) {
    leftEnd--;
    rightEnd--;
  }
  const pairs: [number, number][] = [];
  for (let at = 0; at < start; at++) pairs.push([at, at]);
  append(pairs, middle(left, right, start, leftEnd, rightEnd));
  for (let at = 0; at < left.length - leftEnd; at++) pairs.push([leftEnd + at, rightEnd + at]);
  return pairs;
}

function middle(
  left: readonly string[],
  right: readonly string[],
  start: number,
  leftEnd: number,
  rightEnd: number,
): [number, number][] {
  const rows = leftEnd - start;
  const columns = rightEnd - start;
  if (rows === 0 || columns === 0 || rows * columns > MOST) return [];
  const width = columns + 1;
  const length = new Uint32Array((rows + 1) * width);
  const at = (row: number, column: number): number => length[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      length[row * width + column] =
        left[start + row] === right[start + column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (left[start + row] === right[start + column]) {
      pairs.push([start + row, start + column]);
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  return pairs;
}

/** A stretch of both lists between two pairs. Either side may be empty. */
export interface Gap {
  left: [number, number];
  right: [number, number];
}

/** The stretches between pairs, in order; those that are empty on both sides are left out. */
export function gaps(pairs: readonly [number, number][], leftLength: number, rightLength: number): Gap[] {
  const result: Gap[] = [];
  let left = 0;
  let right = 0;
  for (const [nextLeft, nextRight] of [...pairs, [leftLength, rightLength] as const]) {
    if (nextLeft > left || nextRight > right) result.push({ left: [left, nextLeft], right: [right, nextRight] });
    left = nextLeft + 1;
    right = nextRight + 1;
  }
  return result;
}
