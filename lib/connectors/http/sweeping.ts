/**
 * Frees the memory of transferred bytes early. V8 knows little about memory outside its heap: while a file is carried
 * in parts of 64 kB, it lets 80 MB and more accumulate before it collects. Its young generation is therefore collected
 * every few megabytes of files, which takes a millisecond or two.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_BYTES = 8 * 1024 * 1024;

type Sweep = (how: { type: 'minor' }) => void;

let sweep: Sweep | undefined;
let passed = 0;

/** V8's own collector, as exposed by `--expose-gc`; undefined if this Node.js does not provide it. */
function collector(): Sweep {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (how) => void Reflect.apply(found, undefined, [how]) : () => undefined;
}

/** Counts bytes of a file that have been read or written. */
export function havePassed(bytes: number): void {
  passed += bytes;
  if (passed < EVERY_BYTES) return;
  passed = 0;
  sweep ??= collector();
  sweep({ type: 'minor' });
}
