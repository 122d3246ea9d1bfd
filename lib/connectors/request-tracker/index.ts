/**
 * Request Tracker 5 (https://docs.bestpractical.com/rt/5.0/), by REST 2.0: tickets of all queues, and what is said about
 * them and attached to them, both ways. Projects are queues.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Connection, WriteOperation } from '../connector';
import type { Identity } from '../form';
import { ATTACHMENT, attachmentType, isOfAttachment } from '../kit/attachments';
import { COMMENT, commentType, isOfComment } from '../kit/comments';
import { listOf, textOf } from '../kit/json';
import { eachItsOwn } from '../kit/parts';
import { changesInSequence, newestInSequence, sequenceAt } from '../kit/sequence';
import { address, choice, concurrency, defineConnector, secret, text } from '../kit/settings';
import { checkedZone } from '../kit/zone';
import { Api } from './api';
import { AttachmentWriter } from './attachment-writing';
import { Attachments, FILE_IDS } from './attachments';
import { Refusals, writeComments } from './comment-writing';
import { COMMENT_IDS, Comments } from './comments';
import { fieldsOf } from './fields';
import { ticketQueries } from './own-queries';
import { PartReader } from './parts';
import { Threads } from './threads';
import { personOf, TICKET, Tickets } from './tickets';
import { writeTickets } from './writing';

export const requestTracker = defineConnector({
  kind: 'request-tracker',
  label: 'Request Tracker',
  category: 'itsm',
  settings: {
    url: address({
      label: 'URL',
      placeholder: 'https://rt.example.com',
      hint: "The address of RT's start page. REST 2.0 is part of RT 5.",
    }),
    token: secret({
      label: 'Token',
      hint: 'In RT: Logged in as … → Settings → Auth Tokens. The account needs the right ManageAuthTokens for that.',
    }),
    zone: text({
      label: 'Time zone of custom dates',
      placeholder: "default: the account's own, else UTC",
      hint: "RT reads times in custom fields in the account's time zone; where it has none, in $Timezone of RT_SiteConfig.pm.",
    }),
    publicComments: choice(
      {
        label: 'Public comments',
        hint: 'RT mails replies to the requestors. Comments are internal, whatever their original is.',
      },
      [
        { value: 'comment', label: 'Add them as comments' },
        { value: 'reply', label: 'Add them as replies' },
      ],
    ),
    concurrency: concurrency(4),
  },
  connect({ url, token, zone, publicComments, concurrency: atATime }, { http }): Connection {
    const replies = publicComments === 'reply';
    const given = zone === undefined ? undefined : checkedZone(zone, 'zone');
    const api = new Api(url, token, http);
    const tickets = new Tickets(api);
    const threads = new Threads(api, tickets);
    const self = (): Promise<string | undefined> => account(api, token).then(({ user }) => user.login);
    const comments = new Comments(api, tickets, threads, self);
    const attachments = new Attachments(api, tickets, threads, self);
    const parts = new PartReader(threads, comments, attachments);
    const refusals = new Refusals(tickets);
    const attachmentWriter = new AttachmentWriter(api, attachments, refusals, replies, atATime);
    let own: Promise<string> | undefined;
    /** The configured zone, otherwise the account's own. */
    const zoneOfDates = (): Promise<string> => {
      own ??=
        given === undefined ? account(api, token).then(({ timeZone = 'UTC' }) => timeZone) : Promise.resolve(given);
      own.catch(() => {
        own = undefined;
      });
      return own;
    };

    return {
      identify: () => identify(api, token),
      projects: () => tickets.queues(),
      async entityTypes(project) {
        await tickets.queue(project);
        return [{ id: TICKET, name: 'Ticket' }, commentType([TICKET]), attachmentType([TICKET])];
      },
      async fields(project, type) {
        if (type === COMMENT) return comments.fields(project);
        if (type === ATTACHMENT) return attachments.fields(project);
        if (type !== TICKET) throw new SyncError('notFound', `RT has no entity type "${type}"`);
        return fieldsOf(await tickets.customFields(project));
      },
      async *changes(scope, since, pageSize) {
        yield* changesInSequence(await tickets.feed(scope), since, Math.min(pageSize, 99));
      },
      newest: async (scope) => newestInSequence(await tickets.feed(scope)),
      checkpointAt: sequenceAt,
      read: (_scope, ids) =>
        eachItsOwn(ids, isPart, {
          whole: (some) => tickets.read(some),
          parts: (some) =>
            eachItsOwn(some, isFile, {
              whole: (messages) => comments.byId(messages),
              parts: (files) => attachments.byId(files),
            }),
        }),
      parts: (_scope, owners, types) => parts.of(owners, types),
      open: (id) => attachments.open(id),
      fileRules: async () => attachmentWriter.rules(),
      // an administrator's changes in the database; and a ticket's time has whole seconds, in which more may be written
      silentParts: new Set(['edit', 'delete'] as const),
      // neither messages nor their files can be changed or deleted
      partVerbs: new Set(['create'] as const),
      write: (scope, operations) =>
        eachItsOwn(operations, isOfPart, {
          whole: (some) => writeTickets(api, tickets, { concurrency: atATime, zone: zoneOfDates }, scope, some),
          parts: (some) =>
            eachItsOwn(some, isOfAttachment(isFile), {
              whole: (messages) => writeComments({ api, comments, refusals, replies }, atATime, messages),
              parts: (files) => attachmentWriter.write(files),
            }),
        }),
      find: (query, limit) =>
        query.type === COMMENT
          ? comments.find(query, limit)
          : query.type === ATTACHMENT
            ? attachments.find(query, limit)
            : tickets.find(query, limit),
      queries: ticketQueries(api),
      async byKey(key) {
        const [found] = await tickets.look([key.trim().replace(/^#/, '')]);
        if (found instanceof SyncError) throw found;
        return found;
      },
      latest: (scope, limit) => tickets.latest(scope, limit),
      users: (query) => tickets.users(query),
      async lookupValues(project, _type, field, search) {
        if (field !== 'Status') return [];
        const found = await tickets.statuses(project);
        return found.filter((name) => name.toLowerCase().includes(search.toLowerCase())).map((name) => ({ name }));
      },
      history: async (id) => (isPart(id) ? [] : tickets.history(id)),
      async close() {
        api.close();
      },
    };
  },
});

const isComment = (id: EntityId): boolean => COMMENT_IDS.read(id) !== undefined;
const isFile = (id: EntityId): boolean => FILE_IDS.read(id) !== undefined;
const isPart = (id: EntityId): boolean => isComment(id) || isFile(id);
const isOfPart = (operation: WriteOperation): boolean =>
  isOfComment(isComment)(operation) || isOfAttachment(isFile)(operation);

/** A token contains its owner's number: `1-31-…`. There is no other way to identify the account. */
async function account(api: Api, token: string): Promise<Pick<Identity, 'user' | 'timeZone'>> {
  const owner = /^\d+-(\d+)-/.exec(token)?.[1];
  if (owner === undefined) return { user: {} };
  const body = await api.get(`user/${owner}`);
  const timeZone = textOf(body.Timezone);
  return { user: personOf(body), ...(timeZone && { timeZone }) };
}

async function identify(api: Api, token: string): Promise<Identity> {
  const { Version } = await api.get('rt');
  const missing: string[] = [];
  const who = await account(api, token).catch((thrown: unknown): Pick<Identity, 'user' | 'timeZone'> => {
    if (asSyncError(thrown).kind !== 'forbidden') throw thrown;
    missing.push('The account may not see itself: give it the right ModifySelf.');
    return { user: { id: /^\d+-(\d+)-/.exec(token)?.[1] } };
  });
  if ((await api.all('queues/all', { fields: 'Name' })).length === 0) {
    missing.push(
      'The account sees no queue: give it SeeQueue, ShowTicket, CreateTicket and ModifyTicket in those to be synced.',
    );
  }
  append(missing, await silences(api));
  return { ...who, server: `Request Tracker ${textOf(Version) ?? ''}`.trim(), missing };
}

/** RT reports permissions only for single tickets: this checks the newest one for permission to comment. */
async function silences(api: Api): Promise<string[]> {
  const [newest] = (await api.list('tickets', { query: 'id > 0', orderby: 'id', order: 'DESC', per_page: 1 })).items;
  const id = textOf(newest?.id);
  if (id === undefined) return [];
  const refs = new Set(listOf(await api.get(`ticket/${id}`), '_hyperlinks').map(({ ref }) => ref));
  return Object.entries({ comment: 'CommentOnTicket', correspond: 'ReplyToTicket' }).flatMap(([ref, right]) =>
    refs.has(ref)
      ? []
      : [
          `The account may not add a ${ref === 'comment' ? 'comment' : 'reply'} to ticket ${id}, the newest one: it lacks ${right}.`,
        ],
  );
}
