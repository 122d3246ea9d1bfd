/**
 * What importing would change: which rows a mapper would have then, and which of them are new, other than before, or gone.
 * `merge` keeps the rows that the file does not speak of, `replace` leaves the file's only. Nothing is applied here.
 */

import type { DefaultRow, DomainRule, FieldRow, ValuePair, ValueRow } from '../../model/config';
import type { LookupValue } from '../../model/values';
import { isSame } from './same';
import { sharesWay } from './sheets';

export type Mode = 'replace' | 'merge';

export interface Review<Row> {
  /** the rows as they would be */
  rows: Row[];
  added: Row[];
  changed: { before: Row; after: Row }[];
  removed: Row[];
  /** rows that stay as they are */
  same: number;
}

/** How rows of one kind are told apart, and put together where the file and the form have one each. */
interface Kind<Row> {
  /** 0 = another row; the highest counts */
  likeness(present: Row, incoming: Row): number;
  merged(present: Row, incoming: Row): Row;
}

function review<Row>(present: Row[], incoming: Row[], mode: Mode, kind: Kind<Row>): Review<Row> {
  const open = new Set(present);
  /** present row → what stands in its place */
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

/** Rows are the same one where they join the same fields in a common way; a constant's row by its one field. */
export const reviewFields = (present: FieldRow[], incoming: FieldRow[], mode: Mode): Review<FieldRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => {
      if (a.one?.id !== b.one?.id || a.two?.id !== b.two?.id || !sharesWay(a, b)) return 0;
      return 1 + Number(a.direction === b.direction) * 2 + Number((a.syncWhen ?? 'both') === (b.syncWhen ?? 'both'));
    },
    merged: (_present, incoming) => incoming,
  });

/** The same entry, also where only one of the two knows its id. */
const sameEntry = (a: LookupValue, b: LookupValue): boolean =>
  a.name === b.name && (a.id === undefined || b.id === undefined || a.id === b.id);

/** Whether a list has a pair of the same entries, told by their names first: tables have ten thousand pairs. */
function pairsLike(pairs: ValuePair[]): (pair: ValuePair, alike?: (other: ValuePair) => boolean) => boolean {
  const key = ({ one, two }: ValuePair): string => JSON.stringify([one.name, two.name]);
  const named = new Map<string, ValuePair[]>();
  for (const pair of pairs) named.set(key(pair), [...(named.get(key(pair)) ?? []), pair]);
  return (pair, alike = () => true) =>
    (named.get(key(pair)) ?? []).some(
      (other) => sameEntry(pair.one, other.one) && sameEntry(pair.two, other.two) && alike(other),
    );
}

/** One table for each pair of fields. Merged, the file's pairs come first, since the first pair of a value counts. */
export const reviewValues = (present: ValueRow[], incoming: ValueRow[], mode: Mode): Review<ValueRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => Number(a.one.id === b.one.id && a.two.id === b.two.id),
    merged: (before, row) => {
      const given = pairsLike(row.pairs);
      const rest = before.pairs.filter((pair) => !given(pair));
      return rest.length === 0 ? row : { ...row, pairs: [...row.pairs, ...rest] };
    },
  });

/** Rules are the same one where they name the same domains. */
export const reviewDomains = (present: DomainRule[], incoming: DomainRule[], mode: Mode): Review<DomainRule> =>
  review(present, incoming, mode, {
    likeness: (a, b) =>
      Number(a.one.toLowerCase() === b.one.toLowerCase() && a.two.toLowerCase() === b.two.toLowerCase()),
    merged: (_present, incoming) => incoming,
  });

/** One default for each field of a side. */
export const reviewDefaults = (present: DefaultRow[], incoming: DefaultRow[], mode: Mode): Review<DefaultRow> =>
  review(present, incoming, mode, {
    likeness: (a, b) => Number(a.side === b.side && a.field.id === b.field.id),
    merged: (_present, incoming) => incoming,
  });

/** How many pairs of a changed table are new or gone: a table is too long to be shown whole. */
export function pairChanges(before: ValueRow, after: ValueRow): { added: ValuePair[]; removed: ValuePair[] } {
  const [had, has] = [pairsLike(before.pairs), pairsLike(after.pairs)];
  const sameWay = (pair: ValuePair) => (other: ValuePair) => pair.direction === other.direction;
  return {
    added: after.pairs.filter((pair) => !had(pair, sameWay(pair))),
    removed: before.pairs.filter((pair) => !has(pair, sameWay(pair))),
  };
}
