/** Wall clock of a time zone ↔ points in time, by the zone data that Node has. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    const digits = '2-digit';
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: digits,
      day: digits,
      hour: digits,
      minute: digits,
      second: digits,
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** Milliseconds by which the zone's wall clock is ahead of UTC at a time. */
export function offsetAt(timeZone: string, ms: number): number {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** The time at which the zone's wall clock shows this; of two, the first. */
export function timeOfWallClock(
  timeZone: string,
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
): number {
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  const candidates = [wall - 86_400_000, wall + 86_400_000].map((at) => wall - offsetAt(timeZone, at));
  const exact = candidates.filter((at) => at + offsetAt(timeZone, at) === wall).sort((a, b) => a - b);
  return exact[0] ?? candidates[0] ?? wall;
}

/** "2016-09-28T23:08:32.097+1000" */
export function stampOf(timeZone: string, ms: number): string {
  const offset = offsetAt(timeZone, ms);
  const minutes = Math.abs(offset) / 60_000;
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  return `${new Date(ms + offset).toISOString().slice(0, -1)}${offset < 0 ? '-' : '+'}${two(minutes / 60)}${two(minutes % 60)}`;
}
