/**
 * The REST API of Azure DevOps: versions, the two hosts, sign-in pages. Credentials are a personal access token, sent
 * as Basic password with an empty user name
 * (https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate), or a service
 * principal of Microsoft Entra
 * (https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity).
 */

import { SyncError } from '../../model/errors';
import type { HttpMethod, HttpOptions, HttpRequest, HttpResponse } from '../http/client';
import { authorize, type ClientCredentials, type Credentials } from '../kit/auth';
import { allPages } from '../kit/paging';
import { Rest } from '../kit/rest';
import { errorsOf } from './failures';
import { isJson, type Json, listOf, textOf } from './shapes';

/** Work items in one read: https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/get-work-items-batch */
export const MOST_READ = 200;
export const PATCH_TYPE = 'application/json-patch+json';

/** @param tokenUrl replaces the tenant's URL in the public cloud */
export const principalOf = (
  client: Pick<ClientCredentials, 'clientId' | 'clientSecret'>,
  tenant: string,
  tokenUrl: string | undefined,
): Credentials => ({
  ...client,
  ...{ kind: 'client', product: 'Microsoft Entra', marginMs: 120_000 },
  tokenUrl: tokenUrl ?? `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
  // the id of Azure DevOps itself in Entra, the same everywhere
  scope: '499b84ac-1321-427f-aa17-267ca6975798/.default',
});

export interface Call {
  query?: HttpRequest['query'];
  body?: unknown;
  contentType?: string;
  /** the resource exists only as a preview */
  preview?: boolean;
  /** a POST that only reads */
  reads?: boolean;
  /** the host with the users */
  identities?: boolean;
}

/**
 * Users of Services are on a separate host; a server answers itself.
 * https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities
 */
export function identityHostOf(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (url.hostname === 'dev.azure.com') url.hostname = 'vssps.dev.azure.com';
  else url.hostname = url.hostname.replace(/^([^.]+)\.visualstudio\.com$/, '$1.vssps.visualstudio.com');
  return url.href;
}

export class AzureDevOpsApi {
  readonly rest: Rest;
  private readonly identities: Rest;
  /** reference names of fields by display name, lower case, for finding the field that an error message is about */
  readonly names = new Map<string, string>();

  constructor(
    readonly baseUrl: string,
    readonly version: string,
    credentials: Credentials,
    options: HttpOptions | undefined,
  ) {
    const shared = authorize(credentials, options);
    const at = (url: string) =>
      new Rest({
        ...{ baseUrl: url, product: 'Azure DevOps', credentials: shared, options },
        // without it some gateways answer a missing sign-in with a redirect to a web page instead of 401
        headers: { 'X-TFS-FedAuthRedirect': 'Suppress' },
        errors: errorsOf(this.names),
        understand,
      });
    this.rest = at(baseUrl);
    const identityHost = identityHostOf(baseUrl);
    this.identities = identityHost === baseUrl ? this.rest : at(identityHost);
  }

  /** The body of an answer that is a JSON object. */
  async json(method: HttpMethod, path: string, call: Call = {}): Promise<Json> {
    return this.rest.object(`${method} ${path}`, (await this.send(method, path, call)).body);
  }

  /** @throws SyncError as in http/failures.ts; a sign-in page is `auth` */
  send(method: HttpMethod, path: string, call: Call = {}): Promise<HttpResponse> {
    return (call.identities ? this.identities : this.rest).request(method, path, {
      query: { ...call.query, 'api-version': call.preview ? `${this.version}-preview` : this.version },
      body: call.body,
      ...(call.contentType && { headers: { 'Content-Type': call.contentType } }),
      ...(call.reads && { idempotent: true }),
    });
  }

  /** A list in pages. If the server returns a token, paging uses it, otherwise the count. */
  all(path: string, query: NonNullable<Call['query']>, size: number): Promise<Json[]> {
    let token: string | undefined;
    return allPages(
      async ($skip) => {
        const from = token === undefined ? { $skip } : { continuationToken: token };
        const { body, headers } = await this.send('GET', path, { query: { ...query, $top: size, ...from } });
        if (!isJson(body) || !Array.isArray(body.value)) throw this.rest.notTheApi(`GET ${path}`);
        token = textOf(headers['x-ms-continuationtoken']);
        const items = listOf(body);
        return { items, more: token !== undefined || items.length >= size };
      },
      ({ id }) => textOf(id) ?? '',
    );
  }

  close(): void {
    this.rest.close();
    this.identities.close();
  }
}

/**
 * A wrong or expired token gets 203 with the sign-in page, or a redirect to it, instead of 401; a PATCH gets 401
 * (https://github.com/microsoft/azure-devops-auth-samples/issues/52).
 */
function understand(error: SyncError): SyncError {
  const { kind, message, detail } = error;
  const signIn =
    detail.status === 203 ||
    /redirects to \S*(?:_signin|\/login\b|login\.microsoftonline\.com)/.test(message) ||
    /^(?:Azure DevOps (?:Services|Server)\b.*)?\bSign In\b|^Sign in to your account/i.test(detail.answer ?? '');
  if (kind !== 'fatal' || !signIn) return error;
  const words =
    'Azure DevOps answers with its sign-in page: the token is wrong, expired or for another organisation. ' +
    'A token for all organisations no longer works: make one for this organisation, and enter it in the system node';
  return new SyncError('auth', words, { status: detail.status, uncertain: false });
}
