/** Transactions of tickets in which something was said or attached. RT's records never change: nothing is edited, nothing deleted. */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { isJson, type Json, numberOf, textOf } from '../kit/json';
import type { Api } from './api';
import { timeOf } from './fields';
import type { Tickets } from './tickets';

/** A transaction that may have a text and files. */
export interface Said {
  id: string;
  ticket: EntityId;
  /** `comment`: the requestors cannot see it; `create`: the ticket's first message */
  kind: 'create' | 'comment' | 'correspond';
  creator: string | undefined;
  created: string;
}

/** A file of which RT has kept only a part, or nothing, because it was too large. */
export interface Cut {
  /** of the transaction that says so, which follows the file's own */
  id: string;
  ticket: EntityId;
  /** the file's, before RT has changed it */
  name: string;
  /** bytes */
  size: number;
  /** bytes that RT keeps of such a file */
  limit: number | undefined;
}

/** What was said about one ticket, the oldest first. */
export interface Thread {
  ticket: Pick<Entity, 'id' | 'project' | 'type'>;
  said: Said[];
  cuts: Cut[];
}

/** Tickets in one query. */
const TICKETS = 25;
const FIELDS = 'Type,ObjectId,Creator,Created';
const CUT_FIELDS = `${FIELDS},Data,OldValue,NewValue`;

const KINDS = new Map<unknown, Said['kind']>([
  ['Create', 'create'],
  ['Comment', 'comment'],
  ['Correspond', 'correspond'],
]);
const CUTS = ['AttachmentTruncate', 'AttachmentDrop'];

const anyOf = (types: Iterable<unknown>): string => [...types].map((type) => `Type = '${type}'`).join(' OR ');
const TEXTS = anyOf(['Comment', 'Correspond']);
const FILES = anyOf([...KINDS.keys(), ...CUTS]);

export class Threads {
  constructor(
    private readonly api: Api,
    private readonly tickets: Tickets,
  ) {}

  /** @param withFiles with the first message, which may have files, and with what RT has cut off */
  async of(owners: EntityId[], withFiles: boolean): Promise<Map<EntityId, Thread | SyncError | undefined>> {
    const ids = [...new Set(owners)];
    const looked = await this.tickets.look(ids);
    const threads = new Map<EntityId, Thread | SyncError | undefined>();
    for (const [index, id] of ids.entries()) {
      const ticket = looked[index];
      threads.set(id, ticket === undefined || ticket instanceof SyncError ? ticket : { ticket, said: [], cuts: [] });
    }
    const there = ids.filter((id) => !(threads.get(id) instanceof SyncError) && threads.get(id) !== undefined);
    for (const some of chunk(there, TICKETS)) {
      const about = some.map((id) => `ObjectId = ${id}`).join(' OR ');
      const { said, cuts } = await this.read(`(${about})`, withFiles);
      for (const one of [...said, ...cuts]) {
        const thread = threads.get(one.ticket);
        if (thread === undefined || thread instanceof SyncError) continue;
        if ('kind' in one) thread.said.push(one);
        else thread.cuts.push(one);
      }
    }
    return threads;
  }

  /** One transaction of a ticket, and what RT says right behind it. */
  async just(ticket: Thread['ticket'], transaction: string): Promise<Thread> {
    const query = `ObjectType = 'RT::Ticket' AND ObjectId = ${ticket.id} AND id >= ${transaction} AND (${FILES})`;
    const { items } = await this.api.list('transactions', { query, orderby: 'id', order: 'ASC', fields: CUT_FIELDS });
    return { ticket, said: saidIn(items), cuts: items.flatMap(cutIn) };
  }

  private async read(where: string, withFiles: boolean): Promise<Pick<Thread, 'said' | 'cuts'>> {
    const found: Pick<Thread, 'said' | 'cuts'> = { said: [], cuts: [] };
    const fields = withFiles ? CUT_FIELDS : FIELDS;
    // a page lacks what the account cannot see, so a short page is not the last one
    for (let after = '0'; ; ) {
      const query = `ObjectType = 'RT::Ticket' AND ${where} AND (${withFiles ? FILES : TEXTS}) AND id > ${after}`;
      const { items } = await this.api.list('transactions', { query, orderby: 'id', order: 'ASC', fields });
      const last = textOf(items.at(-1)?.id);
      if (last === undefined || Number(last) <= Number(after)) return found;
      append(found.said, saidIn(items));
      append(found.cuts, items.flatMap(cutIn));
      after = last;
    }
  }
}

/** @throws SyncError fatal, `malformed` */
export const saidIn = (items: Json[]): Said[] =>
  items.flatMap(({ id, ObjectId, Type, Creator, Created }): Said[] => {
    const kind = KINDS.get(Type);
    if (kind === undefined) return [];
    const [number, ticket, created] = [textOf(id), textOf(ObjectId), timeOf(Created)];
    if (number === undefined || ticket === undefined || created === undefined) {
      throw new SyncError('fatal', `RT shows transaction ${number ?? '?'} without ticket or time`, { malformed: true });
    }
    return [{ id: number, ticket, kind, creator: isJson(Creator) ? textOf(Creator.id) : undefined, created }];
  });

function cutIn({ id, ObjectId, Type, Data, OldValue, NewValue }: Json): Cut[] {
  const [number, ticket, name, size] = [textOf(id), textOf(ObjectId), textOf(Data), numberOf(OldValue)];
  if (!CUTS.includes(String(Type)) || number === undefined || ticket === undefined || size === undefined) return [];
  return [{ id: number, ticket, name: name ?? '', size, limit: numberOf(NewValue) }];
}
