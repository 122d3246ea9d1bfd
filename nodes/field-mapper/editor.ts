/** The form of the field mapper: which fields of the two systems belong together, and how their values are
 * converted. */

import type { Finding } from '../../lib/checks';
import { proposeFields } from '../../lib/mapping/auto-map';
import { missingRequired, type RowIssue, rowIssues } from '../../lib/mapping/coverage';
import { roundTrip } from '../../lib/mapping/round-trip';
import { readFieldRows, readPairs } from '../../lib/mapping/saved';
import type { FieldChoice, FieldRow } from '../../lib/model/config';
import { directionFrom, type Field, type Side } from '../../lib/model/entity';
import { append } from '../../lib/model/lists';
import { atSide, otherSide } from '../../lib/model/sides';
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
  browserCheck,
  defaultRows,
  type FormRow,
  fieldChoice,
  foldTop,
  isShown,
  MappingScope,
  MapRow,
  rowsOf,
  saveRows,
  showFindings,
  somePairs,
  soon,
  typeWords,
} from '../editor/mapping';
import { exchangePanel, partForm } from '../editor/mapping/exchange';
import { PreviewPanel } from '../editor/preview';

interface FieldMapperProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  rows: FieldRow[];
  version: number;
}

type FieldMapperNode = EditorNode & FieldMapperProperties;

const SIDES: Side[] = [1, 2];
/** The filters of the rows and of the unmapped fields. */
const KINDS: Record<string, (field: Field) => boolean> = {
  required: ({ required }) => required === true,
  custom: ({ custom }) => custom === true,
  readOnly: ({ readOnly }) => readOnly === true,
};
const NO_FIELD: RowIssue[] = [{ level: 'error', code: 'noField', direction: 'forward' }];

/** The open form. */
class FieldMapperForm {
  private readonly node: FieldMapperNode;
  private readonly list = $('#twinflow-map-rows');
  private readonly search = $('#twinflow-map-search');
  private readonly show = $('#twinflow-map-show');
  private readonly note = $('#twinflow-map-note');
  private readonly scope: MappingScope;
  private readonly check = soon(this.list, () => this.checkAll());

  constructor(node: FieldMapperNode) {
    this.node = node;
    this.scope = new MappingScope({
      container: $('#twinflow-map-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.load(),
    });
    this.buildList();
    for (const key of ['all', 'issues', 'required', 'custom', 'readOnly', 'unmapped']) {
      $('<option>')
        .attr('value', key)
        .text(node._(`field-mapper.show.${key}`))
        .appendTo(this.show);
    }
    const rows = partForm(
      'fields',
      () => this.rows(),
      (changed) => this.replace(changed),
    );
    exchangePanel({ container: $('#twinflow-map-exchange'), node, scope: this.scope, forms: [rows] });
    this.search.on('input', () => this.filter());
    this.show.on('change', () => this.filter());
    $('#twinflow-map-auto').on('click', () => {
      this.autoMap().catch((thrown: unknown) => say(this.note, 'bad', words(thrown)));
    });
    this.load();
    const preview = $('#twinflow-map-preview');
    foldTop({ scope: this.scope, scopeBox: $('#twinflow-map-scope'), preview });
    showWantedRow(node.id, (row) => this.open(row));
  }

  private buildList(): void {
    const head = $('<div class="twinflow-head">').append(
      $('<span id="twinflow-map-head1">'),
      $('<span class="twinflow-head-gap">'),
      $('<span id="twinflow-map-head2">'),
      $('<span class="twinflow-head-tools">'),
    );
    this.list.editableList<FormRow>({
      addButton: this.node._('field-mapper.label.add'),
      header: head,
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        row.view = new MapRow(container, row, this.scope, this.check);
        if (row.row === undefined) setTimeout(() => row.view?.focus(), 0);
        this.check();
      },
      removeItem: () => this.check(),
      sortItems: () => this.check(),
    });
    this.list.editableList(
      'addItems',
      readFieldRows(this.node.rows).map((row): FormRow => ({ row })),
    );
  }

  private views(): MapRow[] {
    return rowsOf<FormRow>(this.list).flatMap((row) => row.view ?? []);
  }

  rows(): FieldRow[] {
    return this.views().flatMap((view) => view.value() ?? []);
  }

  pairs(): 'all' | string[] {
    return this.scope.pairs();
  }

  private replace(rows: FieldRow[]): void {
    this.list.editableList('empty');
    this.list.editableList(
      'addItems',
      rows.map((row): FormRow => ({ row })),
    );
    this.checkAll();
  }

  /** Asks both systems for their fields, so that rows can be checked. */
  private load(): void {
    for (const side of SIDES) $(`#twinflow-map-head${side}`).text(this.scope.systemLabel(side));
    for (const view of this.views()) view.reload();
    this.checkAll();
    const failures = new Map<Side, string>();
    for (const side of SIDES) {
      this.scope.fields(side).then(
        () => {
          if (!isShown(this.list)) return;
          for (const view of this.views()) view.refresh();
          this.checkAll();
        },
        (thrown: unknown) => {
          failures.set(side, words(thrown));
          const points = [...failures].map(([failed, why]) => `${this.scope.systemLabel(failed)}: ${why}`);
          say($('#twinflow-map-failed'), 'warning', this.node._('field-mapper.note.unchecked'), points);
        },
      );
    }
    say($('#twinflow-map-failed'), 'plain', '');
  }

  private checkAll(): void {
    const pairs = this.views().map((view) => ({ view, row: view.value() }));
    const rows = pairs.flatMap(({ row }) => row ?? []);
    const known = this.scope.known();
    const findings: Finding[] = [];
    for (const [place, { view, row }] of pairs.entries()) {
      const issues = row ? rowIssues(row, rows, known, browserCheck) : NO_FIELD;
      const found = view.findings(place, issues, known);
      view.showIssues(found);
      // an empty row is not finished yet
      if (row !== undefined) append(findings, found);
    }
    showFindings($('#twinflow-map-findings'), findings, ({ row }) => this.open(row));
    this.showMissing(rows);
    this.showRestless(rows);
    this.filter();
  }

  /** Goes to a row, even if it is currently filtered out. */
  private open(row: number | undefined): void {
    this.show.val('all');
    this.search.val('');
    this.filter();
    this.views()[row ?? -1]?.reveal();
  }

  /** Fields that pass their values round in a circle. Names are data, so they are only shown as text. */
  private showRestless(rows: FieldRow[]): void {
    const texts = roundTrip(rows, []).map(({ round }) =>
      this.node._('field-mapper.restless', { round: round.join(' → ') }),
    );
    say($('#twinflow-map-restless'), texts.length === 0 ? 'plain' : 'warning', texts.join(' '));
  }

  /** One line per direction: required fields that a new item on that side would lack. */
  private showMissing(rows: FieldRow[]): void {
    const known = this.scope.known();
    const defaults = defaultRows(this.scope.integrationId(), this.scope.pairs());
    for (const side of SIDES) {
      const target = $(`#twinflow-map-missing${side}`).removeClass('twinflow-warning twinflow-good');
      const fields = atSide(known, side);
      if (fields === undefined) {
        target.empty();
        continue;
      }
      const direction = side === 2 ? 'forward' : 'backward';
      const sources = atSide(known, otherSide(side));
      const missing = missingRequired([...fields.values()], rows, defaults, direction, sources);
      const unmapped = missing.filter(({ why }) => why === 'unmapped');
      const empty = missing.filter(({ why }) => why === 'mayBeEmpty');
      const system = this.scope.systemLabel(side);
      target.addClass(missing.length === 0 ? 'twinflow-good' : 'twinflow-warning');
      redraw(target, (box) => {
        if (missing.length === 0) {
          const text = this.node._('field-mapper.missing.none', { system: this.scope.systemName(side) });
          box.append(
            $('<i class="fa fa-check" aria-hidden="true"></i>'),
            $('<span>').text(` ${text}`).attr('title', text),
          );
        }
        if (unmapped.length > 0) {
          box.append($('<span>').text(`${this.node._('field-mapper.missing.unmapped', { system })} `));
          unmapped.forEach(({ field }, index) => {
            if (index > 0) box.append(', ');
            box.append(this.addLink(field, side));
          });
          box.append('. ');
        }
        if (empty.length > 0) {
          const names = empty.map(({ field }) => field.name).join(', ');
          box.append($('<span>').text(this.node._('field-mapper.missing.mayBeEmpty', { system, names })));
        }
      });
    }
  }

  private addLink(field: Field, side: Side): JQuery {
    return $('<button type="button" class="twinflow-link">')
      .text(field.name)
      .attr({ 'aria-label': this.node._('field-mapper.label.addField', { name: field.name }), 'data-id': field.id })
      .on('click', () => this.add(field, side));
  }

  private add(field: Field, side: Side): void {
    const choice: FieldChoice = fieldChoice(field);
    const row: FieldRow = side === 1 ? { one: choice, direction: 'both' } : { two: choice, direction: 'both' };
    if (field.readOnly) row.direction = directionFrom(side);
    this.list.editableList('addItem', { row } satisfies FormRow);
    this.show.val('all');
    this.search.val('');
    this.checkAll();
    this.views().at(-1)?.focus();
  }

  private async autoMap(): Promise<void> {
    say(this.note, 'plain', this.node._('field-mapper.note.asking'));
    const [ones, twos] = await Promise.all([this.scope.fields(1), this.scope.fields(2)]);
    const rows = this.rows();
    // a row would overwrite what the integration writes there, or sync somebody's edit of it to the other side
    const { counterpart } = this.scope.known();
    const used = (ids: (string | undefined)[], kept: ReadonlySet<string> = new Set()): Set<string> =>
      new Set([...ids.filter((id) => id !== undefined), ...kept]);
    const proposals = proposeFields(ones, twos, {
      one: used(
        rows.map((row) => row.one?.id),
        counterpart?.one,
      ),
      two: used(
        rows.map((row) => row.two?.id),
        counterpart?.two,
      ),
    });
    const added = proposals.map(
      ({ one, two, direction, confidence }): FormRow => ({
        row: { one: fieldChoice(one), two: fieldChoice(two), direction },
        confidence,
      }),
    );
    this.list.editableList('addItems', added);
    const key = added.length === 0 ? 'nothingFound' : 'found';
    say(
      this.note,
      added.length === 0 ? 'plain' : 'good',
      this.node._(`field-mapper.note.${key}`, { count: added.length }),
    );
    this.checkAll();
  }

  private filter(): void {
    const wanted = String(this.search.val() ?? '')
      .trim()
      .toLowerCase();
    const show = String(this.show.val() ?? 'all');
    const known = this.scope.known();
    const kind = KINDS[show];
    const isKind = (field: FieldChoice | undefined, fields: ReadonlyMap<string, Field> | undefined): boolean => {
      const now = field && fields?.get(field.id);
      return now !== undefined && kind?.(now) === true;
    };
    for (const view of this.views()) {
      const { one, two } = view.fields();
      const named = wanted === '' || [one, two].some((field) => field?.name.toLowerCase().includes(wanted));
      const asked =
        show === 'issues' ? view.hasIssues() : kind === undefined || isKind(one, known.one) || isKind(two, known.two);
      view.show(named && asked);
    }
    const lists = kind !== undefined || show === 'unmapped';
    $('#twinflow-map-unmapped').prop('hidden', !lists);
    if (lists) this.showUnmapped(wanted, kind ?? (() => true));
  }

  /** The fields of a kind without a row, on both sides; pressing one adds a row. */
  private showUnmapped(wanted: string, isKind: (field: Field) => boolean): void {
    const rows = this.rows();
    redraw($('#twinflow-map-unmapped'), (box) => {
      for (const side of SIDES) {
        const known = atSide(this.scope.known(), side);
        const used = new Set(rows.map((row) => atSide(row, side)?.id));
        const open = [...(known?.values() ?? [])].filter(
          (field) => !used.has(field.id) && field.name.toLowerCase().includes(wanted) && isKind(field),
        );
        const column = $('<div>').appendTo(box);
        $('<b>')
          .text(this.node._('field-mapper.unmapped', { count: open.length }))
          .appendTo(column);
        $('<ul>')
          .append(
            open.map((field) => $('<li>').append(this.addLink(field, side), $('<span>').text(` ${typeWords(field)}`))),
          )
          .appendTo(column);
      }
    });
  }
}

let form: FieldMapperForm | undefined;

watchSaved('twinflow-field-mapper');

RED.nodes.registerType<FieldMapperProperties>('twinflow-field-mapper', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'field-mapper.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: { value: 'all', validate: somePairs },
    rows: {
      value: [],
      validate(value, _options) {
        const rows = readFieldRows(value);
        const broken = rows.filter((row) =>
          rowIssues(row, rows, {}, browserCheck).some(({ level }) => level === 'error'),
        ).length;
        return broken === 0 || this._('field-mapper.invalid.rows', { count: broken });
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-field-mapper') },
  },
  label() {
    return this.name || this._('field-mapper.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('field-mapper.paletteLabel');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-field-mapper', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new FieldMapperForm(this);
    form = opened;
    const state = () => ({ rows: opened.rows(), pairs: opened.pairs() });
    new PreviewPanel({ node: this, container: $('#twinflow-map-preview'), form: state });
    rememberInputs(this, 'node-input');
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const changed = saveRows(this, { rows: form.rows(), pairs: form.pairs() }, readFieldRows);
    form = undefined;
    return changed;
  },
  oneditcancel() {
    form = undefined;
  },
});
