/**
 * Days in fields that hold a point in time. Azure DevOps has no dates: what its forms show as one is kept as midnight where
 * the person is who chose it, and shown to everybody in their own time zone. Taken for UTC, a day becomes the one before
 * (https://github.com/solidify/jira-azuredevops-migrator/issues/692, https://github.com/Azure/azure-sdk-tools/issues/7600). Pure.
 */

const HALF_A_DAY_MS = 43_200_000;

/** The standard fields in which people choose a day, not a time. */
export const DAYS: ReadonlySet<string> = new Set(
  ['StartDate', 'FinishDate', 'TargetDate', 'DueDate'].map((name) => `Microsoft.VSTS.Scheduling.${name}`),
);

/** Whether it is the name of a time zone, such as Europe/Berlin. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The day that a point in time means, as 2026-02-28.
 * @param zone where days begin; '' = not known: the nearest midnight is meant, which is right from UTC−11 to UTC+12
 */
export function dayOf(ms: number, zone: string): string {
  const shown = zone === '' ? ms + HALF_A_DAY_MS : ms + offsetOf(ms, zone);
  return new Date(shown).toISOString().slice(0, 10);
}

/** When a day begins, ms since 1970; where clocks go forward at midnight, an hour later. @param zone '' = UTC */
export function beginOf(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (zone === '') return utc;
  // once more with the offset of that very time: clocks may change in between
  return utc - offsetOf(utc - offsetOf(utc, zone), zone);
}

/** Local time minus UTC, milliseconds. */
function offsetOf(ms: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(ms / 1_000) * 1_000;
}
