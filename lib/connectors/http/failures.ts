/** Turns what can go wrong with a request into SyncErrors that tell an admin what to do. Pure: no clock, no network. */

import { SyncError, type SyncErrorDetail, type SyncErrorKind } from '../../model/errors';
import { CONNECT_TIMEOUT } from './agents';
import type { Mask } from './masking';

/** What a connector reads out of its system's error bodies. */
export interface ParsedError {
  /** the system's own words */
  text?: string;
  /** field id → what is wrong */
  fields?: Record<string, string>;
  /**
   * Replaces the kind that follows from the status. A 404 or 410 is `notFound` only where it is given here: the connector
   * has recognised its system's own answer. Whatever stands in front of a system answers 404 as well.
   */
  kind?: SyncErrorKind;
}

/** What a failure is described with. */
export interface FailureContext {
  /** "GET /issues.json", free of secrets */
  request: string;
  /** host and port of the system */
  host: string;
  /** false = the method may change something and must not be repeated blindly */
  idempotent: boolean;
  /** host and port of the proxy in use */
  proxy?: string;
  mask: Mask;
}

const ANSWER_LENGTH = 500;
/** characters of an answer that are looked at for an error's words */
const LOOKED_AT = 100_000;
/** what an error says of fields: so many, and as long as an answer */
const MOST_FIELDS = 500;

/** A text shortened to a readable length, white space folded. */
export function shorten(text: string, length = ANSWER_LENGTH): string {
  const folded = text.replace(/\s+/g, ' ').trim();
  return folded.length > length ? `${folded.slice(0, length)}…` : folded;
}

/** What an error says of an answer's text: without secrets, folded, shortened. */
export function saying(text: string, mask: Mask, length = ANSWER_LENGTH): string {
  return shorten(mask(text.slice(0, LOOKED_AT)), length);
}

/** True for an answer that is a web page. */
export function looksLikeHtml(contentType: string | undefined, text: string): boolean {
  return /\bhtml\b/i.test(contentType ?? '') || /^\s*<(?:!doctype|html|head|body)\b/i.test(text);
}

/** What a person would read of a web page: its title, else its text. */
export function textOfHtml(html: string): string {
  const title = /<title[^>]*>([\s\S]{0,300}?)<\/title>/i.exec(html)?.[1];
  const body = html.slice(0, 20_000).replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ');
  return shorten(title ?? body.replace(/<[^>]*>/g, ' '), 200);
}

/**
 * Milliseconds to wait, from a `Retry-After` header: seconds or an HTTP date (RFC 9110 §10.2.3). A date is compared
 * with the answer's own `Date`, so that a clock that differs from ours does no harm.
 */
export function retryAfterMs(header: string | undefined, date: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const until = Date.parse(header);
  if (Number.isNaN(until)) return undefined;
  const from = date === undefined ? now : Date.parse(date);
  return Math.max(0, until - (Number.isNaN(from) ? now : from));
}

/** Statuses by which a system says that something is gone, and a proxy that the system is. */
const isMissing = (status: number): boolean => status === 404 || status === 410;

/** The kind of error that an HTTP status stands for, whoever has answered. */
export function kindOfStatus(status: number): SyncErrorKind {
  if (status === 401) return 'auth';
  if (status === 403) return 'forbidden';
  if (isMissing(status)) return 'transient';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 400 || status === 413 || status === 414 || status === 422) return 'invalid';
  if (status === 429) return 'rateLimited';
  if (status === 408 || status === 425 || status >= 500) return 'transient';
  return 'fatal';
}

const MEANING: Record<SyncErrorKind, string> = {
  auth: 'the credentials were refused: check them in the system node',
  forbidden: 'the account may not do this',
  notFound: 'not found, or out of sight for the account',
  conflict: 'it was changed in the meantime',
  invalid: 'the system refuses the data',
  rateLimited: 'too many requests',
  transient: 'the system is in trouble',
  fatal: 'the answer is not that of the API: check the URL',
};

/** An answer with an error status. */
export function failureOfStatus(
  answer: { status: number; contentType?: string; text: string; retryAfterMs?: number; parsed?: ParsedError },
  context: FailureContext,
): SyncError {
  const { status, parsed } = answer;
  const html = looksLikeHtml(answer.contentType, answer.text);
  const words = parsed?.text ?? (html ? textOfHtml(context.mask(answer.text.slice(0, LOOKED_AT))) : answer.text);
  const said = saying(words, context.mask);
  const waits = answer.retryAfterMs !== undefined && (status === 503 || status === 403);
  const kind = status === 407 ? 'fatal' : (parsed?.kind ?? (waits ? 'rateLimited' : kindOfStatus(status)));
  const detail: SyncErrorDetail = { status };
  if (said) detail.answer = said;
  const fields = Object.entries(parsed?.fields ?? {}).slice(0, MOST_FIELDS);
  if (fields.length > 0) {
    const told = fields.map(([field, why]) => [context.mask(field), saying(why, context.mask)]);
    detail.fields = Object.fromEntries(told);
  }
  if (answer.retryAfterMs !== undefined) detail.retryAfterMs = answer.retryAfterMs;
  // a gateway that gave up, or a server that broke while working: the write may have been carried out
  if (!context.idempotent && status >= 500) detail.uncertain = status !== 503 && status !== 501;
  if (status === 407) {
    return new SyncError('fatal', `The proxy ${context.proxy ?? ''} wants other credentials (407)`, detail);
  }
  const answered = said ? `: ${said}` : '';
  if (isMissing(status) && kind === 'transient') {
    // whoever has answered did not carry the request out
    if (!context.idempotent) detail.uncertain = false;
    const what = html ? 'a web page' : answer.text.trim() === '' ? 'an empty answer' : 'an answer';
    return new SyncError(
      kind,
      `${context.request} on ${context.host}: ${what} with HTTP ${status} that is not the API's own${answered}. ` +
        'Check the URL, and whether a proxy answers in place of the system.',
      detail,
    );
  }
  const hint = html && kind === 'fatal' ? ' The address answers HTML: check the URL.' : '';
  return new SyncError(
    kind,
    `${context.request} on ${context.host}: ${MEANING[kind]} (HTTP ${status})${answered}${hint}`,
    detail,
  );
}

const UNKNOWN_CERTIFICATE = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
]);

interface NetworkFailure {
  kind: SyncErrorKind;
  text: string;
  /** the request cannot have reached the system */
  unsent: boolean;
}

function describeNetwork(code: string, message: string, context: FailureContext): NetworkFailure {
  const via = context.proxy ? ` through the proxy ${context.proxy}` : '';
  if (code === 'ENOTFOUND') {
    const text = `the host name is unknown${context.proxy ? ' (or that of the proxy)' : ''}: check the URL`;
    return { kind: 'fatal', unsent: true, text };
  }
  if (code === 'EAI_AGAIN') return { kind: 'transient', unsent: true, text: 'the name server does not answer' };
  if (code === 'ECONNREFUSED') {
    return {
      kind: 'transient',
      unsent: true,
      text: `nothing listens there${via}: is the server up, is the port right?`,
    };
  }
  if (code === CONNECT_TIMEOUT || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EHOSTDOWN') {
    const text = `the host cannot be reached${via}: check network, firewall and proxy`;
    return { kind: 'transient', unsent: true, text };
  }
  if (UNKNOWN_CERTIFICATE.has(code)) {
    const text =
      "the server's certificate is not trusted: add its authority's certificate in a tls-config node and choose it in the system node";
    return { kind: 'fatal', unsent: true, text: `${text} (${code})` };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return { kind: 'fatal', unsent: true, text: `the server's certificate is not valid at this time (${code})` };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const text =
      "the server's certificate is made out for another host: check the URL, or the tls-config node's server name";
    return { kind: 'fatal', unsent: true, text };
  }
  if (/^ERR_(SSL|TLS|OSSL)|^EPROTO$/.test(code)) {
    const text = `no TLS connection: is it https, does the server want a client certificate (tls-config node)? (${code})`;
    return { kind: 'fatal', unsent: false, text };
  }
  if (code.startsWith('HPE_')) {
    const text = `something else than a web server answers there${via}: check host and port (${code})`;
    return { kind: 'fatal', unsent: false, text };
  }
  if (code === 'ETIMEDOUT') return { kind: 'transient', unsent: false, text: 'no answer in time' };
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    return { kind: 'transient', unsent: false, text: `the connection broke${via}` };
  }
  return { kind: 'transient', unsent: false, text: `the connection failed: ${message}` };
}

/** A request that got no whole answer. `code` is Node's error code, `message` its words. */
export function failureOfNetwork(code: string, message: string, context: FailureContext): SyncError {
  const { kind, text, unsent } = describeNetwork(code, saying(message, context.mask, 200), context);
  // only the words: the client's own error objects carry headers and so the credentials
  const cause = new Error(context.mask(`${code} ${message}`.trim()));
  const detail: SyncErrorDetail = { cause, ...(unsent && { unsent }) };
  if (!context.idempotent) detail.uncertain = !unsent;
  return new SyncError(kind, `${context.request} on ${context.host}: ${text}`, detail);
}
