/**
 * A stand-in for Azure DevOps on this machine: stateful, strict, and as short-spoken as the service. In a test:
 * `startAzureDevOps()`; to look at: `npx tsx test/systems/azure-devops/main.ts`.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './answer';
import { Contract, contractMissing } from './contract';
import { Core, type ServiceOptions } from './core';
import { Feeds } from './feeds';
import { Items } from './items';
import type { PatchOperation } from './patch';
import { PEOPLE, type StandInPerson } from './people';
import { Structure } from './structure';
import { Writes } from './writes';

export interface StandInOptions extends ServiceOptions {
  port?: number;
  /** compares with the vendor's description; preset: where it is there */
  contract?: boolean;
  /** what a wrong token is answered with; preset the sign-in page */
  signIn?: 'page' | '401' | 'redirect';
  /** each answer takes so long, milliseconds */
  latencyMs?: number;
  /** the token may not read identities */
  denyIdentities?: boolean;
}

interface Fault {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  contentType: string | undefined;
  by: StandInPerson;
}

const ORGANISATION = 'fabrikam';
const SIGN_IN_PAGE =
  '<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head><body>Sign in</body></html>';
const ANSWERED = { 'Content-Type': 'application/json; charset=utf-8; api-version=7.1' };

/** Hidden state that the tests of a client need to reach. */
export class StandIn {
  /** the state behind it, and its clock */
  readonly service: Core;
  readonly writes: Writes;
  private readonly structure: Structure;
  private readonly items: Items;
  private readonly feeds: Feeds;
  readonly contract: Contract | undefined;
  /** answers 429 so far */
  refusals = 0;
  /** `METHOD /path` of each request, without the organisation */
  readonly requests: string[] = [];
  readonly queries: URLSearchParams[] = [];
  private readonly faults: Fault[] = [];
  private readonly bearers = new Set<string>();
  /** the next write is carried out, but its answer never arrives */
  loseNextAnswer = false;
  /** headers of the next answer */
  nextHeaders: Record<string, string> = {};
  tokensIssued = 0;

  constructor(
    private readonly server: Server,
    private readonly options: StandInOptions,
  ) {
    this.service = new Core(() => this.url, options);
    this.structure = new Structure(this.service);
    this.items = new Items(this.service);
    this.feeds = new Feeds(this.service, this.items);
    this.writes = new Writes(this.service, this.items);
    const wanted = options.contract ?? true;
    this.contract = wanted && contractMissing === undefined ? new Contract() : undefined;
    server.on('request', (request, response) => void this.handle(request, response));
  }

  /** Address of the organisation. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${ORGANISATION}`;
  }

  /** Address at which a service principal gets its access token. */
  get tokenUrl(): string {
    return `${new URL(this.url).origin}/tenant/oauth2/v2.0/token`;
  }

  get violations(): string[] {
    return this.contract?.violations ?? [];
  }

  /** The next requests are answered with this, whatever they are. */
  fail(fault: Fault, times = 1): void {
    for (let count = 0; count < times; count++) this.faults.push(fault);
  }

  /** Too much was asked for: https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits */
  throttle({ retryAfter, reset }: { retryAfter?: number; reset?: number }, times = 1): void {
    const message =
      'TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource TSTUs in namespace User.';
    this.fail(
      {
        status: 429,
        headers: {
          'X-RateLimit-Resource': 'core/TSTUs',
          'X-RateLimit-Delay': '0',
          'X-RateLimit-Limit': '200',
          'X-RateLimit-Remaining': '0',
          ...(reset === undefined ? {} : { 'X-RateLimit-Reset': String(reset) }),
          ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
        },
        body: { $id: '1', message, typeKey: 'RequestBlockedException', errorCode: 0, eventId: 3000 },
      },
      times,
    );
  }

  revokeAccessTokens(): void {
    this.bearers.clear();
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const text = Buffer.concat(chunks).toString('utf8');
    if (this.options.latencyMs) await sleep(this.options.latencyMs);
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const method = request.method ?? 'GET';
    if (url.pathname.endsWith('/oauth2/v2.0/token')) {
      this.issueToken(text, response);
      return;
    }
    const path = url.pathname.replace(new RegExp(`^/${ORGANISATION}(?=/|$)`), '');
    this.requests.push(`${method} ${decodeURIComponent(path)}`);
    this.queries.push(url.searchParams);
    const by = this.who(request.headers.authorization);
    const fault = this.faults.shift();
    if (fault?.status === 429) this.refusals += 1;
    const extra = this.nextHeaders;
    this.nextHeaders = {};
    if (fault) this.answer(response, fault.status, fault.body, fault.headers);
    else if (!by) this.signIn(response);
    else if (path === url.pathname)
      this.answer(response, 404, { message: 'TF400813: no such organisation', typeKey: 'NotFound' });
    else {
      const { status, body } = this.run(method, path, url.searchParams, text, request.headers['content-type'], by);
      if (this.loseNextAnswer && method !== 'GET' && /\$batch|workitems\/(\$|\d)/i.test(path)) {
        this.loseNextAnswer = false;
        response.destroy();
        return;
      }
      this.answer(response, status, body, extra);
    }
  }

  private run(
    method: string,
    path: string,
    query: URLSearchParams,
    text: string,
    contentType: string | undefined,
    by: StandInPerson,
  ) {
    try {
      const version = query.get('api-version');
      if (version === null)
        throw new ApiError(
          400,
          'VssVersionNotSpecifiedException',
          `No api-version was supplied for the "${method}" request.`,
        );
      if (!/^7\.[01](-preview(\.\d+)?)?$/.test(version))
        throw new ApiError(400, 'VssVersionOutOfRangeException', `Version ${version} is not known`);
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const call: Call = { method, path, query, body, contentType, by };
      const answer = this.route(call, version);
      this.check(call, 200, answer);
      return { status: 200, body: answer };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.check({ method, path, query, body: undefined, contentType, by }, error.status, undefined);
      return { status: error.status, body: error.body() };
    }
  }

  private check(
    { method, path, query, body, contentType }: Omit<Call, 'by'> & { by?: unknown },
    status: number,
    answer: unknown,
  ): void {
    this.contract?.check({
      method,
      path: decodeURIComponent(path),
      query,
      contentType,
      body,
      status,
      answer: plain(answer),
    });
  }

  private route(call: Call, version: string): unknown {
    const { service, structure, items, feeds, writes } = this;
    const { method, query, body, by } = call;
    const parts = call.path.split('/').slice(1).map(decodeURIComponent);
    const project = parts[0] === '_apis' ? undefined : parts.shift();
    const [, area = '', resource = '', ...rest] = parts;
    const is = (wanted: string, ...where: string[]) =>
      method === wanted &&
      [area, resource, ...rest].slice(0, where.length).join('/').toLowerCase() === where.join('/').toLowerCase();
    const exactly = (wanted: string, ...where: string[]) => is(wanted, ...where) && rest.length === where.length - 2;

    if (project === undefined) {
      if (method === 'GET' && area === 'projects' && resource === '') return structure.projects(query);
      if (method === 'GET' && area === 'projects' && rest[0] === 'teams')
        return rest.length === 1 ? structure.teams(resource) : structure.members();
      if (method === 'GET' && area === 'connectionData') {
        if (!version.includes('preview')) {
          throw new ApiError(
            400,
            'VssInvalidPreviewVersionException',
            `The requested version "${version}" of the resource is under preview. The -preview flag must be supplied.`,
          );
        }
        return structure.connectionData(by);
      }
      if (method === 'GET' && area === 'identities') {
        if (this.options.denyIdentities)
          throw new ApiError(
            403,
            'AccessCheckException',
            'TF400813: The user is not authorized to access this resource.',
          );
        return structure.identities(query);
      }
      if (is('PATCH', 'wit', '$batch') || is('POST', 'wit', '$batch')) {
        json(call, 'application/json');
        return writes.several(body, by, (verb, uri, contentType, sent, status, answer) => {
          const url = new URL(uri, 'http://batch');
          // a create in a batch is a PATCH, alone it is a POST
          const alone = url.pathname.includes('$') ? 'POST' : verb;
          this.check(
            { method: alone, path: url.pathname, query: url.searchParams, body: sent, contentType },
            status,
            answer,
          );
        });
      }
    }
    if (exactly('GET', 'wit', 'fields')) return structure.fields();
    if (is('POST', 'wit', 'workitemsbatch')) {
      json(call, 'application/json');
      return items.batch(body);
    }
    if (is('POST', 'wit', 'wiql')) {
      json(call, 'application/json');
      return feeds.wiql(body, query, by);
    }
    if (exactly('GET', 'wit', 'reporting', 'workitemrevisions')) return feeds.feed(project, query);
    if (exactly('GET', 'wit', 'reporting', 'workitemlinks')) return feeds.linkFeed(project, query);
    if (method === 'GET' && area === 'wit' && /^workitems$/i.test(resource) && rest[1] === 'updates')
      return items.updates(Number(rest[0]), query);
    if (method === 'PATCH' && area === 'wit' && /^workitems$/i.test(resource) && /^\d+$/.test(rest[0] ?? '')) {
      json(call, 'application/json-patch+json');
      return writes.update(Number(rest[0]), document(body), query, by, service.now());
    }
    if (method === 'DELETE' && area === 'wit' && /^workitems$/i.test(resource))
      return writes.remove(Number(rest[0]), service.now(), by);
    if (project !== undefined && area === 'wit') {
      if (method === 'POST' && /^workitems$/i.test(resource) && rest[0]?.startsWith('$')) {
        json(call, 'application/json-patch+json');
        return writes.create(project, rest[0].slice(1), document(body), query, by, service.now());
      }
      if (exactly('GET', 'wit', 'workitemtypes')) return structure.types(project);
      if (exactly('GET', 'wit', 'workitemtypecategories')) return structure.categories(project);
      if (method === 'GET' && /^workitemtypes$/i.test(resource) && rest[1] === 'fields')
        return structure.typeFields(project, rest[0] ?? '', query);
      if (exactly('GET', 'wit', 'classificationnodes')) return structure.trees(project, query);
      if (method === 'POST' && /^classificationnodes$/i.test(resource) && /^(areas|iterations)$/.test(rest[0] ?? '')) {
        json(call, 'application/json');
        return structure.addNode(project, rest[0] ?? '', rest.slice(1).join('/'), body);
      }
    }
    throw new ApiError(
      404,
      'VssResourceNotFoundException',
      `The controller for path '${call.path}' was not found or does not implement IController.`,
    );
  }

  private who(authorization: string | undefined): StandInPerson | undefined {
    const [scheme, value = ''] = (authorization ?? '').split(' ');
    if (scheme === 'Bearer')
      return this.bearers.has(value) ? PEOPLE.find(({ uniqueName }) => uniqueName.startsWith('sync')) : undefined;
    // the user name is not looked at
    const [, token] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return scheme === 'Basic' ? PEOPLE.find((one) => one.token === token) : undefined;
  }

  private signIn(response: ServerResponse): void {
    const { signIn } = this.options;
    if (signIn === 'redirect')
      response
        .writeHead(302, { Location: 'https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com' })
        .end();
    else if (signIn === '401')
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="https://example.com"' }).end();
    else response.writeHead(203, { 'Content-Type': 'text/html; charset=utf-8' }).end(SIGN_IN_PAGE);
  }

  private issueToken(text: string, response: ServerResponse): void {
    const form = new URLSearchParams(text);
    const right =
      form.get('grant_type') === 'client_credentials' &&
      form.get('scope') === '499b84ac-1321-427f-aa17-267ca6975798/.default';
    if (!right || form.get('client_id') !== 'client' || form.get('client_secret') !== 'right-secret') {
      this.answer(response, 401, {
        error: 'invalid_client',
        error_description: 'AADSTS7000215: Invalid client secret provided.',
      });
      return;
    }
    const token = `access-token-${++this.tokensIssued}`;
    this.bearers.add(token);
    this.answer(response, 200, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token });
  }

  private answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    // every answer of the service has the id of its activity
    const common = { ...ANSWERED, 'X-VSS-E2EID': randomUUID(), Date: new Date(this.service.now()).toUTCString() };
    response.writeHead(status, { ...common, ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }
}

function json({ contentType, path }: Call, wanted: string): void {
  if (contentType?.split(';')[0] === wanted) return;
  throw new ApiError(
    415,
    'VssRequestContentTypeNotSupportedException',
    `VS403415: The request indicated a Content-Type of "${contentType}" for "${path}", which is not supported. Valid content types for this method are: ${wanted}.`,
  );
}

function document(body: unknown): PatchOperation[] {
  if (Array.isArray(body)) return body as PatchOperation[];
  throw new ApiError(
    400,
    'VssPropertyValidationException',
    'You must pass a valid patch document in the body of the request.',
  );
}

/** As it arrives. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

export async function startAzureDevOps(options: StandInOptions = {}): Promise<StandIn> {
  const server = createServer({ keepAliveTimeout: 30_000 });
  const standIn = new StandIn(server, options);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return standIn;
}
