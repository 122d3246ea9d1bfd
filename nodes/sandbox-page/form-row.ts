/**
 * One field in the form of the open item. Text that is being typed stays when the item changes meanwhile. In the
 * browser.
 */

import type { Field } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import { type Control, controlFor } from './control';
import { element } from './document';
import type { FormField } from './server';
import { cut, shown } from './text';

const HINTS: Partial<Record<Field['type'], string>> = {
  duration: 'such as 1h 30m',
  reference: 'key of an item',
  datetime: 'your time zone',
};

function hintFor({ type, multi }: Field): string | undefined {
  if (type === 'reference' && multi) return 'keys, one per line';
  return multi && type === 'text' ? 'one per line' : HINTS[type];
}

/** A field of the form with label, input and error. */
export class FormRow {
  readonly root: HTMLElement;
  private readonly control: Control;
  private readonly error: HTMLElement;
  private readonly meanwhile: HTMLElement;
  private readonly looks = element('div', { className: 'rich looks', hidden: true });
  private original = '';

  constructor(
    readonly field: FormField,
    changed: () => void,
    /** prefix of the ids in this form, unique in the page */
    prefix = 'field',
  ) {
    this.control = controlFor(field);
    const id = `${prefix}-${field.id}`;
    const hint = hintFor(field);
    const format = field.type === 'richtext' ? field.format : undefined;
    const note = field.readOnly ? undefined : (hint ?? format);
    const label = this.control.input ? element('label', { htmlFor: id }) : element('span', { className: 'label' });
    label.append(field.name, field.required && !field.readOnly ? ' *' : '');
    if (note) label.append(element('span', { className: 'hint', textContent: ` (${note})` }));
    this.error = element('p', { className: 'bad', id: `${id}-error`, hidden: true });
    this.meanwhile = element('p', { className: 'meanwhile', hidden: true });
    this.root = element('div', {
      className: this.control.wide || (field.type === 'text' && field.required) ? 'field wide' : 'field',
    });
    this.root.append(label, this.control.root, this.looks, this.error, this.meanwhile);
    const target = this.control.input ?? this.control.root;
    if (this.control.input) target.id = id;
    else {
      label.id = `${id}-label`;
      target.setAttribute('role', field.readOnly ? 'note' : 'group');
      target.setAttribute('aria-labelledby', label.id);
    }
    target.setAttribute('aria-describedby', this.error.id);
    this.root.addEventListener('input', () => {
      this.root.classList.toggle('touched', this.touched);
      this.fault(undefined);
      changed();
    });
  }

  get touched(): boolean {
    return !this.field.readOnly && this.control.raw() !== this.original;
  }

  get value(): Value {
    return this.control.get();
  }

  /** Shows a formatted text as it is meant, below what is typed. */
  render(nodes: readonly Node[]): void {
    this.looks.replaceChildren(...nodes);
    this.looks.hidden = nodes.length === 0;
  }

  /** Shows a value and replaces anything typed. */
  show(value: Value): void {
    this.control.set(value);
    this.original = this.control.raw();
    this.root.classList.remove('touched');
    this.meanwhile.hidden = true;
  }

  /** Shows a newer value; if somebody has typed another one, it is only reported. */
  refresh(value: Value, by: string): void {
    if (!this.touched) {
      const active = document.activeElement;
      if (this.control.input && active === this.control.input) {
        // setting a value moves the caret, so it is set only if it has changed
        const before = this.control.raw();
        this.control.set(value);
        if (this.control.raw() === before) return;
      }
      this.show(value);
      return;
    }
    const typed = this.control.get();
    const raw = this.control.raw();
    this.control.set(value);
    const now = this.control.raw();
    this.control.set(typed);
    if (this.control.raw() !== raw && this.control.input && 'value' in this.control.input) {
      this.control.input.value = raw;
    }
    if (now === this.original) return;
    this.original = now;
    this.meanwhile.textContent = `${by} has meanwhile changed this to: ${cut(shown(value, this.field)) || '(empty)'}`;
    this.meanwhile.hidden = false;
    this.root.classList.toggle('touched', this.touched);
  }

  fault(text: string | undefined): void {
    this.error.textContent = text ?? '';
    this.error.hidden = text === undefined;
    const target = this.control.input ?? this.control.root;
    target.setAttribute('aria-invalid', String(text !== undefined));
  }

  focus(): void {
    (this.control.input ?? this.control.root.querySelector('input'))?.focus();
  }
}
