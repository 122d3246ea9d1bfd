/** What Jira tells of its structure, kept for a minute; definitions of fields, which hardly change, for ten. */

import { asSyncError, SyncError } from '../../model/errors';
import type { ListValue, LookupValue } from '../../model/values';
import { Cache } from '../cache';
import type { JiraApi } from './api';
import { type Kind, kindOf, UNDECLARED } from './kinds';
import { Screens } from './screens';
import { isJson, type Json, objectsOf, type RawIssue, schemaOf, textOf } from './shapes';

const MINUTE = 60_000;

/** A field as Jira defines it for all projects. */
export interface Definition {
  id: string;
  name: string;
  custom: boolean;
  kind: Kind;
}

/** A field as one project and issue type have it. */
export interface TypeField extends Definition {
  required: boolean;
  /** Jira gives it a value where a create doesn't */
  hasDefault: boolean;
  onCreate: boolean;
  onEdit: boolean;
  /** its list, where Jira shows one */
  allowed?: ListValue[];
  /** cascading selects: the id of a child's parent */
  parents?: Map<string, string>;
}

export interface ProjectInfo {
  id: string;
  key: string;
  name: string;
  archived: boolean;
  types: { id: string; name: string; subtask: boolean }[];
}

/** Fields of one project and type, and whether any issue was there that showed an edit screen. */
export interface TypeFields {
  fields: Map<string, TypeField>;
  sampled: boolean;
}

export class Metadata {
  private readonly projectLists = new Cache<{ id: string; name: string; key: string }[]>(MINUTE, 1);
  private readonly projectInfos = new Cache<ProjectInfo>(MINUTE, 200);
  private readonly definitionLists = new Cache<Map<string, Definition>>(10 * MINUTE, 1);
  private readonly typeFields = new Cache<TypeFields>(MINUTE, 200);
  private readonly statusLists = new Cache<Map<string, LookupValue[]>>(MINUTE, 200);
  private readonly resolutionLists = new Cache<LookupValue[]>(MINUTE, 1);
  private readonly typeLists = new Cache<Set<string>>(MINUTE, 1);
  private readonly versionLists = new Cache<ListValue[]>(MINUTE, 200);
  private readonly sprintLists = new Cache<LookupValue[]>(MINUTE, 200);
  private readonly myselves = new Cache<Json>(MINUTE, 1);
  private readonly servers = new Cache<Json>(10 * MINUTE, 1);

  private readonly screens: Screens;

  constructor(private readonly api: JiraApi) {
    this.screens = new Screens(api);
  }

  myself(): Promise<Json> {
    return this.myselves.remember('', async () => {
      const body = await this.api.get('myself');
      if (isJson(body) && (body.accountId !== undefined || body.name !== undefined)) return body;
      throw new SyncError('fatal', "GET myself: not the answer of Jira's API: check the URL");
    });
  }

  serverInfo(): Promise<Json> {
    return this.servers.remember('', async () => {
      const body = await this.api.get('serverInfo');
      return isJson(body) ? body : {};
    });
  }

  /** Where people open issues: the site, also where the API is reached through Atlassian's gateway. */
  async siteUrl(): Promise<string> {
    if (!/\/ex\/jira\//.test(this.api.baseUrl)) return this.api.baseUrl;
    const url = textOf((await this.serverInfo()).baseUrl) ?? this.api.baseUrl;
    return url.endsWith('/') ? url : `${url}/`;
  }

  projects(): Promise<{ id: string; name: string; key: string }[]> {
    return this.projectLists.remember('', async () => {
      const list = this.api.isCloud
        ? await this.api.all('project/search', ['values'], { orderBy: 'key' }, 50_000)
        : await this.api.all('project', ['values']);
      return list.flatMap((json) => {
        const [id, key, name] = [textOf(json.id), textOf(json.key), textOf(json.name)];
        return id && key ? [{ id, key, name: name ?? key }] : [];
      });
    });
  }

  /** @throws notFound */
  project(idOrKey: string): Promise<ProjectInfo> {
    return this.projectInfos.remember(idOrKey, async () => {
      const body = await this.api.get(`project/${encodeURIComponent(idOrKey)}`);
      const json = isJson(body) ? body : {};
      const [id, key] = [textOf(json.id), textOf(json.key)];
      if (!id || !key) throw new SyncError('notFound', `Jira shows no project ${idOrKey}`);
      const types = objectsOf(json.issueTypes).flatMap((type) => {
        const typeId = textOf(type.id);
        return typeId ? [{ id: typeId, name: textOf(type.name) ?? typeId, subtask: type.subtask === true }] : [];
      });
      return { id, key, name: textOf(json.name) ?? key, archived: json.archived === true, types };
    });
  }

  /** Ids of all issue types. */
  typeIds(): Promise<Set<string>> {
    return this.typeLists.remember('', async () => {
      const all = objectsOf(await this.api.get('issuetype'));
      return new Set(all.flatMap(({ id }) => textOf(id) ?? []));
    });
  }

  /** @throws notFound – no such project, or it has no such issue type */
  async type(project: string, type: string): Promise<{ project: ProjectInfo; type: ProjectInfo['types'][number] }> {
    const info = await this.project(project);
    const found = info.types.find(({ id }) => id === type);
    if (found) return { project: info, type: found };
    const names = info.types.map(({ name }) => name).join(', ');
    throw new SyncError('notFound', `The project ${info.name} has no issue type "${type}"; it has ${names}`);
  }

  /** All fields with a canonical form, by id. */
  definitions(): Promise<Map<string, Definition>> {
    return this.definitionLists.remember('', async () => {
      const definitions = new Map<string, Definition>();
      for (const { id, name, schema } of UNDECLARED) {
        const kind = kindOf(id, schema);
        if (kind) definitions.set(id, { id, name, custom: false, kind });
      }
      for (const json of objectsOf(await this.api.get('field'))) {
        const id = textOf(json.id);
        if (id) this.listed.add(id);
        const kind = id === undefined ? undefined : kindOf(id, schemaOf(json.schema));
        if (id && kind) definitions.set(id, { id, name: textOf(json.name) ?? id, custom: json.custom === true, kind });
      }
      return definitions;
    });
  }

  /** The definitions, read anew where an issue has a custom field that was made since. */
  async definitionsFor(issues: RawIssue[]): Promise<Map<string, Definition>> {
    const known = await this.definitions();
    const isNew = (id: string) => id.startsWith('customfield_') && !this.listed.has(id);
    const fresh = new Set(issues.flatMap(({ fields }) => Object.keys(fields).filter(isNew)));
    if (fresh.size === 0) return known;
    // once: Jira does not list every field to every account
    for (const id of fresh) this.listed.add(id);
    this.definitionLists.forget('');
    return this.definitions();
  }

  /** ids of all fields, those without a canonical form too */
  private readonly listed = new Set<string>();

  /** @throws notFound */
  fields(project: string, type: string): Promise<TypeFields> {
    return this.typeFields.remember(`${project} ${type}`, () => this.loadFields(project, type));
  }

  /** Statuses of an issue type's workflow in a project. */
  async statuses(project: string, type: string): Promise<LookupValue[]> {
    const lists = await this.statusLists.remember(project, async () => {
      const body = await this.api.get(`project/${encodeURIComponent(project)}/statuses`);
      return new Map(objectsOf(body).map((json) => [textOf(json.id) ?? '', valuesOf(json.statuses)]));
    });
    return lists.get(type) ?? [];
  }

  /** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-resolutions/ – the plain list is deprecated there. */
  resolutions(): Promise<LookupValue[]> {
    return this.resolutionLists.remember('', async () =>
      valuesOf(
        this.api.isCloud ? await this.api.all('resolution/search', ['values']) : await this.api.get('resolution'),
      ),
    );
  }

  /** Versions of a project that were archived: they stay on issues, and no issue is given one any more. */
  private archivedVersions(project: string): Promise<ListValue[]> {
    return this.versionLists.remember(project, async () => {
      const all = objectsOf(await this.api.get(`project/${encodeURIComponent(project)}/versions`));
      return valuesOf(all.filter((one) => one.archived === true));
    });
  }

  /**
   * Sprints of a project's boards that are not over. Needs Jira Software, and a token that may use its API. A team's own
   * board (type `simple`) may have sprints or not: only asking tells.
   * https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/
   *
   * @throws forbidden – the account or its token may not use that API
   */
  sprints(project: string): Promise<LookupValue[]> {
    return this.sprintLists.remember(project, async () => {
      const boards = await this.api.agile('board', { projectKeyOrId: project }, 50);
      const found = new Map<string, LookupValue>();
      for (const board of boards.filter(({ type }) => type !== 'kanban')) {
        const path = `board/${encodeURIComponent(textOf(board.id) ?? '')}/sprint`;
        for (const sprint of valuesOf(await this.sprintsOf(path))) found.set(sprint.id ?? sprint.name, sprint);
      }
      return [...found.values()];
    });
  }

  /** False where sprints are not this account's or token's to look at. */
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
      // "The board does not support sprints"; or it is somebody else's
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
    // it stays on issues that have it, and is given to no other
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

/** How a choice of a cascading select is called. */
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
