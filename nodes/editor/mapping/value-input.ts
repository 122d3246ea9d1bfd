/** An input for a value that fits its field: the system's own list, its users, a date, a number, a text. */

import { showValue } from '../../../lib/mapping/describe';
import type { FieldChoice } from '../../../lib/model/config';
import type { Field, Side } from '../../../lib/model/entity';
import { atSide } from '../../../lib/model/sides';
import type { LookupValue, SingleValue, UserValue, Value } from '../../../lib/model/values';
import { matching, type SearchItem, searchSelect } from '../index';
import type { MappingScope } from './scope';
import { m } from './text';

export interface ValueInputOptions {
  scope: MappingScope;
  side: Side;
  field: FieldChoice;
  value?: Value;
  /** several values are allowed; the value is then a list */
  many?: boolean;
  label: string;
  placeholder?: string;
  onChange: () => void;
}

export interface ValueInput {
  element: JQuery;
  /** undefined if nothing is entered */
  value(): Value | undefined;
  /** false if the text is not a value of the field's type */
  valid(): boolean;
}

interface Single {
  value(): SingleValue | undefined;
  valid(): boolean;
  clear(): void;
}

const SECONDS_PER_HOUR = 3600;

export const lookupItem = (value: LookupValue): SearchItem<LookupValue> => ({
  id: value.id ?? value.name,
  name: value.name,
  data: value,
});

export const personName = ({ name, login, email, id }: UserValue): string => name ?? login ?? email ?? id ?? '';

export const userItem = (user: UserValue): SearchItem<UserValue> => ({
  id: user.id ?? user.login ?? user.email ?? user.name ?? '',
  name: personName(user),
  detail: user.email ?? user.login,
  data: user,
});

/** The values of a list field that match the search: those that came with the field, otherwise the system's search
 * results. */
export async function listEntries(
  scope: MappingScope,
  side: Side,
  field: string,
  search: string,
): Promise<LookupValue[]> {
  const all: Field[] = await scope.fields(side);
  const values = all.find((one) => one.id === field)?.values;
  if (values) return matching(values.map(lookupItem), search).map(({ data, ...item }) => data ?? item);
  return scope.lookupValues(side, field, search);
}

/** True if the whole list came with the field, so that it needs no search on the server. */
export function isListed(scope: MappingScope, side: Side, field: string): boolean {
  const known = atSide(scope.known(), side);
  return known?.get(field)?.values !== undefined;
}

const isNamed = (value: Value | undefined): value is LookupValue =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';

function select(
  container: JQuery,
  options: ValueInputOptions,
  value: SingleValue | undefined,
  onPick: () => void,
): Single {
  const { scope, side, field } = options;
  const people = field.type === 'user';
  const widget = searchSelect<LookupValue | UserValue>($('<input type="text">').appendTo(container), {
    load: async (search) =>
      people
        ? (await scope.users(side, search)).map((user) => userItem(user))
        : (await listEntries(scope, side, field.id, search)).map(lookupItem),
    remote: people || !isListed(scope, side, field.id),
    value: isNamed(value) ? (people ? userItem(value) : lookupItem(value)) : undefined,
    empty: m('value.none'),
    freeText: true,
    label: options.label,
    placeholder: options.placeholder,
    onChange: onPick,
  });
  return {
    value: () => {
      const item = widget.value();
      if (item === undefined || item.data !== undefined) return item?.data;
      return people && item.name.includes('@') ? { email: item.name } : { name: item.name };
    },
    valid: () => true,
    clear: () => widget.set(undefined),
  };
}

/** A value in a few words, without quotes. */
const nameOf = (value: SingleValue): string =>
  typeof value === 'string' ? value : showValue(value).replace(/^"|"$/g, '');

/** How a plain input shows and reads a value: undefined for invalid input. */
interface Plain {
  attributes: Record<string, string>;
  show(value: SingleValue): string;
  read(text: string): SingleValue | undefined;
}

const number = (factor: number): Plain => ({
  attributes: { type: 'number', step: 'any' },
  show: (value) => (typeof value === 'number' ? String(value / factor) : ''),
  read: (text) => (Number.isFinite(Number(text)) ? Number(text) * factor : undefined),
});

function plainOf(field: FieldChoice): Plain {
  switch (field.type) {
    case 'number':
      return number(1);
    case 'duration':
      return number(SECONDS_PER_HOUR);
    case 'date':
      return { attributes: { type: 'date' }, show: (value) => String(value).slice(0, 10), read: (text) => text };
    case 'datetime':
      return {
        attributes: { type: 'datetime-local', title: m('value.utc') },
        show: (value) => String(value).slice(0, 16),
        read: (text) => (Number.isNaN(Date.parse(`${text}Z`)) ? undefined : new Date(`${text}Z`).toISOString()),
      };
    case 'richtext':
      return {
        attributes: { type: 'text' },
        show: (value) => (typeof value === 'object' && 'content' in value ? value.content : String(value)),
        read: (text) => ({ format: 'text', content: text }),
      };
    case 'reference':
      return {
        attributes: { type: 'text' },
        show: (value) => (typeof value === 'object' && 'id' in value ? String(value.id) : String(value)),
        read: (text) => ({ id: text }),
      };
    default:
      return { attributes: { type: 'text' }, show: nameOf, read: (text) => text };
  }
}

function plain(
  container: JQuery,
  options: ValueInputOptions,
  value: SingleValue | undefined,
  onPick: () => void,
): Single {
  const { attributes, show, read } = plainOf(options.field);
  const input = $('<input autocomplete="off">')
    .attr({ ...attributes, 'aria-label': options.label, placeholder: options.placeholder ?? '' })
    .val(value === undefined ? '' : show(value))
    .appendTo(container);
  if (options.field.maxLength !== undefined) input.attr('maxlength', options.field.maxLength);
  const text = (): string => String(input.val() ?? '').trim();
  const single: Single = {
    value: () => (text() === '' ? undefined : read(text())),
    valid: () => text() === '' || read(text()) !== undefined,
    clear: () => input.val(''),
  };
  input.on('change', () => {
    input.toggleClass('input-error', !single.valid()).attr('aria-invalid', String(!single.valid()));
    onPick();
  });
  // otherwise Enter would press the form's first button
  input.on('keydown', (event) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      input.trigger('change');
    }
  });
  return single;
}

function yesNo(
  container: JQuery,
  options: ValueInputOptions,
  value: SingleValue | undefined,
  onPick: () => void,
): Single {
  const input = $('<select>').attr('aria-label', options.label).appendTo(container);
  for (const [key, name] of [
    ['', m('value.none')],
    ['true', m('value.yes')],
    ['false', m('value.no')],
  ] as const) {
    $('<option>').attr('value', key).text(name).appendTo(input);
  }
  input.val(typeof value === 'boolean' ? String(value) : '').on('change', onPick);
  return {
    value: () => (input.val() === '' ? undefined : input.val() === 'true'),
    valid: () => true,
    clear: () => input.val(''),
  };
}

function single(
  container: JQuery,
  options: ValueInputOptions,
  value: SingleValue | undefined,
  onPick: () => void,
): Single {
  const { type } = options.field;
  if (type === 'lookup' || type === 'user') return select(container, options, value, onPick);
  return type === 'boolean' ? yesNo(container, options, value, onPick) : plain(container, options, value, onPick);
}

/** Adds the input to a container. */
export function valueInput(container: JQuery, options: ValueInputOptions): ValueInput {
  const element = $('<div class="twinflow-value">').appendTo(container);
  const first = Array.isArray(options.value) ? options.value[0] : (options.value ?? undefined);
  if (options.many !== true) {
    const one = single(element, options, first, options.onChange);
    return { element, value: () => one.value(), valid: () => one.valid() };
  }
  const values: SingleValue[] = Array.isArray(options.value) ? [...options.value] : first === undefined ? [] : [first];
  const draw = (): void => {
    element.children('.twinflow-chip').remove();
    const chips = values.map((value, at) => {
      const name = nameOf(value);
      const remove = $('<button type="button"><i class="fa fa-times"></i></button>')
        .attr('aria-label', m('value.remove', { name }))
        .on('click', () => {
          values.splice(at, 1);
          draw();
          options.onChange();
        });
      return $('<span class="twinflow-chip">').append($('<span>').text(name), remove);
    });
    element.prepend(chips);
  };
  const adding = single(element, { ...options, placeholder: m('value.add') }, undefined, () => {
    const added = adding.value();
    if (added === undefined) return;
    values.push(added);
    adding.clear();
    draw();
    options.onChange();
  });
  draw();
  return { element, value: () => (values.length === 0 ? undefined : [...values]), valid: () => adding.valid() };
}
