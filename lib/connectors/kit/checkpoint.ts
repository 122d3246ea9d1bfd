/** Checks a checkpoint that comes back from the store. Parts that a connector cannot read must not count as "from
 * the beginning". */

import { START_AGAIN, SyncError } from '../../model/errors';
import type { Checkpoint } from '../connector';

/** The required type of a checkpoint's part, if it exists. */
type Part = 'time' | 'text' | 'number' | 'list';

function fits(value: unknown, part: Part): boolean {
  switch (part) {
    case 'time':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'list':
      return Array.isArray(value);
  }
}

/** @throws SyncError fatal if a part exists but has the wrong type */
export function checkCheckpoint(checkpoint: Checkpoint | undefined, parts: Record<string, Part>): void {
  for (const [name, part] of Object.entries(parts)) {
    const value = checkpoint?.[name];
    if (value === undefined || fits(value, part)) continue;
    throw new SyncError(
      'fatal',
      `The stored position of this poller is damaged (${name}: ${(JSON.stringify(value) ?? '').slice(0, 100)}). Twinflow reads nothing, so that ` +
        `nothing is missed or created again. ${START_AGAIN}`,
    );
  }
}
