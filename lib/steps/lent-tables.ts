/** The tables and domain rules that an integration's running value mappers provide to its field mappers'
 * expressions. */

import type { RewriteAddress } from '../mapping';
import type { PeopleRules, UserTables } from '../mapping/users';
import type { Direction } from '../model/entity';
import type { LookupValue } from '../model/values';
import { findInTables, type NamedTable } from './named-tables';

export interface Offer {
  tables: NamedTable[];
  /** the node's domain rules */
  rewrite: RewriteAddress;
  /** the node's tables of users */
  people(): UserTables;
}

type Offers = Record<Direction, Offer>;

/** integration → node → what it provides; shared by all nodes of a process */
const registered = new Map<string, Map<string, Offers>>();

const offersOf = (integration: string, direction: Direction): Offer[] =>
  [...(registered.get(integration)?.values() ?? [])].map((node) => node[direction]);

/** Sets what a value mapper provides; call again when that changes. */
export function offerTables(integration: string, node: string, offers: Offers): void {
  const nodes = registered.get(integration) ?? new Map<string, Offers>();
  registered.set(integration, nodes.set(node, offers));
}

/** The email addresses that a user may have in the target by the rules of the integration's value mappers. */
export const addressesInTarget = (integration: string, direction: Direction, email: string): string[] => [
  ...new Set(offersOf(integration, direction).flatMap(({ rewrite }) => rewrite(email))),
];

/** The settings of the integration's value mappers about users. */
export const peopleRules = (integration: string, direction: Direction): PeopleRules => ({
  tables: offersOf(integration, direction).map(({ people }) => people()),
  rewrite: (email) => addressesInTarget(integration, direction, email),
});

/** Call when the node closes. */
export function withdrawTables(integration: string, node: string): void {
  const nodes = registered.get(integration);
  nodes?.delete(node);
  if (nodes?.size === 0) registered.delete(integration);
}

/**
 * The value's match, or null if the table has none.
 * @throws Error if there is no such table
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
