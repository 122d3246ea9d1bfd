/** The texts of transactions, and the first message of each ticket: its description, which RT keeps as it was written. */

import chunk = require('lodash/chunk');

import type { EntityId, Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { RichText, Value } from '../../model/values';
import { readInPortions } from '../kit/in-parts';
import { textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import { takesText } from '../kit/wanted';
import type { Api } from './api';

/** Transactions whose texts are read in one request. */
const TEXTS = 50;
/** Tickets whose first messages are searched in one request. */
const TICKETS = 50;
/** First messages that are kept, because they never change: so many, of so many characters at most. */
const KEPT = 2_000;
const LONGEST_KEPT = 4_000;

/** A ticket's first message as a field. */
export const DESCRIPTION = {
  id: 'Content',
  name: 'Description',
  type: 'richtext',
  format: 'html',
  createOnly: true,
} as const satisfies Field;

/** By transaction. */
export type Texts = Map<string, RichText | SyncError>;

/** @param ids of transactions. Those without a text are left out */
export async function textsOf(api: Api, ids: string[]): Promise<Texts> {
  const { found, failed } = await readInPortions(
    ids,
    TEXTS,
    (some) => api.texts(some),
    () => api.get('rt'),
  );
  const texts: Texts = new Map(failed);
  for (const json of found) {
    const [id, content, type] = [textOf(json.TransactionId), textOf(json.Content), textOf(json.ContentType)];
    // a file has a name; a mail may contain its text twice
    if (id === undefined || content === undefined || textOf(json.Filename) !== undefined) continue;
    const format = type === 'text/html' ? 'html' : type === 'text/plain' ? 'text' : undefined;
    const known = texts.get(id);
    if (format === undefined || content.trim() === '' || known instanceof SyncError) continue;
    if (known === undefined || (known.format === 'text' && format === 'html'))
      texts.set(id, { format, content: withLf(content) });
  }
  return texts;
}

const withLf = (text: string): string => text.replace(/\r\n?/g, '\n');

export class FirstMessages {
  /** null: the ticket was created without one */
  private readonly kept = new Recent<EntityId, RichText | null>(KEPT);

  constructor(private readonly api: Api) {}

  /** @returns an entry for each ticket. A SyncError: it could not be read */
  async of(tickets: readonly EntityId[]): Promise<Map<EntityId, RichText | null | SyncError>> {
    const messages = new Map<EntityId, RichText | null | SyncError>();
    const unknown: EntityId[] = [];
    for (const id of new Set(tickets)) {
      const known = this.kept.get(id);
      if (known === undefined) unknown.push(id);
      else messages.set(id, known);
    }
    for (const some of chunk(unknown, TICKETS)) {
      const creations = await this.creations(some);
      const texts = await textsOf(this.api, [...creations.values()]);
      for (const id of some) {
        const message = texts.get(creations.get(id) ?? '') ?? null;
        messages.set(id, message);
        const isShort = !(message instanceof SyncError) && (message?.content.length ?? 0) <= LONGEST_KEPT;
        if (isShort) this.kept.set(id, message);
      }
    }
    return messages;
  }

  /** The transactions that created these tickets. A ticket into which another one was merged has that one's, too. */
  private async creations(tickets: EntityId[]): Promise<Map<EntityId, string>> {
    const creations = new Map<EntityId, string>();
    const about = tickets.map((id) => `ObjectId = ${id}`).join(' OR ');
    for (let after = '0'; ; ) {
      const query = `ObjectType = 'RT::Ticket' AND Type = 'Create' AND (${about}) AND id > ${after}`;
      const { items } = await this.api.list('transactions', { query, orderby: 'id', order: 'ASC', fields: 'ObjectId' });
      for (const { id, ObjectId } of items) {
        const [number, ticket] = [textOf(id), textOf(ObjectId)];
        if (number !== undefined && ticket !== undefined && !creations.has(ticket)) creations.set(ticket, number);
      }
      // a page lacks what the account cannot see, so a short page is not the last one
      const last = textOf(items.at(-1)?.id);
      if (last === undefined || Number(last) <= Number(after) || creations.size >= tickets.length) return creations;
      after = last;
    }
  }
}

/** What a create sends for a first message, and what RT will show. */
export function firstMessage(value: Value): { sent: { Content?: string; ContentType?: string }; shown: Value } {
  const isHtml = typeof value === 'object' && value !== null && 'format' in value && value.format === 'html';
  const content = withLf(takesText(DESCRIPTION.name, value)).replaceAll('\0', '');
  // RT creates the ticket without a message
  if (content.trim() === '') return { sent: {}, shown: null };
  return {
    sent: { Content: content, ContentType: isHtml ? 'text/html' : 'text/plain' },
    shown: { format: isHtml ? 'html' : 'text', content },
  };
}
