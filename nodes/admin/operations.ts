/**
 * The admin HTTP routes below /twinflow/ by which the sidebar shows running integrations and what is parked:
 *
 *   GET  /twinflow/operations                                          every integration's state       twinflow.read
 *   GET  /twinflow/failures?integration?                               why changes are parked          twinflow.read
 *   GET  /twinflow/parked?integration&search&side&cause&offset&limit   one page of parked changes      twinflow.read
 *   GET  /twinflow/parked-change?integration&event                     one of them in full             twinflow.read
 *   POST /twinflow/poll          {integration, side?}                 poll now                      twinflow.write
 *   POST /twinflow/parked/retry   {integration, events? | cause?}      all of it without these         twinflow.write
 *   POST /twinflow/parked/skip    {integration, events | cause, reason}                                twinflow.write
 *   POST /twinflow/parked/correct {integration, event | cause, fields} edit, then retry                twinflow.write
 *   POST /twinflow/parked/decide  {integration, events | cause, side | choices}  decide conflicts      twinflow.write
 *   POST /twinflow/parked/fields  {integration, event}                 fields of the target            twinflow.write
 *   POST /twinflow/dry-run/again  {integration}                        report dry runs again          twinflow.write
 *   POST /twinflow/go-on          {integration?}                       end the wait after a lost store,
 *                                                                      or at another address              twinflow.write
 *   GET  /twinflow/existing?integration                                how far existing items were brought over
 *                                                                      from each side                     twinflow.read
 *   POST /twinflow/existing       {integration, side, do, types?, since?, expected?}  do: start, pause,
 *                                                                      resume, cancel                     twinflow.write
 *   POST /twinflow/forget         {integration}                        one that is not deployed        twinflow.write
 *
 * Every answer is JSON of limited size; long texts are shortened and named in `cut`. An error has the form `{ error: {
 * kind, message, fields? } }`. No answer contains a secret: errors are masked where they are created.
 */

import { MOST_CAUSES } from '../../lib/engine/causes';
import type { Integration } from '../../lib/engine/integration';
import { readSide } from '../../lib/mapping/saved';
import { readWish } from '../../lib/model/bring-over';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Field, Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { CauseView, Choice, IntegrationState, MappingRow, ParkedDetail } from '../../lib/model/operations';
import { isObject } from '../../lib/model/shape';
import { otherSide, SIDES } from '../../lib/model/sides';
import type { FieldId, Fields, Value } from '../../lib/model/values';
import { type DeployedChain, rowsFor } from '../../lib/plan/drawn/deployed';
import { fieldsOf as fieldsOfSteps } from '../../lib/plan/known-fields';
import { type Body, cut, type JsonHost, jsonRoutes, LONGEST_TEXT, textOf, whole } from './json-routes';
import { TIME_LIMIT_MS, within } from './respond';
import { fieldsOf } from './values';

/** A deployed integration; `ready` rejects if its store cannot be opened. */
export interface OperatedIntegration {
  readonly config: IntegrationConfig;
  readonly ready: Promise<Pick<Integration, 'commands' | 'existing' | 'links' | 'store' | 'systems'>>;
  /** why it waits although it is active */
  readonly held?: 'same' | 'store' | 'moved';
  /** no poller and no writer uses it */
  readonly unused?: boolean;
}

/** An integration that is no longer deployed but has links in the store. */
export interface RemovedIntegration {
  id: string;
  links: number;
}

export interface OperationServices {
  integrations(): OperatedIntegration[];
  /** those with stored data that are not deployed; absent if that is unknown */
  removed?(): Promise<RemovedIntegration[]>;
  /** Deletes all stored data of an integration that is not deployed. @throws SyncError conflict if it is deployed */
  forget?(id: string): Promise<void>;
  /** Lets integrations that wait since the store was lost create new counterparts. */
  /** @param integration the integration; if absent, all that wait */
  goOn?(integration?: string): Promise<void>;
  /** the deployed flow from a side's poller to the writer. @throws SyncError invalid: saved by a newer version */
  chain?(integration: string, side: Side): DeployedChain;
}

/** Field → what people call it, of both sides of a direction. */
export interface FieldNames {
  source: Record<FieldId, string>;
  target: Record<FieldId, string>;
}

/** Why changes of an integration are parked. */
export interface IntegrationFailures {
  integration: string;
  name: string;
  /** the most frequent first; `rows` make the fields that are wrong, `names` are what people call these */
  causes: (CauseView & { rows: MappingRow[]; names: Record<FieldId, string> })[];
  /** parked changes, of all causes */
  total: number;
  /** not all causes are listed */
  more: boolean;
}

const MOST_INTEGRATIONS = 200;
const PAGE = 50;
const LARGEST_PAGE = 200;
const MOST_EVENTS = 1_000;
const LONGEST_LIST = 500;
const MOST_FIELDS = 1_000;
const MOST_ROWS = 20;
const STARTING_MS = 2_000;

/** Adds the routes. Call it once per runtime. */
export function registerOperations(host: JsonHost, services: OperationServices): void {
  const { get, post } = jsonRoutes(host);
  const ready = async (id: unknown): OperatedIntegration['ready'] => {
    const found = services.integrations().find(({ config }) => config.id === id);
    if (!found) throw new SyncError('notFound', 'This integration is not deployed.');
    return found.ready;
  };
  const find: (id: unknown) => Promise<Pick<Integration, 'commands' | 'existing'>> = ready;
  /** The changes that a body names: one by one, or by their cause. @throws SyncError invalid */
  const named = async (
    { commands }: Pick<Integration, 'commands'>,
    { events, cause }: Body,
  ): Promise<number[] | undefined> => {
    if (cause !== undefined) return commands.numbersOf(textOf(cause));
    return events === undefined ? undefined : eventsOf(events);
  };

  get('operations', async () => {
    const all = services.integrations();
    const items = await statesOf(all);
    // a store that cannot be opened is reported with the integrations
    const removed = (await services.removed?.().catch(() => [])) ?? [];
    return {
      items,
      more: all.length > MOST_INTEGRATIONS,
      ...(removed.length > 0 && { removed: removed.slice(0, MOST_INTEGRATIONS) }),
    };
  });

  get('failures', async ({ integration }) => {
    const wanted = services.integrations().filter(({ config }) => !integration || config.id === integration);
    const items = await Promise.all(wanted.slice(0, MOST_INTEGRATIONS).map((one) => failuresOf(one, services)));
    return { items: items.filter((item) => item !== undefined), more: wanted.length > MOST_INTEGRATIONS };
  });

  get('parked', async ({ integration, search, side, cause, offset, limit }) => {
    const { commands } = await find(integration);
    const page = [whole(offset, 0, 1e9), Math.max(1, whole(limit, PAGE, LARGEST_PAGE))] as const;
    if (typeof cause === 'string' && cause !== '') return commands.parkedBy(cause, ...page);
    return commands.parked(...page, {
      ...(typeof search === 'string' && search !== '' && { search: search.slice(0, 200) }),
      ...((side === '1' || side === '2') && { side: side === '1' ? (1 as const) : (2 as const) }),
    });
  });

  get('parked-change', async ({ integration, event }) => {
    const { commands } = await find(integration);
    const detail = await commands.detail(whole(event, -1, Number.MAX_SAFE_INTEGER));
    const fields = Object.keys(detail.error.fields ?? {});
    return {
      ...bounded(detail),
      names: namesOf(services, String(integration), detail.side),
      rows: rowsOf(services, String(integration), detail.side, fields),
    };
  });

  post('poll', async ({ integration, side }) => {
    const { commands } = await find(integration);
    const wanted = side === 1 || side === 2 ? side : undefined;
    return commands.poll(wanted);
  });

  post('parked/retry', async (body) => {
    const found = await find(body.integration);
    return { count: await found.commands.retry(await named(found, body)) };
  });

  post('parked/skip', async (body, by) => {
    const found = await find(body.integration);
    const events = (await named(found, body)) ?? eventsOf(undefined);
    return { count: await found.commands.skip(events, textOf(body.reason, LONGEST_TEXT), by) };
  });

  post('parked/correct', async ({ integration, event, cause, fields }) => {
    const { commands } = await find(integration);
    if (cause !== undefined)
      return { count: await commands.correctAll(await commands.numbersOf(textOf(cause)), fieldsOf(fields)) };
    const [number] = eventsOf([event]);
    await commands.correct(number ?? -1, fieldsOf(fields));
    return { count: 1 };
  });

  post('parked/decide', async (body, by) => {
    const found = await find(body.integration);
    const events = (await named(found, body)) ?? eventsOf(undefined);
    return { count: await found.commands.decide(events, chosen(body), by) };
  });

  post('parked/fields', async ({ integration, event }) => {
    const { commands, systems } = await ready(integration);
    const { side, target } = await commands.detail(eventsOf([event])[0] ?? -1);
    const connection = systems[otherSide(side)].connection();
    const known = await within(TIME_LIMIT_MS, () => connection.fields(target.project, target.type));
    return { items: known.slice(0, MOST_FIELDS).map(fieldOf) };
  });

  get('existing', async ({ integration }) => {
    const { existing } = await find(integration);
    return { items: SIDES.flatMap((side) => existing.view(side) ?? []) };
  });

  post('existing', async ({ integration, side, do: act, ...wish }) => {
    const { existing } = await find(integration);
    const from = readSide(side);
    if (from === undefined)
      throw new SyncError('invalid', 'Choose the system whose items are brought over: side 1 or 2.');
    switch (act) {
      case 'start':
        return existing.start(from, readWish(wish));
      case 'pause':
      case 'resume':
      case 'cancel':
        return existing[act](from);
      default:
        throw new SyncError('invalid', 'Existing items are brought over by start, pause, resume or cancel.');
    }
  });

  post('forget', async ({ integration }) => {
    if (typeof integration !== 'string' || integration === '' || !services.forget)
      throw new SyncError('invalid', 'No integration was named.');
    await services.forget(integration);
    return { count: 1 };
  });

  post('go-on', async ({ integration }) => {
    await services.goOn?.(typeof integration === 'string' ? integration : undefined);
    return { count: 1 };
  });

  post('dry-run/again', async ({ integration }) => {
    const { commands } = await find(integration);
    return { count: await commands.showAgain() };
  });
}

/** Undefined if it takes long. */
async function inTime<T>(ready: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STARTING_MS);
  });
  return Promise.race([ready, late]).finally(() => clearTimeout(timer));
}

/** The states of integrations, by name. */
export async function statesOf(all: OperatedIntegration[]): Promise<IntegrationState[]> {
  const items = await Promise.all(all.slice(0, MOST_INTEGRATIONS).map(stateOf));
  return items.sort((a, b) => a.name.localeCompare(b.name));
}

/** An integration in the sidebar's list. */
async function stateOf({ config, ready, held, unused }: OperatedIntegration): Promise<IntegrationState> {
  const { id, name, active } = config;
  const about = { id, name, active, ...(held && { held }), ...(active && unused && { unused }) };
  try {
    const running = await inTime(ready);
    if (!running) return { ...about, starting: true };
    const { commands } = running;
    return { ...about, sides: await commands.overview(), ...(commands.isDryRun && { dryRun: true }) };
  } catch (thrown) {
    return { ...about, fault: cut(asSyncError(thrown).message) };
  }
}

/** The causes of an integration's parked changes; undefined if it has none, or cannot be asked. */
async function failuresOf(
  { config, ready }: OperatedIntegration,
  services: OperationServices,
): Promise<IntegrationFailures | undefined> {
  const running = await inTime(ready).catch(() => undefined);
  if (!running) return undefined;
  const causes = await running.commands.failures();
  if (causes.length === 0) return undefined;
  const listed = causes.slice(0, MOST_CAUSES);
  const names = { 1: namesOf(services, config.id, 1), 2: namesOf(services, config.id, 2) };
  return {
    ...{ integration: config.id, name: config.name },
    causes: listed.map((cause) => ({
      ...{ ...cause, message: cut(cause.message) },
      rows: rowsOf(services, config.id, cause.side, cause.fields),
      names: pick(names[cause.side].target, cause.fields),
    })),
    total: causes.reduce((sum, { count }) => sum + count, 0),
    more: causes.length > listed.length,
  };
}

/** The rows of the deployed flow that make target fields. */
function rowsOf({ chain }: OperationServices, integration: string, side: Side, fields: FieldId[]): MappingRow[] {
  if (!chain || fields.length === 0) return [];
  try {
    const deployed = chain(integration, side);
    return fields.slice(0, MOST_ROWS).flatMap((field) => rowsFor(deployed, field, side));
  } catch {
    // a node of a later version: the failure itself is still to be shown
    return [];
  }
}

/** Names of the fields that the deployed flow knows. */
function namesOf({ chain }: OperationServices, integration: string, side: Side): FieldNames {
  try {
    const known = chain && fieldsOfSteps(chain(integration, side).steps, side);
    return { source: labels(known?.source), target: labels(known?.target) };
  } catch {
    return { source: {}, target: {} };
  }
}

const pick = (names: Record<FieldId, string>, fields: FieldId[]): Record<FieldId, string> =>
  Object.fromEntries(fields.flatMap((field) => (names[field] === undefined ? [] : [[field, names[field]]])));

const labels = (fields: ReadonlyMap<FieldId, { name: string }> = new Map()): Record<FieldId, string> =>
  Object.fromEntries([...fields].map(([id, { name }]) => [id, name]));

/** A parked change with its texts shortened to what a page can show; `cut` names the incomplete target fields. */
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

function shorten(value: Value): Value {
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST);
  if (typeof value === 'string') return cut(value);
  return value !== null && typeof value === 'object' && 'content' in value
    ? { ...value, content: cut(value.content) }
    : value;
}

/** @throws SyncError invalid */
function eventsOf(value: unknown): number[] {
  const events = Array.isArray(value) ? value : [];
  const numbers = events.filter((event): event is number => Number.isSafeInteger(event) && event >= 0);
  if (numbers.length === 0 || numbers.length < events.length) throw new SyncError('invalid', 'No change was named.');
  if (numbers.length > MOST_EVENTS) throw new SyncError('invalid', `At most ${MOST_EVENTS} changes at a time.`);
  return numbers;
}

/** One side for all fields, or a choice for each. @throws SyncError invalid */
function chosen({ side, choices }: Body): Side | Record<FieldId, Choice> {
  const all = readSide(side);
  if (all !== undefined) return all;
  const entries = isObject(choices) ? Object.entries(choices).slice(0, MOST_FIELDS) : [];
  const read = entries.map(([field, choice]): [FieldId, Choice] => {
    const wins = isObject(choice) ? readSide(choice.side) : undefined;
    if (!isObject(choice) || wins === undefined)
      throw new SyncError('invalid', `Choose System 1 or System 2 for "${field.slice(0, 100)}".`);
    const from = Array.isArray(choice.from)
      ? choice.from.slice(0, MOST_FIELDS).filter((one) => typeof one === 'string')
      : [];
    return [field, { side: wins, from }];
  });
  if (read.length === 0) throw new SyncError('invalid', 'Choose which side wins: side 1 or 2, or choices by field.');
  return Object.fromEntries(read);
}

/** A target field as an input needs it. */
function fieldOf({ id, name, type, multi, format, values }: Field): object {
  return {
    ...{ id, name, type, multi, format },
    ...(values && { values: values.slice(0, LONGEST_LIST).map((value) => ({ id: value.id, name: value.name })) }),
  };
}
