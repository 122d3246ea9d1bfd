/**
 * In Redmine, GitHub and GitLab, a name after an `@` sends a mail to that user, whoever wrote the text. A text from
 * another system must not mention anybody. Twinflow therefore puts an invisible word joiner (U+2060) between the `@`
 * and the name, and removes it when a text is read or compared.
 *
 * In Textile an `@` also marks code, and the joiner after it could turn text into code. There the `@` is written as
 * `&#64;`, which Redmine shows as the sign.
 *
 * Redmine searches the source, including inline code, by the rule in lib/redmine/acts/mentionable.rb: not after a
 * letter, digit or underscore (an email address), not in fenced code or `<pre>`. In Azure DevOps, Markdown has only
 * `@<id>`.
 */

import type { Dialect, RichText, RichTextFormat } from '../model/values';

const JOINER = '\u2060';
const WORD = /[A-Za-z0-9_]/;
/** ends a URL */
const ENDS_ADDRESS = /[\s<>"'()[\]|]/;
const CODE: Partial<Record<RichTextFormat, RegExp>> = {
  markdown: /~~~|```/g,
  textile: /<\/?pre>/g,
};

/** A text without the joiners that Twinflow has put behind an `@`. */
export const withoutJoiners = (content: string): string =>
  content.includes(`@${JOINER}`) ? content.replace(/@\u2060+/g, '@') : content;

/** The same for a text in Textile, for comparing. */
export const withLoudMentions = (content: string): string =>
  withoutJoiners(content).replace(/&#64;(?=[A-Za-z0-9_.-])/g, '@');

/**
 * A text without any new mentions. Applying it again changes nothing.
 * @param own the text that is replaced, in the same markup: users mentioned there stay mentioned
 */
export function quietMentions(content: string, format: RichTextFormat, dialect: Dialect = {}, own = ''): string {
  const code = CODE[format];
  if (!code || !(content.includes('@') || (format === 'textile' && content.includes('&#64;')))) return content;
  const isMention = dialect.mentions === 'ids' ? isIdMention : isNameMention;
  const known = new Set(placesOf(own, code, isMention).map((at) => nameAt(own, at)));
  const plain = withoutJoiners(content).replace(
    format === 'textile' && known.size > 0 ? /&#64;/g : /(?!)/g,
    (sign, at, all: string) => (known.has(nameAt(all, at + sign.length - 1)) ? '@' : sign),
  );
  const opensCode = format === 'textile' ? textileCode(plain) : undefined;
  let result = '';
  let end = 0;
  for (const at of placesOf(plain, code, isMention)) {
    if (known.has(nameAt(plain, at))) continue;
    result += plain.slice(end, at) + (opensCode && !opensCode.has(at) ? '&#64;' : `@${JOINER}`);
    end = at + 1;
  }
  return result + plain.slice(end);
}

/** Where an `@` starts code in Textile: up to the next one on the line that is not followed by a word. */
function textileCode(text: string): Set<number> {
  const signs: { at: number; line: number }[] = [];
  let line = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\n') line++;
    else if (text[at] === '@') signs.push({ at, line });
  }
  /** per sign, the next one that ends code */
  const ends: number[] = [];
  for (let index = signs.length - 1, next = -1; index >= 0; index--) {
    ends[index] = next;
    if (!WORD.test(text[(signs[index]?.at ?? 0) + 1] ?? '')) next = index;
  }
  const result = new Set<number>();
  // inside <code>, entities are shown as typed
  const tags = codeSpans(text, /<\/?code>/g);
  for (const { at } of signs) {
    while (tags[0] && tags[0][1] <= at) tags.shift();
    if (tags[0] && at >= tags[0][0]) result.add(at);
  }
  for (let index = 0; index < signs.length; index++) {
    const [sign, end] = [signs[index], signs[ends[index] ?? -1]];
    if (!sign || !end || end.line !== sign.line || end.at === sign.at + 1 || WORD.test(text[sign.at - 1] ?? ''))
      continue;
    result.add(sign.at);
    index = ends[index] ?? index;
  }
  return result;
}

/** The same for a rich text. */
export function withQuietMentions(text: RichText, own?: RichText): RichText {
  const there = own?.format === text.format ? own.content : '';
  const content = quietMentions(text.content, text.format, text.dialect, there);
  return content === text.content ? text : { ...text, content };
}

const isNameMention = (text: string, at: number): boolean =>
  WORD.test(text[at + 1] ?? '') && !WORD.test(text[at - 1] ?? '') && !isEscapedAddress(text, at);

/** `ann\@example.org`: an email address whose automatic link in Markdown is suppressed. */
const isEscapedAddress = (text: string, at: number): boolean =>
  text[at - 1] === '\\' &&
  /[\w+.-]/.test(text[at - 2] ?? '') &&
  /^[\w-]{1,60}\.[\w-]/.test(text.slice(at + 1, at + 64));

/** True for inline code between two `@`, Textile's signs, that Redmine would take for a mention: `@bob@`, `@npm install@`. */
export const mentionsAsCode = (value: string): boolean =>
  /^[A-Za-z0-9_.-]{1,120}(?:[!-,/:-@[-`{-~](?![A-Za-z0-9_/])|,|\s|\]|<|$)/.test(value);

const isIdMention = (text: string, at: number): boolean => text[at + 1] === '<' && !WORD.test(text[at - 1] ?? '');

/** The positions of each `@` that mentions somebody: not in code, not in a URL. */
function placesOf(text: string, code: RegExp, isMention: (text: string, at: number) => boolean): number[] {
  const places: number[] = [];
  if (!text.includes('@')) return places;
  const spans = codeSpans(text, code);
  let span = 0;
  let inAddress = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === ':' && text.startsWith('://', at)) inAddress = true;
    else if (inAddress && ENDS_ADDRESS.test(char)) inAddress = false;
    if (char !== '@' || inAddress || !isMention(text, at)) continue;
    while ((spans[span]?.[1] ?? text.length) <= at && span < spans.length) span++;
    if (at < (spans[span]?.[0] ?? text.length)) places.push(at);
  }
  return places;
}

/** The ranges between code signs, paired as Redmine does. A sign without a partner is not code. */
function codeSpans(text: string, sign: RegExp): [number, number][] {
  const signs = [...text.matchAll(sign)];
  const spans: [number, number][] = [];
  for (let index = 0; index < signs.length; index++) {
    const [open, close] = [signs[index], signs[index + 1]];
    if (!open || open[0].startsWith('</')) continue;
    // a tag continues to its end, whatever starts inside it
    let last = index + 1;
    const isTag = open[0].startsWith('<');
    if (isTag) while (signs[last] && !signs[last]?.[0].startsWith('</')) last++;
    const end = isTag ? signs[last] : close;
    if (!end) break;
    spans.push([open.index, end.index + end[0].length]);
    index = last;
  }
  return spans;
}

/** The name after an `@`, for comparing. */
function nameAt(text: string, at: number): string {
  let end = at + 1;
  let last = end;
  for (; end < at + 120; end++) {
    const char = text[end] ?? '';
    if (WORD.test(char) || char === '<') last = end + 1;
    else if (char !== '.' && char !== '-') break;
  }
  return text.slice(at + 1, last).toLowerCase();
}
