/**
 * The admin HTTP routes below /twinflow/ about linked items:
 *
 *   GET  /twinflow/links?integration&search&before&limit   links, newest first, by key, id or address   twinflow.read
 *   GET  /twinflow/link?integration&entity                 one with its parts and open changes          twinflow.read
 *   POST /twinflow/link/sync   {integration, entity}       read both items again and sync them          twinflow.write
 *   POST /twinflow/link/unlink {integration, entity}       end the link; the items stay                 twinflow.write
 *   POST /twinflow/link/pair   {integration, one, two}     link two items, named by key or address      twinflow.write
 *
 * `entity` is the id of the item of System 1.
 */

import { writeScope } from '../../lib/engine/routing';
import { SyncError } from '../../lib/model/errors';
import { SIDES } from '../../lib/model/sides';
import { findEntity } from './find-entity';
import { type JsonHost, jsonRoutes, textOf, whole } from './json-routes';
import type { OperatedIntegration, OperationServices } from './operations';
import { TIME_LIMIT_MS, within } from './respond';

const PAGE = 50;
const LARGEST_PAGE = 200;

/** Adds the routes. Call it once per runtime. */
export function registerLinks(host: JsonHost, services: Pick<OperationServices, 'integrations'>): void {
  const { get, post } = jsonRoutes(host);
  const find = (id: unknown): OperatedIntegration => {
    const found = services.integrations().find(({ config }) => config.id === id);
    if (!found) throw new SyncError('notFound', 'This integration is not deployed.');
    return found;
  };
  const linksOf = async (id: unknown) => (await find(id).ready).links;

  get('links', async ({ integration, search, before, limit }) => {
    const links = await linksOf(integration);
    const below = before === undefined ? undefined : whole(before, 0, Number.MAX_SAFE_INTEGER);
    return links.find(textOf(search), below, Math.max(1, whole(limit, PAGE, LARGEST_PAGE)));
  });

  get('link', async ({ integration, entity }) => (await linksOf(integration)).detail(textOf(entity)));

  post('link/sync', async ({ integration, entity }) => {
    await (await linksOf(integration)).syncNow(textOf(entity));
    return { count: 1 };
  });

  post('link/unlink', async ({ integration, entity }) => {
    await (await linksOf(integration)).unlink(textOf(entity));
    return { count: 1 };
  });

  post('link/pair', async ({ integration, one, two }) => {
    const { config, ready } = find(integration);
    const running = await ready;
    const keys = [textOf(one, 2_000), textOf(two, 2_000)];
    const [first, second] = await within(TIME_LIMIT_MS, () =>
      Promise.all(
        SIDES.map((side) =>
          findEntity(running.systems[side].connection(), writeScope(config, side), { key: keys[side - 1] ?? '' }),
        ),
      ),
    );
    if (!first || !second) throw new SyncError('invalid', 'Name an item of each system.');
    await running.links.pair(first, second);
    return { count: 1 };
  });
}
