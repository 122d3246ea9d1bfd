/** The form for writing or editing a comment. In the browser. */

import type { Entity } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { element } from './document';
import { FormRow } from './form-row';
import { Fault, type FormField } from './server';

export interface CommentActions {
  /** @throws Fault */
  send(fields: Fields): Promise<void>;
  /** absent: the form stays open */
  cancel?(): void;
}

export class CommentForm {
  readonly root = element('form', { noValidate: true, className: 'comment-form' });
  private readonly rows: FormRow[];
  private readonly save: HTMLButtonElement;
  private readonly state = element('span', { className: 'quiet' });

  /** @param look `name` is the prefix of its inputs' ids, unique among all forms */
  constructor(
    fields: FormField[],
    { name, label, verb }: { name: string; label: string; verb: string },
    private readonly actions: CommentActions,
  ) {
    this.root.setAttribute('aria-label', label);
    this.state.setAttribute('role', 'status');
    this.save = element('button', { type: 'submit', textContent: verb, className: 'main' });
    const writable = fields.filter((field) => !field.readOnly);
    this.rows = writable.map((field) => new FormRow(field, () => this.typed(), name));
    const buttons = element('div', { className: 'buttons' }, this.save);
    const { cancel } = actions;
    if (cancel) {
      const button = element('button', { type: 'button', textContent: 'Cancel' });
      button.addEventListener('click', cancel);
      buttons.append(button);
    }
    buttons.append(this.state);
    this.root.append(element('div', { className: 'fields' }, ...this.rows.map(({ root }) => root)), buttons);
    this.root.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.root.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && (event.key === 's' || event.key === 'Enter')) {
        event.preventDefault();
        if (!this.save.disabled) this.root.requestSubmit();
      } else if (event.key === 'Escape' && cancel) cancel();
    });
  }

  get touched(): boolean {
    return this.rows.some((row) => row.touched);
  }

  /** Shows a comment and replaces anything typed; undefined = a new one. */
  show(comment: Entity | undefined): void {
    for (const row of this.rows) {
      row.show(comment ? (comment.fields[row.field.id] ?? null) : row.field.initial);
      row.fault(undefined);
    }
    this.typed();
  }

  /** Shows a newer state, unless somebody has typed something else. */
  refresh(comment: Entity, by: string): void {
    for (const row of this.rows) row.refresh(comment.fields[row.field.id] ?? null, by);
    this.save.disabled = !this.touched;
  }

  focus(): void {
    this.rows[0]?.focus();
  }

  private typed(): void {
    this.state.textContent = '';
    this.save.disabled = !this.touched;
  }

  private async submit(): Promise<void> {
    const sent = this.actions.cancel ? this.rows.filter((row) => row.touched) : this.rows;
    this.save.disabled = true;
    try {
      await this.actions.send(Object.fromEntries(sent.map((row) => [row.field.id, row.value])));
    } catch (thrown) {
      this.save.disabled = false;
      this.state.textContent = thrown instanceof Error ? thrown.message : String(thrown);
      if (!(thrown instanceof Fault)) return;
      for (const row of this.rows)
        row.fault(Object.hasOwn(thrown.fields, row.field.id) ? thrown.fields[row.field.id] : undefined);
      this.rows.find((row) => Object.hasOwn(thrown.fields, row.field.id))?.focus();
    }
  }
}
