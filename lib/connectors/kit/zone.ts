/** Times as a system reads and shows them in a time zone of its own. */

import { SyncError } from '../../model/errors';

/** @throws SyncError invalid – there is no such zone (IANA name) */
export function checkedZone(name: string, field: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    const why = `"${name.slice(0, 60)}" is no time zone such as Europe/Berlin`;
    throw new SyncError('invalid', why, { fields: { [field]: why } });
  }
}

/**
 * What a clock on the wall shows there at this moment.
 * @param ms since 1970
 * @param zone IANA name
 * @returns `YYYY-MM-DD HH:MM:SS`
 */
export function wallTime(ms: number, zone: string): string {
  // Sweden writes dates as ISO 8601 does
  return new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  }).format(ms);
}
