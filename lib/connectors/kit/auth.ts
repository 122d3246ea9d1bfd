/**
 * Authentication of a connection: a key in a header, login and password, a token, or an OAuth 2.0 client (client
 * credentials, RFC 6749 section 4.4). An OAuth client's access tokens are fetched when needed, renewed before they
 * expire, and kept in memory only.
 */

import { SyncError } from '../../model/errors';
import { createHttpClient, type HttpOptions } from '../http/client';
import { isJson, textOf } from './json';

/** An OAuth 2.0 client. */
export interface ClientCredentials {
  kind: 'client';
  /** the token provider, for errors: "Microsoft Entra" */
  product: string;
  /** the token endpoint */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope?: string;
  /** how the request is sent; RFC 6749 requires a form, which is the default */
  encoding?: 'form' | 'json';
  /** a token is renewed this long before its end, ms; default: a minute */
  marginMs?: number;
}

export type Credentials =
  /** everybody may read */
  | { kind: 'none' }
  /** an API key in a dedicated header */
  | { kind: 'key'; header: string; key: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'bearer'; token: string; scheme?: string }
  | ClientCredentials;

export interface Authorization {
  /** The headers that a request needs. @throws SyncError auth if the client is refused */
  headers(): Promise<Record<string, string>>;
  /** The credentials were refused: the next request asks for a new token. False if no newer one is available. */
  renew(): boolean;
  /** values to be masked in messages */
  secrets: string[];
  close(): void;
}

export function authorize(credentials: Credentials, options: HttpOptions | undefined): Authorization {
  switch (credentials.kind) {
    case 'none':
      return fixed({}, []);
    case 'key':
      return fixed({ [credentials.header]: credentials.key }, [credentials.key]);
    case 'bearer': {
      const { token, scheme = 'Bearer' } = credentials;
      return fixed({ Authorization: `${scheme} ${token}` }, [token]);
    }
    case 'basic': {
      const { username, password } = credentials;
      const basic = Buffer.from(`${username}:${password}`).toString('base64');
      return fixed({ Authorization: `Basic ${basic}` }, [password, basic]);
    }
    case 'client':
      return new ClientTokens(credentials, options);
  }
}

const fixed = (headers: Record<string, string>, secrets: string[]): Authorization => ({
  headers: async () => headers,
  renew: () => false,
  secrets,
  close: () => undefined,
});

const MINUTE_MS = 60_000;
/** if the answer has no lifetime for the token */
const HOUR_S = 3_600;

class ClientTokens implements Authorization {
  readonly secrets: string[];
  private readonly http: ReturnType<typeof createHttpClient>;
  private readonly url: URL;
  private current: { token: Promise<string>; until: number } | undefined;

  constructor(
    private readonly client: ClientCredentials,
    options: HttpOptions | undefined,
  ) {
    this.secrets = [client.clientSecret];
    this.url = new URL(client.tokenUrl);
    this.http = createHttpClient({
      baseUrl: this.url.origin,
      product: client.product,
      options,
      secrets: this.secrets,
      parseError: (status, body) => {
        const text = isJson(body) ? textOf(body.error_description) : undefined;
        // 400 and 401: unknown tenant, unknown client, wrong or expired secret
        return status < 429 ? { ...(text ? { text } : {}), kind: 'auth' } : undefined;
      },
    });
  }

  async headers(): Promise<Record<string, string>> {
    if (!this.current || this.current.until <= performance.now()) {
      // concurrent callers wait for the same token
      const current = { token: Promise.resolve(''), until: Number.POSITIVE_INFINITY };
      this.current = current;
      current.token = this.fetch((until) => {
        current.until = until;
      });
      current.token.catch(() => {
        if (this.current === current) this.current = undefined;
      });
    }
    return { Authorization: `Bearer ${await this.current.token}` };
  }

  renew(): boolean {
    this.current = undefined;
    return true;
  }

  close(): void {
    this.http.close();
  }

  private async fetch(lives: (until: number) => void): Promise<string> {
    const { clientId, clientSecret, scope, encoding = 'form', marginMs = MINUTE_MS, product } = this.client;
    const request = {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      ...(scope !== undefined && { scope }),
    };
    const startedAt = performance.now();
    const path = this.url.pathname + this.url.search;
    const { body } =
      encoding === 'json'
        ? await this.http.post(path, request, { idempotent: true })
        : await this.http.post(path, Buffer.from(new URLSearchParams(request).toString()), {
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
            idempotent: true,
          });
    const token = isJson(body) ? textOf(body.access_token) : undefined;
    if (!token) {
      const words = `${product} (${this.url.host}) returned no access token. Check the token URL, client ID and secret`;
      throw new SyncError('auth', words);
    }
    const seconds = isJson(body) ? Number(body.expires_in) : Number.NaN;
    lives(startedAt + (Number.isFinite(seconds) ? seconds : HOUR_S) * 1000 - marginMs);
    return token;
  }
}
