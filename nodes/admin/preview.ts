/**
 * The preview's routes: what would become of one entity, by the forms' own drafts, deployed or not. Nothing is written.
 *
 *   POST /twinflow/preview         { integration, systems, side, key | id, steps, until? } → { plan, title, deployed }
 *   POST /twinflow/preview/latest  { integration, systems, side } → { items }: the newest few, to choose from
 *
 * `systems` are the drafts of both systems, `integration` and `steps` are nodes as the editor has them, in the order in
 * which a message passes them. Both ask for twinflow.write; where a step has a sheet, which makes the server read a file,
 * for flows.write as well.
 */

import type { Connection } from '../../lib/connectors/connector';
import { createMask, type Mask } from '../../lib/connectors/http/masking';
import { showValue } from '../../lib/mapping/describe';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, Field, Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { type PlanStep, planEntity, readStep } from '../../lib/plan';
import type { Store } from '../../lib/store/store';
import { readScope, writeScope } from '../../lib/sync/pairs';
import { readIntegration } from '../../lib/sync/saved';
import { isObject } from '../shared/connect';
import { bodyOf } from './answers';
import type { Connections } from './connections';
import { boundedPlan } from './preview-bounds';
import { type Handler, send, sendError, TIME_LIMIT_MS, within } from './respond';
import { type AdminHost, type AdminServices, type DraftedSystem, draftedSystem } from './services';

/** Value tables may have tens of thousands of pairs. */
export const LARGEST_BODY = 4_000_000;
const MOST_STEPS = 100;
const LONGEST_KEY = 500;
const OFFERED = 5;
/** Changes whose errors speak of other entities' keys are among those that are searched. */
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

/** True where a step makes the server read a file. What can't be read as steps is answered by whoever reads them again. */
export function readsSheet(steps: unknown): boolean {
  try {
    return stepsOf({ steps }).some(hasSheet);
  } catch {
    return false;
  }
}

/** By the key that people know, or by the id of an entity that was offered. */
async function entityOf({ body, config, side }: Drawn, connection: Connection): Promise<Entity> {
  const [key, id] = [body.key, body.id].map((given) => (typeof given === 'string' ? given.trim() : ''));
  // people paste addresses: their last part is the key, in most systems
  const address = /^https?:\/\/[^?#]*\/([^/?#]+)\/?(?:[?#].*)?$/i.exec(key ?? '');
  const wanted = (id || address?.[1] || key || '').slice(0, LONGEST_KEY);
  if (wanted === '') throw bad('Enter the key of an entity, as the system shows it.');
  const byId = async (): Promise<Entity | undefined> => {
    const [read] = await connection.read(writeScope(config, side), [wanted]);
    if (read instanceof SyncError) throw read;
    return read;
  };
  const found = id ? await byId() : connection.byKey ? await connection.byKey(wanted) : await byId();
  if (found) return found;
  throw new SyncError('notFound', `There is no ${showValue(wanted)}, or the account may not see it.`);
}

/** What an entity is called: the first text that every entity of the type must have. */
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

/** Why an earlier change of the entity waits for a person; undefined where none does. */
async function parkedReason(
  store: Pick<Store, 'parked'>,
  integration: string,
  side: Side,
  { id, key }: Entity,
): Promise<string | undefined> {
  const found = await store.parked(integration, 0, MOST_PARKED, { side, search: key });
  return found.find(({ entity }) => entity.id === id)?.error?.message;
}

/** Adds the routes. @param kept the connections that all forms share */
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
        drawn = read(bodyOf(request.body), (learned) => secrets.push(...learned));
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
    const source = connections[side - 1] ?? connections[0];
    const entity = await entityOf(drawn, source);
    const links = config.id === '' ? undefined : await services.links?.(config.id);
    const plan = await planEntity({
      ...{ config, steps: stepsOf(body), connections, side, entity },
      store: links,
      neighbours: services.neighbours,
      others: services.others,
      dataFolder: services.dataFolder,
      until: typeof body.until === 'string' ? body.until : undefined,
    });
    const parked = links && (await parkedReason(links, config.id, side, entity));
    return {
      plan: boundedPlan(plan, mask),
      title: await titleOf(entity, source),
      // without it, whether an entity has a counterpart is not known
      deployed: links !== undefined,
      ...(parked && { parked: mask(parked).slice(0, LONGEST_REASON) }),
    };
  };

  const latest: Ask = async ({ config, side }, connections) => {
    const connection = connections[side - 1] ?? connections[0];
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
