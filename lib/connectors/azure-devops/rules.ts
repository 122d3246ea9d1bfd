/**
 * Rules of Azure DevOps for values, in addition to their type
 * (https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions). Lengths count UTF-16 units:
 * "surrogate characters … count as two". Pure.
 */

import type { EntryRule, LengthRule } from '../../model/entity';
import type { Dialect } from '../../model/values';

export const TEXT_LENGTH: LengthRule = { unit: 'utf16' };
export const MARKUP_LENGTH: LengthRule = { unit: 'utf16', of: 'markup' };

/**
 * A tag. Not allowed: separators, control and format characters, and what is outside of the first plane. A symbol of the
 * first plane (U+2728) was refused as well (https://github.com/danhellem/github-actions-issue-to-work-item/issues/106).
 */
export const TAG: EntryRule = {
  maxLength: 400,
  without: '[,;\\p{C}\\p{Zl}\\p{Zp}\\p{Emoji_Presentation}\\uFE0F\\u{10000}-\\u{10FFFF}]',
  says: 'a tag has no comma, no semicolon, no emoji, no control characters and at most 400 characters',
};

/** https://learn.microsoft.com/azure/devops/boards/queries/add-tags-to-work-items: more are refused (TF401243) */
export const MOST_TAGS = 100;

/** The path of an area or iteration whose missing nodes are created. */
export const PATH: EntryRule = {
  maxLength: 4_000,
  without: '[/:*?"<>|#$&+\\p{Cc}]',
  says: 'the names in a path have none of / : * ? " < > | # $ & + and no line ends',
};

const LONGEST_NODE = 255;
const RESERVED = /^(?:\.{1,2}|PRN|AUX|NUL|CON|COM(?:[1-9]|10)|LPT[1-9])$/i;
const NOT_IN_A_NODE = new RegExp(`\\\\|${PATH.without ?? ''}`, 'u');

/** Whether a node in the trees of areas and iterations can have the name. */
export const isNodeName = (name: string): boolean =>
  name.trim() !== '' && name.length <= LONGEST_NODE && !RESERVED.test(name) && !NOT_IN_A_NODE.test(name);

const NOT_IN_A_TAG = new RegExp(TAG.without ?? '', 'u');

/** Why the text cannot be a tag, or undefined. */
export function tagProblem(tag: string): string | undefined {
  const tooLong = [...tag].length > (TAG.maxLength ?? 0);
  return tooLong || NOT_IN_A_TAG.test(tag) ? `"${tag.slice(0, 60)}" cannot be a tag: ${TAG.says}` : undefined;
}

/** A text of one line: line ends become blanks, other control characters are removed. Otherwise they would be
 * rejected. */
export const oneLine = (text: string): string =>
  text.replace(/[ \t]*[\r\n\t\v\f\u0085\p{Zl}\p{Zp}]+[ \t]*/gu, ' ').replace(/\p{Cc}/gu, '');

/** A text of several lines without control characters, which are rejected and invisible. */
export const severalLines = (text: string): string => text.replace(/(?![\t\r\n])\p{Cc}/gu, '');

/** A typed `@name` is text; only `@<id>` mentions a user. */
export const MARKDOWN: Dialect = { plainTags: true, mentions: 'ids' };

/**
 * Angle brackets in Markdown are stored encoded: raw ones are read as tags, and text between them is lost
 * (https://github.com/microsoft/azure-devops-mcp/issues/508; Microsoft's own tool encodes them in the same way).
 */
export const toStoredMarkdown = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const fromStoredMarkdown = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>');
