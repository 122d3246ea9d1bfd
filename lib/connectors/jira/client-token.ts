/**
 * Access tokens of an OAuth 2.0 client (client credentials): fetched when needed, renewed before they end, kept in memory only.
 * https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/
 */

import { SyncError } from '../../model/errors';
import { createHttpClient, type HttpClient, type HttpOptions, parseBaseUrl } from '../http/client';
import type { Credentials } from './config';
import { isJson, textOf } from './shapes';

/** A token this near its end is not used any more, milliseconds. */
const MARGIN_MS = 60_000;
const HOUR_S = 3_600;

export class ClientToken {
  private readonly http: HttpClient;
  private readonly path: string;
  private current: { value: Promise<string>; until: number } | undefined;

  constructor(
    private readonly client: Extract<Credentials, { kind: 'client' }>,
    options: HttpOptions | undefined,
  ) {
    const url = parseBaseUrl(client.tokenUrl);
    this.path = url.pathname.replace(/^\/|\/$/g, '');
    const secrets = [client.clientSecret];
    this.http = createHttpClient({ baseUrl: url.origin, product: "Atlassian's sign-in", options, secrets });
  }

  async value(): Promise<string> {
    if (!this.current || performance.now() > this.current.until) {
      const current = { value: this.fetch(), until: performance.now() + MARGIN_MS };
      this.current = current;
      current.value.catch(() => {
        if (this.current === current) this.current = undefined;
      });
    }
    return this.current.value;
  }

  /** The token was refused: the next request fetches another one. */
  forget(): void {
    this.current = undefined;
  }

  close(): void {
    this.http.close();
  }

  private async fetch(): Promise<string> {
    const { clientId, clientSecret } = this.client;
    const request = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const startedAt = performance.now();
    const { body } = await this.http.post(this.path, request, { idempotent: true });
    const token = isJson(body) ? textOf(body.access_token) : undefined;
    if (!token) throw new SyncError('auth', "Atlassian's sign-in gave no access token: check client id and secret");
    const seconds = isJson(body) && typeof body.expires_in === 'number' ? body.expires_in : HOUR_S;
    if (this.current) this.current.until = startedAt + seconds * 1000 - MARGIN_MS;
    return token;
  }
}
