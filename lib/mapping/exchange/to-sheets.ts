/**
 * A mapping as the sheets of a workbook: one sheet per table, with the words of the forms. Further sheets hold the
 * fields with their ids and types, so that the workbook can be read back even if the systems cannot be asked, and the
 * allowed words.
 */

import type { DefaultRow, DomainRule, FieldChoice, FieldRow, ValueRow } from '../../model/config';
import type { Side } from '../../model/entity';
import { largest } from '../../model/lists';
import { atSide } from '../../model/sides';
import { defaultRowExtras, fieldRowExtras, pairExtras, valueRowExtras } from '../saved';
import { LONGEST_CELL, writeEntry, writeSource, writeText, writeTransform, writeValue } from './cells';
import { MAPPING_FORMAT, MAPPING_VERSION, type MappingDocument } from './document';
import { FieldNames } from './field-names';
import { isSame } from './same';
import { fieldsOf, TABLE_COLUMNS, type TableKey, type TextSheet } from './sheets';
import { CHOICES, COLUMNS, type ColumnKey, type Language, SHEETS } from './words';

type Cells = Partial<Record<ColumnKey, string>>;

/** A text that does not fit into any spreadsheet cell. `row` counts from 1, as in the spreadsheet. */
export class CellTooLong extends Error {
  constructor(
    readonly sheet: string,
    readonly row: number,
  ) {
    super(`${sheet}, row ${row}: a text is longer than the ${LONGEST_CELL} characters that a cell holds`);
    this.name = 'CellTooLong';
  }
}

const SIDES: Side[] = [1, 2];

class Writer {
  private readonly names: Record<Side, FieldNames>;

  constructor(
    private readonly document: MappingDocument,
    private readonly language: Language,
  ) {
    this.names = { 1: new FieldNames(fieldsOf(document, 1)), 2: new FieldNames(fieldsOf(document, 2)) };
  }

  private word<Key extends string | number>(
    words: Record<Key, Record<Language, string>>,
    key: Key | undefined,
  ): string {
    return key === undefined ? '' : words[key][this.language];
  }

  private yesNo(value: boolean | undefined): string {
    return value === undefined ? '' : this.word(CHOICES.yesNo, value ? 'yes' : 'no');
  }

  private label(side: Side, field: FieldChoice | undefined): string {
    return field === undefined ? '' : this.names[side].label(field);
  }

  private more(extras: object): Cells {
    return isSame(extras, {}) ? {} : { more: JSON.stringify(extras) };
  }

  private fieldRow(row: FieldRow): Cells {
    const { one, two, direction, constant, syncWhen, applyWhen, conflict, fallback, mentions, transform } = row;
    const target = one === undefined ? two : two === undefined ? one : direction === 'backward' ? one : two;
    return {
      one: this.label(1, one),
      direction: this.word(CHOICES.direction, direction),
      two: this.label(2, two),
      forward: writeTransform(transform?.forward, this.language),
      backward: writeTransform(transform?.backward, this.language),
      syncWhen: this.word(CHOICES.syncWhen, syncWhen),
      applyWhen: this.word(CHOICES.applyWhen, applyWhen),
      conflict: this.word(CHOICES.conflict, conflict),
      fallback: this.word(CHOICES.conflict, fallback),
      mentions: this.word(CHOICES.mentions, mentions),
      constant: constant === undefined || target === undefined ? '' : writeValue(constant, target, this.language),
      ...this.more(fieldRowExtras(row)),
    };
  }

  private table(row: ValueRow): Cells {
    const { sheet } = row;
    return {
      one: this.label(1, row.one),
      two: this.label(2, row.two),
      ignoreCase: this.yesNo(row.ignoreCase),
      sameName: this.yesNo(row.sameName),
      ...(sheet && {
        from: writeSource(sheet),
        sheet: writeText(sheet.sheet),
        column1: writeText(sheet.one),
        column2: writeText(sheet.two),
        wayBack: this.yesNo(sheet.backward),
      }),
      ...this.more(valueRowExtras(row)),
    };
  }

  private pairs(row: ValueRow): Cells[] {
    return row.pairs.map((pair) => ({
      one: this.label(1, row.one),
      two: this.label(2, row.two),
      value1: writeEntry(pair.one),
      direction: this.word(CHOICES.direction, pair.direction),
      value2: writeEntry(pair.two),
      ...this.more(pairExtras(pair)),
    }));
  }

  private domain({ one, two, direction }: DomainRule): Cells {
    return { domain1: writeText(one), direction: this.word(CHOICES.direction, direction), domain2: writeText(two) };
  }

  private default(row: DefaultRow): Cells {
    return {
      side: this.word(CHOICES.side, row.side),
      field: this.label(row.side, row.field),
      value: row.value === undefined ? '' : writeValue(row.value, row.field, this.language),
      empty: this.word(CHOICES.empty, row.empty),
      unresolved: this.word(CHOICES.unresolved, row.unresolved),
      ...this.more(defaultRowExtras(row)),
    };
  }

  private listed(side: Side): Cells[] {
    return this.names[side].all().map((field) => ({
      side: this.word(CHOICES.side, side),
      name: writeText(field.name),
      id: writeText(field.id),
      type: this.word(CHOICES.type, field.type),
      multi: field.multi === true ? this.yesNo(true) : '',
      maxLength: field.maxLength === undefined ? '' : String(field.maxLength),
      integer: field.integer === true ? this.yesNo(true) : '',
      format: this.word(CHOICES.format, field.format),
    }));
  }

  private sheet(key: TableKey, rows: Cells[]): TextSheet {
    const name = SHEETS[key][this.language];
    const columns = TABLE_COLUMNS[key].filter((column) => column !== 'more' || rows.some(({ more }) => more));
    const texts = rows.map((cells) => columns.map((column) => cells[column] ?? ''));
    const tooLong = texts.findIndex((cells) => cells.some((cell) => cell.length > LONGEST_CELL));
    if (tooLong >= 0) throw new CellTooLong(name, tooLong + 2);
    return { name, rows: [columns.map((column) => COLUMNS[column][this.language]), ...texts] };
  }

  private about(): TextSheet {
    const { name, systems } = this.document;
    const system = (side: Side): string[][] => {
      const origin = systems && atSide(systems, side);
      const label = this.word(CHOICES.side, side);
      return (['name', 'kind', 'id'] as const).flatMap((key) =>
        origin?.[key] ? [[`${label} ${key}`, writeText(origin[key])]] : [],
      );
    };
    const lines = [
      ['format', MAPPING_FORMAT],
      ['version', String(MAPPING_VERSION)],
      ...(name ? [['name', writeText(name)]] : []),
      ...SIDES.flatMap(system),
    ];
    return { name: SHEETS.about[this.language], rows: lines };
  }

  /** The allowed words of the tables' columns. */
  private words(): TextSheet {
    const { direction, syncWhen, applyWhen, conflict, empty, unresolved, yesNo, type, format, transform } = CHOICES;
    const columns: [ColumnKey, Record<string, Record<Language, string>>][] = [
      ['direction', direction],
      ['syncWhen', syncWhen],
      ['applyWhen', applyWhen],
      ['conflict', conflict],
      ['empty', empty],
      ['unresolved', unresolved],
      ['sameName', yesNo],
      ['type', type],
      ['format', format],
      ['forward', transform],
    ];
    const lists = columns.map(([, words]) => Object.values(words).map((word) => word[this.language]));
    const longest = largest(lists.map((list) => list.length));
    const rows = Array.from({ length: longest }, (_, row) => lists.map((list) => list[row] ?? ''));
    const head = columns.map(([column]) => COLUMNS[column][this.language]);
    return { name: SHEETS.words[this.language], rows: [head, ...rows] };
  }

  sheets(): TextSheet[] {
    const { fields, values, domains, defaults } = this.document;
    const tables: [TableKey, Cells[] | undefined][] = [
      ['fields', fields?.map((row) => this.fieldRow(row))],
      ['tables', values?.map((row) => this.table(row))],
      ['pairs', values?.flatMap((row) => this.pairs(row))],
      ['domains', domains?.map((rule) => this.domain(rule))],
      ['defaults', defaults?.map((row) => this.default(row))],
      ['list', SIDES.flatMap((side) => this.listed(side))],
    ];
    const sheets = tables.flatMap(([key, rows]) => (rows === undefined ? [] : [this.sheet(key, rows)]));
    return [this.about(), ...sheets, this.words()];
  }
}

/** @throws CellTooLong if a template, expression or value does not fit into a cell; use JSON instead */
export const toSheets = (document: MappingDocument, language: Language): TextSheet[] =>
  new Writer(document, language).sheets();
