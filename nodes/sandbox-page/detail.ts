/** The open entity of the page: only the fields that were touched are sent. In the browser. */

import type { Revision } from '../../lib/connectors/connector';
import type { Entity } from '../../lib/model/entity';
import { element, page } from './document';
import { FormRow } from './form-row';
import { hashOf, type Place } from './place';
import { ask, Fault, type FormField, type Named, type SpaceInfo } from './server';
import { cut, shown, shownTime } from './text';

/** The open entity: its form, and its history. */
export class Detail {
  private rows: FormRow[] = [];
  private version = '';
  private readonly heading = element('h2');
  private readonly about = element('p', { className: 'quiet' });
  private readonly save = element('button', { type: 'submit', className: 'main', disabled: true });
  private readonly reset = element('button', { type: 'button', textContent: 'Undo changes', disabled: true });
  private readonly state = element('span', { className: 'quiet' });
  private readonly history = element('ol', { className: 'history' });
  private entity: Entity | undefined;

  constructor(
    private readonly info: SpaceInfo,
    private readonly place: Place,
    /** called after a save, to show what it brought about */
    private readonly saved: () => Promise<void>,
  ) {
    this.state.setAttribute('role', 'status');
    this.save.textContent = place.draft ? 'Create' : 'Save';
  }

  get touched(): boolean {
    return this.rows.some((row) => row.touched);
  }

  /** Builds the form for a new entity. */
  draft(fields: FormField[]): void {
    const { project, type } = this.place.draft ?? {};
    const nameIn = (list: Named[], id?: string) => list.find((one) => one.id === id)?.name ?? '';
    this.heading.textContent = `New ${nameIn(this.info.types, type)}`;
    this.about.textContent = `in ${nameIn(this.info.projects, project)}`;
    this.build(fields.filter((field) => !field.readOnly));
    for (const row of this.rows) row.show(row.field.initial);
    this.save.disabled = false;
    this.rows[0]?.focus();
  }

  /** Shows an entity, or what is new of it. */
  show(entity: Entity, fields: FormField[], history: Revision[]): void {
    const first = this.entity === undefined;
    if (!first && entity.version === this.version) return;
    if (first) this.build(fields);
    const by = entity.updatedBy?.name ?? 'Somebody';
    for (const row of this.rows) {
      const value = entity.fields[row.field.id] ?? null;
      if (first) row.show(value);
      else row.refresh(value, by);
    }
    this.entity = entity;
    this.version = entity.version;
    const type = this.info.types.find((one) => one.id === entity.type)?.name ?? entity.type;
    const project = this.info.projects.find((one) => one.id === entity.project)?.name ?? entity.project;
    this.heading.textContent = `${type} ${entity.key}`;
    this.about.textContent = `${project} · changed by ${by}, ${shownTime(entity.updatedAt)}`;
    const createdAt = history.at(-1)?.at === entity.createdAt ? history.length - 1 : -1;
    this.history.replaceChildren(...history.map((revision, at) => this.revision(revision, at === createdAt)));
    this.update();
  }

  private build(fields: FormField[]): void {
    this.rows = fields.map((field) => new FormRow(field, () => this.typed()));
    const form = element('form', { noValidate: true });
    const grid = element('div', { className: 'fields' }, ...this.rows.map((row) => row.root));
    form.append(grid, element('div', { className: 'actions' }, this.save, this.reset, this.state));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    form.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && (event.key === 's' || event.key === 'Enter')) {
        event.preventDefault();
        if (!this.save.disabled) form.requestSubmit();
      }
    });
    this.reset.addEventListener('click', () => {
      for (const row of this.rows) {
        row.show(this.entity ? (this.entity.fields[row.field.id] ?? null) : row.field.initial);
        row.fault(undefined);
      }
      this.typed();
    });
    page.detail.replaceChildren(this.heading, this.about, form);
    if (!this.place.draft) page.detail.append(element('h3', { textContent: 'History' }), this.history);
    page.detail.scrollTop = 0;
  }

  private typed(): void {
    this.state.textContent = '';
    this.update();
  }

  private update(): void {
    const touched = this.touched;
    this.reset.disabled = !touched;
    if (!this.place.draft) this.save.disabled = !touched;
  }

  private async submit(): Promise<void> {
    const { space, id, draft } = this.place;
    const sent = this.rows.filter((row) => (draft ? row.value !== null : row.touched));
    const fields = Object.fromEntries(sent.map((row) => [row.field.id, row.value]));
    for (const row of this.rows) row.fault(undefined);
    this.save.disabled = true;
    try {
      const body = { space, user: page.person.value, fields };
      const path = draft ? 'create' : 'edit';
      const { entity } = await ask<{ entity: Entity }>(path, {}, draft ? { ...body, ...draft } : { ...body, id });
      for (const row of sent) row.show(entity.fields[row.field.id] ?? null);
      this.update();
      if (draft) {
        this.rows = [];
        location.hash = hashOf({ space, id: entity.id });
      } else this.state.textContent = 'Saved.';
      await this.saved();
    } catch (thrown) {
      this.save.disabled = false;
      this.state.textContent = thrown instanceof Error ? thrown.message : String(thrown);
      if (!(thrown instanceof Fault)) return;
      const { fields: wrong } = thrown;
      for (const row of this.rows) row.fault(Object.hasOwn(wrong, row.field.id) ? wrong[row.field.id] : undefined);
      const bad = this.rows.find((row) => Object.hasOwn(wrong, row.field.id));
      if (bad) this.state.textContent = 'Not saved: see the marked fields.';
      bad?.focus();
    }
  }

  private revision({ at, by, fields }: Revision, creation: boolean): HTMLElement {
    const changes = Object.entries(fields).flatMap(([id, change]) => {
      const field = this.rows.find((row) => row.field.id === id)?.field;
      const [old, now] = [cut(shown(change.old, field)), cut(shown(change.new, field))];
      const what = element(
        'dd',
        {},
        old === '' ? undefined : element('del', { textContent: old }),
        old && now ? ' → ' : '',
      );
      what.append(now === '' ? (old === '' ? '' : ' removed') : element('ins', { textContent: now }));
      return [element('dt', { textContent: field?.name ?? id }), what];
    });
    const who = element('strong', { textContent: by?.name ?? by?.id ?? 'Somebody' });
    const when = element('time', { dateTime: at, textContent: shownTime(at) });
    return element('li', {}, who, creation ? ' created it · ' : ' · ', when, element('dl', {}, ...changes));
  }
}
