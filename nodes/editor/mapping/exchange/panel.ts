/**
 * The part of a mapper's form for exporting its rows to a file, importing them from one, and copying them from another
 * mapper node. New rows are shown before they are applied. They are applied to the form only: Done saves them, Cancel
 * does not.
 */

import {
  CellTooLong,
  type MappingDocument,
  type MappingParts,
  PARTS,
  type PartName,
  type ReadResult,
} from '../../../../lib/mapping/exchange';
import type { FieldChoice } from '../../../../lib/model/config';
import type { Side } from '../../../../lib/model/entity';
import { fillSelect, integration, say, words } from '../../index';
import { mappersOf, mapperType, savedRows } from '../mapped';
import { labelledSelect } from '../rows';
import type { MappingScope } from '../scope';
import { m } from '../text';
import { adapt, originOf } from './adapting';
import { type FileKind, readMapping, saveMapping } from './mapping-file';
import type { PartForm } from './parts';
import { showProblems, showReview } from './review-view';

export interface ExchangeOptions {
  /** an empty element of the form */
  container: JQuery;
  node: EditorNode;
  scope: MappingScope;
  /** the parts of a mapping in the form; the first part is the node's own */
  forms: [PartForm, ...PartForm[]];
}

type Panel = 'export' | 'import' | 'copy';

const SIDES: Side[] = [1, 2];

/** Adds the buttons and the panels that they open. */
export function exchangePanel(options: ExchangeOptions): void {
  new Exchange(options);
}

class Exchange {
  private readonly options: ExchangeOptions;
  /** the node's own part */
  private readonly part: PartName;
  private readonly body = $('<div class="twinflow-exchange-body" hidden>');
  private readonly note = $('<div class="twinflow-fit twinflow-message" role="status" aria-live="polite">');
  private readonly file = $(
    '<input type="file" accept=".xlsx,.xlsm,.ods,.json" aria-hidden="true" tabindex="-1">',
  ).hide();
  private readonly buttons = new Map<Panel, JQuery>();
  /** counts the opened panels: a late answer to an earlier one is ignored */
  private opened = 0;

  constructor(options: ExchangeOptions) {
    this.options = options;
    this.part = options.forms[0].part;
    const bar = $('<div class="twinflow-bar">').attr({ role: 'group', 'aria-label': m('exchange.label') });
    for (const [panel, icon] of [
      ['export', 'fa-download'],
      ['import', 'fa-upload'],
      ['copy', 'fa-clone'],
    ] as const) {
      const button = $('<button type="button" class="red-ui-button">')
        .attr({ 'aria-expanded': 'false', title: m(`exchange.hint.${panel}`) })
        .append($('<i aria-hidden="true">').addClass(`fa ${icon}`), ' ', $('<span>').text(m(`exchange.${panel}`)))
        .on('click', () => this.press(panel))
        .appendTo(bar);
      this.buttons.set(panel, button);
    }
    options.container.addClass('twinflow-exchange').append(bar, this.body, this.note, this.file);
    this.file.on('change', () => {
      const input = this.file[0];
      const chosen = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
      this.file.val('');
      if (chosen !== undefined) this.importFile(chosen);
    });
  }

  private press(panel: Panel): void {
    const wasOpen = this.buttons.get(panel)?.attr('aria-expanded') === 'true';
    this.close();
    if (panel === 'import') this.file[0]?.click();
    else if (!wasOpen) {
      this.open(panel);
      if (panel === 'export') this.drawExport();
      else this.drawCopy();
    }
  }

  private open(panel: Panel): void {
    this.close();
    this.buttons.get(panel)?.attr('aria-expanded', 'true');
    this.body.prop('hidden', false);
  }

  private close(focus?: Panel): void {
    this.opened += 1;
    say(this.note, 'plain', '');
    this.body.empty().prop('hidden', true);
    for (const button of this.buttons.values()) button.attr('aria-expanded', 'false');
    if (focus !== undefined) this.buttons.get(focus)?.trigger('focus');
  }

  private fail(thrown: unknown): void {
    const { sheet, row } = thrown instanceof CellTooLong ? thrown : {};
    say(this.note, 'bad', sheet === undefined ? words(thrown) : m('exchange.tooLong', { sheet, row }));
  }

  /** The name of an exported file. */
  private name(): string {
    const { node, scope } = this.options;
    const typed = String($('#node-input-name').val() ?? '').trim();
    return typed || integration(scope.integrationId())?.name || node.name || m('exchange.mapping');
  }

  private drawExport(): void {
    const choices = $('<div class="twinflow-more">').appendTo(this.body);
    let kind: FileKind = 'xlsx';
    let whole = false;
    const kinds: FileKind[] = ['xlsx', 'json'];
    const format = labelledSelect(
      choices,
      m('exchange.format'),
      kinds.map((value) => ({ value, label: m(`exchange.${value}`) })),
      kind,
      (value) => {
        kind = value === 'json' ? 'json' : 'xlsx';
      },
    );
    labelledSelect(
      choices,
      m('exchange.what'),
      ['own', 'chain'].map((value) => ({ value, label: m(`exchange.${value}`) })),
      'own',
      (value) => {
        whole = value === 'chain';
      },
    );
    $('<button type="button" class="red-ui-button">')
      .append('<i class="fa fa-download" aria-hidden="true"></i> ', $('<span>').text(m('exchange.download')))
      .on('click', () => {
        const name = this.name();
        saveMapping(this.document(whole), kind, whole ? name : `${name} ${m(`exchange.part.${this.part}`)}`).then(
          () => say(this.note, 'good', m('exchange.saved')),
          (thrown: unknown) => this.fail(thrown),
        );
      })
      .appendTo($('<div class="twinflow-bar">').appendTo(this.body));
    format.trigger('focus');
  }

  /** @param whole with the rows of the chain's other mappers, as they are in the workspace */
  private document(whole: boolean): MappingDocument {
    const { forms, scope, node } = this.options;
    const id = scope.integrationId();
    const parts: MappingParts = {};
    for (const part of whole && id !== undefined ? PARTS : []) {
      const others = mappersOf(part, id ?? '', scope.pairs()).filter((other) => other.id !== node.id);
      const rows = others.flatMap((other): object[] => savedRows(part, other));
      if (rows.length > 0) Object.assign(parts, { [part]: rows });
    }
    for (const form of forms) Object.assign(parts, form.present());
    return { name: this.name(), systems: originOf(id), ...parts };
  }

  private importFile(file: File): void {
    this.open('import');
    const mine = this.opened;
    say(this.note, 'plain', m('exchange.reading', { name: file.name }));
    this.known()
      .then((known) => readMapping(file, known))
      .then((read) => (mine === this.opened ? this.review(read, file.name, 'import') : undefined))
      .catch((thrown: unknown) => {
        if (mine !== this.opened) return;
        this.close('import');
        this.fail(thrown);
      });
  }

  /** Fields that a user may name in addition to those that the file lists: first the form's, then the systems'. */
  private async known(): Promise<Record<Side, readonly (readonly FieldChoice[])[]>> {
    const { scope } = this.options;
    const [one = [], two = []] = await Promise.all(SIDES.map((side) => scope.fields(side).catch(() => [])));
    return { 1: [one], 2: [two] };
  }

  /** Other mappers of the same kind in the workspace. */
  private others(): EditorNode[] {
    const found: EditorNode[] = [];
    RED.nodes.eachNode((node) => {
      if (node.type === mapperType(this.part) && node.id !== this.options.node.id) found.push(node);
      return undefined;
    });
    return found.filter((node) => savedRows(this.part, node).length > 0);
  }

  private drawCopy(): void {
    const others = this.others();
    if (others.length === 0) {
      say(this.note, 'plain', m('exchange.noOthers'));
      return;
    }
    const choices = $('<div class="twinflow-more">').appendTo(this.body);
    const select = $('<select>');
    $('<label>')
      .append($('<span>').text(m('exchange.from')), select)
      .appendTo(choices);
    fillSelect(
      select,
      others.map((node) => ({ value: node.id, label: this.nodeLabel(node) })),
      others[0]?.id ?? '',
    );
    $('<button type="button" class="red-ui-button">')
      .append('<i class="fa fa-eye" aria-hidden="true"></i> ', $('<span>').text(m('exchange.look')))
      .on('click', () => {
        const node = others.find(({ id }) => id === select.val());
        if (node !== undefined) this.copyFrom(node);
      })
      .appendTo($('<div class="twinflow-bar">').appendTo(this.body));
    select.trigger('focus');
  }

  private nodeLabel(node: EditorNode): string {
    const of = integration(typeof node.integration === 'string' ? node.integration : undefined)?.name;
    const label = RED.utils.getNodeLabel(node, node.id);
    return `${of ? `${of}: ` : ''}${label} (${savedRows(this.part, node).length})`;
  }

  private copyFrom(node: EditorNode): void {
    const from = typeof node.integration === 'string' ? node.integration : undefined;
    const parts = this.options.forms.map(({ part }) => [part, savedRows(part, node)] as const);
    const document: MappingDocument = { systems: originOf(from), ...Object.fromEntries(parts) };
    const mine = this.opened;
    this.review({ document, problems: [], remarks: [] }, this.nodeLabel(node), 'copy').catch((thrown: unknown) => {
      if (mine === this.opened) this.fail(thrown);
    });
  }

  private async review(read: ReadResult, name: string, panel: Panel): Promise<void> {
    const { forms, scope } = this.options;
    const onClose = (): void => this.close(panel);
    const { document } = read;
    say(this.note, 'plain', '');
    if (document === undefined) {
      showProblems(this.body, name, read, onClose);
      this.focusFirst();
      return;
    }
    const own = forms
      .filter(({ part }) => document[part] !== undefined)
      .map(({ part }) => [part, document[part]] as const);
    if (own.length === 0) {
      this.close(panel);
      say(this.note, 'bad', m('exchange.otherPart', { name, part: m(`exchange.part.${this.part}`) }));
      return;
    }
    const mine = this.opened;
    say(this.note, 'plain', m('exchange.fitting'));
    const adapted = await adapt({ systems: document.systems, ...Object.fromEntries(own) }, scope);
    if (mine !== this.opened) return;
    say(this.note, 'plain', '');
    showReview(this.body, read, adapted, {
      ...{ scope, forms, name, onCancel: onClose },
      onApply: (reviews, summary) => {
        for (const review of reviews) review.apply();
        this.close(panel);
        say(this.note, 'good', m('exchange.applied', { summary }));
      },
    });
    this.focusFirst();
  }

  /** Keyboard users continue where the answer is. */
  private focusFirst(): void {
    this.body.find('select, button').first().trigger('focus');
    this.body[0]?.scrollIntoView({ block: 'nearest' });
  }
}
