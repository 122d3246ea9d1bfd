/** The names of each part's rows in a review, and how a form's part is compared with a file's. */

import {
  type MappingParts,
  type Mode,
  type PartName,
  pairChanges,
  type Review,
  reviewDefaults,
  reviewDomains,
  reviewFields,
  reviewValues,
} from '../../../../lib/mapping/exchange';
import { isSame } from '../../../../lib/mapping/exchange/same';
import { COLUMNS, type ColumnKey } from '../../../../lib/mapping/exchange/words';
import { readDefaultRows, readDomains, readFieldRows, readValueRows } from '../../../../lib/mapping/saved';
import type { DefaultRow, DomainRule, FieldRow, ValueRow } from '../../../../lib/model/config';
import type { MappingScope } from '../scope';
import { tableTitle } from '../tables';
import { m } from '../text';
import { language } from './mapping-file';

export type RowOf<Part extends PartName> = NonNullable<MappingParts[Part]>[number];

interface PartKind<Row> {
  read(saved: unknown): Row[];
  review(present: Row[], incoming: Row[], mode: Mode): Review<Row>;
  label(row: Row, scope: MappingScope): string;
  /** the differences, in a few words */
  change(before: Row, after: Row): string;
}

/** The changes of one part of a form, in words. */
export interface PartReview {
  added: string[];
  changed: string[];
  removed: string[];
  same: number;
  /** puts the rows into the form */
  apply(): void;
}

/** A part of a mapping in a form. */
export interface PartForm {
  part: PartName;
  /** in the form in which it would be saved */
  present(): MappingParts;
  /** undefined if the file does not have this part */
  review(incoming: MappingParts, mode: Mode, scope: MappingScope): PartReview | undefined;
}

const ARROW = { both: '↔', forward: '→', backward: '←' } as const;

const isColumn = (key: string): key is ColumnKey => Object.hasOwn(COLUMNS, key);

/** The names of the settings that differ. */
function settings(before: object, after: object): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differ = [...keys].filter((key) => !isSame(Reflect.get(before, key), Reflect.get(after, key)));
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
    const order = added.length + removed.length === 0 && !isSame(before.pairs, after.pairs);
    return [added.length + removed.length > 0 ? counts : order ? m('exchange.order') : '', settings(old, now)]
      .filter((text) => text !== '')
      .join(', ');
  },
};

const domains: PartKind<DomainRule> = {
  read: readDomains,
  review: reviewDomains,
  label: ({ one, two, direction }) => `${one} ${ARROW[direction]} ${two}`,
  change: settings,
};

const defaults: PartKind<DefaultRow> = {
  read: readDefaultRows,
  review: reviewDefaults,
  label: ({ side, field }, scope) => `${scope.systemName(side)}: ${field.name}`,
  change: settings,
};

const KINDS: { [Part in PartName]: PartKind<RowOf<Part>> } = { fields, values, domains, defaults };

/**
 * A part of an open form.
 * @param rows its current rows
 * @param apply puts other rows into the form
 */
export function partForm<Part extends PartName>(
  part: Part,
  rows: () => RowOf<Part>[],
  apply: (rows: RowOf<Part>[]) => void,
): PartForm {
  // each part has the kind of its own rows
  const kind = KINDS[part] as PartKind<RowOf<Part>>;
  const present = (): RowOf<Part>[] => kind.read(JSON.parse(JSON.stringify(rows())));
  return {
    part,
    present: () => ({ [part]: present() }),
    review: (incoming, mode, scope) => {
      const given = incoming[part];
      if (given === undefined) return undefined;
      const found = kind.review(present(), kind.read(given), mode);
      const label = (row: RowOf<Part>): string => kind.label(row, scope);
      return {
        added: found.added.map(label),
        changed: found.changed.map(({ before, after }) => {
          const [old, now] = [label(before), label(after)];
          return `${old}${old === now ? '' : ` ⇒ ${now}`}: ${kind.change(before, after)}`;
        }),
        removed: found.removed.map(label),
        same: found.same,
        apply: () => apply(found.rows),
      };
    },
  };
}
