/** The structure of a Redmine server, cached for a minute: projects, trackers, lists, custom fields. */

import { asSyncError, SyncError } from '../../model/errors';
import type { FieldId } from '../../model/values';
import { isJson, listOf, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import type { Filter, RedmineApi } from './api';
import { type CustomField, declaredCustomFields, fieldsOnIssues, probeTypes } from './custom-fields';
import { type IssueLists, issueLists } from './lists';
import { eachNamed, type Named, namedList, namedOf, type RawIssue } from './shapes';

const MINUTE = 60_000;
/** A project's status. */
const CLOSED = 5;
/** Maximum age of a role: so reading all projects asks for each role once. */
const ROLES_MS = 10_000;

export interface ProjectInfo extends Named {
  /** the name in addresses */
  identifier: string;
  parent?: string;
  trackers: Named[];
  categories: Named[];
  /** ids of custom fields that are enabled for single projects, including this one */
  chosenCustomFields: string[];
  /** has the issue tracking module */
  tracksIssues: boolean;
  /** closed: it can be read, but nothing in it can be written */
  closed: boolean;
}

export interface TrackerInfo extends Named {
  /** the standard fields it uses; undefined if the server does not say (before 5.0) */
  standardFields?: string[];
}

/** A list value; `selectable: false`: it exists, but can no longer be selected. */
export type Choice = Named & { selectable?: false };

/** A member of a project: a person or a group. */
export interface Member extends Named {
  group: boolean;
  /** locked: stays on its issues, and cannot be selected for others */
  selectable?: false;
}

export interface Myself {
  id: string;
  login: string;
  name: string;
  email?: string;
  admin: boolean;
  /** project id → role ids */
  roles: Map<string, string[]>;
}

/** Which issues a role shows: the account's own; also others' issues that are not private; all. */
export type Visibility = 'own' | 'default' | 'all';

/** What a role lets its members do. */
export interface Role {
  /** undefined if Redmine does not say */
  visibility: Visibility | undefined;
  permissions: string[];
}

/** What an administrator may do. */
const EVERYTHING: Permissions = { has: () => true };

export type Permissions = Pick<ReadonlySet<string>, 'has'>;

export class Metadata {
  private readonly projectCache = new Cache<ProjectInfo[]>(MINUTE);
  private readonly trackerCache = new Cache<TrackerInfo[]>(MINUTE);
  private readonly choices = new Cache<Choice[]>(MINUTE);
  private readonly memberCache = new Cache<Member[]>(MINUTE);
  private readonly selfCache = new Cache<Myself>(MINUTE);
  private readonly roles = new Cache<Role | undefined>(ROLES_MS);
  private readonly declared = new Cache<CustomField[] | undefined>(MINUTE);
  private readonly sampled = new Cache<CustomField[]>(MINUTE);
  /** last known definitions by id, for reading values: kept as long as the connection */
  private readonly definitions = new Map<string, CustomField>();

  private readonly lists: IssueLists;

  constructor(private readonly api: RedmineApi) {
    this.lists = issueLists(api);
  }

  /** @param maxAgeMs maximum age of a cached answer */
  myself(maxAgeMs = MINUTE): Promise<Myself> {
    return this.selfCache.within('', maxAgeMs, async () => {
      const { user } = await this.api.get('users/current.json', { include: 'memberships' });
      if (!isJson(user)) throw new SyncError('fatal', "GET users/current.json: not the answer of Redmine's API");
      const roles = new Map(
        listOf(user, 'memberships').flatMap((membership): [string, string[]][] => {
          const project = namedOf(membership.project);
          return project ? [[project.id, namedList(membership, 'roles').map(({ id }) => id)]] : [];
        }),
      );
      return {
        id: textOf(user.id) ?? '',
        login: textOf(user.login) ?? '',
        name: [textOf(user.firstname), textOf(user.lastname)].filter(Boolean).join(' '),
        email: textOf(user.mail),
        // not reported before Redmine 4.2; then the definitions show it
        admin: user.admin === true,
        roles,
      };
    });
  }

  /** The account's view of a project's issues by its widest role there; undefined if Redmine does not say. */
  async visibility(project: string): Promise<Visibility | undefined> {
    const me = await this.myself(ROLES_MS);
    if (me.admin) return 'all';
    const roles = await this.rolesIn(me, project);
    return (['all', 'default', 'own'] as const).find((level) => roles.some((role) => role?.visibility === level));
  }

  /** The account's permissions in a project; undefined if Redmine does not say: it is not a member. */
  async permissions(project: string): Promise<Permissions | undefined> {
    const me = await this.myself();
    if (me.admin) return EVERYTHING;
    const roles = await this.rolesIn(me, project, MINUTE);
    return roles.length === 0 ? undefined : new Set(roles.flatMap((role) => role?.permissions ?? []));
  }

  private rolesIn({ roles }: Myself, project: string, maxAgeMs = ROLES_MS): Promise<(Role | undefined)[]> {
    return Promise.all((roles.get(project) ?? []).map((role) => this.role(role, maxAgeMs)));
  }

  /** undefined if Redmine does not show it. @param maxAgeMs maximum age of the answer, milliseconds */
  role(id: string, maxAgeMs = ROLES_MS): Promise<Role | undefined> {
    return this.roles.within(id, maxAgeMs, async () => {
      try {
        const { role } = await this.api.get(`roles/${encodeURIComponent(id)}.json`);
        if (!isJson(role)) return undefined;
        const level = textOf(role.issues_visibility);
        const visibility = level === 'all' || level === 'default' || level === 'own' ? level : undefined;
        return { visibility, permissions: Array.isArray(role.permissions) ? role.permissions.map(String) : [] };
      } catch (thrown) {
        const { kind } = asSyncError(thrown);
        if (kind === 'notFound' || kind === 'forbidden') return undefined;
        throw thrown;
      }
    });
  }

  /** Whether notes can be changed and deleted through the API: since 5.0, which is known from its data about
   * trackers. */
  async changesNotes(): Promise<boolean> {
    return (await this.trackers()).some(({ standardFields }) => standardFields !== undefined);
  }

  /** @param maxAgeMs how old the answer may be, milliseconds */
  projects(maxAgeMs = MINUTE): Promise<ProjectInfo[]> {
    return this.projectCache.within('', maxAgeMs, async () => {
      const include = 'trackers,issue_categories,issue_custom_fields,enabled_modules';
      const list = await this.api.all('projects.json', 'projects', { include });
      return eachNamed(list, (named, json): ProjectInfo => {
        const modules = listOf(json, 'enabled_modules').map(({ name }) => textOf(name));
        return {
          ...named,
          identifier: textOf(json.identifier) ?? named.id,
          parent: namedOf(json.parent)?.id,
          trackers: namedList(json, 'trackers'),
          categories: namedList(json, 'issue_categories'),
          chosenCustomFields: namedList(json, 'issue_custom_fields').map(({ id }) => id),
          tracksIssues: modules.length === 0 || modules.includes('issue_tracking'),
          closed: json.status === CLOSED,
        };
      });
    });
  }

  /** By id or identifier. @throws notFound */
  async project(id: string): Promise<ProjectInfo> {
    const found = (await this.projects()).find((one) => one.id === id || one.identifier === id);
    if (found) return found;
    throw new SyncError('notFound', `Redmine shows this account no project "${id}": check project and membership`);
  }

  /** @throws notFound if there is no such project, or the project does not use the tracker */
  async tracker(project: string, id: string): Promise<{ project: ProjectInfo; tracker: TrackerInfo }> {
    const info = await this.project(project);
    const named = info.trackers.find((one) => one.id === id);
    if (!named) throw new SyncError('notFound', `Project ${info.name} has no tracker with the id "${id}"`);
    const known = (await this.trackers()).find((one) => one.id === id);
    return { project: info, tracker: known ?? named };
  }

  /** @param maxAgeMs how old the answer may be, milliseconds */
  trackers(maxAgeMs = MINUTE): Promise<TrackerInfo[]> {
    return this.trackerCache.within('', maxAgeMs, async () => {
      const body = await this.api.get('trackers.json');
      return eachNamed(listOf(body, 'trackers'), (named, { enabled_standard_fields: fields }) => ({
        ...named,
        ...(Array.isArray(fields) && { standardFields: fields.map(String) }),
      }));
    });
  }

  private statuses(): Promise<Named[]> {
    return this.choices.remember('statuses', async () =>
      namedList(await this.api.get('issue_statuses.json'), 'issue_statuses'),
    );
  }

  private priorities(): Promise<Named[]> {
    return this.choices.remember('priorities', async () => {
      const body = await this.api.get('enumerations/issue_priorities.json');
      const active = listOf(body, 'issue_priorities').filter((one) => one.active !== false);
      return eachNamed(active, (named) => named);
    });
  }

  /** Versions that issues of the project can have as target, including those shared by other projects. */
  versions(project: string): Promise<Choice[]> {
    return this.choices.remember(`versions ${project}`, async () => {
      const body = await this.api.get(`projects/${encodeURIComponent(project)}/versions.json`);
      // locked and closed versions stay on their issues, and cannot be selected for others
      return eachNamed(
        listOf(body, 'versions'),
        (named, { status }): Choice =>
          status === 'locked' || status === 'closed' ? { ...named, selectable: false } : named,
      );
    });
  }

  /** The list of a core field's values; undefined if it has none. @throws notFound */
  async listOf(field: FieldId, project: string): Promise<Choice[] | undefined> {
    switch (field) {
      case 'status':
        return this.statuses();
      case 'priority':
        return this.priorities();
      case 'category':
        return (await this.project(project)).categories;
      case 'fixed_version':
        return this.versions(project);
      default:
        return undefined;
    }
  }

  /**
   * Members of the project; empty if the account cannot see them.
   * @param maxAgeMs how old the answer may be, milliseconds
   */
  members(project: string, maxAgeMs = MINUTE): Promise<Member[]> {
    return this.memberCache.within(project, maxAgeMs, async () => {
      try {
        const path = `projects/${encodeURIComponent(project)}/memberships.json`;
        const [list, locked] = [await this.api.all(path, 'memberships'), await this.locked()];
        return list.flatMap((one): Member[] => {
          const user = namedOf(one.user);
          if (user) return [{ ...user, group: false, ...(locked.has(user.id) && { selectable: false as const }) }];
          const group = namedOf(one.group);
          return group ? [{ ...group, group: true }] : [];
        });
      } catch (thrown) {
        if (thrown instanceof SyncError && thrown.kind === 'forbidden') return [];
        throw thrown;
      }
    });
  }

  /** Ids of locked users, who stay members of their projects. Only administrators can see them. */
  private async locked(): Promise<ReadonlySet<string>> {
    const all = await this.choices.remember('locked', async () => {
      // only an administrator can see the definitions of custom fields, which are requested in any case
      if (!(await this.declaredFields())) return [];
      return eachNamed(await this.api.all('users.json', 'users', { status: 3 }), (named) => named);
    });
    return new Set(all.map(({ id }) => id));
  }

  /** The custom fields of a project and tracker. @throws notFound */
  async customFields(project: string, type: string): Promise<CustomField[]> {
    const { project: info, tracker } = await this.tracker(project, type);
    const declared = await this.declaredFields();
    if (declared) {
      // a field that appears in any project's list is not "for all projects"
      const chosen = new Set((await this.projects()).flatMap((one) => one.chosenCustomFields));
      return declared.filter(
        ({ id, trackers }) =>
          (trackers === undefined || trackers.includes(tracker.id)) &&
          (!chosen.has(id) || info.chosenCustomFields.includes(id)),
      );
    }
    return this.sampled.remember(`${info.id} ${tracker.id}`, async () => this.sample(info.id, tracker.id));
  }

  /** Definitions for the custom values that the issues carry, by id without `cf_`. */
  async definitionsFor(issues: RawIssue[]): Promise<ReadonlyMap<string, CustomField>> {
    const unknown = () => fieldsOnIssues(issues).filter(({ id, multi }) => this.definitions.get(id)?.multi !== multi);
    if (unknown().length === 0) return this.definitions;
    if ((await this.declaredFields()) === undefined) this.learn(await probeTypes(this.api, unknown()));
    // declared, but not visible in the definitions: as on the issue
    this.learn(unknown());
    return this.definitions;
  }

  private declaredFields(): Promise<CustomField[] | undefined> {
    return this.declared.remember('', async () => {
      const fields = await declaredCustomFields(this.api);
      if (fields) this.learn(fields);
      return fields;
    });
  }

  private learn(fields: CustomField[]): void {
    for (const field of fields) this.definitions.set(field.id, field);
    this.api.learnCustomNames(fields);
  }

  /** Fields of an issue of the same project and tracker; where there is none, of the tracker, then of the project. */
  private async sample(project: string, tracker: string): Promise<CustomField[]> {
    const inProject: Filter = { field: 'project_id', operator: '=', values: [project] };
    const ofTracker: Filter = { field: 'tracker_id', operator: '=', values: [tracker] };
    for (const filters of [[inProject, ofTracker], [ofTracker], [inProject]]) {
      const issues = await this.lists.newest(filters, 1, 'id:desc');
      if (issues.length === 0) continue;
      const known = await this.definitionsFor(issues);
      return fieldsOnIssues(issues).map((field) => known.get(field.id) ?? field);
    }
    return [];
  }
}
