/**
 * Pieces of JQL. Times are written as unquoted milliseconds since 1970, which mean a point in time. A quoted date would
 * be read in the account's time zone, with minute resolution, and ambiguously in the hour that is repeated at the end
 * of summer time.
 * https://confluence.atlassian.com/spaces/JIRA052/pages/314448708/__JQL+Date+Time+Formats says so of all versions since 4.0;
 * others rely on it on Cloud: https://github.com/airbytehq/airbyte/pull/48395, https://github.com/onyx-dot-app/onyx/pull/14114
 */

/** A text as an operand: quoted, without anything that JQL would interpret. */
export const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\p{Cc}/gu, ' ')}"`;

/** An id or a name as operand. */
export const operand = (text: string): string => (/^\d{1,18}$/.test(text) ? text : quoted(text));

export const among = (field: string, values: readonly string[]): string =>
  values.length === 1 ? `${field} = ${operand(values[0] ?? '')}` : `${field} in (${values.map(operand).join(', ')})`;

export const since = (field: string, ms: number): string => `${field} >= ${Math.floor(ms)}`;

/** A field's name in a condition: custom fields are named by number. */
export const clause = (field: string): string => {
  const custom = /^customfield_(\d+)$/.exec(field);
  return custom ? `cf[${custom[1]}]` : field;
};

/** Reserved words of the query language, and words that an index leaves out. */
const LEFT_OUT = /^(\p{L}|and|or|not|to|the|an|in|of|on|is|it|as|at|by|be)$/iu;
/** A key, a number, a URL: without blanks, and without signs that have a meaning within a phrase. */
const PHRASE = /^[\p{L}\p{N}_.:/#-]{1,200}$/u;

/**
 * A condition that issues with this text meet, and others too: what is found is to be compared. Of a text of several words
 * those alone are searched for, since the text search gives most other characters a meaning. What has no blanks is searched for
 * as an exact phrase, quotes within quotes: the words of DEMO-5 alone are in too many texts, and an index may keep it as one.
 * Cloud and Data Center say so, with an address as their example:
 * https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/,
 * https://confluence.atlassian.com/servicemanagementserver0516/search-syntax-for-text-fields-1364559793.html.
 * Undefined where there is no word to search for.
 */
export function contains(field: string, text: string): string | undefined {
  const words = (text.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !LEFT_OUT.test(word));
  if (words.length === 0) return undefined;
  return `${clause(field)} ~ ${quoted(PHRASE.test(text) ? `"${text}"` : words.slice(0, 10).join(' '))}`;
}
