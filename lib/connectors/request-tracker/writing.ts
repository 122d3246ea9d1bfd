/**
 * Writes. RT answers an update with 200 and a sentence for each action or rejection, in the account's language, and
 * ignores invalid values of a create; so both are read back and compared. An update is locked by the ticket's ETag: a
 * change since the read for the merge causes a conflict, and the change is merged again.
 */

import pickBy = require('lodash/pickBy');

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, UserValue } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import type { Json } from '../kit/json';
import { type Prepared, type Sent, writeEach } from '../kit/writes';
import type { Api } from './api';
import { numberOfCustom, wantedOf } from './fields';
import { isRelation, linkChanges, ticketsIn } from './relations';
import { DESCRIPTION, firstMessage } from './texts';
import { TICKET, type Tickets } from './tickets';

export interface WriterOptions {
  concurrency: number;
  /** IANA zone in which RT reads the times of custom fields */
  zone(): Promise<string>;
}

/** RT's sentences about its actions, in English. In other languages all sentences are passed on. */
const DONE =
  /\b(changed from|changed to|added( as)?|is no longer|Added)\b|^Ticket \d+ (no longer )?(depends on|refers to|member of) |^(Link already exists|Link not found)$|(?<!a )\bdeleted\b/;

interface Request {
  ticket: Json;
  /** fields of links: which changes that means is known when the ticket is read before the update */
  links: Record<FieldId, EntityId[]>;
}

export function writeTickets(
  api: Api,
  tickets: Tickets,
  { concurrency, zone }: WriterOptions,
  scope: Scope,
  operations: WriteOperation[],
): Promise<WriteResult[]> {
  const [queue, ...otherQueues] = scope.projects;
  const only = otherQueues.length === 0 ? queue : undefined;
  let asked: Promise<Map<EntityId, Entity | SyncError>> | undefined;
  /** the tickets to update, if the scope contains several possible queues */
  const present = (): Promise<Map<EntityId, Entity | SyncError>> => {
    asked ??= (async () => {
      const ids = [...new Set(operations.flatMap((one) => (one.kind === 'update' ? [one.id] : [])))];
      const found = await tickets.look(ids);
      return new Map(ids.flatMap((id, index) => (found[index] ? [[id, found[index]] as const] : [])));
    })();
    return asked;
  };

  async function place(operation: WriteOperation): Promise<string> {
    if (operation.kind === 'create') {
      if (operation.type !== TICKET) throw new SyncError('notFound', `RT has no entity type "${operation.type}"`);
      return operation.project;
    }
    if (only !== undefined) return only;
    const found = (await present()).get(operation.id) ?? gone(operation.id);
    if (found instanceof SyncError) throw found;
    return found.project;
  }

  async function prepare(operation: WriteOperation): Promise<Prepared<Request>> {
    const queueOfTicket = await place(operation);
    const writable = {
      custom: await tickets.customFields(queueOfTicket),
      zone: await zone(),
      find: (who: UserValue) => tickets.accounts.one(who),
    };
    const [request, customs, expected, problems]: [Json, Json, Fields, Record<FieldId, string>] = [{}, {}, {}, {}];
    const links: Request['links'] = {};
    const ignored: Record<FieldId, string> = {};
    const fields = operation.kind === 'create' ? { Subject: null, ...operation.fields } : operation.fields;
    for (const [field, value] of Object.entries(fields)) {
      try {
        if (isRelation(field)) {
          const others = ticketsIn(value);
          links[field] = others;
          expected[field] = others.length > 0 ? others.map((other) => ({ id: other })) : null;
          continue;
        }
        if (field === DESCRIPTION.id) {
          if (operation.kind === 'update') {
            ignored[field] = 'RT keeps the first message of a ticket as it was written';
            continue;
          }
          const message = firstMessage(value);
          Object.assign(request, message.sent);
          expected[field] = message.shown;
          continue;
        }
        const wanted = await wantedOf(field, value, writable);
        const number = numberOfCustom(field);
        if (number === undefined) request[field] = wanted.sent;
        else customs[number] = wanted.sent;
        expected[field] = wanted.shown;
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind !== 'invalid') throw error;
        problems[field] = `${field}: ${error.message}`;
      }
    }
    const words = Object.values(problems);
    if (words.length > 0) {
      const about = operation.kind === 'create' ? 'A new ticket' : `Ticket ${operation.id}`;
      throw new SyncError('invalid', `${about} was not written: ${words.join('; ')}`, { fields: problems });
    }
    if (Object.keys(customs).length > 0) request.CustomFields = customs;
    const ticket = operation.kind === 'create' ? { Queue: queueOfTicket, ...request } : request;
    return { request: { ticket, links }, expected, ignored };
  }

  async function send(operation: WriteOperation, { ticket, links }: Request): Promise<Sent> {
    if (operation.kind === 'create') return { id: await api.create({ ...ticket, ...pickBy(links, some) }) };
    const { id } = operation;
    if (Object.keys(ticket).length + Object.keys(links).length === 0) return { id };
    const merged = tickets.takeVersion(id);
    const { body, tag } = await api.getWithTag(`ticket/${encodeURIComponent(id)}`);
    if (body.Status === 'deleted') throw gone(id);
    const [now] = await tickets.entities([body]);
    if (merged !== undefined && now && now.version !== merged) {
      throw new SyncError('conflict', `Ticket ${id} was changed by somebody else meanwhile; it is merged again`);
    }
    const changes = { ...ticket, ...linkChanges(body, links) };
    const said = Object.keys(changes).length > 0 ? await api.update(id, changes, tag) : [];
    const refused = said.filter((sentence) => !DONE.test(sentence));
    return { id, ...(refused.length > 0 && { words: refused.join(' ') }) };
  }

  return writeEach<Request>(
    {
      ...{ product: 'Request Tracker', concurrency, prepare, send },
      describe: async (shown) => shown,
      readBack: (ids) => tickets.look(ids),
    },
    operations,
  );
}

const some = (ids: EntityId[]): boolean => ids.length > 0;

const gone = (id: EntityId): SyncError =>
  new SyncError('notFound', `RT shows this account no ticket ${id.slice(0, 40)}, or it is deleted`);
