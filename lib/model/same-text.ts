/** When two texts are the same for a look-up. Pure; connectors compare with it what their systems have found. */

import type { Value } from './values';

/** `equal`: apart from blanks around them; `ignoreCase`: in any case, too; `inside`: the one is a word or words of the other. */
export const SAME_HOW = ['equal', 'ignoreCase', 'inside'] as const;
export type SameHow = (typeof SAME_HOW)[number];

/** The text by which a value is looked up; '' if it has none. */
export function textToFind(value: Value | undefined): string {
  if (value === null || value === undefined || Array.isArray(value)) return '';
  if (typeof value !== 'object') return String(value).trim();
  if ('content' in value) return value.content.trim();
  const names = ['email', 'key', 'name', 'login', 'id'].map((name): unknown => Reflect.get(value, name));
  const [first] = names.filter((name) => typeof name === 'string' && name.trim() !== '');
  return typeof first === 'string' ? first.trim() : '';
}

const folded = (text: string): string => text.normalize('NFC').toLowerCase();

/** @param wanted what is looked for @param shown what an item has. An empty text is the same as nothing */
export function isSameText(wanted: string, shown: string, how: SameHow): boolean {
  const [one, other] = [wanted.trim(), shown.trim()];
  if (one === '' || other === '') return false;
  switch (how) {
    case 'equal':
      return one.normalize('NFC') === other.normalize('NFC');
    case 'ignoreCase':
      return folded(one) === folded(other);
    case 'inside':
      return hasWord(folded(other), folded(one));
  }
}

/** DEMO-1 is not in "see DEMO-17". */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isLetter(at === 0 ? undefined : text[at - 1]) && !isLetter(text[at + word.length])) return true;
  }
  return false;
}

const isLetter = (sign: string | undefined): boolean => sign !== undefined && /[\p{L}\p{N}_]/u.test(sign);

/** Tells of a field's value, which may be a list, whether it shows one of the values that are looked for. */
export function textFinder(wanted: readonly Value[], how: SameHow): (shown: Value | undefined) => boolean {
  const texts = wanted.map(textToFind).filter((text) => text !== '');
  const form = how === 'ignoreCase' ? folded : (text: string): string => text.normalize('NFC');
  const whole = new Set(how === 'inside' ? [] : texts.map(form));
  const shows = (shown: string): boolean =>
    how === 'inside' ? texts.some((text) => isSameText(text, shown, how)) : whole.has(form(shown));
  return (shown) => (Array.isArray(shown) ? shown : [shown]).some((one) => shows(textToFind(one)));
}

/**
 * The longest part of a text of which every database knows upper and lower case, and that means nothing but itself in a LIKE. SQLite,
 * for one, takes Ä and ä for different letters: what is looked for in any case is searched for by this part, and compared.
 */
export function plainPart(text: string): string {
  const [longest = ''] = text
    .split(/[^\x20-\x7e]|[\\%_]/)
    .map((part) => part.trim())
    .sort((a, b) => b.length - a.length);
  return longest;
}
