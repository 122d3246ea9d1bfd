/**
 * A sheet's two columns as a table for look-ups. Compact, because a sheet may have hundreds of thousands of rows: one
 * map per direction, from the text in lower case to the row.
 */

import type { LookupValue } from '../../model/values';
import type { Item, RowSheet, ValueIndex } from '../values';
import type { SheetColumns } from './shapes';

const fold = (text: string): string => text.trim().toLowerCase();

class ColumnIndex implements ValueIndex {
  private readonly rows = new Map<string, number>();
  /** keys that differ from an earlier one in case only */
  private readonly exact = new Map<string, number>();
  private readonly keys: string[];
  private readonly values: string[];
  private readonly ignoreCase: boolean;

  constructor(keys: string[], values: string[], ignoreCase: boolean) {
    this.keys = keys;
    this.values = values;
    this.ignoreCase = ignoreCase;
    keys.forEach((key, row) => {
      const folded = fold(key);
      const earlier = this.rows.get(folded);
      if (earlier === undefined) this.rows.set(folded, row);
      else if (keys[earlier] !== key && !this.exact.has(key)) this.exact.set(key, row);
    });
  }

  private row(text: string): number | undefined {
    const trimmed = text.trim();
    const row = this.rows.get(fold(text));
    if (row === undefined || this.keys[row] === trimmed) return row;
    return this.exact.get(trimmed) ?? (this.ignoreCase ? row : undefined);
  }

  /** Looks a value up by any of the properties that sheets use: name, email, login, id. */
  find(item: Item): LookupValue | undefined {
    for (const word of [item.name, item.email, item.login, item.id]) {
      const row = typeof word === 'string' && word !== '' ? this.row(word) : undefined;
      const name = row === undefined ? undefined : this.values[row];
      if (name !== undefined) return { name };
    }
    return undefined;
  }
}

/** A sheet's table in both directions. The first row with a value is used. */
export function indexSheet(
  columns: Pick<SheetColumns, 'one' | 'two'>,
  options: { ignoreCase?: boolean; backward?: boolean } = {},
): RowSheet {
  const ignoreCase = options.ignoreCase ?? true;
  return {
    forward: new ColumnIndex(columns.one, columns.two, ignoreCase),
    ...(options.backward !== false && { backward: new ColumnIndex(columns.two, columns.one, ignoreCase) }),
  };
}
