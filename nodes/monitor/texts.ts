/** The page's texts in the language of the editor, and times for people to read. */

import de from './locales/de/monitor.json';
import en from './locales/en-US/monitor.json';

interface Catalog {
  [key: string]: string | Catalog;
}

const CATALOGS: Record<string, Catalog> = { en, de };

/** The language that was chosen in the editor, else that of the browser. */
export function language(): string {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('editor-language');
  } catch {
    // storage is forbidden
  }
  const wanted = [...(chosen ? [chosen] : []), ...navigator.languages];
  return wanted.find((name) => Object.hasOwn(CATALOGS, name.slice(0, 2))) ?? 'en-US';
}

const lang = language();
const catalog: Catalog = CATALOGS[lang.slice(0, 2)] ?? en;

function find(key: string): string | undefined {
  let at: string | Catalog | undefined = catalog;
  for (const part of key.split('.')) at = typeof at === 'object' ? at[part] : undefined;
  return typeof at === 'string' ? at : undefined;
}

/** A text; variables replace `__name__`. With `count` 1, the text with `_one` at the end of its key, if there is one. */
export function say(key: string, variables: Record<string, string | number> = {}): string {
  const text = (variables.count === 1 ? find(`${key}_one`) : undefined) ?? find(key) ?? key;
  return text.replace(/__(\w+?)__/g, (whole, name: string) => {
    const value = variables[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? value.toLocaleString(lang) : value;
  });
}

/** True if there is a text. */
export const has = (key: string): boolean => find(key) !== undefined;

/** A time in local format; today's without the date. */
export function when(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString(lang) : at.toLocaleString(lang);
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A span of time in its two largest units: "2 hr 5 min". @param ms milliseconds */
export function lasting(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count === 0 && !(unit === 'second' && parts.length === 0)) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'short' }).format(count));
    left -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
