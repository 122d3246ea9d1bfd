/**
 * Comments and correspondence of tickets: transactions with a text. RT neither edits nor deletes them. So a comment that is not shown is not gone; the account may have lost the right ShowTicketComments,
 * for example.
 */

import { createHash } from 'node:crypto';

import chunk = require('lodash/chunk');

import type { Entity, EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { RichText, UserValue } from '../../model/values';
import type { FindQuery, FindResult, ReadResult } from '../connector';
import { COMMENT, commentFields, ownerRef, partIds, visibilityValue } from '../kit/comments';
import { isShown } from '../kit/compare';
import type { Api } from './api';
import { type Texts, textsOf } from './texts';
import { type Said, saidIn, type Thread, type Threads } from './threads';
import type { Tickets } from './tickets';

/** `12#txn-468`: the place of transaction 468 in the page of ticket 12. */
export const COMMENT_IDS = partIds('#txn-', /^[1-9]\d{0,15}$/, /^[1-9]\d{0,15}$/);

/** Transactions that are read in one request. */
const MADE = 50;

type Message = Said & { kind: 'comment' | 'correspond' };

/** The messages of a ticket, without its first one, which is no comment. */
const messagesOf = ({ said }: Pick<Thread, 'said'>): Message[] =>
  said.filter((one): one is Message => one.kind !== 'create');

export class Comments {
  constructor(
    private readonly api: Api,
    private readonly tickets: Tickets,
    private readonly threads: Threads,
    /** the account's own login */
    private readonly self: () => Promise<string | undefined>,
  ) {}

  /** @throws notFound if there is no such queue */
  async fields(queue: string): Promise<Field[]> {
    await this.tickets.queue(queue);
    // RT mails what is public to the requestors; nothing can be made public, or internal, afterwards
    return commentFields({ text: { format: 'html' }, visibility: 'createOnly' });
  }

  /** The comments of one ticket. @param texts of all of its messages */
  async ofThread(thread: Thread, texts: Texts): Promise<Entity[] | SyncError> {
    const all = await this.each(thread, messagesOf(thread), texts);
    const failed = all.find((each) => each instanceof SyncError);
    return failed instanceof SyncError ? failed : all.filter((each): each is Entity => !(each instanceof SyncError));
  }

  /** The texts of all messages of these. */
  textsOf(threads: Iterable<Thread | SyncError | undefined>): Promise<Texts> {
    const there = [...threads].filter((one): one is Thread => one !== undefined && !(one instanceof SyncError));
    return textsOf(
      this.api,
      there.flatMap((thread) => messagesOf(thread).map(({ id }) => id)),
    );
  }

  /** In the order of `ids`. */
  async byId(ids: EntityId[]): Promise<ReadResult[]> {
    const places = ids.map((id) => COMMENT_IDS.read(id));
    const threads = await this.threads.of(
      places.flatMap((place) => place?.owner ?? []),
      false,
    );
    const texts = await this.textsOf(threads.values());
    const results: ReadResult[] = [];
    for (const place of places) {
      const thread = place && threads.get(place.owner);
      if (thread === undefined || thread instanceof SyncError) results.push(thread);
      else {
        const message = messagesOf(thread).filter(({ id }) => id === place?.part);
        const [found] = await this.each(thread, message, texts);
        results.push(found);
      }
    }
    return results;
  }

  /** @see Connection.find: the messages of one ticket. None has a marker. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const thread = (await this.threads.of([owner], false)).get(owner);
    if (thread === undefined) return [];
    if (thread instanceof SyncError) return [thread];
    const messages = messagesOf(thread).filter(madeBy(await this.self(), createdBySelfSince));
    const found = await this.each(
      thread,
      messages,
      await textsOf(
        this.api,
        messages.map(({ id }) => id),
      ),
    );
    const isWanted = (entity: Entity): boolean =>
      !field || field.values.some((value) => isShown(entity.fields[field.id], value));
    const matching = found.filter((each): each is Entity => !(each instanceof SyncError)).filter(isWanted);
    return [...matching.slice(0, limit), ...found.filter((each) => each instanceof SyncError)];
  }

  /** Transactions of one ticket that were just made, as comments, by their numbers. */
  async made(ticket: Thread['ticket'], ids: string[]): Promise<Map<string, Entity | SyncError>> {
    const said: Said[] = [];
    for (const some of chunk(ids, MADE)) {
      const query = `ObjectType = 'RT::Ticket' AND (${some.map((id) => `id = ${id}`).join(' OR ')})`;
      const fields = 'Type,ObjectId,Creator,Created';
      append(said, saidIn((await this.api.list('transactions', { query, fields })).items));
    }
    const texts = await textsOf(this.api, ids);
    const found = new Map<string, Entity | SyncError>();
    for (const one of messagesOf({ said })) {
      const text = texts.get(one.id);
      if (text) found.set(one.id, text instanceof SyncError ? text : await this.entity(ticket, one, text));
    }
    return found;
  }

  private async each({ ticket }: Thread, messages: Message[], texts: Texts): Promise<(Entity | SyncError)[]> {
    const all: (Entity | SyncError)[] = [];
    for (const one of messages) {
      const text = texts.get(one.id);
      if (text) all.push(text instanceof SyncError ? text : await this.entity(ticket, one, text));
    }
    return all;
  }

  private async entity(
    ticket: Thread['ticket'],
    { id: number, kind, creator, created }: Message,
    text: RichText,
  ): Promise<Entity> {
    const internal = kind === 'comment';
    const createdBy: UserValue | undefined = creator === undefined ? undefined : await this.tickets.person(creator);
    const id = COMMENT_IDS.of(ticket.id, number);
    const digest = createHash('sha1')
      .update(JSON.stringify([internal, text]))
      .digest('base64url')
      .slice(0, 12);
    return {
      ...{ id, key: id, url: `${this.api.base}Ticket/Display.html?id=${id}`, type: COMMENT, project: ticket.project },
      owner: ownerRef(ticket.id, ticket.type),
      ...{ version: digest, createdAt: created, updatedAt: created },
      ...(createdBy && { createdBy }),
      fields: { text, visibility: visibilityValue(internal), createdBy: createdBy ?? null, createdAt: created },
    };
  }
}

/** True for those that this account has made since then; for all, if no time is given. @param since ISO 8601 */
export function madeBy(login: string | undefined, since: string | undefined): (one: Said) => boolean {
  const from = Math.floor(Date.parse(since ?? '') / 1000) * 1000;
  return ({ creator, created }) => since === undefined || (creator === login && Date.parse(created) >= from);
}
