/** The tables that the running value mappers of an integration have, for the expressions of its field mappers. */

import type { Direction } from '../../lib/model/entity';
import type { LookupValue } from '../../lib/model/values';
import { findInTables, type NamedTable } from '../../lib/steps/named-tables';

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
  const tables = [...(registered.get(integration)?.values() ?? [])].flatMap((node) => node[direction]);
  return findInTables(tables, table, value);
}
