/** A list of pairs (projects or item types), each with a direction: System 1 | direction | System 2. */

import type { Choice } from '../../lib/model/config';
import { type DirectionButton, directionButton } from './direction-button';
import type { SearchItem } from './matching';
import type { Pair } from './pairs';
import { type SearchSelect, searchSelect } from './search-select';
import { t } from './text';

export interface PairListOptions {
  pairs: Pair[];
  load: (side: 1 | 2) => Promise<SearchItem[]>;
  /** what is paired, for example "Project": column heading and accessible name of the inputs */
  label: string;
  addLabel: string;
  newId?: () => string;
  onChange: () => void;
}

export interface PairList {
  /** the complete pairs, in order */
  pairs(): Required<Pair>[];
  /** adds rows at the end */
  add(pairs: Pair[]): void;
  /** rows with one end only */
  incomplete(): number;
  /** the lists are loaded again when next opened */
  reload(side?: 1 | 2): void;
}

interface Row {
  pair?: Pair;
  id?: string;
  one?: SearchSelect;
  two?: SearchSelect;
  direction?: DirectionButton;
}

const item = (choice: Choice | undefined): SearchItem | undefined =>
  choice && { id: choice.id, name: choice.name, ...(choice.id !== choice.name && { detail: choice.id }) };

const choiceOf = (select: SearchSelect | undefined): Choice | undefined => {
  const value = select?.value();
  return value && { id: value.id, name: value.name };
};

/** @param list an `<ol>` */
export function pairList(list: JQuery, options: PairListOptions): PairList {
  const head = $('<div class="twinflow-head">').append(
    $('<span>').text(t('pairs.one', { what: options.label })),
    $('<span class="twinflow-head-gap">'),
    $('<span>').text(t('pairs.two', { what: options.label })),
  );

  list.css({ minWidth: '0' }).editableList<Row>({
    addButton: options.addLabel,
    header: head,
    height: 'auto',
    sortable: true,
    removable: true,
    addItem(container, _index, row) {
      row.id = row.pair?.id ?? options.newId?.() ?? '';
      const line = $('<div class="twinflow-row">').appendTo(container);
      const select = (side: 1 | 2, value: Choice | undefined): SearchSelect =>
        searchSelect($('<input type="text">').appendTo(line), {
          load: () => options.load(side),
          value: item(value),
          placeholder: t('pairs.choose'),
          label: t(side === 1 ? 'pairs.one' : 'pairs.two', { what: options.label }),
          onChange: options.onChange,
        });
      row.one = select(1, row.pair?.one);
      row.direction = directionButton(line, row.pair?.direction ?? 'both', options.onChange);
      row.two = select(2, row.pair?.two);
      // the list passes an empty row to the handler of "add"
      if (!row.pair) setTimeout(() => row.one?.input.trigger('focus'), 0);
    },
    removeItem(row) {
      row.one?.destroy();
      row.two?.destroy();
      options.onChange();
    },
    sortItems: options.onChange,
  });
  // set only now: a list that has a height when it is created keeps it, and further rows would overflow
  list.parent().css({ minHeight: '44px' });
  list.editableList(
    'addItems',
    options.pairs.map((pair): Row => ({ pair })),
  );

  const rows = (): Row[] =>
    list
      .editableList('items')
      .toArray()
      .flatMap((element) => {
        const row: unknown = $(element).data('data');
        return typeof row === 'object' && row !== null ? [row as Row] : [];
      });

  return {
    pairs: () =>
      rows().flatMap(({ id = '', one, two, direction }) => {
        const [first, second] = [choiceOf(one), choiceOf(two)];
        return first && second ? [{ id, one: first, two: second, direction: direction?.value() ?? 'both' }] : [];
      }),
    add(pairs) {
      list.editableList(
        'addItems',
        pairs.map((pair): Row => ({ pair })),
      );
      options.onChange();
    },
    incomplete: () =>
      rows().filter(({ one, two }) => (choiceOf(one) === undefined) !== (choiceOf(two) === undefined)).length,
    reload(side) {
      for (const row of rows()) {
        if (side !== 2) row.one?.reload();
        if (side !== 1) row.two?.reload();
      }
    },
  };
}
