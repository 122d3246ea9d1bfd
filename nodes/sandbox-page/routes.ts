/**
 * What the sandbox's page asks, and how it is answered, below `/twinflow/sandbox/api/`:
 *
 *   GET  spaces                                     the sandboxes there are
 *   GET  space?space                                its people, projects and entity types
 *   GET  fields?space&project&type                  what a form shows
 *   GET  entities?space&project&type&search&limit   newest change first
 *   GET  entity?space&id                            one entity with its history
 *   POST create {space, user, project, type, fields}
 *   POST edit   {space, user, id, fields}
 *
 * A fault comes as `{ error: { message, fields? } }`, `fields` naming what is wrong with which field.
 */

import { existsSync } from 'node:fs';
import { listSandboxes, openSandbox, type SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { asSyncError, SyncError, type SyncErrorKind } from '../../lib/model/errors';
import type { Fields, Value } from '../../lib/model/values';

/** A request, cut down to what is needed here. */
export interface PageRequest {
  query(name: string): string | undefined;
  contentType: string;
  /** bytes of the body as announced; NaN where the request doesn't say */
  length: number;
  body: unknown;
}

export interface PageRoute {
  method: 'get' | 'post';
  path: string;
  answer(request: PageRequest): { status: number; body: object };
}

/** Characters of a request's JSON. */
const LARGEST_BODY = 2_000_000;
const MOST_ENTITIES = 500;
const MOST_REVISIONS = 50;

// never 401 or 403: those are Node-RED's own, and mean that the person has to log in
const STATUS: Record<SyncErrorKind, number> = {
  auth: 422,
  forbidden: 422,
  notFound: 404,
  rateLimited: 503,
  invalid: 422,
  conflict: 409,
  transient: 503,
  fatal: 500,
};

/** The routes of the sandboxes in `file`; in memory where undefined. */
export function pageRoutes(file: string | undefined): PageRoute[] {
  /** Opens a sandbox that exists: looking must not create one. */
  function within<T>(name: string | undefined, work: (space: SandboxSpace) => T): T {
    const known = name !== undefined && spaces().some((space) => space.name === name);
    if (!known) throw new SyncError('notFound', `There is no sandbox "${(name ?? '').slice(0, 100)}".`);
    const space = openSandbox({ file, space: name });
    try {
      return work(space);
    } finally {
      space.close();
    }
  }
  const spaces = () => (file !== undefined && !existsSync(file) ? [] : listSandboxes(file));

  return [
    get('spaces', () => ({ spaces: spaces() })),

    get('space', ({ query }) =>
      within(query('space'), ({ name, template }) => ({
        name,
        label: template.label,
        people: template.people.map(({ id, login, name: fullName }) => ({ id, login, name: fullName })),
        projects: template.projects.map(named),
        types: template.types.map(named),
      })),
    ),

    get('fields', ({ query }) =>
      within(query('space'), (space) => ({ fields: formFields(space, query('project') ?? '', query('type') ?? '') })),
    ),

    get('entities', ({ query }) =>
      within(query('space'), (space) => {
        const limit = Math.min(MOST_ENTITIES, Math.max(1, Number(query('limit')) || 50));
        const search = query('search')?.slice(0, 200);
        const filter = { project: query('project') || undefined, type: query('type') || undefined, search, limit };
        const { total, entities } = space.list(filter);
        return { total, entities: entities.map((entity) => row(space, entity)) };
      }),
    ),

    get('entity', ({ query }) =>
      within(query('space'), (space) => {
        const id = query('id') ?? '';
        const entity = space.get(id);
        if (!entity)
          throw new SyncError('notFound', `There is no entity ${id.slice(0, 40)} in "${space.name}" (any more).`);
        return {
          entity,
          fields: formFields(space, entity.project, entity.type),
          history: space.history(id, MOST_REVISIONS),
        };
      }),
    ),

    post('create', (body) =>
      within(text(body, 'space'), (space) => ({
        entity: space.create(text(body, 'user'), {
          project: text(body, 'project'),
          type: text(body, 'type'),
          fields: fieldsOf(body),
        }),
      })),
    ),

    post('edit', (body) =>
      within(text(body, 'space'), (space) => ({
        entity: space.edit(text(body, 'user'), text(body, 'id'), fieldsOf(body)),
      })),
    ),
  ];
}

const named = ({ id, name }: { id: string; name: string }) => ({ id, name });

function formFields(space: SandboxSpace, project: string, type: string): object[] {
  const initial = new Map(space.reader.shape(project, type).fields.map((field) => [field.id, field.initial ?? null]));
  return space.fields(project, type).map((field) => ({ ...field, initial: initial.get(field.id) ?? null }));
}

function row(space: SandboxSpace, entity: Entity): object {
  const { id, key, type, project, version, updatedAt, updatedBy } = entity;
  return { id, key, type, project, version, updatedAt, updatedBy: updatedBy?.name, title: space.titleOf(entity) };
}

function get(path: string, reply: (request: PageRequest) => object): PageRoute {
  return { method: 'get', path, answer: (request) => replied(() => reply(request)) };
}

function post(path: string, reply: (body: Record<string, unknown>) => object): PageRoute {
  return {
    method: 'post',
    path,
    answer: (request) => {
      // a form on a foreign page can send every other content type with the visitor's cookies
      if (!/^application\/json\s*(;|$)/i.test(request.contentType)) return fault(415, 'Send JSON.');
      const { body } = request;
      if (!isRecord(body)) return fault(400, 'Send a JSON object.');
      const length = Number.isNaN(request.length) ? JSON.stringify(body).length : request.length;
      if (length > LARGEST_BODY) return fault(413, `This is too large: at most ${LARGEST_BODY / 1e6} MB.`);
      return replied(() => reply(body));
    },
  };
}

function replied(reply: () => object): { status: number; body: object } {
  try {
    return { status: 200, body: reply() };
  } catch (thrown) {
    const { kind, message, detail } = asSyncError(thrown);
    return { status: STATUS[kind], body: { error: { message, fields: detail.fields } } };
  }
}

const fault = (status: number, message: string) => ({ status, body: { error: { message } } });

function text(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new SyncError('invalid', `"${name}" is missing.`);
  return value;
}

/** The fields to write. Their values are checked by the sandbox, which believes nobody. */
function fieldsOf(body: Record<string, unknown>): Fields {
  if (!isRecord(body.fields)) throw new SyncError('invalid', '"fields" is missing.');
  return Object.fromEntries(Object.entries(body.fields).map(([id, value]) => [id, value as Value]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
