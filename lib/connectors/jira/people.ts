/**
 * People: who an account is, and whose an e-mail address, login or name is. Cloud knows account ids and shows e-mail
 * addresses only where a person allows it (https://developer.atlassian.com/cloud/jira/platform/deprecation-notice-user-privacy-api-migration-guide/);
 * Data Center has keys, logins and addresses. Never guesses: what doesn't match exactly isn't returned. A search goes by the
 * beginnings of names and addresses, so that a hit with a hidden address proves nothing: bob@example.co finds
 * bob@example.com, too. Only together with the name that the account shows it counts.
 */

import type { UserValue } from '../../model/values';
import { Cache } from '../cache';
import type { JiraApi } from './api';
import { isJson, type Json, objectsOf, textOf } from './shapes';

const MOST = 100;

export interface UserQuery {
  email?: string;
  login?: string;
  name?: string;
  search?: string;
  project?: string;
}

const same = (a: string | undefined, b: string): boolean => a?.trim().toLowerCase() === b.trim().toLowerCase();

/** A user of Jira's answers; undefined where nobody is named. */
export function userOf(json: unknown): UserValue | undefined {
  if (!isJson(json)) return undefined;
  const id = textOf(json.accountId) ?? textOf(json.key) ?? textOf(json.name);
  const [name, email] = [textOf(json.displayName), textOf(json.emailAddress)];
  const login = json.accountId === undefined ? textOf(json.name) : undefined;
  if (!id && !name) return undefined;
  return { ...(id ? { id } : {}), ...(name ? { name } : {}), ...(login ? { login } : {}), ...(email ? { email } : {}) };
}

export class People {
  private readonly found = new Cache<UserValue[]>(60_000, 5_000);

  constructor(private readonly api: JiraApi) {}

  /** @see Connection.users */
  find(query: UserQuery): Promise<UserValue[]> {
    return this.found.remember(
      JSON.stringify([query.email, query.login, query.name, query.search, query.project]),
      () => this.search(query),
    );
  }

  /** The one person a value means, or undefined: nobody, or several. */
  async one(value: UserValue): Promise<UserValue | undefined> {
    // what Jira itself showed needs no question
    if (value.id && (this.api.isCloud || value.login)) return value;
    if (value.id) return this.byKey(value.id);
    for (const query of [{ email: value.email }, { login: value.login }, { name: value.name }]) {
      if (!Object.values(query)[0]) continue;
      const found = await this.find(query);
      if (found.length === 1) return found[0];
      if (found.length > 1) return undefined;
    }
    return value.email && value.name ? this.hidden(value.email, value.name) : undefined;
  }

  /** The one whose hidden address begins like this, and who is called so. */
  private async hidden(email: string, name: string): Promise<UserValue | undefined> {
    const key = `hidden ${JSON.stringify([email, name])}`;
    const [one, ...others] = await this.found.remember(key, async () => {
      const hits = (await this.request(email, undefined)).filter(isAble);
      const own = hits.filter(
        (json) => textOf(json.emailAddress) === undefined && same(textOf(json.displayName), name),
      );
      return own.flatMap((json) => userOf(json) ?? []);
    });
    return others.length === 0 ? one : undefined;
  }

  private async byKey(key: string): Promise<UserValue | undefined> {
    const [user] = await this.found.remember(`key ${key}`, async () => {
      const found = objectsOf(await this.get('user/search', { username: key })).map(userOf);
      return found.flatMap((one) => (one?.id === key ? [one] : []));
    });
    // older servers know only the login, which their keys are
    return user ?? { id: key, login: key };
  }

  private async search(query: UserQuery): Promise<UserValue[]> {
    const { email, login, name, search, project } = query;
    const text = email ?? login ?? name ?? search ?? '';
    const users = (await this.request(text, project)).filter(isAble);
    const matching = users.filter((json) => matches(json, query));
    // somebody of the staff before a customer of the same name
    const staff = search === undefined ? matching.filter(({ accountType }) => accountType !== 'customer') : [];
    return (staff.length > 0 ? staff : matching).flatMap((json) => userOf(json) ?? []);
  }

  private async request(text: string, project: string | undefined): Promise<Json[]> {
    const criterion = this.api.isCloud ? { query: text } : { username: text || '.' };
    if (project !== undefined) {
      const assignable = this.api.isCloud ? criterion : { username: text };
      return objectsOf(await this.get('user/assignable/search', { ...assignable, project }));
    }
    // Cloud searches for something only; there is another address for all
    if (this.api.isCloud && text === '') return objectsOf(await this.get('users/search', {}));
    return objectsOf(await this.get('user/search', criterion));
  }

  private get(path: string, query: Record<string, string | undefined>): Promise<unknown> {
    return this.api.get(path, { ...query, maxResults: MOST });
  }
}

/** People who are there: no apps, and nobody who has left. Customers of a service project report issues like anybody else. */
const isAble = ({ active, accountType }: Json): boolean =>
  active !== false && (accountType === undefined || accountType === 'atlassian' || accountType === 'customer');

function matches(json: Json, { email, login, name }: UserQuery): boolean {
  const [shown, address] = [textOf(json.displayName), textOf(json.emailAddress)];
  if (email !== undefined) return address !== undefined && same(address, email);
  if (login !== undefined) return same(textOf(json.name), login) || same(textOf(json.accountId), login);
  return name === undefined || same(shown, name);
}
