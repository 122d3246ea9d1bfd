/** What the forms of filter and mappers do alike when they are saved, and before. */

import { readPairs } from '../../../lib/mapping/saved';
import { isObject } from '../read';
import { kept, leaveUntouched } from '../untouched';
import { m } from './text';

/** A validator for the property `pairs`: all entity-type pairs, or at least one. */
export const somePairs = (value: unknown, _options?: object): boolean | string =>
  readPairs(value).length > 0 || m('scope.noTypes');

/** A mapper node, as far as its form saves it. */
interface Mapper<Row> {
  rows: Row[];
  pairs: 'all' | string[];
}

/**
 * Reads saved rows for a comparison in which a field is still the same whose values may be longer or shorter now: that
 * alone is no reason for another flow. A new name or type is: the form has said so, and *Done* takes it over.
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
 * Puts what the form holds into its node.
 * @param read as saved rows are read: an older flow's row that reads the same is no change
 * @returns for `oneditsave`: true where the node is another one now, whatever the editor finds out by itself
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
