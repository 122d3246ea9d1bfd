/**
 * Several creates and updates in one request
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/WorkItemBatchUpdate). Each has an answer of its own. What the
 * documentation says of a failed one ("does not affect subsequent requests") and what the maintainers say ("if one fails,
 * nothing will be updated", https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/121) differ, so only an answer's own
 * code counts: what was not answered with 2xx was not written.
 */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { kindOfStatus, shorten } from '../http/failures';
import { wholeBatch } from '../whole-batch';
import { type AzureDevOpsApi, PATCH_TYPE } from './api';
import { parseFailure } from './failures';
import type { PatchOperation } from './patching';
import { isJson, listOf, type RawWorkItem, textOf, workItemOf } from './shapes';

export interface Request {
  /** "Work item 12" or "A new Bug", to begin an error message with */
  about: string;
  /** `{project}/_apis/wit/workitems/$Bug` or `_apis/wit/workitems/12` */
  path: string;
  create: boolean;
  operations: PatchOperation[];
}

export type Answer =
  | { ok: true; item: RawWorkItem }
  /** `own`: the failure is this request's own, not that of a neighbour in the batch */
  | { ok: false; error: SyncError; own: boolean };

/** 200 is the limit of the service; smaller ones fail smaller. */
const MOST_IN_BATCH = 100;
const MOST_BYTES = 4_000_000;
/** Where `$batch` is refused and single requests are not, it is tried again after this time. */
const REFUSED_FOR_MS = 600_000;

/** What was not sent, since the one before failed in a way that concerns all. */
const unsentAfter = ({ kind, message, detail }: SyncError): Answer => ({
  ok: false,
  error: new SyncError(kind, `Not sent, since the one before failed: ${message}`, {
    ...detail,
    batch: undefined,
    unsent: true,
    uncertain: false,
  }),
  own: true,
});

export class Batches {
  private refusedUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly version: string,
    private readonly options: { bypassRules: boolean; suppressNotifications: boolean },
  ) {}

  /** Sends all, in order. @throws nothing: whatever happens is an answer */
  async send(requests: Request[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    let halt: SyncError | undefined;
    for (const chunk of chunks(requests)) {
      const reason = halt;
      if (reason)
        append(
          answers,
          chunk.map(() => unsentAfter(reason)),
        );
      else {
        const some = await this.chunk(chunk);
        append(answers, some);
        halt = haltOf(some);
      }
    }
    return answers;
  }

  private chunk(chunk: Request[]): Promise<Answer[]> {
    const mayBatch = chunk.length > 1 && performance.now() >= this.refusedUntil;
    return mayBatch ? this.together(chunk) : this.alone(chunk);
  }

  /** One after the other. */
  private async alone(requests: Request[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const request of requests) {
      const reason = haltOf(answers);
      answers.push(reason ? unsentAfter(reason) : await this.single(request));
    }
    return answers;
  }

  /** One request alone: its error answers say more than those in a batch. */
  async single(request: Request): Promise<Answer> {
    const method = request.create ? 'POST' : 'PATCH';
    try {
      const { body } = await this.api.send(method, request.path, {
        query: this.query(),
        body: request.operations,
        contentType: PATCH_TYPE,
      });
      return { ok: true, item: workItemOf(body) };
    } catch (thrown) {
      return { ok: false, error: refused(request, thrown), own: true };
    }
  }

  private async together(requests: Request[]): Promise<Answer[]> {
    const search = new URLSearchParams({ 'api-version': this.version });
    for (const [name, value] of Object.entries(this.query())) search.set(name, value);
    const body = requests.map(({ path, create, operations }, index) => ({
      method: 'PATCH',
      uri: `/${path}?${search}`,
      headers: { 'Content-Type': PATCH_TYPE },
      // new work items need numbers of their own, negative ones, to be told apart; without, all but the first are refused:
      // https://learn.microsoft.com/previous-versions/azure/devops/integrate/previous-apis/wit/batch
      body: create ? [{ op: 'add', path: '/id', value: -1 - index }, ...operations] : operations,
    }));
    try {
      const answer = await this.api.json('PATCH', '_apis/wit/$batch', { body });
      const items = listOf(answer);
      return requests.map((request, index) => this.answer(request, items[index]));
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      if (isRefusal(thrown)) return this.without(requests, thrown);
      return requests.map((request) => ({
        ok: false,
        error: wholeBatch(refused(request, thrown), requests.length),
        own: true,
      }));
    }
  }

  /**
   * `$batch` is refused as such. It takes other rights of a token than a single write
   * (https://github.com/MicrosoftDocs/vsts-rest-api-specs/issues/564), and gateways know fewer addresses than the service.
   * So one goes alone, and if that is not refused in the same way, so do the others.
   */
  private async without(requests: Request[], refusal: SyncError): Promise<Answer[]> {
    const [first, ...others] = requests;
    if (!first) return [];
    const tried = await this.single(first);
    const isSame =
      !tried.ok && tried.error.kind === refusal.kind && tried.error.detail.status === refusal.detail.status;
    const halt = isSame ? tried.error : haltOf([tried]);
    if (halt) return [tried, ...others.map(() => unsentAfter(halt))];
    this.refusedUntil = performance.now() + REFUSED_FOR_MS;
    const rest = await this.alone(others);
    return [tried, ...rest];
  }

  private answer(request: Request, item: Record<string, unknown> | undefined): Answer {
    if (!item || typeof item.code !== 'number') {
      const words = `${request.about}: Azure DevOps gave no answer for it, so it may have been written`;
      return { ok: false, error: new SyncError('transient', words, { status: 200, uncertain: true }), own: true };
    }
    const { code } = item;
    const body = parsed(item.body);
    try {
      if (code >= 200 && code < 300) return { ok: true, item: workItemOf(body) };
    } catch {
      const words = `${request.about} was written, but the answer cannot be read`;
      return { ok: false, error: new SyncError('fatal', words, { uncertain: true }), own: true };
    }
    const failure = parseFailure(code, body, this.api.names);
    // within the service's own answer, nobody else says 404
    const kind = failure?.kind ?? (code === 404 ? 'notFound' : kindOfStatus(code));
    const words = shorten(failure?.text ?? textOf(item.body) ?? '');
    const error = new SyncError(kind, `${request.about} was not written (HTTP ${code}): ${words}`, {
      status: code,
      ...(words ? { answer: words } : {}),
      ...(failure?.fields ? { fields: failure.fields } : {}),
      uncertain: false,
    });
    const own = !WITH_A_NEIGHBOUR.test(words) && (kind !== 'invalid' || failure?.fields !== undefined);
    return { ok: false, error, own };
  }

  private query(): Record<string, string> {
    return {
      ...(this.options.bypassRules ? { bypassRules: 'true' } : {}),
      ...(this.options.suppressNotifications ? { suppressNotifications: 'true' } : {}),
    };
  }
}

/** Real words for those that were fine: https://github.com/microsoft/vsts-work-item-migrator/issues/86 */
const WITH_A_NEIGHBOUR = /^TF401321\b/;

/** The address is refused, or not known, whatever the request holds. */
const isRefusal = ({ kind, detail }: SyncError): boolean =>
  kind === 'auth' ||
  kind === 'forbidden' ||
  kind === 'notFound' ||
  (detail.status !== undefined && [404, 405, 410, 501].includes(detail.status));

/** The failure after which nothing more is sent: of the account, or nobody answers. One that the service answers 5xx is not. */
function haltOf(answers: Answer[]): SyncError | undefined {
  for (const answer of answers) {
    if (answer.ok) continue;
    const { kind, detail } = answer.error;
    const isSilent = kind === 'transient' && (detail.status === undefined || detail.status === 503);
    if (kind === 'auth' || kind === 'rateLimited' || isSilent) return answer.error;
  }
  return undefined;
}

function refused(request: Request, thrown: unknown): SyncError {
  if (!(thrown instanceof SyncError)) throw thrown;
  return new SyncError(thrown.kind, `${request.about} was not written: ${thrown.message}`, thrown.detail);
}

/** Bodies come as text within the answer's JSON. */
function parsed(body: unknown): unknown {
  if (isJson(body) || typeof body !== 'string') return body;
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return undefined;
  }
}

function* chunks(requests: Request[]): Generator<Request[]> {
  let chunk: Request[] = [];
  let bytes = 0;
  for (const request of requests) {
    const size = JSON.stringify(request.operations).length;
    if (chunk.length > 0 && (chunk.length >= MOST_IN_BATCH || bytes + size > MOST_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(request);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
