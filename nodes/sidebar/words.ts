/** Texts of the sidebar, and values for people to read. */

import type { Value } from '../../lib/model/values';

const CATALOG = '@twinflow/node-red-sync/twinflow-sidebar:sidebar.';

/** A text in the editor's language; variables replace `__name__` in it. Show it with `.text()`, never as HTML. */
export const say = (key: string, variables?: Record<string, unknown>): string => RED._(CATALOG + key, variables);

/** A time in local format; today's without the date. */
export function when(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString(RED.i18n.lang()) : at.toLocaleString(RED.i18n.lang());
}

export function shown(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value === 'boolean') return say(value ? 'yes' : 'no');
  if (typeof value !== 'object') return String(value);
  if ('content' in value) return value.content;
  if ('name' in value && value.name) return value.name;
  if ('key' in value && value.key) return value.key;
  if ('login' in value && value.login) return value.login;
  if ('email' in value && value.email) return value.email;
  return value.id ?? '';
}

export const button = (text: string, icon: string, onClick: () => void): JQuery =>
  $('<button type="button" class="red-ui-button red-ui-button-small">')
    .append($('<i aria-hidden="true">').addClass(`fa ${icon}`), document.createTextNode(` ${text}`))
    .on('click', onClick);
