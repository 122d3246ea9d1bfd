/**
 * The JSON of Jira's REST API, checked on its way in: from `unknown` to types.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/ and
 * https://developer.atlassian.com/server/jira/platform/rest/v10000/intro/
 */

import { SyncError } from '../../model/errors';
import type { RichText } from '../../model/values';
import { isJson, type Json, objectsOf, stableText, textOf } from '../kit/json';
import { isEmptyDocument } from './adf';

/** What a field of GET /field, createmeta or editmeta says about its type. */
export interface Schema {
  type: string;
  items?: string;
  custom?: string;
}

export function schemaOf(value: unknown): Schema | undefined {
  if (!isJson(value)) return undefined;
  const type = textOf(value.type);
  if (type === undefined) return undefined;
  const [items, custom] = [textOf(value.items), textOf(value.custom)];
  return { type, ...(items && { items }), ...(custom && { custom }) };
}

export interface RawIssue {
  id: string;
  key: string;
  fields: Json;
  /** the requested entity properties */
  properties: Json;
  /** newest entry of the changelog; null = it has none, undefined = not requested */
  lastChange?: LoggedChange | null;
}

/** The kept part of an entry. Its items may contain whole texts, before and after. */
export interface LoggedChange {
  author: unknown;
  created: unknown;
}

/** @throws SyncError fatal – not an issue as Jira shows it */
export function issueOf(value: unknown): RawIssue {
  const json = isJson(value) ? value : {};
  const [id, key] = [textOf(json.id), textOf(json.key)];
  if (!id || !key)
    throw new SyncError('fatal', `Jira shows an issue without id or key: ${id ?? key ?? '?'}`, { malformed: true });
  return {
    id,
    key,
    fields: isJson(json.fields) ? json.fields : {},
    properties: isJson(json.properties) ? json.properties : {},
    ...(isJson(json.changelog) ? { lastChange: newestOf(json.changelog.histories) } : {}),
  };
}

/** According to the API description, "sorted by date, starting from the most recent". Not relied on. */
function newestOf(histories: unknown): LoggedChange | null {
  let newest: LoggedChange | null = null;
  for (const { author, created } of objectsOf(histories)) {
    if (!newest || millisecondsOf(created) > millisecondsOf(newest.created)) newest = { author, created };
  }
  return newest;
}

/**
 * Jira's times ("2016-09-28T23:08:32.097+1000", in the account's zone) as milliseconds since 1970; NaN if it is not a time.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#timestamps
 */
export const millisecondsOf = (value: unknown): number =>
  typeof value === 'string' ? Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) : Number.NaN;

/** The same as ISO 8601 in UTC. */
export function utcOf(value: unknown): string | undefined {
  const ms = millisecondsOf(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** A formatted text: a document on Cloud, wiki markup on Data Center; undefined if there is none. */
export function richTextOf(json: unknown): RichText | undefined {
  if (isJson(json)) return isEmptyDocument(json) ? undefined : { format: 'adf', content: stableText(json) };
  const text = textOf(json)?.replace(/\r\n?/g, '\n');
  return text === undefined ? undefined : { format: 'jira-wiki', content: text };
}
