/** The page's requests to Node-RED, with the shapes of the answers (nodes/admin). */

import type { Side } from '../../lib/model/entity';
import type {
  CauseView,
  Choice,
  IntegrationState,
  LinkDetail,
  LinkView,
  MappingRow,
  ParkedDetail,
  ParkedView,
} from '../../lib/model/operations';
import type { Fields } from '../../lib/model/values';
import type { Explanation } from '../../lib/plan/explanation';
import type { HourCount, StoredEntry } from '../../lib/store/contract/journal';
import { Fault, request } from '../shared/page/ask';
import type { KnownField } from './inputs';
import { say } from './texts';

export type { IntegrationState };
export { Fault };

export type Cause = CauseView & { rows: MappingRow[]; names: Record<string, string> };

export interface Failures {
  integration: string;
  name: string;
  causes: Cause[];
  total: number;
  more: boolean;
}

export interface Names {
  source: Record<string, string>;
  target: Record<string, string>;
}

export type Detail = ParkedDetail & { cut: string[]; rows: MappingRow[]; names: Names };

type Query = Record<string, string | number | undefined>;

const TEXTS = {
  offline: say('fault.offline'),
  login: say('fault.login'),
  status: (status: number) => say('fault.status', { status: String(status) }),
};

const urlOf = (path: string, query: Query): string => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return `${path}?${new URLSearchParams(given)}`;
};

/** @throws Fault */
export async function get<T>(path: string, query: Query = {}): Promise<T> {
  const response = await request(urlOf(path, query), TEXTS);
  return (await response.json()) as T;
}

/** @throws Fault */
export async function post<T>(path: string, body: object): Promise<T> {
  const response = await request(path, TEXTS, { body: JSON.stringify(body), contentType: 'application/json' });
  return (await response.json()) as T;
}

/** @throws Fault */
export const stream = (signal: AbortSignal): Promise<Response> => request('events', TEXTS, { signal });

export const integrations = (): Promise<{ items: IntegrationState[] }> => get('operations');
export const failures = (): Promise<{ items: Failures[]; more: boolean }> => get('failures');
export const parkedBy = (
  integration: string,
  cause: string,
  limit: number,
): Promise<{ items: ParkedView[]; more: boolean }> => get('parked', { integration, cause, limit });
export const detail = (integration: string, event: number): Promise<Detail> =>
  get('parked-change', { integration, event });

/** Changes: one by one, or all of a cause. */
export type Which = { events: number[] } | { cause: string };
export const retry = (integration: string, which: Which): Promise<{ count: number }> =>
  post('parked/retry', { integration, ...which });
export const skip = (integration: string, which: Which, reason: string): Promise<{ count: number }> =>
  post('parked/skip', { integration, ...which, reason });

/** A side for all fields, or a choice for each. */
export type Decided = { side: Side } | { choices: Record<string, Choice> };
export const decide = (integration: string, which: Which, decided: Decided): Promise<{ count: number }> =>
  post('parked/decide', { integration, ...which, ...decided });
export const correct = (
  integration: string,
  which: { event: number } | { cause: string },
  fields: Fields,
): Promise<{ count: number }> => post('parked/correct', { integration, ...which, fields });
export const targetFields = (integration: string, event: number): Promise<{ items: KnownField[] }> =>
  post('parked/fields', { integration, event });

export const links = (
  integration: string,
  search: string,
  before: number | undefined,
): Promise<{ items: LinkView[]; next?: number }> => get('links', { integration, search, before });
export const linkDetail = (integration: string, entity: string): Promise<LinkDetail> =>
  get('link', { integration, entity });
export const syncNow = (integration: string, entity: string): Promise<unknown> =>
  post('link/sync', { integration, entity });
export const unlink = (integration: string, entity: string): Promise<unknown> =>
  post('link/unlink', { integration, entity });
export const pair = (integration: string, one: string, two: string): Promise<unknown> =>
  post('link/pair', { integration, one, two });

export type Entry = StoredEntry & { name: string };
export interface ActivityFilter {
  integration?: string;
  outcome?: string;
  search?: string;
}
export const activity = (filter: ActivityFilter, before?: number): Promise<{ items: Entry[]; next?: number }> =>
  get('activity', { ...filter, before });
export const hours = (count: number): Promise<{ items: HourCount[] }> => get('activity/hours', { hours: count });
/** As a file; a plain link would not carry the editor's login. @throws Fault */
export const activityFile = async (filter: ActivityFilter): Promise<Blob> =>
  (await request(urlOf('activity.csv', { ...filter }), TEXTS)).blob();

/** @param side undefined = both systems are asked */
export const explain = (integration: string, key: string, side?: Side): Promise<{ items: Explanation[] }> =>
  post('explain', { integration, key, ...(side && { side }) });

/** The whole store as a file. @throws Fault */
export async function backup(): Promise<{ file: Blob; name: string }> {
  const response = await request('backup', TEXTS);
  const [, name = 'twinflow.backup'] =
    /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  return { file: await response.blob(), name };
}

/** A backup is checked and put in the store's place when the flows are started next. @throws Fault */
export async function restore(file: File): Promise<{ links: number; parked: number }> {
  const response = await request('backup', TEXTS, { body: file, contentType: 'application/octet-stream' });
  return (await response.json()) as { links: number; parked: number };
}

/** Starts all flows again, as "Restart flows" in the editor does. @throws Fault */
export async function restartFlows(): Promise<void> {
  const more = { 'node-red-deployment-type': 'reload' };
  await request('../flows', TEXTS, { body: '[]', contentType: 'application/json', more });
}
