/** What the running value mappers of an integration lend to its field mappers' expressions: tables and domain rules. */

import type { RewriteAddress } from '../../lib/mapping';
import type { Direction } from '../../lib/model/entity';
import type { LookupValue } from '../../lib/model/values';
import { findInTables, type NamedTable } from '../../lib/steps/named-tables';

export interface Offer {
  tables: NamedTable[];
  /** the node's domain rules */
  rewrite: RewriteAddress;
}

type Offers = Record<Direction, Offer>;

/** integration → node → what it lends; all nodes of a process share it */
const registered = new Map<string, Map<string, Offers>>();

const offersOf = (integration: string, direction: Direction): Offer[] =>
  [...(registered.get(integration)?.values() ?? [])].map((node) => node[direction]);

/** What a value mapper lends; call again when that changes. */
export function offerTables(integration: string, node: string, offers: Offers): void {
  const nodes = registered.get(integration) ?? new Map<string, Offers>();
  registered.set(integration, nodes.set(node, offers));
}

/** The addresses that a person may have in the target by the rules of the integration's value mappers. */
export const addressesInTarget = (integration: string, direction: Direction, email: string): string[] => [
  ...new Set(offersOf(integration, direction).flatMap(({ rewrite }) => rewrite(email))),
];

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
  const tables = offersOf(integration, direction).flatMap((offer) => offer.tables);
  return findInTables(tables, table, value);
}
