/**
 * What Azure DevOps says in its error answers → the fields it is about, and the kind of failure. The body is
 * `{message, typeKey, customProperties}`; within `$batch` it may be `{value: {Message}}`. The codes (TF…, VS…) begin the
 * message, whose language is the account's, so `typeKey` is preferred:
 * https://learn.microsoft.com/azure/devops/reference/error/workitem-tracking-error-messages (codes),
 * https://github.com/microsoft/azure-devops-mcp/pull/1526 (412 for a failed `test` of `/rev`).
 */

import type { ParsedError } from '../http/client';
import { decodedText } from '../kit/json';
import { type ErrorTable, type Headers, parserOf } from '../kit/rest';
import { TAGS } from './field-types';
import { isJson, type Json, listOf, textOf } from './shapes';

const KINDS: ErrorTable['kinds'] = [
  ['TestPatchOperationFailedException', 'conflict'],
  ['WorkItemRevisionMismatchException', 'conflict'],
  ['WorkItemUnauthorizedAccessException', 'notFound'],
  ['WorkItemNotFoundException', 'notFound'],
  ['WorkItemTypeNotFoundException', 'notFound'],
  ['ProjectDoesNotExistException', 'notFound'],
  ['ProjectDoesNotExistWithNameException', 'notFound'],
  // a URL that this version of the service does not have says nothing about the requested object
  ['VssResourceNotFoundException', 'fatal'],
  [/^(VS403351|TF26071)\b/, 'conflict'],
  [/^(TF401232|TF200016|VS800075|TF51005)\b/, 'notFound'],
  // too many requests, reported with 400 or 503 by some services
  [/^TF400733\b/, 'rateLimited'],
  // reported with 500, permanently: https://devblogs.microsoft.com/devops/work-item-revision-limits
  [/only work items with up to [\d.,]+ revisions are supported/, 'invalid'],
];

/** A size limit was exceeded: https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits */
export const isQueryTooLarge = (answer: string | undefined): boolean => /VS402337/.test(answer ?? '');

/** @param nameToId reference name by a field's display name, lower case */
export const errorsOf = (nameToId: ReadonlyMap<string, string>): ErrorTable => ({
  kinds: KINDS,
  read(status, body, headers) {
    // the answers of $batch wrap what failed: {"count": 1, "value": {"Message": "…"}}
    const error = isJson(body) && isJson(body.value) ? body.value : body;
    const text = isJson(error) ? (textOf(error.message) ?? textOf(error.Message)) : undefined;
    if (!isJson(error) || text === undefined) return deniedBy(status, headers);
    const code = textOf(error.typeKey) ?? '';
    // an exception's name or a code comes from the service, `{"message": …}` alone from any gateway
    return { text, code, fields: fieldsOf(error, text, nameToId), isOwn: code !== '' || /^(TF|VS)\d+\b/.test(text) };
  },
});

/** The content of one answer within `$batch`. */
export const parseFailure = (
  status: number,
  body: unknown,
  nameToId: ReadonlyMap<string, string>,
): ParsedError | undefined => parserOf(errorsOf(nameToId))(status, body, {});

/** Why a sign-in failed, if only a header says so: https://github.com/microsoft/azure-pipelines-agent/issues/1559 */
function deniedBy(status: number, headers: Headers): { text: string } | undefined {
  const said = headers['x-tfs-serviceerror'];
  return status === 401 && said !== undefined ? { text: decodedText(said) ?? said } : undefined;
}

function fieldsOf(error: Json, text: string, nameToId: ReadonlyMap<string, string>): Record<string, string> {
  const properties = isJson(error.customProperties) ? error.customProperties : {};
  const fields: Record<string, string> = {};
  for (const one of listOf(properties, 'RuleValidationErrors')) {
    const id = textOf(one.fieldReferenceName);
    if (id) fields[id] = meaning(textOf(one.errorMessage) ?? text, textOf(one.fieldStatusFlags));
  }
  const single = textOf(properties.FieldReferenceName);
  if (single && !fields[single]) fields[single] = meaning(text, textOf(properties.FieldStatusFlags));
  if (Object.keys(fields).length === 0) {
    const named = namedIn(text, nameToId);
    if (named) fields[named] = meaning(text, undefined);
  }
  return fields;
}

/** Codes that are about one field but do not name it. */
const ABOUT: [RegExp, string][] = [
  // a tag with characters that none may have: https://github.com/danhellem/github-actions-issue-to-work-item/issues/106
  [/^TF401407\b/, TAGS],
  [/^TF401243\b/, TAGS],
];

const NAMED = [
  /Rule Error for field (.+?)\. Error code/,
  /\bfield '([^']+)'/i,
  /\bfield "([^"]+)"/i,
  /Cannot find field ([\w.]+?)\.?(?:\s|$)/,
  /\/fields\/([\w.]+)/,
];

function namedIn(text: string, nameToId: ReadonlyMap<string, string>): string | undefined {
  const about = ABOUT.find(([code]) => code.test(text))?.[1];
  if (about !== undefined) return about;
  for (const pattern of NAMED) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined) return nameToId.get(name.toLowerCase()) ?? name;
  }
  return undefined;
}

/** The flags of a broken rule as text; the system's own text if none is known. */
function meaning(text: string, flags: string | undefined): string {
  const all = `${flags ?? ''} ${text}`.toLowerCase();
  if (/\binvalidempty\b/.test(all)) return `a value is required (${text})`;
  if (/\binvalidlistvalue\b/.test(all)) return `the value is not in the field's list (${text})`;
  if (/\binvalidnotoldvalue\b|\breadonly\b/.test(all)) return `the process does not let it be changed now (${text})`;
  if (/\binvalidcharacters\b/.test(all)) return `it holds characters that cannot be stored (${text})`;
  if (/\binvalidtoolong\b|\btf401324\b/.test(all)) return `the text is too long (${text})`;
  return text;
}
