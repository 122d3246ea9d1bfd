/**
 * The two real Redmine servers, a and b, if they run. URLs and keys come from the environment (REDMINE_A_URL,
 * REDMINE_A_ALICE_KEY …) or from the script that manages the servers (TWINFLOW_REDMINE_SCRIPT, otherwise the one next
 * to the project).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, type Needed } from './need';
import { projectRoot } from './node-red';

export type RedmineName = 'a' | 'b';
export type RedmineUser = 'admin' | 'sync' | 'alice' | 'bob';

const script = process.env.TWINFLOW_REDMINE_SCRIPT ?? join(projectRoot, '..', 'shared', 'systems', 'redmine.sh');

/** One server, seen by one of its users. */
export class RedmineApi {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  /** @returns the answer's JSON, undefined if there is none. @throws if the answer is not 2xx */
  async send<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'X-Redmine-API-Key': this.key, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
  }

  get<T = unknown>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  post<T = unknown>(path: string, body: unknown): Promise<T> {
    return this.send<T>('POST', path, body);
  }

  put(path: string, body: unknown): Promise<void> {
    return this.send('PUT', path, body);
  }

  delete(path: string): Promise<void> {
    return this.send('DELETE', path);
  }
}

export class RedmineServer {
  constructor(
    readonly name: RedmineName,
    readonly url: string,
    private readonly keys: Record<RedmineUser, string>,
  ) {}

  key(user: RedmineUser): string {
    return this.keys[user];
  }

  as(user: RedmineUser): RedmineApi {
    return new RedmineApi(this.url, this.keys[user]);
  }

  /** Resets to the seeded state, 10 issues, while the server keeps running. */
  reset(): void {
    execFileSync('bash', [script, 'reset', this.name], { stdio: 'pipe' });
  }
}

/** NAME=value for one server, from the environment or the script. */
function settings(name: RedmineName): Record<string, string | undefined> {
  if (process.env[`REDMINE_${name.toUpperCase()}_URL`]) return process.env;
  if (!existsSync(script)) return {};
  const { stdout } = spawnSync('bash', [script, 'env', name], { encoding: 'utf8' });
  return Object.fromEntries((stdout ?? '').split('\n').map((line) => line.split(/=(.*)/s, 2)));
}

/** Asks synchronously: the titles of tests must be known at once. */
function answers(url: string, key: string): boolean {
  const ask = `fetch(process.argv[1] + '/users/current.json', {
      headers: { 'X-Redmine-API-Key': process.argv[2] }, signal: AbortSignal.timeout(8000),
    }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
  return spawnSync(process.execPath, ['-e', ask, url, key]).status === 0;
}

const found = new Map<RedmineName, Needed<RedmineServer>>();

/** The server if it answers, otherwise why not. */
export function redmine(name: RedmineName): Needed<RedmineServer> {
  const known = found.get(name);
  if (known) return known;
  const env = settings(name);
  const prefix = `REDMINE_${name.toUpperCase()}`;
  const url = env[`${prefix}_URL`];
  const key = (user: RedmineUser) => env[`${prefix}_${user.toUpperCase()}_KEY`] ?? '';
  const server: Needed<RedmineServer> = !url
    ? { missing: `needs a Redmine server: ${prefix}_URL is not set` }
    : !answers(url, key('sync'))
      ? { missing: `needs a Redmine server: none answers at ${url}` }
      : {
          there: new RedmineServer(name, url, {
            admin: key('admin'),
            sync: key('sync'),
            alice: key('alice'),
            bob: key('bob'),
          }),
        };
  found.set(name, server);
  return server;
}

/** A suite that needs both servers. */
export function describeWithRedmine(
  title: string,
  suite: (this: Mocha.Suite, a: RedmineServer, b: RedmineServer) => void,
): void {
  const [a, b] = [redmine('a'), redmine('b')];
  const both: Needed<[RedmineServer, RedmineServer]> =
    'missing' in a ? a : 'missing' in b ? b : { there: [a.there, b.there] };
  describeWith(title, both, function ([one, two]) {
    suite.call(this, one, two);
  });
}
