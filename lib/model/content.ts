/** The bytes of files, on their way from one system to another: never whole in memory. Free of Node.js types. */

import { SyncError } from './errors';

/** The bytes of a file as one system gives them, while they are read. */
export interface OpenedFile {
  /** bytes; exactly so many come, or reading ends with an error */
  readonly size: number;
  /** as the answer says: `image/png` */
  readonly mediaType?: string;
  /** Can be read once. @throws SyncError where they do not come whole; leaving the loop early closes the file */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends reading, also where nothing has been read yet. */
  close(): void;
}

/** A file that can be read when it is needed, and read again if something went wrong. */
export interface FileContent {
  readonly name: string;
  /** bytes */
  readonly size: number;
  readonly mediaType?: string;
  /** SHA-256 of the bytes that were read last, in hexadecimal; undefined until all of them have been */
  readonly digest?: string | undefined;
  /** @throws SyncError notFound – it is there no more; others as of any request */
  open(): Promise<OpenedFile>;
}

/** Beside a baseline's fields: the SHA-256 of the bytes that both ends of a link have. */
export const DIGEST = 'sha256';

/** What a system takes of files, as far as it tells. Plain JSON, so that forms show it, too. */
export interface FileRules {
  /** no file at all is taken, for this reason */
  none?: string;
  /** bytes of one file */
  maxBytes?: number;
  /** files of one entity */
  maxPerEntity?: number;
  /** default: true */
  takesEmpty?: boolean;
  /** what file names must do without: `without` is a regular expression (flag `u`) whose matches become `_` */
  names?: { without?: string; maxLength?: number };
}

const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

/** A file's name as a system with these rules takes it. Its extension stays. */
export function fileName(name: string, { names = {} }: FileRules): string {
  const { without, maxLength = 255 } = names;
  const plain = name.replace(CONTROLS, '_').trim();
  const allowed = without === undefined ? plain : plain.replace(new RegExp(without, 'gu'), '_');
  // these mean folders
  const named = /^\.{0,2}$/.test(allowed) ? 'file' : allowed;
  const letters = [...named];
  if (letters.length <= maxLength) return named;
  const extension = [...(/\.[^.\s]{1,16}$/.exec(named)?.[0] ?? '')];
  return [...letters.slice(0, Math.max(1, maxLength - extension.length)), ...extension].join('');
}

/** Why a system with these rules does not take a file of this size; undefined = it may. */
export function sizeProblem(size: number, { none, maxBytes, takesEmpty = true }: FileRules): string | undefined {
  if (none !== undefined) return none;
  if (size === 0 && !takesEmpty) return 'it is empty, and empty files are not taken';
  if (maxBytes === undefined || size <= maxBytes) return undefined;
  return `it has ${size} bytes, and at most ${maxBytes} are taken`;
}

/**
 * A failure to read the bytes of a file, marked as one: it says nothing about the system that they were to be written to, which
 * has not got the file.
 */
export function contentFault(thrown: unknown): SyncError {
  if (thrown instanceof SyncError)
    return new SyncError(thrown.kind, thrown.message, { ...thrown.detail, content: true, uncertain: false });
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return new SyncError('transient', `The file could not be read: ${words}`, { content: true, uncertain: false });
}
