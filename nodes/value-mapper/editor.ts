/** The form of the value mapper: for each pair of list or user fields, which value means which. */

import { checkValueRows, type Finding } from '../../lib/checks';
import { domainIssues } from '../../lib/mapping/domains';
import { pairExtras, readDomains, readPairs, readValueRows } from '../../lib/mapping/saved';
import type { DomainRule, ValuePair, ValueRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { LookupValue, UserValue } from '../../lib/model/values';
import {
  type DirectionButton,
  directionButton,
  knownVersion,
  offerOnlyIntegration,
  type SearchItem,
  type SearchSelect,
  say,
  searchSelect,
  showsNewer,
  takeOnlyIntegration,
  watchSaved,
  words,
} from '../editor';
import {
  addMappingStyle,
  defaultRows,
  isListed,
  isShown,
  type Lists,
  listEntries,
  listsOf,
  lookupItem,
  MappingScope,
  m,
  mappedRows,
  newTables,
  proposedPairs,
  rowsOf,
  showFindings,
  soon,
  tableKey,
  tableTitle,
  userItem,
} from '../editor/mapping';
import { exchangePanel, partForm } from '../editor/mapping/exchange';
import { PreviewPanel } from '../editor/preview';
import { DomainRules } from './domain-rules';
import { unmatchedPeople } from './people-checks';
import { SheetInput } from './sheet-input';
import { downloadTable } from './sheet-requests';
import { type CheckOptions, exportName, exportOf, showChecks, showPeople, wholeTable } from './table-checks';

interface ValueMapperProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  rows: ValueRow[];
  domains?: DomainRule[];
  version: number;
}

type ValueMapperNode = EditorNode & ValueMapperProperties;

interface PairRow {
  pair?: Partial<ValuePair>;
  one?: SearchSelect<LookupValue | UserValue>;
  two?: SearchSelect<LookupValue | UserValue>;
  direction?: DirectionButton;
}

const SIDES: Side[] = [1, 2];

const chosen = (select: SearchSelect<LookupValue | UserValue> | undefined): LookupValue | undefined => {
  const item = select?.value();
  if (item === undefined) return undefined;
  const id = item.data?.id;
  return id === undefined || id === '' ? { name: item.name } : { id, name: item.name };
};

/** The open form. It shows one table at a time; the others wait in `tables`. */
class ValueMapperForm {
  private readonly node: ValueMapperNode;
  private readonly scope: MappingScope;
  private readonly tables: ValueRow[];
  private readonly list = $('#twinflow-values-pairs');
  private readonly select = $('#twinflow-values-table');
  private readonly note = $('#twinflow-values-note');
  private readonly adding: SearchSelect<ValueRow>;
  private readonly sheet: SheetInput;
  private readonly domains: DomainRules;
  private current: ValueRow | undefined;
  /** counts the checks: an earlier one that is still waiting for a system shows nothing any more */
  private checked = 0;
  private readonly check = soon(this.list, () => {
    this.showMissing().catch((thrown: unknown) => say(this.note, 'warning', words(thrown)));
  });

  constructor(node: ValueMapperNode) {
    this.node = node;
    this.tables = readValueRows(node.rows);
    this.scope = new MappingScope({
      container: $('#twinflow-values-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.reload(),
    });
    this.adding = searchSelect<ValueRow>($('#twinflow-values-add'), {
      load: async () => this.candidates(),
      label: node._('value-mapper.label.add'),
      placeholder: node._('value-mapper.placeholder.add'),
      onChange: (item) => {
        if (item?.data) this.addTable(item.data);
        this.adding.set(undefined);
      },
    });
    this.sheet = new SheetInput({
      container: $('#twinflow-values-from'),
      text: (key, variables) => node._(`value-mapper.${key}`, variables),
      columnLabel: (side) => {
        const field = side === 1 ? this.current?.one : this.current?.two;
        return node._('value-mapper.sheet.column', { system: this.scope.systemName(side), name: field?.name ?? '' });
      },
      onChange: () => this.check(),
    });
    this.domains = new DomainRules({
      container: $('#twinflow-values-domains'),
      rules: readDomains(node.domains),
      text: (key, variables) => node._(`value-mapper.${key}`, variables),
      systemName: (side) => this.scope.systemName(side),
      find: async (side, email) => {
        const found = await this.scope.usersBy(side, { email });
        return found.length === 1 ? found[0] : undefined;
      },
      onChange: () => this.check(),
    });
    this.buildList();
    const rows = partForm(
      'values',
      () => this.rows(),
      (changed) => this.replace(changed),
    );
    const domains = partForm(
      'domains',
      () => this.domains.value(),
      (changed) => this.domains.set(changed),
    );
    exchangePanel({ container: $('#twinflow-values-exchange'), node, scope: this.scope, forms: [rows, domains] });
    for (const kind of ['export', 'template']) {
      $(`#twinflow-values-${kind}`).on('click', () => {
        this.download(kind === 'template').catch((thrown: unknown) => say(this.note, 'bad', words(thrown)));
      });
    }
    this.select.on('change', () => this.open(this.tables[Number(this.select.val())]));
    $('#twinflow-values-remove').on('click', () => this.removeTable());
    $('#twinflow-values-all').on('click', () => {
      this.addAll().catch((thrown: unknown) => say(this.note, 'bad', words(thrown)));
    });
    $('#twinflow-values-match').on('click', () => {
      this.match().catch((thrown: unknown) => say(this.note, 'bad', words(thrown)));
    });
    $('#twinflow-values-same, #twinflow-values-case').on('change', () => this.check());
    this.open(this.tables[0]);
    this.reload();
  }

  private buildList(): void {
    const head = $('<div class="twinflow-head">').append(
      $('<span id="twinflow-values-head1">'),
      $('<span class="twinflow-head-gap">'),
      $('<span id="twinflow-values-head2">'),
    );
    this.list.editableList<PairRow>({
      addButton: this.node._('value-mapper.label.addPair'),
      header: head,
      height: 'auto',
      sortable: true,
      removable: true,
      scrollOnAdd: false,
      addItem: (container, _index, row) => {
        const line = $('<div class="twinflow-row">').appendTo(container);
        row.one = this.valueSelect(line, 1, row.pair?.one);
        row.direction = directionButton(line, row.pair?.direction ?? 'both', this.check);
        row.two = this.valueSelect(line, 2, row.pair?.two);
        const empty = row.pair?.one === undefined ? row.one : row.two;
        if (row.pair?.one === undefined || row.pair.two === undefined)
          setTimeout(() => empty.input.trigger('focus'), 0);
      },
      removeItem: this.check,
      sortItems: this.check,
    });
  }

  private valueSelect(line: JQuery, side: Side, value: LookupValue | undefined): SearchSelect<LookupValue | UserValue> {
    const field = side === 1 ? this.current?.one : this.current?.two;
    const id = field?.id ?? '';
    const people = field?.type === 'user';
    const load = async (search: string): Promise<SearchItem<LookupValue | UserValue>[]> => {
      if (people) return (await this.scope.users(side, search)).map(userItem);
      return field?.type === 'lookup' ? (await listEntries(this.scope, side, id, search)).map(lookupItem) : [];
    };
    return searchSelect<LookupValue | UserValue>($('<input type="text">').appendTo(line), {
      load,
      remote: people || (field?.type === 'lookup' && !isListed(this.scope, side, id)),
      value: value && lookupItem(value),
      freeText: true,
      label: this.node._('value-mapper.label.value', { name: field?.name ?? '' }),
      placeholder: this.node._('value-mapper.placeholder.value'),
      onChange: this.check,
    });
  }

  /** Field pairs that the integration's field mappers map and that have no table yet. */
  private candidates(): SearchItem<ValueRow>[] {
    return newTables(this.scope, this.tables).map((table) => {
      const types = [table.one.type, table.two.type].map((type) => m(`type.${type}`));
      return { id: tableKey(table), name: tableTitle(table), detail: [...new Set(types)].join(', '), data: table };
    });
  }

  private addTable(table: ValueRow): void {
    this.keep();
    this.tables.push(table);
    this.open(table);
  }

  /** A table with proposals for each mapped pair of lists that has none. */
  private async addAll(): Promise<void> {
    say(this.note, 'plain', this.node._('value-mapper.note.asking'));
    const added: ValueRow[] = [];
    for (const table of newTables(this.scope, this.tables)) {
      if (table.one.type !== 'lookup' || table.two.type !== 'lookup') continue;
      table.pairs = (await proposedPairs(this.scope, table, [])) ?? [];
      added.push(table);
    }
    this.keep();
    this.tables.push(...added);
    this.open(this.current ?? this.tables[0]);
    const key = added.length > 0 ? 'tables' : 'noTables';
    say(
      this.note,
      added.length > 0 ? 'good' : 'plain',
      this.node._(`value-mapper.note.${key}`, { count: added.length }),
    );
  }

  private removeTable(): void {
    const at = this.current === undefined ? -1 : this.tables.indexOf(this.current);
    if (at < 0) return;
    this.tables.splice(at, 1);
    this.current = undefined;
    this.open(this.tables[Math.min(at, this.tables.length - 1)]);
  }

  /** Takes what the list shows into the table that it belongs to. */
  private keep(): void {
    const { current } = this;
    if (current === undefined) return;
    current.pairs = this.shown();
    const sheet = this.sheet.value();
    if (sheet === undefined) delete current.sheet;
    else current.sheet = sheet;
    current.ignoreCase = $('#twinflow-values-case').prop('checked') === true;
    current.sameName = $('#twinflow-values-same').prop('checked') === true;
  }

  private shown(): ValuePair[] {
    return rowsOf<PairRow>(this.list).flatMap(({ pair, one, two, direction }) => {
      const [left, right] = [chosen(one), chosen(two)];
      const extras = pairExtras(pair ?? {});
      return left && right ? [{ ...extras, one: left, two: right, direction: direction?.value() ?? 'both' }] : [];
    });
  }

  private open(table: ValueRow | undefined): void {
    this.keep();
    this.current = table;
    this.select.empty();
    this.tables.forEach((one, index) => {
      $('<option>')
        .attr('value', String(index))
        .text(`${tableTitle(one)} (${one.pairs.length})`)
        .appendTo(this.select);
    });
    $('#twinflow-values-choose').toggle(this.tables.length > 0);
    $('#twinflow-values-body').toggle(table !== undefined);
    this.list.editableList('empty');
    say(this.note, 'plain', table === undefined ? this.node._('value-mapper.note.empty') : '');
    if (table === undefined) return;
    this.select.val(String(this.tables.indexOf(table)));
    $('#twinflow-values-case').prop('checked', table.ignoreCase !== false);
    $('#twinflow-values-same').prop('checked', table.sameName !== false);
    this.sheet.set(table.sheet);
    $('#twinflow-values-people').toggle(table.one.type === 'user' || table.two.type === 'user');
    this.heads();
    this.list.editableList(
      'addItems',
      table.pairs.map((pair): PairRow => ({ pair })),
    );
    this.check();
  }

  private heads(): void {
    for (const side of SIDES) {
      const field = side === 1 ? this.current?.one : this.current?.two;
      const head = `${field?.name ?? ''} – ${this.scope.systemName(side)}`;
      $(`#twinflow-values-head${side}`).text(head).attr('title', head);
    }
  }

  private reload(): void {
    this.heads();
    this.domains.names();
    for (const side of SIDES) {
      // what the lists say now; a system that can't be asked says so where it is needed
      this.scope.fields(side).then(this.check, () => undefined);
    }
    this.adding.reload();
    for (const row of rowsOf<PairRow>(this.list)) {
      row.one?.reload();
      row.two?.reload();
    }
    this.check();
  }

  private async showMissing(): Promise<void> {
    this.keep();
    this.showFindings();
    const table = this.current;
    const box = $('#twinflow-values-missing');
    if (table === undefined) {
      box.empty();
      return;
    }
    this.checked += 1;
    const { checked } = this;
    const isCurrent = (): boolean => this.checked === checked && this.current === table && isShown(this.list);
    const lists = await listsOf(this.scope, table);
    if (!isCurrent()) return;
    this.keep();
    const whole = await wholeTable(table, lists);
    if (!isCurrent()) return;
    const options: CheckOptions = {
      text: (key, variables) => this.node._(`value-mapper.${key}`, variables),
      onAdd: (pair) => this.list.editableList('addItem', { pair } satisfies PairRow),
    };
    showChecks(box, whole, lists, options);
    if (table.one.type !== 'user' || table.two.type !== 'user') return;
    const people = await unmatchedPeople(this.scope, table, this.domains.value());
    if (isCurrent()) showPeople(box, people, options);
  }

  /** What is to be seen to in any of the tables, and in the domain rules. */
  private showFindings(): void {
    const { one, two } = this.scope.known();
    const [integration, pairs] = [this.scope.integrationId(), this.scope.pairs()];
    const mapped = mappedRows(integration, pairs);
    const context = { live: { one, two }, mapped, defaults: defaultRows(integration, pairs) };
    const found = checkValueRows(this.tables, this.domains.value(), context).filter(
      // what a sheet has is known for the open table only, which says so below
      ({ code, row, rule }) => code !== 'unpaired' || rule === true || this.tables[row ?? -1]?.sheet === undefined,
    );
    showFindings($('#twinflow-values-findings'), found, (finding) => this.reveal(finding));
  }

  private reveal({ row, rule }: Finding): void {
    if (rule === true) {
      this.domains.reveal(row ?? -1);
      return;
    }
    if (this.current !== this.tables[row ?? -1]) this.open(this.tables[row ?? -1]);
    const body = $('#twinflow-values-choose');
    body[0]?.scrollIntoView({ block: 'start' });
    this.select.trigger('focus');
  }

  private async download(template: boolean): Promise<void> {
    const table = this.current;
    if (table === undefined) return;
    this.keep();
    const lists = await listsOf(this.scope, table).catch((): Lists => [undefined, undefined]);
    await downloadTable(exportOf(table, lists, template), exportName(table));
  }

  private async match(): Promise<void> {
    const table = this.current;
    if (table === undefined) return;
    say(this.note, 'plain', this.node._('value-mapper.note.asking'));
    const found = await proposedPairs(this.scope, table, this.shown());
    if (this.current !== table || !isShown(this.list)) return;
    if (found === undefined) {
      say(this.note, 'plain', this.node._('value-mapper.note.noLists'));
      return;
    }
    this.list.editableList(
      'addItems',
      found.map((pair): PairRow => ({ pair })),
    );
    const tone = found.length > 0 ? 'good' : 'plain';
    say(this.note, tone, this.node._('value-mapper.note.found', { count: found.length }));
    this.check();
  }

  private replace(rows: ValueRow[]): void {
    this.current = undefined;
    this.tables.splice(0, this.tables.length, ...rows);
    this.open(this.tables[0]);
    this.adding.reload();
  }

  rows(): ValueRow[] {
    this.keep();
    return this.tables;
  }

  pairs(): 'all' | string[] {
    return this.scope.pairs();
  }

  domainRules(): DomainRule[] {
    return this.domains.value();
  }
}

let form: ValueMapperForm | undefined;

watchSaved('twinflow-value-mapper');

RED.nodes.registerType<ValueMapperProperties>('twinflow-value-mapper', {
  category: 'twinflow',
  color: '#8ebcc7',
  icon: 'value-mapper.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    integration: { value: '', type: 'twinflow-integration', required: true },
    pairs: {
      value: 'all',
      validate(value, _options) {
        return readPairs(value).length > 0 || this._('value-mapper.invalid.pairs');
      },
    },
    rows: { value: [] },
    domains: {
      value: [],
      validate(value, _options) {
        const count = domainIssues(readDomains(value)).filter(({ level }) => level === 'error').length;
        return count === 0 || this._('value-mapper.invalid.domains', { count });
      },
    },
    version: { value: 1, validate: knownVersion('twinflow-value-mapper') },
  },
  label() {
    return this.name || this._('value-mapper.paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel() {
    return this._('value-mapper.paletteLabel');
  },
  onadd: takeOnlyIntegration,
  oneditprepare() {
    if (showsNewer('twinflow-value-mapper', this)) return;
    offerOnlyIntegration(this);
    addMappingStyle();
    const opened = new ValueMapperForm(this);
    form = opened;
    const state = () => ({ rows: opened.rows(), pairs: opened.pairs(), domains: opened.domainRules() });
    new PreviewPanel({ node: this, container: $('#twinflow-values-preview'), form: state });
  },
  oneditsave() {
    if (form === undefined) return undefined;
    const [rows, pairs, domains] = [readValueRows(form.rows()), form.pairs(), form.domainRules()];
    const before = [readValueRows(this.rows), readPairs(this.pairs), readDomains(this.domains)];
    const changed = JSON.stringify([rows, pairs, domains]) !== JSON.stringify(before);
    this.rows = rows;
    this.pairs = pairs;
    // a flow of an older version has none, and is not changed by that
    if (this.domains !== undefined || domains.length > 0) this.domains = domains;
    form = undefined;
    return changed || undefined;
  },
  oneditcancel() {
    form = undefined;
  },
});
