/**
 * Checks a zip archive (xlsx and ods files are zip archives) before it is unpacked: the sizes that its directory
 * declares, and whether they are true. A zip bomb is recognized by its declared sizes or, if they are false, by
 * unpacking up to the limit.
 * The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

import { inflateRawSync } from 'node:zlib';
import { SyncError } from '../../model/errors';

export interface ZipLimits {
  entries: number;
  /** total size of all entries when unpacked, in bytes */
  unpacked: number;
  /** a file may grow to this many times its own size, or to `least` bytes; beyond that only `unpacked` is the limit */
  growth?: { times: number; least: number };
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 65_535;
const STORED = 0;
const DEFLATED = 8;

export const isZip = (bytes: Buffer): boolean => bytes.length > 22 && bytes.readUInt32LE(0) === LOCAL;

const bad = (message: string): SyncError => new SyncError('invalid', message);
const broken = (): SyncError => bad('The file is damaged or not completely written: its zip directory is unusable.');
const mb = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

function directoryOf(bytes: Buffer): { at: number; entries: number } {
  const first = Math.max(0, bytes.length - 22 - LONGEST_COMMENT);
  for (let at = bytes.length - 22; at >= first; at -= 1) {
    if (bytes.readUInt32LE(at) === END)
      return { at: bytes.readUInt32LE(at + 16), entries: bytes.readUInt16LE(at + 10) };
  }
  throw broken();
}

/**
 * @throws SyncError invalid if it is damaged, password-protected, or larger than the limits when unpacked
 */
export function checkZip(bytes: Buffer, limits: ZipLimits): void {
  try {
    check(bytes, limits);
  } catch (thrown) {
    if (thrown instanceof SyncError) throw thrown;
    throw broken(); // an offset outside the file
  }
}

function check(bytes: Buffer, limits: ZipLimits): void {
  const directory = directoryOf(bytes);
  if (directory.entries > limits.entries) throw bad(`The file holds more than ${limits.entries} parts.`);
  const most = limits.growth
    ? Math.min(limits.unpacked, Math.max(limits.growth.least, limits.growth.times * bytes.length))
    : limits.unpacked;
  let { at } = directory;
  let unpacked = 0;
  const parts: { local: number; method: number; packed: number; size: number }[] = [];
  for (let index = 0; index < directory.entries; index += 1) {
    if (bytes.readUInt32LE(at) !== ENTRY) throw broken();
    if ((bytes.readUInt16LE(at + 8) & 1) === 1) throw bad('The file is protected by a password. Save it without one.');
    const [packed, size] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    unpacked += size;
    if (unpacked > most) {
      throw bad(`The file would grow to more than ${mb(most)} when it is unpacked.`);
    }
    parts.push({ local: bytes.readUInt32LE(at + 42), method: bytes.readUInt16LE(at + 10), packed, size });
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  for (const part of parts) checkPart(bytes, part);
}

/** Checks that the size of a part in the directory is true. */
function checkPart(bytes: Buffer, part: { local: number; method: number; packed: number; size: number }): void {
  const { local, method, packed, size } = part;
  if (bytes.readUInt32LE(local) !== LOCAL) throw broken();
  const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (begin + packed > bytes.length) throw broken();
  if (method === STORED) {
    if (packed !== size) throw broken();
    return;
  }
  if (method !== DEFLATED) throw bad('The file is packed in a way that is not supported. Save it again.');
  let length: number;
  try {
    length = inflateRawSync(bytes.subarray(begin, begin + packed), { maxOutputLength: size + 1 }).length;
  } catch (thrown) {
    const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw bad('The file is larger than it declares. It may be malicious.');
    throw broken();
  }
  if (length !== size) throw bad('The file does not have its declared size. It is damaged or malicious.');
}
