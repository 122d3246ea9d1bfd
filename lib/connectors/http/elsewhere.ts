/** Downloads that lead somewhere else: to another host, to a sign-in page, to a page instead of a file. */

import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { SyncError, type SyncErrorDetail } from '../../model/errors';
import { createSockets, type Sockets } from './agents';
import { type FailureContext, looksLikeHtml, saying, textOfHtml } from './failures';
import type { HttpOptions } from './options';

type Headers = Readonly<Record<string, string>>;

const LOGIN =
  /^_?(log[-_]?in|sign[-_]?in|sso|saml2?|oauth2?|authori[sz]e|adfs|cas)(\.(jspa?|php|aspx?|x?html?|action|do|cgi|pl))?$/i;
const LOGIN_HOST = /^(login|signin|sso|auth|accounts?|idp?)\./i;

/** True for the URL of a sign-in page: Redmine's `/login`, Jira's `/login.jsp`, `login.microsoftonline.com`. */
export const isLogin = (url: URL): boolean =>
  LOGIN_HOST.test(url.hostname) || url.pathname.split('/').some((segment) => LOGIN.test(segment));

/** Hosts that mean this machine or its own network: no system keeps its files there. */
function isOurs(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (isIP(host) === 4) return /^(127\.|169\.254\.|0\.)/.test(host);
  return isIP(host) === 6 && /^(::1?$|fe[89ab]|::ffff:(7f|a9fe|0:|0?\.|127\.|169\.254\.))/.test(host);
}

/**
 * Whether a download follows a redirect: never to a URL that is not http(s), never from TLS to plain text, never from a
 * remote system to this machine or a cloud's internal addresses (169.254.…).
 */
export function mayFollow(from: URL, to: URL): boolean {
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) return false;
  if (to.username !== '' || to.password !== '') return false;
  return !isOurs(to.hostname) || isOurs(from.hostname);
}

/** Sockets to a foreign host: the same proxy, no client certificate and no host name of the system; the foreign
 * host's certificate is checked. */
export function socketsAbroad(url: URL, { proxy, tls, connectTimeoutMs }: HttpOptions): Sockets {
  const ca = tls?.ca ? [...rootCertificates, tls.ca].join('\n') : undefined;
  return createSockets(url, {
    ...(proxy && { proxy }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(ca !== undefined && { tls: { ca } }),
    maxSockets: 1,
  });
}

/** True for an answer that is a web page although no page was expected as a file. */
export function isPage(
  headers: Headers,
  { mediaType = '', name = '' }: { mediaType?: string; name?: string },
): boolean {
  if (!looksLikeHtml(headers['content-type'], '')) return false;
  if (/^\s*attachment\b/i.test(headers['content-disposition'] ?? '')) return false;
  return !/html/i.test(mediaType) && !/\.(x?html?|mht(ml)?|eml)$/i.test(name);
}

const ASKS_FOR_LOGIN = /type\s*=\s*["']?password|\b(log ?in|sign ?in|anmelde|anmelden|single sign)/i;

/**
 * The error for an answer that is not the requested file.
 *
 * @param words "answers a web page in place of the file"
 * @param kind by default auth if the page asks for a sign-in, otherwise transient
 * @param page the start of the page, without secrets
 */
export function pageFailure(
  context: FailureContext,
  words: string,
  kind?: 'auth' | 'transient',
  page = '',
  detail: SyncErrorDetail = {},
): SyncError {
  const title = page && saying(textOfHtml(page), context.mask, 200);
  const said = title ? `: ${title}` : '';
  return new SyncError(
    kind ?? (ASKS_FOR_LOGIN.test(page) ? 'auth' : 'transient'),
    `${context.request} on ${context.host} ${words}${said}`,
    { ...detail, ...(title && { answer: title }) },
  );
}
