/** One input for one target field of a parked change, by the field's type if its system declares it. */

import type { Field } from '../../lib/model/entity';
import { type InputKind, inputKind } from '../../lib/model/input-kind';
import type { Value } from '../../lib/model/values';
import { say } from './texts';
import { element, shown } from './ui';

/** What is known of a field. */
export type KnownField = Pick<Field, 'id' | 'name' | 'type' | 'multi' | 'format'> & {
  values?: { id: string; name: string }[];
};

export interface FieldInput {
  element: HTMLElement;
  input: HTMLElement;
  /** the input's value; undefined if it is unchanged */
  changed(): Value | undefined;
}

let counter = 0;

/**
 * @param value the mapped value, or the one that was entered before
 * @param why what is wrong with it
 * @returns undefined for values that cannot be typed
 */
export function fieldInput(id: string, field: KnownField | undefined, value: Value, why = ''): FieldInput | undefined {
  const kind = inputKind(field, value);
  if (!kind) return undefined;
  counter += 1;
  const { input, extra, read } = made(kind, field, value, `value-${counter}`);
  input.id = `input-${counter}`;
  const box = element('div', { className: 'input' }, element('label', { htmlFor: input.id }, field?.name ?? id), input);
  if (extra) box.append(extra);
  if (why !== '') {
    const note = element('div', { className: 'small bad-text', id: `${input.id}-why` }, why);
    input.setAttribute('aria-describedby', note.id);
    input.setAttribute('aria-invalid', 'true');
    box.append(note);
  }
  const before = JSON.stringify(read());
  return {
    ...{ element: box, input },
    changed: () => {
      const now = read();
      return JSON.stringify(now) === before ? undefined : now;
    },
  };
}

interface Made {
  input: HTMLElement;
  extra?: HTMLElement;
  read: () => Value;
}

function made(kind: InputKind, field: KnownField | undefined, value: Value, listId: string): Made {
  switch (kind) {
    case 'boolean': {
      const input = element('select');
      for (const [name, label] of [
        ['', ''],
        ['true', say('yes')],
        ['false', say('no')],
      ] as const)
        input.append(element('option', { value: name }, label));
      input.value = typeof value === 'boolean' ? String(value) : '';
      return { input, read: () => (input.value === '' ? null : input.value === 'true') };
    }
    case 'number': {
      const input = element('input', { type: 'number', step: 'any', value: shown(value) });
      return { input, read: () => (input.value === '' ? null : Number(input.value)) };
    }
    case 'list': {
      const values = Array.isArray(value) ? value : value === null ? [] : [value];
      const input = element('textarea', { rows: 4, value: values.map((one) => shown(one)).join('\n') });
      const isNamed = field ? field.type === 'lookup' : typeof values[0] === 'object';
      const lines = () =>
        input.value
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '');
      return { input, read: () => lines().map((name) => (isNamed ? named(field, name) : name)) };
    }
    case 'long': {
      const input = element('textarea', { rows: 8, value: shown(value) });
      const isRich = value !== null && typeof value === 'object' && 'content' in value;
      const format = isRich ? value.format : field?.type === 'richtext' ? (field.format ?? 'text') : undefined;
      const read = (): Value => {
        const content = input.value;
        if (content === '') return null;
        return format ? { format, content } : content;
      };
      return { input, read };
    }
    case 'choice':
    case 'person': {
      const input = element('input', { type: 'text', value: shown(value) });
      const read = (): Value => {
        const name = input.value.trim();
        if (name === '') return null;
        return name === shown(value) && !Array.isArray(value) ? value : named(field, name);
      };
      if (!field?.values) return { input, read };
      input.setAttribute('list', listId);
      const list = element(
        'datalist',
        { id: listId },
        ...field.values.map(({ name }) => element('option', { value: name })),
      );
      return { input, extra: list, read };
    }
    case 'date':
    case 'text': {
      const input = element('input', { type: kind === 'date' ? 'date' : 'text', value: shown(value) });
      return { input, read: () => (input.value.trim() === '' ? null : input.value.trim()) };
    }
  }
}

/** The list's own value with this name, else only the name: the system looks it up. */
const named = (field: KnownField | undefined, name: string): { id?: string; name: string } =>
  field?.values?.find((one) => one.name === name) ?? { name };
