/**
 * The JSON of the work item tracking API, checked on its way in: from `unknown` to types.
 * https://learn.microsoft.com/rest/api/azure/devops/wit/?view=azure-devops-rest-7.1
 */

import { SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';

export type Json = Record<string, unknown>;

export interface RawWorkItem {
  id: number;
  rev: number;
  /** by reference name; empty fields are absent */
  fields: Json;
  relations: RawRelation[];
  /** long text fields that hold Markdown instead of HTML */
  markdown: Set<string>;
}

export interface RawRelation {
  rel: string;
  url: string;
  comment?: string;
}

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that is not empty, numbers as text; otherwise undefined. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The objects of a list property; what is no object is left out. */
export function listOf(body: unknown, property = 'value'): Json[] {
  const list = isJson(body) ? body[property] : undefined;
  return Array.isArray(list) ? list.filter(isJson) : [];
}

/** @throws SyncError fatal – not a work item */
export function workItemOf(json: unknown): RawWorkItem {
  if (!isJson(json) || typeof json.id !== 'number' || typeof json.rev !== 'number' || !isJson(json.fields)) {
    throw new SyncError('fatal', 'Azure DevOps answered something that is no work item: check the URL');
  }
  const relations = listOf(json, 'relations').map(
    (one): RawRelation => ({
      rel: textOf(one.rel) ?? '',
      url: textOf(one.url) ?? '',
      comment: isJson(one.attributes) ? textOf(one.attributes.comment) : undefined,
    }),
  );
  // {"System.Description": "markdown"}; absent on servers that know HTML only
  const formats = isJson(json.multilineFieldsFormat) ? json.multilineFieldsFormat : {};
  const markdown = Object.keys(formats).filter((field) => String(formats[field]).toLowerCase() === 'markdown');
  return { id: json.id, rev: json.rev, fields: json.fields, relations, markdown: new Set(markdown) };
}

/**
 * A person as fields show them (IdentityRef), or as old servers do: `Name <account>`. `uniqueName` is the sign-in
 * address on Services, which is an e-mail address there, and `DOMAIN\account` on a server.
 */
export function userOf(value: unknown): UserValue | undefined {
  if (typeof value === 'string') {
    const parts = /^(.*?)\s*<([^<>]+)>$/.exec(value);
    if (parts) return compact({ name: parts[1], login: parts[2], email: mailOf(parts[2]) });
    return value === '' ? undefined : { name: value };
  }
  if (!isJson(value)) return undefined;
  const login = textOf(value.uniqueName);
  const user = compact({ id: textOf(value.id), name: textOf(value.displayName), login, email: mailOf(login) });
  return Object.keys(user).length > 0 ? user : undefined;
}

/** Somebody who stands in work items and cannot be chosen any more: removed from the organisation or its directory. */
export const hasLeft = (value: unknown): boolean =>
  isJson(value) && (value.inactive === true || value.isDeletedInOrigin === true);

export const mailOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^[^\s@\\]+@[^\s@\\]+$/.test(text) ? text : undefined;

/** Without properties that are empty: values travel as JSON and are compared. */
export function compact({ id, name, login, email }: UserValue): UserValue {
  return { ...(id ? { id } : {}), ...(name ? { name } : {}), ...(login ? { login } : {}), ...(email ? { email } : {}) };
}

/** ISO 8601 in UTC as this connector writes every time: seven digits and trailing zeros become three or none. */
export function isoOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** Ids of work items are positive 32-bit numbers; anything else cannot be one. */
export function idOf(text: string): number | undefined {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  return id <= 2_147_483_647 ? id : undefined;
}
