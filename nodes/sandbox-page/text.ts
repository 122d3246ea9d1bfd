/** Values as users read and type them on the sandbox's page. Pure, so it is tested without a browser. */

import type { Field } from '../../lib/model/entity';
import type { ReferenceValue, Value } from '../../lib/model/values';

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
export const shownTime = (iso: string): string => (Number.isNaN(Date.parse(iso)) ? iso : time.format(new Date(iso)));

export function shown(value: Value | undefined, field?: Field): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => shown(one, field)).join(', ');
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return field?.type === 'duration' ? durationText(value) : String(value);
  if (typeof value === 'string') return field?.type === 'datetime' ? shownTime(value) : value;
  if ('content' in value) return value.content;
  if ('name' in value && value.name) return value.name;
  if ('key' in value && value.key) return value.key;
  return value.id ?? '';
}

export const cut = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** 5400 → "1h 30m". */
export function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .map(([count, unit]) => (count ? `${count}${unit}` : ''))
      .filter(Boolean)
      .join(' ') || '0m'
  );
}

/** "1h 30m" → 5400; a plain number counts as hours. Invalid text is sent unchanged, and the server reports it. */
export function durationValue(text: string): Value {
  if (/^\d+([.,]\d+)?$/.test(text)) return Math.round(Number(text.replace(',', '.')) * 3600);
  const match = /^(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?$/i.exec(text);
  if (!match) return text;
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}

/** ISO 8601 in UTC → content of a datetime-local input, in the browser's zone. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The typed text for another item: its key. */
export function keyOf(value: Value): string {
  return typeof value === 'object' && value !== null && 'key' in value ? (value.key ?? value.id ?? '') : '';
}

/** Another item by its key or number. */
export const itemNamed = (key: string): ReferenceValue => (/^\d+$/.test(key) ? { id: key } : { id: '', key });

/** 1234567 → "1.2 MB". */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Math.round(size * 10) / 10} ${units[unit]}`;
}
