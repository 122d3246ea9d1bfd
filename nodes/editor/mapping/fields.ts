/** Selects a field of one side and shows its type. */

import type { FieldChoice } from '../../../lib/model/config';
import type { Field, Side } from '../../../lib/model/entity';
import { atSide } from '../../../lib/model/sides';
import type { FieldType } from '../../../lib/model/values';
import { type SearchItem, type SearchSelect, searchSelect } from '../index';
import type { MappingScope } from './scope';
import { m } from './text';

/** The saved properties of a field: enough for mapping without asking the system. */
export function fieldChoice(field: Field | FieldChoice): FieldChoice {
  const choice: FieldChoice = { id: field.id, name: field.name, type: field.type };
  if (field.multi) choice.multi = true;
  if (field.maxLength !== undefined) choice.maxLength = field.maxLength;
  if (field.length !== undefined) choice.length = field.length;
  if (field.integer) choice.integer = true;
  if (field.format !== undefined) choice.format = field.format;
  if (field.dialect !== undefined) choice.dialect = field.dialect;
  return choice;
}

/** The field's type in words: "list, several values, required". */
export function typeWords(field: Field | FieldChoice): string {
  const words = [m(`type.${field.type}`)];
  if (field.multi) words.push(m('type.multi'));
  if ('required' in field && field.required) words.push(m('type.required'));
  if ('readOnly' in field && field.readOnly) words.push(m('type.readOnly'));
  else if ('createOnly' in field && field.createOnly) words.push(m('type.createOnly'));
  return words.join(', ');
}

const ICONS: Record<FieldType, string> = {
  ...{
    text: 'fa-font',
    richtext: 'fa-align-left',
    number: 'fa-hashtag',
    boolean: 'fa-check-square-o',
    date: 'fa-calendar',
  },
  ...{
    datetime: 'fa-clock-o',
    duration: 'fa-hourglass-o',
    lookup: 'fa-list-ul',
    user: 'fa-user',
    reference: 'fa-link',
  },
  url: 'fa-globe',
};

/** The field's type as an icon: the words are its name and tooltip. A star marks a required field, a lock one that can only be read. */
export function typeIcon(field: Field | FieldChoice | undefined): JQuery {
  const mark = $('<span class="twinflow-kind">');
  if (field === undefined) return mark;
  const words = typeWords(field);
  mark
    .attr({ role: 'img', 'aria-label': words, title: words })
    .append($('<i aria-hidden="true">').addClass(`fa ${ICONS[field.type] ?? 'fa-question'}`));
  if ('readOnly' in field && field.readOnly)
    mark.append('<i class="fa fa-lock twinflow-kind-mark" aria-hidden="true"></i>');
  else if ('required' in field && field.required)
    mark.append('<span class="twinflow-kind-mark" aria-hidden="true">*</span>');
  else if (field.multi) mark.append('<span class="twinflow-kind-mark" aria-hidden="true">+</span>');
  return mark;
}

const item = (field: Field | FieldChoice): SearchItem<Field | FieldChoice> => ({
  id: field.id,
  name: field.name,
  detail: typeWords(field),
  data: field,
});

export interface FieldSelectOptions {
  scope: MappingScope;
  side: Side;
  value?: FieldChoice;
  /** name of the entry that means "no field" */
  empty?: string;
  label?: string;
  placeholder?: string;
  filter?: (field: Field) => boolean;
  /** entries after the side's own fields */
  more?: FieldChoice[];
  onChange: (field: FieldChoice | undefined) => void;
}

export interface FieldSelect extends Omit<SearchSelect, 'value' | 'set'> {
  value(): FieldChoice | undefined;
  set(field: FieldChoice | undefined): void;
  /** updates the selected field with the system's current data */
  refresh(): void;
}

/** Adds a drop-down with the side's fields to a container. */
export function fieldSelect(container: JQuery, options: FieldSelectOptions): FieldSelect {
  const { scope, side } = options;
  let chosen = options.value;
  const select = searchSelect<Field | FieldChoice>($('<input type="text">').appendTo(container), {
    load: async () => {
      const fields = (await scope.fields(side)).filter(options.filter ?? (() => true));
      return [...fields, ...(options.more ?? [])].map(item);
    },
    value: chosen && item(chosen),
    empty: options.empty,
    label: options.label ?? m('field.of', { system: scope.systemLabel(side) }),
    placeholder: options.placeholder ?? m('field.choose'),
    onChange: (picked) => {
      chosen = picked?.data && fieldChoice(picked.data);
      options.onChange(chosen);
    },
  });
  return {
    ...select,
    value: () => chosen,
    set(field) {
      chosen = field && fieldChoice(field);
      select.set(field && item(field));
    },
    refresh() {
      const known = atSide(scope.known(), side);
      const now = chosen && known?.get(chosen.id);
      if (now === undefined) return;
      chosen = fieldChoice(now);
      select.set(item(now));
    },
  };
}
