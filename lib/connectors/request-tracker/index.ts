/**
 * Request Tracker 5 (https://docs.bestpractical.com/rt/5.0/), by REST 2.0: tickets of all queues, both ways. Projects are
 * queues; there is one entity type.
 */

import { asSyncError, SyncError } from '../../model/errors';
import type { Connection } from '../connector';
import type { Identity } from '../form';
import { textOf } from '../kit/json';
import { changesInSequence, newestInSequence, sequenceAt } from '../kit/sequence';
import { address, concurrency, defineConnector, secret, text } from '../kit/settings';
import { checkedZone } from '../kit/zone';
import { Api } from './api';
import { fieldsOf } from './fields';
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
    concurrency: concurrency(4),
  },
  connect({ url, token, zone, concurrency: atATime }, { http }): Connection {
    const given = zone === undefined ? undefined : checkedZone(zone, 'zone');
    const api = new Api(url, token, http);
    const tickets = new Tickets(api);
    let own: Promise<string> | undefined;
    /** The zone that is configured, else the account's own. */
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
        return [{ id: TICKET, name: 'Ticket' }];
      },
      async fields(project, type) {
        if (type !== TICKET) throw new SyncError('notFound', `RT has no entity type "${type}"`);
        return fieldsOf(await tickets.customFields(project));
      },
      async *changes(scope, since, pageSize) {
        yield* changesInSequence(await tickets.feed(scope), since, Math.min(pageSize, 99));
      },
      newest: async (scope) => newestInSequence(await tickets.feed(scope)),
      checkpointAt: sequenceAt,
      read: (_scope, ids) => tickets.read(ids),
      write: (scope, operations) =>
        writeTickets(api, tickets, { concurrency: atATime, zone: zoneOfDates }, scope, operations),
      find: (query, limit) => tickets.find(query, limit),
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
      history: (id) => tickets.history(id),
      async close() {
        api.close();
      },
    };
  },
});

/** A token holds its owner's number: `1-31-…`. There is no other way to ask who one is. */
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
  return { ...who, server: `Request Tracker ${textOf(Version) ?? ''}`.trim(), missing };
}
