/**
 * TicketSQL as a filter (https://docs.bestpractical.com/rt/5.0/query_builder.html). RT queries its database. It refuses unknown columns,
 * but not unknown custom fields or unreadable dates: a comparison with "!=" or ">" would then find everything, so Twinflow refuses them.
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { OwnQueries, QueryHits, Scope } from '../connector';
import { closedQuery, inItsWords, type QuerySyntax } from '../kit/closed-query';
import { textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { portions } from '../kit/portions';
import { type Api, quoted } from './api';

const SYNTAX: QuerySyntax = { language: 'TicketSQL', quotes: '\'"', escape: 'backslash' };
/** Tickets in one query, which is part of a URL. */
const MOST = 50;
const FIRST = 5;
const KNOWN_MS = 600_000;

/** `CF.{Name}`, `CustomField.{Name}`, `CF.Name`, also for a queue: `CF.Queue.{Name}`. */
const CUSTOM = /\b(?:CF|CustomField)(?:\.[\w-]+(?=\.))?\.(?:\{([^}]*)\}|([\w-]+))/gi;
const TIME =
  /\b(?:Created|Updated|LastUpdated|Started|Starts|Due|Resolved|Told)\s*(?:[<>]=?|!?=)\s*(?:'([^']*)'|"([^"]*)")/gi;
const READABLE = /\d|\b(?:now|today|yesterday|tomorrow|midnight|noon|last|next|\w+day|never|not set)\b/i;

const refused = (why: string): SyncError => new SyncError('invalid', why, { fields: { query: why } });

export function ticketQueries(api: Api): OwnQueries {
  const fields = new Cache<boolean>(KNOWN_MS, 200);

  const condition = async (query: string): Promise<string> => {
    const { text } = closedQuery(query, SYNTAX);
    for (const [, single, double] of text.matchAll(TIME)) {
      const time = single ?? double ?? '';
      if (!READABLE.test(time)) throw refused(`"${time}" is no time that RT can read.`);
    }
    const names = new Set([...text.matchAll(CUSTOM)].map(([, braced, plain]) => braced ?? plain ?? ''));
    for (const name of names) {
      const isThere = await fields.remember(name, async () => {
        const by = /^\d+$/.test(name) ? 'id' : 'Name';
        const wanted = JSON.stringify([{ field: by, value: name, operator: '=' }]);
        return (await api.list('customfields', { query: wanted, per_page: 1 })).items.length > 0;
      });
      if (!isThere) throw refused(`RT shows this account no custom field "${name}".`);
    }
    return text;
  };

  return inItsWords({
    language: 'TicketSQL',
    example: "Status = '__Active__' AND 'CF.{Severity}' = 'High'",
    async check(scope: Scope, query: string): Promise<QueryHits> {
      const text = await condition(query);
      const queues = scope.projects.map((id) => `Queue = ${quoted(id)}`).join(' OR ');
      const where = { query: `(${text}) AND Type = 'ticket' AND (${queues})`, orderby: 'id', order: 'DESC' };
      const found = await api.list('tickets', { ...where, fields: 'Subject', per_page: FIRST });
      const first = found.items.flatMap(({ id, Subject }) => {
        const key = textOf(id);
        return key === undefined ? [] : [{ key, title: textOf(Subject) ?? '' }];
      });
      return { count: found.total ?? first.length, first, ...(found.total === undefined && { about: true }) };
    },
    async among(query: string, ids: readonly EntityId[]): Promise<ReadonlySet<EntityId>> {
      const text = await condition(query);
      const all = new Set<EntityId>();
      const tickets = ids.filter((id) => /^[1-9]\d{0,15}$/.test(id));
      for (const some of portions(tickets, { most: MOST, characters: 600 })) {
        const these = some.map((id) => `id = ${id}`).join(' OR ');
        const { items } = await api.list('tickets', { query: `(${text}) AND (${these})`, per_page: MOST });
        for (const id of items.map((item) => textOf(item.id))) if (id !== undefined && some.includes(id)) all.add(id);
      }
      return all;
    },
  });
}
