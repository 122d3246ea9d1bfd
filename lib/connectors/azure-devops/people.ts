/**
 * Users: looks up emails, sign-in names and names. Uses the identities of the organization
 * (https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities; a token needs the scope Identity
 * (read) for it) or, if that is not permitted, the members of the project's teams. Nothing is guessed: only exact
 * matches are returned.
 */

import uniqBy = require('lodash/uniqBy');

import { asSyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import { Cache } from '../kit/metadata';
import { presentOf } from '../kit/overlap/members';
import { Accounts, compactUser, matchesQuery, type UserQuery, wantedText } from '../kit/people';
import type { AzureDevOpsApi } from './api';
import { FRESH_MS, type Metadata } from './metadata';
import { hasLeft, isJson, type Json, listOf, mailOf, textOf, userOf } from './shapes';

const MOST_SHOWN = 100;
const MOST_TEAMS = 50;
const MEMBER_PAGE = 500;

export class People {
  private readonly members = new Cache<UserValue[]>();
  private readonly byId = new Cache<UserValue[]>();
  readonly accounts = new Accounts((query) => this.find(query));
  /** the token cannot read identities */
  denied = false;

  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
  ) {}

  /** @see Connection.users */
  async find(query: UserQuery): Promise<UserValue[]> {
    const text = wantedText(query) ?? '';
    // identities can only be searched, not listed; the members of a project are known from its teams
    const found =
      text === '' || query.project !== undefined || this.denied
        ? await this.membersOf(query.project)
        : await this.identities(query, text);
    return found.filter((user) => isMeant(user, query)).slice(0, MOST_SHOWN);
  }

  /** The text for a user in a patch: the sign-in name. undefined = no such user, or several. */
  async account({ id, login, email, name }: UserValue): Promise<string | undefined> {
    // a name identifies the user only if nothing better was given
    const found = await this.accounts.one(login || email ? { id, login, email } : { id, name });
    return found?.login ?? found?.name;
  }

  /**
   * Whom texts mention by this id of an identity: https://learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities
   */
  async mentioned(id: string): Promise<UserValue | undefined> {
    if (!isGuid(id)) return undefined;
    const [user] = await this.byId.within(id.toLowerCase(), FRESH_MS, async () => {
      if (!this.denied) {
        try {
          const body = await this.api.json('GET', '_apis/identities', {
            query: { identityIds: id, queryMembership: 'None' },
            identities: true,
          });
          return listOf(body).flatMap((one) => (isJson(one) ? (identityOf(one) ?? []) : []));
        } catch (thrown) {
          const { kind } = asSyncError(thrown);
          if (kind === 'notFound' || kind === 'invalid') return [];
          if (kind !== 'forbidden' && kind !== 'auth') throw thrown;
        }
      }
      return (await this.membersOf(undefined)).filter((member) => member.id?.toLowerCase() === id.toLowerCase());
    });
    return user;
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
        if (found.some((user) => isMeant(user, query))) return found;
      }
      return [];
    } catch (thrown) {
      const { kind } = asSyncError(thrown);
      if (kind !== 'forbidden' && kind !== 'auth') throw thrown;
      // an expired token is refused here, too
      const found = await this.membersOf(query.project);
      this.denied = true;
      return found;
    }
  }

  private async membersOf(project: string | undefined): Promise<UserValue[]> {
    const projects = project === undefined ? await this.metadata.projects() : [await this.metadata.project(project)];
    // a project whose teams are not visible must not hide users of the others
    const { present, fault } = await presentOf(
      projects.map(({ id }) => id),
      (id) => this.teamMembers(id),
    );
    const found = uniqBy(present.flat(), ({ id, login, name }) => id ?? login ?? name);
    if (found.length === 0 && fault) throw fault;
    return found;
  }

  private teamMembers(project: string): Promise<UserValue[]> {
    return this.members.within(project, FRESH_MS, async () => {
      const teams = listOf(
        await this.api.json('GET', `_apis/projects/${project}/teams`, { query: { $top: MOST_TEAMS } }),
      );
      const found: UserValue[] = [];
      for (const { id } of teams) {
        const path = `_apis/projects/${project}/teams/${encodeURIComponent(textOf(id) ?? '')}/members`;
        for (const { identity } of listOf(await this.api.json('GET', path, { query: { $top: MEMBER_PAGE } }))) {
          const user = userOf(identity);
          const group = isJson(identity) && identity.isContainer === true;
          if (user && !group && !hasLeft(identity)) found.push(user);
        }
      }
      return found;
    });
  }
}

/** The id of an identity. Azure DevOps silently removes anything else from `@<…>`. */
export const isGuid = (id: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id);

/** Users sign in with their email. */
const isMeant = (user: UserValue, query: UserQuery): boolean => matchesQuery(user, query, { signInByEmail: true });

/** Users only: groups and service identities are left out. */
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
  return compactUser({
    id: textOf(json.id),
    name: textOf(json.customDisplayName) ?? textOf(json.providerDisplayName),
    login,
    email: mailOf(property('Mail')) ?? mailOf(login),
  });
}
