/** Shared by the forms of filter and mappers for saving and validation. */

import { readPairs } from '../../../lib/mapping/saved';
import { isObject } from '../read';
import { kept, leaveUntouched } from '../untouched';
import { m } from './text';

/** A validator for the property `pairs`: all type pairs, or at least one. */
export const somePairs = (value: unknown, _options?: object): boolean | string =>
  readPairs(value).length > 0 || m('scope.noTypes');

/** The saved properties of a mapper node. */
interface Mapper<Row> {
  rows: Row[];
  pairs: 'all' | string[];
}

/**
 * Reads saved rows for comparing. A field counts as unchanged if only its maximum length has changed, because that
 * alone is no reason to change the flow. A new name or type is a change: the form has shown it, and *Done* saves it.
 */
export const withoutLengths =
  (read: (saved: unknown) => unknown) =>
  (saved: unknown): string =>
    JSON.stringify(read(saved), (_key, value: unknown) => {
      if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return value;
      const { maxLength: _most, length: _unit, ...rest } = value;
      return rest;
    });

/**
 * Stores the form's content in its node.
 * @param read reads saved rows: an older flow's row that reads the same is not a change
 * @returns for `oneditsave`: true if the node has changed, whatever the editor detects itself
 */
export function saveRows<Row>(
  node: EditorNode & Mapper<Row>,
  next: Mapper<Row>,
  read: (saved: unknown) => Row[],
): boolean | undefined {
  const { rows, pairs } = node;
  node.rows = kept(rows, next.rows, withoutLengths(read));
  node.pairs = kept(pairs, next.pairs, readPairs);
  leaveUntouched(node, 'node-input');
  return node.rows !== rows || node.pairs !== pairs || undefined;
}
