/**
 * A row of the default mapper's table, in one line: side and field, and the default. What to do if there is no value to write opens
 * below it, with all remarks in words.
 */

import { type Finding, fieldDrift } from '../../lib/checks';
import { defaultRowExtras } from '../../lib/mapping/saved';
import type { DefaultRow, EmptyPolicy, FieldChoice, UnresolvedPolicy } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import { fillSelect } from '../editor';
import {
  type FieldSelect,
  fieldSelect,
  flash,
  type MappingScope,
  m,
  RowIssues,
  toolButton,
  typeIcon,
  type ValueInput,
  valueInput,
} from '../editor/mapping';

/** The list's data of a row. */
export interface FormRow {
  row?: Partial<DefaultRow> & { side: Side; value?: Value };
  view?: DefaultRowView;
}

const SIDES: Side[] = [1, 2];
const POLICIES: UnresolvedPolicy[] = ['default', 'leave', 'park'];
const EMPTY_POLICIES: EmptyPolicy[] = ['default', 'clear', 'leave', 'park'];

/** One row: side and field, the default, and the rules for an empty source and for a value without a match. */
export class DefaultRowView {
  private readonly container: JQuery;
  private readonly scope: MappingScope;
  private readonly node: EditorNode;
  private readonly onChange: () => void;
  private readonly fieldBox = $('<div class="twinflow-row">');
  private readonly fieldPlace = $('<div class="twinflow-value">');
  private readonly valueBox = $('<div class="twinflow-row twinflow-constant">');
  private kind = $('<span>');
  private readonly moreButton: JQuery;
  private readonly policyBox = $('<div class="twinflow-more" hidden>');
  private readonly issues = new RowIssues(() => this.toggle(true));
  private readonly side: JQuery;
  private readonly policy: JQuery;
  private readonly empty: JQuery;
  /** the saved field, until another one is selected */
  private saved: FieldChoice | undefined;
  private field: FieldSelect;
  private input: { key: string; input: ValueInput } | undefined;
  private defaultValue: Value | undefined;
  /** further properties of the saved row, from a newer version or edited by hand */
  private readonly extras: object;

  constructor(container: JQuery, form: FormRow, node: EditorNode, scope: MappingScope, onChange: () => void) {
    this.container = container;
    this.scope = scope;
    this.node = node;
    this.onChange = onChange;
    const { row } = form;
    this.defaultValue = row?.value;
    this.saved = row?.field;
    this.extras = defaultRowExtras(row ?? {});
    this.side = $('<select class="twinflow-side">').attr('aria-label', node._('default-mapper.label.side'));
    for (const side of SIDES) $('<option>').attr('value', String(side)).appendTo(this.side);
    this.side.val(String(row?.side ?? 2)).on('change', () => {
      this.field.element.remove();
      this.field = this.select(undefined);
      this.changed();
    });
    this.empty = this.choice('empty', EMPTY_POLICIES, row?.empty);
    this.policy = this.choice('unresolved', POLICIES, row?.unresolved);
    this.moreButton = toolButton('fa-sliders', m('row.more'), () => this.toggle()).attr('aria-expanded', 'false');
    this.fieldBox.append(this.side, this.kind, this.fieldPlace, this.valueBox, this.issues.button, this.moreButton);
    container.append(this.fieldBox, this.policyBox, this.issues.list);
    this.field = this.select(row?.field);
    this.draw();
  }

  /** A selection of rules; '' is the default. */
  private choice(name: 'empty' | 'unresolved', policies: string[], chosen = ''): JQuery {
    const { node } = this;
    const select = $('<select>').attr('aria-label', node._(`default-mapper.label.${name}`));
    fillSelect(
      select,
      ['', ...policies].map((value) => ({ value, label: node._(`default-mapper.${name}.${value || 'unset'}`) })),
      chosen,
    );
    return select.on('change', () => {
      this.mark();
      this.onChange();
    });
  }

  private select(value: FieldChoice | undefined): FieldSelect {
    return fieldSelect(this.fieldPlace, {
      scope: this.scope,
      side: this.sideOf(),
      value,
      filter: (field) => field.readOnly !== true,
      onChange: () => {
        this.saved = undefined;
        this.changed();
      },
    });
  }

  private sideOf(): Side {
    return this.side.val() === '1' ? 1 : 2;
  }

  value(): DefaultRow | undefined {
    const field = this.field.value();
    if (field === undefined) return undefined;
    const value = this.input?.input.value();
    const unresolved = POLICIES.find((policy) => policy === this.policy.val());
    const empty = EMPTY_POLICIES.find((policy) => policy === this.empty.val());
    return {
      ...this.extras,
      field,
      side: this.sideOf(),
      ...(value !== undefined && { value }),
      ...(empty !== undefined && { empty }),
      ...(unresolved !== undefined && this.takesPolicy(field) && { unresolved }),
    };
  }

  /** How the field has changed since it was saved. */
  drift(place: number): Finding[] {
    const known = this.scope.known();
    const { saved } = this;
    if (saved === undefined) return [];
    return fieldDrift(saved, this.sideOf(), this.sideOf() === 1 ? known.one : known.two, {
      row: place,
      label: saved.name,
    });
  }

  showIssues(issues: Finding[]): void {
    this.issues.show(issues, this.policyBox.prop('hidden') !== true);
    const bad = this.field.value() === undefined || issues.some(({ level }) => level === 'error');
    this.container.toggleClass('twinflow-invalid', bad);
  }

  private toggle(open = this.policyBox.prop('hidden') === true): void {
    this.policyBox.prop('hidden', !open);
    this.moreButton.attr('aria-expanded', String(open));
    this.issues.show(this.issues.present(), open);
  }

  /** The options' button shows that a rule other than the default one is set. */
  private mark(): void {
    const set = [this.empty, this.policy].some((select) => select.val() !== '');
    this.moreButton
      .toggleClass('twinflow-set', set)
      .attr('title', set ? `${m('row.more')} (${this.rules()})` : m('row.more'));
  }

  private rules(): string {
    const chosen = [this.empty, this.policy].filter((select) => select.val() !== '');
    return chosen.map((select) => select.find('option:selected').text()).join(', ');
  }

  reveal(): void {
    this.toggle(true);
    this.focus();
    flash(this.container);
  }

  valid(): boolean {
    return this.field.value() !== undefined && this.input?.input.valid() !== false;
  }

  focus(): void {
    this.container[0]?.scrollIntoView({ block: 'nearest' });
    this.field.input.trigger('focus');
  }

  reload(): void {
    this.field.reload();
    this.draw();
  }

  refresh(): void {
    this.field.refresh();
    this.draw();
  }

  private changed(): void {
    this.draw();
    this.onChange();
  }

  /** Any value may fail to convert if the field has a type of its own; a text field accepts everything. */
  private takesPolicy(field: FieldChoice): boolean {
    return field.type !== 'boolean';
  }

  private draw(): void {
    this.side.children().each((index, option) => {
      const side = index === 0 ? 1 : 2;
      $(option).text(`${side}: ${this.scope.systemName(side)}`);
    });
    const field = this.field.value();
    const known = this.scope.known();
    const live = field && (this.sideOf() === 1 ? known.one : known.two)?.get(field.id);
    const kind = typeIcon(live ?? field);
    this.kind.replaceWith(kind);
    this.kind = kind;
    this.mark();
    const key = field === undefined ? '' : `${this.sideOf()} ${field.id} ${field.type} ${field.multi}`;
    if (this.input?.key === key || (field === undefined && this.input === undefined)) return;
    this.policy.detach();
    this.empty.detach();
    this.valueBox.empty();
    this.input = undefined;
    if (field === undefined) return;
    const input = valueInput(this.valueBox, {
      scope: this.scope,
      side: this.sideOf(),
      field,
      value: this.defaultValue,
      many: field.multi,
      label: this.node._('default-mapper.label.value', { name: field.name }),
      placeholder: this.node._('default-mapper.placeholder.value'),
      onChange: this.onChange,
    });
    // a value of one field is not valid in another
    this.defaultValue = undefined;
    this.input = { key, input };
    this.policyBox.append(this.empty, this.policy.toggle(this.takesPolicy(field)));
  }
}
