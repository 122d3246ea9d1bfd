/** What the sidebar asks the server, in the shapes that the routes answer with (nodes/admin/operations.ts). */

import type { ParkedDetail, ParkedView, SideView } from '../../lib/model/operations';
import type { Fields } from '../../lib/model/values';
import { request } from '../editor';

export interface IntegrationState {
  id: string;
  name: string;
  active: boolean;
  /** System 1, System 2; absent while it starts or cannot start */
  sides?: [SideView, SideView];
  starting?: boolean;
  /** why it cannot start */
  fault?: string;
  /** a writer of it only shows what it would do */
  dryRun?: boolean;
  /** it rests: another one does the same, or the store was lost */
  held?: 'same' | 'store';
  /** no poller and no writer works for it, as on a disabled tab */
  unused?: boolean;
}

/** An integration that is not deployed any more. */
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

/** Its links and how far it was read. */
export const forget = async (integration: string): Promise<number> =>
  counted(await request('POST', 'forget', { integration }));

export const parked = async (integration: string, search: string, limit: number): Promise<Page> =>
  (await request('GET', `parked?${query({ integration, search, limit })}`)) as Page;

export const detail = async (integration: string, event: number): Promise<Detail> =>
  (await request('GET', `parked-change?${query({ integration, event })}`)) as Detail;

/** @param events all of the integration where none are given */
export const retry = async (integration: string, events?: number[]): Promise<number> =>
  counted(await request('POST', 'parked/retry', { integration, ...(events && { events }) }));

export const skip = async (integration: string, events: number[], reason: string): Promise<number> =>
  counted(await request('POST', 'parked/skip', { integration, events, reason }));

export const correct = async (integration: string, event: number, fields: Fields): Promise<number> =>
  counted(await request('POST', 'parked/correct', { integration, event, fields }));

/** Integrations that wait since the store was lost go on. */
export const goOn = async (): Promise<number> => counted(await request('POST', 'go-on', {}));

/** What dry runs have shown, once more. */
export const showAgain = async (integration: string): Promise<number> =>
  counted(await request('POST', 'dry-run/again', { integration }));

const counted = (answer: unknown): number => (answer as { count: number }).count;
