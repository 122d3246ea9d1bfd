/**
 * Measures what a system really does, by reading only: whether it filters and sorts, how fine its clock is, what it makes of a
 * parameter that it does not know, whether pages of different sizes give the same items. No reading of documents replaces that.
 */

import type { ProjectId } from '../../model/entity';
import { asSyncError } from '../../model/errors';
import { append, smallest } from '../../model/lists';
import type { Connection, Scope } from '../connector';
import type { HttpOptions } from '../http/options';
import { Api, type Given } from './api';
import { connectDeclared } from './connection';
import { Entities } from './entities';
import { type ConnectorFile, type DeclaredType, msOf, type TimeFeed } from './format';
import { timeText } from './time-feed';

/** One line of a card. */
export interface Measure {
  /** undefined = a fact, neither good nor bad */
  good?: boolean;
  what: string;
  found: string;
}

/** Items that are looked at. */
const LOOKED_AT = 200;
const FUTURE = '2099-01-01T00:00:00Z';

export interface ProbeOptions {
  /** default: the first project of the account */
  project?: ProjectId;
  http?: HttpOptions;
}

/** @yields measures as they are made. A question that fails is a measure, too */
export async function* probe(file: ConnectorFile, given: Given, options: ProbeOptions = {}): AsyncGenerator<Measure> {
  const context = options.http ? { http: options.http } : {};
  const connection = connectDeclared(file, given, context);
  const api = new Api(file, given, options.http);
  try {
    const begun = performance.now();
    const identity = await connection.identify();
    const who = identity.user.login ?? identity.user.name ?? identity.user.id ?? 'nobody';
    yield {
      good: true,
      what: 'account',
      found: `${who} on ${identity.server}, ${Math.round(performance.now() - begun)} ms`,
    };
    for (const missing of identity.missing) yield { good: false, what: 'account', found: missing };
    const projects = await connection.projects();
    const project = projects.find(({ id }) => id === (options.project ?? projects[0]?.id));
    yield {
      good: project !== undefined,
      what: 'projects',
      found: `${projects.length}, of which ${project?.name ?? 'none'} is probed`,
    };
    if (!project) return;
    for (const type of file.types) {
      for await (const measure of ofType(file, api, connection, type, project.id))
        yield { ...measure, what: `${type.name}: ${measure.what}` };
    }
  } catch (thrown) {
    yield { good: false, what: 'answer', found: asSyncError(thrown).message };
  } finally {
    api.close();
    await connection.close?.();
  }
}

async function* ofType(
  file: ConnectorFile,
  api: Api,
  connection: Connection,
  type: DeclaredType,
  project: ProjectId,
): AsyncGenerator<Measure> {
  const scope: Scope = { projects: [project], types: [type.id] };
  const attempt = async (what: string, work: () => Promise<Omit<Measure, 'what'>>): Promise<Measure> => {
    try {
      return { what, ...(await work()) };
    } catch (thrown) {
      return { good: false, what, found: asSyncError(thrown).message };
    }
  };
  yield await attempt('fields', async () => {
    const fields = await connection.fields(project, type.id);
    const lists = fields.filter(({ values }) => values).map(({ name, values }) => `${name} ${values?.length}`);
    return { good: true, found: `${fields.length}${lists.length > 0 ? `, lists: ${lists.join(', ')}` : ''}` };
  });
  const { changes } = type;
  if (changes.feed === 'time') yield* ofTimeFeed(file, api, connection, { type, project, scope, changes }, attempt);
  yield await attempt('found again', async () => {
    const marker = 'twinflow-probe-of-nothing';
    const query = { project, type: type.id, marker };
    if (!type.find?.marker || !connection.find) return { found: 'creates have no marker' };
    const found = await connection.find(query, 5);
    return { good: found.length === 0, found: `${found.length} items have a marker that nothing has` };
  });
}

interface Probed {
  type: DeclaredType;
  project: ProjectId;
  scope: Scope;
  changes: TimeFeed;
}
type Attempt = (what: string, work: () => Promise<Omit<Measure, 'what'>>) => Promise<Measure>;

async function* ofTimeFeed(
  file: ConnectorFile,
  api: Api,
  connection: Connection,
  { type, project, scope, changes }: Probed,
  attempt: Attempt,
): AsyncGenerator<Measure> {
  const entities = new Entities(file, api);
  const stepMs = msOf(changes.step);
  const ids = async (since: string, size: number): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of connection.changes(scope, connection.checkpointAt(since), size)) {
      append(
        found,
        page.entities.map(({ id }) => id),
      );
      if (found.length >= LOOKED_AT) break;
    }
    return found;
  };
  yield await attempt('a poll from 2099 is empty', async () => {
    const found = await ids(FUTURE, 10);
    return { good: found.length === 0, found: found.length === 0 ? 'yes' : `no: ${found.length} items` };
  });

  const newest = { ...changes.list, ...changes.newest, query: { ...changes.list.query, ...changes.newest.query } };
  const max = changes.list.page && 'max' in changes.list.page ? changes.list.page.max : LOOKED_AT;
  const start = changes.start === undefined ? {} : { from: changes.start };
  let times: number[] = [];
  yield await attempt('newest first', async () => {
    const { items, serverNow, more } = await api.some(newest, { project, ...start }, 0, Math.min(max, LOOKED_AT));
    times = items.map((item) => entities.known(type, item, project).at);
    const wrong = times.findIndex((at, index) => index > 0 && at > (times[index - 1] ?? at));
    const skew =
      serverNow === undefined
        ? 'the answer has no Date'
        : `the clock differs by ${Math.round((serverNow - Date.now()) / 1000)} s`;
    const first = times[0] === undefined ? 'no items' : new Date(times[0]).toISOString();
    const order = wrong < 0 ? '' : `; entry ${wrong + 1} is newer than the one before it`;
    return { good: wrong < 0, found: `${items.length}${more ? ' and more' : ''}, ${first}; ${skew}${order}` };
  });
  if (times.length === 0) {
    yield { what: 'not measured', found: 'there are no items: order, resolution and pages need some' };
    return;
  }
  const shownMs = [3_600_000, 60_000, 1_000].find((step) => times.every((at) => at % step === 0)) ?? 1;
  yield { good: true, what: 'shown times have steps of', found: shownMs === 1 ? '1 ms' : `${shownMs / 1_000} s` };

  const listed = async (from: string): Promise<number[]> => {
    const { items } = await api.some(changes.list, { project, from }, 0, Math.min(max, LOOKED_AT));
    return items.map((item) => entities.known(type, item, project).at);
  };
  const distinct = [...new Set(times)].sort((a, b) => b - a);
  const [last = 0, before] = distinct;
  yield await attempt('filter', async () => {
    const found = await listed(timeText(last, changes.time));
    const includes = found.includes(last);
    const least = found.length > 0 ? smallest(found) : last;
    const below = Math.max(0, last - least);
    const good = below < Math.max(stepMs, 1) && (includes || changes.bound === 'after');
    const declared = changes.bound === 'after' ? '' : ': declare bound: after';
    const own = includes ? 'includes its own time' : `excludes its own time${declared}`;
    const coarse = below < stepMs ? '' : `; brings items ${below / 1_000} s before it, though step is ${changes.step}`;
    return { good, found: `{from} ${own}${coarse}` };
  });
  if (before !== undefined)
    yield await attempt('oldest first', async () => {
      const bound = distinct.at(Math.min(distinct.length, 50) - 1) ?? before;
      const found = await listed(timeText(bound - stepMs, changes.time));
      const wrong = found.findIndex((at, index) => index > 0 && at < (found[index - 1] ?? at));
      return {
        good: wrong < 0,
        found: wrong < 0 ? `${found.length} items in order` : `entry ${wrong + 1} is older than the one before it`,
      };
    });
  yield await attempt('an unknown parameter', async () => {
    const query = { ...changes.list.query, twinflow_probe: 'nonsense' };
    try {
      await api.some({ ...changes.list, query }, { project, from: timeText(last, changes.time) }, 0, 1);
      return { found: 'is ignored: a misspelled filter would bring everything. The check of each page matters here' };
    } catch (thrown) {
      return { found: `is refused: ${asSyncError(thrown).message.slice(0, 120)}` };
    }
  });
  yield await attempt('pages of 7 and of 50 give the same items', async () => {
    const bound = new Date((distinct.at(Math.min(distinct.length, 100) - 1) ?? last) - stepMs).toISOString();
    const [small, large] = [new Set(await ids(bound, 7)), new Set(await ids(bound, 50))];
    const differing = [...small, ...large].filter((id) => !small.has(id) || !large.has(id));
    const isCut = small.size >= LOOKED_AT || large.size >= LOOKED_AT;
    const good = isCut || differing.length === 0;
    return { good, found: good ? `yes, ${large.size}` : `no, these differ: ${differing.slice(0, 5).join(', ')}` };
  });
  yield await attempt('the largest page', async () => {
    const { items, more } = await api.some({ ...changes.list }, { project, ...start }, 0, max);
    const isShort = items.length < max && more;
    return {
      good: !isShort,
      found: isShort ? `has ${items.length} items, though max is ${max}` : `${items.length} of ${max}`,
    };
  });
  yield await attempt('a list and a read show the same version', async () => {
    const [item] = (await api.some(newest, { project, ...start }, 0, 1)).items;
    if (!item || entities.isOther(type, item)) return { found: 'not measured: the newest entry is something else' };
    const shown = entities.entity(type, item, project);
    const [read] = await connection.read(scope, [shown.id]);
    if (!read || 'kind' in read) return { good: false, found: `${shown.id} is listed and cannot be read` };
    const differs = type.fields.filter(
      ({ id }) => JSON.stringify(read.fields[id]) !== JSON.stringify(shown.fields[id]),
    );
    const good = read.version === shown.version;
    const why =
      differs.length > 0 ? `they differ in ${differs.map(({ id }) => id).join(', ')}` : 'it changed meanwhile';
    return { good, found: good ? 'yes' : `no: ${why}. Every change would come twice` };
  });
}
