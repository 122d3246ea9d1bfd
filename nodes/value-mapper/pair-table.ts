/** The pairs of the open table: System 1's value | direction | System 2's value. */

import { pairExtras } from '../../lib/mapping/saved';
import type { FieldChoice, ValuePair, ValueRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { LookupValue, UserValue } from '../../lib/model/values';
import { type DirectionButton, directionButton, type SearchItem, type SearchSelect, searchSelect } from '../editor';
import { isListed, listEntries, lookupItem, type MappingScope, rowsOf, userItem } from '../editor/mapping';

interface PairRow {
  pair?: Partial<ValuePair>;
  one?: SearchSelect<LookupValue | UserValue>;
  two?: SearchSelect<LookupValue | UserValue>;
  direction?: DirectionButton;
}

export interface PairTableOptions {
  /** an `<ol>` */
  list: JQuery;
  scope: MappingScope;
  text: (key: string, variables?: Record<string, unknown>) => string;
  onChange: () => void;
}

const SIDES: Side[] = [1, 2];

const chosen = (select: SearchSelect<LookupValue | UserValue> | undefined): LookupValue | undefined => {
  const item = select?.value();
  if (item === undefined) return undefined;
  const id = item.data?.id;
  return id === undefined || id === '' ? { name: item.name } : { id, name: item.name };
};

export class PairTable {
  private readonly options: PairTableOptions;
  private readonly heads: Record<Side, JQuery> = { 1: $('<span>'), 2: $('<span>') };
  private table: ValueRow | undefined;

  constructor(options: PairTableOptions) {
    this.options = options;
    const { list, text, onChange } = options;
    const head = $('<div class="twinflow-head">').append(
      this.heads[1],
      $('<span class="twinflow-head-gap">'),
      this.heads[2],
    );
    list.editableList<PairRow>({
      addButton: text('label.addPair'),
      header: head,
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        const line = $('<div class="twinflow-row">').appendTo(container);
        row.one = this.valueSelect(line, 1, row.pair?.one);
        row.direction = directionButton(line, row.pair?.direction ?? 'both', onChange);
        row.two = this.valueSelect(line, 2, row.pair?.two);
        const empty = row.pair?.one === undefined ? row.one : row.two;
        if (row.pair?.one === undefined || row.pair.two === undefined)
          setTimeout(() => empty.input.trigger('focus'), 0);
      },
      removeItem: onChange,
      sortItems: onChange,
    });
  }

  private field(side: Side): FieldChoice | undefined {
    return side === 1 ? this.table?.one : this.table?.two;
  }

  private valueSelect(line: JQuery, side: Side, value: LookupValue | undefined): SearchSelect<LookupValue | UserValue> {
    const { scope, text, onChange } = this.options;
    const field = this.field(side);
    const id = field?.id ?? '';
    const people = field?.type === 'user';
    const load = async (search: string): Promise<SearchItem<LookupValue | UserValue>[]> => {
      if (people) return (await scope.users(side, search)).map(userItem);
      return field?.type === 'lookup' ? (await listEntries(scope, side, id, search)).map(lookupItem) : [];
    };
    return searchSelect<LookupValue | UserValue>($('<input type="text">').appendTo(line), {
      load,
      remote: people || (field?.type === 'lookup' && !isListed(scope, side, id)),
      value: value && lookupItem(value),
      freeText: true,
      label: text('label.value', { name: field?.name ?? '' }),
      placeholder: text('placeholder.value'),
      onChange,
    });
  }

  /** Shows another table's pairs, or none. */
  show(table: ValueRow | undefined): void {
    this.options.list.editableList('empty');
    this.table = table;
    this.names();
    this.add(table?.pairs ?? []);
  }

  /** @param pairs a pair may lack an end, which gets the focus */
  add(pairs: Partial<ValuePair>[]): void {
    this.options.list.editableList(
      'addItems',
      pairs.map((pair): PairRow => ({ pair })),
    );
  }

  /** The complete pairs, in their order. */
  value(): ValuePair[] {
    return rowsOf<PairRow>(this.options.list).flatMap(({ pair, one, two, direction }) => {
      const [left, right] = [chosen(one), chosen(two)];
      const extras = pairExtras(pair ?? {});
      return left && right ? [{ ...extras, one: left, two: right, direction: direction?.value() ?? 'both' }] : [];
    });
  }

  /** The lists are other ones now, and perhaps the systems. */
  reload(): void {
    this.names();
    for (const row of rowsOf<PairRow>(this.options.list)) {
      row.one?.reload();
      row.two?.reload();
    }
  }

  private names(): void {
    for (const side of SIDES) {
      const head = `${this.field(side)?.name ?? ''} – ${this.options.scope.systemName(side)}`;
      this.heads[side].text(head).attr('title', head);
    }
  }
}
