/**
 * Reads the sheets of a workbook as a mapping. Columns are found by their headings in any language and order, fields by
 * name or id. Everything that is not understood is reported with sheet and row. If there is any error, there is no
 * document at all.
 */

import type { DefaultRow, DomainRule, FieldChoice, FieldRow, Transform, ValuePair, ValueRow } from '../../model/config';
import type { Direction, Side } from '../../model/entity';
import { readDefaultRows, readDomains, readField, readFieldRows, readValueRows } from '../saved';
import { type ExpressionReads, templateRefs } from '../transform';
import { readEntry, readSource, readText, readTransformCell, readValueCell } from './cells';
import { MAPPING_FORMAT, MAPPING_VERSION, type MappingDocument, type OriginSystem, type ReadResult } from './document';
import { FieldNames } from './field-names';
import { type Line, Lines } from './lines';
import { sharesWay, type TextSheet } from './sheets';
import { CHOICES, type ColumnKey } from './words';

export interface FromSheetsOptions {
  /** known fields beyond those in the file, by side: first the form's own, then the systems' */
  known?: Partial<Record<Side, readonly (readonly FieldChoice[])[]>>;
  /** finds the fields that an expression reads, if a parser is available */
  expressionReads?: ExpressionReads;
}

/** The second choice cannot be merging if merging is impossible. */
const { merge: _merge, ...FALLBACKS } = CHOICES.conflict;

class Reader {
  private readonly lines: Lines;
  private names: Record<Side, FieldNames> = { 1: new FieldNames(), 2: new FieldNames() };

  constructor(
    sheets: TextSheet[],
    private readonly options: FromSheetsOptions,
  ) {
    this.lines = new Lines(sheets);
  }

  private field(line: Line, column: ColumnKey, side: Side): FieldChoice | undefined {
    const cell = line.cells[column] ?? '';
    if (cell.trim() === '') return undefined;
    const found = this.names[side].find(cell);
    return 'field' in found ? found.field : this.lines.complain(line, found.problem, cell);
  }

  /** The fields that the file lists itself. */
  private listed(): Record<Side, FieldChoice[]> {
    const fields: Record<Side, FieldChoice[]> = { 1: [], 2: [] };
    for (const line of this.lines.of('list') ?? []) {
      const side = this.side(line);
      const type = this.lines.word(line, 'type', CHOICES.type);
      const id = readText(line.cells.id ?? '');
      if (side === undefined || type === undefined || id === '') {
        if (id === '' || (line.cells.type ?? '').trim() === '') this.lines.complain(line, 'noValue');
        continue;
      }
      const longest = Number(line.cells.maxLength ?? '');
      const field = readField({
        ...{
          id,
          name: readText(line.cells.name ?? '') || id,
          type,
          format: this.lines.word(line, 'format', CHOICES.format),
        },
        ...{ multi: this.lines.yesNo(line, 'multi'), integer: this.lines.yesNo(line, 'integer') },
        ...(longest > 0 && { maxLength: longest }),
      });
      if (field === undefined) continue;
      if (fields[side].some((other) => other.id === id)) this.lines.complain(line, 'sameField', id);
      else fields[side].push(field);
    }
    return fields;
  }

  private side(line: Line): Side | undefined {
    const word = this.lines.word(line, 'side', CHOICES.side);
    if (word === undefined && (line.cells.side ?? '').trim() === '') this.lines.complain(line, 'noValue');
    return word === undefined ? undefined : Number(word) === 1 ? 1 : 2;
  }

  private transform(line: Line, way: Direction): Transform | undefined {
    const cell = line.cells[way] ?? '';
    const transform = readTransformCell(cell);
    if (transform === 'bad') return this.lines.complain(line, 'badTransform', cell);
    if (transform === undefined || transform.kind === 'automatic') return transform;
    const sources = this.names[way === 'forward' ? 1 : 2].all();
    // in the same way as templates and expressions find their fields at run time
    const find = (ref: string): FieldChoice | undefined =>
      sources.find(({ id }) => id === ref) ??
      sources.find(({ name }) => name.trim().toLowerCase() === ref.trim().toLowerCase());
    const fields = this.refs(transform, find)
      .map(find)
      .filter((field) => field !== undefined);
    return fields.length > 0 ? { ...transform, fields } : transform;
  }

  private refs(transform: Transform, find: (ref: string) => FieldChoice | undefined): string[] {
    if (transform.kind === 'template') return templateRefs(transform.template);
    if (transform.kind === 'automatic') return [];
    try {
      return this.options.expressionReads?.(transform.expression, find).fields ?? [];
    } catch {
      return []; // the form marks invalid expressions
    }
  }

  private fieldRows(): FieldRow[] | undefined {
    const seen: { row: FieldRow; line: Line }[] = [];
    return this.lines.of('fields')?.flatMap((line) => {
      const [one, two] = [this.field(line, 'one', 1), this.field(line, 'two', 2)];
      const bare = [line.cells.one, line.cells.two].every((cell) => (cell ?? '').trim() === '');
      if (bare) this.lines.complain(line, 'noFields');
      if (one === undefined && two === undefined) return [];
      const direction = this.lines.direction(
        line,
        one === undefined ? 'forward' : two === undefined ? 'backward' : 'both',
      );
      const target = one === undefined ? two : two === undefined ? one : direction === 'backward' ? one : two;
      const constant = target === undefined ? undefined : this.value(line, 'constant', target);
      const saved = {
        ...this.lines.more(line),
        ...{ one, two, direction, constant },
        syncWhen: this.lines.word(line, 'syncWhen', CHOICES.syncWhen),
        applyWhen: this.lines.word(line, 'applyWhen', CHOICES.applyWhen),
        conflict: this.lines.word(line, 'conflict', CHOICES.conflict),
        fallback: this.lines.word(line, 'fallback', FALLBACKS),
        mentions: this.lines.word(line, 'mentions', CHOICES.mentions),
        transform: { forward: this.transform(line, 'forward'), backward: this.transform(line, 'backward') },
      };
      const rows = readFieldRows([saved]);
      for (const row of rows) {
        const twin = seen.find((other) => isSameRow(other.row, row));
        if (twin !== undefined) this.lines.complain(line, 'sameRow', String(twin.line.row), this.lines.remarks);
        seen.push({ row, line });
      }
      return rows;
    });
  }

  private value(line: Line, column: ColumnKey, field: FieldChoice): ReturnType<typeof readValueCell> {
    const cell = line.cells[column] ?? '';
    if (cell.trim() === '') return undefined;
    const value = readValueCell(cell, field);
    return value === undefined ? this.lines.complain(line, 'badValue', cell) : value;
  }

  private valueRows(): ValueRow[] | undefined {
    const [tables, pairs] = [this.lines.of('tables'), this.lines.of('pairs')];
    if (tables === undefined && pairs === undefined) return undefined;
    const rows = new Map<string, { saved: object; pairs: ValuePair[] }>();
    const seen = new Map<string, { pair: ValuePair; line: Line }[]>();
    const endsOf = (line: Line): [FieldChoice, FieldChoice] | undefined => {
      const [one, two] = [this.field(line, 'one', 1), this.field(line, 'two', 2)];
      for (const column of ['one', 'two'] as const)
        if ((line.cells[column] ?? '').trim() === '') this.lines.complain(line, 'noFields');
      return one && two ? [one, two] : undefined;
    };
    const keyOf = ([one, two]: [FieldChoice, FieldChoice]): string => JSON.stringify([one.id, two.id]);
    for (const line of tables ?? []) {
      const ends = endsOf(line);
      if (ends === undefined) continue;
      if (rows.has(keyOf(ends))) this.lines.complain(line, 'sameTable', ends.map(({ name }) => name).join(' ↔ '));
      rows.set(keyOf(ends), { saved: { one: ends[0], two: ends[1], ...this.tableSettings(line) }, pairs: [] });
    }
    for (const line of pairs ?? []) {
      const ends = endsOf(line);
      if (ends === undefined) continue;
      const row = rows.get(keyOf(ends)) ?? { saved: { one: ends[0], two: ends[1] }, pairs: [] };
      rows.set(keyOf(ends), row);
      const pair = this.pair(line);
      if (pair === undefined) continue;
      const key = JSON.stringify([keyOf(ends), pair.one.name, pair.two.name]);
      const alike = seen.get(key) ?? [];
      const twin = alike.find((other) => isSamePair(other.pair, pair));
      if (twin !== undefined) this.lines.complain(line, 'samePair', String(twin.line.row), this.lines.remarks);
      seen.set(key, [...alike, { pair, line }]);
      row.pairs.push(pair);
    }
    return readValueRows([...rows.values()].map(({ saved, pairs }) => ({ ...saved, pairs })));
  }

  private tableSettings(line: Line): object {
    const cell = line.cells.from ?? '';
    const from = cell.trim() === '' ? undefined : (readSource(cell) ?? this.lines.complain(line, 'badValue', cell));
    const text = (column: ColumnKey): string => readText(line.cells[column] ?? '');
    const sheet = from && {
      ...{ from, sheet: text('sheet'), one: text('column1'), two: text('column2') },
      backward: this.lines.yesNo(line, 'wayBack'),
    };
    return {
      ...this.lines.more(line),
      ...{ ignoreCase: this.lines.yesNo(line, 'ignoreCase'), sameName: this.lines.yesNo(line, 'sameName'), sheet },
    };
  }

  private pair(line: Line): ValuePair | undefined {
    const [one, two] = [line.cells.value1 ?? '', line.cells.value2 ?? ''].map((cell) => {
      const entry = readEntry(cell);
      if (entry === undefined) this.lines.complain(line, cell.trim() === '' ? 'noValue' : 'badValue', cell);
      return entry;
    });
    const direction = this.lines.direction(line);
    return one && two ? { ...this.lines.more(line), one, two, direction } : undefined;
  }

  private domains(): DomainRule[] | undefined {
    return this.lines.of('domains')?.flatMap((line) => {
      const [one, two] = [readText(line.cells.domain1 ?? ''), readText(line.cells.domain2 ?? '')];
      return readDomains([{ one, two, direction: this.lines.direction(line) }]);
    });
  }

  private defaultRows(): DefaultRow[] | undefined {
    const seen = new Map<string, number>();
    return this.lines.of('defaults')?.flatMap((line) => {
      const side = this.side(line);
      if (side === undefined) return [];
      const field = this.field(line, 'field', side);
      if (field === undefined) {
        if ((line.cells.field ?? '').trim() === '') this.lines.complain(line, 'noFields');
        return [];
      }
      const key = JSON.stringify([side, field.id]);
      const twin = seen.get(key);
      if (twin !== undefined) this.lines.complain(line, 'sameRow', String(twin), this.lines.remarks);
      seen.set(key, twin ?? line.row);
      const saved = {
        ...{ ...this.lines.more(line), field, side, value: this.value(line, 'value', field) },
        empty: this.lines.word(line, 'empty', CHOICES.empty),
        unresolved: this.lines.word(line, 'unresolved', CHOICES.unresolved),
      };
      return readDefaultRows([saved]);
    });
  }

  /** Format, version and origin. A file without this sheet is read as the current version. */
  private about(): Pick<MappingDocument, 'name' | 'systems'> | undefined {
    const sheet = this.lines.sheet('about');
    const at = { sheet: sheet?.name ?? '', row: 0 };
    const said = new Map(
      (sheet?.rows ?? []).map(([key = '', value = '']) => [key.trim().toLowerCase(), readText(value)]),
    );
    const [format, version] = [said.get('format') ?? MAPPING_FORMAT, Number(said.get('version') ?? MAPPING_VERSION)];
    if (format !== MAPPING_FORMAT) return this.lines.complain(at, 'notMapping');
    if (!Number.isInteger(version) || version < 1) return this.lines.complain(at, 'noVersion');
    if (version > MAPPING_VERSION) return this.lines.complain(at, 'newerVersion', String(version));
    const origin = (side: Side): OriginSystem | undefined => {
      const system: OriginSystem = {};
      for (const key of ['id', 'name', 'kind'] as const) {
        const text = said.get(`system ${side} ${key}`);
        if (text) system[key] = text.slice(0, 200);
      }
      return Object.keys(system).length > 0 ? system : undefined;
    };
    const [one, two] = [origin(1), origin(2)];
    const name = said.get('name');
    return { ...(name && { name }), ...((one || two) && { systems: { ...(one && { one }), ...(two && { two }) } }) };
  }

  read(): ReadResult {
    const about = this.about();
    if (about === undefined) return { problems: this.lines.problems, remarks: [] };
    const listed = this.listed();
    const { known = {} } = this.options;
    this.names = {
      1: new FieldNames(listed[1], ...(known[1] ?? [])),
      2: new FieldNames(listed[2], ...(known[2] ?? [])),
    };
    const [fields, values] = [this.fieldRows(), this.valueRows()];
    const [domains, defaults] = [this.domains(), this.defaultRows()];
    const parts = {
      ...{ ...(fields && { fields }), ...(values && { values }) },
      ...{ ...(domains && { domains }), ...(defaults && { defaults }) },
    };
    if (Object.keys(parts).length === 0 && this.lines.problems.length === 0)
      this.lines.complain({ sheet: '', row: 0 }, 'nothingIn');
    const { problems, remarks } = this.lines;
    return problems.length > 0 ? { problems, remarks } : { document: { ...about, ...parts }, problems, remarks };
  }
}

/** Two rows for the same fields, direction and event: the lower one always wins. */
function isSameRow(a: FieldRow, b: FieldRow): boolean {
  const [when, other] = [a.syncWhen ?? 'both', b.syncWhen ?? 'both'];
  return (
    a.one?.id === b.one?.id &&
    a.two?.id === b.two?.id &&
    sharesWay(a, b) &&
    (when === other || when === 'both' || other === 'both')
  );
}

/** A value with the same match twice, or two matches in the same direction: the first one is used. */
const isSamePair = (a: ValuePair, b: ValuePair): boolean =>
  sharesWay(a, b) &&
  a.one.name === b.one.name &&
  a.two.name === b.two.name &&
  a.one.id === b.one.id &&
  a.two.id === b.two.id;

/** Reads sheets written by `toSheets`, or by a person in the same way. Never throws. */
export const fromSheets = (sheets: TextSheet[], options: FromSheetsOptions = {}): ReadResult =>
  new Reader(sheets, options).read();
