/**
 * The pairs of the open table: System 1's value | direction | System 2's value. For a large table only the first pairs,
 * or the first results of a search, are shown: each row has a few inputs, and thousands of them would block the
 * browser.
 */

import { pairExtras } from '../../lib/mapping/saved';
import type { FieldChoice, ValuePair, ValueRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { atSide } from '../../lib/model/sides';
import type { LookupValue, UserValue } from '../../lib/model/values';
import { type DirectionButton, directionButton, type SearchItem, type SearchSelect, searchSelect } from '../editor';
import { isListed, listEntries, lookupItem, type MappingScope, rowsOf, userItem } from '../editor/mapping';

interface PairRow {
  pair?: Partial<ValuePair>;
  /** its index among all pairs; a new row has none yet */
  place?: number;
  one?: SearchSelect<LookupValue | UserValue>;
  two?: SearchSelect<LookupValue | UserValue>;
  direction?: DirectionButton;
}

export interface PairTableOptions {
  /** an `<ol>` */
  list: JQuery;
  /** an empty element for the search, which large tables have */
  find: JQuery;
  scope: MappingScope;
  text: (key: string, variables?: Record<string, unknown>) => string;
  onChange: () => void;
}

const SIDES: Side[] = [1, 2];
/** Maximum number of visible rows. */
const PAGE = 100;

const chosen = (select: SearchSelect<LookupValue | UserValue> | undefined): LookupValue | undefined => {
  const item = select?.value();
  if (item === undefined) return undefined;
  const id = item.data?.id;
  return id === undefined || id === '' ? { name: item.name } : { id, name: item.name };
};

const pairIn = ({ pair, one, two, direction }: PairRow): Partial<ValuePair> => {
  const [left, right] = [chosen(one), chosen(two)];
  return {
    ...pairExtras(pair ?? {}),
    ...(left && { one: left }),
    ...(right && { two: right }),
    direction: direction?.value() ?? 'both',
  };
};

export class PairTable {
  private readonly options: PairTableOptions;
  private readonly heads: Record<Side, JQuery> = { 1: $('<span>'), 2: $('<span>') };
  private readonly search = $('<input type="search">');
  private readonly shown = $('<span class="twinflow-message" role="status" aria-live="polite">');
  private readonly more = $('<button type="button" class="twinflow-link">');
  private table: ValueRow | undefined;
  /** the pairs when the rows were drawn */
  private all: Partial<ValuePair>[] = [];
  /** which of them have a row */
  private drawn = new Set<number>();
  private most = PAGE;

  constructor(options: PairTableOptions) {
    this.options = options;
    const { list, find, text, onChange } = options;
    this.search.attr({ placeholder: text('find.search'), 'aria-label': text('find.search') });
    this.search.on('input', () => {
      this.most = PAGE;
      this.draw(this.read());
    });
    this.search.on('keydown', (event) => {
      // in a form, Enter would press its first button
      if (event.key === 'Enter') event.preventDefault();
    });
    this.more.text(text('find.more', { count: PAGE })).on('click', () => {
      this.most += PAGE;
      this.draw(this.read());
    });
    find.append(this.search.css({ flex: '1 1 140px', width: '0' }), this.shown, this.more);
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
    return this.table && atSide(this.table, side);
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
    this.table = table;
    this.names();
    this.search.val('');
    this.most = PAGE;
    this.draw(table?.pairs ?? []);
  }

  /** Adds pairs at the end. @param pairs a pair may lack one side, which then gets the focus */
  add(pairs: Partial<ValuePair>[]): void {
    if (pairs.some(({ one, two }) => one === undefined || two === undefined)) {
      const rows = pairs.map((pair): PairRow => ({ pair }));
      this.options.list.editableList('addItems', rows);
    } else this.draw([...this.read(), ...pairs]);
  }

  /** The complete pairs, in their order. */
  value(): ValuePair[] {
    return this.read().flatMap(({ one, two, direction = 'both', ...extras }) =>
      one && two ? [{ ...extras, one, two, direction }] : [],
    );
  }

  /** All current pairs: those with rows in the rows' order, at their positions among the others. */
  private read(): Partial<ValuePair>[] {
    const rows = rowsOf<PairRow>(this.options.list);
    const pairs = rows.map(pairIn);
    if (this.drawn.size === this.all.length) return pairs;
    const places = rows.flatMap(({ place }) => place ?? []).sort((a, b) => a - b);
    const kept = new Map(
      rows
        .flatMap(({ place }, index) => (place === undefined ? [] : [pairs[index] ?? {}]))
        .map((pair, n) => [places[n], pair]),
    );
    const added = pairs.filter((_, index) => rows[index]?.place === undefined);
    const all = this.all.flatMap((pair, place) => (this.drawn.has(place) ? (kept.get(place) ?? []) : pair));
    return [...all, ...added];
  }

  private draw(all: Partial<ValuePair>[]): void {
    const { list, find, text } = this.options;
    this.all = all;
    const wanted = String(this.search.val() ?? '')
      .trim()
      .toLowerCase();
    const has = (value: LookupValue | undefined): boolean =>
      [value?.name, value?.id].some((word) => word?.toLowerCase().includes(wanted));
    const found = all.flatMap((pair, place) => (wanted === '' || has(pair.one) || has(pair.two) ? [place] : []));
    const places = found.slice(0, this.most);
    this.drawn = new Set(places);
    list.editableList('empty');
    list.editableList(
      'addItems',
      places.map((place): PairRow => ({ pair: all[place], place })),
    );
    find.toggle(all.length > PAGE);
    this.shown.text(
      text('find.shown', { shown: places.length.toLocaleString(), count: found.length.toLocaleString() }),
    );
    this.more.toggle(found.length > places.length);
  }

  /** The lists have changed, and possibly the systems. */
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
