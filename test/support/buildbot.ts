/**
 * The real Buildbot, if it runs. Its URL and repositories come from the environment (BUILDBOT_URL, BUILDBOT_GIT) or from the script that
 * manages the server (TWINFLOW_BUILDBOT_SCRIPT, otherwise the one next to the project).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Needed } from './need';
import { projectRoot } from './node-red';
import { until } from './wait';

const script = process.env.TWINFLOW_BUILDBOT_SCRIPT ?? join(projectRoot, '..', 'shared', 'systems', 'buildbot.sh');

/** The builder that builds the git repository, and its force scheduler. */
export const BUILDER = 'git-build';
const SCHEDULER = 'force-git';

interface Row {
  buildid: number;
  number: number;
  complete: boolean;
  results: number | null;
}

export class BuildServer {
  private readonly clones: string[] = [];

  constructor(
    readonly url: string,
    /** the bare repository that is built */
    readonly repository: string,
  ) {}

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v2/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async builderId(name = BUILDER): Promise<number> {
    const { builders } = await this.get<{ builders: { builderid: number; name: string }[] }>('builders');
    return builders.find((one) => one.name === name)?.builderid ?? 0;
  }

  /** Forces a build and waits for its end. @returns the build */
  async force(parameters: Record<string, string> = {}): Promise<Row> {
    return this.ended(await this.request(parameters));
  }

  /** @returns the id of the build request */
  async request(parameters: Record<string, string> = {}): Promise<number> {
    const builder = await this.builderId();
    const params = { builderid: String(builder), ...parameters };
    const response = await fetch(`${this.url}/api/v2/forceschedulers/${SCHEDULER}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'force', params }),
    });
    const { result } = (await response.json()) as { result: [number, Record<string, number>] };
    return result[1][String(builder)] ?? 0;
  }

  /** The build of a request, once it is complete. */
  async ended(request: number): Promise<Row> {
    let found: Row | undefined;
    await until(
      `build request ${request} is done`,
      async () => {
        const { builds } = await this.get<{ builds: Row[] }>(`buildrequests/${request}/builds`);
        found = builds.find(({ complete }) => complete);
        return found !== undefined;
      },
      60_000,
    );
    if (!found) throw new Error('no build');
    return found;
  }

  /** Pushes a commit, which Buildbot sees at its next look. A message with FAIL makes the build fail. @returns its sha */
  push(message: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-buildbot-'));
    this.clones.push(folder);
    const run = (...args: string[]): string =>
      execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    run('clone', '--quiet', this.repository, '.');
    writeFileSync(join(folder, 'main.py'), `print(${JSON.stringify(`${message} ${Math.random()}`)})`);
    run('add', '.');
    const who = ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.com'];
    run(...who, 'commit', '--quiet', '-m', message);
    run('push', '--quiet', 'origin', 'HEAD:main');
    return run('rev-parse', 'HEAD');
  }

  /** The build of a pushed revision, once it is complete. */
  async buildOf(sha: string): Promise<Row> {
    let found: Row | undefined;
    await until(
      `${sha} was built`,
      async () => {
        const query = 'builds?order=-buildid&limit=50&property=got_revision';
        const { builds } = await this.get<{ builds: (Row & { properties: Record<string, [string]> })[] }>(query);
        found = builds.find(({ properties, complete }) => complete && properties.got_revision?.[0] === sha);
        return found !== undefined;
      },
      60_000,
    );
    if (!found) throw new Error('no build');
    return found;
  }

  close(): void {
    for (const folder of this.clones) rmSync(folder, { recursive: true, force: true });
  }
}

function listens(url: string): boolean {
  return spawnSync('curl', ['-sf', '-m', '5', '-o', '/dev/null', `${url}/api/v2/builders`]).status === 0;
}

/** The server, or why it cannot be used. */
export function buildServer(): Needed<BuildServer> {
  const given = { url: process.env.BUILDBOT_URL, git: process.env.BUILDBOT_GIT };
  const env = given.url === undefined && existsSync(script) ? fromScript() : given;
  if (env.url === undefined || env.git === undefined)
    return { missing: 'no Buildbot: set BUILDBOT_URL and BUILDBOT_GIT' };
  if (!listens(env.url)) return { missing: `no Buildbot at ${env.url}` };
  return { there: new BuildServer(env.url, env.git) };
}

function fromScript(): { url?: string; git?: string } {
  const lines = execFileSync('bash', [script, 'env'], { encoding: 'utf8' });
  const value = (name: string): string | undefined => new RegExp(`^${name}=(.+)$`, 'm').exec(lines)?.[1];
  const [url, git] = [value('BUILDBOT_URL'), value('BUILDBOT_GIT')];
  return { ...(url !== undefined && { url }), ...(git !== undefined && { git }) };
}
