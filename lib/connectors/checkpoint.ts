/** A checkpoint comes back as it was stored; what a connector cannot read in it must not pass for "from the beginning". */

import { START_AGAIN, SyncError } from '../model/errors';
import type { Checkpoint } from './connector';

/** What a part of a checkpoint has to be, where it is there. */
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

/** @throws SyncError fatal – a part is there, but is not what it has to be */
export function checkCheckpoint(checkpoint: Checkpoint | undefined, parts: Record<string, Part>): void {
  for (const [name, part] of Object.entries(parts)) {
    const value = checkpoint?.[name];
    if (value === undefined || fits(value, part)) continue;
    throw new SyncError(
      'fatal',
      `The stored position of this poller is damaged (${name}: ${(JSON.stringify(value) ?? '').slice(0, 100)}). Nothing is read, so that ` +
        `nothing is missed or created again. ${START_AGAIN}`,
    );
  }
}
