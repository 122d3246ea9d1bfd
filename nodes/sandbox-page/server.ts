/** The page's questions to Node-RED, and the shapes of the answers. In the browser. */

import type { Field } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';

export type FormField = Field & { initial: Value };
export type Named = { id: string; name: string };

export interface SpaceInfo {
  name: string;
  label: string;
  people: (Named & { login: string })[];
  projects: Named[];
  types: Named[];
}

export interface Row {
  id: string;
  key: string;
  type: string;
  title: string;
  version: string;
  updatedAt: string;
  updatedBy?: string;
}

/** What went wrong, in words for people, and with which fields. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly fields: Record<string, string>,
  ) {
    super(message);
  }
}

/** The token that Node-RED's editor keeps after a login, under a name that depends on the admin root. */
function token(): string | undefined {
  const root = location.pathname.replace(/\/twinflow\/sandbox\/.*$/, '');
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(`auth-tokens${root.replace(/\//g, '-')}`) ?? 'null');
    if (typeof stored === 'object' && stored !== null && 'access_token' in stored) return String(stored.access_token);
  } catch {
    // storage forbidden or filled by somebody else: ask without a token
  }
  return undefined;
}

/** GET, or POST where there is a body. @throws Fault */
export async function ask<T>(path: string, query: Record<string, string>, body?: object): Promise<T> {
  const headers: Record<string, string> = {};
  const bearer = token();
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(`api/${path}?${new URLSearchParams(query)}`, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Fault('Node-RED does not answer. Trying again …', {});
  }
  if (response.status === 401 || response.status === 403) {
    throw new Fault('Log in to the Node-RED editor in this browser with a user who may do this, then come back.', {});
  }
  const answer: { error?: { message: string; fields?: Record<string, string> } } = await response
    .json()
    .catch(() => ({}));
  if (!response.ok) {
    throw new Fault(answer.error?.message ?? `Node-RED answered ${response.status}.`, answer.error?.fields ?? {});
  }
  return answer as T;
}
