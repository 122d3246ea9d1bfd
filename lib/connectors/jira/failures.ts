/**
 * Jira's error answers: `{"errorMessages": [], "errors": {"summary": "You must specify a summary."}}`, and for
 * a bulk create `{"issues": [], "errors": [{"status": 400, "elementErrors": {…}, "failedElementNumber": 0}]}`.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes
 */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { HttpResponse } from '../http/client';
import { isJson, type Json, objectsOf, textOf } from '../kit/json';
import type { ErrorTable, Headers, Said } from '../kit/rest';

/** Parts of one canonical field for which Jira has separate names. */
const OURS: Record<string, string> = {
  timetracking: 'timeoriginalestimate',
  timetracking_originalestimate: 'timeoriginalestimate',
  timetracking_remainingestimate: 'timeestimate',
};

interface Refusal {
  messages: string[];
  fields: Record<string, string>;
}

function refusalOf(body: Json): Refusal {
  const messages = Array.isArray(body.errorMessages) ? body.errorMessages.flatMap((one) => textOf(one) ?? []) : [];
  const single = textOf(body.errorMessage) ?? textOf(body.message);
  if (single) messages.push(single);
  const fields: Record<string, string> = {};
  for (const [id, message] of Object.entries(isJson(body.errors) ? body.errors : {})) {
    fields[OURS[id] ?? id] = textOf(message) ?? 'is refused';
  }
  return { messages, fields };
}

const sentence = ({ messages, fields }: Refusal): string =>
  [...messages, ...Object.entries(fields).map(([id, message]) => `${id}: ${message}`)].join('; ');

/** A key that says which element of a bulk create a field's message is about: `3/summary`; `3/` for a general
 * message. */
const elementKey = (element: number, field: string): string => `${element}/${field}`;

/**
 * True if the answer is one for an anonymous user although credentials were sent. Where anonymous users can ask, Cloud
 * answers an expired token with 200 and an empty result, or with 404 for each issue
 * (https://github.com/MrRefactoring/jira.js/issues/418). A header reveals that; Data Center names the user in another
 * one
 * (https://developer.atlassian.com/server/jira/platform/jira-rest-api-example-cookie-based-authentication-37234858/).
 */
const isAnonymous = (headers: Headers): boolean =>
  /\bAUTHENTICAT(ED_FAILED|ION_DENIED)\b/i.test(headers['x-seraph-loginreason'] ?? '') ||
  headers['x-ausername']?.toLowerCase() === 'anonymous';

/** @throws SyncError auth if Jira did not sign in the account: it requires no credentials where anonymous users can
 * ask */
export function refuseStranger(request: string, { headers, status }: HttpResponse): void {
  if (!isAnonymous(headers)) return;
  const words =
    `${request}: Jira did not accept the credentials and answered as to an anonymous visitor. ` +
    'Check whether the token has expired or was revoked, and the account, in the system node.';
  // whatever it did, it did as an anonymous user
  throw new SyncError('auth', words, { status, answer: 'X-Seraph-LoginReason: AUTHENTICATED_FAILED' });
}

/** What error answers mean. */
export const ERRORS: ErrorTable = {
  read,
  kinds: [
    ['anonymous', 'auth'],
    // too many writes to one issue concern that issue, not the site: no reason to pause everything
    // (https://developer.atlassian.com/cloud/jira/platform/build-an-app-that-respects-rate-limits/)
    ['one issue', 'conflict'],
    // the gateway's answer for a token that lacks a scope for this one request: the credentials themselves are valid
    ['scope', 'forbidden'],
  ],
};

function read(status: number, body: unknown, headers: Headers): Said | undefined {
  if (status === 429 && headers['ratelimit-reason'] === 'jira-per-issue-on-write')
    return { text: 'Jira wants a pause between writes to one issue', code: 'one issue' };
  if (status === 401 && isJson(body) && /scope does not match/i.test(textOf(body.message) ?? ''))
    return { text: "the token's scopes do not include this request", code: 'scope' };
  const anonymous = isAnonymous(headers) ? { code: 'anonymous' } : undefined;
  if (!isJson(body)) return anonymous;
  if (Array.isArray(body.errors)) {
    const fields: Record<string, string> = {};
    for (const [element, refusal] of elementsOf(body)) {
      fields[elementKey(element, '')] = refusal.messages.join('; ');
      for (const [id, message] of Object.entries(refusal.fields)) fields[elementKey(element, id)] = message;
    }
    return { text: 'all issues of the request are refused', fields, ...anonymous };
  }
  const refusal = refusalOf(body);
  const text = sentence(refusal);
  if (text === '' || anonymous) return anonymous;
  // Jira's own list: `{"message": …}` alone comes from gateways, and from Jira for an unknown URL
  return { text, fields: refusal.fields, isOwn: Array.isArray(body.errorMessages) };
}

/** The rejections in the answer to a bulk create, by the element's number. */
export function elementsOf(body: Json): Map<number, Refusal> {
  const refusals = new Map<number, Refusal>();
  for (const error of objectsOf(body.errors)) {
    if (typeof error.failedElementNumber !== 'number') continue;
    refusals.set(error.failedElementNumber, refusalOf(isJson(error.elementErrors) ? error.elementErrors : {}));
  }
  return refusals;
}

/** The rejections in the error of a bulk create that created nothing. */
export function elementsOfError(error: SyncError): Map<number, Refusal> {
  const refusals = new Map<number, Refusal>();
  for (const [key, message] of Object.entries(error.detail.fields ?? {})) {
    const [, element, field = ''] = /^(\d+)\/(.*)$/.exec(key) ?? [];
    if (element === undefined) continue;
    const refusal = refusals.get(Number(element)) ?? { messages: [], fields: {} };
    if (field === '') append(refusal.messages, message === '' ? [] : [message]);
    else refusal.fields[field] = message;
    refusals.set(Number(element), refusal);
  }
  return refusals;
}

/** @param what "A new issue" or an issue's key */
export function refused(what: string, refusal: Refusal): SyncError {
  const words = sentence(refusal) || 'Jira gives no reason';
  const detail = Object.keys(refusal.fields).length > 0 ? { fields: refusal.fields } : {};
  return new SyncError('invalid', `${what} was not written: ${words}`, { ...detail, answer: words.slice(0, 500) });
}
