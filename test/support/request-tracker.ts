/**
 * The real Request Tracker, if it runs. Address and tokens come from the environment (RT_X_URL, RT_X_ALICE_TOKEN …) or from
 * the script that manages the server (TWINFLOW_RT_SCRIPT, otherwise the one that lies beside the project).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Needed } from './need';
import { projectRoot } from './node-red';

const script = process.env.TWINFLOW_RT_SCRIPT ?? join(projectRoot, '..', 'shared', 'systems', 'rt.sh');

export type RtUser = 'root' | 'sync' | 'alice' | 'bob';

export class RtServer {
  constructor(
    readonly url: string,
    private readonly tokens: Record<RtUser, string>,
  ) {}

  token(user: RtUser): string {
    return this.tokens[user];
  }

  /** @returns the answer's JSON, undefined where it has none. @throws where the answer is not 2xx */
  async send<T = unknown>(user: RtUser, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/REST/2.0/${path}`, {
      method,
      headers: { Authorization: `token ${this.token(user)}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Back to the seeded state, while the server goes on running. */
  reset(): void {
    execFileSync('bash', [script, 'reset', 'x'], { stdio: 'pipe' });
  }
}

function environment(): Record<string, string | undefined> {
  if (process.env.RT_X_URL || !existsSync(script)) return process.env;
  const { stdout, status } = spawnSync('bash', [script, 'env', 'x'], { encoding: 'utf8' });
  if (status !== 0) return process.env;
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => (line.includes('=') ? [line.split(/=(.*)/s, 2)] : [])),
  );
}

function answers(url: string): boolean {
  const asked = `fetch(process.argv[1] + '/REST/2.0/rt').then(() => process.exit(0), () => process.exit(1))`;
  return spawnSync(process.execPath, ['-e', asked, url], { timeout: 10_000 }).status === 0;
}

function find(): Needed<RtServer> {
  const values = environment();
  const url = values.RT_X_URL;
  if (!url) return { missing: 'needs a Request Tracker: RT_X_URL is not set' };
  if (!answers(url)) return { missing: `needs a Request Tracker: nothing answers at ${url}` };
  const token = (user: string): string => values[`RT_X_${user.toUpperCase()}_TOKEN`] ?? '';
  return {
    there: new RtServer(url, { root: token('root'), sync: token('sync'), alice: token('alice'), bob: token('bob') }),
  };
}

export const requestTracker: Needed<RtServer> = find();
