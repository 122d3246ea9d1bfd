/**
 * A copy of a repository's commits, trees, branches and tags in Node-RED's user folder; the contents of files are not fetched where
 * the server allows that. Nothing is ever removed from it: what was rewritten or deleted must stay known, so that it is not taken
 * for new if it comes back.
 */

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from '../../files/private';
import { SyncError } from '../../model/errors';
import type { Repository } from '../kit/repositories';
import type { Git, RunOptions } from './program';

const FETCH_MS = 30 * 60_000;
/** A lock of git that is older than any fetch was left behind by a process that was killed. */
const OLD_LOCK_MS = FETCH_MS + 60_000;
const REFSPECS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export const isSha = (text: string): boolean => SHA.test(text);

/** A branch or a tag. */
export interface Ref {
  /** without `refs/heads/` */
  name: string;
  /** what it points at: a commit; of an annotated tag, the tag object */
  sha: string;
  /** the commit behind a tag */
  commit?: string;
}

/** Fetches into the same folder follow each other, whichever connection asks. */
const lines = new Map<string, Promise<unknown>>();

function inLine<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = lines.get(folder) ?? Promise.resolve();
  const mine = before.then(work, work);
  lines.set(
    folder,
    mine.catch(() => undefined),
  );
  return mine;
}

export class Mirror {
  /** @param mostBytes size on disk above which a fetch is ended */
  constructor(
    private readonly git: Git,
    readonly repository: Repository,
    private readonly folder: string,
    private readonly mostBytes: number,
  ) {}

  private get about(): string {
    return `Repository "${this.repository.name}"`;
  }

  /** Brings the copy up to date. @throws SyncError */
  fetch(): Promise<void> {
    return inLine(this.folder, async () => {
      if (!existsSync(join(this.folder, 'HEAD'))) {
        makePrivateFolder(this.folder);
        await this.git.run(undefined, ['init', '--quiet', '--bare', this.folder], { about: this.about });
      }
      removeOldLocks(this.folder);
      await this.git.run(
        this.folder,
        [
          'fetch',
          ...['--quiet', '--prune', '--force', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'],
          ...['--filter=blob:none', 'origin', ...REFSPECS],
        ],
        {
          ...this.remote(),
          timeoutMs: FETCH_MS,
          mayFetch: true,
          watch: () => this.checkSize(),
        },
      );
      this.checkSize();
    });
  }

  /** Whether the repository can be read, without fetching it; its branches. @throws SyncError */
  async branchesNow(): Promise<string[]> {
    const text = await this.git.text(undefined, ['ls-remote', '--heads', '--', this.repository.address], this.remote());
    return text.split('\n').flatMap((line) => /\trefs\/heads\/(.+)$/.exec(line)?.[1] ?? []);
  }

  /** Branches of the copy, the usual main ones first. */
  async branches(): Promise<Ref[]> {
    const refs = await this.refs('refs/heads/', []);
    const weight = ({ name }: Ref): number => (name === 'main' || name === 'master' ? 0 : 1);
    return refs.sort((a, b) => weight(a) - weight(b));
  }

  /** Tags of the copy. @param branch only those whose commits it contains */
  tags(branch?: string): Promise<Ref[]> {
    return this.refs('refs/tags/', branch === undefined ? [] : [`--merged=refs/heads/${branch}`]);
  }

  /** Names of the branches that contain a commit. */
  async containing(sha: string): Promise<string[]> {
    return (await this.refs('refs/heads/', [`--contains=${sha}`])).map(({ name }) => name);
  }

  private async refs(prefix: string, conditions: string[]): Promise<Ref[]> {
    // a name holds no blanks
    const format = '--format=%(objectname) %(*objectname) %(refname)';
    const text = await this.git.text(this.folder, ['for-each-ref', format, ...conditions, prefix], this.options());
    return text.split('\n').flatMap((line) => {
      const [sha = '', peeled = '', ref = ''] = line.split(' ');
      if (!isSha(sha) || !ref.startsWith(prefix)) return [];
      return [{ sha, name: ref.slice(prefix.length), ...(prefix === 'refs/tags/' && { commit: peeled || sha }) }];
    });
  }

  /** Commits that can be reached from some and not from others, parents first. */
  async revisions(from: readonly string[], not: readonly string[]): Promise<string[]> {
    if (from.length === 0) return [];
    const input = [...from, ...not.map((sha) => `^${sha}`)].join('\n');
    const args = ['rev-list', '--reverse', '--topo-order', '--stdin'];
    const text = await this.git.text(this.folder, args, { ...this.options(), input: `${input}\n` });
    return text.split('\n').filter(isSha);
  }

  /** The same as long as their committer's clock shows this time or a later one, ms since 1970. */
  async revisionsSince(from: readonly string[], not: readonly string[], time: number): Promise<string[]> {
    if (from.length === 0) return [];
    const input = [...from, ...not.map((sha) => `^${sha}`)].join('\n');
    const args = ['rev-list', '--reverse', '--topo-order', '--timestamp', '--stdin'];
    const text = await this.git.text(this.folder, args, { ...this.options(), input: `${input}\n` });
    return text.split('\n').flatMap((line) => {
      const [seconds, sha = ''] = line.split(' ');
      return isSha(sha) && Number(seconds) * 1000 >= time ? [sha] : [];
    });
  }

  /** How many commits can be reached from some and not from others. */
  async count(from: readonly string[], not: readonly string[]): Promise<number> {
    const input = [...from, ...not.map((sha) => `^${sha}`)].join('\n');
    const options = { ...this.options(), input: `${input}\n` };
    return Number(await this.git.text(this.folder, ['rev-list', '--count', '--stdin'], options));
  }

  /** Those that the copy has, with their kinds. */
  async known(shas: readonly string[]): Promise<Map<string, string>> {
    if (shas.length === 0 || !existsSync(join(this.folder, 'HEAD'))) return new Map();
    const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
    const text = await this.git.text(this.folder, args, { ...this.options(), input: `${shas.join('\n')}\n` });
    return new Map(
      text.split('\n').flatMap((line): [string, string][] => {
        const [sha = '', kind = ''] = line.split(' ');
        return isSha(sha) && kind !== 'missing' && kind !== '' ? [[sha, kind]] : [];
      }),
    );
  }

  /** The commits whose names begin with these letters: one if it is certain. */
  async named(start: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{7,64}$/.test(start) || !existsSync(join(this.folder, 'HEAD'))) return undefined;
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${start}^{commit}`];
    const { code, output } = await this.git.run(this.folder, args, { ...this.options(), codes: [1, 128] });
    const sha = output.toString('utf8').trim();
    return code === 0 && isSha(sha) ? sha : undefined;
  }

  /** The newest commits of all branches, by their committers' clocks. */
  async newest(branches: readonly string[], limit: number): Promise<string[]> {
    if (branches.length === 0) return [];
    const args = ['rev-list', '--date-order', `--max-count=${limit}`, '--stdin'];
    const input = branches.map((sha) => `${sha}\n`).join('');
    const text = await this.git.text(this.folder, args, { ...this.options(), input });
    return text.split('\n').filter(isSha);
  }

  /** Runs a command of the copy. @throws SyncError */
  async read(args: readonly string[], input: string, onData: (chunk: Buffer) => void): Promise<void> {
    await this.git.run(this.folder, args, { ...this.options(), input, onData });
  }

  private options(): RunOptions {
    return { about: this.about };
  }

  private remote(): RunOptions {
    return { about: this.about, settings: { 'remote.origin.url': this.repository.address } };
  }

  private checkSize(): void {
    if (sizeOf(this.folder) <= this.mostBytes) return;
    const limit = Math.round(this.mostBytes / 1024 ** 3);
    throw new SyncError(
      'fatal',
      `${this.about} is larger than ${limit} GB. Raise "Largest copy" in the system's form if there is room for it`,
    );
  }
}

/** Bytes of the packs, also of one that is just being received. */
function sizeOf(folder: string): number {
  const packs = join(folder, 'objects', 'pack');
  try {
    return readdirSync(packs).reduce((sum, name) => sum + (statOf(join(packs, name))?.size ?? 0), 0);
  } catch {
    return 0;
  }
}

/** A program that was killed leaves its locks, and every later one fails. */
function removeOldLocks(folder: string): void {
  const names = ['packed-refs.lock', 'shallow.lock', 'config.lock', 'HEAD.lock', 'gc.pid', 'gc.pid.lock'];
  const refs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.startsWith('refs') && name.endsWith('.lock'),
  );
  for (const name of [...names, ...refs]) {
    const file = join(folder, name);
    const stat = statOf(file);
    if (stat && Date.now() - stat.mtimeMs > OLD_LOCK_MS) rmSync(file, { force: true });
  }
}

function statOf(file: string) {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}
