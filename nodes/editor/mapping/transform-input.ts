/**
 * How a row of the field mapper makes its value in one direction: automatically, by a template, or by an expression.
 * Source fields can be inserted, and errors and the fields that are read are shown immediately.
 */

import { templateRefs } from '../../../lib/mapping/transform';
import type { FieldChoice, Transform } from '../../../lib/model/config';
import type { Direction, Side } from '../../../lib/model/entity';
import { atSide } from '../../../lib/model/sides';
import { searchSelect } from '../index';
import { browserFault, browserReads } from './expression-check';
import { fieldChoice, typeWords } from './fields';
import type { MappingScope } from './scope';
import { m } from './text';

type Kind = '' | Transform['kind'];

export interface TransformInputOptions {
  scope: MappingScope;
  direction: Direction;
  value?: Transform;
  /** name of the target field, for the label */
  target: () => string;
  /** the other direction has a template or an expression: if this one has none, the row does not apply to it */
  otherHas: () => boolean;
  onChange: () => void;
}

export interface TransformInput {
  element: JQuery;
  value(): Transform | undefined;
  /** names or the other direction have changed */
  refresh(): void;
}

const PLAIN_NAME = /^[A-Za-z_]\w*$/;
const MOST_READS = 12;

/** A field as an expression names it. */
const inExpression = (id: string): string => (PLAIN_NAME.test(id) ? id : `\`${id.replaceAll('`', '')}\``);

const isReal = (kind: Kind): kind is 'template' | 'jsonata' => kind === 'template' || kind === 'jsonata';

export function transformInput(container: JQuery, options: TransformInputOptions): TransformInput {
  const { scope, direction, onChange } = options;
  const side: Side = direction === 'forward' ? 1 : 2;
  let kind: Kind = options.value?.kind ?? '';
  const texts = {
    template: options.value?.kind === 'template' ? options.value.template : '',
    jsonata: options.value?.kind === 'jsonata' ? options.value.expression : '',
  };
  const kept = options.value !== undefined && 'fields' in options.value ? (options.value.fields ?? []) : [];

  const element = $('<div class="twinflow-transform">').appendTo(container);
  const label = $('<span>');
  const select = $('<select>');
  $('<label>').append(label, select).appendTo(element);
  const body = $('<div class="twinflow-transform-body">').appendTo(element);
  const note = $('<div class="twinflow-transform-note" aria-live="polite">').appendTo(element);
  let insert: ((field: FieldChoice) => void) | undefined;

  const find = (ref: string): FieldChoice | undefined => {
    const known = atSide(scope.known(), side) ?? new Map<string, never>();
    const folded = ref.trim().toLowerCase();
    const fields = [...known.values(), ...kept];
    const found =
      fields.find(({ id }) => id === ref) ?? fields.find(({ name }) => name.trim().toLowerCase() === folded);
    return found && fieldChoice(found);
  };

  /** The fields that the text reads. `all` if an expression does not say. */
  const reads = (): { refs: string[]; all: boolean } => {
    if (kind === 'template') return { refs: templateRefs(texts.template), all: false };
    const found = kind === 'jsonata' ? browserReads(texts.jsonata, find) : undefined;
    return { refs: found?.fields ?? [], all: found?.all ?? false };
  };

  const value = (): Transform | undefined => {
    if (kind === 'automatic') return options.otherHas() ? { kind } : undefined;
    if (!isReal(kind) || texts[kind].trim() === '') return undefined;
    const fields = reads()
      .refs.map(find)
      .filter((field) => field !== undefined);
    const read = fields.length > 0 ? { fields } : {};
    return kind === 'template'
      ? { kind, template: texts.template, ...read }
      : { kind, expression: texts.jsonata, ...read };
  };

  const say = (): void => {
    note.empty().removeClass('twinflow-bad twinflow-warning');
    if (!isReal(kind)) return;
    if (texts[kind].trim() === '') {
      note.text(m(`transform.hint.${kind}`));
      return;
    }
    const fault = kind === 'jsonata' ? browserFault(texts.jsonata) : undefined;
    if (fault !== undefined) {
      note.addClass('twinflow-bad').text(fault);
      return;
    }
    const { refs, all } = reads();
    const known = atSide(scope.known(), side);
    const strange = known === undefined ? [] : refs.filter((ref) => find(ref) === undefined);
    const names = refs.slice(0, MOST_READS).map((ref) => find(ref)?.name ?? ref);
    if (strange.length > 0) {
      note
        .addClass('twinflow-warning')
        .text(m('transform.unknown', { names: strange.slice(0, MOST_READS).join(', ') }));
    } else if (all) note.text(m('transform.readsAll'));
    else if (names.length > 0) note.text(m('transform.reads', { names: names.join(', ') }));
  };

  const changed = (): void => {
    say();
    onChange();
  };

  const drawTemplate = (): void => {
    const input = $('<textarea rows="2" spellcheck="false">')
      .attr('aria-label', m('transform.template'))
      .val(texts.template)
      .appendTo(body)
      .on('input', () => {
        texts.template = String(input.val() ?? '');
        changed();
      });
    insert = ({ name, id }) => {
      const area = input[0];
      if (!(area instanceof HTMLTextAreaElement)) return;
      // the name is readable; if two fields share it, only the id distinguishes them
      const ref = find(name)?.id === id ? name : id;
      area.setRangeText(`{{${ref}}}`, area.selectionStart, area.selectionEnd, 'end');
      area.focus();
      input.trigger('input');
    };
  };

  const drawExpression = (): void => {
    const input = $('<input type="text">').attr('aria-label', m('transform.jsonata')).appendTo(body);
    input.typedInput({ default: 'jsonata', types: ['jsonata'] });
    input.typedInput('value', texts.jsonata);
    input.typedInput('width', '100%');
    input.on('change', () => {
      const now = String(input.typedInput('value'));
      if (now === texts.jsonata) return;
      texts.jsonata = now;
      changed();
    });
    insert = ({ id }) => {
      const now = String(input.typedInput('value'));
      input.typedInput('value', `${now}${now === '' || now.endsWith(' ') ? '' : ' & '}${inExpression(id)}`);
    };
  };

  const drawInsert = (): void => {
    const choose = searchSelect<FieldChoice>($('<input type="text">').appendTo(body), {
      load: async () =>
        (await scope.fields(side)).map((field) => ({
          id: field.id,
          name: field.name,
          detail: typeWords(field),
          data: fieldChoice(field),
        })),
      label: m('transform.insert'),
      placeholder: m('transform.insert'),
      onChange: (item) => {
        if (item?.data) insert?.(item.data);
        choose.set(undefined);
      },
    });
    if (kind === 'jsonata') $('<p class="twinflow-transform-help">').text(m('transform.helpers')).appendTo(body);
  };

  const draw = (): void => {
    body.empty();
    insert = undefined;
    if (kind === 'template') drawTemplate();
    else if (kind === 'jsonata') drawExpression();
    if (isReal(kind)) drawInsert();
    say();
  };

  const refresh = (): void => {
    label.text(m('transform.label', { name: options.target() }));
    const other = options.otherHas();
    const kinds: [Kind, string][] = other
      ? [
          ['', m('transform.none')],
          ['automatic', m('transform.automatic')],
        ]
      : [['', m('transform.automatic')]];
    select.empty();
    const all: [Kind, string][] = [
      ...kinds,
      ['template', m('transform.template')],
      ['jsonata', m('transform.jsonata')],
    ];
    for (const [key, text] of all) $('<option>').attr('value', key).text(text).appendTo(select);
    select.val(kind === 'automatic' && !other ? '' : kind);
    say();
  };

  select.on('change', () => {
    const now = String(select.val() ?? '');
    kind = now === 'automatic' || now === 'template' || now === 'jsonata' ? now : '';
    draw();
    onChange();
  });
  draw();
  refresh();
  return { element, value, refresh };
}
