/**
 * Routes for the sandbox's page, below `/twinflow/sandbox/api/`:
 *
 *   GET spaces all sandboxes
 *   GET space?space its users, projects and item types
 *   GET fields?space&project&type the content of a form
 *   GET  entities?space&project&type&search&limit   newest change first
 *   GET entity?space&id one item with its comments, attachments and history
 *   POST create {space, user, project, type, fields, owner?} an item, or a comment on one
 *   POST edit   {space, user, id, fields}
 *   POST remove {space, user, id}                   a comment or an attachment
 * Files have routes of their own (file-routes.ts).
 *
 * An error has the form `{ error: { message, fields? } }`, with the errors by field in `fields`.
 */

import { existsSync } from 'node:fs';
import { isPartType, listSandboxes, openSandbox, type SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { asSyncError, SyncError, type SyncErrorKind } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import type { Fields, Value } from '../../lib/model/values';
import { treesIn } from './texts';

/** The used part of a request. */
export interface PageRequest {
  query(name: string): string | undefined;
  contentType: string;
  /** announced size of the body in bytes; NaN if the request does not say */
  length: number;
  body: unknown;
}

export interface PageRoute {
  method: 'get' | 'post';
  path: string;
  answer(request: PageRequest): { status: number; body: object };
}

/** Maximum number of bytes of a file that is attached on the page. */
export const LARGEST_FILE = 100_000_000;
/** Maximum number of characters in a request's JSON. */
const LARGEST_BODY = 2_000_000;
const MOST_ENTITIES = 500;
const MOST_REVISIONS = 50;
const MOST_COMMENTS = 500;
/** Comments whose texts are shown with their formatting. */
const MOST_TREES = 100;
const MOST_FILES = 500;

// never 401 or 403: those are Node-RED's own, and mean that the user has to log in
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

const spacesIn = (file: string | undefined) => (file !== undefined && !existsSync(file) ? [] : listSandboxes(file));

/** An existing sandbox, which the caller closes: viewing must not create one. @throws SyncError notFound */
export function spaceIn(file: string | undefined, name: string | undefined): SandboxSpace {
  const known = name !== undefined && spacesIn(file).some((space) => space.name === name);
  if (!known) throw new SyncError('notFound', `There is no sandbox "${(name ?? '').slice(0, 100)}".`);
  return openSandbox({ file, space: name });
}

/** The routes of the sandboxes in `file`; in memory if undefined. */
export function pageRoutes(file: string | undefined): PageRoute[] {
  function within<T>(name: string | undefined, work: (space: SandboxSpace) => T): T {
    const space = spaceIn(file, name);
    try {
      return work(space);
    } finally {
      space.close();
    }
  }

  return [
    get('spaces', () => ({ spaces: spacesIn(file) })),

    get('space', ({ query }) =>
      within(query('space'), ({ name, template }) => ({
        name,
        label: template.label,
        people: template.people.map(({ id, login, name: fullName }) => ({ id, login, name: fullName })),
        projects: template.projects.map(named),
        types: template.types.filter((type) => !isPartType(type)).map(named),
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
        if (!entity || entity.owner)
          throw new SyncError('notFound', `There is no item ${id.slice(0, 40)} in "${space.name}".`);
        return {
          entity,
          trees: treesIn(entity),
          fields: formFields(space, entity.project, entity.type),
          history: space.history(id, MOST_REVISIONS),
          comments: comments(space, entity),
          files: files(space, entity),
        };
      }),
    ),

    post('create', (body) =>
      within(text(body, 'space'), (space) => ({
        entity: space.create(text(body, 'user'), {
          project: text(body, 'project'),
          type: text(body, 'type'),
          fields: fieldsOf(body),
          ...(body.owner !== undefined && { owner: text(body, 'owner') }),
        }),
      })),
    ),

    post('edit', (body) =>
      within(text(body, 'space'), (space) => ({
        entity: space.edit(text(body, 'user'), text(body, 'id'), fieldsOf(body)),
      })),
    ),

    post('remove', (body) =>
      within(text(body, 'space'), (space) => {
        const [error] = space.removeParts(text(body, 'user'), [text(body, 'id')]);
        if (error) throw error;
        return {};
      }),
    ),
  ];
}

const named = ({ id, name }: { id: string; name: string }) => ({ id, name });

function formFields(space: SandboxSpace, project: string, type: string): object[] {
  const initial = new Map(space.shape(project, type).fields.map((field) => [field.id, field.initial ?? null]));
  return space.fields(project, type).map((field) => ({ ...field, initial: initial.get(field.id) ?? null }));
}

/** The newest comments of an item, and the data for a comment form; undefined if its type has none. */
function comments(space: SandboxSpace, { id, project, type }: Entity): object | undefined {
  const commentType = space.template.types.find(({ role, partOf }) => role === 'comment' && partOf?.includes(type));
  if (!commentType) return undefined;
  const all = (space.partsOf(id) ?? []).filter((part) => part.type === commentType.id);
  const fields = formFields(space, project, commentType.id);
  const newest = all.slice(-MOST_COMMENTS);
  const trees = Object.fromEntries(newest.slice(-MOST_TREES).map((comment) => [comment.id, treesIn(comment)]));
  return { type: commentType.id, fields, all: newest, trees, total: all.length };
}

/** The newest attachments of an item; undefined if its type has none. */
function files(space: SandboxSpace, { id, type }: Entity): object | undefined {
  const fileType = space.template.types.find(({ role, partOf }) => role === 'attachment' && partOf?.includes(type));
  if (!fileType) return undefined;
  const all = (space.partsOf(id) ?? []).filter((part) => part.type === fileType.id);
  return { all: all.slice(-MOST_FILES), total: all.length, most: LARGEST_FILE };
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
      if (!isObject(body)) return fault(400, 'Send a JSON object.');
      const length = Number.isNaN(request.length) ? JSON.stringify(body).length : request.length;
      if (length > LARGEST_BODY) return fault(413, `This is too large: at most ${LARGEST_BODY / 1e6} MB.`);
      return replied(() => reply(body));
    },
  };
}

export function answerOf(thrown: unknown): { status: number; body: object } {
  const { kind, message, detail } = asSyncError(thrown);
  return { status: STATUS[kind], body: { error: { message, fields: detail.fields } } };
}

function replied(reply: () => object): { status: number; body: object } {
  try {
    return { status: 200, body: reply() };
  } catch (thrown) {
    return answerOf(thrown);
  }
}

const fault = (status: number, message: string) => ({ status, body: { error: { message } } });

function text(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new SyncError('invalid', `"${name}" is missing.`);
  return value;
}

/** The fields to write. The sandbox checks their values strictly. */
function fieldsOf(body: Record<string, unknown>): Fields {
  if (!isObject(body.fields)) throw new SyncError('invalid', '"fields" is missing.');
  return Object.fromEntries(Object.entries(body.fields).map(([id, value]) => [id, value as Value]));
}
