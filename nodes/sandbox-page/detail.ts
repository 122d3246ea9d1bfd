/** The open item of the page: only changed fields are sent. In the browser. */

import type { Revision } from '../../lib/connectors/connector';
import type { Entity } from '../../lib/model/entity';
import { Attachments } from './attachments';
import { Comments } from './comments';
import { element, page } from './document';
import { FormRow } from './form-row';
import { hashOf, type Place } from './place';
import { type Around, richNodes } from './rich';
import { ask, type EntityAnswer, Fault, type FormField, type Named, type SpaceInfo } from './server';
import { cut, shown, shownTime } from './text';

/** The open item: its form, its attachments and comments, and its history. */
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
  private comments: Comments | undefined;
  private files: Attachments | undefined;

  constructor(
    private readonly info: SpaceInfo,
    private readonly place: Place,
    /** called after a save, to show the result */
    private readonly saved: () => Promise<void>,
  ) {
    this.state.setAttribute('role', 'status');
    this.save.textContent = place.draft ? 'Create' : 'Save';
  }

  /** What texts of the item refer to. */
  private readonly around: Around = {
    person: (id) => this.info.people.find((one) => one.id === id || one.login === id)?.name,
    picture: (name, into) => this.files?.picture(name, into) ?? false,
  };

  get touched(): boolean {
    return this.fieldsTouched || (this.comments?.touched ?? false);
  }

  private get fieldsTouched(): boolean {
    return this.rows.some((row) => row.touched);
  }

  /** Builds the form for a new item. */
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

  /** Shows an item, or its changes. */
  show({ entity, trees, fields, history, comments, files }: EntityAnswer): void {
    const first = this.entity === undefined;
    if (first) {
      if (files) this.files = new Attachments(this.place, this.saved);
      if (comments) this.comments = new Comments(this.place, entity.project, comments, this.around, this.saved);
      this.build(fields);
    }
    // a comment or attachment does not always change its item's version
    if (files) this.files?.show(files);
    if (comments) this.comments?.show(comments);
    if (!first && entity.version === this.version) return;
    const by = entity.updatedBy?.name ?? 'Somebody';
    for (const row of this.rows) {
      const value = entity.fields[row.field.id] ?? null;
      if (first) row.show(value);
      else row.refresh(value, by);
      const tree = trees[row.field.id];
      row.render(tree ? richNodes(tree, this.around) : []);
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
    if (this.files) page.detail.append(this.files.root);
    if (this.comments) page.detail.append(this.comments.root);
    if (!this.place.draft) page.detail.append(element('h3', { textContent: 'History' }), this.history);
    page.detail.scrollTop = 0;
  }

  private typed(): void {
    this.state.textContent = '';
    this.update();
  }

  private update(): void {
    const touched = this.fieldsTouched;
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
    const deed = creation ? ' created it · ' : changes.length === 0 ? ' changed comments or attachments · ' : ' · ';
    return element('li', {}, who, deed, when, element('dl', {}, ...changes));
  }
}
