/**
 * People: who an id is, and who a mail address, login or name belongs to. An administrator's account searches
 * `/users.json`; all others see the members of their projects, and mail addresses only where a person does not hide them
 * (https://www.redmine.org/projects/redmine/wiki/Rest_Users). Never guesses: what doesn't match exactly isn't returned.
 */

import { asSyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import { isJson, type Json, listOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { compactUser, matchesQuery, type UserQuery, wantedText } from '../kit/people';
import { PAGE, type RedmineApi } from './api';
import type { Metadata } from './metadata';
import type { Named } from './shapes';

const HOUR = 3_600_000;
/** more members than this are not looked up one by one */
const MOST_LOOKUPS = 500;

function userOf(json: Json): UserValue {
  const name = [textOf(json.firstname), textOf(json.lastname)].filter(Boolean).join(' ');
  return compactUser({ id: textOf(json.id), name, login: textOf(json.login), email: textOf(json.mail) });
}

export class People {
  private readonly mentions = new Cache<UserValue | undefined>(HOUR / 6, 5_000);
  private readonly details = new Cache<UserValue | undefined>(HOUR, 10_000);

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
  ) {}

  /** Everything that is known of a person or group named in an issue. `name` may be empty. */
  async known({ id, name }: Named): Promise<UserValue> {
    const details = await this.details.remember(id, async () => {
      try {
        const { user } = await this.api.get(`users/${encodeURIComponent(id)}.json`);
        return isJson(user) ? userOf(user) : undefined;
      } catch (thrown) {
        const { kind } = asSyncError(thrown);
        // a group, a locked account, somebody out of sight: the name in the issue is all there is
        if (kind === 'notFound' || kind === 'forbidden') return undefined;
        throw thrown;
      }
    });
    return compactUser({ ...details, id, name: name || details?.name });
  }

  /** @see Connection.users */
  async find(query: UserQuery): Promise<UserValue[]> {
    const me = await this.metadata.myself();
    return me.admin ? this.search(query) : this.among(query, me);
  }

  /** Whom `@login` in a text mentions. */
  async mentioned(login: string): Promise<UserValue | undefined> {
    return this.mentions.remember(login.toLowerCase(), async () => {
      const [one, ...others] = await this.find({ login });
      return others.length === 0 ? one : undefined;
    });
  }

  /** `name=` looks into login, first and last name and all mail addresses of a person, also those not shown. */
  private async search(query: UserQuery): Promise<UserValue[]> {
    const text = wantedText(query);
    const criteria = text ? { name: text } : {};
    const body = await this.api.get('users.json', { ...criteria, limit: PAGE });
    const hits = listOf(body, 'users').map(userOf);
    // a person with a second address: the one hit of a whole address, which the list shows under the first one
    if (query.email?.includes('@') && hits.length === 1 && hits[0]) {
      const [hit] = hits;
      if (hit.email !== undefined && !hit.email.toLowerCase().includes(query.email.trim().toLowerCase())) return hits;
    }
    const matching = hits.filter((user) => matchesQuery(user, query));
    if (query.project === undefined) return matching;
    const { id } = await this.metadata.project(query.project);
    const members = new Set((await this.metadata.members(id)).map((member) => member.id));
    return matching.filter((user) => user.id !== undefined && members.has(user.id));
  }

  private async among(query: UserQuery, me: UserValue): Promise<UserValue[]> {
    const projects =
      query.project === undefined ? await this.metadata.projects() : [await this.metadata.project(query.project)];
    const members = new Map<string, Named>();
    for (const { id } of projects) {
      for (const member of await this.metadata.members(id)) if (!member.group) members.set(member.id, member);
    }
    const byNameOnly = query.name !== undefined;
    const candidates = [...members.values()]
      .filter((member) => !byNameOnly || matchesQuery(member, query))
      .slice(0, MOST_LOOKUPS);
    const people: UserValue[] = [];
    for (const member of candidates) people.push(await this.known(member));
    const { id, name, login, email } = me;
    const own = compactUser({ id, name, login, email });
    const all = people.map((person) => (person.id === own.id ? { ...own, ...person } : person));
    return all.filter((user) => matchesQuery(user, query)).slice(0, PAGE);
  }
}
