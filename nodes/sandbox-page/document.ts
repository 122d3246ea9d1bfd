/** The page's document in the browser: its fixed parts, and new ones. Texts get in as text only, never as markup. */

import type { Named } from './server';

type Child = Node | string | undefined;

/** An element with properties and children; strings become text. */
export function element<T extends keyof HTMLElementTagNameMap>(
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

/** The page's fixed parts. */
export const page = {
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

/** Options of a choice; what was chosen stays so, if it is still among them. */
export function fill(select: HTMLSelectElement, options: Named[], first?: string): void {
  const before = select.value;
  const all = first === undefined ? options : [{ id: '', name: first }, ...options];
  select.replaceChildren(...all.map(({ id, name }) => element('option', { value: id, textContent: name })));
  if (all.some(({ id }) => id === before)) select.value = before;
}

/** The line on top that says what is wrong; an empty text hides it. */
export function notice(text: string): void {
  page.notice.textContent = text;
  page.notice.hidden = text === '';
}
