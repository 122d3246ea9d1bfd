/** One input for one target field of a parked change, by the field's type if the system reports it. */

import type { Field } from '../../lib/model/entity';
import { type InputKind, inputKind } from '../../lib/model/input-kind';
import type { Value } from '../../lib/model/values';
import { lookupValues, type SearchItem, type SystemDraft, searchSelect, users } from '../editor';
import { say, shown } from './words';

export interface FieldInput {
  element: JQuery;
  /** the input's value; undefined if it is unchanged */
  changed(): Value | undefined;
}

/** The source of list values and users. */
export interface Origin {
  system: SystemDraft | undefined;
  project: string;
  type: string;
}

let counter = 0;

/** @param value the mapped or previously corrected value */
export function fieldInput(id: string, field: Field | undefined, value: Value, origin: Origin, why = ''): FieldInput {
  counter += 1;
  const inputId = `twinflow-side-field-${counter}`;
  const element = $('<div class="twinflow-side-field">');
  $('<label>')
    .attr('for', inputId)
    .text(field?.name ?? id)
    .appendTo(element);
  const kind = inputKind(field, value) ?? 'text';
  const { input, read } = made(kind, id, field, value, origin, inputId, element);
  if (why !== '') {
    $('<div class="twinflow-side-small twinflow-side-bad">').attr('id', `${inputId}-why`).text(why).appendTo(element);
    input.attr({ 'aria-describedby': `${inputId}-why`, 'aria-invalid': 'true' });
  }
  const before = JSON.stringify(read());
  return {
    element,
    changed: () => {
      const now = read();
      return JSON.stringify(now) === before ? undefined : now;
    },
  };
}

interface Made {
  input: JQuery;
  read: () => Value;
}

function made(
  kind: InputKind,
  id: string,
  field: Field | undefined,
  value: Value,
  origin: Origin,
  inputId: string,
  element: JQuery,
): Made {
  const text = (html: string): JQuery => $(html).attr('id', inputId).val(shown(value)).appendTo(element);
  const typed = (input: JQuery): string => String(input.val() ?? '').trim();
  switch (kind) {
    case 'choice':
    case 'person':
      return chosen(kind, id, field, value, origin, text('<input type="text">'));
    case 'boolean': {
      const input = $('<select>').attr('id', inputId).appendTo(element);
      for (const [name, label] of [
        ['', ''],
        ['true', say('yes')],
        ['false', say('no')],
      ])
        $('<option>')
          .attr('value', name ?? '')
          .text(label ?? '')
          .appendTo(input);
      input.val(typeof value === 'boolean' ? String(value) : '');
      return { input, read: () => (typed(input) === '' ? null : typed(input) === 'true') };
    }
    case 'number': {
      const input = text('<input type="number" step="any">');
      return { input, read: () => (typed(input) === '' ? null : Number(typed(input))) };
    }
    case 'list': {
      const values = Array.isArray(value) ? value : value === null ? [] : [value];
      const input = text('<textarea>').val(values.map(shown).join('\n'));
      const named = field ? field.type === 'lookup' : typeof values[0] === 'object';
      const lines = () =>
        typed(input)
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean);
      return { input, read: () => lines().map((name) => (named ? { name } : name)) };
    }
    case 'long': {
      const input = text('<textarea>');
      const format =
        value !== null && typeof value === 'object' && 'content' in value
          ? value.format
          : field?.type === 'richtext'
            ? (field.format ?? 'text')
            : undefined;
      const content = () => String(input.val() ?? '');
      return { input, read: () => (content() === '' ? null : format ? { format, content: content() } : content()) };
    }
    default: {
      const input = text(kind === 'date' ? '<input type="date">' : '<input type="text">');
      return { input, read: () => (typed(input) === '' ? null : typed(input)) };
    }
  }
}

/** A list value or a user, from the system itself. */
function chosen(
  kind: 'choice' | 'person',
  id: string,
  field: Field | undefined,
  value: Value,
  { system, project, type }: Origin,
  input: JQuery,
): Made {
  const load = async (search: string): Promise<SearchItem<Value>[]> => {
    const found =
      kind === 'person'
        ? await users(system, { search, project })
        : await lookupValues(system, project, type, id, search);
    return found.map((each) => ({ id: each.id ?? shown(each), name: shown(each), data: each }));
  };
  const name = shown(value);
  const single = Array.isArray(value) ? null : value;
  const select = searchSelect<Value>(input, {
    load,
    remote: kind === 'person' || field?.values === undefined,
    freeText: true,
    empty: say('edit.empty'),
    ...(name !== '' && { value: { id: name, name, data: single } }),
  });
  return {
    input,
    read: () => {
      const item = select.value();
      if (!item) return null;
      return item.data ?? { name: item.name };
    },
  };
}
