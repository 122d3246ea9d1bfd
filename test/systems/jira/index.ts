/**
 * A stand-in for Jira, Cloud or Data Center: stateful, and as strict as the vendor's API. It answers in the accounts' time
 * zone, its index lags as long as it is told, and on Cloud every exchange is validated against the vendor's description.
 * `startJira()` runs it inside a test; `tsx test/systems/jira/main.ts` runs it alone.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileStore } from '../files';
import type { Answer } from './answer';
import { Attachments, isUpload } from './attachments';
import { declareComments } from './comments';
import { contract, contractMissing } from './contract';
import { anonymousAnswer, Faults } from './faults';
import { declareLinks } from './links';
import { type Call, type RouteOptions, Routes } from './routes';
import { CLIENT, CLOUD_ID, PEOPLE, type Person } from './seed';
import { Site, type SiteOptions } from './site';
import { isJson } from './values';

export { CLIENT, CLOUD_ID, PEOPLE } from './seed';

export interface JiraOptions extends Partial<SiteOptions>, Partial<RouteOptions> {
  port?: number;
  /** scoped tokens have the scopes of Jira Software's API; default: true */
  softwareScopes?: boolean;
  /** each answer takes so long, milliseconds */
  latencyMs?: number;
  /** so many requests within a stretch of time, all accounts together; more are answered with 429 */
  rateLimit?: {
    requests: number;
    perMs: number;
    /** each answer says what is left, as https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ has it */
    told?: boolean;
  };
}

export interface Jira {
  url: string;
  /** where scoped tokens and OAuth clients go (Cloud) */
  gatewayUrl: string;
  site: Site;
  /** "POST /rest/api/3/search/jql", in the order they came */
  requests: string[];
  /** what the host with the bytes was asked for, and with which headers */
  mediaRequests: { path: string; headers: IncomingMessage['headers'] }[];
  /** what attachments hold */
  files: FileStore;
  /** times of the answers 429, ms since 1970 */
  refusals: number[];
  /** windows of the rate limit: when each began, ms since 1970, and how many requests came in it */
  windows: { since: number; requests: number }[];
  /** what broke the vendor's description; undefined where that isn't at hand */
  violations: string[] | undefined;
  person(login: string): Person;
  /** what is to go wrong from now on */
  faults: Faults;
  /** Answers the next requests that match otherwise: what breaks while a client works. */
  interfere(
    match: RegExp,
    answer: (call: { method: string; path: string }) => Answer,
    times?: number,
    isOn?: () => boolean,
  ): void;
  /** Called before each request is answered. */
  onRequest: ((method: string, path: string) => void) | undefined;
  stop(): Promise<void>;
}

const json = { 'Content-Type': 'application/json;charset=UTF-8' };

/**
 * Now, but never a whole second: the connector takes such a time for one without fractions and reads it once more,
 * which would make every thousandth run another one.
 */
const withMilliseconds = (): number => {
  const now = Date.now();
  return now % 1000 === 0 ? now + 1 : now;
};

export async function startJira(options: JiraOptions = {}): Promise<Jira> {
  const {
    deployment = 'cloud',
    timeZone = 'Europe/Berlin',
    indexLagMs = 0,
    now = withMilliseconds,
    clockMs = 1,
    port = 0,
  } = options;
  const { searchCap = 1_000, tokenTtlMs = 7 * 86_400_000, grainMs = 1, metaCap = 50, withheld = {} } = options;
  const faults = new Faults();
  const site = new Site({ deployment, timeZone, indexLagMs, now, clockMs });
  const routes = new Routes(site, { searchCap, tokenTtlMs, grainMs, metaCap, withheld }, faults);
  declareComments(routes);
  declareLinks(routes);
  const files = new FileStore();
  site.attachmentsMove = () => !faults.attachmentsAreSilent;
  const media = createServer((request, response) => void running.serveMedia(request, response));
  await new Promise<void>((resolve) => media.listen(0, '127.0.0.1', resolve));
  const attachments = new Attachments(routes, files, () => addressOf(media));
  const running = new Running(site, routes, faults, options, files, attachments);
  const server = createServer((request, response) => void running.serve(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  site.url = addressOf(server);
  return Object.assign(running, {
    url: site.url,
    gatewayUrl: `${site.url}/ex/jira/${CLOUD_ID}`,
    async stop() {
      for (const one of [server, media]) {
        one.closeAllConnections();
        await new Promise((resolve) => one.close(resolve));
      }
      files.clear();
    },
  });
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

interface Interference {
  match: RegExp;
  answer: Parameters<Jira['interfere']>[1];
  times: number;
  isOn: () => boolean;
}

class Running {
  readonly requests: string[] = [];
  readonly mediaRequests: Jira['mediaRequests'] = [];
  readonly refusals: number[] = [];
  readonly violations: string[] | undefined;
  onRequest: Jira['onRequest'];
  private readonly interferences: Interference[] = [];
  private readonly tokens = new Set<string>();
  private window = { since: 0, requests: 0 };
  readonly windows: Jira['windows'] = [];

  constructor(
    readonly site: Site,
    private readonly routes: Routes,
    readonly faults: Faults,
    private readonly options: JiraOptions,
    readonly files: FileStore,
    private readonly attachments: Attachments,
  ) {
    this.violations = site.isCloud && contractMissing === undefined ? [] : undefined;
  }

  person = (login: string): Person => {
    const found = PEOPLE.find((one) => one.login === login);
    if (!found) throw new Error(`nobody is called ${login}`);
    return found;
  };

  interfere = (match: RegExp, answer: Interference['answer'], times = 1, isOn = () => true): void => {
    this.interferences.push({ match, answer, times, isOn });
  };

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? 'GET';
    this.requests.push(`${method} ${url.pathname}`);
    this.onRequest?.(method, url.pathname);
    const isForm = /^multipart\//.test(request.headers['content-type'] ?? '');
    const text = isForm ? '' : await textOf(request);
    const { latencyMs = 0 } = this.options;
    if (latencyMs > 0) await sleep(latencyMs);
    const send = (status: number, body?: unknown, headers: Record<string, string> = {}) => {
      // a server's own clock
      const date = new Date(this.site.options.now()).toUTCString();
      response.writeHead(status, { ...json, Date: date, ...this.left(), ...headers });
      response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    };
    const answered = ({ status, body, file, template, headers }: Answer) => {
      const { lostAnswers } = this.faults;
      const place = lostAnswers.indexOf(`${method} ${template}`);
      if (place < 0 && file) {
        response.writeHead(status, { ...this.left(), ...headers });
        // whoever reads it may leave early
        void pipeline(this.files.stream(file), response).catch(() => undefined);
        return;
      }
      if (place < 0) return send(status, body, headers);
      lostAnswers.splice(place, 1);
      response.destroy();
    };
    try {
      const interference = this.interferences.find(
        (one) => one.times > 0 && one.isOn() && one.match.test(`${method} ${url.pathname}`),
      );
      if (interference) {
        interference.times--;
        const { status, body, headers } = interference.answer({ method, path: url.pathname + url.search });
        send(status, body, headers);
        return;
      }
      const broken = this.faults.broken(url.pathname, text);
      if (broken) {
        send(broken.status, broken.body, broken.headers);
        return;
      }
      if (this.faults.credentials === 'silent' && this.site.isCloud) {
        const { status, body } = anonymousAnswer(method, url.pathname.replace(/^.*\/rest\/api\/3/, ''));
        send(status, body, { 'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED' });
        return;
      }
      const limited = this.limit();
      if (limited) send(429, { errorMessages: ['Rate limit exceeded.'], errors: {} }, limited);
      else if (url.pathname === '/oauth/token' && method === 'POST') answered(this.giveToken(text));
      else answered(await this.answer(method, url, text, request));
    } catch (thrown) {
      // the client has left in the middle of a file
      if (!request.complete) return;
      // a fault of the stand-in, not of the client
      this.violations?.push(`${method} ${url.pathname}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
      send(500, { errorMessages: ['Internal server error'], errors: {} });
    }
  }

  /** The host with the bytes, where Cloud redirects to. */
  async serveMedia(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    this.mediaRequests.push({ path: url.pathname, headers: request.headers });
    const { status, body, file, headers } = this.attachments.signedContent(url, request.headers);
    response.writeHead(status, headers);
    if (file) await pipeline(this.files.stream(file), response).catch(() => undefined);
    else response.end(body);
  }

  private async answer(method: string, url: URL, text: string, request: IncomingMessage): Promise<Answer> {
    const gateway = `/ex/jira/${CLOUD_ID}`;
    const through = this.site.isCloud && url.pathname.startsWith(`${gateway}/`);
    const path = through ? url.pathname.slice(gateway.length) : url.pathname;
    const root = `/rest/api/${this.site.isCloud ? 3 : 2}`;
    const agile = path.startsWith('/rest/agile/1.0/');
    const known = this.faults.credentials ? undefined : this.viewer(request.headers.authorization, through);
    const isToken = request.headers.authorization?.startsWith('Bearer ') === true;
    const download = method === 'GET' ? this.attachments.download(path, known, isToken) : undefined;
    if (download) return download;
    if (!agile && !path.startsWith(`${root}/`)) {
      return { status: 404, body: '<html><head><title>Oops, you&#39;ve found a dead link.</title></head></html>' };
    }
    const viewer = known;
    if (!viewer) return failed(401, 'Client must be authenticated to access this resource.');
    // https://github.com/mikebowler/jirametrics/issues/74
    if (agile && through && this.options.softwareScopes === false)
      return { status: 401, body: { code: 401, message: 'Unauthorized; scope does not match' } };
    const below = agile ? path.replace('/rest/agile/1.0', '/agile') : path.slice(root.length);
    if (isUpload(method, below)) {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const answer = await this.attachments.upload({ path: below, viewer }, headers, request);
      // what a form that cannot be taken is answered with is not described
      if (![400, 415].includes(answer.status)) this.compare(method, below, url.searchParams, undefined, answer, true);
      return answer;
    }
    const parsed = bodyOf(text);
    if (parsed.broken) return failed(400, 'The request body is not JSON.');
    if (text !== '' && !/^application\/json/.test(request.headers['content-type'] ?? '')) {
      return failed(415, 'Unsupported media type');
    }
    const call: Call = {
      method,
      path: below,
      query: url.searchParams,
      body: parsed.value,
      viewer,
    };
    const answer = this.routes.answer(call);
    // Jira Software's API has a description of its own; that of web links has one where Jira answers with a list of them
    const isOtherwise = agile || (method === 'GET' && answer.template?.endsWith('/remotelink') === true);
    if (!isOtherwise) this.compare(method, call.path, url.searchParams, parsed.value, answer);
    return answer;
  }

  /** @param isForm the request is no JSON */
  private compare(
    method: string,
    path: string,
    query: URLSearchParams,
    request: unknown,
    { status, body, template }: Answer,
    isForm = false,
  ): void {
    if (!this.violations) return;
    const exchange = {
      method,
      template: `/rest/api/3${template ?? path}`,
      query,
      request,
      status,
      response: body,
      isForm,
    };
    this.violations.push(...contract().violations(exchange));
  }

  /** Basic with an API token on the site, with a scoped one through the gateway; Data Center: bearer token or password. */
  private viewer(authorization = '', through: boolean): Person | undefined {
    const [scheme, credentials = ''] = authorization.split(' ');
    if (scheme === 'Bearer') {
      if (this.site.isCloud) return through && this.tokens.has(credentials) ? this.person('sync') : undefined;
      return PEOPLE.find(({ accessToken }) => accessToken === credentials);
    }
    if (scheme !== 'Basic') return undefined;
    const [name, secret] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    return PEOPLE.find(({ email, login, apiToken, scopedToken, password }) =>
      this.site.isCloud
        ? email === name && secret === (through ? scopedToken : apiToken)
        : login === name && secret === password,
    );
  }

  private giveToken(text: string): Answer {
    const { value } = bodyOf(text);
    const right =
      isJson(value) &&
      value.grant_type === 'client_credentials' &&
      value.client_id === CLIENT.id &&
      value.client_secret === CLIENT.secret;
    if (!right) return { status: 401, body: { error: 'access_denied', error_description: 'Unauthorized' } };
    const token = `access-token-${this.tokens.size + 1}`;
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3600, token_type: 'Bearer' } };
  }

  /** What is left of the window, where that is told. */
  private left(): Record<string, string> {
    if (!this.options.rateLimit?.told) return {};
    const { requests, perMs } = this.options.rateLimit;
    return {
      'X-RateLimit-Limit': String(requests),
      'X-RateLimit-Remaining': String(Math.max(0, requests - this.window.requests)),
      'X-RateLimit-Reset': new Date(this.window.since + perMs).toISOString(),
    };
  }

  /** Headers of a refusal, where there were too many requests. */
  private limit(): Record<string, string> | undefined {
    if (!this.options.rateLimit) return undefined;
    const { requests, perMs } = this.options.rateLimit;
    const now = this.site.options.now();
    if (now - this.window.since >= perMs) {
      this.window = { since: now, requests: 0 };
      this.windows.push(this.window);
    }
    this.window.requests++;
    if (this.window.requests <= requests) return undefined;
    this.refusals.push(now);
    const seconds = Math.max(1, Math.ceil((this.window.since + perMs - now) / 1000));
    const reset = new Date(now + seconds * 1000).toISOString();
    return {
      'Retry-After': String(seconds),
      'X-RateLimit-Limit': String(requests),
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': reset,
      ...(this.site.isCloud
        ? { 'RateLimit-Reason': 'jira-quota-based' }
        : {
            'X-RateLimit-FillRate': String(requests),
            'X-RateLimit-Interval-Seconds': String(Math.ceil(perMs / 1000)),
          }),
    };
  }
}

const failed = (status: number, words: string): Answer => ({
  status,
  body: { errorMessages: [words], errors: {} },
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function bodyOf(text: string): { value?: unknown; broken: boolean } {
  if (text === '') return { broken: false };
  try {
    const value: unknown = JSON.parse(text);
    return { value, broken: false };
  } catch {
    return { broken: true };
  }
}
