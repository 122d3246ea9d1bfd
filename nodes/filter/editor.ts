/** The form of the filter: which entities of one side are synced. */

import { type Condition, needsValue, type Operator, operatorsFor } from '../../lib/mapping/conditions';
import { readConditions, readPairs } from '../../lib/mapping/saved';
import type { FieldChoice } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { isEmpty, type Value } from '../../lib/model/values';
import {
  fillSelect,
  input,
  kept,
  knownVersion,
  leaveUntouched,
  offerOnlyIntegration,
  rememberInputs,
  say,
  showsNewer,
  takeOnlyIntegration,
  watchSaved,
  words,
} from '../editor';
import {
  addMappingStyle,
  type FieldSelect,
  fieldSelect,
  isShown,
  MappingScope,
  rowsOf,
  somePairs,
  soon,
  type ValueInput,
  valueInput,
  withoutLengths,
} from '../editor/mapping';
import { PreviewPanel } from '../editor/preview';

interface FilterProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  side: '1' | '2';
  mode: 'all' | 'any';
  conditions: Condition[];
  matchCase: boolean;
  live: boolean;
  outputs: number;
  version: number;
}

type FilterNode = EditorNode & FilterProperties;

interface FormRow {
  condition?: Condition;
  view?: ConditionView;
}

const PREFIX = 'node-input';
const SIDES: Side[] = [1, 2];

/** True for a condition that can decide: a value is there where the operator wants one. */
const isComplete = (condition: Condition): boolean =>
  !needsValue(condition.operator) || !isEmpty(condition.value ?? null);

/** One condition: field, operator, value. */
class ConditionView {
  private readonly container: JQuery;
  private readonly node: FilterNode;
  private readonly scope: MappingScope;
  private readonly side: Side;
  private readonly onChange: () => void;
  private readonly field: FieldSelect;
  private readonly operator = $('<select>');
  private readonly valueBox = $('<div class="twinflow-row" style="margin-top: 4px">');
  private input: { key: string; part: boolean; input: ValueInput } | undefined;
  private saved: Value | undefined;

  constructor(
    container: JQuery,
    form: FormRow,
    side: Side,
    node: FilterNode,
    scope: MappingScope,
    onChange: () => void,
  ) {
    this.container = container;
    this.node = node;
    this.scope = scope;
    this.side = side;
    this.onChange = onChange;
    const { condition } = form;
    this.saved = condition?.value;
    const line = $('<div class="twinflow-row">').appendTo(container);
    this.field = fieldSelect(line, { scope, side, value: condition?.field, onChange: () => this.changed() });
    this.operator
      .attr('aria-label', node._('filter.label.operator'))
      .on('change', () => this.changed())
      .appendTo(line);
    container.append(this.valueBox);
    this.draw(condition?.operator);
  }

  value(): Condition | undefined {
    const field = this.field.value();
    const operator = this.chosen(field);
    if (field === undefined || operator === undefined) return undefined;
    const value = needsValue(operator) ? this.input?.input.value() : undefined;
    return value === undefined ? { field, operator } : { field, operator, value };
  }

  focus(): void {
    this.field.input.trigger('focus');
  }

  reload(): void {
    this.field.reload();
  }

  refresh(): void {
    this.field.refresh();
    this.draw();
  }

  private chosen(field: FieldChoice | undefined): Operator | undefined {
    return field && operatorsFor(field.type).find((operator) => operator === this.operator.val());
  }

  private changed(): void {
    this.draw();
    this.onChange();
  }

  private draw(wanted: Operator | undefined = this.chosen(this.field.value())): void {
    const field = this.field.value();
    const operators = field ? operatorsFor(field.type) : [];
    const operator = wanted !== undefined && operators.includes(wanted) ? wanted : operators[0];
    fillSelect(
      this.operator,
      operators.map((value) => ({ value, label: this.node._(`filter.operator.${value}`) })),
      operator ?? '',
    );
    this.operator.prop('disabled', field === undefined);
    this.drawValue(field, operator);
    const condition = this.value();
    this.container.toggleClass('twinflow-invalid', condition === undefined || !isComplete(condition));
  }

  private drawValue(field: FieldChoice | undefined, operator: Operator | undefined): void {
    const shown = field !== undefined && operator !== undefined && needsValue(operator);
    this.valueBox.toggle(shown);
    if (!shown) return;
    const many = operator === 'oneOf';
    // a part of a name is a text, whatever the field holds
    const part = operator === 'contains' || operator === 'startsWith';
    const key = `${field.id} ${field.type} ${many} ${part}`;
    if (this.input?.key === key) return;
    // a part of a name is no list entry, and the other way round
    const before =
      this.input === undefined || this.input.part === part ? (this.input?.input.value() ?? this.saved) : undefined;
    this.saved = undefined;
    this.valueBox.empty();
    this.input = {
      key,
      part,
      input: valueInput(this.valueBox, {
        scope: this.scope,
        side: this.side,
        field: part
          ? { id: field.id, name: field.name, type: 'text' }
          : { ...field, multi: false, maxLength: undefined },
        value: before,
        many,
        label: this.node._('filter.label.value', { name: field.name }),
        placeholder: this.node._('filter.placeholder.value'),
        onChange: () => this.changed(),
      }),
    };
  }
}

/** The open form. */
class FilterForm {
  private readonly node: FilterNode;
  private readonly scope: MappingScope;
  private readonly list = $('#twinflow-filter-conditions');
  private shownSide: Side = 1;
  private readonly check = soon(this.list, () => this.showState());

  constructor(node: FilterNode) {
    this.node = node;
    this.scope = new MappingScope({
      container: $('#twinflow-filter-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.load(),
    });
    input(PREFIX, 'side').on('change', () => {
      // the editor triggers `change` on every input once the form is ready
      if (this.side() === this.shownSide) return;
      this.shownSide = this.side();
      // the other side has other fields
      this.list.editableList('empty');
      this.load();
    });
    this.list.editableList<FormRow>({
      addButton: node._('filter.label.add'),
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        row.view = new ConditionView(container, row, this.side(), node, this.scope, this.check);
        if (row.condition === undefined) setTimeout(() => row.view?.focus(), 0);
        this.check();
      },
      removeItem: this.check,
      sortItems: this.check,
    });
    input(PREFIX, 'mode').on('change', this.check);
    input(PREFIX, 'outputs').on('change', this.check);
    $('#twinflow-filter-live').val(node.live === true ? 'live' : 'sticky');
    this.labelSides();
    this.shownSide = node.side === '2' ? 2 : 1;
    input(PREFIX, 'side').val(String(this.shownSide));
    this.list.editableList(
      'addItems',
      readConditions(node.conditions).map((condition): FormRow => ({ condition })),
    );
    this.load();
  }

  side(): Side {
    return input(PREFIX, 'side').val() === '2' ? 2 : 1;
  }

  private labelSides(): void {
    const select = input(PREFIX, 'side');
    const before = String(select.val() ?? '1');
    fillSelect(
      select,
      SIDES.map((side) => ({
        value: String(side),
        label: this.node._('filter.side', { system: this.scope.systemLabel(side) }),
      })),
      before === '2' ? '2' : '1',
    );
  }

  private views(): ConditionView[] {
    return rowsOf<FormRow>(this.list).flatMap((row) => row.view ?? []);
  }

  conditions(): Condition[] {
    return this.views().flatMap((view) => view.value() ?? []);
  }

  pairs(): 'all' | string[] {
    return this.scope.pairs();
  }

  /** The node's properties as the form has them now. */
  state(): Record<string, unknown> {
    return {
      conditions: this.conditions(),
      pairs: this.pairs(),
      live: this.live(),
      side: String(this.side()),
      mode: input(PREFIX, 'mode').val(),
      matchCase: input(PREFIX, 'matchCase').prop('checked') === true,
      outputs: Number(input(PREFIX, 'outputs').val()),
    };
  }

  live(): boolean {
    return $('#twinflow-filter-live').val() === 'live';
  }

  private load(): void {
    this.labelSides();
    for (const view of this.views()) view.reload();
    const side = this.side();
    const note = $('#twinflow-filter-failed');
    say(note, 'plain', '');
    this.scope.fields(side).then(
      () => {
        if (!isShown(this.list)) return;
        for (const view of this.views()) view.refresh();
      },
      (thrown: unknown) => say(note, 'warning', `${this.scope.systemLabel(side)}: ${words(thrown)}`),
    );
    this.showState();
  }

  private showState(): void {
    const note = $('#twinflow-filter-note');
    const count = this.views().length;
    const open = count - this.conditions().filter(isComplete).length;
    if (count === 0) say(note, 'plain', this.node._('filter.note.empty'));
    else if (open > 0) say(note, 'bad', this.node._('filter.note.incomplete', { count: open }));
    else say(note, 'plain', '');
  }
}

let form: FilterForm | undefined;

watchSaved('twinflow-filter');

RED.nodes.registerType<FilterProperties>('twinflow-filter', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'filter.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: { value: 'all', validate: somePairs },
    side: { value: '1' },
    mode: { value: 'all' },
    conditions: {
      value: [],
      validate(value, _options) {
        return readConditions(value).every(isComplete) || this._('filter.invalid.conditions');
      },
    },
    matchCase: { value: false },
    live: { value: false },
    outputs: { value: 1 },
    version: { value: 1, validate: knownVersion('twinflow-filter') },
  },
  label() {
    return this.name || this._('filter.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('filter.paletteLabel');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'filter.port.passed' : 'filter.port.rest');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-filter', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new FilterForm(this);
    form = opened;
    const preview = { node: this, container: $('#twinflow-filter-preview'), side: () => opened.side() };
    new PreviewPanel({ ...preview, form: () => opened.state() });
    rememberInputs(this, PREFIX);
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const before = [this.conditions, this.pairs, this.live];
    this.conditions = kept(this.conditions, form.conditions(), withoutLengths(readConditions));
    this.pairs = kept(this.pairs, form.pairs(), readPairs);
    this.live = kept(this.live, form.live(), (live) => live === true);
    leaveUntouched(this, PREFIX);
    form = undefined;
    return [this.conditions, this.pairs, this.live].some((now, place) => now !== before[place]) || undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
