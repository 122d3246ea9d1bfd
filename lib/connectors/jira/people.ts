/**
 * Users: looks up accounts by id, email, login or name. Cloud has account ids and shows emails only if the user allows
 * it (https://developer.atlassian.com/cloud/jira/platform/deprecation-notice-user-privacy-api-migration-guide/); Data
 * Center has keys, logins and emails. Nothing is guessed: only exact matches are returned. A search matches the start
 * of names and emails, so a match with a hidden email proves nothing: bob@example.co finds bob@example.com, too. It
 * counts only together with the name that the account shows.
 */

import { asSyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import { isJson, type Json, objectsOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import { compactUser, isSameText, matchesQuery, type UserQuery, wantedText, whoIsMeant } from '../kit/people';
import type { JiraApi } from './api';

const MOST = 100;

/** A user in Jira's answers; undefined if there is none. */
export function userOf(json: unknown): UserValue | undefined {
  if (!isJson(json)) return undefined;
  const id = textOf(json.accountId) ?? textOf(json.key) ?? textOf(json.name);
  const [name, email] = [textOf(json.displayName), textOf(json.emailAddress)];
  const login = json.accountId === undefined ? textOf(json.name) : undefined;
  return id || name ? compactUser({ id, name, login, email }) : undefined;
}

export class People {
  private readonly found = new Cache<UserValue[]>(60_000, 5_000);

  constructor(private readonly api: JiraApi) {}

  /** @see Connection.users */
  find(query: UserQuery): Promise<UserValue[]> {
    const { email, login, name, search, project } = query;
    return this.found.remember(JSON.stringify([email, login, name, search, project]), () => this.search(query));
  }

  /** The single user that a value means, or undefined: none, or several. */
  async one(value: UserValue): Promise<UserValue | undefined> {
    // a value from Jira itself needs no look-up
    if (value.id && (this.api.isCloud || value.login)) return value;
    if (value.id) return this.byKey(value.id);
    const { found } = await whoIsMeant(value, (query) => this.find(query));
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
    return value.email && value.name ? this.hidden(value.email, value.name) : undefined;
  }

  /**
   * The user for a mention in a text: an account id on Cloud, a login on Data Center.
   * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/#api-rest-api-3-user-get
   */
  async mentioned(id: string): Promise<UserValue | undefined> {
    const [user] = await this.found.remember(`mentioned ${id}`, async () => {
      try {
        const found = userOf(await this.api.get('user', this.api.isCloud ? { accountId: id } : { username: id }));
        return found ? [found] : [];
      } catch (thrown) {
        const { kind } = asSyncError(thrown);
        // a user who has left, or whom the account cannot see
        if (kind === 'notFound' || kind === 'forbidden' || kind === 'invalid') return [];
        throw thrown;
      }
    });
    return user;
  }

  /** The name of a user in mentions. */
  mentionOf({ id, login }: UserValue): string | undefined {
    return this.api.isCloud ? id : login;
  }

  /** The user with this name whose hidden email starts in this way. */
  private async hidden(email: string, name: string): Promise<UserValue | undefined> {
    const key = `hidden ${JSON.stringify([email, name])}`;
    const [one, ...others] = await this.found.remember(key, async () => {
      const hits = (await this.request(email, undefined)).flatMap((json) => userOf(json) ?? []);
      return hits.filter((hit) => hit.email === undefined && isSameText(hit.name, name));
    });
    return others.length === 0 ? one : undefined;
  }

  private async byKey(key: string): Promise<UserValue | undefined> {
    const [user] = await this.found.remember(`key ${key}`, async () => {
      const found = objectsOf(await this.get('user/search', { username: key })).map(userOf);
      return found.flatMap((one) => (one?.id === key ? [one] : []));
    });
    // older servers know only the login, which is also the key
    return user ?? { id: key, login: key };
  }

  private async search(query: UserQuery): Promise<UserValue[]> {
    const users = await this.request(wantedText(query) ?? '', query.project);
    // Jira itself has matched a plain search
    const matching = query.search === undefined ? users.filter((json) => isMeant(json, query)) : users;
    // prefers staff to a customer of the same name
    const staff = query.search === undefined ? matching.filter(({ accountType }) => accountType !== 'customer') : [];
    return (staff.length > 0 ? staff : matching).flatMap((json) => userOf(json) ?? []);
  }

  /** Active users: no apps, and nobody who has left. Customers of a service project report issues like anybody else. */
  private async request(text: string, project: string | undefined): Promise<Json[]> {
    const found = objectsOf(await this.hits(text, project));
    return found.filter(
      ({ active, accountType }) =>
        active !== false && (accountType === undefined || accountType === 'atlassian' || accountType === 'customer'),
    );
  }

  private hits(text: string, project: string | undefined): Promise<unknown> {
    const criterion = this.api.isCloud ? { query: text } : { username: text };
    if (project !== undefined) return this.get('user/assignable/search', { ...criterion, project });
    if (text !== '') return this.get('user/search', criterion);
    // Cloud only searches with a text; there is another URL for all users
    return this.api.isCloud ? this.get('users/search', {}) : this.get('user/search', { username: '.' });
  }

  private get(path: string, query: Record<string, string | undefined>): Promise<unknown> {
    return this.api.get(path, { ...query, maxResults: MOST });
  }
}

/** On Cloud there is no login, so the account id may be used instead. */
const isMeant = (json: Json, query: UserQuery): boolean =>
  matchesQuery(userOf(json) ?? {}, query) ||
  (query.email === undefined && query.login !== undefined && isSameText(textOf(json.accountId), query.login));
