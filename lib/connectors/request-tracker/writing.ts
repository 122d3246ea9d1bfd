/**
 * Writes. RT answers an update with 200 and a sentence for each thing that it did or refused, in the account's language, and
 * leaves out of a create what it does not take; so both are read back and compared. An update is locked by the ticket's ETag:
 * who has changed it since it was read for the merge makes it a conflict, and the change is merged again.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId, Fields, UserValue } from '../../model/values';
import type { Scope, WriteOperation, WriteResult } from '../connector';
import type { Json } from '../kit/json';
import { type Prepared, type Sent, writeEach } from '../kit/writes';
import type { Api } from './api';
import { numberOfCustom, wantedOf } from './fields';
import { TICKET, type Tickets } from './tickets';

export interface WriterOptions {
  concurrency: number;
  /** IANA zone in which RT reads the times of custom fields */
  zone(): Promise<string>;
}

/** RT's sentences about what it did, in English. In another language all are passed on. */
const DONE = /\b(changed from|changed to|added( as)?|deleted|is no longer|Added)\b/;

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
  /** the tickets to update, where the scope leaves a choice of queues */
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

  async function prepare(operation: WriteOperation): Promise<Prepared<Json>> {
    const queueOfTicket = await place(operation);
    const writable = {
      custom: await tickets.customFields(queueOfTicket),
      zone: await zone(),
      find: (who: UserValue) => find(tickets, who),
    };
    const [request, customs, expected, problems]: [Json, Json, Fields, Record<FieldId, string>] = [{}, {}, {}, {}];
    const fields = operation.kind === 'create' ? { Subject: null, ...operation.fields } : operation.fields;
    for (const [field, value] of Object.entries(fields)) {
      try {
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
    return { request: operation.kind === 'create' ? { Queue: queueOfTicket, ...request } : request, expected };
  }

  async function send(operation: WriteOperation, request: Json): Promise<Sent> {
    if (operation.kind === 'create') return { id: await api.create(request) };
    const { id } = operation;
    if (Object.keys(request).length === 0) return { id };
    const merged = tickets.takeVersion(id);
    const { body, tag } = await api.getWithTag(`ticket/${encodeURIComponent(id)}`);
    if (body.Status === 'deleted') throw gone(id);
    const [now] = await tickets.entities([body]);
    if (merged !== undefined && now && now.version !== merged) {
      throw new SyncError('conflict', `Ticket ${id} was changed by somebody else meanwhile; it is merged again`);
    }
    const said = await api.update(id, request, tag);
    const refused = said.filter((sentence) => !DONE.test(sentence));
    return { id, ...(refused.length > 0 && { words: refused.join(' ') }) };
  }

  return writeEach<Json>(
    { product: 'Request Tracker', concurrency, prepare, send, readBack: (ids) => tickets.look(ids) },
    operations,
  );
}

const gone = (id: EntityId): SyncError =>
  new SyncError('notFound', `RT shows this account no ticket ${id.slice(0, 40)}, or it is deleted`);

/** By address, login, or a name that only one person has. */
async function find(tickets: Tickets, { email, login, name }: UserValue): Promise<UserValue | undefined> {
  for (const query of [email && { email }, login && { login }, name && { name }]) {
    if (!query) continue;
    const found = await tickets.users(query);
    if (found.length === 1) return found[0];
  }
  return undefined;
}
