/**
 * Asks the server about a system: projects, types, fields, users. An answer is cached for ten minutes and shared by all
 * forms of the browser window. Concurrent identical questions are sent once. Failures are not cached.
 */

import type { ConfigField, ConnectorCategory, Identity } from '../../lib/connectors/form';
import type { EntityType, EntityTypeId, Field, Project, ProjectId, Side } from '../../lib/model/entity';
import type { SideView } from '../../lib/model/operations';
import type { FieldId, LookupValue, RichTextFormat, UserValue } from '../../lib/model/values';
import { isObject, text, type Values } from './read';
import { t } from './text';
import type { SystemDraft } from './workspace';

const KEPT_MS = 600_000;
/** Maximum number of cached answers; every search for a user or a value is one. */
const KEPT_MOST = 300;

/** The server's description of a connector: enough for building the system form. */
export interface ConnectorInfo {
  kind: string;
  label: string;
  category: ConnectorCategory;
  config: ConfigField[];
  richText?: RichTextFormat;
}

/** The default start of polling. */
export interface NewestInfo {
  /** a checkpoint exists: polling starts after the newest item */
  found: boolean;
  /** the newest update, ISO 8601, if the connector's checkpoint contains it */
  at?: string;
  /** of systems that are read by revision: the newest one */
  revision?: string;
  /** if there is nothing yet: the time at which polling starts, ISO 8601 */
  from?: string;
}

/** `message` is for users; `kind` is a SyncErrorKind, or 'offline' if the server gave no answer. */
export class MetadataError extends Error {
  readonly kind: string;
  readonly fields: Record<string, string>;

  constructor(kind: string, message: string, fields: Record<string, string> = {}) {
    super(message);
    this.name = 'MetadataError';
    this.kind = kind;
    this.fields = fields;
  }
}

interface Options {
  /** ask the system again, ignoring what is cached here or on the server */
  reload?: boolean;
  /** ask again, whatever is cached here */
  again?: boolean;
}

type Arguments = { project?: string; type?: string; field?: string; search?: string } & Values;

/** Set by `reload`: the next question about a system is sent to the system. */
const stale = new Set<string>();

const answers = (): Map<string, { at: number; answer: Promise<unknown> }> => {
  window.twinflowMetadata ??= new Map();
  return window.twinflowMetadata;
};

function errorOf(request: JQuery.jqXHR): MetadataError {
  const body: unknown = request.responseJSON;
  if (isObject(body) && isObject(body.error)) {
    const fields: Record<string, string> = {};
    if (isObject(body.error.fields)) {
      for (const [name, why] of Object.entries(body.error.fields)) fields[name] = text(why);
    }
    return new MetadataError(text(body.error.kind, 'fatal'), text(body.error.message, t('error.unknown')), fields);
  }
  if (request.status === 401 || request.status === 403) return new MetadataError('forbidden', t('error.forbidden'));
  return new MetadataError('offline', t('error.offline'));
}

/**
 * Asks one of Twinflow's own routes.
 * @param route below /twinflow/
 * @throws MetadataError
 */
export async function request(method: 'GET' | 'POST', route: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // a relative URL: the editor adds its root and the login's token
    $.ajax({
      url: `twinflow/${route}`,
      method,
      dataType: 'json',
      ...(body && { contentType: 'application/json', data: JSON.stringify(body) }),
    }).then(resolve, (failed: JQuery.jqXHR) => reject(errorOf(failed)));
  });
}

function wire(draft: SystemDraft): Omit<SystemDraft, 'name'> {
  const { name: _name, ...sent } = draft;
  return sent;
}

function keep<Answer>(key: string, anew: boolean, ask: () => Promise<Answer>): Promise<Answer> {
  const kept = answers();
  const known = kept.get(key);
  // the key contains the route and the arguments, so its answer has the type that `ask` returns
  if (known && !anew && Date.now() - known.at < KEPT_MS) return known.answer as Promise<Answer>;
  const answer = ask();
  const entry = { at: Date.now(), answer };
  kept.delete(key);
  kept.set(key, entry);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MOST && oldest !== undefined) kept.delete(oldest);
  answer.catch(() => {
    if (kept.get(key) === entry) kept.delete(key);
  });
  return answer;
}

function ask<Answer>(
  route: string,
  draft: SystemDraft | undefined,
  args: Arguments,
  options: Options = {},
): Promise<Answer> {
  if (!draft) return Promise.reject(new MetadataError('invalid', t('error.noSystem')));
  const system = wire(draft);
  const systemKey = JSON.stringify(system);
  const anew = options.reload === true;
  return keep(JSON.stringify([route, system, args]), anew || options.again === true, async () => {
    const reload = anew || stale.delete(systemKey);
    return (await request('POST', route, { system, ...args, ...(reload && { reload }) })) as Answer;
  });
}

interface Listed<Item> {
  items: Item[];
  /** the system has more than the server passes on */
  truncated?: boolean;
}

const items = async <Item>(listed: Promise<Listed<Item>>): Promise<Item[]> => (await listed).items;

interface Connectors extends Listed<ConnectorInfo> {
  timeZone?: string;
}

const asked = (): Promise<Connectors> =>
  keep('connectors', false, async () => (await request('GET', 'connectors')) as Connectors);

/** All system types, with the inputs of their forms. */
export const connectors = (): Promise<ConnectorInfo[]> => items(asked());

/** IANA name of the server's time zone: schedules use it. */
export const serverTimeZone = async (): Promise<string | undefined> => (await asked()).timeZone;

/** "Test connection": always asks the system. */
export const identify = (draft: SystemDraft | undefined): Promise<Identity> => ask('test', draft, {}, { reload: true });

export const projects = (draft: SystemDraft | undefined, options?: Options): Promise<Project[]> =>
  items(ask<Listed<Project>>('projects', draft, {}, options));

/** All item types of a project, including those of parts. */
const allTypes = (draft: SystemDraft | undefined, project: ProjectId, options?: Options): Promise<EntityType[]> =>
  items(ask<Listed<EntityType>>('types', draft, { project }, options));

/** The types of items, which have pairs of their own. */
export const types = async (
  draft: SystemDraft | undefined,
  project: ProjectId,
  options?: Options,
): Promise<EntityType[]> => (await allTypes(draft, project, options)).filter(({ partOf }) => partOf === undefined);

/** The types of parts of items: comments. From the same answer as the others. */
export const partTypes = async (
  draft: SystemDraft | undefined,
  project: ProjectId,
  options?: Options,
): Promise<EntityType[]> => (await allTypes(draft, project, options)).filter(({ partOf }) => partOf !== undefined);

export const fields = (
  draft: SystemDraft | undefined,
  project: ProjectId,
  type: EntityTypeId,
  options?: Options,
): Promise<Field[]> => items(ask<Listed<Field>>('fields', draft, { project, type }, options));

/** Values of a list field: its own list if it has one, otherwise the system's search results for `search`. */
export const lookupValues = (
  draft: SystemDraft | undefined,
  project: ProjectId,
  type: EntityTypeId,
  field: FieldId,
  search = '',
): Promise<LookupValue[]> => items(ask<Listed<LookupValue>>('lookup-values', draft, { project, type, field, search }));

/**
 * Users whose name, login or email contains `search`, or who have exactly the `email`, `login` or `name`; without any
 * of these, the start of the list.
 */
export const users = (
  draft: SystemDraft | undefined,
  query: { search?: string; email?: string; login?: string; name?: string; project?: ProjectId } = {},
): Promise<UserValue[]> => items(ask<Listed<UserValue>>('users', draft, query));

export const newest = (
  draft: SystemDraft | undefined,
  scope: { projects: ProjectId[]; types: EntityTypeId[] },
): Promise<NewestInfo> => ask('newest', draft, scope);

/** A system's query language, and what a query finds. */
export interface QueryInfo {
  /** absent: the system has none */
  language?: string;
  example?: string;
  hits?: { count: number; about?: true; first: { key: string; title: string }[] };
}

/** Asks the system each time: what a query finds changes. @param query '' = only the language */
export const checkQuery = (
  draft: SystemDraft | undefined,
  query: string,
  scope: { projects: ProjectId[]; types: EntityTypeId[] },
): Promise<QueryInfo> => ask('query', draft, { query, ...scope }, { again: query !== '' });

/** True if a side of a deployed integration was polled before: its poller continues from there. */
export async function isBegun(integration: string, side: Side): Promise<boolean> {
  const { items: all } = (await request('GET', 'operations')) as {
    items: { id: string; sides?: readonly [SideView, SideView] }[];
  };
  return all.find(({ id }) => id === integration)?.sides?.[side - 1]?.begun === true;
}

/** Discards all answers about a system (or all systems): the next question is sent to the system itself. */
export function reload(draft?: SystemDraft): void {
  if (!draft) {
    answers().clear();
    return;
  }
  const system = JSON.stringify(wire(draft));
  for (const key of [...answers().keys()]) if (key.includes(system)) answers().delete(key);
  stale.add(system);
}
