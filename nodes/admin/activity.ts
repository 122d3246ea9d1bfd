/**
 * The admin HTTP routes below /twinflow/ about what has happened (twinflow.read):
 *
 *   GET /twinflow/activity?integration&outcome&search&before&limit   newest first, in pages
 *   GET /twinflow/activity.csv?integration&outcome&search            as a table for a spreadsheet
 *   GET /twinflow/activity/hours?hours                               counts by integration, hour and outcome
 */

import { setImmediate as breathe } from 'node:timers/promises';
import type { IntegrationConfig } from '../../lib/model/config';
import { type CsvRow, csvText } from '../../lib/model/csv';
import { SyncError } from '../../lib/model/errors';
import { append } from '../../lib/model/lists';
import type { Journal, JournalFilter, StoredEntry } from '../../lib/store/store';
import { sendFile } from '../shared/page/serve';
import { type Body, type JsonHost, jsonRoutes, refuse, textOf, whole } from './json-routes';

export interface ActivityServices {
  integrations(): { config: Pick<IntegrationConfig, 'id' | 'name'> }[];
  /** undefined while it is not open. @throws StoreError */
  journal(): Promise<Pick<Journal, 'journal' | 'hours'> | undefined>;
}

const PAGE = 50;
const LARGEST_PAGE = 200;
/** Entries that one look goes through: some ten milliseconds in which Node-RED stands still. */
const SPAN = 10_000;
const MOST_LOOKS = 20;
const MOST_EXPORTED = 50_000;
const MOST_HOURS = 24 * 31;
const HOUR_MS = 3_600_000;
const COLUMNS = [
  ...['time', 'integration', 'outcome', 'source', 'source address', 'target', 'target address'],
  ...['fields', 'remarks', 'by'],
];

const filterOf = ({ integration, outcome, search }: Body): JournalFilter => ({
  ...(textOf(integration) !== '' && { integration: textOf(integration) }),
  ...(textOf(outcome) !== '' && { outcome: textOf(outcome) }),
  search: textOf(search),
});

/** Adds the routes. Call it once per runtime. */
export function registerActivity(host: JsonHost, { integrations, journal }: ActivityServices): void {
  const { get } = jsonRoutes(host);
  const opened = async (): Promise<Pick<Journal, 'journal' | 'hours'>> => {
    const found = await journal();
    if (!found) throw new SyncError('transient', 'The store is not open. Try again.');
    return found;
  };

  /** Newest first, at most `limit`. */
  async function find(
    filter: JournalFilter,
    before: number | undefined,
    limit: number,
    looks: number,
  ): Promise<{ items: StoredEntry[]; next?: number }> {
    const store = await opened();
    const items: StoredEntry[] = [];
    let from = before;
    for (let look = 0; look < looks; look += 1) {
      const { entries, next } = await store.journal(
        filter,
        from,
        Math.min(LARGEST_PAGE * 5, limit - items.length),
        SPAN,
      );
      append(items, entries);
      from = next;
      if (next === undefined || items.length >= limit) break;
      await breathe();
    }
    return { items, ...(from !== undefined && { next: from }) };
  }

  const names = (): Map<string, string> => new Map(integrations().map(({ config: { id, name } }) => [id, name]));

  get('activity', async (query) => {
    const before = query.before === undefined ? undefined : whole(query.before, 0, Number.MAX_SAFE_INTEGER);
    const found = await find(filterOf(query), before, Math.max(1, whole(query.limit, PAGE, LARGEST_PAGE)), MOST_LOOKS);
    const known = names();
    return {
      ...found,
      items: found.items.map((item) => ({ ...item, name: known.get(item.integration) ?? item.integration })),
    };
  });

  get('activity/hours', async ({ hours }) => {
    const since = Date.now() - Math.max(1, whole(hours, 24, MOST_HOURS)) * HOUR_MS;
    return { items: await (await opened()).hours(since) };
  });

  host.httpAdmin.get('/twinflow/activity.csv', host.auth.needsPermission('twinflow.read'), (request, response) => {
    find(filterOf(request.query), undefined, MOST_EXPORTED, Number.POSITIVE_INFINITY).then(
      ({ items }) => {
        const known = names();
        const rows = items.map((item) => rowOf(item, known.get(item.integration) ?? item.integration));
        sendFile(response, 200, 'text/csv; charset=utf-8', csvText([COLUMNS, ...rows]), {
          'content-disposition': 'attachment; filename="twinflow-activity.csv"',
          'cache-control': 'no-store',
        });
      },
      (thrown: unknown) => refuse(response, thrown),
    );
  });
}

function rowOf({ at, outcome, source, target, written = [], words = [], by = '' }: StoredEntry, name: string): CsvRow {
  return [
    ...[at, name, outcome, source?.key ?? '', source?.url ?? '', target?.key ?? '', target?.url ?? ''],
    ...[written.join(' '), words.join('; '), by],
  ];
}
