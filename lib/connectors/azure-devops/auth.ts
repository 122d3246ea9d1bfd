/**
 * Who we are: a personal access token, sent as Basic password with an empty user name
 * (https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate), or a
 * service principal of Microsoft Entra, whose access tokens live for about an hour
 * (https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity).
 */

import { SyncError } from '../../model/errors';
import { createHttpClient, type HttpOptions } from '../http/client';
import { isJson, textOf } from './shapes';

export type Credentials =
  | { kind: 'pat'; token: string }
  | { kind: 'entra'; tenant: string; clientId: string; clientSecret: string; tokenUrl: string };

/** The id of Azure DevOps itself in Entra, the same everywhere. */
const AUDIENCE = '499b84ac-1321-427f-aa17-267ca6975798/.default';
const ENTRA = 'https://login.microsoftonline.com';
/** A token is renewed this long before its end. */
const MARGIN_MS = 120_000;

export interface Authorization {
  /** the value of the Authorization header. @throws SyncError auth – Entra refuses the client */
  header(): Promise<string>;
  /** The token was refused: ask for a new one. False where there is no newer one to be had. */
  renew(): boolean;
  secrets: string[];
  close(): void;
}

export function authorize(credentials: Credentials, options: HttpOptions | undefined): Authorization {
  if (credentials.kind === 'pat') {
    const basic = Buffer.from(`:${credentials.token}`).toString('base64');
    return {
      header: async () => `Basic ${basic}`,
      renew: () => false,
      secrets: [credentials.token, basic],
      close: () => undefined,
    };
  }
  return entra(credentials, options);
}

function entra(credentials: Extract<Credentials, { kind: 'entra' }>, options: HttpOptions | undefined): Authorization {
  const { tenant, clientId, clientSecret } = credentials;
  const url = new URL(credentials.tokenUrl || `${ENTRA}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`);
  const http = createHttpClient({
    baseUrl: url.origin,
    product: 'Microsoft Entra',
    options,
    secrets: [clientSecret],
    parseError: (status, body) => {
      const text = isJson(body) ? textOf(body.error_description) : undefined;
      // 400 and 401: unknown tenant, unknown client, wrong or expired secret
      return status < 429 ? { ...(text ? { text } : {}), kind: 'auth' } : undefined;
    },
  });
  let current: { token: Promise<string>; until: number } | undefined;

  async function request(): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: AUDIENCE,
    });
    const { body } = await http.post(url.pathname + url.search, Buffer.from(form.toString()), {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      idempotent: true,
    });
    const token = isJson(body) ? textOf(body.access_token) : undefined;
    if (!token) throw new SyncError('fatal', `${url.host} answered without an access token: check the token address`);
    const seconds = isJson(body) ? Number(body.expires_in) : Number.NaN;
    if (current) current.until = performance.now() + (Number.isFinite(seconds) ? seconds * 1000 : 0) - MARGIN_MS;
    return `Bearer ${token}`;
  }

  return {
    async header() {
      if (!current || current.until <= performance.now()) {
        const entry = { token: Promise.resolve(''), until: Number.POSITIVE_INFINITY };
        current = entry;
        entry.token = request();
        entry.token.catch(() => {
          if (current === entry) current = undefined;
        });
      }
      return current.token;
    },
    renew() {
      current = undefined;
      return true;
    },
    secrets: [clientSecret],
    close: () => http.close(),
  };
}
