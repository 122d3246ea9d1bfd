/** How long a text is for its system, which may count characters, JavaScript's units or bytes; the words alone, or the markup too. */

import type { Field } from './entity';
import type { RichText, SingleValue } from './values';

/** The words of a formatted text. */
export type PlainText = (text: RichText) => string;

type Counted = Pick<Field, 'maxLength' | 'length'>;

/** @param value a text, formatted or not; anything else has no length */
export function lengthIn(field: Counted, value: SingleValue, plainText?: PlainText): number {
  const text = textOf(field, value, plainText);
  switch (field.length?.unit ?? 'characters') {
    case 'characters':
      return characters(text);
    case 'utf16':
      return text.length;
    case 'bytes':
      return new TextEncoder().encode(text).length;
  }
}

/** UTF-8 has at most so many for one of JavaScript's units. */
const MOST_BYTES = 3;

/** The length, if it is more than the field holds. Most texts are far from it, and need not be counted. */
export function excessOf(field: Counted, value: SingleValue, plainText?: PlainText): number | undefined {
  const { maxLength } = field;
  if (maxLength === undefined || (typeof value === 'string' && value.length * MOST_BYTES <= maxLength))
    return undefined;
  const length = lengthIn(field, value, plainText);
  return length > maxLength ? length : undefined;
}

/** "characters" or "bytes", for a sentence. */
export const unitOf = (field: Counted): string => (field.length?.unit === 'bytes' ? 'bytes' : 'characters');

function textOf({ length }: Counted, value: SingleValue, plainText: PlainText | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || !('content' in value) || typeof value.content !== 'string') return '';
  // the Atlassian document format is JSON, whose braces nobody counts
  const isWords = length?.of === 'text' || (length?.of === undefined && value.format === 'adf');
  return isWords && plainText !== undefined ? plainText(value) : value.content;
}

/** Code points, without a list of them. */
function characters(text: string): number {
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g);
  return text.length - (pairs?.length ?? 0);
}
