/**
 * The sandbox's page in the browser. Texts get into the document as text only, never as markup. What somebody is typing
 * stays as it is when the entity changes meanwhile; only the fields that were touched are sent.
 */

import type { Revision } from '../../lib/connectors/connector';
import type { Entity, Field } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import { hashOf, type Place, placeOf } from './place';
import { cut, durationValue, keyOf, localTime, shown, shownTime } from './text';

type FormField = Field & { initial: Value };
type Named = { id: string; name: string };

interface SpaceInfo {
  name: string;
  label: string;
  people: (Named & { login: string })[];
  projects: Named[];
  types: Named[];
}
interface Row {
  id: string;
  key: string;
  type: string;
  title: string;
  version: string;
  updatedAt: string;
  updatedBy?: string;
}

const REFRESH_MS = 2000;
const PAGE = 50;

// ---------------------------------------------------------------- document

type Child = Node | string | undefined;

/** An element with properties and children; strings become text. */
function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is missing`);
  return found;
}

const page = {
  spaces: byId('spaces', HTMLElement),
  person: byId('person', HTMLSelectElement),
  notice: byId('notice', HTMLElement),
  search: byId('search', HTMLInputElement),
  type: byId('type', HTMLSelectElement),
  project: byId('project', HTMLSelectElement),
  create: byId('create', HTMLFormElement),
  newProject: byId('new-project', HTMLSelectElement),
  newType: byId('new-type', HTMLSelectElement),
  list: byId('list', HTMLOListElement),
  more: byId('more', HTMLButtonElement),
  count: byId('count', HTMLElement),
  detail: byId('detail', HTMLElement),
};

function fill(select: HTMLSelectElement, options: Named[], first?: string): void {
  const before = select.value;
  const all = first === undefined ? options : [{ id: '', name: first }, ...options];
  select.replaceChildren(...all.map(({ id, name }) => element('option', { value: id, textContent: name })));
  if (all.some(({ id }) => id === before)) select.value = before;
}

function notice(text: string): void {
  page.notice.textContent = text;
  page.notice.hidden = text === '';
}

// ---------------------------------------------------------------- server

class Fault extends Error {
  constructor(
    message: string,
    readonly fields: Record<string, string>,
  ) {
    super(message);
  }
}

/** The token that Node-RED's editor keeps after a login, under a name that depends on the admin root. */
function token(): string | undefined {
  const root = location.pathname.replace(/\/twinflow\/sandbox\/.*$/, '');
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(`auth-tokens${root.replace(/\//g, '-')}`) ?? 'null');
    if (typeof stored === 'object' && stored !== null && 'access_token' in stored) return String(stored.access_token);
  } catch {
    // storage forbidden or filled by somebody else: ask without a token
  }
  return undefined;
}

async function ask<T>(path: string, query: Record<string, string>, body?: object): Promise<T> {
  const headers: Record<string, string> = {};
  const bearer = token();
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(`api/${path}?${new URLSearchParams(query)}`, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Fault('Node-RED does not answer. Trying again …', {});
  }
  if (response.status === 401 || response.status === 403) {
    throw new Fault('Log in to the Node-RED editor in this browser with a user who may do this, then come back.', {});
  }
  const answer: { error?: { message: string; fields?: Record<string, string> } } = await response
    .json()
    .catch(() => ({}));
  if (!response.ok) {
    throw new Fault(answer.error?.message ?? `Node-RED answered ${response.status}.`, answer.error?.fields ?? {});
  }
  return answer as T;
}

// ---------------------------------------------------------------- inputs

/** One field's input. `raw` is compared to see whether it was touched. */
interface Control {
  root: HTMLElement;
  /** what a label belongs to; none for a group of boxes */
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

function controlFor(field: FormField): Control {
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
    const lines = (value: Value) => (Array.isArray(value) ? value.map((one) => shown(one)).join('\n') : '');
    return textControl(element('textarea', { rows: 2 }), lines, (text) => {
      const values = text.split('\n').map((line) => line.trim());
      return values.filter((line) => line !== '');
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
        (text) => {
          const key = text.trim();
          return /^\d+$/.test(key) ? { id: key } : { id: '', key };
        },
      );
    default:
      return textControl(input('text'), plain, (text) => text);
  }
}

const HINTS: Partial<Record<Field['type'], string>> = {
  duration: 'such as 1h 30m',
  reference: 'key of an entity',
  datetime: 'your time zone',
};

/** A field of the form with label, input and what is wrong with it. */
class FormRow {
  readonly root: HTMLElement;
  private readonly control: Control;
  private readonly error: HTMLElement;
  private readonly meanwhile: HTMLElement;
  private original = '';

  constructor(
    readonly field: FormField,
    changed: () => void,
  ) {
    this.control = controlFor(field);
    const id = `field-${field.id}`;
    const hint = field.multi && field.type === 'text' ? 'one per line' : HINTS[field.type];
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
    this.root.append(label, this.control.root, this.error, this.meanwhile);
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

  /** Shows a value, whatever was typed. */
  show(value: Value): void {
    this.control.set(value);
    this.original = this.control.raw();
    this.root.classList.remove('touched');
    this.meanwhile.hidden = true;
  }

  /** Shows a newer value, unless somebody has typed another: then it is only told. */
  refresh(value: Value, by: string): void {
    if (!this.touched) {
      const active = document.activeElement;
      if (this.control.input && active === this.control.input) {
        // setting a value moves the caret: only when there is something new
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

// ---------------------------------------------------------------- the open entity

class Detail {
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
      await refresh();
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

// ---------------------------------------------------------------- the page as a whole

let place: Place | undefined;
let info: SpaceInfo | undefined;
let detail: Detail | undefined;
let limit = PAGE;

const nothing = (text: string) => page.detail.replaceChildren(element('p', { className: 'quiet', textContent: text }));

async function showSpaces(): Promise<void> {
  const { spaces } = await ask<{ spaces: { name: string; label: string }[] }>('spaces', {});
  const links = spaces.map(({ name, label }) => {
    const link = element('a', { href: hashOf({ space: name }) }, name, ' ', element('small', { textContent: label }));
    if (name === place?.space) link.setAttribute('aria-current', 'true');
    return link;
  });
  replaceIfNew(page.spaces, links);
  const [only] = spaces;
  if (!place && only) location.replace(hashOf({ space: only.name }));
  if (!only)
    nothing('There is no sandbox yet. Deploy a system of the kind “Sandbox”: it is created when it is first used.');
}

/** Replaces children where they differ, so that a refresh neither flickers nor takes the focus away. */
function replaceIfNew(parent: HTMLElement, children: HTMLElement[]): void {
  const same =
    parent.children.length === children.length && children.every((one, at) => parent.children[at]?.isEqualNode(one));
  if (same) return;
  const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.hash : '';
  const within = parent.contains(document.activeElement);
  parent.replaceChildren(...children);
  if (within && focused) [...parent.querySelectorAll('a')].find((link) => link.hash === focused)?.focus();
}

async function showList(): Promise<void> {
  if (!place || !info) return;
  const { space, id } = place;
  const query = {
    space,
    search: page.search.value,
    type: page.type.value,
    project: page.project.value,
    limit: String(limit),
  };
  const { total, entities } = await ask<{ total: number; entities: Row[] }>('entities', query);
  if (place?.space !== space) return;
  const types = new Map(info.types.map((type) => [type.id, type.name]));
  const items = entities.map((row) => {
    const link = element('a', { href: hashOf({ space, id: row.id }) });
    if (row.id === id) link.setAttribute('aria-current', 'true');
    const title = element('span', { className: 'title', title: row.title });
    title.append(element('span', { className: 'key', textContent: row.key }), ` ${row.title}`);
    const meta = element('span', { className: 'meta' });
    meta.append(
      element('span', { textContent: types.get(row.type) ?? row.type }),
      element('span', { textContent: `${row.updatedBy ?? ''} · ${shownTime(row.updatedAt)}` }),
    );
    link.append(title, meta);
    return element('li', {}, link);
  });
  replaceIfNew(page.list, items);
  page.more.hidden = entities.length >= total;
  const count = total === entities.length ? `${total} found` : `${entities.length} of ${total}`;
  if (page.count.textContent !== count) page.count.textContent = count;
}

async function showEntity(): Promise<void> {
  if (!place || !info) return;
  const { space, id, draft } = place;
  if (draft) {
    if (detail) return;
    const { fields } = await ask<{ fields: FormField[] }>('fields', { space, ...draft });
    detail = new Detail(info, place);
    detail.draft(fields);
  } else if (id === undefined) nothing('Choose an entity on the left, or make a new one.');
  else {
    const asked = place;
    const answer = await ask<{ entity: Entity; fields: FormField[]; history: Revision[] }>('entity', { space, id });
    if (place !== asked) return;
    detail ??= new Detail(info, place);
    detail.show(answer.entity, answer.fields, answer.history);
  }
}

let running: Promise<void> | undefined;

/** Brings everything up to date; at most one at a time. */
async function refresh(): Promise<void> {
  await running;
  running = (async () => {
    try {
      await showSpaces();
      await showList();
      await showEntity();
      notice('');
    } catch (thrown) {
      notice(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      running = undefined;
    }
  })();
  await running;
}

let leaving = false;

async function go(): Promise<void> {
  const next = placeOf(location.hash);
  if (leaving) {
    leaving = false;
    return;
  }
  if (detail?.touched && place && !window.confirm('Discard what you have typed?')) {
    leaving = true;
    location.hash = hashOf(place);
    return;
  }
  const other = next?.space !== place?.space;
  place = next;
  detail = undefined;
  if (other) {
    info = undefined;
    limit = PAGE;
  }
  try {
    if (place && !info) {
      info = await ask<SpaceInfo>('space', { space: place.space });
      fill(page.person, info.people);
      if (other && !page.person.value) page.person.selectedIndex = 0;
      fill(page.type, info.types, 'All types');
      fill(page.project, info.projects, 'All projects');
      fill(page.newProject, info.projects);
      fill(page.newType, info.types);
    }
  } catch (thrown) {
    nothing('');
    await refresh();
    notice(thrown instanceof Error ? thrown.message : String(thrown));
    return;
  }
  document.title = place ? `${place.space} · Twinflow sandbox` : 'Twinflow sandbox';
  await refresh();
}

window.addEventListener('hashchange', () => void go());
window.addEventListener('beforeunload', (event) => {
  if (detail?.touched) event.preventDefault();
});
for (const input of [page.search, page.type, page.project]) {
  input.addEventListener('input', () => {
    limit = PAGE;
    void refresh();
  });
}
page.more.addEventListener('click', () => {
  limit += PAGE;
  void refresh();
});
page.create.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!place) return;
  const draft = { project: page.newProject.value, type: page.newType.value };
  location.hash = hashOf({ space: place.space, draft });
});
page.list.addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links = [...page.list.querySelectorAll('a')];
  const at = links.findIndex((link) => link.matches(':focus'));
  links[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
  event.preventDefault();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
setInterval(() => {
  if (!document.hidden && !running) void refresh();
}, REFRESH_MS);
void go();
