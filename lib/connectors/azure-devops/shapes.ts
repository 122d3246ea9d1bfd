/**
 * The JSON of the work item tracking API, checked when it is read: from `unknown` to types.
 * https://learn.microsoft.com/rest/api/azure/devops/wit/?view=azure-devops-rest-7.1
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import { isJson, type Json, listOf as objectsOf, textOf } from '../kit/json';
import { compactUser } from '../kit/people';

export { isJson, type Json, textOf };

export interface PatchOperation {
  op: 'add' | 'replace' | 'remove' | 'test';
  path: string;
  value?: unknown;
}

export interface RawWorkItem {
  id: EntityId;
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
  /** of an attachment: its name, its size, when it was added */
  attributes?: Json;
}

/** The objects of a list; lists are called `value` unless stated otherwise. */
export const listOf = (body: unknown, property = 'value'): Json[] => objectsOf(body, property);

/** @throws SyncError fatal – not a work item */
export function workItemOf(json: unknown): RawWorkItem {
  if (!isJson(json) || typeof json.id !== 'number' || typeof json.rev !== 'number' || !isJson(json.fields)) {
    throw new SyncError('fatal', 'Azure DevOps returned something that is not a work item. Check the URL', {
      malformed: true,
    });
  }
  const relations = listOf(json, 'relations').map(
    (one): RawRelation => ({
      rel: textOf(one.rel) ?? '',
      url: textOf(one.url) ?? '',
      comment: isJson(one.attributes) ? textOf(one.attributes.comment) : undefined,
      ...(one.rel === 'AttachedFile' && isJson(one.attributes) && { attributes: one.attributes }),
    }),
  );
  // {"System.Description": "markdown"}; absent on servers that know HTML only
  const formats = isJson(json.multilineFieldsFormat) ? json.multilineFieldsFormat : {};
  const markdown = Object.keys(formats).filter((field) => String(formats[field]).toLowerCase() === 'markdown');
  return { id: String(json.id), rev: json.rev, fields: json.fields, relations, markdown: new Set(markdown) };
}

/**
 * A person as fields show them (IdentityRef), or as old servers do: `Name <account>`. `uniqueName` is the sign-in
 * address on Services, which is an e-mail address there, and `DOMAIN\account` on a server.
 */
export function userOf(value: unknown): UserValue | undefined {
  if (typeof value === 'string') {
    const parts = /^(.*?)\s*<([^<>]+)>$/.exec(value);
    if (parts) return compactUser({ name: parts[1], login: parts[2], email: mailOf(parts[2]) });
    return value === '' ? undefined : { name: value };
  }
  if (!isJson(value)) return undefined;
  const login = textOf(value.uniqueName);
  const user = compactUser({ id: textOf(value.id), name: textOf(value.displayName), login, email: mailOf(login) });
  return Object.keys(user).length > 0 ? user : undefined;
}

/** A user in work items who can no longer be selected: removed from the organization or its directory. */
export const hasLeft = (value: unknown): boolean =>
  isJson(value) && (value.inactive === true || value.isDeletedInOrigin === true);

export const mailOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^[^\s@\\]+@[^\s@\\]+$/.test(text) ? text : undefined;

/** ISO 8601 in UTC as this connector writes every time: seven digits and trailing zeros become three or none. */
export function isoOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** The id that a text is, if it is one: ids of work items are positive 32-bit numbers. */
export const idOf = (text: string | undefined): EntityId | undefined =>
  text !== undefined && /^[1-9]\d{0,9}$/.test(text) && Number(text) <= 2_147_483_647 ? text : undefined;
