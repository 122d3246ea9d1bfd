/**
 * The admin HTTP routes below /twinflow/ by which the sidebar shows running integrations and what is parked:
 *
 *   GET  /twinflow/operations                                          every integration's state       twinflow.read
 *   GET  /twinflow/parked?integration&search&side&offset&limit         one page of parked changes      twinflow.read
 *   GET  /twinflow/parked-change?integration&event                     one of them in full             twinflow.read
 *   POST /twinflow/parked/retry   {integration, events?}               all of it without events        twinflow.write
 *   POST /twinflow/parked/skip    {integration, events, reason}                                        twinflow.write
 *   POST /twinflow/parked/correct {integration, event, fields}         edit, then retry                twinflow.write
 *   POST /twinflow/dry-run/again  {integration}                        what dry runs showed, anew      twinflow.write
 *   POST /twinflow/go-on          {}                                   end the wait after a lost store    twinflow.write
 *   POST /twinflow/forget         {integration}                        one that is not deployed        twinflow.write
 *
 * Every answer is JSON and bounded; long texts are cut and named in `cut`. A fault comes as
 * `{ error: { kind, message, fields? } }`. No answer holds a secret: errors are freed of them where they are made.
 */

import type { NodeAPI } from 'node-red';
import type { IntegrationConfig } from '../../lib/model/config';
import { asSyncError, SyncError, type SyncErrorKind } from '../../lib/model/errors';
import type { ParkedDetail } from '../../lib/model/operations';
import type { FieldId, Fields, Value } from '../../lib/model/values';
import type { Integration } from '../../lib/sync/integration';
import { isObject } from '../shared/connect';
import { guardRoutes } from '../shared/guard';
import { userOf } from './person';
import { fieldsOf } from './values';

/** A deployed integration; `ready` rejects where its store can't be opened. */
export interface OperatedIntegration {
  readonly config: IntegrationConfig;
  readonly ready: Promise<Pick<Integration, 'commands'>>;
  /** why it rests although it is active */
  readonly held?: 'same' | 'store';
  /** no poller and no writer works for it */
  readonly unused?: boolean;
}

/** An integration that is not deployed any more, and of which the store keeps links. */
export interface RemovedIntegration {
  id: string;
  links: number;
}

export interface OperationServices {
  integrations(): OperatedIntegration[];
  /** those of which something is stored and that are not deployed; absent where nobody can tell */
  removed?(): Promise<RemovedIntegration[]>;
  /** Deletes all that is stored of one that is not deployed. @throws SyncError conflict – it is deployed */
  forget?(id: string): Promise<void>;
  /** Integrations that wait since the store was lost make new counterparts. */
  goOn?(): Promise<void>;
}

/** The part of Node-RED's API that is used here. */
export type OperationsHost = Pick<NodeAPI, 'httpAdmin' | 'auth'> & {
  log?: { audit(entry: object, request?: object): void };
};

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];
type Body = Record<string, unknown>;

const MOST_INTEGRATIONS = 200;
const PAGE = 50;
const LARGEST_PAGE = 200;
const MOST_EVENTS = 1_000;
const LONGEST_TEXT = 20_000;
const LONGEST_LIST = 500;
const MOST_FIELDS = 1_000;
const LARGEST_BODY = 1_000_000;
const STARTING_MS = 2_000;

// never 401 or 403: the editor would take them for the end of its own login
const STATUS: Record<SyncErrorKind, number> = {
  auth: 422,
  forbidden: 422,
  notFound: 404,
  invalid: 422,
  conflict: 409,
  rateLimited: 503,
  transient: 503,
  fatal: 500,
};

/** Adds the routes. Call it once per runtime. */
export function registerOperations({ httpAdmin, auth, log }: OperationsHost, services: OperationServices): void {
  guardRoutes(httpAdmin);
  const find = async (id: unknown): Promise<Pick<Integration, 'commands'>> => {
    const found = services.integrations().find(({ config }) => config.id === id);
    if (!found) throw new SyncError('notFound', 'This integration is not deployed (any more).');
    return found.ready;
  };
  const get = (path: string, reply: (query: Body) => Promise<object>): void => {
    httpAdmin.get(`/twinflow/${path}`, auth.needsPermission('twinflow.read'), (request, response) =>
      answer(response, reply(request.query)),
    );
  };
  const post = (path: string, reply: (body: Body, by: string | undefined) => Promise<object>): void => {
    httpAdmin.post(`/twinflow/${path}`, auth.needsPermission('twinflow.write'), (request, response) => {
      const { body, fault } = bodyOf(request);
      if (!body) return send(response, fault.status, { error: { kind: 'invalid', message: fault.message } });
      log?.audit(
        { event: `twinflow.${path}`, integration: body.integration, events: body.events ?? body.event },
        request,
      );
      answer(response, reply(body, userOf(request)));
    });
  };

  get('operations', async () => {
    const all = services.integrations();
    const items = await Promise.all(all.slice(0, MOST_INTEGRATIONS).map(stateOf));
    // a store that cannot be opened is told with the integrations
    const removed = (await services.removed?.().catch(() => [])) ?? [];
    return {
      items: items.sort((a, b) => a.name.localeCompare(b.name)),
      more: all.length > MOST_INTEGRATIONS,
      ...(removed.length > 0 && { removed: removed.slice(0, MOST_INTEGRATIONS) }),
    };
  });

  get('parked', async ({ integration, search, side, offset, limit }) => {
    const { commands } = await find(integration);
    return commands.parked(whole(offset, 0, 1e9), Math.max(1, whole(limit, PAGE, LARGEST_PAGE)), {
      ...(typeof search === 'string' && search !== '' && { search: search.slice(0, 200) }),
      ...((side === '1' || side === '2') && { side: side === '1' ? (1 as const) : (2 as const) }),
    });
  });

  get('parked-change', async ({ integration, event }) => {
    const { commands } = await find(integration);
    return bounded(await commands.detail(whole(event, -1, Number.MAX_SAFE_INTEGER)));
  });

  post('parked/retry', async ({ integration, events }) => {
    const { commands } = await find(integration);
    return { count: await commands.retry(events === undefined ? undefined : eventsOf(events)) };
  });

  post('parked/skip', async ({ integration, events, reason }, by) => {
    const { commands } = await find(integration);
    return { count: await commands.skip(eventsOf(events), typeof reason === 'string' ? reason : '', by) };
  });

  post('parked/correct', async ({ integration, event, fields }) => {
    const { commands } = await find(integration);
    const [number] = eventsOf([event]);
    await commands.correct(number ?? -1, fieldsOf(fields));
    return { count: 1 };
  });

  post('forget', async ({ integration }) => {
    if (typeof integration !== 'string' || integration === '' || !services.forget)
      throw new SyncError('invalid', 'No integration was named.');
    await services.forget(integration);
    return { count: 1 };
  });

  post('go-on', async () => {
    await services.goOn?.();
    return { count: 1 };
  });

  post('dry-run/again', async ({ integration }) => {
    const { commands } = await find(integration);
    return { count: await commands.showAgain() };
  });
}

/** An integration as the sidebar lists it. */
async function stateOf({ config, ready, held, unused }: OperatedIntegration) {
  const { id, name, active } = config;
  const about = { id, name, active, ...(held && { held }), ...(active && unused && { unused }) };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STARTING_MS);
  });
  try {
    const running = await Promise.race([ready, late]);
    if (!running) return { ...about, starting: true };
    const { commands } = running;
    return { ...about, sides: await commands.overview(), ...(commands.isDryRun && { dryRun: true }) };
  } catch (thrown) {
    return { ...about, fault: cut(asSyncError(thrown).message) };
  } finally {
    clearTimeout(timer);
  }
}

/** A parked change with its texts cut to what a page can show; `cut` names the target fields that are not whole. */
function bounded(detail: ParkedDetail): ParkedDetail & { cut: FieldId[] } {
  const shortened = new Set<FieldId>();
  const fields = (all: Fields | undefined): Fields | undefined =>
    all &&
    Object.fromEntries(
      Object.entries(all)
        .slice(0, MOST_FIELDS)
        .map(([field, value]) => {
          const short = shorten(value);
          if (JSON.stringify(short) !== JSON.stringify(value)) shortened.add(field);
          return [field, short];
        }),
    );
  const mapped = fields(detail.mapped);
  const ofTarget = [...shortened];
  return {
    ...detail,
    source: { ...detail.source, fields: fields(detail.source.fields) ?? {} },
    ...(mapped && { mapped }),
    cut: ofTarget,
  };
}

const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

function shorten(value: Value): Value {
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST);
  if (typeof value === 'string') return cut(value);
  return value !== null && typeof value === 'object' && 'content' in value
    ? { ...value, content: cut(value.content) }
    : value;
}

function whole(value: unknown, preset: number, most: number): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : preset;
  return Math.min(number, most);
}

/** @throws SyncError invalid */
function eventsOf(value: unknown): number[] {
  const events = Array.isArray(value) ? value : [];
  const numbers = events.filter((event): event is number => Number.isSafeInteger(event) && event >= 0);
  if (numbers.length === 0 || numbers.length < events.length) throw new SyncError('invalid', 'No change was named.');
  if (numbers.length > MOST_EVENTS) throw new SyncError('invalid', `At most ${MOST_EVENTS} changes at a time.`);
  return numbers;
}

type Read = { body: Body; fault?: undefined } | { body?: undefined; fault: { status: number; message: string } };

function bodyOf(request: Request): Read {
  const body: unknown = request.body;
  if (!isObject(body)) return { fault: { status: 400, message: 'Send a JSON object.' } };
  if (JSON.stringify(body).length > LARGEST_BODY) return { fault: { status: 413, message: 'This is too large.' } };
  return { body };
}

function answer(response: Response, reply: Promise<object>): void {
  reply.then(
    (body) => send(response, 200, body),
    (thrown: unknown) => {
      const { kind, message, detail } = asSyncError(thrown);
      send(response, STATUS[kind], { error: { kind, message: cut(message), fields: detail.fields } });
    },
  );
}

function send(response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
