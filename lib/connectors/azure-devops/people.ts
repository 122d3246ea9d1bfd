/**
 * People: who a mail address, sign-in name or name belongs to. Asked of the identities of the organisation
 * (https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities; a token needs the scope Identity
 * (read) for it), or where that is not allowed, of the members of the project's teams. Never guesses: what doesn't match
 * exactly isn't returned.
 */

import { asSyncError, SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import { Cache, Recent } from '../cache';
import type { AzureDevOpsApi } from './api';
import { FRESH_MS, type Metadata } from './metadata';
import { compact, hasLeft, isJson, type Json, listOf, mailOf, textOf, userOf } from './shapes';

const TEN_MINUTES = 600_000;
const MOST_SHOWN = 100;
const MOST_KNOWN = 10_000;
const MOST_TEAMS = 50;
const MEMBER_PAGE = 500;

export interface UserQuery {
  email?: string;
  login?: string;
  name?: string;
  search?: string;
  project?: string;
}

const same = (a: string | undefined, b: string): boolean => a?.trim().toLowerCase() === b.trim().toLowerCase();

export class People {
  private answers = new Cache<UserValue[]>();
  private readonly members = new Cache<UserValue[]>();
  /** people in fields that were read, by sign-in address: they need no look-up */
  private known = new Recent<string, UserValue>(MOST_KNOWN);
  /** the token may not read identities */
  private denied = false;

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
  ) {}

  /** Somebody was seen in a field. */
  met(user: UserValue | undefined): void {
    if (user?.login) this.known.set(user.login.toLowerCase(), user);
  }

  /** Somebody could not be chosen: who they are is asked again. */
  forget(): void {
    this.known = new Recent(MOST_KNOWN);
    this.answers = new Cache();
  }

  get mayReadIdentities(): boolean {
    return !this.denied;
  }

  /** @see Connection.users */
  async find(query: UserQuery): Promise<UserValue[]> {
    const text = query.email ?? query.login ?? query.name ?? query.search ?? '';
    // identities cannot be listed, only searched; and who belongs to a project is known by its teams
    const found =
      text === '' || query.project !== undefined || this.denied
        ? await this.membersOf(query.project)
        : await this.identities(query, text);
    return found.filter((user) => matches(user, query)).slice(0, MOST_SHOWN);
  }

  /**
   * The text that stands for a person in a patch: the sign-in name. Undefined = there is nobody of that description, or
   * several.
   */
  async account(user: UserValue): Promise<string | undefined> {
    for (const text of [user.email, user.login]) {
      const known = text === undefined ? undefined : this.known.get(text.toLowerCase());
      if (known?.login) return known.login;
    }
    const key = JSON.stringify([user.login, user.email, user.name, user.id]);
    const load = async () => {
      for (const query of queriesFor(user)) {
        const found = await this.find(query);
        if (found.length > 0) return found;
      }
      return [];
    };
    let found = await this.answers.within(key, TEN_MINUTES, load);
    // somebody who was not there may have been added since
    if (found.length === 0) found = await this.answers.within(key, FRESH_MS, load);
    const [only, second] = found;
    if (!only || second) return undefined;
    this.met(only);
    return only.login ?? only.name;
  }

  private async identities(query: UserQuery, text: string): Promise<UserValue[]> {
    const filters = query.email === undefined ? ['General'] : ['MailAddress', 'General'];
    try {
      for (const searchFilter of filters) {
        const body = await this.api.json('GET', '_apis/identities', {
          query: { searchFilter, filterValue: text, queryMembership: 'None' },
          identities: true,
        });
        const found = listOf(body).flatMap((one) => identityOf(one) ?? []);
        if (found.some((user) => matches(user, query))) return found;
      }
      return [];
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || (thrown.kind !== 'forbidden' && thrown.kind !== 'auth')) throw thrown;
      // a dead token is refused here, too
      const found = await this.membersOf(query.project);
      this.denied = true;
      return found;
    }
  }

  private async membersOf(project: string | undefined): Promise<UserValue[]> {
    const projects = project === undefined ? await this.metadata.projects() : [await this.metadata.project(project)];
    const found = new Map<string, UserValue>();
    let denied: SyncError | undefined;
    for (const { id } of projects) {
      try {
        for (const user of await this.teamMembers(id)) found.set(user.id ?? user.login ?? user.name ?? '', user);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.kind !== 'forbidden' && error.kind !== 'notFound') throw error;
        // one project whose teams are out of sight hides nobody of the others
        denied = error;
      }
    }
    if (found.size === 0 && denied) throw denied;
    return [...found.values()];
  }

  private teamMembers(project: string): Promise<UserValue[]> {
    return this.members.within(project, FRESH_MS, async () => {
      const teams = listOf(
        await this.api.json('GET', `_apis/projects/${project}/teams`, { query: { $top: MOST_TEAMS } }),
      );
      const found = new Map<string, UserValue>();
      for (const { id } of teams) {
        const path = `_apis/projects/${project}/teams/${encodeURIComponent(textOf(id) ?? '')}/members`;
        for (const member of listOf(await this.api.json('GET', path, { query: { $top: MEMBER_PAGE } }))) {
          const user = userOf(member.identity);
          const group = isJson(member.identity) && member.identity.isContainer === true;
          if (user && !group && !hasLeft(member.identity)) found.set(user.id ?? user.login ?? '', user);
        }
      }
      return [...found.values()];
    });
  }
}

function matches(user: UserValue, { email, login, name, search }: UserQuery): boolean {
  if (email !== undefined) return same(user.email, email) || same(user.login, email);
  if (login !== undefined) return same(user.login, login);
  if (name !== undefined) return same(user.name, name);
  const wanted = search?.trim().toLowerCase();
  return !wanted || [user.name, user.login, user.email].some((text) => text?.toLowerCase().includes(wanted));
}

/** What to ask for, best first: a value of another system may bring a login that means somebody else here. */
function queriesFor({ login, email, name }: UserValue): UserQuery[] {
  return [
    ...(email ? [{ email }] : []),
    ...(login && login !== email ? [{ login }] : []),
    // a name says who is meant only where nothing better was given
    ...(name && !login && !email ? [{ name }] : []),
  ];
}

/** People only: groups and service identities are left out. */
function identityOf(json: Json): UserValue | undefined {
  if (json.isContainer === true || json.isActive === false) return undefined;
  const properties = isJson(json.properties) ? json.properties : {};
  const property = (name: string): string | undefined => {
    const value = properties[name];
    return textOf(isJson(value) ? value.$value : value);
  };
  if (property('SchemaClassName') === 'Group') return undefined;
  const account = property('Account');
  const domain = property('Domain');
  const windows =
    domain !== undefined && account !== undefined && !account.includes('@') && !/^Windows Live/.test(domain);
  const login = windows ? `${domain}\\${account}` : account;
  return compact({
    id: textOf(json.id),
    name: textOf(json.customDisplayName) ?? textOf(json.providerDisplayName),
    login,
    email: mailOf(property('Mail')) ?? mailOf(login),
  });
}
