/** Tickets as entities: by id, by query, as a feed of transactions; and cached data about queues, fields and users. */

import { createHash } from 'node:crypto';

import chunk = require('lodash/chunk');

import type { Entity, EntityId, Project } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { plainPart } from '../../model/same-text';
import type { RichText, UserValue } from '../../model/values';
import type { FindQuery, FindResult, Revision, Scope } from '../connector';
import { isSearched } from '../kit/compare';
import { readInParts } from '../kit/in-parts';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { Debts, isOfOne } from '../kit/owed';
import { Accounts, compactUser, type UserQuery } from '../kit/people';
import { portions } from '../kit/portions';
import { Recent } from '../kit/recent';
import type { Numbered, SequenceFeed, Stretch } from '../kit/sequence';
import { type Api, PAGE, type Query, quoted } from './api';
import { type CustomField, customFieldOf, customId, loginsIn, TICKET_FIELDS, timeOf, valuesOf } from './fields';
import { relationsOf, showsLinks } from './relations';
import { DESCRIPTION, FirstMessages } from './texts';

/** The only entity type. */
export const TICKET = 'ticket';
/** How long a transaction may take in the server before others see it. */
const SETTLE_MS = 10_000;
const QUEUES_MS = 60_000;
const FIELDS_MS = 60_000;
const NEWEST_MS = 300_000;
const PEOPLE_MS = 3_600_000;
const MOST_PEOPLE = 5_000;
const MOST_REVISIONS = 200;
/** Maximum number of values in one search, which are part of its URL. */
const VALUES = { most: 25, characters: 1_500 };

const equals = (column: string, value: string): string => `${column} = ${quoted(value)}`;

/** Whether "=" ignores case depends on RT's database; LIKE does everywhere. @see plainPart */
function contains(column: string, value: string): string {
  const part = plainPart(value);
  return part === '' ? `${column} IS NOT NULL` : `${column} LIKE ${quoted(part)}`;
}
const REMEMBERED = 10_000;

/** https://docs.bestpractical.com/rt/5.0/customizing/lifecycles.html */
const DEFAULT_LIFECYCLE = ['new', 'open', 'stalled', 'resolved', 'rejected'];

const isId = (id: string): boolean => /^[1-9]\d{0,15}$/.test(id);

export class Tickets {
  private readonly queueList = new Cache<Project[]>(QUEUES_MS);
  /** the newest tickets of queues of which none is known */
  private readonly newest = new Cache<EntityId[]>(NEWEST_MS, 200);
  private readonly customs = new Cache<CustomField[]>(FIELDS_MS, 200);
  private readonly people = new Cache<UserValue>(PEOPLE_MS, MOST_PEOPLE);
  /** versions in which `read` showed tickets last, so that a write can detect later changes */
  private readonly shown = new Recent<EntityId, string>(REMEMBERED);

  /** resolves the users in written values */
  readonly accounts = new Accounts((query) => this.users(query));

  private readonly debts = new Debts<EntityId>('Request Tracker', 'tickets');

  private readonly firstMessages: FirstMessages;

  constructor(private readonly api: Api) {
    this.firstMessages = new FirstMessages(api);
  }

  queues(): Promise<Project[]> {
    return this.queueList.remember('', async () => {
      const all = await this.api.all('queues/all', { fields: 'Name' });
      return all.flatMap(({ id, Name }) => {
        const [number, name] = [textOf(id), textOf(Name)];
        return number === undefined ? [] : [{ id: number, name: name ?? number }];
      });
    });
  }

  /** @throws notFound */
  async queue(id: string): Promise<Project> {
    const found = (await this.queues()).find((queue) => queue.id === id);
    if (!found) throw new SyncError('notFound', `RT shows this account no queue "${id}"`);
    return found;
  }

  /** The custom fields of a queue's tickets. @throws notFound */
  async customFields(queue: string): Promise<CustomField[]> {
    await this.queue(queue);
    return this.customs.remember(queue, async () => {
      const listed = listOf(await this.api.get(`queue/${queue}`), 'TicketCustomFields');
      const fields: CustomField[] = [];
      for (const { id } of listed) {
        const number = textOf(id);
        if (number !== undefined) fields.push(customFieldOf(await this.api.get(`customfield/${number}`)));
      }
      return fields;
    });
  }

  /** In the order of `ids`. Tickets missing from a list are requested alone: only RT's own answer means that they
   * are gone. */
  async read(ids: EntityId[]): Promise<(Entity | undefined | SyncError)[]> {
    const results = await this.look(ids);
    for (const one of results) if (one && !(one instanceof SyncError)) this.shown.set(one.id, one.version);
    return results;
  }

  /** As `read`, for the connector itself. */
  async look(ids: EntityId[]): Promise<(Entity | undefined | SyncError)[]> {
    const { found, failed } = await this.byIds([...new Set(ids.filter(isId))]);
    const results = new Map<EntityId, Entity | undefined | SyncError>(failed);
    for (const [id, entity] of found) results.set(id, entity);
    for (const id of new Set(ids)) if (isId(id) && !results.has(id)) results.set(id, await this.alone(id));
    return ids.map((id) => results.get(id));
  }

  private async alone(id: EntityId): Promise<Entity | undefined | SyncError> {
    try {
      const ticket = await this.api.get(`ticket/${id}`);
      if (ticket.Status === 'deleted') return undefined;
      const [entity] = await this.entities([ticket]);
      if (entity) return entity;
      const message = (await this.firstMessages.of([id])).get(id);
      if (message instanceof SyncError) return message;
      const words = `RT shows ticket ${id} without number, queue or time of its last update`;
      return new SyncError('fatal', words, { malformed: true });
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound') return undefined;
      // RT fails on this ticket, or does not let the account see it: neither means gone. All other failures are the
      // system's
      if (error.kind === 'forbidden' || isOfOne(error)) return error;
      throw error;
    }
  }

  private async byIds(ids: EntityId[]): Promise<{ found: Map<EntityId, Entity>; failed: Map<EntityId, SyncError> }> {
    const found = new Map<EntityId, Entity>();
    const failed = new Map<EntityId, SyncError>();
    for (let at = 0; at < ids.length; at += PAGE) {
      const part = await readInParts<Json>(
        ids.slice(at, at + PAGE),
        async (some) => {
          const query = some.map((id) => `id = ${id}`).join(' OR ');
          return this.withLinks((await this.api.list('tickets', { query, fields: TICKET_FIELDS })).items);
        },
        () => this.api.get('rt'),
      );
      for (const [id, error] of part.failed) failed.set(id, error);
      for (const entity of await this.entities(part.found)) found.set(entity.id, entity);
    }
    return { found, failed };
  }

  /** Tickets of a list with their links: versions of RT whose lists do not show them are asked for each ticket. */
  private async withLinks(tickets: Json[]): Promise<Json[]> {
    const all: Json[] = [];
    for (const ticket of tickets) {
      const id = textOf(ticket.id);
      all.push(showsLinks(ticket) || id === undefined ? ticket : await this.api.get(`ticket/${id}`));
    }
    return all;
  }

  private url(id: EntityId): string {
    return `${this.api.base}Ticket/Display.html?id=${id}`;
  }

  /** Raw tickets as entities; unreadable ones are left out. */
  async entities(tickets: Json[]): Promise<Entity[]> {
    await Promise.all([...new Set(tickets.flatMap(loginsIn))].map((login) => this.person(login)));
    const messages = await this.firstMessages.of(tickets.flatMap(({ id }) => textOf(id) ?? []));
    const entities: Entity[] = [];
    for (const ticket of tickets) {
      const message = messages.get(textOf(ticket.id) ?? '') ?? null;
      const entity = message instanceof SyncError ? undefined : await this.entity(ticket, message);
      if (entity) entities.push(entity);
    }
    return entities;
  }

  private async entity(ticket: Json, firstMessage: RichText | null): Promise<Entity | undefined> {
    const id = textOf(ticket.id);
    const queue = isJson(ticket.Queue) ? textOf(ticket.Queue.id) : undefined;
    const updatedAt = timeOf(ticket.LastUpdated);
    if (id === undefined || queue === undefined || updatedAt === undefined) return undefined;
    const known = await this.known(ticket);
    const changing = {
      ...valuesOf(ticket, await this.customFields(queue), (login) => known.get(login) ?? { login }),
      ...relationsOf(ticket, (other) => ({ id: other, key: other, url: this.url(other) })),
    };
    const by = (value: unknown): UserValue | undefined =>
      isJson(value) ? known.get(textOf(value.id) ?? '') : undefined;
    // whole seconds, in which much may happen: the ticket's content distinguishes versions
    const digest = createHash('sha1').update(JSON.stringify(changing)).digest('base64url').slice(0, 12);
    const version = `${updatedAt}@${digest}`;
    const fields = { ...changing, [DESCRIPTION.id]: firstMessage };
    const [createdAt, createdBy, updatedBy] = [timeOf(ticket.Created), by(ticket.Creator), by(ticket.LastUpdatedBy)];
    return {
      ...{ id, key: id, url: this.url(id), type: TICKET, project: queue },
      ...{ version, updatedAt, fields },
      ...(createdAt && { createdAt }),
      ...(createdBy && { createdBy }),
      ...(updatedBy && { updatedBy }),
    };
  }

  private async known(ticket: Json): Promise<Map<string, UserValue>> {
    const people = await Promise.all(loginsIn(ticket).map((login) => this.person(login)));
    return new Map(people.map((person) => [person.login ?? '', person]));
  }

  /** The version in which `read` showed the ticket last, once: the next write was decided with that version. */
  takeVersion(id: EntityId): string | undefined {
    return this.shown.take(id);
  }

  /** A user with name and email, as far as RT reports them. */
  person(login: string): Promise<UserValue> {
    return this.people.remember(login, async () => {
      try {
        return { ...personOf(await this.api.get(`user/${encodeURIComponent(login)}`)), login };
      } catch (thrown) {
        const { kind } = asSyncError(thrown);
        if (kind !== 'notFound' && kind !== 'forbidden') throw thrown;
        return { login };
      }
    });
  }

  /** @see Connection.changes: transactions, which RT numbers */
  async feed(scope: Scope): Promise<SequenceFeed> {
    const there = new Map((await this.queues()).map(({ id, name }) => [id, name]));
    const names = scope.projects.flatMap((id) => there.get(id) ?? []);
    const gone = scope.projects.filter((id) => !there.has(id));
    const missing = new Map(gone.map((id) => [id, `RT shows this account no queue "${id}"`]));
    if (names.length === 0) throw new SyncError('notFound', [...missing.values()].join('; '));
    const within = scope.types.includes(TICKET)
      ? names.map((name) => `TicketQueue = ${quoted(name)}`).join(' OR ')
      : 'id = 0';
    const queues = scope.projects.map((id) => `Queue = ${quoted(id)}`).join(' OR ');
    const listed = async (query: string, order: 'ASC' | 'DESC', limit: number) => {
      const fields = 'ObjectId,Created';
      return this.api.list('transactions', { query, orderby: 'id', order, fields, per_page: Math.min(PAGE, limit) });
    };
    const inScope = ({ project, type }: Entity): boolean =>
      scope.projects.includes(project) && scope.types.includes(type);
    return {
      missing,
      sight: {
        projects: scope.projects.filter((id) => there.has(id)),
        newest: (id) => this.newest.remember(id, () => this.newestOf(id)),
        hidden: (ids) => this.hidden(ids),
        why: (id) =>
          `RT no longer shows this account the tickets of queue "${there.get(id)}": it lacks the right ShowTicket there`,
      },
      product: 'Request Tracker',
      entry: 'transaction',
      settleMs: SETTLE_MS,
      entries: async (from, limit) => {
        const { items, now } = await listed(
          `id >= ${from} AND ObjectType = 'RT::Ticket' AND (${within})`,
          'ASC',
          limit,
        );
        return { entries: items.flatMap(numbered), ...(now !== undefined && { now }) };
      },
      newest: async (where) => {
        const query = where === 'scope' ? `ObjectType = 'RT::Ticket' AND (${within})` : "ObjectType = 'RT::Ticket'";
        return (await listed(query, 'DESC', 1)).items.flatMap(numbered)[0];
      },
      everything: (after, limit) =>
        this.stretch(`id > ${after ?? 0} AND Type = 'ticket' AND (${queues})`, limit, inScope),
      read: async (ids) => {
        const results = await this.look(ids);
        return results.map((one) => (one instanceof SyncError || (one && inScope(one)) ? one : undefined));
      },
      debts: this.debts,
    };
  }

  private async newestOf(queue: string): Promise<EntityId[]> {
    const query = `Queue = ${quoted(queue)} AND Type = 'ticket'`;
    const { items } = await this.api.list('tickets', { query, orderby: 'id', order: 'DESC', per_page: 2 });
    return items.flatMap(({ id }) => textOf(id) ?? []);
  }

  /** A list leaves out tickets that the account cannot see; RT itself says so about each. */
  private async hidden(ids: EntityId[]): Promise<ReadonlySet<EntityId>> {
    const hidden = new Set<EntityId>();
    for (const some of chunk(ids, PAGE)) {
      const query = some.map((id) => `id = ${id}`).join(' OR ');
      const { items } = await this.api.list('tickets', { query });
      const shown = new Set(items.map(({ id }) => textOf(id)));
      for (const id of some) {
        if (shown.has(id)) continue;
        const answer = await this.alone(id);
        if (answer instanceof SyncError && answer.kind === 'forbidden') hidden.add(id);
      }
    }
    return hidden;
  }

  /** Tickets of a query by ascending id. */
  private async stretch(query: string, limit: number, inScope: (ticket: Entity) => boolean): Promise<Stretch> {
    const { entities, ids, failed } = await this.listed({ query, orderby: 'id', order: 'ASC', per_page: limit });
    return { entities: entities.filter(inScope), last: ids.at(-1), failed };
  }

  /**
   * Tickets of a query, in its order. If RT fails on one of them, their ids are requested, and then each ticket by id.
   * @returns `ids`: all in the list, including those that are not delivered
   */
  private async listed(
    asked: Query,
  ): Promise<{ entities: Entity[]; ids: EntityId[]; failed: Map<EntityId, SyncError> }> {
    const idsOf = (items: Json[]): EntityId[] => items.flatMap(({ id }) => textOf(id) ?? []);
    let ids: EntityId[];
    try {
      const { items } = await this.api.list('tickets', { ...asked, fields: TICKET_FIELDS });
      const entities = await this.entities(await this.withLinks(items));
      ids = idsOf(items);
      if (entities.length === items.length) return { entities, ids, failed: new Map() };
    } catch (thrown) {
      if (!isOfOne(asSyncError(thrown))) throw thrown;
      ids = idsOf((await this.api.list('tickets', asked)).items);
    }
    const results = await this.look(ids);
    const entities: Entity[] = [];
    const failed = new Map<EntityId, SyncError>();
    for (const [index, id] of ids.entries()) {
      const result = results[index];
      if (result instanceof SyncError) failed.set(id, result);
      else if (result) entities.push(result);
    }
    return { entities, ids, failed };
  }

  /** The newest tickets of the scope. */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const queues = scope.projects.map((id) => `Queue = ${quoted(id)}`).join(' OR ');
    const order = { orderby: 'LastUpdated', order: 'DESC' };
    const query = `Type = 'ticket' AND (${queues})`;
    return (await this.listed({ query, ...order, per_page: Math.min(PAGE, limit) })).entities;
  }

  /** @see Connection.find. Times are compared here, because RT reads those of a query in the account's time zone. */
  async find(query: FindQuery, limit: number): Promise<FindResult[]> {
    const { project, type, marker, field, createdBySelfSince } = query;
    if (marker !== undefined || type !== TICKET) return [];
    const custom = field && (await this.customFields(project)).find(({ id }) => customId(id) === field.id);
    if (field && !custom && field.id !== 'Subject') {
      if (field.how === undefined) return [];
      throw new SyncError('invalid', `Tickets cannot be searched by ${field.id}`, {
        fields: { [field.id]: 'cannot be searched for' },
      });
    }
    const column = custom ? `'CF.{${custom.name.replace(/[\\']/g, '\\$&')}}'` : 'Subject';
    const common = [
      `Queue = ${quoted(project)}`,
      "Type = 'ticket'",
      ...(createdBySelfSince !== undefined ? ["Creator = '__CurrentUser__'"] : []),
    ];
    const since =
      createdBySelfSince === undefined
        ? Number.NEGATIVE_INFINITY
        : Math.floor(Date.parse(createdBySelfSince) / 1000) * 1000;
    const unseen: SyncError[] = [];
    if (!field) return [...(await this.foundBy(common, since, limit, unseen)), ...unseen];
    const wanted = new Set(field.values.flatMap((value) => textOf(value) ?? []));
    const isWanted = ({ fields }: Entity): boolean =>
      field.how === undefined ? wanted.has(textOf(fields[field.id]) ?? '') : isSearched(fields[field.id], field);
    const condition = field.how === undefined || field.how === 'equal' ? equals : contains;
    const found = new Map<EntityId, Entity>();
    for (const some of portions([...wanted], VALUES)) {
      const any = `(${some.map((value) => condition(column, field.how === undefined ? value : value.trim())).join(' OR ')})`;
      for (const one of await this.foundBy([...common, any], since, limit, unseen, isWanted)) found.set(one.id, one);
    }
    return [...[...found.values()].slice(0, limit), ...unseen];
  }

  /** @param unseen receives those that are not delivered */
  private async foundBy(
    conditions: string[],
    since: number,
    limit: number,
    unseen: SyncError[],
    isWanted: (entity: Entity) => boolean = () => true,
  ): Promise<Entity[]> {
    const found: Entity[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    // newest first, by number: a ticket older than requested ends the search
    while (found.length < limit) {
      const where = [...conditions, `id < ${before}`].join(' AND ');
      const { entities, ids, failed } = await this.listed({ query: where, orderby: 'id', order: 'DESC' });
      append(unseen, [...failed.values()]);
      const young = entities.filter(({ createdAt }) => Date.parse(createdAt ?? '') >= since);
      append(found, young.filter(isWanted));
      const last = numberOf(ids.at(-1));
      if (ids.length < PAGE || young.length < entities.length || last === undefined || last >= before) break;
      before = last;
    }
    return found.slice(0, limit);
  }

  /** Users who match exactly, or whose name, login or email contains `search`. */
  async users(query: UserQuery): Promise<UserValue[]> {
    const by = (field: string, value: string, operator = '=') => ({ field, value, operator });
    const asked = query.email
      ? [[by('EmailAddress', query.email)]]
      : query.login
        ? [[by('Name', query.login)]]
        : query.name
          ? [[by('RealName', query.name)]]
          : ['Name', 'RealName', 'EmailAddress'].map((field) => [by(field, query.search ?? '', 'LIKE')]);
    const found = new Map<string, UserValue>();
    for (const conditions of asked) {
      const fields = 'Name,RealName,EmailAddress,Disabled,Privileged';
      const { items } = await this.api.list('users', { query: JSON.stringify(conditions), fields });
      for (const item of items) {
        const person = personOf(item);
        // RT's own two accounts are not users
        if (item.Disabled === '1' || person.login === undefined || /^(Nobody|RT_System)$/.test(person.login)) continue;
        found.set(person.login, person);
      }
    }
    return [...found.values()];
  }

  /**
   * The statuses of a queue. RT does not report its lifecycles, so these are the current and former statuses of its
   * newest tickets and, for RT's default lifecycle, all of it.
   */
  async statuses(queue: string): Promise<string[]> {
    const { name } = await this.queue(queue);
    const newest = { orderby: 'id', order: 'DESC' };
    const [tickets, moves, { Lifecycle }] = await Promise.all([
      this.api.list('tickets', { query: `Queue = ${quoted(queue)} AND Type = 'ticket'`, ...newest, fields: 'Status' }),
      this.api.list('transactions', {
        query: `ObjectType = 'RT::Ticket' AND Type = 'Status' AND TicketQueue = ${quoted(name)}`,
        ...{ ...newest, fields: 'OldValue,NewValue' },
      }),
      this.api.get(`queue/${queue}`),
    ]);
    const seen = [
      ...tickets.items.map(({ Status }) => Status),
      ...moves.items.flatMap(({ OldValue, NewValue }) => [OldValue, NewValue]),
      ...(Lifecycle === 'default' ? DEFAULT_LIFECYCLE : []),
    ];
    // deleting is not a status to sync
    return [...new Set(seen.flatMap((value) => textOf(value) ?? []))].filter((one) => one !== 'deleted').sort();
  }

  /** @see Connection.history */
  async history(id: EntityId): Promise<Revision[]> {
    if (!isId(id)) throw new SyncError('notFound', `RT has no ticket "${id.slice(0, 40)}"`);
    const query = `ObjectType = 'RT::Ticket' AND ObjectId = ${id}`;
    const fields = 'Type,Field,OldValue,NewValue,Creator,Created';
    const { items } = await this.api.list('transactions', {
      ...{ query, fields, orderby: 'id', order: 'DESC' },
      per_page: Math.min(PAGE, MOST_REVISIONS),
    });
    const revisions: Revision[] = [];
    for (const item of items) {
      const [at, field] = [timeOf(item.Created), textOf(item.Field)];
      const isChange = ['Set', 'Status', 'CustomField'].includes(textOf(item.Type) ?? '');
      if (!isChange || at === undefined || field === undefined) continue;
      const login = isJson(item.Creator) ? textOf(item.Creator.id) : undefined;
      const by = login === undefined ? undefined : await this.person(login);
      const name = item.Type === 'CustomField' ? customId(field) : field;
      const change = { old: textOf(item.OldValue) ?? null, new: textOf(item.NewValue) ?? null };
      revisions.push({ id: String(item.id), at, ...(by && { by }), fields: { [name]: change } });
    }
    return revisions;
  }
}

const numbered = (item: Json): Numbered[] => {
  const [seq, entity, at] = [numberOf(item.id), textOf(item.ObjectId), Date.parse(textOf(item.Created) ?? '')];
  return seq === undefined || entity === undefined ? [] : [{ seq, entity, at: Number.isNaN(at) ? 0 : at }];
};

export function personOf(body: Json): UserValue {
  const [id, login, name, email] = [body.id, body.Name, body.RealName, body.EmailAddress].map(textOf);
  return compactUser({ id, login, name: name ?? login, email });
}
