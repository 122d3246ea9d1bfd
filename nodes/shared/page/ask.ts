/** Requests of a page to Node-RED, with the login of its editor in the same browser. */

/** An error in words for users, with the fields it concerns. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly fields: Record<string, string>,
    /** HTTP status; 0 = Node-RED did not answer */
    readonly status = 0,
  ) {
    super(message);
  }
}

/** What a page says when a request gets no answer of the route itself. */
export interface FaultTexts {
  offline: string;
  login: string;
  status(status: number): string;
}

/** The token that Node-RED's editor stores after a login, under a name that depends on the admin root. */
function token(): string | undefined {
  const root = location.pathname.replace(/\/twinflow\/.*$/, '');
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(`auth-tokens${root.replace(/\//g, '-')}`) ?? 'null');
    if (typeof stored === 'object' && stored !== null && 'access_token' in stored) return String(stored.access_token);
  } catch {
    // storage is forbidden or full: ask without a token
  }
  return undefined;
}

/**
 * Sends a request.
 * @param url relative to the page
 * @param more further headers
 * @throws Fault for every answer that is not a success
 */
export async function request(
  url: string,
  texts: FaultTexts,
  {
    body,
    contentType,
    signal,
    more = {},
  }: { body?: string | File; contentType?: string; signal?: AbortSignal; more?: Record<string, string> } = {},
): Promise<Response> {
  const headers: Record<string, string> = { ...more };
  const bearer = token();
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (contentType !== undefined) headers['content-type'] = contentType;
  let response: Response;
  try {
    response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  } catch {
    throw new Fault(texts.offline, {});
  }
  if (response.status === 401 || response.status === 403) throw new Fault(texts.login, {}, response.status);
  if (response.ok) return response;
  const answer: { error?: { message: string; fields?: Record<string, string> } } = await response
    .json()
    .catch(() => ({}));
  throw new Fault(answer.error?.message ?? texts.status(response.status), answer.error?.fields ?? {}, response.status);
}
