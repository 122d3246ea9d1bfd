/**
 * Writes as the file declares them: the fields as JSON, an update locked by an ETag where the system has one. Without an exact
 * answer everything is read back and compared, so that what a system did not take is named.
 */

import type { Entity, EntityId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, Value } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import { isShown } from '../kit/compare';
import { type Json, textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import { collectProblems, Problem } from '../kit/wanted';
import { type Prepared, refuseProblems, type Sent, writeEach } from '../kit/writes';
import type { Api } from './api';
import type { Entities } from './entities';
import type { ConnectorFile, DeclaredField, DeclaredType } from './format';
import { entityId, type Whereabouts, whereabouts } from './ids';
import { putAt, valueAt } from './path';
import type { Found, Reading } from './reading';
import { type ValueSources, wantedValue } from './values';

/** Versions in which entities were read, so that an update detects a later change. */
export type ShownVersions = Recent<EntityId, string>;
const REMEMBERED = 10_000;
export const shownVersions = (): ShownVersions => new Recent(REMEMBERED);

export interface WriteContext {
  file: ConnectorFile;
  api: Api;
  entities: Entities;
  reading: Reading;
  shown: ShownVersions;
  sources(project: ProjectId): ValueSources;
  /** @throws SyncError notFound if the system has no such project */
  project(id: ProjectId): Promise<unknown>;
}

/** A property that a create does not take. */
interface Later {
  field: FieldId;
  property: string;
  sent: unknown;
  shown: Value;
}

interface Request {
  type: DeclaredType;
  project: ProjectId;
  body: Json;
  later: Later[];
}

export function writeDeclared(
  context: WriteContext,
  scope: Scope,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const { file, api, entities, reading } = context;

  const typeOf = (id: string): DeclaredType => {
    const type = file.types.find((one) => one.id === id);
    if (type) return type;
    throw new SyncError('notFound', `${api.product} has no item type "${id}"`);
  };

  const target = (id: EntityId): Whereabouts => {
    const at = whereabouts(file, id);
    if (at) return at;
    throw new SyncError('notFound', `"${id.slice(0, 60)}" is no id of ${api.product}`);
  };

  async function placeOf(at: Whereabouts): Promise<ProjectId> {
    const { projects } = file;
    if (at.project !== undefined) return at.project;
    if (projects.by === 'one') return projects.id;
    const [only, other] = scope.projects;
    if (only !== undefined && other === undefined) return only;
    const { type, item, project } = await reading.item(at);
    return entities.known(type, item, project).project;
  }

  async function prepare(operation: WriteOperation): Promise<Prepared<Request>> {
    const isNew = operation.kind === 'create';
    const type = isNew ? typeOf(operation.type) : target(operation.id).type;
    const way = isNew ? type.create : type.update;
    const about = isNew ? `A new ${type.name}` : `${type.name} ${operation.id}`;
    if (!way)
      throw new SyncError(
        'forbidden',
        `${about} cannot be ${isNew ? 'created' : 'updated'}: ${type.name} is only read here`,
      );
    if (isNew) await context.project(operation.project);
    const project = isNew ? operation.project : await placeOf(target(operation.id));
    const known = new Map(type.fields.map((field) => [field.id, field]));
    const [body, expected, ignored]: [Json, Fields, Record<FieldId, string>] = [{}, {}, {}];
    const later: Later[] = [];
    const given: Record<FieldId, Value> = { ...operation.fields };
    if (isNew) {
      for (const { id, required, readOnly } of type.fields) if (required && !readOnly) given[id] ??= null;
      for (const id of operation.empty ?? []) given[id] ??= null;
    }
    const optional = new Set(isNew ? (operation.empty ?? []) : []);
    const problems = await collectProblems(given, async (id, value) => {
      const field = known.get(id);
      if (!field) throw new Problem(`${id}: ${type.name} has no such field`);
      const why = unwritable(field, isNew);
      if (why !== undefined) {
        ignored[id] = why;
        return;
      }
      try {
        const { sent, shown } = await wantedValue(field, value, context.sources(project));
        const property = field.write ?? field.path ?? field.id;
        if (isNew && field.later) later.push({ field: id, property, sent, shown });
        else putAt(body, property, sent);
        if (!field.unshown) expected[id] = shown;
      } catch (thrown) {
        if (!(thrown instanceof Problem) || !optional.has(id)) throw thrown;
        ignored[id] = thrown.message;
      }
    });
    refuseProblems(about, problems);
    if (isNew && operation.marker !== undefined && type.create?.marker) {
      const { property, max } = type.create.marker;
      if (max === undefined || operation.marker.length <= max) putAt(body, property, operation.marker);
    }
    return { request: { type, project, body, later }, expected, ignored };
  }

  const bodyOf = (
    way: { under?: string; also?: Record<string, string> },
    fields: Json,
    vars: Record<string, string>,
  ): Json => {
    const body: Json = {};
    for (const [name, value] of Object.entries(way.also ?? {})) putAt(body, name, api.filled(value, vars));
    if (way.under === undefined) return { ...body, ...fields };
    putAt(body, way.under, fields);
    return body;
  };

  async function create({ type, project, body, later }: Request): Promise<Sent<Found>> {
    const way = type.create;
    if (!way) throw new SyncError('forbidden', `${type.name} is only read here`);
    const vars = { project };
    const path = api.filled(way.post, vars);
    const answer = await api.send('POST', path, bodyOf(way, body, vars));
    const item = valueAt(answer.body, way.item ?? '');
    const own = textOf(valueAt(item, type.item.id));
    if (own === undefined) {
      const words = `${api.product} took a new ${type.name} (HTTP ${answer.status}), but does not name it`;
      throw new SyncError('fatal', words, { status: answer.status, uncertain: true });
    }
    const at: Whereabouts = { type, id: own, ...(type.item.within && { project }) };
    const sent = sentOf(at, project, way.exact === true, item);
    const shownNow = fieldsOf(sent.shown);
    // what a new entity has anyway is not written again: somebody may already have changed it
    const left = later.filter(({ field, shown }) => !isShown(shownNow[field], shown));
    if (left.length === 0) return sent;
    const rest: Json = {};
    for (const one of left) putAt(rest, one.property, one.sent);
    try {
      return await update(at, { type, project, body: rest, later: [] });
    } catch (thrown) {
      const error = asSyncError(thrown);
      const lacks = left.map(({ field }) => field).join(', ');
      const words = `${type.name} ${own} was created, but lacks ${lacks}: ${error.message}`;
      throw new SyncError(error.kind, words, { ...error.detail, uncertain: true });
    }
  }

  /** None if the answer cannot be read: the create is done, and must not fail because of that. */
  function fieldsOf(found: Found | undefined): Fields {
    try {
      return found ? entities.entity(found.type, found.item, found.project).fields : {};
    } catch {
      return {};
    }
  }

  async function update(at: Whereabouts, { type, project, body }: Request): Promise<Sent<Found>> {
    const way = type.update;
    if (!way) throw new SyncError('forbidden', `${type.name} is only read here`);
    const id = entityId(file, at);
    if (Object.keys(body).length === 0) return { id };
    const vars = { ...reading.varsOf(at), project };
    const headers: Record<string, string> = {};
    if (way.ifMatch !== undefined) {
      const merged = context.shown.take(id);
      const now = await reading.item(at);
      const version = entities.entity(type, now.item, now.project).version;
      if (merged !== undefined && merged !== version)
        throw new SyncError(
          'conflict',
          `${type.name} ${at.id} was changed by somebody else meanwhile; it is merged again`,
        );
      const tag = way.ifMatch === 'header' ? now.etag : textOf(valueAt(now.item, way.ifMatch));
      if (tag !== undefined) headers['If-Match'] = tag;
    }
    const answer = await api.send(way.method, api.filled(way.path, vars), bodyOf(way, body, vars), headers);
    const said = way.says === undefined ? [] : [valueAt(answer.body, way.says)].flat();
    const words = said.flatMap((one) => textOf(one) ?? []).join(' ');
    const sent = sentOf(at, project, way.exact === true, valueAt(answer.body, way.item ?? ''));
    return { ...sent, ...(words !== '' && { words }) };
  }

  /** An answer that does not show the entity, or another one, is read back. */
  function sentOf(at: Whereabouts, project: ProjectId, exact: boolean, item: unknown): Sent<Found> {
    const id = entityId(file, at);
    const isWhole =
      exact && typeof item === 'object' && item !== null && textOf(valueAt(item, at.type.item.id)) === at.id;
    if (!isWhole) return { id };
    return { id, shown: { type: at.type, item: item as Json, project }, exact: true };
  }

  return writeEach<Request, Found>(
    {
      product: api.product,
      concurrency: file.http.concurrency ?? 2,
      prepare,
      send: (operation, request) =>
        operation.kind === 'create' ? create(request) : update(target(operation.id), request),
      describe: async (shown): Promise<Entity[]> =>
        shown.map(({ type, item, project }) => entities.entity(type, item, project)),
      readBack: (ids) => reading.read(ids),
      gone: (id) => new SyncError('notFound', `${api.product} does not show "${id}" to this account any more`),
    },
    operations,
  );
}

function unwritable({ name, readOnly, createOnly }: DeclaredField, isNew: boolean): string | undefined {
  if (readOnly) return `${name} is set by the system itself`;
  return createOnly && !isNew ? `${name} can only be set when an item is created` : undefined;
}
