/** What the forms of filter and mappers do alike when they are saved, and before. */

import { readPairs } from '../../../lib/mapping/saved';
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
 * Puts what the form holds into its node.
 * @param read as saved rows are read: an older flow's row that reads the same is no change
 * @returns for `oneditsave`: true where the node is another one now, whatever the editor finds out by itself
 */
export function saveRows<Row>(
  node: EditorNode & Mapper<Row>,
  next: Mapper<Row>,
  read: (saved: unknown) => Row[],
): boolean | undefined {
  const before = JSON.stringify([read(node.rows), readPairs(node.pairs)]);
  node.rows = kept(node.rows, next.rows, read);
  node.pairs = kept(node.pairs, next.pairs, readPairs);
  leaveUntouched(node, 'node-input');
  return JSON.stringify([read(next.rows), next.pairs]) !== before || undefined;
}
