/**
 * Several creates and updates in one request
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/WorkItemBatchUpdate). Each has an answer of its own. What the
 * documentation says of a failed one ("does not affect subsequent requests") and what the maintainers say ("if one fails,
 * nothing will be updated", https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/121) differ, so only an answer's own
 * code counts: what was not answered with 2xx was not written.
 */

import { SyncError } from '../../model/errors';
import { kindOfStatus, shorten } from '../http/failures';
import { type Answer, Bulk } from '../kit/bulk';
import { parsedJson } from '../kit/json';
import { type AzureDevOpsApi, PATCH_TYPE } from './api';
import { parseFailure } from './failures';
import { type Json, listOf, type PatchOperation, type RawWorkItem, textOf, workItemOf } from './shapes';

export interface Request {
  /** "Work item 12" or "A new Bug", for the start of an error message */
  about: string;
  /** `{project}/_apis/wit/workitems/$Bug` or `_apis/wit/workitems/12` */
  path: string;
  create: boolean;
  operations: PatchOperation[];
}

/** How all operations are written. */
export interface WriteRules {
  bypassRules: boolean;
  suppressNotifications: boolean;
}

/**
 * 200 is the limit of the service; smaller ones fail smaller. `$batch` takes other rights of a token than a single write
 * (https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/564), and gateways know fewer addresses than the service.
 */
export function batchesOf(api: AzureDevOpsApi, rules: WriteRules): Bulk<Request, RawWorkItem> {
  const flags = Object.entries(rules).flatMap(([name, isSet]) => (isSet ? [[name, 'true']] : []));
  const query: Record<string, string> = { ...Object.fromEntries(flags), $expand: 'relations' };
  return new Bulk<Request, RawWorkItem>({
    ...{ most: 100, characters: 4_000_000 },
    async alone({ create, path, operations }) {
      const call = { query, body: operations, contentType: PATCH_TYPE };
      return workItemOf((await api.send(create ? 'POST' : 'PATCH', path, call)).body);
    },
    async together(requests) {
      const search = new URLSearchParams({ 'api-version': api.version });
      for (const [name, value] of Object.entries(query)) search.set(name, value);
      const body = requests.map(({ path, create, operations }, index) => ({
        method: 'PATCH',
        uri: `/${path}?${search}`,
        headers: { 'Content-Type': PATCH_TYPE },
        // new work items need numbers of their own, negative ones, to be told apart; without, all but the first are refused:
        // https://learn.microsoft.com/previous-versions/azure/devops/integrate/previous-apis/wit/batch
        body: create ? [{ op: 'add', path: '/id', value: -1 - index }, ...operations] : operations,
      }));
      const items = listOf(await api.json('PATCH', '_apis/wit/$batch', { body }));
      return requests.map((request, index) => answerOf(api, request, items[index]));
    },
  });
}

function answerOf(api: AzureDevOpsApi, { about }: Request, item: Json | undefined): Answer<RawWorkItem> {
  const failed = (error: SyncError, own = true): Answer<RawWorkItem> => ({ ok: false, error, own });
  if (!item || typeof item.code !== 'number') {
    const words = `${about}: Azure DevOps' answer does not mention it, so it may have been written`;
    return failed(new SyncError('transient', words, { status: 200, uncertain: true }));
  }
  const { code } = item;
  // bodies are text within the answer's JSON
  const body = typeof item.body === 'string' ? parsedJson(item.body) : item.body;
  try {
    if (code >= 200 && code < 300) return { ok: true, shown: workItemOf(body) };
  } catch {
    return failed(new SyncError('fatal', `${about} was written, but the answer cannot be read`, { uncertain: true }));
  }
  const failure = parseFailure(code, body, api.names);
  // within the service's own answer, a 404 can only come from the service
  const kind = failure?.kind ?? (code === 404 ? 'notFound' : kindOfStatus(code));
  const words = shorten(failure?.text ?? textOf(item.body) ?? '');
  const error = new SyncError(kind, `${about} was not written (HTTP ${code}): ${words}`, {
    status: code,
    ...(words && { answer: words }),
    ...(failure?.fields && { fields: failure.fields }),
    uncertain: false,
  });
  return failed(error, !WITH_A_NEIGHBOUR.test(words) && (kind !== 'invalid' || failure?.fields !== undefined));
}

/** The real text for operations that were valid: https://github.com/microsoft/vsts-work-item-migrator/issues/86 */
const WITH_A_NEIGHBOUR = /^TF401321\b/;
