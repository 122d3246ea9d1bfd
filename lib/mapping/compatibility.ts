/**
 * How well a field's values convert to a field of another type: all are synced, some are changed, or none can be. The
 * forms show it beside a row, the automatic mapping respects it, and a test checks it against `convertValue`.
 */

import type { FieldChoice } from '../model/config';
import type { FieldType } from '../model/values';

/** Why a conversion changes a value, or fails for some values. The forms have a text for each reason. */
export type LossCode =
  | 'markupLost'
  | 'timeLost'
  | 'nameOnly'
  | 'keyOnly'
  | 'addressOnly'
  | 'firstOnly'
  | 'listJoined'
  | 'listSplit'
  | 'rounded'
  | 'wholeSeconds'
  | 'tooLong'
  | 'mustBeNumber'
  | 'mustBeYesNo'
  | 'mustBeDate'
  | 'mustBeDuration'
  | 'mustBeListed'
  | 'mustBePerson'
  | 'mustBeAddress';

export type Compatibility =
  | { kind: 'ok' }
  | { kind: 'lossy'; code: LossCode }
  | { kind: 'impossible'; code: 'noConversion' };

const TEXTS: Record<LossCode | 'noConversion', string> = {
  markupLost: 'only the text is synced, without its formatting',
  timeLost: 'only the day is synced (UTC), without the time',
  nameOnly: 'only the name is synced',
  keyOnly: 'only the key of the item in its own system is synced, as text; the target is not linked with anything',
  addressOnly: 'only the URL of the item in its own system is synced',
  firstOnly: 'only the first value is synced',
  listJoined: 'several values become one text, separated by commas',
  listSplit: 'the text is split at commas, semicolons and line ends',
  rounded: 'fractions are rounded',
  wholeSeconds: 'hours are rounded to whole seconds',
  tooLong: 'longer texts do not fit',
  mustBeNumber: 'only numbers are synced, or values in a value table',
  mustBeYesNo: 'only yes/no, true/false, on/off and 1/0 are synced',
  mustBeDate: 'only ISO dates (2024-12-31) are synced',
  mustBeDuration: 'only hours and durations such as 1h 30m are synced',
  mustBeListed: 'only values in the target list are synced',
  mustBePerson: 'only names, logins and emails of known users are synced',
  mustBeAddress: 'only web URLs are synced',
  noConversion: 'no conversion between these types',
};

/** The reason in English, for errors and logs. */
export const explain = (code: LossCode | 'noConversion'): string => TEXTS[code];

type Row = Partial<Record<FieldType, 'ok' | LossCode>>;

const INTO_TEXT: Row = {
  text: 'ok',
  url: 'ok',
  number: 'ok',
  boolean: 'ok',
  date: 'ok',
  datetime: 'ok',
  duration: 'ok',
  lookup: 'ok',
  user: 'nameOnly',
  reference: 'keyOnly',
};

/** By target type, then source type. A missing combination is impossible. */
const TARGETS: Record<FieldType, Row> = {
  text: { ...INTO_TEXT, richtext: 'markupLost' },
  richtext: { ...INTO_TEXT, richtext: 'ok' },
  number: { number: 'ok', duration: 'ok', text: 'mustBeNumber', lookup: 'mustBeNumber' },
  boolean: { boolean: 'ok', text: 'mustBeYesNo', lookup: 'mustBeYesNo', number: 'mustBeYesNo' },
  date: { date: 'ok', datetime: 'timeLost', text: 'mustBeDate' },
  datetime: { datetime: 'ok', date: 'ok', text: 'mustBeDate' },
  duration: { duration: 'ok', number: 'ok', text: 'mustBeDuration' },
  lookup: {
    lookup: 'ok',
    text: 'mustBeListed',
    number: 'mustBeListed',
    boolean: 'mustBeListed',
    user: 'mustBeListed',
    reference: 'mustBeListed',
  },
  user: { user: 'ok', text: 'mustBePerson', lookup: 'mustBePerson' },
  reference: { reference: 'ok' },
  url: { url: 'ok', text: 'mustBeAddress', reference: 'addressOnly' },
};

type Typed = Pick<FieldChoice, 'type' | 'multi' | 'maxLength' | 'integer'>;

/** Maximum length of names of list values and users, of numbers, and of dates as text, in characters. */
const LONGEST_WORD = 255;

const isText = (type: FieldType): boolean => type === 'text' || type === 'richtext';

/** How well values of the source field convert to the target field. */
export function compatibility(source: Typed, target: Typed): Compatibility {
  const level = TARGETS[target.type]?.[source.type];
  if (level === undefined) return { kind: 'impossible', code: 'noConversion' };
  if (level !== 'ok') return { kind: 'lossy', code: level };
  if (source.multi === true && target.multi !== true) {
    return { kind: 'lossy', code: isText(target.type) ? 'listJoined' : 'firstOnly' };
  }
  if (source.multi !== true && target.multi === true && source.type === 'text' && target.type !== 'richtext') {
    return { kind: 'lossy', code: 'listSplit' };
  }
  if (source.type === 'number' && target.type === 'duration') return { kind: 'lossy', code: 'wholeSeconds' };
  if (target.type === 'number' && target.integer === true && !(source.type === 'number' && source.integer === true)) {
    return { kind: 'lossy', code: 'rounded' };
  }
  if (isText(target.type) && target.maxLength !== undefined) {
    // another markup may need more characters than the source's own
    const longest = source.type === 'richtext' ? undefined : isText(source.type) ? source.maxLength : LONGEST_WORD;
    if (longest === undefined || longest > target.maxLength) return { kind: 'lossy', code: 'tooLong' };
  }
  return { kind: 'ok' };
}
