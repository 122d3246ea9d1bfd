/** The open form of the value mapper: its tables, one of them shown, and the domain rules. */

import { checkValueRows, type Finding } from '../../lib/checks';
import { readDomains, readPairs, readValueRows } from '../../lib/mapping/saved';
import type { ExportedTable } from '../../lib/mapping/tables/shapes';
import type { RowSheet } from '../../lib/mapping/values';
import type { DomainRule, ValueRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { append } from '../../lib/model/lists';
import { atSide } from '../../lib/model/sides';
import { redraw, type SearchItem, type SearchSelect, say, searchSelect, showWantedRow, words } from '../editor';
import {
  defaultRows,
  foldTop,
  isPeople,
  isShown,
  type Lists,
  listsOf,
  MappingScope,
  m,
  mappedRows,
  newTables,
  peopleOf,
  proposedPairs,
  showFindings,
  soon,
  tableKey,
  tableTitle,
} from '../editor/mapping';
import { exchangePanel, partForm } from '../editor/mapping/exchange';
import { DomainRules } from './domain-rules';
import { PairTable } from './pair-table';
import { openPeople, unmatchedPeople } from './people-checks';
import { SheetInput } from './sheet-input';
import { downloadTable, lookUpInSheet } from './sheet-requests';
import {
  type CheckOptions,
  exportName,
  exportOf,
  showChecks,
  showPeople,
  wholeTable,
  withoutPair,
} from './table-checks';

export interface ValueMapperProperties {
  name: string;
  integration: string;
  pairs: 'all' | string[];
  rows: ValueRow[];
  domains?: DomainRule[];
  version: number;
}

export type ValueMapperNode = EditorNode & ValueMapperProperties;

const SIDES: Side[] = [1, 2];

/** The open form. It shows one table at a time; the others are stored in `tables`. */
export class ValueMapperForm {
  private readonly node: ValueMapperNode;
  private readonly scope: MappingScope;
  private readonly tables: ValueRow[];
  private readonly list = $('#twinflow-values-pairs');
  private readonly select = $('#twinflow-values-table');
  private readonly note = $('#twinflow-values-note');
  private readonly adding: SearchSelect<ValueRow>;
  private readonly pairTable: PairTable;
  private readonly sheet: SheetInput;
  private readonly domains: DomainRules;
  private current: ValueRow | undefined;
  /** the sheets' matches for the lists of tables that were shown */
  private readonly inSheets = new Map<ValueRow, RowSheet>();
  /** counts the checks: an earlier one that still waits for a system shows nothing */
  private checked = 0;
  private readonly check = soon(this.list, () => {
    this.showMissing().then(
      () => {
        if (this.failing) say(this.note, 'plain', '');
        this.failing = false;
      },
      (thrown: unknown) => {
        say(this.note, 'warning', words(thrown));
        this.failing = true;
      },
    );
  });
  /** the note says why the last check was not possible */
  private failing = false;

  private readonly text = (key: string, variables?: Record<string, unknown>): string =>
    this.node._(`value-mapper.${key}`, variables);

  constructor(node: ValueMapperNode) {
    this.node = node;
    this.tables = readValueRows(node.rows);
    this.scope = new MappingScope({
      container: $('#twinflow-values-scope'),
      pairs: readPairs(node.pairs),
      onChange: () => this.reload(),
    });
    const find = $('#twinflow-values-find');
    this.pairTable = new PairTable({ list: this.list, find, scope: this.scope, text: this.text, onChange: this.check });
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
      text: this.text,
      columnLabel: (side) => {
        const field = this.current && atSide(this.current, side);
        return node._('value-mapper.sheet.column', { system: this.scope.systemName(side), name: field?.name ?? '' });
      },
      onChange: () => this.check(),
    });
    this.domains = new DomainRules({
      container: $('#twinflow-values-domains'),
      rules: readDomains(node.domains),
      text: this.text,
      systemName: (side) => this.scope.systemName(side),
      find: async (side, email) => {
        const found = await this.scope.usersBy(side, { email });
        return found.length === 1 ? found[0] : undefined;
      },
      onChange: () => this.check(),
    });
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
        this.download(kind === 'template').catch((thrown: unknown) => {
          say(this.note, 'bad', words(thrown));
          // the button is far below
          this.note[0]?.scrollIntoView({ block: 'nearest' });
        });
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
    const preview = $('#twinflow-values-preview');
    foldTop({ scope: this.scope, scopeBox: $('#twinflow-values-scope'), preview });
    showWantedRow(node.id, (row) => this.reveal({ row }));
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
    append(this.tables, added);
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

  /** Copies the list's content to its table. */
  private keep(): void {
    const { current } = this;
    if (current === undefined) return;
    current.pairs = this.pairTable.value();
    const sheet = this.sheet.value();
    if (sheet === undefined) delete current.sheet;
    else current.sheet = sheet;
    current.ignoreCase = $('#twinflow-values-case').prop('checked') === true;
    current.sameName = $('#twinflow-values-same').prop('checked') === true;
  }

  private open(table: ValueRow | undefined): void {
    this.keep();
    // what it says is of another table, to which its buttons would add
    if (table !== this.current) $('#twinflow-values-missing').empty();
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
    this.pairTable.show(table);
    say(this.note, 'plain', table === undefined ? this.node._('value-mapper.note.empty') : '');
    if (table === undefined) return;
    this.select.val(String(this.tables.indexOf(table)));
    $('#twinflow-values-case').prop('checked', table.ignoreCase !== false);
    $('#twinflow-values-same').prop('checked', table.sameName !== false);
    this.sheet.set(table.sheet);
    $('#twinflow-values-people').toggle(table.one.type === 'user' || table.two.type === 'user');
    this.check();
  }

  private reload(): void {
    this.domains.names();
    for (const side of SIDES) {
      // the lists' current values; if a system cannot be asked, that is reported where it matters
      this.scope.fields(side).then(this.check, () => undefined);
    }
    this.adding.reload();
    this.pairTable.reload();
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
    const { whole, sheet } = await wholeTable(table, lists);
    if (!isCurrent()) return;
    if (sheet === undefined) this.inSheets.delete(table);
    else this.inSheets.set(table, sheet);
    this.showFindings();
    const options: CheckOptions = {
      text: this.text,
      onAdd: (pair) => this.pairTable.add([pair]),
    };
    const people = isPeople(table) ? await unmatchedPeople(this.scope, table, this.domains.value()) : [];
    if (!isCurrent()) return;
    redraw(box, (fresh) => {
      showChecks(fresh, whole, lists, options);
      showPeople(fresh, people, options);
    });
  }

  /** The findings of all tables and of the domain rules. */
  private showFindings(): void {
    const { one, two } = this.scope.known();
    const [integration, pairs] = [this.scope.integrationId(), this.scope.pairs()];
    const mapped = mappedRows(integration, pairs);
    const sheets = this.inSheets;
    const context = { live: { one, two }, mapped, defaults: defaultRows(integration, pairs), sheets };
    const found = checkValueRows(this.tables, this.domains.value(), context).filter(({ code, row, rule }) => {
      const table = this.tables[row ?? -1];
      // a sheet's content is known as soon as its table has been shown
      return code !== 'unpaired' || rule === true || table?.sheet === undefined || sheets.has(table);
    });
    showFindings($('#twinflow-values-findings'), found, (finding) => this.reveal(finding));
  }

  private reveal({ row, rule }: Pick<Finding, 'row' | 'rule'>): void {
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
    const { scope } = this;
    const asked: Promise<Lists> = isPeople(table) ? peopleOf(scope) : listsOf(scope, table);
    const lists = await asked.catch((thrown: unknown): Lists => {
      // the pairs alone are available while a system does not answer
      if (template) throw thrown;
      return [undefined, undefined];
    });
    const made = template ? await this.template(table, lists) : exportOf(table, lists);
    await downloadTable(made, exportName(table));
  }

  /** The table with a line for each value or user without a match. */
  private async template(table: ValueRow, lists: Lists): Promise<ExportedTable> {
    if (isPeople(table)) {
      return exportOf(table, lists, openPeople(await unmatchedPeople(this.scope, table, this.domains.value())));
    }
    const { whole } = await wholeTable(table, lists);
    return exportOf(whole, lists, withoutPair(whole, lists));
  }

  private async match(): Promise<void> {
    const table = this.current;
    if (table === undefined) return;
    say(this.note, 'plain', this.node._('value-mapper.note.asking'));
    this.keep();
    const found = await proposedPairs(this.scope, table, this.pairTable.value(), (ones, twos) =>
      lookUpInSheet(table, ones, twos),
    );
    if (this.current !== table || !isShown(this.list)) return;
    if (found === undefined) {
      say(this.note, 'plain', this.node._('value-mapper.note.noLists'));
      return;
    }
    this.pairTable.add(found);
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
