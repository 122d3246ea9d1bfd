/**
 * Attachments: the files in messages of tickets. RT calls the texts of messages attachments, too: a file is what has a name, or is
 * no text. RT neither renames nor deletes files.
 */

import chunk = require('lodash/chunk');

import { createHash } from 'node:crypto';
import type { OpenedFile } from '../../model/content';
import type { Entity, EntityId, Field } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { FindQuery, FindResult, ReadResult } from '../connector';
import { ATTACHMENT, attachmentFields, fieldsOfFile } from '../kit/attachments';
import { ownerRef, partIds, VISIBILITY, visibilityValue } from '../kit/comments';
import { isShown } from '../kit/compare';
import { type Json, numberOf, textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import type { Api } from './api';
import { madeBy } from './comments';
import type { Cut, Said, Thread, Threads } from './threads';
import type { Tickets } from './tickets';

/** `12#attachment-34`: attachment 34, which is in a message of ticket 12. */
export const FILE_IDS = partIds('#attachment-', /^[1-9]\d{0,15}$/, /^[1-9]\d{0,15}$/);

/** RT's column. SQLite stores more, MySQL truncates. */
export const LONGEST_NAME = 255;

/** Transactions whose files are read in one request. */
const TRANSACTIONS = 50;
/** Maximum number of files whose size is remembered. */
const REMEMBERED = 20_000;

/** A file in a message. */
export interface File {
  id: string;
  transaction: string;
  name: string;
  /** bytes */
  size: number;
  mediaType: string | undefined;
}

/** By transaction. */
export type Files = Map<string, File[]>;

export class Attachments {
  private readonly sizes = new Recent<EntityId, number>(REMEMBERED);

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
    return attachmentFields({ renames: false, name: LONGEST_NAME, visibility: 'createOnly' });
  }

  /** The files of all messages of these. */
  async filesOf(threads: Iterable<Thread | SyncError | undefined>): Promise<Files> {
    const there = [...threads].filter((one): one is Thread => one !== undefined && !(one instanceof SyncError));
    return this.files(there.flatMap(({ said }) => said.map(({ id }) => id)));
  }

  /** The attachments of one ticket. @param files of all of its messages */
  async ofThread({ ticket, said, cuts }: Thread, files: Files): Promise<Entity[]> {
    const all = said.flatMap((one) => (files.get(one.id) ?? []).map((file) => ({ file, one })));
    const cut = cutFiles(
      all.map(({ file }) => file),
      cuts,
    );
    const entities: Entity[] = [];
    for (const { file, one } of all) if (!cut.has(file)) entities.push(await this.entity(ticket, one, file));
    return entities;
  }

  /** Of several tickets. */
  private async ofTickets(owners: EntityId[]): Promise<Map<EntityId, Entity[] | SyncError | undefined>> {
    const threads = await this.threads.of(owners, true);
    const files = await this.filesOf(threads.values());
    const found = new Map<EntityId, Entity[] | SyncError | undefined>();
    for (const [id, thread] of threads)
      found.set(id, thread === undefined || thread instanceof SyncError ? thread : await this.ofThread(thread, files));
    return found;
  }

  /** In the order of `ids`. */
  async byId(ids: EntityId[]): Promise<ReadResult[]> {
    const owners = ids.map((id) => FILE_IDS.read(id)?.owner);
    const found = await this.ofTickets(owners.filter((owner) => owner !== undefined));
    return ids.map((id, index) => {
      const files = found.get(owners[index] ?? '');
      return Array.isArray(files) ? files.find((one) => one.id === id) : files;
    });
  }

  /** @see Connection.find: among the attachments of one ticket. None has a marker. */
  async find({ owner, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    if (owner === undefined || marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
    const thread = (await this.threads.of([owner], true)).get(owner);
    if (thread === undefined) return [];
    if (thread instanceof SyncError) return [thread];
    const said = thread.said.filter(madeBy(await this.self(), createdBySelfSince));
    const found = await this.ofThread({ ...thread, said }, await this.filesOf([{ ...thread, said }]));
    const isWanted = ({ fields }: Entity): boolean =>
      !field || field.values.some((value) => isShown(fields[field.id], value));
    return found.filter(isWanted).slice(0, limit);
  }

  /** @see Connection.open */
  async open(id: EntityId): Promise<OpenedFile> {
    const place = FILE_IDS.read(id);
    const gone = new SyncError('notFound', `RT shows this account no attachment "${id.slice(0, 60)}"`);
    if (!place) throw gone;
    const size = this.sizes.get(id) ?? (await this.sizeOf(id));
    if (size === undefined) throw gone;
    try {
      return await this.api.open(place.part, size);
    } catch (thrown) {
      const error = asSyncError(thrown);
      // RT answers 500 for an attachment that is not there
      if (error.kind === 'transient' && error.detail.status === 500 && !(await this.api.shows(place.part))) throw gone;
      throw error;
    }
  }

  private async sizeOf(id: EntityId): Promise<number | undefined> {
    const [found] = await this.byId([id]);
    if (found instanceof SyncError) throw found;
    return found && numberOf(found.fields.size);
  }

  /** One transaction of a ticket, and what RT says right behind it. */
  just(ticket: Thread['ticket'], transaction: string): Promise<Thread> {
    return this.threads.just(ticket, transaction);
  }

  /** The files of transactions. */
  async files(transactions: string[]): Promise<Files> {
    const held: Json[] = [];
    for (const some of chunk([...new Set(transactions)], TRANSACTIONS)) append(held, await this.api.held(some));
    const files: Files = new Map();
    for (const file of held.flatMap(fileIn))
      files.set(file.transaction, [...(files.get(file.transaction) ?? []), file]);
    return files;
  }

  async entity(ticket: Thread['ticket'], said: Said, file: File): Promise<Entity> {
    const { name, size, mediaType } = file;
    const createdBy = said.creator === undefined ? undefined : await this.tickets.person(said.creator);
    const createdAt = said.created;
    const id = FILE_IDS.of(ticket.id, file.id);
    this.sizes.set(id, size);
    const path = `Ticket/Attachment/${file.transaction}/${file.id}/${encodeURIComponent(name)}`;
    const digest = createHash('sha1')
      .update(JSON.stringify([name, size, mediaType]))
      .digest('base64url');
    return {
      ...{ id, key: id, url: `${this.api.base}${path}`, type: ATTACHMENT, project: ticket.project },
      owner: ownerRef(ticket.id, ticket.type),
      ...{ version: digest.slice(0, 12), createdAt, updatedAt: createdAt },
      ...(createdBy && { createdBy }),
      fields: {
        ...fieldsOfFile({ name, size, mediaType, createdBy, createdAt }),
        [VISIBILITY]: visibilityValue(said.kind === 'comment'),
      },
    };
  }
}

const EXTENSIONS: Record<string, string> = {
  ...{ 'image/png': '.png', 'image/jpeg': '.jpg', 'image/gif': '.gif', 'application/pdf': '.pdf' },
  ...{ 'message/rfc822': '.eml', 'text/calendar': '.ics' },
};

/** Texts of messages, and what keeps several parts together, have no name; nor do some pictures in mails. */
function fileIn({ id, TransactionId, Filename, ContentType, ContentLength }: Json): File[] {
  const [number, transaction, name, size] = [
    textOf(id),
    textOf(TransactionId),
    textOf(Filename),
    numberOf(ContentLength),
  ];
  if (number === undefined || transaction === undefined) return [];
  const mediaType = textOf(ContentType)?.toLowerCase();
  const bytes = size ?? 0;
  // a mail within a mail: RT keeps its parts, not the mail
  const isContainer = mediaType?.startsWith('multipart/') || (mediaType?.startsWith('message/') && bytes === 0);
  if (isContainer) return [];
  if (name === undefined && (bytes === 0 || /^text\/(plain|html)$/.test(mediaType ?? 'text/plain'))) return [];
  const called = name ?? `attachment-${number}${EXTENSIONS[mediaType ?? ''] ?? ''}`;
  return [{ id: number, transaction, name: called, size: bytes, mediaType }];
}

/** The files of which RT has not kept everything: for each cut, the newest file before it that it can be about. */
export function cutFiles(files: readonly File[], cuts: readonly Cut[]): Set<File> {
  const cut = new Set<File>();
  for (const { id, name, size } of cuts) {
    const about = files.findLast(
      (file) =>
        !cut.has(file) &&
        Number(file.transaction) < Number(id) &&
        file.size === size &&
        (file.name === name || file.name === `${name}.txt`),
    );
    if (about) cut.add(about);
  }
  return cut;
}
