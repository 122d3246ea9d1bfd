/** A real Subversion repository, and somebody who commits to it. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';
import { subversion } from '../../../lib/connectors/subversion';
import type { Entity } from '../../../lib/model/entity';
import type { Needed } from '../../support/need';

export const programs = (): Needed<true> =>
  spawnSync('svnadmin', ['--version', '--quiet']).status === 0
    ? { there: true }
    : { missing: 'no Subversion: install the package subversion' };

export class SvnRepository {
  readonly folder = mkdtempSync(join(tmpdir(), 'twinflow-subversion-'));
  readonly path: string;
  readonly url: string;
  private files = 0;

  constructor(name = 'demo') {
    this.path = join(this.folder, name);
    this.url = `file://${this.path}`;
    execFileSync('svnadmin', ['create', this.path]);
  }

  /** Commands of svnmucc, committed together. @returns the number of the revision */
  commit(message: string, ...commands: string[]): number {
    const args = commands.length > 0 ? commands : ['put', '/dev/null', `${this.url}/file-${++this.files}`];
    const run = ['--non-interactive', '-u', 'alice', '-m', message, ...args];
    execFileSync('svnmucc', run, { encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } });
    return Number(execFileSync('svnlook', ['youngest', this.path], { encoding: 'utf8' }));
  }

  /** A new file. */
  put(path: string, message: string): number {
    return this.commit(message, 'put', '/dev/null', `${this.url}/${path}`);
  }

  layout(): void {
    this.commit('Layout', ...['trunk', 'branches', 'tags'].flatMap((name) => ['mkdir', `${this.url}/${name}`]));
  }

  connect(config: Record<string, string> = {}): Connection {
    return subversion.connect(
      { repositories: this.url, auth: 'none', ...config },
      { dataFolder: join(this.folder, 'data') },
    );
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const COMMITS: Scope = { projects: ['demo'], types: ['commit'] };

export async function poll(connection: Connection, since: Checkpoint | undefined, scope = COMMITS, size = 50) {
  const entities: Entity[] = [];
  let checkpoint = since;
  let pages = 0;
  for await (const page of connection.changes(scope, since, size)) {
    for (const entity of page.entities) entities.push(entity);
    // it is stored as JSON
    checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
    pages += 1;
  }
  if (!checkpoint) throw new Error('no page');
  return { entities, checkpoint, pages, keys: entities.map(({ key }) => key) };
}
