/** The saved properties of an events node. Pure. */

import { isObject } from '../../lib/model/shape';

export const KINDS = ['parked', 'conflict', 'paused', 'recovered', 'summary'] as const;
export type Kind = (typeof KINDS)[number];

export const PRESET_COLLECT = 30;
export const MOST_COLLECT = 3_600;
export const PRESET_TIME = '07:00';

export interface EventsSettings {
  /** id of an integration; '' = all */
  integration: string;
  kinds: ReadonlySet<Kind>;
  /** seconds */
  collect: number;
  /** minutes after midnight, in the server's time zone */
  summaryAt: number;
}

/** "07:30" as minutes after midnight; undefined if it is no time. */
export function minutesOf(text: unknown): number | undefined {
  const [, hours, minutes] = typeof text === 'string' ? (/^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? []) : [];
  return hours === undefined || minutes === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** Whether a text or number is a time to collect in seconds. */
export const isCollect = (value: unknown): boolean =>
  String(value ?? '').trim() !== '' && Number(value) >= 0 && Number(value) <= MOST_COLLECT;

/** What cannot be read has its default. */
export function readEventsSettings(saved: object): EventsSettings {
  const { integration, kinds, collect, summaryAt }: Record<string, unknown> = isObject(saved) ? saved : {};
  const chosen: unknown[] = Array.isArray(kinds) ? kinds : [...KINDS];
  return {
    integration: typeof integration === 'string' ? integration : '',
    kinds: new Set(KINDS.filter((kind) => chosen.includes(kind))),
    collect: isCollect(collect) ? Number(collect) : PRESET_COLLECT,
    summaryAt: minutesOf(summaryAt) ?? minutesOf(PRESET_TIME) ?? 0,
  };
}
