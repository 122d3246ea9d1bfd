/**
 * Comments on named items, for every system with comments: a type of its own beside the items. Its `item` names the item by its key,
 * its text becomes a comment there, and further fields are set in the item itself. So commits and builds arrive at the items that
 * they name, whatever system these are in: the pair of types is one like any other, with a mapper, conditions and a preview.
 *
 * - The item's fields are set first, then the comment is added: a comment that is there says that all of it is done. Once per create.
 * - An item that is not there, or not in a project of the integration, is no error: the create is passed over, and reported once.
 * - Fields that the item does not take are reported; the comment is added all the same.
 * - Nothing is polled of it. The comments themselves are read as parts of their items, as those of people are.
 */

import { COMMENT_TEXT, type Entity, type EntityId, type EntityType, type Field, type ProjectId } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { append } from '../model/lists';
import type { FieldId, Fields, ListValue, Value } from '../model/values';
import {
  type Connection,
  type FindQuery,
  type FindResult,
  REMOTE_LINK,
  type ReadResult,
  type Scope,
  type WriteOperation,
  type WriteResult,
} from './connector';
import { isShown } from './kit/compare';
import { Cache } from './kit/metadata';
import { wholeBatch } from './whole-batch';

/** Id of the type. */
export const ITEM_COMMENT = 'item-comment';
/** The field that names the item. */
export const ITEM: FieldId = 'item';

/** In front of the ids of the item's own fields. */
const OF_ITEM = 'item.';
/** In front of a comment's id. */
const NOTE = 'note:';
const TYPES_MS = 60_000;
/** Values of an item that one value replaces as a whole; lists and formatted texts are people's work. */
const isSettable = ({ type, multi, readOnly, createOnly }: Field): boolean =>
  !readOnly && !createOnly && !multi && type !== 'richtext' && type !== 'reference';

type Create = Extract<WriteOperation, { kind: 'create' }>;
type Update = Extract<WriteOperation, { kind: 'update' }>;
type Written = Extract<WriteResult, { ok: true }>;

/** What is needed of a connection. */
type Base = Connection & Required<Pick<Connection, 'write' | 'byKey'>>;

const isBase = (connection: Connection): connection is Base =>
  connection.write !== undefined && connection.byKey !== undefined && connection.parts !== undefined;

/** The connection with the type of comments on named items, if it has comments and finds items by their keys. */
export function withItemComments(connection: Connection): Connection {
  if (!isBase(connection)) return connection;
  const own: Partial<Connection> = methodsOf(new ItemComments(connection));
  return new Proxy(connection, {
    get(target, name) {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
  });
}

const methodsOf = (comments: ItemComments): Partial<Connection> => ({
  entityTypes: (project) => comments.entityTypes(project),
  fields: (project, type) => comments.fields(project, type),
  changes: (scope, since, pageSize) => comments.changes(scope, since, pageSize),
  newest: (scope) => comments.newest(scope),
  read: (scope, ids) => comments.read(scope, ids),
  write: (scope, operations) => comments.write(scope, operations),
  ...(comments.base.find && { find: (query: FindQuery, limit: number) => comments.find(query, limit) }),
  ...(comments.base.latest && { latest: (scope: Scope, limit: number) => comments.latest(scope, limit) }),
  ...(comments.base.history && {
    history: async (id: EntityId) => (await comments.base.history?.(id.startsWith(NOTE) ? plainId(id) : id)) ?? [],
  }),
  ...(comments.base.lookupValues && {
    lookupValues: (project: ProjectId, type: string, field: FieldId, search: string) =>
      comments.lookupValues(project, type, field, search),
  }),
});

const plainId = (id: EntityId): EntityId => id.slice(NOTE.length);
const isOurs = (operation: WriteOperation): boolean =>
  operation.kind === 'create' ? operation.type === ITEM_COMMENT : operation.id.startsWith(NOTE);

/** One create, with the item that gets it. */
interface Task {
  operation: Create;
  item: Entity;
  /** type of the comment */
  type: string;
  /** what is set in the item, by the item's own field ids */
  set: Fields;
}

class ItemComments {
  private readonly types = new Cache<EntityType[]>(TYPES_MS);

  constructor(readonly base: Base) {}

  async entityTypes(project: ProjectId): Promise<EntityType[]> {
    const all = await this.base.entityTypes(project);
    return commentTypeOf(all) ? [...all, { id: ITEM_COMMENT, name: 'Comment on an item' }] : all;
  }

  async fields(project: ProjectId, type: string): Promise<Field[]> {
    if (type !== ITEM_COMMENT) return this.base.fields(project, type);
    const { comment, items } = await this.kinds(project);
    const own = (await this.base.fields(project, comment)).filter(({ readOnly }) => !readOnly);
    const ofItems = new Map<FieldId, Field>();
    for (const item of items) {
      for (const field of (await this.base.fields(project, item)).filter(isSettable)) {
        const known = ofItems.get(field.id);
        ofItems.set(field.id, known ? withValuesOf(known, field) : ofItem(field));
      }
    }
    return [{ id: ITEM, name: 'Item', type: 'text', required: true, maxLength: 255 }, ...own, ...ofItems.values()];
  }

  /** @throws SyncError notFound if there are no comments in a project */
  private async kinds(project: ProjectId): Promise<{ comment: string; items: string[] }> {
    const all = await this.types.remember(project, () => this.base.entityTypes(project));
    const comment = commentTypeOf(all);
    if (!comment) throw new SyncError('notFound', `Items of project ${project} have no comments.`);
    const { id, partOf = [] } = comment;
    return { comment: id, items: all.filter((one) => partOf.includes(one.id)).map((one) => one.id) };
  }

  /** The scope as the system knows it. */
  private async known({ projects, types }: Scope): Promise<Scope> {
    const plain = types.filter((type) => type !== ITEM_COMMENT);
    if (plain.length === types.length) return { projects, types };
    const found = new Set(plain);
    for (const project of projects) for (const type of (await this.kinds(project)).items) found.add(type);
    return { projects, types: [...found] };
  }

  async *changes(scope: Scope, since: Parameters<Connection['changes']>[1], pageSize: number) {
    const types = scope.types.filter((type) => type !== ITEM_COMMENT);
    if (types.length > 0) yield* this.base.changes({ ...scope, types }, since, pageSize);
    else yield { entities: [], checkpoint: since ?? this.base.checkpointAt(new Date().toISOString()) };
  }

  async newest(scope: Scope) {
    const types = scope.types.filter((type) => type !== ITEM_COMMENT);
    if (types.length > 0) return this.base.newest({ ...scope, types });
    return this.base.checkpointAt(new Date().toISOString());
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const types = scope.types.filter((type) => type !== ITEM_COMMENT);
    return types.length === 0 ? [] : ((await this.base.latest?.({ ...scope, types }, limit)) ?? []);
  }

  async lookupValues(project: ProjectId, type: string, field: FieldId, search: string) {
    if (type !== ITEM_COMMENT) return (await this.base.lookupValues?.(project, type, field, search)) ?? [];
    const found: ListValue[] = [];
    for (const item of (await this.kinds(project)).items)
      append(found, (await this.base.lookupValues?.(project, item, inItem(field), search)) ?? []);
    return [...new Map(found.map((value) => [value.id, value])).values()];
  }

  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const known = await this.known(scope);
    const read = await this.base.read(
      known,
      ids.map((id) => (id.startsWith(NOTE) ? plainId(id) : id)),
    );
    const owners = [...new Set(read.flatMap((one, index) => ownerOf(one, ids[index]) ?? []))];
    const items = new Map<EntityId, ReadResult>();
    const brought = owners.length > 0 ? await this.base.read(known, owners) : [];
    for (const [index, id] of owners.entries()) items.set(id, brought[index]);
    return read.map((one, index) => {
      if (!ids[index]?.startsWith(NOTE) || !one || one instanceof SyncError) return one;
      const item = items.get(one.owner?.id ?? '');
      if (item instanceof SyncError) return item;
      return asNote(one, item?.key ?? '', item?.fields ?? {});
    });
  }

  async write(scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    if (!operations.some(isOurs)) return this.base.write(await this.known(scope), operations);
    const known = await this.known(scope);
    const results = new Map<WriteOperation, WriteResult>();
    const others = operations.filter((one) => !isOurs(one));
    for (const [one, result] of await this.attempt(known, others)) results.set(one, result);
    const tasks: Task[] = [];
    const items = new Map<string, Promise<Entity | undefined>>();
    for (const operation of operations) {
      if (!isOurs(operation)) continue;
      try {
        if (operation.kind === 'update') results.set(operation, await this.update(known, operation));
        else tasks.push(await this.prepare(scope, operation, items));
      } catch (thrown) {
        results.set(operation, { ok: false, error: asSyncError(thrown) });
      }
    }
    for (const [one, result] of await this.create(known, tasks)) results.set(one, result);
    return operations.map(
      (one) => results.get(one) ?? { ok: false, error: new SyncError('fatal', 'An operation was not carried out') },
    );
  }

  /** @throws SyncError; with `passOver` if there is no such item for this integration */
  private async prepare(scope: Scope, operation: Create, items: Map<string, Promise<Entity | undefined>>) {
    const { comment, items: kinds } = await this.kinds(operation.project);
    const key = keyOf(operation.fields[ITEM]);
    if (key === '') throw passedOver('it names no item');
    const asked = items.get(key) ?? this.itemBy(key);
    items.set(key, asked);
    const item = await asked;
    if (!item) throw passedOver(`there is no item ${key}, or it is not visible to the account`);
    if (!scope.projects.includes(item.project)) throw passedOver(`${item.key} is in no project of this integration`);
    const sameProject = item.project === operation.project;
    const types = sameProject ? kinds : (await this.kinds(item.project)).items;
    if (!types.includes(item.type)) throw passedOver(`${item.key} is of a type that has no comments`);
    const set: Fields = {};
    for (const [field, value] of Object.entries(operation.fields))
      if (field.startsWith(OF_ITEM)) set[inItem(field)] = value;
    return { operation, item, type: comment, set };
  }

  /** A key that the system does not even take is one that it does not have. */
  private async itemBy(key: string): Promise<Entity | undefined> {
    try {
      const found = await this.base.byKey(key);
      return found?.owner ? undefined : found;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound' || error.kind === 'invalid' || error.kind === 'forbidden') return undefined;
      throw error;
    }
  }

  /** The items' fields first, then the comments. */
  private async create(scope: Scope, tasks: readonly Task[]): Promise<Map<WriteOperation, WriteResult>> {
    const results = new Map<WriteOperation, WriteResult>();
    const updates: { task: Task; update: Update }[] = [];
    /** item → its fields as they are once all updates before have been made */
    const shown = new Map<EntityId, Fields>();
    for (const task of tasks) {
      const { id, fields } = task.item;
      const now = shown.get(id) ?? fields;
      const differing = Object.entries(task.set).filter(([field, value]) => !isShown(now[field], value));
      shown.set(id, { ...now, ...task.set });
      if (differing.length > 0)
        updates.push({ task, update: { kind: 'update', id, fields: Object.fromEntries(differing) } });
    }
    const made = await this.attempt(
      scope,
      updates.map(({ update }) => update),
    );
    const ignored = new Map<Task, Record<FieldId, string>>();
    for (const { task, update } of updates) {
      const result = made.get(update);
      if (result?.ok) {
        shown.set(task.item.id, { ...shown.get(task.item.id), ...result.entity.fields });
        ignored.set(task, ofItemAll(result.ignored ?? {}));
      } else if (result && isRefusal(result.error)) ignored.set(task, reasonsOf(result.error, update));
      else
        results.set(task.operation, result ?? { ok: false, error: new SyncError('fatal', 'An item gave no result') });
    }
    const adding = tasks
      .filter(({ operation }) => !results.has(operation))
      .map((task) => ({ task, comment: commentFor(task) }));
    const added = await this.attempt(
      scope,
      adding.map(({ comment }) => comment),
    );
    for (const { task, comment } of adding) {
      const { item, operation } = task;
      const result = added.get(comment);
      const words = { ...strange(operation, task.set), ...withoutLink(operation) };
      if (result?.ok)
        results.set(operation, noted(result, operation, shown.get(item.id) ?? {}, { ...words, ...ignored.get(task) }));
      else if (result) results.set(operation, result);
    }
    return results;
  }

  /** The comment is edited; a changed field is set in its item. */
  private async update(scope: Scope, { id, fields }: Update): Promise<WriteResult> {
    const [before] = await this.read(scope, [id]);
    if (before instanceof SyncError) throw before;
    const [comment] = await this.base.read(scope, [plainId(id)]);
    if (!before || !comment || comment instanceof SyncError || !comment.owner)
      throw new SyncError('notFound', `Comment ${plainId(id)} is not there, or not visible to the account`);
    const own = Object.entries(fields).filter(([field]) => field !== ITEM && !field.startsWith(OF_ITEM));
    const set = Object.entries(fields).filter(([field]) => field.startsWith(OF_ITEM));
    const operations: Update[] = [
      ...(set.length > 0
        ? [
            {
              kind: 'update' as const,
              id: comment.owner.id,
              fields: Object.fromEntries(set.map(([f, v]) => [inItem(f), v])),
            },
          ]
        : []),
      ...(own.length > 0 ? [{ kind: 'update' as const, id: comment.id, fields: Object.fromEntries(own) }] : []),
    ];
    const ignored: Record<FieldId, string> = {};
    if (ITEM in fields && keyOf(fields[ITEM]) !== before.fields[ITEM]) ignored[ITEM] = 'a comment stays at its item';
    const results = operations.length > 0 ? await this.base.write(scope, operations) : [];
    for (const [index, result] of results.entries()) {
      if (!result.ok) return result;
      Object.assign(ignored, operations[index]?.id === comment.id ? result.ignored : ofItemAll(result.ignored ?? {}));
    }
    const [entity] = await this.read(scope, [id]);
    if (!entity || entity instanceof SyncError) throw entity ?? new SyncError('notFound', `${before.key} is not there`);
    return { ok: true, entity, ...(Object.keys(ignored).length > 0 && { ignored }) };
  }

  /** Once the first request was sent, what fails as a whole fails for each. */
  private async attempt<One extends WriteOperation>(scope: Scope, operations: One[]): Promise<Map<One, WriteResult>> {
    if (operations.length === 0) return new Map();
    const whole = (thrown: unknown): WriteResult[] =>
      operations.map(() => ({ ok: false, error: wholeBatch(asSyncError(thrown), operations.length) }));
    const results = await this.base.write(scope, operations).catch(whole);
    return new Map(
      operations.flatMap((one, index): [One, WriteResult][] => (results[index] ? [[one, results[index]]] : [])),
    );
  }

  /** Among the comments of the item that the create was to name. */
  async find(query: FindQuery, limit: number): Promise<FindResult[]> {
    if (query.type !== ITEM_COMMENT) return (await this.base.find?.(query, limit)) ?? [];
    const { project, marker, createdBySelfSince, wrote = {} } = query;
    const item = await this.itemBy(keyOf(wrote[ITEM]));
    if (!item) return [];
    const { comment } = await this.kinds(project);
    const at = { project: item.project, type: comment, owner: item.id };
    const by = {
      ...(marker !== undefined && { marker }),
      ...(createdBySelfSince !== undefined && { createdBySelfSince }),
    };
    const found = (await this.base.find?.({ ...at, ...by }, limit)) ?? [];
    return found.flatMap((one): FindResult[] => {
      if (one instanceof SyncError) return [one];
      if (query.field && !isShown(one.fields[COMMENT_TEXT], wrote[COMMENT_TEXT] ?? null)) return [];
      const note = asNote(one, keyOf(wrote[ITEM]), item.fields);
      // set before the comment was added: what people have done since is theirs
      return [{ ...note, fields: { ...note.fields, ...ofItemOnly(wrote) } }];
    });
  }
}

const passedOver = (why: string): SyncError => new SyncError('notFound', why, { passOver: true });

const commentTypeOf = (types: readonly EntityType[]): EntityType | undefined =>
  types.find(({ role }) => role === 'comment');

const ofItem = (field: Field): Field => {
  const { required: _required, hasDefault: _default, ...rest } = field;
  return { ...rest, id: OF_ITEM + field.id, name: `Item: ${field.name}` };
};

/** Types of items may have different lists. */
function withValuesOf(known: Field, { values }: Field): Field {
  if (!known.values || !values) return known;
  const all = new Map([...known.values, ...values].map((value) => [value.id ?? value.name ?? '', value]));
  return { ...known, values: [...all.values()] };
}

const inItem = (field: FieldId): FieldId => field.slice(OF_ITEM.length);
const ofItemAll = <V>(fields: Record<FieldId, V>): Record<FieldId, V> =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [OF_ITEM + field, value]));
/** Without what the comment itself says. */
const ofItemOnly = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field.startsWith(OF_ITEM)));

const keyOf = (value: Value | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : '';
const ownerOf = (one: ReadResult, id: EntityId | undefined): EntityId | undefined =>
  id?.startsWith(NOTE) && one && !(one instanceof SyncError) ? one.owner?.id : undefined;

function asNote({ owner: _owner, ...comment }: Entity, item: string, itemFields: Fields): Entity {
  const { fields } = comment;
  return {
    ...comment,
    id: NOTE + comment.id,
    type: ITEM_COMMENT,
    fields: { ...fields, [ITEM]: item, ...ofItemAll(itemFields) },
  };
}

function commentFor({ operation, item, type }: Task): Create {
  const { marker } = operation;
  const own = Object.entries(operation.fields).filter(([field]) => COMMENT_FIELDS.includes(field));
  return {
    ...{ kind: 'create', type, project: item.project, owner: item.id, fields: Object.fromEntries(own) },
    ...(marker !== undefined && { marker }),
  };
}

/** What a comment has that can be written. */
const COMMENT_FIELDS: readonly FieldId[] = [COMMENT_TEXT, 'visibility'];

/** The link belongs to an item, which may be named by many. */
const withoutLink = ({ remoteLink }: Create): Record<FieldId, string> =>
  remoteLink ? { [REMOTE_LINK]: 'a comment has no place for links' } : {};

/** Fields that neither a comment nor its item has: where a backlink was to be written, say. */
const strange = ({ fields }: Create, set: Fields): Record<FieldId, string> =>
  Object.fromEntries(
    Object.keys(fields)
      .filter(
        (field) =>
          field !== ITEM && !COMMENT_FIELDS.includes(field) && !(field.startsWith(OF_ITEM) && inItem(field) in set),
      )
      .map((field) => [field, 'a comment has no such field']),
  );

function noted(result: Written, { fields }: Create, itemFields: Fields, ignored: Record<FieldId, string>): Written {
  const { entity, exact } = result;
  const all = { ...result.ignored, ...ignored };
  return {
    ...{ ok: true, entity: asNote(entity, keyOf(fields[ITEM]), itemFields) },
    ...(exact && { exact }),
    ...(Object.keys(all).length > 0 && { ignored: all }),
  };
}

/** The item was looked at, and its fields stay as they are. */
const isRefusal = ({ kind }: SyncError): boolean => ['invalid', 'forbidden', 'conflict'].includes(kind);

function reasonsOf({ message, detail }: SyncError, { fields }: Update): Record<FieldId, string> {
  const named = Object.entries(detail.fields ?? {}).filter(([field]) => field in fields);
  const reasons = named.length > 0 ? named : Object.keys(fields).map((field): [FieldId, string] => [field, message]);
  return ofItemAll(Object.fromEntries(reasons));
}
