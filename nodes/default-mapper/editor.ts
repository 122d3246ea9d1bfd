/** The form of the default mapper: sets fields that have no usable source value. */

import { checkDefaultRows, type Finding } from '../../lib/checks';
import { missingRequired } from '../../lib/mapping/coverage';
import { readDefaultRows, readPairs } from '../../lib/mapping/saved';
import type { DefaultRow } from '../../lib/model/config';
import type { Field, Side } from '../../lib/model/entity';
import { append } from '../../lib/model/lists';
import { inOrder } from '../../lib/model/sides';
import {
  knownVersion,
  offerOnlyIntegration,
  redraw,
  rememberInputs,
  say,
  showsNewer,
  showWantedRow,
  takeOnlyIntegration,
  watchSaved,
  words,
} from '../editor';
import {
  addMappingStyle,
  fieldChoice,
  foldTop,
  isShown,
  MappingScope,
  mappedRows,
  rowsOf,
  saveRows,
  showFindings,
  somePairs,
  soon,
} from '../editor/mapping';
import { exchangePanel, partForm } from '../editor/mapping/exchange';
import { PreviewPanel } from '../editor/preview';
import { DefaultRowView, type FormRow } from './row-view';

interface DefaultMapperProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  rows: DefaultRow[];
  version: number;
}

type DefaultMapperNode = EditorNode & DefaultMapperProperties;

const SIDES: Side[] = [1, 2];

/** The open form. */
class DefaultMapperForm {
  private readonly node: DefaultMapperNode;
  private readonly scope: MappingScope;
  private readonly list = $('#twinflow-defaults-rows');
  private readonly check = soon(this.list, () => this.checkAll());

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
    const preview = $('#twinflow-defaults-preview');
    foldTop({ scope: this.scope, scopeBox: $('#twinflow-defaults-scope'), preview });
    showWantedRow(node.id, (row) => this.views()[row]?.reveal());
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
          this.checkAll();
        },
        (thrown: unknown) => say(note, 'warning', `${this.scope.systemLabel(side)}: ${words(thrown)}`),
      );
    }
  }

  private checkAll(): void {
    const { one, two } = this.scope.known();
    const views = this.views();
    const all: Finding[] = [];
    const rows = this.rows();
    const found = checkDefaultRows(rows, { one, two });
    for (const [place, view] of views.entries()) {
      const row = view.value();
      const index =
        row === undefined ? -1 : views.slice(0, place).filter((other) => other.value() !== undefined).length;
      // whether a field is gone or replaced is known from its saved state
      const issues = found
        .filter((issue) => issue.row === index && issue.code !== 'unknownField' && issue.code !== 'moved')
        .map((issue) => ({ ...issue, row: place }));
      const here = [...view.drift(place), ...issues];
      view.showIssues(here);
      append(all, here);
    }
    showFindings($('#twinflow-defaults-findings'), all, ({ row }) => views[row ?? -1]?.reveal());
    this.showMissing();
  }

  /** Required fields that may be empty in a new item: suggestions for rows. */
  private showMissing(): void {
    const known = this.scope.known();
    const mapped = mappedRows(this.scope.integrationId(), this.scope.pairs());
    for (const side of SIDES) {
      const [fields, sources] = inOrder(side, known.one, known.two);
      const direction = side === 2 ? 'forward' : 'backward';
      const missing = fields ? missingRequired([...fields.values()], mapped, this.rows(), direction, sources) : [];
      redraw($(`#twinflow-defaults-missing${side}`), (box) => {
        if (missing.length === 0) return;
        const system = this.scope.systemLabel(side);
        box.append($('<span>').text(`${this.node._('default-mapper.missing', { system })} `));
        missing.forEach(({ field }, index) => {
          if (index > 0) box.append(', ');
          box.append(
            $('<button type="button" class="twinflow-link">')
              .text(field.name)
              .attr('data-id', field.id)
              .on('click', () => this.add(field, side)),
          );
        });
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

watchSaved('twinflow-default-mapper');

RED.nodes.registerType<DefaultMapperProperties>('twinflow-default-mapper', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'default-mapper.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: { value: 'all', validate: somePairs },
    rows: {
      value: [],
      validate(value, _options) {
        const rows = readDefaultRows(value);
        const wrong = checkDefaultRows(rows, { one: undefined, two: undefined });
        const count = wrong.filter(({ level }) => level === 'error').length;
        return count === 0 || this._('default-mapper.invalid.rows', { count });
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-default-mapper') },
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
    if (showsNewer('twinflow-default-mapper', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new DefaultMapperForm(this);
    form = opened;
    const state = () => ({ rows: opened.rows(), pairs: opened.pairs() });
    new PreviewPanel({ node: this, container: $('#twinflow-defaults-preview'), form: state });
    rememberInputs(this, 'node-input');
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const changed = saveRows(this, { rows: form.rows(), pairs: form.pairs() }, readDefaultRows);
    form = undefined;
    return changed;
  },
  oneditcancel() {
    form = undefined;
  },
});
