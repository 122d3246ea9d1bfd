/** The connection of a declared connector: each call in a few lines. */

import type { Project, ProjectId, TypeAccess } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { LookupValue, UserValue } from '../../model/values';
import type { ConnectContext, Connection, Scope } from '../connector';
import type { Identity } from '../form';
import { textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { Accounts, isSameText, matchesQuery, type UserQuery } from '../kit/people';
import { Api, type Given } from './api';
import { Entities } from './entities';
import { findByKey, findEntities } from './finding';
import type { ConnectorFile, DeclaredField, DeclaredType } from './format';
import { entityId } from './ids';
import { valueAt } from './path';
import { Reading } from './reading';
import { Streams } from './streams';
import { fieldOf, personOf } from './values';
import { shownVersions, writeDeclared } from './writing';

const MINUTE_MS = 60_000;
/** Every poll asks whether its projects are still there: not more often than this. */
const ENOUGH_MS = 300_000;
const LONGEST_LIST = 20_000;
/** Projects that are asked for the newest items. */
const MOST_ASKED = 10;

/** undefined = everything */
const accessOf = ({ create, update }: DeclaredType): TypeAccess | undefined =>
  update ? undefined : create ? 'create' : 'read';

export function connectDeclared(file: ConnectorFile, given: Given, { http }: ConnectContext): Connection {
  const api = new Api(file, given, http);
  const entities = new Entities(file, api);
  const reading = new Reading(file, api, entities);
  const projectLists = new Cache<Project[]>();
  const valueLists = new Cache<LookupValue[]>(MINUTE_MS);
  const selves = new Cache<Identity>(ENOUGH_MS);
  const shown = shownVersions();
  const { people, projects: declared } = file;

  const projects = (maxAgeMs: number): Promise<Project[]> =>
    projectLists.within('', maxAgeMs, async () => {
      if (declared.by === 'one') return [{ id: declared.id, name: declared.name }];
      const { items } = await api.whole(declared, {}, LONGEST_LIST);
      const found = items.flatMap((item): [ProjectId, Project][] => {
        const id = textOf(valueAt(item, declared.id));
        const parent = declared.parent === undefined ? undefined : textOf(valueAt(item, declared.parent));
        const name = textOf(valueAt(item, declared.name)) ?? id;
        return id === undefined || name === undefined
          ? []
          : [[id, { id, name, ...(parent !== undefined && { parent }) }]];
      });
      return [...new Map(found).values()];
    });

  const project = async (id: ProjectId): Promise<Project> => {
    const found = (await projects(MINUTE_MS)).find((one) => one.id === id);
    if (found) return found;
    throw new SyncError('notFound', `${api.product} shows this account no project "${id}"`);
  };

  const valuesOf = async (field: DeclaredField, of: ProjectId): Promise<LookupValue[] | undefined> => {
    const { values } = field;
    if (values === undefined) return undefined;
    if (Array.isArray(values)) return values.map((one) => (typeof one === 'string' ? { name: one } : one));
    return valueLists.remember(JSON.stringify([values, of]), async () => {
      const { items } = await api.whole(values, { project: of }, LONGEST_LIST);
      return items.flatMap((item): LookupValue[] => {
        const name = textOf(valueAt(item, values.name));
        const id = values.id === undefined ? undefined : textOf(valueAt(item, values.id));
        return name === undefined ? [] : [{ ...(id !== undefined && { id }), name }];
      });
    });
  };

  const identify = async (): Promise<Identity> => {
    const { identity } = file;
    const { body } = await api.get(identity, {});
    const user = api.objectAt(`GET ${identity.get}`, body, identity.item);
    const [version, timeZone] = [identity.version, identity.timeZone].map((path) =>
      path === undefined ? undefined : textOf(valueAt(body, path)),
    );
    const login = identity.loginSetting === undefined ? undefined : textOf(given[identity.loginSetting]);
    const missing = (await projects(0)).length === 0 ? [`${api.product} shows this account no project.`] : [];
    return {
      user: login === undefined ? (personOf(user, people) ?? { name: 'anonymous' }) : { login },
      server: version === undefined ? identity.server : `${identity.server} ${version}`,
      ...(timeZone !== undefined && { timeZone }),
      missing,
    };
  };
  const self = async (): Promise<UserValue> => (await selves.remember('', identify)).user;

  const listed = async (list: Parameters<Api['whole']>[0] | undefined, vars: Parameters<Api['whole']>[1]) =>
    list === undefined
      ? undefined
      : (await api.whole(list, vars, LONGEST_LIST)).items.flatMap((item) => personOf(item, people) ?? []);

  const byLogin = async (login: string): Promise<UserValue[] | undefined> => {
    if (!people?.byLogin) return undefined;
    try {
      const { body } = await api.get(people.byLogin, { login });
      const { items, item } = people.byLogin;
      const found = items === undefined ? [valueAt(body, item ?? '')] : api.listAt('', body, items);
      return found.flatMap((one) => personOf(one, people) ?? []);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound' || error.kind === 'invalid') return [];
      throw error;
    }
  };

  const users = async (query: UserQuery): Promise<UserValue[]> => {
    const { email, login, search, name } = query;
    const place = query.project ?? (await projects(ENOUGH_MS))[0]?.id;
    const vars = { project: place, search: search ?? name };
    const found =
      (login !== undefined ? await byLogin(login) : undefined) ??
      (email !== undefined ? await listed(people?.byEmail, { email }) : undefined) ??
      (place === undefined ? [] : await listed(people?.all, vars)) ??
      [];
    return found.filter((user) => matchesQuery(user, query));
  };
  const accounts = new Accounts(users);

  const streams = new Streams({
    ...{ file, api, entities, reading },
    async absent(ids) {
      const there = new Set((await projects(ENOUGH_MS)).map(({ id }) => id));
      return new Map(
        ids.filter((id) => !there.has(id)).map((id) => [id, `${api.product} shows this account no project "${id}"`]),
      );
    },
  });

  const canWrite = file.types.some(({ create, update }) => create ?? update);
  const canFind = file.types.some(({ find }) => find !== undefined);
  return {
    identify,
    projects: () => projects(0),
    async entityTypes(id) {
      await project(id);
      return file.types.map((type) => {
        const access = accessOf(type);
        return { id: type.id, name: type.name, ...(access && { access }) };
      });
    },
    async fields(id, typeId) {
      await project(id);
      const type = file.types.find((one) => one.id === typeId);
      if (!type) throw new SyncError('notFound', `${api.product} has no item type "${typeId}"`);
      const isWritten = type.create ?? type.update;
      return Promise.all(
        type.fields.map(async (field) =>
          fieldOf(isWritten ? field : { ...field, readOnly: true }, await valuesOf(field, id)),
        ),
      );
    },
    changes: (scope, since, pageSize) => streams.changes(scope, since, pageSize),
    newest: (scope) => streams.newest(scope),
    checkpointAt: (time) => streams.at(time),
    async read(_scope, ids) {
      const results = await reading.read(ids);
      for (const one of results) if (one && !(one instanceof SyncError)) shown.set(one.id, one.version);
      return results;
    },
    ...(canWrite && {
      write: (scope: Scope, operations) =>
        writeDeclared(
          {
            ...{ file, api, entities, reading, shown, project },
            sources: (of) => ({
              list: (field) => valuesOf(field, of),
              person: (user) => accounts.one(user),
            }),
          },
          scope,
          operations,
        ),
    }),
    ...(canFind && { find: (query, limit) => findEntities({ file, api, entities, self }, query, limit) }),
    async byKey(typed) {
      const key = typed.trim();
      const [, place, own = ''] = /^(?:(.*?)\s*#)?\s*([^#]+)$/.exec(key) ?? [];
      const all = await projects(MINUTE_MS);
      for (const type of file.types) {
        const same = all.find(({ id, name }) => [id, name].some((one) => isSameText(one, place ?? '')));
        if (type.find?.key || (type.item.within ? !same : place)) continue;
        const id = entityId(file, { type, id: own, ...(type.item.within && same && { project: same.id }) });
        const [found] = await reading.read([id]);
        if (found instanceof SyncError) throw found;
        if (found) return found;
      }
      return findByKey({ file, api, entities, self }, typed);
    },
    latest: (scope, limit) => streams.latest(scope, limit, MOST_ASKED),
    ...(people && { users }),
    async close() {
      api.close();
    },
  } satisfies Connection as Connection;
}
