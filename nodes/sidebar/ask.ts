/** The sidebar's questions to the server, with the shapes of the routes' answers (nodes/admin/operations.ts). */

import type { IntegrationState, ParkedDetail, ParkedView } from '../../lib/model/operations';
import type { Fields } from '../../lib/model/values';
import { request } from '../editor';

export type { IntegrationState };

/** An integration that is no longer deployed. */
export interface Removed {
  id: string;
  links: number;
}

export type Detail = ParkedDetail & { cut: string[] };

export interface Page {
  items: ParkedView[];
  more: boolean;
}

const query = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

export const integrations = async (): Promise<{ items: IntegrationState[]; removed?: Removed[] }> =>
  (await request('GET', 'operations')) as { items: IntegrationState[]; removed?: Removed[] };

/** Its links and its progress. */
export const forget = async (integration: string): Promise<number> =>
  counted(await request('POST', 'forget', { integration }));

export const parked = async (integration: string, search: string, limit: number): Promise<Page> =>
  (await request('GET', `parked?${query({ integration, search, limit })}`)) as Page;

export const detail = async (integration: string, event: number): Promise<Detail> =>
  (await request('GET', `parked-change?${query({ integration, event })}`)) as Detail;

/** @param events all of the integration if absent */
export const retry = async (integration: string, events?: number[]): Promise<number> =>
  counted(await request('POST', 'parked/retry', { integration, ...(events && { events }) }));

export const skip = async (integration: string, events: number[], reason: string): Promise<number> =>
  counted(await request('POST', 'parked/skip', { integration, events, reason }));

export const correct = async (integration: string, event: number, fields: Fields): Promise<number> =>
  counted(await request('POST', 'parked/correct', { integration, event, fields }));

/** Lets integrations that wait since the store was lost continue. */
export const goOn = async (integration: string): Promise<number> =>
  counted(await request('POST', 'go-on', { integration }));

/** Reports dry runs again. */
export const showAgain = async (integration: string): Promise<number> =>
  counted(await request('POST', 'dry-run/again', { integration }));

const counted = (answer: unknown): number => (answer as { count: number }).count;
