/**
 * POST /twinflow/explain { integration, key, side? } → { items }: what becomes of an item of a deployed integration, step by
 * step, and why. `key` is a key, an address or an id. Without `side`, both systems are asked. Nothing is written. It makes
 * the server read an item that the integration's account sees, so it needs the permission twinflow.write, as a preview does.
 */

import type { Connection } from '../../lib/connectors/connector';
import { writeScope } from '../../lib/engine/routing';
import type { Entity, Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { keyIn } from '../../lib/model/item-key';
import { atSide, otherSide, SIDES } from '../../lib/model/sides';
import { type Others, planEntity } from '../../lib/plan';
import { explain } from '../../lib/plan/explain';
import type { Explanation, Said } from '../../lib/plan/explanation';
import type { Link } from '../../lib/store/store';
import { findEntity } from './find-entity';
import { type JsonHost, jsonRoutes, textOf } from './json-routes';
import type { OperatedIntegration, OperationServices } from './operations';
import { boundedPlan, cut } from './preview-bounds';
import { TIME_LIMIT_MS, within } from './respond';
import { sentence } from './sentences';

export interface ExplainServices extends Pick<OperationServices, 'integrations'> {
  /** the deployed flow from a side's poller to the writer. @throws SyncError invalid */
  chain: NonNullable<OperationServices['chain']>;
  /** the other integrations, and the servers that system nodes lead to */
  others?: Others;
  /** where uploaded sheets are kept */
  dataFolder?: string;
}

/** Links whose names contain a key are looked through for the one that has it. */
const LOOKED_AT = 50;

/** With its sentence in English. */
type Told = Said & { text: string };

const plain = (text: string): string => text;

type Running = Awaited<OperatedIntegration['ready']>;

/** Adds the route. Call it once per runtime. */
export function registerExplain(host: JsonHost, services: ExplainServices): void {
  const { post } = jsonRoutes(host);
  post('explain', async ({ integration, key, side }) => {
    const found = services.integrations().find(({ config }) => config.id === integration);
    if (!found) throw new SyncError('notFound', 'This integration is not deployed.');
    const wanted = textOf(key, 2_000);
    if (wanted === '') throw new SyncError('invalid', 'Enter an item key, as the system shows it.');
    const running = await found.ready;
    const sides = SIDES.filter((one) => side === undefined || String(side) === String(one));
    const all = await within(TIME_LIMIT_MS, () =>
      Promise.all(sides.map((one) => explainAt(services, found, running, one, wanted))),
    );
    const there = all.filter(({ entity }) => entity !== undefined);
    return { items: there.length > 0 ? there : all };
  });
}

async function explainAt(
  { chain: chainOf, others, dataFolder }: ExplainServices,
  { config, held, unused = false }: OperatedIntegration,
  { commands, links, store, systems }: Running,
  side: Side,
  key: string,
): Promise<Explanation & { verdict: Told; steps: Told[] }> {
  const views = await commands.overview();
  const found = await lookFor(systems[side], () =>
    findEntity(systems[side].connection(), writeScope(config, side), { key }),
  );
  const chain = chainOf(config.id, side);
  const entity = found instanceof SyncError ? undefined : found;
  const link = entity
    ? await store.linkOf(config.id, side, entity.id)
    : await linkNamed({ links, store }, config.id, side, keyIn(key));
  const id = entity?.id ?? (link && atSide(link.ends, side).ref.id);
  const standing = id === undefined ? undefined : await store.standing({ integration: config.id, side }, id);
  const connections = (): [Connection, Connection] => [systems[1].connection(), systems[2].connection()];
  const isPlanned = entity !== undefined && !entity.deleted && systems[otherSide(side)].pauseLeft() === 0;
  const plan = isPlanned
    ? await planEntity({
        ...{ config, steps: chain.steps, connections: connections(), side, entity },
        ...{ store, others, dataFolder },
      })
    : undefined;
  const explained = explain({
    ...{ config, side, key, held, unused, dryRun: commands.isDryRun, views, chain, standing, link },
    found: found instanceof SyncError && found.kind === 'notFound' ? undefined : found,
    ...(plan && { plan: boundedPlan(plan, plain) }),
  });
  const told = (one: Said): Told => ({ ...one, text: sentence(one) });
  return {
    ...explained,
    verdict: told(explained.verdict),
    steps: explained.steps.map(told),
    fields: explained.fields.map(({ base, sourceBase, ...field }) => ({
      ...field,
      ...(base !== undefined && { base: cut(base) }),
      ...(sourceBase && {
        sourceBase: Object.fromEntries(Object.entries(sourceBase).map(([name, value]) => [name, cut(value)])),
      }),
    })),
  };
}

/** A paused system is not asked. */
async function lookFor(system: Running['systems'][Side], find: () => Promise<Entity>): Promise<Entity | SyncError> {
  if (system.pauseLeft() > 0) {
    return new SyncError('transient', system.health.lastError?.message ?? `${system.name} is paused.`);
  }
  return find().catch((thrown: unknown) => asSyncError(thrown));
}

/** The link of an item that its system does not show (any more). */
async function linkNamed(
  { links, store }: Pick<Running, 'links' | 'store'>,
  integration: string,
  side: Side,
  key: string,
): Promise<Link | undefined> {
  for (let before: number | undefined; ; ) {
    const { items, next } = await links.find(key, before, LOOKED_AT);
    const named = items.map(({ ends }) => atSide(ends, side)).find((ref) => ref.key === key || ref.id === key);
    if (named) return store.linkOf(integration, side, named.id);
    if (next === undefined) return undefined;
    before = next;
  }
}
