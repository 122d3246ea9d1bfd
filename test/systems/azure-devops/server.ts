/**
 * A stand-in for Azure DevOps on this machine: stateful, strict, and as short-spoken as the service. In a test:
 * `startAzureDevOps()`; to look at: `npx tsx test/systems/azure-devops/main.ts`.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileStore, type StoredFile } from '../files';
import { ApiError } from './answer';
import { apiOf } from './api';
import { Attachments, FileAnswer, isUpload } from './attachments';
import { Comments } from './comments';
import { Contract, contractMissing } from './contract';
import { Core, type ServiceOptions } from './core';
import type { Faults, SignIn } from './faults';
import { Feeds } from './feeds';
import { expanded, Items } from './items';
import { PEOPLE, type StandInPerson } from './people';
import { type Call, checkPreview, type Routes, versionOf } from './routes';
import { Structure } from './structure';
import { UNEXPECTED, Writes } from './writes';

export interface StandInOptions extends ServiceOptions {
  port?: number;
  /** compares with the vendor's description; default: where it is there */
  contract?: boolean;
  /** what a wrong token is answered with; default: the sign-in page */
  signIn?: SignIn;
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

const ORGANISATION = 'fabrikam';
const SIGN_IN_PAGE =
  '<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head><body>Sign in</body></html>';
const ANSWERED = { 'Content-Type': 'application/json; charset=utf-8; api-version=7.1' };

/** Hidden state that the tests of a client need to reach. */
export class StandIn {
  /** the state behind it, and its clock */
  readonly service: Core;
  readonly writes: Writes;
  readonly comments: Comments;
  readonly attachments: Attachments;
  /** what attachments hold */
  readonly files = new FileStore();
  private readonly routes: Routes<StandInPerson>;
  readonly contract: Contract | undefined;
  /** answers 429 so far */
  refusals = 0;
  /** `METHOD /path` of each request, without the organisation */
  readonly requests: string[] = [];
  readonly queries: URLSearchParams[] = [];
  private readonly queued: Fault[] = [];
  private readonly bearers = new Set<string>();
  /** the next write is carried out, but its answer never arrives */
  loseNextAnswer = false;
  /** headers of the next answer */
  nextHeaders: Record<string, string> = {};
  private interruption: { pattern: RegExp; run: () => void } | undefined;

  /** Runs once, when the next request comes whose `METHOD /path` matches. */
  beforeNext(pattern: RegExp, run: () => void): void {
    this.interruption = { pattern, run };
  }

  tokensIssued = 0;

  constructor(
    private readonly server: Server,
    private readonly options: StandInOptions,
  ) {
    this.service = new Core(() => this.url, options);
    const items = new Items(this.service);
    this.attachments = new Attachments(this.service, this.files);
    this.writes = new Writes(this.service, items, this.attachments);
    this.comments = new Comments(this.service, this.writes);
    const parts = {
      core: this.service,
      structure: new Structure(this.service),
      items,
      feeds: new Feeds(this.service, items),
      writes: this.writes,
      comments: this.comments,
      attachments: this.attachments,
    };
    if (options.denyIdentities) this.faults.lacking.add('identities');
    this.routes = apiOf(parts, (method, uri, contentType, body, status, answer) => {
      const url = new URL(uri, 'http://batch');
      // a create in a batch is a PATCH, alone it is a POST
      const alone = url.pathname.includes('$') ? 'POST' : method;
      this.check({ method: alone, path: url.pathname, query: url.searchParams, body, contentType }, status, answer);
    });
    const wanted = options.contract ?? true;
    this.contract = wanted && contractMissing === undefined ? new Contract() : undefined;
    server.on('request', (request, response) => void this.handle(request, response));
  }

  /** The switches for what can go wrong. */
  get faults(): Faults {
    return this.service.faults;
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
    for (let count = 0; count < times; count++) this.queued.push(fault);
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
    return new Promise((resolve) =>
      this.server.close(() => {
        this.files.clear();
        resolve();
      }),
    );
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const method = request.method ?? 'GET';
    let text = '';
    let file: StoredFile | undefined;
    try {
      if (isUpload(method, url.pathname.replace(/^\/[^/]+/, ''))) file = await this.attachments.receive(request);
      else text = await textOf(request);
    } catch (thrown) {
      // the client has left
      if (!request.complete) return;
      throw thrown;
    }
    if (this.options.latencyMs) await sleep(this.options.latencyMs);
    if (url.pathname.endsWith('/oauth2/v2.0/token')) {
      this.issueToken(text, response);
      return;
    }
    const path = url.pathname.replace(new RegExp(`^/${ORGANISATION}(?=/|$)`), '');
    const about = `${method} ${decodeURIComponent(path)}`;
    this.requests.push(about);
    if (this.interruption?.pattern.test(about)) {
      const { run } = this.interruption;
      this.interruption = undefined;
      run();
    }
    this.queries.push(url.searchParams);
    const by = this.who(request.headers.authorization);
    const fault = this.queued.shift();
    if (fault?.status === 429) this.refusals += 1;
    const extra = this.nextHeaders;
    this.nextHeaders = {};
    if (fault) this.answer(response, fault.status, fault.body, fault.headers);
    else if (this.faults.lost?.test(path))
      response
        .writeHead(404, { 'Content-Type': 'text/html' })
        .end('<html><title>404 Not Found</title><hr>nginx</html>');
    else if (!by) this.signIn(response, method);
    else if (path === url.pathname)
      this.answer(response, 404, { message: 'TF400813: no such organisation', typeKey: 'NotFound' });
    else {
      const { status, body } = await this.run(request, path, url.searchParams, text, file, by);
      if (body instanceof FileAnswer) {
        await this.give(response, body, path);
        return;
      }
      if (this.loseNextAnswer && method !== 'GET' && /\$batch|workitems\/(\$|\d)/i.test(path)) {
        this.loseNextAnswer = false;
        response.destroy();
        return;
      }
      this.answer(response, status, body, extra);
    }
  }

  private async give(response: ServerResponse, { upload: { name, stored } }: FileAnswer, path: string): Promise<void> {
    const spoilt = this.faults.spoilt.get(path.split('/').at(-1)?.toLowerCase() ?? '');
    if (spoilt) {
      response.writeHead(spoilt.status, spoilt.headers).end(spoilt.body);
      return;
    }
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      ...(!this.faults.filesWithoutLength && { 'Content-Length': String(stored.size) }),
    });
    // whoever reads it may leave early
    await pipeline(this.files.stream(stored), response).catch(() => undefined);
  }

  private async run(
    { method = 'GET', headers }: IncomingMessage,
    path: string,
    query: URLSearchParams,
    text: string,
    file: StoredFile | undefined,
    by: StandInPerson,
  ): Promise<{ status: number; body: unknown }> {
    // clients may say the version in either place; the vendor's description knows one
    const described = new URLSearchParams(query);
    const contentType = headers['content-type'];
    try {
      const version = versionOf(method, query, headers.accept);
      if (version !== undefined) described.set('api-version', version);
      if (method === 'OPTIONS')
        return { status: 200, body: this.routes.locations(/^\/_apis\/?([^/]*)/.exec(path)?.[1]) };
      const { handler, route, at } = this.routes.find(method, path);
      checkPreview(route, version);
      const body = text === '' || !/json/.test(contentType ?? '') ? undefined : named(JSON.parse(text));
      if (this.faults.breaks(path, query, body)) throw new ApiError(500, 'InternalServerError', UNEXPECTED);
      const range = headers['content-range'];
      const call: Call<StandInPerson> = {
        ...{ method, path, query, body, text, contentType, by, at },
        ...(file && { file }),
        ...(range !== undefined && { range }),
      };
      const answer = await handler(call);
      if (version !== undefined && !(answer instanceof FileAnswer)) {
        this.check({ method, path, query: described, body, contentType }, 200, answer);
      }
      return { status: answer === undefined ? 204 : 200, body: answer };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.check({ method, path, query: described, body: undefined, contentType }, error.status, undefined);
      return { status: error.status, body: error.body() };
    }
  }

  private check(
    exchange: Pick<Call<StandInPerson>, 'method' | 'path' | 'query' | 'body' | 'contentType'>,
    status: number,
    answer: unknown,
  ): void {
    this.contract?.check({ ...exchange, path: decodeURIComponent(exchange.path), status, answer: plain(answer) });
  }

  private who(authorization: string | undefined): StandInPerson | undefined {
    const known = this.tokenOf(authorization);
    const { credentialsDead, deadFor } = this.faults;
    const isDead = credentialsDead !== undefined && (deadFor === undefined || known?.uniqueName === deadFor);
    return isDead ? undefined : known;
  }

  private tokenOf(authorization: string | undefined): StandInPerson | undefined {
    const [scheme, value = ''] = (authorization ?? '').split(' ');
    if (scheme === 'Bearer')
      return this.bearers.has(value) ? PEOPLE.find(({ uniqueName }) => uniqueName.startsWith('sync')) : undefined;
    // the user name is not looked at
    const [, token] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return scheme === 'Basic' ? PEOPLE.find((one) => one.token === token) : undefined;
  }

  private signIn(response: ServerResponse, method: string): void {
    const signIn = this.faults.credentialsDead ?? this.options.signIn;
    if (signIn === 'redirect')
      response
        .writeHead(302, { Location: 'https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com' })
        .end();
    else if (signIn === '401')
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="https://example.com"' }).end();
    else if (signIn === '401-html')
      response.writeHead(401, { 'Content-Type': 'text/html; charset=utf-8' }).end(SIGN_IN_PAGE);
    // the page is for those who read: https://github.com/microsoft/azure-devops-auth-samples/issues/52
    else if (method === 'PATCH') {
      const refused = new ApiError(
        401,
        'UnauthorizedRequestException',
        "TF400813: The user '' is not authorized to access this resource.",
      );
      this.answer(response, 401, refused.body());
    } else response.writeHead(203, { 'Content-Type': 'text/html; charset=utf-8' }).end(SIGN_IN_PAGE);
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

/** Operations by number, as the vendor's own clients send them, by name: https://github.com/microsoft/vsts-work-item-migrator/issues/50 */
const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
function named(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && 'errorPolicy' in body && body.errorPolicy === 2)
    return { ...body, errorPolicy: 'omit', ...('$expand' in body ? { $expand: expanded(body.$expand) } : {}) };
  if (!Array.isArray(body)) return body;
  return body.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) return one;
    if ('op' in one && typeof one.op === 'number') return { ...one, op: OPERATIONS[one.op] };
    return 'body' in one ? { ...one, body: named(one.body) } : one;
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** As it arrives. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

export async function startAzureDevOps(options: StandInOptions = {}): Promise<StandIn> {
  const server = createServer({ keepAliveTimeout: 30_000 });
  const standIn = new StandIn(server, options);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return standIn;
}
