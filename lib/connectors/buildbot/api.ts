/**
 * Buildbot's REST API, version 2 (https://docs.buildbot.net/latest/developer/rest.html): only the calls that the connector makes. A filter
 * that it does not know is ignored, and everything comes: what an answer holds is compared with what was asked for.
 */

import { SyncError } from '../../model/errors';
import type { HttpOptions } from '../http/client';
import type { Credentials } from '../kit/auth';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { type Query, Rest, serverTime } from '../kit/rest';

export const PRODUCT = 'Buildbot';
const MINUTE = 60_000;
/** Rows of one answer. */
export const PAGE = 200;
const MOST_CHANGES = 100;

export interface Builder {
  id: number;
  name: string;
}

/** A build as the API shows it, times in ms since 1970. */
export interface Build {
  id: number;
  builder: number;
  number: number;
  isComplete: boolean;
  /** undefined while it runs */
  result: number | undefined;
  startedAt: number;
  completedAt: number | undefined;
  state: string | undefined;
  properties: Json;
}

export interface Parameter {
  id: string;
  name: string;
  type: string;
  isRequired: boolean;
  choices: string[];
}

export interface ForceScheduler {
  name: string;
  builders: string[];
  parameters: Parameter[];
}

const ms = (seconds: unknown): number | undefined => {
  const value = numberOf(seconds);
  return value === undefined ? undefined : Math.round(value * 1000);
};

export class Api {
  readonly base: string;
  private readonly rest: Rest;
  private readonly builderCache = new Cache<Builder[]>(MINUTE);
  private readonly schedulerCache = new Cache<ForceScheduler[]>(MINUTE);

  constructor(base: string, credentials: Credentials, options: HttpOptions | undefined) {
    this.base = base;
    this.rest = new Rest({
      ...{ baseUrl: `${base}api/v2/`, product: PRODUCT, credentials, options },
      errors: {
        read(_status, body) {
          const error = isJson(body) ? body.error : undefined;
          const text = isJson(error) ? textOf(error.message) : textOf(error);
          return text === undefined ? undefined : { text };
        },
      },
    });
  }

  /** @param maxAgeMs how old the answer may be */
  builders(maxAgeMs = MINUTE): Promise<Builder[]> {
    return this.builderCache.within('', maxAgeMs, async () =>
      (await this.list('builders', 'builders', {})).items.flatMap((one) => {
        const [id, name] = [numberOf(one.builderid), textOf(one.name)];
        return id === undefined || name === undefined ? [] : [{ id, name }];
      }),
    );
  }

  /** @throws SyncError notFound */
  async builder(name: string): Promise<Builder> {
    const known = (await this.builders()).find((one) => one.name === name);
    const found = known ?? (await this.builders(0)).find((one) => one.name === name);
    if (!found) throw new SyncError('notFound', `${PRODUCT} has no builder "${name.slice(0, 80)}".`);
    return found;
  }

  async builderName(id: number): Promise<string | undefined> {
    const known = (await this.builders()).find((one) => one.id === id);
    return (known ?? (await this.builders(0)).find((one) => one.id === id))?.name;
  }

  /** Builds of all builders, by their ids. `now`: the server's clock, ms since 1970 */
  async builds(query: Query): Promise<{ builds: Build[]; now?: number }> {
    const { items, now } = await this.list('builds', 'builds', { property: '*', ...query });
    return { builds: items.map(buildOf), ...(now !== undefined && { now }) };
  }

  /** undefined = there is none */
  async build(id: number): Promise<Build | undefined> {
    const [found] = await this.orNothing(`builds/${id}`, 'builds', { property: '*' });
    return found && buildOf(found);
  }

  /** Complete builds of one builder, from a number on, in one direction. */
  async buildsFrom(builder: number, number: number, way: 'up' | 'down', limit: number): Promise<Build[]> {
    const query = {
      ...(way === 'up' ? { number__ge: number, order: 'number' } : { number__le: number, order: '-number' }),
      ...{ complete__eq: 'true', property: '*', limit },
    };
    const { items } = await this.list(`builders/${builder}/builds`, 'builds', query);
    return items
      .map(buildOf)
      .filter((build) => build.isComplete && (way === 'up' ? build.number >= number : build.number <= number));
  }

  /** What a build was made of: all changes since the last good one. */
  async changesOf(build: number): Promise<Json[]> {
    return (await this.orNothing(`builds/${build}/changes`, 'changes', {})).slice(0, MOST_CHANGES);
  }

  /** By their ids. Buildbot chooses the right ones by `order` and `limit`, and shows them the other way round (3.7, `getChanges`). */
  async changes(query: Query): Promise<{ items: Json[]; now?: number }> {
    const { items, ...rest } = await this.list('changes', 'changes', query);
    const idOf = ({ changeid }: Json): number => numberOf(changeid) ?? -1;
    return { ...rest, items: [...items].sort((a, b) => idOf(a) - idOf(b)) };
  }

  async change(id: number): Promise<Json | undefined> {
    return (await this.orNothing(`changes/${id}`, 'changes', {}))[0];
  }

  async buildRequests(builder: number, query: Query): Promise<Json[]> {
    return (await this.list(`builders/${builder}/buildrequests`, 'buildrequests', { property: '*', ...query })).items;
  }

  async buildRequest(id: number): Promise<Json | undefined> {
    return (await this.orNothing(`buildrequests/${id}`, 'buildrequests', { property: '*' }))[0];
  }

  schedulers(): Promise<ForceScheduler[]> {
    return this.schedulerCache.within('', MINUTE, async () => {
      const { items } = await this.list('forceschedulers', 'forceschedulers', {});
      const enabled = items.filter((one) => one.enabled !== false);
      return enabled
        .map((one) => ({
          name: textOf(one.name) ?? '',
          builders: Array.isArray(one.builder_names) ? one.builder_names.map(String) : [],
          parameters: parametersIn(listOf(one, 'all_fields'), 0),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /**
   * Asks for a build. Never repeated: an error may be `uncertain`.
   * @returns the id of the build request
   * @throws SyncError invalid, with the parameters that the scheduler refuses
   */
  async force(scheduler: string, builder: number, parameters: Record<string, unknown>): Promise<number> {
    const path = `forceschedulers/${encodeURIComponent(scheduler)}`;
    const params = { builderid: String(builder), ...parameters };
    const { body } = await this.rest.request('POST', path, {
      body: { jsonrpc: '2.0', id: 1, method: 'force', params },
    });
    const result = isJson(body) ? body.result : undefined;
    const requests: unknown = Array.isArray(result) ? result[1] : undefined;
    const id = isJson(requests) ? numberOf(requests[String(builder)]) : undefined;
    if (id !== undefined) return id;
    const words = `${PRODUCT} took a forced build and does not name its request`;
    throw new SyncError('fatal', words, { uncertain: true });
  }

  /** Rows below a list's own path; an item that is not there makes an empty one. */
  private async orNothing(path: string, property: string, query: Query): Promise<Json[]> {
    try {
      return (await this.list(path, property, query)).items;
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.kind === 'notFound') return [];
      throw thrown;
    }
  }

  private async list(path: string, property: string, query: Query): Promise<{ items: Json[]; now?: number }> {
    const { body, headers } = await this.rest.request('GET', path, { query });
    if (!isJson(body) || !Array.isArray(body[property])) throw this.rest.notTheApi(`GET ${path}`);
    const now = serverTime(headers);
    return { items: listOf(body, property), ...(now !== undefined && { now }) };
  }

  close(): void {
    this.rest.close();
  }
}

function buildOf(row: Json): Build {
  const [id, builder, number, startedAt] = [row.buildid, row.builderid, row.number, row.started_at].map(numberOf);
  if (id === undefined || builder === undefined || number === undefined || startedAt === undefined)
    throw new SyncError('fatal', `${PRODUCT} shows a build without its number, builder or time`, { malformed: true });
  return {
    ...{ id, builder, number, isComplete: row.complete === true, result: numberOf(row.results ?? undefined) },
    ...{ startedAt: startedAt * 1000, completedAt: ms(row.complete_at), state: textOf(row.state_string) },
    properties: isJson(row.properties) ? row.properties : {},
  };
}

const DEEPEST = 5;

/** Fields of a force scheduler's form, which are nested in groups. */
function parametersIn(fields: readonly Json[], depth: number): Parameter[] {
  if (depth > DEEPEST) return [];
  return fields.flatMap((field): Parameter[] => {
    if (Array.isArray(field.fields)) return parametersIn(listOf(field, 'fields'), depth + 1);
    const id = textOf(field.fullName) ?? textOf(field.name);
    if (id === undefined || field.hide === true) return [];
    return [
      {
        ...{ id, name: (textOf(field.label) ?? id).replace(/:$/, ''), type: textOf(field.type) ?? 'text' },
        isRequired: field.required === true,
        choices: Array.isArray(field.choices) ? field.choices.map(String) : [],
      },
    ];
  });
}
