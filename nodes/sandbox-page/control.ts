/** The input for one field of an item, by the field's type: converts typed text to a value and back. In the browser. */

import type { Value } from '../../lib/model/values';
import { element, fill } from './document';
import type { FormField } from './server';
import { durationValue, itemNamed, keyOf, localTime, shown } from './text';

/** One field's input. `raw` is compared to see whether it was changed. */
export interface Control {
  root: HTMLElement;
  /** the element for a label; none for a group of boxes */
  input?: HTMLElement;
  raw(): string;
  get(): Value;
  set(value: Value): void;
  wide?: boolean;
}

type TextInput = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function textControl(input: TextInput, toText: (value: Value) => string, toValue: (text: string) => Value): Control {
  return {
    root: input,
    input,
    raw: () => input.value,
    get: () => (input.value.trim() === '' ? null : toValue(input.value)),
    set: (value) => {
      input.value = value === null ? '' : toText(value);
    },
    wide: input instanceof HTMLTextAreaElement,
  };
}

function choiceControl(field: FormField): Control {
  const options = (field.values ?? []).map(({ id, name }) => ({ id: id ?? name, name }));
  const idOf = (value: Value) => (typeof value === 'object' && value !== null && 'id' in value ? (value.id ?? '') : '');
  if (!field.multi) {
    const select = element('select');
    fill(select, options, field.required && field.initial !== null ? undefined : '—');
    return textControl(select, idOf, (id) => ({ id }));
  }
  const boxes = options.map(({ id }) => element('input', { type: 'checkbox', value: id }));
  const root = element('div', { className: 'choices' });
  root.append(...boxes.map((box, at) => element('label', {}, box, options[at]?.name ?? '')));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    root,
    raw: () => chosen().join('\n'),
    get: () => (chosen().length === 0 ? null : chosen().map((id) => ({ id }))),
    set: (value) => {
      const ids = new Set(Array.isArray(value) ? value.map(idOf) : []);
      for (const box of boxes) box.checked = ids.has(box.value);
    },
  };
}

/** The input for a field of its type; a read-only field gets an output. */
export function controlFor(field: FormField): Control {
  const input = (type: string, step = '') => element('input', { type, step, autocomplete: 'off' });
  const plain = (value: Value) => shown(value);
  if (field.readOnly) {
    const output = element('output');
    const set = (value: Value) => {
      output.textContent = shown(value, field) || '—';
    };
    return { root: output, raw: () => '', get: () => null, set };
  }
  if (field.type === 'lookup' || field.type === 'user') return choiceControl(field);
  if (field.multi) {
    const isItem = field.type === 'reference';
    const line = (one: Value) => (isItem ? keyOf(one) : shown(one));
    const lines = (value: Value) => (Array.isArray(value) ? value.map(line).join('\n') : '');
    return textControl(element('textarea', { rows: isItem ? 1 : 2 }), lines, (text) => {
      const values = text.split('\n').map((one) => one.trim());
      return values.filter((one) => one !== '').map((one) => (isItem ? itemNamed(one) : one));
    });
  }
  switch (field.type) {
    case 'richtext': {
      const { format = 'text' } = field;
      return textControl(element('textarea', { rows: 7 }), plain, (content) => ({ format, content }));
    }
    case 'number':
      return textControl(input('number', field.integer ? '1' : 'any'), plain, Number);
    case 'duration':
      return textControl(
        input('text'),
        (value) => shown(value, field),
        (text) => durationValue(text.trim()),
      );
    case 'boolean': {
      const select = element('select');
      fill(
        select,
        [
          { id: 'true', name: 'Yes' },
          { id: 'false', name: 'No' },
        ],
        '—',
      );
      return textControl(select, String, (text) => text === 'true');
    }
    case 'date':
      return textControl(input('date'), plain, (text) => text);
    case 'datetime':
      return textControl(
        input('datetime-local', '1'),
        (value) => localTime(String(value)),
        (text) => new Date(text).toISOString(),
      );
    case 'reference':
      return textControl(
        input('text'),
        (value) => keyOf(value),
        (text) => itemNamed(text.trim()),
      );
    default:
      return textControl(input('text'), plain, (text) => text);
  }
}
