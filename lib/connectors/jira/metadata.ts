/** Jira's structure, cached for a minute; definitions of fields, which rarely change, for ten. */

import { asSyncError, SyncError } from '../../model/errors';
import type { ListValue, LookupValue } from '../../model/values';
import { type Json, listOf, objectsOf, textOf } from '../kit/json';
import { remembered } from '../kit/metadata';
import type { JiraApi } from './api';
import { type Kind, kindOf, UNDECLARED } from './kinds';
import { linkFieldsOf } from './links';
import { Screens } from './screens';
import { type RawIssue, schemaOf } from './shapes';

const MINUTE = 60_000;

/** A field as Jira defines it for all projects. */
export interface Definition {
  id: string;
  name: string;
  custom: boolean;
  kind: Kind;
}

/** A field in one project and issue type. */
export interface TypeField extends Definition {
  required: boolean;
  /** Jira sets a value if a create has none */
  hasDefault: boolean;
  onCreate: boolean;
  onEdit: boolean;
  /** its list, if Jira shows one */
  allowed?: ListValue[];
  /** cascading selects: the id of a child's parent */
  parents?: Map<string, string>;
}

export interface ProjectInfo {
  id: string;
  key: string;
  name: string;
  archived: boolean;
  /** customers see its issues in a portal */
  isService: boolean;
  types: { id: string; name: string; subtask: boolean }[];
}

/** Fields of one project and type, and whether there was an issue that showed an edit screen. */
export interface TypeFields {
  fields: Map<string, TypeField>;
  sampled: boolean;
}

export class Metadata {
  private readonly screens: Screens;
  /** ids of all fields, including those without a canonical form */
  private readonly listed = new Set<string>();

  constructor(private readonly api: JiraApi) {
    this.screens = new Screens(api);
  }

  readonly myself = remembered(MINUTE, 1, async (): Promise<Json> => {
    const body = await this.api.object('myself');
    if (body.accountId !== undefined || body.name !== undefined) return body;
    throw new SyncError('fatal', "GET myself: not a response of Jira's API. Check the URL");
  });

  readonly serverInfo = remembered(10 * MINUTE, 1, () => this.api.object('serverInfo'));

  /** The site where users open issues, even if the API is reached through Atlassian's gateway. */
  async siteUrl(): Promise<string> {
    if (!/\/ex\/jira\//.test(this.api.site.baseUrl)) return this.api.site.baseUrl;
    const url = textOf((await this.serverInfo()).baseUrl) ?? this.api.site.baseUrl;
    return url.endsWith('/') ? url : `${url}/`;
  }

  readonly projects = remembered(MINUTE, 1, async () => {
    const list = this.api.isCloud
      ? await this.api.all('project/search', ['values'], { orderBy: 'key' }, 50_000)
      : await this.api.all('project', ['values']);
    return list.flatMap((json) => {
      const [id, key, name] = [textOf(json.id), textOf(json.key), textOf(json.name)];
      return id && key ? [{ id, key, name: name ?? key }] : [];
    });
  });

  /** @throws notFound */
  readonly project = remembered(MINUTE, 200, async (idOrKey: string): Promise<ProjectInfo> => {
    const json = await this.api.object(`project/${encodeURIComponent(idOrKey)}`);
    const [id, key] = [textOf(json.id), textOf(json.key)];
    if (!id || !key) throw new SyncError('notFound', `Jira shows no project ${idOrKey}`);
    const types = listOf(json, 'issueTypes').flatMap((type) => {
      const typeId = textOf(type.id);
      return typeId ? [{ id: typeId, name: textOf(type.name) ?? typeId, subtask: type.subtask === true }] : [];
    });
    const isService = textOf(json.projectTypeKey) === 'service_desk';
    return { id, key, name: textOf(json.name) ?? key, archived: json.archived === true, isService, types };
  });

  /** The projects that cannot be read now, each with the reason; asked from Jira, not from the cache. */
  async outOfSight(projects: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const id of projects) {
      this.project.forget(id);
      try {
        const { name, archived } = await this.project(id);
        if (archived) found.set(id, `The project ${name} is archived`);
      } catch (thrown) {
        if (asSyncError(thrown).kind !== 'notFound') throw thrown;
        found.set(id, `Jira no longer has the project ${id}, or does not show it to this account`);
      }
    }
    return found;
  }

  /** Ids of all issue types. */
  readonly typeIds = remembered(MINUTE, 1, async () => {
    const all = objectsOf(await this.api.get('issuetype'));
    return new Set(all.flatMap(({ id }) => textOf(id) ?? []));
  });

  /** @throws notFound if there is no such project, or it has no such issue type */
  async type(project: string, type: string): Promise<{ project: ProjectInfo; type: ProjectInfo['types'][number] }> {
    const info = await this.project(project);
    const found = info.types.find(({ id }) => id === type);
    if (found) return { project: info, type: found };
    const names = info.types.map(({ name }) => name).join(', ');
    throw new SyncError('notFound', `The project ${info.name} has no issue type "${type}"; it has ${names}`);
  }

  /** All fields with a canonical form, by id. */
  readonly definitions = remembered(10 * MINUTE, 1, async () => {
    const definitions = new Map<string, Definition>();
    for (const { id, name, schema } of UNDECLARED) {
      const kind = kindOf(id, schema);
      if (kind) definitions.set(id, { id, name, custom: false, kind });
    }
    for (const json of objectsOf(await this.api.get('field'))) {
      const id = textOf(json.id) ?? '';
      this.listed.add(id);
      const kind = kindOf(id, schemaOf(json.schema));
      if (id && kind) definitions.set(id, { id, name: textOf(json.name) ?? id, custom: json.custom === true, kind });
    }
    return definitions;
  });

  /** A field for each end of each link type. */
  readonly linkFields = remembered(10 * MINUTE, 1, async () => linkFieldsOf(await this.api.linkTypes()));

  /** The definitions, read again if an issue has a newer custom field. */
  async definitionsFor(issues: RawIssue[]): Promise<Map<string, Definition>> {
    const known = await this.definitions();
    const isNew = (id: string) => id.startsWith('customfield_') && !this.listed.has(id);
    const fresh = new Set(issues.flatMap(({ fields }) => Object.keys(fields).filter(isNew)));
    if (fresh.size === 0) return known;
    // once: Jira does not list every field for every account
    for (const id of fresh) this.listed.add(id);
    this.definitions.forget();
    return this.definitions();
  }

  /** @throws notFound */
  readonly fields = remembered(MINUTE, 200, (project: string, type: string) => this.loadFields(project, type));

  /** Statuses of an issue type's workflow in a project. */
  async statuses(project: string, type: string): Promise<LookupValue[]> {
    return (await this.workflows(project)).get(type) ?? [];
  }

  /** Statuses by issue type. */
  private readonly workflows = remembered(MINUTE, 200, async (project: string) => {
    const body = await this.api.get(`project/${encodeURIComponent(project)}/statuses`);
    return new Map(objectsOf(body).map((json) => [textOf(json.id) ?? '', valuesOf(json.statuses)]));
  });

  /** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-resolutions/ – the plain list is deprecated there. */
  readonly resolutions = remembered(MINUTE, 1, async () =>
    valuesOf(this.api.isCloud ? await this.api.all('resolution/search', ['values']) : await this.api.get('resolution')),
  );

  /** Versions of a project that were archived: they stay on issues, but can no longer be selected. */
  private readonly archivedVersions = remembered(MINUTE, 200, async (project: string) => {
    const all = objectsOf(await this.api.get(`project/${encodeURIComponent(project)}/versions`));
    return valuesOf(all.filter((one) => one.archived === true));
  });

  /**
   * Sprints of a project's boards that are not closed. Needs Jira Software and a token with access to its API. Boards of
   * type `simple` may or may not have sprints; only a request shows it.
   * https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/
   *
   * @throws forbidden if the account or its token cannot use that API
   */
  readonly sprints = remembered(MINUTE, 200, async (project: string): Promise<LookupValue[]> => {
    const boards = await this.api.agile('board', { projectKeyOrId: project }, 50);
    const found = new Map<string, LookupValue>();
    for (const board of boards.filter(({ type }) => type !== 'kanban')) {
      const path = `board/${encodeURIComponent(textOf(board.id) ?? '')}/sprint`;
      for (const sprint of valuesOf(await this.sprintsOf(path))) found.set(sprint.id ?? sprint.name, sprint);
    }
    return [...found.values()];
  });

  /** False if this account or token cannot see sprints. */
  async hasSprints(project: string): Promise<boolean> {
    try {
      await this.sprints(project);
      return true;
    } catch (thrown) {
      if (asSyncError(thrown).kind === 'forbidden') return false;
      throw thrown;
    }
  }

  private async sprintsOf(path: string): Promise<Json[]> {
    try {
      return await this.api.agile(path, { state: 'active,future' }, 500);
    } catch (thrown) {
      // "The board does not support sprints", or another user owns it
      const { kind } = asSyncError(thrown);
      if (kind === 'invalid' || kind === 'notFound') return [];
      throw thrown;
    }
  }

  private async loadFields(project: string, type: string): Promise<TypeFields> {
    const { project: info } = await this.type(project, type);
    const [definitions, create] = await Promise.all([this.definitions(), this.screens.create(info.id, type)]);
    const sample = await this.screens.sample(info.id, type, create);
    const onCreate = new Map(create.map((one) => [one.id, one.json]));
    const onEdit = sample.edit;
    const archived = create.some(({ json }) => isOfVersions(json)) ? await this.archivedVersions(info.id) : [];
    const fields = new Map<string, TypeField>();
    for (const definition of definitions.values()) {
      const { id, custom, kind } = definition;
      const screenId = kind.shape === 'seconds' ? 'timetracking' : id;
      const [creating, editing] = [onCreate.get(screenId), onEdit.get(screenId)];
      const isOptional = custom || UNDECLARED.some((one) => one.id === id);
      if (isOptional && !creating && !editing && !sample.fields.has(id)) continue;
      const listed = kind.type === 'lookup' ? allowedOf(editing, creating) : undefined;
      const isVersions = [editing, creating].some(isOfVersions);
      const allowed = listed && isVersions ? withArchived(listed, archived) : listed;
      fields.set(id, {
        ...definition,
        required: creating?.required === true && kind.shape !== 'seconds',
        hasDefault: creating?.hasDefaultValue === true,
        onCreate: creating !== undefined,
        onEdit: editing !== undefined,
        ...(allowed ? { allowed } : {}),
        ...(kind.shape === 'cascade' ? { parents: parentsOf(editing, creating) } : {}),
      });
    }
    return { fields, sampled: sample.edit.size > 0 };
  }
}

const isOfVersions = (screen: Json | undefined): boolean => {
  const schema = schemaOf(screen?.schema);
  return schema?.type === 'version' || schema?.items === 'version';
};

function withArchived(listed: ListValue[], archived: ListValue[]): ListValue[] {
  const ids = new Set(listed.map(({ id }) => id));
  return [...listed, ...archived.filter(({ id }) => !ids.has(id))];
}

/** {id, name} or {id, value}, or the option and its children as "Parent / Child". */
export function valuesOf(list: unknown): ListValue[] {
  return objectsOf(list).flatMap((json): ListValue[] => {
    const [id, name] = [textOf(json.id), textOf(json.name) ?? textOf(json.value)];
    if (name === undefined) return [];
    // existing issues keep it, others cannot select it
    const isOver = json.disabled === true || json.archived === true;
    const own = { ...(id ? { id } : {}), name, ...(isOver ? { selectable: false as const } : {}) };
    const children = valuesOf(json.children).map((child) => ({
      ...child,
      name: cascadeName(name, child.name),
      ...(isOver ? { selectable: false as const } : {}),
    }));
    return [own, ...children];
  });
}

/** The name of a value in a cascading select. */
export const cascadeName = (parent: string, child: string): string => `${parent} / ${child}`;

function allowedOf(...screens: (Json | undefined)[]): ListValue[] | undefined {
  for (const screen of screens) if (Array.isArray(screen?.allowedValues)) return valuesOf(screen.allowedValues);
  return undefined;
}

function parentsOf(...screens: (Json | undefined)[]): Map<string, string> {
  const options = screens.flatMap((screen) => objectsOf(screen?.allowedValues));
  const pairs = options.flatMap((option) =>
    objectsOf(option.children).map((child): [string, string] => [textOf(child.id) ?? '', textOf(option.id) ?? '']),
  );
  return new Map(pairs);
}
