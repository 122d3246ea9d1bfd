/** Small parts that the views are made of. */

import type { Value } from '../../lib/model/values';
import { type Child, element } from '../shared/page/element';
import { say } from './texts';

export { element };

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

/** @param about what it acts on, for those who do not see what is beside it */
export function button(text: string, about: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, text);
  if (about !== '') made.setAttribute('aria-label', `${text}: ${about}`);
  made.addEventListener('click', onClick);
  return made;
}

export const chip = (text: string, tone: Tone): HTMLElement => element('span', { className: `chip ${tone}` }, text);

const isWeb = (url: string): boolean => /^https?:\/\//i.test(url) || /^\/(?!\/)/.test(url);

/** A link to an entity in its own system; only its text if there is no web address. */
export function linked(text: string, url: string | undefined): HTMLElement {
  if (url === undefined || !isWeb(url)) return element('span', {}, text);
  return element('a', { href: url, target: '_blank', rel: 'noreferrer noopener' }, text);
}

/** A value as people read it. */
export function shown(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => shown(one)).join(', ');
  if (typeof value === 'boolean') return say(value ? 'yes' : 'no');
  if (typeof value !== 'object') return String(value);
  if ('content' in value) return value.content;
  for (const name of ['name', 'key', 'login', 'email', 'id']) {
    const part: unknown = Reflect.get(value, name);
    if (typeof part === 'string' && part !== '') return part;
  }
  return '';
}

/** A cell's text, in a box that scrolls if it is long. */
export const valueBox = (value: Value | undefined): HTMLElement => {
  const text = shown(value);
  const box = element('span', { className: 'text' }, text);
  if (text.length < 400) return box;
  box.classList.add('cut');
  box.tabIndex = 0;
  return box;
};

/** A table with a head. @param label says what is in it */
export function table(label: string, heads: string[], rows: Child[][]): HTMLElement {
  const head = element('thead', {}, element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text))));
  const body = element(
    'tbody',
    {},
    ...rows.map(([first, ...cells]) =>
      element('tr', {}, element('th', { scope: 'row' }, first), ...cells.map((cell) => element('td', {}, cell))),
    ),
  );
  const made = element('table', {}, head, body);
  made.setAttribute('aria-label', label);
  const around = element('div', { className: 'scroll', tabIndex: 0 }, made);
  around.setAttribute('role', 'region');
  around.setAttribute('aria-label', label);
  return around;
}

/** Draws something again; what has the focus has it afterwards, too, if it is still there (`data-focus`). */
export function keepFocus(part: HTMLElement, draw: () => void): void {
  const before = document.activeElement;
  const name = before instanceof HTMLElement && part.contains(before) ? before.dataset.focus : undefined;
  draw();
  if (name === undefined || before?.isConnected) return;
  for (const one of part.querySelectorAll<HTMLElement>('[data-focus]')) if (one.dataset.focus === name) one.focus();
}

/** Opens and closes what it controls, which is made when it is opened first. */
export function toggle(text: string, about: string, body: HTMLElement, open: () => void): HTMLButtonElement {
  const made = button(text, about, () => {
    body.hidden = !body.hidden;
    made.setAttribute('aria-expanded', String(!body.hidden));
    if (!body.hidden) open();
  });
  body.id ||= `part-${Math.random().toString(36).slice(2)}`;
  body.hidden = true;
  made.setAttribute('aria-expanded', 'false');
  made.setAttribute('aria-controls', body.id);
  return made;
}

/** Asks for a text before something is done. Enter does it, Escape leaves. */
export function askText(
  into: HTMLElement,
  { hint, label, ok }: { hint: string; label: string; ok: string },
  act: (text: string) => void,
): void {
  const input = element('input', { type: 'text', className: 'wide', maxLength: 1000 });
  const leave = (): void => into.replaceChildren();
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') act(input.value);
    if (key === 'Escape') leave();
  });
  into.replaceChildren(
    element('p', { className: 'small quiet' }, hint),
    element(
      'div',
      { className: 'bar' },
      element('label', {}, label, input),
      button(ok, '', () => act(input.value)),
      button(say('cancel'), '', leave),
    ),
  );
  input.focus();
}

/** Chooses one of the integrations; the choice stays while it exists. */
export class IntegrationChoice {
  readonly select = element('select');
  readonly element = element('label', {}, say('integration'), this.select);
  private drawn = '';

  constructor(onChange: () => void) {
    this.select.addEventListener('change', onChange);
  }

  get value(): string {
    return this.select.value;
  }

  /** @param wanted the one to choose, if it exists */
  update(all: readonly { id: string; name: string }[], wanted?: string): void {
    const chosen = wanted ?? this.value;
    const drawn = JSON.stringify(all.map(({ id, name }) => [id, name]));
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.select.replaceChildren(...all.map(({ id, name }) => element('option', { value: id }, name)));
    }
    if (all.some(({ id }) => id === chosen)) this.select.value = chosen;
  }
}

/** A node's form in the editor, in a new tab; with a row, the form shows it (nodes/editor/wanted-row.ts). */
export function editorLink(text: string, node: string, row?: number): HTMLAnchorElement {
  const href = `../#node/${encodeURIComponent(node)}/edit`;
  const link = element('a', { className: 'button', href, target: '_blank', rel: 'noopener' }, `${text} ↗`);
  link.addEventListener('click', () => {
    if (row === undefined) return;
    try {
      localStorage.setItem('twinflow-row', JSON.stringify({ node, row, at: Date.now() }));
    } catch {
      // the form opens without showing the row
    }
  });
  return link;
}
