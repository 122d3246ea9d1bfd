/** The page's document in the browser: its fixed parts, and new ones. Texts are added as text only, never as markup. */

import { byId, element } from '../shared/page/element';
import type { Named } from './server';

export { element };

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

/** Options of a select element; the selection stays if it still exists. */
export function fill(select: HTMLSelectElement, options: Named[], first?: string): void {
  const before = select.value;
  const all = first === undefined ? options : [{ id: '', name: first }, ...options];
  select.replaceChildren(...all.map(({ id, name }) => element('option', { value: id, textContent: name })));
  if (all.some(({ id }) => id === before)) select.value = before;
}

/** The error line at the top; an empty text hides it. */
export function notice(text: string): void {
  page.notice.textContent = text;
  page.notice.hidden = text === '';
}
