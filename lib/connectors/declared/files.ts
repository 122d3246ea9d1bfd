/** Connector files: those that ship with Twinflow, and those in a folder of the user. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { append } from '../../model/lists';
import type { Connector } from '../connector';
import { declaredConnector } from './connector';
import type { ConnectorFile } from './format';
import { loadConnector } from './load';

const SHIPPED = join(__dirname, 'files');
const IS_FILE = /\.(ya?ml|json)$/i;
/** Bytes; the file's characters are counted when it is read. */
const LARGEST = 400_000;
const MOST_FILES = 200;

/** @throws Error with all problems: a file that ships is right */
export function shippedFile(kind: string): ConnectorFile {
  const name = `${kind}.yaml`;
  const loaded = loadConnector(readFileSync(join(SHIPPED, name), 'utf8'), name);
  if ('file' in loaded) return loaded.file;
  throw new Error(loaded.problems.join('\n'));
}

export const shipped = (kind: string): Connector => declaredConnector(shippedFile(kind));

/**
 * The connectors that the files of a folder declare. One that cannot be used does not affect the others.
 *
 * @param folder that need not exist
 * @param taken kinds that there are already
 * @returns `problems`: sentences for an admin, with file, line and what is expected
 */
export function connectorsIn(
  folder: string,
  taken: ReadonlySet<string>,
): { connectors: Record<string, Connector>; problems: string[] } {
  const connectors: Record<string, Connector> = {};
  const problems: string[] = [];
  const origin = new Map<string, string>();
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => IS_FILE.test(name) && !name.startsWith('.'))
      .sort();
  } catch (thrown) {
    const isAbsent =
      thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
    return { connectors, problems: isAbsent ? [] : [`${folder}: ${String(thrown)}`] };
  }
  if (names.length > MOST_FILES) problems.push(`${folder}: only the first ${MOST_FILES} files are read`);
  for (const name of names.slice(0, MOST_FILES)) {
    const path = join(folder, name);
    try {
      const { size } = statSync(path);
      if (size > LARGEST) {
        problems.push(`${path}: larger than ${LARGEST} bytes`);
        continue;
      }
      const loaded = loadConnector(readFileSync(path, 'utf8'), path);
      if ('problems' in loaded) {
        append(problems, loaded.problems);
        continue;
      }
      const { kind } = loaded.file;
      const other = origin.get(kind);
      if (taken.has(kind) || other !== undefined) {
        problems.push(
          `${path}: the kind "${kind}" is ${other === undefined ? "one of Twinflow's own" : `that of ${other}`}; choose another one`,
        );
        continue;
      }
      connectors[kind] = declaredConnector(loaded.file);
      origin.set(kind, path);
    } catch (thrown) {
      problems.push(`${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  return { connectors, problems };
}

/** How long an answer is valid, ms: reading a folder blocks. */
const ENOUGH_MS = 2_000;

/**
 * The connectors of a folder, read again when a file in it has changed. A connection that is open keeps the connector that it was
 * opened with.
 */
export class ConnectorFolder {
  private found: Record<string, Connector> = {};
  private signs: string | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  /** @param warn receives each problem once, until a file changes */
  constructor(
    readonly path: string,
    private readonly taken: ReadonlySet<string>,
    private readonly warn: (problem: string) => void,
  ) {}

  connectors(): Readonly<Record<string, Connector>> {
    if (performance.now() - this.readAt < ENOUGH_MS) return this.found;
    const signs = signsOf(this.path);
    if (signs !== this.signs) {
      const { connectors, problems } = connectorsIn(this.path, this.taken);
      this.signs = signs;
      this.found = connectors;
      for (const problem of problems) this.warn(problem);
    }
    this.readAt = performance.now();
    return this.found;
  }
}

/** Differs whenever a file of the folder differs. */
function signsOf(folder: string): string {
  try {
    return readdirSync(folder)
      .filter((name) => IS_FILE.test(name))
      .slice(0, MOST_FILES)
      .map((name) => {
        const { size, mtimeMs } = statSync(join(folder, name), { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
        return `${name} ${size} ${mtimeMs}`;
      })
      .join('\n');
  } catch {
    return '';
  }
}
