/** How the baselines of a link are stored. */

import type { Fields } from '../../model/values';

export function packBaselines(baselines: [Fields, Fields]): Uint8Array {
  return Buffer.from(JSON.stringify(baselines));
}

export function unpackBaselines(packed: Uint8Array): [Fields, Fields] {
  return JSON.parse(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString()) as [Fields, Fields];
}
