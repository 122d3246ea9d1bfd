/**
 * One fake REST server for all declared connectors. The connector file gives the paths of lists, entities and writes and how a list is
 * paged; a system's own test file gives what the file cannot know: the meaning of its parameters, and the shape of its
 * entities. It has the faults that real systems have: a clock with steps, rows that appear late, filters and orders that are ignored.
 */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ConnectorFile, DeclaredPaging, DeclaredType } from '../../../lib/connectors/declared/format';

export type Body = Record<string, unknown>;

export interface Row {
  type: string;
  project: string;
  number: number;
  /** ms since 1970, in the system's own clock */
  created: number;
  updated: number;
  /** ms since 1970, by the real clock: before that it is in no list */
  listedAt: number;
  by: string;
  item: Body;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Refuses a request. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly more: Body = {},
  ) {
    super(message);
  }
}

/** What a system is, beyond its connector file. */
export interface Vendor {
  file: ConnectorFile;
  /** login of the account, undefined = not known */
  who(headers: IncomingHttpHeaders): string | undefined;
  /** an error as the system answers it */
  error(refusal: Refusal): unknown;
  /** the steps of its clock, ms */
  stepMs: number;
  /** A new entity. @throws Refusal */
  make(row: Omit<Row, 'item'>, sent: Body): Body;
  /** Changes an entity. @throws Refusal */
  change(row: Row, sent: Body): void;
  /** An entity as it is shown. */
  show(row: Row, by: string): Body;
  /** Which rows a list has, in its order. @throws Refusal */
  list(type: DeclaredType, rows: Row[], params: URLSearchParams, by: string): Row[];
  /** Any other request; undefined = there is no such path. @param path decoded */
  other(method: string, path: string, params: URLSearchParams, by: string): Answer | undefined;
  hasProject(id: string): boolean;
  /** what lists and entities are wrapped in, by what was asked for; default: nothing */
  wrap?(body: unknown, what: Route['what']): unknown;
}

export interface Seen {
  method: string;
  /** with the query, not decoded */
  path: string;
  sent: unknown;
  status: number;
  answer: unknown;
}

interface Route {
  method: string;
  pattern: RegExp;
  type: DeclaredType;
  what: 'list' | 'read' | 'create' | 'update';
  page?: DeclaredPaging | undefined;
}

const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A path of the file as a pattern for decoded paths. */
const patternOf = (template: string): RegExp => {
  const source = template
    .replace(/\?.*$/, '')
    .split(/(\{[^}]*\})/)
    .map((part) => {
      const [, name, quoting] = /^\{([\w.]+)(?:\|(\w+))?\}$/.exec(part) ?? [];
      if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return `(?<${name.replace('.', '_')}>${quoting === 'segments' ? '.+?' : '[^/]+?'})`;
    })
    .join('');
  return new RegExp(`^${source}$`);
};

const routesOf = ({ types }: ConnectorFile): Route[] =>
  types.flatMap((type): Route[] => {
    const { changes, read, create, update, find } = type;
    const lists = [changes.list, find?.marker, find?.own, find?.everything].flatMap((one) => one ?? []);
    return [
      ...(create ? [{ method: 'POST', pattern: patternOf(create.post), type, what: 'create' as const }] : []),
      ...(update ? [{ method: update.method, pattern: patternOf(update.path), type, what: 'update' as const }] : []),
      { method: 'GET', pattern: patternOf(read.get), type, what: 'read' as const },
      ...lists.map(({ get, page }) => ({ method: 'GET', pattern: patternOf(get), type, what: 'list' as const, page })),
    ];
  });

export class StandIn {
  readonly rows: Row[] = [];
  readonly seen: Seen[] = [];
  url = '';
  /** the clock does not move: all changes have this time, ms since 1970 */
  stopped: number | undefined;
  /** a change shows in lists only after this time, ms */
  lagMs = 0;
  /** pages are smaller than the file says */
  cap = Number.POSITIVE_INFINITY;
  /** the list takes parameters that it does not use */
  ignores: 'nothing' | 'filters' | 'order' = 'nothing';
  /** called before a request is answered; an answer replaces the system's own */
  interfere: ((method: string, path: string, body: string) => Answer | undefined) | undefined;
  /** called with each answer; another one replaces it */
  spoil: ((method: string, path: string, answer: Answer) => Answer) | undefined;
  /** called before a list is answered */
  onList: () => void = () => undefined;
  private readonly server = createServer((request, response) => {
    this.handle(request, response).catch(() => request.socket.destroy());
  });
  private readonly routes: Route[];
  /** of the base, behind its address */
  private readonly prefix: string;
  private readonly onlyProject: string;
  private count = 0;

  constructor(readonly vendor: Vendor) {
    this.routes = routesOf(vendor.file);
    const { projects } = vendor.file;
    this.onlyProject = projects.by === 'one' ? projects.id : '';
    this.prefix = vendor.file.http.base.replace(/^\{[^}]*\}/, '');
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    this.url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  now(): number {
    const { stepMs } = this.vendor;
    return this.stopped ?? Math.floor(Date.now() / stepMs) * stepMs;
  }

  /** Creates without HTTP: somebody in the system itself. */
  create(type: string, project: string, sent: Body, by: string): Row {
    this.count += 1;
    const now = this.now();
    const bare = {
      type,
      project,
      number: this.count,
      created: now,
      updated: now,
      by,
      listedAt: Date.now() + this.lagMs,
    };
    const row = { ...bare, item: this.vendor.make(bare, sent) };
    this.rows.push(row);
    return row;
  }

  change(row: Row, sent: Body): void {
    const before = JSON.stringify(row.item);
    this.vendor.change(row, sent);
    if (JSON.stringify(row.item) === before) return;
    row.updated = Math.max(row.updated, this.now());
    row.listedAt = Date.now() + this.lagMs;
  }

  row(number: number): Row {
    const row = this.rows.find((one) => one.number === number);
    if (!row) throw new Error(`no row ${number}`);
    return row;
  }

  remove(number: number): void {
    this.rows.splice(this.rows.indexOf(this.row(number)), 1);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    let text = '';
    for await (const part of request) text += String(part);
    let sent: unknown;
    try {
      sent = text === '' ? undefined : JSON.parse(text);
    } catch {
      sent = text;
    }
    let answer = this.interfere?.(method, url, text) ?? this.answer(method, url, sent, request.headers);
    answer = this.spoil?.(method, url, answer) ?? answer;
    const { status, body, headers } = answer;
    this.seen.push({ method, path: url, sent, status, answer: body });
    const isText = typeof body === 'string';
    response.writeHead(status, {
      'Content-Type': isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
      Date: new Date(this.now()).toUTCString(),
      ...headers,
    });
    response.end(isText ? body : body === undefined ? '' : JSON.stringify(body));
  }

  private answer(method: string, url: string, sent: unknown, headers: IncomingHttpHeaders): Answer {
    const { pathname, searchParams } = new URL(url, this.url);
    const path = decodeURIComponent(pathname);
    const below = path.slice(this.prefix.length);
    try {
      const by = this.vendor.who(headers);
      if (by === undefined) throw new Refusal(401, 'Bad credentials');
      // a path of its own before a placeholder that it would fit
      const other = this.vendor.other(method, path, searchParams, by);
      if (other) return other;
      for (const route of this.routes) {
        const match = route.method === method ? route.pattern.exec(below) : null;
        if (!match) continue;
        const answer = this.routed(route, match.groups ?? {}, searchParams, sent, by);
        return this.vendor.wrap ? { ...answer, body: this.vendor.wrap(answer.body, route.what) } : answer;
      }
      throw new Refusal(404, 'Not Found');
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      return { status: thrown.status, body: this.vendor.error(thrown) };
    }
  }

  private routed(
    { type, what, page }: Route,
    { project, id }: Record<string, string | undefined>,
    params: URLSearchParams,
    sent: unknown,
    by: string,
  ): Answer {
    if (project !== undefined && !this.vendor.hasProject(project)) throw new Refusal(404, 'Not Found');
    const within = (row: Row) => row.type === type.id && (project === undefined || row.project === project);
    const bodyOf = (under: string | undefined): Body => {
      const inner = under === undefined || !isBody(sent) ? sent : sent[under];
      if (isBody(inner)) return inner;
      throw new Refusal(400, 'Problems parsing JSON');
    };
    const found = (): Row => {
      const row = this.rows.find((one) => within(one) && one.number === Number(id));
      if (row) return row;
      throw new Refusal(404, 'Not Found');
    };
    switch (what) {
      case 'read':
        return { status: 200, body: this.vendor.show(found(), by) };
      case 'create': {
        const row = this.create(type.id, project ?? this.onlyProject, bodyOf(type.create?.under), by);
        return { status: 201, body: this.vendor.show(row, by) };
      }
      case 'update': {
        const row = found();
        this.change(row, bodyOf(type.update?.under));
        return { status: 200, body: this.vendor.show(row, by) };
      }
      case 'list': {
        this.onList();
        const listed = this.rows.filter((row) => within(row) && row.listedAt <= Date.now());
        const rows = this.vendor.list(type, listed, this.used(params), by);
        return { status: 200, body: this.paged(rows, page, params).map((row) => this.vendor.show(row, by)) };
      }
    }
  }

  /** The parameters that this system really uses. */
  private used(params: URLSearchParams): URLSearchParams {
    const used = new URLSearchParams(params);
    if (this.ignores === 'filters') used.delete('since');
    if (this.ignores === 'order') used.delete('sort');
    return used;
  }

  private paged(rows: Row[], page: DeclaredPaging | undefined, params: URLSearchParams): Row[] {
    const number = (name: string, usual: number) => Number(params.get(name) ?? usual);
    switch (page?.by) {
      case 'number': {
        const size = Math.min(number(page.size ?? 'per_page', 30), page.max, this.cap);
        const first = (number(page.param ?? 'page', 1) - (page.first ?? 1)) * size;
        return rows.slice(first, first + size);
      }
      case 'offset': {
        const size = Math.min(number(page.size ?? 'limit', 30), page.max, this.cap);
        const first = number(page.param ?? 'offset', 0);
        return rows.slice(first, first + size);
      }
      default:
        return rows;
    }
  }
}
