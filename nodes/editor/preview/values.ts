/** Values for people to read, and the differences between two of them. Pure, so it is tested without an editor. */

import { diffComm } from 'node-diff3';
import type { FieldType, SingleValue, Value } from '../../../lib/model/values';
import { parseAdf } from '../../../lib/richtext/adf/parse';
import { Losses } from '../../../lib/richtext/losses';
import { renderText } from '../../../lib/richtext/text';

/** Words in the page's language. */
export interface ValueWords {
  yes: string;
  no: string;
  /** ISO 8601 → local date format */
  time: (iso: string) => string;
}

const SECONDS_PER_HOUR = 3_600;

function duration(seconds: number): string {
  const hours = Math.floor(Math.abs(seconds) / SECONDS_PER_HOUR);
  const minutes = Math.round((Math.abs(seconds) % SECONDS_PER_HOUR) / 60);
  const parts = [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : ''].filter((part) => part !== '');
  return `${seconds < 0 ? '−' : ''}${parts.join(' ') || '0 h'}`;
}

function named(value: Exclude<SingleValue, string | number | boolean>): string {
  const parts = new Map<string, unknown>(Object.entries(value));
  const word = (part: string): string => {
    const found = parts.get(part);
    return typeof found === 'string' ? found : '';
  };
  if (parts.has('content')) return word('format') === 'adf' ? documentText(word('content')) : word('content');
  const name = word('name') || word('key') || word('login');
  const email = word('email');
  if (name !== '' && email !== '') return `${name} (${email})`;
  return name || email || word('id') || JSON.stringify(value);
}

/** The Atlassian document format is unreadable JSON: returns its text without formatting. */
function documentText(content: string): string {
  try {
    return renderText(parseAdf(content), new Losses()).trim();
  } catch {
    return content;
  }
}

/** One value as text; '' if there is none. Accepts any JSON. */
export function valueText(value: Value | undefined, type: FieldType | undefined, words: ValueWords): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => valueText(item, type, words)).join(', ');
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return type === 'duration' ? duration(value) : String(value);
  if (typeof value === 'string') return type === 'datetime' ? words.time(value) : value;
  return named(value);
}

/** A part of a text that is in both versions, or only in the earlier or later one. */
export interface Stretch {
  is: 'same' | 'removed' | 'added';
  text: string;
}

/** The comparison takes quadratic time in the number of parts. */
const MOST_PIECES = 1_500;

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];
const wordsOf = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** The parts to remove and to insert, by words, or by lines if there are many. */
export function differences(before: string, after: string): Stretch[] {
  const split = [wordsOf, linesOf].find((cut) => cut(before).length + cut(after).length <= MOST_PIECES);
  if (split === undefined) {
    return [
      { is: 'removed', text: before },
      { is: 'added', text: after },
    ];
  }
  return diffComm(split(before), split(after)).flatMap((part): Stretch[] => {
    if ('common' in part && part.common !== undefined) return [{ is: 'same', text: part.common.join('') }];
    const stretches: Stretch[] = [
      { is: 'removed', text: (part.buffer1 ?? []).join('') },
      { is: 'added', text: (part.buffer2 ?? []).join('') },
    ];
    return stretches.filter(({ text }) => text !== '');
  });
}
