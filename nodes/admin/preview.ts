/**
 * Routes of the preview: what would happen to one item with the forms' own drafts, deployed or not. Nothing is written.
 *
 *   POST /twinflow/preview         { integration, systems, side, key | id, steps, until?, parts? } → { plan, title, deployed, parts? }
 *   POST /twinflow/preview/latest  { integration, systems, side } → { items }: the newest few, to choose from
 *
 * `systems` are the drafts of both systems. `integration` and `steps` are nodes as they are in the editor, in the order
 * in which a message passes them. With `parts`, the item's newest comments and other synced parts are included. Both
 * routes require twinflow.write; if a step has a sheet, which makes the server read a file, also flows.write.
 */

import { broughtParts, type Connection } from '../../lib/connectors/connector';
import { createMask, type Mask } from '../../lib/connectors/http/masking';
import { aboutPart } from '../../lib/engine/about-part';
import { readIntegration } from '../../lib/engine/config';
import { partsOf } from '../../lib/engine/read/parts-of';
import { partTypes, readScope, writeScope } from '../../lib/engine/routing';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, Field, Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { append } from '../../lib/model/lists';
import { isObject } from '../../lib/model/shape';
import { atSide } from '../../lib/model/sides';
import { type PlanStep, planEntity, readStep } from '../../lib/plan';
import type { ParkedEvents } from '../../lib/store/store';
import { bodyOf } from './answers';
import type { Connections } from './connections';
import { findEntity } from './find-entity';
import { boundedPlan } from './preview-bounds';
import { type Handler, send, sendError, TIME_LIMIT_MS, within } from './respond';
import { type AdminHost, type AdminServices, type DraftedSystem, draftedSystem } from './services';

/** Value tables may have tens of thousands of pairs. */
export const LARGEST_BODY = 4_000_000;
const MOST_STEPS = 100;
const OFFERED = 5;
const MOST_PARTS = 10;
/** Changes whose errors mention the keys of other items are among the search results. */
const MOST_PARKED = 100;
const LONGEST_REASON = 1_000;

interface Drawn {
  config: IntegrationConfig;
  systems: [DraftedSystem, DraftedSystem];
  side: Side;
  body: Record<string, unknown>;
}

type Ask = (drawn: Drawn, connections: readonly [Connection, Connection], mask: Mask) => Promise<object>;

const bad = (message: string): SyncError => new SyncError('invalid', message);

export function stepsOf(body: Record<string, unknown>): PlanStep[] {
  const nodes: unknown[] = Array.isArray(body.steps) ? body.steps : [];
  return nodes.map(readStep).filter((step) => step !== undefined);
}

const hasSheet = (step: PlanStep): boolean =>
  step.kind === 'valueMapper' && step.rows.some(({ sheet }) => sheet !== undefined);

/** True if a step makes the server read a file. Steps that cannot be parsed are handled where they are parsed again. */
export function readsSheet(steps: unknown): boolean {
  try {
    return stepsOf({ steps }).some(hasSheet);
  } catch {
    return false;
  }
}

/** By its key, or by the id of an item from the list. */
function entityOf({ body, config, side }: Drawn, connection: Connection): Promise<Entity> {
  const [key, id] = [body.key, body.id].map((given) => (typeof given === 'string' ? given : ''));
  return findEntity(connection, writeScope(config, side), { key, id });
}

/** The title of an item: the first text that is required for its type. */
async function titleOf(entity: Entity, connection: Connection): Promise<string> {
  const fields = await connection.fields(entity.project, entity.type).catch((): Field[] => []);
  const title = fields.find(({ type, required, multi }) => type === 'text' && required === true && !multi);
  const value = title === undefined ? undefined : entity.fields[title.id];
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

const offered = async (entity: Entity, connection: Connection): Promise<object> => ({
  ...{ id: entity.id, key: entity.key, updatedAt: entity.updatedAt },
  title: await titleOf(entity, connection),
});

/** The newest parts of an item that are synced from its side to the other, for the user to choose from. */
async function partsOffered(
  config: IntegrationConfig,
  side: Side,
  { id, type, owner }: Entity,
  connection: Connection,
  mask: Mask,
): Promise<{ parts: object[]; partsFault?: string }> {
  const types = owner ? [] : partTypes(config, side, type);
  const asked = partsOf(connection, 'The system', { config, side }, [id], types);
  const [all] = await asked.catch((thrown: unknown) => [asSyncError(thrown)]);
  const found = broughtParts(all);
  // the item itself is shown all the same
  if (found instanceof SyncError) return { parts: [], partsFault: mask(found.message).slice(0, LONGEST_REASON) };
  const newest = (found ?? []).slice(-MOST_PARTS).reverse();
  const parts = newest.map((part) => {
    const { type = part.type, by, words } = aboutPart(config, side, part) ?? {};
    const said = { ...(by && { by: mask(by) }), ...(words && { words: mask(words) }) };
    return { id: part.id, key: part.key, type, ...said };
  });
  return { parts };
}

/** Why an earlier change of the item is parked; undefined if none is. */
async function parkedReason(
  store: Pick<ParkedEvents, 'parked'>,
  integration: string,
  side: Side,
  { id, key }: Entity,
): Promise<string | undefined> {
  const found = await store.parked(integration, 0, MOST_PARKED, { side, search: key });
  return found.find(({ entity }) => entity.id === id)?.error?.message;
}

/** Adds the routes. @param kept the cached connections that all forms share */
export function registerPreview(host: AdminHost, services: AdminServices, kept: Connections): void {
  const mayWrite = host.auth.needsPermission('twinflow.write');
  const mayDeploy = host.auth.needsPermission('flows.write');

  const read = (body: Record<string, unknown>, learn: (secrets: string[]) => void): Drawn => {
    if (JSON.stringify(body).length > LARGEST_BODY) throw bad('The forms of this chain are too large for a preview.');
    const [one, two]: unknown[] = Array.isArray(body.systems) ? body.systems : [];
    if (stepsOf(body).length > MOST_STEPS) throw bad(`The chain has more than ${MOST_STEPS} nodes.`);
    if (!isObject(body.integration)) throw bad('Choose an integration first.');
    if (body.side !== 1 && body.side !== 2) throw bad('Choose the side whose entity is looked at.');
    return {
      config: readIntegration(body.integration),
      systems: [draftedSystem(services, one, learn), draftedSystem(services, two, learn)],
      side: body.side,
      body,
    };
  };

  const answer =
    (ask: Ask): Handler =>
    (request, response) => {
      const secrets: string[] = [];
      const mask: Mask = (text) => createMask(secrets)(text);
      let drawn: Drawn;
      try {
        drawn = read(bodyOf(request.body), (learned) => append(secrets, learned));
      } catch (thrown) {
        sendError(response, asSyncError(thrown), mask, 400);
        return;
      }
      const [one, two] = drawn.systems;
      const work = () =>
        kept.use(one.settings, false, (first) =>
          kept.use(two.settings, false, (second) => ask(drawn, [first, second], mask)),
        );
      within(services.timeLimitMs ?? TIME_LIMIT_MS, work).then(
        (body) => send(response, 200, body),
        (thrown: unknown) => sendError(response, asSyncError(thrown), mask),
      );
    };

  const preview: Ask = async (drawn, connections, mask) => {
    const { config, side, body } = drawn;
    const source = atSide(connections, side);
    const entity = await entityOf(drawn, source);
    const links = config.id === '' ? undefined : await services.links?.(config.id);
    const plan = await planEntity({
      ...{ config, steps: stepsOf(body), connections, side, entity },
      store: links,
      others: services.others,
      dataFolder: services.dataFolder,
      until: typeof body.until === 'string' ? body.until : undefined,
    });
    const parts = body.parts === true ? await partsOffered(config, side, entity, source, mask) : undefined;
    const parked = links && (await parkedReason(links, config.id, side, entity));
    return {
      plan: boundedPlan(plan, mask),
      title: await titleOf(entity, source),
      // without the store it is unknown whether an item has a counterpart
      deployed: links !== undefined,
      ...parts,
      ...(parked && { parked: mask(parked).slice(0, LONGEST_REASON) }),
    };
  };

  const latest: Ask = async ({ config, side }, connections) => {
    const connection = atSide(connections, side);
    const scope = readScope(config, side);
    if (!scope || !connection.latest) return { items: [] };
    const found = await connection.latest(scope, OFFERED);
    return { items: await Promise.all(found.slice(0, OFFERED).map((entity) => offered(entity, connection))) };
  };

  const needsDeploy: Handler = (request, response, next) => {
    if (readsSheet(bodyOf(request.body).steps)) mayDeploy(request, response, next);
    else next();
  };
  const { httpAdmin } = host;
  httpAdmin.post('/twinflow/preview', mayWrite, needsDeploy, answer(preview));
  httpAdmin.post('/twinflow/preview/latest', mayWrite, answer(latest));
}
