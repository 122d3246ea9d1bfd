/**
 * Pieces of JQL. Times are written as unquoted milliseconds since 1970, which mean a point in time: a quoted date would be
 * read in the account's time zone, with minute resolution, and twice in the hour that a change of summer time repeats.
 * https://confluence.atlassian.com/spaces/JIRA052/pages/314448708/__JQL+Date+Time+Formats says so of all versions since 4.0;
 * others rely on it on Cloud: https://github.com/airbytehq/airbyte/pull/48395, https://github.com/onyx-dot-app/onyx/pull/14114
 */

/** A text as an operand: quoted, with nothing in it that JQL would understand. */
export const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\p{Cc}/gu, ' ')}"`;

/** An id or a name as operand. */
export const operand = (text: string): string => (/^\d{1,18}$/.test(text) ? text : quoted(text));

export const among = (field: string, values: readonly string[]): string =>
  values.length === 1 ? `${field} = ${operand(values[0] ?? '')}` : `${field} in (${values.map(operand).join(', ')})`;

export const since = (field: string, ms: number): string => `${field} >= ${Math.floor(ms)}`;

/** A field's name in a condition: custom fields go by their number. */
export const clause = (field: string): string => {
  const custom = /^customfield_(\d+)$/.exec(field);
  return custom ? `cf[${custom[1]}]` : field;
};

/**
 * A condition that issues with this text meet, and others too: what is found is to be compared. The words alone are
 * searched for, since the text search gives most other characters a meaning
 * (https://support.atlassian.com/jira-software-cloud/docs/search-for-issues-using-the-text-field/). Undefined where there is no
 * word to search for.
 */
export function contains(field: string, text: string): string | undefined {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  // words of the query language, and such as an index leaves out
  const plain = words.filter(
    (word) => word.length > 1 && !/^(and|or|not|to|the|an?|in|of|on|is|it|as|at|by|be)$/i.test(word),
  );
  return plain.length === 0 ? undefined : `${clause(field)} ~ ${quoted(plain.slice(0, 10).join(' '))}`;
}
