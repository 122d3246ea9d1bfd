/**
 * Answers to the forms' questions. Only named properties are sent, never an object as a connector made it, and no list
 * is longer than a form can use.
 */

import type { ChangePage, Connection, Connector, Scope } from '../../lib/connectors/connector';
import type { EntityType, Field, ListValue, LookupValue, UserValue } from '../../lib/model';
import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';

export const LONGEST_LIST = 5_000;
/** The start of polling in a system without any items: a day ago, plus two hours for clocks and time zones. */
const LOOK_BACK_MS = 26 * 3_600_000;

export interface Listed<Item> {
  items: Item[];
  truncated?: true;
}

export type Question = (connection: Connection, body: Record<string, unknown>, connector: Connector) => Promise<object>;

function listed<Item, Shown>(items: Item[], show: (item: Item) => Shown): Listed<Shown> {
  return {
    items: items.slice(0, LONGEST_LIST).map(show),
    ...(items.length > LONGEST_LIST && { truncated: true as const }),
  };
}

function wanted(body: Record<string, unknown>, name: 'project' | 'type' | 'field'): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '' || value.length > 1000)
    throw new SyncError('invalid', `Choose the ${name} first.`, { fields: { [name]: 'missing' } });
  return value;
}

const search = (body: Record<string, unknown>): string =>
  typeof body.search === 'string' ? body.search.slice(0, 200) : '';

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string' && entry !== '').slice(0, 1000) : [];

const lookup = ({ id, name }: LookupValue): LookupValue => ({ id, name });
const listValue = ({ id, name, selectable }: ListValue): ListValue => ({
  ...{ id, name },
  ...(selectable === false && { selectable }),
});
const entityType = ({ id, name, partOf, role, access }: EntityType): EntityType => ({
  ...{ id, name, partOf, role, access },
});
const person = ({ id, name, login, email }: UserValue): UserValue => ({ id, name, login, email });

function field(from: Field): Field {
  const { id, name, type, multi, required, readOnly, createOnly, custom, maxLength, format, integer } = from;
  const { length, entry, values, hasDefault } = from;
  return {
    ...{ id, name, type, multi, required, readOnly, createOnly, custom, maxLength, format, integer, length, entry },
    hasDefault,
    ...(values && { values: values.slice(0, LONGEST_LIST).map(listValue) }),
  };
}

/** A connector in the form that forms need: no functions. */
export function describe({ kind, label, category, config, richText }: Connector): object {
  return { kind, label, category, config, richText };
}

const has = (name: string | undefined, wantedText: string): boolean =>
  (name ?? '').toLowerCase().includes(wantedText.toLowerCase());

const test: Question = async (connection) => {
  const { user, server, timeZone, missing } = await connection.identify();
  return { user: person(user), server, timeZone, missing };
};

const projects: Question = async (connection) =>
  listed(await connection.projects(), ({ id, name, parent }) => ({ id, name, parent }));

const types: Question = async (connection, body) =>
  listed(await connection.entityTypes(wanted(body, 'project')), entityType);

const fields: Question = async (connection, body) =>
  listed(await connection.fields(wanted(body, 'project'), wanted(body, 'type')), field);

const lookupValues: Question = async (connection, body) => {
  const [project, type, id] = [wanted(body, 'project'), wanted(body, 'type'), wanted(body, 'field')];
  const known = (await connection.fields(project, type)).find((candidate) => candidate.id === id);
  if (!known)
    throw new SyncError('notFound', `The system no longer has a field "${id}" for this project and type.`, {
      fields: { [id]: 'not found' },
    });
  if (known.values)
    return listed(
      known.values.filter(({ name }) => has(name, search(body))),
      lookup,
    );
  if (!connection.lookupValues) return listed([], lookup);
  return listed(await connection.lookupValues(project, type, id, search(body)), lookup);
};

const users: Question = async (connection, body) => {
  if (!connection.users) return listed([], person);
  const project = typeof body.project === 'string' && body.project !== '' ? { project: body.project } : {};
  const exact = (['email', 'login', 'name'] as const).find((key) => typeof body[key] === 'string' && body[key] !== '');
  if (exact !== undefined) {
    return listed(await connection.users({ [exact]: String(body[exact]).slice(0, 200) }), person);
  }
  const found = await connection.users(search(body) === '' ? project : { search: search(body), ...project });
  return listed(found, person);
};

/**
 * The time of the newest item. A checkpoint is opaque, so the time is read from the first page after it. That page
 * starts with the items of the checkpoint's own moment, because the lower bound of `changes` is inclusive.
 */
async function newestTime(
  connection: Connection,
  scope: Scope,
): Promise<{ found: boolean; at?: string; revision?: string }> {
  const checkpoint = await connection.newest(scope);
  if (!checkpoint) return { found: false };
  if (connection.revisionIn) {
    const revision = connection.revisionIn(checkpoint);
    return revision === undefined ? { found: false } : { found: true, revision };
  }
  const pages: AsyncIterator<ChangePage> = connection.changes(scope, checkpoint, 1)[Symbol.asyncIterator]();
  const page = await pages.next();
  await pages.return?.();
  const times = page.done ? [] : page.value.entities.map((entity) => entity.updatedAt);
  return { found: true, at: times.sort().at(-1) };
}

const newest: Question = async (connection, body) => {
  const scope = { projects: texts(body.projects), types: texts(body.types) };
  if (scope.projects.length === 0 || scope.types.length === 0)
    throw new SyncError('invalid', 'Add a project pair and an entity-type pair to the integration first.');
  const start = await newestTime(connection, scope);
  if (start.found || connection.revisionIn) return start;
  return { ...start, from: new Date(Date.now() - LOOK_BACK_MS).toISOString() };
};

const SHOWN_HITS = 5;
const LONGEST_TITLE = 200;

/** The system's query language, and what a query finds if there is one in the form. A system without one has no language. */
const query: Question = async ({ queries }, body) => {
  if (!queries) return {};
  const { language, example } = queries;
  const text = typeof body.query === 'string' ? body.query : '';
  if (text.trim() === '') return { language, example };
  const scope = { projects: texts(body.projects), types: texts(body.types) };
  if (scope.projects.length === 0 || scope.types.length === 0)
    throw new SyncError('invalid', 'Add a project pair and an entity-type pair to the integration first.');
  const { count, about, first } = await queries.check(scope, text);
  const shown = first
    .slice(0, SHOWN_HITS)
    .map(({ key, title }) => ({ key: key.slice(0, LONGEST_TITLE), title: title.slice(0, LONGEST_TITLE) }));
  return { language, example, hits: { count, first: shown, ...(about && { about }) } };
};

/** Route (below /twinflow/) → its handler. */
export const QUESTIONS: Record<string, Question> = {
  test,
  projects,
  types,
  fields,
  'lookup-values': lookupValues,
  users,
  newest,
  query,
};

/** The body of a request, or an empty one. */
export const bodyOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});
