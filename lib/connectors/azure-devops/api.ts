/**
 * The REST API of Azure DevOps in the calls that the connector makes: versions, sign-in pages and error bodies are dealt
 * with here. Nothing is kept but the HTTP clients, which also know what an answer says of limits (http/rate-limits.ts).
 */

import { SyncError } from '../../model/errors';
import {
  createHttpClient,
  type HttpClient,
  type HttpMethod,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  type ParsedError,
} from '../http/client';
import { type Authorization, authorize, type Credentials } from './auth';
import { parseFailure } from './failures';
import { isJson, type Json } from './shapes';

/** Work items in one read: https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/get-work-items-batch */
export const MOST_READ = 200;
export const PATCH_TYPE = 'application/json-patch+json';

export interface Call {
  query?: HttpRequest['query'];
  body?: unknown;
  contentType?: string;
  /** the resource exists as a preview only */
  preview?: boolean;
  /** a POST that only reads */
  reads?: boolean;
  /** the host that knows people */
  identities?: boolean;
}

/**
 * People of Services live on a host of their own; a server answers itself.
 * https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities
 */
export function identityHostOf(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (url.hostname === 'dev.azure.com') url.hostname = 'vssps.dev.azure.com';
  else if (/^[^.]+\.visualstudio\.com$/.test(url.hostname)) {
    url.hostname = url.hostname.replace('.visualstudio.com', '.vssps.visualstudio.com');
  }
  return url.href;
}

export class AzureDevOpsApi {
  private readonly authorization: Authorization;
  private readonly http: HttpClient;
  private readonly identityHttp: HttpClient;
  /** reference names of fields by display name, lower case, so that error messages can be told which field they mean */
  private readonly fieldNames = new Map<string, string>();
  /** the server's clock minus ours, milliseconds */
  private skew = 0;

  constructor(
    readonly baseUrl: string,
    private readonly version: string,
    credentials: Credentials,
    options: HttpOptions | undefined,
  ) {
    this.authorization = authorize(credentials, options);
    const client = (url: string) =>
      createHttpClient({
        baseUrl: url,
        product: 'Azure DevOps',
        // without it some gateways answer a missing sign-in with a redirect to a web page instead of 401
        headers: { 'X-TFS-FedAuthRedirect': 'Suppress' },
        options,
        secrets: this.authorization.secrets,
        parseError: (status, body, headers) => {
          this.learnTime(headers);
          return parseFailure(status, body, this.fieldNames) ?? deniedBy(status, headers);
        },
      });
    this.http = client(baseUrl);
    const identityHost = identityHostOf(baseUrl);
    this.identityHttp = identityHost === baseUrl ? this.http : client(identityHost);
  }

  /** The body of an answer that is a JSON object. */
  async json(method: HttpMethod, path: string, call: Call = {}): Promise<Json> {
    const { body } = await this.send(method, path, call);
    if (isJson(body)) return body;
    throw new SyncError('fatal', `${method} ${path}: not an answer of the API of Azure DevOps: check the URL`);
  }

  /** @throws SyncError as in http/failures.ts; a sign-in page is `auth` */
  async send(method: HttpMethod, path: string, call: Call = {}): Promise<HttpResponse> {
    const query = { ...call.query, 'api-version': call.preview ? `${this.version}-preview` : this.version };
    const client = call.identities ? this.identityHttp : this.http;
    for (let attempt = 0; ; attempt++) {
      const headers: Record<string, string> = { Authorization: await this.authorization.header() };
      if (call.contentType) headers['Content-Type'] = call.contentType;
      const request: HttpRequest = { query, body: call.body, headers };
      if (call.reads) request.idempotent = true;
      try {
        const answer = await client.request(method, path, request);
        this.learnTime(answer.headers);
        return answer;
      } catch (thrown) {
        const error = this.understand(thrown);
        // an access token that was revoked before its time: nothing was carried out, a new one may be accepted
        if (error.kind === 'auth' && attempt === 0 && this.authorization.renew()) continue;
        throw error;
      }
    }
  }

  learnFieldNames(fields: Iterable<{ id: string; name: string }>): void {
    for (const { id, name } of fields) this.fieldNames.set(name.toLowerCase(), id);
  }

  get names(): ReadonlyMap<string, string> {
    return this.fieldNames;
  }

  /** The server's clock as far as its answers have told it, milliseconds since 1970. */
  serverNow(): number {
    return Date.now() + this.skew;
  }

  close(): void {
    this.http.close();
    this.identityHttp.close();
    this.authorization.close();
  }

  private learnTime(headers: Record<string, string>): void {
    const date = Date.parse(headers.date ?? '');
    // HTTP dates have whole seconds: the middle of one is nearest
    if (!Number.isNaN(date)) this.skew = date + 500 - Date.now();
  }

  private understand(thrown: unknown): SyncError {
    if (!(thrown instanceof SyncError)) throw thrown;
    const { kind, message, detail } = thrown;
    // a token that is wrong or expired: 203 with the sign-in page, or a redirect to it, instead of 401; a PATCH gets 401
    // (https://github.com/microsoft/azure-devops-auth-samples/issues/52)
    const signIn =
      detail.status === 203 ||
      /redirects to \S*(?:_signin|\/login\b|login\.microsoftonline\.com)/.test(message) ||
      /^(?:Azure DevOps (?:Services|Server)\b.*)?\bSign In\b|^Sign in to your account/i.test(detail.answer ?? '');
    if (kind === 'fatal' && signIn) {
      const words =
        'Azure DevOps answers with its sign-in page: the token is wrong, expired or for another organisation. ' +
        'A token for all organisations no longer works: make one for this organisation, and enter it in the system node';
      return new SyncError('auth', words, { status: detail.status, uncertain: false });
    }
    return thrown;
  }
}

/** Why a log-in failed, where only a header says it: https://github.com/microsoft/azure-pipelines-agent/issues/1559 */
function deniedBy(status: number, headers: Record<string, string>): ParsedError | undefined {
  const said = headers['x-tfs-serviceerror'];
  if (status !== 401 || said === undefined) return undefined;
  try {
    return { text: decodeURIComponent(said) };
  } catch {
    return { text: said };
  }
}
