/** The filter's conditions in its form: a list of conditions and of groups, which are lists again. */

import {
  CONDITION_MODES,
  type ConditionGroup,
  type ConditionMode,
  DEEPEST_GROUP,
  isGroup,
  type Rule,
} from '../../lib/mapping/conditions';
import { fillSelect } from '../editor';
import { rowsOf } from '../editor/mapping';
import { type ConditionHost, ConditionView } from './condition-view';

interface FormRow {
  rule?: Rule;
  /** a new row that is a group */
  isGroup?: true;
  view?: ConditionView | GroupView;
}

/** Fills a select with how many of the conditions have to be met. */
export function fillModes(select: JQuery, node: EditorNode, chosen: ConditionMode): void {
  fillSelect(
    select,
    CONDITION_MODES.map((value) => ({ value, label: node._(`filter.mode.${value}`) })),
    chosen,
  );
}

export const modeOf = (value: unknown): ConditionMode => CONDITION_MODES.find((mode) => mode === value) ?? 'all';

export class RuleList {
  private readonly list: JQuery;

  /** @param list an `<ol>` @param depth how many groups it is in */
  constructor(list: JQuery, host: ConditionHost, depth = 0) {
    this.list = list;
    const { node, onChange } = host;
    const addGroup = {
      label: node._('filter.label.addGroup'),
      icon: 'fa fa-plus',
      click: () => list.editableList('addItem', { isGroup: true }),
    };
    list.editableList<FormRow>({
      addButton: node._('filter.label.add'),
      ...(depth < DEEPEST_GROUP - 1 && { buttons: [addGroup] }),
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        const { rule } = row;
        if (row.isGroup || (rule && isGroup(rule))) {
          row.view = new GroupView(container, rule && isGroup(rule) ? rule : undefined, host, depth + 1);
        } else {
          const view = new ConditionView(container, rule && !isGroup(rule) ? rule : undefined, host);
          row.view = view;
          if (rule === undefined) setTimeout(() => view.focus(), 0);
        }
        onChange();
      },
      removeItem: onChange,
      sortItems: onChange,
    });
  }

  add(rules: Rule[]): void {
    this.list.editableList(
      'addItems',
      rules.map((rule): FormRow => ({ rule })),
    );
  }

  /** The other side has other fields. */
  empty(): void {
    this.list.editableList('empty');
  }

  /** All that are entered, without those that have no field yet. */
  value(): Rule[] {
    return this.rows().flatMap((view) => view.value() ?? []);
  }

  /** Conditions, in groups as well, that have no field or no value. */
  views(): ConditionView[] {
    return this.rows().flatMap((view) => (view instanceof ConditionView ? [view] : view.views()));
  }

  private rows(): (ConditionView | GroupView)[] {
    return rowsOf<FormRow>(this.list).flatMap(({ view }) => view ?? []);
  }
}

/** A group within a list. */
class GroupView {
  private readonly mode = $('<select>');
  private readonly list: RuleList;

  constructor(container: JQuery, group: ConditionGroup | undefined, host: ConditionHost, depth: number) {
    const { node } = host;
    fillModes(this.mode, node, group?.mode ?? 'any');
    this.mode.attr('aria-label', node._('filter.label.group')).on('change', host.onChange);
    $('<div class="twinflow-row twinflow-filter-mode">')
      .append($('<i class="fa fa-object-group" aria-hidden="true">'), this.mode)
      .appendTo(container);
    const list = $('<ol>').appendTo($('<div class="twinflow-list twinflow-filter-group">').appendTo(container));
    this.list = new RuleList(list, host, depth);
    this.list.add(group?.conditions ?? []);
  }

  value(): ConditionGroup {
    return { mode: modeOf(this.mode.val()), conditions: this.list.value() };
  }

  views(): ConditionView[] {
    return this.list.views();
  }
}
