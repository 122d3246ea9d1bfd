/**
 * The tables that the value mappers of an integration have, by name, for `$lookup(table, value)` in the field mapper's
 * expressions. A table is called like its source field (name or id) or its sheet.
 */

import type { ValueIndex } from '../../lib/mapping';
import type { Direction } from '../../lib/model/entity';
import type { LookupValue } from '../../lib/model/values';

export interface NamedTable {
  /** in lower case */
  names: string[];
  index: ValueIndex;
}

type Tables = Record<Direction, NamedTable[]>;

/** integration → node → its tables; all nodes of a process share it */
const registered = new Map<string, Map<string, Tables>>();

/** A value mapper's tables; call again when they change. */
export function offerTables(integration: string, node: string, tables: Tables): void {
  const nodes = registered.get(integration) ?? new Map<string, Tables>();
  registered.set(integration, nodes.set(node, tables));
}

/** Call when the node closes. */
export function withdrawTables(integration: string, node: string): void {
  const nodes = registered.get(integration);
  nodes?.delete(node);
  if (nodes?.size === 0) registered.delete(integration);
}

/** A value as it is looked up: a list entry or person as it is, anything else by its text. */
function itemOf(value: unknown): Partial<LookupValue> {
  if (typeof value !== 'object' || value === null) return { name: String(value) };
  const text = (part: unknown): string | undefined => (typeof part === 'string' ? part : undefined);
  const item: Record<string, string> = {};
  for (const key of ['id', 'name', 'login', 'email']) {
    const part = text(Reflect.get(value, key));
    if (part !== undefined) item[key] = part;
  }
  return item;
}

/**
 * The value's counterpart, or null where the table has none.
 * @throws Error – there is no such table
 */
export function lookUpTable(
  integration: string,
  direction: Direction,
  table: string,
  value: unknown,
): LookupValue | null {
  const wanted = table.trim().toLowerCase();
  const tables = [...(registered.get(integration)?.values() ?? [])].flatMap((node) => node[direction]);
  const named = tables.filter(({ names }) => names.includes(wanted));
  if (named.length === 0) {
    const known = [...new Set(tables.map(({ names }) => names[0] ?? ''))].slice(0, 10).join(', ');
    throw new Error(
      `the value mappers have no table "${table.slice(0, 60)}" in this direction (there are: ${known || 'none'})`,
    );
  }
  const item = itemOf(value);
  for (const { index } of named) {
    const found = index.find(item);
    if (found !== undefined) return found;
  }
  return null;
}
