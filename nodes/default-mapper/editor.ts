/** The form of the default mapper: what a field receives where the source has nothing that it could take. */

import { missingRequired } from '../../lib/mapping/coverage';
import { defaultRowExtras, readDefaultRows, readPairs } from '../../lib/mapping/saved';
import type { DefaultRow, FieldChoice, UnresolvedPolicy } from '../../lib/model/config';
import type { Field, Side } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import { fillSelect, offerOnlyIntegration, say, takeOnlyIntegration, words } from '../editor';
import {
  addMappingStyle,
  type FieldSelect,
  fieldChoice,
  fieldSelect,
  isShown,
  MappingScope,
  mappedRows,
  rowsOf,
  soon,
  type ValueInput,
  valueInput,
} from '../editor/mapping';
import { exchangePanel, partForm } from '../editor/mapping/exchange';

interface DefaultMapperProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  rows: DefaultRow[];
  version: number;
}

type DefaultMapperNode = EditorNode & DefaultMapperProperties;

interface FormRow {
  row?: Partial<DefaultRow> & { side: Side; value?: Value };
  view?: DefaultRowView;
}

const SIDES: Side[] = [1, 2];
const POLICIES: UnresolvedPolicy[] = ['default', 'leave', 'park'];

/** One row: side and field, the default, what happens to a value without counterpart. */
class DefaultRowView {
  private readonly container: JQuery;
  private readonly scope: MappingScope;
  private readonly node: DefaultMapperNode;
  private readonly onChange: () => void;
  private readonly fieldBox = $('<div class="twinflow-row">');
  private readonly valueBox = $('<div class="twinflow-row" style="margin-top: 4px">');
  private readonly side: JQuery;
  private readonly policy: JQuery;
  private field: FieldSelect;
  private input: { key: string; input: ValueInput } | undefined;
  private preset: Value | undefined;
  private readonly extras: object;

  constructor(container: JQuery, form: FormRow, node: DefaultMapperNode, scope: MappingScope, onChange: () => void) {
    this.container = container;
    this.scope = scope;
    this.node = node;
    this.onChange = onChange;
    const { row } = form;
    this.preset = row?.value;
    this.extras = { ...defaultRowExtras(row ?? {}), ...(row?.empty && { empty: row.empty }) };
    this.side = $('<select class="twinflow-half">').attr('aria-label', node._('default-mapper.label.side'));
    for (const side of SIDES) $('<option>').attr('value', String(side)).appendTo(this.side);
    this.side.val(String(row?.side ?? 2)).on('change', () => {
      this.field.element.remove();
      this.field = this.select(undefined);
      this.changed();
    });
    this.policy = $('<select class="twinflow-half">').attr('aria-label', node._('default-mapper.label.unresolved'));
    fillSelect(
      this.policy,
      ['', ...POLICIES].map((value) => ({ value, label: node._(`default-mapper.unresolved.${value || 'preset'}`) })),
      row?.unresolved ?? '',
    );
    this.policy.on('change', onChange);
    container.append(this.fieldBox.append(this.side), this.valueBox);
    this.field = this.select(row?.field);
    this.draw();
  }

  private select(value: FieldChoice | undefined): FieldSelect {
    return fieldSelect(this.fieldBox, {
      scope: this.scope,
      side: this.sideOf(),
      value,
      filter: (field) => field.readOnly !== true,
      onChange: () => this.changed(),
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
    return {
      ...this.extras,
      field,
      side: this.sideOf(),
      ...(value !== undefined && { value }),
      ...(unresolved !== undefined && this.takesPolicy(field) && { unresolved }),
    };
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

  /** Any value may fail to come across where the field has a type of its own; a text takes everything. */
  private takesPolicy(field: FieldChoice): boolean {
    return field.type !== 'boolean';
  }

  private draw(): void {
    this.side.children().each((index, option) => {
      $(option).text(this.scope.systemLabel(index === 0 ? 1 : 2));
    });
    const field = this.field.value();
    this.container.toggleClass('twinflow-invalid', field === undefined);
    const key = field === undefined ? '' : `${this.sideOf()} ${field.id} ${field.type} ${field.multi}`;
    if (this.input?.key === key || (field === undefined && this.input === undefined)) return;
    this.policy.detach();
    this.valueBox.empty();
    this.input = undefined;
    if (field === undefined) return;
    const input = valueInput(this.valueBox, {
      scope: this.scope,
      side: this.sideOf(),
      field,
      value: this.preset,
      many: field.multi,
      label: this.node._('default-mapper.label.value', { name: field.name }),
      placeholder: this.node._('default-mapper.placeholder.value'),
      onChange: this.onChange,
    });
    // what was a value of one field is none of the next
    this.preset = undefined;
    this.input = { key, input };
    this.valueBox.append(this.policy.toggle(this.takesPolicy(field)));
  }
}

/** The open form. */
class DefaultMapperForm {
  private readonly node: DefaultMapperNode;
  private readonly scope: MappingScope;
  private readonly list = $('#twinflow-defaults-rows');
  private readonly check = soon(this.list, () => this.showMissing());

  constructor(node: DefaultMapperNode) {
    this.node = node;
    this.scope = new MappingScope({
      container: $('#twinflow-defaults-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.load(),
    });
    this.list.editableList<FormRow>({
      addButton: node._('default-mapper.label.add'),
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        row.view = new DefaultRowView(container, row, node, this.scope, this.check);
        if (row.row === undefined) setTimeout(() => row.view?.focus(), 0);
      },
      removeItem: this.check,
      sortItems: this.check,
    });
    this.list.editableList(
      'addItems',
      readDefaultRows(node.rows).map((row): FormRow => ({ row: { ...row, value: row.value } })),
    );
    const rows = partForm(
      'defaults',
      () => this.rows(),
      (changed) => this.replace(changed),
    );
    exchangePanel({ container: $('#twinflow-defaults-exchange'), node, scope: this.scope, forms: [rows] });
    this.load();
  }

  private replace(rows: DefaultRow[]): void {
    this.list.editableList('empty');
    this.list.editableList(
      'addItems',
      rows.map((row): FormRow => ({ row })),
    );
    this.check();
  }

  private views(): DefaultRowView[] {
    return rowsOf<FormRow>(this.list).flatMap((row) => row.view ?? []);
  }

  rows(): DefaultRow[] {
    return this.views().flatMap((view) => view.value() ?? []);
  }

  pairs(): 'all' | string[] {
    return this.scope.pairs();
  }

  private load(): void {
    for (const view of this.views()) view.reload();
    const note = $('#twinflow-defaults-failed');
    say(note, 'plain', '');
    for (const side of SIDES) {
      this.scope.fields(side).then(
        () => {
          if (!isShown(this.list)) return;
          for (const view of this.views()) view.refresh();
          this.showMissing();
        },
        (thrown: unknown) => say(note, 'warning', `${this.scope.systemLabel(side)}: ${words(thrown)}`),
      );
    }
  }

  /** Mandatory fields that may stay empty on create: candidates for a row. */
  private showMissing(): void {
    const known = this.scope.known();
    const mapped = mappedRows(this.scope.integrationId(), this.scope.pairs());
    for (const side of SIDES) {
      const box = $(`#twinflow-defaults-missing${side}`).empty();
      const [fields, sources] = side === 1 ? [known.one, known.two] : [known.two, known.one];
      if (fields === undefined) continue;
      const missing = missingRequired(
        [...fields.values()],
        mapped,
        this.rows(),
        side === 2 ? 'forward' : 'backward',
        sources,
      );
      if (missing.length === 0) continue;
      const system = this.scope.systemLabel(side);
      box.append($('<span>').text(`${this.node._('default-mapper.missing', { system })} `));
      missing.forEach(({ field }, index) => {
        if (index > 0) box.append(', ');
        box.append(
          $('<button type="button" class="twinflow-link">')
            .text(field.name)
            .on('click', () => this.add(field, side)),
        );
      });
    }
  }

  private add(field: Field, side: Side): void {
    this.list.editableList('addItem', { row: { field: fieldChoice(field), side } } satisfies FormRow);
    this.views().at(-1)?.focus();
    this.check();
  }
}

let form: DefaultMapperForm | undefined;

RED.nodes.registerType<DefaultMapperProperties>('twinflow-default-mapper', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'default-mapper.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: {
      value: 'all',
      validate(value, _options) {
        return readPairs(value).length > 0 || this._('default-mapper.invalid.pairs');
      },
    },
    rows: { value: [] },
    version: { value: 1 },
  },
  label() {
    return this.name || this._('default-mapper.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('default-mapper.paletteLabel');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    offerOnlyIntegration(this);
    addMappingStyle();
    form = new DefaultMapperForm(this);
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const [rows, pairs] = [form.rows(), form.pairs()];
    const changed =
      JSON.stringify([readDefaultRows(rows), pairs]) !==
      JSON.stringify([readDefaultRows(this.rows), readPairs(this.pairs)]);
    this.rows = rows;
    this.pairs = pairs;
    form = undefined;
    return changed || undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
