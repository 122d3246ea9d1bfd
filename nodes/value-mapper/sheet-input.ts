/** The part of a table's form that reads further pairs from a sheet: an uploaded one, or a file on the server's
 * disk. */

import type { SheetInfo } from '../../lib/mapping/tables/shapes';
import type { SheetSource } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { fillSelect, say, words } from '../editor';
import { type FoundSheets, inspectSheet, uploadSheet } from './sheet-requests';

export interface SheetInputOptions {
  container: JQuery;
  /** the node's texts */
  text: (key: string, variables?: Record<string, unknown>) => string;
  /** the heading of a side's column */
  columnLabel: (side: Side) => string;
  onChange: () => void;
}

type Kind = 'none' | SheetSource['from']['kind'];

export class SheetInput {
  private readonly options: SheetInputOptions;
  private readonly kind = $('<select>');
  private readonly place = $('<span class="twinflow-row" style="flex: 1 1 200px">');
  private readonly columns = $('<div class="twinflow-more">');
  private readonly note = $('<div class="twinflow-fit twinflow-message" role="status" aria-live="polite">');
  private readonly file = $('<input type="file" accept=".xlsx,.xlsm,.ods,.csv,.tsv,.txt">').hide();
  private source: SheetSource | undefined;
  private shownKind: Kind = 'none';
  private sheets: SheetInfo[] = [];
  /** counts the questions: a late answer to an earlier one is ignored */
  private asked = 0;

  constructor(options: SheetInputOptions) {
    this.options = options;
    const { text } = options;
    const id = 'twinflow-values-sheet';
    const label = $('<label>').attr('for', id).css({ width: 'auto', margin: '0' }).text(text('sheet.label'));
    const bar = $('<div class="twinflow-bar">').append(label, this.kind.attr('id', id), this.place, this.file);
    options.container.append(bar, this.columns, this.note);
    for (const kind of ['none', 'upload', 'path'] satisfies Kind[])
      $('<option>')
        .attr('value', kind)
        .text(text(`sheet.${kind}`))
        .appendTo(this.kind);
    this.kind.on('change', () => {
      const chosen = String(this.kind.val());
      this.shownKind = chosen === 'upload' || chosen === 'path' ? chosen : 'none';
      this.use(undefined);
      this.draw();
      if (this.shownKind === 'upload') this.file.trigger('click');
    });
    this.file.on('change', () => {
      const input = this.file[0];
      const chosen = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
      this.file.val('');
      if (chosen !== undefined) this.upload(chosen);
    });
  }

  value(): SheetSource | undefined {
    return this.source;
  }

  /** Shows a table's sheet, or that it has none. */
  set(source: SheetSource | undefined): void {
    this.source = source;
    this.sheets = [];
    this.shownKind = source?.from.kind ?? 'none';
    this.asked += 1;
    this.draw();
    if (source !== undefined) this.inspect(source.from);
  }

  private use(source: SheetSource | undefined): void {
    this.source = source;
    if (source === undefined) this.sheets = [];
    this.options.onChange();
  }

  private upload(file: File): void {
    const { text } = this.options;
    this.ask(
      uploadSheet(file),
      text('sheet.uploading', { name: file.name }),
      ({ id, name }) => ({ kind: 'upload', id, name }),
      true,
    );
  }

  private inspect(from: SheetSource['from'], isNew = false): void {
    this.ask(inspectSheet(from), this.options.text('sheet.reading'), () => from, isNew);
  }

  private ask<Found extends FoundSheets>(
    question: Promise<Found>,
    meanwhile: string,
    fromOf: (found: Found) => SheetSource['from'],
    isNew: boolean,
  ): void {
    this.asked += 1;
    const mine = this.asked;
    say(this.note, 'plain', meanwhile);
    question.then(
      (found) => {
        if (mine !== this.asked) return;
        this.sheets = found.sheets;
        const from = fromOf(found);
        const kept = this.source ?? { sheet: '', one: '', two: '' };
        this.use(this.fitting({ ...kept, from }, isNew));
        this.draw();
      },
      (thrown: unknown) => {
        if (mine === this.asked) say(this.note, 'bad', words(thrown));
      },
    );
  }

  private sheet(source: SheetSource): SheetInfo | undefined {
    return this.sheets.find(({ name }) => name === source.sheet) ?? (source.sheet === '' ? this.sheets[0] : undefined);
  }

  /**
   * Proposes what is not selected yet: the first sheet with two columns, and these columns. The same happens if another
   * file was selected that does not have the earlier sheet or columns. A file that has lost them is reported.
   */
  private fitting(source: SheetSource, isNew: boolean): SheetSource {
    const columns = this.sheet(source)?.columns ?? [];
    const fits = columns.includes(source.one) && columns.includes(source.two);
    if (source.one !== '' && (fits || !isNew)) return source;
    const sheet = this.sheets.find((one) => one.columns.length > 1) ?? this.sheets[0];
    const [one = '', two = ''] = sheet?.columns ?? [];
    return { ...source, sheet: sheet?.name ?? '', one, two };
  }

  private draw(): void {
    const { text } = this.options;
    this.kind.val(this.shownKind);
    this.place.empty();
    if (this.shownKind === 'upload') {
      const name = this.source?.from.kind === 'upload' ? this.source.from.name : text('sheet.nothing');
      $('<span class="twinflow-sheet-name">').text(name).appendTo(this.place);
      $('<button type="button" class="red-ui-button">')
        .append('<i class="fa fa-upload" aria-hidden="true"></i> ', $('<span>').text(text('sheet.choose')))
        .on('click', () => this.file.trigger('click'))
        .appendTo(this.place);
    } else if (this.shownKind === 'path') {
      const path = $('<input type="text" style="flex: 1 1 auto; width: 0">')
        .attr({ placeholder: text('sheet.pathExample'), 'aria-label': text('sheet.pathLabel') })
        .val(this.source?.from.kind === 'path' ? this.source.from.path : '')
        .appendTo(this.place);
      path.on('change', () => {
        const typed = String(path.val() ?? '').trim();
        if (typed === '') this.use(undefined);
        else this.inspect({ kind: 'path', path: typed }, true);
      });
      path.on('keydown', (event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        path.trigger('change');
      });
    }
    this.drawColumns();
  }

  private drawColumns(): void {
    const { source } = this;
    const { text, columnLabel } = this.options;
    this.columns.empty().prop('hidden', source === undefined);
    say(this.note, 'plain', '');
    if (source === undefined) return;
    const found = this.sheet(source);
    const choose = (label: string, values: string[], chosen: string, take: (value: string) => void): void => {
      const select = $('<select>');
      fillSelect(
        select,
        values.map((value) => ({ value, label: value })),
        chosen,
      );
      select.on('change', () => {
        take(String(select.val() ?? ''));
        this.draw();
      });
      $('<label>').append($('<span>').text(label), select).appendTo(this.columns);
    };
    if (this.sheets.length > 1 || source.sheet !== '') {
      const names = this.sheets.map(({ name }) => name);
      choose(text('sheet.sheet'), names, source.sheet, (sheet) => {
        const [one = '', two = ''] = this.sheets.find(({ name }) => name === sheet)?.columns ?? [];
        this.use({ ...source, sheet, one, two });
      });
    }
    const columns = found?.columns ?? [];
    choose(columnLabel(1), columns, source.one, (one) => this.use({ ...source, one }));
    choose(columnLabel(2), columns, source.two, (two) => this.use({ ...source, two }));
    const both = $('<input type="checkbox" class="twinflow-inline">').prop('checked', source.backward !== false);
    both.on('change', () => {
      const { backward: _before, ...rest } = source;
      this.use(both.prop('checked') === true ? rest : { ...rest, backward: false });
      this.draw();
    });
    $('<label style="align-self: end">')
      .append(both, $('<span>').text(text('sheet.backward')))
      .appendTo(this.columns);
    this.tell(source, found);
  }

  private tell(source: SheetSource, found: SheetInfo | undefined): void {
    const { text } = this.options;
    if (this.sheets.length === 0) return;
    if (found === undefined) {
      say(this.note, 'bad', text('sheet.gone', { name: source.sheet }));
      return;
    }
    if (found.columns.length < 2) {
      say(this.note, 'bad', text('sheet.oneColumn'));
      return;
    }
    const lost = [source.one, source.two].filter((column) => !found.columns.includes(column));
    if (lost.length > 0) {
      say(this.note, 'bad', text('sheet.noColumn', { name: lost.join(', ') }));
      return;
    }
    const sample = (column: string): string[] => found.samples[found.columns.indexOf(column)] ?? [];
    const [ones, twos] = [sample(source.one), sample(source.two)];
    const examples = ones.flatMap((one, index) => (twos[index] === undefined ? [] : [`${one} ↔ ${twos[index]}`]));
    const same = source.one === source.two;
    say(
      this.note,
      same ? 'warning' : 'good',
      text(same ? 'sheet.same' : 'sheet.rows', { count: found.rows.toLocaleString() }),
      same ? [] : examples.slice(0, 2),
    );
  }
}
