/**
 * Converts one value from its source field's type to its target field's type. A value that the target's type cannot
 * express is a problem with a reason. Nothing is guessed, truncated or thrown, whatever JSON the value is.
 *
 * - number ↔ duration: a plain number means hours, a duration is whole seconds
 * - date → datetime: midnight UTC; datetime → date: the day in UTC
 * - boolean → text, list value: Yes or No; in reverse: yes/no, true/false, on/off, 1/0
 * - list values and users lose their ids, which are valid only in their own system
 * - references are left unchanged, and the field mapper marks them (`MappedField.refers`): the engine replaces them by
 *   the counterparts when it writes or plans (lib/merge/references.ts); text and URL fields receive the source's key
 *   and URL
 */

import type { FieldChoice } from '../model/config';
import { excessOf, unitOf } from '../model/length';
import type {
  Dialect,
  FieldType,
  LookupValue,
  ReferenceValue,
  RichText,
  RichTextFormat,
  SingleValue,
  UserValue,
} from '../model/values';
import { unixLines } from './compare';
import { targetLabel } from './describe';

/** A value for the target; `lossy` says which part of the source value is missing. Or the reason why there is none. */
export type Converted = { value: SingleValue; lossy?: string } | { problem: string };

/**
 * Converts rich text to another markup; lib/richtext has an implementation. `lossy` says what the markup cannot show.
 * Without a converter, text in a different markup is passed on unchanged.
 */
export type RichTextConverter = (
  text: RichText,
  format: RichTextFormat,
  dialect?: Dialect,
) => RichText & { lossy?: string };

type Named = Partial<LookupValue & UserValue & ReferenceValue>;
type Shape = 'string' | 'number' | 'boolean' | 'rich' | 'named' | 'other';

const TRUE = new Set(['true', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'no', 'n', 'off', '0']);
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;
const DURATION = /^(?:PT)?\s*(?:(\d+(?:\.\d+)?)\s*h)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s)?$/i;
const SECONDS_PER_HOUR = 3600;

const shapeOf = (value: SingleValue): Shape => {
  const kind = typeof value;
  if (kind === 'string' || kind === 'number' || kind === 'boolean') return kind;
  if (kind !== 'object' || value === null || Array.isArray(value)) return 'other';
  if ('content' in (value as object)) return typeof (value as RichText).content === 'string' ? 'rich' : 'other';
  return 'named';
};

const textPart = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : typeof value === 'number' ? String(value) : undefined;

/** The display name of a list value, a user or another item. */
const nameOf = (value: Named, type: FieldType): string | undefined =>
  type === 'reference'
    ? (textPart(value.key) ?? textPart(value.name) ?? textPart(value.id))
    : (textPart(value.name) ?? textPart(value.login) ?? textPart(value.email));

/** Seconds as "1h 30m". */
function durationText(seconds: number): string {
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.round(Math.abs(seconds));
  const parts = [
    [Math.floor(whole / SECONDS_PER_HOUR), 'h'],
    [Math.floor((whole % SECONDS_PER_HOUR) / 60), 'm'],
    [whole % 60, 's'],
  ].filter(([amount]) => amount !== 0);
  return sign + (parts.length === 0 ? '0h' : parts.map(([amount, unit]) => `${amount}${unit}`).join(' '));
}

function durationSeconds(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (match === null || match.slice(1).every((part) => part === undefined)) return undefined;
  return Number(match[1] ?? 0) * SECONDS_PER_HOUR + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}

/** A text that is a number; '' and ' ' are not. */
function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : undefined;
}

function instantOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (DAY.test(trimmed)) return dayOf(trimmed) === undefined ? undefined : `${trimmed}T00:00:00.000Z`;
  if (!INSTANT.test(trimmed)) return undefined;
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(trimmed) ? trimmed : `${trimmed}Z`;
  const time = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function dayOf(text: string): string | undefined {
  if (!DAY.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? undefined : text;
}

/** The value as a text field would show it; undefined if it has no text form. */
function asText(value: SingleValue, shape: Shape, type: FieldType, richText?: RichTextConverter): string | undefined {
  switch (shape) {
    case 'string':
      return value as string;
    case 'number':
      return type === 'duration' ? durationText(value as number) : String(value);
    case 'boolean':
      return value ? 'Yes' : 'No';
    case 'rich': {
      const rich = value as RichText;
      return rich.format === 'text' || richText === undefined ? rich.content : richText(rich, 'text').content;
    }
    case 'named':
      return nameOf(value as Named, type);
    default:
      return undefined;
  }
}

const tooLong = (length: number, source: FieldChoice, target: FieldChoice): Converted => ({
  problem: `has ${length} ${unitOf(target)}; ${targetLabel(source, target)} allows ${target.maxLength}`,
});

const not = (what: string, source: FieldChoice, target: FieldChoice): Converted => ({
  problem: `is not ${what}, which ${targetLabel(source, target)} requires`,
});

function toText(text: string | undefined, source: FieldChoice, target: FieldChoice): Converted {
  if (text === undefined) return not('a text', source, target);
  const length = excessOf(target, text);
  return length === undefined ? { value: text } : tooLong(length, source, target);
}

function toRichText(
  value: SingleValue,
  shape: Shape,
  source: FieldChoice,
  target: FieldChoice,
  convert?: RichTextConverter,
): Converted {
  const text = shape === 'rich' ? undefined : asText(value, shape, source.type);
  if (shape !== 'rich' && text === undefined) return not('a text', source, target);
  let rich: RichText & { lossy?: string } =
    shape === 'rich' ? (value as RichText) : { format: 'text', content: text ?? '' };
  // even a text in the same markup may mean something else there, or mention somebody
  if (target.format !== undefined && convert !== undefined) rich = convert(rich, target.format, target.dialect);
  const length = excessOf(target, rich, (words) => convert?.(words, 'text').content ?? words.content);
  if (length !== undefined) return tooLong(length, source, target);
  const { format, content, dialect } = rich;
  const converted: Converted = { value: { format, content, ...(dialect && { dialect }) } };
  return rich.lossy === undefined ? converted : { ...converted, lossy: rich.lossy };
}

function toNumber(value: SingleValue, shape: Shape, source: FieldChoice, target: FieldChoice): Converted {
  let number: number | undefined;
  if (shape === 'number')
    number = source.type === 'duration' ? (value as number) / SECONDS_PER_HOUR : (value as number);
  else if (shape !== 'boolean') number = numberOf(asText(value, shape, source.type) ?? '');
  if (number === undefined || !Number.isFinite(number)) return not('a number', source, target);
  if (target.integer !== true || Number.isInteger(number)) return { value: number };
  const rounded = Math.round(number);
  return { value: rounded, lossy: `was rounded to ${rounded}: ${targetLabel(source, target)} holds whole numbers` };
}

function toDuration(value: SingleValue, shape: Shape, source: FieldChoice, target: FieldChoice): Converted {
  if (shape === 'number' && Number.isFinite(value)) {
    return { value: Math.round(source.type === 'duration' ? (value as number) : (value as number) * SECONDS_PER_HOUR) };
  }
  const text = asText(value, shape, source.type) ?? '';
  const hours = numberOf(text);
  const seconds = hours === undefined ? durationSeconds(text) : hours * SECONDS_PER_HOUR;
  return seconds === undefined ? not('a duration such as 1h 30m', source, target) : { value: Math.round(seconds) };
}

function toBoolean(value: SingleValue, shape: Shape, source: FieldChoice, target: FieldChoice): Converted {
  if (shape === 'boolean') return { value };
  const word = (asText(value, shape, source.type) ?? '').trim().toLowerCase();
  if (TRUE.has(word)) return { value: true };
  if (FALSE.has(word)) return { value: false };
  return not('yes or no', source, target);
}

function toUser(value: SingleValue, shape: Shape, source: FieldChoice, target: FieldChoice): Converted {
  if (shape === 'named') {
    const { name, login, email } = value as Named;
    const user: UserValue = {};
    const keep = { name: textPart(name), login: textPart(login), email: textPart(email) };
    if (keep.name !== undefined) user.name = keep.name;
    if (keep.login !== undefined) user.login = keep.login;
    if (keep.email !== undefined) user.email = keep.email;
    return Object.keys(user).length > 0 ? { value: user } : not('a person', source, target);
  }
  const text = (shape === 'string' || shape === 'rich' ? asText(value, shape, source.type) : undefined)?.trim();
  if (text === undefined || text === '') return not('a person', source, target);
  return { value: /^[^\s@]+@[^\s@]+$/.test(text) ? { email: text } : { name: text } };
}

/**
 * Converts one value.
 * @param source the source field: its type says what a number or text means
 * @param target the target field, with its type, maximum length and whether it takes whole numbers only
 * @param richText converts between markups
 */
export function convertValue(
  value: SingleValue,
  source: FieldChoice,
  target: FieldChoice,
  richText?: RichTextConverter,
): Converted {
  const shape = shapeOf(value);
  if (shape === 'other') return { problem: `cannot be stored in ${targetLabel(source, target)}` };
  switch (target.type) {
    case 'text':
      return toText(asText(value, shape, source.type, richText), source, target);
    case 'richtext':
      return toRichText(value, shape, source, target, richText);
    case 'number':
      return toNumber(value, shape, source, target);
    case 'duration':
      return toDuration(value, shape, source, target);
    case 'boolean':
      return toBoolean(value, shape, source, target);
    case 'date': {
      const instant = shape === 'string' ? instantOf(value as string) : undefined;
      return instant === undefined ? not('a date', source, target) : { value: instant.slice(0, 10) };
    }
    case 'datetime': {
      const instant = shape === 'string' ? instantOf(value as string) : undefined;
      return instant === undefined ? not('a date and time', source, target) : { value: instant };
    }
    case 'lookup': {
      const name = asText(value, shape, source.type, richText)?.trim();
      return name === undefined || name === ''
        ? not('a list entry', source, target)
        : { value: { name: unixLines(name) } };
    }
    case 'user':
      return toUser(value, shape, source, target);
    case 'reference':
      return shape === 'named' && source.type === 'reference' && textPart((value as Named).id) !== undefined
        ? { value }
        : not('a reference to another entity', source, target);
    case 'url': {
      const url =
        shape === 'named' ? textPart((value as Named).url) : shape === 'string' ? (value as string) : undefined;
      return url === undefined ? not('an address', source, target) : toText(url, source, target);
    }
    default:
      return { problem: `can't go to ${targetLabel(source, target)}: its type "${String(target.type)}" is unknown` };
  }
}
