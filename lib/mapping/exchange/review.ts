/**
 * What importing would change: the rows that a mapper would have, and which of them are new, changed or removed.
 * `merge` keeps the rows that are not in the file, `replace` keeps only the file's. Nothing is applied here.
 */

import type { DefaultRow, DomainRule, FieldRow, ValuePair, ValueRow } from '../../model/config';
import type { LookupValue } from '../../model/values';
import { isSame } from './same';
import { sharesWay } from './sheets';

export type Mode = 'replace' | 'merge';

export interface Review<Row> {
  /** the resulting rows */
  rows: Row[];
  added: Row[];
  changed: { before: Row; after: Row }[];
  removed: Row[];
  /** rows that do not change */
  same: number;
}

/** How to recognize a row of a kind, and how to combine the file's row with the form's. */
interface Kind<Row> {
  /** 0 = a different row; the highest number wins */
  likeness(present: Row, incoming: Row): number;
  merged(present: Row, incoming: Row): Row;
}

function review<Row>(present: Row[], incoming: Row[], mode: Mode, kind: Kind<Row>): Review<Row> {
  const open = new Set(present);
  /** current row → its replacement */
  const next = new Map<Row, Row>();
  const placed = incoming.map((row): { row: Row; before?: Row } => {
    let best: { before: Row; likeness: number } | undefined;
    for (const before of open) {
      const likeness = isSame(before, row) ? Number.POSITIVE_INFINITY : kind.likeness(before, row);
      if (likeness > (best?.likeness ?? 0)) best = { before, likeness };
    }
    if (best === undefined) return { row };
    open.delete(best.before);
    const after = mode === 'merge' ? kind.merged(best.before, row) : row;
    next.set(best.before, after);
    return { row: after, before: best.before };
  });
  const added = placed.filter(({ before }) => before === undefined).map(({ row }) => row);
  const changes = [...next].map(([before, after]) => ({ before, after }));
  const changed = changes.filter(({ before, after }) => !isSame(before, after));
  return {
    rows: mode === 'merge' ? [...present.map((row) => next.get(row) ?? row), ...added] : placed.map(({ row }) => row),
    added,
    changed,
    removed: mode === 'merge' ? [] : [...open],
    same: changes.length - changed.length + (mode === 'merge' ? open.size : 0),
  };
}

/** Two rows are the same if they join the same fields in a common direction; for a constant, if they have the same
 * field. */
export const reviewFields = (present: FieldRow[], incoming: FieldRow[], mode: Mode): Review<FieldRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => {
      if (a.one?.id !== b.one?.id || a.two?.id !== b.two?.id || !sharesWay(a, b)) return 0;
      return 1 + Number(a.direction === b.direction) * 2 + Number((a.syncWhen ?? 'both') === (b.syncWhen ?? 'both'));
    },
    merged: (_present, incoming) => incoming,
  });

/** The same list value, even if only one of the two has an id. */
const sameEntry = (a: LookupValue, b: LookupValue): boolean =>
  a.name === b.name && (a.id === undefined || b.id === undefined || a.id === b.id);

/** Whether a list contains a pair of the same values. Names are compared first, because tables may have ten thousand
 * pairs. */
function pairsLike(pairs: ValuePair[]): (pair: ValuePair, alike?: (other: ValuePair) => boolean) => boolean {
  const key = ({ one, two }: ValuePair): string => JSON.stringify([one.name, two.name]);
  const named = new Map<string, ValuePair[]>();
  for (const pair of pairs) named.set(key(pair), [...(named.get(key(pair)) ?? []), pair]);
  return (pair, alike = () => true) =>
    (named.get(key(pair)) ?? []).some(
      (other) => sameEntry(pair.one, other.one) && sameEntry(pair.two, other.two) && alike(other),
    );
}

/** One table per pair of fields. When merged, the file's pairs come first, because the first pair of a value is
 * used. */
export const reviewValues = (present: ValueRow[], incoming: ValueRow[], mode: Mode): Review<ValueRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => Number(a.one.id === b.one.id && a.two.id === b.two.id),
    merged: (before, row) => {
      const given = pairsLike(row.pairs);
      const rest = before.pairs.filter((pair) => !given(pair));
      return rest.length === 0 ? row : { ...row, pairs: [...row.pairs, ...rest] };
    },
  });

/** Two rules are the same if they name the same domains. */
export const reviewDomains = (present: DomainRule[], incoming: DomainRule[], mode: Mode): Review<DomainRule> =>
  review(present, incoming, mode, {
    likeness: (a, b) =>
      Number(a.one.toLowerCase() === b.one.toLowerCase() && a.two.toLowerCase() === b.two.toLowerCase()),
    merged: (_present, incoming) => incoming,
  });

/** One default per field and side. */
export const reviewDefaults = (present: DefaultRow[], incoming: DefaultRow[], mode: Mode): Review<DefaultRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => Number(a.side === b.side && a.field.id === b.field.id),
    merged: (_present, incoming) => incoming,
  });

/** Number of pairs of a changed table that are new or removed: a table is too long to be shown completely. */
export function pairChanges(before: ValueRow, after: ValueRow): { added: ValuePair[]; removed: ValuePair[] } {
  const [had, has] = [pairsLike(before.pairs), pairsLike(after.pairs)];
  const sameWay = (pair: ValuePair) => (other: ValuePair) => pair.direction === other.direction;
  return {
    added: after.pairs.filter((pair) => !had(pair, sameWay(pair))),
    removed: before.pairs.filter((pair) => !has(pair, sameWay(pair))),
  };
}
