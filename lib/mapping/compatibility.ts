/**
 * What becomes of a field's values in a field of another type: all come across, some lose something, or none can. The
 * forms show it beside a row, the automatic mapping keeps to it, and a test holds it against what `convertValue` does.
 */

import type { FieldChoice } from '../model/config';
import type { FieldType } from '../model/values';

/** Why a conversion loses something, or fails for some values. The forms have a text for each. */
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
  markupLost: 'only the text comes across, without its formatting',
  timeLost: 'only the day comes across (UTC), without the time',
  nameOnly: 'only the name comes across',
  keyOnly: 'only the key of the entity in its own system comes across, as text; the target is not linked with anything',
  addressOnly: 'only the address of the entity in its own system comes across',
  firstOnly: 'only the first of several values comes across',
  listJoined: 'several values become one text, with commas between them',
  listSplit: 'the text is taken apart at commas, semicolons and line ends',
  rounded: 'fractions are rounded',
  wholeSeconds: 'hours are rounded to whole seconds',
  tooLong: 'longer texts do not fit',
  mustBeNumber: 'only values that are numbers come across, or those in a value table',
  mustBeYesNo: 'only yes/no, true/false, on/off and 1/0 come across',
  mustBeDate: 'only ISO dates (2024-12-31) come across',
  mustBeDuration: 'only hours and durations such as 1h 30m come across',
  mustBeListed: 'only values that the list has come across',
  mustBePerson: 'only names, logins and e-mail addresses of known people come across',
  mustBeAddress: 'only web addresses are of use there',
  noConversion: 'the types have nothing in common',
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

/** By target type, then source type; what is missing is impossible. */
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

/** Names of list entries and people, numbers and dates in words: characters. */
const LONGEST_WORD = 255;

const isText = (type: FieldType): boolean => type === 'text' || type === 'richtext';

/** What happens to values of the source field in the target field. */
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
    // another markup may take more characters than the source's own
    const longest = source.type === 'richtext' ? undefined : isText(source.type) ? source.maxLength : LONGEST_WORD;
    if (longest === undefined || longest > target.maxLength) return { kind: 'lossy', code: 'tooLong' };
  }
  return { kind: 'ok' };
}
