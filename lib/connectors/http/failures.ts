/** Converts request failures to SyncErrors that tell an admin what to do. Pure: no clock, no network. */

import { SyncError, type SyncErrorDetail, type SyncErrorKind } from '../../model/errors';
import { CONNECT_TIMEOUT } from './agents';
import type { Mask } from './masking';

/** The details that a connector reads from its system's error bodies. */
export interface ParsedError {
  /** the system's own words */
  text?: string;
  /** field id → error */
  fields?: Record<string, string>;
  /**
   * Replaces the kind that follows from the status. A 404 or 410 is `notFound` only if it is set here: the connector
   * has recognized its system's own answer. A proxy in front of a system answers 404 as well.
   */
  kind?: SyncErrorKind;
}

/** The details for describing a failure. */
export interface FailureContext {
  /** "GET /issues.json", without secrets */
  request: string;
  /** host and port of the system */
  host: string;
  /** false = the method may change something and must not be repeated without checks */
  idempotent: boolean;
  /** host and port of the proxy in use */
  proxy?: string;
  mask: Mask;
}

const ANSWER_LENGTH = 500;
/** maximum number of characters of an answer that are searched for an error text */
const LOOKED_AT = 100_000;
/** maximum number of fields in an error, and their maximum length */
const MOST_FIELDS = 500;

/** A text shortened to a readable length, with white space collapsed. */
export function shorten(text: string, length = ANSWER_LENGTH): string {
  const folded = text.replace(/\s+/g, ' ').trim();
  return folded.length > length ? `${folded.slice(0, length)}…` : folded;
}

/** The part of an answer's text that an error quotes: without secrets, collapsed and shortened. */
export function saying(text: string, mask: Mask, length = ANSWER_LENGTH): string {
  return shorten(mask(text.slice(0, LOOKED_AT)), length);
}

/** True for an answer that is a web page. */
export function looksLikeHtml(contentType: string | undefined, text: string): boolean {
  return /\bhtml\b/i.test(contentType ?? '') || /^\s*<(?:!doctype|html|head|body)\b/i.test(text);
}

/** The readable text of a web page: its title, otherwise its text. */
export function textOfHtml(html: string): string {
  const title = /<title[^>]*>([\s\S]{0,300}?)<\/title>/i.exec(html)?.[1];
  const body = html.slice(0, 20_000).replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ');
  return shorten(title ?? body.replace(/<[^>]*>/g, ' '), 200);
}

/**
 * Milliseconds to wait, from a `Retry-After` header: seconds or an HTTP date (RFC 9110 §10.2.3). A date is compared
 * with the answer's own `Date`, so a difference between the clocks does no harm.
 */
export function retryAfterMs(header: string | undefined, date: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const until = Date.parse(header);
  if (Number.isNaN(until)) return undefined;
  const from = date === undefined ? now : Date.parse(date);
  return Math.max(0, until - (Number.isNaN(from) ? now : from));
}

/** Statuses with which a system reports that something is gone, and a proxy that the system is gone. */
const isMissing = (status: number): boolean => status === 404 || status === 410;

/** The kind of error for an HTTP status, whoever has answered. */
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
  auth: 'Sign-in failed. Check the credentials in the system node',
  forbidden: 'Permission denied for this account',
  notFound: 'Not found or not visible to this account',
  conflict: 'Changed by someone else in the meantime',
  invalid: 'The system rejected the data',
  rateLimited: 'Too many requests',
  transient: 'System unavailable',
  fatal: 'Not an API response. Check the URL',
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
  // a gateway that gave up, or a server that failed while working: the write may have been carried out
  if (!context.idempotent && status >= 500) detail.uncertain = status !== 503 && status !== 501;
  if (status === 407) {
    return new SyncError('fatal', `The proxy ${context.proxy ?? ''} rejected the credentials (407)`, detail);
  }
  const answered = said ? `: ${said}` : '';
  if (isMissing(status) && kind === 'transient') {
    // whoever has answered did not carry out the request
    if (!context.idempotent) detail.uncertain = false;
    const what = html ? 'a web page' : answer.text.trim() === '' ? 'an empty answer' : 'an answer';
    return new SyncError(
      kind,
      `${context.request} on ${context.host}: ${what} with HTTP ${status} that is not the API's own${answered}. ` +
        'Check the URL, and whether a proxy answers in place of the system.',
      detail,
    );
  }
  const hint = html && kind === 'fatal' ? ' The URL returns HTML. Check the URL.' : '';
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
    const text = `Host${context.proxy ? ' or proxy' : ''} not found. Check the URL`;
    return { kind: 'fatal', unsent: true, text };
  }
  if (code === 'EAI_AGAIN') return { kind: 'transient', unsent: true, text: 'The name server does not answer' };
  if (code === 'ECONNREFUSED') {
    return {
      kind: 'transient',
      unsent: true,
      text: `Connection refused${via}. Check that the server is running and the port is correct`,
    };
  }
  if (code === CONNECT_TIMEOUT || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EHOSTDOWN') {
    const text = `Host unreachable${via}. Check network, firewall and proxy`;
    return { kind: 'transient', unsent: true, text };
  }
  if (UNKNOWN_CERTIFICATE.has(code)) {
    const text =
      "The server's certificate is not trusted. Add the certificate of its CA to a tls-config node and select that in the system node";
    return { kind: 'fatal', unsent: true, text: `${text} (${code})` };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return { kind: 'fatal', unsent: true, text: `The server's certificate is not valid at this time (${code})` };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const text =
      "The server's certificate is for another host. Check the URL, or the server name in the tls-config node";
    return { kind: 'fatal', unsent: true, text };
  }
  if (/^ERR_(SSL|TLS|OSSL)|^EPROTO$/.test(code)) {
    const text = `TLS connection failed. Check that the server uses https, and whether it requires a client certificate (tls-config node) (${code})`;
    return { kind: 'fatal', unsent: false, text };
  }
  if (code.startsWith('HPE_')) {
    const text = `Not an HTTP server${via}. Check host and port (${code})`;
    return { kind: 'fatal', unsent: false, text };
  }
  if (code === 'ETIMEDOUT') return { kind: 'transient', unsent: false, text: 'Request timed out' };
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    return { kind: 'transient', unsent: false, text: `Connection lost${via}` };
  }
  return { kind: 'transient', unsent: false, text: `Connection failed: ${message}` };
}

/** A request that got no whole answer. `code` is Node's error code, `message` its words. */
export function failureOfNetwork(code: string, message: string, context: FailureContext): SyncError {
  const { kind, text, unsent } = describeNetwork(code, saying(message, context.mask, 200), context);
  // only the message: the client's own error objects contain headers and therefore the credentials
  const cause = new Error(context.mask(`${code} ${message}`.trim()));
  const detail: SyncErrorDetail = { cause, ...(unsent && { unsent }) };
  if (!context.idempotent) detail.uncertain = !unsent;
  return new SyncError(kind, `${context.request} on ${context.host}: ${text}`, detail);
}
