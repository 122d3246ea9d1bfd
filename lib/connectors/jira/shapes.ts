/**
 * The JSON of Jira's REST API, checked on its way in: from `unknown` to types.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/ and
 * https://developer.atlassian.com/server/jira/platform/rest/v10000/intro/
 */

import { SyncError } from '../../model/errors';

export type Json = Record<string, unknown>;

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; nothing where it is missing. */
export const objectsOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** A number or text as text; undefined for all else, and for an empty text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Without U+0000, which no database holds: one in a text makes Jira answer 500 to the whole request, and nobody can see it.
 * Text that is long is not copied unless there is one.
 */
export function withoutNul<T>(value: T): T {
  return JSON.stringify(value).includes('\\u0000') ? scrubbed(value) : value;
}

function scrubbed<T>(value: T): T {
  const clean: T = JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
    typeof one === 'string' ? one.replaceAll('\0', '') : one,
  );
  return clean;
}

/** What a field of GET /field, createmeta or editmeta says about its type. */
export interface Schema {
  type: string;
  items?: string;
  system?: string;
  custom?: string;
}

export function schemaOf(value: unknown): Schema | undefined {
  if (!isJson(value)) return undefined;
  const type = textOf(value.type);
  if (type === undefined) return undefined;
  const [items, system, custom] = [textOf(value.items), textOf(value.system), textOf(value.custom)];
  return { type, ...(items ? { items } : {}), ...(system ? { system } : {}), ...(custom ? { custom } : {}) };
}

export interface RawIssue {
  id: string;
  key: string;
  fields: Json;
  /** entity properties that were asked for */
  properties: Json;
  /** newest entry of the changelog; null = it has none, undefined = it was not asked for */
  lastChange?: LoggedChange | null;
}

/** All that is kept of an entry: its items may hold whole texts, before and after. */
export interface LoggedChange {
  author: unknown;
  created: unknown;
}

/** @throws SyncError fatal – not an issue as Jira shows it */
export function issueOf(value: unknown): RawIssue {
  const json = isJson(value) ? value : {};
  const [id, key] = [textOf(json.id), textOf(json.key)];
  if (!id || !key) throw new SyncError('fatal', `Jira shows an issue without id or key: ${id ?? key ?? '?'}`);
  return {
    id,
    key,
    fields: isJson(json.fields) ? json.fields : {},
    properties: isJson(json.properties) ? json.properties : {},
    ...(isJson(json.changelog) ? { lastChange: newestOf(json.changelog.histories) } : {}),
  };
}

/** "Sorted by date, starting from the most recent", says the description; not relied on. */
function newestOf(histories: unknown): LoggedChange | null {
  let newest: LoggedChange | null = null;
  for (const { author, created } of objectsOf(histories)) {
    if (!newest || millisecondsOf(created) > millisecondsOf(newest.created)) newest = { author, created };
  }
  return newest;
}

/**
 * Jira's times ("2016-09-28T23:08:32.097+1000", in the account's zone) as milliseconds since 1970; NaN where it is none.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#timestamps
 */
export const millisecondsOf = (value: unknown): number =>
  typeof value === 'string' ? Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) : Number.NaN;

/** The same as ISO 8601 in UTC. */
export function utcOf(value: unknown): string | undefined {
  const ms = millisecondsOf(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
