/** What the three mappers' rows are called in a review, and how each is compared with what a file holds. */

import isEqual from 'lodash/isEqual';
import {
  type MappingParts,
  type Mode,
  type PartName,
  pairChanges,
  type Review,
  reviewDefaults,
  reviewFields,
  reviewValues,
} from '../../../../lib/mapping/exchange';
import { COLUMNS, type ColumnKey } from '../../../../lib/mapping/exchange/words';
import { readDefaultRows, readFieldRows, readValueRows } from '../../../../lib/mapping/saved';
import type { DefaultRow, FieldRow, ValueRow } from '../../../../lib/model/config';
import type { MappingScope } from '../scope';
import { tableTitle } from '../tables';
import { m } from '../text';
import { language } from './mapping-file';

export type RowOf<Part extends PartName> = NonNullable<MappingParts[Part]>[number];

export interface PartKind<Row> {
  read(saved: unknown): Row[];
  review(present: Row[], incoming: Row[], mode: Mode): Review<Row>;
  label(row: Row, scope: MappingScope): string;
  /** what is other than before, in a few words */
  change(before: Row, after: Row): string;
}

const ARROW = { both: '↔', forward: '→', backward: '←' } as const;

const isColumn = (key: string): key is ColumnKey => Object.hasOwn(COLUMNS, key);

/** The names of the settings that differ. */
function settings(before: object, after: object): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differ = [...keys].filter((key) => !isEqual(Reflect.get(before, key), Reflect.get(after, key)));
  const names = differ.map((key) => {
    if (key === 'transform') return m('exchange.transform');
    return isColumn(key) ? COLUMNS[key][language()] : key;
  });
  return names.join(', ');
}

const fields: PartKind<FieldRow> = {
  read: readFieldRows,
  review: reviewFields,
  label: ({ one, two, direction }) => `${one?.name ?? '—'} ${ARROW[direction]} ${two?.name ?? '—'}`,
  change: settings,
};

const values: PartKind<ValueRow> = {
  read: readValueRows,
  review: reviewValues,
  label: (row) => `${tableTitle(row)} (${row.pairs.length})`,
  change: (before, after) => {
    const { added, removed } = pairChanges(before, after);
    const { pairs: _before, ...old } = before;
    const { pairs: _after, ...now } = after;
    const counts = m('exchange.pairs', { added: added.length, removed: removed.length });
    const order = added.length + removed.length === 0 && !isEqual(before.pairs, after.pairs);
    return [added.length + removed.length > 0 ? counts : order ? m('exchange.order') : '', settings(old, now)]
      .filter((text) => text !== '')
      .join(', ');
  },
};

const defaults: PartKind<DefaultRow> = {
  read: readDefaultRows,
  review: reviewDefaults,
  label: ({ side, field }, scope) => `${scope.systemName(side)}: ${field.name}`,
  change: settings,
};

export const PART_KINDS: { [Part in PartName]: PartKind<RowOf<Part>> } = { fields, values, defaults };
