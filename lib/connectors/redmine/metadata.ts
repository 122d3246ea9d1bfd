/** What a Redmine server says about its structure, remembered for a minute: projects, trackers, lists, custom fields. */

import { SyncError } from '../../model/errors';
import { Cache } from '../cache';
import { type Filter, filterQuery, type RedmineApi } from './api';
import { type CustomField, declaredCustomFields, fieldsOnIssues, probeTypes } from './custom-fields';
import { isJson, listOf, type Named, namedList, namedOf, type RawIssue, textOf } from './shapes';

const MINUTE = 60_000;

export interface ProjectInfo extends Named {
  /** the name in addresses */
  identifier: string;
  parent?: string;
  trackers: Named[];
  categories: Named[];
  /** ids of custom fields that were chosen for single projects, this one among them */
  chosenCustomFields: string[];
  /** has the module for issues */
  tracksIssues: boolean;
}

export interface TrackerInfo extends Named {
  /** the standard fields it uses; undefined where the server doesn't say (before 5.0) */
  standardFields?: string[];
}

/** An entry of a list; `selectable: false`: it exists, but cannot be chosen any more. */
export type Choice = Named & { selectable?: false };

/** A member of a project: a person or a group. */
export interface Member extends Named {
  group: boolean;
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

export class Metadata {
  private readonly projectCache = new Cache<ProjectInfo[]>(MINUTE);
  private readonly trackerCache = new Cache<TrackerInfo[]>(MINUTE);
  private readonly lists = new Cache<Choice[]>(MINUTE);
  private readonly memberCache = new Cache<Member[]>(MINUTE);
  private readonly selfCache = new Cache<Myself>(MINUTE);
  private readonly declared = new Cache<CustomField[] | undefined>(MINUTE);
  private readonly sampled = new Cache<CustomField[]>(MINUTE);
  /** definitions by id as last seen, for reading values: kept as long as the connection */
  private readonly definitions = new Map<string, CustomField>();

  constructor(private readonly api: RedmineApi) {}

  /** @param maxAgeMs how old a remembered answer may be */
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
        // before Redmine 4.2 it isn't said; then the definitions tell
        admin: user.admin === true,
        roles,
      };
    });
  }

  /** @param maxAgeMs how old the answer may be, milliseconds */
  projects(maxAgeMs = MINUTE): Promise<ProjectInfo[]> {
    return this.projectCache.within('', maxAgeMs, async () => {
      const include = 'trackers,issue_categories,issue_custom_fields,enabled_modules';
      const list = await this.api.all('projects.json', 'projects', { include });
      return list.flatMap((json): ProjectInfo[] => {
        const named = namedOf(json);
        if (!named) return [];
        const modules = listOf(json, 'enabled_modules').map(({ name }) => textOf(name));
        return [
          {
            ...named,
            identifier: textOf(json.identifier) ?? named.id,
            parent: namedOf(json.parent)?.id,
            trackers: namedList(json, 'trackers'),
            categories: namedList(json, 'issue_categories'),
            chosenCustomFields: namedList(json, 'issue_custom_fields').map(({ id }) => id),
            tracksIssues: modules.length === 0 || modules.includes('issue_tracking'),
          },
        ];
      });
    });
  }

  /** By id or identifier. @throws notFound */
  async project(id: string): Promise<ProjectInfo> {
    const found = (await this.projects()).find((one) => one.id === id || one.identifier === id);
    if (found) return found;
    throw new SyncError('notFound', `Redmine shows this account no project "${id}": check project and membership`);
  }

  /** @throws notFound – no such project, or the project doesn't use the tracker */
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
      return listOf(body, 'trackers').flatMap((json): TrackerInfo[] => {
        const named = namedOf(json);
        if (!named) return [];
        const fields = json.enabled_standard_fields;
        return [{ ...named, ...(Array.isArray(fields) ? { standardFields: fields.map(String) } : {}) }];
      });
    });
  }

  statuses(): Promise<Named[]> {
    return this.lists.remember('statuses', async () =>
      namedList(await this.api.get('issue_statuses.json'), 'issue_statuses'),
    );
  }

  priorities(): Promise<Named[]> {
    return this.lists.remember('priorities', async () => {
      const body = await this.api.get('enumerations/issue_priorities.json');
      const active = listOf(body, 'issue_priorities').filter((one) => one.active !== false);
      return active.flatMap((one) => namedOf(one) ?? []);
    });
  }

  /** Versions that issues of the project can have as target, those shared by other projects included. */
  versions(project: string): Promise<Choice[]> {
    return this.lists.remember(`versions ${project}`, async () => {
      const body = await this.api.get(`projects/${encodeURIComponent(project)}/versions.json`);
      return listOf(body, 'versions').flatMap((json): Choice[] => {
        const named = namedOf(json);
        if (!named) return [];
        // locked and closed versions stay on the issues that have them, and can be given to no other
        return [json.status === 'locked' || json.status === 'closed' ? { ...named, selectable: false } : named];
      });
    });
  }

  /**
   * Members of the project; nobody where the account may not see them.
   * @param maxAgeMs how old the answer may be, milliseconds
   */
  members(project: string, maxAgeMs = MINUTE): Promise<Member[]> {
    return this.memberCache.within(project, maxAgeMs, async () => {
      try {
        const path = `projects/${encodeURIComponent(project)}/memberships.json`;
        const list = await this.api.all(path, 'memberships');
        return list.flatMap((one): Member[] => {
          const user = namedOf(one.user);
          if (user) return [{ ...user, group: false }];
          const group = namedOf(one.group);
          return group ? [{ ...group, group: true }] : [];
        });
      } catch (thrown) {
        if (thrown instanceof SyncError && thrown.kind === 'forbidden') return [];
        throw thrown;
      }
    });
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
      const { issues } = await this.api.issues({ ...filterQuery(filters), sort: 'id:desc', limit: 1 });
      if (issues.length === 0) continue;
      const known = await this.definitionsFor(issues);
      return fieldsOnIssues(issues).map((field) => known.get(field.id) ?? field);
    }
    return [];
  }
}
