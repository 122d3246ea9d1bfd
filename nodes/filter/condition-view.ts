/** One condition in the filter's form, in one line: whose field, field, operator, value. */

import {
  type Condition,
  CREATED_BY,
  isComplete,
  needsValue,
  type Operator,
  operatorsFor,
  seeksPart,
  takesSeveral,
  UPDATED_BY,
} from '../../lib/mapping/conditions';
import { conditionExtras } from '../../lib/mapping/saved';
import type { FieldChoice } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { otherSide } from '../../lib/model/sides';
import type { Value } from '../../lib/model/values';
import { fillSelect } from '../editor';
import { type FieldSelect, fieldSelect, type MappingScope, type ValueInput, valueInput } from '../editor/mapping';

/** What all conditions of an open form share. */
export interface ConditionHost {
  node: EditorNode;
  scope: MappingScope;
  /** the side whose items are filtered */
  side: () => Side;
  onChange: () => void;
}

type Whose = 'item' | 'linked';

export class ConditionView {
  private readonly container: JQuery;
  private readonly host: ConditionHost;
  private readonly extras: object;
  private readonly whose = $('<select class="twinflow-filter-whose">');
  private readonly fieldBox = $('<div class="twinflow-value">');
  private field: FieldSelect;
  private readonly operator = $('<select>');
  private readonly valueBox = $('<div class="twinflow-row twinflow-constant">');
  private input: { key: string; part: boolean; input: ValueInput } | undefined;
  private saved: Value | undefined;

  constructor(container: JQuery, condition: Condition | undefined, host: ConditionHost) {
    this.container = container;
    this.host = host;
    this.extras = condition ? conditionExtras(condition) : {};
    this.saved = condition?.value;
    const { node } = host;
    const line = $('<div class="twinflow-row">').appendTo(container);
    const whose: Whose[] = ['item', 'linked'];
    fillSelect(
      this.whose,
      whose.map((value) => ({ value, label: node._(`filter.whose.${value}`) })),
      condition?.of ?? 'item',
    );
    this.whose
      .attr('aria-label', node._('filter.label.whose'))
      .on('change', () => {
        this.field = this.fieldSelect(undefined);
        this.changed();
      })
      .appendTo(line);
    this.fieldBox.appendTo(line);
    this.field = this.fieldSelect(condition?.field);
    this.operator
      .attr('aria-label', node._('filter.label.operator'))
      .on('change', () => this.changed())
      .appendTo(line);
    line.append(this.valueBox);
    this.draw(condition?.operator);
  }

  value(): Condition | undefined {
    const field = this.field.value();
    const operator = this.chosen(field);
    if (field === undefined || operator === undefined) return undefined;
    const value = needsValue(operator) ? this.input?.input.value() : undefined;
    return {
      ...this.extras,
      field,
      operator,
      ...(value !== undefined && { value }),
      ...(this.of() === 'linked' && { of: 'linked' }),
    };
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

  private of(): Whose {
    return this.whose.val() === 'linked' ? 'linked' : 'item';
  }

  private side(): Side {
    const side = this.host.side();
    return this.of() === 'linked' ? otherSide(side) : side;
  }

  private fieldSelect(value: FieldChoice | undefined): FieldSelect {
    const { scope, node } = this.host;
    this.fieldBox.empty();
    const people: FieldChoice[] = [
      { id: UPDATED_BY, name: node._('filter.field.updatedBy'), type: 'user' },
      { id: CREATED_BY, name: node._('filter.field.createdBy'), type: 'user' },
    ];
    return fieldSelect(this.fieldBox, {
      scope,
      side: this.side(),
      value,
      more: people,
      onChange: () => this.changed(),
    });
  }

  private chosen(field: FieldChoice | undefined): Operator | undefined {
    return field && operatorsFor(field.type).find((operator) => operator === this.operator.val());
  }

  private changed(): void {
    this.draw();
    this.host.onChange();
  }

  private draw(wanted: Operator | undefined = this.chosen(this.field.value())): void {
    const field = this.field.value();
    const operators = field ? operatorsFor(field.type) : [];
    const operator = wanted !== undefined && operators.includes(wanted) ? wanted : operators[0];
    fillSelect(
      this.operator,
      operators.map((value) => ({ value, label: this.host.node._(`filter.operator.${value}`) })),
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
    const many = takesSeveral(operator);
    // a part of a name is a text, whatever the field's type
    const part = seeksPart(operator);
    const key = `${this.of()} ${field.id} ${field.type} ${many} ${part}`;
    if (this.input?.key === key) return;
    // a part of a name is not a list value, and vice versa
    const before =
      this.input === undefined || this.input.part === part ? (this.input?.input.value() ?? this.saved) : undefined;
    this.saved = undefined;
    this.valueBox.empty();
    this.input = {
      key,
      part,
      input: valueInput(this.valueBox, {
        scope: this.host.scope,
        side: this.side(),
        field: part
          ? { id: field.id, name: field.name, type: 'text' }
          : { ...field, multi: false, maxLength: undefined },
        value: before,
        many,
        label: this.host.node._('filter.label.value', { name: field.name }),
        placeholder: this.host.node._('filter.placeholder.value'),
        onChange: () => this.changed(),
      }),
    };
  }
}
