/**
 * Finds users by a query. Nothing is guessed: a user that does not match exactly is not a match, and neither are two
 * users that match.
 */

import type { UserValue } from '../../model/values';
import { Cache } from './metadata';
import { Recent } from './recent';

/** Exactly one of the first four, or none for the start of the list. @see Connection.users */
export interface UserQuery {
  email?: string;
  login?: string;
  name?: string;
  /** part of a name, login or email */
  search?: string;
  /** users who can be selected in this project's fields */
  project?: string;
}

/** Names, logins and emails are equal regardless of case and surrounding blanks. */
export const isSameText = (a: string | undefined, b: string): boolean =>
  a?.trim().toLowerCase() === b.trim().toLowerCase();

/** The searched text; undefined if all users are requested. */
export const wantedText = ({ email, login, name, search }: UserQuery): string | undefined =>
  email ?? login ?? name ?? search;

export interface MatchRules {
  /** users sign in with their email: an account without one is found by its login */
  signInByEmail?: boolean;
}

/** True if the user matches the query; a part is enough for `search` only. */
export function matchesQuery(user: UserValue, query: UserQuery, { signInByEmail = false }: MatchRules = {}): boolean {
  const { email, login, name, search } = query;
  if (email !== undefined) return isSameText(user.email, email) || (signInByEmail && isSameText(user.login, email));
  if (login !== undefined) return isSameText(user.login, login);
  if (name !== undefined) return isSameText(user.name, name);
  const wanted = search?.trim().toLowerCase();
  return !wanted || [user.name, user.login, user.email].some((text) => text?.toLowerCase().includes(wanted));
}

/** Without empty properties: values travel as JSON and are compared. */
export const compactUser = ({ id, name, login, email }: UserValue): UserValue => ({
  ...(id && { id }),
  ...(name && { name }),
  ...(login && { login }),
  ...(email && { email }),
});

/** A user as another system's values describe them: an object, or only a text. */
export function userOfValue(value: unknown): UserValue {
  if (typeof value === 'string') return compactUser({ name: value });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const parts = new Map<string, unknown>(Object.entries(value));
  const text = (key: string): string | undefined => {
    const part = parts.get(key);
    return typeof part === 'string' ? part : undefined;
  };
  return compactUser({ id: text('id'), name: text('name'), login: text('login'), email: text('email') });
}

/** The queries for finding a user, best first: an email is more specific than a login, and a login than a name. */
export function queriesFor({ email, login, name }: UserValue): UserQuery[] {
  const queries: UserQuery[] = [];
  if (email) queries.push({ email });
  if (login) queries.push({ login });
  if (name) queries.push({ name });
  return queries;
}

/**
 * Returns the matches of the first query that has any. Callers distinguish or refuse several matches.
 *
 * @param find finds users who match exactly
 */
export async function whoIsMeant(
  user: UserValue,
  find: (query: UserQuery) => Promise<UserValue[]>,
): Promise<{ found: UserValue[]; by: UserQuery | undefined }> {
  for (const by of queriesFor(user)) {
    const found = await find(by);
    if (found.length > 0) return { found, by };
  }
  return { found: [], by: undefined };
}

const TEN_MINUTES_MS = 600_000;
const MINUTE_MS = 60_000;
const MOST_KNOWN = 10_000;

/** Resolves the users in written values. Answers are cached; a user that was not found may have been added since. */
export class Accounts {
  private answers = new Cache<UserValue[]>();
  /** users in fields that were read, by login: they need no look-up */
  private known = new Recent<string, UserValue>(MOST_KNOWN);

  /** @param find finds users who match exactly */
  constructor(private readonly find: (query: UserQuery) => Promise<UserValue[]>) {}

  /** A user was seen in a field. */
  met(user: UserValue | undefined): void {
    if (user?.login) this.known.set(user.login.toLowerCase(), user);
  }

  /** A user could not be selected: the next value looks them up again. */
  forget(): void {
    this.known = new Recent(MOST_KNOWN);
    this.answers = new Cache();
  }

  /** undefined = no such user, or several. */
  async one(user: UserValue): Promise<UserValue | undefined> {
    for (const text of [user.email, user.login]) {
      const known = text === undefined ? undefined : this.known.get(text.toLowerCase());
      if (known) return known;
    }
    const load = async () => (await whoIsMeant(user, this.find)).found;
    const key = JSON.stringify([user.login, user.email, user.name, user.id]);
    let found = await this.answers.within(key, TEN_MINUTES_MS, load);
    if (found.length === 0) found = await this.answers.within(key, MINUTE_MS, load);
    const [only, second] = found;
    if (!only || second) return undefined;
    this.met(only);
    return only;
  }
}
