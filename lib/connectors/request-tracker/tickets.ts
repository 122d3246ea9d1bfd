/** Tickets as entities: by id, by query, as a feed of transactions; and what is remembered of queues, fields and people. */

import { createHash } from 'node:crypto';
import type { Entity, EntityId, Project } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { UserValue } from '../../model/values';
import { Cache, Recent } from '../cache';
import type { FindQuery, Revision, Scope } from '../connector';
import { readInParts } from '../in-parts';
import { isJson, type Json, listOf, numberOf, textOf } from '../kit/json';
import type { Numbered, SequenceFeed, Stretch } from '../kit/sequence';
import { Debts, isOfOne } from '../owed';
import { type Api, PAGE, quoted } from './api';
import { type CustomField, customFieldOf, customId, loginsIn, TICKET_FIELDS, timeOf, valuesOf } from './fields';

/** The one entity type there is. */
export const TICKET = 'ticket';
/** How long a transaction may be under way in the server before others see it. */
const SETTLE_MS = 10_000;
const QUEUES_MS = 60_000;
const FIELDS_MS = 60_000;
const PEOPLE_MS = 3_600_000;
const MOST_PEOPLE = 5_000;
const MOST_REVISIONS = 200;
const REMEMBERED = 10_000;

/** https://docs.bestpractical.com/rt/5.0/customizing/lifecycles.html */
const DEFAULT_LIFECYCLE = ['new', 'open', 'stalled', 'resolved', 'rejected'];

const isId = (id: string): boolean => /^[1-9]\d{0,15}$/.test(id);

export class Tickets {
  private readonly queueList = new Cache<Project[]>(QUEUES_MS);
  private readonly customs = new Cache<CustomField[]>(FIELDS_MS, 200);
  private readonly people = new Cache<UserValue>(PEOPLE_MS, MOST_PEOPLE);
  /** versions in which `read` showed tickets last, so that a write can tell whether they have changed since */
  private readonly shown = new Recent<EntityId, string>(REMEMBERED);

  private readonly debts = new Debts<EntityId>('Request Tracker', 'tickets');

  constructor(private readonly api: Api) {}

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

  /** In the order of `ids`. What a list leaves out is asked for alone: only RT's own word makes it gone. */
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
      return (await this.entities([ticket]))[0];
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound') return undefined;
      // RT breaks on this one, or does not let the account see it: neither makes it gone. All else is the system's trouble
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
          return (await this.api.list('tickets', { query, fields: TICKET_FIELDS })).items;
        },
        () => this.api.get('rt'),
      );
      for (const [id, error] of part.failed) failed.set(id, error);
      for (const entity of await this.entities(part.found)) found.set(entity.id, entity);
    }
    return { found, failed };
  }

  /** Raw tickets as entities; those that cannot be read as such are left out. */
  async entities(tickets: Json[]): Promise<Entity[]> {
    await Promise.all([...new Set(tickets.flatMap(loginsIn))].map((login) => this.person(login)));
    const entities: Entity[] = [];
    for (const ticket of tickets) {
      const entity = await this.entity(ticket);
      if (entity) entities.push(entity);
    }
    return entities;
  }

  private async entity(ticket: Json): Promise<Entity | undefined> {
    const id = textOf(ticket.id);
    const queue = isJson(ticket.Queue) ? textOf(ticket.Queue.id) : undefined;
    const updatedAt = timeOf(ticket.LastUpdated);
    if (id === undefined || queue === undefined || updatedAt === undefined) return undefined;
    const known = await this.known(ticket);
    const fields = valuesOf(ticket, await this.customFields(queue), (login) => known.get(login) ?? { login });
    const by = (value: unknown): UserValue | undefined =>
      isJson(value) ? known.get(textOf(value.id) ?? '') : undefined;
    // whole seconds, in which much may happen: what is in the ticket tells versions apart
    const digest = createHash('sha1').update(JSON.stringify(fields)).digest('base64url').slice(0, 12);
    const version = `${updatedAt}@${digest}`;
    const [createdAt, createdBy, updatedBy] = [timeOf(ticket.Created), by(ticket.Creator), by(ticket.LastUpdatedBy)];
    return {
      ...{ id, key: id, url: `${this.api.base}Ticket/Display.html?id=${id}`, type: TICKET, project: queue },
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

  /** The version in which `read` showed the ticket last, once: what is written to it now was decided by that one. */
  takeVersion(id: EntityId): string | undefined {
    return this.shown.take(id);
  }

  /** A person with name and address, as far as RT tells them. */
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

  /** Tickets of a query by ascending id; where RT breaks on one of them, it is asked for their ids, and for each by it. */
  private async stretch(query: string, limit: number, inScope: (ticket: Entity) => boolean): Promise<Stretch> {
    const listed = async (fields: string | undefined): Promise<Json[]> => {
      const { items } = await this.api.list('tickets', { query, orderby: 'id', order: 'ASC', per_page: limit, fields });
      return items;
    };
    try {
      const items = await listed(TICKET_FIELDS);
      return { entities: await this.entities(items), last: textOf(items.at(-1)?.id) };
    } catch (thrown) {
      if (!isOfOne(asSyncError(thrown))) throw thrown;
    }
    const ids = (await listed(undefined)).flatMap(({ id }) => textOf(id) ?? []);
    const results = await this.look(ids);
    const entities: Entity[] = [];
    const failed = new Map<EntityId, SyncError>();
    for (const [index, id] of ids.entries()) {
      const result = results[index];
      if (result instanceof SyncError) failed.set(id, result);
      else if (result && inScope(result)) entities.push(result);
    }
    return { entities, last: ids.at(-1), failed };
  }

  /** The newest tickets of the scope. */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const queues = scope.projects.map((id) => `Queue = ${quoted(id)}`).join(' OR ');
    const order = { orderby: 'LastUpdated', order: 'DESC' };
    const query = `Type = 'ticket' AND (${queues})`;
    const per_page = Math.min(PAGE, limit);
    return this.entities((await this.api.list('tickets', { query, ...order, fields: TICKET_FIELDS, per_page })).items);
  }

  /** @see Connection.find. Times are compared here: RT reads those of a query in the account's time zone. */
  async find(query: FindQuery, limit: number): Promise<Entity[]> {
    const { project, type, marker, field, createdBySelfSince } = query;
    if (marker !== undefined || type !== TICKET) return [];
    const custom = field && (await this.customFields(project)).find(({ id }) => customId(id) === field.id);
    const wanted = field && textOf(field.value);
    if (field && (wanted === undefined || (!custom && field.id !== 'Subject'))) return [];
    const column = custom ? `'CF.{${custom.name.replace(/[\\']/g, '\\$&')}}'` : 'Subject';
    const conditions = [
      `Queue = ${quoted(project)}`,
      "Type = 'ticket'",
      ...(wanted !== undefined ? [`${column} = ${quoted(wanted)}`] : []),
      ...(createdBySelfSince !== undefined ? ["Creator = '__CurrentUser__'"] : []),
    ];
    const since =
      createdBySelfSince === undefined
        ? Number.NEGATIVE_INFINITY
        : Math.floor(Date.parse(createdBySelfSince) / 1000) * 1000;
    const found: Entity[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    // newest first, by number: what was created earlier than asked for ends it
    while (found.length < limit) {
      const where = [...conditions, `id < ${before}`].join(' AND ');
      const { items } = await this.api.list('tickets', {
        query: where,
        orderby: 'id',
        order: 'DESC',
        fields: TICKET_FIELDS,
      });
      const entities = await this.entities(items);
      const young = entities.filter(({ createdAt }) => Date.parse(createdAt ?? '') >= since);
      append(
        found,
        young.filter(({ fields }) => !field || fields[field.id] === wanted),
      );
      const last = numberOf(items.at(-1)?.id);
      if (items.length < PAGE || young.length < entities.length || last === undefined || last >= before) break;
      before = last;
    }
    return found.slice(0, limit);
  }

  /** People who match exactly, or whose name, login or address holds `search`. */
  async users(query: { email?: string; login?: string; name?: string; search?: string }): Promise<UserValue[]> {
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
        // RT's own two accounts are nobody
        if (item.Disabled === '1' || person.login === undefined || /^(Nobody|RT_System)$/.test(person.login)) continue;
        found.set(person.login, person);
      }
    }
    return [...found.values()];
  }

  /**
   * The statuses of a queue. RT tells of its lifecycles nowhere: those that its newest tickets have and came from, and, of
   * the lifecycle that comes with RT, all.
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
    // deleting is no status to be synced into
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
  return {
    ...(id && { id }),
    ...(login && { login }),
    ...((name ?? login) && { name: name ?? login }),
    ...(email && { email }),
  };
}
