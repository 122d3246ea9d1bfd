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
 * Reads saved rows for a comparison in which a field that its system names in another way now, or whose length has changed,
 * is still the same: the form shows what the systems say, and that alone is no reason for another flow.
 */
export const withoutLabels =
  (read: (saved: unknown) => unknown) =>
  (saved: unknown): string =>
    JSON.stringify(read(saved), (_key, value: unknown) => {
      if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return value;
      const { id, type, multi, integer, format, dialect } = value;
      return [id, type, multi, integer, format, dialect];
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
  node.rows = kept(rows, next.rows, withoutLabels(read));
  node.pairs = kept(pairs, next.pairs, readPairs);
  leaveUntouched(node, 'node-input');
  return node.rows !== rows || node.pairs !== pairs || undefined;
}
