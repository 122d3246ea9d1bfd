/** A real repository to push to, and somebody who works with it. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChangePage, Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';
import { git } from '../../../lib/connectors/git';
import type { Entity } from '../../../lib/model/entity';

const QUIET = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', PATH: process.env.PATH ?? '' };

export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'twinflow-git-'));
  readonly bare = join(this.folder, 'demo.git');
  readonly work = join(this.folder, 'work');
  readonly data = join(this.folder, 'data');
  private files = 0;

  constructor() {
    this.run(this.folder, 'init', '--quiet', '--bare', '--initial-branch=main', this.bare);
    this.run(this.folder, 'clone', '--quiet', this.bare, this.work);
    this.git('checkout', '--quiet', '-B', 'main');
  }

  /** In the clone. */
  git(...args: string[]): string {
    return this.run(this.work, ...args);
  }

  run(cwd: string, ...args: string[]): string {
    const env = { ...QUIET, ...person('Alice', 'alice@example.com') };
    return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();
  }

  /** @param paths changed; by default one that no other commit changes. @returns its name */
  commit(message: string, { date = '', paths = [`file-${++this.files}`] }: { date?: string; paths?: string[] } = {}) {
    for (const path of paths) {
      mkdirSync(dirname(join(this.work, path)), { recursive: true });
      writeFileSync(join(this.work, path), `${message} ${++this.files}`);
    }
    this.git('add', '--all');
    const env = {
      ...QUIET,
      ...person('Alice', 'alice@example.com'),
      ...(date && { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
    };
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '-F', '-'], { cwd: this.work, env, input: message });
    return this.git('rev-parse', 'HEAD');
  }

  push(...more: string[]): void {
    this.git('push', '--quiet', '--force', 'origin', ...(more.length > 0 ? more : ['HEAD']));
  }

  connect(config: Record<string, string> = {}): Connection {
    return git.connect({ repositories: this.bare, ...config }, { dataFolder: this.data });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const person = (name: string, email: string) => ({
  ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
  ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
});

export const COMMITS: Scope = { projects: ['demo'], types: ['commit'] };

export interface Polled {
  pages: ChangePage[];
  entities: Entity[];
  /** first lines of commits, names of tags */
  names: string[];
  notes: string[];
  checkpoint: Checkpoint;
}

export async function poll(
  connection: Connection,
  since: Checkpoint | undefined,
  { scope = COMMITS, size = 50 } = {},
): Promise<Polled> {
  const pages: ChangePage[] = [];
  const stored: unknown = since && JSON.parse(JSON.stringify(since));
  for await (const page of connection.changes(scope, stored as Checkpoint | undefined, size)) pages.push(page);
  const entities = pages.flatMap((page) => page.entities);
  return {
    pages,
    entities,
    names: entities.map(({ fields }) => String(fields.name ?? fields.summary)),
    notes: pages.flatMap(({ notes = [] }) => notes),
    checkpoint: pages.at(-1)?.checkpoint ?? {},
  };
}
