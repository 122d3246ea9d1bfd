/** Streams of answers: watched while they are read, decoded if they are encoded, read as text if they are not a
 * file. */

import { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { SyncError } from '../../model/errors';
import { havePassed } from './sweeping';

export interface Watched {
  /** expected number of bytes */
  size: number;
  /** longest wait for the next bytes */
  idleMs: number;
  /** the error if reading fails; `idle` = no bytes for too long */
  fault(thrown: unknown): SyncError;
  /** the error if the number of bytes is not `size`: all that came, or the first number above `size` */
  short(got: number): SyncError;
}

/**
 * The bytes of a stream: either `size` bytes or an error. The last part is held back until the stream has ended
 * correctly. So a caller that forwards the bytes with a length never sends all of them if it turns out that they are
 * not the file.
 */
export async function* wholeBytes(
  stream: Readable,
  { size, idleMs, fault, short }: Watched,
): AsyncGenerator<Uint8Array> {
  const parts: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  let got = 0;
  let held: Uint8Array | undefined;
  let isIdle = false;
  try {
    for (;;) {
      // the time limit applies only while somebody waits for bytes: a slow reader is not the sender's fault
      const timer = setTimeout(() => {
        isIdle = true;
        stream.destroy(new Error('nothing came in time'));
      }, idleMs);
      const next = await parts.next().finally(() => clearTimeout(timer));
      if (next.done === true) break;
      const part = bytesOf(next.value);
      got += part.length;
      havePassed(part.length);
      if (got > size) throw short(got);
      if (held) yield held;
      held = part;
    }
    if (got !== size) throw short(got);
    if (held) yield held;
  } catch (thrown) {
    throw fault(isIdle ? 'idle' : thrown);
  } finally {
    stream.destroy();
  }
}

function bytesOf(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new Error('the stream does not consist of bytes');
}

const UNZIPS = new Set(['gzip', 'x-gzip', 'deflate']);

/** True for a Content-Encoding that is not the file's own format and can be decoded. */
export const isDecodable = (encoding: string | undefined): boolean =>
  encoding !== undefined && (UNZIPS.has(encoding.toLowerCase()) || encoding.toLowerCase() === 'br');

/** The decoded stream. It ends, fails and is destroyed together with the original. */
export function decoded(stream: Readable, encoding: string): Readable {
  const decoder = encoding.toLowerCase() === 'br' ? createBrotliDecompress() : createUnzip();
  stream.once('error', (error) => decoder.destroy(error));
  stream.once('close', () => {
    if (!stream.readableEnded) decoder.destroy(new Error('the answer broke off'));
  });
  decoder.once('close', () => stream.destroy());
  return stream.pipe(decoder);
}

/** A stream of what `unwrap` takes out of the original. It ends, fails and is destroyed together with it. */
export function unwrapped(
  stream: Readable,
  unwrap: (answer: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): Readable {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for await (const part of stream as AsyncIterable<unknown>) yield bytesOf(part);
  }
  const inner = Readable.from(unwrap(parts()), { objectMode: false });
  // whoever reads gets the error; nobody may be reading yet
  inner.on('error', () => undefined);
  stream.once('error', (error) => inner.destroy(error));
  inner.once('close', () => stream.destroy());
  return inner;
}

/** The start of an answer as text, at most `length` bytes. If the stream breaks, the part before that. */
export async function firstText(stream: Readable, length: number, idleMs: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let got = 0;
  const timer = setTimeout(() => stream.destroy(), idleMs);
  try {
    for await (const part of stream as AsyncIterable<unknown>) {
      const bytes = bytesOf(part);
      parts.push(bytes);
      got += bytes.length;
      if (got >= length) break;
    }
  } catch {
    // the text of an error is only additional information
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
  return Buffer.concat(parts).subarray(0, Math.min(got, length)).toString('utf8');
}
