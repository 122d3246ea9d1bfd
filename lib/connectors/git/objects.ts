/** Commits and tags as git stores them. Messages are somebody's data: cut, decoded, never trusted. */

import type { UserValue } from '../../model/values';
import type { Mirror } from './mirror';

/** Bytes of one object that are kept: a message can be as large as somebody likes. */
const MOST_BYTES = 256 * 1024;
const MOST_PATHS = 1_000;
const LAST_SECOND = 253_402_300_799;

export interface Stamp {
  person: UserValue;
  /** ISO 8601, UTC */
  at: string;
}

export interface GitObject {
  sha: string;
  kind: string;
  /** commits */
  parents: string[];
  author?: Stamp;
  committer?: Stamp;
  /** annotated tags */
  object?: string;
  tagger?: Stamp;
  message: string;
}

/** Reads objects, in the order asked; those that are not there are left out. */
export async function readObjects(mirror: Mirror, shas: readonly string[]): Promise<Map<string, GitObject>> {
  const found = new Map<string, GitObject>();
  if (shas.length === 0) return found;
  const reader = new BatchReader((sha, kind, content) => found.set(sha, parse(sha, kind, content)));
  await mirror.read(['cat-file', '--batch'], `${shas.join('\n')}\n`, (chunk) => reader.take(chunk));
  return found;
}

/** `<sha> <kind> <size>`, a line end, the content, a line end; or `<name> missing`. Keeps the start of each only. */
class BatchReader {
  private head = '';
  private current: { sha: string; kind: string; left: number; kept: Buffer[]; size: number } | undefined;

  constructor(private readonly take1: (sha: string, kind: string, content: Buffer) => void) {}

  take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.current ? this.content(rest, this.current) : this.header(rest);
  }

  private header(chunk: Buffer): Buffer {
    const end = chunk.indexOf(10);
    this.head += chunk.subarray(0, end === -1 ? chunk.length : end).toString('latin1');
    if (end === -1) return chunk.subarray(chunk.length);
    const [sha = '', kind = '', size] = this.head.split(' ');
    this.head = '';
    // the line end behind the content is read with it
    if (size !== undefined) this.current = { sha, kind, left: Number(size) + 1, kept: [], size: 0 };
    return chunk.subarray(end + 1);
  }

  private content(chunk: Buffer, current: NonNullable<BatchReader['current']>): Buffer {
    const piece = chunk.subarray(0, current.left);
    const room = MOST_BYTES - current.size;
    if (room > 0) current.kept.push(Buffer.from(piece.subarray(0, room)));
    current.size += piece.length;
    current.left -= piece.length;
    if (current.left === 0) {
      const whole = Buffer.concat(current.kept);
      this.current = undefined;
      this.take1(current.sha, current.kind, current.size <= MOST_BYTES ? whole.subarray(0, whole.length - 1) : whole);
    }
    return chunk.subarray(piece.length);
  }
}

function parse(sha: string, kind: string, content: Buffer): GitObject {
  const split = content.indexOf('\n\n');
  const head = content.subarray(0, split === -1 ? content.length : split).toString('utf8');
  const result: GitObject = { sha, kind, parents: [], message: '' };
  if (kind !== 'commit' && kind !== 'tag') return result;
  let encoding = 'utf-8';
  for (const line of head.split('\n')) {
    const [, name, value = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (name === 'parent') result.parents.push(value);
    else if (name === 'author') result.author ??= stampOf(value);
    else if (name === 'committer') result.committer ??= stampOf(value);
    else if (name === 'tagger') result.tagger ??= stampOf(value);
    else if (name === 'object') result.object ??= value;
    else if (name === 'encoding') encoding = value;
  }
  if (split !== -1) result.message = decoded(content.subarray(split + 2), encoding);
  return result;
}

function decoded(bytes: Buffer, encoding: string): string {
  let decoder = new TextDecoder();
  try {
    decoder = new TextDecoder(encoding);
  } catch {
    // nobody knows that one
  }
  return decoder
    .decode(bytes)
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '')
    .replace(/-----BEGIN (?:PGP|SSH) SIGNATURE-----[\s\S]*$/, '')
    .trim();
}

function stampOf(value: string): Stamp | undefined {
  const [, name = '', email = '', seconds] = /^([^<]*)<([^>]*)> (-?\d{1,18}) [+-]\d{4}$/.exec(value) ?? [];
  if (seconds === undefined) return undefined;
  const at = new Date(Math.min(Math.max(Number(seconds), 0), LAST_SECOND) * 1000).toISOString();
  const person: UserValue = {};
  if (name.trim() !== '') person.name = name.trim();
  if (email.trim() !== '') person.email = email.trim();
  return { person, at };
}

/** Changed paths of commits, compared with their first parents; at most a thousand of each. */
export async function readPaths(mirror: Mirror, commits: readonly GitObject[]): Promise<Map<string, string[]>> {
  const paths = new Map(commits.map(({ sha }): [string, string[]] => [sha, []]));
  if (commits.length === 0) return paths;
  const order = commits.map(({ sha }) => sha);
  const input = commits.map(({ sha, parents: [first] }) => (first === undefined ? sha : `${sha} ${first}`));
  let [at, open] = [-1, Buffer.alloc(0)];
  const token = (text: string): void => {
    // each commit is announced by its name, whether or not it has paths
    if (text === order[at + 1]) at += 1;
    else {
      const list = paths.get(order[at] ?? '');
      if (list && list.length < MOST_PATHS) list.push(text);
    }
  };
  const args = ['diff-tree', '--stdin', '-z', '-r', '--root', '--always', '--name-only', '--no-renames'];
  await mirror.read(args, `${input.join('\n')}\n`, (chunk) => {
    let rest = Buffer.concat([open, chunk]);
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      token(rest.subarray(0, end).toString('utf8'));
      rest = rest.subarray(end + 1);
    }
    open = rest;
  });
  return paths;
}
