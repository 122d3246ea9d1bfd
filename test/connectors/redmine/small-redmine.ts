/**
 * Just enough of Redmine to try the polling on: the issue query as the real server does it (measured), over a clock, an
 * order and a database that a test controls. Whole-second databases (MySQL) cannot be had from the real servers here.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Row {
  id: number;
  created: number;
  updated: number;
  subject: string;
}

export interface SmallRedmine {
  url: string;
  requests: number;
  /** called before each query is answered */
  onQuery: () => void;
  create(subject?: string): number;
  touch(id: number, subject?: string): void;
  remove(id: number): void;
  ids(): number[];
  subjectOf(id: number): string | undefined;
  /** Lets time pass, milliseconds. */
  advance(ms: number): void;
  /** A copy of the contents, to go back to. */
  backUp(): () => void;
  stop(): Promise<void>;
}

export interface SmallRedmineOptions {
  /** the database keeps fractions of seconds; false: whole seconds only */
  fractions: boolean;
  /** a web server in front adds the `Date` header */
  dates: boolean;
}

const whole = (time: number): number => Math.floor(time / 1000) * 1000;
const shown = (time: number): string => `${new Date(whole(time)).toISOString().slice(0, 19)}Z`;

export async function smallRedmine({ fractions, dates }: SmallRedmineOptions): Promise<SmallRedmine> {
  let rows = new Map<number, Row>();
  let ahead = 0;
  let nextId = 1;
  let texts = 0;
  const now = () => (fractions ? Date.now() + ahead : whole(Date.now() + ahead));

  const query = (search: URLSearchParams) => {
    const ids = search.get('issue_id')?.split(',').map(Number);
    const bound = search.get('v[updated_on][]');
    const from = bound === null ? Number.NEGATIVE_INFINITY : Date.parse(bound) - 1000;
    const matching = [...rows.values()].filter(({ id, updated }) => (ids ? ids.includes(id) : updated > from));
    const sign = search.get('sort')?.includes('desc') ? -1 : 1;
    matching.sort((a, b) => sign * (a.updated - b.updated || a.id - b.id));
    const [offset, limit] = [Number(search.get('offset')), Math.min(100, Number(search.get('limit') ?? 25))];
    const one = { id: 1, name: 'One' };
    const issues = matching.slice(offset, offset + limit).map(({ id, created, updated, subject }) => ({
      ...{ id, subject, project: one, tracker: one, status: one, priority: one, author: one },
      ...{ created_on: shown(created), updated_on: shown(updated) },
    }));
    return { issues, total_count: matching.length, offset, limit };
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://small');
    response.sendDate = false;
    if (dates) response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
    response.setHeader('Content-Type', 'application/json');
    // "Authentication required" is on
    if (!request.headers['x-redmine-api-key']) {
      response.writeHead(401).end();
      return;
    }
    if (url.pathname !== '/issues.json') {
      response.writeHead(404).end();
      return;
    }
    small.requests++;
    small.onQuery();
    response.end(JSON.stringify(query(url.searchParams)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const small: SmallRedmine = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: 0,
    onQuery: () => undefined,
    create(subject = `new ${++texts}`) {
      const id = nextId++;
      rows.set(id, { id, created: now(), updated: now(), subject });
      return id;
    },
    touch(id, subject = `changed ${++texts}`) {
      const row = rows.get(id);
      if (row) rows.set(id, { ...row, subject, updated: now() });
    },
    remove: (id) => void rows.delete(id),
    ids: () => [...rows.keys()],
    subjectOf: (id) => rows.get(id)?.subject,
    advance(ms) {
      ahead += ms;
    },
    backUp() {
      const copy = new Map(rows);
      return () => {
        rows = new Map(copy);
      };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return small;
}
